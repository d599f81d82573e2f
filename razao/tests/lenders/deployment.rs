//! A server of two lenders, `norte` and `sul`, each with a development issuer and a database of its own; and whoever
//! asks it something.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use identity::{DevelopmentIssuer, LenderClaim, Role};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use uuid::Uuid;

use crate::support::Server;

pub(crate) const TODAY: &str = "2026-12-01";
const PATIENCE: Duration = Duration::from_secs(60);

/// By what the server tells its lenders apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Host,
    Claim,
}

pub(crate) struct Deployment {
    pub(crate) server: Server,
    pub(crate) by: By,
    /// Where operators ask.
    pub(crate) operators: String,
    http: reqwest::Client,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status, and the code of the problem.
    pub(crate) fn told(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        format!("{} {}", self.status, body["code"].as_str().unwrap_or("-"))
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {}", self.text));
        value.to_str().unwrap().to_owned()
    }

    /// The id of what was made.
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.text)).to_owned()
    }
}

/// Something that is asked of a lender.
pub(crate) struct Ask<'d> {
    deployment: &'d Deployment,
    request: reqwest::RequestBuilder,
}

impl Deployment {
    /// With more settings for all, and for `norte`. The databases are on the server of `scripts/with-postgres.sh`, which
    /// is there already.
    pub(crate) async fn start_with(by: By, common: &str, norte: &str) -> Self {
        let server = std::env::var("DATABASE_URL").expect("run this by scripts/with-postgres.sh");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        let test = format!("lenders_{:016x}", fastrand::u64(..));
        let mut said = Vec::new();
        for lender in ["norte", "sul"] {
            let name = format!("{test}_{lender}");
            sqlx::raw_sql(&format!("create database {name}")).execute(&mut connection).await.unwrap();
            let options: PgConnectOptions = server.parse().unwrap();
            said.push(format!("database_url = \"{}\"\n", options.database(&name).to_url_lossy()));
        }
        connection.close().await.unwrap();
        Self::start_as(by, common, &format!("{norte}\n{}", said[0]), &said[1]).await
    }

    /// With databases in the private Postgres.
    pub(crate) async fn start_alone(by: By) -> Self {
        Self::start_as(by, "", "", "").await
    }

    async fn start_as(by: By, common: &str, norte: &str, sul: &str) -> Self {
        let operators = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let hosts = |hosts: &str| match by {
            By::Host => format!("hosts = [{hosts}]\n"),
            By::Claim => String::new(),
        };
        let chosen = match by {
            By::Host => "host",
            By::Claim => "claim",
        };
        let settings = format!(
            "lender_by = \"{chosen}\"\nrequire_token = true\nclose_days = false\nmetrics_listen = \"{operators}\"\n{common}\n\
             [lenders.norte]\n{}{norte}\n[lenders.sul]\n{}{sul}\n",
            hosts(r#""norte.example", "Norte.EXAMPLE.net""#),
            hosts(r#""sul.example""#),
        );
        let mut server = Server::on(Some(TODAY)).with_settings(&settings);
        server.start().await;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { server, by, operators: format!("http://{operators}"), http }
    }

    pub(crate) async fn start(by: By) -> Self {
        Self::start_with(by, "", "").await
    }

    pub(crate) fn data_dir_of(&self, lender: &str) -> PathBuf {
        self.server.data_dir().join("lenders").join(lender)
    }

    /// A token of a lender's, as the server of that lender makes them.
    pub(crate) fn token(&self, lender: &str, subject: &str, roles: &[Role]) -> String {
        let claim = LenderClaim { claim: "lender".to_owned(), lender: lender.to_owned() };
        self.token_that_says(lender, (self.by == By::Claim).then_some(&claim), subject, roles)
    }

    /// A token that a lender's key signed, whatever it says.
    pub(crate) fn token_that_says(
        &self,
        signed_by: &str,
        claim: Option<&LenderClaim>,
        subject: &str,
        roles: &[Role],
    ) -> String {
        let issuer = DevelopmentIssuer::of(&self.data_dir_of(signed_by)).unwrap();
        issuer.token_of(claim, subject, roles, "razao", Duration::from_secs(3600))
    }

    /// A request of somebody of a lender, who has every role.
    pub(crate) fn ask(&self, lender: &str, method: &str, path: &str) -> Ask<'_> {
        self.ask_as(lender, "ana", method, path)
    }

    pub(crate) fn ask_as(&self, lender: &str, subject: &str, method: &str, path: &str) -> Ask<'_> {
        let token = self.token(lender, subject, &Role::ALL);
        let asked = self.anybody(method, path).with("authorization", &format!("Bearer {token}"));
        if self.by == By::Host { asked.with("host", &format!("{lender}.example")) } else { asked }
    }

    pub(crate) fn anybody(&self, method: &str, path: &str) -> Ask<'_> {
        let url = format!("{}{path}", self.server.address());
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Ask { deployment: self, request: self.http.request(method, url) }
    }

    /// Something that operators ask.
    pub(crate) async fn operator(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.operators));
        Ask { deployment: self, request }.send().await
    }

    /// Posts a command of a lender under a key of its own, which has to be taken.
    pub(crate) async fn post(&self, lender: &str, path: &str, body: &Value) -> Answer {
        let answer = self.ask(lender, "POST", path).body(body).send().await;
        assert!((200..300).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.text);
        answer
    }

    /// What a lender's own reads say, which has to be there.
    pub(crate) async fn read(&self, lender: &str, path: &str) -> Value {
        let answer = self.ask(lender, "GET", path).send().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Where a lender's log ends, once all read models are there.
    pub(crate) async fn settled(&self, lender: &str) -> i64 {
        loop {
            let status = self.read(lender, "/v1/projections").await;
            let head = status["as_of"]["position"].as_i64().unwrap();
            let behind = |one: &Value| one["position"].as_i64() < Some(head);
            if !status["items"].as_array().unwrap().iter().any(behind) {
                return head;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(mut self) {
        self.server.stop().await;
    }
}

impl Ask<'_> {
    pub(crate) fn with(self, header: &str, value: &str) -> Self {
        Self { request: self.request.header(header, value), ..self }
    }

    /// With a body, and a key that nobody used.
    pub(crate) fn body(self, body: &Value) -> Self {
        self.keyed(&Uuid::now_v7().to_string(), body)
    }

    pub(crate) fn keyed(self, key: &str, body: &Value) -> Self {
        Self { request: self.request.header("idempotency-key", key).json(body), ..self }
    }

    pub(crate) fn lines(self, lines: String) -> Self {
        let request = self.request.header("content-type", "application/x-ndjson").body(lines);
        Self { request, ..self }
    }

    pub(crate) async fn send(self) -> Answer {
        let response = match self.request.send().await {
            Ok(response) => response,
            Err(error) => panic!("{error:?}\n{}", self.deployment.server.log()),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}
