//! Payments and disbursements where there is one running balance (LENDING.md §9).

use chrono::NaiveDate;

use super::Outcome;
use super::fold::{Basis, Engine};
use super::row::LiveRow;
use super::running::{Planned, Running};
use super::till::Till;
use crate::Amount;
use crate::component::{Component, Components};
use crate::loan::facts::Early;
use crate::loan::settlement::SettlementQuote;
use crate::schedule::{self, PlanError};
use crate::terms::Disbursement;

impl Engine<'_> {
    pub(super) fn running(&mut self) -> Outcome<&mut Running> {
        match &mut self.basis {
            Basis::Running(running) => Ok(running),
            Basis::Plan | Basis::Rest(_) => Err(PlanError::OutOfRange(crate::OutOfRange).into()),
        }
    }

    pub(super) fn spread_on_running(&mut self, till: &mut Till, early: Early) -> Outcome<()> {
        let contract = self.contract_shared();
        let day = self.late_until(till.on);
        self.fix_fees(till.on)?;
        for index in self.rows_outside(till.on) {
            self.serve_row(till, index, &contract.terms.allocation)?;
        }
        if self.running()?.is_in_grace() {
            self.running()?.cut(&contract, till.on)?;
        }
        let running = self.running()?;
        let carried = running.carried;
        let mut row = running.first_uncovered();
        if running.bears() || !carried.is_nothing() {
            let owed = running.owed(&contract, day, early)?;
            running.take(&contract, &owed, day);
            row = owed.row;
        }
        let index = self.running()?.plan.get(row).map(|planned| planned.row);
        let index = index.map_or(0, |row| self.index_of(row));
        // What was carried is owed first, then what is new, each by the order, then principal.
        let before = self.running()?.paid_until;
        self.serve_carried(till, index, carried, before)?;
        let carried = self.running()?.carried;
        self.serve_carried(till, index, carried, till.on)?;
        self.running()?.paid_until = till.on;
        self.serve_principal(till)?;
        self.serve_fees(till)
    }

    /// Rows due by `day` that the balance does not know: what was due of a contract before.
    fn rows_outside(&self, day: NaiveDate) -> Vec<usize> {
        let Basis::Running(running) = &self.basis else { return Vec::new() };
        let contract = self.contracts.len() - 1;
        let is_outside = |row: &LiveRow| {
            row.contract != contract
                && row.due_on <= day
                && running.plan.iter().all(|planned| planned.row != row.id)
        };
        (0..self.rows.len()).filter(|index| is_outside(&self.rows[*index])).collect()
    }

    /// What is owed of late charges and interest, and with it fees and penalties due by a day.
    fn serve_carried(
        &mut self,
        till: &mut Till,
        index: usize,
        limits: Components,
        by: NaiveDate,
    ) -> Outcome<()> {
        let terms = self.now();
        for component in &terms.allocation {
            match component {
                Component::Principal => {}
                Component::Penalty | Component::Fee => self.serve_fee(till, *component, by),
                Component::LateFee | Component::LateInterest | Component::Interest => {
                    let limit = limits.of(*component).min(self.running()?.carried.of(*component));
                    let paid = self.put(till, index, *component, limit);
                    let running = self.running()?;
                    running.carried.add(*component, paid.negated());
                    if *component == Component::Interest {
                        running.received = running.received.plus(paid);
                    }
                }
            }
        }
        Ok(())
    }

    /// Fees or penalties of rows due by a day, and charges by hand due before the rest of the next.
    fn serve_fee(&mut self, till: &mut Till, component: Component, by: NaiveDate) {
        let has_fee = |row: &LiveRow| {
            row.open_of(Component::Fee).is_positive() || row.open_of(Component::Penalty).is_positive()
        };
        while self.rows.get(self.first_fee).is_some_and(|row| row.due_on <= by && !has_fee(row)) {
            self.first_fee += 1;
        }
        for index in self.first_fee..self.rows.len() {
            if till.is_empty() {
                break;
            }
            let row = &self.rows[index];
            let is_due = row.due_on <= by;
            let open = if is_due { row.open_of(component) } else { self.charges_open(index, component, by) };
            self.put(till, index, component, open);
            if !is_due && self.rows[index].period.is_some() {
                break;
            }
        }
    }

    /// Charges entered by hand that are yet to come, and tax: what is left after everything else.
    fn serve_fees(&mut self, till: &mut Till) -> Outcome<()> {
        if till.is_empty() || self.running()?.balance.is_positive() {
            return Ok(());
        }
        let order = self.now();
        for index in 0..self.rows.len() {
            let owed = self.owed_all_the_same(index);
            for component in &order.allocation_in_advance {
                self.put(till, index, *component, owed.of(*component));
            }
        }
        Ok(())
    }

    /// Principal up to B, shown in the rows that it covers.
    fn serve_principal(&mut self, till: &mut Till) -> Outcome<()> {
        loop {
            let running = self.running()?;
            let (row, last) = (running.first_uncovered(), running.plan.len().saturating_sub(1));
            let zero = running.balance.minus(running.balance);
            let covered = running.plan[..=row].iter().fold(zero, |sum, row| sum.plus(row.total));
            let limit = running.balance;
            let limit =
                if row == last { limit } else { limit.min(covered.minus(running.received).max(zero)) };
            let id = running.plan[row].row;
            let index = self.index_of(id);
            let paid = self.put(till, index, Component::Principal, limit);
            if !paid.is_positive() {
                return Ok(());
            }
            let running = self.running()?;
            running.balance = running.balance.minus(paid);
            running.received = running.received.plus(paid);
        }
    }

    /// What a payment on the day owes, claiming the reduction of interest (CDC art. 52 §2).
    pub(super) fn quote_running(&mut self, on: NaiveDate) -> Outcome<SettlementQuote> {
        let contract = self.contract_shared();
        let zero = self.zero();
        let day = self.late_until(on);
        self.draw_running_rows(day)?;
        let running = self.running()?;
        let principal = running.balance;
        let mut due = running.carried.total().plus(zero);
        let mut interest = zero;
        if running.bears() {
            let owed = running.owed(&contract, day, Early::Anticipation)?;
            due = due.plus(owed.late_fee).plus(owed.late_interest).plus(owed.of_later);
            if owed.to < on {
                due = due.plus(owed.x);
            } else {
                interest = owed.x;
            }
            if running.is_in_grace() {
                interest = running.of_grace(&contract, on)?;
            }
        }
        let late_or_interest = [Component::LateFee, Component::LateInterest, Component::Interest];
        for index in self.rows_outside(on) {
            due =
                late_or_interest.into_iter().fold(due, |sum, part| sum.plus(self.rows[index].open_of(part)));
        }
        for index in 0..self.rows.len() {
            let row = &self.rows[index];
            let fees = if row.due_on <= on {
                row.open_of(Component::Penalty).plus(row.open_of(Component::Fee))
            } else {
                self.owed_all_the_same(index).total()
            };
            due = due.plus(fees);
        }
        Ok(SettlementQuote { on, amount: due.plus(principal).plus(interest), due, principal, interest })
    }

    pub(super) fn settle_running(&mut self, till: &mut Till) -> Outcome<()> {
        let contract = self.contract_shared();
        let running = self.running()?;
        if running.is_in_grace() {
            running.charge_grace(&contract, till.on)?;
        }
        self.spread_on_running(till, Early::Anticipation)
    }

    /// Ends the periods of grace up to `day`.
    pub(super) fn pass_running(&mut self, day: NaiveDate) -> Outcome<()> {
        let contract = self.contract_shared();
        if contract.terms.grace.interest == 0 {
            return Ok(());
        }
        for (row, interest) in self.running()?.pass_grace(&contract, day)? {
            let index = self.index_of(row);
            self.rows[index].capitalized = interest;
        }
        Ok(())
    }

    /// Principal charged back: it joins the balance, and what is due with the row in whose period it falls.
    pub(super) fn join_running(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        let contract = self.contract_shared();
        let late_until = self.late_until(on);
        let running = self.running()?;
        running.part(&contract, on, late_until)?;
        running.balance = running.balance.plus(amount);
        match running.plan.iter_mut().find(|row| row.period.is_some() && row.due_on >= on) {
            Some(row) => (row.total, row.joined) = (row.total.plus(amount), row.joined.plus(amount)),
            None => self.plan_running(on, amount)?,
        }
        Ok(())
    }

    /// Principal owed again on a day: a row of its own.
    pub(super) fn owe_running(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        let contract = self.contract_shared();
        let late_until = self.late_until(on);
        let running = self.running()?;
        running.part(&contract, on, late_until)?;
        running.balance = running.balance.plus(amount);
        self.plan_running(on, amount)
    }

    fn plan_running(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        let index = self.fresh_row(on);
        let mut planned = Planned::of(&self.rows[index]);
        (planned.total, planned.interest) = (amount, amount.minus(amount));
        let running = self.running()?;
        let at = running.plan.partition_point(|row| row.due_on <= on);
        running.plan.insert(at, planned);
        Ok(())
    }

    /// A further disbursement: the plan from its period on is drawn again, and the balance grows.
    pub(super) fn release_running(&mut self, first: usize, on: NaiveDate, amount: Amount) -> Outcome<()> {
        let contract = self.contract_shared();
        let late_until = self.late_until(on);
        self.running()?.part(&contract, on, late_until)?;
        let from = contract.period(first)?.from;
        let rows: Vec<u32> = self.rows_from(first).into_iter().map(|index| self.rows[index].id).collect();
        let running = self.running()?;
        running.released.retain(|released| from < released.on);
        let mut released = running.released.clone();
        // What was released inside the period before counts from its day on; what was charged back is due beside the plan.
        let before = released.iter().fold(contract.zero(), |sum, released| sum.plus(released.amount));
        let of_plan = running.plan.iter_mut().filter(|planned| rows.contains(&planned.row));
        let of_plan: Vec<&mut Planned> = of_plan.collect();
        let balance =
            of_plan.iter().fold(contract.zero(), |sum, row| sum.plus(row.principal())).minus(before);
        released.push(Disbursement { on, amount });
        let rest = (balance, contract.zero());
        let again = schedule::draw_rest(&contract.terms, &contract.timeline, first, rest, &released)?;
        for (planned, drawn) in of_plan.into_iter().zip(again.rows) {
            planned.total = drawn.principal.plus(drawn.interest).plus(planned.joined);
            planned.interest = drawn.interest;
        }
        if on > from {
            running.released = released;
        }
        running.balance = running.balance.plus(amount);
        Ok(())
    }
}
