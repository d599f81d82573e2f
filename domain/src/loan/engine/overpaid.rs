//! What exceeds everything owed: later facts use it, refunds return it (LENDING.md §10).

use chrono::NaiveDate;

use super::Outcome;
use super::fold::{Basis, Engine};
use super::till::Till;
use crate::Amount;
use crate::component::Component;
use crate::loan::facts::{Early, Effect};

impl Engine<'_> {
    /// Lets what was overpaid serve what has come to be owed.
    pub(super) fn use_overpaid(&mut self, on: NaiveDate) -> Outcome<Till> {
        let mut till = Till::new(on, self.overpaid);
        if self.overpaid.is_positive() {
            self.overpaid = self.zero();
            match self.basis {
                Basis::Plan => {
                    self.serve_due(&mut till)?;
                    self.serve_next(&mut till)?;
                }
                Basis::Rest(_) | Basis::Running(_) => {
                    self.spread(&mut till, Early::Installment, None)?;
                }
            }
            self.overpaid = till.left;
        }
        Ok(till)
    }

    /// Gives an overpayment back. What a fact recorded later took back of it is owed again as principal that day.
    pub(super) fn refund(&mut self, on: NaiveDate, amount: Amount) -> Outcome<Effect> {
        let returned = amount.min(self.overpaid);
        self.overpaid = self.overpaid.minus(returned);
        let owed_again = amount.minus(returned);
        if owed_again.is_positive() {
            self.joined.push((on, owed_again));
            if self.basis.is_running() {
                self.owe_running(on, owed_again)?;
            } else {
                let index = self.own_row(on);
                self.add_due(index, Component::Principal, owed_again);
                // Principal charged back into that row is paid after it.
                self.hide_charges_of(on);
            }
            if matches!(self.basis, Basis::Rest(_)) {
                self.add_overdue(on, owed_again)?;
            }
        }
        Ok(self.effect_of(Till::new(on, self.zero())))
    }
}
