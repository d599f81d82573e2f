//! What every read model is made of: its tables, and how a page of events changes them.

use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::event::{Event, Fact, StreamKind, Unreadable};
use crate::{daily_balances, entries, journal, loans};

/// A question that is answered from tables of its own, in a schema of its own.
pub(crate) struct ReadModel {
    /// As in `razao rebuild NAME`.
    pub(crate) name: &'static str,
    pub(crate) schema: &'static str,
    pub(crate) tables: &'static [Table],
    /// Creates the tables, with the keys that writing needs.
    pub(crate) tables_sql: &'static str,
    /// Creates what only reading needs: a rebuild does so last.
    pub(crate) indexes_sql: &'static str,
    /// The kinds of stream that it is about.
    pub(crate) kinds: &'static [StreamKind],
    pub(crate) begin: fn() -> Box<dyn Changes>,
}

/// A table, and the columns that order its rows.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
}

/// What a page of events changes in a read model: folded in memory, then written with a few statements.
///
/// Everything is an absolute value or a sum, so it does not matter where one page ends and the next begins.
pub(crate) trait Changes: Send {
    fn fold(&mut self, event: &Event);

    /// Writes into the schema on the search path.
    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>>;
}

pub(crate) static ALL: [&ReadModel; 4] =
    [&loans::READ_MODEL, &entries::READ_MODEL, &journal::READ_MODEL, &daily_balances::READ_MODEL];

/// The read model of a name.
pub(crate) fn find(name: &str) -> Option<&'static ReadModel> {
    ALL.into_iter().find(|model| model.name == name)
}

impl ReadModel {
    /// Folds `events` into `changes`, up to the first one that cannot be read: the last one folded, and what
    /// stands in the way of the others.
    pub(crate) fn fold<'a>(
        &self,
        changes: &mut dyn Changes,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> (Option<&'a Event>, Option<&'a Unreadable>) {
        let mut last = None;
        for event in events {
            match &event.fact {
                Fact::Unreadable(unreadable) if self.kinds.contains(&unreadable.kind) => {
                    return (last, Some(unreadable));
                }
                Fact::Unreadable(_) | Fact::Foreign => {}
                Fact::Loan(_) | Fact::Entry(_) => changes.fold(event),
            }
            last = Some(event);
        }
        (last, None)
    }
}
