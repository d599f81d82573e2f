//! Random schedule requests within the documented ranges.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

pub(crate) fn cents(amount: u64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

/// A word of a list, or nothing: then the default.
pub(crate) fn maybe(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 2 => select(words).prop_map(Value::from)]
}

/// Without the fields that are left to their default.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(|field| *field = without_nulls(field.take()));
    }
    if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(|item| *item = without_nulls(item.take()));
    }
    value
}

pub(crate) fn rate() -> impl Strategy<Value = Value> {
    let per = select(vec![("year", 90_u32), ("month", 9), ("day", 1)]);
    let value = prop_oneof![1 => Just(0_u32), 9 => 1..10_000_u32];
    (per, value, maybe(&["nominal", "effective"])).prop_map(|((per, most), value, compounding)| {
        let value = format!("0.{:08}", value * most * if per == "day" { 20 } else { 100 });
        json!({"value": value, "per": per, "compounding": compounding})
    })
}

pub(crate) fn every() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        1 => (1..5_u32).prop_map(|months| json!({"months": months})),
        1 => (1..5_u32).prop_map(|weeks| json!({"weeks": weeks})),
        1 => (3..50_u32).prop_map(|days| json!({"days": days})),
    ]
}

pub(crate) fn date(years: std::ops::Range<i32>) -> impl Strategy<Value = NaiveDate> {
    (years, 0..365_u64).prop_map(|(year, days)| {
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap().checked_add_days(Days::new(days)).unwrap()
    })
}

pub(crate) fn day_count() -> impl Strategy<Value = Value> {
    maybe(&["30/360", "30/360", "30e/360", "30u/360", "act/365", "act/360", "act/364", "act/act", "bus/252"])
}

pub(crate) fn calendar() -> impl Strategy<Value = Value> {
    let dates = || prop::collection::vec(date(2026..2028), 0..4);
    let adapted = (maybe(&["br-bank", "weekends", "none"]), dates(), dates())
        .prop_map(|(base, add, remove)| json!({"base": base, "add": add, "remove": remove}));
    prop_oneof![3 => maybe(&["br-bank", "weekends", "none"]), 1 => adapted]
}

pub(crate) fn rounding(remainders: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let places = select(vec![
        Value::Null,
        Value::Null,
        json!([]),
        json!(["installment"]),
        json!(["interest"]),
        json!(["installment", "interest"]),
    ]);
    (
        maybe(&["half_even", "half_up", "down"]),
        maybe(remainders),
        places,
        prop_oneof![3 => Just(Value::Null), 1 => select(vec![json!("1"), json!("0.05"), json!("10")])],
        prop_oneof![4 => Just(Value::Null), 1 => (5..14_u32).prop_map(Value::from)],
        prop_oneof![4 => Just(Value::Null), 1 => (6..16_u32).prop_map(Value::from)],
        prop_oneof![6 => Just(Value::Null), 1 => (0..3_u32).prop_map(Value::from)],
    )
        .prop_map(|(mode, remainder, places, multiple, rate, factor, decimals)| {
            json!({"mode": mode, "remainder": remainder, "places": places, "multiple_of": multiple,
                "rate_decimals": rate, "factor_decimals": factor, "decimals": decimals})
        })
}

fn grace() -> impl Strategy<Value = Value> {
    let some = (0..4_u32, 0..4_u32, maybe(&["capitalized", "deferred", "free"])).prop_map(
        |(principal, interest, mode)| {
            json!({"principal": principal, "interest": interest.min(principal), "mode": mode})
        },
    );
    prop_oneof![2 => Just(Value::Null), 1 => some]
}

fn tax() -> impl Strategy<Value = Value> {
    let rates = prop_oneof![
        3 => Just(Value::Null),
        1 => Just(json!({"daily": "0.0000931", "additional": "0.0047"})),
    ];
    let round = select(vec![
        Value::Null,
        json!([]),
        json!(["daily"]),
        json!(["additional"]),
        json!(["row"]),
        json!(["daily", "additional", "row"]),
    ]);
    let iof = (
        select(vec!["natural", "legal", "simples", "mei"]),
        rates,
        maybe(&["financed", "withheld", "cash", "installment"]),
        maybe(&["fixed_point", "series"]),
        round,
        maybe(&["half_even", "half_up", "down"]),
        prop_oneof![3 => Just(Value::Null), 1 => (30..500_u32).prop_map(Value::from)],
    );
    let iof = iof.prop_map(|(person, rates, collected, financing, round, mode, cap_days)| {
        json!({"iof": {"person": person, "rates": rates, "collected": collected, "financing": financing,
            "round": round, "mode": mode, "cap_days": cap_days}})
    });
    prop_oneof![2 => Just(Value::Null), 1 => iof]
}

pub(crate) fn charges(start: NaiveDate) -> impl Strategy<Value = Value> {
    let due = prop_oneof![
        3 => select(vec!["disbursement", "financed", "installment"]).prop_map(str::to_owned),
        1 => (0..60_u64).prop_map(move |days| (start + Days::new(days)).to_string()),
    ];
    let base = maybe(&["principal", "financed", "installment", "balance"]);
    let charge = (due, prop::option::of(100..5_000_u64), 1..300_u32, base);
    let charge = charge.prop_map(|(due, amount, rate, base)| {
        let fits =
            due == "installment" || base == "principal" || (due == "disbursement" && base == "financed");
        match amount {
            Some(amount) => json!({"kind": "service_fee", "due": due, "amount": cents(amount)}),
            None => json!({"kind": "insurance", "due": due, "rate": format!("0.{rate:05}"),
                "base": if fits { base } else { Value::Null }}),
        }
    });
    prop_oneof![2 => Just(Value::Null), 1 => prop::collection::vec(charge, 1..4).prop_map(Value::from)]
}

/// Dates of the plan: by rule, or listed.
fn dates(start: NaiveDate) -> impl Strategy<Value = Value> {
    let first = prop_oneof![
        2 => Just(Value::Null),
        1 => (0..70_u64).prop_map(move |days| (start + Days::new(days)).to_string().into()),
    ];
    let by_rule = (1..25_u32, every(), first).prop_map(
        |(count, every, first)| json!({"installments": count, "every": every, "first_due_on": first}),
    );
    let listed = prop::collection::vec(1..60_u64, 1..16).prop_map(move |gaps| {
        let mut day = start;
        let mut next = |gap| {
            day = day + Days::new(gap);
            day.to_string()
        };
        json!({"due_dates": gaps.into_iter().map(&mut next).collect::<Vec<_>>()})
    });
    prop_oneof![5 => by_rule, 1 => listed]
}

pub(crate) fn request() -> impl Strategy<Value = Value> {
    date(2016..2030).prop_flat_map(|start| {
        let calendar = (
            calendar(),
            maybe(&["none", "following", "modified_following", "preceding"]),
            maybe(&["shifted", "unshifted"]),
            maybe(&["clamp", "roll"]),
        );
        let money = (
            rate(),
            rounding(&["last", "last_keeps_installment", "first", "respread", "none"]),
            grace(),
            tax(),
            maybe(&["actual", "equal"]),
            charges(start),
        );
        let count = prop_oneof![3 => Just(1_usize), 1 => 2..4_usize];
        let releases =
            count.prop_flat_map(|count| prop::collection::vec((10_000..9_000_000_u64, 0..200_u64), count));
        let method = maybe(&["price", "sac", "sam", "interest_only", "bullet", "flat"]);
        (method, dates(start), day_count(), calendar, money, releases).prop_map(
            move |(method, mut request, day_count, calendar, money, releases)| {
                let (calendar, shift, accrue_to, month_end) = calendar;
                let (rate, rounding, grace, tax, periods, charges) = money;
                let release = |(at, (amount, days)): (usize, (u64, u64))| {
                    let on = start + Days::new(if at == 0 { 0 } else { days });
                    json!({"on": on.to_string(), "amount": cents(amount)})
                };
                let releases: Vec<_> = releases.into_iter().enumerate().map(release).collect();
                let fields = json!({"method": method, "rate": rate, "day_count": day_count,
                    "calendar": calendar, "due_date_shift": shift, "accrue_to": accrue_to,
                    "month_end": month_end, "rounding": rounding, "grace": grace, "tax": tax,
                    "installment_periods": periods, "charges": charges, "disbursements": releases});
                request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                // What rounded factors mean for the exact plan behind sam, and for V (§6), is nowhere said.
                let several = request["disbursements"].as_array().is_some_and(|all| all.len() > 1);
                if request["method"] == "sam" || several {
                    request["rounding"]["factor_decimals"] = Value::Null;
                }
                without_nulls(request)
            },
        )
    })
}
