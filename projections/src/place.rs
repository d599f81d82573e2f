//! Where the read models are that a question is answered from: those that serve, or those of a replay.

use std::borrow::Cow;

use crate::query::LONGEST_STATEMENT;
use crate::read_model::{self, ReadModel};
use crate::replay::Replay;

/// How a read begins.
pub(crate) const BEGIN: &str = "begin isolation level repeatable read read only";

/// Statements of reads name tables without their schemas, so the place alone says which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// As they serve, each in a schema of its own.
    Serving,
    /// As they were, all of them in the schema of a replay.
    Replay(Replay),
}

impl Place {
    pub(crate) const fn replay(&self) -> Option<&Replay> {
        match self {
            Self::Serving => None,
            Self::Replay(replay) => Some(replay),
        }
    }

    /// In which schema the tables of a read model are.
    pub(crate) fn schema(&self, model: &ReadModel) -> Cow<'static, str> {
        match self {
            Self::Serving => Cow::Borrowed(model.schema),
            Self::Replay(replay) => Cow::Owned(replay.schema()),
        }
    }

    /// Under which name it is noted what a read model could not take.
    pub(crate) fn noted_as(&self, name: &'static str) -> Cow<'static, str> {
        match self {
            Self::Serving => Cow::Borrowed(name),
            Self::Replay(replay) => Cow::Owned(replay.noted_as(name)),
        }
    }

    /// What a transaction that was begun by [`BEGIN`] does first, so that it sees these read models as they are at one
    /// moment.
    ///
    /// The locks come before the snapshot, so a rebuild is swapped in either before both or after the answer.
    pub(crate) fn open(&self, models: &[&ReadModel]) -> String {
        let gates = models.iter().map(|model| format!("{}.{}", self.schema(model), model.tables[0].name));
        format!(
            "set local statement_timeout = {}; set local search_path = {}; lock table {} in access share mode",
            LONGEST_STATEMENT.as_millis(),
            self.search_path(),
            gates.collect::<Vec<_>>().join(", ")
        )
    }

    fn search_path(&self) -> String {
        match self {
            Self::Serving => read_model::ALL.map(|model| model.schema).join(", "),
            Self::Replay(replay) => replay.schema(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What of a text names a schema of tables that serve.
    fn named(text: &str) -> Option<&'static str> {
        let is_named = |schema: &&str| text.contains(&format!("{schema}."));
        read_model::ALL.into_iter().map(|model| model.schema).find(is_named)
    }

    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push((path.display().to_string(), fs::read_to_string(&path).expect("text")));
            }
        }
    }

    #[test]
    fn no_statement_of_a_read_says_in_which_schema_its_tables_are() {
        let mut found = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/query"), &mut found);
        assert!(found.len() > 40, "have the queries moved?");
        for (path, text) in found {
            assert_eq!(named(&text), None, "{path}: a replay could not be read");
        }
        assert_eq!(named("select 1 from read_loans.loans"), Some("read_loans"));
    }
}
