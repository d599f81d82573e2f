//! Where razao is root: making sure that the server's user can get to its data.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Stdio;

use tracing::warn;

use super::EmbeddedPostgresError;
use super::account::Account;
use super::binaries::Binaries;

/// Lets the server's user pass into `data_dir`, where that only concerns this directory or throw-away ones
/// above it (`mktemp -d` makes 0700). Others, such as root's home, are refused with a remedy: opening them
/// would expose to that user all that they hold, and that is for the operator to decide.
pub(super) fn open_the_way(
    account: &Account,
    binaries: &Binaries,
    data_dir: &Path,
) -> Result<(), EmbeddedPostgresError> {
    if !account.switches {
        return Ok(());
    }
    enter(account, binaries, Path::new("/")).map_err(|source| EmbeddedPostgresError::CannotRun {
        program: binaries.postgres(),
        user: account.name.clone(),
        source,
    })?;
    if enter(account, binaries, data_dir).is_ok() {
        return Ok(());
    }
    let temporary = std::env::temp_dir().canonicalize().unwrap_or_else(|_| std::env::temp_dir());
    let mut way: Vec<&Path> = data_dir.ancestors().collect();
    way.reverse();
    for dir in way {
        if enter(account, binaries, dir).is_ok() {
            continue;
        }
        let open_to_change = dir == data_dir || (dir.starts_with(&temporary) && dir != temporary);
        if open_to_change {
            let_in(account, dir).map_err(EmbeddedPostgresError::io("change the permissions of", dir))?;
        }
        if !open_to_change || enter(account, binaries, dir).is_err() {
            return Err(EmbeddedPostgresError::OutOfReach {
                dir: dir.to_owned(),
                data_dir: data_dir.to_owned(),
                user: account.name.clone(),
            });
        }
    }
    Ok(())
}

/// Tries it as that user rather than reading modes, so that access lists and the like count too.
fn enter(account: &Account, binaries: &Binaries, dir: &Path) -> io::Result<()> {
    let mut command = account.command(&binaries.postgres());
    command.arg("--version").current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null());
    command.status().map(drop)
}

/// Grants passage, not sight: to the user's group if no group had any access so far, else to all.
fn let_in(account: &Account, dir: &Path) -> io::Result<()> {
    let found = dir.metadata()?;
    if found.uid() != 0 {
        return Ok(());
    }
    let mode = found.mode() & 0o7777;
    let mode = if mode & 0o070 == 0 {
        chown(dir, None, Some(account.gid))?;
        mode | 0o010
    } else {
        mode | 0o001
    };
    std::fs::set_permissions(dir, Permissions::from_mode(mode))?;
    let mode = format!("{mode:o}");
    warn!(dir = %dir.display(), user = %account.name, mode, "let PostgreSQL's user pass through a directory");
    Ok(())
}
