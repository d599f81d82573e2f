//! What is fed by Kafka when nothing goes wrong, or little.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::lender::Lender;

#[sqlx::test(migrations = false)]
async fn read_models_that_kafka_feeds_equal_those_rebuilt_from_the_log(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let feeding = lender.start("relay,projections");
    let (_api, posting) = lender.post(1, 10).await;
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    for projection in lender.status().await {
        assert!(projection.road.starts_with("kafka "), "{projection:?}");
        assert_eq!(projection.partitions.len(), 6, "{projection:?}");
        assert_eq!(projection.stopped_by, None);
        let troubles: Vec<_> = projection.partitions.iter().filter_map(|one| one.trouble.as_ref()).collect();
        assert!(troubles.is_empty(), "{troubles:?}");
    }
    let (status, log) = feeding.stop().await;
    assert!(status.success() && !log.contains("\"ERROR\""), "{status}:\n{log}");
}

/// The read models go from the log to Kafka, back, and to Kafka again.
#[sqlx::test(migrations = false)]
async fn changing_the_road_loses_and_doubles_nothing(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let (_api, posting) = lender.post(2, 15).await;
    let by_kafka = lender.start("projections");
    sleep(Duration::from_secs(2)).await;
    let mut by_log = lender.start_on_the_log("projections");
    by_log.says("changing roads").await;
    sleep(Duration::from_millis(700)).await;
    by_kafka.kill().await;
    let again = lender.start("projections");
    posting.await.unwrap();
    lender.until(|projection| projection.lag == 0 && projection.road.starts_with("kafka ")).await;
    // It notices though it has nothing to write.
    by_log.says("fed by another road; standing by").await;
    by_log.stop().await;
    lender.equals_its_rebuild().await;
    again.stop().await;
    relay.stop().await;
}

/// The daily consolidation is a process of its own, and its absence disturbs nothing.
#[sqlx::test(migrations = false)]
async fn without_the_daily_balances_all_else_goes_on_and_then_they_are_exact(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let others = [("RAZAO_PROJECTIONS", "loans,entries,journal,products,periods,staff,proposals")];
    let daily = [("RAZAO_PROJECTIONS", "daily_balances")];
    let feeding = lender.start_with("relay,projections", &others);
    let consolidating = lender.start_with("projections", &daily);
    // Every book reads its own daily balances in the end, so it waits for them to be back.
    let (_api, posting) = lender.post(3, 80).await;
    sleep(Duration::from_millis(300)).await;
    let (status, log) = consolidating.stop().await;
    assert!(status.success(), "{status}:\n{log}");
    let before = lender.log.head().await.unwrap().position;
    let patience = Instant::now() + Duration::from_secs(60);
    while lender.log.head().await.unwrap().position < before + 60 {
        assert!(!posting.is_finished() && Instant::now() < patience, "commands go on");
        sleep(Duration::from_millis(20)).await;
    }
    lender.until(|one| (one.position < before + 30) == (one.name == "daily_balances")).await;
    let consolidating = lender.start_with("projections", &daily);
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    consolidating.stop().await;
    feeding.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_rebuild_amidst_what_comes_by_kafka_loses_and_doubles_nothing(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let feeding = lender.start("relay,projections");
    let other = lender.start("projections");
    let (_api, posting) = lender.post(4, 15).await;
    while !posting.is_finished() {
        projections::rebuild_all(&pool, &lender.log, |_, _| {}).await.unwrap();
        for name in ["daily_balances", "loans"] {
            projections::rebuild(&pool, &lender.log, name, |_, _| {}).await.unwrap();
        }
    }
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    other.stop().await;
    feeding.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_read_waits_for_the_position_of_a_command_only_a_moment(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let feeding = lender.start("relay,projections");
    let (mut api, posting) = lender.post(5, 3).await;
    posting.await.unwrap();
    let client = razao::client::Client::new(&api.url().await);
    let mut waits = Vec::new();
    for number in 0..20 {
        let id = uuid::Uuid::now_v7();
        let body = serde_json::json!({
            "id": id, "on": "2025-03-03", "description": "till",
            "lines": [{"account": "assets:cash", "debit": "1.00"}, {"account": "income:tips", "credit": "1.00"}],
        });
        let accepted = client.command("/v1/entries", &format!("tip-{number}"), &body).await.unwrap();
        let began = Instant::now();
        let entry = client.read(&format!("/v1/entries/{id}"), Some(accepted.position)).await.unwrap();
        waits.push(began.elapsed());
        assert!(entry["as_of"]["position"].as_i64().unwrap() >= accepted.position, "{entry}");
    }
    waits.sort();
    eprintln!("from accepted to visible: median {:?}, most {:?}", waits[10], waits[19]);
    assert!(waits[10] < Duration::from_millis(700), "{waits:?}");
    lender.equals_its_rebuild().await;
    feeding.stop().await;
}
