//! The fine and the interest of what is paid late (LENDING.md §11).

use chrono::NaiveDate;

use crate::calendar::{days_between, later};
use crate::fractions::{Fraction, one, power, rounded, zero};
use crate::parts::{FEE, INTEREST, LATE_FEE, LATE_INTEREST, PRINCIPAL};
use crate::row::Row;
use crate::terms::{Late, Terms};

/// Brings the late charges of a row to a day, before what happens on it.
pub(crate) fn charge(row: &mut Row, day: NaiveDate) {
    let line = row.line.clone();
    let terms = &line.terms;
    let Some(late) = &terms.late else { return };
    let tolerated = later(terms.calendar.following(row.due_on), late.grace_days);
    if day <= tolerated {
        return;
    }
    let whole = row.open(PRINCIPAL) + row.open(INTEREST) + row.open(FEE);
    let principal = row.open(PRINCIPAL);
    if !whole.is_positive() {
        return;
    }
    if !row.fined {
        let base = match late.fee_base.as_str() {
            "overdue" => whole.clone(),
            "installment" => &row.due[PRINCIPAL] + &row.due[INTEREST],
            _ => principal.clone(),
        };
        row.due[LATE_FEE] += rounded(&(&late.fee_rate * base), terms.rounding.decimals, late.mode);
        row.fined = true;
    }
    if row.stretch.base.is_none() {
        row.stretch.base = Some(base(row, late, whole, principal.clone()));
    }
    let stretched = stretch(row, late, terms, day);
    row.due[LATE_INTEREST] = &row.stretch.before + stretched;
    begun_periods(row, late, terms, day, &principal);
}

/// What keeps a stretch one: open amounts, open principal, and for compound interest what was paid of it.
fn base(row: &Row, late: &Late, whole: Fraction, principal: Fraction) -> [Fraction; 3] {
    [whole, principal, if late.compound { row.paid[LATE_INTEREST].clone() } else { zero() }]
}

/// The late interest of the stretch up to a day.
fn stretch(row: &Row, late: &Late, terms: &Terms, day: NaiveDate) -> Fraction {
    let Some([whole, principal, paid]) = &row.stretch.base else { return zero() };
    let from = row.stretch.from;
    let base = if late.on_principal { principal } else { whole };
    let months = late.months(days_between(from, day));
    let interest = match &late.by_rate {
        Some(rate) => base * row.line.factor_by(rate, from, day),
        None if late.compound => {
            (base + &row.stretch.before - paid) * (power(&(one() + &late.monthly), &months) - one())
        }
        None => base * &late.monthly * months,
    };
    let mut sum = rounded(&interest, terms.rounding.decimals, late.mode);
    if late.contract_interest == "daily" {
        sum += terms.show(&(principal * row.line.factor_by(&terms.rate, from, day)));
    }
    sum
}

/// Contract interest for each plan period begun since the due date.
fn begun_periods(row: &mut Row, late: &Late, terms: &Terms, day: NaiveDate, principal: &Fraction) {
    if late.contract_interest != "period" {
        return;
    }
    let line = row.line.clone();
    let begun: Vec<usize> = (0..line.periods.len())
        .filter(|k| row.due_on <= line.periods[*k].from && line.periods[*k].from < day)
        .collect();
    for k in begun.iter().skip(row.periods_charged) {
        let interest = terms.show(&(principal * line.period_factor(*k)));
        row.due[LATE_INTEREST] += &interest;
        row.stretch.before += interest;
    }
    row.periods_charged = begun.len();
}

/// After what happened on a day: where the open base changed, the stretch ends.
pub(crate) fn close(row: &mut Row, day: NaiveDate) {
    let line = row.line.clone();
    let Some(late) = &line.terms.late else { return };
    let Some(before) = &row.stretch.base else { return };
    let whole = row.open(PRINCIPAL) + row.open(INTEREST) + row.open(FEE);
    let now = base(row, late, whole.clone(), row.open(PRINCIPAL));
    if *before != now {
        row.stretch.before = row.due[LATE_INTEREST].clone();
        row.stretch.from = day;
        row.stretch.base = if whole.is_zero() { None } else { Some(now) };
    }
}
