//! A server whose callers are those of a Keycloak: who is let in, as whom, and for how long.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

mod support;

use std::time::{Duration, SystemTime};

use razao::client::{Client, ClientError};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::Server;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const LOAN: Uuid = Uuid::from_u128(7);

struct Keycloak {
    url: String,
    password: String,
    http: reqwest::Client,
}

impl Keycloak {
    fn running() -> Self {
        let named = |name| {
            std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: use scripts/with-keycloak.sh"))
        };
        Self {
            url: named("KEYCLOAK_URL"),
            password: named("KEYCLOAK_PASSWORD"),
            http: reqwest::Client::new(),
        }
    }

    fn settings(&self) -> String {
        format!(
            "oidc_issuer = \"{}/realms/lender\"\noidc_roles_claim = \"realm_access.roles\"\noidc_refresh_s = 1\n\
             [oidc_roles]\ncredit-desk = \"operator\"\ncredit-committee = \"approver\"\naudit-firm = \"auditor\"\n",
            self.url
        )
    }

    async fn token(&self, realm: &str, grant: &[(&str, &str)]) -> String {
        let form = grant.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let url = format!("{}/realms/{realm}/protocol/openid-connect/token", self.url);
        let request = self.http.post(url).header("Content-Type", "application/x-www-form-urlencoded");
        let answer: Value = request.body(form).send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A token of one of the realm's programs.
    async fn token_of(&self, client: &str) -> String {
        let secret = ("client_secret", "secret");
        self.token("lender", &[("grant_type", "client_credentials"), ("client_id", client), secret]).await
    }

    /// Has the realm sign with a new RSA key, and takes the old one away.
    async fn rotate(&self) {
        let password = ("password", self.password.as_str());
        let grant = [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), password];
        let token = self.token("master", &grant).await;
        let realm = format!("{}/admin/realms/lender", self.url);
        let get = async |path: &str| -> Value {
            let request = self.http.get(format!("{realm}{path}")).bearer_auth(&token);
            request.send().await.unwrap().json().await.unwrap()
        };
        let (parent, keys) = (get("").await["id"].clone(), get("/keys").await);
        let signing = keys["active"]["RS256"].clone();
        let old = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == signing).unwrap();
        let new = json!({
            "name": "new", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": parent, "config": { "priority": ["200"] },
        });
        let made = self
            .http
            .post(format!("{realm}/components"))
            .bearer_auth(&token)
            .json(&new)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        let old = format!("{realm}/components/{}", old["providerId"].as_str().unwrap());
        let removed = self.http.delete(old).bearer_auth(&token).send().await.unwrap();
        assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    }
}

fn status(answer: Result<Value, ClientError>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(error) => error.problem().unwrap_or_else(|| panic!("{error}")).status,
    }
}

async fn read_as(server: &Server, token: &str) -> u16 {
    status(Client::new(&server.address()).with_token(Some(token.to_owned())).read("/v1/loans", None).await)
}

/// Keycloak makes a key of a kind when it first signs with it, after the server read the keys.
async fn until_read_as(server: &Server, token: &str, wanted: u16) {
    let patience = Instant::now() + PATIENCE;
    while read_as(server, token).await != wanted {
        assert!(Instant::now() < patience, "not {wanted} within {PATIENCE:?}:\n{}", server.log());
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_who_the_issuer_says_for_as_long_as_its_key_stands() {
    let keycloak = Keycloak::running();
    let mut server = Server::on(None).with_settings(&keycloak.settings());
    server.start().await;

    let (desk, committee) = (keycloak.token_of("desk").await, keycloak.token_of("committee").await);
    let (auditor, elsewhere) = (keycloak.token_of("auditor").await, keycloak.token_of("elsewhere").await);
    // RS256, ES256 and EdDSA.
    for token in [&desk, &committee, &auditor] {
        until_read_as(&server, token, 200).await;
    }
    assert_eq!(read_as(&server, &elsewhere).await, 401, "a token for another audience");
    let nobody = Client::new(&server.address());
    assert_eq!(status(nobody.read("/v1/loans", None).await), 401);
    assert!(nobody.is_ready().await);

    let client = |token: &str| Client::new(&server.address()).with_token(Some(token.to_owned()));
    let application = json!({
        "id": LOAN,
        "borrower": { "tax_id": "11222333000181", "name": "Cantina da Nonna Ltda" },
        "terms": {
            "principal": "1200.00", "currency": "BRL", "method": "price", "rate": { "value": "0.0199" },
            "day_count": "30/360", "installments": 12,
        },
    });
    client(&desk).command("/v1/loans", "key", &application).await.unwrap();
    let approval = json!({ "on": event_store::booking_day(SystemTime::now().into()) });
    let approve = format!("/v1/loans/{LOAN}/approve");
    let refused = client(&desk).command(&approve, "key-2", &approval).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().code, "forbidden");
    // The same key of another client is another key.
    let approved = client(&committee).command(&approve, "key", &approval).await.unwrap();
    assert!(!approved.replayed);
    let refused = client(&auditor).command(&approve, "key-3", &approval).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().detail, "POST /v1/loans/{id}/approve is for approver");

    let events = events_of_the_loan(&client(&auditor)).await;
    let actors: Vec<_> = events.iter().map(|event| event["metadata"]["actor"].as_str().unwrap()).collect();
    assert_eq!(actors.len(), 2);
    assert!(actors[0] != actors[1] && actors.iter().all(|actor| actor.parse::<Uuid>().is_ok()), "{actors:?}");

    let roles: Vec<_> = events.iter().map(|event| event["metadata"]["roles"].clone()).collect();
    assert_eq!(roles, ["operator", "approver"], "as the tokens said then");

    keycloak.rotate().await;
    until_read_as(&server, &keycloak.token_of("desk").await, 200).await;
    until_read_as(&server, &desk, 401).await;
    until_read_as(&server, &committee, 200).await;
    server.stop().await;
}

async fn events_of_the_loan(client: &Client) -> Vec<Value> {
    let events = client.events(0, 1000).await.unwrap();
    events.into_iter().filter(|event| event["stream_id"] == LOAN.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_requires_tokens_takes_those_of_its_development_issuer() {
    let mut server = Server::on(Some("2026-03-02")).with_settings("require_token = true\n");
    let open = server.start().await;
    assert_eq!(status(open.read("/v1/loans", None).await), 401);
    let data_dir = server.data_dir();
    let token = async |role| {
        let data_dir = data_dir.to_str().unwrap();
        let made = server.run(&["token", "--role", role, "--subject", "ana", "--data-dir", data_dir]).await;
        made.trim().to_owned()
    };
    assert_eq!(read_as(&server, &token("auditor").await).await, 200);
    let (code, said) = server.fail(&["token", "--role", "cook", "--subject", "ana"]).await;
    assert!(code == 2 && said.contains("`cook` is none of integrator"), "{code}: {said}");
    server.stop().await;
}
