//! Which problem each refusal is, and where in the body it lies: a new refusal does not compile until it has one.

use domain::PlanError;
use domain::entry::EntryRefusal;
use domain::loan::LoanRefusal;
use domain::loan::engine::EngineError;
use domain::period::PeriodRefusal;
use domain::product::ProductRefusal;
use event_store::{ExecuteError, LogError};
use problems::{
    ALREADY_EXISTS, ALREADY_REVERSED, BEFORE_FIRST_FACT, BULK_UNDONE, CONFLICT, EXCESS_NOT_FOR_BASIS,
    FIRST_DUE_BEFORE_DISBURSEMENT, FUTURE_DATE, IDEMPOTENCY_KEY_REUSED, INTERNAL, INVALID_AMOUNT,
    INVALID_VALUE, MORE_THAN_APPROVED, NOT_ACTIVE, NOT_APPLIED, NOT_APPROVED, NOT_FOUND,
    NOT_THE_SETTLEMENT_AMOUNT, NOT_WRITTEN_OFF, NOTHING_UNPAID, PERIOD_CLOSED, PERIOD_NOT_CLOSED,
    PERIOD_NOT_OVER, PERIOD_OUT_OF_ORDER, PLAN_CANNOT_BE_DRAWN_AGAIN, PRECONDITION_FAILED, PRODUCT_CURRENCY,
    PRODUCT_RETIRED, Problem, REFUND_EXCEEDS_OVERPAYMENT, UNAVAILABLE, UNBALANCED, WRITTEN_OFF,
};

use uuid::Uuid;

use crate::claims;
use crate::endpoint::Endpoint;
use crate::terms::plan_problem;

/// A refusal that has a problem.
pub(crate) trait ToProblem: std::error::Error + 'static {
    /// `stream` is what the command was for.
    fn to_problem(&self, stream: Uuid) -> Problem;
}

/// Why a command was not executed, for its client. Faults are logged here, once.
pub(crate) fn problem_of<R: ToProblem>(endpoint: &Endpoint, stream: Uuid, error: ExecuteError<R>) -> Problem {
    match error {
        ExecuteError::Refused(refusal) => refusal.to_problem(stream),
        ExecuteError::VersionMismatch { actual: 0, .. } if endpoint.location.is_none() => {
            NOT_FOUND.because(format!("there is nothing with the id {stream}"))
        }
        ExecuteError::VersionMismatch { expected, actual } => PRECONDITION_FAILED
            .because(format!("the version is {actual}, not {expected}"))
            .in_field("If-Match"),
        ExecuteError::KeyReused => IDEMPOTENCY_KEY_REUSED
            .because("this `Idempotency-Key` was accepted with another path or body")
            .in_field("Idempotency-Key"),
        ExecuteError::Claimed(taken) => claims::taken(&taken),
        ExecuteError::BorrowerKnown | ExecuteError::LostRace => {
            CONFLICT.because("other commands were faster, again and again")
        }
        ExecuteError::Undone => {
            BULK_UNDONE.because("it is stored only together with a line that was refused")
        }
        ExecuteError::Busy => UNAVAILABLE.because("too many commands wait"),
        // The append path logged the cause.
        ExecuteError::Unavailable(_) => UNAVAILABLE.because("the log cannot be reached"),
        ExecuteError::Log(fault) => fault_of(endpoint, &fault),
    }
}

pub(crate) fn fault_of(endpoint: &Endpoint, fault: &LogError) -> Problem {
    let cause = std::error::Error::source(fault).map(ToString::to_string);
    tracing::error!(command = endpoint.command, %fault, cause, "the command was not executed");
    match fault {
        LogError::Unavailable(_) => UNAVAILABLE.because("the log cannot be reached"),
        LogError::Migration(_) | LogError::Unreadable { .. } => INTERNAL.because("the stream cannot be read"),
    }
}

impl ToProblem for LoanRefusal {
    fn to_problem(&self, stream: Uuid) -> Problem {
        let detail = self.to_string();
        match self {
            Self::Unknown => NOT_FOUND.because(format!("there is no loan with the id {stream}")),
            Self::PaymentUnknown { .. } | Self::ChargeUnknown(_) => NOT_FOUND.because(detail),
            Self::AlreadyExists | Self::DuplicatePayment { .. } | Self::DuplicateCharge(_) => {
                ALREADY_EXISTS.because(detail).in_field("/id")
            }
            Self::NotApplied { .. } => NOT_APPLIED.because(detail),
            Self::NotApproved { .. } | Self::AllDisbursed { .. } => NOT_APPROVED.because(detail),
            Self::NotActive { .. } => NOT_ACTIVE.because(detail),
            Self::NotActiveThen { .. } => NOT_ACTIVE.because(detail).in_field("/on"),
            Self::WrittenOff { .. } => WRITTEN_OFF.because(detail).in_field("/on"),
            Self::NotWrittenOff { .. } => NOT_WRITTEN_OFF.because(detail).in_field("/on"),
            Self::NoWriteOff => NOT_WRITTEN_OFF.because(detail),
            Self::NothingToWaive { .. } => NOTHING_UNPAID.because(detail).in_field("/on"),
            Self::FutureDate { .. } => FUTURE_DATE.because(detail).in_field("/on"),
            Self::BeforeFirstFact { field, .. } => {
                BEFORE_FIRST_FACT.because(detail).in_field(format!("/{field}"))
            }
            Self::Amount(_) | Self::ChargebackExceedsRepayment { .. } | Self::WaiverExceedsCharge { .. } => {
                INVALID_AMOUNT.because(detail).in_field("/amount")
            }
            Self::MoreThanApproved { .. } => MORE_THAN_APPROVED.because(detail).in_field("/amount"),
            Self::NotTheSettlementAmount { .. } => {
                NOT_THE_SETTLEMENT_AMOUNT.because(detail).in_field("/amount")
            }
            Self::RefundExceedsOverpayment { .. } => {
                REFUND_EXCEEDS_OVERPAYMENT.because(detail).in_field("/amount")
            }
            Self::ExcessNotForBasis { .. } => EXCESS_NOT_FOR_BASIS.because(detail).in_field("/excess"),
            Self::PlanCannotBeDrawnAgain { field, .. } => {
                PLAN_CANNOT_BE_DRAWN_AGAIN.because(detail).in_field(format!("/{field}"))
            }
            Self::NoInstallmentsLeft { .. } => PLAN_CANNOT_BE_DRAWN_AGAIN.because(detail).in_field("/mode"),
            Self::FirstDueNotAfter { .. } => {
                FIRST_DUE_BEFORE_DISBURSEMENT.because(detail).in_field("/first_due_on")
            }
            Self::OtherCurrency { .. } => INVALID_VALUE.because(detail).in_field("/terms/currency"),
            Self::AlreadyReversed { .. } | Self::WriteOffAlreadyReversed { .. } | Self::ChargedBack(_) => {
                ALREADY_REVERSED.because(detail)
            }
            Self::Impossible(error) => impossible(error, detail),
            Self::NewPlan { error, by_new_terms } => {
                plan_problem(error, pointer_in_restructure(error, *by_new_terms))
            }
            Self::Plan(error) => plan_problem(error, pointer_of_plan(error)),
        }
    }
}

impl ToProblem for EntryRefusal {
    fn to_problem(&self, stream: Uuid) -> Problem {
        let detail = self.to_string();
        match self {
            Self::Unknown => NOT_FOUND.because(format!("there is no entry with the id {stream}")),
            Self::AlreadyExists => ALREADY_EXISTS.because(detail).in_field("/id"),
            Self::AlreadyReversed { .. } => ALREADY_REVERSED.because(detail),
            Self::FutureDate { .. } => FUTURE_DATE.because(detail).in_field("/on"),
            Self::BeforeFirstFact { .. } => BEFORE_FIRST_FACT.because(detail).in_field("/on"),
            Self::LineCount(_) => INVALID_VALUE.because(detail).in_field("/lines"),
            Self::Amount { index, .. } => INVALID_AMOUNT.because(detail).in_field(format!("/lines/{index}")),
            Self::Unbalanced { .. } => UNBALANCED.because(detail).in_field("/lines"),
        }
    }
}

impl ToProblem for PeriodRefusal {
    fn to_problem(&self, _: Uuid) -> Problem {
        let kind = match self {
            Self::NotOver { .. } => &PERIOD_NOT_OVER,
            Self::AlreadyClosed { .. } => &PERIOD_CLOSED,
            Self::NotClosed { .. } => &PERIOD_NOT_CLOSED,
            Self::NotTheNext { .. } | Self::NotTheLast { .. } => &PERIOD_OUT_OF_ORDER,
        };
        kind.because(self.to_string()).in_field("month")
    }
}

impl ToProblem for ProductRefusal {
    fn to_problem(&self, stream: Uuid) -> Problem {
        let detail = self.to_string();
        match self {
            Self::Unknown => NOT_FOUND.because(format!("there is no product with the id {stream}")),
            Self::AlreadyRetired { .. } => PRODUCT_RETIRED.because(detail),
            Self::OtherCurrency { .. } => PRODUCT_CURRENCY.because(detail).in_field("/currency"),
        }
    }
}

/// With one more fact, or one less, another could not be in its place.
fn impossible(error: &EngineError, detail: String) -> Problem {
    match error {
        EngineError::Plan(error) => plan_problem(error, pointer_of_plan(error)),
        EngineError::PlanCannotBeDrawnAgain(_) => PLAN_CANNOT_BE_DRAWN_AGAIN.because(detail),
        EngineError::NothingToMoveTo(_) | EngineError::NotForBasis(_) => {
            PLAN_CANNOT_BE_DRAWN_AGAIN.because(detail).in_field("/mode")
        }
        EngineError::ExcessNotForBasis => EXCESS_NOT_FOR_BASIS.because(detail),
        EngineError::ChargeUnknown(_) => NOT_FOUND.because(detail),
        EngineError::NothingDisbursed(_) => BEFORE_FIRST_FACT.because(detail).in_field("/on"),
    }
}

/// What is restructured is in no list of the new terms: its date stands for the one disbursement that they have. Where
/// there are none, so it does for what the loan had before.
fn pointer_in_restructure(error: &PlanError, by_new_terms: bool) -> String {
    let pointer = error.pointer();
    match pointer.as_str() {
        pointer if pointer.starts_with("/disbursements") => "/on".to_owned(),
        pointer if by_new_terms => format!("/terms{pointer}"),
        "/installments" | "/first_due_on" => pointer,
        _ => "/on".to_owned(),
    }
}

/// The terms were agreed before: of the disbursement, its date or its amount is what the plan cannot be drawn with.
fn pointer_of_plan(error: &PlanError) -> String {
    let field = match error {
        PlanError::FirstDueBeforeDisbursement { .. }
        | PlanError::DisbursementAfterLastDueDate { .. }
        | PlanError::ChargeAfterLastDueDate { .. }
        | PlanError::IofRateUnknown { .. }
        | PlanError::DateOutOfRange { .. } => "/on",
        PlanError::NegativeAmortization { .. }
        | PlanError::CustomDoesNotAddUp { .. }
        | PlanError::MethodNeedsOneDisbursement { .. }
        | PlanError::SimulationOnly
        | PlanError::NothingDisbursed
        | PlanError::MoreKeptBackThanDisbursed { .. }
        | PlanError::TaxWithoutEnd
        | PlanError::PrincipalRoundsToNothing { .. }
        | PlanError::TooManySteps { .. }
        | PlanError::OutOfRange(_) => "/amount",
    };
    field.to_owned()
}
