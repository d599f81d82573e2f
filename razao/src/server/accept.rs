//! Connections: so many and no more, bounded in the time that their headers take, drained at the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::limits::Peer;
use super::tls::Tls;
use crate::failure::Failure;

/// How long a client may take to send the headers of a request; an idle connection is closed after it too.
const HEADERS: Duration = Duration::from_secs(75);
/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take nothing of what is sent to it.
const STALLED: Duration = Duration::from_secs(60);
/// The most that the headers of a request may take together, in bytes. A token has 16 KiB at most.
const LARGEST_HEADERS: usize = 64 * 1024;
const LARGEST_HEADERS_OF_HTTP2: u32 = 64 * 1024;
/// How many requests an HTTP/2 connection may have under way.
const STREAMS: u32 = 128;
/// How long to wait when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);
/// Files that are open besides connections: the database's, Kafka's, the log's.
const OTHER_FILES: u64 = 256;
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A bound address.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// What all connections share.
#[derive(Clone)]
struct Shared {
    router: Router,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Takes an address, before anything else is started that would have to be stopped again. Who connects waits until
    /// the server serves.
    pub async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let taken = |error| Failure::WrongUsage(format!("cannot listen on {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, tls: None })
    }

    /// The same by TLS.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Its certificate, where it has one.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves at most so many connections until `stop`; then none is accepted any more, and requests under way have
    /// `drain` to end.
    pub async fn serve(self, router: Router, connections: usize, stop: CancellationToken, drain: Duration) {
        let room = Arc::new(Semaphore::new(room_for(connections)));
        let tls = self.tls.as_ref().map(Tls::acceptor);
        let graceful = GracefulShutdown::new();
        let shared = Shared { router, tls };
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match (accepted, Arc::clone(&room).try_acquire_owned()) {
                (Ok((stream, peer)), Ok(place)) => {
                    admit((stream, peer), place, shared.clone(), graceful.watcher());
                }
                (Ok((stream, _)), Err(_)) => refuse(stream, shared.tls.is_some()),
                (Err(error), _) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(self.listener);
        if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(seconds = drain.as_secs(), "requests still under way are cut off");
        }
    }
}

/// Asks the system for as many files as so many connections need; how many it allows.
pub fn allow_files(connections: usize) -> u64 {
    let wanted = connections as u64 + OTHER_FILES;
    let Ok((allowed, most)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    let wanted = wanted.min(most);
    let is_allowed = wanted <= allowed || setrlimit(Resource::RLIMIT_NOFILE, wanted, most).is_ok();
    if is_allowed { wanted.max(allowed) } else { allowed }
}

/// How many connections the system allows, of so many that are wanted.
fn room_for(connections: usize) -> usize {
    let allowed = allow_files(connections);
    let room = usize::try_from(allowed.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1);
    if room < connections {
        tracing::warn!(
            wanted = connections,
            room,
            "the system allows this process fewer files, and so connections"
        );
    }
    connections.min(room)
}

fn admit(
    (stream, peer): (TcpStream, SocketAddr),
    place: OwnedSemaphorePermit,
    Shared { router, tls }: Shared,
    watcher: Watcher,
) {
    if let Err(error) = prepare(&stream) {
        tracing::debug!(%error, "a connection closed at once");
        return;
    }
    metrics::gauge!("razao_connections").increment(1.0);
    tokio::spawn(async move {
        let _place = place;
        let to = (router, peer);
        match tls {
            None => by_http1(stream, to, watcher).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                    by_http2(stream, to, watcher).await;
                }
                Ok(Ok(stream)) => by_http1(stream, to, watcher).await,
                Ok(Err(error)) => tracing::debug!(%error, "there was no TLS with a client"),
                Err(_) => tracing::debug!("a client took too long to agree on TLS"),
            },
        }
        metrics::gauge!("razao_connections").decrement(1.0);
    });
}

/// Small packets go at once, and a client that is gone or takes nothing is let go.
fn prepare(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_user_timeout(Some(STALLED))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(STALLED))
}

/// Tells a client that there is no room for it: by HTTP, if it speaks that before TLS.
fn refuse(mut stream: TcpStream, is_tls: bool) {
    metrics::counter!("razao_connections_refused_total").increment(1);
    if !is_tls {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PAUSE, stream.write_all(FULL)).await;
        });
    }
}

/// What requests are sent to, and who sends them.
type Destination = (Router, SocketAddr);

/// What bytes come by.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

async fn by_http1(stream: impl Stream, to: Destination, watcher: Watcher) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(LARGEST_HEADERS);
    let connection = http.serve_connection(TokioIo::new(stream), service_fn(|request| answer(&to, request)));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn by_http2(stream: impl Stream, to: Destination, watcher: Watcher) {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new()).keep_alive_interval(HEADERS).keep_alive_timeout(HANDSHAKE);
    http.max_header_list_size(LARGEST_HEADERS_OF_HTTP2).max_concurrent_streams(STREAMS);
    let connection = http.serve_connection(TokioIo::new(stream), service_fn(|request| answer(&to, request)));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn answer(
    (router, peer): &Destination,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    request.extensions_mut().insert(Peer(*peer));
    router.clone().oneshot(request)
}
