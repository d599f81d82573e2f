//! What a cluster of three brokers does to a relay when leaders change and requests fail: librdkafka's own mock cluster,
//! which can be told to.

use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use sqlx::PgPool;
use tokio::time::sleep;

use crate::faults::load;
use crate::reading::{PARTITIONS, Reading};
use crate::relay::Relays;
use crate::writer::Writer;

const BROKERS: i32 = 3;

/// What passes by itself: the producer sends again.
const PASSING: [RDKafkaRespErr; 5] = [
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
];
/// What stops a producer: the relay begins again at its checkpoint.
const LASTING: [RDKafkaRespErr; 2] = [
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
];

#[sqlx::test(migrations = false)]
async fn failing_requests_and_changing_leaders_lose_nothing_and_reorder_nothing(pool: PgPool) {
    let cluster = MockCluster::new(BROKERS).unwrap();
    // A mock broker does not look at the sequences of an idempotent producer: it takes a request although the one before
    // it failed, which a real one refuses. So only one may be under way.
    let one_at_a_time = [("RAZAO_KAFKA_MAX_IN_FLIGHT", "1")];
    let relays = Relays::of(&pool, cluster.bootstrap_servers()).with(&one_at_a_time);
    let topic = relays.topic();
    // A mock cluster is not asked to make topics.
    cluster.create_topic(&topic, PARTITIONS, BROKERS).unwrap();
    let (stop, writing) = load(Writer::on(&pool, 25).await);
    let mut relay = relays.lead().await;
    let reading = Reading::of(&cluster.bootstrap_servers(), &topic);
    for round in 0..12 {
        let any_broker = fastrand::i32(1..=BROKERS);
        match round % 4 {
            0 => cluster.request_errors(RDKafkaApiKey::Produce, &PASSING),
            1 => cluster.partition_leader(&topic, fastrand::i32(0..PARTITIONS), Some(any_broker)).unwrap(),
            2 => {
                cluster.broker_down(any_broker).unwrap();
                sleep(Duration::from_millis(300)).await;
                cluster.broker_up(any_broker).unwrap();
            }
            _ => {
                let before = relay.log().matches("the relay failed; trying again").count();
                cluster.request_errors(RDKafkaApiKey::Produce, &[LASTING[round / 4 % 2]]);
                relay.until(|log| log.matches("the relay failed; trying again").count() > before).await;
            }
        }
        sleep(Duration::from_millis(fastrand::u64(50..300))).await; // the random moment
    }
    cluster.clear_request_errors(RDKafkaApiKey::Produce);
    stop.send_replace(true);
    let writer = writing.await.unwrap();
    let reading = reading.until_proven(writer.written).await;
    assert_eq!(reading.events, writer.written);
    eprintln!("{} events, {} of them sent again", reading.events, reading.repeats);
    let (status, log) = relay.stop().await;
    assert!(status.success(), "{status}:\n{log}");
}
