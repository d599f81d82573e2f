//! Lenders that are chosen by TLS and HTTP/2, whose requests name a host by `:authority`; and a certificate that changes.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use identity::{DevelopmentIssuer, Role};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::deployment::TODAY;
use crate::support::razao;

const PATIENCE: Duration = Duration::from_secs(120);
/// How often the server looks at the files by itself.
const LOOKS: Duration = Duration::from_secs(5);

/// `razao up` for norte and sul, by TLS.
struct Secured {
    home: TempDir,
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    process: Child,
}

impl Secured {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let certificate = certify(&home);
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = home.path().display();
        let settings = format!(
            "lender_by = \"host\"\nrequire_token = true\nclose_days = false\nlisten = \"{address}\"\n\
             data_dir = \"{folder}/data\"\ntls_cert = \"{folder}/cert.pem\"\ntls_key = \"{folder}/key.pem\"\n\
             [lenders.norte]\nhosts = [\"norte.example\"]\n[lenders.sul]\nhosts = [\"sul.example\"]\n"
        );
        let (config, log) = (home.path().join("razao.toml"), home.path().join("razao.log"));
        std::fs::write(&config, settings).unwrap();
        let mut command = razao();
        command.args(["up", "--today", TODAY, "--config"]).arg(config).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(std::fs::File::create(log).unwrap()).kill_on_drop(true);
        let process = command.spawn().unwrap();
        let mut secured = Self { home, address, certificate, process };
        let patience = Instant::now() + PATIENCE;
        while secured.connect(&secured.certificate).await.is_err() {
            assert!(secured.process.try_wait().unwrap().is_none(), "{}", secured.log());
            assert!(Instant::now() < patience, "{}", secured.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        secured
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("razao.log")).unwrap()
    }

    async fn connect(&self, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect("norte.example".try_into().unwrap(), stream).await
    }

    /// What is answered by HTTP/2 to a request of this authority, and with this `host` besides.
    async fn ask(&self, authority: &str, host: Option<&str>, token: &str) -> String {
        let stream = self.connect(&self.certificate).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) =
            handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::get(format!("https://{authority}/v1/loans"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let response = sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), 1 << 20).await.unwrap();
        connection.abort();
        let body: Value = serde_json::from_slice(&body).unwrap();
        format!("{status} {}", body["code"].as_str().unwrap_or("-"))
    }

    fn token(&self, lender: &str) -> String {
        let issuer = DevelopmentIssuer::of(&self.home.path().join("data/lenders").join(lender)).unwrap();
        issuer.token("ana", &Role::ALL, "razao", Duration::from_secs(600))
    }

    async fn until_used(&self, certificate: &CertificateDer<'static>, within: Duration) {
        let patience = Instant::now() + within;
        while self.connect(certificate).await.is_err() {
            assert!(Instant::now() < patience, "the new certificate is not used: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id().expect("it runs")).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }
}

/// Puts a new certificate for both hosts, and its key, in their place.
fn certify(home: &TempDir) -> CertificateDer<'static> {
    let hosts = ["norte.example".to_owned(), "sul.example".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(hosts).unwrap();
    for (name, text) in [("cert.pem", cert.pem()), ("key.pem", signing_key.serialize_pem())] {
        let (new, place) = (home.path().join("new"), home.path().join(name));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, place).unwrap();
    }
    cert.der().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_http_2_the_authority_chooses_and_a_certificate_is_read_again_on_a_signal() {
    let mut secured = Secured::start().await;
    let (norte, sul) = (secured.token("norte"), secured.token("sul"));
    for (authority, host, token, told) in [
        ("norte.example", None, &norte, "200 -"),
        ("SUL.example:8443", None, &sul, "200 -"),
        // The connection was made to norte by its name: that chooses nothing.
        ("sul.example", None, &norte, "401 unauthenticated"),
        ("norte.example", None, &sul, "401 unauthenticated"),
        ("elsewhere.example", None, &norte, "421 misdirected"),
        ("127.0.0.1", None, &norte, "421 misdirected"),
        // What names another host beside the authority is nobody's.
        ("norte.example", Some("norte.example"), &norte, "200 -"),
        ("norte.example", Some("sul.example"), &norte, "400 invalid_parameter"),
        ("sul.example", Some("norte.example"), &norte, "400 invalid_parameter"),
    ] {
        assert_eq!(secured.ask(authority, host, token).await, told, "{authority} {host:?}");
    }

    // The server has just looked at the files by itself, so that it would not again before the signal is heard.
    let second = certify(&secured.home);
    secured.until_used(&second, LOOKS * 4).await;
    let third = certify(&secured.home);
    secured.signal(Signal::SIGHUP);
    secured.until_used(&third, LOOKS * 4 / 5).await;
    assert!(secured.connect(&second).await.is_err());
    // Half a pair changes nothing, and is not an end.
    std::fs::write(secured.home.path().join("key.pem"), "nonsense").unwrap();
    secured.signal(Signal::SIGHUP);
    tokio::time::sleep(Duration::from_secs(1)).await;
    secured.certificate = third;
    assert_eq!(secured.ask("sul.example", None, &sul).await, "200 -");
    assert!(secured.log().contains("the new certificate is not used"), "{}", secured.log());
    secured.signal(Signal::SIGTERM);
    assert!(secured.process.wait().await.unwrap().success(), "{}", secured.log());
}
