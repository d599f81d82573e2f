//! All that is known of one loan: its events, folded into facts with what was recorded of each.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::loan::event::{AddedCharge, Applied, Approved, Closed, Effect, PaymentReversed};
use domain::loan::facts::What;
use domain::loan::{LoanEvent, LoanHistory, Status};
use event_store::StreamEvent;
use uuid::Uuid;

/// A loan's events up to a position of the log.
#[derive(Debug)]
pub(crate) struct LoanBook {
    pub(crate) id: Uuid,
    pub(crate) applied: Applied,
    pub(crate) applied_at: DateTime<Utc>,
    pub(crate) approved: Option<Approved>,
    pub(crate) closed: Option<(Status, Closed)>,
    pub(crate) history: LoanHistory,
    /// One for each fact of the history.
    pub(crate) records: Vec<Record>,
    pub(crate) last: LastEvent,
}

/// What was recorded with a fact, beside what the engine needs of it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) external_id: Option<String>,
    pub(crate) reason: Option<String>,
    /// Of a charge: what it is for, and the booking day on which it was added.
    pub(crate) charge: Option<(AddedCharge, NaiveDate)>,
    pub(crate) reversal: Option<Reversal>,
}

/// How a fact was undone.
#[derive(Debug)]
pub(crate) struct Reversal {
    pub(crate) on: NaiveDate,
    pub(crate) reason: String,
    /// What it had come to until then.
    pub(crate) undone: Effect,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LastEvent {
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl LoanBook {
    /// `None` where nothing happened yet.
    pub(crate) fn of(id: Uuid, events: Vec<StreamEvent<LoanEvent>>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let LoanEvent::Applied(applied) = &first.event else {
            panic!("corrupt stream: loan {id} begins with {}", first.event.name());
        };
        let last =
            LastEvent { sequence: first.sequence, position: first.position, recorded_at: first.recorded_at };
        let mut history = LoanHistory::default();
        history.record(&first.event);
        let mut book = Self {
            id,
            applied: applied.clone(),
            applied_at: first.recorded_at,
            approved: None,
            closed: None,
            history,
            records: Vec::new(),
            last,
        };
        events.for_each(|event| book.take(event));
        Some(book)
    }

    pub(crate) fn currency(&self) -> Currency {
        self.applied.terms.currency
    }

    /// The value date of the first disbursement.
    pub(crate) fn disbursed_on(&self) -> Option<NaiveDate> {
        let facts = self.history.facts().iter();
        facts.filter(|fact| matches!(fact.what, What::Disbursement { .. })).map(|fact| fact.on).min()
    }

    fn take(&mut self, recorded: StreamEvent<LoanEvent>) {
        let StreamEvent { position, sequence, recorded_at, event } = recorded;
        self.last = LastEvent { sequence, position, recorded_at };
        match &event {
            LoanEvent::Approved(approved) => self.approved = Some(approved.clone()),
            LoanEvent::Rejected(closed) => self.closed = Some((Status::Rejected, closed.clone())),
            LoanEvent::Withdrawn(closed) => self.closed = Some((Status::Withdrawn, closed.clone())),
            LoanEvent::RepaymentReversed(reversed)
            | LoanEvent::CreditReversed(reversed)
            | LoanEvent::RecoveryReversed(reversed) => self.reverse_payment(reversed),
            LoanEvent::WriteOffReversed(reversed) => {
                let index =
                    self.history.known().write_off().expect("a write-off is undone that was recorded");
                let (reason, undone) = (reversed.reason.clone(), reversed.undone.clone());
                self.records[index].reversal = Some(Reversal { on: reversed.on, reason, undone });
            }
            _ => {}
        }
        self.history.record(&event);
        if self.records.len() < self.history.facts().len() {
            self.records.push(Record::of(&event, position, recorded_at));
        }
    }

    fn reverse_payment(&mut self, reversed: &PaymentReversed) {
        let payment = self.history.find_payment(reversed.payment_id);
        let index = payment.expect("a payment is reversed that was recorded").index;
        let (reason, undone) = (reversed.reason.clone(), reversed.undone.clone());
        self.records[index].reversal = Some(Reversal { on: reversed.on, reason, undone });
    }
}

impl Record {
    fn of(event: &LoanEvent, position: i64, recorded_at: DateTime<Utc>) -> Self {
        let charge = match event {
            LoanEvent::ChargeAdded(charge) => Some((charge.kind, charge.on)),
            _ => None,
        };
        let reason = match event {
            LoanEvent::CreditGranted(event) => Some(&event.reason),
            LoanEvent::RepaymentChargedBack(event) => Some(&event.reason),
            LoanEvent::ChargeWaived(event) => Some(&event.reason),
            LoanEvent::Restructured(event) => Some(&event.reason),
            LoanEvent::WrittenOff(event) => Some(&event.reason),
            _ => None,
        };
        Self {
            position,
            recorded_at,
            external_id: event.external_id().map(ToOwned::to_owned),
            reason: reason.cloned(),
            charge,
            reversal: None,
        }
    }
}
