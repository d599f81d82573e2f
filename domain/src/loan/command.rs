//! What can be asked of a loan.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::component::Component;
use crate::id::{BorrowerId, ChargeId, DisbursementId, PaymentId};
use crate::product::Version;
use crate::terms::Terms;

/// A command to a loan. `on` is the value date; amounts are checked against the loan's currency when decided.
#[derive(Debug, Clone, PartialEq)]
pub enum LoanCommand {
    Apply(Apply),
    Approve(Approve),
    Reject(Close),
    Withdraw(Close),
    Disburse(Disburse),
    AddCharge(AddCharge),
    RecordRepayment(RecordRepayment),
    SettleEarly(SettleEarly),
    ReverseRepayment(ReverseRepayment),
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disburse {
    pub disbursement_id: DisbursementId,
    pub on: NaiveDate,
    /// What is approved, where absent.
    pub amount: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCharge {
    pub charge_id: ChargeId,
    pub kind: String,
    pub component: Component,
    pub amount: Decimal,
    pub due_on: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRepayment {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Decimal,
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleEarly {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub amount: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReverseRepayment {
    pub repayment_id: PaymentId,
    pub on: NaiveDate,
    pub reason: String,
}
