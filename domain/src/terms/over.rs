//! Terms over other terms: what is left open takes the other's value.

use serde_json::{Map, Value};

use super::TermsRequest;

/// Objects that stand or fall as one: a part of one makes no sense with a part of another.
const WHOLE: [&str; 4] = ["every", "calendar", "interest_rate", "rates"];

/// Fields that stand in each other's place: naming one of a group leaves the other groups out.
const INSTEAD_OF_EACH_OTHER: [&[&[&str]]; 2] = [
    &[&["custom"], &["due_dates"], &["installments", "every", "first_due_on"]],
    &[&["interest_rate"], &["interest_rate_per_month", "interest", "interest_days"]],
];

impl TermsRequest {
    /// These terms, with those of `defaults` for what they leave open. Objects such as `rate` and `late` are filled
    /// up field by field, lists are taken as they are.
    #[must_use]
    pub fn over(&self, defaults: &Self) -> Self {
        Self::of_fields(over(self.fields(), defaults.fields()))
    }

    /// As a JSON object that has no field for what is left open.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            other => panic!("terms are a JSON object, not {other:?}"),
        }
    }

    pub(crate) fn of_fields(fields: Map<String, Value>) -> Self {
        serde_json::from_value(Value::Object(fields)).expect("these are fields of terms")
    }
}

fn over(mut own: Map<String, Value>, mut defaults: Map<String, Value>) -> Map<String, Value> {
    for groups in INSTEAD_OF_EACH_OTHER {
        let Some(named) = groups.iter().find(|group| group.iter().any(|field| own.contains_key(*field)))
        else {
            continue;
        };
        let others = groups.iter().filter(|group| *group != named);
        for field in others.copied().flatten() {
            defaults.remove(*field);
        }
    }
    for (field, default) in defaults {
        let value = match (own.remove(&field), default) {
            (Some(Value::Object(own)), Value::Object(default)) if !WHOLE.contains(&field.as_str()) => {
                Value::Object(over(own, default))
            }
            (Some(own), _) => own,
            (None, default) => default,
        };
        own.insert(field, value);
    }
    own
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(own: Value, defaults: Value) -> Value {
        let read = |terms| serde_json::from_value::<TermsRequest>(terms).expect("terms");
        serde_json::to_value(read(own).over(&read(defaults))).expect("terms are JSON")
    }

    #[test]
    fn what_is_left_open_takes_the_default() {
        let own = json!({"principal": "900.00", "rate": {"value": "0.02"}, "late": {"grace_days": 3}});
        let defaults = json!({
            "principal": "1000.00", "rate": {"value": "0.03", "per": "month"}, "installments": 12,
            "late": {"fee_rate": "0.02"}
        });
        let expected = json!({
            "principal": "900.00", "rate": {"value": "0.02", "per": "month"}, "installments": 12,
            "late": {"fee_rate": "0.02", "grace_days": 3}
        });
        assert_eq!(merged(own, defaults), expected);
    }

    #[test]
    fn one_way_of_saying_it_leaves_out_the_others() {
        let by_rule = json!({"installments": 12, "every": {"months": 1}, "first_due_on": "2026-03-10"});
        let listed = json!({"due_dates": ["2026-03-10"]});
        assert_eq!(merged(listed.clone(), by_rule), listed);
        assert_eq!(merged(json!({"installments": 6}), listed), json!({"installments": 6}));
        let own = json!({"late": {"interest_rate": "contract"}});
        assert_eq!(merged(own.clone(), json!({"late": {"interest_rate_per_month": "0.01"}})), own);
        let own = json!({"every": {"weeks": 2}});
        assert_eq!(merged(own.clone(), json!({"every": {"months": 1}})), own);
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        let own = json!({"charges": []});
        let defaults = json!({"charges": [{"kind": "fee", "due": "financed", "amount": "10.00"}]});
        assert_eq!(merged(own.clone(), defaults), own);
    }
}
