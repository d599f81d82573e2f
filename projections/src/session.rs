//! The connections on which read models are written.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool};

/// A connection of its own, which writes into `schema`.
///
/// A commit here does not wait for the disk. Rows and checkpoint go in one transaction, so a crash of Postgres takes
/// both back together, and what is missing is projected again from the log, which does wait.
///
/// Writing looks rows up by their keys, always: the planner has no statistics of a young table, and must not choose
/// to read all of it.
pub(crate) async fn open(pool: &PgPool, schema: &str) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = (*pool.connect_options()).clone();
    options
        .options([
            ("search_path", schema),
            ("synchronous_commit", "off"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("maintenance_work_mem", "256MB"),
        ])
        .connect()
        .await
}

/// Runs statements that take no parameters.
pub(crate) async fn run(connection: &mut PgConnection, statements: &str) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(statements)).await?;
    Ok(())
}
