//! Up to where the log is replayed.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use event_store::{Head, Log};

use super::error::{Begin, ReplayError};

/// A moment of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Its end as it is.
    Now,
    /// The event at a position.
    Position(i64),
    /// The last event that was recorded by then.
    Instant(DateTime<Utc>),
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Ok(position) = text.parse::<i64>() {
            return Ok(Self::Position(position));
        }
        let instant = DateTime::parse_from_rfc3339(text);
        instant.map(|instant| Self::Instant(instant.to_utc())).map_err(|_| {
            format!("`{text}` is neither a position, nor an instant such as 2026-03-02T12:00:00Z, nor `now`")
        })
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Position(position) => write!(f, "position {position}"),
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

impl Until {
    /// The last event up to then: its position, and when it was recorded.
    pub(super) async fn find(self, log: &Log) -> Result<(i64, DateTime<Utc>), ReplayError> {
        let head = log.head().await?;
        let in_the_future = ReplayError::InTheFuture { until: self, head: head.position };
        let found = match self {
            Self::Now => Some(head),
            Self::Position(position) if position > head.position => return Err(in_the_future),
            Self::Position(position) => log.head_at(position).await?,
            Self::Instant(instant) if instant > DateTime::<Utc>::from(SystemTime::now()) => {
                return Err(in_the_future);
            }
            Self::Instant(instant) => Some(log.head_by(instant).await?),
        };
        if let Some(Head { position, recorded_at: Some(recorded_at) }) = found {
            return Ok((position, recorded_at));
        }
        let first = log.head_at(1).await?.and_then(|first| first.recorded_at);
        let begin = first.map_or(Begin::Nowhere, Begin::At);
        Err(ReplayError::BeforeTheLog { until: self, begin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_position_an_instant_or_now() {
        assert_eq!("now".parse(), Ok(Until::Now));
        assert_eq!("120".parse(), Ok(Until::Position(120)));
        let noon = "2026-03-02T09:00:00-03:00".parse::<Until>().unwrap();
        assert_eq!(noon.to_string(), "2026-03-02T12:00:00Z");
        for text in ["", "yesterday", "2026-03-02", "1.5"] {
            let refused = text.parse::<Until>().unwrap_err();
            assert!(refused.starts_with(&format!("`{text}` is neither")), "{refused}");
        }
    }
}
