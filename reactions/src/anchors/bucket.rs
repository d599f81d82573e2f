//! A folder of a bucket: an object for each anchor, named by how many events it is of, and the last one again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
};

/// The last anchor, written over by the next.
const LAST: &str = "last";
/// How long one request may take, and how long a connection.
const REQUEST: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
/// How many anchors are read at once.
const AT_ONCE: usize = 16;
/// An anchor has less: two signatures and three lines.
const LARGEST: u64 = 64 << 10;

/// A folder of a bucket of S3, or of a server that speaks like it.
#[derive(Clone)]
pub struct Bucket {
    url: String,
    store: Arc<dyn ObjectStore>,
    folder: Path,
}

/// Why an address is none of a bucket.
#[derive(Debug, thiserror::Error)]
pub enum BucketUrlError {
    #[error("`{0}` is not s3://BUCKET or s3://BUCKET/FOLDER")]
    Form(String),
    #[error("`{url}`: {source}")]
    Settings { url: String, source: object_store::Error },
}

/// Why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("the bucket {url} cannot be used")]
    Store { url: String, source: object_store::Error },
    #[error("the bucket {url} has another anchor of {size} events")]
    Taken { url: String, size: u64 },
    #[error("{url}/{object} is no anchor")]
    Strange { url: String, object: String },
}

impl Bucket {
    /// The bucket of an address such as `s3://anchors/lender`. Where it is and who may write there, the environment
    /// says by the names that S3's own tools use (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …).
    pub fn parse(url: &str) -> Result<Self, BucketUrlError> {
        let form = || BucketUrlError::Form(url.to_owned());
        let rest = url.strip_prefix("s3://").ok_or_else(form)?;
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(form());
        }
        let folder = Path::parse(folder.trim_end_matches('/')).map_err(|_| form())?;
        // Only who names an address without TLS means one.
        let plain = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"]
            .iter()
            .any(|name| std::env::var(name).is_ok_and(|endpoint| endpoint.starts_with("http://")));
        let client =
            ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT).with_allow_http(plain);
        // Who keeps anchors tries again by itself, with the next one.
        let retry = RetryConfig {
            max_retries: 1,
            retry_timeout: REQUEST,
            backoff: BackoffConfig { max_backoff: Duration::from_secs(1), ..BackoffConfig::default() },
        };
        let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        let store = builder.with_client_options(client).with_retry(retry).build();
        let store = store.map_err(|source| BucketUrlError::Settings { url: url.to_owned(), source })?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), store: Arc::new(store), folder })
    }

    /// Every anchor in it, with where it stands, in the order of their sizes.
    pub async fn all(&self) -> Result<Vec<(String, String)>, BucketError> {
        let objects = self.names(None).await?;
        let reading = objects.into_iter().map(|name| async move {
            let note = self.get(&name).await?.unwrap_or_default();
            Ok((format!("{}/{name}", self.url), note))
        });
        futures::stream::iter(reading).buffered(AT_ONCE).try_collect().await
    }

    /// The one that was put last, and those of more than `sealed` events.
    pub(super) async fn last(&self, sealed: u64) -> Result<Vec<String>, BucketError> {
        let mut notes: Vec<String> = self.get(LAST).await?.into_iter().collect();
        if let Some(beyond) = self.names(Some(&name_of(sealed))).await?.last() {
            notes.extend(self.get(beyond).await?);
        }
        Ok(notes)
    }

    /// Keeps one, which nobody writes over. The same put again is kept already.
    pub(super) async fn put(&self, size: u64, note: &str) -> Result<(), BucketError> {
        let name = name_of(size);
        let payload = || PutPayload::from(note.as_bytes().to_vec());
        let put = self.store.put_opts(&self.path(&name), payload(), PutMode::Create.into()).await;
        match put {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                let kept = self.get(&name).await?.unwrap_or_default();
                if root_of(&kept) != root_of(note) {
                    return Err(BucketError::Taken { url: self.url.clone(), size });
                }
            }
            Err(source) => return Err(self.failed(source)),
        }
        self.store.put(&self.path(LAST), payload()).await.map_err(|source| self.failed(source))?;
        Ok(())
    }

    /// The names of the anchors after one of these, in order.
    async fn names(&self, after: Option<&str>) -> Result<Vec<String>, BucketError> {
        let folder = Some(&self.folder);
        let listed = match after {
            Some(after) => self.store.list_with_offset(folder, &self.path(after)),
            None => self.store.list(folder),
        };
        let names = listed.try_filter_map(async |object| {
            let name = object.location.filename().unwrap_or_default();
            Ok(is_name(name).then(|| name.to_owned()))
        });
        let mut names: Vec<String> = names.try_collect().await.map_err(|source| self.failed(source))?;
        names.sort_unstable();
        Ok(names)
    }

    async fn get(&self, name: &str) -> Result<Option<String>, BucketError> {
        let got = match self.store.get(&self.path(name)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(|source| self.failed(source))?,
        };
        let strange = || BucketError::Strange { url: self.url.clone(), object: name.to_owned() };
        if got.meta.size > LARGEST {
            return Err(strange());
        }
        let bytes = got.bytes().await.map_err(|source| self.failed(source))?;
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| strange())
    }

    fn path(&self, name: &str) -> Path {
        self.folder.clone().join(name)
    }

    fn failed(&self, source: object_store::Error) -> BucketError {
        BucketError::Store { url: self.url.clone(), source }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// So that the order of the names is that of the sizes.
fn name_of(size: u64) -> String {
    format!("{size:020}")
}

fn is_name(name: &str) -> bool {
    name.len() == 20 && name.bytes().all(|letter| letter.is_ascii_digit())
}

/// The lines that say of which tree a note is: another signature makes no other anchor.
fn root_of(note: &str) -> Vec<&str> {
    note.lines().take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_of_a_bucket_is_refused() {
        for url in ["", "anchors", "s3://", "s3:///folder", "http://anchors", "s3://anchors/a//b"] {
            let refused = Bucket::parse(url).expect_err(url);
            assert_eq!(refused.to_string(), format!("`{url}` is not s3://BUCKET or s3://BUCKET/FOLDER"));
        }
    }

    #[test]
    fn names_are_in_the_order_of_sizes() {
        let mut names = [9, 100, 20, u64::MAX].map(name_of);
        assert!(names.iter().all(|name| is_name(name)));
        names.sort();
        assert_eq!(names, [9, 20, 100, u64::MAX].map(name_of));
        assert!(!is_name(LAST));
    }
}
