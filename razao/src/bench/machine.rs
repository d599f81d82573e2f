//! The machine that a run was made on, without its name.

use std::time::SystemTime;

use event_store::booking_day;

/// How many processes wanted a core over the last minute: a machine that is busy with something else measures little.
pub(super) fn busy() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().unwrap_or_default().to_owned()
}

/// Processor, cores, memory and day, as a Markdown list.
pub(super) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = find("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory =
        find("/proc/meminfo", "MemTotal").and_then(|size| size.split(' ').next()?.parse::<u64>().ok());
    let memory = memory.map_or_else(|| "unknown".to_owned(), |kibibytes| format!("{} GiB", kibibytes >> 20));
    let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let build =
        if cfg!(debug_assertions) { "debug build: the figures mean nothing" } else { "release build" };
    format!(
        "- {processor}, {cores} cores, {memory} of memory, Linux {}\n- {}, {build}\n",
        system.trim(),
        booking_day(SystemTime::now().into())
    )
}

fn find(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
