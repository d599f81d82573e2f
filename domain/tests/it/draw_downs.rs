//! What was approved may go out in parts.

use domain::PlanError;
use domain::id::Id;
use domain::loan::event::Disbursed;
use domain::loan::{Loan, LoanEvent, LoanRefusal, Status};
use serde_json::json;
use uuid::Uuid;

use crate::support::*;

fn half() -> Given<Loan> {
    given([])
        .and(&apply_for(four_installments()))
        .and(&approve("2026-01-10"))
        .and(&disburse_part("2026-01-15", Some("600.00")))
}

#[test]
fn a_further_disbursement_draws_the_rows_again() {
    let all = half().and(&disburse_more(2, "2026-02-15", "600.00"));
    assert_eq!(all.due()[0], "2026-02-15 interest 12.00, principal 150.00");
    assert_eq!(all.due()[1], "2026-03-15 interest 21.00, principal 350.00");
    let LoanEvent::Disbursed(event) = all.events.last().expect("an event") else { panic!("disbursed") };
    assert_eq!((event.released, event.outcome.principal_added), (brl("600.00"), brl("600.00")));
    assert_eq!(all.accounts(), ["assets:cash -1200.00", "assets:loans:principal 1200.00"]);
}

#[test]
fn by_default_all_that_is_left_goes_out() {
    let Ok(events) = half().decide(&disburse("2026-02-10")) else { panic!("disbursed") };
    let [LoanEvent::Disbursed(event)] = &events[..] else { panic!("disbursed") };
    assert_eq!(event.amount, brl("600.00"));
}

#[test]
fn no_more_goes_out_than_was_approved_and_not_when_nothing_is_owed() {
    half()
        .when(&disburse_more(2, "2026-02-10", "600.01"))
        .refused_in_words("`amount` 600.01 is more than the 600.00 BRL approved and not yet disbursed");
    let all = half().and(&disburse_more(2, "2026-02-10", "600.00"));
    all.when(&disburse_more(3, "2026-02-10", "0.01"))
        .refused_in_words("all of the 1200.00 BRL that was approved is disbursed");
    let settled = half().and(&pay(1, "2026-02-15", "630.00"));
    let refused =
        LoanRefusal::NotActiveThen { status: Status::Settled, verb: "disbursement", on: day("2026-02-20") };
    settled.when(&disburse_more(2, "2026-02-20", "1.00")).refused(&refused);
    half()
        .when(&disburse_more(2, "2026-01-14", "1.00"))
        .refused_in_words("`on` 2026-01-14 is before 2026-01-15, the date of the disbursement");
}

#[test]
fn nothing_goes_out_that_no_row_would_repay() {
    let refused = half().decide(&disburse_more(2, "2026-05-15", "1.00"));
    assert!(
        matches!(refused, Err(LoanRefusal::Plan(PlanError::DisbursementAfterLastDueDate { .. }))),
        "{refused:?}"
    );
    let mut request = four_installments();
    request["method"] = json!("flat");
    let flat: Given<Loan> = given([])
        .and(&apply_for(request))
        .and(&approve("2026-01-10"))
        .and(&disburse_part("2026-01-15", Some("600.00")));
    let refused = flat.decide(&disburse_more(2, "2026-02-15", "1.00"));
    assert!(
        matches!(refused, Err(LoanRefusal::Plan(PlanError::MethodNeedsOneDisbursement { .. }))),
        "{refused:?}"
    );
}

/// Each draws all rows after it again, five times where the tax is financed: the loan has to stay quick to derive.
#[test]
fn a_loan_of_many_rows_takes_only_so_many_disbursements() {
    let mut request = four_installments();
    request["installments"] = json!(10_000);
    request["every"] = json!({"days": 1});
    request["tax"] = json!({"iof": {"person": "natural", "collected": "financed"}});
    let twice: Given<Loan> = given([])
        .and(&apply_for(request))
        .and(&approve("2026-01-10"))
        .and(&disburse_part("2026-01-15", Some("600.00")))
        .and(&disburse_more(2, "2026-01-16", "1.00"));
    let mut events = twice.events.clone();
    let Some(LoanEvent::Disbursed(second)) = events.last().cloned() else { panic!("disbursed") };
    for number in 3..=11 {
        let disbursement_id = Id::new(Uuid::from_u128(number));
        events.push(LoanEvent::Disbursed(Disbursed { disbursement_id, ..second.clone() }));
    }
    let refused = given::<Loan>(events).decide(&disburse_more(12, "2026-01-16", "1.00"));
    assert!(
        matches!(refused, Err(LoanRefusal::Plan(PlanError::TooManySteps { most: 500_000 }))),
        "{refused:?}"
    );
}

#[test]
fn fees_and_tax_of_the_disbursement_are_income_and_the_state_s() {
    let mut request = four_installments();
    request["charges"] = json!([
        {"kind": "origination_fee", "due": "disbursement", "amount": "30.00"},
        {"kind": "registration_fee", "due": "financed", "amount": "20.00"}
    ]);
    request["tax"] = json!({"iof": {
        "person": "natural", "collected": "withheld", "rates": {"daily": "0.0001", "additional": "0.0038"}
    }});
    let loan = disbursed(request);
    let LoanEvent::Disbursed(event) = loan.events.last().expect("an event") else { panic!("disbursed") };
    let tax = event.tax.expect("a tax").amount;
    assert_eq!((event.fees, event.released), (brl("50.00"), brl("1170.00").minus(tax)));
    assert_eq!(
        loan.accounts(),
        [
            format!("assets:cash -{}", event.released),
            "assets:loans:principal 1220.00".to_owned(),
            "income:fees -50.00".to_owned(),
            format!("liabilities:taxes:iof -{tax}")
        ]
    );
}

#[test]
fn what_a_backdated_payment_changes_of_a_financed_tax_is_the_state_s_too() {
    let mut request = four_installments();
    request["excess"] = json!("reduce_term");
    request["tax"] = json!({"iof": {
        "person": "natural", "rates": {"daily": "0.0001", "additional": "0.0038"}
    }});
    let loan = given([])
        .and(&apply_for(request))
        .and(&approve("2026-01-10"))
        .and(&disburse_part("2026-01-15", Some("600.00")))
        .and(&disburse_more(2, "2026-03-20", "600.00"));
    let taxes = |loan: &Given<Loan>| {
        let derived = loan.history().derive(day("2026-03-20")).expect("it follows");
        let effects = derived.effects.into_iter().flatten();
        effects.filter_map(|effect| effect.outlay).map(|outlay| outlay.tax).sum::<domain::Amount>()
    };
    let before = taxes(&loan);
    let loan = loan.and(&pay(1, "2026-02-10", "400.00"));
    let now = taxes(&loan);
    assert_ne!(now, before);
    let paid = loan.paid()[0].clone();
    assert_eq!(paid, "interest 12.14, principal 387.86");
    assert_eq!(
        loan.accounts(),
        [
            "assets:cash -800.00".to_owned(),
            format!("assets:loans:principal {}", brl("812.14").plus(now)),
            "income:interest -12.14".to_owned(),
            format!("liabilities:taxes:iof -{now}"),
        ]
    );
}

#[test]
fn a_tax_in_the_installments_is_the_state_s_as_it_is_received() {
    let mut request = four_installments();
    request["tax"] = json!({"iof": {
        "person": "natural", "collected": "installment", "rates": {"daily": "0", "additional": "0.01"}
    }});
    let loan = disbursed(request);
    assert_eq!(loan.due()[0], "2026-02-15 fee 3.00, interest 24.00, principal 300.00");
    let paid = loan.and(&pay(1, "2026-02-15", "327.00"));
    assert_eq!(
        paid.accounts(),
        [
            "assets:cash -873.00",
            "assets:loans:principal 900.00",
            "income:interest -24.00",
            "liabilities:taxes:iof -3.00"
        ]
    );
}

#[test]
fn interest_that_is_capitalized_in_a_grace_is_deferred_until_it_is_received() {
    let mut request = four_installments();
    request["grace"] = json!({"principal": 1, "interest": 1, "mode": "capitalized"});
    let loan = disbursed(request);
    assert_eq!(
        loan.accounts(),
        ["assets:cash -1200.00", "assets:loans:principal 1224.00", "liabilities:deferred_income -24.00"]
    );
    let paid =
        ["2026-03-15", "2026-04-15", "2026-05-15"].into_iter().zip(1..).fold(loan, |loan, (on, number)| {
            let due = loan.history().derive(day(on)).expect("it follows").rows[number as usize].due.total();
            loan.and(&pay(number, on, &due.to_string()))
        });
    assert_eq!(paid.stands(), "settled nothing");
    let [cash, income] = &paid.accounts()[..] else { panic!("{:?}", paid.accounts()) };
    assert_eq!(cash.replace("assets:cash ", "-"), income.replace("income:interest ", ""));
}
