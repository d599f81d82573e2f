//! What can have happened to a proposal.

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::decider::StoredEvent;
use crate::staff::Operation;
use crate::{Amount, Currency};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum ProposalEvent {
    #[serde(rename = "ProposalMade")]
    Made(Arc<Made>),
    #[serde(rename = "ProposalAccepted")]
    Accepted(Accepted),
    #[serde(rename = "ProposalRefused")]
    Refused(Ended),
    #[serde(rename = "ProposalWithdrawn")]
    Withdrawn(Ended),
    #[serde(rename = "ProposalExecuted")]
    Executed(Executed),
    #[serde(rename = "ProposalFailed")]
    Failed(Failed),
}

/// A command was asked for that its sender may not give alone. It waits as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalMade)]
pub struct Made {
    /// Who asked for it.
    pub by: String,
    /// The client whose idempotency key it came with.
    pub client: String,
    pub idempotency_key: String,
    pub operation: Operation,
    /// The command's name, as in the metadata of its events.
    pub command: String,
    /// The path that it was sent to.
    pub path: String,
    #[schema(value_type = Object)]
    pub body: Map<String, Value>,
    /// The version that it asked for with `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
    /// What was at stake when it was asked for.
    pub amount: Amount,
    pub currency: Currency,
    /// Up to how much its sender could have done it alone, where they had a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Amount>,
    /// The amount above which the policy wants a second person, where that is why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_person_above: Option<Amount>,
    /// The booking day on which it was made.
    pub on: NaiveDate,
    /// The last day on which it can be accepted.
    pub expires_on: NaiveDate,
}

/// Somebody else accepted it: it is executed once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalAccepted)]
pub struct Accepted {
    pub by: String,
    pub on: NaiveDate,
    /// What was at stake when it was accepted.
    pub amount: Amount,
    /// The limit of who accepted it: what is executed puts no more at stake.
    pub up_to: Amount,
}

/// It was refused or withdrawn, and comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalEnded)]
pub struct Ended {
    pub by: String,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The command was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalExecuted)]
pub struct Executed {
    /// The stream that its events are of.
    pub stream_id: Uuid,
    /// The version of that stream after them.
    pub version: i64,
    /// The position of the last of them.
    pub position: i64,
}

/// The command was refused when it was to be executed: the state forbids by now what was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalFailed)]
pub struct Failed {
    /// The code of the problem.
    pub code: String,
    /// What the sender would have been told.
    pub detail: String,
}

impl ProposalEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[
        ("ProposalMade", 1),
        ("ProposalAccepted", 1),
        ("ProposalRefused", 1),
        ("ProposalWithdrawn", 1),
        ("ProposalExecuted", 1),
        ("ProposalFailed", 1),
    ];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Made(_) => "ProposalMade",
            Self::Accepted(_) => "ProposalAccepted",
            Self::Refused(_) => "ProposalRefused",
            Self::Withdrawn(_) => "ProposalWithdrawn",
            Self::Executed(_) => "ProposalExecuted",
            Self::Failed(_) => "ProposalFailed",
        }
    }
}

impl DomainEvent for ProposalEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for ProposalEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "ProposalMade" => Self::Made(serde_json::from_str(payload)?),
            "ProposalAccepted" => Self::Accepted(serde_json::from_str(payload)?),
            "ProposalRefused" => Self::Refused(serde_json::from_str(payload)?),
            "ProposalWithdrawn" => Self::Withdrawn(serde_json::from_str(payload)?),
            "ProposalExecuted" => Self::Executed(serde_json::from_str(payload)?),
            "ProposalFailed" => Self::Failed(serde_json::from_str(payload)?),
            _ => serde_json::from_str(payload)?,
        })
    }
}
