//! How payments will be spread and what they change (LENDING.md §9, §10, §12); the rules themselves are
//! servicing's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a payment looks at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllocationScope {
    /// Installment by installment, oldest first.
    #[default]
    Installment,
    /// Component by component over all of the loan.
    Loan,
}

/// Where a payment beyond what is due goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    #[default]
    Next,
    Last,
    Equal,
    ReduceTerm,
    ReduceInstallment,
    Credit,
}

/// What interest follows once the loan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterestBasis {
    /// The interest of the installments as agreed.
    #[default]
    Plan,
    DailyRest,
    PeriodRest,
    RunningBalance,
}

/// What settling early costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    #[default]
    PresentValue,
    InterestToDate,
    InterestToDueDate,
}

impl Excess {
    /// Whether the plan is drawn again for the rest of the payment.
    pub const fn draws_again(self) -> bool {
        matches!(self, Self::ReduceTerm | Self::ReduceInstallment)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Last => "last",
            Self::Equal => "equal",
            Self::ReduceTerm => "reduce_term",
            Self::ReduceInstallment => "reduce_installment",
            Self::Credit => "credit",
        }
    }
}

impl InterestBasis {
    /// Whether the rows are drawn again from the dated balance.
    pub const fn is_rest(self) -> bool {
        matches!(self, Self::DailyRest | Self::PeriodRest)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::DailyRest => "daily_rest",
            Self::PeriodRest => "period_rest",
            Self::RunningBalance => "running_balance",
        }
    }
}
