//! Where the work of one lender is done: threads, timers and connections of its own, whose metrics and logs bear its
//! name.
//!
//! Work that is started at a place, and all that it starts, stays there. Requests are read and answered by whoever has
//! their connection, but each step is taken as if it were there ([`Context::within`]).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use anyhow::Context as _;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use metrics_exporter_prometheus::{PrometheusHandle, PrometheusRecorder};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::Span;

use crate::telemetry;

/// The threads of a lender. They end in the background when it is dropped.
pub(super) struct Place {
    runtime: Option<Runtime>,
    context: Context,
}

/// What makes a lender's work its own. Clones share it.
#[derive(Clone)]
pub(super) struct Context(Arc<Surroundings>);

struct Surroundings {
    handle: Handle,
    recorder: &'static PrometheusRecorder,
    span: Span,
}

impl Place {
    /// A place for a lender of this name, for as long as the process runs: who collects its metrics stays.
    pub(super) fn of(lender: &str) -> anyhow::Result<Self> {
        let recorder: &'static PrometheusRecorder = Box::leak(Box::new(telemetry::recorder_of(lender)?));
        // Of the highest level, so that no filter of levels takes the name from a line.
        let span = tracing::error_span!("of", lender);
        let on_its_threads = span.clone();
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .thread_name(format!("razao-{lender}"))
            .on_thread_start(move || {
                // For as long as the thread lives.
                std::mem::forget(metrics::set_default_local_recorder(recorder));
                std::mem::forget(on_its_threads.clone().entered());
            })
            .build()
            .context("the system gives no threads")?;
        let handle = runtime.handle().clone();
        let context = Context(Arc::new(Surroundings { handle, recorder, span }));
        Ok(Self { runtime: Some(runtime), context })
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Does work there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.context.0.handle.spawn(work).await.context("a lender's work was broken off")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Context {
    /// What is collected of the lender's metrics.
    pub(super) fn metrics(&self) -> PrometheusHandle {
        self.0.recorder.handle()
    }

    /// Does something as if it were done there.
    fn within<T>(&self, something: impl FnOnce() -> T) -> T {
        let _runtime = self.0.handle.enter();
        let _span = self.0.span.enter();
        metrics::with_local_recorder(self.0.recorder, something)
    }

    /// Work whose every step is done as if it were there.
    pub(super) fn around<F: Future>(&self, work: F) -> Within<F> {
        Within { context: self.clone(), work: Some(Box::pin(work)) }
    }

    /// A body that is made as if it were there.
    pub(super) fn around_body(&self, body: Body) -> Body {
        // One that is there already has nothing left to do.
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return body;
        }
        Body::new(BodyWithin { context: self.clone(), body: Some(body) })
    }
}

/// See [`Context::around`].
pub(super) struct Within<F> {
    context: Context,
    work: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let Self { context, work } = &mut *self;
        let work = work.as_mut().expect("it is there until it is dropped");
        context.within(|| work.as_mut().poll(task))
    }
}

/// What is given up is given up there, too.
impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        let work = self.work.take();
        self.context.within(|| drop(work));
    }
}

struct BodyWithin {
    context: Context,
    body: Option<Body>,
}

impl HttpBody for BodyWithin {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { context, body } = &mut *self;
        let body = body.as_mut().expect("it is there until it is dropped");
        context.within(|| Pin::new(body).poll_frame(task))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for BodyWithin {
    fn drop(&mut self) {
        let body = self.body.take();
        self.context.within(|| drop(body));
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures::{StreamExt, stream};
    use metrics::counter;

    use super::*;

    fn count() {
        counter!("razao_commands_total").increment(1);
    }

    #[tokio::test]
    async fn whatever_is_done_for_a_lender_counts_as_that_lenders_wherever_it_is_done() {
        let (norte, sul) = (Place::of("norte").unwrap(), Place::of("sul").unwrap());
        // A task, what it starts, a thread that blocks.
        norte.run(async { tokio::spawn(async { count() }).await.unwrap() }).await.unwrap();
        norte.run(async { tokio::task::spawn_blocking(count).await.unwrap() }).await.unwrap();
        // A request that is polled by somebody else, and what it starts; before and after it waits.
        let request = norte.context().around(async {
            count();
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            count();
            tokio::spawn(async { count() }).await.unwrap();
        });
        request.await;
        // A body that comes in parts.
        let parts = stream::iter(["one", "two"]).map(|part| {
            count();
            Ok::<_, axum::Error>(part)
        });
        let body = norte.context().around_body(Body::from_stream(parts));
        assert_eq!(to_bytes(body, 100).await.unwrap(), "onetwo");
        sul.context().around(async { count() }).await;
        let counted = |place: &Place| place.context().metrics().render().lines().nth(1).unwrap().to_owned();
        assert_eq!(counted(&norte), "razao_commands_total{lender=\"norte\"} 7");
        assert_eq!(counted(&sul), "razao_commands_total{lender=\"sul\"} 1");
    }

    #[tokio::test]
    async fn what_is_given_up_is_given_up_at_its_place() {
        struct Counts;
        impl Drop for Counts {
            fn drop(&mut self) {
                count();
            }
        }
        let place = Place::of("norte").unwrap();
        let counts = Counts;
        let request = place.context().around(async move {
            let _counts = counts;
            std::future::pending::<()>().await;
        });
        drop(request);
        assert!(place.context().metrics().render().contains("razao_commands_total{lender=\"norte\"} 1"));
    }
}
