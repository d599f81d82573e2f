//! The server as a process of its own.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use crate::client::Client;

const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
    pub(super) client: Client,
    /// How long it took from its start until it was ready.
    pub(super) ready_after: Duration,
}

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) resident: u64,
    pub(super) most_resident: u64,
}

impl Server {
    /// Starts the roles on a database and waits until they are ready.
    pub(super) async fn serve(home: &Path, roles: &str, database_url: &str) -> anyhow::Result<Self> {
        Self::start(home, &["serve", "--roles", roles, "--database-url", database_url]).await
    }

    /// The same, with settings in the environment.
    pub(super) async fn serve_with(
        home: &Path,
        roles: &str,
        database_url: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let arguments = ["serve", "--roles", roles, "--database-url", database_url];
        Self::start_with(home, &arguments, settings).await
    }

    /// Starts this binary with `arguments`, on a port of its own, and waits until it is ready.
    pub(super) async fn start(home: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(home, arguments, &[]).await
    }

    async fn start_with(home: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let log = home.join("server.log");
        let mut command = razao()?;
        command.args(arguments).args(["--listen", &address.to_string()]).envs(settings.iter().copied());
        command.stdout(Stdio::null()).stderr(File::options().create(true).append(true).open(&log)?);
        let started = Instant::now();
        let mut process = command.kill_on_drop(true).spawn()?;
        let client = Client::new(&format!("http://{address}"));
        while !client.is_ready().await {
            if let Some(status) = process.try_wait()? {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("the server ended with {status}:\n{said}");
            }
            if started.elapsed() > PATIENCE {
                bail!("the server was not ready in {PATIENCE:?}: see {}", log.display());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { process, address, client, ready_after: started.elapsed() })
    }

    /// Waits until every read model has reached the head of the log; answers the position.
    pub(super) async fn caught_up(&self) -> anyhow::Result<i64> {
        self.caught_up_showing(|_| {}).await
    }

    /// The same, telling the least position again and again.
    pub(super) async fn caught_up_showing(&self, shown: impl Fn(i64)) -> anyhow::Result<i64> {
        loop {
            let read = self.client.read("/v1/projections", None).await?;
            let items = read["items"].as_array().context("`/v1/projections` lists no projection")?;
            let lag = |item: &serde_json::Value| item["lag"].as_i64();
            let positions = items.iter().filter_map(|item| item["position"].as_i64());
            let position = positions.min().context("a projection has a position")?;
            shown(position);
            if items.iter().all(|item| lag(item) == Some(0)) {
                return Ok(position);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) fn memory(&self) -> anyhow::Result<Memory> {
        let pid = self.process.id().context("the server runs")?;
        memory_of(pid)
    }

    /// Asks it to stop and waits until it has.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.process.id().context("the server runs")?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM)?;
        let status = self.process.wait().await?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// The memory of a process by its id.
pub(super) fn memory_of(pid: u32) -> anyhow::Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kibibytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    };
    let bytes = |name| kibibytes(name).map(|kibibytes| kibibytes * 1024).context("the kernel tells memory");
    Ok(Memory { resident: bytes("VmRSS:")?, most_resident: bytes("VmHWM:")? })
}

/// This binary, without the settings of the environment.
pub(super) fn razao() -> anyhow::Result<Command> {
    let binary: PathBuf = std::env::current_exe()?;
    let mut command = Command::new(binary);
    let settings = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in settings.filter(|name| name.starts_with("RAZAO_") && !name.starts_with("RAZAO_POSTGRES_")) {
        command.env_remove(name);
    }
    // A day that closes by itself is none of what is measured.
    command.env("RAZAO_CLOSE_DAYS", "false");
    command.env("RAZAO_LOG", "warn").stdin(Stdio::null());
    Ok(command)
}

/// An address on which nobody listens now.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
