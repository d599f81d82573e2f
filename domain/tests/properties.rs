//! What holds for any terms.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use domain::{Amount, Plan, PlanError, ScheduleRequest, Terms, TermsRequest, draw, draw_for_loan};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A word of a list, or nothing: then the default.
fn maybe(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 2 => select(words).prop_map(Value::from)]
}

fn method() -> impl Strategy<Value = Value> {
    maybe(&["price", "sac", "sam", "interest_only", "bullet", "flat"])
}

fn rate() -> impl Strategy<Value = Value> {
    let per = select(vec![("year", 3_000_000_u32), ("month", 200_000), ("day", 6_000)]);
    (per, any::<u32>(), maybe(&["nominal", "effective"])).prop_map(|((per, most), seed, compounding)| {
        let value = Decimal::new(i64::from(seed % most), 6);
        json!({"value": value.to_string(), "per": per, "compounding": compounding})
    })
}

fn every() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (1..7_u32).prop_map(|months| json!({"months": months})),
        (1..6_u32).prop_map(|weeks| json!({"weeks": weeks})),
        (1..60_u32).prop_map(|days| json!({"days": days})),
    ]
}

fn date() -> impl Strategy<Value = String> {
    (2015..2060, 1..13_u32, 1..29_u32).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
}

fn rounding() -> impl Strategy<Value = Value> {
    let places = select(vec![
        Value::Null,
        json!([]),
        json!(["installment"]),
        json!(["interest"]),
        json!(["installment", "interest"]),
    ]);
    (
        maybe(&["half_even", "half_up", "down"]),
        maybe(&["last", "last_keeps_installment", "first", "respread"]),
        places,
        maybe(&["1", "0.05", "10"]),
        prop_oneof![3 => Just(Value::Null), 1 => (4..16_u32).prop_map(Value::from)],
        prop_oneof![3 => Just(Value::Null), 1 => (4..16_u32).prop_map(Value::from)],
    )
        .prop_map(|(mode, remainder, places, multiple, rate, factor)| {
            json!({"mode": mode, "remainder": remainder, "places": places, "multiple_of": multiple,
                "rate_decimals": rate, "factor_decimals": factor})
        })
}

/// Mostly none, and never more interest than principal, so that most requests can be drawn.
fn grace() -> impl Strategy<Value = Value> {
    let some = (0..4_u32, 0..4_u32, maybe(&["capitalized", "deferred", "free"])).prop_map(
        |(principal, interest, mode)| {
            json!({"principal": principal, "interest": interest.min(principal), "mode": mode})
        },
    );
    prop_oneof![2 => Just(Value::Null), 1 => some]
}

fn tax() -> impl Strategy<Value = Value> {
    let iof = (
        select(vec!["natural", "legal", "simples", "mei"]),
        maybe(&["financed", "withheld", "cash", "installment"]),
        maybe(&["fixed_point", "series"]),
        maybe(&["half_even", "half_up", "down"]),
    );
    let iof = iof.prop_map(|(person, collected, financing, mode)| {
        json!({"iof": {"person": person, "collected": collected, "financing": financing, "mode": mode}})
    });
    prop_oneof![2 => Just(Value::Null), 1 => iof]
}

fn calendar() -> impl Strategy<Value = Value> {
    let adapted = prop::collection::vec(date(), 0..4).prop_map(|add| json!({"base": "br-bank", "add": add}));
    prop_oneof![3 => maybe(&["br-bank", "weekends", "none"]), 1 => adapted]
}

fn cents(amount: u64) -> String {
    Decimal::new(i64::try_from(amount).unwrap(), 2).to_string()
}

/// Without the fields that are left to their default.
fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(|field| *field = without_nulls(field.take()));
    }
    value
}

fn request() -> impl Strategy<Value = Value> {
    let dates = (
        date(),
        every(),
        prop_oneof![2 => Just(None), 1 => (0..70_u64).prop_map(Some)],
        calendar(),
        maybe(&["none", "following", "modified_following", "preceding"]),
        maybe(&["shifted", "unshifted"]),
        maybe(&["clamp", "roll"]),
    );
    let day_count =
        maybe(&["30/360", "30e/360", "30u/360", "act/365", "act/360", "act/364", "act/act", "bus/252"]);
    let count = prop_oneof![3 => Just(1_usize), 1 => 2..5_usize];
    let amounts = count.prop_flat_map(|count| prop::collection::vec((1..200_000_000_u64, 0..200_u64), count));
    let money = (rate(), rounding(), grace(), tax(), maybe(&["actual", "equal"]));
    (method(), dates, day_count, 1..40_u32, amounts, money).prop_map(
        |(method, dates, day_count, installments, amounts, (rate, rounding, grace, tax, periods))| {
            let (start, every, days_to_first, calendar, shift, accrue_to, month_end) = dates;
            let first: chrono::NaiveDate = start.parse().unwrap();
            let first_due_on = days_to_first.map(|days| (first + chrono::Days::new(days)).to_string());
            let disbursements: Vec<_> = amounts
                .iter()
                .enumerate()
                .map(|(at, (amount, days))| {
                    let on = first + chrono::Days::new(if at == 0 { 0 } else { *days });
                    json!({"on": on.to_string(), "amount": cents(*amount)})
                })
                .collect();
            without_nulls(json!({
                "method": method, "rate": rate, "day_count": day_count, "installments": installments,
                "every": every, "first_due_on": first_due_on, "calendar": calendar, "due_date_shift": shift,
                "accrue_to": accrue_to, "month_end": month_end, "rounding": rounding, "grace": grace, "tax": tax,
                "installment_periods": periods, "disbursements": disbursements,
            }))
        },
    )
}

/// The plans of a request that is accepted: as a simulation and as a loan.
fn plans(request: Value) -> Option<(Terms, [Result<Plan, PlanError>; 2])> {
    let request: ScheduleRequest = serde_json::from_value(request).unwrap();
    let (terms, disbursements) = request.check().ok()?;
    let plans = [draw(&terms, &disbursements), draw_for_loan(&terms, &disbursements)];
    Some((terms, plans))
}

fn sum(plan: &Plan, figure: impl Fn(&domain::Installment) -> Amount) -> Amount {
    plan.installments.iter().map(figure).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn the_rows_of_a_loan_add_up_and_repay_it_to_the_cent(request in request()) {
        let Some((terms, [_, Ok(plan)])) = plans(request) else { return Ok(()) };
        let capitalized: Amount = plan.installments.iter().filter_map(|row| row.capitalized).sum();
        prop_assert_eq!(plan.totals.principal, plan.totals.financed.plus(capitalized));
        prop_assert!(plan.totals.residue.is_zero());
        prop_assert!(plan.installments.last().unwrap().balance.is_zero());
        for row in &plan.installments {
            prop_assert_eq!(row.total, row.principal.plus(row.interest).plus(row.fees).plus(row.tax));
            prop_assert!(!row.interest.is_negative() && !row.principal.is_negative(), "{:?}", row);
            prop_assert_eq!(row.total.value().scale(), terms.currency.decimals());
        }
        prop_assert_eq!(plan.totals.total, sum(&plan, |row| row.total));
        prop_assert_eq!(plan.totals.interest, sum(&plan, |row| row.interest));
    }

    #[test]
    fn a_simulation_shows_no_negative_interest_and_leaves_nothing_open(request in request()) {
        let Some((_, [Ok(plan), _])) = plans(request) else { return Ok(()) };
        prop_assert!(plan.installments.iter().all(|row| !row.interest.is_negative()));
        prop_assert!(plan.totals.residue.is_zero());
        prop_assert_eq!(plan.totals.financed.minus(plan.totals.released).minus(plan.totals.withheld),
            plan.tax.filter(|tax| tax.collected == domain::iof::IofCollection::Financed)
                .map_or(Amount::ZERO, |tax| tax.total));
    }

    #[test]
    fn due_dates_never_go_back(request in request()) {
        let Some((_, [_, Ok(plan)])) = plans(request) else { return Ok(()) };
        for pair in plan.installments.windows(2) {
            prop_assert!(pair[0].due_on <= pair[1].due_on && pair[0].from <= pair[1].from);
        }
    }

    #[test]
    fn terms_come_back_from_json_as_they_were(request in request()) {
        let Some((terms, _)) = plans(request) else { return Ok(()) };
        let text = serde_json::to_string(&terms).unwrap();
        prop_assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
    }

    #[test]
    fn recorded_terms_can_be_asked_for_again(request in request()) {
        let Some((terms, _)) = plans(request) else { return Ok(()) };
        let again: TermsRequest = serde_json::from_value(serde_json::to_value(&terms).unwrap()).unwrap();
        prop_assert_eq!(again.check().unwrap(), terms);
    }

    #[test]
    fn a_plan_comes_back_from_json_as_it_was(request in request()) {
        let Some((_, [Ok(plan), _])) = plans(request) else { return Ok(()) };
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }

    #[test]
    fn absurd_terms_are_refused_or_drawn_but_never_break(
        mut request in request(),
        principal in select(vec!["0.01", "1000000000000.00", "0.07"]),
        value in select(vec!["0", "100", "1", "0.05", "0.0000000000000000000000000001"]),
        per in select(vec!["year", "month", "day"]),
        installments in select(vec![1_u32, 2, 360, 1200]),
        agreed in select(vec![Value::Null, json!("0.01"), json!("999999999999.99")]),
        first_due_on in select(vec![Value::Null, json!("2200-12-31"), json!("1900-01-01")]),
        on in select(vec!["1900-01-01", "2024-02-29", "2200-12-31"]),
    ) {
        request["disbursements"] = json!([{"on": on, "amount": principal}]);
        request["rate"]["value"] = json!(value);
        request["rate"]["per"] = json!(per);
        request["installments"] = json!(installments);
        request["installment_amount"] = agreed;
        request["first_due_on"] = first_due_on;
        let _ = plans(without_nulls(request));
    }
}
