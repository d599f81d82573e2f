//! What counts in a closed period is booked in the open one.

use domain::Currency;
use domain::decider::DecisionDay;
use domain::entry::{Entry, EntryCommand, EntryEvent, Post, PostLine};
use domain::journal::{Account, Side, entry_posting, loan_postings};
use domain::loan::Loan;
use domain::loan::LoanEvent;

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments()).and(&pay(1, "2026-03-15", "324.00"))
}

fn booked(event: &LoanEvent) -> Vec<String> {
    loan_postings(event).iter().map(|posting| posting.booked_on.to_string()).collect()
}

#[test]
fn a_fact_of_a_closed_period_counts_on_its_date_and_is_booked_on_the_first_open_day() {
    let event = loan().when_closed_through("2026-02-28", &pay(2, "2026-02-15", "100.00")).accepted();
    assert_eq!(event.days(), Some((day("2026-02-15"), day("2026-03-01"))));
    // The payment of 15 March is corrected on its own day, which is open.
    assert_eq!(booked(&event), ["2026-03-01", "2026-03-15"]);
}

#[test]
fn what_it_moves_in_a_closed_period_is_booked_with_it() {
    let event = loan().when_closed_through("2026-03-31", &pay(2, "2026-02-15", "100.00")).accepted();
    assert_eq!(booked(&event), ["2026-04-01"]);
    let open = loan().when(&pay(2, "2026-02-15", "100.00")).accepted();
    assert_eq!(booked(&open), ["2026-02-15", "2026-03-15"]);
    let closed = loan().and_closed_through("2026-03-31", &pay(2, "2026-02-15", "100.00"));
    assert_eq!(closed.accounts(), loan().and(&pay(2, "2026-02-15", "100.00")).accounts());
}

#[test]
fn a_fact_of_an_open_day_says_no_booking_date() {
    let event = loan().when_closed_through("2026-03-31", &pay(2, "2026-04-01", "1.00")).accepted();
    let LoanEvent::RepaymentRecorded(event) = event else { panic!("recorded") };
    assert_eq!(event.booked_on, None);
}

#[test]
fn an_entry_is_booked_in_the_open_period_too() {
    let line = |account: &str, side| {
        let account = Account::parse(account).unwrap();
        PostLine { account, side, amount: decimal("1.00") }
    };
    let post = EntryCommand::Post(Post {
        on: day("2026-02-10"),
        description: "rent".to_owned(),
        currency: Currency::Brl,
        lines: vec![line("expenses:rent", Side::Debit), line("assets:cash", Side::Credit)],
        external_id: None,
    });
    let event = given::<Entry>([]).when_closed_through("2026-02-28", &post).accepted();
    assert_eq!(entry_posting(&event).booked_on, day("2026-03-01"));
    let EntryEvent::Posted(posted) = &event else { panic!("posted") };
    assert_eq!(posted.on, day("2026-02-10"));
    let open = given::<Entry>([]).when(&post).accepted();
    assert_eq!(entry_posting(&open).booked_on, day("2026-02-10"));
}

#[test]
fn the_first_open_day_is_the_day_after_the_last_closed_one() {
    let closed = DecisionDay { today: day(TODAY), closed_through: Some(day("2026-02-28")) };
    assert_eq!(closed.booked_on(day("2026-02-28")), Some(day("2026-03-01")));
    assert_eq!(closed.booked_on(day("2026-03-01")), None);
    assert_eq!(DecisionDay::open(day(TODAY)).booked_on(day("2026-02-28")), None);
}
