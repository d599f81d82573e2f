//! Answers in a Redis. One that is down, slow or full is done without.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, RedisError, RedisResult, SetExpiry, SetOptions};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Entry, Key, Owner};
use crate::hexadecimal::hexadecimal;
use crate::query::breaker::{Breaker, Broken};

/// What a read waits for it at most.
const PATIENCE: Duration = Duration::from_millis(25);
/// What keeping an answer may take, which nobody waits for.
const WRITING: Duration = Duration::from_millis(250);
/// As many answers as are on their way into it; more are not kept.
const ON_THE_WAY: usize = 64;

#[derive(Clone)]
pub(super) struct Redis {
    connection: ConnectionManager,
    owner: Owner,
    lifetime: SetOptions,
    breaker: Breaker,
    on_the_way: Arc<Semaphore>,
}

/// What is wrong with it.
#[derive(Debug)]
enum Trouble {
    Slow,
    Refused(RedisError),
}

impl Redis {
    pub(super) fn new(url: &str, owner: Owner, lifetime: Duration) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_connection_timeout(Some(WRITING))
            .set_response_timeout(Some(WRITING));
        let connection = ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?;
        let seconds = lifetime.as_secs().max(1);
        Ok(Self {
            connection,
            owner,
            lifetime: SetOptions::default().with_expiration(SetExpiry::EX(seconds)),
            breaker: Breaker::new("redis"),
            on_the_way: Arc::new(Semaphore::new(ON_THE_WAY)),
        })
    }

    pub(super) async fn find(&self, key: &Key) -> Option<Entry> {
        let mut connection = self.connection.clone();
        let name = self.name(key);
        let finding = async {
            let finding = connection.get::<_, Option<Vec<u8>>>(name);
            timeout(PATIENCE, finding).await.map_err(|_| Trouble::Slow)?.map_err(Trouble::Refused)
        };
        let bytes = match self.breaker.call(finding).await {
            Ok(bytes) => bytes?,
            Err(broken) => {
                tell("get", &broken);
                return None;
            }
        };
        let entry = Entry::unsealed(&bytes, key, &self.owner.seal);
        if entry.is_none() {
            counter!("razao_cache_forged_total").increment(1);
            tracing::warn!(key = hexadecimal(key), "what the Redis has as an answer was not put there by us");
        }
        entry
    }

    pub(super) fn keep(&self, key: Key, entry: &Entry) {
        let Ok(on_the_way) = Arc::clone(&self.on_the_way).try_acquire_owned() else { return };
        let (redis, bytes) = (self.clone(), entry.sealed(&key, &self.owner.seal));
        tokio::spawn(async move {
            let mut connection = redis.connection.clone();
            let name = redis.name(&key);
            let keeping = async {
                let keeping = connection.set_options(name, bytes, redis.lifetime.clone());
                let kept: RedisResult<()> = timeout(WRITING, keeping).await.map_err(|_| Trouble::Slow)?;
                match kept {
                    // It answers: one that is full can still be read.
                    Err(error) if error.code().is_some() => Ok(Some(error)),
                    kept => kept.map(|()| None).map_err(Trouble::Refused),
                }
            };
            match redis.breaker.call(keeping).await {
                Ok(None) => {}
                Ok(Some(error)) => tell("set", &Broken::Failed(Trouble::Refused(error))),
                Err(broken) => tell("set", &broken),
            }
            drop(on_the_way);
        });
    }

    fn name(&self, key: &Key) -> String {
        format!("razao:{}:{}", self.owner.name, hexadecimal(key))
    }
}

fn tell(doing: &'static str, broken: &Broken<Trouble>) {
    match broken {
        Broken::Open => {}
        Broken::Failed(trouble) => {
            counter!("razao_cache_errors_total", "doing" => doing).increment(1);
            match trouble {
                Trouble::Slow => tracing::warn!(doing, "the Redis takes too long; doing without it"),
                Trouble::Refused(error) => tracing::warn!(doing, %error, "the Redis fails; doing without it"),
            }
        }
    }
}
