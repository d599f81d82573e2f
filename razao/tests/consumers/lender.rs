//! A lender whose read models are fed by Kafka: commands come in, processes come and go.

use std::time::Duration;

use event_store::Log;
use projections::{ProjectionStatus, ReadModelDigest};
use razao::demo::{self, DemoArgs};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::brokers;
use crate::relay::{Relay, Relays};

/// How long the read models may take to catch up, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// One that is killed is missed after so long.
const SESSION: [(&str, &str); 2] =
    [("RAZAO_KAFKA_SESSION_TIMEOUT_MS", "6000"), ("RAZAO_KAFKA_HEARTBEAT_INTERVAL_MS", "500")];

pub(crate) struct Lender {
    pub(crate) pool: PgPool,
    pub(crate) log: Log,
    processes: Relays,
}

/// Tables that the demo leaves empty: it closes no period, and nobody has limits.
const UNUSED: [&str; 4] = ["periods", "limits", "policies", "proposals"];

impl Lender {
    pub(crate) async fn on(pool: &PgPool) -> Self {
        Self::at(pool, brokers()).await
    }

    /// With a Kafka of its own.
    pub(crate) async fn at(pool: &PgPool, brokers: String) -> Self {
        let options = (*pool.connect_options()).clone();
        Log::migrate(&options).await.unwrap();
        projections::migrate(pool).await.unwrap();
        reactions::migrate(&options).await.unwrap();
        let log = Log::connect(&options).await.unwrap();
        let processes = Relays::of(pool, brokers).with(&SESSION);
        Self { pool: pool.clone(), log, processes }
    }

    pub(crate) fn topic(&self) -> String {
        self.processes.topic()
    }

    /// Starts a process with some roles.
    pub(crate) fn start(&self, roles: &str) -> Relay {
        self.start_with(roles, &[])
    }

    pub(crate) fn start_with(&self, roles: &str, settings: &[(&str, &str)]) -> Relay {
        self.processes.start_roles(roles, settings)
    }

    /// Starts one that does not know of Kafka.
    pub(crate) fn start_on_the_log(&self, roles: &str) -> Relay {
        self.processes.start_without_kafka(roles)
    }

    /// Starts a process that takes commands, and posts a book to it.
    pub(crate) async fn post(&self, seed: u64, loans: u32) -> (Relay, JoinHandle<()>) {
        // The demo reads back what it posted, from wherever the read models are.
        let mut api = self.start_on_the_log("command-api,query-api");
        let args = DemoArgs { seed, ..DemoArgs::restaurants(api.url().await, loans, None) };
        let args = DemoArgs { connections: 4, ..args };
        (api, tokio::spawn(async move { demo::demo(args).await.unwrap() }))
    }

    pub(crate) async fn status(&self) -> Vec<ProjectionStatus> {
        projections::status(&self.pool, &self.log).await.unwrap()
    }

    /// Waits until the read models are as is wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&ProjectionStatus) -> bool) {
        let patience = Instant::now() + PATIENCE;
        loop {
            let status = self.status().await;
            if status.iter().all(&wanted) {
                return;
            }
            assert!(Instant::now() < patience, "not as wanted: {status:#?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn caught_up(&self) {
        self.until(|projection| projection.lag == 0).await;
    }

    pub(crate) async fn digests(&self) -> Vec<ReadModelDigest> {
        let mut digests = Vec::new();
        for name in projections::NAMES {
            digests.push(projections::digest(&self.pool, name).await.unwrap());
        }
        digests
    }

    /// Every read model, as Kafka fed it, equals what comes of projecting the whole log at once.
    pub(crate) async fn equals_its_rebuild(&self) {
        self.caught_up().await;
        let live = self.digests().await;
        let empty = live.iter().flat_map(|model| &model.tables).filter(|table| table.rows == 0);
        assert!(empty.map(|table| table.table).all(|table| UNUSED.contains(&table)), "{live:?}");
        projections::rebuild_all(&self.pool, &self.log, |_, _| {}).await.unwrap();
        assert_eq!(self.digests().await, live);
    }
}
