//! A relay as a process of its own.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{ConnectOptions, PgPool};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::support;

const PATIENCE: Duration = Duration::from_secs(60);

/// How to start relays of one topic.
pub(crate) struct Relays {
    home: TempDir,
    database_url: String,
    brokers: String,
    prefix: String,
    roles: &'static str,
    settings: Vec<(String, String)>,
}

pub(crate) struct Relay {
    process: Child,
    log: PathBuf,
}

impl Relays {
    /// Relays of the log in a database, to a topic that nobody else uses.
    pub(crate) fn of(pool: &PgPool, brokers: String) -> Self {
        Self::at(pool.connect_options().to_url_lossy().to_string(), brokers)
    }

    /// The same, of the database at an address.
    pub(crate) fn at(database_url: String, brokers: String) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            database_url,
            brokers,
            prefix: format!("test-{:016x}", fastrand::u64(..)),
            roles: "relay",
            settings: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, settings: &[(&str, &str)]) -> Self {
        let owned = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.settings.extend(owned);
        self
    }

    pub(crate) fn with_roles(self, roles: &'static str) -> Self {
        Self { roles, ..self }
    }

    pub(crate) fn topic(&self) -> String {
        format!("{}.events", self.prefix)
    }

    /// Starts one, its log in a file.
    pub(crate) fn start(&self) -> Relay {
        self.spawn(self.command())
    }

    /// Starts one and waits until it leads.
    pub(crate) async fn lead(&self) -> Relay {
        let mut relay = self.start();
        relay.says("leading: sending from here on").await;
        relay
    }

    /// Runs one that ends by itself: its exit code, and what it said.
    pub(crate) async fn fail(&self) -> (Option<i32>, String) {
        let running = self.command().stderr(Stdio::piped()).output();
        let output = tokio::time::timeout(PATIENCE, running).await.expect("it ends by itself").unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What `razao projections` prints.
    pub(crate) async fn projections(&self) -> serde_json::Value {
        let mut command = support::razao();
        let command = command.args(["projections", "--database-url", &self.database_url]);
        let output = command.stdin(Stdio::null()).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Starts a process with other roles and more settings, its log in a file.
    pub(crate) fn start_roles(&self, roles: &str, settings: &[(&str, &str)]) -> Relay {
        let mut command = self.command_for(roles);
        command.args(["--kafka", &self.brokers]).envs(settings.iter().copied());
        self.spawn(command)
    }

    /// The same without Kafka.
    pub(crate) fn start_without_kafka(&self, roles: &str) -> Relay {
        self.spawn(self.command_for(roles))
    }

    fn spawn(&self, mut command: Command) -> Relay {
        let log = self.home.path().join(format!("{:016x}.log", fastrand::u64(..)));
        let process = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
        Relay { process, log }
    }

    fn command(&self) -> Command {
        let mut command = self.command_for(self.roles);
        command.args(["--kafka", &self.brokers]);
        command
    }

    fn command_for(&self, roles: &str) -> Command {
        let mut command = support::razao();
        command.args(["serve", "--roles", roles, "--listen", "127.0.0.1:0"]);
        command.args(["--database-url", &self.database_url]);
        command.env("RAZAO_KAFKA_TOPIC_PREFIX", &self.prefix);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command
    }
}

impl Relay {
    /// Waits until it logs something.
    pub(crate) async fn says(&mut self, text: &str) {
        self.until(|log| log.contains(text)).await;
    }

    /// Waits until its log is as is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&str) -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !wanted(&self.log()) {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}:\n{}", self.log());
            assert!(Instant::now() < patience, "it never says what is waited for:\n{}", self.log());
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Where it answers, as its log says.
    pub(crate) async fn url(&mut self) -> String {
        let url = self.serves().await;
        url.unwrap_or_else(|| panic!("it ended:\n{}", self.log()))
    }

    /// Where it answers, as soon as it does; `None` when it ended before.
    pub(crate) async fn serves(&mut self) -> Option<String> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some((_, rest)) = log.split_once("\"address\":\"") {
                return rest.split('"').next().map(str::to_owned);
            }
            if self.process.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < patience, "it does not serve:\n{log}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> (ExitStatus, String) {
        self.signal(Signal::SIGTERM);
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        (ended.expect("it ends").unwrap(), self.log())
    }
}
