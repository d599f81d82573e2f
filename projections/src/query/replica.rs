//! Reads by a streaming replica. What it cannot answer as the primary would, the primary is asked (ADR 0024).

mod standing;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use event_store::LogReader;
use metrics::counter;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::standing::{Standing, Watcher};
use super::breaker::{Breaker, Broken};
use super::loan_rows::LoanRows;
use super::state::{ByReplica, LIMITS, QueryState};

/// How long a read waits on the replica for its position, before the primary is asked.
const PATIENCE_MS: u64 = 20;
/// How long one waits for a connection to it.
const CONNECTING: Duration = Duration::from_millis(500);
const CONNECTIONS: u32 = 24;

/// What of the read API speaks of the primary itself.
const OF_THE_PRIMARY: [&str; 1] = ["/v1/projections"];

/// A streaming replica of the read models' database. Clones share it.
#[derive(Clone)]
pub struct Replica {
    pub(crate) pool: PgPool,
    pub(crate) loan_rows: LoanRows,
    /// Where the replica has the log too.
    pub(crate) log: Option<LogReader>,
    breaker: Breaker,
    standing: watch::Sender<Standing>,
}

/// Marks an answer that says nothing of what was asked, but of the database that was to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DatabaseFault;

/// Marks an answer that a copy gives because it has to be further to know better.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CopyIsBehind;

/// Why a read goes to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detour {
    Behind,
    Gone,
    Fault,
    BreakerOpen,
    /// It does not have the position, or what is asked for.
    NotThere,
}

impl Replica {
    /// A replica that need not be there yet. `has_log`: the log is in the same database as the read models.
    pub fn new(options: &PgConnectOptions, has_log: bool) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECTING)
            .connect_lazy_with(options.clone());
        let limits = event_store::ReaderLimits { patience: CONNECTING, ..LIMITS };
        let log = has_log.then(|| LogReader::new(options, limits));
        let standing = watch::Sender::new(Standing::Gone);
        let loan_rows = LoanRows::new(options);
        Self { pool, loan_rows, log, breaker: Breaker::new("replica"), standing }
    }

    /// Looks after the replica until `stop`: reads go to it while it is at most `max_lag` behind the primary.
    pub async fn look_after(self, primary: PgPool, max_lag: Duration, stop: CancellationToken) {
        let watcher = Watcher::new(primary, self.pool.clone(), max_lag, self.standing.clone());
        watcher.run(&stop).await;
        self.pool.close().await;
        self.loan_rows.close().await;
        if let Some(log) = &self.log {
            log.close().await;
        }
    }

    /// Whether reads go to it.
    pub fn is_fresh(&self) -> bool {
        *self.standing.borrow() == Standing::Fresh
    }

    async fn answer(&self, request: Request, next: Next) -> Result<Response<Body>, Detour> {
        let mut standing = self.standing.subscribe();
        match *standing.borrow_and_update() {
            Standing::Fresh => {}
            Standing::Behind => return Err(Detour::Behind),
            Standing::Gone => return Err(Detour::Gone),
        }
        let answering = async {
            tokio::select! {
                response = next.run(request) => Ok(response),
                // Whoever waits for an answer of one that is gone would wait for long.
                _ = standing.wait_for(|standing| *standing == Standing::Gone) => Err(Detour::Gone),
            }
        };
        let answered = async {
            let response = answering.await?;
            let is_fault = response.extensions().get::<DatabaseFault>().is_some();
            if is_fault { Err(Detour::Fault) } else { Ok(response) }
        };
        let response = self.breaker.call(answered).await.map_err(|broken| match broken {
            Broken::Open => Detour::BreakerOpen,
            Broken::Failed(detour) => detour,
        })?;
        let is_behind = response.extensions().get::<CopyIsBehind>().is_some();
        if is_behind || response.status() == StatusCode::NOT_FOUND {
            return Err(Detour::NotThere);
        }
        Ok(response)
    }
}

/// Lets the replica answer a read, and the primary what the replica cannot.
pub(crate) async fn first(State(state): State<QueryState>, request: Request, next: Next) -> Response<Body> {
    let Some(replica) = state.replica.as_ref().filter(|_| may_be_of_a_copy(&request)) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let mut copied = Request::from_parts(parts.clone(), Body::empty());
    copied.extensions_mut().insert(ByReplica);
    wait_less(&mut copied);
    match replica.answer(copied, next.clone()).await {
        Ok(response) => {
            counter!("razao_reads_total", "by" => "replica").increment(1);
            response
        }
        Err(detour) => {
            counter!("razao_reads_total", "by" => "primary").increment(1);
            counter!("razao_replica_detours_total", "because" => detour.name()).increment(1);
            next.run(Request::from_parts(parts, body)).await
        }
    }
}

fn may_be_of_a_copy(request: &Request) -> bool {
    request.method() == Method::GET && !OF_THE_PRIMARY.contains(&request.uri().path())
}

/// The primary may have had for long what the replica waits for. What cannot be read stays, to be refused.
fn wait_less(request: &mut Request) {
    const NAME: &str = "razao-max-wait-ms";
    let asked =
        request.headers().get(NAME).map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    if asked.is_none_or(|wait: Option<u64>| wait.is_some_and(|wait| (PATIENCE_MS..=10_000).contains(&wait))) {
        request.headers_mut().insert(NAME, HeaderValue::from(PATIENCE_MS));
    }
}

impl Detour {
    const fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Gone => "gone",
            Self::Fault => "fault",
            Self::BreakerOpen => "breaker_open",
            Self::NotThere => "not_there",
        }
    }
}
