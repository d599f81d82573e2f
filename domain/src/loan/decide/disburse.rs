//! Disburse an approved loan: the money goes out and the plan is agreed.

use std::sync::Arc;

use super::{Decision, DecisionDay, Loan, LoanEvent, LoanHistory, LoanRefusal, draw_down, not_in_the_future};
use crate::loan::command::Disburse;
use crate::loan::engine::CALCULATION;
use crate::loan::event::{Disbursed, DisbursementTax, Outcome};
use crate::loan::servicing::Servicing;
use crate::schedule::{self, Disbursement, Plan};
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
    let handed_out = HandedOut::of(&plan);
    let agreed = Servicing::begin(Arc::clone(terms), approved, (command.on, amount), &plan.installments);
    let zero = terms.currency.zero();
    let outcome = Outcome {
        rederived: Vec::new(),
        changed: Vec::new(),
        deferred: plan.totals.principal.minus(plan.totals.financed),
        tax: zero,
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
        fees: handed_out.fees(amount),
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

/// What a plan hands out: released, amortized, and the tax of it.
pub(super) struct HandedOut {
    pub(super) released: Amount,
    pub(super) financed: Amount,
    pub(super) tax: Option<DisbursementTax>,
}

impl HandedOut {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            released: plan.totals.released,
            financed: plan.totals.financed,
            tax: plan.tax.as_ref().map(|tax| DisbursementTax {
                kind: tax.kind,
                collected: tax.collected,
                amount: tax.total,
            }),
        }
    }

    /// What of this an earlier plan did not hand out.
    pub(super) fn beyond(self, earlier: &Self) -> Self {
        let taxed = earlier.tax.map_or(Amount::ZERO, |tax| tax.amount);
        Self {
            released: self.released.minus(earlier.released),
            financed: self.financed.minus(earlier.financed),
            tax: self.tax.map(|tax| DisbursementTax { amount: tax.amount.minus(taxed), ..tax }),
        }
    }

    /// Fees kept back or financed: what is amortized beyond the release, less the tax in it.
    pub(super) fn fees(&self, amount: Amount) -> Amount {
        use crate::iof::IofCollection::{Cash, Financed, Installment, Withheld};
        let tax = self.tax.map_or(Amount::ZERO, |tax| match tax.collected {
            Financed | Withheld => tax.amount,
            Cash | Installment => Amount::ZERO,
        });
        let kept_back = amount.minus(self.released);
        let on_top = self.financed.minus(amount);
        kept_back.plus(on_top).minus(tax)
    }
}

fn not_approved(loan: &Loan) -> LoanRefusal {
    loan.status()
        .map_or(LoanRefusal::Unknown, |status| LoanRefusal::NotApproved { status, verb: "disbursed" })
}
