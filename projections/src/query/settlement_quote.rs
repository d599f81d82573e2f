//! What settles a loan early on a day.

use axum::extract::State;
use chrono::NaiveDate;
use domain::loan::Loan;
use domain::loan::settlement::SettlementQuote;
use problems::{BEFORE_FIRST_FACT, NOT_ACTIVE, ProblemDetails};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::QueryState;
use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::events;
use super::loan::no_loan;
use super::request::{IdInPath, Params, ReadHeaders, Reading};
use crate::minor::exact;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuoteOn {
    /// The day on which it would be paid: today by default. A day to come is quoted as things stand.
    on: Option<NaiveDate>,
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
    get, path = "/v1/loans/{id}/settlement-quote", tag = "loans",
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
    let today = state.booking_day.today();
    let on = params.on.unwrap_or(today);
    let as_of = state.head(&reading).await?;
    let (loan, history) = events::folded(&state, id, as_of).await?;
    let Loan::Disbursed(servicing) = loan else {
        let status = loan.status().ok_or_else(|| no_loan(id, as_of))?;
        return Err(NOT_ACTIVE.because(format!("the loan is {status}: there is nothing to settle")).into());
    };
    if on < servicing.disbursed_on {
        let detail = format!("`on` {on} is before {}, the date of the disbursement", servicing.disbursed_on);
        return Err(BEFORE_FIRST_FACT.because(detail).in_field("on").into());
    }
    let currency = servicing.terms.currency;
    let quote = history.quote(on).map_err(|error| NOT_ACTIVE.because(error.to_string()))?;
    let exact = |amount| exact(amount, currency);
    let quote = SettlementQuote {
        on,
        amount: exact(quote.amount),
        due: exact(quote.due),
        principal: exact(quote.principal),
        interest: exact(quote.interest),
    };
    Ok(answer(&reading, as_of, today, QuoteAnswer { quote, as_of }))
}
