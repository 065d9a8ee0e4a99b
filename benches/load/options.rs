//! What the benchmark is asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Konto's load benchmark: the real server under load, beside hand-written SQL on the same PostgreSQL.
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
    /// Rough figures soon: 1 s of warm-up, 3 s measured, a history of 50,000, no scaling check
    #[arg(long)]
    pub quick: bool,
    /// Only this: baseline, spread-1, spread-64, spread-256, spread-1024, hot-1, hot-64, hot-256, hot-1024,
    /// batch-1000, read-64, scale; `spread` is all that begin so. May be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Which database
    #[arg(long, value_enum, default_value = "both")]
    engine: Which,
    /// Accounts
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub accounts: u64,
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

    pub fn warm_up(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { self.warm_up })
    }

    pub fn history(&self) -> u64 {
        if self.quick { self.history.min(50_000) } else { self.history }
    }

    pub fn wants(&self, name: &str) -> bool {
        let begins = |only: &String| name.strip_prefix(only.as_str()).is_some_and(|rest| rest.starts_with('-'));
        self.only.is_empty() || self.only.iter().any(|only| only == name || begins(only))
    }

    pub fn wants_scale(&self) -> bool {
        let full = self.only.is_empty() && !self.quick && !self.no_scale;
        full || self.scale || self.only.iter().any(|only| only == "scale")
    }
}
