//! Plain entries: balanced, dated, reversed once.

use domain::entry::{Entry, EntryCommand, EntryEvent, EntryRefusal, MOST_LINES, Post, PostLine, Reverse};
use domain::journal::{Account, Side, entry_posting};
use domain::{AmountError, Currency};

use crate::support::*;

fn line(account: &str, side: Side, amount: &str) -> PostLine {
    PostLine { account: Account::parse(account).unwrap(), side, amount: decimal(amount) }
}

fn post(lines: Vec<PostLine>) -> EntryCommand {
    let description = "rent of March".to_owned();
    EntryCommand::Post(Post {
        on: day("2026-03-02"),
        description,
        currency: Currency::Brl,
        lines,
        external_id: None,
    })
}

fn rent() -> EntryCommand {
    post(vec![line("expenses:rent", Side::Debit, "1500"), line("assets:cash", Side::Credit, "1500")])
}

fn reverse_on(on: &str) -> EntryCommand {
    EntryCommand::Reverse(Reverse { on: day(on), reason: "typed twice".to_owned() })
}

#[test]
fn an_entry_books_its_lines() {
    let event = given::<Entry>([]).when(&rent()).accepted();
    let posting = entry_posting(&event);
    assert_eq!(posting.booked_on, day("2026-03-02"));
    assert_eq!(sums(posting.lines.into_iter()), ["assets:cash -1500.00", "expenses:rent 1500.00"]);
}

#[test]
fn a_reversal_mirrors_the_lines() {
    let reversed = given::<Entry>([]).and(&rent()).and(&reverse_on("2026-03-05"));
    let lines = reversed.events.iter().flat_map(|event| entry_posting(event).lines);
    assert_eq!(sums(lines), Vec::<String>::new());
    assert!(matches!(&reversed.events[1], EntryEvent::Reversed(event) if event.on == day("2026-03-05")));
}

#[test]
fn debits_and_credits_have_the_same_sum() {
    let lopsided = vec![line("a", Side::Debit, "10.00"), line("b", Side::Credit, "9.99")];
    given::<Entry>([]).when(&post(lopsided)).refused_in_words("debits 10.00 and credits 9.99 differ");
}

#[test]
fn an_entry_has_two_lines_at_least() {
    given::<Entry>([]).when(&post(vec![line("a", Side::Debit, "1")])).refused(&EntryRefusal::LineCount(1));
    let many = vec![line("a", Side::Debit, "1"); MOST_LINES + 1];
    given::<Entry>([]).when(&post(many)).refused(&EntryRefusal::LineCount(MOST_LINES + 1));
}

#[test]
fn each_amount_is_above_zero() {
    let negative = vec![line("a", Side::Debit, "-1.00"), line("b", Side::Credit, "-1.00")];
    let error = AmountError::NotPositive { value: decimal("-1.00") };
    given::<Entry>([]).when(&post(negative)).refused(&EntryRefusal::Amount { index: 0, error });
}

#[test]
fn an_entry_is_posted_once_and_reversed_once() {
    let posted = given::<Entry>([]).and(&rent());
    posted.clone().when(&rent()).refused(&EntryRefusal::AlreadyExists);
    given::<Entry>([]).when(&reverse_on("2026-03-05")).refused(&EntryRefusal::Unknown);
    let reversed = posted.and(&reverse_on("2026-03-05"));
    let refused = EntryRefusal::AlreadyReversed { on: day("2026-03-05") };
    reversed.when(&reverse_on("2026-03-06")).refused(&refused);
}

#[test]
fn an_entry_is_neither_of_the_future_nor_reversed_before_its_day() {
    let posted = given::<Entry>([]).and(&rent());
    posted
        .clone()
        .when(&reverse_on("2027-01-01"))
        .refused(&EntryRefusal::FutureDate { on: day("2027-01-01"), today: day(TODAY) });
    posted
        .when(&reverse_on("2026-03-01"))
        .refused(&EntryRefusal::BeforeFirstFact { on: day("2026-03-01"), first: day("2026-03-02") });
}

#[test]
fn an_account_is_named_by_segments() {
    for good in ["cash", "assets:cash", "1.1.01", "assets:Banco-do-Brasil_2"] {
        assert_eq!(Account::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", ":", "assets:", "assets::cash", "assets cash", "açúcar", &"a".repeat(101)] {
        assert!(Account::parse(bad).is_err(), "{bad}");
    }
}
