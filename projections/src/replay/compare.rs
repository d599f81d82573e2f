//! Compares replays, or a replay and the read models that serve, row by row.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{Connection, PgConnection, PgPool};

use super::{Replay, ReplayError, find_replay};
use crate::place::Place;
use crate::read_model::{self, ReadModel, Table};
use crate::verify::differing;
use crate::{checkpoint, session};

/// One of two that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side(Place);

/// A row that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowDiffers {
    pub read_model: &'static str,
    pub table: &'static str,
    /// Its key, by the names of the columns.
    pub row: Map<String, Value>,
    /// What the first has in the columns that differ; null: it has no such row.
    pub a: Option<Map<String, Value>>,
    pub b: Option<Map<String, Value>>,
}

/// How much there was to compare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    pub tables: Vec<ComparedTable>,
    /// As of which position each read model of either is, where that is not the same.
    pub positions: Vec<(&'static str, i64, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedTable {
    pub read_model: &'static str,
    pub table: &'static str,
    pub rows: (i64, i64),
    /// How many rows differ, those among them that were not told.
    pub differ: i64,
}

impl Side {
    /// `live`, or the name of a replay.
    pub async fn find(pool: &PgPool, name: &str) -> Result<Self, ReplayError> {
        if name == "live" {
            return Ok(Self(Place::Serving));
        }
        Ok(Self(Place::Replay(find_replay(pool, name).await?)))
    }

    fn events(&self) -> String {
        let loan = self.0.replay().and_then(|replay| replay.loan);
        loan.map_or_else(|| "all events".to_owned(), |loan| format!("the loan {loan}"))
    }

    async fn position(
        &self,
        connection: &mut PgConnection,
        model: &ReadModel,
    ) -> Result<(i64, Option<DateTime<Utc>>), ReplayError> {
        if let Place::Replay(replay) = &self.0 {
            return Ok((replay.position, Some(replay.recorded_at)));
        }
        let checkpoint = checkpoint::load(connection, model.name).await?;
        Ok((checkpoint.position, checkpoint.recorded_at))
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.replay().map_or("live", |Replay { name, .. }| name))
    }
}

impl Compared {
    /// How many rows differ.
    pub fn differ(&self) -> i64 {
        self.tables.iter().map(|table| table.differ).sum()
    }

    /// How many rows the larger of the two has.
    pub fn rows(&self) -> i64 {
        self.tables.iter().map(|table| table.rows.0.max(table.rows.1)).sum()
    }
}

/// Compares every table of both, as they are at one moment. Tells `found` of up to so many rows of each table, in the
/// order of their keys.
pub async fn compare(
    pool: &PgPool,
    (a, b): (&Side, &Side),
    told: i64,
    mut found: impl FnMut(RowDiffers),
) -> Result<Compared, ReplayError> {
    if a.events() != b.events() {
        let (of_a, of_b) = (a.events(), b.events());
        return Err(ReplayError::OfOtherEvents { a: a.to_string(), of_a, b: b.to_string(), of_b });
    }
    let mut connection = session::open(pool, "projections").await?;
    // A read model that is rebuilt meanwhile is swapped before all of this or after it.
    let serving = [a, b].into_iter().any(|side| side.0 == Place::Serving);
    let gates = read_model::ALL.map(|model| format!("{}.{}", model.schema, model.tables[0].name)).join(", ");
    let lock = if serving { format!("; lock table {gates} in access share mode") } else { String::new() };
    // What writing rows by their keys does without, comparing all of them needs.
    let begin = format!(
        "begin isolation level repeatable read read only; set local enable_seqscan = on; \
         set local enable_hashjoin = on; set local enable_mergejoin = on; set local work_mem = '64MB'{lock}"
    );
    let mut snapshot = connection.begin_with(begin).await?;
    let mut compared = Compared::default();
    for model in read_model::ALL {
        let (of_a, of_b) =
            (a.position(&mut snapshot, model).await?.0, b.position(&mut snapshot, model).await?.0);
        if of_a != of_b {
            compared.positions.push((model.name, of_a, of_b));
        }
        let schemas = (a.0.schema(model), b.0.schema(model));
        for table in model.tables {
            let schemas = (schemas.0.as_ref(), schemas.1.as_ref());
            compared
                .tables
                .push(compare_table(&mut snapshot, schemas, (model, table), told, &mut found).await?);
        }
    }
    snapshot.rollback().await?;
    connection.close().await?;
    Ok(compared)
}

async fn compare_table(
    connection: &mut PgConnection,
    (a, b): (&str, &str),
    (model, table): (&'static ReadModel, &'static Table),
    told: i64,
    found: &mut impl FnMut(RowDiffers),
) -> Result<ComparedTable, ReplayError> {
    let (name, key) = (table.name, table.key);
    let count = format!("select (select count(*) from {a}.{name}), (select count(*) from {b}.{name})");
    let rows: (i64, i64) = sqlx::query_as(&count).fetch_one(&mut *connection).await?;
    let select = format!(
        "select {}, {}, count(*) over () {} order by {key} limit $1",
        columns_of("s"),
        columns_of("r"),
        differing((a, b), table),
    );
    let rows_that_differ: Vec<(Option<Value>, Option<Value>, i64)> =
        sqlx::query_as(&select).bind(told.max(1)).fetch_all(connection).await?;
    let differ = rows_that_differ.first().map_or(0, |(.., all)| *all);
    for (a, b, _) in rows_that_differ.into_iter().take(usize::try_from(told).unwrap_or(0)) {
        found(row_differs(model, table, (a, b)));
    }
    Ok(ComparedTable { read_model: model.name, table: name, rows, differ })
}

/// A row as an object of texts, which have every digit; null where there is none.
fn columns_of(side: &str) -> String {
    format!("(select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb({side})))")
}

fn row_differs(model: &ReadModel, table: &Table, (a, b): (Option<Value>, Option<Value>)) -> RowDiffers {
    let columns = |row: Option<Value>| match row {
        Some(Value::Object(columns)) => Some(columns),
        _ => None,
    };
    let (mut a, mut b) = (columns(a), columns(b));
    let mut row = Map::new();
    for column in table.key.split(", ") {
        let of_a = a.as_mut().and_then(|a| a.remove(column));
        let of_b = b.as_mut().and_then(|b| b.remove(column));
        row.insert(column.to_owned(), of_a.or(of_b).unwrap_or_default());
    }
    if let (Some(a), Some(b)) = (&mut a, &mut b) {
        let same = a.iter().filter(|(column, value)| b.get(*column) == Some(*value));
        let same: Vec<String> = same.map(|(column, _)| column.clone()).collect();
        for column in same {
            a.remove(&column);
            b.remove(&column);
        }
    }
    RowDiffers { read_model: model.name, table: table.name, row, a, b }
}
