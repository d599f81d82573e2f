//! What limits can be set for: what gives money away, gives it up, or undoes what was booked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The approval of a loan, by its principal.
    Approve,
    /// By what goes out.
    Disburse,
    /// By what is owed in another way.
    Restructure,
    /// By what leaves the books; of its reversal, what comes back.
    WriteOff,
    /// By what is no longer owed of a charge.
    Waive,
    /// By what the lender gives up.
    Credit,
    /// By what is given back of an overpayment.
    Refund,
    /// The reversal of a repayment, credit, recovery or entry, or a chargeback, by what is undone.
    Reverse,
    /// A plain entry, by its debits.
    Entry,
}

/// A text that names no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no operation that limits are for")]
pub struct UnknownOperation(pub String);

impl Operation {
    pub const ALL: [Self; 9] = [
        Self::Approve,
        Self::Disburse,
        Self::Restructure,
        Self::WriteOff,
        Self::Waive,
        Self::Credit,
        Self::Refund,
        Self::Reverse,
        Self::Entry,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Disburse => "disburse",
            Self::Restructure => "restructure",
            Self::WriteOff => "write_off",
            Self::Waive => "waive",
            Self::Credit => "credit",
            Self::Refund => "refund",
            Self::Reverse => "reverse",
            Self::Entry => "entry",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, UnknownOperation> {
        let found = Self::ALL.into_iter().find(|operation| operation.name() == text);
        found.ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}
