//! Who of the staff may decide up to how much, and what needs a second person.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::staff::{Limits, StaffEvent};
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::copy::storable;
use crate::event::{Event, Fact, StreamKind};
use crate::read_model::{Changes, ReadModel, Table};

pub(crate) static READ_MODEL: ReadModel = ReadModel {
    name: "staff",
    schema: "read_staff",
    tables: &[Table { name: "limits", key: "subject" }, Table { name: "policies", key: "name" }],
    tables_sql: include_str!("schema.sql"),
    indexes_sql: include_str!("indexes.sql"),
    views_sql: "",
    kinds: &[StreamKind::Staff],
    begin: || Box::new(StaffChanges::default()),
};

/// What a page of events leaves set.
#[derive(Default)]
struct StaffChanges {
    limits: BTreeMap<String, Set>,
    policy: Option<Set>,
}

struct Set {
    limits: Limits,
    on: NaiveDate,
    reason: Option<String>,
    position: i64,
    recorded_at: DateTime<Utc>,
}

impl Changes for StaffChanges {
    fn fold(&mut self, event: &Event) {
        let Fact::Staff(fact) = &event.fact else { return };
        let set = |limits: &Limits, on, reason: &Option<String>| Set {
            limits: limits.clone(),
            on,
            reason: reason.as_deref().map(|reason| storable(reason).into_owned()),
            position: event.position,
            recorded_at: event.recorded_at,
        };
        match fact {
            StaffEvent::LimitsSet(event) => {
                let subject = storable(&event.subject).into_owned();
                self.limits.insert(subject, set(&event.limits, event.on, &event.reason));
            }
            StaffEvent::PolicySet(event) => {
                self.policy = Some(set(&event.second_person_above, event.on, &event.reason));
            }
        }
    }

    fn write(self: Box<Self>, connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        async move {
            if let Some(policy) = &self.policy {
                sqlx::query(include_str!("upsert_policy.sql"))
                    .bind(policy.text())
                    .bind(policy.on)
                    .bind(&policy.reason)
                    .bind(policy.position)
                    .bind(policy.recorded_at)
                    .execute(&mut *connection)
                    .await?;
            }
            let (gone, left): (Vec<_>, Vec<_>) =
                self.limits.into_iter().partition(|(_, set)| set.limits.is_empty());
            if !gone.is_empty() {
                sqlx::query("delete from limits where subject = any($1::text[])")
                    .bind(gone.into_iter().map(|(subject, _)| subject).collect::<Vec<_>>())
                    .execute(&mut *connection)
                    .await?;
            }
            if !left.is_empty() {
                let sets = || left.iter().map(|(_, set)| set);
                sqlx::query(include_str!("upsert_limits.sql"))
                    .bind(left.iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>())
                    .bind(sets().map(Set::text).collect::<Vec<_>>())
                    .bind(sets().map(|set| set.on).collect::<Vec<_>>())
                    .bind(sets().map(|set| set.reason.as_deref()).collect::<Vec<_>>())
                    .bind(sets().map(|set| set.position).collect::<Vec<_>>())
                    .bind(sets().map(|set| set.recorded_at).collect::<Vec<_>>())
                    .execute(connection)
                    .await?;
            }
            Ok(())
        }
        .boxed()
    }
}

impl Set {
    fn text(&self) -> String {
        serde_json::to_string(&self.limits).expect("limits are plain data")
    }
}
