//! The server's main process: starting it, waiting until it is ready, stopping it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{DATABASE, EmbeddedPostgresError, Settings, config};

const POLL: Duration = Duration::from_millis(20);
/// The server logs each question that comes too early.
const SLOWEST_POLL: Duration = Duration::from_secs(1);
const REPORT_EVERY: Duration = Duration::from_secs(10);
const LAST_PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_LOG: u64 = 16 * 1024 * 1024;
const LONGEST_TAIL: u64 = 4096;

/// All that a start of the server needs to know.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) layout: Layout,
    pub(super) binaries: Binaries,
    pub(super) account: Account,
    pub(super) settings: Settings,
}

impl Server {
    /// Starts the server, waits until it is ready, and makes the ledger's database if it is missing.
    pub(super) async fn launch(&self) -> Result<Postmaster, EmbeddedPostgresError> {
        let mut postmaster = self.spawn()?;
        let launched = async {
            self.wait_until_ready(&mut postmaster).await?;
            create_database(&self.layout.connect_options()).await.map_err(EmbeddedPostgresError::Database)
        };
        if let Err(error) = launched.await {
            postmaster.stop(self.settings.stop_timeout).await;
            return Err(error);
        }
        Ok(postmaster)
    }

    /// Only starts the process.
    pub(super) fn spawn(&self) -> Result<Postmaster, EmbeddedPostgresError> {
        let unopened = EmbeddedPostgresError::io("open", &self.layout.log);
        self.trim_log();
        let (log, log_start, output) = self.open_log().map_err(unopened)?;

        let program = self.binaries.postgres();
        let mut command = Command::from(self.account.command(&program));
        command.args(config::promises(&self.layout)).envs(config::ALLOCATION).current_dir("/");
        command.stdin(Stdio::null()).stdout(output).stderr(log);
        // Ctrl-C goes to the terminal's process group; the server must outlive razao's last transactions.
        command.process_group(0);
        let child = command.spawn().map_err(EmbeddedPostgresError::io("run", &program))?;
        let pid = child.id().expect("a child that was not waited for has an id");
        Ok(Postmaster { child, pid, log_start })
    }

    /// A server that says that it is recovering is waited for as long as it says so.
    pub(super) async fn wait_until_ready(
        &self,
        postmaster: &mut Postmaster,
    ) -> Result<(), EmbeddedPostgresError> {
        let options = self.layout.connect_options().database("postgres");
        let patience = self.settings.start_timeout;
        let mut poll = POLL;
        let (mut heard, mut reported) = (Instant::now(), Instant::now());
        loop {
            if let Some(status) = postmaster.exited() {
                let (log, tail) = (self.layout.log.clone(), self.log_tail(postmaster.log_start));
                return Err(EmbeddedPostgresError::Exited { status, log, tail });
            }
            match answer(&options).await {
                Answer::Ready => return Ok(()),
                Answer::Refused(error) => return Err(EmbeddedPostgresError::Database(error)),
                Answer::NotYet => {
                    heard = Instant::now();
                    poll = (poll * 3 / 2).min(SLOWEST_POLL);
                }
                Answer::Silence(source) if heard.elapsed() > patience => {
                    let (log, tail) = (self.layout.log.clone(), self.log_tail(postmaster.log_start));
                    return Err(EmbeddedPostgresError::NotReady { waited: patience, log, tail, source });
                }
                Answer::Silence(_) => {}
            }
            if reported.elapsed() > REPORT_EVERY {
                reported = Instant::now();
                info!(log = %self.layout.log.display(), "PostgreSQL is still starting or recovering");
            }
            sleep(poll).await;
        }
    }

    /// Keeps one older log. The server holds the file open for appending, so it is copied and emptied in
    /// place.
    pub(super) fn trim_log(&self) {
        let log = &self.layout.log;
        if !log.metadata().is_ok_and(|metadata| metadata.len() > LARGEST_LOG) {
            return;
        }
        let emptied = std::fs::copy(log, log.with_extension("log.1"))
            .and_then(|_| OpenOptions::new().write(true).open(log)?.set_len(0));
        if let Err(error) = emptied {
            warn!(%error, log = %log.display(), "cannot trim PostgreSQL's log");
        }
    }

    /// The log twice, for the two streams of a child, and where its new messages will begin.
    fn open_log(&self) -> io::Result<(File, u64, File)> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
        let log = options.open(&self.layout.log)?;
        let end = log.metadata()?.len();
        let output = log.try_clone()?;
        Ok((log, end, output))
    }

    fn log_tail(&self, since: u64) -> String {
        read_tail(&self.layout.log, since).unwrap_or_else(|error| format!("(cannot be read: {error})"))
    }
}

/// The running main process. Dropped while it runs, it is at least told to stop.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    pid: u32,
    log_start: u64,
}

impl Postmaster {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Until the process ends by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Fast shutdown; if that takes too long, without the last checkpoint, which the next start makes up for.
    pub(super) async fn stop(&mut self, patience: Duration) {
        if self.exited().is_some() {
            return;
        }
        let ladder =
            [(Signal::SIGINT, patience), (Signal::SIGQUIT, LAST_PATIENCE), (Signal::SIGKILL, LAST_PATIENCE)];
        for (signal, patience) in ladder {
            self.signal(signal);
            match timeout(patience, self.child.wait()).await {
                Ok(Ok(status)) => {
                    info!(pid = self.pid, %status, "the embedded PostgreSQL has stopped");
                    return;
                }
                Ok(Err(error)) => warn!(pid = self.pid, %error, "cannot wait for PostgreSQL to stop"),
                Err(_) => {
                    warn!(pid = self.pid, signal = signal.as_str(), "PostgreSQL does not stop; insisting");
                }
            }
        }
    }

    /// Does nothing once the process was waited for, as its number may be another's by then.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if self.exited().is_none() && self.child.id().is_some() {
            warn!(pid = self.pid, "leaving the embedded PostgreSQL to stop by itself");
            self.signal(Signal::SIGINT);
        }
    }
}

enum Answer {
    Ready,
    /// It lives, but is starting, recovering or stopping.
    NotYet,
    Silence(sqlx::Error),
    Refused(sqlx::Error),
}

async fn answer(options: &PgConnectOptions) -> Answer {
    const ATTEMPT: Duration = Duration::from_secs(5);
    let error = match timeout(ATTEMPT, options.connect()).await {
        Ok(Ok(connection)) => {
            // It has served its purpose; how it ends does not matter.
            let _ = connection.close().await;
            return Answer::Ready;
        }
        Ok(Err(error)) => error,
        Err(elapsed) => return Answer::Silence(sqlx::Error::Io(elapsed.into())),
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref() {
        // Sessions that came back faster than we looked have taken every place, so it is ready.
        Some("53300") => Answer::Ready,
        Some(code) if code.starts_with("57P") => Answer::NotYet,
        Some(_) => Answer::Refused(error),
        None => Answer::Silence(error),
    }
}

async fn create_database(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options.clone().database("postgres")).await?;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        connection.execute(format!("create database {DATABASE}").as_str()).await?;
    }
    connection.close().await
}

fn read_tail(log: &Path, since: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(since.min(end).max(end.saturating_sub(LONGEST_TAIL))))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).trim_end().to_owned())
}
