//! Reads the log ahead of what is sent.

use chrono::{DateTime, Utc};
use event_store::{Feed, LogError, StoredEventRow};
use tokio::sync::mpsc;

/// How many events are read at once.
const PAGE: i64 = 500;

/// An event as it is sent.
pub(crate) struct Outgoing {
    pub(crate) position: i64,
    pub(crate) stream_id: String,
    pub(crate) event_type: String,
    pub(crate) version: u32,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) value: Vec<u8>,
}

pub(crate) type Page = Result<Vec<Outgoing>, LogError>;

/// Reads on after `position`, until there is an error or nobody listens any more.
pub(crate) async fn read(mut feed: Feed, mut position: i64, pages: mpsc::Sender<Page>) {
    loop {
        let page = match next(&mut feed, position).await {
            Ok(page) if page.is_empty() => {
                if pages.is_closed() {
                    return;
                }
                continue;
            }
            page => page,
        };
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
    Ok(rows?.into_iter().map(outgoing).collect())
}

fn outgoing(row: StoredEventRow) -> Outgoing {
    Outgoing {
        position: row.position,
        version: row.public_version(),
        value: row.to_public_json(),
        stream_id: row.aggregate_id,
        event_type: row.event_type,
        recorded_at: row.recorded_at,
    }
}
