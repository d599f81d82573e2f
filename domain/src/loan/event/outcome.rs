//! What a money event decided beside its own data: what moved, and how the loan stands after it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Amount;
use crate::component::Components;
use crate::loan::facts::Effect;
use crate::loan::standing::Standing;

/// What followed from a money event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// Other facts that come to something else now: those after a backdated fact, a reversal or a charge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rederived: Vec<Rederived>,
    /// Every installment that changed, before and after. Left out where the shares of the event say it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedInstallment>,
    /// Principal that joins the books (below zero: leaves them) beside what effects cover and write off: handed out,
    /// capitalized, charged back.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub principal_added: Amount,
    /// What is added to (below zero: taken from) income that was capitalized and is not received yet.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub deferred: Amount,
    /// The tax in the fees that are covered now and were not before (below zero: no longer).
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub tax: Amount,
    /// What other facts add now (below zero: no longer) of tax that joined the principal.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub financed_tax: Amount,
    /// What time alone did since the last fact, beyond what it had done by the event before.
    #[serde(default = "Moved::nothing", skip_serializing_if = "Moved::is_nothing")]
    pub by_time: Moved,
    pub standing: Standing,
    /// The version of the calculation that decided.
    pub calculation: u32,
}

/// Money of the borrower's that moved within the loan: what was covered was kept as credit before, or overpaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Covered of each component.
    #[serde(default = "no_components", skip_serializing_if = "no_component")]
    pub allocation: Components,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub overpaid: Amount,
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub credit: Amount,
}

/// Which kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    Disbursement,
    Repayment,
    Settlement,
    Credit,
    Recovery,
    Charge,
    Waiver,
    Chargeback,
    Refund,
    Restructure,
    WriteOff,
}

/// A fact that comes to something else than was decided before. Its id and its amount stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rederived {
    /// Its number in the order of recording, from 1.
    pub fact: u32,
    pub kind: FactKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The value date of that fact.
    pub on: NaiveDate,
    /// Absent where it had come to nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Effect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Effect>,
    /// Whether the loan was written off when the fact came, as decided before and as decided now.
    #[serde(default, skip_serializing_if = "is_false")]
    pub written_off_before: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub written_off_after: bool,
}

/// An installment before and after an event; absent where it did not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedInstallment {
    pub installment: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<InstallmentState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<InstallmentState>,
}

/// An installment with all that is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstallmentState {
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    pub due: Components,
    /// The tax that the fee holds.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub tax: Amount,
    #[serde(default = "no_components", skip_serializing_if = "no_component")]
    pub paid: Components,
    #[serde(default = "no_components", skip_serializing_if = "no_component")]
    pub waived: Components,
}

impl InstallmentState {
    /// What is open of it.
    pub fn open(&self) -> Components {
        self.due.minus(self.waived).minus(self.paid)
    }
}

impl Outcome {
    /// Whether nothing happened to installments but that the event's own shares were covered. Else every installment
    /// that changed is listed, which may be none: what one fact covers now another may have covered before.
    pub fn says_only_what_is_covered(&self) -> bool {
        self.changed.is_empty() && self.rederived.is_empty() && self.by_time.is_nothing()
    }
}

impl Moved {
    pub const fn nothing() -> Self {
        Self { allocation: Components::NOTHING, overpaid: Amount::ZERO, credit: Amount::ZERO }
    }

    pub fn is_nothing(&self) -> bool {
        self.allocation.is_nothing() && self.overpaid.is_zero() && self.credit.is_zero()
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            allocation: self.allocation.plus(other.allocation),
            overpaid: self.overpaid.plus(other.overpaid),
            credit: self.credit.plus(other.credit),
        }
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            allocation: self.allocation.minus(other.allocation),
            overpaid: self.overpaid.minus(other.overpaid),
            credit: self.credit.minus(other.credit),
        }
    }
}

const fn nothing() -> Amount {
    Amount::ZERO
}

const fn no_components() -> Components {
    Components::NOTHING
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_nothing(amount: &Amount) -> bool {
    amount.is_zero()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn no_component(components: &Components) -> bool {
    components.is_nothing()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
