//! Anticipations, and where the excess of a payment goes.

use domain::loan::{Loan, LoanEvent, LoanRefusal};
use domain::terms::{Excess, InterestBasis, Method};
use serde_json::json;

use crate::support::*;

fn loan_by(method: &str, basis: &str) -> Given<Loan> {
    let mut request = four_installments();
    request["method"] = json!(method);
    request["interest_basis"] = json!(basis);
    disbursed(request)
}

#[test]
fn an_anticipation_takes_interest_to_the_day_and_lowers_the_rest() {
    let event = loan_by("sac", "plan").when(&anticipate(1, "2026-02-15", "624.00")).accepted();
    let LoanEvent::RepaymentRecorded(event) = event else { panic!("recorded") };
    assert_eq!(in_words(event.allocation, event.effect.overpaid), "interest 24.00, principal 600.00");
    let after = loan_by("sac", "plan").and(&anticipate(1, "2026-02-15", "624.00"));
    assert_eq!(after.stands(), "active interest 18.00, principal 600.00");
}

#[test]
fn a_repayment_s_own_excess_overrides_that_of_the_terms() {
    let equal = loan_by("sac", "plan").and(&pay_with(1, "2026-02-15", "414.00", Excess::Equal));
    assert_eq!(equal.paid()[1..], ["principal 30.00", "principal 30.00", "principal 30.00"]);
    let next = loan_by("sac", "plan").and(&pay_with(1, "2026-02-15", "414.00", Excess::Next));
    assert_eq!(next.paid()[1], "interest 18.00, principal 72.00");
    let kept = loan_by("sac", "plan").and(&pay_with(1, "2026-02-15", "414.00", Excess::Credit));
    let Loan::Disbursed(servicing) = &kept.state else { panic!("disbursed") };
    assert_eq!(servicing.standing.credit, brl("90.00"));
    assert!(kept.accounts().contains(&"liabilities:credits -90.00".to_owned()));
    // On 15 March it is applied; the books learn of it with the next event.
    let paid = kept.and(&pay(2, "2026-03-20", "228.00"));
    assert_eq!(paid.paid()[1], "interest 18.00, principal 300.00");
    assert!(!paid.accounts().iter().any(|line| line.starts_with("liabilities:credits")));
}

#[test]
fn a_rest_basis_knows_next_and_reduce_only() {
    for (excess, name) in [(Excess::Last, "last"), (Excess::Equal, "equal"), (Excess::Credit, "credit")] {
        let refused = LoanRefusal::ExcessNotForBasis { excess, basis: InterestBasis::DailyRest };
        assert_eq!(
            refused.to_string(),
            format!("`excess` {name} does not go with interest_basis daily_rest")
        );
        loan_by("sac", "daily_rest").when(&pay_with(1, "2026-02-01", "400.00", excess)).refused(&refused);
    }
    loan_by("sac", "daily_rest").and(&pay_with(1, "2026-02-01", "400.00", Excess::ReduceTerm));
}

#[test]
fn a_plan_of_another_method_cannot_be_drawn_again() {
    for (name, method) in [("sam", Method::Sam), ("flat", Method::Flat), ("bullet", Method::Bullet)] {
        let refused = |field, value| LoanRefusal::PlanCannotBeDrawnAgain { field, value, method };
        loan_by(name, "plan")
            .when(&pay_with(1, "2026-02-01", "400.00", Excess::ReduceTerm))
            .refused(&refused("excess", "reduce_term"));
        loan_by(name, "plan")
            .when(&anticipate(1, "2026-02-01", "400.00"))
            .refused(&refused("as", "anticipation"));
        let words = refused("as", "anticipation").to_string();
        assert_eq!(
            words,
            format!("`as` anticipation draws the plan again, which method {name} does not allow: use settle")
        );
    }
    loan_by("flat", "running_balance").and(&anticipate(1, "2026-02-01", "400.00"));
}

#[test]
fn what_is_late_is_fined_and_bears_interest() {
    let mut request = four_installments();
    request["late"] = json!({});
    // 16 days late on 324.00: a fine of 2 % and interest of 1 % a month.
    let paid = disbursed(request).and(&pay(1, "2026-03-03", "332.21"));
    assert_eq!(paid.paid()[0], "late_fee 6.48, late_interest 1.73, interest 24.00, principal 300.00");
    let LoanEvent::RepaymentRecorded(event) = paid.events.last().expect("an event") else {
        panic!("recorded");
    };
    let [changed] = &event.outcome.changed[..] else { panic!("one installment changes") };
    let late = |state: Option<domain::loan::event::InstallmentState>| state.map(|state| state.due.late_fee);
    assert_eq!((late(changed.before), late(changed.after)), (Some(brl("0.00")), Some(brl("6.48"))));
    assert!(paid.accounts().contains(&"income:late_fees -6.48".to_owned()));
}

#[test]
fn a_payment_between_a_settlement_and_what_reopened_it_finds_nothing_owed() {
    let reopened = loan_by("sac", "plan").and(&pay(1, "2026-02-15", "1260.00")).and(&charge_back(
        1,
        "2026-02-20",
        Some("100.00"),
    ));
    let status = domain::loan::Status::Settled;
    let (verb, on) = ("repayment", day("2026-02-18"));
    let refused = LoanRefusal::NotActiveThen { status, verb, on };
    assert_eq!(
        refused.to_string(),
        "the loan was settled on 2026-02-18, so it takes no repayment of that day"
    );
    reopened.clone().when(&pay(2, "2026-02-18", "1.00")).refused(&refused);
    assert_eq!(reopened.and(&pay(2, "2026-02-20", "100.00")).stands(), "settled nothing");
}
