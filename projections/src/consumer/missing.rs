//! What did not come by Kafka is read from the log, which is the truth.

use event_store::Feed;
use kafka::partition_of;

use super::error::ConsumerError;
use super::inbox::Share;
use crate::error::ProjectionError;
use crate::event::Event;
use crate::partitions::{Place, Step};

/// How many events are read at once: all read models of a process may do so at the same time, each for itself.
const PAGE: i64 = 2_000;

/// Events of some partitions, and how far they come by them.
pub(super) struct MissingPage {
    pub(super) steps: Vec<Step>,
    pub(super) events: Vec<Event>,
}

/// The next page of what stretches are missing, of which each partition is somewhere; `None` when nothing is missing.
pub(super) async fn page(
    feed: &Feed,
    behind: &[(&Share, Place)],
    partitions: i32,
) -> Result<Option<MissingPage>, ConsumerError> {
    let Some(from) = behind.iter().map(|(_, place)| place.position).min() else { return Ok(None) };
    let goal = behind.iter().map(|(stretch, _)| stretch.to()).max().unwrap_or(from);
    let rows = feed.stored_after(from, PAGE.min(goal - from)).await.map_err(ProjectionError::from)?;
    let last = rows.last().ok_or(ProjectionError::LogEndsBefore(goal))?;
    let mut steps: Vec<Step> = Vec::new();
    // Of two stretches of one partition, the first one is read first.
    for (stretch, place) in behind {
        let is_first = steps.iter().all(|step| step.partition != stretch.partition);
        if is_first && place.position < last.position {
            let to = stretch.to().min(last.position);
            let at = rows.iter().find(|row| row.position == to).unwrap_or(last);
            let proven = (to == stretch.to()).then_some(stretch.proven);
            let (partition, epoch, from) = (stretch.partition, place.epoch, place.position);
            steps.push(Step { partition, epoch, from, to, recorded_at: at.recorded_at, proven });
        }
    }
    let missing = rows.iter().filter(|row| {
        let partition = partition_of(row.aggregate_id.as_bytes(), partitions);
        let step = steps.iter().find(|step| step.partition == partition);
        step.is_some_and(|step| step.from < row.position && row.position <= step.to)
    });
    let events = missing.map(Event::decode).collect();
    Ok(Some(MissingPage { steps, events }))
}
