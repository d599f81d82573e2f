//! What settles a loan early on a day.

use chrono::NaiveDate;
use domain::loan::engine;
use domain::loan::settlement::SettlementQuote;
use problems::{BEFORE_FIRST_FACT, NOT_ACTIVE, ProblemDetails};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::point_in_time::{KnownAt, PointInTime, in_known_years};
use super::request::{IdInPath, Params, ReadHeaders, Reading, day};
use super::seen_loan::underivable;
use super::{QueryState, State};
use crate::minor::exact;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuoteOn {
    /// The day on which it would be paid: `effective_on` by default. A day to come is quoted as things stand.
    #[serde(default, deserialize_with = "day")]
    on: Option<NaiveDate>,
    /// What is dated after this day is left out, charges apart. Today by default.
    #[serde(default, deserialize_with = "day")]
    effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    known_at: Option<KnownAt>,
}

#[derive(Serialize, ToSchema)]
struct QuoteAnswer {
    #[serde(flatten)]
    quote: SettlementQuote,
    as_of: AsOf,
}

/// Why there is no quote.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only documents")]
enum NoQuote {
    /// `not_active`: the loan was not disbursed.
    #[response(status = 409, content_type = "application/problem+json")]
    NotActive(ProblemDetails),
    /// `before_first_fact`: `on` is before the disbursement.
    #[response(status = 422, content_type = "application/problem+json")]
    BeforeFirstFact(ProblemDetails),
}

/// What settles the loan on a day, by all that is known now: `settle` takes exactly this amount.
#[utoipa::path(
    get, path = "/v1/loans/{id}/settlement-quote", tag = "loans", operation_id = "find_settlement_quote",
    params(("id" = Uuid, Path, description = "The loan"), QuoteOn, ReadHeaders),
    responses(
        (status = 200, description = "The quote", body = QuoteAnswer),
        NoQuote, NotThere, ReadProblems,
    ),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(params): Params<QuoteOn>,
    reading: Reading,
) -> Answer {
    let point = PointInTime { effective_on: params.effective_on, known_at: params.known_at };
    let seen = state.loan(id, point, &reading).await?;
    let (on, as_of, currency) = (params.on.unwrap_or(seen.day), seen.as_of, seen.currency());
    in_known_years("on", on)?;
    if let Some(first) = seen.book.disbursed_on().filter(|first| on < *first) {
        let detail = format!("`on` {on} is before {first}, the date of the disbursement");
        return Err(BEFORE_FIRST_FACT.because(detail).in_field("on").into());
    }
    if seen.derived.is_none() {
        let status = seen.status();
        return Err(NOT_ACTIVE.because(format!("the loan is {status}: there is nothing to settle")).into());
    }
    let quoting = tokio::task::spawn_blocking(move || {
        engine::quote(&seen.book.applied.terms, &seen.known_facts(), on)
            .map_err(|error| underivable(id, &error))
    });
    let quote = quoting.await.map_err(|error| underivable(id, &error))??;
    let exact = |amount| exact(amount, currency);
    let quote = SettlementQuote {
        on,
        amount: exact(quote.amount),
        due: exact(quote.due),
        principal: exact(quote.principal),
        interest: exact(quote.interest),
    };
    Ok(answer(&reading, as_of, state.booking_day.today(), QuoteAnswer { quote, as_of }))
}
