//! TLS by rustls, with a certificate that is read again when its files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(5);
/// HTTP/2 where the client knows it.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{0}: {1}")]
    File(PathBuf, String),
    #[error("the certificate in {0} and the key in {1} do not do: {2}")]
    Pair(PathBuf, PathBuf, RustlsError),
}

/// A certificate with its key, as the files have it.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Certificate>);

#[derive(Debug)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    certified: Arc<CertifiedKey>,
    /// The files that it was read from, to tell a change.
    written: Written,
}

type Written = (Vec<u8>, Vec<u8>);

impl Tls {
    /// Reads a certificate, with those that vouch for it, and its key: PEM files.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = RwLock::new(read(chain, key)?);
        Ok(Self(Arc::new(Certificate { chain: chain.to_owned(), key: key.to_owned(), current })))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3");
        let certificate = Arc::clone(&self.0);
        let mut config = config.with_no_client_auth().with_cert_resolver(certificate);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Reads the files again when they change, or at once on SIGHUP. What cannot be used changes nothing.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        use tokio::signal::unix::{SignalKind, signal};
        let mut asked = signal(SignalKind::hangup()).expect("signals can be handled");
        let mut refused = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = asked.recv() => refused = None,
                () = stop.cancelled() => return,
            }
            let Certificate { chain, key, current } = &*self.0;
            let written = (std::fs::read(chain).unwrap_or_default(), std::fs::read(key).unwrap_or_default());
            let is_known = current.read().expect("no holder of this lock panics").written == written;
            if is_known || refused.as_ref() == Some(&written) {
                continue;
            }
            match read(chain, key) {
                Ok(read) => {
                    *current.write().expect("no holder of this lock panics") = read;
                    tracing::info!(certificate = %chain.display(), "the certificate was read again");
                }
                // The key may have yet to follow its certificate: told once for each state of the files.
                Err(error) => {
                    tracing::error!(%error, "the new certificate is not used; the one before still is");
                    refused = Some(written);
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().expect("no holder of this lock panics").certified))
    }
}

fn read(chain_file: &Path, key_file: &Path) -> Result<Current, TlsError> {
    let read =
        |file: &Path| std::fs::read(file).map_err(|error| TlsError::File(file.to_owned(), error.to_string()));
    let written = (read(chain_file)?, read(key_file)?);
    let bad = |file: &Path, error: &PemError| TlsError::File(file.to_owned(), error.to_string());
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&written.0)
        .collect::<Result<_, _>>()
        .map_err(|error| bad(chain_file, &error))?;
    if chain.is_empty() {
        return Err(bad(chain_file, &PemError::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_slice(&written.1).map_err(|error| bad(key_file, &error))?;
    let certified = CertifiedKey::from_der(chain, key, &default_provider());
    let certified =
        certified.map_err(|error| TlsError::Pair(chain_file.to_owned(), key_file.to_owned(), error))?;
    Ok(Current { certified: Arc::new(certified), written })
}
