//! The embedded PostgreSQL against the real one: what survives, who gets in, what is refused.
#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not their helpers")]

mod crashes;
mod refusals;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid, getpgid};
use razao::embedded_postgres::{EmbeddedPostgres, EmbeddedPostgresError, Settings, find_running};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory that does not exist yet, below one that only its owner may enter.
fn data_dir() -> (TempDir, PathBuf) {
    let above = private(&std::env::temp_dir());
    let data_dir = above.path().join("data");
    (above, data_dir)
}

fn private(parent: &Path) -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir_in(parent).unwrap()
}

async fn start(data_dir: &Path) -> EmbeddedPostgres {
    EmbeddedPostgres::start(data_dir, Settings::from_environment()).await.unwrap()
}

async fn refusal(data_dir: &Path, settings: Settings) -> EmbeddedPostgresError {
    EmbeddedPostgres::start(data_dir, settings).await.expect_err("the start should be refused")
}

/// Asks again until there is an answer.
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let answer = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

async fn connect(postgres: &EmbeddedPostgres) -> PgConnection {
    PgConnection::connect_with(&postgres.connect_options()).await.unwrap()
}

async fn book(options: &PgConnectOptions, amount: i64) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    connection.execute("create table if not exists payments (amount bigint)").await.unwrap();
    sqlx::query("insert into payments values ($1)").bind(amount).execute(&mut connection).await.unwrap();
}

async fn booked(connection: &mut PgConnection) -> Vec<i64> {
    sqlx::query_scalar("select amount from payments order by amount").fetch_all(connection).await.unwrap()
}

async fn shown(connection: &mut PgConnection, setting: &str) -> String {
    sqlx::query_scalar(&format!("show {setting}")).fetch_one(connection).await.unwrap()
}

fn pid_of(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap())
}

#[tokio::test]
async fn data_survives_a_stop_with_open_sessions_and_a_second_start() {
    let (_above, data_dir) = data_dir();
    let first = start(&data_dir).await;
    book(&first.connect_options(), 100).await;
    let open_session = connect(&first).await;
    let log = first.log_path().to_owned();
    assert!(find_running(&data_dir).is_some());

    first.stop().await.unwrap();
    drop(open_session);
    assert!(fs::read_to_string(&log).unwrap().trim_end().ends_with("database system is shut down"));
    assert!(find_running(&data_dir).is_none());

    let second = start(&data_dir).await;
    assert_eq!(booked(&mut connect(&second).await).await, [100]);
    second.stop().await.unwrap();
    assert!(!fs::read_to_string(&log).unwrap().contains("not properly shut down"));
}

#[tokio::test]
async fn durability_cannot_be_configured_away() {
    let (_above, data_dir) = data_dir();
    let first = start(&data_dir).await;
    let mut connection = connect(&first).await;
    for careless in
        ["fsync = off", "full_page_writes = off", "synchronous_commit = off", "listen_addresses = '*'"]
    {
        connection.execute(format!("alter system set {careless}").as_str()).await.unwrap();
    }
    connection.execute("alter system set work_mem = '5MB'").await.unwrap();
    first.stop().await.unwrap();

    let second = start(&data_dir).await;
    let mut connection = connect(&second).await;
    for durable in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums", "autovacuum"] {
        assert_eq!(shown(&mut connection, durable).await, "on", "{durable}");
    }
    assert_eq!(shown(&mut connection, "listen_addresses").await, "");
    for (setting, value) in [
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("max_wal_size", "4GB"),
        ("jit", "off"),
        ("work_mem", "5MB"),
    ] {
        assert_eq!(shown(&mut connection, setting).await, value, "{setting}");
    }
    second.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_unix_socket_leads_in_and_only_for_its_owner() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    let mode = |path: &str| data_dir.join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [mode("postgres"), mode("run"), mode("postgres.log"), mode("postgres.lock")],
        [0o700, 0o700, 0o600, 0o600]
    );

    // The sixth line names the TCP address that the server listens on.
    let pid_file = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    assert_eq!(pid_file.lines().nth(5), Some(""));

    let methods: Vec<String> = sqlx::query_scalar("select distinct auth_method from pg_hba_file_rules")
        .fetch_all(&mut connect(&postgres).await)
        .await
        .unwrap();
    assert_eq!(methods, ["peer"]);
    let url: PgConnectOptions = postgres.url().parse().unwrap();
    assert!(PgConnection::connect_with(&url).await.is_ok());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_terminals_interrupt_does_not_reach_the_server() {
    let (_above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    let pid = pid_of(postgres.pid().unwrap());
    assert_eq!(getpgid(Some(pid)), Ok(pid));
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_one_elsewhere() {
    let (above, _) = data_dir();
    let data_dir = above.path().join("long".repeat(20)).join("data with 'quotes' and spaces");
    let first = start(&data_dir).await;
    let url = first.url();
    assert!(url.contains("host=/tmp/razao-"), "{url}");
    book(&first.connect_options(), 100).await;
    first.stop().await.unwrap();

    let second = start(&data_dir).await;
    assert_eq!(second.url(), url);
    assert_eq!(booked(&mut connect(&second).await).await, [100]);
    second.stop().await.unwrap();
    fs::remove_dir(url.split(['=', '&']).nth(1).unwrap()).unwrap();
}

#[tokio::test]
async fn a_copy_restored_by_root_gets_its_owner_back() {
    if !geteuid().is_root() {
        return;
    }
    let (above, data_dir) = data_dir();
    let postgres = start(&data_dir).await;
    book(&postgres.connect_options(), 100).await;
    postgres.stop().await.unwrap();
    let copy = above.path().join("copy");
    assert!(Command::new("cp").args(["-r", "--"]).arg(&data_dir).arg(&copy).status().unwrap().success());

    let restored = start(&copy).await;
    assert_eq!(booked(&mut connect(&restored).await).await, [100]);
    restored.stop().await.unwrap();
}
