//! A loan's statement: what fell due and what was paid, in one order of dates.

use chrono::NaiveDate;
use domain::{Amount, Currency};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::loan::EachComponent;
use super::point_in_time::PointInTime;
use super::request::{IdInPath, Params, ReadHeaders, Reading};
use super::statement_lines::lines;
use super::transactions::TransactionView;
use super::{QueryState, State};

/// One line of a statement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatementLine {
    pub(crate) on: NaiveDate,
    pub(crate) what: StatementItem,
    /// The loan's principal after it.
    pub(crate) principal: Amount,
    /// What fell due until then, less what was paid, credited and waived: above zero is in arrears, below zero paid in
    /// advance. After the last line: all that is owed, less what was overpaid or is kept for the borrower.
    pub(crate) balance: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum StatementItem {
    Transaction(Box<TransactionView>),
    /// An installment falls due as the plan stands on the day seen, charges apart.
    Installment {
        number: u32,
        amount: Amount,
    },
    /// A charge entered by hand falls due.
    Charge {
        id: Uuid,
        /// `penalty`, or the kind of a fee.
        charge: &'static str,
        added_on: NaiveDate,
        amount: Amount,
    },
    /// Late charges of an installment: what a payment covered of them, on its date, or what is open on the day seen.
    LateCharges {
        number: u32,
        late_fee: Amount,
        late_interest: Amount,
    },
    /// What was unpaid of a charge is no longer owed.
    Waiver {
        id: Uuid,
        charge: Uuid,
        amount: Amount,
        reason: Option<String>,
    },
    /// Money kept for the borrower served what fell due.
    CreditApplied {
        amount: Amount,
        allocation: EachComponent,
    },
    /// What was outstanding is owed by other installments from then on.
    Restructuring {
        id: Uuid,
        /// `replace`, `re_age` or `re_amortize`.
        mode: &'static str,
        reason: Option<String>,
    },
    /// What was open left the books; it is still owed.
    WriteOff {
        amount: Amount,
        reason: Option<String>,
        /// Undone: it counts as if it had never been.
        reversed: bool,
    },
}

#[derive(Serialize, ToSchema)]
struct StatementAnswer {
    currency: Currency,
    lines: Vec<StatementLine>,
    /// The day on which it is seen.
    effective_on: NaiveDate,
    as_of: AsOf,
}

/// The header that the file for the borrower takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents what `download` takes in")]
struct Spoken {
    /// The language of the PDF: `en`, which is what it is by itself, or `pt`.
    #[param(rename = "Accept-Language", value_type = String, required = false)]
    language: Option<String>,
}

/// What falls due and what was paid, in the order of dates, with running balances.
#[utoipa::path(
    get, path = "/v1/loans/{id}/statement", tag = "loans", operation_id = "find_statement",
    params(("id" = Uuid, Path, description = "The loan"), PointInTime, ReadHeaders, Spoken),
    responses((status = 200, description = "The statement", body = StatementAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(point): Params<PointInTime>,
    reading: Reading,
) -> Answer {
    let seen = state.loan(id, point, &reading).await?;
    let (currency, effective_on, as_of) = (seen.currency(), seen.day, seen.as_of);
    let body = StatementAnswer { currency, lines: lines(&seen), effective_on, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}
