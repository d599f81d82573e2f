//! What becomes of a payment beyond what is due, where that is more than serving the next row (LENDING.md §10).

use rust_decimal::Decimal;

use super::Outcome;
use super::fold::Engine;
use super::redraw::Redraw;
use super::till::Till;
use crate::Amount;
use crate::component::Component;
use crate::exact::div;
use crate::terms::Excess;

impl Engine<'_> {
    /// r(left/rows) to the principal of each row not yet due, repeated until nothing is left.
    pub(super) fn serve_equally(&mut self, till: &mut Till) -> Outcome<()> {
        let cent = self.contract().cents(Decimal::new(1, self.contract().terms.rounding.decimals))?;
        loop {
            let first = self.first_due_after(till.on);
            let open: Vec<usize> = (first..self.rows.len())
                .filter(|index| self.rows[*index].open_of(Component::Principal).is_positive())
                .collect();
            if till.is_empty() || open.is_empty() {
                return Ok(());
            }
            let share = div(till.left.value(), Decimal::from(open.len() as u64))?;
            // What is less than a cent for each goes to the first rows.
            let share = self.contract().cents(share)?.max(cent);
            for index in open {
                let limit = self.rows[index].open_of(Component::Principal).min(share);
                self.put(till, index, Component::Principal, limit);
            }
        }
    }

    /// The row of the current period as it stands; the rest comes off the principal from its end on, and the rows
    /// after it are drawn again.
    pub(super) fn reduce(&mut self, till: &mut Till, excess: Excess) -> Outcome<()> {
        self.require_redrawable()?;
        let contract = self.contracts.len() - 1;
        // A settlement may have emptied the row of the current period before more was released on its last day.
        let here = self.rows.iter().position(|row| {
            let is_of_plan = row.contract == contract && row.period.is_some();
            is_of_plan && row.to >= till.on && (!row.gone || row.from < till.on)
        });
        let Some(here) = here else { return Ok(()) };
        let order = self.now();
        self.serve_row(till, here, &order.allocation_in_advance)?;
        let after = self.rows_to_draw(here + 1);
        let Some(&first) = after.first() else { return Ok(()) };
        let balance = self.to_repay(&after);
        if till.is_empty() || !balance.is_positive() {
            return Ok(());
        }
        let off = till.left.min(balance);
        let row = &self.rows[first];
        let period = row.period.unwrap_or(0);
        let factor = self.contract().factor_in(period, row.from, row.to)?;
        let ahead = self.rows[here].id;
        self.redraw(
            &after,
            &Redraw {
                balance: balance.minus(off),
                factor,
                excess,
                accrued: self.zero(),
                in_grace: self.zero(),
                cut_on: None,
            },
        )?;
        let here = self.index_of(ahead);
        self.pay_ahead(till, here, off);
        self.drop_what_is_gone(first);
        Ok(())
    }

    /// Pays principal that came off later rows: it shows in the row of its period.
    pub(super) fn pay_ahead(&mut self, till: &mut Till, index: usize, amount: Amount) {
        let row = &mut self.rows[index];
        row.ahead = row.ahead.plus(amount);
        row.gone &= !amount.is_positive();
        let principal = row.due.principal.plus(amount);
        self.set_principal(index, principal);
        self.put(till, index, Component::Principal, amount);
    }
}
