//! A loan's plan with what was paid of it, seen on a day.

use chrono::NaiveDate;
use domain::loan::engine::Row;
use domain::{Amount, Currency};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, AsOf, NotThere, ReadProblems, answer};
use super::point_in_time::PointInTime;
use super::request::{IdInPath, Params, ReadHeaders, Reading};
use super::{QueryState, State};
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
    /// As the interest basis makes it on the day, less what paying early took off.
    interest: Amount,
    fees: Amount,
    tax: Amount,
    penalties: Amount,
    late_fee: Amount,
    /// To the day on which it is seen.
    late_interest: Amount,
    /// The sum of them all.
    total: Amount,
    /// The principal that is left after it, by the plan as it stands.
    balance: Amount,
    /// Interest that joins the principal on its due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    capitalized: Option<Amount>,
    paid: Amount,
    /// What of it was paid before the due date.
    paid_in_advance: Amount,
    /// What of it was paid once it was late.
    paid_late: Amount,
    /// What of it was taken off without payment.
    waived: Amount,
    outstanding: Amount,
    /// The value date on which nothing was open any more.
    settled_on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
struct ScheduleAnswer {
    currency: Currency,
    installments: Vec<InstallmentView>,
    totals: ScheduleTotals,
    /// The day on which it is seen.
    effective_on: NaiveDate,
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
    paid_in_advance: Amount,
    paid_late: Amount,
    waived: Amount,
    outstanding: Amount,
}

/// The plan as it stands on a day, with what was paid of each installment. Empty before the disbursement.
#[utoipa::path(
    get, path = "/v1/loans/{id}/schedule", tag = "loans", operation_id = "find_schedule",
    params(("id" = Uuid, Path, description = "The loan"), PointInTime, ReadHeaders),
    responses((status = 200, description = "The plan", body = ScheduleAnswer), NotThere, ReadProblems),
)]
pub(crate) async fn find(
    State(state): State<QueryState>,
    IdInPath(id): IdInPath,
    Params(point): Params<PointInTime>,
    reading: Reading,
) -> Answer {
    let seen = state.loan(id, point, &reading).await?;
    let (currency, effective_on, as_of) = (seen.currency(), seen.day, seen.as_of);
    let installments: Vec<InstallmentView> =
        seen.rows().iter().map(|row| InstallmentView::of(row, currency)).collect();
    let totals = totals(&installments, currency);
    let body = ScheduleAnswer { currency, installments, totals, effective_on, as_of };
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
            waived: exact(row.waived.total()),
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
        paid_in_advance: sum(|row| row.paid_in_advance),
        paid_late: sum(|row| row.paid_late),
        waived: sum(|row| row.waived),
        outstanding: sum(|row| row.outstanding),
    }
}
