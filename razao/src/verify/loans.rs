//! Every loan, derived again by this version's calculation.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use domain::loan::Loan;
use event_store::{Log, LogError, StoredStream, StreamsInOrder};
use futures::{StreamExt, stream};

use super::Checked;
use super::difference::{self, Difference};

/// Recomputes every loan of the log up to a position, in the order of their ids.
pub async fn recalculate(
    log: &Log,
    head: i64,
    progress: impl Fn(u64),
    found: &mut (dyn FnMut(Difference) + Send),
) -> Result<Checked, LogError> {
    let streams = StreamsInOrder::open::<Loan>(log, None, head).await?;
    let pages = stream::try_unfold(streams, |mut streams| async move {
        let page = streams.next().await?;
        Ok::<_, LogError>(page.map(|page| (page, streams)))
    });
    let helpers = thread::available_parallelism().map_or(1, NonZero::get);
    let compared = pages.map(|page| async move {
        let page = page?;
        let comparing = tokio::task::spawn_blocking(move || compare(&page));
        comparing.await.expect("a loan that panics is caught")
    });
    let mut compared = std::pin::pin!(compared.buffered(helpers));
    let mut checked = Checked::default();
    while let Some(page) = compared.next().await {
        let (events, loans, differences) = page?;
        checked.events += events;
        checked.loans += loans;
        checked.found += differences.len() as u64;
        differences.into_iter().for_each(&mut *found);
        progress(checked.events);
    }
    Ok(checked)
}

fn compare(page: &[StoredStream]) -> Result<(u64, u64, Vec<Difference>), LogError> {
    let (mut events, mut differences) = (0, Vec::new());
    for stored in page {
        events += stored.len() as u64;
        // Events that contradict each other make the fold panic.
        let folded = catch_unwind(AssertUnwindSafe(|| stored.fold::<Loan>()));
        match folded {
            Ok(whole) => differences.extend(difference::of_loan(stored.id, &whole?)),
            Err(_) => differences.push(Difference::contradiction(stored.id)),
        }
    }
    Ok((events, page.len() as u64, differences))
}
