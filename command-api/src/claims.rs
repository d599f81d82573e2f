//! What only one event of the whole log may bear, and the problem where it is taken.

use event_store::Claim;
use problems::{ALREADY_EXISTS, DUPLICATE_EXTERNAL_ID, Problem};

/// A lender's loans, receipts and entries have external ids each by themselves.
pub(crate) const LOAN_EXTERNAL_ID: &str = "loan_external_id";
pub(crate) const RECEIPT_EXTERNAL_ID: &str = "receipt_external_id";
pub(crate) const ENTRY_EXTERNAL_ID: &str = "entry_external_id";
/// Ids inside a loan, whoever drew them: a client may send one that the server gave away before.
pub(crate) const TRANSACTION_ID: &str = "transaction_id";
pub(crate) const CHARGE_ID: &str = "charge_id";

/// The claims of what is there.
pub(crate) fn of<const N: usize>(named: [(&'static str, Option<String>); N]) -> Vec<Claim> {
    let present = named.into_iter().filter_map(|(kind, value)| Some(Claim { kind, value: value? }));
    present.collect()
}

/// The problem of the first claim that is taken; it names them all.
pub(crate) fn taken(claims: &[Claim]) -> Problem {
    let about = |claim: &Claim| match claim.kind {
        TRANSACTION_ID | CHARGE_ID => (&ALREADY_EXISTS, "/id", format!("the id {} is taken", claim.value)),
        _ => {
            let detail = format!("the external id {} is taken", claim.value);
            (&DUPLICATE_EXTERNAL_ID, "/external_id", detail)
        }
    };
    let Some(first) = claims.first() else { return ALREADY_EXISTS.because("an id is taken") };
    let (kind, _, detail) = about(first);
    claims
        .iter()
        .map(about)
        .fold(kind.because(detail), |problem, (kind, pointer, detail)| problem.at(pointer, kind.code, detail))
}
