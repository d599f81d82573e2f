//! Any bytes as an auditor's pack.

#![no_main]

use std::sync::Once;

use libfuzzer_sys::fuzz_target;

#[path = "../entries/pack.rs"]
mod pack;

static QUIET: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // The check itself catches what amounts beyond all reason bring about; the fuzzer would take that for a crash.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    pack::any_pack(bytes);
});
