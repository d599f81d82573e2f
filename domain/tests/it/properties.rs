//! What holds whatever happens: random terms, random commands, backdated and reversed at will.

use std::collections::HashMap;

use domain::decider::{Decider, DecisionDay, Undecided};
use domain::loan::{Loan, LoanCommand, LoanEvent};
use proptest::prelude::*;
use serde_json::Value;

use crate::invariants::{check_derivation, check_event, check_receivable, check_state, servicing};
use crate::story::{Try, any_terms, command, plain_terms, something, something_usual};
use crate::support::*;

fn tell(mut given: Given<Loan>, tries: &[Try], mut after_each: impl FnMut(&Given<Loan>, &LoanCommand)) {
    let mut amounts = HashMap::new();
    for (number, tried) in tries.iter().enumerate() {
        let Some(command) = command(&given, number, tried) else { continue };
        let Ok(events) = given.decide(&command) else { continue };
        for event in events {
            check_event(&event, &mut amounts);
            given.happened(event);
        }
        check_state(&given);
        check_derivation(&given);
        after_each(&given, &command);
    }
}

/// A loan of which a third is disbursed at first.
fn disbursed_in_part(request: Value) -> Given<Loan> {
    let third = decimal(request["principal"].as_str().expect("a text")) / decimal("3");
    let method = request["method"].as_str().unwrap_or_default();
    let takes_more = ["price", "sac", "interest_only"].contains(&method);
    let amount = takes_more.then(|| third.round_dp(2).to_string());
    given([])
        .and(&apply_for(request))
        .and(&approve("2026-01-10"))
        .and(&disburse_part("2026-01-15", amount.as_deref()))
}

fn has_an_id_of_its_own(command: &LoanCommand) -> bool {
    matches!(
        command,
        LoanCommand::RecordRepayment(_)
            | LoanCommand::SettleEarly(_)
            | LoanCommand::GrantCredit(_)
            | LoanCommand::RecordRecovery(_)
            | LoanCommand::AddCharge(_)
            | LoanCommand::ReverseRepayment(_)
            | LoanCommand::ReverseCredit(_)
            | LoanCommand::ReverseRecovery(_)
            | LoanCommand::ReverseWriteOff(_)
            | LoanCommand::WriteOff(_)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_books_hold_whatever_happens(terms in any_terms(), tries in prop::collection::vec(something(), 1..30)) {
        tell(disbursed_in_part(terms), &tries, |given, command| {
            check_receivable(given);
            if has_an_id_of_its_own(command) {
                let day = DecisionDay::open(day(TODAY));
                let again = given.state.decide(Some(given.history()), command, day);
                assert!(again.is_err(), "{command:?} twice");
            }
        });
    }

    #[test]
    fn what_is_decided_on_the_rows_alone_is_what_the_engine_derives(
        terms in plain_terms(), tries in prop::collection::vec(something_usual(), 1..30)
    ) {
        tell(disbursed(terms), &tries, |given, command| {
            check_receivable(given);
            // Whatever was decided was compared with the engine; and a payment of today needs no history.
            let loan = servicing(&given.state);
            if matches!(command, LoanCommand::SettleEarly(_)) || !loan.is_plain {
                return;
            }
            let today = pay(9999, &loan.last_on.to_string(), "1.00");
            let decided = given.state.decide(None, &today, DecisionDay::open(day(TODAY)));
            assert!(!matches!(decided, Err(Undecided::NeedsHistory)), "decided on the rows alone");
        });
    }

    #[test]
    fn the_interest_of_days_to_come_is_what_each_of_them_shows(
        terms in any_terms(), tries in prop::collection::vec(something(), 0..15), from in 0_u64..400
    ) {
        let mut given = disbursed_in_part(terms);
        for (number, tried) in tries.iter().enumerate() {
            let Some(command) = command(&given, number, tried) else { continue };
            for event in given.decide(&command).unwrap_or_default() {
                given.happened(event);
            }
        }
        let from = day(&crate::story::on(from));
        let Ok(Some(ahead)) = given.history().known().unreceived_ahead(from, 40) else { return Ok(()) };
        for (day, interest) in from.iter_days().zip(ahead.interest) {
            let shown = given.history().known().unreceived(day).expect("it follows").expect("it is disbursed");
            prop_assert_eq!((shown.interest, shown.is_written_off), (interest, ahead.is_written_off), "{}", day);
        }
    }

    #[test]
    fn reversing_restores(
        terms in any_terms(), tries in prop::collection::vec(something(), 1..15), days in 0_u64..345, cents in 1_i64..900_000
    ) {
        let mut given = disbursed_in_part(terms);
        for (number, tried) in tries.iter().enumerate() {
            let Some(command) = command(&given, number, tried) else { continue };
            for event in given.decide(&command).unwrap_or_default() {
                given.happened(event);
            }
        }
        let seen = |given: &Given<Loan>| {
            let derived = given.history().derive(day(TODAY)).expect("it follows");
            (derived.rows, derived.status, derived.balances, derived.overpaid, derived.credit)
        };
        let before = seen(&given);
        let amount = rust_decimal::Decimal::new(cents, 2).to_string();
        let mut accounts = Vec::new();
        // The first reversal tells the books what time alone did until today.
        for number in [9998, 9999] {
            let Ok(events) = given.decide(&pay(number, &crate::story::on(days), &amount)) else { break };
            for event in events {
                given.happened(event);
            }
            given = given.and(&reverse(number, TODAY));
            prop_assert_eq!(seen(&given), before.clone());
            accounts.push(given.accounts());
        }
        prop_assert!(accounts.windows(2).all(|both| both[0] == both[1]), "{:?}", accounts);
    }

    #[test]
    fn replaying_any_prefix_gives_the_live_state(
        terms in any_terms(), tries in prop::collection::vec(something(), 1..20)
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
        let mut history = domain::loan::LoanHistory::default();
        let mut facts = domain::loan::LoanFacts::default();
        prop_assert_eq!(&replayed, &live[0]);
        for (stored, expected) in stored.iter().zip(&live[1..]) {
            let event: LoanEvent = serde_json::from_str(stored).expect("what was stored is read");
            facts.record_stored(event.name(), stored).expect("what was stored is read");
            replayed.apply(&event);
            history.record(&event);
            prop_assert_eq!(&replayed, expected);
        }
        prop_assert_eq!(&history, given.history());
        prop_assert_eq!(&facts, given.history().known());
        let snapshot = serde_json::to_string(&replayed).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Loan>(&snapshot).expect("a snapshot is read"), replayed);
    }
}
