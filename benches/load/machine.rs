//! What it all ran on.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

use crate::histogram::Histogram;

/// Cores, processor, memory, and what else is going on.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
    };
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    format!("{cores} cores ({processor}), memory {memory}, load average before {load}")
}

/// The median and the 99th percentile of a small write that is made durable, in microseconds.
pub fn sync_micros(folder: &Path) -> std::io::Result<(u64, u64)> {
    const WRITES: u32 = 300;
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    // As with a log that is written again: the blocks are there already.
    file.write_all(&[0; 8_192])?;
    file.sync_all()?;
    let mut times = Histogram::default();
    for _ in 0..WRITES {
        let begin = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[1; 8_192])?;
        file.sync_data()?;
        times.record(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    drop(file);
    fs::remove_file(path)?;
    Ok((times.per_mille(500).unwrap_or_default(), times.per_mille(990).unwrap_or_default()))
}
