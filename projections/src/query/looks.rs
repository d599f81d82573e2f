//! Looks how far read models are, together for all reads that wait: each by itself they would ask the database more than
//! anything else does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::{NAMES, checkpoint};

/// How often a waiting read looks whether its read model got there.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What was seen last of each read model, as the primary has it and as its copy does.
#[derive(Clone)]
pub(crate) struct Looks(Arc<[BTreeMap<&'static str, Mutex<Seen>>; 2]>);

/// When, and up to where it was.
type Seen = Option<(Instant, i64)>;

impl Default for Looks {
    fn default() -> Self {
        let nothing = || NAMES.into_iter().map(|name| (name, Mutex::default())).collect();
        Self(Arc::new([nothing(), nothing()]))
    }
}

impl Looks {
    /// Up to where a read model is, or was a moment ago. Whoever looks first does so for all others.
    pub(crate) async fn reached(
        &self,
        name: &'static str,
        (pool, is_copy): (&PgPool, bool),
    ) -> Result<i64, sqlx::Error> {
        let mut seen = self.0[usize::from(is_copy)][name].lock().await;
        if let Some((at, position)) = *seen
            && at.elapsed() < LOOK_AGAIN
        {
            return Ok(position);
        }
        let found = checkpoint::find(pool, name).await?.ok_or(sqlx::Error::RowNotFound)?;
        *seen = Some((Instant::now(), found.position));
        Ok(found.position)
    }
}
