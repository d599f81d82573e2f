//! Which claims are taken: asked when an append was refused for one, and by questions that append nothing.

use crate::append::Claim;
use crate::log::{Log, LogError};

const TAKEN: &str = "select c.number from unnest($1::text[], $2::text[]) with ordinality as c (kind, value, number) \
    where exists (select from claims known where known.kind = c.kind and known.value = c.value) order by c.number";

impl Log {
    /// Those of `claims` that are taken; all of them where none is any more seen to be.
    pub(crate) async fn taken(&self, claims: &[Claim]) -> Result<Vec<Claim>, LogError> {
        let [_, _, ..] = claims else { return Ok(claims.to_vec()) };
        let taken = self.find_taken(claims).await?;
        Ok(if taken.is_empty() { claims.to_vec() } else { taken })
    }

    /// Those of `claims` that an event bears by now: for questions, since only an append can say of what is to come.
    pub async fn find_taken(&self, claims: &[Claim]) -> Result<Vec<Claim>, LogError> {
        let kinds: Vec<&str> = claims.iter().map(|claim| claim.kind).collect();
        let values: Vec<&str> = claims.iter().map(|claim| claim.value.as_str()).collect();
        let numbers: Vec<(i64,)> =
            sqlx::query_as(TAKEN).bind(kinds).bind(values).fetch_all(&self.pool).await?;
        let taken = numbers.into_iter();
        let taken =
            taken.filter_map(|(number,)| claims.get(usize::try_from(number).ok()?.checked_sub(1)?).cloned());
        Ok(taken.collect())
    }
}
