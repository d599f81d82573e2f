//! One attempt at a command: what it is decided with, and what came of it.

use std::sync::Arc;

use domain::decider::{Decider, DecisionDay, Undecided};
use tokio::sync::oneshot;

use crate::append::{AppendError, Appended, Lineage};
use crate::cache::Loaded;
use crate::execute::CommandContext;
use crate::periods::Closing;
use crate::receipt::Receipt;

pub(crate) enum Attempt<D: Decider> {
    Appending(Appending<D>),
    Refused(Undecided<D::Refusal>, Basis),
    VersionMismatch {
        expected: i64,
        basis: Basis,
    },
    /// The state is not in memory, or void.
    Load,
}

/// A command with all that it is decided and stored with, this time.
pub(crate) struct Call<'a, D: Decider> {
    pub(crate) command: &'a D::Command,
    pub(crate) context: &'a CommandContext,
    pub(crate) metadata: &'a Arc<str>,
    pub(crate) closing: Closing,
}

impl<D: Decider> Call<'_, D> {
    pub(crate) fn day(&self) -> DecisionDay {
        DecisionDay { today: self.context.today, closed_through: self.closing.closed_through }
    }
}

/// The state that a refusal was decided on.
pub(crate) struct Basis {
    pub(crate) version: i64,
    pub(crate) lineage: Arc<Lineage>,
}

impl Basis {
    pub(crate) fn of<D>(loaded: &Loaded<D>) -> Self {
        Self { version: loaded.version, lineage: Arc::clone(&loaded.lineage) }
    }
}

pub(crate) struct Appending<D> {
    pub(crate) answer: oneshot::Receiver<Result<Appended, AppendError>>,
    pub(crate) receipt: Receipt,
    pub(crate) snapshot: Option<D>,
}
