//! How far each read model is.

use problems::UNAVAILABLE;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, AsOf, ReadProblems, Refused, answer_of_now};
use super::request::{Nothing, Params, ReadHeaders, Reading};
use super::{QueryState, State};
use crate::error::ProjectionError;
use crate::run::{self, ProjectionStatus};

#[derive(Serialize, ToSchema)]
struct ProjectionsAnswer {
    items: Vec<ProjectionStatus>,
    /// Where the log ends.
    as_of: AsOf,
}

/// How far each read model is, and how far behind the log.
#[utoipa::path(
    get, path = "/v1/projections", tag = "operations", operation_id = "list_projections",
    params(ReadHeaders),
    responses((status = 200, description = "The projections", body = ProjectionsAnswer), ReadProblems),
)]
pub(crate) async fn list(
    State(state): State<QueryState>,
    Params(Nothing {}): Params<Nothing>,
    reading: Reading,
) -> Answer {
    let items = match state.place.replay() {
        Some(replay) => replay.status(&state.pool).await?,
        None => run::status(&state.pool, &state.log).await?,
    };
    let as_of = state.head(&reading).await?;
    let body = ProjectionsAnswer { items, as_of };
    Ok(answer_of_now(as_of, body))
}

impl From<ProjectionError> for Refused {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => error.into(),
            ProjectionError::Log(error) => error.into(),
            ProjectionError::NotMigrated => UNAVAILABLE.because("the read models are not there yet").into(),
            other => sqlx::Error::Decode(Box::new(other)).into(),
        }
    }
}
