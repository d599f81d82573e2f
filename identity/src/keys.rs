//! The public keys of an issuer.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::Rejection;

/// The signatures that are accepted, each for one kind of key.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// The keys that an issuer signs with, as of one reading.
pub(crate) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// The only one that the key is used for: a key that served several could be made to verify what it never signed.
    algorithm: Algorithm,
    verifying: DecodingKey,
}

impl KeySet {
    /// From a JWK Set (RFC 7517). Keys for other uses, and of kinds that are not known here, are passed over.
    pub(crate) fn from_jwks(jwks: &Value) -> Option<Self> {
        let keys = jwks.get("keys")?.as_array()?;
        Some(Self(
            keys.iter().filter_map(|jwk| Key::read(serde_json::from_value(jwk.clone()).ok()?)).collect(),
        ))
    }

    /// Of one Ed25519 key, 32 bytes.
    pub(crate) fn of_ed25519(id: &str, public: &[u8]) -> Self {
        let verifying = DecodingKey::from_ed_der(public);
        Self(vec![Key { id: Some(id.to_owned()), algorithm: Algorithm::EdDSA, verifying }])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key with which a token says that it was signed. A token that names none can mean but the only one.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Rejection> {
        let fits = |key: &&Key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id);
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.verifying.clone()),
            _ => Err(Rejection::UnknownKey(id.map_or("(unnamed)".to_owned(), |id| format!("`{id}`")))),
        }
    }
}

impl Key {
    fn read(jwk: Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
            return None;
        }
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        if jwk.common.key_algorithm.is_some_and(|said| said != named) {
            return None;
        }
        let verifying = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id: jwk.common.key_id, algorithm, verifying })
    }
}
