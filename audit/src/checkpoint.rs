//! Checkpoints (C2SP tlog-checkpoint): which log, how many events, and the root of the tree over them.

use crate::hash::TreeHash;
use crate::note::{self, NoteError, NoteSigner, Verifier};

/// What a log says of itself when it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many events there are: those at positions 1 to `size`.
    pub size: u64,
    pub root: TreeHash,
}

/// Why a note is no checkpoint that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("the note is not of a checkpoint: {0}")]
    Malformed(&'static str),
    #[error("it is of another log: of {found}, not of {expected}")]
    OtherLog { found: String, expected: String },
}

impl Checkpoint {
    /// The signed note.
    pub fn sign(&self, signers: &[NoteSigner]) -> String {
        note::sign(&format!("{}\n{}\n{}\n", self.origin, self.size, self.root), signers)
    }

    /// Reads a note that one of the keys signed, in the name of the log that the key is of.
    pub fn open(note: &str, verifiers: &[Verifier]) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note::open(note, verifiers)?)?;
        match verifiers.iter().find(|known| known.name() != checkpoint.origin) {
            Some(other) => {
                let (found, expected) = (checkpoint.origin, other.name().to_owned());
                Err(CheckpointError::OtherLog { found, expected })
            }
            None => Ok(checkpoint),
        }
    }

    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let no = CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(no("it does not end with a line feed"))?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(no("it has fewer than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(no("a line is empty"));
        }
        let plain = size == "0" || !size.starts_with(['0', '+']);
        let size = size.parse().ok().filter(|_| plain).ok_or(no("its size is no number"))?;
        let root = TreeHash::parse(root).ok_or(no("its root is no hash in base64"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::empty_root;

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed_and_by_its_own_log_only() {
        let signer = NoteSigner::generate("lender.example/log").unwrap();
        let checkpoint = Checkpoint { origin: "lender.example/log".to_owned(), size: 7, root: empty_root() };
        let note = checkpoint.sign(std::slice::from_ref(&signer));
        assert!(note.starts_with("lender.example/log\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"));
        assert_eq!(Checkpoint::open(&note, &[signer.verifier()]), Ok(checkpoint.clone()));
        let elsewhere = Checkpoint { origin: "other.example/log".to_owned(), ..checkpoint };
        let note = elsewhere.sign(std::slice::from_ref(&signer));
        let refused = Checkpoint::open(&note, &[signer.verifier()]);
        assert!(matches!(refused, Err(CheckpointError::OtherLog { .. })), "{refused:?}");
    }

    #[test]
    fn a_note_of_something_else_is_refused() {
        for text in
            ["a\n", "a\n1\n", "a\n01\nAAAA\n", "a\n+1\nAAAA\n", "\n1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\nAAAA"]
        {
            assert!(matches!(Checkpoint::parse(text), Err(CheckpointError::Malformed(_))), "{text:?}");
        }
    }
}
