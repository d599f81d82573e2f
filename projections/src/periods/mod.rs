//! Which months of the books are closed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::period::{Changed, Month, PeriodEvent};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::copy::storable;
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "periods",
    schema: "read_periods",
    tables: &[Table { name: "periods", key: "month" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: "",
    kinds: &[StreamKind::Periods],
    begin: || Box::new(PeriodChanges::default()),
};

/// How a page of events leaves months.
#[derive(Default)]
struct PeriodChanges(BTreeMap<Month, Left>);

struct Left {
    is_closed: bool,
    changed: Changed,
    position: i64,
    recorded_at: DateTime<Utc>,
}

impl Changes for PeriodChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Period(fact) = &event.fact else { return };
        let (is_closed, changed) = match fact {
            PeriodEvent::Closed(changed) => (true, changed.clone()),
            PeriodEvent::Reopened(changed) => (false, changed.clone()),
        };
        let (position, recorded_at) = (event.position, event.recorded_at);
        self.0.insert(changed.month, Left { is_closed, changed, position, recorded_at });
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            if self.0.is_empty() {
                return Ok(());
            }
            let left = || self.0.values();
            sqlx::query(include_str!("upsert.sql"))
                .bind(self.0.keys().map(ToString::to_string).collect::<Vec<_>>())
                .bind(left().map(|left| left.is_closed).collect::<Vec<_>>())
                .bind(left().map(|left| left.changed.closed_through).collect::<Vec<_>>())
                .bind(left().map(|left| left.changed.on).collect::<Vec<_>>())
                .bind(left().map(|left| left.changed.reason.as_deref().map(storable)).collect::<Vec<_>>())
                .bind(left().map(|left| left.position).collect::<Vec<_>>())
                .bind(left().map(|left| left.recorded_at).collect::<Vec<_>>())
                .execute(connection)
                .await?;
            Ok(())
        }
        .boxed()
    }
}
