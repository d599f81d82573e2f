//! From a token to who sends it.

use std::sync::Arc;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, get_current_timestamp};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::claims::Claims;
use crate::development::ISSUER as DEVELOPMENT;
use crate::keys::{ALGORITHMS, KeySet};
use crate::{Caller, DevelopmentIssuer, LenderClaim, Rejection, RemoteIssuer, RoleMapping};

/// Longer tokens are not looked into.
pub(crate) const LONGEST_TOKEN: usize = 16 * 1024;
/// How far two clocks may be apart, in seconds.
const CLOCK_SKEW: u64 = 30;
/// How many tokens are remembered as good, so that their signatures need not be reckoned again.
const REMEMBERED: usize = 10_000;

/// Verifies the tokens of one issuer for one audience.
pub struct Verifier {
    keys: Keys,
    validation: Validation,
    mapping: RoleMapping,
    /// Whose tokens are good, where the issuer's are not all of one lender.
    lender: Option<LenderClaim>,
    remembered: Cache<[u8; 32], Arc<Known>>,
}

enum Keys {
    Remote(Arc<RemoteIssuer>),
    Development(KeySet),
}

/// A token that was found good.
struct Known {
    caller: Caller,
    /// Seconds since 1970.
    expires: u64,
    /// Which reading of the issuer's keys vouched for it, where they counted.
    generation: Option<u64>,
}

impl Verifier {
    /// Of an issuer that publishes its keys.
    pub fn of_issuer(issuer: Arc<RemoteIssuer>, audience: &str, mapping: RoleMapping) -> Self {
        let name = issuer.name().to_owned();
        Self::new(Keys::Remote(issuer), &name, audience, mapping)
    }

    /// Of the development issuer, whose tokens use our names of roles.
    pub fn of_development(issuer: &DevelopmentIssuer, audience: &str) -> Self {
        Self::new(Keys::Development(issuer.keys()), DEVELOPMENT, audience, RoleMapping::default())
    }

    fn new(keys: Keys, issuer: &str, audience: &str, mapping: RoleMapping) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = CLOCK_SKEW;
        Self { keys, validation, mapping, lender: None, remembered: Cache::new(REMEMBERED) }
    }

    /// The same for the tokens of one lender only.
    #[must_use]
    pub fn of_lender(self, lender: LenderClaim) -> Self {
        Self { lender: Some(lender), ..self }
    }

    /// Who sends a token, if it is good now.
    pub async fn verify(&self, token: &str) -> Result<Caller, Rejection> {
        if token.len() > LONGEST_TOKEN {
            return Err(Rejection::TooLong { length: token.len(), longest: LONGEST_TOKEN });
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let generation = self.generation();
        if let Some(known) = self.remembered.get(&digest)
            && known.generation == generation
            && generation.is_some()
            && get_current_timestamp() < known.expires
        {
            return Ok(known.caller.clone());
        }
        let (caller, expires) = self.verify_anew(token).await?;
        self.remembered.insert(digest, Arc::new(Known { caller: caller.clone(), expires, generation }));
        Ok(caller)
    }

    async fn verify_anew(&self, token: &str) -> Result<(Caller, u64), Rejection> {
        let header = decode_header(token).map_err(|error| rejection(&error))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Rejection::Algorithm(format!("{:?}", header.alg)));
        }
        let key = match &self.keys {
            Keys::Development(keys) => keys.find(header.kid.as_deref(), header.alg)?,
            Keys::Remote(issuer) => issuer.key(header.kid.as_deref(), header.alg).await?,
        };
        let mut validation = self.validation.clone();
        validation.algorithms = vec![header.alg];
        let decoded = decode::<Claims>(token, &key, &validation).map_err(|error| rejection(&error))?;
        let caller = decoded.claims.caller(&self.mapping)?;
        // Last: who has no good token learns nothing of lenders.
        if let Some(LenderClaim { claim, lender }) = &self.lender
            && decoded.claims.lender(claim) != Some(lender)
        {
            return Err(Rejection::Lender(claim.clone()));
        }
        Ok((caller, decoded.claims.expires()))
    }

    fn generation(&self) -> Option<u64> {
        match &self.keys {
            Keys::Development(_) => Some(0),
            Keys::Remote(issuer) => issuer.generation(),
        }
    }
}

fn rejection(error: &Error) -> Rejection {
    match error.kind() {
        ErrorKind::InvalidSignature => Rejection::Signature,
        ErrorKind::ExpiredSignature => Rejection::Expired,
        ErrorKind::ImmatureSignature => Rejection::NotYetValid,
        ErrorKind::InvalidIssuer => Rejection::Issuer,
        ErrorKind::InvalidAudience => Rejection::Audience,
        ErrorKind::InvalidSubject => Rejection::Claim("sub".to_owned()),
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            Rejection::Claim(claim.clone())
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            Rejection::Algorithm("another algorithm".to_owned())
        }
        _ => Rejection::Malformed(error.to_string()),
    }
}
