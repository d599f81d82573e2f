//! The loan that rules are worked by hand on.

use serde_json::{Value, json};

use crate::adapter::Played;

/// 6000.00 in six installments at 2 % a month by commercial months, with more terms than these.
pub(crate) fn lent(on: &str, more: Value) -> Played {
    let mut terms = json!({
        "principal": "6000.00", "installments": 6, "rate": {"value": "0.02"}, "day_count": "30/360", "calendar": "none",
    });
    let Value::Object(more) = more else { panic!("{more}") };
    terms.as_object_mut().unwrap().extend(more);
    Played::begin(&terms, &json!([{"on": on, "amount": "6000.00"}]))
}
