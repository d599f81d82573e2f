//! Closing a day: what is booked of each loan's interest, by difference to the day closed before.

use domain::Currency;
use domain::day_close::{
    self, AccrualSum, BookAccruals, CloseDay, DayClose, DayCloseCommand, DayCloseEvent, DayCloseRefusal,
    DayClosed, LoanAccrual,
};
use domain::id::LoanId;
use domain::journal::{day_close_posting, loan_postings};
use domain::loan::command::AddedCharge;
use domain::loan::{Loan, Unreceived};
use uuid::Uuid;

use crate::support::*;

const ON: &str = "2026-02-01";

fn loan_id(number: u128) -> LoanId {
    LoanId::new(Uuid::from_u128(number))
}

/// What the close of a day says of a loan, given what the one before said.
fn accrual(given: &Given<Loan>, on: &str, before: Option<&LoanAccrual>) -> Option<LoanAccrual> {
    let unreceived = given.history().known().unreceived(day(on)).unwrap().expect("it is disbursed");
    LoanAccrual::between(loan_id(1), Currency::Brl, before, unreceived)
}

fn earned(number: u128, interest: &str) -> LoanAccrual {
    let now = Unreceived { interest: brl(interest), is_written_off: false };
    LoanAccrual::between(loan_id(number), Currency::Brl, None, now).expect("it has interest")
}

fn book(chunk: u32, loans: impl IntoIterator<Item = LoanAccrual>) -> DayCloseCommand {
    let loans = loans.into_iter().collect();
    DayCloseCommand::Book(BookAccruals { on: day(ON), chunk, position: 40, loans })
}

fn close(chunks: u32) -> DayCloseCommand {
    DayCloseCommand::Close(CloseDay { on: day(ON), chunks, position: 40 })
}

/// What the closes of days book together with a loan's own events.
fn accounts(loan: &Given<Loan>, accruals: &[Option<LoanAccrual>]) -> Vec<String> {
    let closes = accruals
        .iter()
        .flatten()
        .map(|accrual| given::<DayClose>([]).decide(&book(1, [*accrual])).expect("it is accepted").remove(0));
    let postings: Vec<_> = closes.filter_map(|event| day_close_posting(&event)).collect();
    let own = loan.events.iter().flat_map(loan_postings);
    sums(own.chain(postings).flat_map(|posting| posting.lines))
}

/// A day on which one of two loans is written off.
pub(crate) fn with_a_write_off() -> Given<DayClose> {
    let booked = earned(1, "24.00");
    let now = Unreceived { interest: brl("24.00"), is_written_off: true };
    let lost = LoanAccrual::between(loan_id(1), Currency::Brl, Some(&booked), now).expect("it has interest");
    given([]).and_closed_through("2026-02-28", &book(1, [lost, earned(2, "0.10")])).and(&close(1))
}

#[test]
fn each_day_books_what_the_day_closed_before_did_not() {
    let loan = disbursed(four_installments());
    let first = accrual(&loan, "2026-01-30", None);
    let second = accrual(&loan, "2026-02-10", first.as_ref());
    let paid = loan.and(&pay(1, "2026-02-15", "324.00"));
    let third = accrual(&paid, "2026-02-20", second.as_ref());
    let shown = |accrual: &Option<LoanAccrual>| {
        accrual.map(|accrual| format!("{} {}", accrual.receivable, accrual.earned))
    };
    assert_eq!(
        [first, second, third].each_ref().map(shown).map(Option::unwrap_or_default),
        ["11.61 11.61", "20.13 8.52", "3.21 -16.92"]
    );
    // 24.00 were received and 3.21 accrued since.
    assert_eq!(
        accounts(&paid, &[first, second, third]),
        [
            "assets:cash -876.00",
            "assets:loans:interest 3.21",
            "assets:loans:principal 900.00",
            "income:interest -27.21"
        ]
    );
}

#[test]
fn a_day_on_which_nothing_changed_is_booked_with_nothing_earned() {
    let loan = disbursed(four_installments());
    let first = accrual(&loan, "2026-01-30", None);
    let again = accrual(&loan, "2026-01-30", first.as_ref()).expect("there is a receivable");
    assert_eq!((again.receivable, again.earned), (brl("11.61"), brl("0.00")));
    let event = given::<DayClose>([]).when(&book(1, [again])).accepted();
    assert_eq!(day_close_posting(&event), None);
}

#[test]
fn a_loan_of_which_nothing_is_to_receive_is_left_out() {
    let loan = disbursed(four_installments());
    assert_eq!(accrual(&loan, "2026-01-15", None), None);
    assert_eq!(loan.history().known().unreceived(day("2026-01-14")), Ok(None));
}

#[test]
fn a_backdated_payment_is_caught_up_by_the_next_close() {
    let loan = disbursed(four_installments());
    let first = accrual(&loan, "2026-02-20", None);
    let late = loan.clone().and(&pay(1, "2026-02-15", "324.00"));
    let second = accrual(&late, "2026-02-21", first.as_ref());
    let at_once = accrual(&late, "2026-02-21", None);
    let receivable = |accrual: Option<LoanAccrual>| accrual.map(|accrual| accrual.receivable);
    assert_eq!(receivable(second), receivable(at_once));
    assert_eq!(accounts(&late, &[first, second]), accounts(&late, &[at_once]));
}

#[test]
fn what_was_booked_of_a_loan_is_lost_with_its_write_off_and_back_when_that_is_undone() {
    let loan = disbursed(four_installments());
    let first = accrual(&loan, "2026-02-15", None);
    let off = loan.and(&write_off("2026-02-16"));
    let second = accrual(&off, "2026-02-16", first.as_ref());
    let lost = second.expect("something is lost");
    assert_eq!((lost.receivable, lost.lost, lost.written_off), (brl("0.00"), brl("24.00"), brl("24.00")));
    assert_eq!(accrual(&off, "2026-02-17", second.as_ref()).map(|kept| kept.lost), Some(brl("24.00")));
    assert_eq!(
        accounts(&off, &[first, second]),
        ["assets:cash -1200.00", "expenses:credit_losses 1224.00", "income:interest -24.00"]
    );
    let back = off.and(&reverse_write_off("2026-02-17"));
    let third = accrual(&back, "2026-02-18", second.as_ref());
    assert_eq!(
        accounts(&back, &[first, second, third]),
        accounts(&back, &[accrual(&back, "2026-02-18", None)])
    );
}

#[test]
fn what_comes_in_after_a_write_off_is_no_interest() {
    let off = disbursed(four_installments()).and(&write_off("2026-02-16"));
    let before = accrual(&off, "2026-02-20", None);
    let recovered = off.and(&recover(2, "2026-02-18", "500.00"));
    let after = accrual(&recovered, "2026-02-20", before.as_ref()).expect("something is lost");
    assert_eq!((after.lost, after.written_off, after.earned), (brl("24.00"), brl("0.00"), brl("0.00")));
}

#[test]
fn a_charge_waived_before_it_is_due_stops_no_close_though_the_loan_is_written_off_between() {
    let charged = disbursed(four_installments()).and(&charge(1, AddedCharge::Penalty, "2026-07-20", "10.00"));
    let off = charged.and(&waive(1, "2026-02-12", None)).and(&write_off("2026-02-16"));
    assert_eq!(accrual(&off, "2026-07-20", None), accrual(&off, "2026-02-20", None));
}

#[test]
fn a_day_is_closed_chunk_by_chunk_and_summed_up() {
    let closed = given::<DayClose>([])
        .and(&book(1, [earned(1, "1.00"), earned(3, "2.00")]))
        .and(&book(2, [earned(4, "4.00")]));
    let zero = brl("0.00");
    closed.when(&close(2)).then([DayCloseEvent::Closed(DayClosed {
        on: day(ON),
        chunks: 2,
        position: 40,
        sums: vec![AccrualSum {
            currency: Currency::Brl,
            loans: 3,
            receivable: brl("7.00"),
            earned: brl("7.00"),
            lost: zero,
            written_off: zero,
        }],
    })]);
}

#[test]
fn a_chunk_is_booked_once_and_in_its_turn() {
    let begun = given::<DayClose>([]).and(&book(1, [earned(1, "1.00"), earned(3, "2.00")]));
    let chunk = |chunk, loan| begun.clone().when(&book(chunk, [earned(loan, "1.00")]));
    chunk(1, 4).refused(&DayCloseRefusal::OutOfTurn { given: 1, chunks: 1 });
    chunk(3, 4).refused(&DayCloseRefusal::OutOfTurn { given: 3, chunks: 1 });
    chunk(2, 3).refused(&DayCloseRefusal::OutOfOrder { loan: loan_id(3) });
    begun.clone().when(&book(2, [])).refused(&DayCloseRefusal::OtherSize { loans: 0 });
    begun.clone().when(&close(2)).refused(&DayCloseRefusal::OutOfTurn { given: 2, chunks: 1 });
    let elsewhere = CloseDay { on: day(ON), chunks: 1, position: 41 };
    let refusal = DayCloseRefusal::OtherPosition { on: day(ON), position: 40, given: 41 };
    begun.when(&DayCloseCommand::Close(elsewhere)).refused(&refusal);
}

#[test]
fn many_loans_are_booked_in_several_events() {
    let loans: Vec<_> = (1..=501).map(|number| earned(number, "1.00")).collect();
    let events = given::<DayClose>([]).decide(&book(1, loans)).expect("they are accepted");
    let booked = events.iter().map(|event| match event {
        DayCloseEvent::AccrualsBooked(booked) => (booked.chunk, booked.loans.len(), booked.sums[0].loans),
        DayCloseEvent::Closed(_) => unreachable!("it is not closed"),
    });
    assert_eq!(booked.collect::<Vec<_>>(), [(1, 500, 500), (2, 1, 1)]);
    let too_many = (1..=4001).map(|number| earned(number, "1.00"));
    given::<DayClose>([]).when(&book(1, too_many)).refused(&DayCloseRefusal::OtherSize { loans: 4001 });
}

#[test]
fn a_closed_day_stays_closed() {
    let closed = given::<DayClose>([]).and(&close(0));
    closed.clone().when(&close(0)).refused(&DayCloseRefusal::AlreadyClosed { on: day(ON) });
    closed.when(&book(1, [earned(1, "1.00")])).refused(&DayCloseRefusal::AlreadyClosed { on: day(ON) });
}

#[test]
fn a_day_to_come_is_not_closed() {
    let to_come = CloseDay { on: day("2027-01-01"), chunks: 0, position: 0 };
    let refusal = DayCloseRefusal::NotYet { on: day("2027-01-01"), today: day(TODAY) };
    given::<DayClose>([]).when(&DayCloseCommand::Close(to_come)).refused(&refusal);
}

#[test]
fn a_day_of_a_closed_month_is_booked_on_the_first_open_one() {
    let event = given::<DayClose>([]).when_closed_through("2026-02-28", &book(1, [earned(1, "1.00")]));
    let posting = day_close_posting(&event.accepted()).expect("it books something");
    assert_eq!(posting.booked_on, day("2026-03-01"));
}

#[test]
fn the_ids_of_the_streams_are_in_the_order_of_the_days() {
    let days = ["1999-12-31", "2026-02-28", "2026-03-01", "2026-10-01"].map(day);
    let streams = days.map(day_close::stream);
    assert!(streams.is_sorted(), "{streams:?}");
    assert_eq!(streams.map(day_close::day_of), days.map(Some));
    assert_eq!(streams[1].to_string(), "6461792d-636c-8000-8000-000020260228");
    assert_eq!(day_close::day_of(Uuid::from_u128(1)), None);
}
