//! A replay is what the read models were, for every question, and what differs from it is named.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use chrono::{DateTime, Utc};
use event_store::Log;
use projections::{
    Replay, RowDiffers, Side, Until, WantedReplay, compare, drop_replay, find_replay, replays,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::asking::Client;
use crate::book::{Book, varied};
use crate::log_on;
use crate::parking::spoil;
use crate::projecting::{caught_up, start};
use crate::two_axes::{READS, read};

/// What has no second axis of time, and what is answered from the log.
const OTHER_READS: [&str; 12] = [
    "/v1/products",
    "/v1/products/product%203",
    "/v1/periods",
    "/v1/entries?limit=1000",
    "/v1/events?limit=1000",
    "/v1/loans/00000000-0000-0000-0000-000000000002",
    "/v1/loans/00000000-0000-0000-0000-000000000002/schedule",
    "/v1/loans/00000000-0000-0000-0000-000000000002/transactions",
    "/v1/loans/00000000-0000-0000-0000-000000000002/statement",
    "/v1/loans/00000000-0000-0000-0000-000000000002/history",
    "/v1/loans/00000000-0000-0000-0000-000000000002/accruals?to=2025-03-10",
    "/v1/balances/daily/assets:cash/2025-02-11/explain",
];

fn wanted(until: Until) -> WantedReplay {
    WantedReplay { name: None, until, loan: None }
}

async fn replay(pool: &PgPool, log: &Log, wanted: &WantedReplay) -> Replay {
    projections::replay(pool, log, wanted, |_, _| {}).await.unwrap()
}

/// Which rows of two differ, and how many.
async fn differ(pool: &PgPool, a: &str, b: &str) -> (i64, Vec<RowDiffers>) {
    let (a, b) = (Side::find(pool, a).await.unwrap(), Side::find(pool, b).await.unwrap());
    let mut rows = Vec::new();
    let compared = compare(pool, (&a, &b), 100, |row| rows.push(row)).await.unwrap();
    (compared.differ(), rows)
}

/// Everything is answered, however it is paged.
async fn all_answers(client: &Client) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in READS.iter().chain(&OTHER_READS) {
        answers.push(read(client, path).await);
    }
    answers
}

#[sqlx::test(migrations = false)]
async fn a_replay_until_now_is_what_serves_to_the_byte(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let mut rest = varied(120);
    let later = rest.split_off(200);
    rest.append(&pool).await;
    replay(&pool, &log, &wanted(Until::Now)).await;
    { later }.append(&pool).await;
    caught_up(&pool, &log).await;
    let mut told = Vec::new();
    let all = WantedReplay { name: Some("all_of_it".to_owned()), ..wanted(Until::Now) };
    let made = projections::replay(&pool, &log, &all, |position, goal| told.push((position, goal))).await;
    let made = made.unwrap();
    assert_eq!(made.position, log.head().await.unwrap().position);
    assert_eq!(told.last(), Some(&(made.position, made.position)), "progress is told");
    let (live, copy) =
        (Side::find(&pool, "live").await.unwrap(), Side::find(&pool, "all_of_it").await.unwrap());
    let compared = compare(&pool, (&live, &copy), 100, |row| panic!("{row:?}")).await.unwrap();
    assert!(compared.positions.is_empty() && compared.differ() == 0, "{compared:?}");
    assert!(compared.tables.iter().all(|table| table.rows.0 > 0 && table.rows.0 == table.rows.1));
    let (earlier, _) = differ(&pool, "p200", "all_of_it").await;
    assert!(earlier > 100, "more than is told differs: {earlier}");

    let names = async || -> Vec<String> {
        replays(&pool).await.unwrap().into_iter().map(|replay| replay.name).collect()
    };
    assert_eq!(names().await, ["all_of_it", "p200"]);
    assert!(replays(&pool).await.unwrap().iter().all(|replay| replay.bytes > 0));
    drop_replay(&pool, "p200").await.unwrap();
    assert_eq!(names().await, ["all_of_it"]);
    let schemas = "select count(*) from pg_namespace where nspname like 'replay%'";
    assert_eq!(sqlx::query_as::<_, (i64,)>(schemas).fetch_one(&pool).await.unwrap(), (1,));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_replay_answers_every_query_as_it_was_answered_then(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    let client = Client::new(&pool, &log);
    let mut rest = varied(80);
    let mut then = Vec::new();
    for size in [97, 1, 130] {
        let later = rest.split_off(size);
        std::mem::replace(&mut rest, later).append(&pool).await;
        caught_up(&pool, &log).await;
        then.push((log.head().await.unwrap(), all_answers(&client).await));
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    rest.append(&pool).await;
    caught_up(&pool, &log).await;
    for (head, then) in then {
        let by_position = replay(&pool, &log, &wanted(Until::Position(head.position))).await;
        let name = Some(format!("i{}", head.position));
        let until = Until::Instant(head.recorded_at.unwrap());
        let by_instant = replay(&pool, &log, &WantedReplay { name, ..wanted(until) }).await;
        assert_eq!((by_position.position, by_instant.position), (head.position, head.position));
        assert_eq!(differ(&pool, &by_position.name, &by_instant.name).await, (0, Vec::new()));
        let replayed = Client::of_replay(&pool, &log, by_position);
        let now = all_answers(&replayed).await;
        for ((path, then), now) in READS.iter().chain(&OTHER_READS).zip(&then).zip(&now) {
            assert_eq!(now, then, "{path} at {}", head.position);
        }
        for (path, then) in READS.iter().zip(&then) {
            let join = if path.contains('?') { '&' } else { '?' };
            let known = read(&client, &format!("{path}{join}known_at={}", head.position)).await;
            assert_eq!(known, *then, "{path} at {}", head.position);
        }
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_replay_says_where_it_ends_and_is_only_read(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(20).append(&pool).await;
    let made = replay(&pool, &log, &wanted(Until::Position(30))).await;
    let client = Client::of_replay(&pool, &log, made);
    let status = client.ask("/v1/projections").await.json();
    assert_eq!((&status["as_of"]["position"], &status["items"][0]["lag"]), (&json!(30), &json!(0)));
    assert_eq!(status["items"][0]["road"], "replay p30");
    let later = client.ask_with("/v1/trial-balance", &[("Razao-Min-Position", "31")]).await;
    assert_eq!((later.status.as_u16(), &later.json()["code"]), (503, &json!("not_yet_visible")));
    let future = client.ask("/v1/portfolio?known_at=31").await.json();
    assert_eq!(future["errors"][0]["detail"], "31 is in the future: the log ends at position 30");
    let instant = client.ask("/v1/portfolio?known_at=2025-01-01T00:00:00Z").await.json();
    assert_eq!(instant["as_of"]["position"], 0);
    let csv = client.ask_with("/v1/accounts", &[("accept", "text/csv")]).await;
    assert_eq!((csv.status.as_u16(), csv.headers["razao-position"].as_bytes()), (200, b"30".as_slice()));
    let refused = client.post(&format!("/v1/dead-letters/{}/redrive", Uuid::nil()), "").await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (405, &json!("method_not_allowed")));
    drop_replay(&pool, "p30").await.unwrap();
    let serving = Client::new(&pool, &log);
    // More often than there are connections, each of which is as good as before.
    for _ in 0..20 {
        let gone = client.ask("/v1/trial-balance").await;
        assert_eq!((gone.status.as_u16(), gone.text.contains("there no more")), (503, true), "{}", gone.text);
        assert_eq!(serving.ask("/v1/trial-balance").await.status, 200);
    }
}

#[sqlx::test(migrations = false)]
async fn what_differs_from_a_replay_is_named(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(20).append(&pool).await;
    caught_up(&pool, &log).await;
    let made = replay(&pool, &log, &wanted(Until::Now)).await;
    assert_eq!(differ(&pool, "live", &made.name).await, (0, Vec::new()));
    let loan = Uuid::from_u128(2);
    let tamper = format!(
        "update read_loans.standings set principal = principal + 1 where loan_id = '{loan}'; \
         delete from {0}.journal_lines where position = 3 and line = 1; \
         insert into {0}.loan_products values ('{loan}', 'other') on conflict (loan_id) do update set product = 'other'",
        made.schema()
    );
    sqlx::raw_sql(&tamper).execute(&pool).await.unwrap();
    let (differ, rows) = differ(&pool, "live", &made.name).await;
    assert_eq!(differ, 3, "{rows:?}");
    let of = |table: &str| serde_json::to_value(rows.iter().find(|row| row.table == table).unwrap()).unwrap();
    let standing = of("standings");
    assert_eq!((&standing["read_model"], &standing["row"]), (&json!("loans"), &json!({"loan_id": loan})));
    let principal = |side: &str| standing[side]["principal"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(principal("a"), principal("b") + 1);
    assert_eq!(standing["a"].as_object().unwrap().len(), 1, "only what differs: {standing}");
    let line = of("journal_lines");
    assert_eq!((&line["row"], &line["b"]), (&json!({"position": "3", "line": "1"}), &Value::Null));
    assert_eq!(line["a"]["account"], "assets:cash");
    let product = of("loan_products");
    assert_eq!(product["a"], json!({"product": "working_capital"}), "{product}");
    assert_eq!(product["b"], json!({"product": "other"}));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn one_loan_is_replayed_alone(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(20).append(&pool).await;
    caught_up(&pool, &log).await;
    let loan = Uuid::from_u128(2);
    let of_loan = |until, name: &str| WantedReplay { name: Some(name.to_owned()), until, loan: Some(loan) };
    let whole = replay(&pool, &log, &of_loan(Until::Now, "whole")).await;
    assert_eq!((whole.loan, whole.position), (Some(loan), log.head().await.unwrap().position));
    let client = Client::of_replay(&pool, &log, whole);
    let listed = client.ask("/v1/loans").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let live = Client::new(&pool, &log).ask("/v1/loans?external_id=contract-2").await.json();
    assert_eq!(listed["items"][0], live["items"][0]);
    let path = format!("/v1/balances/daily?limit=1000&from=2025-01-01&to=2025-06-20&loan={loan}");
    let of_live = Client::new(&pool, &log).ask(&path).await.json()["items"].clone();
    assert_eq!(client.ask(&path).await.json()["items"], of_live);
    let whole_ledger = client.ask("/v1/balances/daily?limit=1000&from=2025-01-01&to=2025-06-20").await;
    assert_eq!(whole_ledger.json()["items"], of_live, "its ledger is of this loan alone");

    replay(&pool, &log, &of_loan(Until::Position(10), "begun")).await;
    let (count, rows) = differ(&pool, "begun", "whole").await;
    assert!(count > 0 && rows.iter().any(|row| row.table == "standings"), "{rows:?}");
    let (begun, live) = (Side::find(&pool, "begun").await.unwrap(), Side::find(&pool, "live").await.unwrap());
    let refused = compare(&pool, (&begun, &live), 1, |_| {}).await.unwrap_err();
    assert!(refused.is_of_what_was_asked());
    let said = refused.to_string();
    assert_eq!(
        said,
        format!("`begun` is of the loan {loan}, `live` is of all events: they have to differ in time alone")
    );
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_a_read_model_cannot_take_is_set_aside_in_its_replay_too(pool: PgPool) {
    let log = log_on(&pool).await;
    varied(14).append(&pool).await;
    spoil(&pool, 5).await;
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    let made = replay(&pool, &log, &wanted(Until::Now)).await;
    assert_eq!(differ(&pool, "live", &made.name).await, (0, Vec::new()));
    let client = Client::of_replay(&pool, &log, made.clone());
    assert_eq!(client.ask("/v1/loans").await.json()["as_of"]["parked_streams"], 1);
    let live = Client::new(&pool, &log);
    let letters = async |client: &Client| -> Vec<Value> {
        let letters = client.ask("/v1/dead-letters").await.json();
        let items = letters["items"].as_array().unwrap().iter();
        items.map(|one| json!([one["projection"], one["position"], one["waiting"]])).collect()
    };
    let sorted = |mut letters: Vec<Value>| {
        letters.sort_by_key(ToString::to_string);
        letters
    };
    assert_eq!(sorted(letters(&client).await), sorted(letters(&live).await));
    assert!(!letters(&live).await.is_empty());
    drop_replay(&pool, &made.name).await.unwrap();
    let left = "select count(*) from projections.parked_events where projection like '%@%'";
    assert_eq!(sqlx::query_as::<_, (i64,)>(left).fetch_one(&pool).await.unwrap(), (0,));
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn what_cannot_be_replayed_is_refused_with_the_reason(pool: PgPool) {
    let log = log_on(&pool).await;
    let refused = async |wanted: WantedReplay| -> String {
        let refused = projections::replay(&pool, &log, &wanted, |_, _| {}).await.unwrap_err();
        assert!(refused.is_of_what_was_asked(), "{refused}");
        refused.to_string()
    };
    assert_eq!(refused(wanted(Until::Now)).await, "nothing was recorded by now: the log is empty");
    let mut book = Book::default();
    let begun = book.apply(Uuid::from_u128(1), "equipment");
    book.append(&pool).await;
    drop(begun);
    book.post(Uuid::from_u128(8), crate::book::day("2025-02-10"), "20.00", None);
    book.apply(Uuid::from_u128(2), "equipment");
    book.append(&pool).await;
    let first = log.head_at(1).await.unwrap().unwrap().recorded_at.unwrap();
    let long_ago = Until::Instant("2000-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let first = first.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let said = format!("nothing was recorded by 2000-01-01T00:00:00Z: the log begins at {first}");
    assert_eq!(refused(wanted(long_ago)).await, said);
    for position in [0, -1] {
        let said = refused(wanted(Until::Position(position))).await;
        assert!(said.starts_with(&format!("nothing was recorded by position {position}: ")), "{said}");
    }
    let said = refused(wanted(Until::Position(4))).await;
    assert_eq!(said, "position 4 is in the future: the log ends at position 3");
    let later = Until::Instant("2199-01-01T00:00:00Z".parse().unwrap());
    let said = refused(wanted(later)).await;
    assert_eq!(said, "2199-01-01T00:00:00Z is in the future: the log ends at position 3");
    let of_loan = |loan: u128, position| {
        let loan = Some(Uuid::from_u128(loan));
        WantedReplay { loan, ..wanted(Until::Position(position)) }
    };
    let said = refused(of_loan(9, 3)).await;
    assert_eq!(said, format!("there is no loan {}", Uuid::from_u128(9)));
    let said = refused(of_loan(2, 2)).await;
    assert!(said.ends_with("was unknown at position 2: its first event is 3"), "{said}");
    for name in ["", "live", "A", "a;drop", "é", &"x".repeat(51)] {
        let said = refused(WantedReplay { name: Some(name.to_owned()), ..wanted(Until::Now) }).await;
        assert!(said.starts_with(&format!("the name `{name}` is not")), "{said}");
    }
    replay(&pool, &log, &wanted(Until::Now)).await;
    assert!(refused(wanted(Until::Position(3))).await.starts_with("there is a replay `p3` already"));
    // One that was broken off is begun anew, and is not read before it is made.
    let broken_off = "update projections.replays set finished_at = null";
    sqlx::query(broken_off).execute(&pool).await.unwrap();
    let said = find_replay(&pool, "p3").await.unwrap_err().to_string();
    assert!(said.starts_with("the replay `p3` is being made, or that was broken off"), "{said}");
    replay(&pool, &log, &wanted(Until::Now)).await;
    sqlx::query("update projections.replays set shape = ''").execute(&pool).await.unwrap();
    let said = find_replay(&pool, "p3").await.unwrap_err().to_string();
    assert!(said.contains("by another version"), "{said}");
    let said = drop_replay(&pool, "p4").await.unwrap_err().to_string();
    assert_eq!(said, "there is no replay `p4`: see `razao replay list`");
}
