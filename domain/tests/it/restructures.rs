//! What is outstanding is owed by other installments.

use domain::component::Component;
use domain::loan::command::Restructure;
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use domain::terms::Every;
use domain::{Currency, PlanError};
use serde_json::json;

use crate::support::*;

fn loan() -> Given<Loan> {
    disbursed(four_installments()).and(&pay(1, "2026-02-15", "324.00"))
}

fn three_more(currency: &str) -> Restructure {
    Restructure::Replace {
        terms: terms(json!({
            "principal": "1.00", "currency": currency, "method": "sac",
            "rate": {"value": "0.01", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
            "installments": 3, "every": {"months": 1}
        })),
        capitalize: vec![Component::Interest],
    }
}

#[test]
fn what_is_open_becomes_the_principal_of_new_terms() {
    let replaced = loan().and(&restructure("2026-03-15", three_more("BRL")));
    // 900.00 of principal and the 18.00 of interest due that day.
    assert_eq!(replaced.stands(), "active interest 18.36, principal 918.00");
    assert_eq!(
        replaced.due()[1..],
        [
            "2026-04-15 interest 9.18, principal 306.00",
            "2026-05-15 interest 6.12, principal 306.00",
            "2026-06-15 interest 3.06, principal 306.00"
        ]
    );
}

#[test]
fn interest_that_became_principal_is_income_once_it_is_received() {
    let replaced = loan().and(&restructure("2026-03-15", three_more("BRL")));
    assert_eq!(
        replaced.accounts(),
        [
            "assets:cash -876.00",
            "assets:loans:principal 918.00",
            "income:interest -24.00",
            "liabilities:deferred_income -18.00"
        ]
    );
    let paid = replaced.and(&pay(2, "2026-04-15", "315.18")).and(&pay(3, "2026-05-15", "312.12")).and(&pay(
        4,
        "2026-06-15",
        "309.06",
    ));
    assert_eq!(paid.stands(), "settled nothing");
    // 24.00 of the first installment, 18.36 of the new terms, and the 18.00 that were capitalized.
    assert_eq!(paid.accounts(), ["assets:cash 60.36", "income:interest -60.36"]);
}

#[test]
fn all_open_principal_may_move_to_new_rows() {
    let first_due_on = day("2026-04-20");
    let aged = Restructure::ReAge { installments: 3, every: Every::Months(1), first_due_on };
    let aged = loan().and(&restructure("2026-03-20", aged));
    let due = aged.due();
    assert_eq!(due[1], "2026-03-15 interest 18.00", "interest past due stays due in its row");
    assert_eq!(due.len(), 6, "{due:?}");
    let Loan::Disbursed(servicing) = &aged.state else { panic!("disbursed") };
    assert_eq!(servicing.standing.balances.principal, brl("900.00"));
}

#[test]
fn principal_past_due_may_move_to_the_rows_to_come() {
    let moved = loan().and(&restructure("2026-03-20", Restructure::ReAmortize));
    assert_eq!(moved.due()[1], "2026-03-15 interest 18.00");
    let Loan::Disbursed(servicing) = &moved.state else { panic!("disbursed") };
    let principal: Vec<_> = servicing.rows.iter().map(|row| row.state.due.principal.to_string()).collect();
    assert_eq!(principal, ["300.00", "0.00", "450.00", "450.00"]);
}

#[test]
fn a_payment_dated_before_the_restructuring_moves_it() {
    let replaced = loan().and(&restructure("2026-03-15", three_more("BRL")));
    let event = replaced.when(&pay(2, "2026-03-01", "318.00")).accepted();
    let outcome = event.outcome().expect("it moves money");
    assert_eq!(outcome.standing.balances.principal, brl("600.00"));
}

#[test]
fn a_restructuring_that_cannot_be_is_refused() {
    let (given, currency) = (Currency::Usd, Currency::Brl);
    loan()
        .when(&restructure("2026-03-15", three_more("USD")))
        .refused(&LoanRefusal::OtherCurrency { given, currency });
    let (due_on, on) = (day("2026-03-15"), day("2026-03-15"));
    let aged = Restructure::ReAge { installments: 3, every: Every::Months(1), first_due_on: due_on };
    loan().when(&restructure("2026-03-15", aged)).refused(&LoanRefusal::FirstDueNotAfter { due_on, on });
    let on = day("2026-06-01");
    loan()
        .when(&restructure("2026-06-01", Restructure::ReAmortize))
        .refused(&LoanRefusal::NoInstallmentsLeft { on });
    let settled = loan().and(&pay(2, "2026-03-15", "936.00"));
    settled
        .when(&restructure("2026-03-15", Restructure::ReAmortize))
        .refused(&not_active(Status::Settled, "restructuring"));
}

#[test]
fn new_terms_by_which_no_plan_can_be_drawn_are_refused() {
    let terms = terms(json!({
        "principal": "1.00", "currency": "BRL", "method": "price", "installment_amount": "5.00",
        "rate": {"value": "0.05", "per": "month", "compounding": "nominal"}, "day_count": "30/360",
        "installments": 3, "every": {"months": 1}
    }));
    let refused =
        loan().decide(&restructure("2026-03-15", Restructure::Replace { terms, capitalize: Vec::new() }));
    let Err(LoanRefusal::NewPlan { error: PlanError::NegativeAmortization { .. }, by_new_terms: true }) =
        refused
    else {
        panic!("refused by the new terms: {refused:?}");
    };
}

#[test]
fn later_payments_are_decided_by_the_new_terms() {
    let replaced = loan().and(&restructure("2026-03-15", three_more("BRL")));
    let LoanEvent::RepaymentRecorded(event) = replaced.when(&pay(2, "2026-04-15", "315.18")).accepted()
    else {
        panic!("recorded");
    };
    assert_eq!(in_words(event.allocation, event.effect.overpaid), "interest 9.18, principal 306.00");
}
