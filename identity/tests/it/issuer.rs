//! An issuer that a test can spoil: keys come and go, answers are late, wrong or endless.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const AUDIENCE: &str = "razao";

/// What the issuer does when it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Down,
    Hanging,
    OfAnotherName,
    Endless,
    KeysElsewhere,
}

#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn new(id: &str, algorithm: Algorithm) -> Self {
        let key = match algorithm {
            Algorithm::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let der = BASE64_STANDARD
                    .encode(AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref());
                let lines: Vec<_> =
                    der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let pem =
                    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
                EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
            }
            Algorithm::ES256 => {
                let random = aws_lc_rs::rand::SystemRandom::new();
                let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
                EncodingKey::from_ec_der(pair.as_ref())
            }
            Algorithm::EdDSA => {
                let random = aws_lc_rs::rand::SystemRandom::new();
                EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&random).unwrap().as_ref())
            }
            other => panic!("no key is made for {other:?}"),
        };
        Self { id: id.to_owned(), algorithm, key }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }
}

struct State {
    mood: Mood,
    jwks: Vec<Value>,
    asked: u32,
}

#[derive(Clone)]
pub(crate) struct TestIssuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl TestIssuer {
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let jwks = keys.iter().map(|key| key.jwk()).collect();
        let state = Arc::new(Mutex::new(State { mood: Mood::Well, jwks, asked: 0 }));
        let issuer = Self { url, state };
        let (discovery, keys) = (issuer.clone(), issuer.clone());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || discovery.discovery().await))
            .route("/jwks", get(async move || keys.jwks()));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn publish(&self, jwks: Vec<Value>) {
        self.state.lock().unwrap().jwks = jwks;
    }

    /// How often the discovery document was asked for.
    pub(crate) fn asked(&self) -> u32 {
        self.state.lock().unwrap().asked
    }

    /// Good claims for `subject`.
    pub(crate) fn claims(&self, subject: &str) -> Value {
        let now = get_current_timestamp();
        json!({ "iss": self.url, "aud": AUDIENCE, "sub": subject, "exp": now + 600, "roles": ["operator"] })
    }

    async fn discovery(&self) -> Response {
        let mood = {
            let mut state = self.state.lock().unwrap();
            state.asked += 1;
            state.mood
        };
        let url = &self.url;
        let said =
            |issuer: &str, keys: &str| Json(json!({ "issuer": issuer, "jwks_uri": keys })).into_response();
        match mood {
            Mood::Well | Mood::Endless => said(url, &format!("{url}/jwks")),
            Mood::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Mood::Hanging => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                StatusCode::OK.into_response()
            }
            Mood::OfAnotherName => said("https://elsewhere.example", &format!("{url}/jwks")),
            Mood::KeysElsewhere => said(url, "http://keys.example/jwks"),
        }
    }

    fn jwks(&self) -> Response {
        let state = self.state.lock().unwrap();
        if state.mood == Mood::Endless {
            return vec![b' '; 4 << 20].into_response();
        }
        Json(json!({ "keys": state.jwks })).into_response()
    }
}
