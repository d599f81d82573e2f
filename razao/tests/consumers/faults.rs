//! What becomes of read models when those who feed them are killed, hang, change places or get everything twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use sqlx::PgPool;
use tokio::time::sleep;

use crate::brokers;
use crate::lender::Lender;

fn moment(from: u64, to: u64) -> Duration {
    Duration::from_millis(fastrand::u64(from..to))
}

#[sqlx::test(migrations = false)]
async fn kills_at_random_under_load_lose_and_double_nothing(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let (_api, posting) = lender.post(11, 15).await;
    for _ in 0..3 {
        let projector = lender.start("projections");
        sleep(moment(400, 1_500)).await; // the random moment
        projector.kill().await;
    }
    let projector = lender.start("projections");
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    projector.stop().await;
    relay.stop().await;
}

#[sqlx::test(migrations = false)]
async fn rebalances_all_the_time_lose_and_double_nothing(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let mut projectors = [0, 1, 2].map(|_| lender.start("projections"));
    let (_api, posting) = lender.post(12, 15).await;
    for round in 0..4 {
        sleep(moment(500, 1_500)).await;
        let next = lender.start("projections");
        let one = std::mem::replace(&mut projectors[round % 3], next);
        // One gives its partitions up, another is missed only after a while.
        if round % 2 == 0 {
            one.stop().await;
        } else {
            one.kill().await;
        }
    }
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    for projector in projectors {
        projector.stop().await;
    }
    relay.stop().await;
}

/// It hangs until the group takes it for dead, wakes up amidst its work, and writes nothing of what is not its any more.
#[sqlx::test(migrations = false)]
async fn a_projector_that_hangs_and_wakes_up_writes_nothing_any_more(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let mut hung = lender.start("projections");
    hung.says("reading partitions").await;
    let (_api, posting) = lender.post(13, 15).await;
    sleep(moment(300, 1_500)).await;
    let other = lender.start("projections");
    // With others it has a part of the partitions; those stand still, the others go on.
    sleep(moment(1_000, 2_000)).await;
    hung.signal(Signal::SIGSTOP);
    sleep(Duration::from_secs(7)).await;
    hung.signal(Signal::SIGCONT);
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    other.stop().await;
    hung.stop().await;
    relay.stop().await;
}

/// The database keeps it waiting for longer than the group waits for a poll: it polls all the same.
#[sqlx::test(migrations = false)]
async fn a_projector_slower_than_its_poll_limit_keeps_its_partitions(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let mut slow = lender.start_with("projections", &[("RAZAO_KAFKA_MAX_POLL_INTERVAL_MS", "6000")]);
    slow.says("reading partitions").await;
    let (_api, posting) = lender.post(14, 12).await;
    sleep(Duration::from_secs(1)).await;
    let mut holding = event_store::begin(&pool, "begin").await.unwrap();
    let hold = "lock table read_loans.standings, read_balances.daily_balances in access exclusive mode";
    sqlx::query(hold).execute(&mut *holding).await.unwrap();
    sleep(Duration::from_secs(7)).await;
    holding.rollback().await.unwrap();
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    let (_, log) = slow.stop().await;
    let (before_its_end, _) = log.split_once("SIGTERM").unwrap();
    assert!(!before_its_end.contains("giving partitions up"), "{log}");
    relay.stop().await;
}

/// Sends every message of a topic again, a moment after it came.
fn repeat_everything(topic: &str, stop: &AtomicBool) -> i64 {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("group.id", "unused")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let mut assignment = TopicPartitionList::new();
    for partition in 0..6 {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let mut repeated = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) else { continue };
        let headers = message.headers().unwrap();
        if headers.iter().any(|header| header.key == "again") {
            continue;
        }
        let again = rdkafka::message::Header { key: "again", value: Some("yes") };
        let headers: OwnedHeaders = headers.detach().insert(again);
        let record = BaseRecord::to(topic).partition(message.partition()).headers(headers);
        let record = record.key(message.key().unwrap_or_default()).payload(message.payload().unwrap());
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.poll(Duration::ZERO);
        repeated += 1;
    }
    producer.flush(Duration::from_secs(10)).unwrap();
    repeated
}

#[sqlx::test(migrations = false)]
async fn every_message_twice_counts_once(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let mut relay = lender.start("relay");
    relay.says("leading: sending from here on").await;
    let stop = Arc::new(AtomicBool::new(false));
    let (topic, stopped) = (lender.topic(), Arc::clone(&stop));
    let repeating = tokio::task::spawn_blocking(move || repeat_everything(&topic, &stopped));
    let projector = lender.start("projections");
    let (_api, posting) = lender.post(15, 10).await;
    posting.await.unwrap();
    lender.caught_up().await;
    sleep(Duration::from_secs(1)).await; // the last repeats come
    stop.store(true, Ordering::Relaxed);
    let repeated = repeating.await.unwrap();
    let events = lender.log.head().await.unwrap().position;
    assert!(repeated >= events, "{repeated} repeats of {events} events");
    lender.equals_its_rebuild().await;
    let trouble = "positions go back";
    assert!(
        lender
            .status()
            .await
            .iter()
            .flat_map(|one| &one.partitions)
            .any(|one| { one.trouble.as_ref().is_some_and(|said| said.contains(trouble)) })
    );
    projector.stop().await;
    relay.stop().await;
}
