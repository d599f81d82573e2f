//! Servers and workers as processes of their own, on one database.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use razao::client::Client;
use sqlx::{ConnectOptions, PgPool};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{Instant, sleep};

use crate::support;

const PATIENCE: Duration = Duration::from_secs(60);
const TODAY: &str = "2026-03-02";

/// How to start processes on one database, with a queue that nobody else uses.
pub(crate) struct Processes {
    home: TempDir,
    database_url: String,
    kafka: Option<String>,
    prefix: String,
}

pub(crate) struct Process {
    process: Child,
    log: PathBuf,
}

impl Processes {
    /// In a database that is brought up to date for them. The queue is in Kafka where there are brokers.
    pub(crate) async fn on(pool: &PgPool, kafka: Option<String>) -> Self {
        let processes = Self {
            home: tempfile::tempdir().unwrap(),
            database_url: pool.connect_options().to_url_lossy().to_string(),
            kafka,
            prefix: format!("test-{:016x}", fastrand::u64(..)),
        };
        let mut migrate = support::razao();
        migrate.args(["migrate", "--database-url", &processes.database_url]);
        let migrated = migrate.stdin(Stdio::null()).output().await.unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        processes
    }

    pub(crate) fn topic(&self) -> String {
        format!("{}.commands", self.prefix)
    }

    /// Starts one and waits until it serves.
    pub(crate) async fn start(&self, roles: &str) -> Process {
        let log = self.home.path().join(format!("{:016x}.log", fastrand::u64(..)));
        let mut command = support::razao();
        command.args(["serve", "--roles", roles, "--listen", "127.0.0.1:0", "--today", TODAY]);
        command.args(["--database-url", &self.database_url]);
        command.env("RAZAO_CLOSE_DAYS", "false").env("RAZAO_KAFKA_TOPIC_PREFIX", &self.prefix);
        command.env("RAZAO_KAFKA_SESSION_TIMEOUT_MS", "6000");
        if let Some(brokers) = &self.kafka {
            command.args(["--kafka", brokers]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let mut process = Process { process: command.kill_on_drop(true).spawn().unwrap(), log };
        process.url().await;
        process
    }
}

impl Process {
    /// Where it answers, as its log says.
    pub(crate) async fn url(&mut self) -> String {
        let patience = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some((_, rest)) = log.split_once("\"address\":\"") {
                return rest.split('"').next().unwrap().to_owned();
            }
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}:\n{log}");
            assert!(Instant::now() < patience, "it does not serve:\n{log}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn client(&mut self) -> Client {
        Client::new(&self.url().await)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Kills it as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let pid = self.process.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = ended.expect("it ends").unwrap();
        assert!(status.success(), "{status}:\n{}", self.log());
    }
}
