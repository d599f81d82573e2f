//! Disburse an approved loan: the money goes out and the plan is agreed.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{Decision, Loan, LoanEvent, LoanRefusal, not_in_the_future};
use crate::loan::command::Disburse;
use crate::loan::event::Disbursed;
use crate::loan::servicing::Servicing;
use crate::schedule::{self, Disbursement};

pub(super) fn decide(loan: &Loan, command: &Disburse, today: NaiveDate) -> Decision {
    let Loan::Approved { terms, on: approved_on, principal } = loan else {
        return Err(not_approved(loan).into());
    };
    not_in_the_future(command.on, today)?;
    if command.on < *approved_on {
        let (on, first) = (command.on, *approved_on);
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: "approval" }.into());
    }
    let currency = terms.currency;
    let asked = command.amount.map(|amount| currency.try_positive(amount)).transpose();
    let amount = asked.map_err(LoanRefusal::Amount)?.unwrap_or(*principal);
    if amount > *principal {
        return Err(LoanRefusal::MoreThanApproved { amount, approved: *principal, currency }.into());
    }
    let plan = schedule::draw_for_loan(terms, &[Disbursement { on: command.on, amount }])
        .map_err(LoanRefusal::Plan)?;
    let servicing = Servicing::begin(Arc::clone(terms), command.on, &plan.installments);
    Ok(vec![LoanEvent::Disbursed(Disbursed {
        disbursement_id: command.disbursement_id,
        on: command.on,
        amount,
        currency,
        installments: plan.installments,
        standing: servicing.standing,
    })])
}

fn not_approved(loan: &Loan) -> LoanRefusal {
    loan.status()
        .map_or(LoanRefusal::Unknown, |status| LoanRefusal::NotApproved { status, verb: "disbursed" })
}
