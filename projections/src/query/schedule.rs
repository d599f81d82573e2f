//! A loan's plan with what was paid of it.

use axum::extract::State;
use chrono::NaiveDate;
use domain::loan::engine::Row;
use domain::{Amount, Currency};
use serde::Serialize;
use utoipa::ToSchema;

use super::QueryState;
use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::loan_book::LoanBook;
use super::request::{IdInPath, Nothing, Params, ReadHeaders, Reading};
use crate::loans;
use crate::minor::exact;

/// An installment: what is due, and what was paid of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstallmentView {
    number: u32,
    from: NaiveDate,
    due_on: NaiveDate,
    /// Calendar days of its period.
    days: u32,
    principal: Amount,
    /// As agreed, less what an early settlement took off.
    interest: Amount,
    fees: Amount,
    tax: Amount,
    penalties: Amount,
    late_fee: Amount,
    late_interest: Amount,
    total: Amount,
    /// The principal that is left after it, by plan.
    balance: Amount,
    /// Interest that joins the principal on its due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    capitalized: Option<Amount>,
    paid: Amount,
    /// What of it was paid before the due date.
    paid_in_advance: Amount,
    /// What of it was paid once it was late.
    paid_late: Amount,
    outstanding: Amount,
    /// The value date on which nothing was open any more.
    settled_on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
struct ScheduleAnswer {
    currency: Currency,
    installments: Vec<InstallmentView>,
    totals: ScheduleTotals,
    as_of: AsOf,
}

#[derive(Serialize, ToSchema)]
struct ScheduleTotals {
    principal: Amount,
    interest: Amount,
    fees: Amount,
    tax: Amount,
    penalties: Amount,
    late_fee: Amount,
    late_interest: Amount,
    total: Amount,
    paid: Amount,
    outstanding: Amount,
}

/// The plan, with what was paid of each installment. Empty before the disbursement.
#[utoipa::path(
    get, path = "/v1/loans/{id}/schedule", tag = "loans",
    params(("id" = Uuid, Path, description = "The loan"), ReadHeaders),
    responses((status = 200, description = "The plan", body = ScheduleAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let mut snapshot = state.snapshot(&loans::READ_MODEL, &reading).await?;
    let as_of = snapshot.as_of;
    let book = LoanBook::load(&state, &mut snapshot.transaction, id, as_of).await?;
    let currency = book.currency;
    let installments: Vec<InstallmentView> =
        book.installments.iter().map(|row| InstallmentView::of(row, currency)).collect();
    let totals = totals(&installments, currency);
    let body = ScheduleAnswer { currency, installments, totals, as_of };
    Ok(answer(&reading, as_of, state.booking_day.today(), body))
}

impl InstallmentView {
    fn of(row: &Row, currency: Currency) -> Self {
        let exact = |amount| exact(amount, currency);
        Self {
            number: row.number,
            from: row.from,
            due_on: row.due_on,
            days: u32::try_from((row.due_on - row.from).num_days()).unwrap_or(0),
            principal: exact(row.due.principal),
            interest: exact(row.due.interest),
            fees: exact(row.due.fee.minus(row.tax)),
            tax: exact(row.tax),
            penalties: exact(row.due.penalty),
            late_fee: exact(row.due.late_fee),
            late_interest: exact(row.due.late_interest),
            total: exact(row.due.total()),
            balance: exact(row.balance),
            capitalized: Some(row.capitalized).filter(|amount| !amount.is_zero()),
            paid: exact(row.paid.total()),
            paid_in_advance: exact(row.paid_in_advance),
            paid_late: exact(row.paid_late),
            outstanding: exact(row.due.minus(row.waived).minus(row.paid).total()),
            settled_on: row.settled_on,
        }
    }
}

fn totals(rows: &[InstallmentView], currency: Currency) -> ScheduleTotals {
    let sum = |amount: fn(&InstallmentView) -> Amount| exact(rows.iter().map(amount).sum(), currency);
    ScheduleTotals {
        principal: sum(|row| row.principal),
        interest: sum(|row| row.interest),
        fees: sum(|row| row.fees),
        tax: sum(|row| row.tax),
        penalties: sum(|row| row.penalties),
        late_fee: sum(|row| row.late_fee),
        late_interest: sum(|row| row.late_interest),
        total: sum(|row| row.total),
        paid: sum(|row| row.paid),
        outstanding: sum(|row| row.outstanding),
    }
}
