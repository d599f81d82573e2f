//! A payment, or a credit in its place: what is due first, then what the loan's rules make of the rest.

use chrono::NaiveDate;

use super::fold::{Basis, Engine};
use super::till::Till;
use super::{EngineError, Outcome};
use crate::loan::facts::{Early, Effect, Payment, Purpose};
use crate::terms::Excess;

impl Engine<'_> {
    pub(super) fn receive(&mut self, on: NaiveDate, payment: &Payment) -> Outcome<Effect> {
        let mut till = Till::new(on, payment.amount);
        if payment.purpose == Purpose::Settlement {
            let quote = self.quote_now(on)?;
            if payment.amount >= quote.amount {
                self.settle(&mut till, &quote)?;
                self.overpaid = self.overpaid.plus(till.left);
                return Ok(self.effect_of(till));
            }
        }
        self.spread(&mut till, payment.early, payment.excess)?;
        self.overpaid = self.overpaid.plus(till.left);
        Ok(self.effect_of(till))
    }

    /// Spreads money by the basis of the loan; what is left exceeds everything.
    pub(super) fn spread(&mut self, till: &mut Till, early: Early, own: Option<Excess>) -> Outcome<()> {
        match &self.basis {
            Basis::Plan => self.spread_on_plan(till, early, own),
            Basis::Rest(_) => {
                let chosen = own.unwrap_or(self.contract().terms.excess);
                if !(chosen == Excess::Next || chosen.draws_again()) {
                    return Err(EngineError::ExcessNotForBasis);
                }
                // An anticipation draws rows again in any case.
                let override_ = match early {
                    Early::Anticipation if !chosen.draws_again() => Some(Excess::ReduceTerm),
                    Early::Anticipation | Early::Installment => own,
                };
                self.spread_on_rest(till, early, override_)
            }
            Basis::Running(_) => self.spread_on_running(till, early),
        }
    }

    fn spread_on_plan(&mut self, till: &mut Till, early: Early, own: Option<Excess>) -> Outcome<()> {
        self.serve_due(till)?;
        if till.is_empty() {
            return Ok(());
        }
        let excess = own.unwrap_or(self.contract().terms.excess);
        match (early, excess) {
            (Early::Anticipation, _) => self.anticipate(till, excess)?,
            (Early::Installment, Excess::Next) => {}
            (Early::Installment, Excess::Last) => self.serve_from_the_last(till)?,
            (Early::Installment, Excess::Equal) => self.serve_equally(till)?,
            (Early::Installment, Excess::Credit) => {
                self.keep(till);
                return Ok(());
            }
            (Early::Installment, Excess::ReduceTerm | Excess::ReduceInstallment) => {
                self.reduce(till, excess)?;
            }
        }
        self.serve_next(till)
    }
}
