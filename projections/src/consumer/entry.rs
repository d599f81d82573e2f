//! How a process comes to feed a read model: by its road, and in its group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_store::Feed;
use sqlx::{PgConnection, PgPool};

use super::error::ConsumerError;
use super::group;
use crate::read_model::ReadModel;
use crate::road::{self, Road};
use crate::{checkpoint, session};

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) model: &'static ReadModel,
    pub(super) pool: PgPool,
    pub(super) feed: Feed,
    pub(super) group: String,
    /// Whether this process has taken the road already: it does so once.
    has_entered: Arc<AtomicBool>,
}

impl Entry {
    pub(super) fn to(model: &'static ReadModel, pool: PgPool, feed: Feed, group: String) -> Self {
        Self { model, pool, feed, group, has_entered: Arc::default() }
    }

    /// A connection that writes the read model, which this process feeds by the road as long as it lasts. Takes the
    /// road, the first time; after that, whoever took another one is left to it.
    pub(super) async fn enter(&self, road: &Road) -> Result<PgConnection, ConsumerError> {
        let mut connection = session::open(&self.pool, self.model.schema).await?;
        if self.has_entered.load(Ordering::Acquire) {
            let found = checkpoint::load(&mut connection, self.model.name).await?.road;
            if found != road.to_string() {
                return Err(ConsumerError::OtherRoad(found));
            }
        } else {
            road::enter(self.model, &mut connection, &self.feed, road).await?;
            self.has_entered.store(true, Ordering::Release);
        }
        group::claim(&mut connection, self.model.name, &self.group).await?;
        Ok(connection)
    }

    /// Notes for everyone who asks why the read model is not fed from here. What is left to others stands in nobody's
    /// way, so it is noted apart.
    pub(super) async fn note(&self, error: &ConsumerError, text: &str) {
        let Ok(mut connection) = self.pool.acquire().await else { return };
        let name = self.model.name;
        // The database that refused the rows may refuse this too.
        let _ = match error {
            ConsumerError::OtherGroup(_) => checkpoint::note_refusal(&mut connection, name, text).await,
            error if error.is_left_to_others() => Ok(()),
            _ => checkpoint::note_hindrance(&mut connection, name, Some(text)).await,
        };
    }
}
