//! Loans that leave the books, and what comes in afterwards.

use domain::component::Component;
use domain::loan::command::AddedCharge::Penalty;
use domain::loan::command::{CreditKind, Restructure};
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments()).and(&pay(1, "2026-02-15", "324.00"))
}

fn written_off() -> Given<Loan> {
    loan().and(&write_off("2026-06-10"))
}

fn amount_written_off(event: &LoanEvent) -> String {
    let write_off = event.effect().and_then(|effect| effect.write_off).expect("a write-off");
    in_words(write_off.open, brl("0.00"))
}

#[test]
fn all_that_is_open_is_written_off_and_principal_leaves_the_books() {
    let event = loan().when(&write_off("2026-06-10")).accepted();
    assert_eq!(amount_written_off(&event), "interest 36.00, principal 900.00");
    assert_eq!(
        written_off().accounts(),
        ["assets:cash -876.00", "expenses:credit_losses 900.00", "income:interest -24.00"]
    );
    assert_eq!(written_off().stands(), "written_off interest 36.00, principal 900.00");
}

#[test]
fn what_comes_in_afterwards_is_a_recovery_and_the_write_off_stays() {
    let recovered = written_off().and(&recover(2, "2026-07-01", "500.00"));
    assert_eq!(recovered.stands(), "written_off interest 6.00, principal 430.00");
    assert_eq!(
        recovered.accounts(),
        [
            "assets:cash -376.00",
            "expenses:credit_losses 900.00",
            "income:interest -24.00",
            "income:recoveries -500.00"
        ]
    );
    let reversed = recovered.and(&reverse_recovery(2, "2026-07-02"));
    assert_eq!(reversed.accounts(), written_off().accounts());
}

#[test]
fn a_fact_dated_before_it_changes_the_write_off() {
    let event = written_off().when(&pay(2, "2026-03-15", "318.00")).accepted();
    let outcome = event.outcome().expect("it moves money");
    let [moved] = &outcome.rederived[..] else { panic!("the write-off moves") };
    let open = moved.after.as_ref().and_then(|effect| effect.write_off).expect("it stands").open;
    assert_eq!(in_words(open, brl("0.00")), "interest 18.00, principal 600.00");
    let paid = written_off().and(&pay(2, "2026-03-15", "318.00"));
    assert_eq!(
        paid.accounts(),
        ["assets:cash -558.00", "expenses:credit_losses 600.00", "income:interest -42.00"]
    );
}

#[test]
fn a_reversed_write_off_is_as_if_it_had_not_been() {
    let undone = written_off().and(&recover(2, "2026-07-01", "354.00")).and(&reverse_write_off("2026-07-02"));
    assert_eq!(undone.stands(), "active interest 6.00, principal 576.00");
    assert_eq!(
        undone.accounts(),
        ["assets:cash -522.00", "assets:loans:principal 576.00", "income:interest -54.00"]
    );
}

#[test]
fn on_or_after_the_write_off_everything_else_is_refused() {
    let commands = [
        (pay(2, "2026-06-10", "1.00"), "repayment"),
        (settle(2, "2026-06-10", "1.00"), "settlement"),
        (charge(2, Penalty, "2026-06-10", "1.00"), "charge"),
        (credit(2, "2026-06-10", "1.00", CreditKind::Goodwill), "credit"),
        (charge_back(1, "2026-06-10", None), "chargeback"),
        (waive(1, "2026-06-10", None), "waiver"),
        (restructure("2026-06-10", Restructure::ReAmortize), "restructuring"),
    ];
    let (since, on) = (day("2026-06-10"), day("2026-06-10"));
    for (command, verb) in commands {
        written_off().when(&command).refused(&LoanRefusal::WrittenOff { since, on, verb });
    }
    written_off().when(&pay(2, "2026-06-11", "1.00")).refused_in_words(
        "the loan is written off since 2026-06-10, so it takes no repayment of 2026-06-11: use recoveries",
    );
    written_off().when(&write_off("2026-06-11")).refused(&not_active(Status::WrittenOff, "write-off"));
}

#[test]
fn only_a_loan_that_owes_is_written_off() {
    let settled = loan().and(&pay(2, "2026-02-15", "936.00"));
    settled.when(&write_off("2026-06-10")).refused(&not_active(Status::Settled, "write-off"));
    loan().when(&write_off("2027-01-01")).refused(&in_the_future("2027-01-01"));
    given::<Loan>([]).when(&write_off("2026-06-10")).refused(&LoanRefusal::Unknown);
}

#[test]
fn a_recovery_needs_a_write_off() {
    let on = day("2026-06-09");
    let refused = LoanRefusal::NotWrittenOff { on, verb: "recovery" };
    loan().when(&recover(2, "2026-06-09", "1.00")).refused(&refused);
    written_off().when(&recover(2, "2026-06-09", "1.00")).refused(&refused);
}

#[test]
fn a_write_off_is_undone_once_and_not_before_it_was_made() {
    loan().when(&reverse_write_off("2026-06-10")).refused(&LoanRefusal::NoWriteOff);
    written_off()
        .when(&reverse_write_off("2026-06-09"))
        .refused_in_words("`on` 2026-06-09 is before 2026-06-10, the date of the write-off");
    let on = day("2026-06-10");
    let undone = written_off().and(&reverse_write_off("2026-06-11"));
    undone.when(&reverse_write_off("2026-06-11")).refused(&LoanRefusal::WriteOffAlreadyReversed { on });
}

#[test]
fn a_write_off_may_be_dated_before_a_payment_which_then_is_a_recovery() {
    let late = loan().and(&pay(2, "2026-03-15", "318.00")).and(&write_off("2026-03-10"));
    let LoanEvent::WrittenOff(event) = late.events.last().expect("an event") else { panic!("written off") };
    let [moved] = &event.outcome.rederived[..] else { panic!("the payment moves") };
    assert!(!moved.written_off_before && moved.written_off_after);
    assert_eq!(
        late.accounts(),
        [
            "assets:cash -558.00",
            "expenses:credit_losses 900.00",
            "income:interest -24.00",
            "income:recoveries -318.00"
        ]
    );
    let covered = event.outcome.standing.balances.of(Component::Principal);
    assert_eq!(covered, brl("600.00"));
}
