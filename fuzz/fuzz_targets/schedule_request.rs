//! Any bytes as a schedule request: refused or drawn, and what is drawn is repaid to the cent.

#![no_main]

#[path = "../../domain/tests/any_request/invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    invariants::hold_for(bytes);
    // The worked cases are the seeds: each has its request inside.
    if let Ok(case) = serde_json::from_slice::<serde_json::Value>(bytes)
        && let Some(request) = case.get("request")
    {
        invariants::hold_for(request.to_string().as_bytes());
    }
});
