//! Work that gives way to whoever answers requests.

use std::thread;

/// Of a core that is wanted by all, such a thread gets a tenth of what the others get: enough to come to an end.
const LOWER: i32 = 10;

/// Starts a thread, with a runtime of its own, whose work and whose helpers give way to all others.
pub(crate) fn spawn_giving_way<F>(name: &str, work: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()>,
{
    let give_way = move || {
        // Threads that it starts inherit this. Without it the work is right, only less considerate.
        if let Err(error) = rustix::process::nice(LOWER) {
            tracing::warn!(%error, "the priority cannot be lowered");
        }
        let helpers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(helpers)
            .build()
            .expect("the system gives threads");
        runtime.block_on(work());
    };
    thread::Builder::new().name(name.to_owned()).spawn(give_way).expect("the system gives threads");
}
