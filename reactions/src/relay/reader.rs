//! Reads the log ahead of what is sent.

use std::time::Duration;

use event_store::{Feed, LogError, OutgoingEvent};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How many events are read at once.
const PAGE: i64 = 500;
/// And where there are more than that.
const PAGE_BEHIND: i64 = 1_500;

/// How long one rests after a page at the end of the log, for each of its events and at most: under load pages, and what is
/// made of them, have more events.
const REST: Duration = Duration::from_micros(200);
const LONGEST_REST: Duration = Duration::from_millis(25);

pub(crate) type Page = Result<Vec<OutgoingEvent>, LogError>;

/// Reads on after `position`, until there is an error or nobody listens any more.
pub(crate) async fn read(mut feed: Feed, mut position: i64, pages: mpsc::Sender<Page>) {
    let (mut is_behind, mut rest_until) = (true, Instant::now());
    loop {
        let page = if is_behind {
            feed.outgoing_after(position, PAGE_BEHIND).await
        } else {
            tokio::time::sleep_until(rest_until).await;
            next(&mut feed, position).await
        };
        if let Ok(page) = &page {
            let events = u32::try_from(page.len()).expect("a page is bounded");
            is_behind = i64::from(events) >= PAGE;
            rest_until = Instant::now() + (REST * events).min(LONGEST_REST);
            if page.is_empty() {
                if pages.is_closed() {
                    return;
                }
                continue;
            }
        }
        let last = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.position);
        if pages.send(page).await.is_err() {
            return;
        }
        let Some(last) = last else { return };
        position = last;
    }
}

async fn next(feed: &mut Feed, position: i64) -> Page {
    let rows = match feed.next(position, PAGE).await {
        // What comes before an event that cannot be read is still good.
        Err(LogError::Unreadable { position: bad, .. }) if bad > position + 1 => {
            feed.after(position, bad - position - 1).await
        }
        rows => rows,
    };
    Ok(rows?.into_iter().map(OutgoingEvent::from).collect())
}
