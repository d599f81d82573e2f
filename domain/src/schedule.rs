//! stub
use crate::{Amount, terms::Terms};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Installment {
    pub number: u32,
    pub from: NaiveDate,
    pub due_on: NaiveDate,
    pub days: u32,
    pub principal: Amount,
    pub interest: Amount,
    pub fees: Amount,
    pub tax: Amount,
    pub total: Amount,
    pub balance: Amount,
}
pub struct Disbursement {
    pub on: NaiveDate,
    pub amount: Amount,
}
pub struct Plan {
    pub installments: Vec<Installment>,
}
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no")]
pub struct PlanError;
pub fn draw_for_loan(_t: &Terms, _d: &[Disbursement]) -> Result<Plan, PlanError> {
    Err(PlanError)
}
pub fn factor_in_period(_t: &Terms, _d: NaiveDate, _n: u32, _a: NaiveDate, _b: NaiveDate) -> Decimal {
    Decimal::ZERO
}
