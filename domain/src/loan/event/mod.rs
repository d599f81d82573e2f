//! What can have happened to a loan. Every event records the facts as they were decided.

mod at_stake;
mod outcome;
mod records;

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use outcome::{ChangedInstallment, FactKind, InstallmentState, Moved, Outcome, Rederived};
pub use records::{
    AddedCharge, ChargeAdded, ChargeWaived, CreditGranted, Disbursed, DisbursementTax, OverpaymentRefunded,
    PaymentReversed, RecoveryRecorded, RepaymentChargedBack, RepaymentRecorded, Restructured, SettledEarly,
    WriteOffReversed, WrittenOff,
};

pub use super::facts::{CreditApplied, Effect, Outlay, Share, WriteOff};
use super::standing::Standing;
use crate::decider::StoredEvent;
use crate::id::BorrowerId;
use crate::terms::Terms;
use crate::{Amount, Currency};

/// An event of a loan's stream. On the wire each is its own type, named `Loan…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum LoanEvent {
    #[serde(rename = "LoanApplied")]
    Applied(Applied),
    #[serde(rename = "LoanApproved")]
    Approved(Approved),
    #[serde(rename = "LoanRejected")]
    Rejected(Closed),
    #[serde(rename = "LoanWithdrawn")]
    Withdrawn(Closed),
    #[serde(rename = "LoanDisbursed")]
    Disbursed(Disbursed),
    #[serde(rename = "LoanChargeAdded")]
    ChargeAdded(ChargeAdded),
    #[serde(rename = "LoanChargeWaived")]
    ChargeWaived(ChargeWaived),
    #[serde(rename = "LoanRepaymentRecorded")]
    RepaymentRecorded(RepaymentRecorded),
    #[serde(rename = "LoanRepaymentReversed")]
    RepaymentReversed(PaymentReversed),
    #[serde(rename = "LoanRepaymentChargedBack")]
    RepaymentChargedBack(RepaymentChargedBack),
    #[serde(rename = "LoanCreditGranted")]
    CreditGranted(CreditGranted),
    #[serde(rename = "LoanCreditReversed")]
    CreditReversed(PaymentReversed),
    #[serde(rename = "LoanSettledEarly")]
    SettledEarly(SettledEarly),
    #[serde(rename = "LoanOverpaymentRefunded")]
    OverpaymentRefunded(OverpaymentRefunded),
    #[serde(rename = "LoanRestructured")]
    Restructured(Restructured),
    #[serde(rename = "LoanWrittenOff")]
    WrittenOff(WrittenOff),
    #[serde(rename = "LoanWriteOffReversed")]
    WriteOffReversed(WriteOffReversed),
    #[serde(rename = "LoanRecoveryRecorded")]
    RecoveryRecorded(RecoveryRecorded),
    #[serde(rename = "LoanRecoveryReversed")]
    RecoveryReversed(PaymentReversed),
}

/// A borrower asked for a loan on these terms. The borrower's name and tax id are kept beside the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    pub borrower_id: BorrowerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version of the product that the terms were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u32>,
    pub terms: Arc<Terms>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approved {
    pub on: NaiveDate,
    pub principal: Amount,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The application ended without a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closed {
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl LoanEvent {
    /// Every type of event, with its current version.
    pub const TYPES: &'static [(&'static str, u32)] = &[
        ("LoanApplied", 1),
        ("LoanApproved", 1),
        ("LoanRejected", 1),
        ("LoanWithdrawn", 1),
        ("LoanDisbursed", 1),
        ("LoanChargeAdded", 1),
        ("LoanChargeWaived", 1),
        ("LoanRepaymentRecorded", 1),
        ("LoanRepaymentReversed", 1),
        ("LoanRepaymentChargedBack", 1),
        ("LoanCreditGranted", 1),
        ("LoanCreditReversed", 1),
        ("LoanSettledEarly", 1),
        ("LoanOverpaymentRefunded", 1),
        ("LoanRestructured", 1),
        ("LoanWrittenOff", 1),
        ("LoanWriteOffReversed", 1),
        ("LoanRecoveryRecorded", 1),
        ("LoanRecoveryReversed", 1),
    ];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied(_) => "LoanApplied",
            Self::Approved(_) => "LoanApproved",
            Self::Rejected(_) => "LoanRejected",
            Self::Withdrawn(_) => "LoanWithdrawn",
            Self::Disbursed(_) => "LoanDisbursed",
            Self::ChargeAdded(_) => "LoanChargeAdded",
            Self::ChargeWaived(_) => "LoanChargeWaived",
            Self::RepaymentRecorded(_) => "LoanRepaymentRecorded",
            Self::RepaymentReversed(_) => "LoanRepaymentReversed",
            Self::RepaymentChargedBack(_) => "LoanRepaymentChargedBack",
            Self::CreditGranted(_) => "LoanCreditGranted",
            Self::CreditReversed(_) => "LoanCreditReversed",
            Self::SettledEarly(_) => "LoanSettledEarly",
            Self::OverpaymentRefunded(_) => "LoanOverpaymentRefunded",
            Self::Restructured(_) => "LoanRestructured",
            Self::WrittenOff(_) => "LoanWrittenOff",
            Self::WriteOffReversed(_) => "LoanWriteOffReversed",
            Self::RecoveryRecorded(_) => "LoanRecoveryRecorded",
            Self::RecoveryReversed(_) => "LoanRecoveryReversed",
        }
    }

    /// What followed from the event, where it moved money.
    pub const fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Disbursed(event) => Some(&event.outcome),
            Self::ChargeAdded(event) => Some(&event.outcome),
            Self::ChargeWaived(event) => Some(&event.outcome),
            Self::RepaymentRecorded(event) => Some(&event.outcome),
            Self::RepaymentChargedBack(event) => Some(&event.outcome),
            Self::RepaymentReversed(event) | Self::CreditReversed(event) | Self::RecoveryReversed(event) => {
                Some(&event.outcome)
            }
            Self::CreditGranted(event) => Some(&event.outcome),
            Self::SettledEarly(event) => Some(&event.outcome),
            Self::OverpaymentRefunded(event) => Some(&event.outcome),
            Self::Restructured(event) => Some(&event.outcome),
            Self::WrittenOff(event) => Some(&event.outcome),
            Self::WriteOffReversed(event) => Some(&event.outcome),
            Self::RecoveryRecorded(event) => Some(&event.outcome),
            Self::Applied(_) | Self::Approved(_) | Self::Rejected(_) | Self::Withdrawn(_) => None,
        }
    }

    /// The standing that the event left the loan in, where it moved money.
    pub fn standing(&self) -> Option<&Standing> {
        self.outcome().map(|outcome| &outcome.standing)
    }

    /// The currency of a money event.
    pub const fn currency(&self) -> Option<Currency> {
        Some(match self {
            Self::Disbursed(event) => event.currency,
            Self::ChargeAdded(event) => event.currency,
            Self::ChargeWaived(event) => event.currency,
            Self::RepaymentRecorded(event) => event.currency,
            Self::RepaymentChargedBack(event) => event.currency,
            Self::RepaymentReversed(event) | Self::CreditReversed(event) | Self::RecoveryReversed(event) => {
                event.currency
            }
            Self::CreditGranted(event) => event.currency,
            Self::SettledEarly(event) => event.currency,
            Self::OverpaymentRefunded(event) => event.currency,
            Self::Restructured(event) => event.currency,
            Self::WrittenOff(event) => event.currency,
            Self::WriteOffReversed(event) => event.currency,
            Self::RecoveryRecorded(event) => event.currency,
            Self::Applied(_) | Self::Approved(_) | Self::Rejected(_) | Self::Withdrawn(_) => {
                return None;
            }
        })
    }

    /// The external id of a receipt.
    pub fn external_id(&self) -> Option<&str> {
        match self {
            Self::RepaymentRecorded(event) => event.external_id.as_deref(),
            Self::SettledEarly(event) => event.external_id.as_deref(),
            Self::RecoveryRecorded(event) => event.external_id.as_deref(),
            _ => None,
        }
    }

    /// What came in of money (below zero: went back) but for disbursements.
    pub fn cash_received(&self) -> Amount {
        match self {
            Self::RepaymentRecorded(event) => event.amount,
            Self::SettledEarly(event) => event.amount,
            Self::RecoveryRecorded(event) => event.amount,
            Self::RepaymentReversed(event) | Self::RecoveryReversed(event) => event.amount.negated(),
            Self::RepaymentChargedBack(event) => event.amount.negated(),
            Self::OverpaymentRefunded(event) => event.amount.negated(),
            _ => Amount::ZERO,
        }
    }

    /// What the event's own fact comes to.
    pub const fn effect(&self) -> Option<&Effect> {
        match self {
            Self::Disbursed(event) => event.effect.as_ref(),
            Self::ChargeAdded(event) => event.effect.as_ref(),
            Self::ChargeWaived(event) => Some(&event.effect),
            Self::RepaymentRecorded(event) => Some(&event.effect),
            Self::RepaymentChargedBack(event) => Some(&event.effect),
            Self::CreditGranted(event) => Some(&event.effect),
            Self::SettledEarly(event) => Some(&event.effect),
            Self::OverpaymentRefunded(event) => Some(&event.effect),
            Self::Restructured(event) => Some(&event.effect),
            Self::WrittenOff(event) => Some(&event.effect),
            Self::RecoveryRecorded(event) => Some(&event.effect),
            _ => None,
        }
    }

    /// The value date of a money event, and the accounting day on which it is booked.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let (on, booked_on) = match self {
            Self::Disbursed(event) => (event.on, event.booked_on),
            Self::ChargeAdded(event) => (event.on, event.booked_on),
            Self::ChargeWaived(event) => (event.on, event.booked_on),
            Self::RepaymentRecorded(event) => (event.on, event.booked_on),
            Self::RepaymentChargedBack(event) => (event.on, event.booked_on),
            Self::RepaymentReversed(event) | Self::CreditReversed(event) | Self::RecoveryReversed(event) => {
                (event.on, event.booked_on)
            }
            Self::CreditGranted(event) => (event.on, event.booked_on),
            Self::SettledEarly(event) => (event.on, event.booked_on),
            Self::OverpaymentRefunded(event) => (event.on, event.booked_on),
            Self::Restructured(event) => (event.on, event.booked_on),
            Self::WrittenOff(event) => (event.on, event.booked_on),
            Self::WriteOffReversed(event) => (event.on, event.booked_on),
            Self::RecoveryRecorded(event) => (event.on, event.booked_on),
            Self::Applied(_) | Self::Approved(_) | Self::Rejected(_) | Self::Withdrawn(_) => return None,
        };
        Some((on, booked_on.unwrap_or(on)))
    }
}

impl DomainEvent for LoanEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl StoredEvent for LoanEvent {
    fn read(event_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            "LoanApplied" => Self::Applied(serde_json::from_str(payload)?),
            "LoanApproved" => Self::Approved(serde_json::from_str(payload)?),
            "LoanRejected" => Self::Rejected(serde_json::from_str(payload)?),
            "LoanWithdrawn" => Self::Withdrawn(serde_json::from_str(payload)?),
            "LoanDisbursed" => Self::Disbursed(serde_json::from_str(payload)?),
            "LoanChargeAdded" => Self::ChargeAdded(serde_json::from_str(payload)?),
            "LoanChargeWaived" => Self::ChargeWaived(serde_json::from_str(payload)?),
            "LoanRepaymentRecorded" => Self::RepaymentRecorded(serde_json::from_str(payload)?),
            "LoanRepaymentReversed" => Self::RepaymentReversed(serde_json::from_str(payload)?),
            "LoanRepaymentChargedBack" => Self::RepaymentChargedBack(serde_json::from_str(payload)?),
            "LoanCreditGranted" => Self::CreditGranted(serde_json::from_str(payload)?),
            "LoanCreditReversed" => Self::CreditReversed(serde_json::from_str(payload)?),
            "LoanSettledEarly" => Self::SettledEarly(serde_json::from_str(payload)?),
            "LoanOverpaymentRefunded" => Self::OverpaymentRefunded(serde_json::from_str(payload)?),
            "LoanRestructured" => Self::Restructured(serde_json::from_str(payload)?),
            "LoanWrittenOff" => Self::WrittenOff(serde_json::from_str(payload)?),
            "LoanWriteOffReversed" => Self::WriteOffReversed(serde_json::from_str(payload)?),
            "LoanRecoveryRecorded" => Self::RecoveryRecorded(serde_json::from_str(payload)?),
            "LoanRecoveryReversed" => Self::RecoveryReversed(serde_json::from_str(payload)?),
            // The tag inside the payload decides, and names the type in the error when it is unknown.
            _ => serde_json::from_str(payload)?,
        })
    }
}
