//! A streaming replica of the server that the tests run on, and a Redis: processes that tests may end as they like.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that is removed in the end. Short and open to the user that runs Postgres.
struct Folder(PathBuf);

impl Folder {
    fn new(what: &str) -> Self {
        let path = PathBuf::from(format!("/tmp/razao-{what}.{:016x}", uuid::Uuid::new_v4().as_u64_pair().0));
        std::fs::create_dir(&path).expect("a folder under /tmp");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Standby {
    server: Option<Child>,
    programs: PathBuf,
    folder: Folder,
    port: u16,
    database: PgConnectOptions,
}

pub(crate) struct Redis {
    server: Option<Child>,
    folder: Folder,
    port: u16,
}

impl Standby {
    /// Copies the server and follows it; seen as the database of `pool`.
    pub(crate) async fn of(pool: &PgPool) -> Self {
        let found = output(&mut Command::new("../scripts/find-postgres.sh"));
        let programs = PathBuf::from(String::from_utf8(found.stdout).expect("a path").trim());
        let folder = Folder::new("standby");
        let primary = std::env::var("DATABASE_URL").expect("scripts/with-postgres.sh sets DATABASE_URL");
        let mut copy = Command::new(programs.join("pg_basebackup"));
        copy.arg("-D").arg(folder.0.join("data")).args([
            "-R",
            "-X",
            "stream",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        output(copy.arg("-d").arg(primary));
        if is_root() {
            output(Command::new("chown").args(["-R", USER]).arg(&folder.0));
        }
        let port = free_port();
        let database = (*pool.connect_options()).clone().port(port);
        let mut standby = Self { server: None, programs, folder, port, database };
        standby.start().await;
        standby
    }

    pub(crate) async fn start(&mut self) {
        let mut command = dropping(&self.programs.join("postgres"));
        command.arg("-D").arg(self.folder.0.join("data")).current_dir(&self.folder.0);
        for setting in [
            format!("port={}", self.port),
            format!("unix_socket_directories={}", self.folder.0.display()),
            "listen_addresses=127.0.0.1".to_owned(),
            // A replica needs room for as many as its primary.
            "max_connections=300".to_owned(),
            "fsync=off".to_owned(),
        ] {
            command.args(["-c", &setting]);
        }
        self.server = Some(
            command
                .stdin(Stdio::null())
                .stderr(File::create(self.said()).expect("a file"))
                .spawn()
                .expect("it starts"),
        );
        let begin = Instant::now();
        while PgConnection::connect_with(&self.database).await.is_err() {
            let said = || std::fs::read_to_string(self.said()).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "the replica does not come up: {}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn said(&self) -> PathBuf {
        self.folder.0.join("log")
    }

    pub(crate) const fn options(&self) -> &PgConnectOptions {
        &self.database
    }

    /// Runs a statement on the replica itself.
    pub(crate) async fn run(&self, statement: &str) {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(self.database.clone())
            .await
            .expect("it is there");
        sqlx::query(statement).execute(&pool).await.expect("the statement is right");
        pool.close().await;
    }

    /// As a power cut would. Its backends end with it.
    pub(crate) fn kill(&mut self) {
        end(&mut self.server);
    }

    /// Stops or continues every process of it.
    pub(crate) fn signal(&self, signal: &str) {
        let server = self.server.as_ref().expect("it runs").id().to_string();
        let children = Command::new("pgrep").args(["-P", &server]).output().expect("pgrep is there");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        output(Command::new("kill").arg(format!("-{signal}")).arg(&server).args(children.split_whitespace()));
    }
}

impl Redis {
    pub(crate) fn start() -> Self {
        let mut redis = Self { server: None, folder: Folder::new("redis"), port: free_port() };
        redis.again(&[]);
        redis
    }

    /// Starts it, empty, on the same port.
    pub(crate) fn again(&mut self, settings: &[&str]) {
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &self.port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--daemonize",
            "no",
        ]);
        command.arg("--dir").arg(&self.folder.0).args(settings);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.server = Some(started.expect("redis-server is there: scripts/install-dependencies.sh redis"));
        let begin = Instant::now();
        while !self.try_run(&["ping"]).is_some_and(|said| said.contains("PONG")) {
            assert!(begin.elapsed() < PATIENCE, "the Redis does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn run(&self, command: &[&str]) -> String {
        self.try_run(command).expect("the Redis answers")
    }

    fn try_run(&self, command: &[&str]) -> Option<String> {
        let said = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command).output();
        let said = said.expect("redis-cli comes with redis-server");
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
    }

    pub(crate) fn kill(&mut self) {
        end(&mut self.server);
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

const USER: &str = "postgres";

/// PostgreSQL refuses to run as root. Its life is tied to that of the test's.
fn dropping(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]);
    }
    command.arg(program);
    command
}

fn is_root() -> bool {
    String::from_utf8_lossy(&output(Command::new("id").arg("-u")).stdout).trim() == "0"
}

fn end(server: &mut Option<Child>) {
    if let Some(mut server) = server.take() {
        let _ = server.kill();
        let _ = server.wait();
    }
}

fn output(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}
