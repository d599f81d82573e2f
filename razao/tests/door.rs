//! What stands at the door: TLS with a certificate that changes, and connections that ask too much.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use razao::server::{Server, Tls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

const CONNECTIONS: usize = 8;

/// Makes a certificate and its key in a folder.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

async fn serve(tls: Option<Tls>, stop: &CancellationToken) -> SocketAddr {
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap().with_tls(tls);
    let address = server.url().rsplit('/').next().unwrap().parse().unwrap();
    let router = Router::new().route("/", get(|| async { "hello" }));
    tokio::spawn(server.serve(router, CONNECTIONS, stop.clone(), Duration::from_secs(1)));
    address
}

async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

async fn ask(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, head: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{head}\r\n");
    // Who is refused early may find the connection closed before all is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_new_certificate_is_used_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let first = certify(folder.path());
    let (tls, stop) = (Tls::load(&certificate, &key).unwrap(), CancellationToken::new());
    let fresh = tokio::spawn(tls.clone().keep_fresh(stop.clone()));
    let address = serve(Some(tls), &stop).await;
    let stream = connect(address, &first, &[b"http/1.1"]).await.unwrap();
    assert!(ask(stream, "").await.ends_with("hello"));
    let stream = connect(address, &first, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // Plain HTTP is none of this port's.
    assert_eq!(ask(TcpStream::connect(address).await.unwrap(), "").await.find("hello"), None);

    std::fs::write(&key, "nonsense").unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(connect(address, &first, &[]).await.is_ok(), "the one before still is used");
    let second = certify(folder.path());
    let patience = Instant::now() + Duration::from_secs(20);
    while connect(address, &second, &[]).await.is_err() {
        assert!(Instant::now() < patience, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(connect(address, &first, &[]).await.is_err());
    stop.cancel();
    fresh.await.unwrap();
}

#[tokio::test]
async fn files_that_are_no_certificate_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let refused = || Tls::load(&certificate, &key).unwrap_err().to_string();
    assert!(refused().contains("cert.pem"), "{}", refused());
    certify(folder.path());
    let other = tempfile::tempdir().unwrap();
    certify(other.path());
    std::fs::copy(other.path().join("key.pem"), &key).unwrap();
    assert!(refused().contains("do not do"), "{}", refused());
    std::fs::write(&certificate, "").unwrap();
    assert!(refused().contains("cert.pem"), "{}", refused());
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_told_so() {
    let stop = CancellationToken::new();
    let address = serve(None, &stop).await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        open.push(stream);
    }
    let refused = ask(TcpStream::connect(address).await.unwrap(), "").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
    open.pop();
    let patience = Instant::now() + Duration::from_secs(10);
    while !ask(TcpStream::connect(address).await.unwrap(), "").await.ends_with("hello") {
        assert!(Instant::now() < patience, "who goes makes room");
    }
    stop.cancel();
}

#[tokio::test]
async fn headers_without_end_are_refused_and_others_are_served() {
    let stop = CancellationToken::new();
    let address = serve(None, &stop).await;
    let long = format!("x: {}\r\n", "y".repeat(1 << 20));
    let refused = ask(TcpStream::connect(address).await.unwrap(), &long).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    let many: Vec<String> = (0..1000).map(|number| format!("x{number}: y\r\n")).collect();
    let refused = ask(TcpStream::connect(address).await.unwrap(), &many.concat()).await;
    assert!(refused.starts_with("HTTP/1.1 431"), "{refused}");
    assert!(ask(TcpStream::connect(address).await.unwrap(), "").await.ends_with("hello"));
    stop.cancel();
}
