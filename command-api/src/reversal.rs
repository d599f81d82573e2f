//! The body that undoes a payment, a credit or a recovery.

use domain::id::{LoanId, PaymentId};
use domain::loan::LoanCommand;
use domain::loan::command::Reverse;
use problems::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::checks::{Checks, LONGEST_REASON};
use crate::fields::Day;
use crate::serve::Order;

/// Why it is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-02-18", "reason": "the transfer was returned"}))]
pub(crate) struct ReversalBody {
    /// The value date, not before that of what is undone and not after today's booking day.
    on: Day,
    /// At most 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

impl ReversalBody {
    /// Undoes what `payment_id` names, by the `command` for its kind.
    pub(crate) fn order(
        self,
        loan: LoanId,
        payment_id: PaymentId,
        command: fn(Reverse) -> LoanCommand,
    ) -> Result<Order<LoanCommand>, Problem> {
        let mut checks = Checks::default();
        let reason = checks.text("/reason", self.reason, LONGEST_REASON);
        checks.done()?;
        let command = command(Reverse { payment_id, on: self.on.0, reason: reason.clone() });
        Ok(Order { stream: loan.uuid(), command, claims: Vec::new(), reason: Some(reason) })
    }
}
