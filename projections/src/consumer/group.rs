//! The group in which processes that feed the same read models share the partitions: its name, and that a read model is
//! fed by one group at a time.
//!
//! Kafka shares partitions out within a group, so two groups would each feed all of a read model: fenced, they would
//! take its partitions from each other for ever. So the database knows which group feeds it. Whoever feeds it holds a
//! lock, and another group takes its place when nobody does.

use sqlx::PgConnection;

use super::error::ConsumerError;
use crate::checkpoint;
use crate::read_model::{self, ReadModel};

const LOCK_SHARED: &str = "select pg_try_advisory_lock_shared(hashtext('razao feeds'), hashtext($1))";
const LOCK: &str = "select pg_try_advisory_lock(hashtext('razao feeds'), hashtext($1))";
/// Those that hold one lock may hold another: the first one still holds while the second one is let go.
const SHARE: &str = "select pg_advisory_lock_shared(hashtext('razao feeds'), hashtext($1)), \
    pg_advisory_unlock(hashtext('razao feeds'), hashtext($1))";

/// What those who feed these read models are a group for: the names, by which others come to the same group.
pub(super) fn purpose(models: &[&ReadModel]) -> String {
    if models.len() == read_model::ALL.len() {
        return "projections".to_owned();
    }
    let mut names: Vec<_> = models.iter().map(|model| model.name).collect();
    names.sort_unstable();
    names.join("+")
}

/// Feeds a read model in a group from now on, as long as the connection lasts; or names the group that does.
pub(super) async fn claim(
    connection: &mut PgConnection,
    name: &'static str,
    group: &str,
) -> Result<(), ConsumerError> {
    let taken_by = checkpoint::load(connection, name).await?.fed_by;
    if taken_by.as_deref() != Some(group) {
        if !lock(connection, LOCK, name).await? {
            return Err(other_group(taken_by));
        }
        checkpoint::feed_by(connection, name, group).await?;
        sqlx::query(SHARE).bind(name).execute(&mut *connection).await?;
        return Ok(());
    }
    // Another one may have taken it since.
    let is_shared = lock(connection, LOCK_SHARED, name).await?;
    let taken_by = checkpoint::load(connection, name).await?.fed_by;
    if is_shared && taken_by.as_deref() == Some(group) { Ok(()) } else { Err(other_group(taken_by)) }
}

async fn lock(
    connection: &mut PgConnection,
    statement: &'static str,
    name: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(statement).bind(name).fetch_one(connection).await
}

fn other_group(group: Option<String>) -> ConsumerError {
    ConsumerError::OtherGroup(group.unwrap_or_else(|| "that is just coming".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &str) -> String {
        purpose(&crate::chosen(names.split(',')).expect("they are there").0)
    }

    #[test]
    fn the_same_read_models_are_the_same_group_however_they_are_written() {
        assert_eq!(of("loans"), "loans");
        assert_eq!(of("loans,journal"), "journal+loans");
        assert_eq!(of("journal,loans,journal"), "journal+loans");
        assert_eq!(of(&crate::NAMES.join(",")), "projections");
    }

    #[test]
    fn the_name_of_a_group_stays_readable() {
        let longest = crate::NAMES.into_iter().filter(|name| *name != "loans").collect::<Vec<_>>();
        assert!(of(&longest.join(",")).len() < 100, "Kafka takes it, and so does a person");
    }
}
