//! The private PostgreSQL that `razao up` runs under its data directory, from the binaries installed on this
//! machine.
//!
//! ```text
//! <data_dir>/postgres        the database cluster, owned by the user that runs the server
//! <data_dir>/postgres.log    what the server says
//! <data_dir>/postgres.lock   held by the one razao process that uses this directory
//! <data_dir>/run             the unix socket (under /tmp instead where that path is too long for a socket)
//! ```
//!
//! **Who gets in.** No TCP port, a unix socket in a directory of mode 0700, and `peer` authentication: the
//! kernel tells the server who is calling, and only the user that runs razao, and root, map to the database
//! role. So when root runs razao and `postgres` runs the server, root gets in, other users do not, and there
//! is no password to keep, to leak or to pay for at each connection.
//!
//! **One at a time.** An advisory lock, which the kernel drops however the process ends, guards the
//! directory. If a killed razao left its server running, the next one stops that server and starts its own
//! rather than adopting it: only a child can be waited for, and only a fresh start runs with the binaries and
//! settings of now.
//!
//! **If the server dies**, it is started again with a growing delay, once its last processes are gone, until
//! [`EmbeddedPostgres::stop`]. Committed data survives; open connections do not.

mod account;
mod binaries;
mod cluster;
mod config;
mod error;
mod layout;
mod leftovers;
mod postmaster;
mod reach;
mod supervisor;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::account::Account;
use self::binaries::Binaries;
pub use self::error::EmbeddedPostgresError;
use self::layout::{Layout, Lock};
use self::postmaster::Server;
use self::supervisor::Supervisor;

/// The oldest major version whose settings and behaviour we rely on.
const OLDEST_MAJOR: u32 = 15;
const DATABASE: &str = "razao";
const ROLE: &str = "razao";

/// How to run the server. The defaults suit; [`Settings::from_environment`] adds the operator's wishes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of `postgres` and `initdb`; searched for if unset.
    pub bin_dir: Option<PathBuf>,
    /// The user that runs the server when razao runs as root. If unset, the owner of the existing database,
    /// else `postgres`, else `nobody`.
    pub run_as: Option<String>,
    /// How long a server that says nothing is waited for. One that reports crash recovery gets the time it
    /// needs.
    pub start_timeout: Duration,
    /// How long the server may take to write its last checkpoint before it is stopped the hard way.
    pub stop_timeout: Duration,
    /// How many sessions it has at most.
    pub sessions: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        let (start_timeout, stop_timeout) = (minute, minute);
        Self { bin_dir: None, run_as: None, start_timeout, stop_timeout, sessions: 200 }
    }
}

impl Settings {
    /// The defaults with `RAZAO_POSTGRES_BIN` and `RAZAO_POSTGRES_USER`, where set and not empty.
    pub fn from_environment() -> Self {
        let setting = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            bin_dir: setting("RAZAO_POSTGRES_BIN").map(PathBuf::from),
            run_as: setting("RAZAO_POSTGRES_USER").map(|name| name.to_string_lossy().into_owned()),
            ..Self::default()
        }
    }
}

/// A running private server. Call [`stop`](Self::stop) when done; a mere drop asks the server to stop, but
/// nobody learns whether it did.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    layout: Layout,
    pid: watch::Receiver<Option<u32>>,
    stop: CancellationToken,
    supervisor: Option<JoinHandle<()>>,
}

impl EmbeddedPostgres {
    /// Starts the server of `data_dir`, making the directory and the database on first use, and returns once
    /// it accepts connections. From then on it is kept running until [`stop`](Self::stop).
    pub async fn start(data_dir: &Path, settings: Settings) -> Result<Self, EmbeddedPostgresError> {
        let data_dir = data_dir.to_owned();
        let prepared = tokio::task::spawn_blocking(move || prepare(&data_dir, settings)).await;
        let (server, lock) = prepared.map_err(EmbeddedPostgresError::Crashed)??;

        leftovers::clear(&server.layout, server.settings.stop_timeout).await?;
        let postmaster = server.launch().await?;
        info!(
            pid = postmaster.pid(),
            version = %server.binaries.version,
            data_dir = %server.layout.data_dir.display(),
            user = %server.account.name,
            "the embedded PostgreSQL accepts connections"
        );

        let layout = server.layout.clone();
        let stop = CancellationToken::new();
        let (report_pid, pid) = watch::channel(Some(postmaster.pid()));
        let supervisor = Supervisor::new(server, postmaster, stop.clone(), report_pid, lock);
        Ok(Self { layout, pid, stop, supervisor: Some(tokio::spawn(supervisor.run())) })
    }

    /// How to connect to the ledger's database. Stays true when the server is restarted.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.layout.connect_options().database(DATABASE)
    }

    /// How to connect to another database of the same server, which is made unless it is there.
    pub async fn database(&self, name: &str) -> Result<PgConnectOptions, sqlx::Error> {
        let mut connection = self.connect_options().connect().await?;
        let there = sqlx::query("select from pg_database where datname = $1").bind(name);
        if there.fetch_optional(&mut connection).await?.is_none() {
            // A name cannot be bound; doubled, no quote in it ends it.
            let quoted = name.replace('"', "\"\"");
            sqlx::raw_sql(&format!("create database \"{quoted}\"")).execute(&mut connection).await?;
            info!(database = name, "made a database");
        }
        connection.close().await?;
        Ok(self.layout.connect_options().database(name))
    }

    /// The same as a URL, for `psql` and for settings.
    pub fn url(&self) -> String {
        self.layout.url(DATABASE)
    }

    /// The server's main process, or none while it is being restarted.
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Where the server's own messages go.
    pub fn log_path(&self) -> &Path {
        &self.layout.log
    }

    /// Ends open sessions, writes a last checkpoint and waits until the server is gone.
    pub async fn stop(mut self) -> Result<(), EmbeddedPostgresError> {
        self.stop.cancel();
        match self.supervisor.take() {
            Some(supervisor) => supervisor.await.map_err(EmbeddedPostgresError::Crashed),
            None => Ok(()),
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        if self.supervisor.is_some() {
            // The supervisor lives on in the runtime and stops the server; if the runtime ends first,
            // dropping the supervisor still sends the signal.
            warn!(pid = self.pid(), "the embedded PostgreSQL was dropped without being stopped; stopping it");
            self.stop.cancel();
        }
    }
}

/// How to connect to the server that another razao process runs for `data_dir`, if one listens there now.
pub fn find_running(data_dir: &Path) -> Option<PgConnectOptions> {
    let layout = Layout::of_existing(data_dir).ok()?;
    std::os::unix::net::UnixStream::connect(layout.socket()).ok()?;
    Some(layout.connect_options().database(DATABASE))
}

/// All that must be in place before the server can be started. Blocks.
fn prepare(data_dir: &Path, settings: Settings) -> Result<(Server, Lock), EmbeddedPostgresError> {
    let layout = Layout::create(data_dir)?;
    let lock = layout.lock()?;
    let account = Account::choose(settings.run_as.as_deref(), &layout.cluster)?;
    let made_with = cluster::version(&layout.cluster)?;
    let binaries = Binaries::find(settings.bin_dir.as_deref(), made_with.as_deref(), &layout.cluster)?;
    reach::open_the_way(&account, &binaries, &layout.data_dir)?;
    cluster::remove_unfinished(&layout.data_dir)?;
    if made_with.is_none() {
        cluster::create(&layout, &binaries, &account)?;
    }
    let layout = layout.resolved()?;
    account.own_tree(&layout.cluster)?;
    layout.make_socket_dir(&account)?;
    config::write(&layout.cluster, &binaries, &account, settings.sessions)?;
    let server = Server { layout, binaries, account, settings };
    Ok((server, lock))
}
