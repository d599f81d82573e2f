//! What can be asked of a loan.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

pub use super::facts::{CreditKind, Early, Restructure};
use crate::id::{BorrowerId, ChargeId, DisbursementId, PaymentId, TransactionId};
use crate::product::Version;
use crate::terms::{Excess, Terms};

pub use super::event::AddedCharge;

/// A command to a loan. `on` is the value date; amounts are checked against the loan's currency when decided.
#[derive(Debug, Clone, PartialEq)]
pub enum LoanCommand {
    Apply(Apply),
    Approve(Approve),
    Reject(Close),
    Withdraw(Close),
    Disburse(Disburse),
    AddCharge(AddCharge),
    WaiveCharge(WaiveCharge),
    RecordRepayment(RecordRepayment),
    ReverseRepayment(Reverse),
    ChargeBack(ChargeBack),
    GrantCredit(GrantCredit),
    ReverseCredit(Reverse),
    SettleEarly(SettleEarly),
    Refund(Refund),
    Restructure(RestructureLoan),
    WriteOff(WriteOffLoan),
    ReverseWriteOff(WriteOffLoan),
    RecordRecovery(RecordRecovery),
    ReverseRecovery(Reverse),
}

impl LoanCommand {
    /// The value date, which may not lie after the booking day. An application has none, and the due date of a charge
    /// may be to come.
    pub const fn on(&self) -> Option<NaiveDate> {
        Some(match self {
            Self::Apply(_) | Self::AddCharge(_) => return None,
            Self::Approve(command) => command.on,
            Self::Reject(command) | Self::Withdraw(command) => command.on,
            Self::Disburse(command) => command.on,
            Self::WaiveCharge(command) => command.on,
            Self::RecordRepayment(command) => command.on,
            Self::ReverseRepayment(command)
            | Self::ReverseCredit(command)
            | Self::ReverseRecovery(command) => command.on,
            Self::ChargeBack(command) => command.on,
            Self::GrantCredit(command) => command.on,
            Self::SettleEarly(command) => command.on,
            Self::Refund(command) => command.on,
            Self::Restructure(command) => command.on,
            Self::WriteOff(command) | Self::ReverseWriteOff(command) => command.on,
            Self::RecordRecovery(command) => command.on,
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    pub borrower_id: BorrowerId,
    pub external_id: Option<String>,
    pub product: Option<ProductTaken>,
    pub terms: Arc<Terms>,
    pub metadata: Map<String, Value>,
}

/// The product, and the version of it, that the terms of a loan were taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTaken {
    pub name: String,
    pub version: u32,
}

impl From<&Version> for ProductTaken {
    fn from(version: &Version) -> Self {
        Self { name: version.name.clone(), version: version.version }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approve {
    pub on: NaiveDate,
    pub reason: Option<String>,
}

/// Reject or withdraw an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    pub on: NaiveDate,
    pub reason: Option<String>,
}

/// Hand out what is approved, at once or in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disburse {
    pub disbursement_id: DisbursementId,
    pub on: NaiveDate,
    /// What is approved and not yet disbursed, where absent.
    pub amount: Option<Decimal>,
}

/// A penalty or a fee entered by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCharge {
    pub charge_id: ChargeId,
    pub kind: AddedCharge,
    pub amount: Decimal,
    /// It may lie in the future.
    pub due_on: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiveCharge {
    pub waiver_id: TransactionId,
    pub charge_id: ChargeId,
    pub on: NaiveDate,
    /// All that is unpaid of it on that date, where absent.
    pub amount: Option<Decimal>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRepayment {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Decimal,
    pub external_id: Option<String>,
    /// The field `as`.
    pub early: Early,
    /// In place of the terms' own.
    pub excess: Option<Excess>,
}

/// Undo a repayment or settlement, a credit, or a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse {
    pub payment_id: PaymentId,
    pub on: NaiveDate,
    pub reason: String,
}

/// The payer's bank took money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeBack {
    pub chargeback_id: TransactionId,
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    /// All of the repayment that was not charged back before, where absent.
    pub amount: Option<Decimal>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantCredit {
    pub credit_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Decimal,
    pub kind: CreditKind,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleEarly {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    /// Just the quote of that day.
    pub amount: Decimal,
    pub external_id: Option<String>,
}

/// Give an overpayment back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub refund_id: TransactionId,
    pub on: NaiveDate,
    pub amount: Decimal,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RestructureLoan {
    pub restructure_id: TransactionId,
    pub on: NaiveDate,
    pub restructure: Restructure,
    pub reason: String,
}

/// Write a loan off, or undo that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOffLoan {
    pub on: NaiveDate,
    pub reason: String,
}

/// A payment after the write-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRecovery {
    pub recovery_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Decimal,
    pub external_id: Option<String>,
}
