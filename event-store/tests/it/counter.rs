//! The smallest kind of stream, for tests of the store itself: it counts, up to a limit.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use domain::decider::{Decider, DecisionDay, StoredEvent, Undecided};
use event_store::{CommandContext, IdempotencyKey, Metadata};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter(pub(crate) i64);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Counted {
    Counted { by: i64 },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    By(i64),
    /// Only up to this sum.
    UpTo {
        by: i64,
        limit: i64,
    },
    /// As much again as was ever counted: needs the history.
    AllAgain,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sum} is above the limit")]
pub(crate) struct AboveLimit {
    pub(crate) sum: i64,
}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Counted".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for Counted {
    fn read(_event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }
}

impl Decider for Counter {
    const TYPE: &'static str = "Counter";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = Count;
    type Event = Counted;
    type Refusal = AboveLimit;
    type History = Vec<i64>;

    fn decide(
        &self,
        history: Option<&Vec<i64>>,
        command: &Count,
        _day: DecisionDay,
    ) -> Result<Vec<Counted>, Undecided<AboveLimit>> {
        match *command {
            Count::UpTo { by, limit } if self.0 + by > limit => {
                Err(Undecided::Refused(AboveLimit { sum: self.0 + by }))
            }
            Count::By(by) | Count::UpTo { by, .. } => Ok(vec![Counted::Counted { by }]),
            Count::AllAgain => {
                let history = history.ok_or(Undecided::NeedsHistory)?;
                assert_eq!(history.iter().sum::<i64>(), self.0, "the history is that of the state");
                Ok(history.iter().map(|by| Counted::Counted { by: *by }).collect())
            }
        }
    }

    fn apply(&mut self, Counted::Counted { by }: &Counted) {
        self.0 += by;
    }

    fn record(history: &mut Vec<i64>, Counted::Counted { by }: &Counted) {
        history.push(*by);
    }

    fn weight(&self) -> usize {
        64
    }
}

/// A command with this idempotency key, whose request hashes to `request`.
pub(crate) fn keyed(key: &str, request: u8) -> CommandContext {
    CommandContext {
        today: NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date"),
        key: Some(IdempotencyKey { client: "test".into(), key: key.into(), request_hash: [request; 32] }),
        expected_version: None,
        claims: Vec::new(),
        borrower: None,
        metadata: Metadata { actor: "test".to_owned(), command: "count", ..Metadata::default() },
        bundle: None,
    }
}

pub(crate) fn without_key() -> CommandContext {
    CommandContext { key: None, ..keyed("", 0) }
}
