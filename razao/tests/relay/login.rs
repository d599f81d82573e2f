//! TLS and logins: what passes through to librdkafka works against the real broker.

use axum::Router;
use axum::routing::post;
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::reading::Reading;
use crate::relay::Relays;
use crate::writer::Writer;
use crate::{brokers, of_kafka};

fn over_tls(pool: &PgPool, mechanism: &str) -> Relays {
    Relays::of(pool, of_kafka("KAFKA_TLS_BROKERS")).with(&[
        ("RAZAO_KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("RAZAO_KAFKA_SSL_CA_LOCATION", &of_kafka("KAFKA_CA")),
        ("RAZAO_KAFKA_SASL_MECHANISM", mechanism),
    ])
}

fn by_password(pool: &PgPool, password: &str) -> Relays {
    let relays = over_tls(pool, "SCRAM-SHA-512");
    relays.with(&[("RAZAO_KAFKA_SASL_USERNAME", "razao"), ("RAZAO_KAFKA_SASL_PASSWORD", password)])
}

#[sqlx::test(migrations = false)]
async fn the_relay_logs_in_with_scram_over_tls(pool: PgPool) {
    let mut writer = Writer::on(&pool, 10).await;
    writer.append(100).await;
    let password = of_kafka("KAFKA_PASSWORD");
    let relays = by_password(&pool, &password);
    let relay = relays.lead().await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(100).await;
    assert_eq!((reading.events, reading.repeats), (100, 0));
    let (status, log) = relay.stop().await;
    assert!(status.success() && !log.contains(&password), "{status}:\n{log}");
}

/// A token that the test broker takes: nobody signed it. `{"alg":"none"}`,
/// `{"sub":"razao","iat":1767225600,"exp":4102444800}`.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyYXphbyIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.";

#[sqlx::test(migrations = false)]
async fn the_relay_logs_in_with_a_token_that_it_fetches_for_its_client_secret(pool: PgPool) {
    let issuer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", issuer.local_addr().unwrap());
    let answer = format!(r#"{{"access_token":"{TOKEN}","token_type":"bearer","expires_in":3600}}"#);
    let token = post(|body: String| async move {
        assert!(body.contains("grant_type=client_credentials"), "{body}");
        ([("content-type", "application/json")], answer)
    });
    tokio::spawn(async move { axum::serve(issuer, Router::new().route("/token", token)).await });
    let mut writer = Writer::on(&pool, 10).await;
    writer.append(100).await;
    let relays = over_tls(&pool, "OAUTHBEARER").with(&[
        ("RAZAO_KAFKA_SASL_OAUTHBEARER_METHOD", "oidc"),
        ("RAZAO_KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "razao"),
        ("RAZAO_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "hunter2"),
        ("RAZAO_KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", &url),
    ]);
    let relay = relays.lead().await;
    let reading = Reading::of(&brokers(), &relays.topic()).until_proven(100).await;
    assert_eq!((reading.events, reading.repeats), (100, 0));
    let (status, log) = relay.stop().await;
    assert!(status.success() && !log.contains("hunter2"), "{status}:\n{log}");
}

#[sqlx::test(migrations = false)]
async fn a_wrong_password_is_said_clearly_and_not_shown(pool: PgPool) {
    Writer::on(&pool, 1).await;
    let (code, said) = by_password(&pool, "open sesame").fail().await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("refuses the login") && said.contains("invalid credentials"), "{said}");
    assert!(!said.contains("open sesame"), "{said}");
}

#[sqlx::test(migrations = false)]
async fn settings_that_are_wrong_are_refused_at_the_start(pool: PgPool) {
    Writer::on(&pool, 1).await;
    let (code, said) =
        over_tls(&pool, "SCRAM-SHA-512").with(&[("RAZAO_KAFKA_SASL_PASWORD", "x")]).fail().await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Kafka setting sasl.pasword"), "{said}");
    let (code, said) = Relays::of(&pool, brokers()).with(&[("RAZAO_KAFKA_ACKS", "1")]).fail().await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("acks"), "{said}");
    let no_such_file = [("RAZAO_KAFKA_SSL_CA_LOCATION", "/nowhere/ca.pem")];
    let (code, said) = by_password(&pool, "x").with(&no_such_file).fail().await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ssl.ca.location"), "{said}");
}
