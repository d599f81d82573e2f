//! Work that gives way to whoever answers requests.

use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

/// Of a core that is wanted by all, such a thread gets a tenth of what the others get: enough to come to an end.
const LOWER: i32 = 10;

/// Starts a thread, with a runtime of its own, whose work and whose helpers give way to all others.
pub(crate) fn spawn_giving_way<F>(name: &str, work: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()>,
{
    let give_way = move || {
        lower_priority();
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

/// A thread that works one job off after another and gives way to all others. It ends with this.
pub(crate) struct GivingWay(mpsc::Sender<Box<dyn FnOnce() + Send>>);

impl GivingWay {
    pub(crate) fn start(name: &str) -> Self {
        let (sender, jobs) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let work_off = move || {
            lower_priority();
            for job in jobs {
                job();
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(work_off).expect("the system gives threads");
        Self(sender)
    }

    /// What the job comes to, which may not panic.
    pub(crate) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, answer) = oneshot::channel();
        let job = Box::new(move || {
            // Whoever went away needs no answer.
            let _ = sender.send(job());
        });
        self.0.send(job).expect("the thread ends with this");
        answer.await.expect("jobs do not panic")
    }
}

/// For this thread; those that it starts inherit it. Without it the work is right, only less considerate.
fn lower_priority() {
    if let Err(error) = rustix::process::nice(LOWER) {
        tracing::warn!(%error, "the priority cannot be lowered");
    }
}
