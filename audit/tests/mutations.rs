//! Whatever is done to a pack, its check comes to an end and finds it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is all it has to say")]

use std::path::{Path, PathBuf};

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
