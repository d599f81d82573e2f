//! Posts commands, counts them, and shows how far it is.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::{Stream, StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::client::{Accepted, Client, ClientError};

/// What a run of the demo has posted so far.
pub(super) struct Poster {
    pub(super) client: Client,
    connections: usize,
    commands: AtomicU64,
    replays: AtomicU64,
    position: AtomicI64,
    started: Instant,
}

/// What a run posted, and how long it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    pub(super) commands: u64,
    pub(super) replays: u64,
    pub(super) elapsed: Duration,
}

impl Poster {
    pub(super) fn new(client: Client, connections: usize) -> Self {
        Self {
            client,
            connections,
            commands: AtomicU64::new(0),
            replays: AtomicU64::new(0),
            position: AtomicI64::new(0),
            started: Instant::now(),
        }
    }

    /// Posts a command.
    pub(super) async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Accepted, ClientError> {
        let accepted = self.client.command(path, key, body).await?;
        self.commands.fetch_add(1, Ordering::Relaxed);
        self.replays.fetch_add(u64::from(accepted.replayed), Ordering::Relaxed);
        self.position.fetch_max(accepted.position, Ordering::Relaxed);
        Ok(accepted)
    }

    /// Posts a command twice at once, as an impatient client does: it counts once.
    pub(super) async fn post_twice(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Accepted> {
        let (first, second) = tokio::try_join!(self.post(path, key, body), self.post(path, key, body))?;
        ensure!(
            first.position == second.position && (first.replayed || second.replayed),
            "{path} was accepted twice under the key {key}: at {} and at {}",
            first.position,
            second.position
        );
        Ok(first)
    }

    /// Works through `items`, as many at a time as there are connections, and stops at the first that fails.
    pub(super) async fn work_through<T, F>(
        &self,
        what: &'static str,
        items: impl ExactSizeIterator<Item = T>,
        work: impl Fn(T) -> F,
    ) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let bar = progress(what, items.len() as u64);
        let done = futures::stream::iter(items).map(|item| {
            let working = work(item);
            let bar = &bar;
            async move {
                working.await?;
                bar.inc(1);
                say_plainly(bar, what);
                anyhow::Ok(())
            }
        });
        let result = drain(done.buffer_unordered(self.connections)).await;
        bar.finish_and_clear();
        result
    }

    /// The highest position of any answer: what the read models must have reached to show it all.
    pub(super) fn position(&self) -> i64 {
        self.position.load(Ordering::Relaxed)
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            commands: self.commands.load(Ordering::Relaxed),
            replays: self.replays.load(Ordering::Relaxed),
            elapsed: self.started.elapsed(),
        }
    }
}

async fn drain(results: impl Stream<Item = anyhow::Result<()>>) -> anyhow::Result<()> {
    results.try_collect().await
}

fn progress(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}").expect("a valid template");
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr())
        .with_style(style)
        .with_message(what)
}

/// Where there is no terminal for the bar: a line for every tenth of the way.
fn say_plainly(bar: &ProgressBar, what: &str) {
    let (done, all) = (bar.position(), bar.length().unwrap_or_default());
    let tenth = (all / 10).max(1);
    if bar.is_hidden() && (done % tenth == 0 || done == all) {
        eprintln!("{what}: {done} of {all}");
    }
}
