//! What lies where under the data directory, and the lock that keeps it to one process.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::account::Account;
use super::{EmbeddedPostgresError, ROLE};

/// The port is only part of the socket's name; nothing listens on it.
pub(super) const PORT: u16 = 5432;
/// What a socket's path may hold on the strictest system we run on (macOS: 104 bytes with the final zero).
const LONGEST_SOCKET_PATH: usize = 103;

/// Held until the server is gone. The kernel releases it however the process ends, so it is never stale.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its drop")] Flock<File>);

/// The places under one data directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) data_dir: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) log: PathBuf,
    socket_dir: PathBuf,
}

impl Layout {
    /// Makes the data directory if it is missing. Where razao is root, the server's user must be able to pass
    /// through, but need not be able to look around.
    pub(super) fn create(data_dir: &Path) -> Result<Self, EmbeddedPostgresError> {
        let create = |dir: &Path| {
            let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
            DirBuilder::new().mode(mode).create(dir)?;
            // Set again, because the umask may have taken the passage away.
            std::fs::set_permissions(dir, Permissions::from_mode(mode))
        };
        let absolute = std::path::absolute(data_dir).map_err(EmbeddedPostgresError::io("find", data_dir))?;
        let missing: Vec<&Path> = absolute.ancestors().take_while(|dir| !dir.exists()).collect();
        for dir in missing.into_iter().rev() {
            create(dir).map_err(EmbeddedPostgresError::io("create", dir))?;
        }
        Self::of_existing(&absolute)
    }

    pub(super) fn of_existing(data_dir: &Path) -> Result<Self, EmbeddedPostgresError> {
        let data_dir = data_dir.canonicalize().map_err(EmbeddedPostgresError::io("open", data_dir))?;
        Ok(Self {
            cluster: data_dir.join("postgres"),
            log: data_dir.join("postgres.log"),
            socket_dir: socket_dir(&data_dir),
            data_dir,
        })
    }

    /// With the cluster's true path, by which its processes are recognised, as it may be a link to another
    /// disk.
    pub(super) fn resolved(mut self) -> Result<Self, EmbeddedPostgresError> {
        self.cluster =
            self.cluster.canonicalize().map_err(EmbeddedPostgresError::io("open", &self.cluster))?;
        Ok(self)
    }

    /// Claims the data directory for this process.
    pub(super) fn lock(&self) -> Result<Lock, EmbeddedPostgresError> {
        let path = self.data_dir.join("postgres.lock");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&path)
            .map_err(EmbeddedPostgresError::io("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                let noted = file.set_len(0).and_then(|()| write!(*file, "{}", std::process::id()));
                noted.map_err(EmbeddedPostgresError::io("write", &path))?;
                Ok(Lock(file))
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(EmbeddedPostgresError::io("read", &path))?;
                Err(EmbeddedPostgresError::InUse { data_dir: self.data_dir.clone(), pid })
            }
            Err((_, errno)) => Err(EmbeddedPostgresError::io("lock", &path)(errno.into())),
        }
    }

    /// Makes the socket's directory, closed to all but the server's user (and root, whom no mode stops).
    pub(super) fn make_socket_dir(&self, account: &Account) -> Result<(), EmbeddedPostgresError> {
        let dir = &self.socket_dir;
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => return account.own(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedPostgresError::io("create", dir)(error)),
        }
        // Under /tmp anyone may have put something of that name.
        let found = dir.symlink_metadata().map_err(EmbeddedPostgresError::io("examine", dir))?;
        let ours =
            [account.uid, geteuid().as_raw()].contains(&found.uid()) || dir.starts_with(&self.data_dir);
        if !found.is_dir() || !ours {
            return Err(EmbeddedPostgresError::ForeignSocketDir { path: dir.clone() });
        }
        account.own(dir)?;
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))
            .map_err(EmbeddedPostgresError::io("close to others", dir))
    }

    pub(super) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    pub(super) fn socket(&self) -> PathBuf {
        socket_in(&self.socket_dir)
    }

    /// The file with which a server claims the socket.
    pub(super) fn socket_lock(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}.lock"))
    }

    /// To the server, without a database. Sets what the environment (`PGHOST` and the like) could decide.
    pub(super) fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(PORT)
            .username(ROLE)
            .ssl_mode(PgSslMode::Disable)
            .application_name("razao")
    }

    pub(super) fn url(&self, database: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let encode =
            |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        let host: String = self.socket_dir.to_string_lossy().bytes().map(encode).collect();
        format!("postgres:///{database}?host={host}&port={PORT}&user={ROLE}")
    }
}

/// `<data_dir>/run`, or a directory under /tmp named after the data directory where that would not do for a
/// socket. Not `XDG_RUNTIME_DIR`, which is emptied at logout, and not `TMPDIR`, which differs from session to
/// session.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("run");
    let usable = |dir: &Path| dir.to_str().is_some_and(|path| !path.contains('"'));
    if usable(&near) && socket_in(&near).as_os_str().len() <= LONGEST_SOCKET_PATH {
        return near;
    }
    let digest = format!("{:x}", Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
    Path::new("/tmp").join(format!("razao-{}", &digest[..16]))
}

fn socket_in(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}
