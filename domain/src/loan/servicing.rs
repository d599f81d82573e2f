//! A disbursed loan: its installments with what is due and what was paid of each.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::event::{Allocation, ChargeAdded, Disbursed, Reallocation};
use super::standing::{Standing, Status};
use crate::Amount;
use crate::component::{Component, Components};
use crate::schedule::Installment;
use crate::terms::Terms;

/// What the servicing of a loan knows of today: it does not grow with the number of payments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Servicing {
    pub terms: Arc<Terms>,
    pub disbursed_on: NaiveDate,
    /// The latest value date of any payment, or of the disbursement: a payment dated before it is backdated.
    pub last_on: NaiveDate,
    /// In the order of their due dates; row `k` has number `k + 1`.
    pub rows: Vec<Row>,
    pub standing: Standing,
}

/// One installment as it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub number: u32,
    /// Interest accrues from here; the period ends where the next one starts.
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    pub due: Components,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub paid: Components,
    /// The charges in `due` that may fall due before the rest of the row does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<RowCharge>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCharge {
    pub due_on: NaiveDate,
    pub component: Component,
    pub amount: Amount,
}

impl Row {
    pub fn new(installment: &Installment) -> Self {
        let mut due = Components::NOTHING;
        due.add(Component::Principal, installment.principal);
        due.add(Component::Interest, installment.interest);
        due.add(Component::Fee, installment.fees.plus(installment.tax));
        Self {
            number: installment.number,
            from: installment.from,
            due_on: installment.due_on,
            due,
            paid: Components::NOTHING,
            charges: Vec::new(),
        }
    }

    pub fn open(&self) -> Components {
        self.due.minus(self.paid)
    }

    pub fn is_settled(&self) -> bool {
        self.due == self.paid || self.open().is_nothing()
    }

    /// What is open of a component's charges that fell due by `day`, where the row itself is not due yet.
    pub fn charged_by(&self, day: NaiveDate, component: Component) -> Amount {
        let due = self.charges.iter().filter(|charge| charge.component == component && charge.due_on <= day);
        let charged: Amount = due.map(|charge| charge.amount).sum();
        charged.checked_less(self.paid.of(component)).unwrap_or(charged.minus(charged))
    }
}

impl Servicing {
    /// The loan as it was agreed, before any payment.
    pub fn begin(terms: Arc<Terms>, on: NaiveDate, installments: &[Installment]) -> Self {
        let overpaid = terms.currency.zero();
        let balances = Components::NOTHING;
        let standing =
            Standing { status: Status::Active, balances, overpaid, oldest_due_on: None, late_from: None };
        let rows = installments.iter().map(Row::new).collect();
        let mut begun = Self { terms, disbursed_on: on, last_on: on, rows, standing };
        begun.restate();
        begun
    }

    pub fn of(terms: Arc<Terms>, event: &Disbursed) -> Self {
        Self::begin(terms, event.on, &event.installments)
    }

    /// Counts a payment's allocation, changes of interest first.
    pub fn take_in(&mut self, allocation: &Allocation) {
        for change in &allocation.interest_changes {
            let row = self.row_mut(change.installment);
            row.due.interest = row.due.interest.plus(change.after.minus(change.before));
        }
        for share in &allocation.shares {
            let row = self.row_mut(share.installment);
            row.paid = row.paid.plus(share.allocation);
        }
        self.standing.overpaid = self.standing.overpaid.plus(allocation.overpaid);
    }

    /// Undoes [`Self::take_in`].
    pub fn give_back(&mut self, allocation: &Allocation) {
        for share in &allocation.shares {
            let row = self.row_mut(share.installment);
            row.paid = row.paid.minus(share.allocation);
        }
        for change in &allocation.interest_changes {
            let row = self.row_mut(change.installment);
            row.due.interest = row.due.interest.minus(change.after.minus(change.before));
        }
        self.standing.overpaid = self.standing.overpaid.minus(allocation.overpaid);
    }

    pub fn reallocate(&mut self, reallocated: &[Reallocation]) {
        for moved in reallocated {
            self.give_back(&moved.before);
        }
        for moved in reallocated {
            self.take_in(&moved.after);
        }
    }

    /// Adds a charge to its row, or as a row of its own after the last.
    pub fn charge(&mut self, charge: &ChargeAdded) {
        let added = RowCharge { due_on: charge.due_on, component: charge.component, amount: charge.amount };
        if charge.installment as usize > self.rows.len() {
            let from = self.rows.last().map_or(self.disbursed_on, |last| last.due_on);
            self.rows.push(Row {
                number: charge.installment,
                from,
                due_on: charge.due_on,
                due: Components::NOTHING,
                paid: Components::NOTHING,
                charges: Vec::new(),
            });
        }
        let row = self.row_mut(charge.installment);
        row.due.add(charge.component, charge.amount);
        row.charges.push(added);
    }

    /// Takes out of a row what [`Self::charge`] put in, but for what was paid of it.
    pub(super) fn uncharge(&mut self, charge: &ChargeAdded) {
        let row = self.row_mut(charge.installment);
        let unpaid = row.open().of(charge.component).min(charge.amount);
        row.due.add(charge.component, unpaid.negated());
        let same = |known: &RowCharge| {
            (known.due_on, known.component, known.amount) == (charge.due_on, charge.component, charge.amount)
        };
        if let Some(index) = row.charges.iter().position(same) {
            row.charges.remove(index);
        }
    }

    /// The number of the row that a charge due on `day` joins: that of the period in which the day falls.
    pub fn row_of_charge(&self, day: NaiveDate) -> u32 {
        let found = self.rows.iter().find(|row| day <= row.due_on).map(|row| row.number);
        found.unwrap_or_else(|| self.rows.last().map_or(1, |last| last.number + 1))
    }

    /// Derives the standing from the rows.
    pub fn restate(&mut self) {
        let balances = self.rows.iter().fold(Components::NOTHING, |sum, row| sum.plus(row.open()));
        let oldest = self.rows.iter().find(|row| !row.is_settled()).map(|row| row.due_on);
        self.standing.balances = balances;
        self.standing.oldest_due_on = oldest;
        self.standing.late_from = oldest.map(|due_on| self.late_from(due_on));
        self.standing.status = match (oldest, self.standing.overpaid.is_positive()) {
            (Some(_), _) => Status::Active,
            (None, true) => Status::Overpaid,
            (None, false) => Status::Settled,
        };
    }

    /// The loan with a payment counted, and its standing after it.
    #[must_use]
    pub fn after_payment(&self, on: NaiveDate, allocation: &Allocation) -> Self {
        let mut after = self.clone();
        after.take_in(allocation);
        after.last_on = after.last_on.max(on);
        after.restate();
        after
    }

    fn late_from(&self, due_on: NaiveDate) -> NaiveDate {
        let paid_on_time_until = self.terms.calendar.following(due_on);
        paid_on_time_until.checked_add_days(Days::new(1)).expect("due dates end with the year 2200")
    }

    fn row_mut(&mut self, number: u32) -> &mut Row {
        let rows = self.rows.len();
        let index = (number as usize).checked_sub(1);
        index.and_then(|index| self.rows.get_mut(index)).unwrap_or_else(|| {
            panic!("corrupt stream: an event names installment {number} of a loan that has {rows}")
        })
    }
}

const fn nothing() -> Components {
    Components::NOTHING
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(components: &Components) -> bool {
    components.is_nothing()
}
