//! Where nothing comes, messages may be gone that did not come: retention removed them, or somebody deleted them.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::assignments::Membership;
use super::partition::Partition;

/// How long brokers may take to say what there is of the partitions.
const PATIENCE: Duration = Duration::from_secs(5);

/// The partitions of which messages are gone that did not come, and where what is there begins.
pub(super) fn gone(
    consumer: &BaseConsumer<Membership>,
    topic: &str,
    partitions: &BTreeMap<i32, Partition>,
) -> Result<Vec<(i32, i64)>, KafkaError> {
    let offsets = |time| offsets(consumer, topic, partitions, time);
    let (lows, highs) = (offsets(Offset::Beginning)?, offsets(Offset::End)?);
    let there = |number: &i32| Some((*lows.get(number)?, *highs.get(number)?));
    let lacking = partitions.iter().filter_map(|(number, partition)| {
        let there = there(number)?;
        partition.lacks(there).then_some((*number, there.0))
    });
    Ok(lacking.collect())
}

/// Where each partition begins, or ends: what Kafka calls its earliest and latest time.
fn offsets(
    consumer: &BaseConsumer<Membership>,
    topic: &str,
    partitions: &BTreeMap<i32, Partition>,
    time: Offset,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let mut asked = TopicPartitionList::new();
    for number in partitions.keys() {
        asked.add_partition_offset(topic, *number, time)?;
    }
    // One request for all: on this connection it waits behind one that waits for messages.
    let found = consumer.offsets_for_times(asked, PATIENCE)?;
    let found = found.elements().into_iter().filter_map(|one| match one.offset() {
        Offset::Offset(offset) if one.error().is_ok() => Some((one.partition(), offset)),
        _ => None,
    });
    Ok(found.collect())
}
