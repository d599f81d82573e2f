//! Whether its sender may give a command alone, by the limits of staff; else it waits as a proposal.
//!
//! What is at stake is found by deciding the command in memory, and the command is then executed on that very version
//! of its stream: so nothing moves between the question and the deed.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use chrono::{Datelike, NaiveDate};
use domain::Money;
use domain::decider::{Decider, DecisionDay, WholeStream};
use domain::entry::{Entry, EntryCommand, EntryEvent};
use domain::loan::{Loan, LoanCommand, LoanEvent};
use domain::staff::{self, Verdict};
use event_store::{CommandContext, ExecuteError, Receipt, Streams};
use problems::{CONFLICT, INVALID_PARAMETER, Problem};
use serde::de::DeserializeOwned;

use crate::endpoint::{Endpoint, Limited};
use crate::permits::Permits;
use crate::proposals;
use crate::refusals::{ToProblem, fault_of, problem_of};
use crate::serve::{Ended, Order, Received, measure, receive};
use crate::state::Shared;

/// How often a command is looked at anew when its stream moved.
const ATTEMPTS: usize = 16;

/// A kind of stream whose commands can be limited.
pub(crate) trait AtStake: Decider<Refusal: ToProblem> {
    fn at_stake(event: &Self::Event) -> Option<Money>;

    /// The value date that a command names.
    fn on(command: &Self::Command) -> Option<NaiveDate>;
}

impl AtStake for Loan {
    fn at_stake(event: &LoanEvent) -> Option<Money> {
        event.at_stake()
    }

    fn on(command: &LoanCommand) -> Option<NaiveDate> {
        command.on()
    }
}

impl AtStake for Entry {
    fn at_stake(event: &EntryEvent) -> Option<Money> {
        Some(event.at_stake())
    }

    fn on(command: &EntryCommand) -> Option<NaiveDate> {
        Some(match command {
            EntryCommand::Post(post) => post.on,
            EntryCommand::Reverse(reverse) => reverse.on,
        })
    }
}

/// A command as it was sent, in case it has to wait for somebody.
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) body: axum::body::Bytes,
    pub(crate) permits: Permits,
}

/// Serves a command that staff may have limits for.
pub(crate) async fn serve_limited<D, B>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    request: Request,
    order: impl FnOnce(B) -> Result<Order<D::Command>, Problem>,
) -> Response<Body>
where
    D: AtStake,
    B: DeserializeOwned,
{
    measure(endpoint, state, async {
        let Received { body, context, later, sent } = receive(endpoint, state, request).await?;
        let order = order(body)?;
        check_fields::<D>(endpoint, &order, &sent.permits, context.today)?;
        match later {
            Some(later) => later.queue(endpoint, order.stream, context).await.map(Ended::Queued),
            None => execute_or_propose(endpoint, state, streams, (order, sent), context).await,
        }
    })
    .await
}

/// What the table of permissions says of fields.
pub(crate) fn check_fields<D: AtStake>(
    endpoint: &Endpoint,
    order: &Order<D::Command>,
    permits: &Permits,
    today: NaiveDate,
) -> Result<(), Problem> {
    if is_of_an_earlier_month::<D>(order, today) {
        return permits.check_field(endpoint.limited().route, "on", "in an earlier month");
    }
    Ok(())
}

/// Whether a command is dated in a month before that of a day.
pub(crate) fn is_of_an_earlier_month<D: AtStake>(order: &Order<D::Command>, day: NaiveDate) -> bool {
    D::on(&order.command).is_some_and(|on| (on.year(), on.month()) < (day.year(), day.month()))
}

/// Executes a command that its sender may give alone; makes a proposal of another.
pub(crate) async fn execute_or_propose<D: AtStake>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    (order, sent): (Order<D::Command>, Sent),
    mut context: CommandContext,
) -> Result<Ended, Problem> {
    context.claims.clone_from(&order.claims);
    context.metadata.reason.clone_from(&order.reason);
    let staff = state.staff.state(staff::STREAM).await.map_err(|fault| fault_of(endpoint, &fault))?;
    let Limited { operation, .. } = endpoint.limited();
    if !staff.is_limited(operation) {
        let executed = streams.execute(order.stream, &order.command, &context).await;
        return executed.map(Ended::of).map_err(|error| problem_of(endpoint, order.stream, error));
    }
    if context.bundle.is_some() {
        // What is at stake depends on lines that are not stored yet, and what waits for somebody is not stored with them.
        let detail = format!(
            "`{}` has approval limits, so a line of a bulk with `atomic=true` cannot do it",
            operation.name()
        );
        return Err(INVALID_PARAMETER.because(detail).in_field("atomic"));
    }
    let allowed = |money| match staff.judge(&context.metadata.actor, operation, money) {
        Verdict::Alone => Ok(()),
        verdict => Err((money, verdict)),
    };
    match execute_if(endpoint, state, streams, &order, &context, allowed).await? {
        Ok(receipt) => Ok(Ended::of(receipt)),
        Err((money, verdict)) => {
            let limit = staff.limit(&context.metadata.actor, operation, money);
            proposals::propose(endpoint, state, sent, context, (money, verdict, limit)).await.map(Ended::of)
        }
    }
}

/// Executes a command if what it puts at stake is allowed; else says why not.
pub(crate) async fn execute_if<D: AtStake, Why>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    order: &Order<D::Command>,
    context: &CommandContext,
    allowed: impl Fn(Money) -> Result<(), Why>,
) -> Result<Result<Receipt, Why>, Problem> {
    // Whether it is allowed was asked when it came first.
    let repeated =
        streams.repeated(context).await.map_err(|error| problem_of(endpoint, order.stream, error))?;
    if let Some(first) = repeated {
        return Ok(Ok(first));
    }
    for _ in 0..ATTEMPTS {
        let (version, money) = weigh(endpoint, state, streams, order, context).await?;
        if let Some(expected) = context.expected_version.filter(|expected| *expected != version) {
            let mismatch = ExecuteError::<D::Refusal>::VersionMismatch { expected, actual: version };
            return Err(problem_of(endpoint, order.stream, mismatch));
        }
        if let Some(Err(why)) = money.map(&allowed) {
            return Ok(Err(why));
        }
        let pinned = CommandContext { expected_version: Some(version), ..context.clone() };
        match streams.execute(order.stream, &order.command, &pinned).await {
            Err(ExecuteError::VersionMismatch { .. }) => {}
            executed => return executed.map(Ok).map_err(|error| problem_of(endpoint, order.stream, error)),
        }
    }
    Err(CONFLICT.because("other commands were faster, again and again"))
}

/// The version of the command's stream, and what the command puts at stake there; nothing where it is refused.
pub(crate) async fn weigh<D: AtStake>(
    endpoint: &'static Endpoint,
    state: &Shared,
    streams: &Streams<D>,
    order: &Order<D::Command>,
    context: &CommandContext,
) -> Result<(i64, Option<Money>), Problem> {
    let fault = |fault| fault_of(endpoint, &fault);
    let closed_through = state.log.closed_through().await.map_err(fault)?;
    let (WholeStream { state: stream, history }, version) =
        streams.whole(order.stream).await.map_err(fault)?;
    let day = DecisionDay { today: context.today, closed_through };
    let decided = stream.decide(Some(&history), &order.command, day);
    let at_stake = decided.ok().and_then(|events| events.iter().find_map(D::at_stake));
    Ok((version, at_stake))
}
