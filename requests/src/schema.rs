//! Brings the tables of the requests into being, in the log's database.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

/// Creates what is missing. The role `razao_app` has to be there: the migration of the log comes first.
pub async fn migrate(log: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = log.connect().await?;
    let mut transaction = connection.begin().await?;
    transaction.execute("select pg_advisory_xact_lock(hashtext('razao requests schema'))").await?;
    transaction.execute(sqlx::raw_sql(include_str!("schema.sql"))).await?;
    transaction.commit().await?;
    connection.close().await
}
