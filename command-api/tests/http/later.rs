//! `Prefer: respond-async`, and what becomes of such requests.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::Request;
use command_api::{Actor, CommandState, Executor};
use event_store::Log;
use expect_test::expect;
use requests::{Finished, Outcome, Requests, TableQueue};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::{Answer, Server, application};

const ASYNC: (&str, &str) = ("prefer", "respond-async");

/// A server with a queue, and what a worker needs.
struct Queueing {
    server: Server,
    requests: Requests,
    executor: Executor,
}

impl Queueing {
    async fn start(options: &PgConnectOptions) -> Self {
        Log::migrate(options).await.unwrap();
        requests::migrate(options).await.unwrap();
        let requests = Requests::new(options, None).unwrap();
        let mut executor = None;
        let server = Server::start_with(options, |log, day| {
            let state = CommandState::new(log, day, 1 << 20).with_requests(requests.clone());
            executor = Some(Executor::new(state.clone()));
            state
        });
        let server = server.await;
        Self { server, requests, executor: executor.unwrap() }
    }

    async fn later(&self, key: &str, path: &str, body: &str) -> Answer {
        self.server.post_with(path, &[("idempotency-key", key), ASYNC], body).await
    }

    /// What became of the request that an answer tells of.
    async fn asked(&self, accepted: &Answer) -> Answer {
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        let location = accepted.headers["location"].to_str().unwrap();
        assert_eq!(location, format!("/v1/requests/{}", accepted.id()));
        self.get(location).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.server.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Executes what waits, as a worker does: how many.
    async fn work(&self) -> usize {
        let queue = TableQueue::of(&self.requests);
        let mut executed = 0;
        while let Ok(batch) = tokio::time::timeout(Duration::from_millis(300), queue.take(10)).await {
            let mut batch = batch.unwrap();
            let mut finished = Vec::new();
            for delivery in std::mem::take(&mut batch.deliveries) {
                let command = delivery.command.unwrap();
                let (id, client, accepted_at) =
                    (command.id, Arc::clone(&command.client), command.accepted_at);
                let answer = self.executor.execute(command).await;
                let outcome = if answer.status < 300 { Outcome::Done } else { Outcome::Refused };
                let finished_at = SystemTime::now().into();
                finished.push(Finished { id, client, accepted_at, finished_at, outcome, answer });
            }
            executed += finished.len();
            batch.finish(&finished).await.unwrap();
        }
        executed
    }

    async fn stop(self) {
        self.requests.close().await;
        self.server.stop().await;
    }
}

/// A request as it is shown, without its times.
fn without_times(answer: &Answer) -> Value {
    let mut shown = answer.json();
    let fields = shown.as_object_mut().unwrap();
    assert!(fields.remove("accepted_at").is_some());
    fields.remove("finished_at");
    shown
}

#[sqlx::test(migrations = false)]
async fn a_command_that_waits_gets_the_answer_that_it_would_have_had_at_once(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let queueing = Queueing::start(&options).await;
    let loan = queueing.server.active_loan("1").await;
    let repayments = format!("{loan}/repayments");
    let body = r#"{"on": "2026-02-15", "amount": "100.00", "external_id": "E1"}"#;
    let accepted = queueing.later("pay", &repayments, body).await;
    expect![[r#"
        202 Accepted
        content-type: application/json
        location: /v1/requests/ID-1
        preference-applied: respond-async

        {
          "id": "ID-1",
          "status": "accepted"
        }
    "#]]
    .assert_eq(&accepted.shown());

    let queued = queueing.asked(&accepted).await;
    assert_eq!(without_times(&queued), json!({"id": accepted.id(), "status": "queued"}));
    assert_eq!(queued.headers["retry-after"], "1");
    assert_eq!(queueing.server.stored().await.0, 3, "nothing was executed yet");

    assert_eq!(queueing.work().await, 1);
    let done = queueing.asked(&accepted).await;
    let shown = without_times(&done);
    assert_eq!(shown["status"], "done");
    assert!(!done.headers.contains_key("retry-after"));
    // A repeat at once is answered from the log: the same status, headers and body.
    let at_once = queueing.server.post_as("pay", &repayments, body).await;
    assert_eq!(at_once.headers["idempotency-replayed"], "true");
    assert_eq!(shown["answer"]["status"], at_once.status.as_u16());
    assert_eq!(shown["answer"]["body"], at_once.json());
    for name in ["content-type", "etag", "razao-position"] {
        assert_eq!(shown["answer"]["headers"][name], at_once.headers[name].to_str().unwrap(), "{name}");
    }
    let cause = "select metadata->>'causation_id' from events order by position desc limit 1";
    assert_eq!(queueing.server.text(cause).await, accepted.id());
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_needs_no_state_to_be_refused_is_refused_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let queueing = Queueing::start(&options).await;
    let loan = "/v1/loans/018f0000-0000-7000-8000-000000000001";
    let refused = async |path: &str, body: &str| queueing.later("k", path, body).await.problem();
    let repayments = format!("{loan}/repayments");
    assert_eq!(refused(&repayments, "{").await, "400 malformed_json");
    assert_eq!(
        refused(&repayments, r#"{"on": "2026-02-15", "amount": 1}"#).await,
        "400 invalid_field /amount=wrong_type"
    );
    assert_eq!(
        refused(&repayments, r#"{"on": "2026-02-15", "amount": "1.00", "x": 1}"#).await,
        "400 invalid_field /x=unknown_field"
    );
    assert_eq!(
        refused(&format!("{loan}/restructure"), r#"{"on": "2026-02-15", "reason": "r"}"#).await,
        "400 invalid_field /terms=missing"
    );
    assert_eq!(
        refused("/v1/entries", r#"{"on": "2026-01-02", "description": "", "lines": []}"#).await,
        "422 invalid_value /description=empty"
    );
    let wrong_terms = application("1").replace(r#""installments": 3"#, r#""installments": 0"#);
    assert!(refused("/v1/loans", &wrong_terms).await.starts_with("422 "));
    let no_key = queueing.server.post_with(&repayments, &[ASYNC], "{}").await;
    assert_eq!(no_key.problem(), "400 idempotency_key_missing Idempotency-Key=idempotency_key_missing");
    let large = format!(r#"{{"on": "{}"}}"#, "x".repeat(1 << 20));
    assert_eq!(refused(&repayments, &large).await, "413 body_too_large");
    assert_eq!(queueing.work().await, 0, "none of it waits");
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_the_state_refuses_is_the_answer_of_the_request_and_stays_it(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let queueing = Queueing::start(&options).await;
    let applied = queueing.later("apply", "/v1/loans", &application("1")).await;
    queueing.work().await;
    let loan = without_times(&queueing.asked(&applied).await)["answer"]["headers"]["location"].clone();
    let disburse = format!("{}/disburse", loan.as_str().unwrap());
    let on = r#"{"on": "2026-01-15"}"#;
    let early = queueing.later("disburse", &disburse, on).await;
    queueing.work().await;
    let refused = without_times(&queueing.asked(&early).await);
    assert_eq!((&refused["status"], &refused["answer"]["status"]), (&json!("refused"), &json!(409)));
    assert_eq!(refused["answer"]["headers"]["content-type"], "application/problem+json");
    assert_eq!(refused["answer"]["body"]["code"], "not_approved");

    let approve = format!("{}/approve", loan.as_str().unwrap());
    queueing.server.post(&approve, r#"{"on": "2026-01-12"}"#).await;
    let again = queueing.later("disburse", &disburse, on).await;
    assert_eq!(again.id(), early.id());
    assert_eq!(queueing.work().await, 0, "a request is decided once");
    assert_eq!(without_times(&queueing.asked(&early).await), refused);
    // A refused command uses no key up.
    assert_eq!(queueing.server.post_as("disburse", &disburse, on).await.status, 200);
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_same_asked_again_is_the_same_request_and_the_key_is_good_for_no_other(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let queueing = Queueing::start(&options).await;
    let repayments = format!("{}/repayments", queueing.server.active_loan("1").await);
    let body = r#"{"on": "2026-02-15", "amount": "10.00"}"#;
    let first = queueing.later("k", &repayments, body).await;
    let again = queueing.later("k", &repayments, r#"{"amount":"10.00","on":"2026-02-15"}"#).await;
    let other = queueing.later("k", &repayments, &body.replace("10.00", "20.00")).await;
    assert_eq!(first.id(), again.id());
    assert_ne!(first.id(), other.id());
    assert_eq!(queueing.work().await, 2);
    assert_eq!(without_times(&queueing.asked(&first).await)["status"], "done");
    let other = without_times(&queueing.asked(&other).await);
    assert_eq!(other["answer"]["body"]["code"], "idempotency_key_reused");
    assert_eq!((&other["status"], &other["answer"]["status"]), (&json!("refused"), &json!(422)));
    let again = queueing.later("k", &repayments, body).await;
    assert_eq!(
        (again.id(), queueing.work().await),
        (first.id(), 0),
        "executed, it is the same request still"
    );
    assert_eq!(queueing.server.stored().await.0, 4);
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn commands_of_a_loan_are_executed_in_the_order_in_which_they_were_accepted(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let queueing = Queueing::start(&options).await;
    let id = "018f0000-0000-7000-8000-000000000001";
    let loan = format!("/v1/loans/{id}");
    let named = application("1").replacen('{', &format!(r#"{{"id": "{id}", "#), 1);
    let mut accepted = vec![queueing.later("1", "/v1/loans", &named).await];
    for (key, command, body) in [
        ("2", "approve", r#"{"on": "2026-01-12"}"#),
        ("3", "disburse", r#"{"on": "2026-01-15"}"#),
        ("4", "repayments", r#"{"on": "2026-02-15", "amount": "10.00"}"#),
        ("5", "restructure", r#"{"on": "2026-03-01", "mode": "re_amortize", "reason": "r"}"#),
    ] {
        accepted.push(queueing.later(key, &format!("{loan}/{command}"), body).await);
    }
    assert_eq!(queueing.work().await, 5);
    for accepted in &accepted {
        let shown = without_times(&queueing.asked(accepted).await);
        assert_eq!(shown["status"], "done", "{shown}");
    }
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_request_is_shown_to_its_client_and_to_overseers(_: PgPoolOptions, options: PgConnectOptions) {
    let queueing = Queueing::start(&options).await;
    let accepted = queueing.later("k", "/v1/loans", &application("1")).await;
    let path = format!("/v1/requests/{}", accepted.id());
    let of_another = async |oversees| {
        let mut request = Request::get(&path).body(Body::empty()).unwrap();
        let (subject, client) = ("s".into(), "another".into());
        request.extensions_mut().insert(Actor { subject, client, roles: [].into(), oversees });
        queueing.server.send(request).await
    };
    assert_eq!(of_another(false).await.json()["code"], "not_found");
    assert_eq!(of_another(true).await.json()["id"], accepted.id());
    assert_eq!(queueing.get(&path).await.status, 200);
    let unknown = queueing.get("/v1/requests/018f0000-0000-7000-8000-000000000001").await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (404, &json!("not_found")));
    let no_id = queueing.get("/v1/requests/k").await;
    assert_eq!((no_id.status.as_u16(), &no_id.json()["code"]), (400, &json!("invalid_parameter")));
    queueing.stop().await;
}

#[sqlx::test(migrations = false)]
async fn the_preference_is_passed_over_where_nothing_can_wait(_: PgPoolOptions, options: PgConnectOptions) {
    let queueing = Queueing::start(&options).await;
    let loan = queueing.server.active_loan("1").await;
    let simulated = queueing.later("k", &format!("{loan}/simulate"), r#"{"commands": []}"#).await;
    assert_eq!(simulated.status, 200, "{}", simulated.body);
    let preview = r#"{"on": "2026-03-01", "mode": "re_amortize", "reason": "r"}"#;
    let preview = queueing.later("k", &format!("{loan}/restructure?preview=true"), preview).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert!(!preview.headers.contains_key("preference-applied"));
    queueing.stop().await;

    let server = Server::start(&options).await;
    let at_once = server.post_with("/v1/loans", &[("idempotency-key", "a"), ASYNC], &application("2")).await;
    assert_eq!(at_once.status, 201, "a server without a queue executes at once");
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_queue_that_cannot_be_reached_promises_nothing(_: PgPoolOptions, options: PgConnectOptions) {
    let queueing = Queueing::start(&options).await;
    queueing.requests.close().await;
    let refused = queueing.later("k", "/v1/loans", &application("1")).await;
    assert_eq!(refused.problem(), "503 unavailable");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(queueing.server.text("select count(*)::text from requests.queue").await, "0");
    queueing.stop().await;
}
