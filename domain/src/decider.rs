//! What the event store needs to know of a kind of stream in order to run its commands.

use std::error::Error;

use chrono::NaiveDate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The rules of one kind of stream: a pure decision and a fold that never refuses.
///
/// The state is compact: it holds what a command about today needs, and its size does not grow with the stream.
/// What a backdated command needs of the past is the `History`, which is folded from the whole stream only then.
pub trait Decider: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The aggregate type under which its streams are stored.
    const TYPE: &'static str;
    /// Raised with each change of the state's shape, so that a snapshot of another shape is not read.
    const SNAPSHOT_VERSION: u32;

    type Command: Send + Sync;
    type Event: StoredEvent;
    type Refusal: Error + Send + Sync + 'static;
    type History: Default + Clone + Serialize + DeserializeOwned + Send + Sync;

    /// Decides `command` on a day: the events that follow, or why it is refused.
    fn decide(
        &self,
        history: Option<&Self::History>,
        command: &Self::Command,
        day: DecisionDay,
    ) -> Result<Vec<Self::Event>, Undecided<Self::Refusal>>;

    /// Folds what happened into the state. An impossible event means a corrupt stream and panics.
    fn apply(&mut self, event: &Self::Event);

    /// Folds what happened into the history.
    fn record(history: &mut Self::History, event: &Self::Event);

    /// Roughly how many bytes the state takes in memory.
    fn weight(&self) -> usize;
}

/// An event that can be read back when its type is known from a column of its own, without looking for a tag.
pub trait StoredEvent: DomainEvent + Send + Sync {
    /// Reads the payload of an event of type `event_type`, as the current version of that type writes it.
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error>;
}

/// The day on which a command is decided, and what of the past is closed by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionDay {
    /// The booking day: no value date lies after it.
    pub today: NaiveDate,
    /// The last day of the last closed accounting period. What counts on a day up to then is booked after it.
    pub closed_through: Option<NaiveDate>,
}

impl DecisionDay {
    /// A day on which no period is closed.
    pub const fn open(today: NaiveDate) -> Self {
        Self { today, closed_through: None }
    }

    /// The first open day, where `on` lies in a closed period.
    pub fn booked_on(self, on: NaiveDate) -> Option<NaiveDate> {
        let closed = self.closed_through.filter(|closed_through| on <= *closed_through)?;
        Some(closed.succ_opt().expect("periods end with the years that calendars know"))
    }
}

/// Why a decision gave no events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecided<Refusal> {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The command reaches into the past: decide it again with the history of the whole stream.
    #[error("the history of the stream is needed")]
    NeedsHistory,
}

/// A stream with its history, as stock cqrs-es code folds it: every command can be decided on it at once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct WholeStream<D: Decider> {
    pub state: D,
    pub history: D::History,
}

/// A command and the day on which it is decided.
#[derive(Debug)]
pub struct DatedCommand<Command> {
    pub command: Command,
    pub day: DecisionDay,
}

impl<D: Decider> Aggregate for WholeStream<D> {
    const TYPE: &'static str = D::TYPE;
    type Command = DatedCommand<D::Command>;
    type Event = D::Event;
    type Error = Undecided<D::Refusal>;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.state.decide(Some(&self.history), &command.command, command.day)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        self.state.apply(&event);
        D::record(&mut self.history, &event);
    }
}
