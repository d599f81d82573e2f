//! No read is answered from a read model that is half built.

use sqlx::PgPool;

use crate::asking::Client;
use crate::book::varied;
use crate::log_on;
use crate::projecting::{caught_up, start};

/// What is answered from the log alone, or says how far the read models are.
const FROM_THE_LOG: [&str; 19] = [
    "/v1/audit/checkpoint",
    "/v1/audit/proofs/consistency",
    "/v1/audit/proofs/inclusion",
    "/v1/audit/tiles/{path}",
    "/v1/events",
    "/v1/projections",
    "/v1/dead-letters",
    "/v1/dead-letters/{id}",
    "/v1/discarded-events",
    "/v1/entries/{id}/history",
    "/v1/loans/{id}",
    "/v1/loans/{id}/accruals",
    "/v1/loans/{id}/explain",
    "/v1/loans/{id}/history",
    "/v1/loans/{id}/schedule",
    "/v1/loans/{id}/settlement-quote",
    "/v1/loans/{id}/statement",
    "/v1/loans/{id}/transactions",
    "/v1/proposals/{id}/history",
];

/// Every other read, with something that is there in place of each parameter.
fn reads_of_read_models() -> Vec<String> {
    let document = projections::api_document();
    let gets = document.paths.paths.iter().filter(|(_, item)| item.get.is_some());
    let others = gets.map(|(path, _)| path.clone()).filter(|path| !FROM_THE_LOG.contains(&path.as_str()));
    let filled = others.map(|path| {
        let path = path.replace("/v1/proposals/{id}", "/v1/proposals/00000003-0000-0000-0000-000000000004");
        let path = path.replace("{account}", "assets:cash").replace("{date}", "2025-02-10");
        path.replace("{id}", "00000001-0000-0000-0000-000000000001").replace("{product}", "product%203")
    });
    filled.collect()
}

#[sqlx::test(migrations = false)]
async fn what_is_half_built_answers_nothing(pool: PgPool) {
    let log = log_on(&pool).await;
    let running = start(&pool, &log);
    varied(20).append(&pool).await;
    caught_up(&pool, &log).await;
    running.stop().await;
    let client = Client::new(&pool, &log);
    let reads = reads_of_read_models();
    assert!(reads.len() > 10, "{reads:?}");
    let mut whole = Vec::new();
    for path in &reads {
        let reply = client.ask(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        whole.push(reply.text);
    }
    // Another version of the program has other tables.
    sqlx::query("update projections.projection_checkpoints set shape = 'another'")
        .execute(&pool)
        .await
        .unwrap();
    projections::migrate(&pool).await.unwrap();
    for position in [0, 1, 57] {
        // As a projection is on its way.
        sqlx::query("update projections.projection_checkpoints set position = $1")
            .bind(position)
            .execute(&pool)
            .await
            .unwrap();
        for path in &reads {
            let reply = client.ask(path).await;
            assert_eq!(
                (reply.status.as_u16(), &reply.json()["code"]),
                (503, &"not_yet_visible".into()),
                "{path}"
            );
            assert!(reply.headers.contains_key("retry-after"), "{path}");
        }
    }
    sqlx::query("update projections.projection_checkpoints set position = 0").execute(&pool).await.unwrap();
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    for (path, whole) in reads.iter().zip(whole) {
        assert_eq!(client.ask(path).await.text, whole, "{path}");
    }
    running.stop().await;
}

#[sqlx::test(migrations = false)]
async fn read_models_that_begin_behind_a_long_log_answer_once_they_hold_it(pool: PgPool) {
    let log = log_on(&pool).await;
    let mut book = varied(200);
    let head = i64::try_from(book.len()).unwrap();
    book.append(&pool).await;
    let running = start(&pool, &log);
    caught_up(&pool, &log).await;
    let from: Vec<(i64,)> = sqlx::query_as("select serves_from from projections.projection_checkpoints")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(from.iter().all(|(from,)| *from == head), "{from:?}");
    running.stop().await;
}
