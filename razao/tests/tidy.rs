//! The shape of the repository, held by tests: sizes, names, who may depend on whom, what is pure, what goes in pairs.
//!
//! Each rule is a function from what it looks at to its violations, with a test on the repository and one that
//! shows that it can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

mod tidy {
    pub(crate) mod metrics;
    pub(crate) mod rust_source;
}
use tidy::rust_source::{IMPURE_WORDS, Word, words};

/// Longer files are hard to hold in one's head.
const LONGEST_FILE: usize = 400;
/// How files begin that are written from the API document: things are looked up in them, nobody reads them through.
const WRITTEN: &str = "// Written by scripts/write-clients.sh";

/// Names that say nothing about what is inside, so that everything ends up there.
const EMPTY_NAMES: [&str; 6] = ["common", "helper", "helpers", "misc", "util", "utils"];

/// Which of our crates each of them may use. `command-api`, `projections` and `reactions` never see each other;
/// `*` is all of them.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("problems", &[]),
    ("event-store", &["domain"]),
    ("audit", &["domain", "event-store"]),
    ("kafka", &[]),
    ("identity", &["problems"]),
    ("requests", &["event-store", "kafka"]),
    ("command-api", &["domain", "event-store", "problems", "requests"]),
    ("projections", &["audit", "domain", "event-store", "kafka", "problems"]),
    ("reactions", &["audit", "domain", "event-store", "kafka", "requests"]),
    ("razao", &["*"]),
    // What it knows of the server is the API document.
    ("razao-client", &[]),
];

/// What the rules of lending may use: values and their text, nothing that reaches the world.
const DOMAIN_MAY_USE: [&str; 8] =
    ["chrono", "cqrs-es", "rust_decimal", "serde", "serde_json", "thiserror", "utoipa", "uuid"];

/// Types whose `now` is a clock; the domain may have a word of its own that is spelt the same.
const CLOCKS: [&str; 4] = ["Instant", "Local", "SystemTime", "Utc"];
const IMPURE_STD: [&str; 6] = ["env", "fs", "io", "net", "process", "thread"];

/// What a newcomer, an operator and a lawyer look for.
const DOCUMENTS: [&str; 12] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "deploy/prometheus/alerts.yml",
    "docs/AUDIT.md",
    "docs/EVENTS.md",
    "docs/LENDING.md",
    "docs/OPERATIONS.md",
    "docs/SECURITY.md",
    "docs/problems.md",
];

#[test]
fn rust_files_stay_short() {
    assert_none(files_of("rs").iter().filter_map(|file| too_long(&file.path, &file.text)));
}

#[test]
fn names_say_what_is_inside() {
    assert_none(paths().iter().filter_map(|path| empty_name(path)));
}

#[test]
fn no_crate_depends_sideways_or_upwards() {
    assert_none(forbidden_uses(&uses(&manifests(), |_| true)));
}

#[test]
fn the_domain_depends_on_values_only() {
    let shipped = uses(&manifests(), |kind| kind != "dev");
    let domain = shipped.get("domain").expect("the workspace has a crate named domain");
    assert_none(domain.iter().filter_map(|name| impure_dependency(name)));
}

#[test]
fn the_domain_is_pure() {
    let sources: Vec<_> = files_of("rs").into_iter().filter(|f| f.path.starts_with("domain/src/")).collect();
    assert!(!sources.is_empty(), "domain/src holds no Rust files: has the crate moved?");
    assert_none(sources.iter().flat_map(|file| impurities(&file.path, &file.text)));
}

#[test]
fn every_event_schema_has_a_fixture_and_every_fixture_a_schema() {
    let inside = |folder: &str, path: &str| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
    let named = |folder: &'static str| {
        let all = paths().into_iter().filter(move |path| inside(folder, path));
        all.map(move |path| path[folder.len()..].to_owned()).collect::<Vec<_>>()
    };
    let schemas = named("schemas/events/");
    assert_none(unpaired(&schemas, &named("schemas/events/fixtures/")));
    assert_none(without_schema(&domain::event_types(), &schemas));
}

#[test]
fn schemas_and_fixtures_are_json() {
    let json = files_of("json").into_iter().filter(|file| file.path.starts_with("schemas/"));
    assert_none(json.filter_map(|file| not_json(&file.path, &file.text)));
}

#[test]
fn the_index_of_decisions_is_complete() {
    let index = read("docs/adr/README.md");
    let files: Vec<_> =
        paths().iter().filter_map(|path| path.strip_prefix("docs/adr/").map(str::to_owned)).collect();
    assert!(files.len() > 1, "docs/adr holds no decisions: has the folder moved?");
    assert_none(index_gaps(&index, &files));
}

#[test]
fn only_the_event_store_writes_events() {
    let outside = |file: &File| !file.path.starts_with("event-store/") && !file.path.contains("/tests/");
    let sources = files_of("rs").into_iter().chain(files_of("sql")).filter(outside);
    assert_none(sources.filter_map(|file| writes_events(&file.path, &file.text)));
}

#[test]
fn the_documents_are_there() {
    let missing = DOCUMENTS.iter().filter(|path| !repository().join(path).is_file());
    assert_none(missing.map(|path| format!("{path}: this document must exist")));
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LONGEST_FILE && !text.starts_with(WRITTEN))
        .then(|| format!("{path}: {lines} lines; a Rust file has {LONGEST_FILE} at most"))
}

fn empty_name(path: &str) -> Option<String> {
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let found = stems.into_iter().find(|stem| EMPTY_NAMES.contains(stem))?;
    Some(format!("{path}: `{found}` does not say what is inside; name it after what it does"))
}

fn forbidden_uses(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let may_use: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    let mut found = Vec::new();
    for (name, used) in uses {
        let Some(allowed) = may_use.get(name.as_str()) else {
            found.push(format!(
                "{name}/Cargo.toml: a new crate needs an ADR and a line in MAY_USE of tidy.rs"
            ));
            continue;
        };
        let ours = used.iter().filter(|other| may_use.contains_key(other.as_str()));
        found.extend(
            ours.filter(|other| !allowed.contains(&"*") && !allowed.contains(&other.as_str()))
                .map(|other| format!("{name}/Cargo.toml: `{name}` must not depend on `{other}`")),
        );
    }
    found
}

fn impure_dependency(name: &str) -> Option<String> {
    (!DOMAIN_MAY_USE.contains(&name))
        .then(|| format!("domain/Cargo.toml: `{name}` is not among what the domain may use (tidy.rs)"))
}

fn impurities(path: &str, text: &str) -> Vec<String> {
    let impure = words(text).into_iter().filter(is_impure);
    let message = |word: Word| {
        let what = word.path.join("::");
        format!("{path}:{}: `{what}` does not belong into the domain, which is pure", word.line)
    };
    impure.map(message).collect()
}

fn is_impure(word: &Word) -> bool {
    let path: Vec<_> = word.path.iter().map(String::as_str).collect();
    let float = |part: &str| ["f32", "f64"].contains(&part.trim_start_matches(char::is_numeric));
    match path[..] {
        ["std", name] if IMPURE_STD.contains(&name) => true,
        [clock, "now"] if CLOCKS.contains(&clock) => true,
        ["time", "Instant"] => true,
        [.., name] => IMPURE_WORDS.contains(&name) || name.split('_').any(float),
        [] => false,
    }
}

/// Schemas are `<EventType>.v<N>.schema.json`, fixtures `<EventType>.v<N>.json`.
fn unpaired(schemas: &[String], fixtures: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut versions = |folder: &str, files: &[String], suffix: &str| {
        let mut all = BTreeSet::new();
        for file in files {
            match file.strip_suffix(suffix).filter(|version| is_event_version(version)) {
                Some(version) => _ = all.insert(version.to_owned()),
                None => found.push(format!("{folder}{file}: not named <EventType>.v<N>{suffix}")),
            }
        }
        all
    };
    let schemas = versions("schemas/events/", schemas, ".schema.json");
    let fixtures = versions("schemas/events/fixtures/", fixtures, ".json");
    let lone = |version: &String| format!("schemas/events/{version}.schema.json: has no fixture");
    found.extend(schemas.difference(&fixtures).map(lone));
    let lone = |version: &String| format!("schemas/events/fixtures/{version}.json: has no schema");
    found.extend(fixtures.difference(&schemas).map(lone));
    found
}

fn without_schema(event_types: &[(&str, u32)], schemas: &[String]) -> Vec<String> {
    let expected = event_types.iter().map(|(event, version)| format!("{event}.v{version}.schema.json"));
    let missing = expected.filter(|file| !schemas.contains(file));
    missing.map(|file| format!("schemas/events/{file}: missing, though such events are stored")).collect()
}

fn is_event_version(name: &str) -> bool {
    let Some((event, version)) = name.split_once(".v") else { return false };
    event.starts_with(|first: char| first.is_ascii_uppercase())
        && event.chars().all(|c| c.is_ascii_alphanumeric())
        && version.parse::<u32>().is_ok_and(|version| version > 0)
}

fn not_json(path: &str, text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).err().map(|error| format!("{path}: not JSON: {error}"))
}

fn index_gaps(index: &str, files: &[String]) -> Vec<String> {
    let linked = |file: &str| index.contains(&format!("]({file})"));
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.as_str() != "README.md" && !linked(file)) {
        found.push(format!("docs/adr/{file}: docs/adr/README.md does not link it"));
    }
    for link in index.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let local = !link.contains('/') && !link.starts_with('#');
        if local && !files.iter().any(|file| file == link) {
            found.push(format!("docs/adr/README.md: links {link}, which does not exist"));
        }
    }
    found
}

fn writes_events(path: &str, text: &str) -> Option<String> {
    let plain = text.to_lowercase().replace(['"', '\\', '`'], " ");
    let words: Vec<_> = plain.split_whitespace().collect();
    let is_events = |name: &str| {
        let name =
            name.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').next().unwrap_or_default();
        name == "events" || name.ends_with(".events")
    };
    let insert = words.windows(3).any(|w| w[0].ends_with("insert") && w[1] == "into" && is_events(w[2]));
    let copy = words.windows(2).any(|w| w[0] == "copy" && is_events(w[1]));
    (insert || copy).then(|| format!("{path}: writes the table `events`; only event-store may"))
}

#[test]
fn a_long_file_is_found() {
    assert!(too_long("a.rs", &"\n".repeat(LONGEST_FILE)).is_none());
    assert!(too_long("a.rs", &"\n".repeat(LONGEST_FILE + 1)).is_some());
    assert!(too_long("a.rs", &(WRITTEN.to_owned() + &"\n".repeat(LONGEST_FILE + 1))).is_none());
}

#[test]
fn an_empty_name_is_found() {
    assert!(empty_name("domain/src/utils.rs").is_some());
    assert!(empty_name("domain/tests/common/mod.rs").is_some());
    assert!(empty_name("domain/src/common_terms.rs").is_none());
}

#[test]
fn a_sideways_dependency_is_found() {
    let uses =
        |name: &str, used: &str| BTreeMap::from([(name.to_owned(), BTreeSet::from([used.to_owned()]))]);
    assert_eq!(forbidden_uses(&uses("reactions", "projections")).len(), 1);
    assert_eq!(forbidden_uses(&uses("domain", "event-store")).len(), 1);
    assert_eq!(forbidden_uses(&uses("shared", "serde")).len(), 1, "a crate that nobody decided on");
    assert!(forbidden_uses(&uses("projections", "event-store")).is_empty());
    assert!(impure_dependency("tokio").is_some());
}

#[test]
fn impurities_are_found_and_comments_are_not() {
    let lines = |text: &str| impurities("a.rs", text).len();
    assert_eq!(lines("use std::{fmt, fs::File, net};"), 2);
    assert_eq!(lines("let rate: f64 = 1.0_f32 + x.to_f64();"), 3);
    assert_eq!(lines("use std::time::Instant; let now = chrono::Utc::now(); Instant::now()"), 3);
    assert_eq!(lines("let now = today; IdError::Instant => now"), 0);
    assert_eq!(lines("let id = Uuid::now_v7();"), 1);
    assert_eq!(
        lines("// tokio\n/* f64 /* std::fs */ */ let net = \"std::env\"; let c = '\"'; fmt::Instants"),
        0
    );
    assert_eq!(lines("use std::fmt; let a: &'static str = r#\"tokio \" f64\"#;"), 0);
}

#[test]
fn a_lone_schema_or_fixture_is_found() {
    let files = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let (schema, fixture) = (files(&["LoanApplied.v1.schema.json"]), files(&["LoanApplied.v1.json"]));
    assert!(unpaired(&schema, &fixture).is_empty());
    assert_eq!(unpaired(&schema, &[]).len(), 1);
    assert_eq!(unpaired(&[], &fixture).len(), 1);
    assert_eq!(unpaired(&files(&["loan_applied.schema.json"]), &[]).len(), 1);
    assert!(without_schema(&[("LoanApplied", 1)], &schema).is_empty());
    assert_eq!(without_schema(&[("LoanApplied", 2)], &schema).len(), 1);
    assert!(not_json("a.json", "{").is_some());
}

#[test]
fn a_gap_in_the_index_is_found() {
    let files = ["README.md".to_owned(), "0001-a.md".to_owned()];
    assert!(index_gaps("[a](0001-a.md) [elsewhere](../x.md)", &files).is_empty());
    assert_eq!(index_gaps("", &files).len(), 1);
    assert_eq!(index_gaps("[a](0001-a.md) [b](0002-b.md)", &files).len(), 1);
}

#[test]
fn a_write_to_events_is_found() {
    let insert = ["insert", "into"].join(" ");
    for table in ["events (", "\n  razao.events(", "\\\n \"events\" select"] {
        assert!(writes_events("a.rs", &format!("\"{insert} {table}")).is_some(), "{table}");
    }
    assert!(writes_events("a.rs", &format!("{insert} events_seen (")).is_none());
}

struct File {
    path: String,
    text: String,
}

#[track_caller]
fn assert_none(violations: impl IntoIterator<Item = String>) {
    let violations: Vec<_> = violations.into_iter().collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository").to_owned()
}

/// Every file of the repository by its path from the root, without what is built or hidden.
fn paths() -> Vec<String> {
    let root = repository();
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository can be read") {
            let path = entry.expect("an entry of a folder can be read").path();
            let name =
                path.strip_prefix(&root).expect("it lies under the root").to_string_lossy().into_owned();
            if name == "target" || name.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

fn files_of(extension: &str) -> Vec<File> {
    let ending = format!(".{extension}");
    let paths = paths().into_iter().filter(|path| path.ends_with(&ending));
    paths.map(|path| File { text: read(&path), path }).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifests() -> Value {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(repository()).output();
    let output = output.expect("cargo, which runs this test, can be run");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON")
}

/// What each of our crates depends on, by the kinds wanted: `normal`, `dev`, `build`.
fn uses(manifests: &Value, wanted: fn(&str) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    let list = |value: &Value| value.as_array().expect("a list in cargo metadata").clone();
    let name = |value: &Value| value["name"].as_str().expect("a name in cargo metadata").to_owned();
    let kind = |value: &Value| value["kind"].as_str().unwrap_or("normal").to_owned();
    let used = |package: &Value| {
        list(&package["dependencies"]).iter().filter(|used| wanted(&kind(used))).map(name).collect()
    };
    list(&manifests["packages"]).iter().map(|package| (name(package), used(package))).collect()
}
