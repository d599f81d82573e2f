//! The server's settings. They are written at each start, so that those of a new razao reach old databases.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use uuid::Uuid;

use super::account::Account;
use super::binaries::Binaries;
use super::layout::{Layout, PORT};
use super::{EmbeddedPostgresError, ROLE};

/// Tuning, which an operator may override with `alter system`.
const TUNING: &str = "\
# Written by razao at each start: changes here are lost. Use `alter system` instead.
cluster_name = 'razao'
maintenance_work_mem = 128MB
random_page_cost = 1.1

# A ledger mostly appends: few, wide checkpoints, as each makes the following writes log whole pages.
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 15min

# Pages are written before the one backend that appends needs their place.
bgwriter_delay = 10ms
bgwriter_lru_maxpages = 1000
bgwriter_lru_multiplier = 4

autovacuum = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'

# No statements and no details of violated constraints: they would put personal data into the log.
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_line_prefix = '%m [%p] '
log_lock_waits = on
";

/// How the C library keeps memory, where it is glibc. Each batch of events needs some hundred kilobytes for a moment; by
/// default they go back to the system after each, and fetching them again took a sixth of all the time of an append.
pub(super) const ALLOCATION: [(&str, &str); 3] = [
    ("MALLOC_TOP_PAD_", "4194304"),
    ("MALLOC_TRIM_THRESHOLD_", "16777216"),
    ("MALLOC_MMAP_THRESHOLD_", "16777216"),
];

const INCLUDE: &str = "include 'razao.conf'";

/// What razao promises whatever else is configured. On the command line, so neither `alter system` nor an
/// edited file can take it back.
pub(super) fn promises(layout: &Layout) -> Vec<OsString> {
    let mut arguments = vec!["-D".into(), layout.cluster.clone().into_os_string()];
    let mut set = |setting: String| arguments.extend(["-c".into(), setting.into()]);
    for durable in ["fsync", "synchronous_commit", "full_page_writes"] {
        set(format!("{durable}=on"));
    }
    set("listen_addresses=".to_owned());
    set(format!("port={PORT}"));
    // Quoted, because the setting is a list.
    set(format!("unix_socket_directories=\"{}\"", layout.socket_dir().display()));
    set("logging_collector=off".to_owned());
    set("log_destination=stderr".to_owned());
    arguments
}

/// Writes the tuning and the rules on who may connect.
pub(super) fn write(
    cluster: &Path,
    binaries: &Binaries,
    account: &Account,
    sessions: u32,
) -> Result<(), EmbeddedPostgresError> {
    // Events with a whole plan are long enough to be compressed where they are stored.
    let compression = if binaries.has_lz4() {
        "wal_compression = lz4\ndefault_toast_compression = lz4"
    } else {
        "wal_compression = on"
    };
    replace(
        &cluster.join("razao.conf"),
        &format!(
            "{TUNING}\nmax_connections = {sessions}\n{compression}\nshared_buffers = {}MB\n",
            shared_buffers(memory())
        ),
        account,
    )?;

    let main = cluster.join("postgresql.conf");
    let present = fs::read_to_string(&main).map_err(EmbeddedPostgresError::io("read", &main))?;
    if !present.lines().any(|line| line.trim() == INCLUDE) {
        replace(&main, &format!("{}\n\n{INCLUDE}\n", present.trim_end()), account)?;
    }

    let access = "# Written by razao at each start: only those in pg_ident.conf, only on the unix socket.\n\
                  local all all peer map=razao\n\
                  local replication all peer map=razao\n";
    replace(&cluster.join("pg_hba.conf"), access, account)?;
    // Root could become any user anyway; so it can also look after another's database directly.
    let callers = format!("razao \"root\" {ROLE}\nrazao \"{}\" {ROLE}\n", account.caller);
    replace(&cluster.join("pg_ident.conf"), &callers, account)
}

/// The megabytes of memory that there are: the machine's, or as many as the container may have (cgroups 2 and 1). None
/// where the system does not say.
fn memory() -> Option<u64> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let bytes = limits.into_iter().filter_map(|path| read(path).trim().parse::<u64>().ok());
    let limited = bytes.map(|bytes| bytes >> 20);
    limited.chain(megabytes_of_machine(&read("/proc/meminfo"))).min()
}

fn megabytes_of_machine(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.strip_suffix("kB"))?;
    total.trim().parse::<u64>().ok().map(|kilobytes| kilobytes >> 10)
}

/// How many megabytes PostgreSQL keeps of tables and indexes: a quarter of the memory, as its manual advises, but no more
/// than a gigabyte, since the machine is not its alone.
fn shared_buffers(memory: Option<u64>) -> u64 {
    memory.map_or(256, |megabytes| (megabytes / 4).clamp(64, 1024))
}

/// Replaces a file at once. As root writes here into a directory of another user, it must not follow links
/// that the other may have put there: a new file never does, and the rename replaces the link itself.
fn replace(path: &Path, content: &str, account: &Account) -> Result<(), EmbeddedPostgresError> {
    let draft = path.with_extension(Uuid::new_v4().simple().to_string());
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content.as_bytes())?;
        if account.switches {
            std::os::unix::fs::fchown(&file, Some(account.uid), Some(account.gid))?;
        }
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(EmbeddedPostgresError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::{megabytes_of_machine, shared_buffers};

    #[test]
    fn postgres_keeps_a_quarter_of_the_memory_up_to_a_gigabyte() {
        let machine = megabytes_of_machine("MemTotal:        2097152 kB\nMemFree:          105988 kB\n");
        assert_eq!(machine, Some(2048));
        assert_eq!(shared_buffers(machine), 512);
        assert_eq!(shared_buffers(Some(24_000)), 1024);
        assert_eq!(shared_buffers(Some(128)), 64);
        assert_eq!(shared_buffers(None), 256);
    }
}
