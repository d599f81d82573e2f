//! Plans by every method, row after row (LENDING.md §4 to §6).

use chrono::NaiveDate;

use crate::fractions::{Fraction, kept, one, part, whole, zero};
use crate::terms::Terms;
use crate::timeline::Timeline;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) principal: Fraction,
    pub(crate) interest: Fraction,
    pub(crate) capitalized: Fraction,
    /// Interest of its period, whenever it falls due, and the principal with which it begins.
    pub(crate) earned: Fraction,
    pub(crate) begins_with: Fraction,
    /// After the row and after what is released that day.
    pub(crate) balance: Fraction,
    /// A of the row, or its part of principal.
    pub(crate) level: Fraction,
}

pub(crate) type Release = (NaiveDate, Fraction);

/// What is drawn: the terms along their periods, what is released when, and what joins the first release.
pub(crate) struct Draft<'a> {
    pub(crate) line: &'a Timeline,
    pub(crate) releases: &'a [Release],
    pub(crate) extra: Fraction,
}

/// Says of a row what principal it carries, by its number, interest and balance before.
type Amortize<'a> = &'a dyn Fn(usize, &Fraction, &Fraction) -> Fraction;

pub(crate) const NEGATIVE: &str = "negative_amortization";

impl Draft<'_> {
    pub(crate) fn rows(&self) -> Result<Vec<Row>, &'static str> {
        let terms = &self.line.terms;
        match terms.method.as_str() {
            "price" => self.price(),
            "sac" => Ok(self.sac()),
            "sam" => self.sam(),
            "interest_only" => Ok(self.run(self.releases, &|_, _, _| zero(), true)),
            "bullet" => Ok(self.bullet()),
            "flat" => self.flat(),
            "custom" => Ok(self.custom()),
            other => panic!("no method: {other}"),
        }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.line.terms
    }

    pub(crate) fn count(&self) -> usize {
        self.line.periods.len()
    }

    pub(crate) fn factors(&self) -> Vec<Fraction> {
        (0..self.count()).map(|k| self.line.period_factor(k)).collect()
    }

    pub(crate) fn first_balance(&self) -> Fraction {
        self.extra.clone()
            + self.releases.iter().filter(|(on, _)| *on == self.line.start).map(|(_, x)| x).sum::<Fraction>()
    }

    /// Releases inside a period, or on its end: where several end on one day, on that of the last.
    pub(crate) fn within<'r>(&self, known: &'r [Release], k: usize) -> Vec<&'r Release> {
        let periods = &self.line.periods;
        let of = |on: NaiveDate| {
            let ends = periods.iter().rposition(|period| period.to == on);
            ends.or_else(|| periods.iter().position(|period| period.to > on))
        };
        known.iter().filter(|(on, _)| self.line.start < *on && of(*on) == Some(k)).collect()
    }

    fn run(&self, known: &[Release], amortize: Amortize<'_>, closes: bool) -> Vec<Row> {
        let terms = self.terms();
        let (mut balance, mut waiting, mut rows) = (self.first_balance(), zero(), Vec::new());
        for k in 0..self.count() {
            let released = self.within(known, k);
            let begins_with = balance.clone();
            let mut interest = self.interest_of_spans(k, &mut balance, &released);
            let earned = interest.clone();
            let (mut principal, mut capitalized) = (zero(), zero());
            if k < terms.grace_interest {
                match terms.grace_mode.as_str() {
                    "capitalized" => capitalized = interest,
                    "deferred" => waiting += interest,
                    _ => {}
                }
                interest = zero();
            } else {
                if closes && k + 1 == self.count() {
                    principal = balance.clone();
                } else if k >= terms.grace_principal {
                    principal = amortize(k, &interest, &balance);
                }
                interest += std::mem::replace(&mut waiting, zero());
            }
            balance = kept(balance + &capitalized - &principal);
            let to = self.line.periods[k].to;
            balance += released.iter().filter(|(on, _)| *on == to).map(|(_, x)| x).sum::<Fraction>();
            let (balance, level) = (balance.clone(), zero());
            rows.push(Row { principal, interest, capitalized, earned, begins_with, balance, level });
        }
        rows
    }

    /// Interest of a period that is cut where money is released; that money joins the balance.
    fn interest_of_spans(&self, k: usize, balance: &mut Fraction, released: &[&Release]) -> Fraction {
        let (terms, period) = (self.terms(), &self.line.periods[k]);
        let mut cuts: Vec<NaiveDate> =
            released.iter().map(|(on, _)| *on).filter(|on| *on < period.to).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.push(period.to);
        let (mut from, mut interest) = (period.from, zero());
        for cut in cuts {
            let base = if terms.rate.effective { &*balance + &interest } else { balance.clone() };
            // What a simulation without remainder repays beyond the principal earns the borrower nothing.
            interest += terms.rounding.interest(kept(base.max(zero()) * self.line.factor(from, cut)));
            if cut < period.to {
                *balance += released.iter().filter(|(on, _)| *on == cut).map(|(_, x)| x).sum::<Fraction>();
            }
            from = cut;
        }
        interest
    }

    /// Each day on which something is released, with all that is known by then and the first row drawn anew.
    fn stages(&self) -> Vec<(Vec<Release>, usize)> {
        let mut days: Vec<NaiveDate> = self.releases.iter().map(|(on, _)| *on).collect();
        days.sort_unstable();
        days.dedup();
        let stage = |day: NaiveDate| {
            let known = self.releases.iter().filter(|(on, _)| *on <= day).cloned().collect();
            let period = self.line.periods.iter().position(|period| period.to > day).unwrap_or(0);
            let since = if day == self.line.start { 0 } else { period };
            (known, since.max(self.terms().grace_principal))
        };
        days.into_iter().map(stage).collect()
    }

    fn price(&self) -> Result<Vec<Row>, &'static str> {
        let closes = self.terms().rounding.remainder != "none";
        let mut levels = vec![zero(); self.count()];
        let mut usual = levels.clone();
        for (known, since) in self.stages() {
            let level = match &self.terms().agreed {
                Some(agreed) => agreed.clone(),
                None => self.terms().rounding.installment(self.level(&known, since, &levels)),
            };
            self.settle_remainder(&known, since, level, &mut levels);
            let last = levels[self.count() - 1].clone();
            usual[since..].fill(last);
        }
        let mut rows = self.run_levels(self.releases, &levels, closes);
        let last = rows.len() - 1;
        if rows[..last].iter().any(|row| row.principal.is_negative()) {
            return Err(NEGATIVE);
        }
        for (row, usual) in rows.iter_mut().zip(usual) {
            row.level = usual;
        }
        if self.terms().rounding.remainder == "last_keeps_installment" {
            // What a grace deferred to it comes on top.
            let on_top = &rows[last].interest - &rows[last].earned;
            rows[last].interest = (&levels[last] - &rows[last].principal).max(zero()) + on_top;
        }
        Ok(rows)
    }

    /// No row repays more than is left, but in a simulation without remainder.
    pub(crate) fn at_most(&self, principal: Fraction, left: &Fraction) -> Fraction {
        if self.terms().rounding.remainder == "none" { principal } else { principal.min(left.clone()) }
    }

    fn run_levels(&self, known: &[Release], levels: &[Fraction], closes: bool) -> Vec<Row> {
        let amortize = |k: usize, interest: &Fraction, balance: &Fraction| {
            let principal = &levels[k] - interest;
            if closes { principal.min(balance.clone()) } else { principal }
        };
        self.run(known, &amortize, closes)
    }

    /// The balance with which a row begins, when the rows before it carry their levels.
    fn balance_before(&self, known: &[Release], since: usize, amortize: Amortize<'_>) -> Fraction {
        match since {
            0 => self.first_balance(),
            since => self.run(known, amortize, false)[since - 1].balance.clone(),
        }
    }

    /// A, unrounded, for the rows from `since` on.
    fn level(&self, known: &[Release], since: usize, levels: &[Fraction]) -> Fraction {
        let balance =
            self.balance_before(known, since, &|k, interest, left| self.at_most(&levels[k] - interest, left));
        let mut factors = self.factors();
        if let Some(equal) = self.line.equal_factor().filter(|_| self.terms().equal_periods) {
            factors.fill(equal);
        }
        let period = &self.line.periods[since];
        let within = self.within(known, since);
        let inside: Vec<_> = within.iter().filter(|(on, _)| *on < period.to).collect();
        if inside.is_empty() {
            return kept(balance / self.line.discounts(&factors[since..]));
        }
        let mut owed = balance * (one() + &factors[since]);
        for (on, amount) in inside {
            owed += amount * (one() + self.line.factor(*on, period.to));
        }
        kept(owed / (one() + self.line.discounts(&factors[since + 1..])))
    }

    fn settle_remainder(&self, known: &[Release], since: usize, level: Fraction, levels: &mut [Fraction]) {
        let rounding = &self.terms().rounding;
        levels[since..].fill(level.clone());
        let last = self.count() - 1;
        let gap = |levels: &[Fraction]| {
            let row = &self.run_levels(known, levels, true)[last];
            &row.principal + &row.interest - &levels[last]
        };
        match rounding.remainder.as_str() {
            "first" => {
                let growth =
                    (since + 1..=last).fold(one(), |x, k| kept(x * (one() + self.line.period_factor(k))));
                let first = &level + rounding.round(&(gap(levels) / growth));
                levels[since] = first;
            }
            "respread" => {
                let (g, count) = (gap(levels), i64::try_from(last - since + 1).expect("few rows"));
                if g.abs() > whole(count / 2) * rounding.cent() {
                    let mut spread = levels.to_vec();
                    spread[since..].fill(&level + rounding.round(&(&g / whole(count))));
                    // One that does not cover some row's interest is no plan, so it is not kept.
                    let is_plan =
                        |rows: &[Row]| rows[since..last].iter().all(|row| !row.principal.is_negative());
                    if gap(&spread).abs() < g.abs() && is_plan(&self.run_levels(known, &spread, true)) {
                        levels.clone_from_slice(&spread);
                    }
                }
            }
            _ => {}
        }
    }

    fn sac(&self) -> Vec<Row> {
        let rounding = &self.terms().rounding;
        let mut parts = vec![zero(); self.count()];
        let mut usual = parts.clone();
        for (known, since) in self.stages() {
            let balance =
                self.balance_before(&known, since, &|k, _, left| self.at_most(parts[k].clone(), left));
            let to = self.line.periods[since].to;
            let inside: Fraction =
                self.within(&known, since).iter().filter(|(on, _)| *on < to).map(|(_, x)| x).sum();
            let owed = balance + inside;
            let left = i64::try_from(self.count() - since).expect("few rows");
            let mut part = rounding.installment(&owed / whole(left));
            part += self.respread_by(&(&owed - &part * whole(left)), self.count() - since);
            parts[since..].fill(part.clone());
            usual[since..].fill(part.clone());
            if rounding.remainder == "first" {
                parts[since] = (owed - part * whole(left - 1)).max(zero());
            }
        }
        let mut rows = self.run_parts(&parts);
        for (row, usual) in rows.iter_mut().zip(usual) {
            row.level = usual;
        }
        rows
    }

    /// What each of `count` parts of principal takes of the gap, if that leaves less in the last row.
    pub(crate) fn respread_by(&self, gap: &Fraction, count: usize) -> Fraction {
        let (rounding, count) = (&self.terms().rounding, i64::try_from(count).expect("few rows"));
        if rounding.remainder != "respread" || gap.abs() <= whole(count / 2) * rounding.cent() {
            return zero();
        }
        let each = rounding.round(&(gap / whole(count)));
        if (gap - &each * whole(count)).abs() < gap.abs() { each } else { zero() }
    }

    fn run_parts(&self, parts: &[Fraction]) -> Vec<Row> {
        let closes = self.terms().rounding.remainder != "none";
        let amortize = |k: usize, _: &Fraction, balance: &Fraction| {
            if closes { parts[k].clone().min(balance.clone()) } else { parts[k].clone() }
        };
        let mut rows = self.run(self.releases, &amortize, closes);
        self.keep_total(&mut rows, parts.last().expect("a row"));
        rows
    }

    /// Last keeps installment, where there is no A: its total is as if its principal were like the others'.
    pub(crate) fn keep_total(&self, rows: &mut [Row], part: &Fraction) {
        if self.terms().rounding.remainder == "last_keeps_installment" {
            let last = rows.last_mut().expect("a row");
            let on_top = &last.interest - &last.earned;
            last.interest = (&last.earned + part - &last.principal).max(zero()) + on_top;
        }
    }

    fn sam(&self) -> Result<Vec<Row>, &'static str> {
        let mut line = self.line.clone();
        let rounding = &mut line.terms.rounding;
        (rounding.installment, rounding.interest, rounding.multiple_of) = (false, false, None);
        "last".clone_into(&mut rounding.remainder);
        let exact = Draft { line: &line, releases: self.releases, extra: self.extra.clone() };
        let (price, sac) = (exact.price()?, exact.sac());
        let mean = |(price, sac): (&Row, &Row)| (&price.principal + &sac.principal) * part(1, 2);
        let parts = price.iter().zip(&sac).map(mean).map(|x| self.terms().rounding.installment(x));
        let mut parts: Vec<Fraction> = parts.collect();
        let gap = self.first_balance() - parts.iter().sum::<Fraction>();
        let spread = self.respread_by(&gap, parts.len());
        parts.iter_mut().for_each(|part| *part += &spread);
        if self.terms().rounding.remainder == "first" {
            parts[0] = (self.first_balance() - parts[1..].iter().sum::<Fraction>()).max(zero());
        }
        Ok(self.run_parts(&parts))
    }

    fn bullet(&self) -> Vec<Row> {
        let balance = self.first_balance();
        let grown = self.factors().iter().fold(balance.clone(), |x, f| kept(x * (one() + f)));
        let interest = self.terms().rounding.interest(grown - &balance);
        vec![Row {
            begins_with: balance.clone(),
            principal: balance,
            earned: interest.clone(),
            interest,
            capitalized: zero(),
            balance: zero(),
            level: zero(),
        }]
    }
}
