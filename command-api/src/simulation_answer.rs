//! What a simulation answers: the loan as it would be, what of it is another than now, journal lines and events.

use chrono::NaiveDate;
use domain::component::Components;
use domain::decider::WholeStream;
use domain::id::LoanId;
use domain::journal::{Account, Side, loan_postings};
use domain::loan::engine::{Derived, Row};
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use domain::{Amount, Currency};
use problems::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::SequencedLoanEvent;
use crate::refusals::ToProblem;

/// What would follow.
#[derive(Serialize, ToSchema)]
#[schema(as = Simulation)]
pub(crate) struct SimulationAnswer {
    /// The loan's id.
    id: LoanId,
    /// The version of the loan from which the commands are played.
    version: i64,
    /// The day on which the loan is seen.
    effective_on: NaiveDate,
    loan: SimulatedLoan,
    schedule: SimulatedSchedule,
    /// Every installment that would be another than it is now, seen on the same day.
    difference: Vec<SimulatedChange>,
    /// What would be booked.
    journal: Vec<SimulatedLine>,
    /// What would be recorded.
    events: Vec<SequencedLoanEvent>,
}

/// How the loan would stand.
#[derive(Serialize, ToSchema)]
struct SimulatedLoan {
    status: Status,
    currency: Currency,
    balances: SimulatedBalances,
    /// What was paid beyond everything owed.
    overpaid: Amount,
    /// What is kept for the borrower until the next due date.
    credit: Amount,
    days_past_due: i64,
    /// The due date of the oldest installment that is not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_due_on: Option<NaiveDate>,
    /// The first day on which that installment is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    late_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_off: Option<SimulatedWriteOff>,
}

/// An amount for each component, and their sum.
#[derive(Serialize, ToSchema)]
struct SimulatedBalances {
    late_fee: Amount,
    late_interest: Amount,
    penalty: Amount,
    fee: Amount,
    interest: Amount,
    principal: Amount,
    total: Amount,
}

/// What would be written off.
#[derive(Serialize, ToSchema)]
struct SimulatedWriteOff {
    on: NaiveDate,
    /// The sum of the components.
    amount: Amount,
    late_fee: Amount,
    late_interest: Amount,
    penalty: Amount,
    fee: Amount,
    interest: Amount,
    principal: Amount,
    /// Accrued and not due by then, beside the amount.
    accrued_interest: Amount,
}

#[derive(Serialize, ToSchema)]
struct SimulatedSchedule {
    currency: Currency,
    installments: Vec<SimulatedInstallment>,
}

/// An installment: what would be due, and what would be paid of it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
struct SimulatedInstallment {
    number: u32,
    from: NaiveDate,
    due_on: NaiveDate,
    /// Calendar days of its period.
    days: u32,
    principal: Amount,
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
    waived: Amount,
    outstanding: Amount,
    /// The value date on which nothing was open any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_on: Option<NaiveDate>,
}

/// An installment as it is and as it would be; absent where there is none.
#[derive(Serialize, ToSchema)]
struct SimulatedChange {
    installment: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<SimulatedInstallment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<SimulatedInstallment>,
}

/// A debit or credit.
#[derive(Serialize, ToSchema)]
struct SimulatedLine {
    /// The event that it would come from.
    sequence: i64,
    /// The accounting day.
    booked_on: NaiveDate,
    account: Account,
    side: Side,
    amount: Amount,
    currency: Currency,
}

/// A loan seen on a day.
pub(crate) struct Seen {
    day: NaiveDate,
    status: Status,
    currency: Currency,
    derived: Derived,
    installments: Vec<SimulatedInstallment>,
}

impl Seen {
    /// A loan that is applied for has a status and nothing else.
    pub(crate) fn on(id: LoanId, loan: &WholeStream<Loan>, day: NaiveDate) -> Result<Self, Problem> {
        let unknown = || LoanRefusal::Unknown.to_problem(id.uuid());
        let status = loan.state.status().ok_or_else(unknown)?;
        let currency = loan.history.terms().ok_or_else(unknown)?.currency;
        let derived =
            loan.history.derive(day).map_err(|error| LoanRefusal::from(error).to_problem(id.uuid()))?;
        let is_disbursed = matches!(loan.state, Loan::Disbursed(_));
        let status = if is_disbursed { derived.status } else { status };
        let installments = derived.rows.iter().map(SimulatedInstallment::of).collect();
        Ok(Self { day, status, currency, derived, installments })
    }
}

impl SimulationAnswer {
    /// `events` lead from the loan of `version` to that which is seen `after`.
    pub(crate) fn new(
        id: LoanId,
        version: i64,
        (before, after): (&Seen, &Seen),
        events: &[LoanEvent],
    ) -> Self {
        let numbered = || (version + 1..).zip(events);
        Self {
            id,
            version,
            effective_on: after.day,
            loan: SimulatedLoan::of(after),
            schedule: SimulatedSchedule {
                currency: after.currency,
                installments: after.installments.clone(),
            },
            difference: difference(&before.installments, &after.installments),
            journal: numbered().flat_map(|(sequence, event)| lines(sequence, event)).collect(),
            events: (version + 1..)
                .zip(events.iter().cloned())
                .map(|(sequence, event)| SequencedLoanEvent::new(sequence, event))
                .collect(),
        }
    }
}

impl SimulatedLoan {
    fn of(seen: &Seen) -> Self {
        let Seen { currency, derived, .. } = seen;
        let exact = |amount: Amount| currency.zero().plus(amount);
        let Components { late_fee, late_interest, penalty, fee, interest, principal } = derived.balances;
        Self {
            status: seen.status,
            currency: *currency,
            balances: SimulatedBalances {
                late_fee: exact(late_fee),
                late_interest: exact(late_interest),
                penalty: exact(penalty),
                fee: exact(fee),
                interest: exact(interest),
                principal: exact(principal),
                total: exact(derived.balances.total()),
            },
            overpaid: exact(derived.overpaid),
            credit: exact(derived.credit),
            days_past_due: derived.days_past_due,
            oldest_due_on: derived.oldest_due_on,
            late_from: derived.late_from,
            write_off: derived.write_off.map(|write_off| SimulatedWriteOff {
                on: write_off.on,
                amount: exact(write_off.open.total()),
                late_fee: exact(write_off.open.late_fee),
                late_interest: exact(write_off.open.late_interest),
                penalty: exact(write_off.open.penalty),
                fee: exact(write_off.open.fee),
                interest: exact(write_off.open.interest),
                principal: exact(write_off.open.principal),
                accrued_interest: exact(write_off.accrued_interest),
            }),
        }
    }
}

impl SimulatedInstallment {
    fn of(row: &Row) -> Self {
        Self {
            number: row.number,
            from: row.from,
            due_on: row.due_on,
            days: u32::try_from((row.due_on - row.from).num_days()).unwrap_or(0),
            principal: row.due.principal,
            interest: row.due.interest,
            fees: row.due.fee.minus(row.tax),
            tax: row.tax,
            penalties: row.due.penalty,
            late_fee: row.due.late_fee,
            late_interest: row.due.late_interest,
            total: row.due.total(),
            balance: row.balance,
            capitalized: Some(row.capitalized).filter(|amount| !amount.is_zero()),
            paid: row.paid.total(),
            paid_in_advance: row.paid_in_advance,
            paid_late: row.paid_late,
            waived: row.waived.total(),
            outstanding: row.due.minus(row.waived).minus(row.paid).total(),
            settled_on: row.settled_on,
        }
    }
}

fn difference(before: &[SimulatedInstallment], after: &[SimulatedInstallment]) -> Vec<SimulatedChange> {
    let rows = (1..).zip(0..before.len().max(after.len()));
    let each = rows.map(|(installment, index)| SimulatedChange {
        installment,
        before: before.get(index).cloned(),
        after: after.get(index).cloned(),
    });
    each.filter(|change| change.before != change.after).collect()
}

fn lines(sequence: i64, event: &LoanEvent) -> Vec<SimulatedLine> {
    let postings = loan_postings(event).into_iter();
    let lines = postings.flat_map(|posting| {
        let booked_on = posting.booked_on;
        posting.lines.into_iter().map(move |line| (booked_on, line))
    });
    lines
        .map(|(booked_on, line)| SimulatedLine {
            sequence,
            booked_on,
            account: line.account,
            side: line.side,
            amount: line.amount,
            currency: line.currency,
        })
        .collect()
}
