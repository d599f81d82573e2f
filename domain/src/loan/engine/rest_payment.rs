//! Payments where interest follows the balance (LENDING.md §9): earlier rows first, then inside the row.

use chrono::NaiveDate;

use super::Outcome;
use super::contract::Contract;
use super::fold::{Basis, Engine};
use super::rest::Rest;
use super::till::Till;
use crate::Amount;
use crate::component::Component;
use crate::loan::facts::Early;
use crate::schedule::{self, PlanError};
use crate::terms::{AllocationScope, Disbursement, Excess};

impl Engine<'_> {
    fn rest(&mut self) -> Outcome<&mut Rest> {
        match &mut self.basis {
            Basis::Rest(rest) => Ok(rest),
            Basis::Plan | Basis::Running(_) => Err(PlanError::OutOfRange(crate::OutOfRange).into()),
        }
    }

    /// From `day` on nothing that is overdue bears interest any more.
    pub(super) fn end_overdue_interest(&mut self, day: NaiveDate) -> Outcome<()> {
        if self.rest()?.overdue.is_positive() {
            self.cut_rest(day)?;
        }
        self.rest()?.is_overdue_charged = false;
        Ok(())
    }

    /// Ends a span on `day`, before the balance changes.
    fn cut_rest(&mut self, day: NaiveDate) -> Outcome<()> {
        let contract = self.contract_shared();
        let period = self.rest()?.period;
        let id = self.rest()?.row_id(period);
        let paid = self.paid_interest(id);
        self.rest()?.cut(&contract, day, paid)
    }

    pub(super) fn spread_on_rest(
        &mut self,
        till: &mut Till,
        early: Early,
        own: Option<Excess>,
    ) -> Outcome<()> {
        let contract = self.contract_shared();
        self.cut_rest(till.on)?;
        let rest = self.rest()?;
        if let Some(excess) = own {
            rest.excess = excess;
        }
        let (period, id) = (rest.period, rest.row_id(rest.period));
        let ends = contract.timeline.periods.get(period).map(|period| period.to);
        let here = ends.map(|_| self.index_of(id));
        let is_end = ends == Some(till.on);
        if is_end {
            self.write_current(&contract)?;
        }
        self.serve_earlier(till, here, is_end)?;
        let Some(here) = here else {
            self.serve_later_charges(till);
            return Ok(());
        };
        if is_end {
            // Beyond its interest all of it is principal.
            let limit = self.rest()?.open_here();
            let paid = self.put_principal(till, here, limit);
            self.rest()?.paid_at_end = self.rest()?.paid_at_end.plus(paid);
            if !till.is_empty() && self.rest()?.joined_at_end.is_positive() {
                // Its row is paid: what was released that day is in the rows to come.
                self.roll(till.on.succ_opt().unwrap_or(till.on))?;
                return self.spread_on_rest(till, early, own);
            }
        } else {
            self.serve_inside(till, here, early)?;
        }
        self.serve_later_charges(till);
        Ok(())
    }

    /// Rows whose period has passed, and with `is_end` the one whose period ends on the day.
    fn serve_earlier(&mut self, till: &mut Till, here: Option<usize>, is_end: bool) -> Outcome<()> {
        let terms = self.now();
        let before = till.covered(Component::Principal);
        let here_id = here.map(|here| self.rows[here].id);
        let rows: Vec<usize> = (self.first_open()..self.rows.len())
            .filter(|index| {
                let row = &self.rows[*index];
                let is_of_plan = row.period.is_some() && row.contract + 1 == self.contracts.len();
                let is_earlier = match here {
                    _ if !is_of_plan => row.due_on <= till.on,
                    Some(here) => *index < here,
                    None => true,
                };
                is_earlier || is_end && Some(row.id) == here_id
            })
            .collect();
        // Charges due come before what is not: in the row that is running, or in one that a restructuring left.
        let later = self.first_due_after(till.on);
        let later = here.filter(|_| !is_end).map_or(later, |here| later.min(here));
        match terms.allocation_scope {
            AllocationScope::Installment => {
                for index in rows {
                    self.serve_row(till, index, &terms.allocation)?;
                }
                self.serve_charges_from(till, later, &terms.allocation);
            }
            AllocationScope::Loan => {
                for component in &terms.allocation {
                    for index in &rows {
                        self.serve_row(till, *index, &[*component])?;
                    }
                    self.serve_charges_from(till, later, &[*component]);
                }
            }
        }
        let in_all = till.covered(Component::Principal).minus(before);
        let of = |id: Option<u32>| -> Amount {
            let shares = till.shares.iter().filter(|(row, _)| Some(*row) == id);
            shares.map(|(_, allocation)| allocation.principal).sum()
        };
        let in_row = of(here_id);
        let rest = self.rest()?;
        rest.overdue = rest.overdue.minus(in_all.minus(in_row));
        rest.paid_at_end = rest.paid_at_end.plus(in_row);
        Ok(())
    }

    /// Before the end of the period: interest up to what has accrued, principal up to B.
    fn serve_inside(&mut self, till: &mut Till, here: usize, early: Early) -> Outcome<()> {
        let terms = self.now();
        let order = match early {
            Early::Installment => terms.allocation_in_advance.clone(),
            Early::Anticipation => vec![Component::Interest, Component::Principal],
        };
        for component in order {
            match component {
                Component::Interest => {
                    let limit = self.interest_to_pay(here, till.on)?;
                    self.put(till, here, Component::Interest, limit);
                }
                Component::Principal => {
                    let limit = self.rest()?.open_here();
                    let paid = self.put_principal(till, here, limit);
                    let rest = self.rest()?;
                    rest.paid = rest.paid.plus(paid);
                }
                Component::LateFee | Component::LateInterest | Component::Penalty | Component::Fee => {
                    let open = self.rows[here].open_of(component);
                    self.put(till, here, component, open);
                }
            }
        }
        Ok(())
    }

    /// What has accrued by the day (period rest: all of the row's), less what was paid of it.
    fn interest_to_pay(&mut self, here: usize, day: NaiveDate) -> Outcome<Amount> {
        let contract = self.contract_shared();
        let paid = self.rows[here].paid.interest.minus(self.rows[here].interest_ahead);
        let rest = self.rest()?;
        if rest.period < contract.terms.grace.interest as usize {
            return Ok(contract.zero());
        }
        let end = contract.period(rest.period)?.to;
        let accrued = if rest.is_daily {
            rest.accrued
        } else if day > contract.period(rest.period)?.from {
            rest.of_period(&contract, rest.overdue_at_start, end)?
        } else {
            rest.of_period(&contract, contract.zero(), end)?
        };
        Ok(accrued.plus(rest.deferred).minus(paid).max(contract.zero()))
    }

    /// Pays principal of the running row, whatever is due of it so far.
    fn put_principal(&mut self, till: &mut Till, index: usize, limit: Amount) -> Amount {
        let paid = self.put(till, index, Component::Principal, limit);
        // What is due of the row is only settled at its end; it is never less than what was paid.
        let due = self.rows[index].due.principal.max(self.rows[index].paid.principal);
        self.set_principal(index, due);
        paid
    }

    /// Charges entered by hand in rows to come: nothing else of those can be paid ahead.
    fn serve_later_charges(&mut self, till: &mut Till) {
        let terms = self.now();
        for index in self.first_open()..self.rows.len() {
            if till.is_empty() {
                break;
            }
            for component in &terms.allocation_in_advance {
                if matches!(component, Component::Penalty | Component::Fee) {
                    let open = self.charges_open(index, *component, NaiveDate::MAX);
                    self.put(till, index, *component, open);
                }
            }
        }
    }

    /// Shows the row of the running period as it falls due on its last day.
    fn write_current(&mut self, contract: &Contract) -> Outcome<()> {
        let mut rest = self.rest()?.clone();
        let id = rest.row_id(rest.period);
        let end = contract.period(rest.period)?.to;
        let closed = rest.close(contract, end, self.paid_interest(id), rest.overdue_at_start)?;
        let index = self.index_of(id);
        self.write(index, contract, &closed, rest.available())
    }

    /// Principal that joins the balance inside a period and falls due with its row: a chargeback.
    pub(super) fn join_rest(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        self.cut_rest(on)?;
        let contract = self.contract_shared();
        let rest = self.rest()?;
        if rest.is_over(&contract) {
            let index = self.own_row(on);
            self.add_due(index, Component::Principal, amount);
            return self.add_overdue(on, amount);
        }
        rest.joined.push((on, amount));
        let period = rest.period;
        rest.extra[period] = rest.extra[period].plus(amount);
        Ok(())
    }

    pub(super) fn add_overdue(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        self.cut_rest(on)?;
        let rest = self.rest()?;
        rest.overdue = rest.overdue.plus(amount);
        Ok(())
    }

    /// A further disbursement: inside a period it cuts a span, on its last day it counts from the next on.
    pub(super) fn release_rest(&mut self, first: usize, on: NaiveDate, amount: Amount) -> Outcome<()> {
        self.cut_rest(on)?;
        let contract = self.contract_shared();
        let rest = self.rest()?;
        if first > rest.period {
            rest.joined_at_end = rest.joined_at_end.plus(amount);
            rest.level_at_end = true;
            return Ok(());
        }
        // What was released inside the period before counts from its day on; what was charged back or moved is due on
        // top of A.
        let on_top = rest.extra[first..].iter().copied().fold(contract.zero(), Amount::plus);
        let at_start = rest.available().minus(on_top);
        let at_start = rest.released.iter().fold(at_start, |sum, released| sum.minus(released.amount));
        // What was paid ahead may leave less than what was moved.
        let at_start = at_start.max(contract.zero());
        let mut released = rest.released.clone();
        released.push(Disbursement { on, amount });
        let balance = (at_start, rest.deferred);
        let again = schedule::draw_rest(&contract.terms, &contract.timeline, first, balance, &released)?;
        if on > contract.period(first)?.from {
            rest.joined.push((on, amount));
            rest.released = released;
        } else {
            rest.balance = rest.balance.plus(amount);
        }
        rest.levels.truncate(first);
        rest.levels.extend(again.levels);
        if contract.terms.installment_amount.is_none() {
            rest.ahead = contract.zero();
        }
        Ok(())
    }

    /// All was paid: no principal is left to bear interest.
    pub(super) fn settle_rest(&mut self) {
        let here = self.running_row();
        let Basis::Rest(rest) = &mut self.basis else { return };
        let zero = rest.balance.minus(rest.balance);
        rest.balance = zero;
        rest.joined.clear();
        rest.released.clear();
        rest.extra.fill(zero);
        (rest.joined_at_end, rest.accrued, rest.deferred) = (zero, zero, zero);
        (rest.overdue, rest.overdue_at_start) = (zero, zero);
        (rest.paid, rest.paid_at_end) = (zero, zero);
        for row in &mut self.rows[here..] {
            row.ahead = row.paid.principal;
        }
    }
}

impl Rest {
    /// Principal that can be paid in the running row: B less what was paid of it.
    pub(super) fn open_here(&self) -> Amount {
        let open = self.available().minus(self.paid).minus(self.paid_at_end);
        open.max(open.minus(open))
    }
}
