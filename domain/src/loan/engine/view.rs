//! A loan seen on a day: late charges to that day, rows with their numbers and balances, where it stands.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::fold::{Basis, Engine};
use super::row::LiveRow;
use super::{Derived, Outcome, Row};
use crate::Amount;
use crate::component::{Component, Components};
use crate::loan::facts::Share;
use crate::loan::standing::Status;

impl Engine<'_> {
    /// The loan after the facts taken in, none of which is dated after `day`.
    pub fn seen_on(mut self, day: NaiveDate) -> Outcome<Derived> {
        if !self.contracts.is_empty() {
            self.pass_days_before(day)?;
            self.apply_credit(day.succ_opt().unwrap_or(day))?;
            self.bring_to(day)?;
        }
        let applied = self.applied_since();
        let balances = self.rows.iter().filter(|row| !row.gone);
        let balances = balances.fold(Components::NOTHING, |sum, row| sum.plus(row.open()));
        let oldest = self.rows.iter().find(|row| !row.gone && !row.is_settled());
        let oldest = oldest.map(|row| (row.due_on, row.on_time_until));
        let days_past_due = oldest.map_or(0, |(due_on, on_time_until)| days_past(due_on, on_time_until, day));
        let status = self.status(oldest.is_some());
        let numbers = self.numbers();
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.iter_mut().flatten() {
            let applied = effect.applied.iter_mut().flat_map(|applied| &mut applied.shares);
            for share in effect.shares.iter_mut().chain(&mut effect.waived).chain(applied) {
                share.installment = numbers.get(&share.installment).copied().unwrap_or(0);
            }
        }
        let mut applied = applied;
        for share in applied.iter_mut().flat_map(|applied| &mut applied.shares) {
            share.installment = numbers.get(&share.installment).copied().unwrap_or(0);
        }
        Ok(Derived {
            rows: self.shown(),
            effects,
            status,
            balances,
            overpaid: self.overpaid,
            credit: self.credit,
            applied,
            days_past_due,
            oldest_due_on: oldest.map(|(due_on, _)| due_on),
            late_from: oldest.and_then(|(_, on_time_until)| on_time_until.succ_opt()),
            write_off: self.write_off,
        })
    }

    /// Lays out the rows as they are seen on `day`, late charges to it included.
    pub(super) fn bring_to(&mut self, day: NaiveDate) -> Outcome<()> {
        let seen = self.late_until(day);
        match self.basis {
            Basis::Plan => {}
            Basis::Rest(_) => self.draw_rest_rows(seen)?,
            Basis::Running(_) => return self.draw_running_rows(seen),
        }
        let end = self.rows.partition_point(|row| row.due_on < day);
        for index in self.first_open()..end {
            self.charge_late(index, day)?;
        }
        Ok(())
    }

    fn status(&self, is_open: bool) -> Status {
        match (&self.write_off, self.contracts.is_empty()) {
            (_, true) => Status::Approved,
            (Some(_), false) => Status::WrittenOff,
            (None, false) if is_open => Status::Active,
            (None, false) if self.overpaid.is_positive() => Status::Overpaid,
            (None, false) => Status::Settled,
        }
    }

    /// The numbers of rows by their ids.
    fn numbers(&self) -> HashMap<u32, u32> {
        let seen = self.rows.iter().filter(|row| !row.gone);
        seen.zip(1..).map(|(row, number)| (row.id, number)).collect()
    }

    fn shown(&self) -> Vec<Row> {
        let zero = self.zero();
        let seen = self.rows.iter().filter(|row| !row.gone);
        let mut rows: Vec<Row> = seen.zip(1..).map(|(row, number)| show(row, number, zero)).collect();
        // From the last row back: what later rows repay, less what joins only later.
        let mut later = self.zero();
        let mut joined = self.joined.iter().rev().peekable();
        for row in rows.iter_mut().rev() {
            while let Some((_, amount)) = joined.next_if(|(on, _)| *on > row.due_on) {
                later = later.minus(*amount);
            }
            row.balance = later.max(zero);
            later = later.plus(row.due.principal).minus(row.capitalized);
        }
        rows
    }

    /// Principal open after the facts of a day: what rows hold, without what joins only later.
    pub(super) fn balance_on(&self, day: NaiveDate) -> Amount {
        match &self.basis {
            Basis::Plan => {
                let to_come = self.capital_to_come(day).plus(self.charged_back_later());
                self.open_principal.minus(to_come).max(self.zero())
            }
            Basis::Rest(rest) => rest.open_principal(),
            Basis::Running(running) => running.balance,
        }
    }

    /// Interest that joins the principal only after `day`.
    pub(super) fn capital_to_come(&self, day: NaiveDate) -> Amount {
        let Some(contract) = self.contracts.last() else { return self.zero() };
        if contract.terms.grace.interest == 0 {
            return self.zero();
        }
        let later = self.rows.iter().filter(|row| row.due_on > day);
        later.fold(self.zero(), |sum, row| sum.plus(row.capitalized))
    }

    pub(super) fn shares(&self, shares: Vec<(u32, Components)>) -> Vec<Share> {
        if let [(row, allocation)] = shares[..] {
            return vec![Share { installment: row, allocation }];
        }
        let mut shares: Vec<(usize, Share)> = shares
            .into_iter()
            .map(|(row, allocation)| (self.index_of(row), Share { installment: row, allocation }))
            .collect();
        shares.sort_by_key(|(place, _)| *place);
        shares.into_iter().map(|(_, share)| share).collect()
    }
}

/// Calendar days since a due date that is late by `day`, else 0.
pub(super) fn days_past(due_on: NaiveDate, on_time_until: NaiveDate, day: NaiveDate) -> i64 {
    if day > on_time_until { (day - due_on).num_days() } else { 0 }
}

/// A row with every amount in the decimals of the currency, of which `zero` is nothing.
fn show(row: &LiveRow, number: u32, zero: Amount) -> Row {
    let all = |components: Components| {
        let mut shown = components;
        for component in Component::ALL {
            shown.add(component, zero);
        }
        shown
    };
    let is_settled =
        row.is_settled() && Component::ALL.iter().any(|component| !row.due.of(*component).is_zero());
    Row {
        number,
        from: row.from,
        due_on: row.due_on,
        due: all(row.due),
        tax: row.tax.plus(zero),
        paid: all(row.paid),
        waived: all(row.waived),
        capitalized: row.capitalized.plus(zero),
        balance: zero,
        paid_in_advance: row.paid_in_advance.plus(zero),
        paid_late: row.paid_late.plus(zero),
        settled_on: row.settled_on.filter(|_| is_settled),
    }
}
