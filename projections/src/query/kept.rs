//! Answers that are known already: looked for as soon as it is known what a read is answered from, and kept when it is
//! answered.
//!
//! A read of one loan depends on the loan's own events, one of anything else on all that its read model holds, just as its
//! `ETag` says. What is new in an old answer is `as_of`, which is written anew.

use std::collections::HashMap;
use std::sync::OnceLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use event_store::Borrower;
use serde::Serialize;
use uuid::Uuid;

use super::answer::{AsOf, Refused, head_of};
use super::cache::{AnswerCache, Entry, Key, Names, key_of};
use super::request::Reading;
use super::state::QueryState;

/// What is known of the answer while it is worked out.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    /// Under what it is kept, and as of when that held.
    place: OnceLock<(Key, AsOf)>,
    names: OnceLock<Names>,
    /// A borrower that was read with where the log ends, and what is kept of them.
    borrower: OnceLock<(Uuid, Option<Borrower>)>,
}

impl QueryState {
    /// Ends the read where the same was answered from what it is answered from now.
    pub(crate) async fn unless_known(
        &self,
        reading: &Reading,
        depends_on: &str,
        as_of: AsOf,
        today: NaiveDate,
    ) -> Result<(), Refused> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let key = key_of(reading.asked(), depends_on);
        // A read may look at several read models; the first one is as of which the answer has to be.
        if reading.keeping.place.set((key, as_of)).is_err() {
            return Ok(());
        }
        let Some(entry) = cache.find(&key).await else { return Ok(()) };
        if let Some(names) = &entry.names
            && *names != Names::new(&names.of, &self.borrowers(&names.of, reading).await?)
        {
            return Ok(());
        }
        Err(Refused::Known(Box::new(known(reading, &entry, as_of, today)?)))
    }

    /// The names that go into an answer.
    pub(crate) async fn names(
        &self,
        of: &[Uuid],
        reading: &Reading,
    ) -> Result<HashMap<Uuid, Borrower>, Refused> {
        let borrowers = self.borrowers(of, reading).await?;
        if self.cache.is_some() {
            let _ = reading.keeping.names.set(Names::new(of, &borrowers));
        }
        Ok(borrowers)
    }

    async fn borrowers(&self, of: &[Uuid], reading: &Reading) -> Result<HashMap<Uuid, Borrower>, Refused> {
        match (of, reading.keeping.borrower.get()) {
            ([wanted], Some((id, borrower))) if wanted == id => {
                Ok(borrower.iter().map(|borrower| (*id, borrower.clone())).collect())
            }
            _ => Ok(self.log.borrowers(of).await?),
        }
    }
}

impl Reading {
    /// Notes what was read of a borrower already.
    pub(super) fn knows(&self, borrower: (Uuid, Option<Borrower>)) {
        let _ = self.keeping.borrower.set(borrower);
    }

    /// Keeps an answer, where it was looked for and is what was looked for.
    pub(super) fn keep(&self, cache: Option<&AnswerCache>, as_of: AsOf, version: Option<i64>, text: &[u8]) {
        let (Some(cache), Some((key, looked_at))) = (cache, self.keeping.place.get()) else { return };
        let Some(text) = without_as_of(text, as_of).filter(|_| *looked_at == as_of) else { return };
        let names = self.keeping.names.get().cloned();
        cache.keep(*key, Entry { version, names, text });
    }
}

/// The answer that is known, as of now.
fn known(reading: &Reading, entry: &Entry, as_of: AsOf, today: NaiveDate) -> Result<Response, Refused> {
    let tag = super::answer::tag_of(reading, as_of, today, entry.version);
    if reading.has(&tag) {
        return Ok(head_of(StatusCode::NOT_MODIFIED.into_response(), as_of, &tag));
    }
    let text = format!("{}{}", entry.text, end(as_of)?);
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok(head_of((json, text).into_response(), as_of, &tag))
}

fn without_as_of(text: &[u8], as_of: AsOf) -> Option<String> {
    let end = end(as_of).ok()?;
    let text = text.strip_suffix(end.as_bytes())?;
    String::from_utf8(text.to_vec()).ok()
}

/// How every answer ends that has `as_of` last.
fn end(as_of: AsOf) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct End {
        as_of: AsOf,
    }
    Ok(serde_json::to_string(&End { as_of })?.replacen('{', ",", 1))
}
