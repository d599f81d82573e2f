//! Restructure a loan: what is outstanding is owed by other installments from a day on (LENDING.md §13).

use std::sync::Arc;

use super::{
    Decision, DecisionDay, Derived, Loan, LoanEvent, LoanHistory, LoanRefusal, NEW_FACT_COUNTS, Servicing,
    What, fact, follow, not_written_off, owes_something, owing_then, served, whole,
};
use crate::component::Component;
use crate::loan::command::{Restructure, RestructureLoan};
use crate::loan::engine::EngineError;
use crate::loan::event::{DisbursementTax, Restructured};
use crate::schedule::{self, Disbursement, TaxKind};
use crate::terms::Terms;

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &RestructureLoan,
    day: DecisionDay,
) -> Decision {
    let loan = served(loan, "restructuring", command.on, day)?;
    not_written_off(loan, command.on, "restructuring")?;
    owes_something(loan, command.on, "restructuring")?;
    let history = whole(history)?;
    let then = owing_then(history, command.on, "restructuring")?;
    let restructure = checked(loan, &then, command)?;
    let restructured = fact(command.on, What::Restructure(restructure.clone()));
    let iof = history.known().tax_collected(command.on, &restructured.what);
    let now = history.with(Some(command.restructure_id.uuid()), restructured);
    let by_new_terms = matches!(restructure, Restructure::Replace { .. });
    let (effect, outcome) = follow::with_last(loan, history, &now).map_err(|error| match error {
        EngineError::Plan(error) => LoanRefusal::NewPlan { error, by_new_terms },
        error => error.into(),
    })?;
    let effect = effect.expect(NEW_FACT_COUNTS);
    let tax = effect.outlay.zip(iof).filter(|(outlay, _)| !outlay.tax.is_zero());
    Ok(vec![LoanEvent::Restructured(Restructured {
        restructure_id: command.restructure_id,
        on: command.on,
        booked_on: day.booked_on(command.on),
        currency: loan.terms.currency,
        restructure,
        reason: command.reason.clone(),
        tax: tax.map(|(outlay, collected)| DisbursementTax {
            kind: TaxKind::Iof,
            collected,
            amount: outlay.tax,
        }),
        effect,
        outcome,
    })])
}

fn checked(loan: &Servicing, then: &Derived, command: &RestructureLoan) -> Result<Restructure, LoanRefusal> {
    let on = command.on;
    match &command.restructure {
        Restructure::Replace { terms, capitalize } => {
            let terms = Arc::new(replacing(loan, then, command, (terms, capitalize))?);
            return Ok(Restructure::Replace { terms, capitalize: capitalize.clone() });
        }
        Restructure::ReAge { first_due_on, .. } if *first_due_on <= on => {
            return Err(LoanRefusal::FirstDueNotAfter { due_on: *first_due_on, on });
        }
        Restructure::ReAmortize if then.rows.iter().all(|row| row.due_on < on) => {
            return Err(LoanRefusal::NoInstallmentsLeft { on });
        }
        Restructure::ReAge { .. } | Restructure::ReAmortize => {}
    }
    Ok(command.restructure.clone())
}

/// The new terms with what is open as their principal, where a plan can be drawn by them.
fn replacing(
    loan: &Servicing,
    then: &Derived,
    command: &RestructureLoan,
    (terms, capitalize): (&Terms, &[Component]),
) -> Result<Terms, LoanRefusal> {
    let currency = loan.terms.currency;
    if terms.currency != currency {
        return Err(LoanRefusal::OtherCurrency { given: terms.currency, currency });
    }
    let joins = |component: &Component| *component != Component::Principal && capitalize.contains(component);
    let joining = Component::ALL.into_iter().filter(joins).map(|component| then.balances.of(component));
    let principal = joining.fold(then.balances.principal, crate::Amount::plus);
    let terms = Terms { principal, ..terms.clone() };
    schedule::draw_for_loan(&terms, &[Disbursement { on: command.on, amount: principal }])
        .map_err(|error| LoanRefusal::NewPlan { error, by_new_terms: true })?;
    Ok(terms)
}
