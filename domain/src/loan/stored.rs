//! Reading no more of a stored event than the facts need. An event says all that followed from it, installment by
//! installment; whoever derives that anew, for every loan there is, need not read it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

use super::event::LoanEvent;
use super::facts::{Early, Fact, Payment, Purpose, What};
use super::known::LoanFacts;
use crate::Amount;
use crate::component::Component;
use crate::decider::StoredEvent;
use crate::id::{ChargeId, DisbursementId, PaymentId};
use crate::terms::{Excess, Terms};

#[derive(Deserialize)]
struct Applied {
    terms: Arc<Terms>,
}

#[derive(Deserialize)]
struct Disbursed {
    disbursement_id: DisbursementId,
    on: NaiveDate,
    amount: Amount,
}

#[derive(Deserialize)]
struct RepaymentRecorded {
    repayment_id: PaymentId,
    on: NaiveDate,
    amount: Amount,
    #[serde(rename = "as", default)]
    early: Early,
    #[serde(default)]
    excess: Option<Excess>,
}

#[derive(Deserialize)]
struct ChargeAdded {
    charge_id: ChargeId,
    due_on: NaiveDate,
    component: Component,
    amount: Amount,
}

impl LoanFacts {
    /// Adds what an event records, given as the log holds it.
    pub fn record_stored(&mut self, event_type: &str, payload: &str) -> Result<(), serde_json::Error> {
        match event_type {
            "LoanApplied" => {
                let Applied { terms } = serde_json::from_str(payload)?;
                self.agree(terms);
            }
            "LoanApproved" | "LoanRejected" | "LoanWithdrawn" => {}
            "LoanDisbursed" => {
                let Disbursed { disbursement_id: id, on, amount } = serde_json::from_str(payload)?;
                self.push(fact(on, What::Disbursement { id, amount }), Some(on));
            }
            "LoanRepaymentRecorded" => {
                let read: RepaymentRecorded = serde_json::from_str(payload)?;
                let RepaymentRecorded { repayment_id: id, on, amount, early, excess } = read;
                let payment = Payment { id, purpose: Purpose::Repayment, amount, early, excess };
                self.push(fact(on, What::Payment(payment)), Some(on));
            }
            "LoanChargeAdded" => {
                let ChargeAdded { charge_id: id, due_on, component, amount } = serde_json::from_str(payload)?;
                self.push(fact(due_on, What::Charge { id, component, amount }), None);
            }
            // The others are rare, or need what came before.
            _ => {
                self.record(&LoanEvent::read(event_type, payload)?);
            }
        }
        Ok(())
    }
}

const fn fact(on: NaiveDate, what: What) -> Fact {
    Fact { on, what, reversed: false }
}
