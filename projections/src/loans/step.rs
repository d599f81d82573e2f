//! What one event changes of how a loan stands.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::loan::event::{Closed, Effect, FactKind, WriteOff};
use domain::loan::{LoanEvent, Standing, Status};
use uuid::Uuid;

use crate::event::Event;
use crate::minor::{components_to_minor, to_minor};

/// The day of what counts on every day: applications, and charges, which are seen whenever they fall due.
pub(crate) const ALWAYS: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");

/// What the event sets. `None`: it leaves it as it was.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) status: Option<&'static str>,
    pub(super) approved: Option<(i64, NaiveDate)>,
    pub(super) disbursed: Option<(i64, NaiveDate)>,
    pub(super) closed: Option<(NaiveDate, Option<String>)>,
    pub(super) owed: Option<Owed>,
    pub(super) received: i64,
    pub(super) recovered: i64,
    pub(super) restructured_on: Option<NaiveDate>,
    /// Where it says which write-off stands.
    pub(super) write_off: Option<Books>,
    /// What write-offs take off the books more than before it.
    pub(super) written_off: i64,
    /// Its value date.
    pub(super) on: NaiveDate,
    /// The first day of which it changes how the loan stood: before `on` where it moves other facts.
    pub(super) counts_from: NaiveDate,
    /// The payment or the write-off that it records, or undoes.
    pub(super) fact: Option<FactId>,
    pub(super) version: i64,
    pub(super) position: i64,
    pub(super) recorded_at: DateTime<Utc>,
}

/// What a later event may undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactId {
    Records(Uuid),
    Undoes(Uuid),
}

/// What is owed since the last event that moved money.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Owed {
    pub(super) components: [i64; 6],
    pub(super) overpaid: i64,
    pub(super) credit: i64,
    pub(super) oldest_due_on: Option<NaiveDate>,
    pub(super) late_from: Option<NaiveDate>,
}

/// Whether a loan is on the books, or what a write-off took off them.
#[derive(Debug, Clone)]
pub(super) enum Books {
    Carried,
    WrittenOff { amount: i64, json: String },
}

impl Step {
    pub(super) fn of(event: &Event, fact: &LoanEvent) -> Self {
        let on = value_date(fact);
        let mut step = Self {
            status: None,
            approved: None,
            disbursed: None,
            closed: None,
            owed: None,
            received: 0,
            recovered: 0,
            restructured_on: None,
            write_off: None,
            written_off: 0,
            on,
            counts_from: counts_from(fact, on),
            fact: fact_id(fact),
            version: event.sequence,
            position: event.position,
            recorded_at: event.recorded_at,
        };
        match fact {
            LoanEvent::Applied(_) => step.status = Some(Status::Applied.name()),
            LoanEvent::Approved(approved) => {
                step.status = Some(Status::Approved.name());
                step.approved = Some((to_minor(approved.principal, approved.currency), approved.on));
            }
            LoanEvent::Rejected(closed) => step.close(Status::Rejected, closed),
            LoanEvent::Withdrawn(closed) => step.close(Status::Withdrawn, closed),
            LoanEvent::Disbursed(disbursed) => {
                step.disbursed = Some((to_minor(disbursed.amount, disbursed.currency), disbursed.on));
            }
            _ => {}
        }
        if let (Some(outcome), Some(currency)) = (fact.outcome(), fact.currency()) {
            step.received = to_minor(fact.cash_received(), currency);
            step.stand(&outcome.standing, currency);
            for moved in outcome.rederived.iter().filter(|moved| moved.kind == FactKind::WriteOff) {
                step.written_off -= amount_of(moved.before.as_ref(), currency);
                step.written_off += amount_of(moved.after.as_ref(), currency);
                step.write_off = Some(Books::of(moved.after.as_ref(), currency));
            }
            step.follow(fact, currency);
        }
        step
    }

    /// What an event changes besides what is owed.
    fn follow(&mut self, fact: &LoanEvent, currency: Currency) {
        match fact {
            LoanEvent::RecoveryRecorded(_) | LoanEvent::RecoveryReversed(_) => {
                self.recovered = to_minor(fact.cash_received(), currency);
            }
            LoanEvent::Restructured(event) => self.restructured_on = Some(event.on),
            LoanEvent::WrittenOff(event) => {
                self.written_off += amount_of(Some(&event.effect), currency);
                self.write_off = Some(Books::of(Some(&event.effect), currency));
            }
            LoanEvent::WriteOffReversed(event) => {
                self.written_off -= amount_of(Some(&event.undone), currency);
                self.write_off = Some(Books::Carried);
            }
            _ => {}
        }
    }

    fn close(&mut self, status: Status, closed: &Closed) {
        self.status = Some(status.name());
        self.closed = Some((closed.on, closed.reason.clone()));
    }

    fn stand(&mut self, standing: &Standing, currency: Currency) {
        self.status = Some(standing.status.name());
        self.owed = Some(Owed {
            components: components_to_minor(&standing.balances, currency),
            overpaid: to_minor(standing.overpaid, currency),
            credit: to_minor(standing.credit, currency),
            oldest_due_on: standing.oldest_due_on,
            late_from: standing.late_from,
        });
    }
}

impl Books {
    fn of(effect: Option<&Effect>, currency: Currency) -> Self {
        let write_off = effect.and_then(|effect| effect.write_off);
        write_off.map_or(Self::Carried, |write_off: WriteOff| Self::WrittenOff {
            amount: to_minor(write_off.open.total(), currency),
            json: serde_json::to_string(&write_off).expect("a write-off is plain data"),
        })
    }
}

/// What the write-off of an effect takes off the books.
fn amount_of(effect: Option<&Effect>, currency: Currency) -> i64 {
    let write_off = effect.and_then(|effect| effect.write_off);
    write_off.map_or(0, |write_off| to_minor(write_off.open.total(), currency))
}

fn value_date(fact: &LoanEvent) -> NaiveDate {
    match fact {
        LoanEvent::Approved(approved) => approved.on,
        LoanEvent::Rejected(closed) | LoanEvent::Withdrawn(closed) => closed.on,
        _ => fact.days().map_or(ALWAYS, |(on, _)| on),
    }
}

/// What is undone counts from its own date, which the event does not say.
fn counts_from(fact: &LoanEvent, on: NaiveDate) -> NaiveDate {
    if matches!(fact, LoanEvent::ChargeAdded(_)) {
        return ALWAYS;
    }
    let rederived = fact.outcome().into_iter().flat_map(|outcome| &outcome.rederived);
    rederived.map(|moved| moved.on).fold(on, NaiveDate::min)
}

fn fact_id(fact: &LoanEvent) -> Option<FactId> {
    use FactId::{Records, Undoes};
    // A loan has one write-off at a time.
    let write_off = Uuid::nil();
    match fact {
        LoanEvent::RepaymentRecorded(event) => Some(Records(event.repayment_id.uuid())),
        LoanEvent::SettledEarly(event) => Some(Records(event.repayment_id.uuid())),
        LoanEvent::CreditGranted(event) => Some(Records(event.credit_id.uuid())),
        LoanEvent::RecoveryRecorded(event) => Some(Records(event.recovery_id.uuid())),
        LoanEvent::WrittenOff(_) => Some(Records(write_off)),
        LoanEvent::WriteOffReversed(_) => Some(Undoes(write_off)),
        LoanEvent::RepaymentReversed(event)
        | LoanEvent::CreditReversed(event)
        | LoanEvent::RecoveryReversed(event) => Some(Undoes(event.payment_id.uuid())),
        _ => None,
    }
}
