//! Restructuring: a new plan, new rows, or principal moved to those to come (LENDING.md §13).

use std::rc::Rc;

use chrono::NaiveDate;
use num_traits::Signed;
use serde_json::Value;

use crate::answer;
use crate::fractions::{Fraction, whole, zero};
use crate::loan::Loan;
use crate::parts::{FEE, INTEREST, PENALTY, PRINCIPAL, Parts, part_named};
use crate::row::{HandCharge, Row};
use crate::terms::{Every, Terms, day, list, text, word};
use crate::timeline::Timeline;

impl Loan {
    pub(crate) fn restructure(&mut self, body: &Value, on: NaiveDate, at: usize) {
        match word(&body["mode"], "replace").as_str() {
            "replace" => self.replace(body, on, at),
            "re_age" => self.re_age(body, on),
            "re_amortize" => self.re_amortize(on),
            other => panic!("no restructuring: {other}"),
        }
    }

    fn replace(&mut self, body: &Value, on: NaiveDate, at: usize) {
        let capitalize: Vec<usize> = list(&body["capitalize"]).iter().map(|x| part_named(text(x))).collect();
        let mut owed = Parts::nothing();
        let mut moved: Vec<HandCharge> = Vec::new();
        let mut current = true;
        for row in &mut self.rows {
            if row.due_on <= on {
                owed = owed.plus(&row.open_parts());
            } else {
                owed[PRINCIPAL] += row.open(PRINCIPAL);
                for part in [FEE, PENALTY] {
                    owed[part] += row.charges_open(on, part, (on, at));
                }
                moved.extend(
                    row.charges.iter().filter(|x| x.part != PRINCIPAL && later_than(x, on, at)).cloned(),
                );
                if current && row.period.is_some() {
                    let since = row.from.max(row.drawn_on);
                    let factor = row.line.factor(since, on.max(since));
                    let accrued = &row.accrued + self.terms.show(&(&row.begins_with * factor));
                    owed[INTEREST] += (accrued - &row.paid[INTEREST]).max(zero());
                    current = false;
                }
            }
            row.due = row.paid.plus(&row.waived);
            row.charges.clear();
        }
        self.rows.retain(|row| row.paid.total().is_positive());
        let amount = &owed[PRINCIPAL] + owed.sum(&capitalize);
        self.leave_due(owed, &capitalize, on);
        self.begin_anew(&body["terms"], on, amount);
        for charge in moved.into_iter().filter(|charge| charge.open().is_positive()) {
            let mut charge = charge;
            charge.amount = charge.open();
            (charge.paid, charge.waived) = (zero(), zero());
            let row = self.row_for(charge.due_on);
            self.rows[row].join(charge);
        }
    }

    /// What is not capitalized is due that day as a row of its own.
    fn leave_due(&mut self, mut owed: Parts, capitalize: &[usize], on: NaiveDate) {
        owed[PRINCIPAL] = zero();
        for part in capitalize {
            owed[*part] = zero();
        }
        if owed.total().is_positive() {
            let from = self.rows.last().map_or(self.line.start, |row| row.due_on.min(on));
            let mut row = Row::blank(&self.line, None, [from, on, on]);
            row.due = owed;
            row.fined = true;
            self.rows.push(row);
        }
    }

    fn begin_anew(&mut self, terms: &Value, on: NaiveDate, amount: Fraction) {
        self.terms = Terms::read(terms);
        self.terms.principal = Some(amount.clone());
        let drawn = answer::draw(&self.terms, &[(on, amount)], true).expect("terms that can be drawn");
        self.line = Rc::new(drawn.line.clone());
        let rows = self.rows_of(&drawn);
        self.rows.extend(rows);
    }

    fn re_age(&mut self, body: &Value, on: NaiveDate) {
        let moved: Fraction = self.rows.iter().map(|row| row.open(PRINCIPAL)).sum();
        let mut terms = self.terms.clone();
        terms.installments = u32::try_from(body["installments"].as_u64().expect("a count")).expect("few");
        terms.every = Every::read(&body["every"]);
        terms.first_due_on = Some(day(&body["first_due_on"]));
        terms.due_dates = None;
        terms.custom.clear();
        if terms.method == "custom" || terms.method == "bullet" {
            "flat".clone_into(&mut terms.method);
        }
        let line = Rc::new(Timeline::new(&terms, on));
        for row in &mut self.rows {
            row.due[PRINCIPAL] = row.paid[PRINCIPAL].clone();
            if row.due_on > on {
                row.due[INTEREST] = row.paid[INTEREST].clone();
            }
        }
        let mut fresh: Vec<Row> = line
            .periods
            .iter()
            .enumerate()
            .map(|(k, period)| Row::blank(&line, Some(k), [period.from, period.to, period.due_on]))
            .collect();
        let shares = self.shares(&moved, fresh.len());
        let mut left = moved;
        for (k, row) in fresh.iter_mut().enumerate() {
            row.begins_with = left.clone();
            row.due[INTEREST] = self.terms.show(&(&left * line.period_factor(k)));
            row.due[PRINCIPAL] = shares[k].clone();
            left -= &shares[k];
        }
        self.line = line;
        self.rows.extend(fresh);
        self.rows.sort_by_key(|row| row.due_on);
    }

    fn re_amortize(&mut self, on: NaiveDate) {
        let mut moved = zero();
        for row in self.rows.iter_mut().filter(|row| row.due_on < on) {
            moved += row.open(PRINCIPAL);
            row.due[PRINCIPAL] = row.paid[PRINCIPAL].clone();
        }
        let to: Vec<usize> = (0..self.rows.len())
            .filter(|at| self.rows[*at].due_on >= on && self.rows[*at].period.is_some())
            .collect();
        let shares = self.shares(&moved, to.len());
        let mut more = moved;
        for (n, at) in to.into_iter().enumerate() {
            let row = &mut self.rows[at];
            row.begins_with += &more;
            if row.from < on {
                row.due[INTEREST] += self.terms.show(&(&more * row.line.factor(on, row.to)));
            } else {
                let factor = row.line.factor(row.from, row.to);
                row.due[INTEREST] = self.terms.show(&(&row.begins_with * factor));
            }
            row.due[PRINCIPAL] += &shares[n];
            more -= &shares[n];
        }
    }

    /// r(moved/rows) each, the last the rest.
    fn shares(&self, moved: &Fraction, count: usize) -> Vec<Fraction> {
        let rounding = &self.terms.rounding;
        let count = i64::try_from(count).expect("few rows");
        let share = rounding.multiple(rounding.round(&(moved / whole(count))));
        let last = moved - &share * whole(count - 1);
        (1..=count).map(|k| if k == count { last.clone() } else { share.clone() }).collect()
    }
}

fn later_than(charge: &HandCharge, on: NaiveDate, at: usize) -> bool {
    charge.due_on > on || (charge.due_on == on && charge.fact > at)
}
