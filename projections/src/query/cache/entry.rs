//! A kept answer: its text without `as_of`, and whose names are in it.

use std::collections::HashMap;

use event_store::Borrower;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Key;
use crate::hexadecimal::hexadecimal;

const SEAL: usize = 32;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The version of the stream that it is about, where it is about one.
    pub(crate) version: Option<i64>,
    pub(crate) names: Option<Names>,
    /// A JSON object whose last member, `as_of`, is left out.
    pub(crate) text: String,
}

/// Whose names and tax ids an answer has, and which: they are kept beside the log and can be forgotten at any position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Names {
    pub(crate) of: Vec<Uuid>,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: Option<i64>,
    names: Option<Names>,
}

impl Names {
    pub(crate) fn new(of: &[Uuid], borrowers: &HashMap<Uuid, Borrower>) -> Self {
        let mut of = of.to_vec();
        of.sort_unstable();
        of.dedup();
        let mut digest = Sha256::new();
        for id in &of {
            digest.update(id);
            if let Some(borrower) = borrowers.get(id) {
                // Neither has a line feed that could be taken for the end of the other.
                digest.update(format!("{:?}\n{:?}", borrower.tax_id, borrower.name));
            }
        }
        Self { of, digest: hexadecimal(&digest.finalize()) }
    }
}

impl Entry {
    /// As bytes that prove themselves to whoever knows the seal.
    pub(super) fn sealed(&self, key: &Key, seal: &[u8; 32]) -> Vec<u8> {
        let head = Head { version: self.version, names: self.names.clone() };
        let head = serde_json::to_string(&head).expect("plain data");
        let content = format!("{head}\n{}", self.text);
        let mut bytes = mac(key, seal, content.as_bytes()).finalize().into_bytes().to_vec();
        bytes.extend_from_slice(content.as_bytes());
        bytes
    }

    /// What was sealed under this key; `None`: it is something else.
    pub(super) fn unsealed(bytes: &[u8], key: &Key, seal: &[u8; 32]) -> Option<Self> {
        let (tag, content) = bytes.split_at_checked(SEAL)?;
        mac(key, seal, content).verify_slice(tag).ok()?;
        let (head, text) = std::str::from_utf8(content).ok()?.split_once('\n')?;
        let Head { version, names } = serde_json::from_str(head).ok()?;
        Some(Self { version, names, text: text.to_owned() })
    }
}

fn mac(key: &Key, seal: &[u8; 32], content: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(seal).expect("keys of any length are taken");
    mac.chain_update(key).chain_update(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_under_the_key_is_believed() {
        let names = Names::new(&[Uuid::nil()], &HashMap::new());
        let entry = Entry { version: Some(3), names: Some(names), text: "{\"id\":7".to_owned() };
        let (key, seal) = ([1; 32], [2; 32]);
        let sealed = entry.sealed(&key, &seal);
        assert_eq!(Entry::unsealed(&sealed, &key, &seal), Some(entry));
        assert_eq!(Entry::unsealed(&sealed, &[3; 32], &seal), None);
        assert_eq!(Entry::unsealed(&sealed, &key, &[3; 32]), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(Entry::unsealed(&changed, &key, &seal), None, "byte {at}");
            assert_eq!(Entry::unsealed(&sealed[..at], &key, &seal), None, "cut at {at}");
        }
    }
}
