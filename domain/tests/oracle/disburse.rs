//! A further disbursement: the rows from its period on are drawn again (LENDING.md §6).

use chrono::NaiveDate;

use crate::fractions::{Fraction, zero};
use crate::in_cents::in_cents;
use crate::loan::Loan;
use crate::parts::{INTEREST, PRINCIPAL};
use crate::plan::{Draft, Release, Row as Drawn};
use crate::redraw::Cut;
use crate::row::Row;
use crate::timeline::Timeline;

impl Loan {
    pub(crate) fn disburse(&mut self, on: NaiveDate, amount: &Fraction) {
        let first = self.line.periods.iter().position(|period| period.to > on);
        let is_last_due = self.line.periods.last().is_some_and(|last| last.due_on <= on);
        let Some(first) = first.filter(|_| !is_last_due) else {
            self.refused = Some("disbursement_after_last_due_date");
            return;
        };
        if !["price", "sac", "interest_only"].contains(&self.terms.method.as_str()) {
            self.refused = Some("method_needs_one_disbursement");
            return;
        }
        let same =
            |at: &usize| self.holds(&self.rows[*at]) && self.rows[*at].period.is_some_and(|k| k >= first);
        let rows: Vec<usize> = (0..self.rows.len()).filter(same).collect();
        if rows.is_empty() {
            self.refused = Some("disbursement_after_last_due_date");
            return;
        }
        let all_there = rows.len() == self.line.periods.len() - first;
        let here = &self.rows[rows[0]];
        let as_drawn = all_there && !here.is_redrawn && here.begins_with == self.planned(&rows);
        let drawn = as_drawn.then(|| self.drawn_by_plan(&rows, first, (on, amount.clone())));
        let drawn = match drawn.transpose() {
            Ok(drawn) => drawn,
            Err(refusal) => {
                self.refused = Some(refusal);
                return;
            }
        };
        // A row that was paid beyond what it would carry then keeps what was paid.
        let fits = |drawn: &Vec<Drawn>| {
            let carried = |(at, row): (&usize, &Drawn)| &row.principal + &self.rows[*at].joined;
            rows.iter().zip(drawn).all(|pair| carried(pair) >= self.rows[*pair.0].paid[PRINCIPAL])
        };
        let drawn = drawn.filter(fits);
        let begins = self.line.periods[first].from;
        let cuts = begins < on;
        let mut current = self.rows[rows[0]].clone();
        if cuts {
            current.cut(on, amount);
        }
        match drawn {
            Some(drawn) => self.follow_plan(&rows, drawn, on),
            None => self.share_what_is_open(&rows, on, amount),
        }
        if cuts {
            let row = &mut self.rows[rows[0]];
            (row.drawn_on, row.accrued, row.bears) = (current.drawn_on, current.accrued, current.bears);
            row.begins_with = current.begins_with;
        }
        self.releases.push((on, amount.clone()));
    }

    /// The plan of these rows, as one that knew of everything released in their first period would have it.
    fn drawn_by_plan(
        &self,
        rows: &[usize],
        first: usize,
        release: Release,
    ) -> Result<Vec<Drawn>, &'static str> {
        let begins = self.line.periods[first].from;
        let mut releases: Vec<Release> =
            self.releases.iter().filter(|(on, _)| begins < *on && *on <= release.0).cloned().collect();
        let inside: Fraction = releases.iter().map(|(_, amount)| amount).sum();
        releases.push(release);
        self.plan_from(first, &(self.planned(rows) - inside), &releases)
    }

    /// The plan from a period on that begins with so much, or why it cannot be drawn.
    pub(crate) fn plan_from(
        &self,
        first: usize,
        balance: &Fraction,
        releases: &[Release],
    ) -> Result<Vec<Drawn>, &'static str> {
        let mut terms = self.terms.clone();
        terms.grace_principal = terms.grace_principal.saturating_sub(first);
        terms.grace_interest = terms.grace_interest.saturating_sub(first);
        let periods = self.line.periods[first..].to_vec();
        let line = Timeline { terms, start: periods[0].from, periods };
        let draft = Draft { line: &line, releases, extra: balance.clone() };
        let rows = draft.rows()?;
        let level = &rows.last().expect("a row").level;
        let repaying = rows.len() - draft.line.terms.grace_principal.min(rows.len());
        if draft.line.terms.method != "interest_only" && repaying > 1 && self.terms.show(level).is_zero() {
            return Err("rounds_to_nothing");
        }
        Ok(in_cents(&draft, &rows))
    }

    /// The principal of rows by the plan, whatever was paid of it.
    fn planned(&self, rows: &[usize]) -> Fraction {
        let planned = |row: &Row| &row.due[PRINCIPAL] - &row.joined - &row.capitalized;
        rows.iter().map(|at| planned(&self.rows[*at])).sum()
    }

    fn follow_plan(&mut self, rows: &[usize], drawn: Vec<Drawn>, on: NaiveDate) {
        let mut waiting = self.deferred_before(rows[0]);
        let terms = self.terms.clone();
        for (at, drawn) in rows.iter().zip(drawn) {
            let row = &mut self.rows[*at];
            row.due[PRINCIPAL] = &drawn.principal + &row.joined;
            let mut interest = drawn.interest.clone();
            row.earns = None;
            if row.is_in_grace() {
                row.earns = Some(match terms.grace_mode.as_str() {
                    "capitalized" => drawn.capitalized.clone(),
                    "deferred" => drawn.earned.clone(),
                    _ => zero(),
                });
                if terms.grace_mode == "deferred" {
                    waiting += &drawn.earned;
                }
            } else if waiting.is_positive() {
                row.earns = Some(drawn.earned.clone());
                interest = &drawn.earned + std::mem::replace(&mut waiting, zero());
            }
            row.due[INTEREST] = interest.clone().max(row.paid[INTEREST].clone());
            row.earns = row.earns.take().map(|earns| earns + &row.due[INTEREST] - interest);
            (row.capitalized, row.level) = (drawn.capitalized, drawn.level);
            if row.from >= on {
                row.begins_with = drawn.begins_with;
            }
        }
    }

    /// Rows that were drawn again or paid ahead repay what is open of them and what is released.
    fn share_what_is_open(&mut self, rows: &[usize], on: NaiveDate, amount: &Fraction) {
        let owed = rows.iter().map(|at| self.plan_principal(*at)).sum::<Fraction>() + amount;
        let row = &self.rows[rows[0]];
        let is_in_grace = row.is_in_grace() && rows.len() > 1;
        let kept = if is_in_grace { row.due[INTEREST].clone() } else { zero() };
        let of_released = self.terms.show(&(amount * row.line.factor(on.max(row.from), row.to)));
        let earned = row.earned() - &kept + if row.is_free() { zero() } else { of_released };
        let mut factors: Vec<Fraction> = rows
            .iter()
            .map(|at| self.rows[*at].line.factor(self.rows[*at].from, self.rows[*at].to))
            .collect();
        factors[0] = if owed.is_zero() { zero() } else { &earned / &owed };
        let level = self.level_anew(rows, &owed, &factors, &zero());
        let level = self.terms.agreed.clone().unwrap_or_else(|| self.terms.rounding.installment(level));
        for row in &mut self.rows {
            row.level = level.clone();
        }
        let cut = Cut { factor: zero(), accrued: kept, unpaid: zero() };
        self.write_rows(rows, &owed, &factors, &cut);
    }
}
