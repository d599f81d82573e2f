//! Anchors in a bucket: kept beside the sealer, checked by `razao verify`, and missed by nobody who seals.
//!
//! Needs a server that speaks S3: `scripts/with-postgres.sh scripts/with-s3.sh cargo test -p razao --test anchors`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use razao::client::Client;
use reactions::Bucket;
use serde_json::{Value, json};
use support::{Server, razao};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(60);

fn settings(url: &str) -> String {
    format!("audit_anchor_url = \"{url}\"\naudit_anchor_every_s = 0\naudit_seal_every_ms = 50\n")
}

/// A folder of its own for each test.
fn folder(name: &str) -> String {
    assert!(std::env::var("AWS_ENDPOINT_URL").is_ok(), "run this under scripts/with-s3.sh");
    format!("s3://anchors/{name}-{}", std::process::id())
}

/// One event more.
async fn post(client: &Client, number: u32) -> i64 {
    let lines = json!([
        {"account": "expenses:bank", "debit": "9.90"}, {"account": "assets:cash", "credit": "9.90"}
    ]);
    let entry = json!({"on": "2026-03-02", "description": "bank fee", "lines": lines});
    client.command("/v1/entries", &format!("entry-{number}"), &entry).await.unwrap().position
}

async fn until<T>(what: &str, found: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("no {what} within a minute"))
}

/// Waits until an anchor of so many events, or more, is in the bucket.
async fn anchored(bucket: &Bucket, position: i64) -> Vec<(String, String)> {
    until("anchor", async || {
        let all = bucket.all().await.unwrap();
        let last = all.last()?.0.rsplit('/').next()?.parse::<i64>().ok()?;
        (last >= position).then_some(all)
    })
    .await
}

async fn metric(server: &Server, name: &str) -> Option<f64> {
    let metrics = reqwest::get(format!("{}/metrics", server.address())).await.ok()?.text().await.ok()?;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Waits until so many events are sealed.
async fn sealed(server: &Server, position: i64) {
    until("seal", async || {
        let checkpoint = reqwest::get(format!("{}/v1/audit/checkpoint", server.address())).await.ok()?;
        let size: i64 = checkpoint.text().await.ok()?.lines().nth(1)?.parse().ok()?;
        (size >= position).then_some(())
    })
    .await;
}

async fn verify(server: &Server, anchor: &str) -> (i32, Vec<Value>, String) {
    let data_dir = server.data_dir();
    let mut command = razao();
    command.args(["verify", "--sample", "0", "--anchor", anchor, "--data-dir"]).arg(data_dir);
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let faults = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), faults, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_are_kept_in_a_bucket_and_contradict_a_log_that_lost_something() {
    let url = folder("kept");
    let mut server = Server::on(Some("2026-04-10")).with_settings(&settings(&url));
    let client = server.start().await;
    let first = post(&client, 1).await;
    let bucket = Bucket::parse(&url).unwrap();
    anchored(&bucket, first).await;
    let second = post(&client, 2).await;
    let all = anchored(&bucket, second).await;
    assert!(all.len() >= 2 && all.is_sorted(), "{all:?}");
    assert!(metric(&server, "razao_anchored_position{place=\"s3\"} ").await >= Some(2.0));
    assert_eq!(verify(&server, &url).await.0, 0);
    // Started again, the sealer finds what it put there, and goes on.
    server.stop().await;
    let client = server.start().await;
    let third = post(&client, 3).await;
    anchored(&bucket, third).await;
    server.stop().await;

    // The data of before, as a backup that was restored has it: another log that begins with the same key.
    let mut restored = Server::on(Some("2026-04-10")).with_settings(&settings(&url));
    std::fs::create_dir_all(restored.data_dir()).unwrap();
    let keys = restored.data_dir().join("audit-keys");
    std::fs::create_dir_all(&keys).unwrap();
    for key in std::fs::read_dir(server.data_dir().join("audit-keys")).unwrap() {
        let key = key.unwrap();
        std::fs::copy(key.path(), keys.join(key.file_name())).unwrap();
    }
    let client = restored.start().await;
    post(&client, 1).await;
    until("contradiction", async || {
        (metric(&restored, "razao_sealer_stopped ").await == Some(1.0)).then_some(())
    })
    .await;
    assert!(restored.log().contains("was the log restored?"), "{}", restored.log());
    let (code, faults, _) = verify(&restored, &url).await;
    assert_eq!(code, 1);
    assert!(faults.iter().any(|fault| fault["fault"] == "checkpoint_wrong"), "{faults:?}");
    restored.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_dead_or_slow_never_stops_sealing() {
    let url = folder("dead");
    // Takes every connection, and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((mut connection, _)) = silent.accept().await {
            taken.push(tokio::spawn(async move {
                let mut said = [0; 1024];
                while connection.read(&mut said).await.is_ok_and(|read| read > 0) {}
            }));
        }
    });
    let mut server = Server::on(Some("2026-04-10")).with_settings(&settings(&url));
    for endpoint in [endpoint.as_str(), "http://127.0.0.1:9"] {
        let client = server.start_with(&[("AWS_ENDPOINT_URL", endpoint)]).await;
        for number in 1..=3 {
            let position = post(&client, number).await;
            sealed(&server, position).await;
        }
        until("error in the metrics", async || {
            (metric(&server, "razao_anchor_errors_total{place=\"s3\"} ").await >= Some(1.0)).then_some(())
        })
        .await;
        server.stop().await;
    }
    // What was sealed meanwhile is kept once the bucket is back.
    server.start().await;
    let all = anchored(&Bucket::parse(&url).unwrap(), 3).await;
    assert_eq!(all.len(), 1, "only the last one: {all:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_is_refused_at_the_start() {
    let server = Server::on(None).with_settings(&settings("https://anchors.example"));
    let config = server.data_dir().with_file_name("razao.toml").display().to_string();
    let data_dir = server.data_dir().display().to_string();
    let up = ["up", "--data-dir", &data_dir, "--listen", "127.0.0.1:0", "--config", &config];
    let (code, why) = server.fail(&up).await;
    assert_eq!(code, 2, "{why}");
    assert!(why.contains("`https://anchors.example` is not s3://BUCKET"), "{why}");
    let (code, why) = server.fail(&["verify", "--anchor", "s3://", "--data-dir", &data_dir]).await;
    assert_eq!(code, 2, "{why}");
}
