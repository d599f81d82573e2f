//! A disbursed loan as a command about today needs it: its installments with what is due and what was paid of each.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::event::{
    ChangedInstallment, ChargeAdded, Disbursed, Effect, InstallmentState, LoanEvent, Moved, Outcome, Share,
};
use super::facts::Early;
use super::standing::{Standing, Status};
use crate::Amount;
use crate::component::{Component, Components};
use crate::schedule::Installment;
use crate::terms::{Excess, InterestBasis, Terms};

/// What the servicing of a loan knows of today: it does not grow with the number of payments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Servicing {
    /// The terms of the disbursement; a restructuring may have replaced them since.
    pub terms: Arc<Terms>,
    pub approved: Amount,
    /// The sum of all disbursements.
    pub disbursed: Amount,
    pub disbursed_on: NaiveDate,
    /// The latest value date of anything but a charge: what is dated before it is backdated.
    pub last_on: NaiveDate,
    /// In the order of their due dates; row `k` has number `k + 1`.
    pub rows: Vec<Row>,
    pub standing: Standing,
    pub written_off_on: Option<NaiveDate>,
    /// Nothing but disbursement, charges and payments of rows as agreed: a payment that is not backdated can be
    /// decided on the rows alone.
    pub is_plain: bool,
    /// Capitalized income that is not received yet.
    pub deferred: Amount,
    /// The tax in the fees that are covered.
    pub tax_covered: Amount,
    /// What time alone did since the last fact.
    pub by_time: Moved,
}

/// One installment as it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub number: u32,
    #[serde(flatten)]
    pub state: InstallmentState,
    /// The charges in what is due that may fall due before the rest of the row does.
    #[serde(default, skip_serializing_if = "RowCharges::is_empty")]
    pub charges: RowCharges,
}

/// States are kept in memory by the ten thousand, and rows are what they consist of: twelve fit into 4 KiB.
const _: () = assert!(12 * size_of::<Row>() <= 4096, "a row has grown");

/// The charges of a row. Most have none: a `Vec` of its own would take three words of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::box_collection, reason = "one word in place of three")]
pub struct RowCharges(Option<Box<Vec<RowCharge>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCharge {
    pub due_on: NaiveDate,
    pub component: Component,
    pub amount: Amount,
}

impl RowCharges {
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub fn iter(&self) -> impl Iterator<Item = &RowCharge> {
        self.0.iter().flat_map(|charges| charges.iter())
    }

    fn push(&mut self, charge: RowCharge) {
        self.0.get_or_insert_default().push(charge);
    }
}

impl Row {
    pub fn new(installment: &Installment) -> Self {
        let mut due = Components::NOTHING;
        due.add(Component::Principal, installment.principal);
        due.add(Component::Interest, installment.interest);
        due.add(Component::Fee, installment.fees.plus(installment.tax));
        Self {
            number: installment.number,
            state: InstallmentState {
                from: installment.from,
                due_on: installment.due_on,
                due,
                tax: installment.tax,
                paid: Components::NOTHING,
                waived: Components::NOTHING,
            },
            charges: RowCharges::default(),
        }
    }

    pub fn open(&self) -> Components {
        self.state.open()
    }

    pub fn is_settled(&self) -> bool {
        self.state.due == self.state.paid || self.open().is_nothing()
    }

    /// What is open of a component's charges that fell due by `day`, where the row itself is not due yet.
    pub fn charged_by(&self, day: NaiveDate, component: Component) -> Amount {
        let due = self.charges.iter().filter(|charge| charge.component == component && charge.due_on <= day);
        let charged: Amount = due.map(|charge| charge.amount).sum();
        charged.checked_less(self.state.paid.of(component)).unwrap_or(charged.minus(charged))
    }
}

impl Servicing {
    /// The loan as it was agreed, before any payment. `approved` is all that may be disbursed, now and later.
    pub fn begin(
        terms: Arc<Terms>,
        approved: Amount,
        (on, amount): (NaiveDate, Amount),
        installments: &[Installment],
    ) -> Self {
        let zero = terms.currency.zero();
        let standing = Standing {
            status: Status::Active,
            balances: Components::NOTHING,
            overpaid: zero,
            credit: zero,
            oldest_due_on: None,
            late_from: None,
        };
        let agreed = terms.interest_basis == InterestBasis::Plan && terms.excess == Excess::Next;
        let capitalized = installments.iter().any(|row| row.capitalized.is_some());
        let taxed = installments.iter().any(|row| !row.tax.is_zero());
        let mut begun = Self {
            terms,
            approved,
            disbursed: amount,
            disbursed_on: on,
            last_on: on,
            rows: installments.iter().map(Row::new).collect(),
            standing,
            written_off_on: None,
            is_plain: agreed && !capitalized && !taxed,
            deferred: zero,
            tax_covered: zero,
            by_time: Moved::nothing(),
        };
        begun.restate();
        begun
    }

    pub(super) fn of(terms: Arc<Terms>, approved: Amount, event: &Disbursed) -> Self {
        let mut begun = Self::begin(terms, approved, (event.on, event.amount), &event.installments);
        begun.deferred = event.outcome.deferred;
        begun.standing = event.outcome.standing;
        begun
    }

    pub(super) fn disburse_more(&mut self, event: &Disbursed) {
        self.disbursed = self.disbursed.plus(event.amount);
        self.is_plain = false;
        self.last_on = self.last_on.max(event.on);
        self.follow(event.effect.as_ref(), &event.outcome);
    }

    /// Puts in what an event of a disbursed loan says. No arithmetic of lending is done here.
    pub(super) fn serve(&mut self, event: &LoanEvent) {
        let (Some(outcome), Some((on, _))) = (event.outcome(), event.days()) else {
            panic!("corrupt stream: {} on a loan that is {}", event.name(), self.standing.status);
        };
        self.follow(event.effect(), outcome);
        self.is_plain &= is_plain(event);
        match event {
            LoanEvent::ChargeAdded(charge) => return self.charge(charge),
            LoanEvent::WrittenOff(_) => self.written_off_on = Some(on),
            LoanEvent::WriteOffReversed(_) => self.written_off_on = None,
            _ => {}
        }
        self.last_on = self.last_on.max(on);
    }

    /// Puts in what an event says: its shares, or else every installment that changed.
    fn follow(&mut self, effect: Option<&Effect>, outcome: &Outcome) {
        if outcome.says_only_what_is_covered() {
            self.cover(effect.map_or(&[], |effect| &effect.shares));
        } else {
            self.change(&outcome.changed);
        }
        self.deferred = self.deferred.plus(outcome.deferred);
        self.tax_covered = self.tax_covered.plus(outcome.tax);
        self.by_time = self.by_time.plus(outcome.by_time);
        self.standing = outcome.standing;
    }

    pub(super) fn cover(&mut self, shares: &[Share]) {
        for share in shares {
            let row = self.row_mut(share.installment);
            row.state.paid = row.state.paid.plus(share.allocation);
        }
    }

    /// Notes that a charge in its row may fall due before the row does.
    fn charge(&mut self, charge: &ChargeAdded) {
        let added = RowCharge { due_on: charge.due_on, component: charge.component, amount: charge.amount };
        self.row_mut(charge.installment).charges.push(added);
    }

    /// Derives the standing from the rows, where nothing is late and nothing is written off.
    pub fn restate(&mut self) {
        let balances = self.rows.iter().fold(Components::NOTHING, |sum, row| sum.plus(row.open()));
        let oldest = self.rows.iter().find(|row| !row.is_settled()).map(|row| row.state.due_on);
        self.standing.balances = balances;
        self.standing.oldest_due_on = oldest;
        self.standing.late_from = oldest.map(|due_on| late_from(&self.terms, due_on));
        self.standing.status = match (oldest, self.standing.overpaid.is_positive()) {
            (Some(_), _) => Status::Active,
            (None, true) => Status::Overpaid,
            (None, false) => Status::Settled,
        };
    }

    fn change(&mut self, changed: &[ChangedInstallment]) {
        for change in changed {
            let Some(state) = change.after else {
                // Rows go from the end, so that numbers stay without gaps.
                self.rows.truncate((change.installment as usize).saturating_sub(1));
                break;
            };
            if change.installment as usize == self.rows.len() + 1 {
                self.rows.push(Row { number: change.installment, state, charges: RowCharges::default() });
            } else {
                self.row_mut(change.installment).state = state;
            }
        }
    }

    fn row_mut(&mut self, number: u32) -> &mut Row {
        let rows = self.rows.len();
        let index = (number as usize).checked_sub(1);
        index.and_then(|index| self.rows.get_mut(index)).unwrap_or_else(|| {
            panic!("corrupt stream: an event names installment {number} of a loan that has {rows}")
        })
    }
}

/// Whether a payment after the event can still be decided on the rows alone.
fn is_plain(event: &LoanEvent) -> bool {
    match event {
        LoanEvent::ChargeAdded(_)
        | LoanEvent::RepaymentReversed(_)
        | LoanEvent::CreditGranted(_)
        | LoanEvent::CreditReversed(_) => true,
        LoanEvent::RepaymentRecorded(event) => {
            event.early == Early::Installment && event.excess.is_none_or(|excess| excess == Excess::Next)
        }
        _ => false,
    }
}

/// The first day on which an installment is late, but for days of grace: the day after its due date moved to a
/// business day.
pub(super) fn late_from(terms: &Terms, due_on: NaiveDate) -> NaiveDate {
    let paid_on_time_until = terms.calendar.following(due_on);
    paid_on_time_until.checked_add_days(Days::new(1)).expect("due dates end with the year 2200")
}
