//! Apply for a loan.

use std::sync::Arc;

use super::{Decision, Loan, LoanEvent, LoanRefusal};
use crate::loan::command::Apply;
use crate::loan::event::Applied;

pub(super) fn decide(loan: &Loan, command: &Apply) -> Decision {
    if *loan != Loan::Unknown {
        return Err(LoanRefusal::AlreadyExists.into());
    }
    Ok(vec![LoanEvent::Applied(Applied {
        borrower_id: command.borrower_id,
        external_id: command.external_id.clone(),
        product: command.product.as_ref().map(|product| product.name.clone()),
        product_version: command.product.as_ref().map(|product| product.version),
        terms: Arc::clone(&command.terms),
        metadata: command.metadata.clone(),
    })])
}
