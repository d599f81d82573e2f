//! The answer to an accepted command: the stored text of its events, with their sequence put in.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use domain::entry::EntryEvent;
use domain::loan::LoanEvent;
use domain::period::PeriodEvent;
use domain::product::ProductEvent;
use domain::proposal::ProposalEvent;
use domain::staff::StaffEvent;
use event_store::{Receipt, RecordedEvent};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoint::Endpoint;
use crate::headers::{IDEMPOTENCY_REPLAYED, RAZAO_POSITION};

/// The answer to a command on a loan.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoanAnswer {
    /// The loan's id.
    id: Uuid,
    /// The loan's version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedLoanEvent>,
}

/// The answer to a command on an entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryAnswer {
    /// The entry's id.
    id: Uuid,
    /// The entry's version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedEntryEvent>,
}

/// The answer to a command on a product.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductAnswer {
    /// The product's id.
    id: Uuid,
    /// The stream's version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedProductEvent>,
}

/// The answer to a command on the accounting periods.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeriodAnswer {
    /// The id of the stream of all periods.
    id: Uuid,
    /// Its version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedPeriodEvent>,
}

/// The answer to a command that waits for a second person, and to what is done with a proposal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProposalAnswer {
    /// The proposal's id.
    id: Uuid,
    /// The proposal's version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedProposalEvent>,
}

/// The answer to a command on the limits of staff.
#[derive(Serialize, ToSchema)]
pub(crate) struct StaffAnswer {
    /// The id of the stream of all limits.
    id: Uuid,
    /// Its version after the command; `If-Match` takes it.
    version: i64,
    /// The position of the last event in the log; `Razao-Min-Position` takes it.
    position: i64,
    events: Vec<SequencedStaffEvent>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedProposalEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: ProposalEvent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedStaffEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: StaffEvent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedLoanEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: LoanEvent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedEntryEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: EntryEvent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedProductEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: ProductEvent,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SequencedPeriodEvent {
    /// The event's number in its stream, from 1.
    sequence: i64,
    #[serde(flatten)]
    event: PeriodEvent,
}

impl SequencedLoanEvent {
    pub(crate) const fn new(sequence: i64, event: LoanEvent) -> Self {
        Self { sequence, event }
    }
}

pub(crate) fn answer(endpoint: &Endpoint, receipt: &Receipt) -> Response<Body> {
    answer_with((endpoint.status, endpoint.location), receipt)
}

/// The answer to a command that waits for a second person.
pub(crate) fn proposed(receipt: &Receipt) -> Response<Body> {
    answer_with((StatusCode::ACCEPTED, Some("/v1/proposals")), receipt)
}

fn answer_with((status, location): (StatusCode, Option<&str>), receipt: &Receipt) -> Response<Body> {
    let mut response = Response::new(Body::from(text(receipt)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(RAZAO_POSITION, HeaderValue::from(receipt.position));
    headers.insert(header::ETAG, ascii(format!("\"{}\"", receipt.version)));
    if receipt.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(location) = location {
        headers.insert(header::LOCATION, ascii(format!("{location}/{}", receipt.stream_id)));
    }
    response
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("paths, ids and numbers are visible ASCII")
}

fn text(receipt: &Receipt) -> String {
    let Receipt { stream_id, version, position, events, .. } = receipt;
    let payloads: usize = events.iter().map(|event| event.payload.len() + 32).sum();
    let mut text = String::with_capacity(payloads + 128);
    write!(text, r#"{{"id":"{stream_id}","version":{version},"position":{position},"events":["#)
        .expect("text takes text");
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_event(&mut text, event);
    }
    text.push_str("]}");
    text
}

/// The payload begins with its type, which the sequence follows.
fn push_event(text: &mut String, event: &RecordedEvent) {
    let RecordedEvent { sequence, event_type, payload } = event;
    let after_type = payload
        .strip_prefix("{\"type\":\"")
        .and_then(|rest| rest.strip_prefix(event_type.as_str()))
        .and_then(|rest| rest.strip_prefix('"'));
    let written = match after_type {
        Some(rest) => write!(text, r#"{{"type":"{event_type}","sequence":{sequence}{rest}"#),
        // Whoever wrote it put the type elsewhere: JSON does not mind where the sequence stands.
        None => write!(text, r#"{{"sequence":{sequence},{}"#, payload.trim_start_matches('{')),
    };
    written.expect("text takes text");
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn receipt(payloads: [&str; 2]) -> Receipt {
        let event = |sequence, payload: &str| RecordedEvent {
            sequence,
            event_type: "LoanApproved".to_owned(),
            payload: payload.to_owned(),
        };
        Receipt {
            stream_id: "0".to_owned(),
            version: 3,
            position: 7,
            recorded_at: DateTime::UNIX_EPOCH,
            events: vec![event(2, payloads[0]), event(3, payloads[1])],
            replayed: false,
        }
    }

    #[test]
    fn the_stored_text_is_kept_and_the_sequence_put_in() {
        let written = text(&receipt([r#"{"type":"LoanApproved","on":"1.0"}"#, r#"{"type":"LoanApproved"}"#]));
        assert_eq!(
            written,
            concat!(
                r#"{"id":"0","version":3,"position":7,"events":["#,
                r#"{"type":"LoanApproved","sequence":2,"on":"1.0"},{"type":"LoanApproved","sequence":3}]}"#
            )
        );
    }

    #[test]
    fn a_payload_with_its_type_elsewhere_is_json_all_the_same() {
        let payload = r#"{"on":"1","type":"LoanApproved"}"#;
        let written: serde_json::Value = serde_json::from_str(&text(&receipt([payload, payload]))).unwrap();
        assert_eq!(
            written["events"][1],
            serde_json::json!({"on": "1", "sequence": 3, "type": "LoanApproved"})
        );
    }
}
