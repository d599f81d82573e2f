//! What a flood finds: so many requests under way and no more, so many a second of one client, and an end to each.
//!
//! Whatever is too much is refused within a moment and costs next to nothing, so that what was let in takes no longer than
//! usual.

use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use identity::Caller;
use problems::{OVERLOADED, Problem, RATE_LIMITED, UNAVAILABLE};

use super::room::Room;
use crate::settings::Settings;

/// From so many clients on, those that were not seen lately are forgotten.
const MANY_CLIENTS: usize = 10_000;
/// What takes its time, line by line, and has limits of its own.
const BULK: &str = "/v1/bulk";

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The limits of a process.
#[derive(Clone)]
pub(super) struct Limits(Arc<Bounds>);

struct Bounds {
    commands: Room,
    reads: Room,
    /// How long a request may take to its answer's beginning.
    timeout: Duration,
    by_address: Option<Rate<IpAddr>>,
    by_client: Option<Rate<Arc<str>>>,
}

/// So many a second of each.
struct Rate<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl Limits {
    pub(super) fn of(settings: &Settings) -> Self {
        Self(Arc::new(Bounds {
            commands: Room::new(settings.commands_in_flight),
            reads: Room::new(settings.reads_in_flight),
            timeout: Duration::from_secs(settings.request_timeout_s),
            by_address: NonZeroU32::new(settings.rate_per_address).map(Rate::new),
            by_client: NonZeroU32::new(settings.rate_per_client).map(Rate::new),
        }))
    }

    /// Puts the bounds before all that a router has: before anybody asks who sends a request.
    pub(super) fn around(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, bounded))
    }

    /// Holds each client to its rate: behind the gate, which says who that is.
    pub(super) fn by_client(self, router: Router) -> Router {
        if self.0.by_client.is_none() {
            return router;
        }
        router.layer(from_fn_with_state(self, rated))
    }

    /// The same for lines of bulks: they wait, where a request is refused.
    pub(super) fn by_client_patiently(self, router: Router) -> Router {
        if self.0.by_client.is_none() {
            return router;
        }
        router.layer(from_fn_with_state(self, paced))
    }
}

async fn bounded(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Limits(bounds) = &limits;
    let path = request.uri().path();
    if !path.starts_with("/v1/") {
        // Health, metrics and documents are asked for in a flood most of all.
        return next.run(request).await;
    }
    let peer = request.extensions().get::<Peer>();
    if let (Some(rate), Some(Peer(address))) = (&bounds.by_address, peer)
        && let Err(problem) = rate.check(&address.ip())
    {
        return refused("address", problem);
    }
    if path == BULK {
        return next.run(request).await;
    }
    let (room, kind) = match *request.method() {
        Method::POST => (&bounds.commands, "command"),
        _ => (&bounds.reads, "read"),
    };
    let Some(_place) = room.enter().await else {
        metrics::counter!("razao_requests_shed_total", "kind" => kind).increment(1);
        return OVERLOADED.because("as many requests are under way as may be").into_response();
    };
    let Ok(response) = tokio::time::timeout(bounds.timeout, next.run(request)).await else {
        metrics::counter!("razao_requests_timed_out_total", "kind" => kind).increment(1);
        let detail = format!("there was no answer within {} s", bounds.timeout.as_secs());
        return UNAVAILABLE.because(detail).into_response();
    };
    response
}

async fn rated(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    // What is open has no caller.
    if let (Some(rate), Some(client)) = (&limits.0.by_client, client(&request))
        && let Err(problem) = rate.check(&client)
    {
        return refused("client", problem);
    }
    next.run(request).await
}

async fn paced(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    if let (Some(rate), Some(client)) = (&limits.0.by_client, client(&request)) {
        rate.0.until_key_ready(&client).await;
    }
    next.run(request).await
}

fn client(request: &Request) -> Option<Arc<str>> {
    request.extensions().get::<Caller>().map(|caller| Arc::clone(&caller.subject))
}

fn refused(whose: &'static str, problem: Problem) -> Response {
    metrics::counter!("razao_requests_rate_limited_total", "by" => whose).increment(1);
    problem.into_response()
}

impl<K: Hash + Eq + Clone> Rate<K> {
    fn new(per_second: NonZeroU32) -> Self {
        Self(DefaultKeyedRateLimiter::keyed(Quota::per_second(per_second)))
    }

    fn check(&self, key: &K) -> Result<(), Problem> {
        if self.0.len() > MANY_CLIENTS {
            self.0.retain_recent();
        }
        self.0.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let most = until.quota().burst_size();
            RATE_LIMITED
                .because(format!("more than {most} requests a second came of this client"))
                .retry_after(seconds)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::{get, post};
    use futures::future::join_all;
    use tower::ServiceExt;

    use super::*;

    fn request(method: &str, path: &str) -> Request {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer("192.0.2.1:4711".parse().unwrap()));
        request
    }

    /// A router that takes its time for commands, behind limits.
    fn limited(settings: &Settings) -> Router {
        let slow = || tokio::time::sleep(Duration::from_millis(200));
        let router = Router::new()
            .route("/v1/entries", post(slow).get(|| async {}))
            .route("/v1/bulk", post(slow))
            .route("/v1/never", post(std::future::pending::<()>))
            .route("/health/live", get(|| async {}));
        Limits::of(settings).around(router)
    }

    async fn told(router: &Router, method: &str, path: &str) -> String {
        let response = router.clone().oneshot(request(method, path)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let after = parts.headers.contains_key("retry-after");
        format!("{} {} {after}", parts.status.as_u16(), problem["code"].as_str().unwrap_or("-"))
    }

    #[tokio::test]
    async fn what_is_too_much_is_refused_soon_and_nothing_else() {
        let router = limited(&Settings { commands_in_flight: 2, ..Settings::default() });
        let began = tokio::time::Instant::now();
        let commands = join_all((0..10).map(|_| told(&router, "POST", "/v1/entries")));
        let others = async {
            tokio::task::yield_now().await;
            let others = [("GET", "/v1/entries"), ("GET", "/health/live"), ("POST", "/v1/bulk")];
            join_all(others.map(|(method, path)| told(&router, method, path))).await
        };
        let (commands, others) = tokio::join!(commands, others);
        let count = |what: &str| commands.iter().filter(|told| *told == what).count();
        assert_eq!((count("200 - false"), count("503 overloaded true")), (2, 8));
        assert_eq!(others, ["200 - false"; 3]);
        assert!(began.elapsed() < Duration::from_millis(390), "nobody waited for another");
        assert_eq!(told(&router, "POST", "/v1/entries").await, "200 - false", "there is room again");
    }

    #[tokio::test]
    async fn a_request_ends() {
        let router = limited(&Settings { request_timeout_s: 1, ..Settings::default() });
        assert_eq!(told(&router, "POST", "/v1/never").await, "503 unavailable true");
    }

    #[tokio::test]
    async fn an_address_has_its_rate() {
        let router = limited(&Settings { rate_per_address: 3, ..Settings::default() });
        let told = join_all((0..5).map(|_| told(&router, "GET", "/v1/entries"))).await;
        assert_eq!(told[..3], ["200 - false"; 3]);
        assert_eq!(told[3..], ["429 rate_limited true"; 2]);
    }

    #[tokio::test]
    async fn a_client_has_its_rate_whatever_others_do_and_its_lines_wait() {
        let limits = Limits::of(&Settings { rate_per_client: 2, ..Settings::default() });
        let router = Router::new().route("/v1/entries", get(|| async {}));
        let (requests, lines) =
            (limits.clone().by_client(router.clone()), limits.by_client_patiently(router));
        let ask = async |router: &Router, subject: &str| {
            let mut request = request("GET", "/v1/entries");
            let caller = Caller { subject: subject.into(), ..Caller::local_developer() };
            request.extensions_mut().insert(caller);
            router.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        for subject in ["one", "other"] {
            assert_eq!((ask(&requests, subject).await, ask(&requests, subject).await), (200, 200));
            assert_eq!(ask(&requests, subject).await, 429);
        }
        let began = tokio::time::Instant::now();
        assert_eq!(ask(&lines, "one").await, 200);
        assert!(began.elapsed() > Duration::from_millis(100));
    }
}
