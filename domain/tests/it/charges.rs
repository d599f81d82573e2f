//! Penalties and fees entered by hand.

use domain::loan::command::AddedCharge::{CollectionCost, Penalty, ServiceFee};
use domain::loan::{Loan, LoanEvent, LoanRefusal};

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments())
}

#[test]
fn a_charge_joins_the_installment_in_whose_period_it_falls_due() {
    let charged = loan().and(&charge(1, Penalty, "2026-02-20", "10.00"));
    assert_eq!(charged.stands(), "active penalty 10.00, interest 60.00, principal 1200.00");
    let LoanEvent::ChargeAdded(event) = &charged.events[3] else { panic!("a charge") };
    assert_eq!(event.installment, 2);
}

#[test]
fn penalties_are_served_before_fees_and_fees_before_interest() {
    let charged = loan().and(&charge(1, Penalty, "2026-02-10", "10.00")).and(&charge(
        2,
        ServiceFee,
        "2026-02-11",
        "5.00",
    ));
    assert_eq!(charged.clone().and(&pay(1, "2026-02-15", "12.00")).paid()[0], "penalty 10.00, fee 2.00");
    let paid = charged.and(&pay(1, "2026-02-15", "40.00"));
    assert_eq!(paid.paid()[0], "penalty 10.00, fee 5.00, interest 24.00, principal 1.00");
    assert_eq!(
        paid.accounts(),
        [
            "assets:cash -1160.00",
            "assets:loans:principal 1199.00",
            "income:fees -5.00",
            "income:interest -24.00",
            "income:penalties -10.00"
        ]
    );
}

#[test]
fn a_charge_already_due_is_served_before_its_row_is() {
    // On 1 March the first installment is due, and a penalty of the second; then comes what is paid in advance.
    let charged = loan().and(&charge(1, Penalty, "2026-02-20", "10.00"));
    let paid = charged.and(&pay(1, "2026-03-01", "340.00"));
    assert_eq!(paid.paid()[..2], ["interest 24.00, principal 300.00", "penalty 10.00, interest 6.00"]);
}

#[test]
fn a_late_entered_charge_is_served_by_payments_already_received() {
    let paid = loan().and(&pay(1, "2026-02-15", "324.00"));
    let charged = paid.and(&charge(1, Penalty, "2026-02-10", "10.00"));
    assert_eq!(charged.paid()[0], "penalty 10.00, interest 24.00, principal 290.00");
    assert_eq!(charged.stands(), "active interest 36.00, principal 910.00");
    assert_eq!(
        charged.accounts(),
        [
            "assets:cash -876.00",
            "assets:loans:principal 910.00",
            "income:interest -24.00",
            "income:penalties -10.00"
        ]
    );
}

#[test]
fn a_charge_of_the_same_day_recorded_later_is_not_seen() {
    let paid = loan().and(&pay(1, "2026-02-15", "324.00"));
    let charged = paid.and(&charge(1, Penalty, "2026-02-15", "10.00"));
    assert_eq!(charged.paid()[0], "interest 24.00, principal 300.00");
    assert_eq!(charged.stands(), "active penalty 10.00, interest 36.00, principal 900.00");
}

#[test]
fn what_was_overpaid_serves_a_charge() {
    let overpaid = loan().and(&pay(1, "2026-02-15", "1300.00"));
    let charged = overpaid.and(&charge(1, Penalty, "2026-03-01", "15.00"));
    assert_eq!(charged.stands(), "overpaid overpaid 25.00");
}

#[test]
fn a_charge_after_the_last_installment_is_a_row_of_its_own() {
    let charged = loan().and(&charge(1, CollectionCost, "2026-06-01", "80.00"));
    assert_eq!(charged.paid().len(), 5);
    assert_eq!(charged.stands(), "active fee 80.00, interest 60.00, principal 1200.00");
}

#[test]
fn a_charge_needs_a_disbursed_loan_and_a_day_after_that() {
    given::<Loan>([]).when(&charge(1, Penalty, "2026-02-10", "1.00")).refused(&LoanRefusal::Unknown);
    loan()
        .when(&charge(1, Penalty, "2026-01-14", "1.00"))
        .refused_in_words("`due_on` 2026-01-14 is before 2026-01-15, the date of the disbursement");
}
