//! What can go wrong with the embedded PostgreSQL, in words for the person who runs razao.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// Why the embedded PostgreSQL cannot run. Each text says what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedPostgresError {
    #[error(
        "no PostgreSQL {oldest} or newer is installed here ({found}): install it \
         (Debian, Ubuntu: `apt-get install postgresql`; Fedora, RHEL: `dnf install postgresql-server`; \
         macOS: `brew install postgresql@17`), or set RAZAO_POSTGRES_BIN to the directory of `postgres` and \
         `initdb`, or name a server of your own in RAZAO_DATABASE_URL",
        oldest = super::OLDEST_MAJOR
    )]
    NotInstalled { found: String },

    #[error(
        "RAZAO_POSTGRES_BIN names {}, which has no working `postgres` and `initdb` of version {} or newer \
         ({found})",
        dir.display(), super::OLDEST_MAJOR
    )]
    UnusableBinDir { dir: PathBuf, found: String },

    #[error(
        "the database in {} was made by PostgreSQL {made_with}, but this machine has only {found}: install \
         PostgreSQL {made_with}, or carry the data over with `pg_upgrade` or `pg_dump`",
        path.display()
    )]
    OtherMajorVersion { path: PathBuf, made_with: String, found: String },

    #[error(
        "the data directory {} is in use by the razao process {pid}: stop that one first, or choose another \
         directory",
        data_dir.display()
    )]
    InUse { data_dir: PathBuf, pid: String },

    #[error(
        "{} holds files but no PostgreSQL database (it has no PG_VERSION): move it away, or choose another \
         data directory",
        path.display()
    )]
    NotADatabase { path: PathBuf },

    #[error(
        "{} should be a half-made database of an interrupted first start, but a server has run in it: \
         move it away if you do not know it, or rename it to `postgres` if it is your database",
        path.display()
    )]
    UnexpectedDatabase { path: PathBuf },

    #[error(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`: create one, or name \
         another in RAZAO_POSTGRES_USER"
    )]
    NoAccount,

    #[error(
        "there is no user `{name}` to run PostgreSQL as: create it, or name another in RAZAO_POSTGRES_USER"
    )]
    UnknownAccount { name: String },

    #[error(
        "the user id {uid} has no name on this system, and PostgreSQL needs one: add it to /etc/passwd, or \
         start razao as another user"
    )]
    NamelessUser { uid: u32 },

    #[error(
        "PostgreSQL refuses to run as `{name}`, which is root: name an ordinary user in RAZAO_POSTGRES_USER"
    )]
    RootAccount { name: String },

    #[error(
        "only root can run PostgreSQL as another user (`{wanted}`): unset RAZAO_POSTGRES_USER, or start \
         razao as root"
    )]
    CannotBecome { wanted: String },

    #[error("the database in {} belongs to `{owner}`: start razao as `{owner}` or as root", path.display())]
    OtherOwner { path: PathBuf, owner: String },

    #[error(
        "PostgreSQL runs as the user `{user}`, who may not enter {}, so the data directory {} is out of its \
         reach: choose a data directory elsewhere, such as /var/lib/razao, or let others pass with \
         `chmod o+x {}`",
        dir.display(), data_dir.display(), dir.display()
    )]
    OutOfReach { dir: PathBuf, data_dir: PathBuf, user: String },

    #[error(
        "the user `{user}` cannot run {}: give it the permission, or set RAZAO_POSTGRES_BIN",
        program.display()
    )]
    CannotRun { program: PathBuf, user: String, source: io::Error },

    #[error(
        "{}, the directory for the database's socket, belongs to another user or is no directory: remove it, \
         or choose a data directory with a shorter path",
        path.display()
    )]
    ForeignSocketDir { path: PathBuf },

    #[error("`initdb` could not make a database in {} ({status}):\n{output}", path.display())]
    InitFailed { path: PathBuf, status: ExitStatus, output: String },

    #[error("PostgreSQL ended while starting ({status}); the end of its log, {}:\n{tail}", log.display())]
    Exited { status: ExitStatus, log: PathBuf, tail: String },

    #[error(
        "PostgreSQL did not accept connections within {} s; the end of its log, {}:\n{tail}",
        waited.as_secs(), log.display()
    )]
    NotReady { waited: Duration, log: PathBuf, tail: String, source: sqlx::Error },

    #[error("a PostgreSQL that an earlier razao left behind (process {pid}) does not stop: stop it by hand")]
    LeftoverStays { pid: i32 },

    #[error("PostgreSQL runs, but refuses the connection or to create the database")]
    Database(#[source] sqlx::Error),

    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    #[error("the task that looks after PostgreSQL failed")]
    Crashed(#[source] tokio::task::JoinError),
}

impl EmbeddedPostgresError {
    /// For `map_err` beside a file operation: `.map_err(EmbeddedPostgresError::io("read", path))`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
