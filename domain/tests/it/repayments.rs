//! Repayments and how they are spread.

use domain::loan::event::FactKind;
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use domain::{AmountError, Currency};
use rust_decimal::Decimal;
use serde_json::json;

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments())
}

#[test]
fn the_last_cent_settles_the_loan() {
    let paid = loan()
        .and(&pay(1, "2026-02-15", "324.00"))
        .and(&pay(2, "2026-03-15", "318.00"))
        .and(&pay(3, "2026-04-15", "312.00"))
        .and(&pay(4, "2026-05-15", "305.99"));
    assert_eq!(paid.stands(), "active principal 0.01");
    assert_eq!(paid.and(&pay(5, "2026-05-15", "0.01")).stands(), "settled nothing");
}

#[test]
fn interest_is_served_before_principal() {
    let LoanEvent::RepaymentRecorded(event) = loan().when(&pay(1, "2026-02-15", "100.00")).accepted() else {
        panic!("recorded");
    };
    assert_eq!(in_words(event.allocation, event.effect.overpaid), "interest 24.00, principal 76.00");
    assert_eq!(event.effect.shares.len(), 1);
    assert_eq!(
        in_words(event.outcome.standing.balances, event.outcome.standing.overpaid),
        "interest 36.00, principal 1124.00"
    );
}

#[test]
fn an_order_of_ones_own_is_followed() {
    let mut request = four_installments();
    request["allocation"] = json!(["principal", "interest"]);
    let paid = disbursed(request).and(&pay(1, "2026-02-15", "310.00"));
    assert_eq!(paid.paid()[0], "interest 10.00, principal 300.00");
}

#[test]
fn what_is_past_due_is_served_oldest_first() {
    let paid = loan().and(&pay(1, "2026-03-20", "400.00"));
    assert_eq!(paid.paid()[..2], ["interest 24.00, principal 300.00", "interest 18.00, principal 58.00"]);
}

#[test]
fn over_the_whole_loan_interest_is_served_before_any_principal() {
    let mut request = four_installments();
    request["allocation_scope"] = json!("loan");
    let paid = disbursed(request).and(&pay(1, "2026-03-20", "100.00"));
    assert_eq!(paid.paid()[..2], ["interest 24.00, principal 58.00", "interest 18.00"]);
}

#[test]
fn what_is_left_pays_the_next_installments_in_advance() {
    let paid = loan().and(&pay(1, "2026-02-15", "650.00"));
    assert_eq!(paid.paid()[1..3], ["interest 18.00, principal 300.00", "interest 8.00"]);
}

#[test]
fn in_advance_another_order_may_hold() {
    let mut request = four_installments();
    request["allocation_in_advance"] = json!(["principal", "interest"]);
    let paid = disbursed(request).and(&pay(1, "2026-02-15", "400.00"));
    assert_eq!(paid.paid()[..2], ["interest 24.00, principal 300.00", "principal 76.00"]);
}

#[test]
fn what_exceeds_everything_is_overpaid() {
    let paid = loan().and(&pay(1, "2026-02-15", "1300.00"));
    assert_eq!(paid.stands(), "overpaid overpaid 40.00");
    assert_eq!(
        paid.accounts(),
        ["assets:cash 100.00", "income:interest -60.00", "liabilities:overpayments -40.00"]
    );
}

#[test]
fn a_repayment_is_booked_by_component() {
    let accounts = loan().and(&pay(1, "2026-02-15", "100.00")).accounts();
    assert_eq!(
        accounts,
        ["assets:cash -1100.00", "assets:loans:principal 1124.00", "income:interest -24.00"]
    );
}

#[test]
fn a_payment_dated_before_another_moves_it() {
    let paid = loan().and(&pay(1, "2026-03-15", "324.00"));
    assert_eq!(paid.paid()[..2], ["interest 24.00, principal 300.00", "nothing"]);
    let LoanEvent::RepaymentRecorded(event) = paid.clone().when(&pay(2, "2026-02-15", "324.00")).accepted()
    else {
        panic!("recorded");
    };
    assert_eq!(in_words(event.allocation, event.effect.overpaid), "interest 24.00, principal 300.00");
    let [moved] = &event.outcome.rederived[..] else { panic!("one payment moves") };
    assert_eq!((moved.kind, moved.id, moved.fact), (FactKind::Repayment, Some(payment(1).uuid()), 2));
    let (Some(before), Some(after)) = (&moved.before, &moved.after) else { panic!("both count") };
    assert_eq!(in_words(before.components(), before.overpaid), "interest 24.00, principal 300.00");
    // Of the March payment 18.00 are interest now, and 6.00 go on to the interest of April.
    assert_eq!(in_words(after.components(), after.overpaid), "interest 24.00, principal 300.00");
    let after = paid.and(&pay(2, "2026-02-15", "324.00"));
    assert_eq!(
        after.paid()[..3],
        ["interest 24.00, principal 300.00", "interest 18.00, principal 300.00", "interest 6.00"]
    );
}

#[test]
fn a_found_payment_reaches_behind_the_settlement() {
    let settled = loan().and(&pay(1, "2026-02-15", "1260.00"));
    assert_eq!(settled.stands(), "settled nothing");
    let found = settled.and(&pay(2, "2026-02-01", "50.00"));
    assert_eq!(found.stands(), "overpaid overpaid 50.00");
}

#[test]
fn a_settled_loan_takes_no_new_payment() {
    let settled = loan().and(&pay(1, "2026-02-15", "1260.00"));
    settled.clone().when(&pay(2, "2026-02-15", "1.00")).refused(&not_active(Status::Settled, "repayment"));
    let overpaid = loan().and(&pay(1, "2026-02-15", "1261.00"));
    overpaid.when(&pay(2, "2026-02-16", "1.00")).refused(&not_active(Status::Overpaid, "repayment"));
}

#[test]
fn a_loan_that_was_not_disbursed_takes_no_payment() {
    given::<Loan>([]).when(&pay(1, "2026-02-15", "1.00")).refused(&LoanRefusal::Unknown);
    let applied = given::<Loan>([]).and(&apply_for(four_installments()));
    applied.when(&pay(1, "2026-02-15", "1.00")).refused(&not_active(Status::Applied, "repayment"));
}

#[test]
fn nobody_repays_before_the_disbursement() {
    loan()
        .when(&pay(1, "2026-01-14", "1.00"))
        .refused_in_words("`on` 2026-01-14 is before 2026-01-15, the date of the disbursement");
}

#[test]
fn an_amount_is_above_zero_and_in_cents() {
    let not_positive = LoanRefusal::Amount(AmountError::NotPositive { value: Decimal::ZERO });
    loan().when(&pay(1, "2026-02-15", "0")).refused(&not_positive);
    let value = decimal("1.001");
    let too_fine = AmountError::TooManyDecimals { value, currency: Currency::Brl, decimals: 2 };
    loan().when(&pay(1, "2026-02-15", "1.001")).refused(&LoanRefusal::Amount(too_fine));
}

#[test]
fn days_past_due_count_from_the_due_date_once_it_is_late() {
    let Loan::Disbursed(servicing) = loan().state else { panic!("disbursed") };
    let past_due = |on: &str| servicing.standing.days_past_due(day(on));
    // Due on Sunday the 15th; Carnival follows, so that Ash Wednesday the 18th is still on time.
    assert_eq!([past_due("2026-02-15"), past_due("2026-02-18"), past_due("2026-02-19")], [0, 0, 4]);
}
