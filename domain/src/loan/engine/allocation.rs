//! What is due first (LENDING.md §10): rows past due, then charges already due of the row that is next.

use super::Outcome;
use super::fold::Engine;
use super::till::Till;
use crate::component::Component;
use crate::terms::AllocationScope;

impl Engine<'_> {
    /// Serves what is due by the day: oldest first, row by row or component by component.
    pub(super) fn serve_due(&mut self, till: &mut Till) -> Outcome<()> {
        let terms = self.now();
        let (first, end) = (self.first_open(), self.first_due_after(till.on));
        match terms.allocation_scope {
            AllocationScope::Installment => {
                for index in first..end {
                    if till.is_empty() {
                        return Ok(());
                    }
                    self.serve_row(till, index, &terms.allocation)?;
                }
                self.serve_charges_from(till, end, &terms.allocation);
                Ok(())
            }
            AllocationScope::Loan => {
                for index in first..end {
                    self.charge_late(index, till.on)?;
                }
                for component in &terms.allocation {
                    for index in first..end {
                        self.serve_row(till, index, &[*component])?;
                    }
                    self.serve_charges_from(till, end, &[*component]);
                }
                Ok(())
            }
        }
    }

    /// Serves all that is open of a row, late charges to the day included.
    pub(super) fn serve_row(&mut self, till: &mut Till, index: usize, order: &[Component]) -> Outcome<()> {
        if till.is_empty() || self.rows[index].gone || self.rows[index].is_settled() {
            return Ok(());
        }
        self.charge_late(index, till.on)?;
        let before = self.late_base(index);
        for component in order {
            let open = self.rows[index].open_of(*component);
            self.put(till, index, *component, open);
        }
        self.end_stretch(index, before, till.on);
        Ok(())
    }

    /// They are in the first row of the plan that is not yet due, or in one that a restructuring left.
    pub(super) fn serve_charges_from(&mut self, till: &mut Till, end: usize, order: &[Component]) {
        if self.charges.is_empty() {
            return;
        }
        let is_restructured = self.contracts.len() > 1;
        for index in end..self.rows.len() {
            if till.is_empty() {
                return;
            }
            self.serve_charges_due(till, index, order);
            let row = &self.rows[index];
            if !is_restructured && row.period.is_some() && !row.gone {
                return;
            }
        }
    }

    /// Serves the charges entered by hand that fell due before the rest of their row does.
    fn serve_charges_due(&mut self, till: &mut Till, index: usize, order: &[Component]) {
        if self.rows.get(index).is_none_or(|row| row.charges.is_empty()) {
            return;
        }
        for component in order {
            if matches!(component, Component::Penalty | Component::Fee) {
                let open = self.charges_open(index, *component, till.on);
                self.put(till, index, *component, open);
            }
        }
    }

    /// Rows not yet due in turn; what is left then exceeds everything.
    pub(super) fn serve_next(&mut self, till: &mut Till) -> Outcome<()> {
        if till.is_empty() {
            return Ok(());
        }
        let order = self.now();
        let first = self.first_due_after(till.on).max(self.first_open());
        for index in first..self.rows.len() {
            if till.is_empty() {
                break;
            }
            self.serve_row(till, index, &order.allocation_in_advance)?;
        }
        Ok(())
    }

    /// The same from the last row back.
    pub(super) fn serve_from_the_last(&mut self, till: &mut Till) -> Outcome<()> {
        let order = self.now();
        for index in (self.first_due_after(till.on)..self.rows.len()).rev() {
            self.serve_row(till, index, &order.allocation_in_advance)?;
        }
        Ok(())
    }
}
