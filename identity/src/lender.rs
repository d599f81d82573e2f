//! Whose a token is, where one server serves several lenders.

use axum::http::HeaderMap;
use jsonwebtoken::dangerous::insecure_decode_claims;

use crate::Rejection;
use crate::claims::Claims;
use crate::gate::bearer;
use crate::verifier::LONGEST_TOKEN;

/// The lender whose tokens are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LenderClaim {
    /// Which claim names it: a claim's name, or a path to it with dots.
    pub claim: String,
    /// The lender's name.
    pub lender: String,
}

/// The lender that a request's token says it is of, if it says so of one. Nobody has looked yet whether the token is
/// good: it says only whose gate the request has to pass, where a [`Verifier`](crate::Verifier) asks for the same
/// claim.
pub fn claimed(headers: &HeaderMap, claim: &str) -> Result<Option<String>, Rejection> {
    let token = bearer(headers)?;
    if token.len() > LONGEST_TOKEN {
        return Err(Rejection::TooLong { length: token.len(), longest: LONGEST_TOKEN });
    }
    let claims = insecure_decode_claims::<Claims>(token);
    let claims = claims.map_err(|error| Rejection::Malformed(error.to_string()))?;
    Ok(claims.lender(claim).map(ToOwned::to_owned))
}
