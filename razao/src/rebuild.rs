//! `razao projections` and `razao rebuild`: against a running server's databases.

use std::io::Write;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use projections::ProjectionStatus;
use serde_json::json;

use crate::databases::Addresses;
use crate::embedded_postgres;
use crate::failure::Failure;
use crate::settings::Settings;

/// Prints as JSON how far each projection is, and the relay with each topic that it sends to.
pub async fn projections(settings: &Settings) -> anyhow::Result<()> {
    let databases = addresses(settings)?.connect().await?;
    let relayed = reactions::relay_status(&databases.log).await?;
    let head = databases.log.head().await?.position;
    let status = projections::status(&databases.read_pool, &databases.log).await?;
    let mut status = status.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    status.extend(relayed.into_iter().map(|relay| {
        json!({
            "name": "relay", "topic": relay.topic, "cluster": relay.cluster, "position": relay.position,
            "recorded_at": relay.recorded_at, "lag": (head - relay.position).max(0),
        })
    }));
    Ok(writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&status)?)?)
}

/// Rebuilds one projection, or `all` of them in one pass over the log, with a progress bar.
pub async fn rebuild(settings: &Settings, name: &str) -> anyhow::Result<()> {
    if name != "all" && !projections::NAMES.contains(&name) {
        let names = projections::NAMES.join(", ");
        return Err(Failure::WrongUsage(format!("`{name}` is no projection: {names} or all")).into());
    }
    let databases = addresses(settings)?.connect().await?;
    let (pool, log) = (&databases.read_pool, &databases.log);
    let bar = ProgressBar::new(0).with_message(name.to_owned());
    bar.set_style(ProgressStyle::with_template("{msg:16} {wide_bar} {pos}/{len} {per_sec} {eta}")?);
    let progress = |position: i64, head: i64| {
        bar.set_length(head.unsigned_abs());
        bar.set_position(position.unsigned_abs());
    };
    let rebuilt = match name {
        "all" => projections::rebuild_all(pool, log, progress).await,
        one => projections::rebuild(pool, log, one, progress).await,
    };
    let events = rebuilt.with_context(|| format!("rebuild of {name}"))?;
    bar.finish();
    tracing::info!(projection = name, events, "rebuilt and swapped");
    let status = projections::status(pool, log).await?;
    databases.log.close().await;
    stopped(&status).map_or(Ok(()), |stopped| Err(Failure::FoundAProblem(stopped).into()))
}

/// What cannot be read by this version stops a rebuilt model where it stopped the old one.
fn stopped(status: &[ProjectionStatus]) -> Option<String> {
    let stopped = status.iter().filter_map(|one| Some((one.name, one.stopped_by.as_ref()?)));
    let lines: Vec<String> = stopped.map(|(name, cause)| format!("{name} stands still: {cause}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The databases of a running `razao up` on the data directory, unless a URL is named.
pub(crate) fn addresses(settings: &Settings) -> anyhow::Result<Addresses> {
    if settings.database_url.is_some() {
        return Addresses::of(settings);
    }
    let log = embedded_postgres::find_running(settings.home()).ok_or_else(|| {
        let data_dir = settings.home().display();
        Failure::Unreachable(format!("no razao runs on {data_dir}: start it, or name a --database-url"))
    })?;
    let log = match &settings.lender {
        Some(lender) => log.database(&lender.private_database()),
        None => log,
    };
    Ok(Addresses { read: log.clone(), log })
}
