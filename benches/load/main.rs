//! The load benchmark: `scripts/bench` runs it, `scripts/bench --help` says what it can be asked for.
//!
//! It starts the real server on PostgreSQL and on SQLite, drives it over HTTP, in turns with an earlier build of it,
//! runs hand-written SQL on the same PostgreSQL before and after, and prints all of it side by side. It uses nothing of
//! Konto but its programs and its API, so that both builds get the same data and the same load. It fails when
//! something does not work, not when something is slow.

mod aims;
mod batch;
mod bench;
mod client;
mod groups;
mod histogram;
mod load;
mod machine;
mod options;
mod outbound;
mod pgbench;
mod place;
mod postgres;
mod report;
mod scenario;
mod seed;
mod server;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser as _;

use bench::Bench;
use options::{Engine, Options};
use place::{Build, BuildKind};
use postgres::Postgres;
use report::Report;

const LEGEND: &str = "\
memory      the server's largest, resident, during the scenario
statements  what PostgreSQL executed per operation, BEGIN and COMMIT included: each is a round trip. Counted for a
            second after the scenario. SQLite runs inside the server and has no round trips
cpu         processor time per operation of the server and of the client
answers     in all, warm-up included; only a first success is counted as done
open-new-owner creates a customer and then opens its account, from the same connection; each of the two is counted";

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let local = tokio::task::LocalSet::new();
    let ran = runtime.context("no runtime").and_then(|runtime| local.block_on(&runtime, run(options)));
    match ran {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            eprintln!("\nWhat went wrong:\n{}", problems.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<Vec<String>> {
    let own = std::env::temp_dir().join(format!("konto-bench-{}", std::process::id()));
    let folder = options.folder.clone().unwrap_or_else(|| own.clone());
    std::fs::create_dir_all(&folder)?;
    let postgres = match &options.postgres_url {
        Some(url) => Some(Postgres::open(url).await?),
        None => None,
    };
    let conditions = conditions(&options, &folder, postgres.as_ref()).await?;
    println!("{conditions}");
    let builds = builds(&options, &folder)?;
    let mut bench = Bench {
        options,
        folder,
        builds,
        postgres,
        report: Report::default(),
        problems: Vec::new(),
        seeded: BTreeSet::new(),
        histories: BTreeSet::new(),
        runs: 0,
    };
    bench.run().await?;
    if let Some(postgres) = &bench.postgres {
        postgres.delay_commits(0).await?;
    }
    println!("\n{conditions}\n{}", bench.report.table());
    println!("{LEGEND}");
    println!("\nRatios and aims\n{}", bench.report.findings());
    for (what, lines) in
        [("Left out", &bench.report.remarks), ("The server's warnings, the first of each run", &bench.report.warnings)]
    {
        if !lines.is_empty() {
            println!("\n{what}\n{}", lines.join("\n"));
        }
    }
    if own.exists() {
        std::fs::remove_dir_all(own)?;
    }
    Ok(bench.problems)
}

/// What it all runs on, as text. Sets PostgreSQL up for it.
async fn conditions(options: &Options, folder: &Path, postgres: Option<&Postgres>) -> anyhow::Result<String> {
    let (median, p99) = machine::sync_micros(folder)?;
    let mut conditions = format!("Machine     {}\n", machine::describe());
    let _ = writeln!(conditions, "Disk        8 KB written and synced in {median} us, 99th percentile {p99} us");
    if let Some(postgres) = postgres {
        postgres.count(false).await?;
        postgres.delay_commits(options.commit_delay).await?;
        let _ = writeln!(conditions, "PostgreSQL  {}", postgres.settings().await?);
        if let Some(why) = &postgres.uncounted {
            let _ = writeln!(conditions, "            statements are not counted: {why}");
        }
    } else if options.engines().contains(&Engine::Postgres) {
        bail!("KONTO_BENCH_POSTGRES_URL is not set: run scripts/bench, which starts a PostgreSQL");
    }
    let set: Vec<String> = server::SETTINGS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(conditions, "Konto       {}, {} {}", version(), set.join(" "), options.set.join(" "));
    let before = options.before().map_or("nothing".to_owned(), |(_, revision)| format!("the build of {revision}"));
    let _ = writeln!(conditions, "Before      {before}");
    Ok(conditions)
}

/// Copies of the programs that are measured.
fn builds(options: &Options, folder: &Path) -> anyhow::Result<Vec<Build>> {
    let now = Path::new(env!("CARGO_BIN_EXE_konto"));
    let before = options.before().map(|(program, _)| (BuildKind::Before, program.as_path()));
    let all = [Some((BuildKind::Now, now)), before].into_iter().flatten();
    all.map(|(kind, program)| Ok(Build { kind, program: server::copy(program, folder, kind.name())? })).collect()
}

fn version() -> String {
    format!("{} {}", env!("CARGO_PKG_VERSION"), if cfg!(debug_assertions) { "UNOPTIMISED" } else { "release build" })
}
