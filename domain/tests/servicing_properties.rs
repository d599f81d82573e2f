//! What holds for every loan, whatever happened to it in whatever order.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(
    clippy::too_many_lines,
    clippy::match_same_arms,
    clippy::manual_is_multiple_of,
    clippy::semicolon_if_nothing_returned,
    reason = "a history is drawn by one table, a line for each kind of fact"
)]

#[allow(dead_code, reason = "the worked cases ask for more of it")]
#[path = "servicing/adapter.rs"]
mod adapter;

use adapter::Played;
use chrono::{Days, NaiveDate};
use domain::Amount;
use domain::component::{Component, Components};
use domain::loan::engine::{self, Derived, Engine};
use domain::loan::facts::{Fact, What};
use domain::loan::{ByTime, Standing};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 15).unwrap() + Days::new(offset)
}

/// The far end of every history.
const END: u64 = 420;

/// A command still without its id.
#[derive(Debug, Clone)]
struct Step {
    kind: usize,
    on: u64,
    cents: u32,
    pick: usize,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..18_usize, 0..END, 1..400_000_u32, 0..1000_usize);
    proptest::collection::vec(
        step.prop_map(|(kind, on, cents, pick)| Step { kind, on, cents, pick }),
        1..most,
    )
}

fn terms() -> impl Strategy<Value = Value> {
    let plan = (
        select(vec!["price", "sac", "interest_only", "flat", "sam", "bullet"]),
        select(vec!["plan", "daily_rest", "period_rest", "running_balance"]),
        select(vec!["30/360", "act/365", "bus/252", "act/act"]),
        1..13_u32,
        select(vec!["next", "last", "equal", "credit", "reduce_term", "reduce_installment"]),
        select(vec!["last", "respread", "first", "last_keeps_installment"]),
    );
    let options = (
        select(vec!["present_value", "interest_to_date", "interest_to_due_date"]),
        select(vec!["installment", "loan"]),
        select(vec!["effective", "nominal"]),
        0..4_u32,
        0..6_usize,
        select(vec!["0", "0.0215", "0.05"]),
        select(vec!["none", "br-bank"]),
        0..4_usize,
    );
    (plan, options).prop_map(|(plan, options)| {
        let (method, basis, day_count, installments, excess, remainder) = plan;
        let (settlement, scope, compounding, grace, late, rate, calendar, fees) = options;
        let rests = basis.ends_with("rest");
        let redrawable = ["price", "sac", "interest_only"].contains(&method);
        let excess = match excess {
            "last" | "equal" | "credit" if rests => "next",
            "reduce_term" | "reduce_installment" if !redrawable => "next",
            other => other,
        };
        let mut terms = json!({
            "principal": "10000.00", "method": method, "installments": installments,
            "rate": {"value": rate, "per": "month", "compounding": compounding},
            "day_count": day_count, "interest_basis": basis, "excess": excess, "settlement": settlement,
            "allocation_scope": scope, "calendar": calendar, "rounding": {"remainder": remainder},
        });
        if redrawable && grace < installments && grace > 0 {
            let mode = ["capitalized", "deferred", "free"][late % 3];
            terms["grace"] = json!({"principal": grace, "interest": grace - 1, "mode": mode});
        }
        match late {
            0 => terms["late"] = json!({}),
            1 => terms["late"] = json!({"interest": "compound", "fee_base": "installment"}),
            2 => terms["late"] = json!({"contract_interest": "daily", "grace_days": 3}),
            3 => terms["late"] = json!({"contract_interest": "period", "interest_base": "principal"}),
            4 => terms["late"] = json!({"interest_rate": {"value": "0.12", "per": "year"}}),
            _ => {}
        }
        match fees {
            0 => {
                terms["charges"] =
                    json!([{"kind": "insurance", "due": "installment", "rate": "0.001", "base": "balance"}])
            }
            1 => terms["tax"] = json!({"iof": {"person": "natural", "collected": "installment"}}),
            2 => terms["tax"] = json!({"iof": {"person": "legal"}}),
            _ => {}
        }
        terms
    })
}

fn money(cents: u32) -> Value {
    json!(format!("{}.{:02}", cents / 100, cents % 100))
}

/// Records the steps that the loan takes; what a rule refuses is not recorded.
fn record(terms: &Value, steps: &[Step]) -> Option<Played> {
    let disbursed = json!([{"on": day(0), "amount": "8000.00"}]);
    let mut played = Played::begin(terms, &disbursed);
    engine::derive(&played.terms, &played.facts, day(END)).ok()?;
    for (nth, step) in steps.iter().enumerate() {
        let before = played.clone();
        let id = Uuid::from_u128(1_000 + nth as u128);
        let (path, body) = command(&played, step, id)?;
        played.command(&path, &body);
        if engine::derive(&played.terms, &played.facts, day(END)).is_err() {
            played = before;
        }
    }
    Some(played)
}

fn command(played: &Played, step: &Step, id: Uuid) -> Option<(String, Value)> {
    let on = day(step.on);
    let amount = money(step.cents);
    let ids = |wanted: fn(&What) -> Option<Uuid>| -> Vec<Uuid> {
        played.facts.iter().filter_map(|fact| wanted(&fact.what)).collect()
    };
    let payments = ids(|what| match what {
        What::Payment(payment) => Some(payment.id.uuid()),
        _ => None,
    });
    let charges = ids(|what| match what {
        What::Charge { id, .. } => Some(id.uuid()),
        _ => None,
    });
    let repay = |body: Value| {
        let mut body = body;
        (body["id"], body["on"], body["amount"]) = (json!(id), json!(on), amount.clone());
        ("repayments".to_owned(), body)
    };
    Some(match step.kind {
        0..=4 => repay(json!({})),
        5 => repay(json!({"as": "anticipation"})),
        6 => {
            let excess = ["next", "last", "equal", "credit", "reduce_term", "reduce_installment"];
            repay(json!({"excess": excess[step.pick % 6]}))
        }
        7 => {
            let kind = if step.pick % 2 == 0 { "penalty" } else { "fee" };
            let amount = money(step.cents / 50 + 1);
            ("charges".to_owned(), json!({"id": id, "kind": kind, "amount": amount, "due_on": on}))
        }
        8 if !charges.is_empty() => {
            let charge = charges[step.pick % charges.len()];
            (format!("charges/{charge}/waive"), json!({"on": on, "reason": "goodwill"}))
        }
        9 if !payments.is_empty() => {
            let payment = payments[step.pick % payments.len()];
            (format!("repayments/{payment}/reverse"), json!({"on": on}))
        }
        10 if !payments.is_empty() => {
            let payment = payments[step.pick % payments.len()];
            (
                format!("repayments/{payment}/chargeback"),
                json!({"on": on, "amount": money(step.cents / 10 + 1)}),
            )
        }
        11 => ("disburse".to_owned(), json!({"on": on, "amount": money(step.cents / 4 + 1)})),
        12 => ("refunds".to_owned(), json!({"on": on, "amount": money(step.cents / 10 + 1)})),
        13 => ("credits".to_owned(), json!({"id": id, "on": on, "amount": amount, "kind": "goodwill"})),
        14 => {
            let quote = engine::quote(&played.terms, &played.facts, on).ok()?;
            ("settle".to_owned(), json!({"id": id, "on": on, "amount": quote.amount}))
        }
        15 if step.pick % 3 == 0 => ("write-off".to_owned(), json!({"on": on})),
        16 if step.pick % 2 == 0 => {
            let terms = json!({"rate": {"value": "0.0179"}, "installments": 6, "calendar": "none"});
            let capitalize = if step.cents % 2 == 0 { json!(["interest"]) } else { json!([]) };
            ("restructure".to_owned(), json!({"on": on, "terms": terms, "capitalize": capitalize}))
        }
        17 if step.pick % 2 == 0 => {
            let first_due_on = day(step.on + 10);
            let body = json!({
                "on": on, "mode": "re_age", "installments": 4, "every": {"months": 1}, "first_due_on": first_due_on,
            });
            ("restructure".to_owned(), body)
        }
        17 => ("restructure".to_owned(), json!({"on": on, "mode": "re_amortize"})),
        _ => repay(json!({})),
    })
}

fn standing_of(derived: &Derived) -> Standing {
    let Derived { status, balances, overpaid, credit, oldest_due_on, late_from, .. } = *derived;
    Standing { status, balances, overpaid, credit, oldest_due_on, late_from }
}

fn total(shares: impl Iterator<Item = Components>) -> Amount {
    shares.fold(Components::NOTHING, Components::plus).total()
}

/// Every received amount is told apart to the cent.
fn amounts_are_spread(facts: &[Fact], derived: &Derived) -> Result<(), TestCaseError> {
    for (fact, effect) in facts.iter().zip(&derived.effects) {
        let (What::Payment(payment), Some(effect)) = (&fact.what, effect) else { continue };
        let covered = total(effect.shares.iter().map(|share| share.allocation));
        prop_assert_eq!(covered.plus(effect.overpaid).plus(effect.credit), payment.amount, "{:?}", effect);
        prop_assert!(effect.shares.iter().all(|share| share.installment > 0), "{effect:?} of {derived:#?}");
    }
    Ok(())
}

fn nothing_is_paid_twice(derived: &Derived) -> Result<(), TestCaseError> {
    let mut paid = Components::NOTHING;
    for row in &derived.rows {
        paid = paid.plus(row.paid);
        for component in Component::ALL {
            let open = row.due.minus(row.paid).minus(row.waived).of(component);
            prop_assert!(!open.is_negative(), "{component:?} of {row:#?}");
            prop_assert!(!row.paid.of(component).is_negative(), "{component:?} of {row:#?}");
        }
        prop_assert!(!row.balance.is_negative(), "{row:#?}");
    }
    // What rows hold as paid is what effects say that they cover.
    let applied = derived.effects.iter().flatten().flat_map(|effect| &effect.applied).chain(&derived.applied);
    let applied = applied.flat_map(|applied| &applied.shares);
    let shares = derived.effects.iter().flatten().flat_map(|effect| &effect.shares).chain(applied);
    let mut covered = vec![Components::NOTHING; derived.rows.len()];
    for share in shares {
        let row = &mut covered[share.installment as usize - 1];
        *row = row.plus(share.allocation);
    }
    for (row, covered) in derived.rows.iter().zip(covered) {
        prop_assert_eq!(row.paid, covered, "row {}", row.number);
    }
    Ok(())
}

/// Principal comes from disbursements, chargebacks, refunds owed again and capitalized interest, and goes nowhere.
fn principal_is_conserved(facts: &[Fact], derived: &Derived) -> Result<(), TestCaseError> {
    let mut lent = Amount::ZERO;
    for (fact, effect) in facts.iter().zip(&derived.effects) {
        let Some(effect) = effect else { continue };
        if let Some(outlay) = effect.outlay {
            lent = lent.plus(outlay.principal);
        }
        match fact.what {
            What::Chargeback { amount, .. } => lent = lent.plus(amount),
            // What was not there to be given back is owed again; credit may have become overpaid before.
            What::Refund { amount } => {
                lent = lent.plus(amount).plus(effect.overpaid).plus(effect.credit);
            }
            _ => {}
        }
    }
    let capitalized: Amount = derived.rows.iter().map(|row| row.capitalized).sum();
    let repaid: Amount = derived.rows.iter().map(|row| row.due.principal).sum();
    prop_assert_eq!(repaid, lent.plus(capitalized));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn money_and_principal_are_conserved(terms in terms(), steps in steps(30)) {
        let Some(played) = record(&terms, &steps) else { return Ok(()) };
        for seen in [30, 95, 200, END] {
            // Without what comes later a fact may be one that the loan refuses.
            let Ok(derived) = engine::derive(&played.terms, &played.facts, day(seen)) else { continue };
            amounts_are_spread(&played.facts, &derived)?;
            nothing_is_paid_twice(&derived)?;
            principal_is_conserved(&played.facts, &derived)?;
        }
    }

    #[test]
    fn what_is_reversed_or_comes_later_is_as_if_it_had_never_been(terms in terms(), steps in steps(20)) {
        let Some(played) = record(&terms, &steps) else { return Ok(()) };
        let seen = day(150);
        let Ok(all) = engine::derive(&played.terms, &played.facts, seen) else { return Ok(()) };
        let counts = |fact: &&Fact| {
            !fact.reversed && (fact.on <= seen || matches!(fact.what, What::Charge { .. }))
        };
        let some: Vec<Fact> = played.facts.iter().filter(counts).cloned().collect();
        let without = engine::derive(&played.terms, &some, seen).unwrap();
        prop_assert_eq!(all.rows, without.rows);
        prop_assert_eq!(all.balances, without.balances);
        prop_assert_eq!(all.overpaid, without.overpaid);
        prop_assert_eq!(all.days_past_due, without.days_past_due);
    }

    #[test]
    fn taking_in_one_fact_after_another_is_deriving_each_time(terms in terms(), steps in steps(20)) {
        let Some(mut played) = record(&terms, &steps) else { return Ok(()) };
        // A chargeback is known to payments before it once it is recorded.
        played.facts.retain(|fact| !matches!(fact.what, What::Chargeback { .. }));
        if engine::derive(&played.terms, &played.facts, day(END)).is_err() {
            return Ok(());
        }
        let mut engine = Engine::begin(&played.terms, &played.facts, day(END));
        while let Some(on) = engine.next_on() {
            while engine.next_on() == Some(on) {
                engine.take_next().unwrap();
            }
            let step = engine.clone().seen_on(on).unwrap();
            let whole = engine::derive(&played.terms, &played.facts, on).unwrap();
            prop_assert_eq!(step.rows, whole.rows);
            prop_assert_eq!(step.effects, whole.effects);
        }
    }

    #[test]
    fn what_a_standing_says_that_it_holds_for_is_what_is_derived(terms in terms(), steps in steps(12)) {
        let Some(played) = record(&terms, &steps) else { return Ok(()) };
        if played.facts.iter().any(|fact| matches!(fact.what, What::Restructure(_))) {
            return Ok(());
        }
        let dated = played.facts.iter().filter(|fact| !matches!(fact.what, What::Charge { .. }));
        let Some(last_on) = dated.map(|fact| fact.on).max() else { return Ok(()) };
        let Ok(last) = engine::derive(&played.terms, &played.facts, last_on) else { return Ok(()) };
        let standing = standing_of(&last);
        let around = standing.late_from.into_iter().flat_map(|from| [from - Days::new(1), from]);
        let days = (0..600).step_by(19).map(|days| last_on + Days::new(days));
        let holds = |on: &NaiveDate| *on >= last_on && standing.holds_on(*on, ByTime::of(&played.terms));
        for on in days.chain(around).filter(holds) {
            let then = engine::derive(&played.terms, &played.facts, on).unwrap();
            prop_assert_eq!((standing_of(&then), then.write_off), (standing, last.write_off), "on {}", on);
            prop_assert_eq!(then.days_past_due, standing.days_past_due(on), "on {}", on);
        }
    }

    #[test]
    fn accruals_add_up_to_their_total(terms in terms(), steps in steps(12)) {
        let Some(played) = record(&terms, &steps) else { return Ok(()) };
        let entries = engine::accruals(&played.terms, &played.facts, day(0), day(END)).unwrap();
        let mut sum = Amount::ZERO;
        for entry in &entries {
            sum = sum.plus(entry.amount);
            prop_assert_eq!(sum, entry.total, "{:?}", entry);
        }
        for on in [40, 131, END] {
            let total = engine::total_accrued(&played.terms, &played.facts, day(on)).unwrap();
            let known = entries.iter().rev().find(|entry| entry.on <= day(on));
            // Facts after the day may change what was booked before it only through principal charged back.
            if !played.facts.iter().any(|fact| matches!(fact.what, What::Chargeback { .. })) {
                prop_assert_eq!(total, known.map_or(Amount::ZERO, |entry| entry.total), "on {}", day(on));
            }
        }
    }

    #[test]
    fn the_quote_settles_the_loan(terms in terms(), steps in steps(12), on in 0..END) {
        let Some(mut played) = record(&terms, &steps) else { return Ok(()) };
        played.facts.retain(|fact| fact.on <= day(on) && fact.what != What::WriteOff);
        let Ok(before) = engine::derive(&played.terms, &played.facts, day(on)) else { return Ok(()) };
        let Ok(quote) = engine::quote(&played.terms, &played.facts, day(on)) else { return Ok(()) };
        prop_assert_eq!(quote.amount, quote.due.plus(quote.principal).plus(quote.interest));
        prop_assert!(!quote.due.is_negative() && !quote.principal.is_negative(), "{:?}", quote);
        if !quote.amount.is_positive() {
            return Ok(());
        }
        let id = Uuid::from_u128(7);
        played.command("settle", &json!({"id": id, "on": day(on), "amount": quote.amount}));
        let after = engine::derive(&played.terms, &played.facts, day(END)).unwrap();
        prop_assert!(after.balances.is_nothing(), "{:?} of {:?}", after.balances, quote);
        // Credit would have served what falls due that day at its end only.
        let at_its_end = before.applied.iter().filter(|applied| applied.on == day(on));
        let kept = total(at_its_end.flat_map(|applied| &applied.shares).map(|share| share.allocation));
        prop_assert_eq!(after.overpaid, before.overpaid.plus(before.credit).plus(kept));
        nothing_is_paid_twice(&after)?;
    }

    #[test]
    fn all_interest_is_accrued_in_the_end(terms in terms(), steps in steps(15)) {
        let mut terms = terms;
        terms["accrual"] = json!({"stop_after_days": 36_000});
        // What moves between contracts does not stay in its rows.
        let steps: Vec<Step> = steps.into_iter().filter(|step| step.kind < 15).collect();
        let Some(played) = record(&terms, &steps) else { return Ok(()) };
        let derived = engine::derive(&played.terms, &played.facts, day(END)).unwrap();
        if derived.rows.iter().any(|row| row.due_on >= day(END)) {
            return Ok(());
        }
        let total = engine::total_accrued(&played.terms, &played.facts, day(END)).unwrap();
        let due: Amount = derived.rows.iter().map(|row| row.due.interest.plus(row.capitalized)).sum();
        prop_assert_eq!(total, due);
    }
}
