//! Accounting periods: closed in order, reopened from the last; and what counts in a closed one.

use domain::Currency;
use domain::entry::{Entry, EntryCommand, EntryEvent, Post, PostLine, Reverse};
use domain::journal::{Account, Side, entry_posting};
use domain::period::{Change, Changed, Month, PeriodCommand, PeriodEvent, PeriodRefusal, Periods};

use crate::support::*;

fn month(text: &str) -> Month {
    Month::parse(text).expect("a month")
}

fn change(of: &str) -> Change {
    Change { month: month(of), reason: Some("the accountant signed".to_owned()) }
}

pub(crate) fn close(of: &str) -> PeriodCommand {
    PeriodCommand::Close(change(of))
}

pub(crate) fn reopen(of: &str) -> PeriodCommand {
    PeriodCommand::Reopen(change(of))
}

fn changed(of: &str, closed_through: &str) -> Changed {
    let Change { month, reason } = change(of);
    Changed { month, closed_through: day(closed_through), on: day(TODAY), reason }
}

fn closed(months: &[&str]) -> Given<Periods> {
    months.iter().fold(given([]), |periods, month| periods.and(&close(month)))
}

#[test]
fn the_first_month_closed_takes_all_earlier_ones_with_it() {
    given::<Periods>([])
        .when(&close("2026-02"))
        .then([PeriodEvent::Closed(changed("2026-02", "2026-02-28"))]);
    let refusal = PeriodRefusal::AlreadyClosed { month: month("2025-07"), last: month("2026-02") };
    closed(&["2026-02"]).when(&close("2025-07")).refused(&refusal);
}

#[test]
fn months_close_one_after_another() {
    closed(&["2026-02"])
        .when(&close("2026-03"))
        .then([PeriodEvent::Closed(changed("2026-03", "2026-03-31"))]);
    let refusal = PeriodRefusal::NotTheNext { month: month("2026-04"), next: month("2026-03") };
    closed(&["2026-02"]).when(&close("2026-04")).refused(&refusal);
    let refusal = PeriodRefusal::AlreadyClosed { month: month("2026-02"), last: month("2026-02") };
    closed(&["2026-02"]).when(&close("2026-02")).refused(&refusal);
}

#[test]
fn a_month_is_not_over_on_its_last_day() {
    let refusal = PeriodRefusal::NotOver { month: month("2026-12"), today: day("2026-12-31") };
    closed(&["2026-11"]).when(&close("2026-12")).refused(&refusal);
    assert_eq!(TODAY, "2026-12-31");
    given::<Periods>([]).when(&close("2026-11")).accepted();
}

#[test]
fn only_the_last_closed_month_is_reopened() {
    closed(&["2026-02", "2026-03"])
        .when(&reopen("2026-03"))
        .then([PeriodEvent::Reopened(changed("2026-03", "2026-02-28"))]);
    let refusal = PeriodRefusal::NotTheLast { month: month("2026-02"), last: month("2026-03") };
    closed(&["2026-02", "2026-03"]).when(&reopen("2026-02")).refused(&refusal);
    let refusal = PeriodRefusal::NotClosed { month: month("2026-04") };
    closed(&["2026-02", "2026-03"]).when(&reopen("2026-04")).refused(&refusal);
    let refusal = PeriodRefusal::NotClosed { month: month("2026-03") };
    given::<Periods>([]).when(&reopen("2026-03")).refused(&refusal);
}

#[test]
fn what_was_reopened_is_closed_again_and_months_reopen_one_by_one() {
    let reopened = closed(&["2026-02", "2026-03"]).and(&reopen("2026-03"));
    assert_eq!(reopened.state.closed_through(), Some(day("2026-02-28")));
    let again = reopened.clone().and(&close("2026-03"));
    assert_eq!(again.state.closed_through(), Some(day("2026-03-31")));
    let further = reopened.and(&reopen("2026-02")).and(&reopen("2026-01"));
    assert_eq!(further.state.closed_through(), Some(day("2025-12-31")));
}

fn fee(on: &str) -> EntryCommand {
    let line =
        |account, side| PostLine { account: Account::parse(account).unwrap(), side, amount: decimal("9.90") };
    EntryCommand::Post(Post {
        on: day(on),
        description: "bank fee".to_owned(),
        currency: Currency::Brl,
        lines: vec![line("expenses:bank", Side::Debit), line("assets:cash", Side::Credit)],
        external_id: None,
    })
}

/// The value date, the booking date where the event names one, and where the journal books it.
fn dates(event: &EntryEvent) -> (String, Option<String>, String) {
    let (on, booked_on) = match event {
        EntryEvent::Posted(posted) => (posted.on, posted.booked_on),
        EntryEvent::Reversed(reversed) => (reversed.on, reversed.booked_on),
    };
    (on.to_string(), booked_on.map(|day| day.to_string()), entry_posting(event).booked_on.to_string())
}

#[test]
fn an_entry_of_a_closed_month_keeps_its_date_and_is_booked_on_the_first_open_day() {
    let post = |on: &str| dates(&given::<Entry>([]).when_closed_through("2026-03-31", &fee(on)).accepted());
    let first_open = || ("2026-04-01".to_owned(), Some("2026-04-01".to_owned()));
    assert_eq!(post("2026-03-31"), ("2026-03-31".to_owned(), first_open().1, first_open().0));
    assert_eq!(post("2025-01-02"), ("2025-01-02".to_owned(), first_open().1, first_open().0));
    assert_eq!(post("2026-04-01"), ("2026-04-01".to_owned(), None, "2026-04-01".to_owned()));
}

#[test]
fn a_reversal_in_a_closed_month_is_booked_on_the_first_open_day_too() {
    let reverse = EntryCommand::Reverse(Reverse { on: day("2026-03-15"), reason: "refunded".to_owned() });
    let entry = given::<Entry>([]).and(&fee("2026-03-02"));
    let expected = ("2026-03-15".to_owned(), Some("2026-04-01".to_owned()), "2026-04-01".to_owned());
    assert_eq!(dates(&entry.when_closed_through("2026-03-31", &reverse).accepted()), expected);
}
