//! What everything in a book is called: ids, keys and chances that follow from the book's own name.

use fastrand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of what a name names: the same name, the same id.
pub(super) fn id(name: &str) -> Uuid {
    let digest = Sha256::digest(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The chances of what a name names: the same name, the same course of things.
pub(super) fn chances(name: &str) -> Rng {
    let digest = Sha256::digest(format!("chances of {name}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    Rng::with_seed(u64::from_le_bytes(bytes))
}

/// One of a list that is not empty.
pub(super) fn one_of<'a, T: ?Sized>(rng: &mut Rng, choices: &[&'a T]) -> &'a T {
    choices[rng.usize(..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_id_and_the_same_chances() {
        assert_eq!(id("demo-1-loan-7"), id("demo-1-loan-7"));
        assert_ne!(id("demo-1-loan-7"), id("demo-2-loan-7"));
        assert_eq!(chances("demo-1-loan-7").u64(..), chances("demo-1-loan-7").u64(..));
    }
}
