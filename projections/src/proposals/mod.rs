//! Commands that wait for a second person, and what became of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::proposal::{Made, ProposalEvent};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::{CopyRows, storable};
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "proposals",
    schema: "read_proposals",
    tables: &[Table { name: "proposals", key: "id" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: "",
    kinds: &[StreamKind::Proposal],
    begin: || Box::new(ProposalChanges::default()),
};

const COPY: &str = "copy proposals (id, status, operation, proposed_by, path, expires_on, made, version, first_position, \
    position, created_at, updated_at) from stdin (format binary)";

/// What a page of events says of proposals.
#[derive(Default)]
struct ProposalChanges(BTreeMap<Uuid, Change>);

/// How a proposal stands after the page, as far as the page says.
#[derive(Default)]
struct Change {
    /// Where it was made, if that is in the page.
    made: Option<(Arc<Made>, i64, DateTime<Utc>)>,
    status: &'static str,
    accepted: Option<String>,
    ended: Option<String>,
    outcome: Option<String>,
    version: i64,
    position: i64,
    updated_at: DateTime<Utc>,
}

impl Changes for ProposalChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Proposal(fact) = &event.fact else { return };
        let change = self.0.entry(event.stream_id).or_default();
        change.version = event.sequence;
        (change.position, change.updated_at) = (event.position, event.recorded_at);
        change.status = match fact {
            ProposalEvent::Made(made) => {
                change.made = Some((Arc::clone(made), event.position, event.recorded_at));
                "waiting"
            }
            ProposalEvent::Accepted(accepted) => {
                change.accepted = Some(text(accepted));
                "accepted"
            }
            ProposalEvent::Refused(ended) => {
                change.ended = Some(text(ended));
                "refused"
            }
            ProposalEvent::Withdrawn(ended) => {
                change.ended = Some(text(ended));
                "withdrawn"
            }
            ProposalEvent::Executed(executed) => {
                change.outcome = Some(text(executed));
                "executed"
            }
            ProposalEvent::Failed(failed) => {
                change.outcome = Some(text(failed));
                "failed"
            }
        };
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            if self.0.is_empty() {
                return Ok(());
            }
            let mut rows = CopyRows::new(12);
            for (id, change) in &self.0 {
                change.encode_made(*id, &mut rows);
            }
            rows.write(connection, COPY).await?;
            let all = || self.0.values();
            sqlx::query(include_str!("change.sql"))
                .bind(self.0.keys().copied().collect::<Vec<_>>())
                .bind(all().map(|change| change.status).collect::<Vec<_>>())
                .bind(all().map(|change| change.accepted.as_deref()).collect::<Vec<_>>())
                .bind(all().map(|change| change.ended.as_deref()).collect::<Vec<_>>())
                .bind(all().map(|change| change.outcome.as_deref()).collect::<Vec<_>>())
                .bind(all().map(|change| change.version).collect::<Vec<_>>())
                .bind(all().map(|change| change.position).collect::<Vec<_>>())
                .bind(all().map(|change| change.updated_at).collect::<Vec<_>>())
                .execute(connection)
                .await?;
            Ok(())
        }
        .boxed()
    }
}

impl Change {
    fn encode_made(&self, id: Uuid, rows: &mut CopyRows) {
        let Some((made, position, recorded_at)) = &self.made else { return };
        let made_text = text(&**made);
        rows.row()
            .uuid(id)
            .text("waiting")
            .text(made.operation.name())
            .text(made.by.as_str())
            .text(made.path.as_str())
            .date(made.expires_on)
            .text(made_text.as_str())
            .bigints([1, *position, *position])
            .instant(*recorded_at)
            .instant(*recorded_at);
    }
}

fn text(part: &impl Serialize) -> String {
    storable(&serde_json::to_string(part).expect("events are plain data")).into_owned()
}
