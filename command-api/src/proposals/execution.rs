//! Executing what was accepted: exactly once, by a key that is the proposal's own.

use std::sync::Arc;

use domain::Currency;
use domain::entry::Entry;
use domain::id::{EntryId, LoanId};
use domain::loan::Loan;
use domain::proposal::{
    Accepted, Executed, Failed, Made, Outcome, Proposal, ProposalCommand, ProposalRefusal,
};
use event_store::{CommandContext, ExecuteError, IdempotencyKey, Metadata, Receipt, Streams};
use problems::{ABOVE_APPROVAL_LIMIT, CONFLICT, INTERNAL, NOT_FOUND, Problem};
use uuid::Uuid;

use super::{decisions, endpoint_of};
use crate::authority::{AtStake, check_fields, execute_if, is_of_an_earlier_month, weigh};
use crate::body::parse;
use crate::endpoint::Endpoint;
use crate::entries::{EntryBody, EntryReversalBody};
use crate::permits::Permits;
use crate::refusals::{fault_of, problem_of};
use crate::serve::{ENGINE, Order};
use crate::state::{CommandState, Shared};
use crate::{hash, loan_commands};

/// Executes what was accepted before a crash. Clones share their state.
#[derive(Clone)]
pub struct Completion(CommandState);

impl Completion {
    pub const fn new(state: CommandState) -> Self {
        Self(state)
    }

    /// Executes what the proposal asks for, if it was accepted and that is not concluded yet.
    pub async fn complete(&self, proposal: Uuid) -> Result<(), Problem> {
        complete(&self.0.0, proposal).await
    }
}

/// A command of a proposal, ready for its stream.
enum Asked {
    Loan(Order<domain::loan::LoanCommand>),
    Entry(Order<domain::entry::EntryCommand>),
}

/// Executes what an accepted proposal asks for, and notes what came of it. A fault leaves it to be executed again.
pub(super) async fn complete(state: &Shared, id: Uuid) -> Result<(), Problem> {
    let proposal = state.proposals.state(id).await.map_err(|fault| fault_of(&decisions::ACCEPT, &fault))?;
    let Proposal::Accepted { made, accepted } = proposal else { return Ok(()) };
    let outcome = match execute(state, id, &made, &accepted).await {
        Ok(receipt) => Outcome::Executed(Executed {
            stream_id: Uuid::parse_str(&receipt.stream_id).expect("streams are named by UUIDs"),
            version: receipt.version,
            position: receipt.position,
        }),
        // A race that was lost, or a fault: it may go better.
        Err(problem) if problem.kind.status >= 500 || problem.kind == &CONFLICT => return Err(problem),
        Err(problem) => Outcome::Failed(Failed {
            code: problem.kind.code.to_owned(),
            detail: problem.detail().to_owned(),
        }),
    };
    let context = context_of(state, id, &made, &accepted, "ConcludeProposal");
    match state.proposals.execute(id, &ProposalCommand::Conclude(outcome), &context).await {
        Ok(_) | Err(ExecuteError::Refused(ProposalRefusal::NotAccepted)) => Ok(()),
        Err(error) => Err(problem_of(&decisions::ACCEPT, id, error)),
    }
}

/// What an accepted proposal would put at stake now; what it did when it was made, where it would be refused now.
pub(super) async fn at_stake_now(state: &Shared, made: &Arc<Made>) -> Result<domain::Amount, Problem> {
    let endpoint = endpoint_of(made).ok_or_else(|| unknown(made))?;
    let context = CommandContext {
        today: state.booking_day.today(),
        key: None,
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        bundle: None,
        metadata: Metadata::default(),
    };
    let weighed = match read(state, endpoint, made).await {
        Ok(Asked::Loan(order)) => weigh(endpoint, state, &state.loans, &order, &context).await?,
        Ok(Asked::Entry(order)) => weigh(endpoint, state, &state.entries, &order, &context).await?,
        Err(problem) if problem.kind.status >= 500 => return Err(problem),
        Err(_) => (0, None),
    };
    Ok(weighed.1.map_or(made.amount, |money| money.amount))
}

/// Whether whoever accepts a proposal may give its command today: what was dated in the month when it was asked for may have
/// become a correction of an earlier one. What was one from the beginning was asked for by somebody who may.
pub(super) async fn check_fields_today(
    state: &Shared,
    made: &Arc<Made>,
    permits: &Permits,
) -> Result<(), Problem> {
    let endpoint = endpoint_of(made).ok_or_else(|| unknown(made))?;
    let (today, asked_on) = (state.booking_day.today(), made.on);
    match read(state, endpoint, made).await {
        Ok(Asked::Loan(order)) if !is_of_an_earlier_month::<Loan>(&order, asked_on) => {
            check_fields::<Loan>(endpoint, &order, permits, today)
        }
        Ok(Asked::Entry(order)) if !is_of_an_earlier_month::<Entry>(&order, asked_on) => {
            check_fields::<Entry>(endpoint, &order, permits, today)
        }
        Err(problem) if problem.kind.status >= 500 => Err(problem),
        // What cannot be asked for any more comes to nothing.
        _ => Ok(()),
    }
}

async fn execute(
    state: &Shared,
    id: Uuid,
    made: &Arc<Made>,
    accepted: &Accepted,
) -> Result<Receipt, Problem> {
    let endpoint = endpoint_of(made).ok_or_else(|| unknown(made))?;
    let body = serde_json::to_vec(&made.body).expect("plain JSON");
    let mut context = context_of(state, id, made, accepted, endpoint.command);
    // No client can send a key with a blank in it.
    context.key = Some(IdempotencyKey {
        client: made.client.as_str().into(),
        key: format!("proposal {id}").into(),
        request_hash: state.log.conceal(hash::of_request(&made.path, &body)),
    });
    context.expected_version = made.expected_version;
    match read(state, endpoint, made).await? {
        Asked::Loan(order) => run(endpoint, state, &state.loans, order, (context, accepted)).await,
        Asked::Entry(order) => run(endpoint, state, &state.entries, order, (context, accepted)).await,
    }
}

/// Executes it within the limit of who accepted it.
async fn run<D: AtStake>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    order: Order<D::Command>,
    (mut context, accepted): (CommandContext, &Accepted),
) -> Result<Receipt, Problem> {
    context.claims.clone_from(&order.claims);
    context.metadata.reason.clone_from(&order.reason);
    let within = |money: domain::Money| if money.amount <= accepted.up_to { Ok(()) } else { Err(money) };
    let executed = execute_if(endpoint, state, streams, &order, &context, within).await?;
    executed.map_err(|money| {
        let domain::Money { amount, .. } = money;
        let Accepted { by, up_to, .. } = accepted;
        ABOVE_APPROVAL_LIMIT
            .because(format!("{amount} is at stake by now, and {by} could accept up to {up_to}"))
    })
}

/// Who asked for it is its actor; the events name who accepted it beside.
fn context_of(
    state: &Shared,
    id: Uuid,
    made: &Made,
    accepted: &Accepted,
    command: &'static str,
) -> CommandContext {
    CommandContext {
        today: state.booking_day.today(),
        key: None,
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        bundle: None,
        metadata: Metadata {
            actor: made.by.clone(),
            roles: Arc::from([]),
            command,
            idempotency_key: Some(made.idempotency_key.as_str().into()),
            correlation_id: id.to_string(),
            causation_id: Some(id.to_string()),
            accepted_by: Some(accepted.by.clone()),
            reason: None,
            engine: ENGINE,
        },
    }
}

/// What was sent, read again.
async fn read(state: &Shared, endpoint: &'static Endpoint, made: &Made) -> Result<Asked, Problem> {
    let body = serde_json::to_vec(&made.body).expect("plain JSON");
    let segments: Vec<&str> = made.path.trim_start_matches("/v1/").splitn(3, '/').collect();
    let id = |text: &str| Uuid::parse_str(text).map_err(|_| unknown(made));
    Ok(match segments[..] {
        ["loans", loan, path] => {
            let loan = LoanId::new(id(loan)?);
            let currency = currency(state, endpoint, loan).await?;
            Asked::Loan(loan_commands::read(loan, currency, path, &body)?)
        }
        ["entries"] => Asked::Entry(parse::<EntryBody>(&body)?.order()?),
        ["entries", entry, "reverse"] => {
            Asked::Entry(parse::<EntryReversalBody>(&body)?.order(EntryId::new(id(entry)?))?)
        }
        _ => return Err(unknown(made)),
    })
}

async fn currency(
    state: &Shared,
    endpoint: &'static Endpoint,
    loan: LoanId,
) -> Result<Option<Currency>, Problem> {
    let loan = state.loans.state(loan.uuid()).await.map_err(|fault| fault_of(endpoint, &fault))?;
    if loan == Loan::Unknown {
        return Err(NOT_FOUND.because("there is no such loan"));
    }
    Ok(loan.currency())
}

/// A later version of the program may have proposed what this one does not know.
fn unknown(made: &Made) -> Problem {
    tracing::error!(command = made.command, path = made.path, "this version does not know what was proposed");
    INTERNAL.because(format!("this version of the program does not know the command {}", made.command))
}
