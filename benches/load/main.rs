//! The load benchmark: `scripts/bench` runs it, `scripts/bench --help` says what it can be asked for.
//!
//! It starts the real server on PostgreSQL and on SQLite, drives it over HTTP, runs hand-written SQL on the same
//! PostgreSQL before and after, and prints all of it side by side. It fails when something does not work, not
//! when something is slow.

mod client;
mod histogram;
mod load;
mod machine;
mod options;
mod pgbench;
mod postgres;
mod report;
mod seed;
mod server;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use clap::Parser as _;

use client::{Drive, Seen};
use load::Load;
use options::{Engine, Options};
use pgbench::{Baseline, Pgbench};
use postgres::Postgres;
use report::{Against, Report, Row, Scaled};
use seed::Books;
use server::Server;

/// A load with its number of connections.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    name: &'static str,
    load: Load,
    connections: u64,
    against: Against,
}

const fn scenario(name: &'static str, load: Load, connections: u64, against: Against) -> Scenario {
    Scenario { name, load, connections, against }
}

/// In this order: one connection comes after many, so that it finds a server that has been running for a while, as the
/// baseline's one client finds a database that was filled right before.
const TRANSFERS: &[Scenario] = &[
    scenario("spread-64", Load::Spread, 64, Against::Best),
    SPREAD,
    scenario("spread-1024", Load::Spread, 1_024, Against::Best),
    scenario("spread-1", Load::Spread, 1, Against::One),
    scenario("hot-1", Load::Hot, 1, Against::One),
    scenario("hot-64", Load::Hot, 64, Against::Best),
    scenario("hot-256", Load::Hot, 256, Against::Best),
    scenario("hot-1024", Load::Hot, 1_024, Against::Best),
    scenario("batch-1000", Load::Batch(1_000), 4, Against::Best),
];
const SPREAD: Scenario = scenario("spread-256", Load::Spread, 256, Against::Best);
const READ: Scenario = scenario("read-64", Load::Read, 64, Against::Selects);

/// How long statements are counted, apart from what is measured.
const COUNTING: Duration = Duration::from_secs(1);

const LEGEND: &str = "\
memory      the server's largest, resident, during the scenario
statements  what PostgreSQL executed per operation, BEGIN and COMMIT included: each is a round trip. Counted for a
            second after the scenario. SQLite runs inside the server and has no round trips
cpu         processor time per operation of the server and of the client
answers     in all, warm-up included; only a first success is counted as done";

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

struct Bench {
    options: Options,
    folder: PathBuf,
    /// What is measured.
    program: PathBuf,
    postgres: Option<Postgres>,
    report: Report,
    problems: Vec<String>,
    runs: u64,
}

async fn run(options: Options) -> anyhow::Result<Vec<String>> {
    let own = std::env::temp_dir().join(format!("konto-bench-{}", std::process::id()));
    let folder = options.folder.clone().unwrap_or_else(|| own.clone());
    std::fs::create_dir_all(&folder)?;
    let (median, p99) = machine::sync_micros(&folder)?;
    let mut conditions = format!("Machine     {}\n", machine::describe());
    let _ = writeln!(conditions, "Disk        8 KB written and synced in {median} us, 99th percentile {p99} us");
    let postgres = match &options.postgres_url {
        Some(url) => Some(Postgres::open(url).await?),
        None => None,
    };
    if let Some(postgres) = &postgres {
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
    println!("{conditions}");
    let program = server::program(&folder)?;
    let (report, problems) = (Report::default(), Vec::new());
    let mut bench = Bench { options, folder, program, postgres, report, problems, runs: 0 };
    bench.transfers().await?;
    bench.reads().await?;
    if let Some(postgres) = &bench.postgres {
        postgres.delay_commits(0).await?;
    }
    println!("\n{conditions}\n{}", bench.report.table());
    println!("{LEGEND}");
    println!("\nTargets\n{}", bench.report.targets());
    if !bench.report.warnings.is_empty() {
        println!("\nThe server's warnings, the first of each run\n{}", bench.report.warnings.join("\n"));
    }
    if own.exists() {
        std::fs::remove_dir_all(own)?;
    }
    Ok(bench.problems)
}

fn version() -> String {
    format!("{} {}", env!("CARGO_PKG_VERSION"), if cfg!(debug_assertions) { "UNOPTIMISED" } else { "release build" })
}

impl Bench {
    fn postgres(&self) -> anyhow::Result<&Postgres> {
        self.postgres.as_ref().ok_or_else(|| anyhow!("no PostgreSQL"))
    }

    async fn database(&self, engine: Engine, name: &str) -> anyhow::Result<String> {
        match engine {
            Engine::Postgres => self.postgres()?.create(&format!("konto_bench_{name}")).await,
            Engine::Sqlite => {
                let folder = self.sqlite(name);
                if folder.exists() {
                    std::fs::remove_dir_all(&folder)?;
                }
                std::fs::create_dir_all(&folder)?;
                Ok(self.sqlite_url(name))
            }
        }
    }

    fn sqlite_url(&self, name: &str) -> String {
        format!("sqlite://{}?mode=rwc", self.sqlite(name).join("konto.db").display())
    }

    fn sqlite(&self, name: &str) -> PathBuf {
        self.folder.join(format!("sqlite-{name}"))
    }

    async fn books(&self, engine: Engine, name: &str, accounts: u64) -> anyhow::Result<Books> {
        println!("{}, the database '{name}':", engine.name());
        Books::open(&self.database(engine, name).await?, accounts).await
    }

    async fn discard(&self, engine: Engine, name: &str, books: Books) -> anyhow::Result<()> {
        drop(books);
        match engine {
            Engine::Postgres => self.postgres()?.drop(&format!("konto_bench_{name}")).await,
            Engine::Sqlite => Ok(std::fs::remove_dir_all(self.sqlite(name))?),
        }
    }

    /// The database that is read, with its history: the one that an earlier run kept, if it may be.
    async fn history(&self, engine: Engine) -> anyhow::Result<Books> {
        let (accounts, history) = (self.options.accounts, self.options.history());
        let (url, there) = match engine {
            Engine::Postgres => {
                let postgres = self.postgres()?;
                (postgres.url("konto_bench_history"), postgres.has("konto_bench_history").await?)
            }
            Engine::Sqlite => (self.sqlite_url("history"), self.sqlite("history").join("konto.db").exists()),
        };
        if self.options.keep
            && there
            && let Some(books) = Books::reopen(&url, accounts, history).await?
        {
            println!("{}, the database 'history': as the last run kept it", engine.name());
            return Ok(books);
        }
        self.books(engine, "history", accounts).await
    }

    async fn server(&self, books: &Books) -> anyhow::Result<Server> {
        Server::start(&self.program, &books.url, &self.folder, &self.options.set).await
    }

    fn pgbench<'a>(&'a self, folder: &'a Path) -> Pgbench<'a> {
        Pgbench { program: &self.options.pgbench, folder, time: self.options.window() }
    }

    /// Transfers on each engine; the baseline before and after those on PostgreSQL.
    async fn transfers(&mut self) -> anyhow::Result<()> {
        let wanted: Vec<Scenario> =
            TRANSFERS.iter().filter(|scenario| self.options.wants(scenario.name)).copied().collect();
        let baseline = self.postgres.is_some() && !self.options.no_baseline;
        let baseline = baseline && (!wanted.is_empty() || self.options.wants("baseline"));
        let engines = self.options.engines();
        let before = match baseline {
            true => self.baseline("before").await?,
            false => Vec::new(),
        };
        if !wanted.is_empty() && engines.contains(&Engine::Postgres) {
            self.transfers_on(Engine::Postgres, &wanted).await?;
        }
        if baseline {
            let after = self.baseline("after").await?;
            self.report.rows.extend(after.iter().cloned());
        }
        // The baseline's rows come first.
        self.report.rows.splice(0..0, before);
        if !wanted.is_empty() && engines.contains(&Engine::Sqlite) {
            self.transfers_on(Engine::Sqlite, &wanted).await?;
        }
        Ok(())
    }

    async fn baseline(&mut self, when: &str) -> anyhow::Result<Vec<Row>> {
        println!("The hand-written SQL, {when}:");
        let folder = pgbench::folder(&self.folder)?;
        let (runs, hot) = {
            let mut baseline = Baseline::open(self.postgres()?, self.pgbench(&folder), self.options.accounts).await?;
            let runs = baseline.run().await?;
            let hot = baseline.run_hot().await?;
            baseline.check().await?;
            (runs, hot)
        };
        let row = |run: &pgbench::Run, what: &str| Row {
            who: format!("SQL {when}"),
            scenario: format!("{what}, {} clients", run.clients),
            rate: run.rate,
            against: Against::Nothing,
            median: run.latency.per_mille(500),
            p99: run.latency.per_mille(990),
            peak_kb: None,
            statements: Some(1_000),
            cpu_micros: None,
            answers: format!("{} done", run.processed),
        };
        let mut rows: Vec<Row> = runs.iter().map(|run| row(run, "transfer")).collect();
        rows.push(row(&hot, "hot"));
        for row in &rows {
            println!("  {:<22} {:>10} a second", row.scenario, report::decimal(row.rate));
        }
        self.report.baseline.extend(runs);
        Ok(rows)
    }

    async fn transfers_on(&mut self, engine: Engine, wanted: &[Scenario]) -> anyhow::Result<()> {
        let books = self.books(engine, "transfers", self.options.accounts).await?;
        let mut server = self.server(&books).await?;
        for scenario in wanted {
            let row = self.measure(engine, "transfers", &books, &mut server, *scenario, true).await?;
            self.report.rows.push(row);
        }
        self.stop(server).await?;
        let begin = Instant::now();
        match server::verify(&self.program, &books.url) {
            Ok(said) => println!("  verified in {} ms: {said}", begin.elapsed().as_millis()),
            Err(error) => self.problems.push(format!("  {}: {error:#}", engine.name())),
        }
        self.discard(engine, "transfers", books).await
    }

    async fn stop(&mut self, server: Server) -> anyhow::Result<()> {
        let complaints = server.stop().await?;
        self.problems.extend(complaints.errors.into_iter().map(|line| format!("  the server's log: {line}")));
        self.report.warnings.extend(complaints.warnings);
        Ok(())
    }

    /// The account read on each engine, and how everything scales.
    async fn reads(&mut self) -> anyhow::Result<()> {
        let (read, scale) = (self.options.wants(READ.name), self.options.wants_scale());
        if !read && !scale {
            return Ok(());
        }
        for engine in self.options.engines() {
            let mut books = self.history(engine).await?;
            let there = books.grow(self.options.history()).await?;
            let mut server = self.server(&books).await?;
            let row = self.measure(engine, "history", &books, &mut server, READ, true).await?;
            let mut base = vec![row.rate];
            self.report.rows.push(row);
            if engine == Engine::Postgres && !self.options.no_baseline {
                self.selects(&books).await?;
            }
            if scale {
                let mut row = self.measure(engine, "history", &books, &mut server, SPREAD, false).await?;
                base.push(row.rate);
                row.scenario = format!("{}, with history", SPREAD.name);
                self.report.rows.push(row);
            }
            self.stop(server).await?;
            if scale {
                let more = self.options.accounts * 10;
                let mut wide = self.books(engine, "accounts", more).await?;
                // Each account's opening is a transaction as well.
                wide.grow(there + more - self.options.accounts).await?;
                self.scaled(engine, "accounts", &wide, "10 times the accounts", &base).await?;
                self.discard(engine, "accounts", wide).await?;
                books.grow(there * 10).await?;
                self.scaled(engine, "history", &books, "10 times the history", &base).await?;
            }
            if !self.options.keep {
                self.discard(engine, "history", books).await?;
            }
        }
        Ok(())
    }

    /// The read and the transfers once more, on a larger database.
    async fn scaled(
        &mut self,
        engine: Engine,
        name: &str,
        books: &Books,
        what: &str,
        base: &[u64],
    ) -> anyhow::Result<()> {
        let mut server = self.server(books).await?;
        for (scenario, before) in [READ, SPREAD].into_iter().zip(base) {
            let mut row = self.measure(engine, name, books, &mut server, scenario, false).await?;
            let scaled =
                Scaled { engine, what: what.into(), scenario: scenario.name, before: *before, after: row.rate };
            self.report.scaled.push(scaled);
            row.scenario = format!("{}, {what}", scenario.name);
            self.report.rows.push(row);
        }
        self.stop(server).await
    }

    /// The plain SELECTs, right behind Konto's read of the same rows.
    async fn selects(&mut self, books: &Books) -> anyhow::Result<()> {
        let folder = pgbench::folder(&self.folder)?;
        let script = pgbench::selects(books.tenant, self.options.accounts);
        let pgbench = self.pgbench(&folder);
        pgbench.run(&books.url, &script, READ.connections, self.options.warm_up()).await?;
        let run = pgbench.run(&books.url, &script, READ.connections, self.options.window()).await?;
        println!("  {:<22} {:>10} a second", "two plain SELECTs", report::decimal(run.rate));
        self.report.selects = Some(run.rate);
        self.report.rows.push(Row {
            who: "SQL".into(),
            scenario: format!("two SELECTs, {} clients", run.clients),
            rate: run.rate,
            against: Against::Nothing,
            median: run.latency.per_mille(500),
            p99: run.latency.per_mille(990),
            peak_kb: None,
            statements: Some(2_000),
            cpu_micros: None,
            answers: format!("{} done", run.processed),
        });
        Ok(())
    }

    async fn measure(
        &mut self,
        engine: Engine,
        database: &str,
        books: &Books,
        server: &mut Server,
        scenario: Scenario,
        count: bool,
    ) -> anyhow::Result<Row> {
        if let Some(postgres) = &self.postgres
            && engine == Engine::Postgres
        {
            postgres.checkpoint().await?;
        }
        server.begin()?;
        let mut plan = Drive {
            addr: server.addr,
            token: server.token().await?,
            run: String::new(),
            load: scenario.load,
            accounts: books.accounts.len() as u64,
            connections: scenario.connections,
            // Long enough for most accounts to have their turn: what is measured is a server that runs, not one that
            // starts.
            warm_up: self.options.warm_up().max(Duration::from_micros(200 * books.accounts.len() as u64)),
            window: self.options.window(),
        };
        let used = |server: &Server| Some((server.cpu_micros()?, server::cpu_micros(Path::new("/proc/self/stat"))?));
        let cpu = used(server);
        let seen = self.drive(engine, books, scenario, &mut plan).await?;
        let cpu_micros = cpu.zip(used(server)).map(|((server, client), (server_now, client_now))| {
            let each = |micros: u64| micros / seen.done_in_all.max(1);
            (each(server_now - server), each(client_now - client))
        });
        let peak_kb = server.peak_kb();
        let statements = match &self.postgres {
            Some(postgres) if count && engine == Engine::Postgres && postgres.uncounted.is_none() => {
                let database = format!("konto_bench_{database}");
                postgres.count(true).await?;
                let before = postgres.calls(&database).await?;
                (plan.warm_up, plan.window) = (Duration::ZERO, COUNTING);
                // Its own bookkeeping is not the server's.
                let counted = self.uncounted(&mut plan).await?;
                let after = self.postgres()?.calls(&database).await?;
                self.postgres()?.count(false).await?;
                Some((after - before) * 1_000 / counted.done_in_all.max(1))
            }
            _ => None,
        };
        println!("  {:<22} {:>10} a second", scenario.name, report::decimal(seen.rate()));
        let mut answers = format!("{} done", seen.done_in_all);
        if scenario.load == Load::Read {
            let _ = write!(answers, ", {} transactions each", report::decimal(seen.rows * 100 / seen.done.max(1)));
        }
        for (kind, count) in &seen.others {
            let _ = write!(answers, ", {count} {kind}");
        }
        Ok(Row {
            who: engine.name().into(),
            scenario: scenario.name.into(),
            rate: seen.rate(),
            against: scenario.against,
            median: seen.latency.per_mille(500),
            p99: seen.latency.per_mille(990),
            peak_kb,
            statements,
            cpu_micros,
            answers,
        })
    }

    async fn uncounted(&mut self, plan: &mut Drive) -> anyhow::Result<Seen> {
        self.runs += 1;
        plan.run = format!("{:06x}-{}", rand::random::<u32>() >> 8, self.runs);
        client::drive(plan).await
    }

    /// Drives a scenario, and compares what was answered with what is in the books.
    async fn drive(
        &mut self,
        engine: Engine,
        books: &Books,
        scenario: Scenario,
        plan: &mut Drive,
    ) -> anyhow::Result<Seen> {
        let before = books.entries().await?;
        let seen = self.uncounted(plan).await?;
        let booked = books.entries().await? - before;
        let claimed = if scenario.load == Load::Read { 0 } else { seen.done_in_all };
        let place = format!("  {} {}", engine.name(), scenario.name);
        if booked != claimed {
            self.problems.push(format!("{place}: {claimed} transfers were acknowledged, {booked} were booked"));
        }
        for (kind, count) in &seen.others {
            self.problems.push(format!("{place}: {count} {kind}"));
        }
        Ok(seen)
    }
}
