//! Accounting periods: the months of the lender's books, closed one after another.
//!
//! What counts on a day of a closed month keeps its value date and is booked on the first open day
//! ([`crate::decider::DecisionDay::booked_on`]).

mod month;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use month::{Month, NotAMonth};

use crate::decider::{Decider, DecisionDay, StoredEvent, Undecided};

/// The one stream of the lender's periods.
pub const STREAM: Uuid = Uuid::from_u128(0x7065_7269_6f00_8000_8000_0000_0000_0001);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum PeriodEvent {
    #[serde(rename = "PeriodClosed")]
    Closed(Changed),
    #[serde(rename = "PeriodReopened")]
    Reopened(Changed),
}

/// A month was closed or reopened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PeriodChanged)]
pub struct Changed {
    pub month: Month,
    /// The last day on which nothing is booked from now on.
    pub closed_through: NaiveDate,
    /// The booking day on which it was done.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodCommand {
    Close(Change),
    Reopen(Change),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub month: Month,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodRefusal {
    #[error("{month} is not over on the booking day {today}")]
    NotOver { month: Month, today: NaiveDate },
    #[error("{month} is closed: the books are closed through {last}")]
    AlreadyClosed { month: Month, last: Month },
    #[error("{next} is the next month to close, before {month}")]
    NotTheNext { month: Month, next: Month },
    #[error("{month} is not closed")]
    NotClosed { month: Month },
    #[error("{last} is the last closed month, to be reopened before {month}")]
    NotTheLast { month: Month, last: Month },
}

/// Which months are closed: all up to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Periods {
    last_closed: Option<Month>,
}

impl Periods {
    /// The last day of the last closed month.
    pub fn closed_through(&self) -> Option<NaiveDate> {
        self.last_closed.map(Month::last_day)
    }
}

impl PeriodEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[("PeriodClosed", 1), ("PeriodReopened", 1)];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Closed(_) => "PeriodClosed",
            Self::Reopened(_) => "PeriodReopened",
        }
    }
}

impl DomainEvent for PeriodEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for PeriodEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "PeriodClosed" => Self::Closed(serde_json::from_str(payload)?),
            "PeriodReopened" => Self::Reopened(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}

impl Decider for Periods {
    const TYPE: &'static str = "Periods";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = PeriodCommand;
    type Event = PeriodEvent;
    type Refusal = PeriodRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &PeriodCommand,
        day: DecisionDay,
    ) -> Result<Vec<PeriodEvent>, Undecided<PeriodRefusal>> {
        let event = match command {
            PeriodCommand::Close(command) => close(*self, command, day.today)?,
            PeriodCommand::Reopen(command) => reopen(*self, command, day.today)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &PeriodEvent) {
        self.last_closed = Some(match event {
            PeriodEvent::Closed(closed) => closed.month,
            PeriodEvent::Reopened(reopened) => reopened.month.previous(),
        });
    }

    fn record((): &mut (), _event: &PeriodEvent) {}

    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

/// The first month that is closed takes all earlier ones with it.
fn close(periods: Periods, command: &Change, today: NaiveDate) -> Result<PeriodEvent, PeriodRefusal> {
    let Change { month, reason } = command.clone();
    if month.last_day() >= today {
        return Err(PeriodRefusal::NotOver { month, today });
    }
    if let Some(last) = periods.last_closed {
        if month <= last {
            return Err(PeriodRefusal::AlreadyClosed { month, last });
        }
        if month != last.next() {
            return Err(PeriodRefusal::NotTheNext { month, next: last.next() });
        }
    }
    Ok(PeriodEvent::Closed(Changed { month, closed_through: month.last_day(), on: today, reason }))
}

/// The months before it stay closed, those too that were closed with it.
fn reopen(periods: Periods, command: &Change, today: NaiveDate) -> Result<PeriodEvent, PeriodRefusal> {
    let Change { month, reason } = command.clone();
    let Some(last) = periods.last_closed.filter(|last| month <= *last) else {
        return Err(PeriodRefusal::NotClosed { month });
    };
    if month != last {
        return Err(PeriodRefusal::NotTheLast { month, last });
    }
    let closed_through = month.previous().last_day();
    Ok(PeriodEvent::Reopened(Changed { month, closed_through, on: today, reason }))
}
