//! Server processes that outlived the razao which started them, or the server's main process.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::EmbeddedPostgresError;
use super::layout::Layout;

/// The lock file of the data directory, in it.
const PID_FILE: &str = "postmaster.pid";
const POLL: Duration = Duration::from_millis(20);
/// Without their main process, sessions end by themselves at once, unless they are deep in a computation.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(2);
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Returns once no server process works in the cluster any more and no lock file of theirs is in the way of a new
/// one. Only to be called with the data directory locked: then whatever still runs there belongs to no living razao.
pub(super) async fn clear(layout: &Layout, stop_timeout: Duration) -> Result<(), EmbeddedPostgresError> {
    stop_all(&layout.cluster, stop_timeout).await?;
    for lock in [layout.cluster.join(PID_FILE), layout.socket_lock()] {
        remove_reused(&lock)?;
    }
    Ok(())
}

async fn stop_all(cluster: &Path, stop_timeout: Duration) -> Result<(), EmbeddedPostgresError> {
    let processes = processes_in(cluster)?;
    if processes.is_empty() {
        return Ok(());
    }
    let named = process_named_in(&cluster.join(PID_FILE));
    let ladder: &[(Option<Signal>, Duration)] = if let Some(pid) = named.filter(|pid| processes.contains(pid))
    {
        warn!(pid = pid.as_raw(), "stopping a PostgreSQL that an earlier razao left running");
        signal(&[pid], Signal::SIGINT);
        &[
            (None, stop_timeout),
            (Some(Signal::SIGQUIT), LAST_PATIENCE),
            (Some(Signal::SIGKILL), LAST_PATIENCE),
        ]
    } else {
        info!(processes = processes.len(), "waiting for the last processes of an ended PostgreSQL");
        &[(None, ORPHAN_PATIENCE), (Some(Signal::SIGKILL), LAST_PATIENCE)]
    };
    for (harder, patience) in ladder {
        if let Some(harder) = harder {
            let left = processes_in(cluster)?;
            warn!(
                processes = left.len(),
                signal = harder.as_str(),
                "left-over PostgreSQL processes do not end"
            );
            signal(&left, *harder);
        }
        if gone(cluster, *patience).await? {
            return Ok(());
        }
    }
    let pid = processes_in(cluster)?.first().map_or(0, |pid| pid.as_raw());
    Err(EmbeddedPostgresError::LeftoverStays { pid })
}

async fn gone(cluster: &Path, patience: Duration) -> Result<bool, EmbeddedPostgresError> {
    let deadline = Instant::now() + patience;
    while !processes_in(cluster)?.is_empty() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(POLL).await;
    }
    Ok(true)
}

fn signal(pids: &[Pid], signal: Signal) {
    for pid in pids {
        // It may have ended in between, which is what we want.
        let _ = kill(*pid, signal);
    }
}

/// The first line of each of PostgreSQL's lock files is the number of the main process that wrote it.
fn process_named_in(lock: &Path) -> Option<Pid> {
    let content = fs::read_to_string(lock).ok()?;
    let pid = content.lines().next()?.trim().parse().ok().filter(|pid: &i32| *pid > 1)?;
    Some(Pid::from_raw(pid))
}

/// PostgreSQL discards the lock file of a dead server, but gives up if the number is still there: another process
/// has got it since, as happens whenever a container restarts, or nobody has collected the dead one's exit yet. We
/// know that no server runs here, so we may discard the file then.
fn remove_reused(lock: &Path) -> Result<(), EmbeddedPostgresError> {
    let Some(pid) = process_named_in(lock).filter(|pid| kill(*pid, None).is_ok()) else {
        return Ok(());
    };
    warn!(
        pid = pid.as_raw(),
        lock = %lock.display(),
        "removing a stale lock file: its process is no PostgreSQL of this directory"
    );
    fs::remove_file(lock).map_err(EmbeddedPostgresError::io("remove", lock))
}

fn processes_in(cluster: &Path) -> Result<Vec<Pid>, EmbeddedPostgresError> {
    if cfg!(target_os = "linux") { from_proc(cluster) } else { from_ps(cluster) }
}

/// All server processes work in the cluster's directory; an operator's shell may too, hence the name.
fn from_proc(cluster: &Path) -> Result<Vec<Pid>, EmbeddedPostgresError> {
    let proc = Path::new("/proc");
    let entries = proc.read_dir().map_err(EmbeddedPostgresError::io("list", proc))?;
    let ours = |dir: &Path| {
        fs::read_to_string(dir.join("comm")).is_ok_and(|name| name.trim_end() == "postgres")
            && fs::read_link(dir.join("cwd")).is_ok_and(|cwd| cwd == cluster)
    };
    let pid = |name: &str| name.parse().ok().map(Pid::from_raw);
    let numbered =
        entries.flatten().filter_map(|entry| Some((pid(entry.file_name().to_str()?)?, entry.path())));
    Ok(numbered.filter(|(_, dir)| ours(dir)).map(|(pid, _)| pid).collect())
}

/// Elsewhere only the main process can be told, by its arguments. Its orphans then make the next start fail,
/// which is tried again.
fn from_ps(cluster: &Path) -> Result<Vec<Pid>, EmbeddedPostgresError> {
    let listed = Command::new("ps").args(["-A", "-ww", "-o", "pid=", "-o", "command="]).output();
    let listed = listed.map_err(EmbeddedPostgresError::io("list processes with", Path::new("ps")))?;
    Ok(main_processes(&String::from_utf8_lossy(&listed.stdout), cluster))
}

fn main_processes(listed: &str, cluster: &Path) -> Vec<Pid> {
    let arguments = format!("postgres -D {} -c ", cluster.display());
    let ours = listed.lines().filter(|line| line.contains(&arguments));
    ours.filter_map(|line| line.split_whitespace().next()?.parse().ok().map(Pid::from_raw)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_process_is_told_by_its_arguments() {
        let listed = "  17 /usr/lib/postgresql/15/bin/postgres -D /data/postgres -c fsync=on\n\
                      \x20 18 /usr/lib/postgresql/15/bin/postgres -D /data/postgres.old -c fsync=on\n\
                      \x20 19 postgres: razao: checkpointer\n  20 vi /data/postgres\n";
        assert_eq!(main_processes(listed, Path::new("/data/postgres")), [Pid::from_raw(17)]);
    }

    #[test]
    fn a_process_that_is_no_postgres_is_left_alone() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(processes_in(&here).unwrap(), []);
    }
}
