//! Answers that were given already, kept under all that they depend on: the question, and the position of what it is
//! answered from. So none is ever older than it says (ADR 0024).
//!
//! They are in this process, or in a Redis that processes share. Without them everything is answered as well, if slower.

mod entry;
mod redis;

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::counter;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use self::redis::Redis;
pub(crate) use entry::{Entry, Names};

/// What an entry costs beside its text.
const OVERHEAD: u64 = 200;
/// Larger answers are not kept.
const LONGEST: usize = 1 << 20;

/// What an answer is found by.
pub(crate) type Key = [u8; 32];

/// Where answers are kept. Clones share it.
#[derive(Clone)]
pub struct AnswerCache {
    place: Place,
    lifetime: Duration,
}

#[derive(Clone)]
enum Place {
    Memory(Arc<Cache<Key, Aging, BySize>>),
    Redis(Redis),
}

/// An entry with its end: the names in it may have to be forgotten.
#[derive(Debug, Clone)]
struct Aging {
    entry: Arc<Entry>,
    until: Instant,
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<Key, Aging> for BySize {
    fn weight(&self, _: &Key, aging: &Aging) -> u64 {
        aging.entry.text.len() as u64 + OVERHEAD
    }
}

/// What keeps a Redis from being used.
#[derive(Debug, thiserror::Error)]
#[error("redis_url is no address of a Redis: {0}")]
pub struct NoRedisUrl(::redis::RedisError);

/// Whose answers are kept in a Redis, so that nobody takes those of others for his own.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The log, and the build of the program: another one may answer otherwise.
    pub name: String,
    /// What entries are sealed with. Whoever can write into the Redis, but does not have it, makes no answers.
    pub seal: [u8; 32],
}

impl AnswerCache {
    /// In this process, in at most so many bytes.
    pub fn in_memory(bytes: u64, lifetime: Duration) -> Self {
        let entries = usize::try_from(bytes / 2_000).unwrap_or(usize::MAX).max(16);
        let cache = Cache::with_weighter(entries, bytes, BySize);
        Self { place: Place::Memory(Arc::new(cache)), lifetime }
    }

    /// In the Redis at `url`, which need not be there.
    pub fn in_redis(url: &str, owner: Owner, lifetime: Duration) -> Result<Self, NoRedisUrl> {
        let redis = Redis::new(url, owner, lifetime).map_err(NoRedisUrl)?;
        Ok(Self { place: Place::Redis(redis), lifetime })
    }

    pub(crate) async fn find(&self, key: &Key) -> Option<Arc<Entry>> {
        let found = match &self.place {
            Place::Memory(cache) => {
                cache.get(key).filter(|aging| Instant::now() < aging.until).map(|aging| aging.entry)
            }
            Place::Redis(redis) => redis.find(key).await.map(Arc::new),
        };
        let outcome = if found.is_some() { "hit" } else { "miss" };
        counter!("razao_cache_reads_total", "outcome" => outcome).increment(1);
        found
    }

    pub(crate) fn keep(&self, key: Key, entry: Entry) {
        if entry.text.len() > LONGEST {
            return;
        }
        match &self.place {
            Place::Memory(cache) => {
                let until = Instant::now() + self.lifetime;
                cache.insert(key, Aging { entry: Arc::new(entry), until });
            }
            Place::Redis(redis) => redis.keep(key, &entry),
        }
    }
}

/// The key of what is asked, answered from what is in a state.
pub(crate) fn key_of(asked: &str, state: &str) -> Key {
    Sha256::new().chain_update(state).chain_update([0]).chain_update(asked).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        Entry { version: None, names: None, text: text.to_owned() }
    }

    #[tokio::test]
    async fn an_answer_is_found_by_question_and_state_until_its_time_is_up() {
        let cache = AnswerCache::in_memory(1 << 20, Duration::from_secs(60));
        cache.keep(key_of("/v1/loans", "7"), entry("{}"));
        assert!(cache.find(&key_of("/v1/loans", "7")).await.is_some());
        assert!(cache.find(&key_of("/v1/loans", "8")).await.is_none());
        assert!(cache.find(&key_of("/v1/loans?limit=1", "7")).await.is_none());
        let brief = AnswerCache::in_memory(1 << 20, Duration::ZERO);
        brief.keep(key_of("/v1/loans", "7"), entry("{}"));
        assert!(brief.find(&key_of("/v1/loans", "7")).await.is_none());
    }

    #[test]
    fn memory_holds_no_more_than_it_may() {
        let cache = AnswerCache::in_memory(100_000, Duration::from_secs(60));
        for number in 0..1_000_u32 {
            cache.keep(key_of(&number.to_string(), ""), entry(&"x".repeat(1_000)));
        }
        let Place::Memory(memory) = &cache.place else { panic!("it is in memory") };
        assert!(memory.weight() <= 100_000 && memory.len() > 10, "{} in {}", memory.weight(), memory.len());
    }
}
