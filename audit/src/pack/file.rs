//! The file of a pack: a tar of named parts, with a signed list of them and of their hashes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::{Header, NOTE, Subject};
use crate::note::{self, NoteSigner};

/// The parts by their names.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// What the signed list begins with.
const FORMAT: &str = "razao pack 1";
/// More parts than any pack has.
const MOST_PARTS: usize = 1_000;

/// The signed list as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub header: Header,
    /// The SHA-256 of each part, in hexadecimal, by its name.
    pub hashes: BTreeMap<String, String>,
}

/// Writes a pack: the parts, and first the list of them, signed.
pub fn write(out: impl Write, header: &Header, parts: &Parts, signers: &[NoteSigner]) -> io::Result<()> {
    let mut archive = tar::Builder::new(out);
    let note = note::sign(&list_text(header, parts), signers);
    let all = std::iter::once((NOTE, note.as_bytes()));
    for (name, bytes) in all.chain(parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))) {
        let mut entry = tar::Header::new_ustar();
        entry.set_size(bytes.len() as u64);
        entry.set_mode(0o644);
        archive.append_data(&mut entry, name, bytes)?;
    }
    archive.into_inner()?.flush()
}

/// Reads the parts of a pack, the list among them.
pub fn read(file: impl Read) -> Result<Parts, String> {
    let mut parts = Parts::new();
    let mut archive = tar::Archive::new(file);
    let no = |error: io::Error| format!("it is no whole tar file: {error}");
    for entry in archive.entries().map_err(no)? {
        let mut entry = entry.map_err(no)?;
        let name = entry.path().map_err(no)?.to_str().map(str::to_owned);
        let name = name.ok_or("the name of a part is not UTF-8")?;
        if !entry.header().entry_type().is_file() {
            return Err(format!("`{name}` is not a plain file"));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(no)?;
        if parts.insert(name.clone(), bytes).is_some() {
            return Err(format!("`{name}` is there twice"));
        }
        if parts.len() > MOST_PARTS {
            return Err(format!("it has more than {MOST_PARTS} parts"));
        }
    }
    Ok(parts)
}

/// The SHA-256 of a part, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn list_text(header: &Header, parts: &Parts) -> String {
    let Header { origin, subject, events, first, last } = header;
    let mut text = format!("{FORMAT}\n{origin}\n{subject}\nevents {events} from {first} to {last}\n");
    for (name, bytes) in parts {
        writeln!(text, "{} {name}", sha256(bytes)).expect("a string takes everything");
    }
    text
}

impl List {
    /// Reads the text of the signed list.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FORMAT {
            return None;
        }
        let origin = lines.next()?.to_owned();
        let subject = Subject::parse(lines.next()?)?;
        let counts: Vec<&str> = lines.next()?.split(' ').collect();
        let ["events", events, "from", first, "to", last] = counts[..] else { return None };
        let header = Header {
            origin,
            subject,
            events: events.parse().ok()?,
            first: first.parse().ok()?,
            last: last.parse().ok()?,
        };
        let hash = |line: &str| line.split_once(' ').map(|(hash, name)| (name.to_owned(), hash.to_owned()));
        Some(Self { header, hashes: lines.map(hash).collect::<Option<_>>()? })
    }
}
