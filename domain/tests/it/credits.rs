//! Money that the lender gives up, and overpayments that go back.

use domain::loan::command::CreditKind::{Goodwill, InterestWaiver};
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments())
}

#[test]
fn a_goodwill_credit_serves_like_a_payment_and_is_an_expense() {
    let credited = loan().and(&credit(1, "2026-02-15", "100.00", Goodwill));
    assert_eq!(credited.paid()[0], "interest 24.00, principal 76.00");
    assert_eq!(
        credited.accounts(),
        [
            "assets:cash -1200.00",
            "assets:loans:principal 1124.00",
            "expenses:goodwill 100.00",
            "income:interest -24.00"
        ]
    );
}

#[test]
fn an_interest_waiver_is_taken_from_interest_income() {
    let credited = loan().and(&credit(1, "2026-02-15", "24.00", InterestWaiver));
    assert_eq!(credited.paid()[0], "interest 24.00");
    assert_eq!(credited.accounts(), ["assets:cash -1200.00", "assets:loans:principal 1200.00"]);
}

#[test]
fn a_reversed_credit_was_never_given() {
    let reversed =
        loan().and(&credit(1, "2026-02-15", "100.00", Goodwill)).and(&reverse_credit(1, "2026-02-20"));
    assert_eq!(reversed.stands(), "active interest 60.00, principal 1200.00");
    assert_eq!(reversed.accounts(), loan().accounts());
    let kind = "credit";
    reversed
        .when(&reverse_credit(1, "2026-02-20"))
        .refused(&LoanRefusal::AlreadyReversed { kind, id: payment(1) });
}

#[test]
fn a_credit_is_no_repayment() {
    let credited = loan().and(&credit(1, "2026-02-15", "100.00", Goodwill));
    let (kind, id) = ("repayment", payment(1));
    credited.clone().when(&reverse(1, "2026-02-20")).refused(&LoanRefusal::PaymentUnknown { kind, id });
    credited
        .clone()
        .when(&charge_back(1, "2026-02-20", None))
        .refused(&LoanRefusal::PaymentUnknown { kind, id });
    let kind = "credit";
    credited
        .when(&credit(1, "2026-02-20", "1.00", Goodwill))
        .refused(&LoanRefusal::DuplicatePayment { kind, id });
}

#[test]
fn a_settled_loan_takes_no_credit() {
    let settled = loan().and(&pay(1, "2026-02-15", "1260.00"));
    settled.when(&credit(2, "2026-02-15", "1.00", Goodwill)).refused(&not_active(Status::Settled, "credit"));
}

#[test]
fn an_overpayment_is_refunded_up_to_what_it_is() {
    let overpaid = loan().and(&pay(1, "2026-02-15", "1300.00"));
    let refunded = overpaid.clone().and(&refund(2, "2026-02-20", "15.00"));
    assert_eq!(refunded.stands(), "overpaid overpaid 25.00");
    assert_eq!(
        refunded.accounts(),
        ["assets:cash 85.00", "income:interest -60.00", "liabilities:overpayments -25.00"]
    );
    assert_eq!(refunded.clone().and(&refund(3, "2026-02-20", "25.00")).stands(), "settled nothing");
    refunded
        .when(&refund(3, "2026-02-20", "25.01"))
        .refused_in_words("`amount` 25.01 is more than the 25.00 overpaid by 2026-02-20");
    let (amount, overpaid_by, on) = (brl("1.00"), brl("0.00"), day("2026-02-14"));
    let refused = LoanRefusal::RefundExceedsOverpayment { amount, overpaid: overpaid_by, on };
    overpaid.when(&refund(2, "2026-02-14", "1.00")).refused(&refused);
}

#[test]
fn what_a_later_fact_takes_back_of_a_refund_is_owed_again() {
    let refunded = loan().and(&pay(1, "2026-02-15", "1300.00")).and(&refund(2, "2026-02-20", "40.00"));
    assert_eq!(refunded.stands(), "settled nothing");
    let reversed = refunded.and(&reverse(1, "2026-02-25"));
    assert_eq!(reversed.stands(), "active interest 60.00, principal 1240.00");
    assert_eq!(reversed.accounts(), ["assets:cash -1240.00", "assets:loans:principal 1240.00"]);
    let LoanEvent::RepaymentReversed(event) = reversed.events.last().expect("an event") else {
        panic!("reversed");
    };
    assert_eq!(event.outcome.principal_added, brl("40.00"));
}
