//! Two lenders whose answers are kept in the same Redis, and somebody who copies them from one to the other there.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::book::Things;
use crate::deployment::{By, Deployment};

const ENTRIES: &str = "/v1/entries?limit=3";

/// A machine with too much to do does without its Redis for a while.
const PATIENCE: Duration = Duration::from_secs(120);

struct Redis {
    server: Child,
    port: String,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let server = started.expect("redis-server is there: scripts/install-dependencies.sh redis");
        let redis = Self { server, port };
        let patience = Instant::now() + PATIENCE;
        while !redis.run(&["ping"]).contains("PONG") {
            assert!(Instant::now() < patience, "the Redis does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        redis
    }

    fn run(&self, command: &[&str]) -> String {
        let said = Command::new("redis-cli").args(["-p", &self.port]).args(command).output().unwrap();
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// What is kept, by the log that it is of.
    fn keys(&self) -> Vec<String> {
        self.run(&["keys", "*"]).lines().map(str::to_owned).filter(|key| !key.is_empty()).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The log whose a key is, and the rest.
fn parts(key: &str) -> (&str, &str) {
    key.strip_prefix("razao:").and_then(|key| key.split_once(':')).unwrap_or_else(|| panic!("{key}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_one_redis_are_each_lenders_own_whoever_writes_to_it() {
    let redis = Redis::start();
    let common = format!("redis_url = \"redis://127.0.0.1:{}/\"\ncache_lifetime_s = 3600\n", redis.port);
    let deployment = Deployment::start_with(By::Claim, &common, "").await;
    let things = Things::nowhere();
    for lender in ["norte", "sul"] {
        for number in 0..3 {
            let mut entry = things.entry(None);
            entry["description"] = json!(format!("{lender} {number}"));
            deployment.post(lender, "/v1/entries", &entry).await;
        }
        deployment.settled(lender).await;
    }
    // Both ask the same of logs that end at the same position.
    let ask = async |lender: &str| {
        let answer = deployment.read(lender, ENTRIES).await;
        let items = answer["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 3);
        let is_own = |item: &Value| item["description"].as_str().unwrap().starts_with(lender);
        assert!(items.iter().all(is_own), "{lender} was answered {answer}");
    };
    let patience = Instant::now() + PATIENCE;
    while redis.keys().len() < 2 {
        assert!(Instant::now() < patience, "nothing is kept: {:?}", redis.keys());
        ask("norte").await;
        ask("sul").await;
    }
    let keys = redis.keys();
    let logs: std::collections::BTreeSet<&str> = keys.iter().map(|key| parts(key).0).collect();
    assert_eq!(logs.len(), 2, "{keys:?}");
    for _ in 0..3 {
        ask("norte").await;
        ask("sul").await;
    }
    // Every answer of either in the place of the other's, under its own name and under all of the other's.
    let is_noticed = async || {
        let metrics = deployment.operator("/metrics").await.text;
        metrics.lines().any(|line| line.starts_with("razao_cache_forged_total{"))
    };
    while !is_noticed().await {
        assert!(Instant::now() < patience, "nobody noticed: {keys:?}");
        for key in &keys {
            let (log, rest) = parts(key);
            let other = logs.iter().find(|other| **other != log).unwrap();
            redis.run(&["copy", key, &format!("razao:{other}:{rest}"), "replace"]);
            for other in keys.iter().filter(|other| parts(other).0 != log) {
                redis.run(&["copy", key, other, "replace"]);
            }
        }
        ask("norte").await;
        ask("sul").await;
    }
    deployment.stop().await;
}
