//! The interest of a loan day by day (LENDING.md §14).

use chrono::NaiveDate;
use domain::Amount;
use domain::loan::engine::{self, Accrued};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::point_in_time::{KnownAt, PointInTime, in_known_years};
use super::request::{IdInPath, Limit, Params, ReadHeaders, Reading, day, invalid};
use super::seen_loan::{SeenLoan, underivable};
use super::{QueryState, State};
use crate::minor::exact;

/// How many days one request looks through at most, and how many where it gives no `limit`: ten years.
const MOST_DAYS: i64 = 36_600;
const MOST_DAYS_AT_ONCE: i64 = 3_653;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccrualsBetween {
    /// The date of the first disbursement by default, or `to` where that is earlier.
    #[serde(default, deserialize_with = "day")]
    from: Option<NaiveDate>,
    /// `effective_on` by default. Days to come are shown as things stand.
    #[serde(default, deserialize_with = "day")]
    to: Option<NaiveDate>,
    /// What is dated after this day is left out, charges apart. Today by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
    /// At most so many: all of them by default, of ten years at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<Limit>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Interest accrued on a day: the difference of two rounded totals. A day on which none is booked has no entry.
#[derive(Debug, Serialize, ToSchema)]
struct AccrualView {
    on: NaiveDate,
    amount: Amount,
    /// All interest accrued by the end of the day.
    total: Amount,
}

#[derive(Serialize, ToSchema)]
struct AccrualList {
    items: Vec<AccrualView>,
    /// What to send as `after` for the next page; null at the end.
    next: Option<String>,
    from: NaiveDate,
    to: NaiveDate,
    as_of: AsOf,
}

/// The interest accrued on each day: none while the loan is past due for longer than its terms allow, nor once it is
/// written off.
#[utoipa::path(
    get, path = "/v1/loans/{id}/accruals", tag = "loans", operation_id = "list_accruals",
    params(("id" = Uuid, Path, description = "The loan"), AccrualsBetween, ReadHeaders),
    responses(
        (status = 200, description = "The accruals", body = AccrualList),
        NotThere, ReadProblems,
    ),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(params): Params<AccrualsBetween>,
    reading: Reading,
) -> Answer {
    let after = reading.place(params.after.as_deref(), |place| place.parse::<NaiveDate>().ok())?;
    let point = PointInTime { effective_on: params.effective_on, known_at: params.known_at };
    let seen = state.loan(id, point, &reading).await?;
    let (as_of, currency) = (seen.as_of, seen.currency());
    let to = params.to.unwrap_or(seen.day);
    let from = params.from.unwrap_or(seen.book.disbursed_on().map_or(to, |first| first.min(to)));
    in_known_years("from", from)?;
    in_known_years("to", to)?;
    if from > to {
        return Err(invalid("from", format!("{from} is after `to`, {to}")).into());
    }
    if params.limit.is_none() && (to - from).num_days() > MOST_DAYS_AT_ONCE {
        let detail = format!("more than ten years after `from`, {from}; give a `limit`");
        return Err(invalid("to", detail).into());
    }
    if (to - from).num_days() > MOST_DAYS {
        return Err(invalid("to", format!("more than {MOST_DAYS} days after `from`, {from}")).into());
    }
    let begin = after.and_then(|after| after.succ_opt()).map_or(from, |next| next.max(from));
    let accruing = tokio::task::spawn_blocking(move || accrued(&seen, begin, to));
    let mut items = accruing
        .await
        .map_err(|error| underivable(id, &error))?
        .map_err(|error| underivable(id, &error))?
        .into_iter()
        .map(|Accrued { on, amount, total }| AccrualView {
            on,
            amount: exact(amount, currency),
            total: exact(total, currency),
        })
        .collect();
    let next = params.limit.and_then(|limit| reading.page(limit, &mut items, |last| last.on.to_string()));
    let body = AccrualList { items, next, from, to, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

fn accrued(seen: &SeenLoan, from: NaiveDate, to: NaiveDate) -> Result<Vec<Accrued>, engine::EngineError> {
    if seen.derived.is_none() || from > to {
        return Ok(Vec::new());
    }
    engine::accruals(&seen.book.applied.terms, &seen.known_facts(), from, to)
}
