//! Read models behind a cluster of three brokers whose leaders and coordinators change, and which refuse requests:
//! librdkafka's own mock cluster, which can be told to.

use std::time::Duration;

use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use sqlx::PgPool;
use tokio::time::sleep;

use crate::lender::Lender;

const BROKERS: i32 = 3;
const PARTITIONS: i32 = 6;

#[sqlx::test(migrations = false)]
async fn failing_requests_and_changing_leaders_lose_and_double_nothing(pool: PgPool) {
    let cluster = MockCluster::new(BROKERS).unwrap();
    let lender = Lender::at(&pool, cluster.bootstrap_servers()).await;
    let topic = lender.topic();
    // A mock cluster is not asked to make topics.
    cluster.create_topic(&topic, PARTITIONS, BROKERS).unwrap();
    let relay = lender.start("relay");
    let projectors = [0, 1].map(|_| lender.start("projections"));
    let (_api, posting) = lender.post(31, 12).await;
    let storage = RDKafkaRespErr::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR;
    let moved = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    let out_of_range = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    let not_coordinator = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    let rebalance = RDKafkaRespErr::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    for round in 0..12 {
        let any_broker = fastrand::i32(1..=BROKERS);
        match round % 6 {
            0 => cluster.request_errors(RDKafkaApiKey::Fetch, &[storage, moved, storage]),
            1 => cluster.partition_leader(&topic, fastrand::i32(0..PARTITIONS), Some(any_broker)).unwrap(),
            2 => cluster.request_errors(RDKafkaApiKey::Heartbeat, &[rebalance, not_coordinator]),
            3 => {
                let group = lender.topic().replace(".events", ".projections");
                cluster.coordinator(MockCoordinator::Group(group), any_broker).unwrap();
            }
            // It begins again with what is there, and passes over what it has.
            4 => cluster.request_errors(RDKafkaApiKey::Fetch, &[out_of_range]),
            _ => {
                cluster.broker_down(any_broker).unwrap();
                sleep(Duration::from_millis(300)).await;
                cluster.broker_up(any_broker).unwrap();
            }
        }
        sleep(Duration::from_millis(fastrand::u64(100..500))).await; // the random moment
    }
    posting.await.unwrap();
    lender.equals_its_rebuild().await;
    for projector in projectors {
        projector.stop().await;
    }
    relay.stop().await;
}
