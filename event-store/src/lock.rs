//! A lock that one process at a time has, whichever machine it runs on: it goes with its connection.

use sqlx::PgConnection;

use crate::log::{Log, LogError};

/// Held until it is dropped, or its process dies.
pub struct LogLock(#[expect(dead_code, reason = "the lock lives as long as the connection")] PgConnection);

impl Log {
    /// Takes the lock of a name unless another has it.
    pub async fn try_lock(&self, name: &str) -> Result<Option<LogLock>, LogError> {
        let mut connection = self.session(&[]).await?;
        let (taken,): (bool,) = sqlx::query_as("select pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        Ok(taken.then_some(LogLock(connection)))
    }
}
