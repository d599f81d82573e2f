//! What settles a loan early (LENDING.md §12).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Amount;

/// What settles the loan on a day: `amount` = `due` + `principal` + `interest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettlementQuote {
    pub on: NaiveDate,
    pub amount: Amount,
    /// What is due by that day, of every component.
    pub due: Amount,
    /// The open principal of the installments not yet due.
    pub principal: Amount,
    /// What is paid for the time of that principal: their interest, reduced (CDC art. 52 §2).
    pub interest: Amount,
}
