//! What a router answers where it has no route.

use axum::Router;
use axum::extract::Request;

use crate::{METHOD_NOT_ALLOWED, NOT_FOUND, Problem};

/// Answers unknown paths and methods with problems. For the whole router, once it is merged: parts that bring
/// fallbacks of their own cannot be merged.
pub fn with_fallbacks(router: Router) -> Router {
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

async fn not_found(request: Request) -> Problem {
    NOT_FOUND.because(format!("there is nothing at {}", request.uri().path()))
}

async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!("{} does not take {}", request.uri().path(), request.method());
    METHOD_NOT_ALLOWED.because(detail)
}
