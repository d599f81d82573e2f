//! The write-off (LENDING.md §13): all that is open on a day, by component.

use chrono::NaiveDate;

use super::Outcome;
use super::fold::{Basis, Engine};
use super::till::Till;
use crate::component::Components;
use crate::loan::facts::{Effect, WriteOff};

impl Engine<'_> {
    pub(super) fn take_off_the_books(&mut self, on: NaiveDate) -> Outcome<Effect> {
        self.bring_to(on)?;
        let open = self.rows.iter().filter(|row| !row.gone);
        let open = open.fold(Components::NOTHING, |sum, row| sum.plus(row.open()));
        let accrued_interest = self.accrued_and_unpaid(on)?;
        let write_off = WriteOff { on, open, accrued_interest };
        let mut effect = self.effect_of(Till::new(on, self.zero()));
        effect.write_off = Some(write_off);
        self.write_off.get_or_insert(write_off);
        if matches!(self.basis, Basis::Rest(_)) {
            self.end_overdue_interest(on)?;
        }
        Ok(effect)
    }
}
