//! The real server as a process, with a private data directory, for tests from outside.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use razao::client::Client;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

const BINARY: &str = env!("CARGO_BIN_EXE_razao");
/// How long a server may take to be ready: a first start makes the database.
const PATIENCE: Duration = Duration::from_secs(120);

/// A data directory, and the server that uses it while one runs.
pub(crate) struct Server {
    home: TempDir,
    today: Option<&'static str>,
    process: Option<Child>,
}

impl Server {
    /// A server that was never started, with a booking day of one's choice.
    pub(crate) fn on(today: Option<&'static str>) -> Self {
        Self { home: tempfile::tempdir().expect("a temporary directory"), today, process: None }
    }

    /// The same, with a file of settings.
    pub(crate) fn with_settings(self, toml: &str) -> Self {
        std::fs::write(self.settings_file(), toml).expect("a file of settings");
        self
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Starts the server, its log beside its data, and waits until it is ready.
    pub(crate) async fn start(&mut self) -> Client {
        self.start_with(&[]).await
    }

    /// The same, with these in its environment.
    pub(crate) async fn start_with(&mut self, environment: &[(&str, &str)]) -> Client {
        self.start_on("127.0.0.1:0", environment).await
    }

    /// Starts the server where it was before, at an address such as `http://127.0.0.1:8080`.
    pub(crate) async fn start_at(&mut self, address: &str) -> Client {
        self.start_on(address.trim_start_matches("http://"), &[]).await
    }

    async fn start_on(&mut self, listen: &str, environment: &[(&str, &str)]) -> Client {
        let address = self.address_file();
        let _ = std::fs::remove_file(&address); // a killed server leaves it behind
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log file");
        let mut command = razao();
        command.envs(environment.iter().copied());
        command.arg("up").arg("--data-dir").arg(self.data_dir()).args(["--listen", listen]);
        let settings = self.settings_file();
        if settings.exists() {
            command.arg("--config").arg(settings);
        }
        if let Some(today) = self.today {
            command.args(["--today", today]);
        }
        let process =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true).spawn();
        self.process = Some(process.expect("the server's binary starts"));
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < patience {
            if let Some(client) = client_at(&address)
                && client.is_ready().await
            {
                return client;
            }
            if let Ok(Some(status)) = self.process.as_mut().expect("it was started").try_wait() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the server was not ready in {PATIENCE:?}:\n{}", self.log());
    }

    /// Kills the server as a power cut would, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.expect("the server was running");
        }
    }

    /// Kills the main process of the embedded Postgres.
    pub(crate) fn kill_postgres(&self) {
        let pid_file = self.data_dir().join("postgres/postmaster.pid");
        // Without the file it is being restarted, so it was killed well enough already.
        let Ok(text) = std::fs::read_to_string(pid_file) else { return };
        let pid: i32 = text.lines().next().and_then(|pid| pid.trim().parse().ok()).expect("a process id");
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.stop_by(Signal::SIGTERM).await;
    }

    /// The same by another signal.
    pub(crate) async fn stop_by(&mut self, signal: Signal) {
        let Some(mut process) = self.process.take() else { return };
        let pid = process.id().and_then(|pid| i32::try_from(pid).ok()).expect("the server runs");
        kill(Pid::from_raw(pid), signal).expect("the server runs");
        let ended = timeout(PATIENCE, process.wait()).await;
        let Ok(status) = ended else { panic!("the server did not end by {signal}:\n{}", self.log()) };
        let status = status.expect("the server ends");
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }

    /// Runs another command of the binary: what it prints. Fails the test unless it succeeds.
    pub(crate) async fn run(&self, arguments: &[impl AsRef<OsStr> + Debug]) -> String {
        let output = output(arguments).await;
        let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "razao {arguments:?}: {}\n{said}\n{log}", output.status);
        said.into_owned()
    }

    /// Runs a command that fails: its exit code and what it has to say.
    pub(crate) async fn fail(&self, arguments: &[impl AsRef<OsStr> + Debug]) -> (i32, String) {
        let output = output(arguments).await;
        assert!(!output.status.success(), "razao {arguments:?} succeeded");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().expect("it was not killed"), said)
    }

    pub(crate) fn address(&self) -> String {
        std::fs::read_to_string(self.address_file()).expect("a ready server").trim().to_owned()
    }

    /// The last of what the server logged.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(8000)..]).into_owned()
    }

    /// Where its settings are, if it has a file of them.
    pub(crate) fn settings_file(&self) -> PathBuf {
        self.home.path().join("razao.toml")
    }

    /// Where it logs.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.log_file()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("razao.log")
    }

    fn address_file(&self) -> PathBuf {
        self.data_dir().join("razao.addr")
    }
}

async fn output(arguments: &[impl AsRef<OsStr> + Debug]) -> Output {
    razao().args(arguments).stdin(Stdio::null()).output().await.expect("it starts")
}

/// The binary, without the settings of the environment: what is set for a test is none of the server's.
pub(crate) fn razao() -> Command {
    // Under `nohup` a server that inherits its parent's signals does not end by SIGHUP, as it should not.
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", BINARY]);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| name.starts_with("RAZAO_") && !name.starts_with("RAZAO_POSTGRES_")) {
        command.env_remove(name);
    }
    command
}

fn client_at(address: &Path) -> Option<Client> {
    let text = std::fs::read_to_string(address).ok()?;
    let address = text.trim();
    (!address.is_empty()).then(|| Client::new(address))
}
