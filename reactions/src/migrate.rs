//! Brings the tables of the reactions into being, in the log's database.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

/// Creates what is missing. The login needs the rights of [`event_store::Log::migrate`], which comes first.
pub async fn migrate(log: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = log.connect().await?;
    let mut transaction = connection.begin().await?;
    transaction.execute("select pg_advisory_xact_lock(hashtext('razao reactions'))").await?;
    transaction.execute(sqlx::raw_sql(include_str!("schema.sql"))).await?;
    transaction.commit().await?;
    connection.close().await
}
