//! Who of the staff may decide up to how much (*alçadas*), and what needs a second person whoever asks.
//!
//! An operation is limited as soon as anybody has a limit for it, or the policy names it: from then on who has none may
//! not do it alone. Until then it is as free as roles leave it.

mod limits;
mod operation;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use limits::Limits;
pub use operation::{Operation, UnknownOperation};

use crate::decider::{Decider, DecisionDay, StoredEvent, Undecided};
use crate::{Amount, Money};

/// The one stream of the lender's staff.
pub const STREAM: Uuid = uuid::uuid!("73746166-6600-8000-8000-000000000001");

/// The most people with limits: all of them are looked at by every limited command.
pub const MOST_STAFF: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum StaffEvent {
    #[serde(rename = "StaffLimitsSet")]
    LimitsSet(LimitsSet),
    #[serde(rename = "ApprovalPolicySet")]
    PolicySet(PolicySet),
}

/// What a person may decide alone, and accept of others, from now on. It takes the place of what they had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StaffLimitsSet)]
pub struct LimitsSet {
    /// Who, as their tokens name them.
    pub subject: String,
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Amount>>)]
    pub limits: Limits,
    /// The booking day on which it was set.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What needs a second person from now on, whoever asks: what is above these amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovalPolicySet)]
pub struct PolicySet {
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Amount>>)]
    pub second_person_above: Limits,
    /// The booking day on which it was set.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffCommand {
    SetLimits(SetLimits),
    SetPolicy(SetPolicy),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLimits {
    /// Who asks for it.
    pub by: String,
    pub subject: String,
    pub limits: Limits,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPolicy {
    pub second_person_above: Limits,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffRefusal {
    #[error("{subject} cannot set their own limits")]
    OwnLimits { subject: String },
    #[error("{MOST_STAFF} people have limits, which is the most")]
    TooMany,
}

/// The limits of everybody, and the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    limits: BTreeMap<String, Limits>,
    second_person_above: Limits,
}

/// Whether a person may do something alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Alone,
    /// It is above their limit, if they have one.
    AboveLimit(Option<Amount>),
    /// The policy wants a second person above this amount.
    SecondPerson(Amount),
}

impl Staff {
    /// Whether `subject` may do `operation` alone, at stake being `money`.
    pub fn judge(&self, subject: &str, operation: Operation, money: Money) -> Verdict {
        let above = self.second_person_above.of(operation, money.currency);
        if let Some(above) = above.filter(|above| money.amount > *above) {
            return Verdict::SecondPerson(above);
        }
        if !self.is_limited(operation) {
            return Verdict::Alone;
        }
        match self.limit(subject, operation, money) {
            Some(limit) if money.amount <= limit => Verdict::Alone,
            limit => Verdict::AboveLimit(limit),
        }
    }

    /// Up to how much `subject` may do of an operation in the currency of `money`.
    pub fn limit(&self, subject: &str, operation: Operation, money: Money) -> Option<Amount> {
        self.limits.get(subject)?.of(operation, money.currency)
    }

    /// Whether anybody has a limit for it, or the policy names it: then not everybody may do it alone.
    pub fn is_limited(&self, operation: Operation) -> bool {
        self.second_person_above.names(operation)
            || self.limits.values().any(|limits| limits.names(operation))
    }
}

impl StaffEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[("StaffLimitsSet", 1), ("ApprovalPolicySet", 1)];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::LimitsSet(_) => "StaffLimitsSet",
            Self::PolicySet(_) => "ApprovalPolicySet",
        }
    }
}

impl DomainEvent for StaffEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for StaffEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "StaffLimitsSet" => Self::LimitsSet(serde_json::from_str(payload)?),
            "ApprovalPolicySet" => Self::PolicySet(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}

impl Decider for Staff {
    const TYPE: &'static str = "Staff";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = StaffCommand;
    type Event = StaffEvent;
    type Refusal = StaffRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &StaffCommand,
        day: DecisionDay,
    ) -> Result<Vec<StaffEvent>, Undecided<StaffRefusal>> {
        let event = match command {
            StaffCommand::SetLimits(command) => set_limits(self, command, day.today)?,
            StaffCommand::SetPolicy(command) => StaffEvent::PolicySet(PolicySet {
                second_person_above: command.second_person_above.clone(),
                on: day.today,
                reason: command.reason.clone(),
            }),
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &StaffEvent) {
        match event {
            StaffEvent::LimitsSet(set) if set.limits.is_empty() => _ = self.limits.remove(&set.subject),
            StaffEvent::LimitsSet(set) => _ = self.limits.insert(set.subject.clone(), set.limits.clone()),
            StaffEvent::PolicySet(set) => self.second_person_above = set.second_person_above.clone(),
        }
    }

    fn record((): &mut (), _event: &StaffEvent) {}

    fn weight(&self) -> usize {
        size_of::<Self>() + self.limits.len() * 1024
    }
}

fn set_limits(staff: &Staff, command: &SetLimits, today: NaiveDate) -> Result<StaffEvent, StaffRefusal> {
    let SetLimits { by, subject, limits, reason } = command;
    if by == subject {
        return Err(StaffRefusal::OwnLimits { subject: subject.clone() });
    }
    if staff.limits.len() >= MOST_STAFF && !limits.is_empty() && !staff.limits.contains_key(subject) {
        return Err(StaffRefusal::TooMany);
    }
    let (subject, limits, reason) = (subject.clone(), limits.clone(), reason.clone());
    Ok(StaffEvent::LimitsSet(LimitsSet { subject, limits, on: today, reason }))
}
