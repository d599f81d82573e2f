//! Makes a replay, with the code that rebuilds read models.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use domain::decider::Decider;
use domain::loan::Loan;
use event_store::Log;
use futures::future::try_join_all;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::{COLUMNS, Replay, ReplayError, Until, forget, noted_as, schema_of, shape};
use crate::building::{Building, Reading, Source, fill};
use crate::pages::{self, Page};
use crate::{read_model, session};

const BEGIN: &str = "insert into projections.replays (name, position, recorded_at, loan, shape, began_at) \
    values ($1, $2, $3, $4, md5($5), clock_timestamp())";
const FINISH: &str = "update projections.replays set finished_at = clock_timestamp() where name = $1";
const LOCK: &str = "select pg_try_advisory_lock(hashtext('razao replay'), hashtext($1))";
/// Every loan has fewer events.
const ALL: i64 = i64::MAX;

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct WantedReplay {
    /// None: one that says up to where, and of which loan.
    pub name: Option<String>,
    pub until: Until,
    /// Only the events of this loan.
    pub loan: Option<Uuid>,
}

/// Projects the log, or one loan's events, up to a moment into a schema beside the read models that serve. Tells
/// `progress` where it is and where it has to get. What was broken off under this name before is begun anew.
///
/// An event that a serving read model does without is left out here too, unless it can be taken by now.
pub async fn replay(
    pool: &PgPool,
    log: &Log,
    wanted: &WantedReplay,
    progress: impl FnMut(i64, i64) + Send,
) -> Result<Replay, ReplayError> {
    let named = wanted.name.as_deref().map(checked).transpose()?;
    let (position, recorded_at) = wanted.until.find(log).await?;
    let events = match wanted.loan {
        Some(loan) => Some(events_of(log, loan, position).await?),
        None => None,
    };
    let name = named.map_or_else(|| default_name(position, wanted.loan), str::to_owned);
    let mut connection = session::open(pool, "projections").await?;
    let (alone,): (bool,) = sqlx::query_as(LOCK).bind(&name).fetch_one(&mut connection).await?;
    if !alone {
        return Err(ReplayError::UnderWay(name));
    }
    begin(&mut connection, &name, (position, recorded_at), wanted.loan).await?;
    let feed = pages::feed_of_what_is_there(log);
    let (source, goal) = match events {
        Some(page) => (Source::Events(Arc::clone(&page)), page.last_position()),
        None => (Source::Log(Reading { feed: &feed, rate: None }), position),
    };
    build(pool, &name, &source, goal, progress).await?;
    sqlx::query(FINISH).bind(&name).execute(&mut connection).await?;
    let select = format!("{COLUMNS} where name = $1");
    let replay = sqlx::query_as(&select).bind(&name).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(replay)
}

/// An empty schema, and a note of what is going to be in it.
async fn begin(
    connection: &mut PgConnection,
    name: &str,
    (position, recorded_at): (i64, DateTime<Utc>),
    loan: Option<Uuid>,
) -> Result<(), ReplayError> {
    let is_finished = "select finished_at is not null from projections.replays where name = $1";
    let known: Option<(bool,)> =
        sqlx::query_as(is_finished).bind(name).fetch_optional(&mut *connection).await?;
    if known == Some((true,)) {
        return Err(ReplayError::Taken(name.to_owned()));
    }
    let mut transaction = connection.begin().await?;
    forget(&mut transaction, name).await?;
    let schema = schema_of(name);
    let create = format!("create schema {schema}; set local search_path = {schema};");
    session::run(&mut transaction, &create).await?;
    for model in read_model::ALL {
        session::run(&mut transaction, model.tables_sql).await?;
    }
    sqlx::query(BEGIN)
        .bind(name)
        .bind(position)
        .bind(recorded_at)
        .bind(loan)
        .bind(shape())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn build(
    pool: &PgPool,
    name: &str,
    source: &Source<'_>,
    goal: i64,
    progress: impl FnMut(i64, i64) + Send,
) -> Result<(), ReplayError> {
    let progress = Mutex::new(progress);
    let report = |position, goal| {
        let mut progress = progress.lock().expect("a progress bar does not panic");
        progress(position, goal);
    };
    let mut buildings = Vec::with_capacity(read_model::ALL.len());
    for model in read_model::ALL {
        let connection = session::open(pool, &schema_of(name)).await?;
        let place = noted_as(name, model.name);
        buildings.push(Building { model, place, connection, position: 0, restored: Vec::new() });
    }
    let goals = vec![goal; buildings.len()];
    fill(source, &mut buildings, &goals, &report).await?;
    let indexing = buildings.into_iter().map(async |mut building| {
        session::run(&mut building.connection, building.model.indexes_sql).await?;
        building.connection.close().await
    });
    try_join_all(indexing).await?;
    report(goal, goal);
    Ok(())
}

/// The events of a loan up to a position.
async fn events_of(log: &Log, loan: Uuid, position: i64) -> Result<Arc<Page>, ReplayError> {
    let mut rows = log.stream(Loan::TYPE, &loan.to_string(), 0, ALL).await?;
    let first = rows.first().ok_or(ReplayError::NoLoan(loan))?.position;
    rows.retain(|row| row.position <= position);
    let page = pages::page(rows).await.map(Arc::new);
    page.ok_or(ReplayError::NoLoanYet { loan, position, first })
}

fn default_name(position: i64, loan: Option<Uuid>) -> String {
    loan.map_or_else(|| format!("p{position}"), |loan| format!("p{position}_{}", loan.simple()))
}

/// It becomes part of a schema's name, and stands beside `live` where two are compared.
fn checked(name: &str) -> Result<&str, ReplayError> {
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    let is_name = (1..=50).contains(&name.len()) && name.bytes().all(is_plain) && name != "live";
    is_name.then_some(name).ok_or_else(|| ReplayError::Name(name.to_owned()))
}
