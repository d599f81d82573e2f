//! The ground that the benchmarks stand on: a private Postgres with the product's settings, or one that is named, and
//! the databases on it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use event_store::Log;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tempfile::TempDir;

use crate::embedded_postgres::{EmbeddedPostgres, Settings};

/// The database of the book that every measurement starts from a copy of.
pub(super) const BOOK: &str = "razao";

pub(super) struct Ground {
    home: TempDir,
    postgres: Option<EmbeddedPostgres>,
    url: String,
    book: String,
}

impl Ground {
    /// A private Postgres, or the one at `database_url`, on which databases named `razao_bench…` are made.
    pub(super) async fn prepare(database_url: Option<&str>) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("razao-bench-").tempdir()?;
        if let Some(url) = database_url {
            let ground =
                Self { home, postgres: None, url: url.to_owned(), book: format!("{BOOK}_bench_book") };
            ground.forget(&ground.book).await?;
            ground.administer(&format!("create database {}", ground.book)).await?;
            return Ok(ground);
        }
        let postgres =
            EmbeddedPostgres::start(&home.path().join("data"), Settings::from_environment()).await?;
        let url = postgres.url();
        Ok(Self { home, postgres: Some(postgres), url, book: BOOK.to_owned() })
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The data directory of the private Postgres, for `razao up`.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub(super) fn is_private(&self) -> bool {
        self.postgres.is_some()
    }

    pub(super) fn book_url(&self) -> String {
        self.url_of(&self.book)
    }

    pub(super) fn url_of(&self, database: &str) -> String {
        let (address, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
        if query.is_empty() { format!("{server}/{database}") } else { format!("{server}/{database}?{query}") }
    }

    /// A copy of the book under another name, for one measurement. Nobody may be connected to the book.
    pub(super) async fn copy_of_book(&self, database: &str) -> anyhow::Result<String> {
        let database = format!("razao_bench_{database}");
        self.forget(&database).await?;
        self.administer(&format!("create database {database} template {}", self.book)).await?;
        Ok(self.url_of(&database))
    }

    /// A database of its own for one measurement.
    pub(super) async fn empty_database(&self, database: &str) -> anyhow::Result<String> {
        let database = format!("razao_bench_{database}");
        self.forget(&database).await?;
        self.administer(&format!("create database {database}")).await?;
        Ok(self.url_of(&database))
    }

    /// Brings a database to the state that it has after a quiet while.
    pub(super) async fn vacuum(&self, database: &str) -> anyhow::Result<()> {
        let url = self.url_of(&format!("razao_bench_{database}"));
        let options = url.parse::<PgConnectOptions>()?.disable_statement_logging();
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::query("vacuum (analyze)").execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Drops the copy.
    pub(super) async fn drop_copy(&self, database: &str) -> anyhow::Result<()> {
        self.forget(&format!("razao_bench_{database}")).await
    }

    /// Says what the server is and that it keeps what it acknowledges.
    pub(super) async fn describe(&self) -> anyhow::Result<String> {
        let mut connection = PgConnection::connect_with(&self.book_url().parse()?).await?;
        let mut settings = Vec::new();
        for name in ["server_version", "fsync", "synchronous_commit", "shared_buffers"] {
            let (value,): (String,) =
                sqlx::query_as("select current_setting($1)").bind(name).fetch_one(&mut connection).await?;
            settings.push(format!("{name} {value}"));
        }
        connection.close().await?;
        Ok(settings.join(", "))
    }

    /// Stops the private Postgres: its data stay until the ground is dropped.
    pub(super) async fn stop_postgres(&mut self) -> anyhow::Result<()> {
        match self.postgres.take() {
            Some(postgres) => Ok(postgres.stop().await?),
            None => Ok(()),
        }
    }

    /// Leaves nothing behind.
    pub(super) async fn clear(mut self) -> anyhow::Result<()> {
        if self.postgres.is_none() && self.book != BOOK {
            self.forget(&self.book).await?;
        }
        self.stop_postgres().await
    }

    async fn forget(&self, database: &str) -> anyhow::Result<()> {
        self.administer(&format!("drop database if exists {database} with (force)")).await
    }

    async fn administer(&self, statement: &str) -> anyhow::Result<()> {
        // Copying and dropping a database takes its time; there is nothing to warn of.
        let options = self.url_of("postgres").parse::<PgConnectOptions>()?.disable_statement_logging();
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::query(statement).execute(&mut connection).await.with_context(|| statement.to_owned())?;
        Ok(connection.close().await?)
    }
}

/// The log in a database.
pub(super) async fn log_at(url: &str) -> anyhow::Result<Log> {
    Ok(Log::connect(&url.parse()?).await?)
}

/// A pool for looking into a database.
pub(super) async fn pool_at(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(connections).connect_with(url.parse()?).await?)
}
