//! Waiving what is unpaid of a charge.

use domain::id::ChargeId;
use domain::loan::command::AddedCharge::{Penalty, ServiceFee};
use domain::loan::{Loan, LoanEvent, LoanRefusal};
use uuid::Uuid;

use crate::support::*;

fn charged() -> Given<Loan> {
    disbursed(four_installments()).and(&charge(1, Penalty, "2026-02-10", "10.00"))
}

fn id(number: u128) -> ChargeId {
    ChargeId::new(Uuid::from_u128(number))
}

#[test]
fn a_waived_charge_is_owed_no_more() {
    let LoanEvent::ChargeWaived(event) = charged().when(&waive(1, "2026-02-12", None)).accepted() else {
        panic!("waived");
    };
    assert_eq!(event.waived, brl("10.00"));
    let waived = charged().and(&waive(1, "2026-02-12", None));
    assert_eq!(waived.stands(), "active interest 60.00, principal 1200.00");
    assert_eq!(waived.due()[0], "2026-02-15 interest 24.00, principal 300.00");
    assert_eq!(waived.accounts(), disbursed(four_installments()).accounts(), "nothing was received");
}

#[test]
fn a_part_may_be_waived_and_payments_stay_where_they_went() {
    let paid = charged().and(&pay(1, "2026-02-11", "4.00"));
    let waived = paid.clone().and(&waive(1, "2026-02-12", Some("5.00")));
    assert_eq!(waived.stands(), "active penalty 1.00, interest 60.00, principal 1200.00");
    assert_eq!(waived.paid()[0], "penalty 4.00");
    paid.when(&waive(1, "2026-02-12", Some("6.01")))
        .refused_in_words("`amount` 6.01 is more than the 6.00 that is unpaid of the charge on 2026-02-12");
}

#[test]
fn a_waiver_dated_before_a_payment_frees_its_money() {
    let paid = charged().and(&pay(1, "2026-02-15", "334.00"));
    let waived = paid.and(&waive(1, "2026-02-12", None));
    assert_eq!(waived.paid()[..2], ["interest 24.00, principal 300.00", "interest 10.00"]);
}

#[test]
fn only_what_is_unpaid_of_a_known_charge_is_waived() {
    charged().when(&waive(9, "2026-02-12", None)).refused(&LoanRefusal::ChargeUnknown(id(9)));
    let (charge, on) = (id(1), day("2026-02-12"));
    let paid = charged().and(&pay(1, "2026-02-11", "10.00"));
    paid.when(&waive(1, "2026-02-12", None)).refused(&LoanRefusal::NothingToWaive { charge, on });
    charged().when(&waive(1, "2027-01-01", None)).refused(&in_the_future("2027-01-01"));
    charged()
        .when(&waive(1, "2026-01-14", None))
        .refused_in_words("`on` 2026-01-14 is before 2026-01-15, the date of the disbursement");
}

#[test]
fn a_charge_id_is_used_once() {
    let again = charge(1, ServiceFee, "2026-02-11", "1.00");
    charged().when(&again).refused(&LoanRefusal::DuplicateCharge(id(1)));
}
