//! Reading old versions of events: pure functions from one version's payload to the next one's.

use std::borrow::Cow;
use std::sync::LazyLock;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use serde::de::Error as _;

static UPCASTERS: LazyLock<Vec<Box<dyn EventUpcaster>>> = LazyLock::new(upcasters);

/// The version of every event's shape. One of a later version was written by a later program.
const CURRENT: u32 = 1;

/// The upcasters of every event that has had more than one version, oldest step first. Stock cqrs-es stores take the
/// same list (`PersistedEventStore::with_upcasters`). Every event still has its first version, so there is none.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    Vec::new()
}

/// Whether any upcaster wants to know the metadata of events. Whoever reads all of the log leaves them out else.
pub(crate) fn asks_for_metadata() -> bool {
    !UPCASTERS.is_empty()
}

/// What an upcaster may want to know of the event besides its payload.
pub(crate) struct Stored<'a> {
    pub(crate) stream_type: &'a str,
    pub(crate) stream_id: &'a str,
    pub(crate) sequence: i64,
    pub(crate) metadata: &'a str,
}

/// The payload as the current version of its type writes it. Events of the current version pass untouched, and so do those of
/// a later one.
pub(crate) fn current<'p>(
    stored: &Stored<'_>,
    event_type: &str,
    event_version: &str,
    payload: impl Into<Cow<'p, str>>,
) -> Result<Cow<'p, str>, serde_json::Error> {
    apply(&UPCASTERS, stored, event_type, event_version, payload.into())
}

/// The same, for who is to understand it: what is of a later version would be taken for something else where it can be
/// read at all.
pub(crate) fn understood<'p>(
    stored: &Stored<'_>,
    event_type: &str,
    event_version: &str,
    payload: impl Into<Cow<'p, str>>,
) -> Result<Cow<'p, str>, serde_json::Error> {
    let major = event_version.split('.').next().unwrap_or_default();
    if !major.parse().is_ok_and(|major: u32| major <= CURRENT) {
        return Err(serde_json::Error::custom(format!(
            "it is of version {event_version}, and this program knows {CURRENT}"
        )));
    }
    current(stored, event_type, event_version, payload)
}

fn apply<'p>(
    upcasters: &[Box<dyn EventUpcaster>],
    stored: &Stored<'_>,
    event_type: &str,
    event_version: &str,
    payload: Cow<'p, str>,
) -> Result<Cow<'p, str>, serde_json::Error> {
    if !upcasters.iter().any(|upcaster| upcaster.can_upcast(event_type, event_version)) {
        return Ok(payload);
    }
    let event = SerializedEvent {
        aggregate_id: stored.stream_id.to_owned(),
        sequence: usize::try_from(stored.sequence).unwrap_or_default(),
        aggregate_type: stored.stream_type.to_owned(),
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload: serde_json::from_str(&payload)?,
        metadata: serde_json::from_str(stored.metadata)?,
    };
    let event = upcasters.iter().fold(event, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    });
    Ok(Cow::Owned(event.payload.to_string()))
}

#[cfg(test)]
mod tests {
    use cqrs_es::persist::SemanticVersionEventUpcaster;
    use serde_json::{Value, json};

    use super::*;

    fn renamed(from: &'static str, to: &'static str) -> impl Fn(Value) -> Value + Send + Sync {
        move |mut payload| {
            let value = payload.as_object_mut().and_then(|fields| fields.remove(from)).unwrap_or_default();
            payload[to] = value;
            payload
        }
    }

    #[test]
    fn what_a_later_version_wrote_is_not_understood() {
        let stored = Stored { stream_type: "Loan", stream_id: "1", sequence: 1, metadata: "{}" };
        for (version, is_understood) in
            [("1", true), ("1.0", true), ("2", false), ("2.0", false), ("v1", false)]
        {
            assert_eq!(understood(&stored, "Paid", version, "{}").is_ok(), is_understood, "{version}");
            assert!(current(&stored, "Paid", version, "{}").is_ok(), "{version} is passed on");
        }
    }

    #[test]
    fn an_old_version_passes_every_step_up_to_the_current_one() {
        let step = |version, from, to| {
            Box::new(SemanticVersionEventUpcaster::new("Paid", version, Box::new(renamed(from, to))))
                as Box<dyn EventUpcaster>
        };
        let steps = [step("2", "sum", "value"), step("3", "value", "amount")];
        let stored = Stored { stream_type: "Loan", stream_id: "1", sequence: 1, metadata: "{}" };
        let read = |version, payload: Value| {
            let payload = apply(&steps, &stored, "Paid", version, payload.to_string().into()).unwrap();
            serde_json::from_str::<Value>(&payload).unwrap()
        };
        assert_eq!(read("1", json!({"sum": "1.00"})), json!({"amount": "1.00"}));
        assert_eq!(read("2", json!({"value": "1.00"})), json!({"amount": "1.00"}));
        assert_eq!(read("3", json!({"amount": "1.00"})), json!({"amount": "1.00"}));
    }
}
