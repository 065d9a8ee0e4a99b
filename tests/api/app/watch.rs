//! A test that does not end is named: it would otherwise hold up all others until somebody stops them, and nobody would
//! know which it was.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Nothing that is all right takes so long, on the slowest machine beside the busiest neighbours.
const LONGEST: Duration = Duration::from_secs(900);

/// What runs, by a number, with the name of its test and since when.
static RUNNING: Mutex<BTreeMap<u64, (String, Instant)>> = Mutex::new(BTreeMap::new());
static WATCH: Once = Once::new();

/// A test that is watched until this goes.
pub struct Watched(u64);

/// Watches the test of this thread: when it has not ended after [`LONGEST`], its name is told and everything ends.
pub fn this_test() -> Watched {
    WATCH.call_once(|| {
        std::thread::spawn(watch);
    });
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let number = running.last_key_value().map_or(0, |(last, _)| last + 1);
    running.insert(number, (name, Instant::now()));
    Watched(number)
}

impl Drop for Watched {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(5));
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, since)) = running.values().find(|(_, since)| since.elapsed() > LONGEST) {
            // Past the capture of a test's output, which only an end would show.
            let told =
                format!("\ntest {name} has not ended after {} s: everything is stopped\n", since.elapsed().as_secs());
            let _ = std::io::stderr().write_all(told.as_bytes());
            std::process::exit(101);
        }
    }
}
