//! How many threads do the work where Postgres has the same cores, as docs/OPERATIONS.md recommends.

use std::thread::available_parallelism;

use anyhow::Context;
use tokio::runtime::Builder;

/// The setting of a process's threads.
pub(super) const WORKER_THREADS: &str = "TOKIO_WORKER_THREADS";

/// As many threads as half of the cores: the others are for Postgres.
pub(super) fn half_of_the_cores() -> usize {
    available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Does work on so many threads of its own.
pub(super) async fn on_half_of_the_cores<T: Send + 'static>(
    work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
) -> anyhow::Result<T> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(half_of_the_cores())
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let done = runtime.spawn(work).await;
    runtime.shutdown_background();
    done.context("the work was broken off")?
}
