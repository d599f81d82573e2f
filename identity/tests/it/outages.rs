//! Keys that change, and an issuer that is not there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{Pace, Rejection, RemoteIssuer, Verifier};
use jsonwebtoken::Algorithm;
use tokio::task::JoinSet;

use crate::issuer::{Mood, SigningKey, TestIssuer};
use crate::tokens::verifier;

/// Keys are read again for any token whose key is not known.
const EAGER: Pace =
    Pace { refresh: Duration::from_secs(600), again: Duration::ZERO, outage: Duration::from_secs(600) };

#[tokio::test]
async fn a_new_key_counts_at_once_and_a_removed_one_no_longer() {
    let (old, new) = (SigningKey::new("old", Algorithm::ES256), SigningKey::new("new", Algorithm::ES256));
    let issuer = TestIssuer::start(&[&old]).await;
    let verifier = verifier(&issuer, EAGER);
    let of_old = old.sign(&issuer.claims("ana"));
    assert!(verifier.verify(&of_old).await.is_ok());
    issuer.publish(vec![new.jwk()]);
    assert!(verifier.verify(&new.sign(&issuer.claims("ana"))).await.is_ok());
    assert_eq!(verifier.verify(&of_old).await, Err(Rejection::UnknownKey("`old`".to_owned())));
}

#[tokio::test]
async fn what_was_verified_is_remembered_and_strange_keys_ask_the_issuer_but_now_and_then() {
    let (key, stranger) = (SigningKey::new("1", Algorithm::EdDSA), SigningKey::new("2", Algorithm::EdDSA));
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace::default());
    let token = key.sign(&issuer.claims("ana"));
    for _ in 0..100 {
        assert!(verifier.verify(&token).await.is_ok());
        assert!(verifier.verify(&stranger.sign(&issuer.claims("ana"))).await.is_err());
    }
    assert_eq!(issuer.asked(), 1);
}

/// So many tokens at once that are signed by a key which the issuer does not have; what each is told.
fn strangers(verifier: &Arc<Verifier>, issuer: &TestIssuer, count: usize) -> JoinSet<Rejection> {
    let stranger = SigningKey::new("2", Algorithm::EdDSA);
    let token = Arc::new(stranger.sign(&issuer.claims("ana")));
    let mut asking = JoinSet::new();
    for _ in 0..count {
        let (verifier, token) = (Arc::clone(verifier), Arc::clone(&token));
        asking.spawn(async move { verifier.verify(&token).await.unwrap_err() });
    }
    asking
}

#[tokio::test]
async fn strange_keys_that_come_together_ask_the_issuer_once() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = Arc::new(verifier(&issuer, Pace { again: Duration::from_secs(600), ..EAGER }));
    strangers(&verifier, &issuer, 30).join_all().await;
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn who_has_a_known_key_does_not_wait_behind_strangers_while_the_issuer_hangs() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = Arc::new(verifier(&issuer, EAGER));
    assert!(verifier.verify(&key.sign(&issuer.claims("ana"))).await.is_ok());
    issuer.be(Mood::Hanging);
    let mut asking = strangers(&verifier, &issuer, 500);
    let mut at_once = 0;
    while at_once < 450 {
        assert_eq!(asking.join_next().await.unwrap().unwrap(), Rejection::IssuerUnavailable);
        at_once += 1;
    }
    assert!(verifier.verify(&key.sign(&issuer.claims("bia"))).await.is_ok());
    let waited = asking.join_all().await;
    assert!(waited.contains(&Rejection::UnknownKey("`2`".to_owned())), "the first few waited");
}

#[tokio::test]
async fn an_outage_is_lived_through_on_the_keys_that_are_known() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, EAGER);
    assert!(verifier.verify(&key.sign(&issuer.claims("ana"))).await.is_ok());
    for mood in [Mood::Down, Mood::OfAnotherName, Mood::Endless, Mood::KeysElsewhere] {
        issuer.be(mood);
        let stranger = SigningKey::new("2", Algorithm::EdDSA);
        assert!(verifier.verify(&stranger.sign(&issuer.claims("ana"))).await.is_err());
        assert!(verifier.verify(&key.sign(&issuer.claims("bia"))).await.is_ok());
    }
}

#[tokio::test]
async fn keys_that_could_not_be_read_again_for_too_long_count_no_longer() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace { outage: Duration::ZERO, ..EAGER });
    let refused = verifier.verify(&key.sign(&issuer.claims("ana"))).await;
    assert_eq!(refused, Err(Rejection::IssuerUnavailable));
}

#[tokio::test]
async fn a_token_that_is_remembered_counts_no_longer_than_the_keys() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let verifier = verifier(&issuer, Pace { outage: Duration::from_secs(2), ..EAGER });
    let token = key.sign(&issuer.claims("ana"));
    assert!(verifier.verify(&token).await.is_ok());
    issuer.be(Mood::Down);
    let started = Instant::now();
    while verifier.verify(&token).await != Err(Rejection::IssuerUnavailable) {
        assert!(started.elapsed() < Duration::from_secs(20), "it is still good");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_issuer_that_hangs_holds_nobody_for_long() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    issuer.be(Mood::Hanging);
    let verifier = verifier(&issuer, EAGER);
    let started = Instant::now();
    let token = key.sign(&issuer.claims("ana"));
    assert_eq!(verifier.verify(&token).await, Err(Rejection::IssuerUnavailable));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    issuer.be(Mood::Well);
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test]
async fn what_is_wrong_with_an_issuer_is_said() {
    let key = SigningKey::new("1", Algorithm::EdDSA);
    let issuer = TestIssuer::start(&[&key]).await;
    let remote = RemoteIssuer::new(&issuer.url, Pace::default()).unwrap();
    for (mood, said) in [
        (Mood::Down, "answered 503"),
        (Mood::OfAnotherName, "is of the issuer https://elsewhere.example"),
        (Mood::Endless, "more than 1048576 bytes"),
        (Mood::KeysElsewhere, "names no `jwks_uri` with https"),
    ] {
        issuer.be(mood);
        let error = remote.refresh().await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    issuer.be(Mood::Well);
    issuer.publish(Vec::new());
    assert!(remote.refresh().await.unwrap_err().to_string().contains("has no key for RS256"));
    for name in ["http://issuer.example", "ftp://issuer.example", "issuer"] {
        assert!(RemoteIssuer::new(name, Pace::default()).is_err(), "{name}");
    }
}
