//! A server in the test's process, requests to it, and answers as text to compare.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use command_api::{BulkLimits, CommandState};
use event_store::{BookingDay, Log};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tower::ServiceExt;

/// The headers that a client may rely on.
const HEADERS: [&str; 9] = [
    "content-type",
    "location",
    "preference-applied",
    "etag",
    "razao-position",
    "idempotency-replayed",
    "allow",
    "retry-after",
    "connection",
];

pub(crate) const TODAY: &str = "2026-06-30";

pub(crate) struct Server {
    app: Router,
    log: Log,
    /// As the owner of the database, to look at what is stored.
    pool: PgPool,
}

pub(crate) struct Answer {
    path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Server {
    pub(crate) async fn start(options: &PgConnectOptions) -> Self {
        Self::start_with(options, |log, day| CommandState::new(log, day, 1 << 20)).await
    }

    pub(crate) async fn start_with(
        options: &PgConnectOptions,
        state: impl FnOnce(Log, BookingDay) -> CommandState,
    ) -> Self {
        Log::migrate(options).await.unwrap();
        let log = Log::connect(options).await.unwrap();
        let state = state(log.clone(), BookingDay::Fixed(TODAY.parse().unwrap()));
        let lines = command_api::lines(state.clone());
        let bulk = command_api::bulk(state.clone(), lines, BulkLimits::default());
        let (router, _) = command_api::router(state).merge(bulk).split_for_parts();
        let pool = PgPool::connect_with(options.clone()).await.unwrap();
        Self { app: problems::with_fallbacks(router), log, pool }
    }

    /// A command with a key of its own.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let key = uuid::Uuid::now_v7().to_string();
        self.post_with(path, &[("idempotency-key", &key)], body).await
    }

    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &str) -> Answer {
        self.post_with(path, &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// The answer before its body has come.
    pub(crate) async fn begin(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let path = request.uri().path().to_owned();
        let response = self.begin(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { path, status: parts.status, headers: parts.headers, body }
    }

    /// How many events, keys, claims and borrowers are stored.
    pub(crate) async fn stored(&self) -> (i64, i64, i64, i64) {
        let counts = "select (select count(*) from events), (select count(idempotency_key) from events), \
            (select count(*) from claims), (select count(*) from borrowers)";
        sqlx::query_as(counts).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Lets go of the database, so that it can be dropped.
    pub(crate) async fn stop(self) {
        self.log.close().await;
        self.pool.close().await;
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// The first event's field as text.
    pub(crate) fn event(&self, field: &str) -> String {
        self.json()["events"][0][field].as_str().unwrap().to_owned()
    }

    /// `status code`, with the pointers of the fields. The document has to say that the path can be refused so.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        let body = self.json();
        if let Some(responses) = documented(&self.path).filter(|_| self.status != 405) {
            let told = responses[self.status.as_str()]["description"].as_str().unwrap_or_default();
            let code = format!("`{}`", body["code"].as_str().unwrap());
            assert!(told.contains(&code), "{} does not tell of {code}, but of {told}", self.path);
        }
        let mut text = format!("{} {}", self.status.as_u16(), body["code"].as_str().unwrap());
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["type"], format!("urn:razao:problem:{}", body["code"].as_str().unwrap()));
        for field in body["errors"].as_array().into_iter().flatten() {
            write!(text, " {}={}", field["pointer"].as_str().unwrap(), field["code"].as_str().unwrap())
                .unwrap();
        }
        text
    }

    /// Status, headers and body, with ids numbered in the order in which they appear.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("{}\n", self.status);
        for name in HEADERS {
            if let Some(value) = self.headers.get(name) {
                writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        if !self.body.is_empty() {
            writeln!(text, "\n{}", serde_json::to_string_pretty(&self.json()).unwrap()).unwrap();
        }
        number_ids(&text)
    }
}

/// What the API document says that a path answers.
fn documented(path: &str) -> Option<&'static Value> {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::to_value(command_api::api_document()).unwrap());
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        let mut both = template.iter().zip(&segments);
        template.len() == segments.len() && both.all(|(one, other)| one.starts_with('{') || one == other)
    };
    let mut paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths.find(|(template, _)| fits(template)).map(|(_, item)| &item["post"]["responses"])
}

fn number_ids(text: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut numbered = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let Some(id) = rest.get(..36).filter(|found| uuid::Uuid::parse_str(found).is_ok()) else {
            numbered.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let number = known.iter().position(|other| *other == id).unwrap_or_else(|| {
            known.push(id);
            known.len() - 1
        });
        write!(numbered, "ID-{}", number + 1).unwrap();
        rest = &rest[36..];
    }
    numbered
}

/// An application for 1000.00 over three months at 2 % a month.
pub(crate) fn application(external_id: &str) -> String {
    format!(
        r#"{{"borrower": {{"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"}},
            "external_id": "{external_id}", "metadata": {{"channel": "app"}},
            "terms": {{"principal": "1000.00", "currency": "BRL", "method": "price", "installments": 3,
                "rate": {{"value": "0.02", "per": "month", "compounding": "effective"}},
                "day_count": "30/360", "every": {{"months": 1}}}}}}"#
    )
}

impl Server {
    /// The path of a loan of 1000.00 that was disbursed on 15 January 2026.
    pub(crate) async fn active_loan(&self, external_id: &str) -> String {
        let loan = format!("/v1/loans/{}", self.post("/v1/loans", &application(external_id)).await.id());
        self.post(&format!("{loan}/approve"), r#"{"on": "2026-01-12"}"#).await;
        let disbursed = self.post(&format!("{loan}/disburse"), r#"{"on": "2026-01-15"}"#).await;
        assert_eq!(disbursed.status, 200, "{}", disbursed.body);
        loan
    }
}
