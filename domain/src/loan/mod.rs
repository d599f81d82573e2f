//! A loan: from application to settled.

mod allocate;
pub mod command;
mod decide;
pub mod engine;
pub mod event;
pub mod facts;
pub mod history;
mod known;
mod refusal;
pub mod servicing;
pub mod settlement;
pub mod standing;
mod stored;
mod unreceived;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use command::LoanCommand;
use event::Disbursed;
pub use event::LoanEvent;
pub use history::LoanHistory;
pub use known::LoanFacts;
pub use refusal::LoanRefusal;
pub use servicing::Servicing;
pub use standing::{ByTime, Standing, Status};
pub use unreceived::{Unreceived, UnreceivedAhead};

use crate::decider::{Decider, DecisionDay, Undecided};
use crate::terms::Terms;
use crate::{Amount, Currency};

/// Each status holds only what that status needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Loan {
    #[default]
    Unknown,
    Applied {
        terms: Arc<Terms>,
    },
    Approved {
        terms: Arc<Terms>,
        on: NaiveDate,
        principal: Amount,
    },
    Rejected,
    Withdrawn,
    Disbursed(Box<Servicing>),
}

/// What a loan decides: the events that follow, or a refusal, or that it needs the history first.
pub type Decision = Result<Vec<LoanEvent>, Undecided<LoanRefusal>>;

impl Loan {
    /// The status, or `None` where nothing happened yet.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Unknown => None,
            Self::Applied { .. } => Some(Status::Applied),
            Self::Approved { .. } => Some(Status::Approved),
            Self::Rejected => Some(Status::Rejected),
            Self::Withdrawn => Some(Status::Withdrawn),
            Self::Disbursed(servicing) => Some(servicing.standing.status),
        }
    }

    /// The currency of its terms, where they are known and can still matter.
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::Applied { terms } | Self::Approved { terms, .. } => Some(terms.currency),
            Self::Disbursed(servicing) => Some(servicing.terms.currency),
            Self::Unknown | Self::Rejected | Self::Withdrawn => None,
        }
    }

    fn disburse(&mut self, disbursed: &Disbursed) {
        match self {
            Self::Approved { terms, principal, .. } => {
                let begun = Servicing::of(Arc::clone(terms), *principal, disbursed);
                *self = Self::Disbursed(Box::new(begun));
            }
            Self::Disbursed(servicing) => servicing.disburse_more(disbursed),
            other => panic!("corrupt stream: LoanDisbursed on a loan that is {:?}", other.status()),
        }
    }

    fn servicing_mut(&mut self, event: &LoanEvent) -> &mut Servicing {
        match self {
            Self::Disbursed(servicing) => servicing,
            other => panic!("corrupt stream: {} on a loan that is {:?}", event.name(), other.status()),
        }
    }
}

impl Decider for Loan {
    const TYPE: &'static str = "Loan";
    const SNAPSHOT_VERSION: u32 = 2;

    type Command = LoanCommand;
    type Event = LoanEvent;
    type Refusal = LoanRefusal;
    type History = LoanHistory;

    fn decide(
        &self,
        history: Option<&LoanHistory>,
        command: &LoanCommand,
        day: DecisionDay,
    ) -> Result<Vec<LoanEvent>, Undecided<LoanRefusal>> {
        decide::decide(self, history, command, day)
    }

    fn apply(&mut self, event: &LoanEvent) {
        match event {
            LoanEvent::Applied(applied) => *self = Self::Applied { terms: Arc::clone(&applied.terms) },
            LoanEvent::Approved(approved) => {
                let Self::Applied { terms } = self else {
                    panic!("corrupt stream: LoanApproved on a loan that is {:?}", self.status());
                };
                let (terms, on, principal) = (Arc::clone(terms), approved.on, approved.principal);
                *self = Self::Approved { terms, on, principal };
            }
            LoanEvent::Rejected(_) => *self = Self::Rejected,
            LoanEvent::Withdrawn(_) => *self = Self::Withdrawn,
            LoanEvent::Disbursed(disbursed) => self.disburse(disbursed),
            _ => self.servicing_mut(event).serve(event),
        }
    }

    fn record(history: &mut LoanHistory, event: &LoanEvent) {
        history.record(event);
    }

    fn weight(&self) -> usize {
        match self {
            Self::Disbursed(servicing) => 1024 + servicing.rows.len() * size_of::<servicing::Row>(),
            _ => 1024,
        }
    }
}
