//! What the benchmark is asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::load::Load;
use crate::scenario::{self, SCALE, Scenario};

/// Accounts, unless said otherwise; and in a quick run.
const ACCOUNTS: u64 = 10_000;
const QUICK_ACCOUNTS: u64 = 2_000;

/// Konto's load benchmark: the real server under load, beside hand-written SQL on the same PostgreSQL, and beside an
/// earlier build of itself, in turns.
///
/// Run it with `scripts/bench`, which starts a PostgreSQL for it. Prints figures; it is no test, and a target
/// that is missed is no error.
#[derive(Clone, Debug, Parser)]
#[command(name = "scripts/bench")]
pub struct Options {
    /// How long each scenario is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How long each scenario runs before it is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Rough figures soon: 1 s of warm-up, 3 s measured, 2,000 accounts, a history of 50,000, no scaling check
    #[arg(long)]
    pub quick: bool,
    /// Only this: baseline, transfers (spread-1, spread-64, spread-256, spread-1024, hot-1, hot-64, hot-256, hot-1024,
    /// batch-1000), commands (create-customer, open-account, open-new-owner, update-account, close-account, each with
    /// -64 and -256, and mix-256), two-servers, open-batch, outbound, read-64, scale; `spread` is all that begin so. May be
    /// repeated
    #[arg(long, value_name = "NAME", value_parser = known)]
    only: Vec<String>,
    /// Build this commit as well, and measure it in turns with this checkout. The default is left out where the
    /// repository does not have it
    #[arg(long, value_name = "REVISION", default_value = "1a6f2d4")]
    before: String,
    /// Only this checkout
    #[arg(long)]
    no_before: bool,
    /// Which database
    #[arg(long, value_enum, default_value = "both")]
    engine: Which,
    /// Accounts; 10,000 unless it is a quick run
    #[arg(long, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    accounts: Option<u64>,
    /// Transactions of accounts in the database that is read; an entry between two accounts makes two
    #[arg(long, default_value_t = 1_000_000)]
    history: u64,
    /// Check the scaling (10 times the accounts, 10 times the history) in a quick or partial run too
    #[arg(long)]
    scale: bool,
    /// Leave the scaling check out of a full run
    #[arg(long, conflicts_with = "scale")]
    no_scale: bool,
    /// Leave the hand-written SQL out: no ratios then
    #[arg(long)]
    pub no_baseline: bool,
    /// PostgreSQL waits so many microseconds before it writes what was committed to the disk, for the hand-written SQL
    /// and for Konto alike (`commit_delay`): as on a disk that is so much slower. Nothing makes SQLite wait
    #[arg(long, default_value_t = 0, value_name = "MICROSECONDS", value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub commit_delay: u64,
    /// Keep the database that is read, and the PostgreSQL that it is in, for the next run with --keep
    #[arg(long)]
    pub keep: bool,
    /// A variable for `konto serve`, such as KONTO_LOG=warn. May be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// The PostgreSQL to make databases on; its user must be a superuser
    #[arg(long, value_name = "URL", env = "KONTO_BENCH_POSTGRES_URL", hide = true)]
    pub postgres_url: Option<String>,
    /// The pgbench program
    #[arg(long, value_name = "PATH", env = "KONTO_BENCH_PGBENCH", default_value = "pgbench", hide = true)]
    pub pgbench: PathBuf,
    /// The program that is measured before
    #[arg(long, value_name = "PATH", env = "KONTO_BENCH_BEFORE", hide = true)]
    before_program: Option<PathBuf>,
    /// A folder for databases and logs, on the same disk as PostgreSQL's data
    #[arg(long, value_name = "FOLDER", env = "KONTO_BENCH_FOLDER", hide = true)]
    pub folder: Option<PathBuf>,
    /// Cargo says so.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Which databases are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    Postgres,
    Sqlite,
    Both,
}

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

impl Options {
    pub fn engines(&self) -> Vec<Engine> {
        match self.engine {
            Which::Postgres => vec![Engine::Postgres],
            Which::Sqlite => vec![Engine::Sqlite],
            Which::Both => vec![Engine::Postgres, Engine::Sqlite],
        }
    }

    pub fn window(&self) -> Duration {
        Duration::from_secs(if self.quick { 3 } else { self.seconds })
    }

    /// How many turns each of two builds has in a scenario; even.
    pub fn turns(&self) -> u32 {
        if self.quick { 2 } else { 4 }
    }

    pub fn warm_up(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { self.warm_up })
    }

    pub fn history(&self) -> u64 {
        if self.quick { self.history.min(50_000) } else { self.history }
    }

    pub fn accounts(&self) -> u64 {
        self.accounts.unwrap_or(if self.quick { QUICK_ACCOUNTS } else { ACCOUNTS })
    }

    /// The program to compare with, and the revision that it was built from.
    pub fn before(&self) -> Option<(&PathBuf, &str)> {
        self.before_program.as_ref().filter(|_| !self.no_before).map(|program| (program, self.before.as_str()))
    }

    pub fn wants_transfer(&self, scenario: &Scenario) -> bool {
        self.wants(scenario.name) || self.only.iter().any(|only| only == "transfers")
    }

    pub fn wants_command(&self, scenario: &Scenario) -> bool {
        debug_assert!(scenario.load != Load::Spread, "it comes with what is compared with it");
        self.wants(scenario.name) || self.only.iter().any(|only| only == "commands")
    }

    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| begins(name, only))
    }

    pub fn wants_scale(&self) -> bool {
        let full = self.only.is_empty() && !self.quick && !self.no_scale;
        full || self.scale || self.only.iter().any(|only| only == SCALE)
    }
}

/// Whether a name is the other, or begins with all of its words.
fn begins(name: &str, only: &str) -> bool {
    name.strip_prefix(only).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// A name that finds something to measure.
fn known(only: &str) -> Result<String, String> {
    match scenario::names().into_iter().any(|name| begins(name, only)) {
        true => Ok(only.to_owned()),
        false => Err("nothing that is measured is called so".into()),
    }
}
