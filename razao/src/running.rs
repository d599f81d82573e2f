//! The roles of one lender at work: everything from its databases to its routes.

use std::sync::Arc;
use std::time::Duration;

use audit::keys::{Keys, KeysError};
use command_api::{CommandState, Completion, Executor};
use event_store::{Feed, Log};
use kafka::TopicError;
use projections::Source;
use reactions::{Anchors, Bucket, CommandWorkers, Complete, Place, Relay, RelayError, Sealer};
use requests::Requests;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::databases::Databases;
use crate::failure::Failure;
use crate::identification::identification;
use crate::keys;
use crate::reading;
use crate::roles::Role;
use crate::server::Api;
use crate::settings::Settings;
use crate::snapshot;

/// What was started: routes that are to be served, and the work behind them.
pub(crate) struct Started {
    pub(crate) api: Api,
    pub(crate) running: Running,
}

/// The work of one lender's roles.
pub(crate) struct Running {
    tasks: TaskTracker,
    stop: CancellationToken,
    requests: Requests,
    log: Log,
    read_pool: PgPool,
}

/// Starts the roles of a lender. What they spawn is of the runtime in which this is called.
pub(crate) async fn start(
    settings: &Settings,
    roles: &[Role],
    databases: Databases,
) -> anyhow::Result<Started> {
    let Databases { log, read_pool, log_options, .. } = &databases;
    // Only who accepts commands sends them.
    let accepts_into = settings.kafka().filter(|_| roles.contains(&Role::CommandApi));
    let requests = Requests::new(log_options, accepts_into.as_ref())
        .map_err(|error| Failure::WrongUsage(error.to_string()))?;
    let commands = CommandState::new(log.clone(), settings.booking_day(), settings.state_cache_bytes)
        .with_requests(requests.clone());
    let running = Running {
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        requests,
        log: log.clone(),
        read_pool: read_pool.clone(),
    };
    if roles.contains(&Role::Projections) {
        let feed = Feed::start(log, running.stop());
        let from = (source(settings)?, settings.chosen_projections()?);
        let policy = settings.retry_policy();
        running.spawn(projections::run(read_pool.clone(), feed, from, policy, running.stop()));
    }
    if roles.contains(&Role::Relay) {
        running.spawn(relay(settings, log, &running.stop).await?.run());
    }
    let by = identification(settings, &running.tasks, &running.stop)?;
    if roles.contains(&Role::Reactions) {
        running.react(settings, &commands)?;
    }
    let reading = if roles.contains(&Role::QueryApi) {
        Some(reading::state(settings, &databases, &running.tasks, &running.stop).await?)
    } else {
        None
    };
    running.tasks.close();
    let api = Api::new(settings, roles, (&commands, reading), by);
    Ok(Started { api, running })
}

impl Running {
    /// Cancelled when the work is to end.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Adds something that ends when it is told to stop.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(work)
    }

    /// Ends all work, what is under way first, and closes the connections.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.requests.close().await;
        self.log.close().await;
        self.read_pool.close().await;
    }

    fn react(&self, settings: &Settings, commands: &CommandState) -> anyhow::Result<()> {
        let Self { log, read_pool, requests, .. } = self;
        if settings.close_days {
            self.spawn(reactions::run(log.clone(), settings.booking_day(), self.stop()));
        }
        if let Some(out) = settings.snapshot_dir.clone() {
            self.spawn(snapshot::each_night(log.clone(), read_pool.clone(), out, self.stop()));
        }
        let workers = command_workers(settings, requests.clone(), commands.clone());
        self.spawn(workers.run(self.stop()));
        let complete = complete(commands.clone());
        self.spawn(reactions::complete_proposals(log.clone(), complete, self.stop()));
        if settings.audit_seal {
            match sealer(settings, log, anchors(settings)?) {
                Ok(sealer) => _ = self.spawn(sealer.run(self.stop())),
                Err(error @ KeysError::None(_)) => tracing::warn!("the log is not sealed: {error}"),
                Err(error) => return Err(Failure::WrongUsage(keys::in_words(&error)).into()),
            }
        }
        Ok(())
    }
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
