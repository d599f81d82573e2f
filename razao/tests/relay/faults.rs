//! What becomes of what is published when things are killed, hang, or go away for a while.

use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::broker::Broker;
use crate::brokers;
use crate::reading::{PARTITIONS, Reading};
use crate::relay::Relays;
use crate::writer::Writer;

/// How long a standby may take.
const TAKEOVER: Duration = Duration::from_secs(5);

/// Appends all the time, until told to stop: how many events there are then.
pub(crate) fn load(mut writer: Writer) -> (watch::Sender<bool>, JoinHandle<Writer>) {
    let (stop, stopped) = watch::channel(false);
    let writing = tokio::spawn(async move {
        while !*stopped.borrow() {
            let events = fastrand::i64(1..60);
            writer.append(events).await;
            sleep(Duration::from_millis(fastrand::u64(1..6))).await; // about 10,000 events a second at most
        }
        writer
    });
    (stop, writing)
}

#[sqlx::test(migrations = false)]
async fn kills_under_load_lose_nothing_and_reorder_nothing(pool: PgPool) {
    let relays = Relays::of(&pool, brokers()).with(&[("RAZAO_KAFKA_COMPLETENESS_EVERY", "700")]);
    let (stop, writing) = load(Writer::on(&pool, 25).await);
    for _ in 0..5 {
        let relay = relays.lead().await;
        sleep(Duration::from_millis(fastrand::u64(100..1_300))).await; // the random moment
        relay.kill().await;
    }
    let relay = relays.lead().await;
    stop.send_replace(true);
    let writer = writing.await.unwrap();
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    eprintln!("5 kills: {} events, {} of them sent again", reading.events, reading.repeats);
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
}

#[sqlx::test(migrations = false)]
async fn a_standby_takes_over_from_a_leader_that_is_killed(pool: PgPool) {
    let relays = Relays::of(&pool, brokers());
    let mut writer = Writer::on(&pool, 10).await;
    writer.append(100).await;
    let leader = relays.lead().await;
    let mut standby = relays.start();
    standby.says("another relay leads; standing by").await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(100).await;
    assert!(!standby.log().contains("leading"), "two lead:\n{}", standby.log());

    leader.kill().await;
    writer.append(100).await;
    let (reading, took) = reading.until_beyond(100).await;
    eprintln!("the standby took {took:?}");
    assert!(took < TAKEOVER, "the standby took {took:?}:\n{}", standby.log());
    let reading = reading.until_proven(200).await;
    assert_eq!(reading.events, 200);
    assert!(reading.repeats <= 100, "{} repeats", reading.repeats);
    standby.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_standby_takes_over_from_a_leader_that_hangs_which_then_steps_down(pool: PgPool) {
    let relays = Relays::of(&pool, brokers());
    let mut writer = Writer::on(&pool, 10).await;
    writer.append(100).await;
    let mut hung = relays.lead().await;
    let mut standby = relays.start();
    standby.says("another relay leads; standing by").await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(100).await;

    hung.signal(Signal::SIGSTOP);
    writer.append(100).await;
    let (reading, took) = reading.until_beyond(100).await;
    eprintln!("the standby took {took:?}");
    assert!(took < TAKEOVER, "the standby took {took:?}:\n{}", standby.log());
    // The one that hung wakes up amidst a load and believes that it still leads.
    let (stop, writing) = load(writer);
    hung.signal(Signal::SIGCONT);
    hung.says("another relay leads; standing by").await;
    stop.send_replace(true);
    let writer = writing.await.unwrap();
    let reading = reading.until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    standby.stop().await;
    hung.kill().await;
}

#[sqlx::test(migrations = false)]
async fn a_leader_whose_session_is_cut_leads_again(pool: PgPool) {
    let relays = Relays::of(&pool, brokers());
    let (stop, writing) = load(Writer::on(&pool, 10).await);
    let mut relay = relays.lead().await;
    let cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' \
        and database = (select oid from pg_database where datname = current_database()) \
        and classid = hashtext('razao relay')::oid";
    assert_eq!(sqlx::query(cut).execute(&pool).await.unwrap().rows_affected(), 1, "the leader's lock");
    relay.says("the relay failed; trying again").await;
    stop.send_replace(true);
    let writer = writing.await.unwrap();
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
}

/// A message that the broker refuses must not be overtaken by those after it.
#[sqlx::test(migrations = false)]
async fn an_event_too_large_for_the_topic_holds_up_those_after_it_until_it_fits(pool: PgPool) {
    let relays = Relays::of(&pool, brokers()).with(&[("RAZAO_KAFKA_COMPRESSION_TYPE", "none")]);
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let topic = relays.topic();
    let small =
        NewTopic::new(&topic, PARTITIONS, TopicReplication::Fixed(1)).set("max.message.bytes", "50000");
    admin.create_topics(&[small], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();

    let mut writer = Writer::on(&pool, 2).await;
    writer.append(50).await;
    writer.append_large(100_000).await;
    writer.append(50).await;
    let mut relay = relays.start();
    relay.says("Message size too large").await;
    let enough = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", "200000");
    admin.alter_configs(&[enough], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    // That it reads on in the order of each stream shows that nothing overtook it.
    let reading = Reading::of(&brokers(), &topic).until_proven(101).await;
    assert_eq!(reading.events, 101);
    relay.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_broker_that_comes_late_and_is_away_for_a_while_gets_everything(pool: PgPool) {
    let mut writer = Writer::on(&pool, 10).await;
    writer.append(500).await;
    let mut broker = Broker::new().await;
    let relays = Relays::of(&pool, broker.address());
    let mut relay = relays.start();
    relay.says("Kafka is not there yet; the relay waits for it").await;
    broker.start().await;
    let reading = Reading::of(&broker.address(), &relays.topic()).until_proven(500).await;
    assert_eq!((reading.events, reading.repeats), (500, 0));

    let (stop, writing) = load(writer);
    broker.kill().await;
    sleep(Duration::from_secs(1)).await; // so that there is something to catch up with
    broker.start().await;
    stop.send_replace(true);
    let writer = writing.await.unwrap();
    assert!(writer.written > 1_000, "that was no load: {}", writer.written);
    let reading = reading.until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
}

/// A broker whose disk is full ends. Once it has room again, all that was not acknowledged is sent.
#[sqlx::test(migrations = false)]
async fn a_broker_whose_disk_is_full_gets_everything_once_it_has_room(pool: PgPool) {
    let mut broker = Broker::on_a_disk_of(24).await;
    broker.start().await;
    let relays = Relays::of(&pool, broker.address()).with(&[("RAZAO_KAFKA_COMPRESSION_TYPE", "none")]);
    let (stop, writing) = load(Writer::on(&pool, 25).await);
    let relay = relays.lead().await;
    let said = broker.until_it_ends().await;
    assert!(said.contains("No space left on device"), "{said}");
    stop.send_replace(true);
    let mut writer = writing.await.unwrap();
    writer.append(100).await;
    broker.make_room(1_024).await;
    broker.start().await;
    let reading = Reading::of(&broker.address(), &relays.topic()).until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    eprintln!("{} events, {} of them sent again", reading.events, reading.repeats);
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
}
