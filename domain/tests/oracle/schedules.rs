//! The plans of the crate against those of the oracle.

use domain::{ScheduleRequest, draw, draw_for_loan};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

use crate::answer;
use crate::cases::compare;
use crate::requests::request;

/// How many histories, and schedules, are tried: `make oracle` sets it for the night.
pub(crate) fn histories(otherwise: u32) -> u32 {
    std::env::var("RAZAO_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

/// The same histories in every run of `make test`; others in each run of the nightly form, but for one that is repeated
/// with `PROPTEST_RNG_SEED`.
pub(crate) fn config(otherwise: u32) -> ProptestConfig {
    let cases = histories(otherwise);
    let is_nightly = std::env::var_os("RAZAO_HISTORIES").is_some();
    let rng_seed = if is_nightly { ProptestConfig::default().rng_seed } else { RngSeed::Fixed(4_595) };
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 0,
        rng_seed,
        cases,
        ..ProptestConfig::default()
    }
}

/// What the crate draws, or the code of its refusal; `None` where the terms themselves are refused.
fn drawn(request: &Value, for_loan: bool) -> Option<Result<Value, String>> {
    let request: ScheduleRequest = serde_json::from_value(request.clone()).unwrap();
    let (terms, disbursements) = request.check().ok()?;
    let plan = if for_loan { draw_for_loan(&terms, &disbursements) } else { draw(&terms, &disbursements) };
    Some(plan.map(|plan| serde_json::to_value(&plan).unwrap()).map_err(|refusal| refusal.code().to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..config(100) })]

    #[test]
    fn every_plan_is_the_oracles_to_the_cent(request in request(), for_loan in any::<bool>()) {
        let Some(drawn) = drawn(&request, for_loan) else { return Ok(()) };
        let drawn = match drawn {
            Ok(drawn) => drawn,
            // The oracle knows no other refusal of a plan.
            Err(code) if code == "negative_amortization" => {
                prop_assert_eq!(answer::answer(&request, for_loan).err(), Some("negative_amortization"));
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let mut differences = Vec::new();
        match answer::answer(&request, for_loan) {
            Ok(expected) => compare("", &expected, &drawn, &mut differences),
            Err(refusal) => differences.push(format!("refused as {refusal}")),
        }
        prop_assert!(differences.is_empty(), "{}\n{}", request, differences.join("\n"));
    }
}
