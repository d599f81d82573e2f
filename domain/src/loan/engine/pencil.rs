//! Rows drawn one after another on a balance, by the level that the loan has now.

use rust_decimal::Decimal;

use super::Outcome;
use super::contract::{Contract, Shape};
use crate::Amount;
use crate::exact::OutOfRange;
use crate::schedule::{PlanError, equal_installment};
use crate::terms::{GraceMode, InstallmentPeriods};

pub(super) struct Pencil<'c> {
    pub(super) contract: &'c Contract,
    pub(super) balance: Amount,
    pub(super) level: Amount,
    pub(super) deferred: Amount,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) principal: Amount,
    pub(super) interest: Amount,
    pub(super) capitalized: Amount,
    /// What the period earns, where that is not `interest`.
    pub(super) earns: Option<Amount>,
}

impl Pencil<'_> {
    /// The next row, whose whole period (or what is left of it) has `factor`.
    pub(super) fn next(&mut self, period: usize, factor: Decimal, is_last: bool) -> Outcome<Drawn> {
        let earned = self.contract.interest(self.balance, factor)?;
        let grace = self.contract.terms.grace;
        let zero = self.contract.zero();
        if period < grace.interest as usize && !is_last {
            let mut drawn = Drawn { principal: zero, interest: zero, capitalized: zero, earns: Some(earned) };
            match grace.mode {
                GraceMode::Capitalized => {
                    drawn.capitalized = earned;
                    self.balance = self.balance.plus(earned);
                }
                GraceMode::Deferred => self.deferred = self.deferred.plus(earned),
                GraceMode::Free => drawn.earns = Some(zero),
            }
            return Ok(drawn);
        }
        let principal = self.principal(period, earned, is_last)?;
        self.balance = self.balance.minus(principal);
        let on_top = std::mem::replace(&mut self.deferred, zero);
        let earns = Some(earned).filter(|_| !on_top.is_zero());
        Ok(Drawn { principal, interest: earned.plus(on_top), capitalized: zero, earns })
    }

    /// Interest of a row in the grace period that accrued before its period was cut.
    pub(super) fn keep_in_grace(&mut self, drawn: &mut Drawn, interest: Amount) {
        match self.contract.terms.grace.mode {
            GraceMode::Capitalized => {
                drawn.capitalized = drawn.capitalized.plus(interest);
                self.balance = self.balance.plus(interest);
            }
            GraceMode::Deferred => self.deferred = self.deferred.plus(interest),
            GraceMode::Free => {}
        }
    }

    fn principal(&self, period: usize, interest: Amount, is_last: bool) -> Outcome<Amount> {
        if is_last {
            return Ok(self.balance);
        }
        let zero = self.contract.zero();
        if period < self.contract.terms.grace.principal as usize || self.balance.is_zero() {
            return Ok(zero);
        }
        let principal = match self.contract.shape {
            Shape::Installment => self.level.minus(interest),
            Shape::Part => self.level,
            Shape::AtTheEnd | Shape::Fixed => zero,
        };
        if principal.is_negative() {
            let (installment, interest) = (self.level.value(), interest.value());
            let error =
                PlanError::NegativeAmortization { row: period + 1, installment, interest, agreed: false };
            return Err(error.into());
        }
        Ok(principal.min(self.balance))
    }
}

impl Contract {
    /// The balance at the end of the grace, on which A is found; `more` joins it with the first row there.
    pub(super) fn balance_after_grace(
        &self,
        balance: Amount,
        periods: &[(usize, Decimal)],
        more: Amount,
    ) -> Outcome<Amount> {
        let (grace, mut grown) = (self.terms.grace, balance);
        if grace.mode == GraceMode::Capitalized {
            let but_the_last = periods.iter().take(periods.len().saturating_sub(1)).enumerate();
            for (nth, (_, factor)) in but_the_last.filter(|(_, (at, _))| *at < grace.interest as usize) {
                grown = grown.plus(self.interest(grown, *factor)?);
                grown = if nth == 0 { grown.plus(more) } else { grown };
            }
        }
        Ok(grown)
    }

    /// A (sac: the part) anew for what is left, over periods given by index and factor.
    pub(super) fn level_anew(&self, balance: Amount, periods: &[(usize, Decimal)]) -> Outcome<Amount> {
        let grace = self.terms.grace.principal as usize;
        let amortizing = periods.iter().filter(|(period, _)| *period >= grace);
        match self.shape {
            // Rows of the grace alone are left: the last of them repays all there is, whatever A would be.
            _ if amortizing.clone().next().is_none() => Ok(self.zero()),
            Shape::Installment => {
                let rounding = &self.terms.rounding;
                let equal = match self.terms.installment_periods {
                    InstallmentPeriods::Equal => Some(self.timeline.equal_factor()?),
                    InstallmentPeriods::Actual => None,
                };
                let factors = amortizing.map(|(period, factor)| match equal {
                    // Only whole periods are as if of equal months.
                    Some(equal) if self.is_whole(*period, *factor) => equal,
                    _ => *factor,
                });
                let exact =
                    equal_installment(balance.value(), factors, rounding.factor_decimals, rounding.mode)?;
                Ok(self.level_of(exact)?)
            }
            Shape::Part => {
                let rows = Decimal::from(amortizing.count().max(1) as u64);
                Ok(self.level_of(balance.value().checked_div(rows).ok_or(OutOfRange)?)?)
            }
            Shape::AtTheEnd | Shape::Fixed => Ok(self.zero()),
        }
    }

    fn is_whole(&self, period: usize, factor: Decimal) -> bool {
        self.timeline.periods.get(period).is_some_and(|period| period.factor == factor)
    }
}
