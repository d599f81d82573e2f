//! What every request passes: who sends it, and whether they may.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Response, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use problems::FORBIDDEN;

use crate::permissions::{self, Permission};
use crate::{Caller, Rejection, Verifier};

/// How requests are told apart.
#[derive(Clone)]
pub enum Identification {
    /// Every request bears a token.
    Required(Arc<Verifier>),
    /// A request without a token is the local developer's: for servers that only this machine reaches.
    LocalDeveloper(Arc<Verifier>),
}

/// Puts the gate before all that a router has. For the whole router: what is merged later stays open.
pub fn guard(router: Router, identification: Identification) -> Router {
    router.layer(from_fn_with_state(identification, pass))
}

async fn pass(
    State(by): State<Identification>,
    mut request: Request,
    next: Next,
) -> Response<axum::body::Body> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let permission = permission_of(request.method(), route.as_ref().map(MatchedPath::as_str));
    if permission == Permission::Open {
        return next.run(request).await;
    }
    let caller = match by.caller(request.headers()).await {
        Ok(caller) => caller,
        Err(rejection) => {
            refused(rejection.reason(), None, &request);
            return rejection.into_response();
        }
    };
    if !permission.allows(&caller) {
        refused("forbidden", Some(&caller), &request);
        let (method, path) = (request.method(), route.as_ref().map_or("", MatchedPath::as_str));
        return FORBIDDEN.because(format!("{method} {path} is for {permission}")).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// That a path is nowhere, or takes another method, is told only to those who have a token.
fn permission_of(method: &Method, route: Option<&str>) -> Permission {
    let Some(route) = route else { return Permission::Anyone };
    // Axum answers HEAD by the route of GET.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    match permissions::find(method.as_str(), route) {
        Some(permission) => permission,
        None if permissions::has(route) => Permission::Anyone,
        None => Permission::Roles(&[]),
    }
}

/// For whoever watches who tries what: counts and logs a request that was not let in.
pub fn refused(reason: &'static str, caller: Option<&Caller>, request: &Request) {
    metrics::counter!("razao_access_refused_total", "reason" => reason).increment(1);
    let subject = caller.map(|caller| &*caller.subject);
    let client = caller.map(|caller| &*caller.client);
    let (method, path) = (request.method(), request.uri().path());
    tracing::warn!(target: "audit", reason, subject, client, %method, path, "access refused");
}

impl Identification {
    /// Who sends a request with these headers.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Rejection> {
        match (self, bearer(headers)) {
            (Self::LocalDeveloper(_), Err(Rejection::Missing)) if is_of_a_page_elsewhere(headers) => {
                Err(Rejection::Elsewhere)
            }
            (Self::LocalDeveloper(_), Err(Rejection::Missing)) => Ok(Caller::local_developer()),
            (Self::Required(verifier) | Self::LocalDeveloper(verifier), token) => {
                verifier.verify(token?).await
            }
        }
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Rejection> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (sent.next().ok_or(Rejection::Missing)?, sent.next());
    let (scheme, token) =
        first.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Rejection::NotBearer)?;
    if second.is_some() || !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Rejection::NotBearer);
    }
    Ok(token)
}

/// Whether a browser sends the request for a page that came from elsewhere: such a page reaches this machine too, by a
/// name of its own that it makes mean a loopback address, but it cannot say that it is itself of this machine.
fn is_of_a_page_elsewhere(headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::HOST).iter().chain(headers.get_all(header::ORIGIN));
    named.any(|value| !names_this_machine(value))
}

/// Whether a host or an origin is a loopback address or a name that always means one (RFC 6761, section 6.3).
fn names_this_machine(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else { return false };
    let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let is_address = || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || is_address()
}
