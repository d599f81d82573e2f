//! The auditor's pack of a real server, checked by both verifiers: as it is, and after anything was done to it.

use std::collections::BTreeMap;
use std::path::Path;

use audit::keys::Keys;
use audit::pack::file::{Parts, read};
use audit::pack::{EVENTS, FIGURES, LEAVES, NOTE, PROOFS, RANGE};
use razao::client::Client;
use serde_json::{Value, json};

use crate::corpus;
use crate::lender::{Lender, SOUND, Verdict, verdict};
use crate::support::razao;

fn parts_of(pack: &Path) -> Parts {
    read(std::fs::File::open(pack).unwrap()).unwrap()
}

fn text(parts: &Parts, name: &str) -> String {
    String::from_utf8(parts[name].clone()).unwrap()
}

fn with(parts: &Parts, name: &str, change: impl FnOnce(String) -> String) -> Parts {
    let mut parts = parts.clone();
    let changed = change(text(&parts, name));
    assert_ne!(changed.as_bytes(), parts[name], "nothing was changed in {name}");
    parts.insert(name.to_owned(), changed.into_bytes());
    parts
}

/// The lines of a part, in other order or number.
fn with_lines(parts: &Parts, name: &str, change: impl FnOnce(&mut Vec<String>)) -> Parts {
    with(parts, name, |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        lines.join("\n") + "\n"
    })
}

#[track_caller]
fn assert_found((code, found): &Verdict, expected: &[&str]) {
    assert_eq!(*code, 1);
    for one in expected {
        assert!(found.iter().any(|finding| finding.starts_with(one)), "no `{one}` in {found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_what_both_verifiers_say_and_so_is_what_was_done_to_it() {
    let mut lender = Lender::open().await;
    let loan = lender.eventful_loan().await;
    lender.other_business().await;
    let pack = lender.pack(&["--loan", &loan]).await;
    assert_eq!(lender.verdict(&pack).await, SOUND);
    let month = chrono_month(&lender.client).await;
    let month = lender.pack(&["--month", &month]).await;
    assert_eq!(lender.verdict(&month).await, SOUND);
    corpus::keep("loan", &pack, &lender.public_key());
    corpus::keep("month", &month, &lender.public_key());
    told(&lender, &loan, &parts_of(&pack)).await;
    tampered_loan(&lender, &parts_of(&pack)).await;
    tampered_month(&lender, &parts_of(&month)).await;
    not_packs(&lender, &pack).await;
    lender.close().await;
}

/// The month in São Paulo in which the first event was recorded: the server's clock is real.
async fn chrono_month(client: &Client) -> String {
    let events = client.events(0, 1).await.unwrap();
    let recorded: chrono::DateTime<chrono::Utc> = events[0]["recorded_at"].as_str().unwrap().parse().unwrap();
    recorded.with_timezone(&chrono_tz::America::Sao_Paulo).format("%Y-%m").to_string()
}

/// The loan's history is the pack's events, each with what happened in plain words.
async fn told(lender: &Lender, loan: &str, parts: &Parts) {
    let items = lender.client.list(&format!("/v1/loans/{loan}/history"), None).await.unwrap();
    let events = text(parts, EVENTS);
    assert_eq!(items.len(), events.lines().count());
    for (mut item, line) in items.into_iter().zip(events.lines()) {
        let story = item.as_object_mut().unwrap().remove("story").unwrap();
        assert_eq!(item, serde_json::from_str::<Value>(line).unwrap());
        let amount = item["payload"]["amount"].as_str();
        let names_it = amount.is_none_or(|amount| story.as_str().unwrap().replace(',', "").contains(amount));
        assert!(names_it, "{story} says nothing of {amount:?}");
    }
}

async fn tampered_loan(lender: &Lender, parts: &Parts) {
    let positions: BTreeMap<usize, i64> = (1..)
        .zip(text(parts, EVENTS).lines())
        .map(|(line, event)| {
            (line, serde_json::from_str::<Value>(event).unwrap()["position"].as_i64().unwrap())
        })
        .collect();
    let (fourth, last) = (positions[&4], positions.len());

    // Another amount in an event: the signed list, the tree, and every figure say so.
    let changed = with_lines(parts, EVENTS, |lines| lines[3] = lines[3].replace("320.00", "320.01"));
    let found = lender.verdict_on(&changed).await;
    let event_changed = format!("event_changed events.ndjson 4 {fourth}");
    assert_found(&found, &["part_changed events.ndjson", &event_changed, "lines_differ figures.json"]);
    // The lender cannot help it by signing the pack anew.
    let found = lender.verdict_on_signed(&changed).await;
    assert_found(&found, &[&event_changed]);
    assert!(!found.1.iter().any(|finding| finding.starts_with("part_changed")), "{found:?}");

    // Metadata: nothing but the tree can know.
    let other = with_lines(parts, EVENTS, |lines| lines[3] = lines[3].replace("local-developer", "somebody"));
    let (code, found) = lender.verdict_on_signed(&other).await;
    assert_eq!((code, found.into_iter().collect::<Vec<_>>()), (1, vec![format!("{event_changed} -")]));

    // Removed, put in, swapped, cut off.
    let removed = with_lines(parts, EVENTS, |lines| _ = lines.remove(3));
    assert_found(
        &lender.verdict_on(&removed).await,
        &["events_missing events.ndjson 4", "events_missing events.ndjson - -"],
    );
    let put_in = with_lines(parts, EVENTS, |lines| lines.insert(4, lines[3].clone()));
    assert_found(
        &lender.verdict_on(&put_in).await,
        &["events_missing events.ndjson 5", "event_misplaced events.ndjson 5"],
    );
    let swapped = with_lines(parts, EVENTS, |lines| lines.swap(3, 4));
    assert_found(
        &lender.verdict_on(&swapped).await,
        &["events_missing events.ndjson 4", "event_misplaced events.ndjson 5"],
    );
    let cut = with_lines(parts, EVENTS, |lines| _ = lines.pop());
    assert_found(
        &lender.verdict_on(&cut).await,
        &[
            "part_changed events.ndjson",
            "events_missing events.ndjson - -",
            "loan_differs figures.json - - version",
        ],
    );
    let torn = with(parts, EVENTS, |text| text[..text.len() - 40].to_owned());
    assert_found(&lender.verdict_on(&torn).await, &[&format!("event_unreadable events.ndjson {last}")]);

    tampered_rest(lender, parts).await;
}

/// Proofs, figures, the checkpoint, the list.
async fn tampered_rest(lender: &Lender, parts: &Parts) {
    let proof = with_lines(parts, PROOFS, |lines| lines[0] = lines[1].clone());
    assert_found(
        &lender.verdict_on(&proof).await,
        &["part_changed proofs.ndjson", "proof_missing proofs.ndjson 1"],
    );
    let figures = with(parts, FIGURES, |text| {
        text.replacen("\"status\": \"written_off\"", "\"status\": \"settled\"", 1)
    });
    assert_found(&lender.verdict_on_signed(&figures).await, &["loan_differs figures.json - - status"]);
    let figures = with(parts, FIGURES, |text| {
        let mut figures: Value = serde_json::from_str(&text).unwrap();
        figures["balances"][0]["closing"] = json!("0.07");
        figures["lines"][0]["amount"] = json!("0.07");
        figures.to_string()
    });
    assert_found(
        &lender.verdict_on_signed(&figures).await,
        &["lines_differ figures.json", "balance_differs figures.json - - assets:cash BRL 2026-01-15"],
    );
    let checkpoint = with(parts, "checkpoint", |text| text.replacen('\n', "\n1", 1));
    assert_found(&lender.verdict_on_signed(&checkpoint).await, &["signature checkpoint"]);
    let list = with(parts, NOTE, |text| text.replacen("events ", "events 1", 1));
    assert_found(&lender.verdict_on(&list).await, &["signature pack.note", "events_missing events.ndjson"]);
    let mut without = parts.clone();
    without.remove(PROOFS);
    without.insert("more".to_owned(), Vec::new());
    assert_found(&lender.verdict_on(&without).await, &["part_missing proofs.ndjson", "part_added more"]);
}

async fn tampered_month(lender: &Lender, parts: &Parts) {
    let changed =
        with_lines(parts, EVENTS, |lines| lines[7] = lines[7].replace("local-developer", "somebody"));
    let (code, found) = lender.verdict_on_signed(&changed).await;
    assert_eq!((code, found.len()), (1, 1), "{found:?}");
    assert!(found.first().unwrap().starts_with("event_changed events.ndjson 8 8"), "{found:?}");
    let both = with_lines(&changed, LEAVES, |lines| lines[7] = lines[6].clone());
    assert_found(&lender.verdict_on_signed(&both).await, &["leaves_changed leaves"]);
    let range = with(parts, RANGE, |text| {
        text.replacen("\"left\":[", "\"left\":[\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"", 1)
    });
    assert_found(&lender.verdict_on_signed(&range).await, &["leaves_changed leaves"]);
    let removed = with_lines(parts, EVENTS, |lines| _ = lines.remove(2));
    assert_found(
        &lender.verdict_on_signed(&removed).await,
        &["events_missing events.ndjson 3 4", "events_missing events.ndjson - -"],
    );
    let figures = with(parts, FIGURES, |text| {
        let mut figures: Value = serde_json::from_str(&text).unwrap();
        figures["accounts"][0]["closing"] = json!("0.07");
        figures["accounts"][1]["days"][0]["debits"] = json!("0.07");
        figures.to_string()
    });
    assert_found(
        &lender.verdict_on_signed(&figures).await,
        &["balance_differs figures.json - - assets:cash BRL", "unbalanced figures.json - - closing BRL"],
    );
}

/// What is no pack, or not one of the log that the key is of.
async fn not_packs(lender: &Lender, pack: &Path) {
    let bytes = std::fs::read(pack).unwrap();
    let damaged = lender.home.path().join("damaged.razao");
    for cut in [0, 100, 600, bytes.len() / 2] {
        std::fs::write(&damaged, &bytes[..cut]).unwrap();
        let key = lender.public_key();
        let output =
            razao().args(["verify", "--public-key", &key, "--pack"]).arg(&damaged).output().await.unwrap();
        let (code, found) = verdict(&output);
        assert_eq!(code, 1, "{cut}: {found:?}");
    }
    let other = Keys::create(&lender.home.path().join("other"), "other.example/log").unwrap();
    let key = other.verifiers()[0].to_string();
    let output = razao().args(["verify", "--public-key", &key, "--pack"]).arg(pack).output().await.unwrap();
    assert_found(&verdict(&output), &["signature pack.note", "signature checkpoint"]);

    let pack = pack.to_str().unwrap();
    for arguments in [
        &["verify", "--pack", "no such file", "--public-key", &lender.public_key()][..],
        &["verify", "--pack", pack, "--public-key", "no key"],
        &["verify", "--pack", pack, "--data-dir", "no such folder"],
        &["audit", "pack", "--month", "2026-13", "--out", "x"],
        &["audit", "pack", "--out", "x"],
        &[
            "audit",
            "pack",
            "--loan",
            "00000000-0000-0000-0000-000000000000",
            "--out",
            "x",
            "--data-dir",
            &lender.data_dir(),
        ],
        &["audit", "pack", "--month", "1999-01", "--out", "x", "--data-dir", &lender.data_dir()],
    ] {
        let (code, said) = lender.server.fail(arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {said}");
    }
}
