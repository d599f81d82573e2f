//! An issuer for one machine: its key is a file, and whoever can read the file can make tokens.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::json;

use crate::keys::KeySet;
use crate::{LenderClaim, Role};

/// The `iss` of its tokens.
pub(crate) const ISSUER: &str = "urn:razao:development";
const KEY_ID: &str = "development";
const KEY_FILE: &str = "development-issuer.key";

/// Makes tokens that a server with the same data directory accepts.
pub struct DevelopmentIssuer {
    pair: Ed25519KeyPair,
    signing: EncodingKey,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{path} cannot be read or made")]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0} holds no Ed25519 key; remove it to have a new one made, which makes all tokens invalid")]
    NotAKey(PathBuf),
}

impl DevelopmentIssuer {
    /// Reads the key of a data directory; made the first time, readable to its owner alone.
    pub fn of(data_dir: &Path) -> Result<Self, KeyFileError> {
        let path = data_dir.join(KEY_FILE);
        let io = |source| KeyFileError::Io { path: path.clone(), source };
        let key = match fs::read(&path) {
            Ok(key) => key,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(data_dir, &path).map_err(io)?,
            Err(error) => return Err(io(error)),
        };
        let pair = Ed25519KeyPair::from_pkcs8(&key).map_err(|_| KeyFileError::NotAKey(path))?;
        Ok(Self { pair, signing: EncodingKey::from_ed_der(&key) })
    }

    pub(crate) fn keys(&self) -> KeySet {
        KeySet::of_ed25519(KEY_ID, self.pair.public_key().as_ref())
    }

    /// A token for `subject` with these roles, which expires after `lifetime`.
    pub fn token(&self, subject: &str, roles: &[Role], audience: &str, lifetime: Duration) -> String {
        self.token_of(None, subject, roles, audience, lifetime)
    }

    /// The same as a token of one lender.
    pub fn token_of(
        &self,
        lender: Option<&LenderClaim>,
        subject: &str,
        roles: &[Role],
        audience: &str,
        lifetime: Duration,
    ) -> String {
        let now = get_current_timestamp();
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let mut claims = json!({
            "iss": ISSUER, "sub": subject, "aud": audience, "roles": roles,
            "iat": now, "nbf": now, "exp": now.saturating_add(lifetime.as_secs()),
        });
        if let Some(LenderClaim { claim, lender }) = lender {
            claims[claim] = json!(lender);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, &claims, &self.signing).expect("claims of plain text can be signed")
    }
}

/// Written beside and put into place without replacing one that another process made meanwhile: of two that start at
/// once, both take the first one's key.
fn make(data_dir: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let broken = |_| io::Error::other("the system gives no random numbers");
    let pair = Ed25519KeyPair::generate().map_err(broken)?;
    let key: Pkcs8V1Der<'_> = pair.as_der().map_err(broken)?;
    fs::create_dir_all(data_dir)?;
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(key.as_ref())?;
    file.sync_all()?;
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read(path),
    }
}
