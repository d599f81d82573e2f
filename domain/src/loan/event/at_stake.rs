//! How much an event puts at stake, which is what approval limits are compared with.

use super::{Effect, LoanEvent};
use crate::{Amount, Money};

impl LoanEvent {
    /// What is decided, goes out, is given up or is undone by it; nothing of what merely comes in.
    pub fn at_stake(&self) -> Option<Money> {
        let (amount, currency) = match self {
            Self::Approved(event) => (event.principal, event.currency),
            Self::Disbursed(event) => (event.amount, event.currency),
            Self::ChargeWaived(event) => (event.waived, event.currency),
            Self::RepaymentReversed(event) | Self::CreditReversed(event) | Self::RecoveryReversed(event) => {
                (event.amount, event.currency)
            }
            Self::RepaymentChargedBack(event) => (event.amount, event.currency),
            Self::CreditGranted(event) => (event.amount, event.currency),
            Self::OverpaymentRefunded(event) => (event.amount, event.currency),
            // The principal that is owed in another way from now on.
            Self::Restructured(event) => (event.effect.balance, event.currency),
            Self::WrittenOff(event) => (written_off(&event.effect), event.currency),
            Self::WriteOffReversed(event) => (written_off(&event.undone), event.currency),
            Self::Applied(_)
            | Self::Rejected(_)
            | Self::Withdrawn(_)
            | Self::ChargeAdded(_)
            | Self::RepaymentRecorded(_)
            | Self::SettledEarly(_)
            | Self::RecoveryRecorded(_) => return None,
        };
        Some(Money { amount, currency })
    }
}

fn written_off(effect: &Effect) -> Amount {
    effect.write_off.map_or(Amount::ZERO, |gone| gone.open.total().plus(gone.accrued_interest))
}
