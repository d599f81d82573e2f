//! What holds whatever happens: random terms, random commands, backdated and reversed at will.

use std::collections::HashMap;

use chrono::Days;
use domain::Amount;
use domain::component::Components;
use domain::decider::Decider;
use domain::id::PaymentId;
use domain::journal::{Side, loan_postings};
use domain::loan::{Loan, LoanCommand, LoanEvent, Servicing};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::*;

/// What is tried, by the days since the disbursement; most is accepted, some is refused.
#[derive(Debug, Clone)]
enum Try {
    Pay { days: u64, cents: i64 },
    Settle { days: u64 },
    Reverse { which: usize, days: u64 },
    Charge { days: u64, cents: i64, penalty: bool },
}

fn some_terms() -> impl Strategy<Value = Value> {
    let method = select(vec!["price", "sac", "flat"]);
    let day_count = select(vec!["30/360", "act/365"]);
    let compounding = select(vec!["nominal", "effective"]);
    let scope = select(vec!["installment", "loan"]);
    let order = select(vec![json!([]), json!(["principal"]), json!(["interest", "penalty", "fee"])]);
    let amounts = (10_000_i64..5_000_000, 0_i64..900, 1_u32..15);
    (method, day_count, compounding, scope, order, amounts).prop_map(
        |(method, day_count, compounding, scope, order, (cents, rate, installments))| {
            json!({
                "principal": Decimal::new(cents, 2).to_string(), "currency": "BRL", "method": method,
                "rate": {"value": Decimal::new(rate, 4).to_string(), "per": "month", "compounding": compounding},
                "day_count": day_count, "installments": installments, "every": {"months": 1},
                "allocation": order, "allocation_scope": scope,
            })
        },
    )
}

fn something() -> impl Strategy<Value = Try> {
    let days = 0_u64..350;
    prop_oneof![
        6 => (days.clone(), 1_i64..700_000).prop_map(|(days, cents)| Try::Pay { days, cents }),
        1 => days.clone().prop_map(|days| Try::Settle { days }),
        3 => (0_usize..12, days.clone()).prop_map(|(which, days)| Try::Reverse { which, days }),
        2 => (days, 1_i64..20_000, any::<bool>())
            .prop_map(|(days, cents, penalty)| Try::Charge { days, cents, penalty }),
    ]
}

fn on(days: u64) -> String {
    day("2026-01-15").checked_add_days(Days::new(days)).expect("a date").to_string()
}

fn command(given: &Given<Loan>, number: usize, tried: &Try) -> Option<LoanCommand> {
    let id = number as u128 + 100;
    Some(match tried {
        Try::Pay { days, cents } => pay(id, &on(*days), &Decimal::new(*cents, 2).to_string()),
        Try::Settle { days } => {
            let history = given.history().up_to(day(&on(*days)));
            let quote = domain::loan::settlement::quote(&history.derive()?.loan, day(&on(*days)));
            settle(id, &on(*days), &quote.amount.to_string())
        }
        Try::Reverse { which, days } => reverse(*which as u128 + 100, &on(*days)),
        Try::Charge { days, cents, penalty } => {
            let kind = if *penalty { "penalty" } else { "service_fee" };
            charge(id, kind, &on(*days), &Decimal::new(*cents, 2).to_string())
        }
    })
}

fn servicing(loan: &Loan) -> &Servicing {
    let Loan::Disbursed(servicing) = loan else { panic!("disbursed") };
    servicing
}

/// The payments that count, with their amounts.
fn received(events: &[LoanEvent]) -> HashMap<PaymentId, Amount> {
    let mut received = HashMap::new();
    for event in events {
        match event {
            LoanEvent::RepaymentRecorded(event) => received.insert(event.repayment_id, event.amount),
            LoanEvent::SettledEarly(event) => received.insert(event.repayment_id, event.amount),
            LoanEvent::RepaymentReversed(event) => received.remove(&event.repayment_id),
            _ => None,
        };
    }
    received
}

fn check_invariants(given: &Given<Loan>) {
    let loan = servicing(&given.state);
    let (mut due, mut paid) = (Components::NOTHING, Components::NOTHING);
    for row in &loan.rows {
        due = due.plus(row.due);
        paid = paid.plus(row.paid);
        for (component, open) in row.open().iter() {
            assert!(
                !open.is_negative(),
                "{component:?} of installment {} is paid beyond what is due",
                row.number
            );
        }
    }
    let received: Amount = received(&given.events).into_values().sum();
    assert_eq!(paid.total().plus(loan.standing.overpaid), received, "what came in is what was allocated");
    assert_eq!(loan.standing.balances, due.minus(paid), "the standing is that of the rows");
    let LoanEvent::Disbursed(disbursed) = &given.events[2] else { panic!("disbursed") };
    assert_eq!(due.principal, disbursed.amount, "the plan repays the principal to the cent");

    for posting in given.events.iter().flat_map(loan_postings) {
        let side = |side| posting.lines.iter().filter(move |line| line.side == side).map(|line| line.amount);
        assert_eq!(
            side(Side::Debit).sum::<Amount>(),
            side(Side::Credit).sum::<Amount>(),
            "each posting balances"
        );
    }
    let accounts = given.accounts();
    let balance = |account: &str| {
        let line = accounts.iter().find_map(|line| line.strip_prefix(account)?.strip_prefix(' '));
        line.map_or(Decimal::ZERO, decimal)
    };
    assert_eq!(balance("assets:loans:principal"), loan.standing.balances.principal.value());
    assert_eq!(-balance("liabilities:overpayments"), loan.standing.overpaid.value());
    assert_eq!(balance("assets:cash"), received.minus(disbursed.amount).value());
}

fn check_derivation(given: &Given<Loan>) {
    let derived = given.history().derive().expect("disbursed");
    assert!(derived.reallocated.is_empty(), "what was decided is what follows from the facts");
    let live = servicing(&given.state);
    assert_eq!(derived.loan.standing, live.standing);
    let rows = |loan: &Servicing| loan.rows.iter().map(|row| (row.due, row.paid)).collect::<Vec<_>>();
    assert_eq!(rows(&derived.loan), rows(live));
}

fn check_payments(event: &LoanEvent) {
    let (amount, spread) = match event {
        LoanEvent::RepaymentRecorded(event) => (event.amount, event.spread()),
        LoanEvent::SettledEarly(event) => (event.amount, event.spread()),
        _ => return,
    };
    assert_eq!(spread.components().total().plus(spread.overpaid), amount, "a payment is allocated whole");
    assert!(!spread.overpaid.is_negative());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_books_hold_whatever_happens(terms in some_terms(), tries in prop::collection::vec(something(), 1..35)) {
        let mut given = disbursed(terms);
        for (number, tried) in tries.iter().enumerate() {
            let Some(command) = command(&given, number, tried) else { continue };
            let Ok(events) = given.decide(&command) else { continue };
            for event in events {
                check_payments(&event);
                given.happened(event);
            }
            check_invariants(&given);
            check_derivation(&given);
            // The same command again is refused or, for a charge without an id of its own here, was not yet seen.
            if !matches!(tried, Try::Charge { .. }) {
                let again = given.state.decide(Some(given.history()), &command, open_day());
                prop_assert!(again.is_err(), "{command:?} twice");
            }
        }
    }

    #[test]
    fn replaying_any_prefix_gives_the_live_state(
        terms in some_terms(), tries in prop::collection::vec(something(), 1..20)
    ) {
        let mut live = vec![Loan::default()];
        let mut given = given::<Loan>([]);
        let start = [apply_for(terms), approve("2026-01-10"), disburse("2026-01-15")];
        for command in &start {
            for event in given.decide(command).expect("accepted") {
                given.happened(event);
                live.push(given.state.clone());
            }
        }
        for (number, tried) in tries.iter().enumerate() {
            let Some(command) = command(&given, number, tried) else { continue };
            for event in given.decide(&command).unwrap_or_default() {
                given.happened(event);
                live.push(given.state.clone());
            }
        }
        let stored: Vec<String> =
            given.events.iter().map(|event| serde_json::to_string(event).expect("plain data")).collect();
        let mut replayed = Loan::default();
        prop_assert_eq!(&replayed, &live[0]);
        for (event, expected) in stored.iter().zip(&live[1..]) {
            replayed.apply(&serde_json::from_str(event).expect("what was stored is read"));
            prop_assert_eq!(&replayed, expected);
        }
        let snapshot = serde_json::to_string(&replayed).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Loan>(&snapshot).expect("a snapshot is read"), replayed);
    }
}
