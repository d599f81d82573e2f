//! Checkpoints in a second place, out of reach of whoever has the database: a file, or a bucket of S3.
//!
//! A place that is dead or slow holds up nothing but its own anchors.

mod bucket;
mod keep;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use audit::anchor;

pub use bucket::{Bucket, BucketError, BucketUrlError};
pub(crate) use keep::{keep, look};

/// A place, and how often at most a checkpoint is put there.
#[derive(Debug, Clone)]
pub struct Anchors {
    pub place: Place,
    pub every: Duration,
}

/// Where anchors are kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// A file to which they are appended.
    File(PathBuf),
    /// A folder of a bucket, in which each has an object of its own.
    Bucket(Bucket),
}

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error("the anchor {} cannot be used", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl Place {
    /// What the metrics call it.
    const fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Bucket(_) => "s3",
        }
    }

    /// The notes that have to be of the tree now, of which `sealed` events are: the last one, and any that are beyond.
    async fn last(&self, sealed: u64) -> Result<Vec<String>, AnchorError> {
        match self {
            Self::File(file) => match tokio::fs::read_to_string(file).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(AnchorError::File(file.clone(), error)),
                Ok(text) if text.trim().is_empty() => Ok(Vec::new()),
                Ok(text) => Ok(anchor::notes(&text).into_iter().map(str::to_owned).collect()),
            },
            Self::Bucket(bucket) => Ok(bucket.last(sealed).await?),
        }
    }

    /// Keeps the note of a tree of so many events.
    async fn put(&self, size: u64, note: &str) -> Result<(), AnchorError> {
        match self {
            Self::File(path) => {
                let (file, note) = (path.clone(), note.to_owned());
                let appending = tokio::task::spawn_blocking(move || anchor::append(&file, &note));
                let appended = appending.await.expect("appending to a file does not panic");
                appended.map_err(|error| AnchorError::File(path.clone(), error))
            }
            Self::Bucket(bucket) => Ok(bucket.put(size, note).await?),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}
