//! Plain entries, and which of them were reversed.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Currency;
use domain::entry::{EntryEvent, EntryLine, Posted};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "entries",
    schema: "read_entries",
    tables: &[Table { name: "entries", key: "id" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: "",
    kinds: &[StreamKind::Entry],
    begin: || Box::new(EntryChanges::default()),
};

const COPY: &str = "copy entries (id, entered_on, booked_on, description, currency, lines, external_id, reversed_on, \
    reversal_booked_on, reversal_reason, version, first_position, position, created_at, updated_at) from stdin (format binary)";

/// The entries of a page, and the reversals of earlier ones.
#[derive(Default)]
struct EntryChanges {
    posted: HashMap<Uuid, NewEntry>,
    reversed: Vec<(Uuid, Reversal)>,
}

struct NewEntry {
    entered_on: NaiveDate,
    booked_on: Option<NaiveDate>,
    description: String,
    currency: Currency,
    lines: Vec<EntryLine>,
    external_id: Option<String>,
    position: i64,
    version: i64,
    recorded_at: DateTime<Utc>,
    reversal: Option<Reversal>,
}

struct Reversal {
    on: NaiveDate,
    booked_on: Option<NaiveDate>,
    reason: String,
    version: i64,
    position: i64,
    recorded_at: DateTime<Utc>,
}

impl Changes for EntryChanges {
    fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::Entry(EntryEvent::Posted(posted)) => {
                self.posted.insert(event.stream_id, NewEntry::new(event, posted));
            }
            Fact::Entry(EntryEvent::Reversed(reversed)) => {
                let reversal = Reversal {
                    on: reversed.on,
                    booked_on: reversed.booked_on,
                    reason: reversed.reason.clone(),
                    version: event.sequence,
                    position: event.position,
                    recorded_at: event.recorded_at,
                };
                match self.posted.get_mut(&event.stream_id) {
                    Some(posted) => posted.reversal = Some(reversal),
                    None => self.reversed.push((event.stream_id, reversal)),
                }
            }
            _ => {}
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            let mut rows = CopyRows::new(15);
            for (id, entry) in &self.posted {
                entry.encode(*id, &mut rows);
            }
            rows.write(connection, COPY).await?;
            reverse(&self.reversed, connection).await
        }
        .boxed()
    }
}

impl NewEntry {
    fn new(event: &Event, posted: &Posted) -> Self {
        Self {
            entered_on: posted.on,
            booked_on: posted.booked_on,
            description: posted.description.clone(),
            currency: posted.currency,
            lines: posted.lines.clone(),
            external_id: posted.external_id.clone(),
            position: event.position,
            version: event.sequence,
            recorded_at: event.recorded_at,
            reversal: None,
        }
    }

    fn encode(&self, id: Uuid, rows: &mut CopyRows) {
        let lines = serde_json::to_string(&self.lines).expect("lines are plain data");
        let reversal = self.reversal.as_ref();
        rows.row()
            .uuid(id)
            .date(self.entered_on)
            .date(self.booked_on)
            .text(self.description.as_str())
            .text(self.currency.code())
            .text(lines.as_str())
            .text(self.external_id.as_deref())
            .date(reversal.map(|reversal| reversal.on))
            .date(reversal.and_then(|reversal| reversal.booked_on))
            .text(reversal.map(|reversal| reversal.reason.as_str()))
            .bigint(reversal.map_or(self.version, |reversal| reversal.version))
            .bigint(self.position)
            .bigint(reversal.map_or(self.position, |reversal| reversal.position))
            .instant(self.recorded_at)
            .instant(reversal.map_or(self.recorded_at, |reversal| reversal.recorded_at));
    }
}

async fn reverse(reversed: &[(Uuid, Reversal)], connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if reversed.is_empty() {
        return Ok(());
    }
    let reversals = || reversed.iter().map(|(_, reversal)| reversal);
    sqlx::query(include_str!("reverse.sql"))
        .bind(reversed.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| reversal.on).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| reversal.booked_on).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| storable(&reversal.reason)).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| reversal.version).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| reversal.position).collect::<Vec<_>>())
        .bind(reversals().map(|reversal| reversal.recorded_at).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
