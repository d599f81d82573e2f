//! What each money event records: its own data, what it came to, and what followed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Outcome;
use crate::component::{Component, Components};
use crate::effective_cost::EffectiveCost;
use crate::id::{ChargeId, DisbursementId, PaymentId, TransactionId};
use crate::iof::IofCollection;
use crate::loan::facts::{CreditKind, Early, Effect, Restructure};
use crate::schedule::{Installment, TaxKind};
use crate::terms::Excess;
use crate::{Amount, Currency};

/// Money went out. The first disbursement agrees the plan for its return, a further one draws it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Disbursed {
    pub disbursement_id: DisbursementId,
    pub on: NaiveDate,
    /// Where it differs from `on`, which lies in a closed period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    /// What reaches the borrower: the amount less what is kept back of fees and tax.
    pub released: Amount,
    /// Fees that are kept back or join what is amortized.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub fees: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<DisbursementTax>,
    /// The plan; of a further disbursement the outcome says which installments changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub installments: Vec<Installment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_cost: Option<EffectiveCost>,
    /// Of a further disbursement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    pub outcome: Outcome,
}

/// The tax that a disbursement or a restructuring brings, all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisbursementTax {
    pub kind: TaxKind,
    pub collected: IofCollection,
    pub amount: Amount,
}

/// What a charge entered by hand is for: a penalty, or one of the fees of LENDING.md §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddedCharge {
    Penalty,
    OriginationFee,
    RegistrationFee,
    ServiceFee,
    Insurance,
    CollectionCost,
    Fee,
}

/// A charge joined an installment; payments already received may serve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChargeAdded {
    pub charge_id: ChargeId,
    /// The booking day on which it was added.
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub kind: AddedCharge,
    pub component: Component,
    pub amount: Amount,
    pub currency: Currency,
    pub due_on: NaiveDate,
    /// The installment that it joined; one more than the last for a charge due after all of them.
    pub installment: u32,
    /// Absent while its due date is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    pub outcome: Outcome,
}

/// What was unpaid of a charge, or a part of it, is no longer owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChargeWaived {
    pub waiver_id: TransactionId,
    pub charge_id: ChargeId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    /// What was asked for: all that is unpaid, where absent. `waived` says what that came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    pub waived: Amount,
    pub currency: Currency,
    pub reason: String,
    pub effect: Effect,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepaymentRecorded {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(rename = "as", default, skip_serializing_if = "is_as_agreed")]
    pub early: Early,
    /// In place of the terms' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
    /// What the payment covered, by component, over all installments.
    pub allocation: Components,
    pub effect: Effect,
    pub outcome: Outcome,
}

/// The borrower paid the early-settlement quote of the day. The installments that changed show the interest before and
/// after the reduction (CDC art. 52 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettledEarly {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub allocation: Components,
    pub effect: Effect,
    pub outcome: Outcome,
}

/// A repayment or settlement, a credit or a recovery is undone: it counts as if it had never been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentReversed {
    /// What is undone.
    pub payment_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub reason: String,
    pub amount: Amount,
    pub currency: Currency,
    /// Of a credit: where it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditKind>,
    /// What it came to until now, and no longer does.
    pub undone: Effect,
    /// Whether it had come after a write-off.
    #[serde(default, skip_serializing_if = "is_false")]
    pub written_off_before: bool,
    pub outcome: Outcome,
}

/// The payer's bank took money back; that principal is owed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepaymentChargedBack {
    pub chargeback_id: TransactionId,
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    pub reason: String,
    pub effect: Effect,
    pub outcome: Outcome,
}

/// The lender gave up money; it served what is owed like a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditGranted {
    pub credit_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    pub kind: CreditKind,
    pub reason: String,
    pub allocation: Components,
    pub effect: Effect,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverpaymentRefunded {
    pub refund_id: TransactionId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    pub effect: Effect,
    pub outcome: Outcome,
}

/// What is outstanding is owed by other installments from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Restructured {
    pub restructure_id: TransactionId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub currency: Currency,
    pub restructure: Restructure,
    pub reason: String,
    /// The complementary tax (Dec. 6.306/2007 art. 7 §7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<DisbursementTax>,
    pub effect: Effect,
    pub outcome: Outcome,
}

/// All that is open left the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrittenOff {
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub currency: Currency,
    pub reason: String,
    /// It says what was written off, by component.
    pub effect: Effect,
    pub outcome: Outcome,
}

/// The write-off is undone: it counts as if it had never been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteOffReversed {
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub currency: Currency,
    pub reason: String,
    pub undone: Effect,
    pub outcome: Outcome,
}

/// A payment after the write-off, which stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecoveryRecorded {
    pub recovery_id: PaymentId,
    pub on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<NaiveDate>,
    pub amount: Amount,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub allocation: Components,
    pub effect: Effect,
    pub outcome: Outcome,
}

impl AddedCharge {
    /// A penalty is a component of its own; everything else is a fee.
    pub const fn component(self) -> Component {
        match self {
            Self::Penalty => Component::Penalty,
            _ => Component::Fee,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Penalty => "penalty",
            Self::OriginationFee => "origination_fee",
            Self::RegistrationFee => "registration_fee",
            Self::ServiceFee => "service_fee",
            Self::Insurance => "insurance",
            Self::CollectionCost => "collection_cost",
            Self::Fee => "fee",
        }
    }
}

const fn nothing() -> Amount {
    Amount::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(amount: &Amount) -> bool {
    amount.is_zero()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_as_agreed(early: &Early) -> bool {
    *early == Early::Installment
}
