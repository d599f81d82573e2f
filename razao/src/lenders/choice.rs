//! Which lender a request is for, and nothing else: whether it may is for that lender's gate to say.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use identity::gate::{self, Identification};
use identity::{Rejection, claimed};
use problems::{INVALID_PARAMETER, MISDIRECTED, OTHER_LENDER, OVERLOADED, Problem};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::host;
use super::place::Context;

/// How many requests of no lender are looked at at a time; more are refused.
const STRANGERS: usize = 64;

/// Where a lender's requests go.
#[derive(Clone)]
pub(super) struct Counter {
    pub(super) routes: Router,
    pub(super) context: Context,
}

/// By what a lender is chosen.
pub(super) enum Choice {
    /// By the host, in lower case and without a port.
    Host(HashMap<String, Counter>),
    Claim(ByClaim),
}

pub(super) struct ByClaim {
    /// Which claim names the lender.
    pub(super) claim: String,
    pub(super) lenders: HashMap<String, Counter>,
    /// Everybody who can say whether a token is good, whosever it is.
    pub(super) judges: Vec<Identification>,
    pub(super) strangers: Semaphore,
}

impl ByClaim {
    pub(super) fn new(claim: String, lenders: HashMap<String, Counter>, judges: Vec<Identification>) -> Self {
        Self { claim, lenders, judges, strangers: Semaphore::new(STRANGERS) }
    }
}

impl Choice {
    /// Answers whatever comes, each from its lender.
    pub(super) fn into_router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self))
    }
}

async fn answer(State(choice): State<Arc<Choice>>, request: Request) -> Response {
    let chosen = match &*choice {
        Choice::Host(lenders) => by_host(lenders, &request),
        Choice::Claim(by) => by.lender_of(request.headers()).await,
    };
    let Counter { routes, context } = match chosen {
        Ok(lender) => lender.clone(),
        Err(refused) => {
            gate::refused(refused.reason(), None, &request);
            return refused.into_response();
        }
    };
    let response = context.around(routes.oneshot(request)).await.unwrap_or_else(|never| match never {});
    response.map(|body| context.around_body(body))
}

fn by_host<'c>(lenders: &'c HashMap<String, Counter>, request: &Request) -> Result<&'c Counter, Refused> {
    let Some(host) = host::of(request) else {
        let detail = "the request names no host, or more than one";
        let problem = INVALID_PARAMETER.because(format!("Host: {detail}"));
        return Err(Refused::Host(problem.at("Host", INVALID_PARAMETER.code, detail)));
    };
    let nobody = || Refused::Host(MISDIRECTED.because(format!("no lender answers at the host {host}")));
    lenders.get(&host).ok_or_else(nobody)
}

impl ByClaim {
    async fn lender_of(&self, headers: &HeaderMap) -> Result<&Counter, Refused> {
        let claimed = claimed(headers, &self.claim).map_err(Refused::Token)?;
        match claimed.and_then(|name| self.lenders.get(&name)) {
            Some(lender) => Ok(lender),
            None => Err(self.refuse_stranger(headers).await),
        }
    }

    /// Only who has a good token is told that it is of none of the lenders.
    async fn refuse_stranger(&self, headers: &HeaderMap) -> Refused {
        let Ok(_place) = self.strangers.try_acquire() else {
            return Refused::Many(
                OVERLOADED.because("as many requests of no lender are under way as may be"),
            );
        };
        let mut refused = None;
        for judge in &self.judges {
            match judge.caller(headers).await {
                Ok(_) | Err(Rejection::Lender(_)) => {
                    return Refused::Token(Rejection::Lender(self.claim.clone()));
                }
                Err(rejection) => refused = refused.or(Some(rejection)),
            }
        }
        refused.map_or_else(|| Refused::Many(OTHER_LENDER.because("no lender is served")), Refused::Token)
    }
}

/// Why no lender answers.
enum Refused {
    Host(Problem),
    Token(Rejection),
    Many(Problem),
}

impl Refused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Token(rejection) => rejection.reason(),
            Self::Many(_) => "overloaded",
        }
    }

    fn into_response(self) -> Response {
        match self {
            Self::Host(problem) | Self::Many(problem) => problem.into_response(),
            Self::Token(rejection) => rejection.into_response(),
        }
    }
}
