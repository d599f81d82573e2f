//! What makes reads cheaper, as the settings say: a replica, and kept answers.

use std::fs::File;
use std::io;
use std::time::Duration;

use anyhow::Context;
use event_store::Log;
use projections::{AnswerCache, Owner, QueryState, Replica};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::databases::{self, Databases};
use crate::failure::Failure;
use crate::settings::Settings;

/// What every read works with.
pub(crate) async fn state(
    settings: &Settings,
    databases: &Databases,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<QueryState> {
    let Databases { log, read_pool, replay, .. } = databases;
    let mut state = QueryState::new(read_pool.clone(), log.clone(), settings.booking_day());
    // Answers of a replay are kept nowhere: they would be taken for those of what serves.
    if let Some(replay) = replay {
        return Ok(state.of_replay(replay.clone()));
    }
    if settings.lender.is_some() {
        state = state.of_one_log(log.id().await?);
    }
    if let Some(cache) = cache(settings, log).await? {
        state = state.with_cache(cache);
    }
    if let Some(url) = &settings.replica_database_url {
        let options = databases::parse(url, "replica_database_url")?;
        let replica = Replica::new(&options, settings.read_database_url.is_none());
        let max_lag = Duration::from_millis(settings.replica_max_lag_ms);
        tasks.spawn(replica.clone().look_after(read_pool.clone(), max_lag, stop.clone()));
        state = state.with_replica(replica);
    }
    Ok(state)
}

async fn cache(settings: &Settings, log: &Log) -> anyhow::Result<Option<AnswerCache>> {
    let lifetime = Duration::from_secs(settings.cache_lifetime_s);
    let Some(url) = &settings.redis_url else {
        let memory = || AnswerCache::in_memory(settings.cache_bytes, lifetime);
        return Ok((settings.cache_bytes > 0).then(memory));
    };
    let build = tokio::task::spawn_blocking(build).await?.context("this program cannot be read")?;
    let seal = log.conceal(Sha256::digest("answers in a Redis").into());
    let owner = Owner { name: format!("{}:{build}", log.id().await?), seal };
    let cache = AnswerCache::in_redis(url, owner, lifetime);
    Ok(Some(cache.map_err(|error| Failure::WrongUsage(error.to_string()))?))
}

/// Tells this build of the program from all others: they may answer otherwise.
fn build() -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(std::env::current_exe()?)?, &mut digest)?;
    let digest: [u8; 32] = digest.finalize().into();
    let beginning: [u8; 8] = digest.first_chunk().copied().unwrap_or_default();
    Ok(format!("{:016x}", u64::from_be_bytes(beginning)))
}
