//! Signed notes (C2SP signed-note): a text with signatures by Ed25519.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey};
use sha2::{Digest, Sha256};

use crate::hash::hexadecimal;

/// The byte that says that a key signs by Ed25519.
const ED25519: u8 = 1;
/// What a line of a signature begins with.
const DASH: &str = "\u{2014} ";
/// Longer notes are no checkpoints of ours.
const LONGEST: usize = 64 << 10;

/// Who can check a signature: the name of a key, and the key. As text it is a *vkey*: `NAME+ID+KEY`.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// Who can sign. As text it is `PRIVATE+KEY+NAME+ID+KEY`.
#[derive(Clone)]
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

/// Why something is not a note, or no note of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("it is not a signed note: {0}")]
    Malformed(&'static str),
    #[error("no known key signed it: it names {}", .named.join(", "))]
    NoKnownKey { named: Vec<String> },
    #[error("the signature by {0} is not one of this text")]
    WrongSignature(String),
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no {0}: {1}")]
pub struct NotAKey(&'static str, &'static str);

impl Verifier {
    /// Reads a vkey.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        const WHAT: &str = "public key of the form NAME+ID+KEY";
        let no = |why| NotAKey(WHAT, why);
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(no("it has fewer than three parts"));
        };
        let name = key_name(name).ok_or_else(|| no("its name is empty or has spaces"))?;
        let key = key_bytes(key).ok_or_else(|| no("it is not of Ed25519"))?;
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| no("it is no point of the curve"))?;
        let read = Self { name, key };
        if read.id_text() == id { Ok(read) } else { Err(no("its id is not that of the key")) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over the name, a line feed, the kind and the key.
    pub fn id(&self) -> [u8; 4] {
        let mut hasher = Sha256::new_with_prefix(self.name.as_bytes());
        hasher.update([b'\n', ED25519]);
        hasher.update(self.key.as_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The id in hexadecimal.
    pub fn id_text(&self) -> String {
        hexadecimal(&self.id())
    }

    /// Name and id, as people read them.
    fn label(&self) -> String {
        format!("{}+{}", self.name, self.id_text())
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id_text(), encoded(self.key.as_bytes()))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl NoteSigner {
    /// A new key, by the randomness of the operating system. `None`: the name is empty, or has spaces or `+`.
    pub fn generate(name: &str) -> Option<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the operating system has randomness");
        Self::of_seed(name, seed)
    }

    fn of_seed(name: &str, seed: [u8; 32]) -> Option<Self> {
        Some(Self { name: key_name(name)?, key: SigningKey::from_bytes(&seed) })
    }

    /// Reads a private key.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        const WHAT: &str = "private key of the form PRIVATE+KEY+NAME+ID+KEY";
        let no = |why| NotAKey(WHAT, why);
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or_else(|| no("it begins otherwise"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(no("it has fewer than three parts after its beginning"));
        };
        let seed = key_bytes(key).ok_or_else(|| no("it is not of Ed25519"))?;
        let read = Self::of_seed(name, seed).ok_or_else(|| no("its name is empty or has spaces"))?;
        if read.verifier().id_text() == id { Ok(read) } else { Err(no("its id is not that of the key")) }
    }

    /// The text to keep secret.
    pub fn secret(&self) -> String {
        let id = self.verifier().id_text();
        format!("PRIVATE+KEY+{}+{id}+{}", self.name, encoded(self.key.as_bytes()))
    }

    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key() }
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.verifier().label())
    }
}

/// A note of `text`, which ends with a line feed, signed by each of the signers.
pub fn sign(text: &str, signers: &[NoteSigner]) -> String {
    let mut note = format!("{text}\n");
    for signer in signers {
        let verifier = signer.verifier();
        let signature = signer.key.sign(text.as_bytes());
        let bytes = [verifier.id().as_slice(), &signature.to_bytes()].concat();
        writeln!(note, "{DASH}{} {}", verifier.name, BASE64.encode(bytes))
            .expect("a string takes everything");
    }
    note
}

/// The text of a note that one of the verifiers' keys signed. A wrong signature in the name of any of them is refused.
pub fn open<'n>(note: &'n str, verifiers: &[Verifier]) -> Result<&'n str, NoteError> {
    let (text, signatures) = parts(note)?;
    let (mut named, mut is_signed) = (Vec::new(), false);
    for (name, id, signature) in signatures {
        let Some(verifier) = verifiers.iter().find(|known| known.name == name && known.id() == id) else {
            named.push(format!("{name}+{}", hexadecimal(&id)));
            continue;
        };
        let signature = Signature::from_slice(&signature).ok();
        let is_right = signature
            .is_some_and(|signature| verifier.key.verify_strict(text.as_bytes(), &signature).is_ok());
        if !is_right {
            return Err(NoteError::WrongSignature(verifier.label()));
        }
        is_signed = true;
    }
    if is_signed { Ok(text) } else { Err(NoteError::NoKnownKey { named }) }
}

type NamedSignature<'n> = (&'n str, [u8; 4], Vec<u8>);

/// The text of a note and its signatures.
fn parts(note: &str) -> Result<(&str, Vec<NamedSignature<'_>>), NoteError> {
    let no = NoteError::Malformed;
    if note.len() > LONGEST {
        return Err(no("it is longer than 64 KiB"));
    }
    if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(no("it has control characters"));
    }
    let at = note.rfind("\n\n").ok_or(no("it has no empty line before its signatures"))?;
    let (text, lines) = (&note[..=at], &note[at + 2..]);
    let lines = lines.strip_suffix('\n').ok_or(no("it does not end with a line feed"))?;
    let signature = |line: &'static str| no(line);
    let read = lines.split('\n').map(|line| {
        let line = line.strip_prefix(DASH).ok_or_else(|| signature("a line of a signature has no dash"))?;
        let (name, bytes) = line.split_once(' ').ok_or_else(|| signature("a signature has no name"))?;
        let bytes = BASE64.decode(bytes).map_err(|_| signature("a signature is not base64"))?;
        let (id, bytes) =
            bytes.split_first_chunk::<4>().ok_or_else(|| signature("a signature is too short"))?;
        key_name(name).ok_or_else(|| signature("the name of a signature's key is none"))?;
        Ok((name, *id, bytes.to_vec()))
    });
    Ok((text, read.collect::<Result<_, _>>()?))
}

fn key_name(name: &str) -> Option<String> {
    let good = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
    good.then(|| name.to_owned())
}

fn encoded(key: &[u8; 32]) -> String {
    BASE64.encode([[ED25519].as_slice(), key].concat())
}

fn key_bytes(text: &str) -> Option<[u8; 32]> {
    let bytes = BASE64.decode(text).ok()?;
    let (kind, key) = bytes.split_first()?;
    if *kind == ED25519 { key.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_is_right() {
        let verifier = Verifier::parse(KEY).unwrap();
        assert_eq!(verifier.to_string(), KEY);
        assert_eq!(open(NOTE, &[verifier]), Ok("This is an example message.\n"));
    }

    #[test]
    fn a_note_is_signed_by_keys_that_were_written_and_read() {
        let signers = ["old.example/log", "old.example/log"].map(|name| NoteSigner::generate(name).unwrap());
        let signers = signers.map(|signer| NoteSigner::parse(&signer.secret()).unwrap());
        let note = sign("text\n\nmore\n", &signers);
        for signer in &signers {
            let known = [Verifier::parse(&signer.verifier().to_string()).unwrap()];
            assert_eq!(open(&note, &known), Ok("text\n\nmore\n"));
            let changed = note.replacen("text", "Text", 1);
            assert!(matches!(open(&changed, &known), Err(NoteError::WrongSignature(_))));
        }
        let other = NoteSigner::generate("old.example/log").unwrap().verifier();
        assert!(matches!(open(&note, &[other]), Err(NoteError::NoKnownKey { named }) if named.len() == 2));
    }

    #[test]
    fn what_is_no_key_or_no_note_is_refused() {
        for key in ["", "a+b", "a+530d903a+AAAA", &KEY.replace("foo", "bar"), &KEY.replace("530d", "530e")] {
            assert!(Verifier::parse(key).is_err(), "{key}");
            assert!(NoteSigner::parse(&format!("PRIVATE+KEY+{key}")).is_err(), "{key}");
        }
        assert!(NoteSigner::generate("with space").is_none());
        let keys = [Verifier::parse(KEY).unwrap()];
        for note in [
            "",
            "\n",
            "text\n",
            "text\n\n",
            "text\n\n- a b\n",
            &NOTE.replace('=', ""),
            &NOTE.replace("message", "\u{1}"),
        ] {
            assert!(matches!(open(note, &keys), Err(NoteError::Malformed(_))), "{note:?}");
        }
    }
}
