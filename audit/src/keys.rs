//! The keys that checkpoints are signed with: files in a folder, never in the database.
//!
//! `0001-ID.key` holds a private key, readable by its owner alone; `0001-ID.pub` the public key beside it. The youngest
//! key signs, and the one before it signs along: whoever knows only that one goes on to trust what it signs, and finds
//! the new one on the same note. So a key is out of use after two rotations.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::note::{NotAKey, NoteSigner, Verifier};

/// How many of the youngest keys sign.
const SIGNING: usize = 2;

/// The keys of a log, the oldest first. There is at least one.
#[derive(Debug, Clone)]
pub struct Keys {
    signers: Vec<NoteSigner>,
}

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("there is no key in {}: make one with `razao keys new`", .0.display())]
    None(PathBuf),
    #[error("{} has keys already: `razao keys rotate` adds one", .0.display())]
    ThereAlready(PathBuf),
    #[error("`{0}` cannot name a log: it must be neither empty nor have spaces or `+`")]
    Name(String),
    #[error("{}", .0.display())]
    Key(PathBuf, #[source] NotAKey),
    #[error("{} is of the log {found}, the keys beside it of {expected}", .path.display())]
    OtherLog { path: PathBuf, found: String, expected: String },
    #[error("{} can be read by others: its mode must be 600", .0.display())]
    Readable(PathBuf),
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
}

impl Keys {
    /// Reads the keys of a folder.
    pub fn load(folder: &Path) -> Result<Self, KeysError> {
        let files = files(folder)?;
        let mut signers: Vec<NoteSigner> = Vec::with_capacity(files.len());
        for path in files {
            let signer = read(&path)?;
            if let Some(first) = signers.first()
                && first.verifier().name() != signer.verifier().name()
            {
                let name = |signer: &NoteSigner| signer.verifier().name().to_owned();
                let (found, expected) = (name(&signer), name(first));
                return Err(KeysError::OtherLog { path, found, expected });
            }
            signers.push(signer);
        }
        if signers.is_empty() { Err(KeysError::None(folder.to_owned())) } else { Ok(Self { signers }) }
    }

    /// Makes the first key of a log of this name.
    pub fn create(folder: &Path, name: &str) -> Result<Self, KeysError> {
        let signer = NoteSigner::generate(name).ok_or_else(|| KeysError::Name(name.to_owned()))?;
        let failed = |error| KeysError::File(folder.to_owned(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        if !files(folder)?.is_empty() {
            return Err(KeysError::ThereAlready(folder.to_owned()));
        }
        write(folder, 1, &signer)?;
        Ok(Self { signers: vec![signer] })
    }

    /// Adds a key, which signs from now on.
    pub fn rotate(folder: &Path) -> Result<Self, KeysError> {
        let mut keys = Self::load(folder)?;
        let name = keys.origin();
        let signer = NoteSigner::generate(&name).ok_or(KeysError::Name(name))?;
        let last = files(folder)?.last().and_then(|path| number(path)).unwrap_or_default();
        write(folder, last + 1, &signer)?;
        keys.signers.push(signer);
        Ok(keys)
    }

    /// The name of the log, which all keys bear.
    pub fn origin(&self) -> String {
        self.signers[0].verifier().name().to_owned()
    }

    /// Those that sign, the youngest first.
    pub fn signers(&self) -> Vec<NoteSigner> {
        self.signers.iter().rev().take(SIGNING).cloned().collect()
    }

    /// The public keys of all, the youngest first.
    pub fn verifiers(&self) -> Vec<Verifier> {
        self.signers.iter().rev().map(NoteSigner::verifier).collect()
    }

    /// How many of the verifiers, from the first, are of keys that sign.
    pub fn signing(&self) -> usize {
        self.signers.len().min(SIGNING)
    }
}

/// The private keys in a folder, the oldest first. None where there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, KeysError> {
    let failed = |error| KeysError::File(folder.to_owned(), error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if number(&path).is_some() {
            found.push(path);
        }
    }
    found.sort_by_key(|path| number(path));
    Ok(found)
}

/// The number that the name of a private key begins with.
fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(".key")?;
    name.split('-').next()?.parse().ok()
}

fn read(path: &Path) -> Result<NoteSigner, KeysError> {
    let failed = |error| KeysError::File(path.to_owned(), error);
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeysError::Readable(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    NoteSigner::parse(&text).map_err(|error| KeysError::Key(path.to_owned(), error))
}

/// The public key first: a private one counts as soon as it is there.
fn write(folder: &Path, number: u32, signer: &NoteSigner) -> Result<(), KeysError> {
    let verifier = signer.verifier();
    let stem = format!("{number:04}-{}", verifier.id_text());
    for (ending, mode, text) in [("pub", 0o644, verifier.to_string()), ("key", 0o600, signer.secret())] {
        let path = folder.join(format!("{stem}.{ending}"));
        let partial = folder.join(format!("{stem}.{ending}.partial"));
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
            writeln!(file, "{text}")?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(folder)?.sync_all()
        })();
        written.map_err(|error| KeysError::File(path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_youngest_key_signs_and_the_one_before_signs_along() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        assert!(matches!(Keys::load(&folder), Err(KeysError::None(_))));
        assert!(matches!(Keys::rotate(&folder), Err(KeysError::None(_))));
        assert!(matches!(Keys::create(&folder, "a b"), Err(KeysError::Name(_))));
        Keys::create(&folder, "lender.example/log").unwrap();
        assert!(matches!(Keys::create(&folder, "other"), Err(KeysError::ThereAlready(_))));
        let (second, third) = (Keys::rotate(&folder).unwrap(), Keys::rotate(&folder).unwrap());
        let loaded = Keys::load(&folder).unwrap();
        assert_eq!(loaded.verifiers(), third.verifiers());
        assert_eq!(loaded.verifiers()[1..], second.verifiers());
        let signing: Vec<_> = loaded.signers().iter().map(NoteSigner::verifier).collect();
        assert_eq!(signing, loaded.verifiers()[..2]);
        assert_eq!(loaded.origin(), "lender.example/log");
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_damaged_is_refused() {
        let home = tempfile::tempdir().unwrap();
        Keys::create(home.path(), "lender.example/log").unwrap();
        let path = files(home.path()).unwrap().remove(0);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::load(home.path()), Err(KeysError::Readable(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "PRIVATE+KEY+lender.example/log+00000000+AAAA").unwrap();
        assert!(matches!(Keys::load(home.path()), Err(KeysError::Key(..))));
    }
}
