//! Settle a loan early: pay exactly the quote of the day.

use chrono::NaiveDate;

use super::{
    Decision, Loan, LoanEvent, LoanRefusal, disbursed, not_before_disbursement, not_in_the_future,
    owes_something,
};
use crate::decider::Undecided;
use crate::loan::command::SettleEarly;
use crate::loan::event::SettledEarly;
use crate::loan::history::{LoanHistory, Purpose};
use crate::loan::settlement::{quote, settle};

pub(super) fn decide(
    loan: &Loan,
    history: Option<&LoanHistory>,
    command: &SettleEarly,
    today: NaiveDate,
) -> Decision {
    let loan = disbursed(loan, "settlement")?;
    not_in_the_future(command.on, today)?;
    not_before_disbursement(loan, "on", command.on)?;
    owes_something(loan, command.on, "settlement")?;
    let amount = loan.terms.currency.try_positive(command.amount).map_err(LoanRefusal::Amount)?;

    let backdated = command.on < loan.last_on;
    let as_of = if backdated {
        let history = history.ok_or(Undecided::NeedsHistory)?.up_to(command.on);
        history.derive().expect("a disbursed loan has a plan").loan
    } else {
        loan.clone()
    };
    let quote = quote(&as_of, command.on);
    if amount != quote.amount {
        return Err(
            LoanRefusal::NotTheSettlementAmount { amount, quote: quote.amount, on: command.on }.into()
        );
    }
    let allocation = settle(&as_of, &quote);
    let (standing, reallocated) = if backdated {
        let history = history.ok_or(Undecided::NeedsHistory)?;
        let with = history.with_payment(command.repayment_id, command.on, amount, Purpose::Settle);
        let derived = with.derive().expect("a disbursed loan has a plan");
        let others = derived.reallocated.into_iter();
        let others = others.filter(|moved| moved.repayment_id != command.repayment_id).collect();
        (derived.loan.standing, others)
    } else {
        (loan.after_payment(command.on, &allocation).standing, Vec::new())
    };
    Ok(vec![LoanEvent::SettledEarly(SettledEarly {
        repayment_id: command.repayment_id,
        on: command.on,
        amount,
        currency: loan.terms.currency,
        allocation: allocation.components(),
        shares: allocation.shares,
        interest_changes: allocation.interest_changes,
        reallocated,
        standing,
    })])
}
