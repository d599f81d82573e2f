//! From the application to the disbursement.

use domain::loan::event::{Approved, Closed};
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use domain::{AmountError, Currency, Installment};
use expect_test::expect;

use crate::support::*;

fn applied() -> Given<Loan> {
    given([]).and(&apply_for(four_installments()))
}

fn approved() -> Given<Loan> {
    applied().and(&approve("2026-01-10"))
}

#[test]
fn an_application_records_the_terms_with_every_default() {
    let LoanEvent::Applied(event) = given::<Loan>([]).when(&apply_for(four_installments())).accepted() else {
        panic!("applied");
    };
    assert_eq!(event.terms.allocation.len(), 6);
    assert_eq!(event.terms.rounding.decimals, 2);
}

#[test]
fn an_id_takes_one_application() {
    applied().when(&apply_for(four_installments())).refused(&LoanRefusal::AlreadyExists);
}

#[test]
fn an_application_is_approved_for_what_it_asks() {
    let approved =
        Approved { on: day("2026-01-10"), principal: brl("1200.00"), currency: Currency::Brl, reason: None };
    applied().when(&approve("2026-01-10")).then([LoanEvent::Approved(approved)]);
}

#[test]
fn an_application_can_be_rejected() {
    let closed = Closed { on: day("2026-01-10"), reason: None };
    applied().when(&reject("2026-01-10")).then([LoanEvent::Rejected(closed)]);
}

#[test]
fn an_application_can_be_withdrawn_even_when_approved() {
    let closed = Closed { on: day("2026-01-11"), reason: None };
    applied().when(&withdraw("2026-01-11")).then([LoanEvent::Withdrawn(closed.clone())]);
    approved().when(&withdraw("2026-01-11")).then([LoanEvent::Withdrawn(closed)]);
}

#[test]
fn what_was_approved_is_not_withdrawn_before_that() {
    approved()
        .when(&withdraw("2026-01-09"))
        .refused_in_words("`on` 2026-01-09 is before 2026-01-10, the date of the approval");
}

#[test]
fn only_an_open_application_is_approved_rejected_or_withdrawn() {
    for command in [approve("2026-01-10"), reject("2026-01-10"), withdraw("2026-01-10")] {
        given::<Loan>([]).when(&command).refused(&LoanRefusal::Unknown);
        let rejected = applied().and(&reject("2026-01-10"));
        assert!(matches!(
            rejected.decide(&command).unwrap_err(),
            LoanRefusal::NotApplied { status: Status::Rejected, .. }
        ));
    }
    approved().when(&approve("2026-01-10")).refused_in_words(
        "the loan is approved; only an application that is neither approved nor closed can be approved",
    );
    approved()
        .when(&reject("2026-01-10"))
        .refused(&LoanRefusal::NotApplied { status: Status::Approved, verb: "rejected" });
}

#[test]
fn nothing_is_dated_after_the_booking_day() {
    let refused = LoanRefusal::FutureDate { on: day("2027-01-01"), today: day(TODAY) };
    applied().when(&approve("2027-01-01")).refused(&refused);
    applied().when(&reject("2027-01-01")).refused(&refused);
    applied().when(&withdraw("2027-01-01")).refused(&refused);
    approved().when(&disburse("2027-01-01")).refused(&refused);
    let loan = disbursed(four_installments());
    loan.clone().when(&pay(1, "2027-01-01", "1.00")).refused(&refused);
    loan.clone().when(&settle(1, "2027-01-01", "1.00")).refused(&refused);
    loan.and(&pay(1, "2026-02-15", "1.00")).when(&reverse(1, "2027-01-01")).refused(&refused);
}

#[test]
fn the_disbursement_fixes_the_plan() {
    let LoanEvent::Disbursed(event) = approved().when(&disburse("2026-01-15")).accepted() else {
        panic!("disbursed");
    };
    let row = |row: &Installment| {
        format!("{} {} {:>6} {:>5} {:>7}", row.number, row.due_on, row.principal, row.interest, row.balance)
    };
    let rows = event.installments.iter().map(row).collect::<Vec<_>>().join("\n");
    expect![[r"
        1 2026-02-15 300.00 24.00  900.00
        2 2026-03-15 300.00 18.00  600.00
        3 2026-04-15 300.00 12.00  300.00
        4 2026-05-15 300.00  6.00    0.00"]]
    .assert_eq(&rows);
    assert_eq!(
        in_words(event.outcome.standing.balances, event.outcome.standing.overpaid),
        "interest 60.00, principal 1200.00"
    );
    assert_eq!(event.outcome.standing.oldest_due_on, Some(day("2026-02-15")));
    // 15 February 2026 is a Sunday; the Monday and Tuesday after it are Carnival. Ash Wednesday is on time.
    assert_eq!(event.outcome.standing.late_from, Some(day("2026-02-19")));
}

#[test]
fn less_than_what_was_approved_can_be_disbursed_but_not_more() {
    let part = approved().and(&disburse_part("2026-01-15", Some("600.00")));
    assert_eq!(part.stands(), "active interest 30.00, principal 600.00");
    approved()
        .when(&disburse_part("2026-01-15", Some("1200.01")))
        .refused_in_words("`amount` 1200.01 is more than the 1200.00 BRL approved and not yet disbursed");
    let value = decimal("0.005");
    let too_fine = AmountError::TooManyDecimals { value, currency: Currency::Brl, decimals: 2 };
    approved().when(&disburse_part("2026-01-15", Some("0.005"))).refused(&LoanRefusal::Amount(too_fine));
}

#[test]
fn only_an_approved_loan_is_disbursed_and_once() {
    given::<Loan>([]).when(&disburse("2026-01-15")).refused(&LoanRefusal::Unknown);
    let refused = |status| LoanRefusal::NotApproved { status, verb: "disbursed" };
    applied().when(&disburse("2026-01-15")).refused(&refused(Status::Applied));
    disbursed(four_installments())
        .when(&disburse("2026-01-15"))
        .refused_in_words("all of the 1200.00 BRL that was approved is disbursed");
}

#[test]
fn the_money_does_not_go_out_before_the_approval() {
    approved()
        .when(&disburse("2026-01-09"))
        .refused_in_words("`on` 2026-01-09 is before 2026-01-10, the date of the approval");
}

#[test]
fn the_disbursement_is_booked_from_cash_to_principal() {
    let accounts = disbursed(four_installments()).accounts();
    assert_eq!(accounts, ["assets:cash -1200.00", "assets:loans:principal 1200.00"]);
}
