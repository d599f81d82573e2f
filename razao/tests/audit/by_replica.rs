//! `razao verify --replica`: a streaming replica is checked in place of the log, and what it does not have yet is waited for.

use std::time::Duration;

use event_store::Feed;
use projections::{Chosen, RetryPolicy, Source};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::book::Book;
use crate::standby::Standby;
use crate::support::razao;

const PATIENCE: Duration = Duration::from_secs(60);

/// Lets the read models take all there is.
async fn project(book: &Book) {
    let stop = CancellationToken::new();
    let policy =
        RetryPolicy { attempts: 1, first_wait: Duration::ZERO, longest_wait: Duration::from_secs(1) };
    let (feed, from) = (Feed::start(&book.log, stop.clone()), (Source::Log, Chosen::default()));
    let feeding = tokio::spawn(projections::run(book.pool.clone(), feed, from, policy, stop.clone()));
    let is_level = async {
        while projections::status(&book.pool, &book.log).await.unwrap().iter().any(|one| one.lag > 0) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, is_level).await.expect("they are level within a minute");
    stop.cancel();
    feeding.await.unwrap();
}

/// The exit code, and what is printed as wrong.
async fn verify(book: &Book, standby: &Standby) -> (i32, Vec<Value>) {
    let (log, replica) = (book.pool.connect_options().to_url_lossy(), standby.options().to_url_lossy());
    let output = razao()
        .args(["verify", "--database-url", log.as_str(), "--replica", replica.as_str()])
        .env("RAZAO_AUDIT_KEYS", book.keys())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code().unwrap();
    assert!(code < 2, "{}", String::from_utf8_lossy(&output.stderr));
    (code, said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[sqlx::test(migrations = false)]
async fn what_the_replica_has_is_checked_and_what_it_lacks_is_waited_for(pool: PgPool) {
    let book = Book::sealed(&pool, 5).await;
    projections::migrate(&pool).await.unwrap();
    project(&book).await;
    let standby = Standby::of(&pool).await;
    assert_eq!(verify(&book, &standby).await, (0, Vec::new()));

    // The read models get ahead of the replica, which goes on a while later.
    standby.run("select pg_wal_replay_pause()").await;
    book.lend([6]).await;
    project(&book).await;
    let (verified, ()) = tokio::join!(verify(&book, &standby), async {
        sleep(Duration::from_secs(3)).await;
        standby.run("select pg_wal_replay_resume()").await;
    });
    assert_eq!(verified, (0, Vec::new()));

    // What the replica has of somebody's tampering is found there.
    book.tamper("update events set metadata = '{}' where position = 2").await;
    let changed = (1, vec![json!({"fault": "event_changed", "position": 2})]);
    let is_found = async {
        while verify(&book, &standby).await != changed {
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, is_found).await.expect("the replica has it within a minute");
}
