//! What comes by Kafka and is not as it should be is named, and nothing of it is missing or wrong in the read models.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use sqlx::PgPool;

use crate::brokers;
use crate::lender::Lender;

/// A partition, headers and a value.
type Message<'m> = (i32, &'m [(&'m str, &'m str)], &'m str);

/// Sends messages to partitions of a topic.
fn send(topic: &str, messages: &[Message<'_>]) {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    for (partition, headers, value) in messages {
        let headers = headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(*value) })
        });
        let record: BaseRecord<'_, str, str> = BaseRecord::to(topic).partition(*partition);
        producer.send(record.payload(value).headers(headers)).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(10)).unwrap();
}

/// Everything that the read models were told to be wrong, once they have caught up.
async fn troubles(lender: &Lender) -> Vec<String> {
    let status = lender.status().await;
    let partitions = status.into_iter().flat_map(|projection| projection.partitions);
    partitions.filter_map(|partition| partition.trouble).collect()
}

#[sqlx::test(migrations = false)]
async fn messages_that_are_not_as_they_should_be_are_named_and_change_nothing(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let mut relay = lender.start("relay");
    relay.says("leading: sending from here on").await;
    let mut projector = lender.start("projections");
    let (_api, posting) = lender.post(21, 8).await;
    posting.await.unwrap();
    lender.caught_up().await;
    let next = (lender.log.head().await.unwrap().position + 1).to_string();
    let of = |schema: &'static str| [("schema", schema), ("position", next.as_str())];
    let event = of("razao.event.v1");
    let other = [("schema", "razao.completeness.v1"), ("log", "0198c2f0-0000-7000-8000-000000000001")];
    send(
        &lender.topic(),
        &[
            (0, &[], "{}"),
            (1, &[("schema", "acme.order.v3")], "{}"),
            (2, &of("razao.event.v2"), r#"{"new": true}"#),
            (3, &event, r#"{"position": 17, "stream_ty"#),
            (4, &[("schema", "razao.event.v1")], "no headers"),
            (5, &[("schema", "razao.completeness.v1")], r#"{"type": "Completeness"}"#),
            (0, &other, r#"{"type": "Completeness"}"#),
        ],
    );
    // Each stands in the way of events that come after it.
    let (_api, posting) = lender.post(22, 8).await;
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    for said in [
        "no header `schema`",
        "acme.order.v3 is none of ours",
        "a shape that this version does not know, razao.event.v2",
        "EOF while parsing",
        "without the header `position`",
        "a record of completeness cannot be read",
        "it is of another log, 0198c2f0-0000-7000-8000-000000000001",
        // Those that took a place which was not theirs.
        "it received",
    ] {
        let log = projector.log();
        assert!(log.contains(said), "{said}:\n{log}");
    }
    projector.says("reading partitions").await;
    assert!(!troubles(&lender).await.is_empty());
    projector.stop().await;
    relay.stop().await;
}

/// Who was away for longer than the topic keeps its messages.
#[sqlx::test(migrations = false)]
async fn what_the_topic_does_not_have_any_more_is_read_from_the_log(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let mut relay = lender.start("relay");
    relay.says("leading: sending from here on").await;
    let projector = lender.start("projections");
    let (_api, posting) = lender.post(23, 6).await;
    posting.await.unwrap();
    lender.caught_up().await;
    projector.stop().await;
    let (_api, posting) = lender.post(24, 10).await;
    // Nobody feeds the read models, so the demo waits for what it reads.
    let head = || async { lender.log.head().await.unwrap().position };
    let mut before = 0;
    while before < head().await {
        before = head().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    forget_all(&lender.topic()).await;
    let mut projector = lender.start("projections");
    // Nothing else comes, so nothing tells of what is missing; the book reads what it posted.
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    projector.says("is out of range: what is there begins at").await;
    projector.stop().await;
    relay.stop().await;
}

/// As its retention does it.
async fn forget_all(topic: &str) {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers()).set("group.id", "unused").create().unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..6 {
        let (_, end) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap();
        all.add_partition_offset(topic, partition, Offset::Offset(end)).unwrap();
    }
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    admin.delete_records(&all, &AdminOptions::new()).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_topic_that_is_not_there_or_has_another_partition_count_is_named_until_it_is_right(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let early = lender.start("projections");
    let says = |text: &'static str| {
        move |projection: &projections::ProjectionStatus| {
            projection.stopped_by.as_ref().is_some_and(|cause| cause.contains(text))
        }
    };
    lender.until(says("is not there: the relay makes it")).await;
    let relay = lender.start("relay");
    let (_api, posting) = lender.post(25, 4).await;
    posting.await.unwrap();
    lender.until(|projection| projection.lag == 0 && projection.stopped_by.is_none()).await;
    early.stop().await;
    let wrong = lender.start_with("projections", &[("RAZAO_KAFKA_PARTITIONS", "8")]);
    lender.until(says("has 6 partitions, and 8 are configured")).await;
    wrong.stop().await;
    let right = lender.start("projections");
    let (_api, posting) = lender.post(26, 4).await;
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    lender.until(|projection| projection.stopped_by.is_none()).await;
    right.stop().await;
    relay.stop().await;
}

/// An event that this version cannot read, as it comes by Kafka.
#[sqlx::test(migrations = false)]
async fn an_event_that_cannot_be_read_parks_its_own_stream_and_no_partition(pool: PgPool) {
    let lender = Lender::on(&pool).await;
    let relay = lender.start("relay");
    let projector = lender.start("projections");
    let poison = "insert into events \
        (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) values \
        ('Loan', '00000000-0000-0000-0000-00000000000a', 1, 'LoanForgotten', '1', '{\"type\": \"LoanForgotten\"}', \
        '{\"actor\":\"ana\",\"command\":\"Test\",\"correlation_id\":\"c-1\",\"engine\":\"0.1.0\"}')";
    sqlx::query(poison).execute(&pool).await.unwrap();
    let (_api, posting) = lender.post(27, 6).await;
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    for projection in lender.status().await {
        let is_about_loans = ["loans", "journal", "daily_balances"].contains(&projection.name);
        assert_eq!(projection.parked_streams, i64::from(is_about_loans), "{projection:?}");
    }
    projector.stop().await;
    relay.stop().await;
}
