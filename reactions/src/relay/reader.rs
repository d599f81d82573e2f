//! Reads the log ahead of what is sent.

use event_store::{Feed, LogError, OutgoingEvent};
use tokio::sync::mpsc;

/// How many events are read at once.
const PAGE: i64 = 500;
/// And where there are more than that.
const PAGE_BEHIND: i64 = 2_000;

pub(crate) type Page = Result<Vec<OutgoingEvent>, LogError>;

/// Reads on after `position`, until there is an error or nobody listens any more.
pub(crate) async fn read(mut feed: Feed, mut position: i64, pages: mpsc::Sender<Page>) {
    let mut is_behind = true;
    loop {
        let page = if is_behind {
            feed.outgoing_after(position, PAGE_BEHIND).await
        } else {
            next(&mut feed, position).await
        };
        if let Ok(page) = &page {
            is_behind = i64::try_from(page.len()).is_ok_and(|read| read >= PAGE);
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
