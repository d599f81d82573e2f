//! Any bytes as an auditor's pack: read or refused, and what is read is checked to an end.

#![no_main]

use std::sync::Once;

use audit::note::Verifier;
use audit::pack::check::check;
use audit::pack::file::{Parts, read};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // The check itself catches what amounts beyond all reason bring about; the fuzzer would take that for a crash.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let verifiers = [Verifier::parse(KEY).expect("a key")];
    if let Ok(parts) = read(bytes) {
        check(&parts, &verifiers);
    }
    // Without the frame of a tar, so that the fuzzer gets to the parts: each begins with its name on a line.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parts: Parts = text
        .split("\u{c}")
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect();
    let report = check(&parts, &verifiers);
    assert!(!report.findings.is_empty(), "nothing is signed by that key");
});
