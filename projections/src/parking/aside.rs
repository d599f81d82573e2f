//! Events that are set aside.

use std::collections::HashSet;

use crate::event::{Event, StreamKind};

/// A stream, as the log names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) kind: StreamKind,
    pub(crate) id: String,
}

/// An event that a read model does not take now.
#[derive(Debug, Clone)]
pub(crate) struct Aside {
    pub(crate) stream: StreamKey,
    pub(crate) position: i64,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    /// Why it cannot be taken; `None` where it only waits behind another one.
    pub(crate) cause: Option<String>,
}

impl Aside {
    /// One that waits behind another.
    pub(crate) fn behind(stream: StreamKey, event: &Event) -> Self {
        let (position, sequence, event_type) = (event.position, event.sequence, event.event_type());
        Self { stream, position, sequence, event_type, cause: None }
    }

    /// One that is to blame.
    pub(crate) fn to_blame(stream: StreamKey, event: &Event, cause: String) -> Self {
        Self { cause: Some(cause), ..Self::behind(stream, event) }
    }
}

/// Of streams that were not parked before, the event to blame: the first one that is set aside.
pub(crate) fn newly_parked<'a>(aside: &'a [Aside], parked: &HashSet<StreamKey>) -> Vec<&'a Aside> {
    let mut seen = HashSet::new();
    let mut first = Vec::new();
    for event in aside.iter().filter(|event| !parked.contains(&event.stream)) {
        if seen.insert(&event.stream) {
            first.push(event);
        }
    }
    first
}
