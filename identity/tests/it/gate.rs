//! What requests meet before they reach a route.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use axum::{Extension, Router};
use identity::gate::{Identification, guard};
use identity::{Caller, DevelopmentIssuer, Role, Verifier};
use serde_json::Value;
use tower::ServiceExt;

use crate::issuer::AUDIENCE;

struct Gate {
    issuer: DevelopmentIssuer,
    router: Router,
}

async fn who(Extension(caller): Extension<Caller>) -> String {
    format!("{} {}", caller.subject, caller.roles.len())
}

fn gate(identification: fn(Arc<Verifier>) -> Identification) -> Gate {
    let dir = tempfile::tempdir().unwrap();
    let issuer = DevelopmentIssuer::of(dir.path()).unwrap();
    let verifier = Arc::new(Verifier::of_development(&issuer, AUDIENCE));
    let routes = Router::new()
        .route("/health/live", get(async || "live"))
        .route("/v1/loans", get(who).post(who))
        .route("/v1/loans/{id}/approve", post(who))
        .route("/v1/nobody-said-who-may", get(who));
    Gate { issuer, router: guard(problems::with_fallbacks(routes), identification(verifier)) }
}

impl Gate {
    fn token(&self, roles: &[Role]) -> String {
        format!("Bearer {}", self.issuer.token("ana", roles, AUDIENCE, Duration::from_secs(60)))
    }

    async fn ask(&self, method: &str, path: &str, authorization: Option<&str>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn status(&self, method: &str, path: &str, authorization: Option<&str>) -> StatusCode {
        self.ask(method, path, authorization).await.status()
    }
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn without_a_token_only_what_is_open_is_answered() {
    let gate = gate(Identification::Required);
    assert_eq!(gate.status("GET", "/health/live", None).await, StatusCode::OK);
    for (method, path) in
        [("GET", "/v1/loans"), ("HEAD", "/v1/loans"), ("PUT", "/health/live"), ("GET", "/nowhere")]
    {
        let refused = gate.ask(method, path, None).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn a_role_may_what_the_table_says_and_is_told_who_else_may() {
    let gate = gate(Identification::Required);
    let (operator, approver) = (gate.token(&[Role::Operator]), gate.token(&[Role::Approver]));
    assert_eq!(text(gate.ask("GET", "/v1/loans", Some(&operator)).await).await, "ana 1");
    assert_eq!(gate.status("POST", "/v1/loans/1/approve", Some(&approver)).await, StatusCode::OK);
    assert_eq!(gate.status("POST", "/v1/loans", Some(&approver)).await, StatusCode::FORBIDDEN);
    let refused = gate.ask("POST", "/v1/loans/1/approve", Some(&operator)).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let problem: Value = serde_json::from_str(&text(refused).await).unwrap();
    assert_eq!(problem["detail"], "POST /v1/loans/{id}/approve is for approver");
    let nobody = gate.token(&[]);
    assert_eq!(gate.status("GET", "/v1/loans", Some(&nobody)).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_route_that_the_table_does_not_have_is_nobodys() {
    let gate = gate(Identification::Required);
    let everybody = gate.token(&Role::ALL);
    assert_eq!(gate.status("GET", "/v1/nobody-said-who-may", Some(&everybody)).await, StatusCode::FORBIDDEN);
    assert_eq!(gate.status("GET", "/nowhere", Some(&everybody)).await, StatusCode::NOT_FOUND);
    assert_eq!(gate.status("PUT", "/v1/loans", Some(&everybody)).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn on_loopback_no_token_is_the_local_developer_but_a_bad_one_is_bad() {
    let gate = gate(Identification::LocalDeveloper);
    assert_eq!(text(gate.ask("GET", "/v1/loans", None).await).await, "local-developer 6");
    let auditor = gate.token(&[Role::Auditor]);
    assert_eq!(gate.status("POST", "/v1/loans", Some(&auditor)).await, StatusCode::FORBIDDEN);
    for authorization in ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"] {
        let refused = gate.ask("GET", "/v1/loans", Some(authorization)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{authorization}");
        let challenge = "Bearer error=\"invalid_token\"";
        assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], challenge, "{authorization}");
    }
}

#[tokio::test]
async fn a_page_of_elsewhere_is_not_the_local_developer() {
    let gate = gate(Identification::LocalDeveloper);
    let status = async |name: &str, value: &str| {
        let request = Request::get("/v1/loans").header("host", "127.0.0.1:8080").body(Body::empty());
        let mut request = request.unwrap();
        request.headers_mut().insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        gate.router.clone().oneshot(request).await.unwrap().status()
    };
    for own in ["127.0.0.1:8080", "localhost:8080", "LocalHost", "[::1]:8080", "127.9.9.9", "norte.localhost"]
    {
        assert_eq!(status("host", own).await, StatusCode::OK, "{own}");
        assert_eq!(status("origin", &format!("http://{own}")).await, StatusCode::OK, "{own}");
    }
    for other in ["evil.example:8080", "localhost.evil.example", "192.0.2.1", "127.0.0.1.evil.example", "a b"]
    {
        assert_eq!(status("host", other).await, StatusCode::UNAUTHORIZED, "{other}");
    }
    for other in ["https://evil.example", "null", "http://localhost@evil.example"] {
        assert_eq!(status("origin", other).await, StatusCode::UNAUTHORIZED, "{other}");
    }
    // Who has a token may come from wherever.
    let bearer = gate.token(&[Role::Auditor]);
    let request = Request::get("/v1/loans").header("host", "ledger.example").header("authorization", bearer);
    let answered = gate.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answered.status(), StatusCode::OK);
}
