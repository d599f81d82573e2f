//! One Kafka that two lenders use: topics, groups and the queue of commands are of one lender each.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::book::Things;
use crate::deployment::{By, Deployment};
use crate::reading::Reading;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_lender_publishes_is_in_no_topic_of_another() {
    let brokers = std::env::var("KAFKA_BROKERS").expect("run this by scripts/with-kafka.sh");
    let prefix = format!("test-{:016x}", fastrand::u64(..));
    let settings = format!("kafka_brokers = \"{brokers}\"\nkafka_topic_prefix = \"{prefix}\"\n");
    let deployment = Deployment::start_with(By::Claim, &settings, "").await;
    let entry = Things::nowhere().entry(None);
    for (lender, entries) in [("norte", 1), ("sul", 3)] {
        for _ in 0..entries {
            deployment.post(lender, "/v1/entries", &entry).await;
        }
    }
    // It waits in a topic, for workers of the lender.
    let later = deployment.ask("sul", "POST", "/v1/entries").with("prefer", "respond-async");
    let request = later.body(&entry).send().await.header("location");
    while deployment.read("sul", &request).await["status"] != "done" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(deployment.ask("norte", "GET", &request).send().await.told(), "404 not_found");
    // The read models are fed by groups of their own.
    assert_eq!((deployment.settled("norte").await, deployment.settled("sul").await), (1, 4));
    let mut logs = BTreeSet::new();
    for (lender, events) in [("norte", 1), ("sul", 4)] {
        let reading = Reading::of(&brokers, &format!("{prefix}.{lender}.events")).until_proven(events).await;
        assert_eq!((reading.events, reading.repeats), (events, 0), "{lender}");
        let of: BTreeSet<String> =
            reading.messages.iter().map(|message| message.headers["log"].clone()).collect();
        assert_eq!(of.len(), 1, "{lender}: {of:?}");
        logs.extend(of);
    }
    assert_eq!(logs.len(), 2);
    deployment.stop().await;
}
