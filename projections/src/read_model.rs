//! What every read model is made of: its tables, and how a page of events changes them.

use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::event::{Event, StreamKind};
use crate::{daily_balances, entries, journal, loans, periods, products, proposals, staff};

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
    /// Creates its views in the schema `bi`; none where it has none.
    pub(crate) views_sql: &'static str,
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

pub(crate) static ALL: [&ReadModel; 8] = [
    &loans::READ_MODEL,
    &entries::READ_MODEL,
    &journal::READ_MODEL,
    &daily_balances::READ_MODEL,
    &products::READ_MODEL,
    &periods::READ_MODEL,
    &staff::READ_MODEL,
    &proposals::READ_MODEL,
];

/// The read model of a name.
pub(crate) fn find(name: &str) -> Option<&'static ReadModel> {
    ALL.into_iter().find(|model| model.name == name)
}

impl ReadModel {
    /// Whether any of the events is about this read model.
    pub(crate) fn concerns<'e>(&self, mut events: impl Iterator<Item = &'e Event>) -> bool {
        events.any(|event| self.is_about(event))
    }

    /// Those of the events that are about this read model.
    pub(crate) fn own<'e>(&self, events: impl Iterator<Item = &'e Event>) -> impl Iterator<Item = &'e Event> {
        events.filter(|event| self.is_about(event))
    }

    fn is_about(&self, event: &Event) -> bool {
        event.kind().is_some_and(|kind| self.kinds.contains(&kind))
    }
}
