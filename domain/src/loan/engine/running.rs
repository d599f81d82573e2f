//! One running balance (LENDING.md §9, `running_balance`): the plan says what is due when, interest follows payments.

use chrono::NaiveDate;

use super::Outcome;
use super::contract::Contract;
use super::fold::{Basis, Engine};
use super::row::LiveRow;
use super::till::Till;
use crate::Amount;
use crate::component::{Component, Components};
use crate::exact::{add, mul};
use crate::loan::facts::Early;
use crate::loan::settlement::SettlementQuote;
use crate::schedule::PlanError;
use crate::terms::{Disbursement, GraceMode, LateInterest};

#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) plan: Vec<Planned>,
    pub(super) balance: Amount,
    /// R: payments less what they paid of late charges, fees and penalties.
    pub(super) received: Amount,
    /// c: the date to which interest is charged.
    pub(super) charged_to: NaiveDate,
    /// Interest up to c on another balance, charged with the next x.
    pub(super) pending: Amount,
    /// What was owed and not covered: it bears nothing and is owed first next time.
    pub(super) carried: Components,
    /// Interest charged so far, and the span of it that was charged last.
    pub(super) charged: Amount,
    pub(super) last_span: Span,
}

/// A row of the plan: when it is due, T_k and I_k.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) row: u32,
    pub(super) due_on: NaiveDate,
    pub(super) on_time_until: NaiveDate,
    pub(super) total: Amount,
    pub(super) interest: Amount,
    fined: bool,
    charged: bool,
    /// Its fees stand as they fell due.
    pub(super) has_fees: bool,
    /// What becomes of the interest of its period; none where it is charged as any.
    grace: Option<GraceMode>,
}

/// Interest x on a balance from one day to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: NaiveDate,
    to: NaiveDate,
    balance: Amount,
    interest: Amount,
}

/// What is owed on a day beside principal and fees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub(super) late_fee: Amount,
    pub(super) late_interest: Amount,
    /// x, and Σ I_k of later rows that fell due.
    pub(super) x: Amount,
    pub(super) of_later: Amount,
    /// j and τ.
    pub(super) row: usize,
    pub(super) to: NaiveDate,
    pub(super) is_late: bool,
}

impl Running {
    pub(super) fn begin(contract: &Contract, rows: &[LiveRow]) -> Self {
        let zero = contract.zero();
        let on = contract.started_on;
        let grace = contract.terms.grace;
        let mut plan: Vec<Planned> = rows.iter().map(Planned::of).collect();
        // The rows of the grace period bear no interest of their own.
        let in_grace = plan.len().saturating_sub(1).min(grace.interest as usize);
        for row in &mut plan[..in_grace] {
            row.grace = Some(grace.mode);
        }
        Self {
            plan,
            balance: contract.financed,
            received: zero,
            charged_to: on,
            pending: zero,
            carried: Components::NOTHING,
            charged: zero,
            last_span: Span { from: on, to: on, balance: zero, interest: zero },
        }
    }

    /// Whether c lies in the grace period: no interest is owed yet.
    fn is_in_grace(&self) -> bool {
        self.plan.iter().any(|row| row.grace.is_some() && row.due_on > self.charged_to)
    }

    /// Interest of the period of grace that is running, up to a day in it.
    fn of_grace(&self, contract: &Contract, day: NaiveDate) -> Outcome<Amount> {
        let running = self.plan.iter().find(|row| row.grace.is_some() && row.due_on > self.charged_to);
        match running.and_then(|row| row.grace) {
            None | Some(GraceMode::Free) => Ok(contract.zero()),
            Some(GraceMode::Capitalized | GraceMode::Deferred) => {
                let factor = contract.factor(self.charged_to, day)?;
                Ok(self.pending.plus(contract.interest(self.balance, factor)?))
            }
        }
    }

    /// Ends the periods of grace up to `day`: gives what joined the balance with which row.
    pub(super) fn pass_grace(&mut self, contract: &Contract, day: NaiveDate) -> Outcome<Vec<(u32, Amount)>> {
        let mut capitalized = Vec::new();
        for index in 0..self.plan.len() {
            let Planned { row, due_on, grace: Some(mode), .. } = self.plan[index] else { continue };
            if due_on > day || due_on <= self.charged_to {
                continue;
            }
            let factor = contract.factor(self.charged_to, due_on)?;
            let interest = self.pending.plus(contract.interest(self.balance, factor)?);
            self.charged_to = due_on;
            self.pending = contract.zero();
            match mode {
                GraceMode::Capitalized => {
                    self.balance = self.balance.plus(interest);
                    self.charged = self.charged.plus(interest);
                    capitalized.push((row, interest));
                }
                GraceMode::Deferred => self.pending = interest,
                GraceMode::Free => {}
            }
        }
        Ok(capitalized)
    }

    /// j: the first row that R does not cover, else the last.
    pub(super) fn first_uncovered(&self) -> usize {
        let mut sum = self.received.minus(self.received);
        for (index, row) in self.plan.iter().enumerate() {
            sum = sum.plus(row.total);
            if self.received < sum {
                return index;
            }
        }
        self.plan.len().saturating_sub(1)
    }

    pub(super) fn owed(&self, contract: &Contract, day: NaiveDate, early: Early) -> Outcome<Owed> {
        let zero = contract.zero();
        let row = self.first_uncovered();
        let Some(planned) = self.plan.get(row) else {
            return Err(PlanError::NothingDisbursed.into());
        };
        let grace = contract.terms.late.as_ref().map_or(0, |late| late.grace_days);
        let due_on = planned.due_on;
        let is_late = planned.is_late(day, grace);
        let to = match early {
            Early::Anticipation => due_on.min(day),
            Early::Installment => due_on,
        };
        // Without a balance nothing falls due any more, whatever the plan says.
        if self.is_in_grace() || !self.balance.is_positive() {
            let (x, of_later) = (zero, zero);
            let to = self.charged_to;
            return Ok(Owed { late_fee: zero, late_interest: zero, x, of_later, row, to, is_late: false });
        }
        let x = if to > self.charged_to {
            contract.interest(self.balance, contract.factor(self.charged_to, to)?)?
        } else {
            zero
        };
        let x = x.plus(self.pending);
        let later = self.plan[row..].iter().skip(1).filter(|later| later.due_on < day && !later.charged);
        let of_later = later.fold(zero, |sum, later| sum.plus(later.interest));
        let (mut late_fee, mut late_interest) = (zero, zero);
        if let Some(late) = &contract.terms.late {
            let fined = self.plan[row..].iter().filter(|row| !row.fined && row.is_late(day, grace));
            let base = fined.fold(zero, |sum, row| sum.plus(row.total));
            late_fee = contract.cents(late.fee(base.value(), contract.terms.rounding.decimals)?)?;
            if is_late && self.balance.is_positive() {
                let from = due_on.max(self.charged_to);
                late_interest = self.late_interest(contract, x, from, day)?;
            }
        }
        Ok(Owed { late_fee, late_interest, x, of_later, row, to, is_late })
    }

    /// r((B + x)·g(from, day))
    fn late_interest(
        &self,
        contract: &Contract,
        x: Amount,
        from: NaiveDate,
        day: NaiveDate,
    ) -> Outcome<Amount> {
        let Some(late) = &contract.terms.late else { return Ok(contract.zero()) };
        if day <= from {
            return Ok(contract.zero());
        }
        let base = add(self.balance.value(), x.value())?;
        let exact = match late.interest {
            LateInterest::ByRate { .. } => mul(base, contract.late_factor(from, day)?)?,
            LateInterest::ByMonth(by_month) => {
                let days = u32::try_from((day - from).num_days()).unwrap_or(0);
                by_month.of_stretch(base, rust_decimal::Decimal::ZERO, days)?
            }
        };
        let rounded = late.rounding.round(exact, contract.terms.rounding.decimals);
        Ok(contract.cents(rounded)?)
    }

    /// Counts what is owed on a day as charged.
    pub(super) fn take(&mut self, contract: &Contract, owed: &Owed, day: NaiveDate) {
        let grace = contract.terms.late.as_ref().map_or(0, |late| late.grace_days);
        let row = owed.row;
        for planned in &mut self.plan[row..] {
            planned.fined |= planned.is_late(day, grace);
        }
        for planned in self.plan[row..].iter_mut().skip(1) {
            planned.charged |= planned.due_on < day;
        }
        if owed.to > self.charged_to || self.pending.is_positive() {
            let from = self.charged_to;
            self.last_span = Span { from, to: owed.to, balance: self.balance, interest: owed.x };
        }
        self.charged = self.charged.plus(owed.x).plus(owed.of_later);
        if !self.is_in_grace() {
            self.pending = contract.zero();
        }
        // Paid on the next business day it is paid on time: nothing runs beyond the due date.
        let reached = if owed.is_late { day } else { owed.to };
        self.charged_to = self.charged_to.max(owed.to).max(reached);
        self.carried.late_fee = self.carried.late_fee.plus(owed.late_fee);
        self.carried.late_interest = self.carried.late_interest.plus(owed.late_interest);
        self.carried.interest = self.carried.interest.plus(owed.x).plus(owed.of_later);
    }

    /// Interest by a day since the last that was charged to a day in the future.
    pub(super) fn accrued_by(&self, engine: &Engine<'_>, day: NaiveDate) -> Outcome<Amount> {
        let contract = engine.contract();
        if day <= self.charged_to {
            return Ok(contract.zero());
        }
        let owed = self.owed(contract, day, Early::Anticipation)?;
        Ok(owed.x.plus(owed.of_later))
    }

    /// All interest up to a day: what was charged to a later day counts by its time.
    pub(super) fn earned_by(&self, engine: &Engine<'_>, day: NaiveDate) -> Outcome<Amount> {
        let span = &self.last_span;
        if day < span.to && self.charged_to == span.to {
            let contract = engine.contract();
            let so_far = contract.interest(span.balance, contract.factor(span.from, day)?)?;
            return Ok(self.charged.minus(span.interest).plus(so_far.min(span.interest)));
        }
        Ok(self.charged.plus(self.accrued_by(engine, day)?))
    }
}

impl Planned {
    fn of(row: &LiveRow) -> Self {
        let total = row.due.principal.plus(row.due.interest);
        Self {
            row: row.id,
            due_on: row.due_on,
            on_time_until: row.on_time_until,
            total,
            interest: row.due.interest,
            fined: false,
            charged: false,
            has_fees: false,
            grace: None,
        }
    }

    /// Its interest was owed before, and is paid or carried since.
    pub(super) const fn was_charged(&self) -> bool {
        self.charged
    }

    /// Late after its due date moved to a business day, and the days of grace.
    fn is_late(&self, day: NaiveDate, grace_days: u32) -> bool {
        let grace = chrono::Days::new(u64::from(grace_days));
        self.on_time_until.checked_add_days(grace).is_some_and(|tolerated| day > tolerated)
    }
}

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
            self.part_running(till.on)?;
        }
        let running = self.running()?;
        let carried = running.carried;
        let mut row = running.first_uncovered();
        if running.balance.is_positive() || !carried.is_nothing() {
            let owed = running.owed(&contract, day, early)?;
            running.take(&contract, &owed, day);
            row = owed.row;
        }
        let index = self.running()?.plan.get(row).map(|planned| planned.row);
        let index = index.map_or(0, |row| self.index_of(row));
        self.serve_carried(till, index, carried)?;
        let carried = self.running()?.carried;
        self.serve_carried(till, index, carried)?;
        self.serve_principal(till)?;
        self.serve_fees(till)
    }

    /// Rows due by `day` that the balance does not know: what was due of a contract before.
    fn rows_outside(&self, day: NaiveDate) -> Vec<usize> {
        let Basis::Running(running) = &self.basis else { return Vec::new() };
        let contract = self.contracts.len() - 1;
        let is_outside = |row: &LiveRow| {
            (row.contract != contract || row.period.is_none())
                && row.due_on <= day
                && running.plan.iter().all(|planned| planned.row != row.id)
        };
        (0..self.rows.len()).filter(|index| is_outside(&self.rows[*index])).collect()
    }

    /// What is carried of late charges and interest, and with it fees and penalties due by the day.
    fn serve_carried(&mut self, till: &mut Till, index: usize, limits: Components) -> Outcome<()> {
        let terms = self.now();
        for component in &terms.allocation {
            match component {
                Component::Principal => {}
                Component::Penalty | Component::Fee => self.serve_fee(till, *component),
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

    /// Fees or penalties of rows due by the day, and charges by hand due before the rest of the next.
    fn serve_fee(&mut self, till: &mut Till, component: Component) {
        let by = till.on;
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
        for index in 0..self.rows.len() {
            let owed = self.owed_all_the_same(index);
            self.put(till, index, Component::Penalty, owed.penalty);
            self.put(till, index, Component::Fee, owed.fee);
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
        if principal.is_positive() {
            let owed = running.owed(&contract, day, Early::Anticipation)?;
            due = due.plus(owed.late_fee).plus(owed.late_interest).plus(owed.of_later);
            if owed.to < on {
                due = due.plus(owed.x)
            } else {
                interest = owed.x
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
            let interest = running.of_grace(&contract, till.on)?;
            running.carried.interest = running.carried.interest.plus(interest);
            running.charged = running.charged.plus(interest);
            running.charged_to = running.charged_to.max(till.on);
            running.pending = contract.zero();
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

    /// Interest up to `on` is charged on the balance so far; from then on it is another.
    fn part_running(&mut self, on: NaiveDate) -> Outcome<()> {
        let contract = self.contract_shared();
        let running = self.running()?;
        if on > running.charged_to {
            let factor = contract.factor(running.charged_to, on)?;
            running.pending = running.pending.plus(contract.interest(running.balance, factor)?);
            running.charged_to = on;
        }
        Ok(())
    }

    /// Principal charged back: it joins the balance, and what is due with the row in whose period it falls.
    pub(super) fn join_running(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        self.part_running(on)?;
        let running = self.running()?;
        running.balance = running.balance.plus(amount);
        match running.plan.iter_mut().find(|row| row.due_on >= on) {
            Some(row) => row.total = row.total.plus(amount),
            None => self.plan_running(on, amount)?,
        }
        Ok(())
    }

    /// Principal owed again on a day: a row of its own.
    pub(super) fn owe_running(&mut self, on: NaiveDate, amount: Amount) -> Outcome<()> {
        self.part_running(on)?;
        let running = self.running()?;
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
        self.part_running(on)?;
        let contract = self.contract_shared();
        let rows = self.rows_from(first);
        let balance = rows.iter().fold(self.zero(), |sum, index| {
            let id = self.rows[*index].id;
            let Basis::Running(running) = &self.basis else { return sum };
            let planned = running.plan.iter().find(|planned| planned.row == id);
            planned.map_or(sum, |planned| sum.plus(planned.total).minus(planned.interest))
        });
        let released = [Disbursement { on, amount }];
        let again = crate::schedule::draw_rest(
            &contract.terms,
            &contract.timeline,
            first,
            (balance, self.zero()),
            &released,
        )?;
        for (index, drawn) in rows.into_iter().zip(again.rows) {
            let id = self.rows[index].id;
            if let Some(planned) = self.running()?.plan.iter_mut().find(|planned| planned.row == id) {
                planned.total = drawn.principal.plus(drawn.interest);
                planned.interest = drawn.interest;
            }
        }
        let running = self.running()?;
        running.balance = running.balance.plus(amount);
        Ok(())
    }
}
