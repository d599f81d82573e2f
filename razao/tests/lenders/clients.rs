//! Keys of commands are apart by the client that a token was given to, and the same whoever bears its tokens.

use identity::DevelopmentIssuer;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

use crate::book::Things;
use crate::deployment::{Answer, By, Deployment};

const KEY: &str = "receipt-4711";

/// Somebody of norte with whatever their token says besides.
struct Somebody<'d> {
    deployment: &'d Deployment,
    token: String,
}

impl<'d> Somebody<'d> {
    fn with(deployment: &'d Deployment, subject: &str, more: &Value) -> Self {
        let folder = deployment.data_dir_of("norte");
        DevelopmentIssuer::of(&folder).unwrap();
        let key = EncodingKey::from_ed_der(&std::fs::read(folder.join("development-issuer.key")).unwrap());
        let mut claims = json!({
            "iss": "urn:razao:development", "aud": "razao", "sub": subject, "lender": "norte",
            "roles": ["integrator"], "exp": get_current_timestamp() + 600, "jti": fastrand::u64(..).to_string(),
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("development".to_owned());
        Self { deployment, token: encode(&header, &claims, &key).unwrap() }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let asked = self.deployment.anybody(method, path);
        let asked = asked.with("authorization", &format!("Bearer {}", self.token));
        let asked = headers.iter().fold(asked, |asked, (name, value)| asked.with(name, value));
        match body {
            Some(body) => asked.keyed(KEY, body).send().await,
            None => asked.send().await,
        }
    }

    /// Posts an entry under the one key: its id, and whether it was there already.
    async fn post(&self, body: &Value) -> (String, bool) {
        let answer = self.ask("POST", "/v1/entries", &[], Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        (answer.id(), answer.headers.contains_key("idempotency-replayed"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_a_command_for_each_client_whoever_bears_its_tokens() {
    let deployment = Deployment::start(By::Claim).await;
    let somebody = |subject: &str, more: Value| Somebody::with(&deployment, subject, &more);
    let entry = Things::nowhere().entry(None);
    let (of_desk, replayed) = somebody("ana", json!({"azp": "desk"})).post(&entry).await;
    assert!(!replayed);
    // The same client: another token of hers, another person's, and as issuers that know no `azp` name it.
    for (subject, more) in [
        ("ana", json!({"azp": "desk"})),
        ("bia", json!({"azp": "desk"})),
        ("bia", json!({"client_id": "desk"})),
        ("bia", json!({"azp": "desk", "client_id": "portal"})),
    ] {
        assert_eq!(somebody(subject, more).post(&entry).await, (of_desk.clone(), true), "{subject}");
    }
    // Other clients, of the same person too.
    let (of_portal, replayed) = somebody("ana", json!({"azp": "portal"})).post(&entry).await;
    assert!(!replayed && of_portal != of_desk);
    let (of_ana, replayed) = somebody("ana", json!({})).post(&entry).await;
    assert!(!replayed && of_ana != of_desk && of_ana != of_portal);
    let other = Things::nowhere().entry(Some(&Things::nowhere().entry));
    let reused = somebody("bia", json!({"azp": "desk"})).ask("POST", "/v1/entries", &[], Some(&other)).await;
    assert_eq!(reused.told(), "422 idempotency_key_reused");

    // What waits is its client's: nobody else's key finds it, nobody else is shown it.
    let later = [("prefer", "respond-async")];
    let (ana, bia) = (somebody("ana", json!({"azp": "app"})), somebody("bia", json!({"azp": "app"})));
    let queued = ana.ask("POST", "/v1/entries", &later, Some(&entry)).await;
    assert_eq!(queued.status, 202, "{}", queued.text);
    let request = queued.header("location");
    assert_eq!(bia.ask("POST", "/v1/entries", &later, Some(&entry)).await.header("location"), request);
    let of_another = somebody("ana", json!({"azp": "other"}));
    let theirs = of_another.ask("POST", "/v1/entries", &later, Some(&entry)).await;
    assert_ne!(theirs.header("location"), request);
    assert_eq!(of_another.ask("GET", &request, &[], None).await.told(), "404 not_found");
    assert_eq!(bia.ask("GET", &request, &[], None).await.status, 200);
    // An operator, for one, looks after all of them.
    let operator = somebody("rui", json!({"azp": "other", "roles": ["operator"]}));
    assert_eq!(operator.ask("GET", &request, &[], None).await.status, 200);
    deployment.stop().await;
}
