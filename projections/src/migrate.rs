//! Brings the tables of the read models into being.

use sqlx::{Connection, PgConnection, PgPool};

use crate::error::ProjectionError;
use crate::read_model::{self, ReadModel};
use crate::{checkpoint, parking, replay, session};

/// Creates what is missing. A read model whose tables look otherwise than this program writes them is projected
/// anew, from the first event.
pub async fn migrate(pool: &PgPool) -> Result<(), ProjectionError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtext('razao projections'))")
        .execute(&mut *transaction)
        .await?;
    session::run(&mut transaction, checkpoint::SCHEMA).await?;
    session::run(&mut transaction, parking::SCHEMA).await?;
    session::run(&mut transaction, replay::SCHEMA).await?;
    session::run(&mut transaction, include_str!("bi.sql")).await?;
    for model in read_model::ALL {
        bring_about(model, &mut transaction).await?;
        session::run(&mut transaction, model.views_sql).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn bring_about(model: &ReadModel, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let shape = [model.tables_sql, model.indexes_sql].concat();
    let known: Option<(bool,)> = sqlx::query_as(
        "select shape = md5($2) from projections.projection_checkpoints where name = $1 for update",
    )
    .bind(model.name)
    .bind(&shape)
    .fetch_optional(&mut *connection)
    .await?;
    match known {
        Some((true,)) => return Ok(()),
        Some((false,)) => tracing::warn!(projection = model.name, "its tables changed; projecting it anew"),
        None => {}
    }
    create(model, model.schema, connection).await?;
    session::run(connection, model.indexes_sql).await?;
    parking::store::forget(connection, model.name).await?;
    sqlx::query(include_str!("begin_checkpoint.sql"))
        .bind(model.name)
        .bind(&shape)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Creates the tables, empty, in a new schema, and puts it on the search path of the transaction.
pub(crate) async fn create(
    model: &ReadModel,
    schema: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let begin = format!(
        "drop schema if exists {schema} cascade; create schema {schema}; set local search_path = {schema};"
    );
    session::run(connection, &begin).await?;
    session::run(connection, model.tables_sql).await
}
