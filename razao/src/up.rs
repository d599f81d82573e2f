//! `razao up`: everything in one process tree.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::databases::Addresses;
use crate::demo;
use crate::embedded_postgres::{self, EmbeddedPostgres};
use crate::failure::Failure;
use crate::identification;
use crate::keys;
use crate::roles::{self, Role};
use crate::server::Server;
use crate::settings::Settings;

/// The loans of the demo book that `--demo` loads.
const DEMO_LOANS: u32 = 300;

/// Starts the embedded Postgres unless a database is named, serves every role, and stops cleanly on a signal.
pub async fn up(settings: Settings, demo: bool) -> anyhow::Result<()> {
    let listening = Server::bind(settings.listen).await?.with_tls(settings.tls()?);
    std::fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("the data directory {} cannot be made", settings.data_dir.display()))?;
    let stop = roles::stop_on_signal(listening.tls().is_some());
    keys::make_first(&settings)?;
    let (postgres, addresses) = if settings.database_url.is_some() {
        (None, Addresses::of(&settings)?)
    } else {
        let how = embedded_postgres::Settings::from_environment();
        let postgres = EmbeddedPostgres::start(&settings.data_dir, how).await;
        let postgres =
            postgres.map_err(|error| Failure::Unreachable(format!("{:#}", anyhow::Error::from(error))))?;
        let log = postgres.connect_options();
        (Some(postgres), Addresses { read: log.clone(), log })
    };
    let served = serve(&settings, &addresses, demo, (listening, stop)).await;
    if let Some(postgres) = postgres {
        postgres.stop().await.context("the embedded PostgreSQL did not stop cleanly")?;
    }
    served
}

async fn serve(
    settings: &Settings,
    addresses: &Addresses,
    demo: bool,
    server_and_stop: (Server, CancellationToken),
) -> anyhow::Result<()> {
    addresses.migrate().await?;
    let databases = addresses.connect().await?;
    let first_time = databases.log.head().await?.position == 0;
    let address_file = settings.data_dir.join("razao.addr");
    let ready = |server: &Server| {
        announce(server, &address_file)?;
        if demo && first_time {
            let token = demo_token(settings)?;
            tokio::spawn(load_demo_book(server.url(), token));
        }
        Ok(())
    };
    let served = roles::run(settings, &Role::all(settings), databases, server_and_stop, ready).await;
    let _ = std::fs::remove_file(&address_file);
    served
}

/// Tells people and scripts where to go.
pub(crate) fn announce(server: &Server, address_file: &Path) -> anyhow::Result<()> {
    let url = server.url();
    write_whole(address_file, &url)?;
    tracing::info!(address = %url, "ready");
    eprintln!(
        "razao is ready\n  API        {url}/v1\n  documents  {url}/docs\n  health     {url}/health/ready"
    );
    Ok(())
}

/// Writes a file that is never seen half written.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text).with_context(|| format!("{} cannot be written", partial.display()))?;
    Ok(std::fs::rename(partial, path)?)
}

/// What posting the book needs, where the server asks even its own machine for a token.
fn demo_token(settings: &Settings) -> anyhow::Result<Option<String>> {
    if let Some(issuer) = &settings.oidc_issuer {
        return Err(Failure::WrongUsage(format!(
            "--demo: the server accepts tokens of {issuer} only; post the book with `razao demo --token TOKEN`"
        ))
        .into());
    }
    let lifetime = Duration::from_secs(60 * 60);
    let token = || identification::development_token(settings, "demo", &identity::Role::ALL, lifetime);
    Ok(settings.require_token.then(token).transpose()?)
}

async fn load_demo_book(url: String, token: Option<String>) {
    let args = demo::DemoArgs::restaurants(url, DEMO_LOANS, token);
    if let Err(error) = demo::demo(args).await {
        tracing::error!(%error, "the demo book was not loaded whole; `razao demo` goes on where it stopped");
    }
}
