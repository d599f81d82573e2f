//! The operating-system user that runs the server: razao's own, or an unprivileged one where razao is root.

use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User, geteuid};

use super::EmbeddedPostgresError;

/// PostgreSQL refuses to run as root; these are tried in order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Who runs the server.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The user of this process, who connects to the server.
    pub(super) caller: String,
    /// Razao is root, and its child must become someone else.
    pub(super) switches: bool,
}

impl Account {
    /// Decides who runs the server of `cluster`, which need not exist yet.
    pub(super) fn choose(wanted: Option<&str>, cluster: &Path) -> Result<Self, EmbeddedPostgresError> {
        let own = geteuid();
        let caller = named(own)?;
        let owner = match cluster.metadata() {
            Ok(metadata) => Some(Uid::from_raw(metadata.uid())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(EmbeddedPostgresError::io("examine", cluster)(error)),
        };
        if own.is_root() {
            let user = unprivileged(wanted, owner)?;
            return Ok(Self::new(user, caller.name, true));
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != caller.name) {
            return Err(EmbeddedPostgresError::CannotBecome { wanted: wanted.to_owned() });
        }
        if let Some(owner) = owner.filter(|owner| *owner != own) {
            let owner = named(owner).map_or_else(|_| format!("user id {owner}"), |user| user.name);
            return Err(EmbeddedPostgresError::OtherOwner { path: cluster.to_owned(), owner });
        }
        let name = caller.name.clone();
        Ok(Self::new(caller, name, false))
    }

    fn new(user: User, caller: String, switches: bool) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), caller, switches }
    }

    /// A command that will run as this user, with nothing of razao's environment but what programs need to
    /// load: razao's settings may hold secrets, and PostgreSQL reads variables of its own.
    pub(super) fn command(&self, program: &Path) -> Command {
        const PASSED_ON: [&str; 5] =
            ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LOCPATH", "LOCALE_ARCHIVE"];
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C");
        command.envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        if self.switches {
            // As root this also drops root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives one file or directory to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedPostgresError> {
        if !self.switches {
            return Ok(());
        }
        lchown(path, Some(self.uid), Some(self.gid))
            .map_err(EmbeddedPostgresError::io("change the owner of", path))
    }

    /// Gives a directory and all in it to this user, as is needed once after a copy was restored by root.
    pub(super) fn own_tree(&self, root: &Path) -> Result<(), EmbeddedPostgresError> {
        let examine =
            |path: &Path| path.symlink_metadata().map_err(EmbeddedPostgresError::io("examine", path));
        if !self.switches || root.metadata().is_ok_and(|metadata| metadata.uid() == self.uid) {
            return Ok(());
        }
        for entry in root.read_dir().map_err(EmbeddedPostgresError::io("list", root))? {
            let path = entry.map_err(EmbeddedPostgresError::io("list", root))?.path();
            if examine(&path)?.is_dir() {
                self.own_tree(&path)?;
            } else {
                self.own(&path)?;
            }
        }
        // The directory itself comes last, so that an interrupted run is noticed and finished by the next.
        self.own(root)
    }
}

fn unprivileged(wanted: Option<&str>, owner: Option<Uid>) -> Result<User, EmbeddedPostgresError> {
    if let Some(name) = wanted {
        let unknown = || EmbeddedPostgresError::UnknownAccount { name: name.to_owned() };
        let user = User::from_name(name).ok().flatten().ok_or_else(unknown)?;
        if user.uid.is_root() {
            return Err(EmbeddedPostgresError::RootAccount { name: name.to_owned() });
        }
        return Ok(user);
    }
    if let Some(owner) = owner.filter(|owner| !owner.is_root()) {
        return named(owner);
    }
    let known = UNPRIVILEGED.iter().find_map(|name| User::from_name(name).ok().flatten());
    known.ok_or(EmbeddedPostgresError::NoAccount)
}

/// PostgreSQL needs a name for the user that runs it and for the user that connects.
fn named(uid: Uid) -> Result<User, EmbeddedPostgresError> {
    let nameless = || EmbeddedPostgresError::NamelessUser { uid: uid.as_raw() };
    User::from_uid(uid).ok().flatten().ok_or_else(nameless)
}
