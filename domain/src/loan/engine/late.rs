//! Late charges (LENDING.md §11): a fine once, and interest for each stretch of days with one open base.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Outcome;
use super::contract::Contract;
use super::fold::Engine;
use super::row::LiveRow;
use crate::Amount;
use crate::component::Component;
use crate::exact::{add, mul};
use crate::terms::{ContractInterest, Late, LateFeeBase, LateInterest, LateInterestBase};

/// What late charges depend on: when it changes, a new stretch begins.
pub(super) type LateBase = [Amount; 4];

impl Engine<'_> {
    /// Brings the late charges of a row up to `day`.
    pub(super) fn charge_late(&mut self, index: usize, day: NaiveDate) -> Outcome<()> {
        let day = self.late_until(day);
        let row = &mut self.rows[index];
        let contract = &self.contracts[row.contract];
        let Some(late) = &contract.terms.late else { return Ok(()) };
        if self.basis.is_running() || !row.is_late(day, late.grace_days) {
            return Ok(());
        }
        charge(row, contract, late, day)
    }

    /// After a write-off nothing more is charged: it took off all that was open.
    pub(super) fn late_until(&self, day: NaiveDate) -> NaiveDate {
        self.write_off.as_ref().map_or(day, |write_off| day.min(write_off.on))
    }

    /// To be compared with [`Self::end_stretch`] after something was paid or waived.
    pub(super) fn late_base(&self, index: usize) -> LateBase {
        let row = &self.rows[index];
        let compounds = matches!(
            self.contracts[row.contract].terms.late.as_ref().map(|late| late.interest),
            Some(LateInterest::ByMonth(by_month)) if by_month.compounds()
        );
        let late_interest = if compounds { row.paid.late_interest } else { Amount::ZERO };
        let [principal, interest, fee] = [Component::Principal, Component::Interest, Component::Fee]
            .map(|component| row.open_of(component));
        [principal, interest, fee, late_interest]
    }

    /// Begins a new stretch where the open base is another than `before`.
    pub(super) fn end_stretch(&mut self, index: usize, before: LateBase, day: NaiveDate) {
        let day = self.late_until(day);
        if self.late_base(index) == before {
            return;
        }
        let row = &mut self.rows[index];
        let Some(late) = &self.contracts[row.contract].terms.late else { return };
        if row.is_late(day, late.grace_days) && day > row.late.since {
            row.late.since = day;
            row.late.stretch = Amount::ZERO;
        }
    }
}

fn charge(row: &mut LiveRow, contract: &Contract, late: &Late, day: NaiveDate) -> Outcome<()> {
    let base = row.overdue_base();
    if !base.is_positive() {
        return Ok(());
    }
    let principal = row.open_of(Component::Principal);
    if !row.late.fined {
        let of = match late.fee_base {
            LateFeeBase::Overdue => base,
            LateFeeBase::Installment => row.due.principal.plus(row.due.interest),
            LateFeeBase::Principal => principal,
        };
        let fee = late.fee(of.value(), contract.terms.rounding.decimals)?;
        row.due.add(Component::LateFee, contract.cents(fee)?);
        row.late.fined = true;
    }
    if late.contract_interest == ContractInterest::Period {
        charge_periods(row, contract, principal, day)?;
    }
    if day <= row.late.since {
        return Ok(());
    }
    let stretch = interest_of_stretch(row, contract, late, (base, principal), day)?;
    let more = stretch.minus(row.late.stretch);
    row.due.add(Component::LateInterest, more);
    row.late.stretch = stretch;
    Ok(())
}

/// Of the stretch that is running, from its begin to `day`.
fn interest_of_stretch(
    row: &LiveRow,
    contract: &Contract,
    late: &Late,
    (open, principal): (Amount, Amount),
    day: NaiveDate,
) -> Outcome<Amount> {
    let base = match late.interest_base {
        LateInterestBase::Installment => open,
        LateInterestBase::Principal => principal,
    };
    let since = row.late.since;
    let exact = match late.interest {
        LateInterest::ByMonth(by_month) => {
            let days = u32::try_from((day - since).num_days()).unwrap_or(0);
            // The stretch itself is not yet part of what it grows on.
            let unpaid = row.open_of(Component::LateInterest).minus(row.late.stretch);
            by_month.of_stretch(base.value(), unpaid.value().max(Decimal::ZERO), days)?
        }
        LateInterest::ByRate { .. } => mul(base.value(), contract.late_factor(since, day)?)?,
    };
    let mut rounded = late.rounding.round(exact, contract.terms.rounding.decimals);
    if late.contract_interest == ContractInterest::Daily {
        let beside = contract.interest(principal, contract.factor(since, day)?)?;
        rounded = add(rounded, beside.value())?;
    }
    Ok(contract.cents(rounded)?)
}

/// The contract's interest for each plan period that began after the row fell due and before `day`.
fn charge_periods(row: &mut LiveRow, contract: &Contract, principal: Amount, day: NaiveDate) -> Outcome<()> {
    let periods = contract.timeline.by_rule();
    let first = periods.partition_point(|period| period.from < row.due_on);
    for period in periods[first..].iter().skip(row.late.periods).take_while(|period| period.from < day) {
        row.due.add(Component::LateInterest, contract.interest(principal, period.factor)?);
        row.late.periods += 1;
    }
    Ok(())
}
