//! Products: what an offer has to hold, what a loan takes from it, and in which versions it comes.

use domain::Currency;
use domain::product::{Define, Limits, Offer, Product, ProductCommand, ProductEvent, ProductRefusal, Retire};
use domain::terms::{FieldError, TermsRequest};
use serde_json::{Value, json};

use crate::support::*;

fn limits(json: Value) -> Limits {
    serde_json::from_value(json).expect("limits in the contract's form")
}

fn request(json: Value) -> TermsRequest {
    serde_json::from_value(json).expect("terms in the contract's form")
}

fn offer(terms: Value, bounds: Value) -> Result<Offer, Vec<FieldError>> {
    Offer::check(None, &request(terms), limits(bounds))
}

/// Working capital of 1,000.00 to 50,000.00 at 1.5 % to 3 % a month.
pub(crate) fn working_capital() -> Offer {
    let terms = json!({
        "rate": {"value": "0.0199", "per": "month", "compounding": "effective"}, "day_count": "30/360"
    });
    let bounds = json!({
        "principal": {"least": "1000.00", "most": "50000.00"},
        "rate.value": {"least": "0.015", "most": "0.03"},
        "installments": {"least": 3, "default": 12, "most": 24},
        "method": {"allowed": ["price", "sac"], "default": "price"}
    });
    offer(terms, bounds).expect("a good offer")
}

pub(crate) fn define(offer: &Offer) -> ProductCommand {
    ProductCommand::Define(Box::new(Define { name: "working capital".to_owned(), offer: offer.clone() }))
}

pub(crate) fn retire() -> ProductCommand {
    ProductCommand::Retire(Retire { reason: Some("replaced".to_owned()) })
}

/// `pointer code` of everything that is wrong, a line each.
fn wrong<T: std::fmt::Debug>(checked: Result<T, Vec<FieldError>>) -> String {
    let errors = checked.expect_err("refused");
    let lines = errors.iter().map(|error| format!("{} {}: {}", error.pointer, error.code, error.detail));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_product_is_defined_and_revised_in_versions() {
    let product = given::<Product>([]).and(&define(&working_capital())).and(&define(&working_capital()));
    let versions: Vec<_> = product
        .events
        .iter()
        .map(|event| match event {
            ProductEvent::Defined(version) => ("defined", version.version, version.on),
            ProductEvent::Revised(version) => ("revised", version.version, version.on),
            ProductEvent::Retired(retired) => ("retired", 0, retired.on),
        })
        .collect();
    assert_eq!(versions, [("defined", 1, day(TODAY)), ("revised", 2, day(TODAY))]);
}

#[test]
fn a_retired_product_takes_no_new_version() {
    let product = given::<Product>([]).and(&define(&working_capital())).and(&retire());
    let refusal = ProductRefusal::AlreadyRetired { on: day(TODAY) };
    product.clone().when(&define(&working_capital())).refused(&refusal);
    product.when(&retire()).refused(&refusal);
}

#[test]
fn what_was_never_defined_is_not_retired() {
    given::<Product>([]).when(&retire()).refused(&ProductRefusal::Unknown);
}

#[test]
fn a_product_keeps_its_currency() {
    let product = given::<Product>([]).and(&define(&working_capital()));
    let other = Offer::check(Some("EUR"), &TermsRequest::default(), Limits::new()).expect("a good offer");
    let refusal = ProductRefusal::OtherCurrency { asked: Currency::Eur, currency: Currency::Brl };
    product.when(&define(&other)).refused(&refusal);
}

#[test]
fn a_loan_takes_the_terms_that_it_leaves_open() {
    let terms = working_capital().take(&request(json!({"principal": "5000.00"}))).expect("inside the limits");
    let taken = serde_json::to_value(&terms).expect("terms are JSON");
    let own = json!({
        "principal": "5000.00", "method": "price", "installments": 12, "day_count": "30/360",
        "rate": {"value": "0.0199", "per": "month", "compounding": "effective"}
    });
    assert_eq!(
        taken,
        serde_json::to_value(request(own).check().expect("good terms")).expect("terms are JSON")
    );
}

#[test]
fn a_loan_may_go_to_the_limits_and_not_beyond() {
    let asked = |principal: &str, rate: &str, installments: u32, method: &str| {
        working_capital().take(&request(json!({
            "principal": principal, "rate": {"value": rate}, "installments": installments, "method": method
        })))
    };
    assert!(asked("1000.00", "0.015", 3, "sac").is_ok());
    assert!(asked("50000.00", "0.03", 24, "price").is_ok());
    let all_below = asked("999.99", "0.0149", 2, "flat");
    let expected = "/installments outside_product_limits: installments: 2 is less than the least, 3\n\
        /method outside_product_limits: method: flat is none of price, sac\n\
        /principal outside_product_limits: principal: 999.99 is less than the least, 1000.00\n\
        /rate/value outside_product_limits: rate.value: 0.0149 is less than the least, 0.015";
    assert_eq!(wrong(all_below), expected);
    let above = asked("50000.01", "0.0301", 25, "price");
    let expected = "/installments outside_product_limits: installments: 25 is more than the most, 24\n\
        /principal outside_product_limits: principal: 50000.01 is more than the most, 50000.00\n\
        /rate/value outside_product_limits: rate.value: 0.0301 is more than the most, 0.03";
    assert_eq!(wrong(above), expected);
}

#[test]
fn the_limits_cannot_be_slipped_past() {
    let asked = |terms: Value| working_capital().take(&request(terms));
    let daily = asked(json!({"principal": "5000.00", "rate": {"value": "0.02", "per": "day"}}));
    assert_eq!(wrong(daily), "/rate/per outside_product_limits: rate.per: day is none of month");
    let listed = asked(json!({"principal": "5000.00", "due_dates": ["2026-08-10", "2026-09-10"]}));
    let expected = "/installments outside_product_limits: installments: 2 is less than the least, 3";
    assert_eq!(wrong(listed), expected);
    let foreign = asked(json!({"principal": "5000.00", "currency": "USD"}));
    assert_eq!(wrong(foreign), "/currency outside_product_limits: currency USD is not the product's, BRL");
}

#[test]
fn what_terms_do_not_have_counts_as_nothing() {
    let bounds =
        json!({"late.fee_rate": {"least": "0.01", "most": "0.02"}, "every.months": {"least": 1, "most": 1}});
    let strict = offer(json!({"late": {}, "rate": {"value": "0.02"}}), bounds.clone()).expect("a good offer");
    assert!(strict.take(&request(json!({"principal": "10.00", "installments": 2}))).is_ok());
    let weekly =
        strict.take(&request(json!({"principal": "10.00", "installments": 2, "every": {"weeks": 1}})));
    let expected = "/every/months outside_product_limits: every.months: 0 is less than the least, 1";
    assert_eq!(wrong(weekly), expected);
    let lax = offer(json!({"rate": {"value": "0.02"}}), bounds).expect("a good offer");
    let expected = "/late/fee_rate outside_product_limits: late.fee_rate: 0 is less than the least, 0.01";
    assert_eq!(wrong(lax.take(&request(json!({"principal": "10.00", "installments": 2})))), expected);
}

#[test]
fn an_application_still_has_to_be_whole() {
    let open = offer(json!({}), json!({})).expect("an offer may leave everything open");
    let errors = open.take(&request(json!({}))).expect_err("refused");
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/principal", "/rate", "/installments"]);
}

#[test]
fn terms_and_limits_say_the_same() {
    let offer = working_capital();
    assert_eq!(offer.terms.installments, Some(12));
    assert_eq!(offer.terms.method.as_deref(), Some("price"));
    let shown = serde_json::to_value(&offer.limits).expect("limits are JSON");
    assert_eq!(shown["rate.value"], json!({"least": "0.015", "default": "0.0199", "most": "0.03"}));
    assert_eq!(shown["rate.per"], json!({"default": "month", "allowed": ["month"]}));
    assert_eq!(shown["principal"], json!({"least": "1000.00", "most": "50000.00"}));
}

#[test]
fn what_an_offer_is_refused_for() {
    let rate = json!({"rate": {"value": "0.02"}});
    let cases = [
        (rate.clone(), json!({"colour": {"least": 1}}), "/limits/colour unknown_value"),
        (rate.clone(), json!({"installments": {}}), "/limits/installments required"),
        (rate.clone(), json!({"installments": {"least": "3"}}), "/limits/installments/least malformed"),
        (rate.clone(), json!({"principal": {"least": 1000}}), "/limits/principal/least malformed"),
        (rate.clone(), json!({"principal": {"most": "10.001"}}), "/limits/principal/most out_of_range"),
        (rate.clone(), json!({"principal": {"most": "1e3"}}), "/limits/principal/most malformed"),
        (
            rate.clone(),
            json!({"installments": {"least": 9, "most": 8}}),
            "/limits/installments/most out_of_range",
        ),
        (
            json!({"installments": 6}),
            json!({"installments": {"least": 9}}),
            "/limits/installments/default out_of_range",
        ),
        (
            json!({"installments": 6}),
            json!({"installments": {"least": 2, "default": 9}}),
            "/limits/installments/default inconsistent",
        ),
        (
            rate.clone(),
            json!({"installments": {"allowed": ["6"]}}),
            "/limits/installments/allowed inconsistent",
        ),
        (rate.clone(), json!({"method": {"allowed": []}}), "/limits/method/allowed required"),
        (
            rate.clone(),
            json!({"method": {"allowed": ["price", "prise"]}}),
            "/limits/method/allowed unknown_value",
        ),
        (rate.clone(), json!({"method": {"least": "price"}}), "/limits/method/least inconsistent"),
        (
            json!({"method": "flat"}),
            json!({"method": {"allowed": ["price", "sac"]}}),
            "/limits/method/default out_of_range",
        ),
        (json!({"method": "magic"}), json!({}), "/terms/method unknown_value"),
        (json!({"rate": {"value": "2", "per": "month"}}), json!({}), "/terms/rate/value out_of_range"),
        (
            json!({"grace": {"principal": 6}, "installments": 6}),
            json!({}),
            "/terms/grace/principal grace_too_long",
        ),
        (json!({"currency": "XXX"}), json!({}), "/terms/currency unknown_currency"),
    ];
    for (terms, bounds, expected) in cases {
        let errors = offer(terms.clone(), bounds.clone()).expect_err("refused");
        let found: Vec<_> = errors.iter().map(|error| format!("{} {}", error.pointer, error.code)).collect();
        assert_eq!(found, [expected], "{terms} {bounds}");
    }
    let both = Offer::check(Some("EUR"), &request(json!({"currency": "BRL"})), Limits::new());
    assert_eq!(wrong(both), "/terms/currency inconsistent: terms.currency BRL is not currency EUR");
}
