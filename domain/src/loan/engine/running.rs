//! One running balance (LENDING.md §9, `running_balance`): the plan says what is due when, interest follows payments.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::contract::Contract;
use super::fold::Engine;
use super::row::LiveRow;
use crate::Amount;
use crate::component::Components;
use crate::exact::{add, mul};
use crate::loan::facts::Early;
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
    pending: Amount,
    /// Interest of rows in grace that falls due on top of the next.
    deferred: Amount,
    /// What was owed and not covered: it bears nothing and is owed first next time.
    pub(super) carried: Components,
    /// When it was paid last: fees due by then are carried too.
    pub(super) paid_until: NaiveDate,
    /// Released inside the period that is running, since the balance was last repaid.
    pub(super) released: Vec<Disbursement>,
    /// Interest charged so far, and the span of it that was charged last.
    pub(super) charged: Amount,
    pub(super) last_span: Span,
}

/// A row of the plan: when it is due, its total T and interest I.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) row: u32,
    pub(super) due_on: NaiveDate,
    pub(super) on_time_until: NaiveDate,
    pub(super) total: Amount,
    pub(super) interest: Amount,
    /// Of the total: principal that was charged back into the row, beside the plan.
    pub(super) joined: Amount,
    /// Its period in the plan; none where it is principal owed again on its day.
    pub(super) period: Option<usize>,
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
    /// x, and the interest I of later rows that fell due.
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
            deferred: zero,
            carried: Components::NOTHING,
            paid_until: on,
            released: Vec::new(),
            charged: zero,
            last_span: Span { from: on, to: on, balance: zero, interest: zero },
        }
    }

    /// Whether c lies in the grace period: no interest is owed yet.
    pub(super) fn is_in_grace(&self) -> bool {
        self.in_grace().any(|row| row.due_on > self.charged_to)
    }

    /// Whether anything is to be charged: interest on a balance, or what ran before it was repaid.
    pub(super) fn bears(&self) -> bool {
        self.balance.is_positive() || self.pending.plus(self.deferred).is_positive()
    }

    fn in_grace(&self) -> impl Iterator<Item = &Planned> {
        self.plan.iter().filter(|row| row.grace.is_some())
    }

    /// Interest of the period of grace that is running, up to a day in it.
    pub(super) fn of_grace(&self, contract: &Contract, day: NaiveDate) -> Outcome<Amount> {
        let running = self.in_grace().find(|row| row.due_on > self.charged_to);
        match running.and_then(|row| row.grace) {
            None | Some(GraceMode::Free) => Ok(contract.zero()),
            Some(GraceMode::Capitalized | GraceMode::Deferred) => {
                Ok(self.deferred.plus(self.pending).plus(contract.cents(self.span(contract, day)?)?))
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
            let interest = self.pending.plus(contract.cents(self.span(contract, due_on)?)?);
            self.charged_to = due_on;
            self.pending = contract.zero();
            match mode {
                GraceMode::Capitalized => {
                    self.balance = self.balance.plus(interest);
                    self.charged = self.charged.plus(interest);
                    capitalized.push((row, interest));
                }
                GraceMode::Deferred => self.deferred = self.deferred.plus(interest),
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
        // Without a balance nothing falls due any more, whatever the plan says, but what was deferred before.
        let is_repaid = !self.balance.is_positive();
        if !self.bears() {
            let (x, of_later) = (zero, zero);
            let to = self.charged_to;
            return Ok(Owed { late_fee: zero, late_interest: zero, x, of_later, row, to, is_late: false });
        }
        // Of a grace no interest is owed before its end: it runs on, and that of what is late with it.
        let in_grace = self.is_in_grace();
        let (to, is_late) = if in_grace { (self.charged_to, false) } else { (to, is_late) };
        // On nothing no interest is charged to any day.
        let to = if is_repaid { self.charged_to } else { to };
        // x is rounded with what it is charged with, not before.
        let exact = if in_grace {
            Decimal::ZERO
        } else {
            add(self.span(contract, to)?, self.pending.plus(self.deferred).value())?
        };
        // Rows stand in the order of their due dates: those that matter are few and come first.
        let later = self.plan[row..].iter().skip(1).take_while(|later| later.due_on < day);
        let later = later.filter(|later| !later.charged && !is_repaid);
        let of_later = later.fold(zero, |sum, later| sum.plus(later.interest));
        let x = contract.cents(add(exact, of_later.value())?)?.minus(of_later);
        let (mut late_fee, mut late_interest) = (zero, zero);
        if let Some(late) = &contract.terms.late {
            let fined = self.plan[row..].iter().take_while(|row| row.is_late(day, grace));
            let fined = fined.filter(|row| !row.fined && !is_repaid);
            let base = fined.fold(zero, |sum, row| sum.plus(row.total));
            late_fee = contract.cents(late.fee(base.value(), contract.terms.rounding.decimals)?)?;
            if is_late {
                let from = due_on.max(self.charged_to);
                late_interest = self.late_interest(contract, exact, from, day)?;
            }
        }
        Ok(Owed { late_fee, late_interest, x, of_later, row, to, is_late })
    }

    /// B·f(c, to), where B is not the same throughout with what is pending as part of it (§3).
    fn span(&self, contract: &Contract, to: NaiveDate) -> Outcome<Decimal> {
        let compounds = contract.timeline.compounds();
        let base = if compounds { self.balance.plus(self.pending) } else { self.balance };
        Ok(mul(base.value(), contract.factor(self.charged_to, to)?)?)
    }

    /// Before `day`, on which principal joins: what runs up to it runs on the balance so far.
    /// Nothing runs for being late after `late_until`.
    pub(super) fn part(&mut self, contract: &Contract, day: NaiveDate, late_until: NaiveDate) -> Outcome<()> {
        if !self.balance.is_positive() {
            self.end_plan(day);
            return Ok(());
        }
        let grace = contract.terms.late.as_ref().map_or(0, |late| late.grace_days);
        let first = self.plan.get(self.first_uncovered()).copied();
        if !self.is_in_grace() && first.is_some_and(|row| row.is_late(late_until, grace)) {
            // Late interest runs in place of interest, so it is owed as with a payment of that day.
            let owed = self.owed(contract, late_until, Early::Installment)?;
            self.take(contract, &owed, late_until);
        } else if late_until < day {
            // Interest ends with the due date, and after a write-off nothing comes in place of it.
            let due_on = first.map_or(day, |row| row.due_on).max(self.charged_to);
            self.cut(contract, day.min(due_on))?;
        } else {
            self.cut(contract, day)?;
        }
        self.charged_to = self.charged_to.max(day);
        Ok(())
    }

    /// Ends a span of interest on `day`.
    pub(super) fn cut(&mut self, contract: &Contract, day: NaiveDate) -> Outcome<()> {
        if day > self.charged_to {
            self.pending = self.pending.plus(contract.cents(self.span(contract, day)?)?);
            self.charged_to = day;
        }
        Ok(())
    }

    /// Once the balance was repaid no row is due any more, whenever more is lent.
    fn end_plan(&mut self, day: NaiveDate) {
        let nothing = self.balance.minus(self.balance);
        for row in &mut self.plan {
            (row.total, row.interest, row.joined) = (nothing, nothing, nothing);
        }
        self.released.clear();
        self.received = nothing;
        self.charged_to = self.charged_to.max(day);
    }

    /// What has run in the grace period by `day` is owed.
    pub(super) fn charge_grace(&mut self, contract: &Contract, day: NaiveDate) -> Outcome<()> {
        let interest = self.of_grace(contract, day)?;
        self.carried.interest = self.carried.interest.plus(interest);
        self.charged = self.charged.plus(interest);
        self.charged_to = self.charged_to.max(day);
        (self.pending, self.deferred) = (contract.zero(), contract.zero());
        Ok(())
    }

    /// r((B + x)·g(from, day))
    fn late_interest(
        &self,
        contract: &Contract,
        x: Decimal,
        from: NaiveDate,
        day: NaiveDate,
    ) -> Outcome<Amount> {
        let Some(late) = &contract.terms.late else { return Ok(contract.zero()) };
        if day <= from {
            return Ok(contract.zero());
        }
        let base = add(self.balance.value(), x)?;
        let exact = match late.interest {
            LateInterest::ByRate { .. } => mul(base, contract.late_factor(from, day)?)?,
            LateInterest::ByMonth(by_month) => {
                let days = u32::try_from((day - from).num_days()).unwrap_or(0);
                by_month.of_stretch(base, Decimal::ZERO, days)?
            }
        };
        let rounded = late.rounding.round(exact, contract.terms.rounding.decimals);
        Ok(contract.cents(rounded)?)
    }

    /// Counts what is owed on a day as charged.
    pub(super) fn take(&mut self, contract: &Contract, owed: &Owed, day: NaiveDate) {
        let grace = contract.terms.late.as_ref().map_or(0, |late| late.grace_days);
        let row = owed.row;
        for planned in self.plan[row..].iter_mut().take_while(|planned| planned.is_late(day, grace)) {
            planned.fined = true;
        }
        for planned in self.plan[row..].iter_mut().skip(1).take_while(|planned| planned.due_on < day) {
            planned.charged = true;
        }
        let in_grace = self.is_in_grace();
        if !in_grace && (owed.to > self.charged_to || self.pending.plus(self.deferred).is_positive()) {
            let from = self.charged_to;
            self.last_span = Span { from, to: owed.to, balance: self.balance, interest: owed.x };
        }
        self.charged = self.charged.plus(owed.x).plus(owed.of_later);
        if !in_grace {
            (self.pending, self.deferred) = (contract.zero(), contract.zero());
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
    pub(super) fn of(row: &LiveRow) -> Self {
        let total = row.due.principal.plus(row.due.interest);
        Self {
            row: row.id,
            due_on: row.due_on,
            on_time_until: row.on_time_until,
            total,
            interest: row.due.interest,
            joined: Amount::ZERO,
            period: row.period,
            fined: false,
            charged: false,
            has_fees: false,
            grace: None,
        }
    }

    /// Principal by the plan.
    pub(super) fn principal(&self) -> Amount {
        self.total.minus(self.interest).minus(self.joined)
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
