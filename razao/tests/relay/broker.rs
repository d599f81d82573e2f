//! A Kafka of one test's own, which can be killed, or run out of disk.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A Kafka of one test's own.
pub(crate) struct Broker {
    home: TempDir,
    port: String,
    process: Option<Child>,
    disk: Option<Disk>,
}

/// A file system of a given size, in a mount namespace of its own, which lives as long as this process does.
struct Disk(Child);

impl Broker {
    pub(crate) async fn new() -> Self {
        let port = Command::new(script("free-port.sh")).output().await.unwrap().stdout;
        let port = String::from_utf8(port).unwrap().trim().to_owned();
        Self { home: tempfile::tempdir().unwrap(), port, process: None, disk: None }
    }

    /// One whose disk has so many MiB. Needs the right to make a user namespace, or to be root.
    pub(crate) async fn on_a_disk_of(mebibytes: u32) -> Self {
        let mut broker = Self::new().await;
        let (data, mounted) = (broker.home.path().join("data"), broker.home.path().join("mounted"));
        std::fs::create_dir(&data).unwrap();
        let mount =
            format!("mount -t tmpfs -o size={mebibytes}m disk \"$1\" && touch \"$2\" && exec sleep infinity");
        let mut holder = Command::new("setpriv");
        holder.args(["--pdeathsig", "KILL", "unshare", "--user", "--map-root-user", "--mount"]);
        holder.args(["sh", "-c", &mount, "sh"]).arg(&data).arg(&mounted).stdin(Stdio::null());
        let mut holder = holder.kill_on_drop(true).spawn().unwrap();
        while !mounted.exists() {
            let ended = holder.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "no file system can be mounted: neither root nor allowed a user namespace"
            );
            sleep(Duration::from_millis(10)).await;
        }
        broker.disk = Some(Disk(holder));
        broker
    }

    /// Makes the disk larger.
    pub(crate) async fn make_room(&self, mebibytes: u32) {
        let mut mount = self.disk.as_ref().expect("a disk of its own").enter();
        mount.args(["mount", "-o", &format!("remount,size={mebibytes}m")]).arg(self.home.path().join("data"));
        assert!(mount.status().await.unwrap().success());
    }

    /// Waits until it ends by itself: what it had to say.
    pub(crate) async fn until_it_ends(&mut self) -> String {
        let ended = self.process.as_mut().expect("it runs").wait();
        let ended = tokio::time::timeout(Duration::from_secs(120), ended).await;
        let log = std::fs::read_to_string(self.home.path().join("log")).unwrap();
        ended.unwrap_or_else(|_| panic!("it does not end:\n{log}")).unwrap();
        self.process = None;
        log
    }

    pub(crate) async fn start(&mut self) {
        let log = self.home.path().join("log");
        let file = std::fs::File::create(&log).unwrap();
        // Dies with this process, whatever happens to it.
        let mut command =
            self.disk.as_ref().map_or_else(|| Command::new("setpriv"), Disk::enter_with_setpriv);
        command.args(["--pdeathsig", "KILL"]).arg(script("kafka.sh"));
        command.env("KAFKA_PORT", &self.port).env("KAFKA_DATA", self.home.path().join("data"));
        command
            .env_remove("KAFKA_TLS_PORT")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        self.process = Some(command.kill_on_drop(true).spawn().unwrap());
        let patience = Instant::now() + Duration::from_secs(120);
        while !std::fs::read_to_string(&log).unwrap().contains("Kafka Server started") {
            assert!(Instant::now() < patience, "{}", std::fs::read_to_string(&log).unwrap());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills it: a stop that nobody expects.
    pub(crate) async fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        let pid = i32::try_from(process.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        process.wait().await.unwrap();
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Disk {
    /// What runs a command where the disk is.
    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        let holder = self.0.id().expect("it runs").to_string();
        command.args(["--target", &holder, "--user", "--mount", "--preserve-credentials"]);
        command
    }

    fn enter_with_setpriv(&self) -> Command {
        let mut command = self.enter();
        command.arg("setpriv");
        command
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(name)
}
