//! The ids in a path.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use problems::{INVALID_PARAMETER, Problem};
use serde::de::DeserializeOwned;

/// The path's parameters; a problem names the one that cannot be read.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(rejection) => Err(unreadable(rejection)),
        }
    }
}

fn unreadable(rejection: PathRejection) -> Problem {
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return INVALID_PARAMETER.because("the path cannot be read");
    };
    match failure.into_kind() {
        ErrorKind::InvalidUtf8InPathParam { key } => {
            INVALID_PARAMETER.because(format!("`{key}` in the path is not UTF-8")).in_field(key)
        }
        ErrorKind::ParseErrorAtKey { key, value, .. } | ErrorKind::DeserializeError { key, value, .. } => {
            INVALID_PARAMETER.because(format!("`{key}` in the path is no UUID: {value}")).in_field(key)
        }
        _ => INVALID_PARAMETER.because("an id in the path is no UUID").in_field("id"),
    }
}
