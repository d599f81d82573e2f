//! `razao up` with several lenders: each has a database of its own in the private Postgres, unless it names another.

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::serve::{Servers, one, run};
use crate::databases::Addresses;
use crate::embedded_postgres::{self, EmbeddedPostgres};
use crate::failure::Failure;
use crate::keys;
use crate::roles::{Role, stop_on_signal};
use crate::server::Server;
use crate::settings::{Settings, Several};
use crate::up::announce;

/// How many sessions the private Postgres has for a lender.
const SESSIONS: u32 = 100;

/// Serves every role of every lender, and stops cleanly on a signal.
pub async fn up(several: Several, demo: bool) -> anyhow::Result<()> {
    if demo {
        let why =
            "--demo: with several lenders, post the book with `razao demo` to the one that is to have it";
        return Err(Failure::WrongUsage(why.to_owned()).into());
    }
    let servers = Servers::bind(&several).await?;
    for settings in [&*several.common].into_iter().chain(&several.lenders) {
        let folder = &settings.data_dir;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the data directory {} cannot be made", folder.display()))?;
    }
    let stop = stop_on_signal(several.common.tls_cert.is_some());
    for settings in &several.lenders {
        keys::make_first(settings)?;
    }
    let postgres = private_postgres(&several).await?;
    let served = with_databases(&several, postgres.as_ref(), (servers, stop)).await;
    if let Some(postgres) = postgres {
        postgres.stop().await.context("the embedded PostgreSQL did not stop cleanly")?;
    }
    served
}

/// The private Postgres, if a lender needs it.
async fn private_postgres(several: &Several) -> anyhow::Result<Option<EmbeddedPostgres>> {
    let wanting = several.lenders.iter().filter(|settings| settings.database_url.is_none()).count();
    if wanting == 0 {
        return Ok(None);
    }
    let how = embedded_postgres::Settings::from_environment();
    let sessions = SESSIONS.saturating_mul(u32::try_from(wanting).unwrap_or(u32::MAX)).max(how.sessions);
    let how = embedded_postgres::Settings { sessions, ..how };
    let postgres = EmbeddedPostgres::start(&several.common.data_dir, how).await;
    let postgres =
        postgres.map_err(|error| Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))))?;
    Ok(Some(postgres))
}

async fn with_databases(
    several: &Several,
    postgres: Option<&EmbeddedPostgres>,
    servers_and_stop: (Servers, CancellationToken),
) -> anyhow::Result<()> {
    let mut lenders = Vec::new();
    for settings in &several.lenders {
        let addresses = addresses(settings, postgres).await;
        let migrated = async {
            let addresses = addresses?;
            addresses.migrate().await?;
            Ok::<_, anyhow::Error>(addresses)
        };
        let addresses = migrated.await.with_context(|| format!("lender {}", one(settings).name))?;
        lenders.push((settings.clone(), addresses));
    }
    let address_file = several.common.data_dir.join("razao.addr");
    let ready = |server: &Server| announce(server, &address_file);
    let served = run(several, lenders, Role::all, servers_and_stop, ready).await;
    let _ = std::fs::remove_file(&address_file);
    served
}

/// Where a lender's databases are; in the private Postgres its own is made the first time.
async fn addresses(settings: &Settings, postgres: Option<&EmbeddedPostgres>) -> anyhow::Result<Addresses> {
    let (None, Some(postgres)) = (&settings.database_url, postgres) else { return Addresses::of(settings) };
    let log =
        postgres.database(&one(settings).private_database()).await.context("a database cannot be made")?;
    Ok(Addresses { read: log.clone(), log })
}
