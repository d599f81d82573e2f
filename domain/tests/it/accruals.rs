//! What closing a day books, by difference (ADR 0008).

use domain::Currency;
use domain::component::{Component, Components};
use domain::journal::{Posting, accrual_posting, accrual_written_off, interest_receivable, loan_postings};

use crate::support::*;

fn received(amount: &str) -> Components {
    let mut paid = Components::NOTHING;
    paid.add(Component::Interest, brl(amount));
    paid
}

fn lines(postings: impl IntoIterator<Item = Posting>) -> Vec<String> {
    sums(postings.into_iter().flat_map(|posting| posting.lines))
}

#[test]
fn interest_is_income_once_whether_accrued_or_received_first() {
    let zero = brl("0.00");
    let loan = disbursed(four_installments());
    // 10.00 accrued by the first day closed; then the 24.00 of the installment are paid, and 24.50 are accrued.
    let first = interest_receivable(brl("10.00"), received("0.00"), zero);
    let paid = loan.and(&pay(1, "2026-02-15", "324.00"));
    let second = interest_receivable(brl("24.50"), received("24.00"), zero);
    let closed = [(first, zero), (second, first)].into_iter().filter_map(|(receivable, booked)| {
        accrual_posting(Currency::Brl, day("2026-02-15"), receivable.minus(booked))
    });
    let postings = paid.events.iter().flat_map(loan_postings).chain(closed);
    assert_eq!(
        lines(postings),
        [
            "assets:cash -876.00",
            "assets:loans:interest 0.50",
            "assets:loans:principal 900.00",
            "income:interest -24.50"
        ]
    );
}

#[test]
fn what_does_not_change_books_nothing() {
    assert_eq!(accrual_posting(Currency::Brl, day("2026-02-15"), brl("0.00")), None);
}

#[test]
fn what_is_booked_of_a_loan_that_is_written_off_is_lost() {
    let on = day("2026-06-10");
    let accrued = accrual_posting(Currency::Brl, day("2026-03-01"), brl("36.00"));
    let lost = accrual_written_off(Currency::Brl, on, brl("36.00"));
    assert_eq!(
        lines(accrued.into_iter().chain(lost)),
        ["expenses:credit_losses 36.00", "income:interest -36.00"]
    );
}
