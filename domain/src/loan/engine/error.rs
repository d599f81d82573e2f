//! Why no loan follows from facts.

use chrono::NaiveDate;

use crate::exact::OutOfRange;
use crate::id::ChargeId;
use crate::schedule::PlanError;
use crate::terms::{InterestBasis, Method};

/// A refusal of LENDING.md §16 that only shows when facts are put in their order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("a plan of method {0:?} cannot be drawn again; settle the loan instead")]
    PlanCannotBeDrawnAgain(Method),
    #[error("excess must be next, reduce_term or reduce_installment where interest follows the balance")]
    ExcessNotForBasis,
    #[error("on {0} no installment is due that day or later, so there is none to move principal to")]
    NothingToMoveTo(NaiveDate),
    #[error("principal past due cannot be moved where interest follows one balance ({0:?})")]
    NotForBasis(InterestBasis),
    #[error("the loan has no charge {0}")]
    ChargeUnknown(ChargeId),
    #[error("nothing was disbursed by {0}")]
    NothingDisbursed(NaiveDate),
}

impl EngineError {
    /// The code of the refusal, as LENDING.md §16 names it where it does.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Plan(error) => error.code(),
            Self::PlanCannotBeDrawnAgain(_) => "plan_cannot_be_drawn_again",
            Self::ExcessNotForBasis => "excess_not_for_basis",
            Self::NothingToMoveTo(_) => "nothing_to_move_to",
            Self::NotForBasis(_) => "not_for_basis",
            Self::ChargeUnknown(_) => "charge_unknown",
            Self::NothingDisbursed(_) => "nothing_disbursed",
        }
    }
}

impl From<OutOfRange> for EngineError {
    fn from(error: OutOfRange) -> Self {
        Self::Plan(PlanError::OutOfRange(error))
    }
}
