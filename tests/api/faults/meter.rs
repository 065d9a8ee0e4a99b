//! What a process costs, as the system counts it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

/// Memory that the process holds now, in kilobytes.
pub fn resident_kb(pid: u32) -> u64 {
    of_status(pid, "VmRSS:")
}

/// The most memory that the process has held since [`forget_peak`], in kilobytes.
pub fn peak_kb(pid: u32) -> u64 {
    of_status(pid, "VmHWM:")
}

/// Counts the peak from what the process holds now.
pub fn forget_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of ours");
}

fn of_status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The time that each thread of a process has spent on a processor, in nanoseconds: what a busy machine does not change
/// much.
pub struct ProcessorTime(HashMap<OsString, u64>);

impl ProcessorTime {
    /// As of now.
    pub fn of(pid: u32) -> Self {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a running process");
        let spent = threads.filter_map(|thread| {
            let thread = thread.ok()?;
            // It may have ended since.
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            Some((thread.file_name(), text.split_ascii_whitespace().next()?.parse().ok()?))
        });
        Self(spent.collect())
    }

    /// What has been spent since then. A thread that has ended in between counts for nothing: they end when they have
    /// been idle.
    pub fn since(&self, before: &Self) -> Duration {
        let spent = |(id, now): (&OsString, &u64)| now.saturating_sub(before.0.get(id).copied().unwrap_or(0));
        Duration::from_nanos(self.0.iter().map(spent).sum())
    }
}

/// Files that the process has open, connections among them.
pub fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a running process").count()
}

/// The one in the middle.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
