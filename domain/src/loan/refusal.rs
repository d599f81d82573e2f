//! Why a loan refuses a command: the state of the world, in words for the caller.

use chrono::NaiveDate;

use super::standing::Status;
use crate::id::PaymentId;
use crate::schedule::PlanError;
use crate::{Amount, AmountError, Currency};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoanRefusal {
    #[error("there is no such loan")]
    Unknown,
    #[error("a loan with this id exists already")]
    AlreadyExists,
    #[error("the loan is {status}; only an application that is neither approved nor closed can be {verb}")]
    NotApplied { status: Status, verb: &'static str },
    #[error("the loan is {status}; only an approved loan can be {verb}")]
    NotApproved { status: Status, verb: &'static str },
    #[error("the loan is {status}, so it takes no {verb}")]
    NotActive { status: Status, verb: &'static str },
    #[error("`on` {on} is after the booking day {today}")]
    FutureDate { on: NaiveDate, today: NaiveDate },
    #[error("`{field}` {on} is before {first}, the date of the {fact}")]
    BeforeFirstFact { field: &'static str, on: NaiveDate, first: NaiveDate, fact: &'static str },
    #[error("`amount`: {0}")]
    Amount(#[from] AmountError),
    #[error("`amount` {amount} is more than the {approved} {currency} approved")]
    MoreThanApproved { amount: Amount, approved: Amount, currency: Currency },
    #[error("`amount` {amount} is not the settlement amount of {on}, {quote}")]
    NotTheSettlementAmount { amount: Amount, quote: Amount, on: NaiveDate },
    #[error("the loan has no repayment {0}")]
    RepaymentUnknown(PaymentId),
    #[error("the repayment {0} was reversed before")]
    AlreadyReversed(PaymentId),
    #[error("a repayment with the id {0} was recorded before")]
    DuplicateRepayment(PaymentId),
    #[error("{0}")]
    Plan(#[from] PlanError),
}
