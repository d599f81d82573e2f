//! The databases of one lender: where they are, their schemas, and connections to them.

use std::time::Duration;

use anyhow::Context;
use event_store::Log;
use projections::Replay;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::failure::Failure;
use crate::settings::Settings;

/// The databases of a process, reached.
pub struct Databases {
    pub log: Log,
    pub read_pool: PgPool,
    /// What reads are answered from, in place of the read models that serve.
    pub replay: Option<Replay>,
    /// Where the log is, for those who need connections of their own.
    pub(crate) log_options: PgConnectOptions,
}

/// Where the log and the read models are.
pub struct Addresses {
    pub log: PgConnectOptions,
    pub read: PgConnectOptions,
}

impl Addresses {
    /// From the settings alone: there has to be a database URL.
    pub fn of(settings: &Settings) -> anyhow::Result<Self> {
        let url = settings.database_url.as_deref().ok_or_else(|| {
            let said = match &settings.lender {
                Some(lender) => format!("[lenders.{}] database_url names no database", lender.name),
                None => "RAZAO_DATABASE_URL (or --database-url) names no database".to_owned(),
            };
            Failure::WrongUsage(said)
        })?;
        let log: PgConnectOptions = parse(url, "database_url")?;
        let read = settings.read_database_url.as_deref();
        let read = read.map_or(Ok(log.clone()), |url| parse(url, "read_database_url"))?;
        Ok(Self { log, read })
    }

    /// Of one database with both, as an argument names it.
    pub(crate) fn named(url: &str, argument: &str) -> Result<Self, Failure> {
        let log = parse(url, argument)?;
        Ok(Self { read: log.clone(), log })
    }

    /// Both schemas, brought up to date.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        Log::migrate(&self.log).await.map_err(unreachable)?;
        let pool = PgPoolOptions::new().max_connections(1).connect_with(self.read.clone()).await;
        let pool = pool.map_err(unreachable)?;
        projections::migrate(&pool).await.context("the schema of the read models")?;
        pool.close().await;
        reactions::migrate(&self.log).await.context("the schema of the reactions")?;
        requests::migrate(&self.log).await.context("the schema of the requests")?;
        Ok(())
    }

    pub async fn connect_log(&self) -> anyhow::Result<Log> {
        Ok(Log::connect(&self.log).await.map_err(unreachable)?)
    }

    pub async fn connect(&self) -> anyhow::Result<Databases> {
        let log = self.connect_log().await?;
        let read_pool = PgPoolOptions::new()
            .max_connections(24)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(self.read.clone())
            .await
            .map_err(unreachable)?;
        Ok(Databases { log, read_pool, replay: None, log_options: self.log.clone() })
    }
}

/// Where a setting says a database is.
pub(crate) fn parse(url: &str, setting: &str) -> Result<PgConnectOptions, Failure> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| Failure::WrongUsage(format!("{setting} is no Postgres URL: {error}")))?;
    // On by default, and it costs more than it saves: the list of 100,000 loans of a past day took 1.3 to 1.6 times as long,
    // 330 to 440 ms of that to compile it.
    Ok(options.options([("jit", "off")]))
}

fn unreachable(error: impl std::error::Error) -> Failure {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Failure::Unreachable(format!("{error}{cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_session_compiles_its_statements() {
        let addresses = Addresses::named("postgres://someone@localhost/books?options=-c%20geqo=off", "a");
        let options = addresses.unwrap_or_else(|_| panic!("this is a URL")).read;
        assert_eq!(options.get_options(), Some("-c geqo=off -c jit=off"));
    }
}
