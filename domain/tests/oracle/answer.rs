//! A whole answer to a schedule request: fees, tax, totals and the effective cost (LENDING.md §7, §8).

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::calendar::{date, days_between};
use crate::cost::effective_cost;
use crate::fractions::{Fraction, rounded, shown, zero};
use crate::in_cents::in_cents;
use crate::plan::{Draft, Release, Row};
use crate::tax::{Taxed, tax};
use crate::terms::{Charge, Terms, amount, day, list, text};
use crate::timeline::Timeline;

/// A drawn plan and what was found on the way.
pub(crate) struct Drawn {
    pub(crate) line: Timeline,
    pub(crate) rows: Vec<Row>,
    pub(crate) financed: Fraction,
    asked: Fraction,
    releases: Vec<Release>,
    tax: Option<Taxed>,
}

/// A row with its fees, tax and dates.
pub(crate) struct Shown {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) principal: Fraction,
    pub(crate) interest: Fraction,
    pub(crate) fees: Fraction,
    pub(crate) tax: Fraction,
    pub(crate) total: Fraction,
    pub(crate) balance: Fraction,
    pub(crate) capitalized: Fraction,
    pub(crate) level: Fraction,
}

pub(crate) fn releases(json: &Value) -> Vec<Release> {
    let release = |json: &Value| (day(&json["on"]), amount(&json["amount"]).expect("an amount"));
    let mut releases: Vec<Release> = list(json).iter().map(release).collect();
    releases.sort_by_key(|(on, _)| *on);
    releases
}

/// The plan of terms and releases, for a loan in cents that add up.
pub(crate) fn draw(terms: &Terms, releases: &[Release], for_loan: bool) -> Result<Drawn, &'static str> {
    let line = Timeline::new(terms, releases[0].0);
    let disbursed: Fraction = releases.iter().map(|(_, amount)| amount).sum();
    let asked = terms.principal.clone().unwrap_or_else(|| disbursed.clone());
    let fees: Fraction = due_at(terms, "financed").map(|charge| worth(terms, charge, &asked)).sum();
    let drawn = |extra: &Fraction| {
        let draft = Draft { line: &line, releases, extra: extra.clone() };
        let rows = draft.rows()?;
        let taxed = match &terms.iof {
            None => None,
            Some(_) => Some(tax(&draft, &rows, &asked).ok_or("iof_rate_unknown")?),
        };
        Ok::<_, &'static str>((rows, taxed))
    };
    let (mut rows, mut taxed) = drawn(&fees)?;
    let mut extra = fees.clone();
    if let Some(iof) = terms.iof.as_ref().filter(|iof| iof.collected == "financed") {
        if iof.series {
            let first = taxed.as_mut().expect("taxed");
            let i: Fraction = first.by_row.iter().sum();
            first.total = terms.show(&(&i + &i * &i / (&disbursed + &fees)));
            extra += &first.total;
            rows = drawn(&extra)?.0;
        } else {
            let mut tried = Vec::new();
            let mut total = zero();
            while !tried.contains(&total) {
                tried.push(total.clone());
                total = drawn(&(&fees + &total))?.1.expect("taxed").total;
            }
            let cycle = tried.iter().position(|tried| *tried == total).expect("tried before");
            let largest = tried[cycle..].iter().max().expect("a cycle").clone();
            extra += &largest;
            (rows, taxed) = drawn(&extra)?;
            taxed.as_mut().expect("taxed").total = largest;
        }
    }
    if for_loan {
        rows = in_cents(&Draft { line: &line, releases, extra: extra.clone() }, &rows);
    }
    Ok(Drawn { rows, financed: disbursed + extra, asked, releases: releases.to_vec(), tax: taxed, line })
}

fn due_at<'t>(terms: &'t Terms, moment: &'static str) -> impl Iterator<Item = &'t Charge> {
    terms.charges.iter().filter(move |charge| charge.due == moment)
}

fn worth(terms: &Terms, charge: &Charge, base: &Fraction) -> Fraction {
    terms.show(&charge.amount.clone().unwrap_or_else(|| &charge.rate * base))
}

impl Drawn {
    pub(crate) fn terms(&self) -> &Terms {
        &self.line.terms
    }

    /// Principal with which the first row begins.
    pub(crate) fn first_balance(&self) -> Fraction {
        let later: Fraction =
            self.releases.iter().filter(|(on, _)| *on != self.line.start).map(|(_, amount)| amount).sum();
        &self.financed - later
    }

    pub(crate) fn shown(&self) -> Vec<Shown> {
        let terms = self.terms();
        let mut before = self.first_balance();
        let mut rows = Vec::new();
        for (k, row) in self.rows.iter().enumerate() {
            let mut period = self.line.periods[k].clone();
            if terms.method == "bullet" {
                let last = self.line.periods.last().expect("a period");
                (period.to, period.due_on) = (last.to, last.due_on);
            }
            let both = terms.show(&(&row.principal + &row.interest));
            let since =
                if k == 0 { self.line.start.pred_opt() } else { Some(self.line.periods[k - 1].due_on) };
            let fees = self.fees((since.expect("a day before"), period.due_on), &both, &terms.show(&before));
            let tax = match (&terms.iof, &self.tax) {
                (Some(iof), Some(tax)) if iof.collected == "installment" => terms.show(&tax.by_row[k]),
                _ => zero(),
            };
            rows.push(Shown {
                from: period.from,
                to: period.to,
                due_on: period.due_on,
                principal: terms.show(&row.principal),
                interest: terms.show(&row.interest),
                total: terms.show(&(both + &fees + &tax)),
                fees,
                tax,
                balance: terms.show(&row.balance),
                capitalized: terms.show(&row.capitalized),
                level: row.level.clone(),
            });
            before = row.balance.clone();
        }
        rows
    }

    /// Fees of one row: those of every row, and those dated after the due date before it, up to its own.
    fn fees(&self, (since, to): (NaiveDate, NaiveDate), both: &Fraction, balance: &Fraction) -> Fraction {
        let mut fees = zero();
        for charge in &self.terms().charges {
            let belongs = match charge.due.as_str() {
                "disbursement" | "financed" => false,
                "installment" => true,
                dated => since < date(dated) && date(dated) <= to,
            };
            if belongs {
                let base = match charge.base.as_str() {
                    "installment" => both,
                    "balance" => balance,
                    "financed" => &self.financed,
                    _ => &self.asked,
                };
                fees += worth(self.terms(), charge, base);
            }
        }
        fees
    }

    fn withheld(&self) -> Fraction {
        let terms = self.terms();
        let base = |charge: &Charge| if charge.base == "financed" { &self.financed } else { &self.asked };
        let fees: Fraction =
            due_at(terms, "disbursement").map(|charge| worth(terms, charge, base(charge))).sum();
        fees + self.tax_collected("withheld")
    }

    fn tax_collected(&self, how: &str) -> Fraction {
        match (&self.terms().iof, &self.tax) {
            (Some(iof), Some(tax)) if iof.collected == how => tax.total.clone(),
            _ => zero(),
        }
    }

    pub(crate) fn answer(&self) -> Value {
        let terms = self.terms();
        let decimals = terms.rounding.decimals;
        let money = |x: &Fraction| shown(&rounded(x, decimals, terms.rounding.mode), 2.max(decimals));
        let rows = self.shown();
        let sum = |figure: fn(&Shown) -> &Fraction| money(&rows.iter().map(figure).sum());
        let disbursed: Fraction = self.releases.iter().map(|(_, amount)| amount).sum();
        let withheld = self.withheld();
        let installments: Vec<Value> = rows
            .iter()
            .enumerate()
            .map(|(k, row)| {
                let mut json = json!({"number": k + 1, "from": row.from.to_string(),
                "due_on": row.due_on.to_string(), "days": days_between(row.from, row.to),
                "principal": money(&row.principal), "interest": money(&row.interest),
                "fees": money(&row.fees), "tax": money(&row.tax), "total": money(&row.total),
                "balance": money(&row.balance)});
                if !row.capitalized.is_zero() {
                    json["capitalized"] = money(&row.capitalized).into();
                }
                json
            })
            .collect();
        let mut answer = json!({"installments": installments, "totals": {
            "principal": sum(|row| &row.principal), "interest": sum(|row| &row.interest),
            "fees": sum(|row| &row.fees), "tax": sum(|row| &row.tax), "total": sum(|row| &row.total),
            "financed": money(&self.financed), "released": money(&(&disbursed - &withheld)),
            "withheld": money(&withheld), "residue": money(&self.rows.last().expect("a row").balance)}});
        if let Some((yearly, monthly)) = self.cost(&rows, &withheld) {
            answer["effective_cost"] = json!({"yearly": yearly, "monthly": monthly});
        }
        if let (Some(iof), Some(tax)) = (&terms.iof, &self.tax) {
            let by_row: Vec<String> = tax.by_row.iter().map(money).collect();
            answer["tax"] = json!({"kind": "iof", "collected": iof.collected, "total": money(&tax.total),
                "by_installment": by_row});
        }
        answer
    }

    fn cost(&self, rows: &[Shown], withheld: &Fraction) -> Option<(String, String)> {
        let mut flows = self.releases.clone();
        flows[0].1 -= withheld + self.tax_collected("cash");
        flows.extend(rows.iter().map(|row| (row.due_on, -row.total.clone())));
        effective_cost(&flows)
    }
}

/// What a schedule request is answered.
pub(crate) fn answer(request: &Value, for_loan: bool) -> Result<Value, &'static str> {
    let terms = Terms::read(request);
    if for_loan && terms.rounding.remainder == "none" {
        return Err("simulation_only");
    }
    assert!(terms.method != "custom" || text(&request["method"]) == "custom");
    Ok(draw(&terms, &releases(&request["disbursements"]), for_loan)?.answer())
}
