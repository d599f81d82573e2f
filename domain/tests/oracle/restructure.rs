//! Restructuring: a new plan, new rows, or principal moved to those to come (LENDING.md §13).

use std::rc::Rc;

use chrono::NaiveDate;
use serde_json::Value;

use crate::answer;
use crate::fractions::{Fraction, whole, zero};
use crate::loan::{Loan, Seer};
use crate::parts::{FEE, INTEREST, LATE_INTEREST, PENALTY, PRINCIPAL, Parts, part_named};
use crate::row::{HandCharge, Row};
use crate::terms::{Every, Terms, day, list, text, word};
use crate::timeline::Timeline;

impl Loan {
    /// `accrued` is the interest of the current period to the day, where it does not follow from the plan.
    pub(crate) fn restructure(&mut self, body: &Value, seer: Seer, accrued: Option<&Fraction>) {
        let (on, at) = seer;
        match word(&body["mode"], "replace").as_str() {
            "replace" => self.replace(body, on, at, accrued),
            "re_age" => self.re_age(body, on, at, accrued),
            "re_amortize" => self.re_amortize(on),
            other => panic!("no restructuring: {other}"),
        }
    }

    fn replace(&mut self, body: &Value, on: NaiveDate, at: usize, accrued: Option<&Fraction>) {
        let capitalize: Vec<usize> = list(&body["capitalize"]).iter().map(|x| part_named(text(x))).collect();
        let before = self.rows.clone();
        let lifted = self.lift_later(on, at);
        let mut owed = self.owed_on((on, at), accrued);
        let amount = capitalize.iter().filter(|part| **part != PRINCIPAL).map(|part| &owed[*part]);
        let amount = &owed[PRINCIPAL] + amount.sum::<Fraction>();
        if !amount.is_positive() {
            // Nothing is restructured: what later facts joined stays where it is, with what is paid of it.
            self.rows = before;
            return;
        }
        let mut left: Vec<HandCharge> = Vec::new();
        for row in &mut self.rows {
            let stays = |x: &&HandCharge| x.part != PRINCIPAL && !capitalize.contains(&x.part);
            left.extend(row.charges.iter().filter(stays).filter(|x| x.open().is_positive()).cloned());
            row.due = row.paid.plus(&row.waived);
            row.charges.clear();
            (row.joined, row.earns) = (zero(), None);
            if row.due_on > on {
                row.capitalized = zero();
            }
        }
        self.rows.retain(|row| row.due.total().is_positive());
        owed[PRINCIPAL] = zero();
        for part in &capitalize {
            owed[*part] = zero();
        }
        // What is not capitalized is due that day as a row of its own.
        if owed.total().is_positive() {
            let row = self.own_row(on);
            let row = &mut self.rows[row];
            row.due = row.due.plus(&owed);
            row.fined = true;
            row.stretch.before = row.due[LATE_INTEREST].clone();
            row.charges.extend(left.iter().map(HandCharge::remaining));
        }
        self.begin_anew(&body["terms"], on, amount);
        self.join_again(lifted);
    }

    /// All that is owed on a day: what is due, all principal, and interest of the current period to the day.
    fn owed_on(&self, seer: Seer, accrued: Option<&Fraction>) -> Parts {
        let (on, mut owed) = (seer.0, Parts::nothing());
        let mut principal = zero();
        for row in &self.rows {
            if row.due_on <= on {
                owed = owed.plus(&row.open_parts());
            } else {
                principal += row.open(PRINCIPAL) - &row.capitalized;
                owed[FEE] += &row.tax;
                for part in [FEE, PENALTY] {
                    owed[part] += row.charges_open(on, part, seer);
                }
            }
        }
        owed[INTEREST] += accrued.cloned().unwrap_or_else(|| self.interest_owed(on, &principal));
        owed[PRINCIPAL] += principal;
        owed
    }

    /// Interest of the current period to the day, on the principal not yet due, less what was paid of it.
    fn interest_owed(&self, on: NaiveDate, principal: &Fraction) -> Fraction {
        let current = |row: &Row| row.due_on > on && self.holds(row);
        let Some(at) = self.rows.iter().position(current) else { return zero() };
        let row = &self.rows[at];
        let to_date = if row.from < on { row.interest_on(principal, on) } else { zero() };
        (to_date + self.deferred_before(at) - &row.paid[INTEREST]).max(zero())
    }

    /// Takes what is open of charges and chargebacks that come later out of their rows, to join others.
    fn lift_later(&mut self, on: NaiveDate, at: usize) -> Vec<HandCharge> {
        let mut lifted = Vec::new();
        for row in &mut self.rows {
            // Of principal charged back the oldest is paid first.
            for charge in std::mem::take(&mut row.charges).into_iter().rev() {
                if !later_than(&charge, on, at) {
                    row.charges.insert(0, charge);
                    continue;
                }
                let mut charge = charge;
                if charge.part == PRINCIPAL {
                    let open = charge.amount.clone().min(row.open(PRINCIPAL)).max(zero());
                    row.joined -= &open;
                    charge.amount = open;
                } else {
                    charge = charge.remaining();
                }
                row.due[charge.part] -= &charge.amount;
                // Nothing of it is left to fall due with another row.
                if charge.amount.is_positive() {
                    lifted.push(charge);
                }
            }
        }
        self.rows.retain(|row| row.period.is_some() || row.due.total().is_positive());
        lifted.sort_by_key(|charge| (charge.due_on, charge.fact));
        lifted
    }

    fn join_again(&mut self, lifted: Vec<HandCharge>) {
        for charge in lifted {
            let row = self.row_for(charge.due_on);
            self.rows[row].join(charge);
        }
    }

    fn begin_anew(&mut self, terms: &Value, on: NaiveDate, amount: Fraction) {
        self.terms = Terms::read(terms);
        self.terms.principal = Some(amount.clone());
        match answer::draw(&self.terms, &[(on, amount)], true) {
            Ok(drawn) => {
                self.line = Rc::new(drawn.line.clone());
                let rows = self.rows_of(&drawn);
                if rows.len() > 1 && rows.iter().all(|row| row.level == zero()) {
                    self.refused = Some("rounds_to_nothing");
                }
                self.rows.extend(rows);
                self.rows.sort_by_key(|row| row.due_on);
            }
            Err(refusal) => self.refused = Some(refusal),
        }
    }

    fn re_age(&mut self, body: &Value, on: NaiveDate, at: usize, accrued: Option<&Fraction>) {
        let before = self.rows.clone();
        let lifted = self.lift_later(on, at);
        let open = |row: &Row| row.open(PRINCIPAL) - row.capitalizes_after(on);
        let moved: Fraction = self.rows.iter().map(open).sum();
        if !moved.is_positive() {
            self.rows = before;
            return;
        }
        let not_due: Fraction = self.rows.iter().filter(|row| row.due_on > on).map(open).sum();
        let interest = accrued.cloned().unwrap_or_else(|| self.interest_owed(on, &not_due));
        for row in &mut self.rows {
            row.due[PRINCIPAL] = row.paid[PRINCIPAL].clone();
            if row.due_on > on {
                row.due[INTEREST] = row.paid[INTEREST].clone();
                let by_hand: Fraction =
                    row.charges.iter().filter(|x| x.part == FEE).map(HandCharge::open).sum();
                row.due[FEE] = &row.paid[FEE] + &row.waived[FEE] + by_hand + &row.tax;
                (row.capitalized, row.earns) = (zero(), None);
            }
        }
        if interest.is_positive() {
            let row = self.own_row(on);
            self.rows[row].due[INTEREST] += interest;
        }
        self.terms = re_aged(&self.terms, body);
        let line = Rc::new(Timeline::new(&self.terms, on));
        let mut fresh: Vec<Row> = line
            .periods
            .iter()
            .enumerate()
            .map(|(k, period)| Row::blank(&line, Some(k), [period.from, period.to, period.due_on]))
            .collect();
        let shares = self.shares(&moved, fresh.len());
        if fresh.len() > 1 && shares[0] == zero() {
            self.refused = Some("rounds_to_nothing");
        }
        let mut left = moved;
        for (k, row) in fresh.iter_mut().enumerate() {
            row.begins_with = left.clone();
            row.due[INTEREST] = self.terms.show(&(&left * line.period_factor(k)));
            row.due[PRINCIPAL] = shares[k].clone();
            row.level = shares[0].clone();
            left -= &shares[k];
        }
        self.line = line;
        self.rows.extend(fresh);
        self.rows.sort_by_key(|row| row.due_on);
        self.join_again(lifted);
    }

    fn re_amortize(&mut self, on: NaiveDate) {
        // A row that a settlement left nothing of is not shown, nor is it one to come.
        let is_there = |row: &Row| row.begins_with.is_positive() || !row.is_void();
        let target = |row: &Row| row.due_on >= on && self.holds(row) && is_there(row);
        let to: Vec<usize> = (0..self.rows.len()).filter(|at| target(&self.rows[*at])).collect();
        if to.is_empty() {
            self.refused = Some("nothing_to_move_to");
            return;
        }
        let mut moved = zero();
        for row in self.rows.iter_mut().filter(|row| row.due_on < on) {
            moved += row.open(PRINCIPAL);
            row.due[PRINCIPAL] = row.paid[PRINCIPAL].clone();
        }
        if !moved.is_positive() {
            return;
        }
        let shares = self.shares(&moved, to.len());
        let mut more = moved;
        for (n, at) in to.into_iter().enumerate() {
            let row = &mut self.rows[at];
            if n == 0 && row.from < on {
                row.cut(on, &more);
                row.is_redrawn = true;
                row.due[INTEREST] += self.terms.show(&(&more * row.line.factor(on, row.to)));
            } else {
                row.begins_with += &more;
                let interest = self.terms.show(&(&row.begins_with * row.line.factor(row.from, row.to)));
                row.due[INTEREST] = interest.max(row.paid[INTEREST].clone());
            }
            row.due[PRINCIPAL] += &shares[n];
            more -= &shares[n];
        }
    }

    /// r(moved/rows) each, the last the rest.
    pub(crate) fn shares(&self, moved: &Fraction, count: usize) -> Vec<Fraction> {
        let rounding = &self.terms.rounding;
        let each = whole(i64::try_from(count).expect("few rows"));
        let share = rounding.multiple(rounding.round(&(moved / each)));
        let mut left = moved.clone();
        let mut next = |k| {
            let share = if k == count { left.clone() } else { share.clone().min(left.clone()) };
            left -= &share;
            share
        };
        (1..=count).map(&mut next).collect()
    }
}

/// New rows have equal parts of principal, and no fees.
fn re_aged(terms: &Terms, body: &Value) -> Terms {
    let mut terms = terms.clone();
    terms.installments = u32::try_from(body["installments"].as_u64().expect("a count")).expect("few");
    terms.every = Every::read(&body["every"]);
    terms.first_due_on = Some(day(&body["first_due_on"]));
    terms.due_dates = None;
    terms.custom.clear();
    terms.charges.clear();
    (terms.grace_principal, terms.grace_interest) = (0, 0);
    (terms.rounding.installment, terms.rounding.interest) = (true, true);
    "last".clone_into(&mut terms.rounding.remainder);
    "sac".clone_into(&mut terms.method);
    terms
}

fn later_than(charge: &HandCharge, on: NaiveDate, at: usize) -> bool {
    charge.due_on > on || (charge.due_on == on && charge.fact > at)
}
