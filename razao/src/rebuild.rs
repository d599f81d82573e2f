//! `razao projections` and `razao rebuild`: against a running server's databases.

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::embedded_postgres;
use crate::failure::Failure;
use crate::roles::Addresses;
use crate::settings::Settings;

/// Prints each projection's position and lag as JSON.
pub async fn projections(settings: &Settings) -> anyhow::Result<()> {
    let databases = addresses(settings)?.connect().await?;
    let status = projections::status(&databases.read_pool, &databases.log).await?;
    println!("{}", serde_json::to_string_pretty(&status)?);
    Ok(())
}

/// Rebuilds one projection, or `all`, with a progress bar.
pub async fn rebuild(settings: &Settings, name: &str) -> anyhow::Result<()> {
    let names: Vec<&str> = match name {
        "all" => projections::NAMES.to_vec(),
        known if projections::NAMES.contains(&known) => vec![known],
        unknown => {
            let names = projections::NAMES.join(", ");
            return Err(Failure::WrongUsage(format!("`{unknown}` is no projection: {names} or all")).into());
        }
    };
    let databases = addresses(settings)?.connect().await?;
    for name in names {
        let bar = ProgressBar::new(0).with_message(name.to_owned());
        bar.set_style(ProgressStyle::with_template("{msg:16} {wide_bar} {pos}/{len} {per_sec} {eta}")?);
        let progress = |position: i64, head: i64| {
            bar.set_length(head.unsigned_abs());
            bar.set_position(position.unsigned_abs());
        };
        let rebuilt = projections::rebuild(&databases.read_pool, &databases.log, name, progress).await;
        let events = rebuilt.with_context(|| format!("rebuild of {name}"))?;
        bar.finish();
        tracing::info!(projection = name, events, "rebuilt and swapped");
    }
    databases.log.close().await;
    Ok(())
}

/// The databases of a running `razao up` on the data directory, unless a URL is named.
fn addresses(settings: &Settings) -> anyhow::Result<Addresses> {
    if settings.database_url.is_some() {
        return Addresses::of(settings);
    }
    let log = embedded_postgres::find_running(&settings.data_dir).ok_or_else(|| {
        let data_dir = settings.data_dir.display();
        Failure::Unreachable(format!("no razao runs on {data_dir}: start it, or name a --database-url"))
    })?;
    Ok(Addresses { read: log.clone(), log })
}
