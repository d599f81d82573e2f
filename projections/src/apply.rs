//! What events change in a read model, whichever feed they came from.

use std::borrow::Borrow;

use sqlx::PgConnection;

use crate::error::ProjectionError;
use crate::event::Event;
use crate::read_model::ReadModel;

/// What came of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// How many were set aside, to be applied later.
    pub(crate) parked: usize,
}

/// Writes what `events` change in `model`, within a transaction in which the checkpoint that they come after was
/// moved on first: whoever else writes the same streams waits for that.
///
/// The events are in the order of their streams. Nothing is known of the feed, its positions or its partitions.
pub(crate) async fn apply<E: Borrow<Event> + Sync>(
    model: &ReadModel,
    transaction: &mut PgConnection,
    events: &[E],
) -> Result<Applied, ProjectionError> {
    if let Some(unreadable) = model.first_unreadable(events.iter().map(Borrow::borrow)) {
        return Err(ProjectionError::Unreadable(unreadable.to_string()));
    }
    let mut changes = (model.begin)();
    model.fold(&mut *changes, events.iter().map(Borrow::borrow));
    changes.write(transaction).await?;
    Ok(Applied::default())
}
