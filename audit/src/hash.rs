//! The hashes of RFC 6962, and what of the log they are taken of.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A node of the tree, or the root: SHA-256. As text it is base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreeHash(pub [u8; 32]);

/// What an entry of the tree is: the SHA-256 of an event's line.
pub type Entry = [u8; 32];

/// Before a leaf is hashed, so that no leaf can be taken for a node.
const LEAF: &[u8] = &[0];
/// The same for nodes.
const NODE: &[u8] = &[1];

/// The root of a tree without entries.
pub fn empty_root() -> TreeHash {
    TreeHash(Sha256::digest([]).into())
}

/// The entry of an event: the SHA-256 of its line, as `GET /v1/events` gives it as NDJSON, without the line's end.
pub fn entry(line: &[u8]) -> Entry {
    Sha256::digest(line).into()
}

/// The leaf of an entry, which RFC 6962 calls the hash of `d(0)`.
pub fn leaf(entry: &[u8]) -> TreeHash {
    TreeHash(Sha256::new_with_prefix(LEAF).chain_update(entry).finalize().into())
}

/// The leaf of an event, from its line.
pub fn leaf_of_line(line: &[u8]) -> TreeHash {
    leaf(&entry(line))
}

/// The node above two others.
pub fn node(left: TreeHash, right: TreeHash) -> TreeHash {
    TreeHash(Sha256::new_with_prefix(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Bytes as hexadecimal text.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

impl TreeHash {
    /// Reads base64 text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(&BASE64.decode(text).ok()?)
    }

    /// From its 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TreeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TreeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no hash in base64")))
    }
}
