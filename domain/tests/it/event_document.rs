//! What others are told of events, `docs/EVENTS.md`, and what they were promised of them, `schemas/released-events.json`.
//!
//! `UPDATE_EXPECT=1 cargo test -p domain` writes both. What was promised of a version is never written again: fields may
//! join, none may go, and none may be needed that old events do not have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use domain::event_types;
use serde_json::Value;

use crate::event_schemas::{folder, updating};

/// The fields of one version of an event, by `path/to/field`, and whether each is needed.
type Fields = BTreeMap<String, bool>;

fn schema(event_type: &str, version: u32) -> Value {
    let file = folder().join(format!("{event_type}.v{version}.schema.json"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// The schema that a field's schema refers to, if any: also in a list, or where it may be null.
fn referred(field: &Value) -> Option<&str> {
    let of_list = field.get("items").and_then(referred);
    let of_choice = field["oneOf"].as_array().and_then(|choices| choices.iter().find_map(referred));
    let own = field["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    own.or(of_list).or(of_choice)
}

fn needed(object: &Value) -> BTreeSet<&str> {
    object["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// Every field of an event, those of its parts under the name of their kind.
fn fields(schema: &Value) -> Fields {
    let mut fields = Fields::new();
    let mut note = |of: &str, object: &Value| {
        let needed = needed(object);
        for name in object["properties"].as_object().into_iter().flat_map(|named| named.keys()) {
            fields.insert(format!("{of}{name}"), needed.contains(name.as_str()));
        }
    };
    note("", schema);
    for (kind, object) in schema["$defs"].as_object().into_iter().flatten() {
        note(&format!("{kind}/"), object);
    }
    fields
}

/// What is promised and does not hold.
fn broken(promised: &Fields, found: &Fields) -> Vec<String> {
    let gone = promised.keys().filter(|name| !found.contains_key(*name));
    let mut broken: Vec<String> = gone.map(|name| format!("{name} is gone")).collect();
    let strict = found.iter().filter(|(name, is_needed)| **is_needed && promised.get(*name) != Some(&true));
    // Of a kind of part that is new, old events have none.
    let is_known = |name: &str| match name.split_once('/') {
        Some((kind, _)) => promised.keys().any(|known| known.starts_with(&format!("{kind}/"))),
        None => true,
    };
    let strict = strict.filter(|(name, _)| is_known(name));
    broken.extend(strict.map(|(name, _)| format!("{name} is needed, and old events need not have it")));
    broken
}

#[test]
fn what_was_promised_of_a_version_holds() {
    let file = folder().join("../released-events.json");
    let text = fs::read_to_string(&file).unwrap_or_else(|_| "{}".to_owned());
    let mut released: BTreeMap<String, Fields> = serde_json::from_str(&text).unwrap();
    for (event_type, version) in event_types() {
        let name = format!("{event_type}.v{version}");
        let found = fields(&schema(event_type, version));
        if updating() {
            released.entry(name.clone()).or_insert_with(|| found.clone());
        }
        let promised =
            released.get(&name).unwrap_or_else(|| panic!("{name} is new: UPDATE_EXPECT=1 notes it"));
        assert_eq!(broken(promised, &found), [""; 0], "{name}: write version {} of it", version + 1);
    }
    if updating() {
        fs::write(&file, serde_json::to_string_pretty(&released).unwrap() + "\n").unwrap();
    }
}

#[test]
fn a_broken_promise_is_found() {
    let fields = |all: &[(&str, bool)]| -> Fields {
        all.iter().map(|(name, is_needed)| ((*name).to_owned(), *is_needed)).collect()
    };
    let promised = fields(&[("on", true), ("reason", false), ("Share/amount", true)]);
    assert_eq!(broken(&promised, &promised).len(), 0);
    let more =
        fields(&[("on", true), ("reason", false), ("Share/amount", false), ("New/x", true), ("y", false)]);
    assert_eq!(broken(&promised, &more).len(), 0);
    assert_eq!(broken(&promised, &fields(&[("on", true), ("Share/amount", true)])), ["reason is gone"]);
    let stricter = fields(&[("on", true), ("reason", true), ("Share/amount", true), ("Share/z", true)]);
    assert_eq!(broken(&promised, &stricter).len(), 2);
}

/// Such as `a list of Share`, linked.
fn kind(field: &Value) -> String {
    let link = |name: &str| format!("[{name}](#{})", name.to_lowercase());
    if let Some(constant) = field["const"].as_str() {
        return format!("`{constant}`");
    }
    let is_list = field["type"] == "array";
    match (referred(field), is_list) {
        (Some(name), true) => format!("list of {}", link(name)),
        (Some(name), false) => link(name),
        (None, _) => match field["format"].as_str() {
            Some(format) => format.to_owned(),
            None => match &field["type"] {
                Value::String(name) => name.clone(),
                Value::Array(names) => names
                    .iter()
                    .filter_map(Value::as_str)
                    .find(|name| *name != "null")
                    .unwrap_or("any")
                    .to_owned(),
                _ => "any".to_owned(),
            },
        },
    }
}

fn description(of: &Value) -> String {
    let of_choice = || of["oneOf"].as_array()?.iter().find_map(|choice| choice["description"].as_str());
    let text = of["description"].as_str().or_else(of_choice).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn table(document: &mut String, object: &Value) {
    let needed = needed(object);
    let Some(properties) = object["properties"].as_object().filter(|properties| !properties.is_empty())
    else {
        let values = object["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values: Vec<String> = values.map(|value| format!("`{value}`")).collect();
        if !values.is_empty() {
            writeln!(document, "One of {}.\n", values.join(", ")).unwrap();
        }
        return;
    };
    writeln!(document, "| field | is | needed | |\n| --- | --- | --- | --- |").unwrap();
    for (name, field) in properties {
        let is_needed = if needed.contains(name.as_str()) { "yes" } else { "" };
        writeln!(document, "| `{name}` | {} | {is_needed} | {} |", kind(field), description(field)).unwrap();
    }
    document.push('\n');
}

fn document() -> String {
    let mut document =
        "# Events\n\nWritten by `make schemas` from the schemas in `schemas/events`: the payload of \
        every version of every event. What stands around it is in [AUDIT.md](AUDIT.md).\n\n"
            .to_owned();
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for (event_type, version) in event_types() {
        let schema = schema(event_type, version);
        writeln!(document, "## {event_type} (version {version})\n").unwrap();
        if !description(&schema).is_empty() {
            writeln!(document, "{}\n", description(&schema)).unwrap();
        }
        table(&mut document, &schema);
        parts.extend(
            schema["$defs"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, part)| (name.clone(), part.clone())),
        );
    }
    document.push_str("# Parts\n\n");
    for (name, part) in &parts {
        writeln!(document, "## {name}\n").unwrap();
        if !description(part).is_empty() {
            writeln!(document, "{}\n", description(part)).unwrap();
        }
        table(&mut document, part);
    }
    document.truncate(document.trim_end().len());
    document.push('\n');
    document
}

#[test]
fn the_document_of_events_is_what_the_schemas_say() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/EVENTS.md");
    let document = document();
    if updating() {
        fs::write(&file, &document).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == document, "docs/EVENTS.md is out of date: UPDATE_EXPECT=1 writes it");
}
