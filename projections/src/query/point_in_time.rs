//! As of when a loan is read: the day on which it is seen, and what was known by then.

use std::time::SystemTime;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use problems::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type};

use super::QueryState;
use super::answer::{AsOf, Refused};
use super::request::{Reading, day, invalid};

/// The years that a loan is seen in: those that the commands take dates of.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// What the reads of one loan take.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PointInTime {
    /// The day on which the loan is seen: what is dated after it is left out, charges apart. Today by default.
    #[serde(default, deserialize_with = "day")]
    pub(crate) effective_on: Option<NaiveDate>,
    /// What was known when: only events up to this position of the log, or recorded by this instant. All by default.
    #[param(inline, value_type = Option<KnownAt>)]
    pub(crate) known_at: Option<KnownAt>,
}

/// Up to where the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum KnownAt {
    Position(i64),
    Instant(DateTime<Utc>),
}

impl TryFrom<String> for KnownAt {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(position) = text.parse::<i64>()
            && position >= 0
        {
            return Ok(Self::Position(position));
        }
        let instant = DateTime::parse_from_rfc3339(&text);
        instant.map(|instant| Self::Instant(instant.to_utc())).map_err(|_| {
            format!("`{text}` is neither a position nor an instant such as 2026-03-02T12:00:00Z")
        })
    }
}

impl utoipa::PartialSchema for KnownAt {
    fn schema() -> RefOr<Schema> {
        let of_type = |kind| ObjectBuilder::new().schema_type(kind);
        let format = |format| Some(SchemaFormat::KnownFormat(format));
        let position = of_type(Type::Integer).format(format(KnownFormat::Int64)).minimum(Some(0));
        let instant = of_type(Type::String).format(format(KnownFormat::DateTime));
        OneOfBuilder::new().item(position).item(instant).into()
    }
}

impl ToSchema for KnownAt {}

impl PointInTime {
    /// The day on which the loan is seen.
    pub(crate) fn day(&self, today: NaiveDate) -> Result<NaiveDate, Problem> {
        let day = self.effective_on.unwrap_or(today);
        in_known_years("effective_on", day)?;
        Ok(day)
    }
}

pub(crate) fn is_in_known_years(day: NaiveDate) -> bool {
    YEARS.contains(&day.year())
}

/// Refuses a day that calendars and plans do not know.
pub(crate) fn in_known_years(name: &str, day: NaiveDate) -> Result<(), Problem> {
    if is_in_known_years(day) {
        return Ok(());
    }
    Err(invalid(name, format!("{day} is not in the years {} to {}", YEARS.start(), YEARS.end())))
}

impl QueryState {
    /// Where the log ended when that was known.
    pub(crate) async fn known(&self, at: Option<KnownAt>, reading: &Reading) -> Result<AsOf, Refused> {
        let head = self.head(reading).await?;
        match at {
            None => Ok(head),
            Some(KnownAt::Instant(instant)) => {
                if instant > DateTime::<Utc>::from(SystemTime::now()) {
                    return Err(invalid("known_at", format!("{instant} is in the future")).into());
                }
                // What the primary recorded by then, the copy may not have yet.
                if self.is_copy && head.recorded_at.is_none_or(|last| instant > last) {
                    return Err(Refused::CopyIsBehind);
                }
                let then = AsOf::from(self.log.head_by(instant).await?);
                // A replay ends before the log does.
                Ok(if self.place.replay().is_some() && then.position > head.position { head } else { then })
            }
            Some(KnownAt::Position(position)) => {
                if self.is_copy && position > head.position {
                    return Err(Refused::CopyIsBehind);
                }
                let is_past = self.place.replay().is_none_or(|replay| position <= replay.position);
                let then = if is_past { self.log.head_at(position).await? } else { None };
                let detail =
                    || format!("{position} is in the future: the log ends at position {}", head.position);
                Ok(then.ok_or_else(|| invalid("known_at", detail()))?.into())
            }
        }
    }
}
