//! The catalogue as a page for people.

use std::fmt::Write as _;

use crate::examples::EXAMPLES;
use crate::{Kind, catalogue};

const INTRODUCTION: &str = "\
# Problems

Whatever is refused is answered with `application/problem+json` (RFC 9457), and nothing of it is stored:

```json
{\"type\": \"urn:razao:problem:CODE\", \"title\": \"…\", \"status\": 422, \"detail\": \"what happened this time\",
 \"code\": \"CODE\", \"errors\": [{\"pointer\": \"/amount\", \"code\": \"…\", \"detail\": \"…\"}]}
```

`code` is stable; `detail` is for people and may change. `errors` names the fields, each by a JSON pointer into the
body, or by the name of the parameter or header. A 503 has `Retry-After`. After a 408, a 5xx or a lost connection, send
the command again with the same `Idempotency-Key`: it is executed once.

A field that cannot be read (400) has one of the codes `missing`, `unknown_field`, `duplicate_field`, `wrong_type`,
`unknown_word`, `invalid_form`. One that breaks a rule (422) has the code of the problem, or in `invalid_value`
`empty`, `too_long`, `control_character`, `one_side`, `is_an_id`, `repeated`, and in `invalid_terms`
`too_many_decimals`, `too_large`, `not_positive`, `out_of_range`, `inconsistent`, `repeated`, `nothing_disbursed`,
`rounds_to_nothing`.

This page is written from the catalogue in `problems/src`: `make schemas` writes it anew.
";

/// `docs/problems.md`.
pub fn document() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut kinds = catalogue::ALL.to_vec();
    kinds.sort_by_key(|kind| kind.status);
    page.push_str("\n| status | code | title |\n| --- | --- | --- |\n");
    for kind in &kinds {
        let Kind { code, status, title, .. } = kind;
        writeln!(page, "| {status} | [`{code}`](#{code}) | {title} |").expect("text takes text");
    }
    for kind in &kinds {
        let Kind { code, status, title, meaning } = kind;
        writeln!(page, "\n## {code}\n\n{status} · **{title}**\n\n{meaning}").expect("text takes text");
        if let Some(example) = example(kind) {
            writeln!(page, "\nTo get it: {example}.").expect("text takes text");
        }
    }
    page
}

fn example(kind: &Kind) -> Option<&'static str> {
    EXAMPLES.iter().find(|(code, _)| *code == kind.code).map(|(_, example)| *example)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use expect_test::expect_file;

    use super::*;

    #[test]
    fn the_page_holds_the_whole_catalogue() {
        expect_file!["../../docs/problems.md"].assert_eq(&document());
    }

    #[test]
    fn every_kind_is_listed_once_and_has_an_example() {
        let listed: HashSet<_> = catalogue::ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(listed.len(), catalogue::ALL.len(), "a code is listed twice");
        let written = [include_str!("catalogue.rs"), include_str!("lender.rs"), include_str!("plan.rs")];
        let defined: usize = written.iter().map(|source| source.matches(": Kind =").count()).sum();
        assert_eq!(listed.len(), defined, "a kind is not in `ALL`");
        let bare: Vec<_> = catalogue::ALL.iter().filter(|kind| example(kind).is_none()).collect();
        assert!(bare.is_empty(), "no example of {bare:?}");
        assert_eq!(EXAMPLES.len(), listed.len(), "an example of a kind that is no more");
    }
}
