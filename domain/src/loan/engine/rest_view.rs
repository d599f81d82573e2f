//! The rows as they are seen on a day, where interest follows the balance (LENDING.md §9).

use chrono::NaiveDate;

use super::Outcome;
use super::contract::Contract;
use super::fold::{Basis, Engine};
use super::rest::Closed;
use crate::Amount;
use crate::component::Component;

impl Engine<'_> {
    /// Draws the running row and those to come, as if all were paid when due; O counts up to `day` only.
    pub(super) fn draw_rest_rows(&mut self, day: NaiveDate) -> Outcome<()> {
        self.roll(day)?;
        let contract = self.contract_shared();
        let Basis::Rest(rest) = &self.basis else { return Ok(()) };
        let mut rest = rest.clone();
        let mut is_running = true;
        while let Some(period) = contract.timeline.periods.get(rest.period) {
            let id = rest.row_id(rest.period);
            let paid = self.paid_interest(id);
            let overdue =
                if is_running && period.from < day { rest.overdue_at_start } else { contract.zero() };
            if is_running && rest.is_daily && rest.overdue.is_positive() {
                rest.cut(&contract, day.min(period.to), paid)?;
            }
            // Overdue principal counts as paid from here on.
            rest.overdue = contract.zero();
            let closed = rest.close(&contract, period.to, paid, overdue)?;
            let index = self.index_of(id);
            self.write(index, &contract, &closed, rest.available())?;
            rest.paid = closed.principal;
            rest.paid_at_end = contract.zero();
            rest.go_on(&contract, &closed)?;
            is_running = false;
        }
        Ok(())
    }

    /// Writes what a period comes to into its row.
    pub(super) fn write(
        &mut self,
        index: usize,
        contract: &Contract,
        closed: &Closed,
        base: Amount,
    ) -> Outcome<()> {
        let is_gone = base.is_zero() && closed.principal.is_zero() && closed.interest.is_zero();
        let period = self.rows[index].period.unwrap_or(0);
        let owed = closed.principal.plus(closed.interest);
        let fees = contract.fees_of(period, owed, base)?;
        let by_hand = self.charged_by_hand(index, Component::Fee);
        // A row that was settled early keeps what was paid of it.
        let principal = closed.principal.plus(self.rows[index].ahead);
        self.set_principal(index, principal);
        let row = &mut self.rows[index];
        row.due.interest = closed.interest.plus(row.interest_ahead).max(row.paid.interest);
        row.due.fee = fees.plus(row.tax).plus(by_hand).max(row.paid.fee.plus(row.waived.fee));
        row.capitalized = closed.capitalized.plus(row.capital_ahead);
        row.earns = Some(closed.earned).filter(|_| closed.bears_none);
        row.base = base;
        row.gone = is_gone && row.is_nothing();
        Ok(())
    }
}
