//! What workers promise, whatever the commands do to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use event_store::Log;
use reactions::CommandWorkers;
use requests::{Answer, QueuedCommand, Request, RequestId, Requests, Status};
use serde_json::value::RawValue;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

async fn requests(options: &PgConnectOptions) -> Requests {
    Log::migrate(options).await.unwrap();
    requests::migrate(options).await.unwrap();
    requests::migrate(options).await.unwrap(); // once more changes nothing
    Requests::new(options, None).unwrap()
}

/// A command whose key says what it does.
fn command(stream: u128, key: &str) -> QueuedCommand {
    let id = RequestId::of("c", key, &[0; 32]);
    let body = RawValue::from_string("{}".to_owned()).unwrap();
    let (stream, who) = (Uuid::from_u128(stream), ("c".into(), key.into()));
    let now = SystemTime::now().into();
    QueuedCommand::new((id, stream), who, "s".into(), "x".to_owned(), None, now, "/".to_owned(), body)
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: vec![("a".to_owned(), "b".to_owned())], body: body.to_owned() }
}

/// Workers whose commands do what `act` says: how often each key was executed before.
fn workers(
    requests: &Requests,
    act: impl Fn(&QueuedCommand, u32) -> Answer + Send + Sync + 'static,
) -> (CommandWorkers, Arc<Mutex<Vec<String>>>) {
    let executed = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&executed);
    let times = Mutex::new(HashMap::<String, u32>::new());
    let act = Arc::new(act);
    let workers = CommandWorkers {
        requests: requests.clone(),
        kafka: None,
        execute: Arc::new(move |command| {
            let mut times = times.lock().unwrap();
            let times = times.entry(command.key.to_string()).or_default();
            *times += 1;
            noted.lock().unwrap().push(command.key.to_string());
            let (act, time) = (Arc::clone(&act), *times);
            Box::pin(async move {
                tokio::task::yield_now().await;
                act(&command, time)
            })
        }),
        retention: PATIENCE,
    };
    (workers, executed)
}

async fn ended(requests: &Requests, key: &str) -> Request {
    let patience = Instant::now() + PATIENCE;
    loop {
        let found = requests.find(RequestId::of("c", key, &[0; 32]), Some("c")).await.unwrap().unwrap();
        if found.status != Status::Queued {
            return found;
        }
        assert!(Instant::now() < patience, "{key} still waits");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn stopped(stop: &CancellationToken, working: tokio::task::JoinHandle<()>, requests: Requests) {
    stop.cancel();
    tokio::time::timeout(PATIENCE, working).await.expect("they stop").unwrap();
    requests.close().await;
}

#[sqlx::test(migrations = false)]
async fn a_command_that_cannot_be_executed_fails_and_holds_nobody_up(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let requests = requests(&options).await;
    for key in ["before", "panics", "faults", "races", "after"] {
        requests.accept(&command(1, key)).await.unwrap();
    }
    let (workers, executed) = workers(&requests, |command, _| match &*command.key {
        "panics" => panic!("as a bug would"),
        "faults" => answer(500, r#"{"code": "internal"}"#),
        "races" => answer(409, r#"{"code": "conflict"}"#),
        _ => answer(201, r#"{"ok": true}"#),
    });
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers.run(stop.clone()));

    let after = ended(&requests, "after").await;
    assert_eq!((after.status, after.answer), (Status::Done, Some(answer(201, r#"{"ok": true}"#))));
    for (key, status, part) in
        [("panics", 500, "the program failed"), ("faults", 500, "internal"), ("races", 409, "conflict")]
    {
        let failed = ended(&requests, key).await;
        assert_eq!(failed.status, Status::Failed, "{key}");
        let answer = failed.answer.unwrap();
        assert!(answer.status == status && answer.body.contains(part), "{answer:?}");
        let times = executed.lock().unwrap().iter().filter(|other| *other == key).count();
        assert_eq!(times, 5, "{key}");
    }
    assert_eq!(executed.lock().unwrap().last().unwrap(), "after", "one stream is executed in its order");

    // What failed is tried again when it is asked for again, and what is done is not.
    requests.accept(&command(1, "races")).await.unwrap();
    requests.accept(&command(1, "after")).await.unwrap();
    assert_eq!(ended(&requests, "races").await.status, Status::Failed);
    assert_eq!(executed.lock().unwrap().iter().filter(|key| *key == "races").count(), 10);
    assert_eq!(executed.lock().unwrap().iter().filter(|key| *key == "after").count(), 1);
    stopped(&stop, working, requests).await;
}

#[sqlx::test(migrations = false)]
async fn while_nothing_can_be_executed_commands_wait_in_their_order(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let requests = requests(&options).await;
    let keys: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
    for key in &keys {
        requests.accept(&command(7, key)).await.unwrap();
    }
    assert_eq!(requests.standing().await.unwrap().queued, 40);
    let (workers, executed) = workers(&requests, |command, time| {
        let away = &*command.key == "03" && time < 9;
        if away { answer(503, "{}") } else { answer(if &*command.key == "05" { 422 } else { 200 }, "{}") }
    });
    let stop = CancellationToken::new();
    // Two processes, as it were.
    let both = async |workers: CommandWorkers, stop: CancellationToken| {
        tokio::join!(workers.clone().run(stop.clone()), workers.run(stop));
    };
    let working = tokio::spawn(both(workers, stop.clone()));
    assert_eq!(ended(&requests, "39").await.status, Status::Done);
    assert_eq!(ended(&requests, "05").await.status, Status::Refused);
    let mut executed = executed.lock().unwrap().clone();
    assert_eq!(executed.iter().filter(|key| *key == "03").count(), 9, "more often than a command may fail");
    executed.dedup();
    assert_eq!(executed, keys);
    assert_eq!(requests.standing().await.unwrap().queued, 0);

    let forgotten = requests.forget_before(SystemTime::now().into()).await.unwrap();
    assert_eq!(forgotten, 40);
    stopped(&stop, working, requests).await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_command_fails_with_the_reason(pool: PgPool) {
    let options = (*pool.connect_options()).clone();
    let requests = requests(&options).await;
    requests.accept(&command(1, "garbled")).await.unwrap();
    requests.accept(&command(1, "newer")).await.unwrap();
    requests.accept(&command(1, "good")).await.unwrap();
    for (number, text) in [(1, r#"{"version": 1}"#), (2, r#"{"version": 2}"#)] {
        let garble = "update requests.queue set command = $2::json where number = $1";
        sqlx::query(garble).bind(number).bind(text).execute(&pool).await.unwrap();
    }
    let (workers, _) = workers(&requests, |_, _| answer(200, "{}"));
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers.run(stop.clone()));
    assert_eq!(ended(&requests, "good").await.status, Status::Done);
    for (key, why) in [("garbled", "missing field"), ("newer", "version 2 of its form")] {
        let failed = ended(&requests, key).await;
        assert_eq!(failed.status, Status::Failed);
        assert!(failed.answer.unwrap().body.contains(why));
    }
    stopped(&stop, working, requests).await;
}

/// Its worker is gone in the middle of it, as if the system had killed the process for its memory.
#[sqlx::test(migrations = false)]
async fn a_command_that_ends_its_worker_is_given_up_after_a_while_and_the_others_are_executed(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let requests = requests(&options).await;
    // Some wait before it and behind it, in its stream and in others.
    for (stream, key) in [(1, "before"), (2, "beside"), (1, "poison"), (1, "behind"), (3, "elsewhere")] {
        requests.accept(&command(stream, key)).await.unwrap();
    }
    let (fatal, times) = (Arc::new(tokio::sync::Notify::new()), Arc::new(Mutex::new(0)));
    let mut workers = workers(&requests, |_, _| answer(200, "")).0;
    let (execute, seen, counted) = (workers.execute, Arc::clone(&fatal), Arc::clone(&times));
    workers.execute = Arc::new(move |command| {
        if &*command.key != "poison" {
            return execute(command);
        }
        *counted.lock().unwrap() += 1;
        seen.notify_one();
        Box::pin(std::future::pending())
    });
    let stop = CancellationToken::new();
    let working = loop {
        let working = tokio::spawn(workers.clone().run(stop.clone()));
        tokio::select! {
            () = fatal.notified() => working.abort(),
            request = ended(&requests, "poison") => {
                let said = request.answer.unwrap();
                assert_eq!((request.status, said.status), (Status::Failed, 500));
                assert!(said.body.contains("5 workers ended while they executed it"), "{}", said.body);
                break working;
            }
        }
        let _ = working.await;
    };
    for key in ["before", "beside", "behind", "elsewhere"] {
        assert_eq!(ended(&requests, key).await.status, Status::Done, "{key}");
    }
    assert_eq!(*times.lock().unwrap(), 5);
    stopped(&stop, working, requests).await;
}
