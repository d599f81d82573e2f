//! Fees agreed with the loan (LENDING.md §7).

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::Amount;

/// A fee: what for, when, how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Charge {
    pub kind: ChargeKind,
    pub due: ChargeDue,
    #[serde(flatten)]
    pub worth: ChargeWorth,
}

/// What a fee is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// Tarifa de abertura de crédito (TAC).
    OriginationFee,
    RegistrationFee,
    ServiceFee,
    Insurance,
    CollectionCost,
    Fee,
}

/// When a fee is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ChargeDue {
    At(ChargeMoment),
    /// With the installment in whose period the day lies.
    On(NaiveDate),
}

/// The moments that need no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeMoment {
    /// Kept back from the release.
    Disbursement,
    /// Joins what is amortized.
    Financed,
    /// With every installment.
    Installment,
}

/// How much a fee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ChargeWorth {
    Amount {
        amount: Amount,
    },
    /// A fraction of `base`.
    Share {
        rate: Decimal,
        base: ChargeBase,
    },
}

/// What a fee is a fraction of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeBase {
    /// The amount asked for.
    #[default]
    Principal,
    /// What is amortized, financed fees and tax included.
    Financed,
    /// Principal and interest of the installment.
    Installment,
    /// The principal before the installment.
    Balance,
}
