//! Proof that nothing in the log was changed or removed, as far as it needs no database: the Merkle tree, its signed
//! checkpoints, the keys, and the auditor's pack.
//!
//! - [`hash`], [`range`], [`tile`], [`proof`]: the tree of RFC 6962, in tiles of C2SP tlog-tiles.
//! - [`note`], [`checkpoint`], [`anchor`], [`keys`]: what is signed, by which keys, and where these are kept.
//! - [`pack`], [`figures`], [`books`]: what an auditor takes along, and how it is checked without a server.
//!
//! What a leaf is of and why is in ADR 0017; `docs/AUDIT.md` tells those who write a verifier of their own.

pub mod anchor;
pub mod books;
pub mod checkpoint;
pub mod figures;
pub mod hash;
pub mod keys;
pub mod note;
pub mod pack;
pub mod proof;
pub mod range;
pub mod tile;
