//! A read model as text, to compare two of them byte for byte.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, PgPool};

use crate::checkpoint;
use crate::error::ProjectionError;
use crate::hexadecimal::hexadecimal;
use crate::read_model;

/// What a read model held at a position: equal digests at equal positions are equal rows, to the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadModelDigest {
    pub position: i64,
    pub tables: Vec<TableDigest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDigest {
    pub table: &'static str,
    pub rows: u64,
    /// SHA-256, in hexadecimal, of the rows as `COPY` prints them, in the order of their key.
    pub sha256: String,
}

/// The digest of the read model `name` as it serves now.
pub async fn digest(pool: &PgPool, name: &str) -> Result<ReadModelDigest, ProjectionError> {
    let model = read_model::find(name).ok_or_else(|| ProjectionError::Unknown(name.to_owned()))?;
    let gate = model.tables[0].name;
    let schema = model.schema;
    let mut connection = pool.acquire().await?;
    let begin = format!(
        "begin isolation level repeatable read read only; lock table {schema}.{gate} in access share mode"
    );
    let mut snapshot = connection.begin_with(begin).await?;
    let position = checkpoint::load(&mut snapshot, name).await?.position;
    let mut tables = Vec::with_capacity(model.tables.len());
    for table in model.tables {
        let select = format!("select * from {schema}.{} order by {}", table.name, table.key);
        let (rows, sha256) = hash(&mut snapshot, &select).await?;
        tables.push(TableDigest { table: table.name, rows, sha256 });
    }
    snapshot.rollback().await?;
    Ok(ReadModelDigest { position, tables })
}

async fn hash(connection: &mut PgConnection, select: &str) -> Result<(u64, String), sqlx::Error> {
    let mut hasher = Sha256::new();
    let mut rows = 0;
    let mut lines = connection.copy_out_raw(&format!("copy ({select}) to stdout")).await?;
    while let Some(line) = lines.try_next().await? {
        hasher.update(&line);
        rows += 1;
    }
    Ok((rows, hexadecimal(&hasher.finalize())))
}
