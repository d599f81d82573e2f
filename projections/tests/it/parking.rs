//! An event that a read model cannot take parks its own stream; all others go on, and none is ever out of order.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_store::Log;
use projections::{ProjectionStatus, RetryPolicy};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::varied;
use crate::log_on;
use crate::projecting::{caught_up, digests, equals_its_rebuild, rebuild_each, start, start_with, until};

/// No retries but the one at once, so that what is parked stays until somebody deals with it.
pub(crate) const BY_HAND: RetryPolicy =
    RetryPolicy { attempts: 1, first_wait: Duration::ZERO, longest_wait: Duration::ZERO };

/// Changes what an event says, as no login of the server could.
pub(crate) async fn change(pool: &PgPool, position: i64, to: &str) {
    let change = format!(
        "alter table events disable trigger only_append; \
         update events set {to} where position = {position}; \
         alter table events enable trigger only_append"
    );
    sqlx::raw_sql(&change).execute(pool).await.expect("a superuser may");
}

pub(crate) async fn spoil(pool: &PgPool, position: i64) {
    change(pool, position, "payload = json_build_object('spoilt', payload)").await;
}

async fn mend(pool: &PgPool, position: i64) {
    change(pool, position, "payload = payload -> 'spoilt'").await;
}

/// Refuses the journal lines of these events.
async fn refuse(pool: &PgPool, positions: &[i64]) {
    let list = positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let refuse = format!(
        "alter table read_journal.journal_lines add constraint no_such check (position not in ({list})) not valid"
    );
    sqlx::raw_sql(&refuse).execute(pool).await.unwrap();
}

async fn accept(pool: &PgPool) {
    let accept = "alter table read_journal.journal_lines drop constraint no_such";
    sqlx::raw_sql(accept).execute(pool).await.unwrap();
}

/// Where the loan of this number was disbursed, and how many events it has from there on.
pub(crate) async fn disbursement(pool: &PgPool, loan: u128) -> (i64, i64) {
    let id = Uuid::from_u128(loan).to_string();
    let first = "select min(position) from events where aggregate_id = $1 and event_type = 'LoanDisbursed'";
    let (position,): (i64,) = sqlx::query_as(first).bind(&id).fetch_one(pool).await.unwrap();
    let later = "select count(*) from events where aggregate_id = $1 and position >= $2";
    let (events,): (i64,) = sqlx::query_as(later).bind(&id).bind(position).fetch_one(pool).await.unwrap();
    (position, events)
}

pub(crate) async fn status(pool: &PgPool, log: &Log) -> BTreeMap<&'static str, ProjectionStatus> {
    let all = projections::status(pool, log).await.unwrap();
    all.into_iter().map(|projection| (projection.name, projection)).collect()
}

pub(crate) async fn all_dead(pool: &PgPool, log: &Log) {
    until(pool, log, |status| status.iter().all(|one| one.dead_letters == one.parked_streams)).await;
}

pub(crate) async fn letters(client: &Client) -> Vec<Value> {
    let answer = client.ask("/v1/dead-letters?limit=1000").await;
    answer.json()["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).clone()
}

pub(crate) async fn redrive_all(client: &Client) {
    for letter in letters(client).await {
        let id = letter["id"].as_str().unwrap();
        let answer = client.post(&format!("/v1/dead-letters/{id}/redrive"), "").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["still_parked"]), (200, &Value::Null));
    }
}

#[sqlx::test(migrations = false)]
async fn an_event_that_cannot_be_read_parks_its_own_stream_until_it_is_redriven(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut pieces = varied(14).in_pieces_of(7).into_iter();
    for piece in pieces.by_ref().take(3) {
        { piece }.append(&pool).await;
    }
    let (bad, _) = disbursement(&pool, 2).await;
    spoil(&pool, bad).await;
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    for mut piece in pieces {
        piece.append(&pool).await;
        caught_up(&pool, &log).await;
    }
    all_dead(&pool, &log).await;
    let (_, waiting) = disbursement(&pool, 2).await;
    for (name, one) in status(&pool, &log).await {
        let about_loans = ["loans", "journal", "daily_balances"].contains(&name);
        let expected = if about_loans { (1, waiting, 1) } else { (0, 0, 0) };
        assert_eq!((one.parked_streams, one.parked_events, one.dead_letters), expected, "{name}");
        assert_eq!((one.lag, one.stopped_by), (0, None), "{name}");
    }
    let client = Client::new(&pool, &log);
    let trial = client.ask("/v1/trial-balance").await;
    assert_eq!(trial.json()["totals"][0]["balance"], "0.00", "{}", trial.text);
    assert_eq!(trial.json()["as_of"]["parked_streams"], 1, "the read says what it lacks");
    let loan = client.ask(&format!("/v1/loans/{}", Uuid::from_u128(2))).await;
    assert_eq!((loan.status.as_u16(), &loan.json()["code"]), (503, &"stream_parked".into()));
    let list = client.ask("/v1/loans").await.json();
    assert_eq!(list["items"][1]["status"], "approved", "as it stood before");

    let first = &letters(&client).await[0];
    assert_eq!((first["position"].as_i64(), first["waiting"].as_i64()), (Some(bad), Some(waiting)));
    assert_eq!((&first["state"], &first["type"]), (&"dead".into(), &"LoanDisbursed".into()));
    let id = first["id"].as_str().unwrap();
    let still = client.post(&format!("/v1/dead-letters/{id}/redrive"), "").await;
    assert_eq!((still.status.as_u16(), &still.json()["code"]), (409, &"still_parked".into()));
    let one = client.ask(&format!("/v1/dead-letters/{id}")).await.json();
    assert_eq!(one["attempts"], 3);
    assert_eq!(i64::try_from(one["events"].as_array().unwrap().len()), Ok(waiting));

    mend(&pool, bad).await;
    let tag = trial.headers["etag"].to_str().unwrap().to_owned();
    redrive_all(&client).await;
    assert_eq!(client.ask_with("/v1/trial-balance", &[("if-none-match", &tag)]).await.status, 200);
    assert_eq!(client.ask(&format!("/v1/dead-letters/{id}")).await.status, 404);
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

/// What the journal holds is just what comes before the first bad event of each stream, however many are bad.
#[sqlx::test(migrations = false)]
async fn however_many_rows_are_refused_each_stream_stops_at_its_own(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(24).append(&pool).await;
    let events: Vec<(i64, String)> =
        sqlx::query_as("select position, aggregate_id from events order by position")
            .fetch_all(&pool)
            .await
            .unwrap();
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    let all = journal(&pool).await;
    let whole = digests(&pool).await;
    running.stop().await;
    let with_lines: Vec<i64> = all.iter().copied().collect();
    for every in [1, 3, 25] {
        let bad: Vec<i64> = with_lines.iter().copied().skip(every / 2).step_by(every).collect();
        begin_again(&pool).await;
        refuse(&pool, &bad).await;
        let running = start_with(&pool, &log, BY_HAND);
        caught_up(&pool, &log).await;
        let mut stopped = BTreeSet::new();
        let mut expected = BTreeSet::new();
        for (position, stream) in &events {
            if bad.contains(position) {
                stopped.insert(stream.as_str());
            }
            if all.contains(position) && !stopped.contains(stream.as_str()) {
                expected.insert(*position);
            }
        }
        assert_eq!(journal(&pool).await, expected, "every {every}th event is refused");
        all_dead(&pool, &log).await;
        accept(&pool).await;
        let client = Client::new(&pool, &log);
        assert_eq!(letters(&client).await.len(), stopped.len());
        redrive_all(&client).await;
        assert_eq!(digests(&pool).await, whole);
        running.stop().await;
    }
}

/// Positions of which the journal has lines.
async fn journal(pool: &PgPool) -> BTreeSet<i64> {
    let lines: Vec<(i64,)> = sqlx::query_as("select distinct position from read_journal.journal_lines")
        .fetch_all(pool)
        .await
        .unwrap();
    lines.into_iter().map(|(position,)| position).collect()
}

/// Has the journal projected anew.
async fn begin_again(pool: &PgPool) {
    let forget = "update projections.projection_checkpoints set shape = 'another' where name = 'journal'";
    sqlx::query(forget).execute(pool).await.unwrap();
    projections::migrate(pool).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_parked_stream_is_tried_again_by_itself_while_others_go_on_through_lost_connections(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(20).append(&pool).await;
    let (bad, _) = disbursement(&pool, 3).await;
    refuse(&pool, &[bad]).await;
    let waits = Duration::from_millis(50);
    let policy = RetryPolicy { attempts: 1000, first_wait: waits, longest_wait: waits };
    let running = start_with(&pool, &log, policy);
    caught_up(&pool, &log).await;
    for mut piece in varied(60).after(20).in_pieces_of(30) {
        piece.append(&pool).await;
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                    where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query(kill).execute(&pool).await.unwrap();
    }
    caught_up(&pool, &log).await;
    until(&pool, &log, |status| status.iter().any(|one| one.parked_streams == 1)).await;
    assert_eq!(status(&pool, &log).await["journal"].dead_letters, 0);
    accept(&pool).await;
    until(&pool, &log, |status| status.iter().all(|one| one.parked_streams == 0)).await;
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn redriving_while_events_of_the_stream_arrive_loses_none_and_keeps_their_order(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut pieces = varied(30).in_pieces_of(3).into_iter();
    { pieces.next().expect("events") }.append(&pool).await;
    let (bad, _) = disbursement(&pool, 1).await;
    refuse(&pool, &[bad]).await;
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    accept(&pool).await;
    let client = Client::new(&pool, &log);
    let arriving = async {
        for mut piece in pieces {
            piece.append(&pool).await;
            tokio::task::yield_now().await;
        }
    };
    let redriving = async {
        for letter in letters(&client).await {
            let id = letter["id"].as_str().unwrap();
            client.post(&format!("/v1/dead-letters/{id}/redrive"), "").await;
        }
    };
    tokio::join!(arriving, redriving);
    caught_up(&pool, &log).await;
    assert!(letters(&client).await.is_empty());
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_discarded_event_is_left_out_and_said_so_until_a_rebuild_can_read_it(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(14).append(&pool).await;
    let (bad, _) = disbursement(&pool, 4).await;
    spoil(&pool, bad).await;
    // One behind it is bad too, so the stream is parked once more.
    spoil(&pool, bad + 1).await;
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    all_dead(&pool, &log).await;
    let client = Client::new(&pool, &log);
    for letter in letters(&client).await {
        let path = format!("/v1/dead-letters/{}/discard", letter["id"].as_str().unwrap());
        assert_eq!(client.post(&path, r#"{"reason": ""}"#).await.status, 422);
        let answer = client.post(&path, r#"{"reason": "never happened"}"#).await.json();
        let next = &answer["still_parked"];
        assert_eq!((&answer["applied"], &next["position"]), (&0.into(), &(bad + 1).into()));
        assert_eq!(client.post(&path, r#"{"reason": "twice"}"#).await.status, 404, "it names one event");
        let path = format!("/v1/dead-letters/{}/discard", next["id"].as_str().unwrap());
        let answer = client.post(&path, r#"{"reason": "nor did this"}"#).await.json();
        assert_eq!(answer["still_parked"], Value::Null);
    }
    let discarded = client.ask("/v1/discarded-events").await.json();
    let discarded = discarded["items"].as_array().unwrap();
    assert_eq!(discarded.len(), 6);
    assert_eq!((&discarded[0]["reason"], &discarded[0]["position"]), (&"never happened".into(), &bad.into()));
    assert_eq!(discarded[0]["discarded_by"], "local-developer");
    // It stays left out, also when everything is projected anew.
    equals_its_rebuild(&pool, &log).await;
    mend(&pool, bad).await;
    mend(&pool, bad + 1).await;
    rebuild_each(&pool, &log).await;
    let discarded = client.ask("/v1/discarded-events").await.json();
    assert!(discarded["items"].as_array().unwrap().iter().all(|event| event["restored_at"].is_string()));
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_parks_what_it_cannot_read_and_takes_up_what_it_can(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(20).append(&pool).await;
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    let whole = digests(&pool).await;
    let (bad, waiting) = disbursement(&pool, 6).await;
    spoil(&pool, bad).await;
    rebuild_each(&pool, &log).await;
    let client = Client::new(&pool, &log);
    let parked = letters(&client).await;
    assert_eq!(parked.len(), 3);
    assert!(parked.iter().all(|letter| letter["position"] == bad && letter["waiting"] == waiting));
    projections::rebuild_all(&pool, &log, |_, _| {}).await.expect("the rebuild succeeds");
    let ids = |letters: &[Value]| letters.iter().map(|letter| letter["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&letters(&client).await), ids(&parked), "the same dead letters, by their ids");
    // Events that come meanwhile wait in the new one too.
    varied(24).after(20).append(&pool).await;
    caught_up(&pool, &log).await;
    mend(&pool, bad).await;
    rebuild_each(&pool, &log).await;
    assert!(letters(&client).await.is_empty());
    equals_its_rebuild(&pool, &log).await;
    assert_ne!(digests(&pool).await, whole);
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn an_event_of_a_stream_whose_id_is_none_is_dealt_with_like_any_other(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start_with(&pool, &log, BY_HAND);
    let insert = "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
        metadata) values ('Entry', 'no such id', 1, 'EntryPosted', '1', '{}', '{}')";
    sqlx::query(insert).execute(&pool).await.unwrap();
    varied(14).append(&pool).await;
    caught_up(&pool, &log).await;
    all_dead(&pool, &log).await;
    let client = Client::new(&pool, &log);
    let letters = letters(&client).await;
    assert_eq!(letters.len(), 3);
    for letter in letters {
        assert_eq!((&letter["stream_id"], &letter["position"]), (&"no such id".into(), &1.into()));
        let path = format!("/v1/dead-letters/{}/discard", letter["id"].as_str().unwrap());
        assert_eq!(client.post(&path, r#"{"reason": "not ours"}"#).await.status, 200);
    }
    equals_its_rebuild(&pool, &log).await;
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn dead_letters_are_listed_in_pages_and_by_read_model_and_state(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(30).append(&pool).await;
    for loan in [2, 3, 4] {
        spoil(&pool, disbursement(&pool, loan).await.0).await;
    }
    let running = start_with(&pool, &log, BY_HAND);
    caught_up(&pool, &log).await;
    all_dead(&pool, &log).await;
    let client = Client::new(&pool, &log);
    let (mut seen, mut path) = (Vec::new(), "/v1/dead-letters?limit=2".to_owned());
    loop {
        let page = client.ask(&path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|letter| letter["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/dead-letters?limit=2&after={next}");
    }
    let all: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (9, 9));
    let count = async |filter: &str| {
        client.ask(&format!("/v1/dead-letters?{filter}")).await.json()["items"].as_array().map(Vec::len)
    };
    assert_eq!(count("projection=journal").await, Some(3));
    assert_eq!(count("projection=journal&state=retrying").await, Some(0));
    assert_eq!(count("state=dead&limit=1000").await, Some(9));
    let unknown = client.ask("/v1/dead-letters?projection=nothing").await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (400, &"invalid_parameter".into()));
    let nobody = Uuid::nil();
    for path in ["redrive", "discard"].map(|what| format!("/v1/dead-letters/{nobody}/{what}")) {
        assert_eq!(client.post(&path, r#"{"reason": "none"}"#).await.status, 404);
    }
    running.stop().await;
}
