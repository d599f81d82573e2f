//! What can have happened to a loan. Every event records the facts as they were decided.

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::standing::Standing;
use crate::component::{Component, Components};
use crate::decider::StoredEvent;
use crate::id::{BorrowerId, ChargeId, DisbursementId, PaymentId};
use crate::schedule::Installment;
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
    #[serde(rename = "LoanRepaymentRecorded")]
    RepaymentRecorded(RepaymentRecorded),
    #[serde(rename = "LoanSettledEarly")]
    SettledEarly(SettledEarly),
    #[serde(rename = "LoanRepaymentReversed")]
    RepaymentReversed(RepaymentReversed),
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

/// The money went out, and this plan was agreed for its return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Disbursed {
    pub disbursement_id: DisbursementId,
    pub on: NaiveDate,
    pub amount: Amount,
    pub currency: Currency,
    pub installments: Vec<Installment>,
    pub standing: Standing,
}

/// A charge joined an installment; payments already received may serve it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChargeAdded {
    pub charge_id: ChargeId,
    /// The booking day on which it was added.
    pub on: NaiveDate,
    /// `penalty`, or the kind of a fee (`service_fee`, `collection_cost`, …).
    pub kind: String,
    pub component: Component,
    pub amount: Amount,
    pub currency: Currency,
    pub due_on: NaiveDate,
    /// The installment that it joined; one more than the last for a charge due after all of them.
    pub installment: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reallocated: Vec<Reallocation>,
    pub standing: Standing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RepaymentRecorded {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Amount,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What the payment covered, by component, over all installments.
    pub allocation: Components,
    pub shares: Vec<Share>,
    /// What exceeds everything that was owed.
    pub overpaid: Amount,
    /// Later payments that this one, dated before them, moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reallocated: Vec<Reallocation>,
    pub standing: Standing,
}

/// The borrower paid the early-settlement quote of the day: what is due, and the rest at its present value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettledEarly {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Amount,
    pub currency: Currency,
    pub allocation: Components,
    pub shares: Vec<Share>,
    /// The interest of the installments not yet due, before and after the reduction (CDC art. 52 §2).
    pub interest_changes: Vec<InterestChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reallocated: Vec<Reallocation>,
    pub standing: Standing,
}

/// A repayment or settlement is undone: it counts as if it had never been made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RepaymentReversed {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub reason: String,
    pub amount: Amount,
    pub currency: Currency,
    /// What the payment covered until now, and no longer covers.
    pub undone: Allocation,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reallocated: Vec<Reallocation>,
    pub standing: Standing,
}

/// What a payment covers of one installment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    pub installment: u32,
    pub allocation: Components,
}

/// The interest of an installment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InterestChange {
    pub installment: u32,
    pub before: Amount,
    pub after: Amount,
}

/// How one payment was spread: its shares add up, with what it overpaid, to its amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    pub shares: Vec<Share>,
    pub overpaid: Amount,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interest_changes: Vec<InterestChange>,
}

/// A payment that an earlier-dated fact moved: how it was spread before, and how it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reallocation {
    pub repayment_id: PaymentId,
    /// The value date of that payment.
    pub on: NaiveDate,
    pub before: Allocation,
    pub after: Allocation,
}

impl Allocation {
    /// What is covered of each component, over all installments.
    pub fn components(&self) -> Components {
        self.shares.iter().fold(Components::NOTHING, |sum, share| sum.plus(share.allocation))
    }
}

impl RepaymentRecorded {
    pub fn spread(&self) -> Allocation {
        Allocation { shares: self.shares.clone(), overpaid: self.overpaid, interest_changes: Vec::new() }
    }
}

impl SettledEarly {
    pub fn spread(&self) -> Allocation {
        Allocation {
            shares: self.shares.clone(),
            overpaid: self.currency.zero(),
            interest_changes: self.interest_changes.clone(),
        }
    }
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
        ("LoanRepaymentRecorded", 1),
        ("LoanSettledEarly", 1),
        ("LoanRepaymentReversed", 1),
    ];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied(_) => "LoanApplied",
            Self::Approved(_) => "LoanApproved",
            Self::Rejected(_) => "LoanRejected",
            Self::Withdrawn(_) => "LoanWithdrawn",
            Self::Disbursed(_) => "LoanDisbursed",
            Self::ChargeAdded(_) => "LoanChargeAdded",
            Self::RepaymentRecorded(_) => "LoanRepaymentRecorded",
            Self::SettledEarly(_) => "LoanSettledEarly",
            Self::RepaymentReversed(_) => "LoanRepaymentReversed",
        }
    }

    /// The standing that the event left the loan in, where it moved money.
    pub const fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Disbursed(event) => Some(&event.standing),
            Self::ChargeAdded(event) => Some(&event.standing),
            Self::RepaymentRecorded(event) => Some(&event.standing),
            Self::SettledEarly(event) => Some(&event.standing),
            Self::RepaymentReversed(event) => Some(&event.standing),
            Self::Applied(_) | Self::Approved(_) | Self::Rejected(_) | Self::Withdrawn(_) => None,
        }
    }

    /// The payments that the event moved besides the one it is about.
    pub fn reallocated(&self) -> &[Reallocation] {
        match self {
            Self::ChargeAdded(event) => &event.reallocated,
            Self::RepaymentRecorded(event) => &event.reallocated,
            Self::SettledEarly(event) => &event.reallocated,
            Self::RepaymentReversed(event) => &event.reallocated,
            _ => &[],
        }
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
            "LoanRepaymentRecorded" => Self::RepaymentRecorded(serde_json::from_str(payload)?),
            "LoanSettledEarly" => Self::SettledEarly(serde_json::from_str(payload)?),
            "LoanRepaymentReversed" => Self::RepaymentReversed(serde_json::from_str(payload)?),
            // The tag inside the payload decides, and names the type in the error when it is unknown.
            _ => serde_json::from_str(payload)?,
        })
    }
}
