//! Early settlement: the present value of what is not yet due.

use domain::loan::command::AddedCharge;
use domain::loan::event::InstallmentState;
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use serde_json::json;

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments())
}

fn quoted(given: &Given<Loan>, on: &str) -> String {
    let quote = given.history().quote(day(on)).expect("a quote");
    format!("{} = {} + {} + {}", quote.amount, quote.due, quote.principal, quote.interest)
}

#[test]
fn on_a_due_date_only_principal_is_left_besides_what_is_due() {
    // Each later installment is worth its amount discounted at 2 % a period: together the balance of 900.00.
    assert_eq!(quoted(&loan(), "2026-02-15"), "1224.00 = 324.00 + 900.00 + 0.00");
}

#[test]
fn within_a_period_its_days_are_paid() {
    // 10 of 28 days of the second period: 918.00 / (1 + 0.02 · 18/28) = 906.35.
    assert_eq!(quoted(&loan(), "2026-02-25"), "1230.35 = 324.00 + 900.00 + 6.35");
}

#[test]
fn interest_to_date_may_be_agreed_instead() {
    let mut request = four_installments();
    request["settlement"] = json!("interest_to_date");
    // 900.00 · 0.02 · 10/28 = 6.43
    assert_eq!(quoted(&disbursed(request), "2026-02-25"), "1230.43 = 324.00 + 900.00 + 6.43");
}

#[test]
fn interest_to_the_due_date_may_be_agreed_instead() {
    let mut request = four_installments();
    request["settlement"] = json!("interest_to_due_date");
    assert_eq!(quoted(&disbursed(request), "2026-02-25"), "1242.00 = 324.00 + 900.00 + 18.00");
}

#[test]
fn the_quote_settles_the_loan() {
    let LoanEvent::SettledEarly(event) = loan().when(&settle(1, "2026-02-25", "1230.35")).accepted() else {
        panic!("settled");
    };
    assert_eq!(event.outcome.standing.status, Status::Settled);
    assert_eq!(in_words(event.allocation, brl("0.00")), "interest 30.35, principal 1200.00");
    let interest = |state: Option<InstallmentState>| state.expect("it was and is").due.interest;
    let changed = event.outcome.changed.iter();
    let interests: Vec<_> = changed
        .map(|row| format!("{} {} {}", row.installment, interest(row.before), interest(row.after)))
        .collect();
    assert_eq!(interests, ["1 24.00 24.00", "2 18.00 6.35", "3 12.00 0.00", "4 6.00 0.00"]);
    let settled = loan().and(&settle(1, "2026-02-25", "1230.35"));
    assert_eq!(settled.stands(), "settled nothing");
    assert_eq!(settled.accounts(), ["assets:cash 30.35", "income:interest -30.35"]);
}

#[test]
fn nothing_but_the_quote_settles() {
    let refused = "`amount` 1230.34 is not the settlement amount of 2026-02-25, 1230.35";
    loan().when(&settle(1, "2026-02-25", "1230.34")).refused_in_words(refused);
    let (amount, quote, on) = (brl("1230.36"), brl("1230.35"), day("2026-02-25"));
    let refused = LoanRefusal::NotTheSettlementAmount { amount, quote, on };
    loan().when(&settle(1, "2026-02-25", "1230.36")).refused(&refused);
}

#[test]
fn a_charge_entered_by_hand_is_owed_at_once() {
    let charged = loan().and(&charge(1, AddedCharge::Penalty, "2026-03-10", "10.00"));
    assert_eq!(quoted(&charged, "2026-02-15"), "1234.00 = 334.00 + 900.00 + 0.00");
    assert_eq!(charged.and(&settle(1, "2026-02-15", "1234.00")).stands(), "settled nothing");
}

#[test]
fn a_reversed_settlement_brings_the_interest_back() {
    let reversed = loan().and(&settle(1, "2026-02-25", "1230.35")).and(&reverse(1, "2026-03-01"));
    assert_eq!(reversed.stands(), "active interest 60.00, principal 1200.00");
    assert_eq!(reversed.accounts(), ["assets:cash -1200.00", "assets:loans:principal 1200.00"]);
}

#[test]
fn a_settlement_that_lost_its_footing_is_a_repayment() {
    let settled = loan().and(&pay(1, "2026-02-15", "324.00")).and(&settle(2, "2026-02-25", "906.35"));
    assert_eq!(settled.stands(), "settled nothing");
    // Without the first payment the amount no longer settles: it repays, and the interest is owed as agreed.
    let after = settled.and(&reverse(1, "2026-02-26"));
    assert_eq!(after.stands(), "active interest 6.00, principal 347.65");
}

#[test]
fn a_settlement_may_be_dated_before_the_last_payment() {
    let paid = loan().and(&pay(1, "2026-03-15", "324.00"));
    let settled = paid.and(&settle(2, "2026-02-25", "1230.35"));
    assert_eq!(settled.stands(), "overpaid overpaid 324.00");
}

#[test]
fn only_a_loan_that_owes_is_settled() {
    let settled = loan().and(&settle(1, "2026-02-25", "1230.35"));
    settled.when(&settle(2, "2026-02-25", "1.00")).refused(&not_active(Status::Settled, "settlement"));
    given::<Loan>([]).when(&settle(2, "2026-02-25", "1.00")).refused(&LoanRefusal::Unknown);
}
