//! A proposal: a command that waits for a second person, who accepts or refuses it.
//!
//! Accepting it and executing what it asks for are two steps, since they are of two streams. What was accepted is
//! executed exactly once, whatever happens between the two.

mod event;

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

pub use event::{Accepted, Ended, Executed, Failed, Made, ProposalEvent};

use crate::Amount;
use crate::decider::{Decider, DecisionDay, Undecided};

/// For how many days after it was made a proposal can be accepted.
pub const DAYS_OPEN: u64 = 30;

#[derive(Debug, Clone, PartialEq)]
pub enum ProposalCommand {
    /// Its `expires_on` stands for nothing: the decision sets it.
    Make(Box<Made>),
    Accept(Accept),
    Refuse(End),
    Withdraw(End),
    /// What came of the execution.
    Conclude(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    pub by: String,
    /// Up to how much they may accept; nothing where they have no limit.
    pub limit: Option<Amount>,
    /// What is at stake by now.
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub by: String,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Executed(Executed),
    Failed(Failed),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalRefusal {
    #[error("there is no such proposal")]
    Unknown,
    #[error("a proposal with this id exists already")]
    AlreadyExists,
    #[error("the proposal waits no longer: it was {0}")]
    NotWaiting(&'static str),
    #[error("the proposal could be accepted up to {expired_on}; today is {today}")]
    Expired { expired_on: NaiveDate, today: NaiveDate },
    #[error("{by} made the proposal, and cannot {what} it")]
    Own { by: String, what: &'static str },
    #[error("only who made the proposal withdraws it")]
    NotOwn,
    #[error("{amount} is at stake, and {by} may accept {}", up_to(*.limit))]
    AboveLimit { by: String, amount: Amount, limit: Option<Amount> },
    #[error("the proposal was not accepted")]
    NotAccepted,
}

/// Where a proposal is in its life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Proposal {
    #[default]
    Unknown,
    Waiting(Arc<Made>),
    /// Accepted, and to be executed.
    Accepted {
        made: Arc<Made>,
        accepted: Accepted,
    },
    Executed,
    Failed,
    Refused,
    Withdrawn,
}

impl Proposal {
    /// What it asks for, while it waits or is to be executed.
    pub const fn made(&self) -> Option<&Arc<Made>> {
        match self {
            Self::Waiting(made) | Self::Accepted { made, .. } => Some(made),
            _ => None,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "never made",
            Self::Waiting(_) => "made",
            Self::Accepted { .. } => "accepted",
            Self::Executed => "executed",
            Self::Failed => "accepted, and its command refused",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn waiting(&self) -> Result<&Arc<Made>, ProposalRefusal> {
        match self {
            Self::Waiting(made) => Ok(made),
            Self::Unknown => Err(ProposalRefusal::Unknown),
            other => Err(ProposalRefusal::NotWaiting(other.name())),
        }
    }
}

impl Decider for Proposal {
    const TYPE: &'static str = "Proposal";
    const SNAPSHOT_VERSION: u32 = 1;

    type Command = ProposalCommand;
    type Event = ProposalEvent;
    type Refusal = ProposalRefusal;
    type History = ();

    fn decide(
        &self,
        _history: Option<&()>,
        command: &ProposalCommand,
        day: DecisionDay,
    ) -> Result<Vec<ProposalEvent>, Undecided<ProposalRefusal>> {
        let event = match command {
            ProposalCommand::Make(made) => make(self, made, day.today)?,
            ProposalCommand::Accept(command) => accept(self, command, day.today)?,
            ProposalCommand::Refuse(command) => refuse(self, command, day.today)?,
            ProposalCommand::Withdraw(command) => withdraw(self, command, day.today)?,
            ProposalCommand::Conclude(outcome) => conclude(self, outcome)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &ProposalEvent) {
        *self = match event {
            ProposalEvent::Made(made) => Self::Waiting(Arc::clone(made)),
            ProposalEvent::Accepted(accepted) => match self {
                Self::Waiting(made) => Self::Accepted { made: Arc::clone(made), accepted: accepted.clone() },
                other => panic!("corrupt stream: ProposalAccepted on {other:?}"),
            },
            ProposalEvent::Refused(_) => Self::Refused,
            ProposalEvent::Withdrawn(_) => Self::Withdrawn,
            ProposalEvent::Executed(_) => Self::Executed,
            ProposalEvent::Failed(_) => Self::Failed,
        };
    }

    fn record((): &mut (), _event: &ProposalEvent) {}

    fn weight(&self) -> usize {
        8192
    }
}

fn make(proposal: &Proposal, made: &Made, today: NaiveDate) -> Result<ProposalEvent, ProposalRefusal> {
    if *proposal != Proposal::Unknown {
        return Err(ProposalRefusal::AlreadyExists);
    }
    let expires_on = today.checked_add_days(Days::new(DAYS_OPEN)).unwrap_or(today);
    Ok(ProposalEvent::Made(Arc::new(Made { on: today, expires_on, ..made.clone() })))
}

fn accept(proposal: &Proposal, command: &Accept, today: NaiveDate) -> Result<ProposalEvent, ProposalRefusal> {
    let made = proposal.waiting()?;
    let Accept { by, limit, amount } = command.clone();
    if by == made.by {
        return Err(ProposalRefusal::Own { by, what: "accept" });
    }
    if today > made.expires_on {
        return Err(ProposalRefusal::Expired { expired_on: made.expires_on, today });
    }
    match limit {
        Some(up_to) if amount <= up_to => {
            Ok(ProposalEvent::Accepted(Accepted { by, on: today, amount, up_to }))
        }
        limit => Err(ProposalRefusal::AboveLimit { by, amount, limit }),
    }
}

fn refuse(proposal: &Proposal, command: &End, today: NaiveDate) -> Result<ProposalEvent, ProposalRefusal> {
    let made = proposal.waiting()?;
    if command.by == made.by {
        return Err(ProposalRefusal::Own { by: command.by.clone(), what: "refuse" });
    }
    Ok(ProposalEvent::Refused(ended(command, today)))
}

fn withdraw(proposal: &Proposal, command: &End, today: NaiveDate) -> Result<ProposalEvent, ProposalRefusal> {
    let made = proposal.waiting()?;
    if command.by != made.by {
        return Err(ProposalRefusal::NotOwn);
    }
    Ok(ProposalEvent::Withdrawn(ended(command, today)))
}

fn conclude(proposal: &Proposal, outcome: &Outcome) -> Result<ProposalEvent, ProposalRefusal> {
    let Proposal::Accepted { .. } = proposal else { return Err(ProposalRefusal::NotAccepted) };
    Ok(match outcome.clone() {
        Outcome::Executed(executed) => ProposalEvent::Executed(executed),
        Outcome::Failed(failed) => ProposalEvent::Failed(failed),
    })
}

fn ended(command: &End, today: NaiveDate) -> Ended {
    let End { by, reason } = command.clone();
    Ended { by, on: today, reason }
}

fn up_to(limit: Option<Amount>) -> String {
    limit.map_or_else(|| "nothing of this kind".to_owned(), |limit| format!("up to {limit}"))
}
