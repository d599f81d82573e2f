//! Bulks to the built server: authority line by line, a client that goes half way, a server that is killed amid one.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::time::Instant;

use razao::client::Client;
use serde_json::{Value, json};
use support::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const TODAY: &str = "2026-03-10";

fn entry(key: &str) -> String {
    let lines =
        json!([{"account": "expenses:rent", "debit": "1.00"}, {"account": "assets:cash", "credit": "1.00"}]);
    let body = json!({"on": TODAY, "description": "rent", "lines": lines});
    line("/v1/entries", key, &body)
}

fn line(path: &str, key: &str, body: &Value) -> String {
    json!({"path": path, "idempotency_key": key, "body": body}).to_string() + "\n"
}

async fn bulk(server: &Server, query: &str, token: Option<&str>, body: String) -> (u16, Vec<Value>) {
    let request = reqwest::Client::new().post(format!("{}/v1/bulk{query}", server.address()));
    let request = request.header("content-type", "application/x-ndjson").body(body);
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["line"].as_u64());
    (status, lines)
}

fn statuses(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|line| line["status"].as_u64().unwrap()).collect()
}

async fn head(client: &Client) -> i64 {
    client.read("/v1/projections", None).await.unwrap()["as_of"]["position"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_needs_the_role_of_its_path() {
    let mut server = Server::on(Some(TODAY)).with_settings("require_token = true\n");
    server.start().await;
    let data = server.data_dir();
    let token = async |role: &str| {
        let arguments = ["token", "--role", role, "--subject", "ana", "--data-dir", data.to_str().unwrap()];
        server.run(&arguments).await.trim().to_owned()
    };
    let lines = || {
        let borrower = json!({"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"});
        let terms = json!({
            "principal": "1200.00", "currency": "BRL", "method": "sac", "day_count": "30/360", "installments": 4,
            "rate": {"value": "0.02", "per": "month", "compounding": "nominal"}, "every": {"months": 1}
        });
        let loan = "018f0000-0000-7000-8000-00000000000a";
        let applied = json!({"id": loan, "borrower": borrower, "terms": terms});
        let approve = format!("/v1/loans/{loan}/approve");
        [
            line("/v1/loans", "a", &applied),
            line(&approve, "b", &json!({"on": TODAY})),
            line("/v1/products", "c", &json!({"name": "p"})),
        ]
        .concat()
    };
    let (integrator, approver, auditor) =
        (token("integrator").await, token("approver").await, token("auditor").await);
    for query in ["?atomic=true", ""] {
        assert_eq!(bulk(&server, query, None, lines()).await.0, 401);
        // What an atomic bulk may not have is said first.
        let (status, refused) = bulk(&server, query, Some(&auditor), lines()).await;
        let told = statuses(&refused);
        assert_eq!(
            (status, told),
            if query.is_empty() { (200, vec![403; 3]) } else { (400, vec![424, 424, 400]) }
        );
    }
    let (_, by_integrator) = bulk(&server, "", Some(&integrator), lines()).await;
    assert_eq!(statuses(&by_integrator), [201, 403, 403]);
    assert_eq!(by_integrator[1]["body"]["code"], "forbidden");
    let (_, by_approver) = bulk(&server, "", Some(&approver), lines()).await;
    assert_eq!(statuses(&by_approver), [403, 200, 403]);
    let (status, atomic) = bulk(
        &server,
        "?atomic=true",
        Some(&integrator),
        entry("d")
            + &line(
                &format!("/v1/loans/{}/approve", by_integrator[0]["body"]["id"].as_str().unwrap()),
                "e",
                &json!({"on": TODAY}),
            ),
    )
    .await;
    assert_eq!((status, statuses(&atomic)), (403, vec![424, 403]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_half_way_sends_all_again() {
    let mut server = Server::on(Some(TODAY));
    let client = server.start().await;
    let lines: Vec<String> = (0..500).map(|number| entry(&number.to_string())).collect();
    let address = server.address().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head_of = "POST /v1/bulk HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head_of.as_bytes()).await.unwrap();
    for line in &lines[..250] {
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
    }
    // In the middle of a line.
    stream.write_all(b"fff\r\n{\"path\": \"/v1/entries\", ").await.unwrap();
    drop(stream);
    let (status, answers) = bulk(&server, "", None, lines.concat()).await;
    assert_eq!((status, statuses(&answers)), (200, vec![201; 500]));
    client.read("/v1/entries?limit=1", Some(500)).await.unwrap();
    assert_eq!(head(&client).await, 500);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_bulk_outlives_a_kill_whole_or_not_at_all() {
    const LINES: usize = 1000;
    let mut server = Server::on(Some(TODAY));
    server.start().await;
    let lines = |round: u32| (0..LINES).map(|number| entry(&format!("{round}-{number}"))).collect::<String>();
    let began = Instant::now();
    let (status, answers) = bulk(&server, "?atomic=true", None, lines(0)).await;
    assert_eq!((status, statuses(&answers)), (200, vec![201; LINES]));
    let took = began.elapsed();
    for round in 1..=2 {
        let address = server.address();
        let sending = tokio::spawn(async move {
            let request = reqwest::Client::new().post(format!("{address}/v1/bulk?atomic=true"));
            let _ = request.header("content-type", "application/x-ndjson").body(lines(round)).send().await;
        });
        tokio::time::sleep(took * round / 3).await;
        server.kill().await;
        sending.await.unwrap();
        let client = server.start().await;
        let stored = usize::try_from(head(&client).await).unwrap();
        assert!([LINES * round as usize, LINES * (round as usize + 1)].contains(&stored), "{stored} events");
        let (status, answers) = bulk(&server, "?atomic=true", None, lines(round)).await;
        assert_eq!((status, statuses(&answers)), (200, vec![201; LINES]));
        let position = i64::try_from(LINES * (round as usize + 1)).unwrap();
        client.read("/v1/entries?limit=1", Some(position)).await.unwrap();
        assert_eq!(head(&client).await, position);
    }
    server.stop().await;
}
