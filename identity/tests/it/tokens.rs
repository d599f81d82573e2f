//! Which tokens are good.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::{DevelopmentIssuer, LenderClaim, Pace, Rejection, RemoteIssuer, Role, RoleMapping, Verifier};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};

use crate::issuer::{AUDIENCE, SigningKey, TestIssuer};

pub(crate) fn verifier(issuer: &TestIssuer, pace: Pace) -> Verifier {
    let remote = Arc::new(RemoteIssuer::new(&issuer.url, pace).unwrap());
    Verifier::of_issuer(remote, AUDIENCE, RoleMapping::default())
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn part(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn each_algorithm_is_verified_by_a_key_of_its_kind() {
    let keys = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
        .map(|algorithm| SigningKey::new(&format!("{algorithm:?}"), algorithm));
    let issuer = TestIssuer::start(&keys.each_ref()).await;
    let verifier = verifier(&issuer, Pace::default());
    for key in &keys {
        let caller = verifier.verify(&key.sign(&issuer.claims("ana"))).await.unwrap();
        assert_eq!((&*caller.subject, &*caller.roles), ("ana", &[Role::Operator][..]), "{:?}", key.algorithm);
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_now_for_us_from_there_is_refused_by_name() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace::default());
    let claims = issuer.claims("ana");
    let now = get_current_timestamp();
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    for (claims, refused) in [
        (with(claims.clone(), "exp", json!(now - 31)), Rejection::Expired),
        (with(claims.clone(), "nbf", json!(now + 40)), Rejection::NotYetValid),
        (with(claims.clone(), "aud", json!("another")), Rejection::Audience),
        (with(claims.clone(), "iss", json!("https://elsewhere.example")), Rejection::Issuer),
        (with(claims.clone(), "sub", json!("")), Rejection::Claim("sub".to_owned())),
        (without("exp"), Rejection::Claim("exp".to_owned())),
        (without("aud"), Rejection::Claim("aud".to_owned())),
        (without("iss"), Rejection::Claim("iss".to_owned())),
        (without("sub"), Rejection::Claim("sub".to_owned())),
    ] {
        assert_eq!(verifier.verify(&key.sign(&claims)).await, Err(refused), "{claims}");
    }
}

#[tokio::test]
async fn clocks_may_be_half_a_minute_apart_and_an_audience_one_of_several() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace::default());
    let now = get_current_timestamp();
    for (name, value) in
        [("exp", json!(now - 20)), ("nbf", json!(now + 20)), ("aud", json!(["another", AUDIENCE]))]
    {
        let token = key.sign(&with(issuer.claims("ana"), name, value));
        assert!(verifier.verify(&token).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_signature_counts_only_by_the_key_and_the_algorithm_that_made_it() {
    let (key, stranger) = (SigningKey::new("1", Algorithm::EdDSA), SigningKey::new("1", Algorithm::EdDSA));
    let elsewhere = SigningKey::new("2", Algorithm::ES256);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace::default());
    let claims = issuer.claims("ana");
    let good = key.sign(&claims);
    assert!(verifier.verify(&good).await.is_ok());

    assert_eq!(verifier.verify(&stranger.sign(&claims)).await, Err(Rejection::Signature));
    assert_eq!(verifier.verify(&elsewhere.sign(&claims)).await, Err(Rejection::UnknownKey("`2`".to_owned())));
    let (head, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims));
    for token in [forged, format!("{head}."), good.replace('.', ""), String::new(), "a.b.c".to_owned()] {
        let refused = verifier.verify(&token).await.unwrap_err();
        assert!(matches!(refused, Rejection::Malformed(_) | Rejection::Signature), "{token}: {refused}");
    }
    // The public key of the issuer taken as the secret of an HMAC.
    let public = key.jwk()["x"].as_str().unwrap().to_owned();
    let secret = EncodingKey::from_secret(&BASE64_URL_SAFE_NO_PAD.decode(public).unwrap());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
    assert_eq!(verifier.verify(&confused).await, Err(Rejection::Algorithm("HS256".to_owned())));
}

#[tokio::test]
async fn a_token_of_immoderate_length_is_not_looked_into() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let claims = with(issuer.claims("ana"), "padding", json!("x".repeat(100_000)));
    let refused = verifier(&issuer, Pace::default()).verify(&key.sign(&claims)).await;
    assert!(matches!(refused, Err(Rejection::TooLong { .. })), "{refused:?}");
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn keys_for_other_uses_and_of_unknown_kinds_are_passed_over() {
    let (key, encrypting) = (SigningKey::new("1", Algorithm::ES256), SigningKey::new("2", Algorithm::ES256));
    let issuer = TestIssuer::start(&[]).await;
    let strange = json!({ "kty": "unheard-of", "kid": "3" });
    issuer.publish(vec![strange, with(encrypting.jwk(), "use", json!("enc")), key.jwk(), json!("no key")]);
    let verifier = verifier(&issuer, Pace::default());
    assert!(verifier.verify(&key.sign(&issuer.claims("ana"))).await.is_ok());
    let refused = verifier.verify(&encrypting.sign(&issuer.claims("ana"))).await;
    assert_eq!(refused, Err(Rejection::UnknownKey("`2`".to_owned())));
}

#[tokio::test]
async fn the_development_issuers_tokens_are_good_where_its_key_is() {
    let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let issuer = DevelopmentIssuer::of(here.path()).unwrap();
    let verifier = Verifier::of_development(&DevelopmentIssuer::of(here.path()).unwrap(), AUDIENCE);
    let token = |issuer: &DevelopmentIssuer, lifetime| {
        issuer.token("ana", &[Role::Finance], AUDIENCE, Duration::from_secs(lifetime))
    };
    let caller = verifier.verify(&token(&issuer, 60)).await.unwrap();
    assert_eq!((&*caller.subject, &*caller.client, &*caller.roles), ("ana", "ana", &[Role::Finance][..]));
    let stranger = DevelopmentIssuer::of(elsewhere.path()).unwrap();
    assert_eq!(verifier.verify(&token(&stranger, 60)).await, Err(Rejection::Signature));
    let for_others = issuer.token("ana", &[Role::Finance], "another", Duration::from_secs(60));
    assert_eq!(verifier.verify(&for_others).await, Err(Rejection::Audience));
}

#[test]
fn the_development_key_is_its_owners_alone_and_never_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    DevelopmentIssuer::of(dir.path()).unwrap();
    let path = dir.path().join("development-issuer.key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(dir.path().read_dir().unwrap().count(), 1, "nothing is left beside it");
    std::fs::write(&path, "spoilt").unwrap();
    assert!(DevelopmentIssuer::of(dir.path()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"spoilt");
}

#[tokio::test]
async fn where_one_issuer_serves_several_lenders_a_token_is_good_for_the_one_that_it_names() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let of = |lender: &str| {
        let claim = LenderClaim { claim: "tenant".to_owned(), lender: lender.to_owned() };
        verifier(&issuer, Pace::default()).of_lender(claim)
    };
    let (norte, sul) = (of("norte"), of("sul"));
    let another = Err(Rejection::Lender("tenant".to_owned()));
    let good = issuer.claims("ana");
    let token = key.sign(&with(good.clone(), "tenant", json!("norte")));
    // Asked twice: what one remembers is nothing to the other.
    for _ in 0..2 {
        assert_eq!(&*norte.verify(&token).await.unwrap().subject, "ana");
        assert_eq!(sul.verify(&token).await, another);
    }
    for tenant in
        [json!(["norte", "sul"]), json!("NORTE"), json!("norte "), json!({ "id": "norte" }), json!(null)]
    {
        let token = key.sign(&with(good.clone(), "tenant", tenant));
        assert_eq!(
            (norte.verify(&token).await, sul.verify(&token).await),
            (another.clone(), another.clone())
        );
    }
    // What is not good at all is said first, so nobody learns of lenders who has no good token.
    let expired = with(with(good, "tenant", json!("sul")), "exp", json!(1));
    assert_eq!(norte.verify(&key.sign(&expired)).await, Err(Rejection::Expired));
}

#[test]
fn whom_a_token_names_can_be_read_before_it_is_verified() {
    let claimed = |authorization: &str| {
        let headers = [(header::AUTHORIZATION, authorization.parse().unwrap())].into_iter().collect();
        identity::claimed(&headers, "tenant")
    };
    let token = |claims: Value| format!("Bearer {}.{}.x", part(&json!({ "alg": "none" })), part(&claims));
    assert_eq!(claimed(&token(json!({ "tenant": "norte" }))), Ok(Some("norte".to_owned())));
    assert_eq!(claimed(&token(json!({ "tenant": ["norte", "sul"] }))), Ok(None));
    assert_eq!(claimed(&token(json!({}))), Ok(None));
    assert_eq!(claimed("Basic YTpi"), Err(Rejection::NotBearer));
    assert!(matches!(claimed("Bearer nonsense"), Err(Rejection::Malformed(_))));
    let long = token(json!({ "tenant": "n".repeat(20_000) }));
    assert!(matches!(claimed(&long), Err(Rejection::TooLong { .. })));
}
