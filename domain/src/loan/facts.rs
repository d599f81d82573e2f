//! The facts of a loan's life as servicing reads them, and what each of them comes to (LENDING.md §9 to §14).
//!
//! State is that of all facts by value date, then by order of recording. So a fact that is recorded late, or undone,
//! is put in its place and everything after it is derived anew: ids and received amounts stay, effects move.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Amount;
use crate::component::{Component, Components};
use crate::id::{ChargeId, DisbursementId, PaymentId};
use crate::terms::{Every, Excess, Terms};

/// One fact, in the order of recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The value date; of a charge its due date.
    pub on: NaiveDate,
    pub what: What,
    /// Undone by a later command: it counts as if it had never been.
    pub reversed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    Disbursement {
        id: DisbursementId,
        amount: Amount,
    },
    Payment(Payment),
    /// Joins the row in whose period it falls due; after the last due date a row of its own.
    Charge {
        id: ChargeId,
        component: Component,
        amount: Amount,
    },
    /// Takes off what is unpaid of a charge on that date, or `amount` of it.
    Waiver {
        charge: ChargeId,
        amount: Option<Amount>,
    },
    /// The payer's bank took money back: that principal joins the row in whose period the fact falls.
    Chargeback {
        payment: PaymentId,
        amount: Amount,
    },
    /// An overpayment was given back.
    Refund {
        amount: Amount,
    },
    Restructure(Restructure),
    WriteOff,
}

/// Money, or a credit in its place, that serves what is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub purpose: Purpose,
    pub amount: Amount,
    pub early: Early,
    /// In place of the terms' own.
    pub excess: Option<Excess>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    Repayment,
    /// Settles the loan early where the amount still is enough for the quote of its date; else it repays.
    Settlement,
    Credit(CreditKind),
    /// Received after the write-off, which stays as it was.
    Recovery,
}

/// Why a credit is given, which says where the journal takes it from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditKind {
    /// From expense.
    Goodwill,
    /// From interest income.
    InterestWaiver,
}

/// What a payment before the due date is for (LENDING.md §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Early {
    /// Pays installments as agreed.
    #[default]
    Installment,
    /// Claims the reduction of interest (CDC art. 52 §2).
    Anticipation,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Restructure {
    /// Open principal, with the open amounts of the components in `capitalize`, becomes the principal of `terms`.
    Replace {
        /// Its `principal` stands for nothing: servicing puts in what is open on the date.
        terms: Arc<Terms>,
        capitalize: Vec<Component>,
    },
    /// All open principal moves to new rows.
    ReAge { installments: u32, every: Every, first_due_on: NaiveDate },
    /// Principal past due moves to the rows due on or after the date.
    ReAmortize,
}

/// What one fact comes to, given the facts before it by value date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Effect {
    /// What it covers of installments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
    /// Credit kept for the borrower that served installments on their due dates, since the fact before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<CreditApplied>,
    /// What it adds to (below zero: takes from) what exceeds everything owed.
    pub overpaid: Amount,
    /// What it adds to (below zero: takes from) what is kept for the borrower until the next due date.
    pub credit: Amount,
    /// How installments changed with it. Deriving leaves this empty: whoever records a fact compares the loan before
    /// it with the loan after it, see [`super::engine::replanned`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replanned: Vec<Replanned>,
    /// What it takes off installments without payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Share>,
    /// Of a disbursement or a restructure: what joined the principal, and what did not reach the borrower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlay: Option<Outlay>,
    /// Principal open after it.
    pub balance: Amount,
    /// Of a write-off: what it took off the books, by component; interest accrued but not yet due beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_off: Option<WriteOff>,
}

/// What a disbursement or a restructure adds to what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outlay {
    /// What joins what is amortized: the amount disbursed with financed fees and tax; of a restructure what was
    /// capitalized.
    pub principal: Amount,
    /// Fees and tax kept back from the release.
    pub withheld: Amount,
    /// The IOF that arises, however it is collected.
    pub tax: Amount,
}

/// What a payment covers of one installment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    pub installment: u32,
    pub allocation: Components,
}

/// Credit that served installments on a due date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditApplied {
    pub on: NaiveDate,
    pub shares: Vec<Share>,
}

/// What is due of an installment, before and after; absent where it did not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replanned {
    pub installment: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Planned>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Planned>,
}

/// An installment but for what was paid of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    pub due: Components,
    pub waived: Components,
}

/// What a write-off takes off the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteOff {
    pub on: NaiveDate,
    pub open: Components,
    pub accrued_interest: Amount,
}
