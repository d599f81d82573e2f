//! A reversed payment was never made; everything after it is derived again.

use domain::decider::{Decider, DecisionDay};
use domain::loan::{Loan, LoanEvent, LoanRefusal};

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments())
}

#[test]
fn a_reversal_restores_what_was_owed() {
    let reversed = loan().and(&pay(1, "2026-02-15", "324.00")).and(&reverse(1, "2026-02-20"));
    assert_eq!(reversed.stands(), "active interest 60.00, principal 1200.00");
    assert_eq!(reversed.accounts(), ["assets:cash -1200.00", "assets:loans:principal 1200.00"]);
}

#[test]
fn later_payments_take_the_place_of_the_reversed_one() {
    let paid = loan().and(&pay(1, "2026-02-15", "324.00")).and(&pay(2, "2026-03-15", "318.00"));
    let LoanEvent::RepaymentReversed(event) = paid.clone().when(&reverse(1, "2026-03-20")).accepted() else {
        panic!("reversed");
    };
    let moved: Vec<_> = event.outcome.rederived.iter().map(|moved| moved.id).collect();
    assert_eq!(moved, [Some(payment(2).uuid())]);
    let after = paid.and(&reverse(1, "2026-03-20"));
    assert_eq!(after.paid()[..2], ["interest 24.00, principal 294.00", "nothing"]);
    assert_eq!(after.stands(), "active interest 36.00, principal 906.00");
}

#[test]
fn a_reversal_opens_a_settled_loan_again() {
    let settled = loan().and(&pay(1, "2026-02-15", "324.00")).and(&pay(2, "2026-02-15", "936.00"));
    assert_eq!(settled.stands(), "settled nothing");
    let open = settled.and(&reverse(1, "2026-02-20"));
    assert_eq!(open.stands(), "active interest 6.00, principal 318.00");
    assert_eq!(open.and(&pay(3, "2026-02-20", "324.00")).stands(), "settled nothing");
}

#[test]
fn a_payment_is_reversed_once() {
    let reversed = loan().and(&pay(1, "2026-02-15", "324.00")).and(&reverse(1, "2026-02-20"));
    reversed
        .when(&reverse(1, "2026-02-20"))
        .refused(&LoanRefusal::AlreadyReversed { kind: "repayment", id: payment(1) });
}

#[test]
fn only_a_payment_of_the_loan_is_reversed() {
    loan()
        .when(&reverse(9, "2026-02-20"))
        .refused(&LoanRefusal::PaymentUnknown { kind: "repayment", id: payment(9) });
    given::<Loan>([]).when(&reverse(9, "2026-02-20")).refused(&LoanRefusal::Unknown);
}

#[test]
fn a_payment_is_not_reversed_before_it_was_made() {
    loan()
        .and(&pay(1, "2026-02-15", "324.00"))
        .when(&reverse(1, "2026-02-14"))
        .refused_in_words("`on` 2026-02-14 is before 2026-02-15, the date of the repayment");
}

#[test]
fn a_payment_id_is_used_once() {
    let paid = loan().and(&pay(1, "2026-02-15", "324.00"));
    let refused =
        paid.state.decide(Some(paid.history()), &pay(1, "2026-02-16", "1.00"), DecisionDay::open(day(TODAY)));
    assert_eq!(
        refused.unwrap_err(),
        LoanRefusal::DuplicatePayment { kind: "repayment", id: payment(1) }.into()
    );
}
