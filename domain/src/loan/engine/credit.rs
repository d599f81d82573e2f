//! Money kept for the borrower until the next due date (LENDING.md §10, `excess: credit`): applied by time alone.

use chrono::NaiveDate;

use super::Outcome;
use super::fold::Engine;
use super::till::Till;
use crate::loan::facts::CreditApplied;

impl Engine<'_> {
    /// Keeps what is left, as long as there is a due date to come.
    pub(super) fn keep(&mut self, till: &mut Till) {
        if self.first_due_after(till.on) < self.rows.len() {
            self.credit = self.credit.plus(till.left);
            till.left = self.zero();
        }
    }

    /// Applies credit on the due dates before `day`, each at the end of its day.
    pub(super) fn apply_credit(&mut self, day: NaiveDate) -> Outcome<()> {
        if !self.credit.is_positive() {
            return Ok(());
        }
        let order = self.now();
        let mut index = self.first_open();
        while self.credit.is_positive() && self.rows.get(index).is_some_and(|row| row.due_on < day) {
            let due_on = self.rows[index].due_on;
            let mut till = Till::new(self.reached.map_or(due_on, |reached| reached.max(due_on)), self.credit);
            self.serve_row(&mut till, index, &order.allocation)?;
            self.credit = till.left;
            if !till.shares.is_empty() {
                self.applied.push((till.on, till.shares));
            }
            index += 1;
        }
        // With nothing left to fall due it exceeds everything.
        if self.credit.is_positive() && self.first_open() >= self.rows.len() {
            self.overpaid = self.overpaid.plus(self.credit);
            self.credit = self.zero();
        }
        Ok(())
    }

    /// What was applied since the last fact, to be told with the next.
    pub(super) fn applied_since(&mut self) -> Vec<CreditApplied> {
        let applied = std::mem::take(&mut self.applied);
        applied.into_iter().map(|(on, shares)| CreditApplied { on, shares: self.shares(shares) }).collect()
    }
}
