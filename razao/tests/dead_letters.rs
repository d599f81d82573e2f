//! Dead letters on the real server, as an operator deals with them: whatever is killed meanwhile, a parked stream is
//! either as it was or taken up whole.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::process::Stdio;
use std::time::Duration;

use razao::client::Client;
use razao::embedded_postgres::find_running;
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, Postgres, Transaction};
use support::{Server, razao};
use tokio::process::Child;
use uuid::Uuid;

const TODAY: &str = "2026-03-02";
const LOAN: Uuid = Uuid::from_u128(7);

async fn lend(client: &Client) {
    let application = json!({
        "id": LOAN,
        "borrower": { "tax_id": "11222333000181", "name": "Cantina da Nonna Ltda" },
        "terms": {
            "principal": "1200.00", "currency": "BRL", "method": "price", "rate": { "value": "0.0199" },
            "day_count": "30/360", "installments": 12,
        },
    });
    client.command("/v1/loans", "apply", &application).await.unwrap();
    for step in ["approve", "disburse"] {
        client
            .command(&format!("/v1/loans/{LOAN}/{step}"), step, &json!({ "on": "2026-02-02" }))
            .await
            .unwrap();
    }
    for number in 1..=3 {
        repay(client, number).await;
    }
}

async fn repay(client: &Client, number: u32) {
    let body = json!({ "on": TODAY, "amount": "10.00" });
    client.command(&format!("/v1/loans/{LOAN}/repayments"), &format!("pay-{number}"), &body).await.unwrap();
}

async fn superuser(server: &Server) -> PgPool {
    PgPool::connect_with(find_running(&server.data_dir()).expect("the embedded Postgres runs")).await.unwrap()
}

async fn change(pool: &PgPool, position: i64, payload: &str) {
    let change = format!(
        "alter table events disable trigger only_append; \
         update events set payload = {payload} where position = {position}; \
         alter table events enable trigger only_append"
    );
    pool.execute(sqlx::raw_sql(&change)).await.unwrap();
}

/// What is parked, with what it has of it.
async fn parked(pool: &PgPool) -> Vec<(Uuid, i32, i64)> {
    let parked = "select s.id, s.attempts, (select count(*) from projections.parked_events) \
        from projections.parked_streams s order by s.id";
    sqlx::query_as(parked).fetch_all(pool).await.unwrap()
}

/// Waits until somebody waits for the table.
async fn until_blocked(pool: &PgPool) {
    let blocked = "select exists (select from pg_locks where not granted and relation = \
        'read_journal.journal_lines'::regclass)";
    loop {
        let (is_blocked,): (bool,) = sqlx::query_as(blocked).fetch_one(pool).await.unwrap();
        if is_blocked {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn redriving(server: &Server, id: Uuid) -> Child {
    let (id, data_dir) = (id.to_string(), server.data_dir());
    let mut command = razao();
    command.args(["dead-letters", "redrive", &id, "--data-dir"]).arg(data_dir).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

/// The journal is built anew while the first repayment cannot be read: the dead letter that comes of it. By then it can.
async fn dead_letter(server: &Server, pool: &PgPool) -> Uuid {
    change(pool, 4, "json_build_object('spoilt', payload)").await;
    server.run(&on(server, &["rebuild", "journal"])).await;
    let give_up = "update projections.parked_streams set next_attempt_at = null, dead_since = now()";
    pool.execute(give_up).await.unwrap();
    let printed: Value =
        serde_json::from_str(&server.run(&on(server, &["dead-letters", "list"])).await).unwrap();
    assert_eq!((&printed[0]["position"], &printed[0]["waiting"]), (&4.into(), &3.into()));
    let id: Uuid = serde_json::from_value(printed[0]["id"].clone()).unwrap();
    let (code, said) = server.fail(&on(server, &["dead-letters", "redrive", "--all"])).await;
    assert!(code == 1 && said.contains("1 stream is still parked"), "{code}: {said}");
    change(pool, 4, "payload -> 'spoilt'").await;
    id
}

/// Arguments, and where the server's data are.
fn on(server: &Server, arguments: &[&str]) -> Vec<String> {
    let data_dir = server.data_dir();
    let at = ["--data-dir", data_dir.to_str().unwrap()];
    [arguments, &at].concat().into_iter().map(str::to_owned).collect()
}

async fn hold(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut holding = event_store::begin(pool, "begin").await.unwrap();
    holding.execute("lock table read_journal.journal_lines in share mode").await.unwrap();
    holding
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_is_killed_leaves_the_stream_parked_and_the_next_one_takes_it_up() {
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    lend(&client).await;
    let pool = superuser(&server).await;
    let id = dead_letter(&server, &pool).await;
    let before = parked(&pool).await;

    // Killed while it writes: the program that redrives, then the server, then Postgres.
    let holding = hold(&pool).await;
    let mut redrive = redriving(&server, id);
    until_blocked(&pool).await;
    redrive.kill().await.unwrap();
    let http = reqwest::Client::new();
    let url = format!("{}/v1/dead-letters/{id}/redrive", server.address());
    let asking = tokio::spawn(http.post(url).send());
    until_blocked(&pool).await;
    server.kill().await;
    assert!(asking.await.unwrap().is_err());
    holding.rollback().await.unwrap();
    pool.close().await;
    server.start().await;
    let pool = superuser(&server).await;
    assert_eq!(parked(&pool).await, before, "nothing of it was done, or all of it");
    let holding = hold(&pool).await;
    let mut redrive = redriving(&server, id);
    until_blocked(&pool).await;
    server.kill_postgres();
    assert!(!redrive.wait().await.unwrap().success());
    drop(holding);
    pool.close().await;
    server.kill().await;
    let client = server.start().await;
    let pool = superuser(&server).await;

    // A repayment that comes meanwhile waits behind the others.
    repay(&client, 4).await;
    client.read("/v1/trial-balance", Some(7)).await.unwrap();
    let waiting = client.read(&format!("/v1/dead-letters/{id}"), None).await.unwrap();
    assert_eq!(waiting["events"].as_array().unwrap().len(), 4);
    let said = server.run(&on(&server, &["dead-letters", "redrive", &id.to_string()])).await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["applied"], &said["still_parked"]), (&4.into(), &Value::Null));
    let live = projections::digest(&pool, "journal").await.unwrap();
    server.run(&on(&server, &["rebuild", "journal"])).await;
    assert_eq!(projections::digest(&pool, "journal").await.unwrap(), live);
    assert_eq!(server.run(&on(&server, &["dead-letters", "list"])).await.trim(), "[]");
    pool.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_auditor_reads_who_discarded_an_event() {
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    lend(&client).await;
    let pool = superuser(&server).await;
    let id = dead_letter(&server, &pool).await;
    let token = server.run(&on(&server, &["token", "--role", "admin", "--subject", "eva"])).await;
    let asked = reqwest::Client::new()
        .post(format!("{}/v1/dead-letters/{id}/discard", server.address()))
        .bearer_auth(token.trim())
        .json(&json!({ "reason": "a trial" }))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
    let discarded = client.read("/v1/discarded-events", None).await.unwrap();
    assert_eq!(
        (&discarded["items"][0]["discarded_by"], &discarded["items"][0]["reason"]),
        (&"eva".into(), &"a trial".into())
    );
    pool.close().await;
    server.stop().await;
}
