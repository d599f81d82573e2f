//! From where partitions are read on, for all read models at once.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::assignments::Membership;
use crate::partitions::Place;

/// How much earlier than the event that a read model holds one begins to read, where no offset is known.
const EARLIER_MS: i64 = 10_000;
/// How long brokers may take to say where a moment is.
const PATIENCE: Duration = Duration::from_secs(5);
/// A read model that is further behind the others reads from the log what it lacks: they do not wait for it.
const FAR_BEHIND: i64 = 100_000;

/// Of each partition the place to begin at: the least advanced of those that read models are at, but for those that
/// are far behind. The others pass over what they have.
pub(super) fn begin_at(places: &[Place]) -> Vec<Place> {
    let mut furthest = BTreeMap::<i32, i64>::new();
    for place in places {
        let furthest = furthest.entry(place.partition).or_insert(place.position);
        *furthest = place.position.max(*furthest);
    }
    let mut begin = BTreeMap::<i32, Place>::new();
    for place in places.iter().filter(|place| furthest[&place.partition] - place.position < FAR_BEHIND) {
        let first = begin.entry(place.partition).or_insert(*place);
        // At one position, the one whose offset is known, and of these the later one.
        let order = |place: &Place| (-place.position, place.reading().map(|(offset, _)| offset));
        if order(place) > order(first) {
            *first = *place;
        }
    }
    begin.into_values().collect()
}

/// Sets from where to read on.
pub(super) fn seek(
    consumer: &BaseConsumer<Membership>,
    (topic, assigned): (&str, &TopicPartitionList),
    places: &[Place],
) {
    let mut by_time = TopicPartitionList::new();
    for place in places {
        let offset = match (place.reading(), place.recorded_at) {
            (Some((offset, _)), _) => Offset::Offset(offset),
            (None, None) => Offset::Beginning,
            (None, Some(recorded_at)) => {
                let moment = Offset::Offset(recorded_at.timestamp_millis() - EARLIER_MS);
                if let Err(error) = by_time.add_partition_offset(topic, place.partition, moment) {
                    tracing::warn!(topic, %error, "reading from the beginning");
                }
                Offset::Beginning
            }
        };
        set_offset((topic, assigned), place.partition, offset);
    }
    if by_time.count() == 0 {
        return;
    }
    match consumer.offsets_for_times(by_time, PATIENCE) {
        Ok(found) => {
            for element in found.elements() {
                if element.error().is_ok() {
                    set_offset((topic, assigned), element.partition(), element.offset());
                }
            }
        }
        Err(error) => tracing::warn!(topic, %error, "reading from the beginning"),
    }
}

fn set_offset((topic, assigned): (&str, &TopicPartitionList), partition: i32, offset: Offset) {
    if let Some(mut element) = assigned.find_partition(topic, partition)
        && let Err(error) = element.set_offset(offset)
    {
        tracing::warn!(topic, partition, %error, "an offset was not taken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By partition: the position, and the offset if it is known.
    fn begun(places: &[(i32, i64, Option<i64>)]) -> Vec<(i32, i64, Option<i64>)> {
        let place = |(partition, position, offset): &(i32, i64, Option<i64>)| {
            Place::at(*partition, *position, offset.map(|offset| (offset, (1, *position))))
        };
        let begun = begin_at(&places.iter().map(place).collect::<Vec<_>>());
        let told =
            |place: &Place| (place.partition, place.position, place.reading().map(|(offset, _)| offset));
        begun.iter().map(told).collect()
    }

    #[test]
    fn partitions_are_read_from_the_least_advanced_place() {
        let places = [(0, 20, Some(200)), (1, 20, Some(300)), (0, 10, Some(100)), (1, 30, Some(310))];
        assert_eq!(begun(&places), [(0, 10, Some(100)), (1, 20, Some(300))]);
    }

    #[test]
    fn at_one_position_the_later_offset_will_do_and_a_known_one_is_better_than_none() {
        // After a rebuild a read model is where it was, with the offset from before.
        let places = [(0, 20, None), (0, 20, Some(150)), (0, 20, Some(200)), (0, 20, None)];
        assert_eq!(begun(&places), [(0, 20, Some(200))]);
    }

    #[test]
    fn nobody_waits_for_one_that_is_far_behind() {
        let places = [(0, 0, Some(0)), (0, 200_000, Some(210_000)), (0, 199_000, Some(209_000))];
        assert_eq!(begun(&places), [(0, 199_000, Some(209_000))]);
        assert_eq!(begun(&places[..1]), [(0, 0, Some(0))]);
    }
}
