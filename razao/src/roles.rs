//! The roles of a process: each can run apart, `razao up` runs them all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use audit::keys::{Keys, KeysError};
use clap::ValueEnum;
use command_api::{CommandState, Completion, Executor};
use event_store::{Feed, Log, is_alive};
use kafka::TopicError;
use projections::{Replay, Source};
use reactions::{Anchors, Bucket, CommandWorkers, Complete, Place, Relay, RelayError, Sealer};
use requests::Requests;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::Failure;
use crate::identification::identification;
use crate::keys;
use crate::reading;
use crate::rebuild::addresses;
use crate::replay;
use crate::server::{self, Server};
use crate::settings::Settings;
use crate::snapshot;
use crate::telemetry;

/// How long a request may go on after the server was asked to stop.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Takes commands
    CommandApi,
    /// Answers reads
    QueryApi,
    /// Builds the read models
    Projections,
    /// Publishes the log to Kafka
    Relay,
    /// Acts by itself: closes each day when it is over, executes commands that wait in a queue, completes accepted
    /// proposals, seals the log
    Reactions,
}

impl Role {
    /// Those of a process that does everything there is to do with these settings.
    pub fn all(settings: &Settings) -> Vec<Self> {
        let mut all = vec![Self::CommandApi, Self::QueryApi, Self::Projections, Self::Reactions];
        all.extend(settings.kafka_brokers.is_some().then_some(Self::Relay));
        all
    }
}

/// The databases of a process, reached.
pub struct Databases {
    pub log: Log,
    pub read_pool: PgPool,
    /// What reads are answered from, in place of the read models that serve.
    pub replay: Option<Replay>,
    /// Where the log is, for those who need connections of their own.
    log_options: PgConnectOptions,
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
            Failure::WrongUsage("RAZAO_DATABASE_URL (or --database-url) names no database".to_owned())
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
            .test_before_acquire(false)
            .before_acquire(|connection, meta| Box::pin(is_alive(connection, meta.idle_for)))
            .connect_with(self.read.clone())
            .await
            .map_err(unreachable)?;
        Ok(Databases { log, read_pool, replay: None, log_options: self.log.clone() })
    }
}

/// `razao migrate`
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    Addresses::of(settings)?.migrate().await?;
    tracing::info!("the schema is up to date");
    Ok(())
}

/// `razao serve`
pub async fn serve(settings: Settings, roles: &[Role]) -> anyhow::Result<()> {
    let server = Server::bind(settings.listen).await?.with_tls(settings.tls()?);
    let databases = Addresses::of(&settings)?.connect().await?;
    let stop = stop_on_signal();
    run(&settings, roles, databases, (server, stop), |server| {
        tracing::info!(address = %server.url(), "serving");
        Ok(())
    })
    .await
}

/// `razao serve --replay NAME`: beside a running `razao up` too.
pub async fn serve_replay(settings: Settings, roles: &[Role], name: &str) -> anyhow::Result<()> {
    if *roles != [Role::QueryApi] {
        let why = format!("--replay {name}: a replay is only read: --roles query-api, and no other");
        return Err(Failure::WrongUsage(why).into());
    }
    let server = Server::bind(settings.listen).await?;
    let mut databases = addresses(&settings)?.connect().await?;
    databases.replay = Some(replay::find(&databases.read_pool, name).await?);
    run(&settings, roles, databases, (server, stop_on_signal()), |server| {
        tracing::info!(address = %server.url(), replay = name, "serving");
        Ok(())
    })
    .await
}

/// Runs roles until `stop`, then drains them. `ready` is called once requests are served.
pub async fn run(
    settings: &Settings,
    roles: &[Role],
    databases: Databases,
    (server, stop): (Server, CancellationToken),
    ready: impl FnOnce(&Server) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let Databases { log, read_pool, log_options, .. } = &databases;
    // Only who accepts commands sends them.
    let accepts_into = settings.kafka().filter(|_| roles.contains(&Role::CommandApi));
    let requests = Requests::new(log_options, accepts_into.as_ref())
        .map_err(|error| Failure::WrongUsage(error.to_string()))?;
    let commands = CommandState::new(log.clone(), settings.booking_day(), settings.state_cache_bytes)
        .with_requests(requests.clone());
    let metrics = telemetry::metrics()?;
    let tasks = TaskTracker::new();
    let feed_stop = CancellationToken::new();
    if roles.contains(&Role::Projections) {
        let feed = Feed::start(log, feed_stop.clone());
        let from = (source(settings)?, settings.chosen_projections()?);
        let policy = settings.retry_policy();
        tasks.spawn(projections::run(read_pool.clone(), feed, from, policy, feed_stop.clone()));
    }
    if roles.contains(&Role::Relay) {
        tasks.spawn(relay(settings, log, &feed_stop).await?.run());
    }
    if roles.contains(&Role::Reactions) && settings.close_days {
        tasks.spawn(reactions::run(log.clone(), settings.booking_day(), feed_stop.clone()));
    }
    if let Some(out) = settings.snapshot_dir.clone().filter(|_| roles.contains(&Role::Reactions)) {
        tasks.spawn(snapshot::each_night(log.clone(), read_pool.clone(), out, feed_stop.clone()));
    }
    if roles.contains(&Role::Reactions) {
        let workers = command_workers(settings, requests.clone(), commands.clone());
        tasks.spawn(workers.run(feed_stop.clone()));
        let complete = complete(commands.clone());
        tasks.spawn(reactions::complete_proposals(log.clone(), complete, feed_stop.clone()));
    }
    let by = identification(settings, &tasks, &feed_stop)?;
    if roles.contains(&Role::Reactions) && settings.audit_seal {
        match sealer(settings, log, anchors(settings)?) {
            Ok(sealer) => _ = tasks.spawn(sealer.run(feed_stop.clone())),
            Err(error @ KeysError::None(_)) => tracing::warn!("the log is not sealed: {error}"),
            Err(error) => return Err(Failure::WrongUsage(keys::in_words(&error)).into()),
        }
    }
    let reading = if roles.contains(&Role::QueryApi) {
        Some(reading::state(settings, &databases, &tasks, &feed_stop).await?)
    } else {
        None
    };
    if let Some(tls) = server.tls() {
        tasks.spawn(tls.clone().keep_fresh(feed_stop.clone()));
    }
    tasks.close();
    let router = server::router(settings, roles, (log, read_pool), (&commands, reading), metrics, by);
    ready(&server)?;
    server.serve(router, settings.connections, stop, DRAIN).await;
    tracing::info!("requests are drained; stopping");
    feed_stop.cancel();
    tasks.wait().await;
    requests.close().await;
    log.close().await;
    read_pool.close().await;
    Ok(())
}

/// Where the read models are fed from.
fn source(settings: &Settings) -> Result<Source, Failure> {
    let Some(kafka) = settings.kafka() else { return Ok(Source::Log) };
    // Settings that a consumer cannot work with do not mend by themselves.
    kafka.consumer(&kafka.group("check")).map_err(|error| Failure::WrongUsage(error.to_string()))?;
    Ok(Source::Kafka(kafka))
}

/// Workers that execute commands by the routes of the command API.
fn command_workers(settings: &Settings, requests: Requests, commands: CommandState) -> CommandWorkers {
    let executor = Executor::new(commands);
    CommandWorkers {
        requests,
        kafka: settings.kafka(),
        execute: Arc::new(move |command| {
            let executor = executor.clone();
            Box::pin(async move { executor.execute(command).await })
        }),
        retention: Duration::from_secs(60 * 60 * 24) * settings.requests_kept_days,
    }
}

/// Executes accepted proposals by the rules of the command API.
fn complete(commands: CommandState) -> Complete {
    let completion = Completion::new(commands);
    Arc::new(move |proposal| {
        let completion = completion.clone();
        Box::pin(async move {
            let completed = completion.complete(proposal).await;
            completed.map_err(|problem| problem.detail().to_owned())
        })
    })
}

/// A sealer that has its keys.
fn sealer(settings: &Settings, log: &Log, anchors: Vec<Anchors>) -> Result<Sealer, KeysError> {
    let keys = settings.audit_keys();
    Keys::load(&keys)?;
    let every = Duration::from_millis(settings.audit_seal_every_ms);
    Ok(Sealer { log: log.clone(), keys, every, anchors })
}

/// Where checkpoints are kept besides.
fn anchors(settings: &Settings) -> Result<Vec<Anchors>, Failure> {
    let every = Duration::from_secs(settings.audit_anchor_every_s);
    let file = settings.audit_anchor_file.clone().map(Place::File);
    let bucket = settings.audit_anchor_url.as_deref().map(bucket).transpose()?.map(Place::Bucket);
    Ok(file.into_iter().chain(bucket).map(|place| Anchors { place, every }).collect())
}

/// The bucket of an address, with what the environment says of it.
pub(crate) fn bucket(url: &str) -> Result<Bucket, Failure> {
    Bucket::parse(url).map_err(|error| Failure::WrongUsage(format!("anchors: {error}")))
}

/// A relay that can work with its settings. Kafka need not be there yet.
async fn relay(settings: &Settings, log: &Log, stop: &CancellationToken) -> anyhow::Result<Relay> {
    let kafka = settings.kafka().ok_or_else(|| {
        Failure::WrongUsage("the role relay needs RAZAO_KAFKA_BROKERS (or --kafka)".to_owned())
    })?;
    let relay = Relay::new(log.clone(), kafka, stop.clone());
    match relay.check().await {
        Ok(()) => {}
        Err(error @ RelayError::Topic(TopicError::Refused { .. })) => {
            return Err(Failure::Unreachable(error.to_string()).into());
        }
        Err(error) if error.is_of_settings() => return Err(Failure::WrongUsage(error.to_string()).into()),
        Err(error) => tracing::warn!(%error, "Kafka is not there yet; the relay waits for it"),
    }
    Ok(relay)
}

/// Cancelled by SIGTERM, SIGINT or Ctrl-C.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be handled");
        let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be handled");
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
        }
        token.cancel();
    });
    stop
}

fn parse(url: &str, setting: &str) -> Result<PgConnectOptions, Failure> {
    url.parse().map_err(|error| Failure::WrongUsage(format!("{setting} is no Postgres URL: {error}")))
}

fn unreachable(error: impl std::error::Error) -> Failure {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Failure::Unreachable(format!("{error}{cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_includes_the_relay_where_there_is_a_kafka() {
        let with = |brokers: Option<&str>| Settings {
            kafka_brokers: brokers.map(str::to_owned),
            ..Settings::default()
        };
        assert!(!Role::all(&with(None)).contains(&Role::Relay));
        assert!(Role::all(&with(Some("127.0.0.1:9092"))).contains(&Role::Relay));
    }
}
