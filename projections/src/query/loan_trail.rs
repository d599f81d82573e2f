//! Which events decided what a loan's facts come to, and the journal lines of each.

use chrono::{DateTime, NaiveDate, Utc};
use domain::component::Component;
use domain::journal::{RECOVERIES, Side, account_of};
use domain::loan::LoanEvent;
use domain::loan::event::{Effect, FactKind};
use domain::{Amount, Currency};
use event_store::StreamEvent;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::loan_movements::{LoanLine, lines_of};
use crate::minor::{exact, from_minor};

/// An event of the loan with the journal lines that are asked about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailEvent {
    pub(crate) position: i64,
    sequence: i64,
    #[serde(rename = "type")]
    event_type: &'static str,
    /// The value date.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    lines: Vec<TrailLine>,
}

/// A journal line of the event: the sum of what it moved of all installments on one account and day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailLine {
    position: i64,
    line: i32,
    account: String,
    side: Side,
    amount: Amount,
    currency: Currency,
    booked_on: NaiveDate,
    /// The components that are booked on this account.
    components: Vec<Component>,
}

/// What an event made of one of the loan's facts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactMoved {
    /// The transaction; absent of a fact without an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction: Option<Uuid>,
    pub(crate) kind: FactKind,
    pub(crate) on: NaiveDate,
    /// What it covered of installments before the event, in their numbers of then.
    pub(crate) before: Vec<ShareView>,
    pub(crate) after: Vec<ShareView>,
}

/// What is covered of one component of one installment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ShareView {
    pub(crate) installment: u32,
    /// Absent in the numbers of then, which may have changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_on: Option<NaiveDate>,
    pub(crate) component: Component,
    pub(crate) amount: Amount,
}

/// The events of a loan, in order.
pub(crate) struct Trail {
    pub(crate) currency: Currency,
    pub(crate) events: Vec<StreamEvent<LoanEvent>>,
}

impl Trail {
    /// The event that recorded the fact of this number (from 1), and those that made something else of it since.
    pub(crate) fn of_fact(
        &self,
        recorded_at: i64,
        number: usize,
        component: Option<Component>,
    ) -> Vec<TrailEvent> {
        let concerned = self.events.iter().filter(|event| {
            let rederived = event.event.outcome().into_iter().flat_map(|outcome| &outcome.rederived);
            event.position == recorded_at
                || rederived.into_iter().any(|moved| usize::try_from(moved.fact) == Ok(number))
        });
        concerned.map(|event| shown(event, component)).collect()
    }

    /// The events that set what an installment has of a component: those that hand out or restructure, and those that
    /// changed it.
    pub(crate) fn of_dues(&self, installment: u32, component: Component) -> Vec<TrailEvent> {
        let concerned = self.events.iter().filter(|event| {
            let sets = matches!(event.event, LoanEvent::Disbursed(_) | LoanEvent::Restructured(_));
            let changed = event.event.outcome().into_iter().flat_map(|outcome| &outcome.changed);
            let due = |state: Option<_>| {
                state.map(|state: domain::loan::event::InstallmentState| state.due.of(component))
            };
            sets || changed.into_iter().any(|changed| {
                changed.installment == installment && due(changed.before) != due(changed.after)
            })
        });
        concerned.map(|event| shown(event, Some(component))).collect()
    }

    /// One event with its lines, and what it made of facts.
    pub(crate) fn at(&self, position: i64) -> Option<(TrailEvent, Vec<FactMoved>)> {
        let event = self.events.iter().find(|event| event.position == position)?;
        Some((shown(event, None), self.moved(&event.event)))
    }

    fn moved(&self, event: &LoanEvent) -> Vec<FactMoved> {
        let shares = |effect: Option<&Effect>| effect.map_or_else(Vec::new, |effect| self.shares(effect));
        let own = own_fact(event).map(|(transaction, kind)| {
            let on = event.days().map_or_else(NaiveDate::default, |(on, _)| on);
            let undone = undone(event);
            FactMoved { transaction, kind, on, before: shares(undone), after: shares(event.effect()) }
        });
        let rederived = event.outcome().into_iter().flat_map(|outcome| &outcome.rederived);
        let rederived = rederived.map(|moved| FactMoved {
            transaction: moved.id,
            kind: moved.kind,
            on: moved.on,
            before: shares(moved.before.as_ref()),
            after: shares(moved.after.as_ref()),
        });
        own.into_iter().chain(rederived).collect()
    }

    fn shares(&self, effect: &Effect) -> Vec<ShareView> {
        let applied = effect.applied.iter().flat_map(|applied| &applied.shares);
        let shares = effect.shares.iter().chain(applied).flat_map(|share| {
            let parts = share.allocation.iter().filter(|(_, amount)| !amount.is_zero());
            parts.map(|(component, amount)| (share.installment, component, amount)).collect::<Vec<_>>()
        });
        let views = shares.map(|(installment, component, amount)| ShareView {
            installment,
            due_on: None,
            component,
            amount: exact(amount, self.currency),
        });
        views.collect()
    }
}

impl TrailLine {
    fn of(line: LoanLine) -> Self {
        let of_account = |component: &Component| account_of(*component).as_str() == line.account;
        Self {
            position: line.position,
            line: line.line,
            components: Component::ALL.into_iter().filter(of_account).collect(),
            account: line.account,
            side: line.side,
            amount: from_minor(line.amount, line.currency),
            currency: line.currency,
            booked_on: line.booked_on,
        }
    }
}

/// The event with the lines that are booked for a component, or with all.
fn shown(event: &StreamEvent<LoanEvent>, component: Option<Component>) -> TrailEvent {
    let lines = lines_of(event.position, &event.event).into_iter().map(TrailLine::of);
    let asked = |line: &TrailLine| {
        component.is_none_or(|component| {
            line.components.contains(&component) || line.account == RECOVERIES.as_str()
        })
    };
    TrailEvent {
        position: event.position,
        sequence: event.sequence,
        event_type: event.event.name(),
        on: event.event.days().map(|(on, _)| on),
        recorded_at: event.recorded_at,
        lines: lines.filter(asked).collect(),
    }
}

fn undone(event: &LoanEvent) -> Option<&Effect> {
    match event {
        LoanEvent::RepaymentReversed(event)
        | LoanEvent::CreditReversed(event)
        | LoanEvent::RecoveryReversed(event) => Some(&event.undone),
        LoanEvent::WriteOffReversed(event) => Some(&event.undone),
        _ => None,
    }
}

/// The fact that an event records or undoes.
fn own_fact(event: &LoanEvent) -> Option<(Option<Uuid>, FactKind)> {
    Some(match event {
        LoanEvent::Disbursed(event) => (Some(event.disbursement_id.uuid()), FactKind::Disbursement),
        LoanEvent::ChargeAdded(event) => (Some(event.charge_id.uuid()), FactKind::Charge),
        LoanEvent::ChargeWaived(event) => (Some(event.waiver_id.uuid()), FactKind::Waiver),
        LoanEvent::RepaymentRecorded(event) => (Some(event.repayment_id.uuid()), FactKind::Repayment),
        LoanEvent::RepaymentReversed(event) => (Some(event.payment_id.uuid()), FactKind::Repayment),
        LoanEvent::RepaymentChargedBack(event) => (Some(event.chargeback_id.uuid()), FactKind::Chargeback),
        LoanEvent::CreditGranted(event) => (Some(event.credit_id.uuid()), FactKind::Credit),
        LoanEvent::CreditReversed(event) => (Some(event.payment_id.uuid()), FactKind::Credit),
        LoanEvent::SettledEarly(event) => (Some(event.repayment_id.uuid()), FactKind::Settlement),
        LoanEvent::OverpaymentRefunded(event) => (Some(event.refund_id.uuid()), FactKind::Refund),
        LoanEvent::Restructured(event) => (Some(event.restructure_id.uuid()), FactKind::Restructure),
        LoanEvent::WrittenOff(_) | LoanEvent::WriteOffReversed(_) => (None, FactKind::WriteOff),
        LoanEvent::RecoveryRecorded(event) => (Some(event.recovery_id.uuid()), FactKind::Recovery),
        LoanEvent::RecoveryReversed(event) => (Some(event.payment_id.uuid()), FactKind::Recovery),
        LoanEvent::Applied(_) | LoanEvent::Approved(_) | LoanEvent::Rejected(_) | LoanEvent::Withdrawn(_) => {
            return None;
        }
    })
}
