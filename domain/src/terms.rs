//! stub
use crate::{Amount, Currency, component::Component};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    pub principal: Amount,
    pub currency: Currency,
    pub calendar: Calendar,
    pub allocation: Vec<Component>,
    pub allocation_in_advance: Vec<Component>,
    pub allocation_scope: AllocationScope,
    pub settlement: Settlement,
    pub rounding: Rounding,
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Calendar;
impl Calendar {
    pub fn following(&self, d: NaiveDate) -> NaiveDate {
        d
    }
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rounding;
impl Rounding {
    pub fn round_to_currency(&self, x: rust_decimal::Decimal, c: Currency) -> Amount {
        Amount::from_checked(x.round_dp(c.decimals()))
    }
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub enum AllocationScope {
    Installment,
    Loan,
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub enum Settlement {
    PresentValue,
    InterestToDate,
    InterestToDueDate,
}
