//! A plain entry: a balanced posting that no loan made, and its reversal.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decider::{Decider, DecisionDay, StoredEvent, Undecided};
use crate::journal::{Account, JournalLine, Side};
use crate::{Amount, AmountError, Currency, Money};

/// The most lines of one entry.
pub const MOST_LINES: usize = 500;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum EntryEvent {
    #[serde(rename = "EntryPosted")]
    Posted(Posted),
    #[serde(rename = "EntryReversed")]
    Reversed(Reversed),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Posted {
    pub on: NaiveDate,
    /// Where it differs from `on`, which lies in a closed period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub description: String,
    pub currency: Currency,
    pub lines: Vec<EntryLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// The entry is undone by lines that mirror its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reversed {
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub reason: String,
    pub currency: Currency,
    pub lines: Vec<EntryLine>,
}

/// One side of one account: just one of `debit` and `credit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EntryEventLine)]
pub struct EntryLine {
    pub account: Account,
    #[serde(flatten)]
    pub side: SideAmount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideAmount {
    Debit(Amount),
    Credit(Amount),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryCommand {
    Post(Post),
    Reverse(Reverse),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub on: NaiveDate,
    pub description: String,
    pub currency: Currency,
    pub lines: Vec<PostLine>,
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLine {
    pub account: Account,
    pub side: Side,
    pub amount: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse {
    pub on: NaiveDate,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    #[error("there is no such entry")]
    Unknown,
    #[error("an entry with this id exists already")]
    AlreadyExists,
    #[error("the entry was reversed before, on {on}")]
    AlreadyReversed { on: NaiveDate },
    #[error("`on` {on} is after the booking day {today}")]
    FutureDate { on: NaiveDate, today: NaiveDate },
    #[error("`on` {on} is before {first}, the date of the entry")]
    BeforeFirstFact { on: NaiveDate, first: NaiveDate },
    #[error("an entry has at least two lines and at most {MOST_LINES}, not {0}")]
    LineCount(usize),
    #[error("amount of line {}: {error}", index + 1)]
    Amount { index: usize, error: AmountError },
    #[error("debits {debits} and credits {credits} differ")]
    Unbalanced { debits: Amount, credits: Amount },
}

/// An entry as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    #[default]
    Unknown,
    Posted(Posted),
    Reversed {
        on: NaiveDate,
    },
}

impl EntryEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[("EntryPosted", 1), ("EntryReversed", 1)];

    /// What it puts at stake: its debits.
    pub fn at_stake(&self) -> Money {
        let (currency, lines) = match self {
            Self::Posted(posted) => (posted.currency, &posted.lines),
            Self::Reversed(reversed) => (reversed.currency, &reversed.lines),
        };
        let debits = lines.iter().filter_map(|line| match line.side {
            SideAmount::Debit(amount) => Some(amount),
            SideAmount::Credit(_) => None,
        });
        Money { amount: debits.sum(), currency }
    }
}

impl DomainEvent for EntryEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Posted(_) => "EntryPosted".to_owned(),
            Self::Reversed(_) => "EntryReversed".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for EntryEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "EntryPosted" => Self::Posted(serde_json::from_str(payload)?),
            "EntryReversed" => Self::Reversed(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}

impl EntryLine {
    pub fn journal_line(&self, currency: Currency) -> JournalLine {
        let (side, amount) = match self.side {
            SideAmount::Debit(amount) => (Side::Debit, amount),
            SideAmount::Credit(amount) => (Side::Credit, amount),
        };
        JournalLine { account: self.account.clone(), side, amount, currency }
    }

    fn mirrored(&self) -> Self {
        let side = match self.side {
            SideAmount::Debit(amount) => SideAmount::Credit(amount),
            SideAmount::Credit(amount) => SideAmount::Debit(amount),
        };
        Self { account: self.account.clone(), side }
    }
}

impl Decider for Entry {
    const TYPE: &'static str = "Entry";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = EntryCommand;
    type Event = EntryEvent;
    type Refusal = EntryRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &EntryCommand,
        day: DecisionDay,
    ) -> Result<Vec<EntryEvent>, Undecided<EntryRefusal>> {
        let event = match command {
            EntryCommand::Post(command) => post(self, command, day)?,
            EntryCommand::Reverse(command) => reverse(self, command, day)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &EntryEvent) {
        *self = match event {
            EntryEvent::Posted(posted) => Self::Posted(posted.clone()),
            EntryEvent::Reversed(reversed) => Self::Reversed { on: reversed.on },
        };
    }

    fn record((): &mut (), _event: &EntryEvent) {}

    fn weight(&self) -> usize {
        match self {
            Self::Posted(posted) => 256 + posted.lines.len() * 96,
            _ => 64,
        }
    }
}

fn post(entry: &Entry, command: &Post, day: DecisionDay) -> Result<EntryEvent, EntryRefusal> {
    if *entry != Entry::Unknown {
        return Err(EntryRefusal::AlreadyExists);
    }
    if command.on > day.today {
        return Err(EntryRefusal::FutureDate { on: command.on, today: day.today });
    }
    let count = command.lines.len();
    if !(2..=MOST_LINES).contains(&count) {
        return Err(EntryRefusal::LineCount(count));
    }
    let (mut debits, mut credits) = (command.currency.zero(), command.currency.zero());
    let mut lines = Vec::with_capacity(count);
    for (index, line) in command.lines.iter().enumerate() {
        let amount = command.currency.try_positive(line.amount);
        let amount = amount.map_err(|error| EntryRefusal::Amount { index, error })?;
        let (total, side) = match line.side {
            Side::Debit => (&mut debits, SideAmount::Debit(amount)),
            Side::Credit => (&mut credits, SideAmount::Credit(amount)),
        };
        *total = total.plus(amount);
        lines.push(EntryLine { account: line.account.clone(), side });
    }
    if debits != credits {
        return Err(EntryRefusal::Unbalanced { debits, credits });
    }
    Ok(EntryEvent::Posted(Posted {
        on: command.on,
        booked_on: day.booked_on(command.on),
        description: command.description.clone(),
        currency: command.currency,
        lines,
        external_id: command.external_id.clone(),
    }))
}

fn reverse(entry: &Entry, command: &Reverse, day: DecisionDay) -> Result<EntryEvent, EntryRefusal> {
    let posted = match entry {
        Entry::Unknown => return Err(EntryRefusal::Unknown),
        Entry::Reversed { on } => return Err(EntryRefusal::AlreadyReversed { on: *on }),
        Entry::Posted(posted) => posted,
    };
    if command.on > day.today {
        return Err(EntryRefusal::FutureDate { on: command.on, today: day.today });
    }
    if command.on < posted.on {
        return Err(EntryRefusal::BeforeFirstFact { on: command.on, first: posted.on });
    }
    Ok(EntryEvent::Reversed(Reversed {
        on: command.on,
        booked_on: day.booked_on(command.on),
        reason: command.reason.clone(),
        currency: posted.currency,
        lines: posted.lines.iter().map(EntryLine::mirrored).collect(),
    }))
}
