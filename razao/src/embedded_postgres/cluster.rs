//! The database cluster on disk: which version made it, and making it on first use.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tracing::{info, warn};
use uuid::Uuid;

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{EmbeddedPostgresError, ROLE};

/// Clusters in the making have a name of their own and get the true one when they are complete, so a first
/// start that was interrupted leaves nothing that could be taken for a database.
const UNFINISHED: &str = "postgres.init-";

/// The major version that the cluster was made with, or none if there is no cluster yet.
pub(super) fn version(cluster: &Path) -> Result<Option<String>, EmbeddedPostgresError> {
    let path = cluster.join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(version) => return Ok(Some(version.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(EmbeddedPostgresError::io("read", &path)(error)),
    }
    match cluster.read_dir().map(|mut entries| entries.next().is_none()) {
        Ok(false) => Err(EmbeddedPostgresError::NotADatabase { path: cluster.to_owned() }),
        Ok(true) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedPostgresError::io("list", cluster)(error)),
    }
}

/// Makes the cluster with `initdb`.
pub(super) fn create(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), EmbeddedPostgresError> {
    info!(path = %layout.cluster.display(), version = %binaries.version, "making a new PostgreSQL database");
    if let Some(path) = unfinished(&layout.data_dir)?.into_iter().find(|path| has_run(path)) {
        return Err(EmbeddedPostgresError::UnexpectedDatabase { path });
    }
    // A name of its own each time: an `initdb` that outlived its razao and fails now would empty the
    // directory that it knows by name.
    let dir = layout.data_dir.join(format!("{UNFINISHED}{}", Uuid::new_v4().simple()));
    DirBuilder::new().mode(0o700).create(&dir).map_err(EmbeddedPostgresError::io("create", &dir))?;
    account.own(&dir)?;

    // Text sorts by bytes, which is fast and does not change with the C library, as that would corrupt
    // indexes; but letters beyond ASCII have upper and lower case where the system knows C.UTF-8.
    let mut output = initdb(binaries, account, &dir, &["--lc-ctype=C.UTF-8"])?;
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("locale") {
        output = initdb(binaries, account, &dir, &[])?;
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        remove_unfinished(&layout.data_dir)?;
        let path = layout.cluster.clone();
        return Err(EmbeddedPostgresError::InitFailed { path, status: output.status, output: said });
    }

    std::fs::rename(&dir, &layout.cluster)
        .map_err(EmbeddedPostgresError::io("put the database in", &layout.cluster))?;
    let synced = File::open(&layout.data_dir).and_then(|dir| dir.sync_all());
    synced.map_err(EmbeddedPostgresError::io("sync", &layout.data_dir))
}

fn initdb(
    binaries: &Binaries,
    account: &Account,
    dir: &Path,
    locale: &[&str],
) -> Result<Output, EmbeddedPostgresError> {
    let program = binaries.initdb();
    let mut command = account.command(&program);
    command.arg("--pgdata").arg(dir);
    command.arg(format!("--username={ROLE}"));
    command.args(["--encoding=UTF8", "--locale=C", "--data-checksums", "--auth=peer"]).args(locale);
    command.current_dir("/").stdin(Stdio::null());
    command.output().map_err(EmbeddedPostgresError::io("run", &program))
}

/// Removes what interrupted first starts left. Never anything in which a server has run.
pub(super) fn remove_unfinished(data_dir: &Path) -> Result<(), EmbeddedPostgresError> {
    for path in unfinished(data_dir)?.into_iter().filter(|path| !has_run(path)) {
        warn!(path = %path.display(), "removing the remains of an interrupted first start");
        // An `initdb` that has not yet noticed the death of its razao may still write there. It does no harm
        // under its own name, and the next start removes what is left.
        if let Err(error) = std::fs::remove_dir_all(&path) {
            warn!(path = %path.display(), %error, "cannot remove all of it now");
        }
    }
    Ok(())
}

fn unfinished(data_dir: &Path) -> Result<Vec<PathBuf>, EmbeddedPostgresError> {
    let entries = data_dir.read_dir().map_err(EmbeddedPostgresError::io("list", data_dir))?;
    let half_made =
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    Ok(half_made.map(|entry| entry.path()).collect())
}

/// A server writes this file when it first starts in a directory.
fn has_run(cluster: &Path) -> bool {
    cluster.join("postmaster.opts").exists()
}
