//! A replayed loan as the API shows it, for comparison with the worked cases.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::fractions::{Fraction, shown, zero};
use crate::history::Fact;
use crate::loan::{Loan, Receipt};
use crate::parts::{FEE, INTEREST, LATE_FEE, LATE_INTEREST, PARTS, PENALTY, PRINCIPAL, Parts};
use crate::row::Row;
use crate::settle::Quote;

fn money(value: &Fraction) -> String {
    shown(value, 2)
}

fn parts_json(parts: &Parts) -> Value {
    let named = PARTS.iter().enumerate();
    named.map(|(part, name)| ((*name).to_owned(), Value::from(money(&parts[part])))).collect()
}

/// The rows of the loan, with the balance of the plan after each.
pub(crate) fn installments(loan: &Loan) -> Value {
    let row = |(at, row): (usize, &Row)| {
        let after: Fraction = loan.rows[at + 1..].iter().map(|row| &row.due[PRINCIPAL] - &row.joined).sum();
        let after = after - loan.released_after(row.to);
        json!({"due_on": row.due_on.to_string(), "principal": money(&row.due[PRINCIPAL]),
            "interest": money(&row.due[INTEREST]), "fees": money(&(&row.due[FEE] - &row.tax)),
            "penalties": money(&row.due[PENALTY]), "late_fee": money(&row.due[LATE_FEE]),
            "late_interest": money(&row.due[LATE_INTEREST]), "total": money(&row.due.total()),
            "paid": money(&row.paid.total()), "paid_in_advance": money(&row.in_advance),
            "paid_late": money(&row.late), "outstanding": money(&row.open_total()),
            "balance": money(&after)})
    };
    loan.rows.iter().enumerate().map(row).collect()
}

pub(crate) fn transaction(receipt: &Receipt, fact: &Fact, amount: &Fraction) -> Value {
    json!({"id": fact.id, "on": fact.on.to_string(), "amount": money(amount),
        "allocation": parts_json(&receipt.allocation), "balance": money(&receipt.balance),
        "overpaid": money(&receipt.overpaid)})
}

pub(crate) fn loan(loan: &Loan, day: NaiveDate) -> Value {
    let mut balances = parts_json(&loan.balances());
    balances["total"] = money(&loan.balances().total()).into();
    let mut json = json!({"status": loan.status(), "balances": balances, "overpaid": money(&loan.overpaid),
        "credit": money(&loan.credit), "days_past_due": loan.days_past_due(day)});
    if let Some(write_off) = &loan.write_off {
        let mut open = parts_json(&write_off.open);
        open["on"] = write_off.on.to_string().into();
        open["amount"] = money(&write_off.open.total()).into();
        json["write_off"] = open;
    }
    json
}

pub(crate) fn quote(on: NaiveDate, quote: &Quote) -> Value {
    json!({"on": on.to_string(), "amount": money(&quote.amount), "due": money(&quote.due),
        "principal": money(&quote.principal), "interest": money(&quote.interest)})
}

pub(crate) fn accruals(items: &[(NaiveDate, Fraction, Fraction)]) -> Value {
    let item = |(on, amount, total): &(NaiveDate, Fraction, Fraction)| json!({"on": on.to_string(), "amount": money(amount), "total": money(total)});
    items.iter().filter(|(_, amount, _)| *amount != zero()).map(item).collect()
}
