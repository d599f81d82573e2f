//! Whatever is done to a pack, its check comes to an end and finds it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use std::path::{Path, PathBuf};

#[path = "../../fuzz/entries/pack.rs"]
mod entry;

use audit::note::Verifier;
use audit::pack::check::check;
use audit::pack::file::{Parts, read};
use audit::pack::{CHECKPOINT, EVENTS, FIGURES, KEYS, LEAVES, NOTE, PROOFS, RANGE};
use proptest::prelude::*;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/corpus").join(name)
}

fn parts(pack: &str) -> Parts {
    read(std::fs::File::open(kept(&format!("{pack}.pack"))).unwrap()).unwrap()
}

fn verifiers(pack: &str) -> Vec<Verifier> {
    let key = std::fs::read_to_string(kept(&format!("{pack}.pub"))).unwrap();
    vec![Verifier::parse(&key).unwrap()]
}

#[test]
fn what_was_kept_is_sound_and_bytes_that_are_no_pack_are_refused() {
    for pack in ["loan", "month"] {
        assert_eq!(check(&parts(pack), &verifiers(pack)).findings, []);
    }
    for bytes in [&b"no tar at all"[..], &[0; 100], &[255; 2000]] {
        assert!(read(bytes).is_err() || check(&read(bytes).unwrap(), &verifiers("loan")).findings.len() == 1);
    }
}

/// A kept pack as the fuzzer writes one: each part behind a form feed, its name on a line.
fn unframed(pack: &str) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, bytes) in parts(pack) {
        text.extend_from_slice(format!("\u{c}{name}\n").as_bytes());
        text.extend_from_slice(&bytes);
    }
    text
}

/// What a fuzzer does to bytes: some are changed, some are taken out, some come twice.
fn mutate(mut bytes: Vec<u8>, edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (place, what, byte) in edits {
        let at = place.index(bytes.len().max(1));
        let to = (at + usize::from(*byte)).min(bytes.len());
        match what % 4 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
            2 => drop(bytes.drain(at.min(to)..to)),
            _ => {
                let again = bytes[at.min(to)..to].to_vec();
                bytes.splice(to..to, again);
            }
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        entry::any_pack(&bytes);
    }

    #[test]
    fn any_text_comes_to_an_end(text in "(\u{c}(events.ndjson|figures.json|checkpoint|keys|pack.note)\n\\PC{0,200}){0,6}") {
        entry::any_pack(text.as_bytes());
    }

    #[test]
    fn packs_that_were_changed_anywhere_come_to_an_end(
        pack in prop::sample::select(vec!["loan", "month"]),
        edits in edits(),
        is_framed in any::<bool>(),
    ) {
        let bytes = if is_framed {
            std::fs::read(kept(&format!("{pack}.pack"))).unwrap()
        } else {
            unframed(pack)
        };
        entry::any_pack(&mutate(bytes, &edits));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_byte_that_changes_is_found(
        pack in prop::sample::select(vec!["loan", "month"]),
        part in prop::sample::select(
            vec![NOTE, CHECKPOINT, EVENTS, PROOFS, LEAVES, RANGE, FIGURES, KEYS]
        ),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut parts = parts(pack);
        let Some(bytes) = parts.get_mut(part) else { return Ok(()) };
        let at = place.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let findings = check(&parts, &verifiers(pack)).findings;
        prop_assert!(!findings.is_empty(), "byte {at} of {part} may be {byte}");
    }

    #[test]
    fn any_events_and_figures_come_to_an_end(events in "\\PC{0,400}", figures in "\\PC{0,200}") {
        let mut parts = parts("loan");
        parts.insert(EVENTS.to_owned(), events.into_bytes());
        parts.insert(FIGURES.to_owned(), figures.into_bytes());
        prop_assert!(!check(&parts, &verifiers("loan")).findings.is_empty());
    }
}
