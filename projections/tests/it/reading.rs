//! What every read has in common: freshness, refusals, and what it says of itself.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, day, varied};
use crate::log_on;
use crate::projecting::{caught_up, start};

#[sqlx::test(migrations = false)]
async fn a_read_waits_for_the_position_that_it_is_asked_for(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    let mut book = Book::default();
    book.post(Uuid::from_u128(1), day("2025-01-02"), "10.00", None);
    book.append(&pool).await;
    let asked = async || {
        client.ask_with("/v1/entries", &[("Razao-Min-Position", "1"), ("Razao-Max-Wait-Ms", "10000")]).await
    };
    let (reply, running) = tokio::join!(asked(), async {
        // Nothing follows the log yet: the read is waiting.
        let behind = client.ask("/v1/entries").await.json();
        assert_eq!(behind["as_of"]["position"], 0);
        start(&pool, &log)
    });
    assert_eq!(reply.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(reply.headers["razao-position"], "1");
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_read_that_waited_in_vain_says_when_to_come_back(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    for path in ["/v1/loans", "/v1/events", "/v1/trial-balance"] {
        let asked = Instant::now();
        let reply = client.ask_with(path, &[("Razao-Min-Position", "5"), ("Razao-Max-Wait-Ms", "60")]).await;
        assert!(asked.elapsed() >= Duration::from_millis(60));
        assert_eq!(reply.status, 503, "{path}");
        assert_eq!(reply.json()["code"], "not_yet_visible");
        assert_eq!(reply.headers["retry-after"], "1");
    }
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_read_is_refused_by_name(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    for (path, pointer) in [
        ("/v1/loans?limt=3", "limt"),
        ("/v1/loans?limit=0", "limit"),
        ("/v1/loans?limit=1001", "limit"),
        ("/v1/loans?limit=x", "limit"),
        ("/v1/loans?limit=1&limit=2", "limit"),
        ("/v1/loans?status=asleep", "status"),
        ("/v1/loans?after=zz", "after"),
        ("/v1/loans?currency=XXX", "currency"),
        ("/v1/loans?days_past_due_from=-1", "days_past_due_from"),
        ("/v1/loans?days_past_due_from=36501", "days_past_due_from"),
        ("/v1/loans/7", "id"),
        ("/v1/loans/%ff", "id"),
        ("/v1/trial-balance?on=2025-02-30", "on"),
        ("/v1/balances/daily?from=2025-02-02&to=2025-02-01", "from"),
        ("/v1/accounts/a%20b/lines", "account"),
        ("/v1/balances/daily/assets:cash/2026-1-5/explain", "date"),
        ("/v1/events?after=x", "after"),
    ] {
        let reply = client.ask(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["code"], "invalid_parameter", "{path}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{path}: {problem}");
    }
    for (name, value) in [("Razao-Min-Position", "-1"), ("Razao-Max-Wait-Ms", "10001")] {
        let problem = client.ask_with("/v1/loans", &[(name, value)]).await.json();
        assert_eq!(problem["errors"][0]["pointer"], name);
    }
}

#[sqlx::test(migrations = false)]
async fn what_is_not_there_is_not_found(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    let loan = format!("/v1/loans/{}", Uuid::from_u128(7));
    let entry = format!("/v1/entries/{}", Uuid::from_u128(7));
    for path in [
        loan.clone(),
        format!("{loan}/schedule"),
        format!("{loan}/transactions"),
        format!("{loan}/statement"),
        format!("{loan}/settlement-quote"),
        format!("{loan}/accruals"),
        format!("{loan}/history"),
        entry.clone(),
        format!("{entry}/history"),
        "/v1/accounts/assets:cash/lines".to_owned(),
    ] {
        let reply = client.ask(&path).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text);
        assert_eq!(reply.json()["code"], "not_found", "{path}");
    }
}

#[sqlx::test(migrations = false)]
async fn an_answer_that_the_caller_has_is_not_sent_again(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    let tag = client.ask("/v1/trial-balance").await.headers["etag"].to_str().unwrap().to_owned();
    let again = client.ask_with("/v1/trial-balance", &[("If-None-Match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
}

#[sqlx::test(migrations = false)]
async fn the_tag_of_an_entry_begins_with_its_version(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    let mut book = Book::default();
    book.post(Uuid::from_u128(1), day("2025-01-02"), "10.00", None);
    book.append(&pool).await;
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    let path = format!("/v1/entries/{}", Uuid::from_u128(1));
    let entry = client.ask(&path).await;
    let tag = entry.headers["etag"].to_str().unwrap();
    assert!(tag.starts_with(&format!("\"{}/1-", entry.json()["version"])), "{tag}");
    let again = client.ask_with(&path, &[("If-None-Match", tag)]).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_database_that_is_down_is_unavailable(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    pool.close().await;
    let reply = client.ask("/v1/loans").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["code"], "unavailable");
    assert!(!reply.text.contains("pool"), "{}", reply.text);
}

#[sqlx::test(migrations = false)]
async fn no_read_of_the_log_runs_longer_than_ten_seconds(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    varied(3).append(&pool).await;
    // Whoever reads has to wait for this transaction.
    let mut transaction = event_store::begin(&pool, "begin").await.unwrap();
    sqlx::query("lock table events in access exclusive mode").execute(&mut *transaction).await.unwrap();
    let paths = ["/v1/loans/00000000-0000-0000-0000-000000000001", "/v1/events", "/v1/loans?known_at=5"];
    let client = &client;
    let asking = paths.map(|path| async move {
        let asked = Instant::now();
        let reply = client.ask(path).await;
        (path, reply, asked.elapsed())
    });
    for (path, reply, elapsed) in futures::future::join_all(asking).await {
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (503, &"unavailable".into()), "{path}");
        assert!(reply.text.contains("longer than 10 seconds"), "{path}: {}", reply.text);
        assert!((9..20).contains(&elapsed.as_secs()), "{path}: {elapsed:?}");
    }
    transaction.rollback().await.unwrap();
    assert_eq!(client.ask("/v1/events").await.status, 200);
}

#[sqlx::test(migrations = false)]
async fn the_log_streams_line_by_line_and_by_what_is_asked_of_it(pool: PgPool) {
    let log = log_on(&pool).await;
    let client = Client::new(&pool, &log);
    varied(300).append(&pool).await;
    let head = log.head().await.unwrap().position;
    let lines = async |query: &str| {
        let reply =
            client.ask_with(&format!("/v1/events?{query}"), &[("Accept", "application/x-ndjson")]).await;
        assert_eq!(reply.headers["content-type"], "application/x-ndjson");
        assert_eq!(reply.headers["razao-position"], head.to_string().as_str());
        reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let all = lines("").await;
    let positions: Vec<i64> = all.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=head).collect::<Vec<_>>());
    assert_eq!(lines("after=10&limit=5").await, all[10..15]);
    assert!(lines("type=LoanSettledEarly").await.iter().all(|event| event["type"] == "LoanSettledEarly"));
    let stream = Uuid::from_u128(3);
    assert!(lines(&format!("stream={stream}")).await.len() > 3);
    let listed =
        client.ask(&format!("/v1/events?limit=1000&type=EntryReversed&stream={stream}")).await.json();
    assert_eq!((&listed["items"], &listed["next"]), (&Value::from(Vec::<i64>::new()), &Value::Null));
}

#[sqlx::test(migrations = false)]
async fn the_projections_say_how_far_they_are(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(3).append(&pool).await;
    caught_up(&pool, &log).await;
    let answer = Client::new(&pool, &log).ask("/v1/projections").await.json();
    let names: Vec<&str> =
        answer["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, projections::NAMES);
    assert!(answer["items"].as_array().unwrap().iter().all(|item| item["lag"] == 0));
    running.stop().await;
}

#[test]
fn every_route_is_documented() {
    let document = projections::api_document();
    assert_eq!(document.paths.paths.len(), 36);
    for (path, item) in document.paths.paths {
        let get = item.get.or(item.post).unwrap_or_else(|| panic!("{path} is read, or posted to"));
        for status in ["200", "400", "503"] {
            assert!(get.responses.responses.contains_key(status), "{path} {status}");
        }
    }
}

#[test]
fn what_can_be_a_file_is_documented_as_one() {
    let document = projections::api_document();
    let is_file = |path: &str| {
        let get = document.paths.paths[path].get.as_ref().expect("it is read");
        let utoipa::openapi::RefOr::T(answer) = &get.responses.responses["200"] else { panic!("{path}") };
        let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        assert!(answer.content.contains_key("application/json"), "{path}");
        answer.content.contains_key("text/csv") && answer.content.contains_key(xlsx)
    };
    for path in ["/v1/loans", "/v1/loans/{id}/statement", "/v1/loans/{id}/schedule", "/v1/balances/daily"] {
        assert!(is_file(path), "{path}");
    }
    for path in ["/v1/loans/{id}", "/v1/portfolio"] {
        assert!(!is_file(path), "{path}");
    }
    let document = document.to_json().expect("JSON");
    assert_eq!(document.matches("\"application/pdf\"").count(), 1, "a loan's statement, and nothing else");
}

#[test]
fn every_schema_that_the_documentation_names_is_in_it() {
    let document = projections::api_document();
    let known: Vec<String> = document.components.iter().flat_map(|all| all.schemas.keys().cloned()).collect();
    let text = document.to_json().unwrap();
    for named in text.split("#/components/schemas/").skip(1) {
        let name = named.split('"').next().unwrap();
        assert!(known.iter().any(|known| known == name), "{name} is not among {known:?}");
    }
}
