//! Any bytes as an auditor's pack: read or refused, and what is read is checked to an end. A test of `audit` runs the same.

use audit::note::Verifier;
use audit::pack::check::check;
use audit::pack::file::{Parts, read};

const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

pub(crate) fn any_pack(bytes: &[u8]) {
    let verifiers = [Verifier::parse(KEY).expect("a key")];
    if let Ok(parts) = read(bytes) {
        check(&parts, &verifiers);
    }
    // Without the frame of a tar, so that the fuzzer gets to the parts: each begins with its name on a line.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parts: Parts = text
        .split('\u{c}')
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect();
    let report = check(&parts, &verifiers);
    assert!(!report.findings.is_empty(), "nothing is signed by that key");
}
