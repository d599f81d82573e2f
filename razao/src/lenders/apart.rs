//! What two lenders must not share, and only those know who reached it: settings may name one thing in two ways.

use std::path::PathBuf;

use audit::keys::{Keys, KeysError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::databases::{Addresses, Databases};
use crate::failure::Failure;
use crate::keys;
use crate::settings::Settings;

/// A database is one of a server's system, by whatever name it is reached.
const DATABASE: &str = "select system_identifier || '/' || d.oid from pg_control_system(), pg_database d \
    where d.datname = current_database()";

/// What a lender has, with what it is called in words.
pub(super) struct Own {
    name: String,
    things: Vec<(&'static str, String)>,
    folders: Vec<(&'static str, PathBuf)>,
}

impl Own {
    /// What the lender of these settings has. Its databases were reached.
    pub(super) async fn of(
        settings: &Settings,
        addresses: &Addresses,
        databases: &Databases,
    ) -> anyhow::Result<Self> {
        let name = settings.lender.as_ref().map(|lender| lender.name.clone()).unwrap_or_default();
        let mut things = vec![("the log (by its id)", databases.log.id().await?.to_string())];
        for options in [&addresses.log, &addresses.read] {
            if let Some(database) = database(options).await {
                things.push(("a database", database));
            }
        }
        match Keys::load(&settings.audit_keys()) {
            Ok(keys) => {
                things.push(("the name in the keys of audit_keys", keys.origin()));
                let keys = keys.verifiers();
                things.extend(keys.iter().map(|key| ("a key of audit_keys", key.to_string())));
            }
            // Who does not seal needs none.
            Err(KeysError::None(_)) => {}
            Err(error) => return Err(Failure::WrongUsage(keys::in_words(&error)).into()),
        }
        let audit_keys = settings.audit_keys();
        let folders = [
            ("data_dir", Some(&settings.data_dir)),
            ("audit_keys", Some(&audit_keys)),
            ("snapshot_dir", settings.snapshot_dir.as_ref()),
        ];
        // Links are followed. What is not there yet is in no other's place.
        let folders =
            folders.into_iter().filter_map(|(setting, folder)| Some((setting, folder?.canonicalize().ok()?)));
        Ok(Self { name, things, folders: folders.collect() })
    }
}

/// Refuses two lenders that have something in common.
pub(super) fn check(lenders: &[Own]) -> Result<(), Failure> {
    for (at, one) in lenders.iter().enumerate() {
        for other in &lenders[at + 1..] {
            let thing = one.things.iter().find(|thing| other.things.contains(thing));
            let is_shared = |(_, folder): &&(&'static str, PathBuf)| {
                other
                    .folders
                    .iter()
                    .any(|(_, others)| others.starts_with(folder) || folder.starts_with(others))
            };
            let shared = thing.map(|(what, _)| *what);
            let shared = shared.or_else(|| one.folders.iter().find(is_shared).map(|(setting, _)| *setting));
            if let Some(what) = shared {
                return Err(Failure::WrongUsage(format!(
                    "the lenders {} and {} share {what}: each needs its own",
                    one.name, other.name
                )));
            }
        }
    }
    Ok(())
}

/// Which database it is, where its login may know.
async fn database(options: &PgConnectOptions) -> Option<String> {
    let found = async {
        let mut connection = options.connect().await?;
        let (database,): (String,) = sqlx::query_as(DATABASE).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(database)
    };
    match found.await {
        Ok(database) => Some(database),
        Err(error) => {
            tracing::warn!(%error, "a database does not say which it is; it is told from others by its log alone");
            None
        }
    }
}
