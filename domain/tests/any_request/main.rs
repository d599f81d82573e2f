//! Any request at all is refused or drawn. Fields are mixed from what is right, what is at a limit and what is wrong;
//! `make fuzz` asks the same of bytes that it grows by itself.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod invariants;

use invariants::{Outcome, hold_for};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// What stands for a field: mostly one that works, sometimes one at a limit, now and then one that is wrong.
fn one_of(right: Vec<Value>, limit: Vec<Value>, wrong: Vec<Value>) -> BoxedStrategy<Value> {
    prop_oneof![60 => select(right), 6 => select(limit), 1 => select(wrong), 1 => anything()].boxed()
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[0-9a-z./-]{0,12}".prop_map(Value::from),
        "\\PC{0,60}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn words(right: &[&str]) -> BoxedStrategy<Value> {
    let right: Vec<Value> = right.iter().map(|&word| word.into()).collect();
    one_of(right.clone(), right, vec!["unknown".into(), 7.into()])
}

fn amount() -> BoxedStrategy<Value> {
    one_of(
        ["1000.00", "12345.67", "300000.00", "0.90", "7"].map(Value::from).to_vec(),
        ["0.01", "0.05", "1000000000000.00", "999999999999.99"].map(Value::from).to_vec(),
        ["0.00", "-1.00", "0.001", "1000000000000.01", "1e5", "79228162514264337593543950335", ""]
            .map(Value::from)
            .to_vec(),
    )
}

fn fraction() -> BoxedStrategy<Value> {
    one_of(
        ["0.02", "0.0199", "0.001", "0"].map(Value::from).to_vec(),
        ["1", "0.05", "0.0000000000000000000000000001", "0.9999999999999999999999999999"]
            .map(Value::from)
            .to_vec(),
        ["-0.01", "101", "0.00000000000000000000000000001", "NaN", ".5"].map(Value::from).to_vec(),
    )
}

fn date() -> BoxedStrategy<Value> {
    let usual = (2024..2031, 1..13_u32, 1..29_u32)
        .prop_map(|(year, month, day)| Value::from(format!("{year}-{month:02}-{day:02}")));
    let edge = select(["1900-01-01", "2200-12-31", "2024-02-29", "2026-12-31"].map(Value::from).to_vec());
    let wrong =
        select(["1899-12-31", "2201-01-01", "2026-02-30", "2026-1-1", "today"].map(Value::from).to_vec());
    prop_oneof![40 => usual, 4 => edge, 1 => wrong].boxed()
}

fn small() -> BoxedStrategy<Value> {
    let right = [0, 1, 2, 3].map(Value::from).to_vec();
    one_of(right, vec![28.into(), 18.into()], vec![u32::MAX.into(), json!(-1), json!(1.5)])
}

/// Some of the fields, each by its own strategy.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>, given: f64) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| prop::option::weighted(given, value).prop_map(move |value| (name, value)))
        .collect();
    let kept = |fields: Vec<(&str, Option<Value>)>| {
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::from(given.collect::<Map<_, _>>())
    };
    fields.prop_map(kept).boxed()
}

fn list(item: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    prop::collection::vec(item, 0..=most).prop_map(Value::from).boxed()
}

fn rate() -> BoxedStrategy<Value> {
    let value = Just(()).prop_flat_map(|()| fraction());
    let others = object(
        vec![("per", words(&["year", "month", "day"])), ("compounding", words(&["nominal", "effective"]))],
        0.5,
    );
    (value, others)
        .prop_map(|(value, mut rate)| {
            rate["value"] = value;
            rate
        })
        .boxed()
}

fn every() -> BoxedStrategy<Value> {
    one_of(
        vec![json!({"months": 1}), json!({"months": 3}), json!({"weeks": 1}), json!({"days": 30})],
        vec![json!({"days": 1}), json!({"months": 1200}), json!({"days": 36500})],
        vec![json!({"months": 0}), json!({"weeks": u32::MAX}), json!({})],
    )
}

fn rounding() -> BoxedStrategy<Value> {
    object(
        vec![
            ("decimals", one_of(vec![2.into(), 0.into()], vec![1.into()], vec![3.into()])),
            ("mode", words(&["half_even", "half_up", "down"])),
            ("multiple_of", amount()),
            ("places", list(words(&["installment", "interest"]), 2)),
            ("remainder", words(&["last", "last_keeps_installment", "first", "respread", "none"])),
            ("rate_decimals", small()),
            (
                "factor_decimals",
                one_of(vec![8.into(), 15.into()], vec![0.into(), 18.into()], vec![19.into()]),
            ),
        ],
        0.3,
    )
}

fn charge() -> BoxedStrategy<Value> {
    let due = prop_oneof![2 => words(&["disbursement", "financed", "installment"]), 1 => date()].boxed();
    let worth = prop_oneof![
        object(vec![("amount", amount())], 0.99),
        object(
            vec![("rate", fraction()), ("base", words(&["principal", "financed", "installment", "balance"]))],
            0.9
        ),
    ];
    (words(&["origination_fee", "insurance", "fee"]), due, worth)
        .prop_map(|(kind, due, mut charge)| {
            charge["kind"] = kind;
            charge["due"] = due;
            charge
        })
        .boxed()
}

fn tax() -> BoxedStrategy<Value> {
    let rates = object(vec![("daily", fraction()), ("additional", fraction())], 0.95);
    object(
        vec![
            ("person", words(&["natural", "legal", "simples", "mei"])),
            ("rates", rates),
            ("collected", words(&["financed", "withheld", "cash", "installment"])),
            ("financing", words(&["fixed_point", "series"])),
            ("round", list(words(&["daily", "additional", "row"]), 3)),
            ("cap_days", one_of(vec![365.into()], vec![0.into(), 36500.into()], vec![36501.into()])),
        ],
        0.6,
    )
    .prop_map(|iof| json!({"iof": iof}))
    .boxed()
}

fn calendar() -> BoxedStrategy<Value> {
    let adapted = object(
        vec![
            ("base", words(&["br-bank", "weekends", "none"])),
            ("add", list(date(), 4)),
            ("remove", list(date(), 4)),
        ],
        0.7,
    );
    prop_oneof![3 => words(&["br-bank", "weekends", "none"]), 1 => adapted].boxed()
}

fn late() -> BoxedStrategy<Value> {
    object(
        vec![
            ("fee_rate", fraction()),
            ("interest_rate_per_month", fraction()),
            ("interest", words(&["simple", "compound"])),
            ("interest_rate", prop_oneof![words(&["contract"]), rate()].boxed()),
            ("grace_days", small()),
        ],
        0.4,
    )
}

fn due() -> BoxedStrategy<Value> {
    let count = [1, 2, 3, 12, 24, 48].map(Value::from).to_vec();
    let count = one_of(count, vec![360.into(), 1000.into()], vec![0.into(), 10_001.into(), u32::MAX.into()]);
    let row = object(vec![("due_on", date()), ("principal", amount()), ("interest", amount())], 0.95);
    let sorted = |mut list: Value| {
        if let Some(items) = list.as_array_mut() {
            items.sort_by_key(ToString::to_string);
        }
        list
    };
    prop_oneof![
        8 => (count, object(vec![("every", every()), ("first_due_on", date())], 0.3)).prop_map(|(count, mut due)| {
            due["installments"] = count;
            due
        }),
        2 => list(date(), 12).prop_map(move |dates| json!({"due_dates": sorted(dates)})),
        1 => list(row, 4).prop_map(move |rows| json!({"custom": sorted(rows), "method": "custom"})),
    ]
    .boxed()
}

fn request() -> BoxedStrategy<Value> {
    let options = object(
        vec![
            ("principal", amount()),
            ("method", words(&["price", "sac", "sam", "interest_only", "bullet", "flat"])),
            (
                "day_count",
                words(&["30/360", "30e/360", "30u/360", "act/365", "act/360", "act/act", "bus/252"]),
            ),
            ("month_end", words(&["clamp", "roll"])),
            ("calendar", calendar()),
            ("due_date_shift", words(&["none", "following", "modified_following", "preceding"])),
            ("accrue_to", words(&["shifted", "unshifted"])),
            (
                "grace",
                object(
                    vec![
                        ("principal", small()),
                        ("interest", small()),
                        ("mode", words(&["capitalized", "deferred", "free"])),
                    ],
                    0.6,
                ),
            ),
            ("installment_amount", amount()),
            ("installment_periods", words(&["actual", "equal"])),
            ("rounding", rounding()),
            ("charges", list(charge(), 3)),
            ("tax", tax()),
            ("late", late()),
            ("currency", words(&["BRL", "JPY", "USD"])),
            ("interest_basis", words(&["plan", "daily_rest", "period_rest", "running_balance"])),
            ("excess", words(&["next", "reduce_term", "credit"])),
            ("allocation", list(words(&["interest", "principal", "fee"]), 3)),
        ],
        0.2,
    );
    let disbursement = object(vec![("on", date()), ("amount", amount())], 0.99);
    let disbursements = prop_oneof![
        8 => prop::collection::vec(disbursement.clone(), 1..2),
        1 => prop::collection::vec(disbursement, 0..6)
    ];
    (due(), rate(), options, disbursements)
        .prop_map(|(mut request, rate, options, disbursements)| {
            for (name, value) in options.as_object().unwrap() {
                // A custom plan keeps its method.
                let fields = request.as_object_mut().unwrap();
                fields.entry(name.clone()).or_insert_with(|| value.clone());
            }
            request["rate"] = rate;
            request["disbursements"] = disbursements.into();
            request
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_request_is_refused_or_drawn(request in request()) {
        hold_for(request.to_string().as_bytes());
    }

    #[test]
    fn any_json_is_refused(value in anything()) {
        prop_assert_ne!(hold_for(value.to_string().as_bytes()), Outcome::Drawn);
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(hold_for(&bytes), Outcome::Unreadable);
    }
}

/// A generator whose requests were all refused early would prove little.
#[test]
fn the_requests_tried_come_to_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut drawn = 0;
    let mut undrawn = 0;
    for _ in 0..600 {
        let request = request().new_tree(&mut runner).unwrap().current();
        match hold_for(request.to_string().as_bytes()) {
            Outcome::Drawn => drawn += 1,
            Outcome::Undrawn => undrawn += 1,
            Outcome::Refused | Outcome::Unreadable => {}
        }
    }
    assert!(drawn > 60 && undrawn > 20, "{drawn} drawn, {undrawn} without a plan");
}
