//! Late charges as agreed (LENDING.md §11); when and how they arise is servicing's.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::exact::{OutOfRange, add, div, mul, sub};
use crate::power::power;
use crate::rate::Rate;
use crate::rounding::RoundingMode;

/// The fine and the interest of what is paid late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Late {
    /// The fine as a fraction of `fee_base` (2 % at most where consumer law holds: CDC art. 52 §1).
    pub fee_rate: Decimal,
    pub fee_base: LateFeeBase,
    #[serde(flatten)]
    pub interest: LateInterest,
    pub interest_base: LateInterestBase,
    pub contract_interest: ContractInterest,
    /// Days after the due date, moved to a business day, before an installment is late.
    pub grace_days: u32,
    pub rounding: RoundingMode,
}

/// By what late interest grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LateInterest {
    /// A rate by the loan's day count.
    ByRate { interest_rate: LateRate },
    /// So much a month (1 %: STJ Súmula 379).
    ByMonth(LateByMonth),
}

/// Late interest of so much a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateByMonth {
    /// A fraction.
    pub interest_rate_per_month: Decimal,
    pub interest: LateInterestKind,
    pub interest_days: LateDays,
}

/// A rate of its own, or the loan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LateRate {
    Word(ContractWord),
    Own(Rate),
}

/// The word that stands for the loan's own rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractWord {
    Contract,
}

/// What the fine is a fraction of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateFeeBase {
    /// Open principal, interest and fees of the installment.
    #[default]
    Overdue,
    /// Its principal and interest.
    Installment,
    /// Its open principal.
    Principal,
}

/// Whether late interest bears late interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateInterestKind {
    #[default]
    Simple,
    Compound,
}

/// The days of a month of late interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
pub enum LateDays {
    /// 30 days a month.
    #[default]
    #[serde(rename = "30")]
    Thirty,
    /// 365 days a year.
    #[serde(rename = "actual")]
    Actual,
}

/// What late interest is charged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateInterestBase {
    /// Open principal, interest and fees of the installment.
    #[default]
    Installment,
    /// Its open principal.
    Principal,
}

/// Whether the contract's interest runs on beside late interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractInterest {
    #[default]
    None,
    Daily,
    Period,
}

impl Late {
    /// The fine on `base`, rounded by the mode of late charges.
    pub fn fee(&self, base: Decimal, decimals: u32) -> Result<Decimal, OutOfRange> {
        Ok(self.rounding.round(mul(self.fee_rate, base)?, decimals))
    }
}

impl LateByMonth {
    /// Whether it grows on what is unpaid of it.
    pub const fn compounds(&self) -> bool {
        matches!(self.interest, LateInterestKind::Compound)
    }

    /// The interest of a stretch of `days` with one open `base`, unrounded. Compound interest grows on what
    /// is `unpaid` of earlier late interest too.
    pub fn of_stretch(&self, base: Decimal, unpaid: Decimal, days: u32) -> Result<Decimal, OutOfRange> {
        let days = Decimal::from(days);
        let months = match self.interest_days {
            LateDays::Thirty => div(days, Decimal::from(30))?,
            LateDays::Actual => div(mul(days, Decimal::from(12))?, Decimal::from(365))?,
        };
        match self.interest {
            LateInterestKind::Simple => mul(mul(base, self.interest_rate_per_month)?, months),
            LateInterestKind::Compound => {
                let growth = power(add(Decimal::ONE, self.interest_rate_per_month)?, months)?;
                mul(add(base, unpaid)?, sub(growth, Decimal::ONE)?)
            }
        }
    }
}
