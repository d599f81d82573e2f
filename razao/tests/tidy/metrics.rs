//! The names of metrics: whoever names one means one that there is.

use std::collections::BTreeSet;

use crate::{assert_none, files_of, read};

#[test]
fn alerts_name_metrics_that_there_are() {
    let sources: Vec<_> = files_of("rs").into_iter().map(|file| file.text).collect();
    let alerts = "deploy/prometheus/alerts.yml";
    assert!(named(&read(alerts)).len() > 5, "{alerts} watches nothing");
    assert_none(unknown(alerts, &read(alerts), &sources));
    assert_eq!(unknown(alerts, "sum(razao_no_such_total) > 0", &sources).len(), 1);
}

/// The metrics that a text names, and how: `razao_` and what follows it.
fn named(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices("razao_").map(|(start, _)| start);
    let alone =
        starts.filter(|start| !text[..*start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    alone
        .map(|start| {
            &text[start..start + text[start..].find(|c| !is_of_name(c)).unwrap_or(text.len() - start)]
        })
        .collect()
}

/// What of `text` is no metric of the sources.
fn unknown(path: &str, text: &str, sources: &[String]) -> Vec<String> {
    let is_known = |name: &str| sources.iter().any(|source| source.contains(&format!("!(\"{name}\"")));
    let unknown = named(text).into_iter().filter(|name| !is_known(name));
    unknown.map(|name| format!("{path}: there is no metric `{name}`")).collect()
}
