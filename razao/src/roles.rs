//! The roles of a process: each can run apart, `razao up` runs them all.

use std::time::Duration;

use clap::ValueEnum;
use tokio_util::sync::CancellationToken;

use crate::databases::{Addresses, Databases};
use crate::failure::Failure;
use crate::health;
use crate::rebuild::addresses;
use crate::replay;
use crate::running::{self, Started};
use crate::server::Server;
use crate::settings::Settings;
use crate::telemetry;

/// How long a request may go on after the server was asked to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(20);

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
    let stop = stop_on_signal(server.tls().is_some());
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
    run(&settings, roles, databases, (server, stop_on_signal(false)), |server| {
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
    let metrics = telemetry::metrics()?;
    let health = health::router(databases.log.clone(), databases.read_pool.clone(), metrics.clone());
    let Started { api, running } = running::start(settings, roles, databases).await?;
    running.spawn(telemetry::take_in(vec![metrics], running.stop()));
    if let Some(tls) = server.tls() {
        running.spawn(tls.clone().keep_fresh(running.stop()));
    }
    let router = api.alone(health, server.tls().is_some());
    ready(&server)?;
    server.serve(router, settings.connections, stop, DRAIN).await;
    tracing::info!("requests are drained; stopping");
    running.end().await;
    Ok(())
}

/// Cancelled by SIGTERM, SIGINT or Ctrl-C; and by SIGHUP, as when a terminal is closed, unless that asks for a
/// certificate to be read again, or `nohup` has it ignored.
pub fn stop_on_signal(has_certificate: bool) -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let hangup_stops = !has_certificate && !ignores_hangup();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be handled");
        let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be handled");
        let hangup = async {
            if !hangup_stops {
                return std::future::pending().await;
            }
            signal(SignalKind::hangup()).expect("signals can be handled").recv().await
        };
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
            _ = hangup => tracing::info!("SIGHUP: draining"),
        }
        token.cancel();
    });
    stop
}

/// Whether SIGHUP is ignored, as whoever started this process wanted.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
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
