//! What the sender's roles allow, where only the command itself tells what is to be allowed.

use std::sync::Arc;

use axum::http::Extensions;
use problems::{FORBIDDEN, Problem};

use crate::actor::Actor;
use crate::later::Cause;

/// Whether the sender may use a route, or a field of it in a way that the table of permissions names; if not, who may.
type Allows = dyn Fn(&str, Option<&str>) -> Result<(), String> + Send + Sync;

/// What the sender of a request may do besides what brought it here.
///
/// Whoever identifies a request puts one into its extensions, beside the [`Actor`].
#[derive(Clone)]
pub struct Permits(Arc<Allows>);

impl Permits {
    /// `allows` is asked for the route of a command, `POST` understood, and for a field of it.
    pub fn new(allows: impl Fn(&str, Option<&str>) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(allows))
    }

    /// Everything is allowed to the local developer, who has no actor, and to a command that waited, which was let in
    /// when it came.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let is_free = extensions.get::<Actor>().is_none() || extensions.get::<Cause>().is_some();
        extensions.get::<Self>().cloned().unwrap_or_else(|| {
            let refused = || "nobody whose roles are not known".to_owned();
            Self::new(move |_, _| if is_free { Ok(()) } else { Err(refused()) })
        })
    }

    pub(crate) fn check_route(&self, route: &str) -> Result<(), Problem> {
        (self.0)(route, None).map_err(|who| FORBIDDEN.because(format!("POST {route} is for {who}")))
    }

    pub(crate) fn check_field(&self, route: &str, field: &str, detail: &str) -> Result<(), Problem> {
        (self.0)(route, Some(field)).map_err(|who| {
            FORBIDDEN.because(format!("`{field}` {detail} is for {who}")).in_field(format!("/{field}"))
        })
    }
}
