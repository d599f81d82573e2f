//! Proposals: commands that wait for a second person. Made where a limit holds a command up, accepted, refused or
//! withdrawn by `POST /v1/proposals/{id}/…`.

mod decisions;
mod execution;

use std::sync::Arc;

use domain::Money;
use domain::proposal::{Made, ProposalCommand, ProposalEvent};
use domain::staff::Verdict;
use event_store::{CommandContext, Receipt};
use problems::{INVALID_PARAMETER, MALFORMED_JSON, Problem};
use uuid::Uuid;

pub(crate) use decisions::{
    __path_accept_proposal, __path_refuse_proposal, __path_withdraw_proposal, ACCEPT, REFUSE, WITHDRAW,
    accept_proposal, refuse_proposal, withdraw_proposal,
};
pub use execution::Completion;

use crate::authority::Sent;
use crate::endpoint::Endpoint;
use crate::refusals::problem_of;
use crate::state::Shared;

/// The command in the metadata of what comes of making one.
const PROPOSE: &str = "ProposeCommand";

/// Whether a receipt is that of a proposal, whatever was asked for: a repeat is answered as the first was.
pub(crate) fn is_of_proposal(receipt: &Receipt) -> bool {
    let made = ProposalEvent::TYPES[0].0;
    receipt.events.first().is_some_and(|first| first.event_type == made)
}

/// Makes a proposal of a command. The command's key is the proposal's from now on.
pub(crate) async fn propose(
    endpoint: &'static Endpoint,
    state: &Shared,
    sent: Sent,
    context: CommandContext,
    (at_stake, verdict, limit): (Money, Verdict, Option<domain::Amount>),
) -> Result<Receipt, Problem> {
    let key = context.key.as_ref().expect("a command that was received has a key");
    if sent.path.contains('%') {
        // It is read again, as it stands, when somebody accepts it.
        let detail = "the path of a command that waits for a second person has nothing escaped (`%`)";
        return Err(INVALID_PARAMETER.because(detail).in_field("id"));
    }
    let second_person_above = match verdict {
        Verdict::SecondPerson(above) => Some(above),
        Verdict::Alone | Verdict::AboveLimit(_) => None,
    };
    let body = serde_json::from_slice(&sent.body);
    let made = Made {
        by: context.metadata.actor.clone(),
        client: key.client.as_ref().to_owned(),
        idempotency_key: key.key.as_ref().to_owned(),
        operation: endpoint.limited().operation,
        command: endpoint.command.to_owned(),
        path: sent.path,
        body: body.map_err(|_| MALFORMED_JSON.because("the body is no JSON object"))?,
        expected_version: context.expected_version,
        amount: at_stake.amount,
        currency: at_stake.currency,
        limit,
        second_person_above,
        on: context.today,
        expires_on: context.today,
    };
    let mut context = CommandContext { expected_version: None, claims: Vec::new(), ..context };
    context.metadata.command = PROPOSE;
    let (id, command) = (Uuid::now_v7(), ProposalCommand::Make(Box::new(made)));
    let executed = state.proposals.execute(id, &command, &context).await;
    executed.map_err(|error| problem_of(endpoint, id, error))
}

/// The endpoint that a proposal's command was sent to.
fn endpoint_of(made: &Arc<Made>) -> Option<&'static Endpoint> {
    crate::limited_endpoints().find(|endpoint| endpoint.command == made.command)
}
