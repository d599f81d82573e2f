//! Why a token is not accepted.

use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use problems::{IDENTITY_UNAVAILABLE, OTHER_LENDER, UNAUTHENTICATED};

/// Why a request's token does not say who sends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the request carries no token: send `Authorization: Bearer TOKEN`")]
    Missing,
    /// On a server that asks for none of the local developer.
    #[error("without a token, `Host` and `Origin` have to name a loopback address or `localhost`")]
    Elsewhere,
    #[error("the header `Authorization` takes one bearer token: `Bearer TOKEN`")]
    NotBearer,
    #[error("the token has {length} bytes, more than {longest}")]
    TooLong { length: usize, longest: usize },
    #[error("the token is no JSON Web Token: {0}")]
    Malformed(String),
    #[error("tokens are signed with RS256, ES256 or EdDSA, not with {0}")]
    Algorithm(String),
    #[error("the issuer has no key {0} for this token")]
    UnknownKey(String),
    #[error("the token's signature is not the issuer's")]
    Signature,
    #[error("the token expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token's issuer (`iss`) is another")]
    Issuer,
    #[error("the token is for another audience (`aud`)")]
    Audience,
    #[error("the token has no sound claim `{0}`")]
    Claim(String),
    /// It is good, but of a lender that does not answer here.
    #[error("the token's claim `{0}` does not name the lender that answers here, and no other")]
    Lender(String),
    /// Not the token's fault: the issuer's keys are not known, so nobody can be told apart.
    #[error("the keys of the token issuer cannot be had just now")]
    IssuerUnavailable,
}

impl Rejection {
    /// A word for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Elsewhere => "elsewhere",
            Self::NotBearer | Self::TooLong { .. } | Self::Malformed(_) => "malformed",
            Self::Algorithm(_) => "algorithm",
            Self::UnknownKey(_) => "unknown_key",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Claim(_) => "claim",
            Self::Lender(_) => "lender",
            Self::IssuerUnavailable => "issuer_unavailable",
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response<axum::body::Body> {
        if self == Self::IssuerUnavailable {
            return IDENTITY_UNAVAILABLE.because(self.to_string()).into_response();
        }
        if matches!(self, Self::Lender(_)) {
            return OTHER_LENDER.because(self.to_string()).into_response();
        }
        // RFC 6750, section 3: no error code where no token was sent.
        let challenge = if matches!(self, Self::Missing | Self::Elsewhere) {
            "Bearer"
        } else {
            "Bearer error=\"invalid_token\""
        };
        let mut response =
            UNAUTHENTICATED.because(self.to_string()).in_field("Authorization").into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        response
    }
}
