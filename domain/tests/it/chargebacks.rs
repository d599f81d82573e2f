//! The payer's bank takes money back.

use domain::loan::{Loan, LoanRefusal};

use crate::support::*;

fn paid() -> Given<Loan> {
    disbursed(four_installments()).and(&pay(1, "2026-02-15", "324.00"))
}

#[test]
fn what_is_charged_back_is_owed_again_as_principal_of_its_period() {
    let back = paid().and(&charge_back(1, "2026-02-20", Some("100.00")));
    assert_eq!(back.due()[1], "2026-03-15 interest 18.00, principal 400.00");
    assert_eq!(back.stands(), "active interest 36.00, principal 1000.00");
    assert_eq!(
        back.accounts(),
        ["assets:cash -976.00", "assets:loans:principal 1000.00", "income:interest -24.00"]
    );
}

#[test]
fn all_that_is_left_of_a_repayment_is_charged_back_by_default() {
    let back =
        paid().and(&charge_back(1, "2026-02-20", Some("100.00"))).and(&charge_back(1, "2026-02-21", None));
    assert_eq!(back.stands(), "active interest 36.00, principal 1224.00");
    back.when(&charge_back(1, "2026-02-22", Some("0.01")))
        .refused_in_words("`amount` 0.01 is more than the 0.00 of the repayment that was not charged back");
    let (amount, left) = (brl("324.01"), brl("324.00"));
    let refused = LoanRefusal::ChargebackExceedsRepayment { amount, left };
    paid().when(&charge_back(1, "2026-02-20", Some("324.01"))).refused(&refused);
}

#[test]
fn after_the_last_installment_a_chargeback_is_a_row_of_its_own() {
    let settled = paid().and(&pay(2, "2026-05-15", "936.00"));
    assert_eq!(settled.stands(), "settled nothing");
    let back = settled.and(&charge_back(2, "2026-06-01", Some("50.00")));
    assert_eq!(back.due()[4], "2026-06-01 principal 50.00");
    assert_eq!(back.stands(), "active principal 50.00");
}

#[test]
fn a_chargeback_needs_a_repayment_that_counts() {
    let (kind, id) = ("repayment", payment(9));
    paid().when(&charge_back(9, "2026-02-20", None)).refused(&LoanRefusal::PaymentUnknown { kind, id });
    let id = payment(1);
    let reversed = paid().and(&reverse(1, "2026-02-18"));
    reversed.when(&charge_back(1, "2026-02-20", None)).refused(&LoanRefusal::AlreadyReversed { kind, id });
    paid()
        .when(&charge_back(1, "2026-02-14", None))
        .refused_in_words("`on` 2026-02-14 is before 2026-02-15, the date of the repayment");
    paid().when(&charge_back(1, "2027-01-01", None)).refused(&in_the_future("2027-01-01"));
}

#[test]
fn what_was_charged_back_is_not_reversed_too() {
    let back = paid().and(&charge_back(1, "2026-02-20", Some("1.00")));
    back.when(&reverse(1, "2026-02-21")).refused(&LoanRefusal::ChargedBack(payment(1)));
}
