//! Disburse an approved loan: the money goes out and the plan is agreed.

use std::sync::Arc;

use super::{Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, draw_down, not_in_the_future};
use crate::iof::IofCollection;
use crate::loan::command::Disburse;
use crate::loan::engine::CALCULATION;
use crate::loan::event::{Disbursed, DisbursementTax, Moved, Outcome};
use crate::loan::facts::Outlay;
use crate::loan::servicing::Servicing;
use crate::schedule::{self, Disbursement, TaxKind};
use crate::{Amount, terms::Terms};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &Disburse,
    day: DecisionDay,
) -> Decision {
    let (terms, approved_on, approved) = match loan {
        Loan::Approved { terms, on, principal } => (terms, *on, *principal),
        Loan::Disbursed(servicing) => return draw_down::decide(servicing, history, command, day),
        _ => return Err(not_approved(loan).into()),
    };
    not_in_the_future(command.on, day)?;
    if command.on < approved_on {
        let (on, first) = (command.on, approved_on);
        return Err(LoanRefusal::BeforeFirstFact { field: "on", on, first, fact: "approval" }.into());
    }
    let amount = amount_of(command, terms, approved)?;
    let plan = schedule::draw_for_loan(terms, &[Disbursement { on: command.on, amount }])
        .map_err(LoanRefusal::Plan)?;
    let totals = plan.totals;
    let tax = plan.tax.as_ref().map_or(terms.currency.zero(), |tax| tax.total);
    let outlay = Outlay { principal: totals.financed, withheld: totals.withheld, tax };
    let handed_out = HandedOut::of(terms, amount, outlay);
    let agreed = Servicing::begin(Arc::clone(terms), approved, (command.on, amount), &plan.installments);
    let zero = terms.currency.zero();
    let outcome = Outcome {
        rederived: Vec::new(),
        changed: Vec::new(),
        principal_added: plan.totals.principal,
        deferred: plan.totals.principal.minus(plan.totals.financed),
        tax: zero,
        financed_tax: zero,
        by_time: Moved::nothing(),
        standing: agreed.standing,
        calculation: CALCULATION,
    };
    Ok(vec![LoanEvent::Disbursed(Disbursed {
        disbursement_id: command.disbursement_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        amount,
        currency: terms.currency,
        released: handed_out.released,
        fees: handed_out.fees,
        tax: handed_out.tax,
        installments: plan.installments,
        effective_cost: plan.effective_cost,
        effect: None,
        outcome,
    })])
}

/// What is asked for, or else all of it, where so much is approved.
pub(super) fn amount_of(command: &Disburse, terms: &Terms, approved: Amount) -> Result<Amount, LoanRefusal> {
    let currency = terms.currency;
    let asked = command.amount.map(|amount| currency.try_positive(amount)).transpose();
    let amount = asked.map_err(LoanRefusal::Amount)?.unwrap_or(approved);
    if amount > approved {
        return Err(LoanRefusal::MoreThanApproved { amount, approved, currency });
    }
    Ok(amount)
}

/// What a disbursement brings besides the money.
pub(super) struct HandedOut {
    pub(super) released: Amount,
    /// Kept back or financed.
    pub(super) fees: Amount,
    pub(super) tax: Option<DisbursementTax>,
}

impl HandedOut {
    /// Of what is amortized and kept back all that is neither the amount nor the tax are fees.
    pub(super) fn of(terms: &Terms, amount: Amount, outlay: Outlay) -> Self {
        use IofCollection::{Cash, Financed, Installment, Withheld};
        let Outlay { principal, withheld, tax } = outlay;
        let iof = terms.tax.as_ref().map(|tax| tax.iof.collected);
        let within = match iof {
            Some(Financed | Withheld) => tax,
            Some(Cash | Installment) | None => Amount::ZERO,
        };
        Self {
            released: amount.minus(withheld),
            fees: principal.minus(amount).plus(withheld).minus(within),
            tax: iof.map(|collected| DisbursementTax { kind: TaxKind::Iof, collected, amount: tax }),
        }
    }
}

fn not_approved(loan: &Loan) -> LoanRefusal {
    loan.status()
        .map_or(LoanRefusal::Unknown, |status| LoanRefusal::NotApproved { status, verb: "disbursed" })
}
