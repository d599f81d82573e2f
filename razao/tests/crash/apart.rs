//! `razao serve` with each role as a process of its own, against one Kafka and one Postgres: any of them is killed, also
//! those two. Who watches over processes starts what was killed again.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use event_store::Log;
use fastrand::Rng;
use futures::TryStreamExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use projections::ReadModelDigest;
use razao::client::Client;
use razao::embedded_postgres::{EmbeddedPostgres, Settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::broker::Broker;
use crate::checks::{check_books, check_log, check_resending, times_by_key, whole_log};
use crate::load::{Load, Sent, TODAY, until_accepting};
use crate::reading::Reading;
use crate::relay::{Relay, Relays};
use crate::rounds_and_moments;
use crate::support::razao;

/// How long anything may take to be there again, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Each a process; of some there are two, so that one takes over from the other.
const ROLES: [&str; 7] =
    ["command-api", "query-api", "relay", "relay", "projections", "projections", "reactions"];
const SETTINGS: [(&str, &str); 4] = [
    ("RAZAO_TODAY", TODAY),
    ("RAZAO_LOG", "info"),
    ("RAZAO_KAFKA_SESSION_TIMEOUT_MS", "6000"),
    ("RAZAO_KAFKA_HEARTBEAT_INTERVAL_MS", "500"),
];

/// What may be killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Process(usize),
    Postgres,
    Broker,
}

struct Lender {
    // Before the database and the broker, so that nothing complains of them when a test fails.
    running: Vec<Relay>,
    processes: Relays,
    commands: watch::Sender<Client>,
    queries: Client,
    postgres: EmbeddedPostgres,
    broker: Broker,
    home: TempDir,
}

impl Lender {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (data, how) = (home.path().join("data"), Settings::from_environment());
        let postgres = EmbeddedPostgres::start(&data, how).await.unwrap();
        let mut broker = Broker::new().await;
        broker.start().await;
        let processes = Relays::at(postgres.url(), broker.address()).with(&SETTINGS);
        migrate(&postgres.url()).await;
        let (mut running, mut urls) = (Vec::new(), Vec::new());
        for role in ROLES {
            let (process, url) = start(&processes, role).await;
            running.push(process);
            urls.push(url);
        }
        let commands = watch::channel(Client::new(&urls[0])).0;
        Self { running, processes, commands, queries: Client::new(&urls[1]), postgres, broker, home }
    }

    /// Kills one of all, and sees that it is there again.
    async fn kill(&mut self, victim: Victim, round: u64) {
        match victim {
            Victim::Process(number) => {
                let role = ROLES[number];
                eprintln!("round {round}: kill -9 {role}");
                let process = self.running.remove(number);
                process.kill().await;
                let (process, url) = start(&self.processes, role).await;
                self.running.insert(number, process);
                match role {
                    "command-api" => _ = self.commands.send_replace(Client::new(&url)),
                    "query-api" => self.queries = Client::new(&url),
                    _ => {}
                }
            }
            Victim::Postgres => {
                eprintln!("round {round}: kill -9 Postgres");
                // One that is being started again was killed well enough already.
                if let Some(pid) = self.postgres.pid() {
                    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
                }
                let client = self.commands.borrow().clone();
                until_accepting(&client, round).await;
            }
            Victim::Broker => {
                eprintln!("round {round}: kill -9 the broker");
                self.broker.kill().await;
                self.broker.start().await;
            }
        }
    }

    /// Stops the last of them: the reactions, which append by themselves whenever a day is to be closed.
    async fn stop_reactions(&mut self) {
        assert_eq!(ROLES.last(), Some(&"reactions"));
        self.stop_processes(ROLES.len() - 1).await;
    }

    /// Stops those from one on.
    async fn stop_processes(&mut self, first: usize) {
        for process in self.running.drain(first..) {
            let (status, log) = process.stop().await;
            assert!(status.success(), "{status}:\n{log}");
        }
    }
}

/// Starts a process until it serves: it ends where the database is not there.
async fn start(processes: &Relays, role: &str) -> (Relay, String) {
    let patience = Instant::now() + PATIENCE;
    loop {
        let mut process = processes.start_roles(role, &[]);
        if let Some(url) = process.serves().await {
            return (process, url);
        }
        assert!(Instant::now() < patience, "{role} does not serve:\n{}", process.log());
        sleep(Duration::from_millis(200)).await;
    }
}

async fn migrate(database_url: &str) {
    let migrated = razao().args(["migrate", "--database-url", database_url]).stdin(Stdio::null()).output();
    let migrated = migrated.await.unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
}

/// All victims again and again, each time in another order.
fn victims(rounds: u64, rng: &mut Rng) -> Vec<Victim> {
    let mut victims = Vec::new();
    while victims.len() < usize::try_from(rounds).unwrap() {
        let mut all: Vec<_> = (0..ROLES.len()).map(Victim::Process).collect();
        all.extend([Victim::Postgres, Victim::Broker]);
        rng.shuffle(&mut all);
        victims.extend(all);
    }
    victims.truncate(usize::try_from(rounds).unwrap());
    victims
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_role_a_process_of_its_own_every_kill_is_survived_exactly_once() {
    let (rounds, mut rng) = rounds_and_moments(9);
    let mut lender = Lender::start().await;
    let client = lender.commands.borrow().clone();
    let load = Load::start(&client, &lender.commands.subscribe(), &mut rng, 2).await;
    for (round, victim) in (0..).zip(victims(rounds, &mut rng)) {
        sleep(Duration::from_millis(rng.u64(100..1500))).await; // the random moment
        lender.kill(victim, round).await;
    }
    sleep(Duration::from_millis(500)).await; // some more load after the last restart
    let sent = load.end().await;

    let client = lender.commands.borrow().clone();
    until_accepting(&client, rounds).await;
    until_executed(&lender.queries, &sent).await;
    check_log(&lender.queries, &sent).await;
    check_resending((&client, &lender.queries), &sent).await;
    lender.stop_reactions().await;
    let head = check_books(&lender.queries).await;
    let reading = Reading::of(&lender.broker.address(), &lender.processes.topic()).until_proven(head).await;
    assert_eq!(reading.events, head, "Kafka has the whole log");
    eprintln!("{} events in Kafka, {} of them sent again", reading.events, reading.repeats);

    let pool = PgPool::connect_with(lender.postgres.connect_options()).await.unwrap();
    let live = digests(&pool, head).await;
    lender.stop_processes(0).await;
    let log = Log::connect(&lender.postgres.connect_options()).await.unwrap();
    projections::rebuild_all(&pool, &log, |_, _| {}).await.unwrap();
    assert_eq!(digests(&pool, head).await, live, "as rebuilt from the log");
    assert_eq!(the_embedded_way(&lender, head).await, live, "as `razao up` makes it of the same book");
    pool.close().await;
    log.close().await;
    lender.postgres.stop().await.unwrap();
}

/// Waits until what was acknowledged as waiting in the queue is in the log.
async fn until_executed(queries: &Client, sent: &[Sent]) {
    let patience = Instant::now() + PATIENCE;
    loop {
        let log = whole_log(queries).await;
        let times: HashMap<&str, usize> = times_by_key(&log);
        let missing = sent.iter().find(|sent| sent.acknowledged && !times.contains_key(sent.key.as_str()));
        let Some(missing) = missing else { return };
        assert!(Instant::now() < patience, "never executed: {missing:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// All read models, once they hold the whole log.
async fn digests(pool: &PgPool, head: i64) -> Vec<ReadModelDigest> {
    let patience = Instant::now() + PATIENCE;
    loop {
        let mut digests = Vec::new();
        for name in projections::NAMES {
            digests.push(projections::digest(pool, name).await.unwrap());
        }
        if digests.iter().all(|digest| digest.position == head) {
            return digests;
        }
        assert!(Instant::now() < patience, "a read model does not come to event {head}: {digests:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// What `razao up` without Kafka makes of the same log in a database of its own.
async fn the_embedded_way(lender: &Lender, head: i64) -> Vec<ReadModelDigest> {
    let here = lender.postgres.connect_options();
    here.connect().await.unwrap().execute("create database embedded").await.unwrap();
    let there = here.clone().database("embedded");
    let url = lender.postgres.url().replacen("/razao?", "/embedded?", 1);
    migrate(&url).await;
    copy_log(&here, &there).await;
    let mut up = razao();
    up.args(["up", "--database-url", &url, "--listen", "127.0.0.1:0", "--today", TODAY, "--data-dir"]);
    up.arg(lender.home.path().join("embedded")).env("RAZAO_CLOSE_DAYS", "false");
    up.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut up = up.kill_on_drop(true).spawn().unwrap();
    let pool = PgPool::connect_with(there).await.unwrap();
    let digests = digests(&pool, head).await;
    up.kill().await.unwrap();
    pool.close().await;
    digests
}

async fn copy_log(from: &PgConnectOptions, to: &PgConnectOptions) {
    let mut from: PgConnection = from.connect().await.unwrap();
    let mut to: PgConnection = to.connect().await.unwrap();
    // As a restore does it, past the triggers.
    to.execute("set session_replication_role = replica; delete from event_head").await.unwrap();
    for table in ["events", "event_head"] {
        let mut copy = to.copy_in_raw(&format!("copy {table} from stdin (format binary)")).await.unwrap();
        let mut rows = from.copy_out_raw(&format!("copy {table} to stdout (format binary)")).await.unwrap();
        while let Some(part) = rows.try_next().await.unwrap() {
            copy.send(part).await.unwrap();
        }
        drop(rows);
        copy.finish().await.unwrap();
    }
}
