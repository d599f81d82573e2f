//! Beginning a transaction on a pool.

use std::borrow::Cow;

use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction by a statement (`begin`, with its options).
///
/// Dropping the future begins none, which cannot be said of [`PgPool::begin`]: dropped before the database has answered,
/// it leaves the transaction open and gives the connection back. Whoever was given it next would read what was there at
/// that time, and lose what they write (<https://github.com/transact-rs/sqlx/issues/4393>).
///
/// # Errors
/// What the pool and the database say.
pub async fn begin(
    pool: &PgPool,
    statement: impl Into<Cow<'static, str>>,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let connection = pool.acquire().await?;
    // A task goes on when nobody waits for it; what it began is then rolled back.
    let beginning = tokio::spawn(Transaction::begin(connection, Some(statement.into())));
    beginning.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}
