//! The measuring itself: databases to measure on, and scenarios driven in turns on several of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use sea_orm::ConnectionTrait as _;

use crate::client::{self, Drive, Seen};
use crate::load::{Load, Supply};
use crate::options::{Engine, Options};
use crate::pgbench::Pgbench;
use crate::place::{self, Build, BuildKind, Group, Place};
use crate::postgres::{Postgres, connect};
use crate::report::{self, Key, Report, Row};
use crate::scenario::Scenario;
use crate::{seed, server};

/// How long statements are counted, apart from what is measured.
const COUNTING: Duration = Duration::from_secs(1);
/// How long a server that has had its first turn runs before it is measured again.
const WARM_AGAIN: Duration = Duration::from_secs(1);
/// From how many connections accounts are opened that are there to be closed.
const OPENING: u64 = 256;
/// Cards that are there to be used, at most; and the longest that adding them takes.
const CARDS: u64 = 10_000;
const LONGEST: Duration = Duration::from_secs(600);
/// A supply that lasted shorter than this shows nothing.
const TOO_SHORT_MICROS: u64 = 250_000;

/// Marks the transfers that commands are compared with.
const BESIDE: &str = ", beside the commands";

pub struct Bench {
    pub options: Options,
    pub folder: PathBuf,
    /// What is measured: this checkout's, and the one that it is compared with, if there is one.
    pub builds: Vec<Build>,
    pub postgres: Option<Postgres>,
    pub report: Report,
    pub problems: Vec<String>,
    /// Databases that others are copied from.
    pub seeded: BTreeSet<(Engine, String)>,
    /// Databases with a history that this run has made or found.
    pub histories: BTreeSet<(Engine, String)>,
    pub runs: u64,
}

/// What one place was seen to do in all its turns.
#[derive(Default)]
struct Measured {
    seen: Seen,
    /// Processor time of servers and client.
    cpu: Option<(u64, u64)>,
    peak_kb: Option<u64>,
    /// Statements per operation, in thousandths.
    statements: Option<u64>,
}

// Databases.
impl Bench {
    pub fn postgres(&self) -> anyhow::Result<&Postgres> {
        self.postgres.as_ref().ok_or_else(|| anyhow!("no PostgreSQL"))
    }

    pub fn sqlite(&self, name: &str) -> PathBuf {
        self.folder.join(format!("sqlite-{name}"))
    }

    pub fn url(&self, engine: Engine, name: &str) -> anyhow::Result<String> {
        match engine {
            Engine::Postgres => Ok(self.postgres()?.url(&full(name))),
            Engine::Sqlite => Ok(format!("sqlite://{}?mode=rwc", self.sqlite(name).join("konto.db").display())),
        }
    }

    /// A new database, empty or a copy of one that nobody works on.
    async fn create(&self, engine: Engine, name: &str, of: Option<&str>) -> anyhow::Result<()> {
        match engine {
            Engine::Postgres => self.postgres()?.create(&full(name), of.map(full).as_deref()).await,
            Engine::Sqlite => {
                self.discard(engine, name).await?;
                let folder = self.sqlite(name);
                fs::create_dir_all(&folder)?;
                for file in of.map(|of| fs::read_dir(self.sqlite(of))).transpose()?.into_iter().flatten() {
                    let file = file?;
                    fs::copy(file.path(), folder.join(file.file_name()))?;
                }
                Ok(())
            }
        }
    }

    pub async fn discard(&self, engine: Engine, name: &str) -> anyhow::Result<()> {
        match engine {
            Engine::Postgres => self.postgres()?.drop(&full(name)).await,
            Engine::Sqlite if self.sqlite(name).exists() => Ok(fs::remove_dir_all(self.sqlite(name))?),
            Engine::Sqlite => Ok(()),
        }
    }

    /// Makes a place on a database that is there, with one server.
    pub async fn start(&self, engine: Engine, build: &Build, group: Group, accounts: u64) -> anyhow::Result<Place> {
        let url = self.url(engine, &place::database(build.kind, group))?;
        let mut place = Place { engine, build: build.clone(), group, url, accounts, servers: Vec::new() };
        place.start(&self.folder, &self.options.set).await?;
        Ok(place)
    }

    /// A place with so many accounts that money has come to, and nothing else done.
    pub async fn fill(&mut self, engine: Engine, build: &Build, group: Group, accounts: u64) -> anyhow::Result<Place> {
        let name = place::database(build.kind, group);
        println!("{}, the database '{name}':", place::who(engine, build.kind));
        self.create(engine, &name, None).await?;
        let mut place = self.start(engine, build, group, accounts).await?;
        seed::fill(&place).await?;
        self.restart(&mut place).await?;
        Ok(place)
    }

    /// A place like the one that [`Self::fill`] makes, but copied from it when there is one already.
    pub async fn place(&mut self, engine: Engine, build: &Build, group: Group) -> anyhow::Result<Place> {
        let (seed, accounts) = (place::database(build.kind, Group::Seed), self.options.accounts());
        if self.seeded.insert((engine, seed.clone())) {
            let mut filled = self.fill(engine, build, Group::Seed, accounts).await?;
            self.stop(&mut filled).await?;
        }
        self.copied(engine, build, group, Group::Seed).await
    }

    /// A place on a copy of another group's database, which nobody works on.
    pub async fn copied(&self, engine: Engine, build: &Build, group: Group, of: Group) -> anyhow::Result<Place> {
        let [name, of] = [group, of].map(|group| place::database(build.kind, group));
        self.create(engine, &name, Some(&of)).await?;
        self.start(engine, build, group, self.options.accounts()).await
    }

    /// One for each build.
    pub async fn places(&mut self, engine: Engine, group: Group) -> anyhow::Result<Vec<Place>> {
        let mut places = Vec::new();
        for build in self.builds.clone() {
            places.push(self.place(engine, &build, group).await?);
        }
        Ok(places)
    }

    /// Stops its servers, and notes what they complained about.
    pub async fn stop(&mut self, place: &mut Place) -> anyhow::Result<()> {
        let complaints = place.stop().await?;
        let log = format!("  {}, the server's log", place.who());
        self.problems.extend(complaints.errors.into_iter().map(|line| format!("{log}: {line}")));
        self.report.warnings.extend(complaints.warnings);
        Ok(())
    }

    /// What a database that has been running for a while has behind it: statistics, a written log; and a server that
    /// did not do the set-up. SQLite writes its log into the file when its server ends.
    pub async fn restart(&mut self, place: &mut Place) -> anyhow::Result<()> {
        self.stop(place).await?;
        if place.engine == Engine::Postgres {
            let db = connect(&place.url).await?;
            db.execute_unprepared("VACUUM (ANALYZE)").await?;
            db.close().await?;
        }
        place.start(&self.folder, &self.options.set).await
    }

    /// Stops places, replays their journals, and removes their databases.
    pub async fn finish(&mut self, places: Vec<Place>) -> anyhow::Result<()> {
        for mut place in places {
            self.stop(&mut place).await?;
            let begin = Instant::now();
            match server::verify(&place.build.program, &place.url) {
                Ok(said) => println!("  {} verified in {} ms: {said}", place.who(), begin.elapsed().as_millis()),
                Err(error) => self.problems.push(format!("  {} {}: {error:#}", place.who(), place.group.name())),
            }
            self.discard(place.engine, &place.database()).await?;
        }
        Ok(())
    }

    pub fn pgbench<'a>(&'a self, folder: &'a Path) -> Pgbench<'a> {
        Pgbench { program: &self.options.pgbench, folder, time: self.options.window() }
    }
}

/// The name of a PostgreSQL database of the benchmark.
fn full(name: &str) -> String {
    format!("konto_bench_{name}")
}

// Scenarios.
impl Bench {
    /// Drives a scenario on each place, and adds a row for each. Two places take turns, the one, the other, the other,
    /// the one, and so on: a machine whose speed drifts drifts for both.
    pub async fn measure(&mut self, places: &mut [Place], scenario: Scenario, count: bool) -> anyhow::Result<()> {
        let turns = self.options.turns();
        let (order, each) = match places.len() {
            0 | 1 => (vec![0; places.len()], 1),
            _ => ([0, 1, 1, 0].repeat(usize::try_from(turns / 2)?), turns),
        };
        let window = self.options.window() / each;
        let mut all: Vec<Measured> = places.iter().map(|_| Measured::default()).collect();
        let mut had_a_turn = vec![false; places.len()];
        for index in order {
            let place = &mut places[index];
            // Long enough for most accounts to have their turn: what is measured is a server that runs, not one that
            // starts.
            let first = self.options.warm_up().max(Duration::from_micros(200 * place.accounts));
            let warm_up = if had_a_turn[index] { first.min(WARM_AGAIN) } else { first };
            had_a_turn[index] = true;
            self.turn(place, scenario, warm_up, window, &mut all[index]).await?;
        }
        for (place, measured) in places.iter_mut().zip(&mut all) {
            let counted = self.postgres.as_ref().is_some_and(|postgres| postgres.uncounted.is_none());
            if count && counted && place.engine == Engine::Postgres {
                measured.statements = Some(self.statements(place, scenario).await?);
            }
        }
        for (place, measured) in places.iter().zip(all) {
            let row = row(place, scenario, measured);
            println!("  {:<22} {:>10} a second  ({})", scenario.name, report::decimal(row.rate), place.who());
            self.report.rows.push(row);
        }
        Ok(())
    }

    /// One turn of a scenario.
    async fn turn(
        &mut self,
        place: &mut Place,
        scenario: Scenario,
        warm_up: Duration,
        window: Duration,
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let plan = self.plan(place, scenario, warm_up, window).await?;
        if let Some(postgres) = &self.postgres
            && place.engine == Engine::Postgres
        {
            postgres.checkpoint().await?;
        }
        for server in &mut place.servers {
            server.begin()?;
        }
        let cpu = cpu(place);
        let seen = self.drive(place, scenario, &plan).await?;
        if let Some(((server, client), (server_now, client_now))) = cpu.zip(self::cpu(place)) {
            let (servers, clients) = measured.cpu.unwrap_or_default();
            measured.cpu = Some((servers + server_now - server, clients + client_now - client));
        }
        let peak = place.servers.iter().filter_map(server::Server::peak_kb).max();
        measured.peak_kb = measured.peak_kb.max(peak);
        measured.seen.add(seen);
        Ok(())
    }

    /// What to drive, with what must be there first.
    async fn plan(
        &mut self,
        place: &Place,
        scenario: Scenario,
        warm_up: Duration,
        window: Duration,
    ) -> anyhow::Result<Drive> {
        let mut plan = Drive {
            targets: place.targets().await?,
            run: String::new(),
            load: scenario.load,
            accounts: place.accounts,
            supply: None,
            connections: scenario.connections,
            warm_up,
            window,
        };
        if scenario.load == Load::CloseAccount {
            // Opened for as long as they will be closed.
            let time = warm_up + window;
            let connections = OPENING;
            let opening =
                Drive { load: Load::OpenAccount, connections, warm_up: Duration::ZERO, window: time, ..plan.clone() };
            plan.supply = Some(Supply::ids(self.send(opening).await?.made));
        }
        if scenario.load == Load::Authorise {
            let cards = Drive {
                load: Load::SeedCards,
                connections: OPENING,
                supply: Some(Supply::places(place.accounts.min(CARDS))),
                warm_up: Duration::ZERO,
                window: LONGEST,
                ..plan.clone()
            };
            plan.supply = Some(Supply::in_turn(self.send(cards).await?.made));
        }
        Ok(plan)
    }

    /// Drives a plan under a run of its own.
    async fn send(&mut self, mut plan: Drive) -> anyhow::Result<Seen> {
        self.runs += 1;
        plan.run = format!("{:06x}-{}", rand::random::<u32>() >> 8, self.runs);
        client::drive(&plan).await
    }

    /// Drives a plan, and compares what was answered with what is in the books.
    async fn drive(&mut self, place: &Place, scenario: Scenario, plan: &Drive) -> anyhow::Result<Seen> {
        let before = place.entries().await?;
        let seen = self.send(plan.clone()).await?;
        let booked = place.entries().await? - before;
        let at = format!("  {} {}", place.who(), scenario.name);
        let claimed = seen.entries_in_all;
        if booked != claimed {
            self.problems.push(format!("{at}: {claimed} transfers were acknowledged, {booked} were booked"));
        }
        for (kind, count) in &seen.others {
            self.problems.push(format!("{at}: {count} {kind}"));
        }
        let lacks = place.lacks(&seen.made, |node| match plan.load {
            Load::CloseAccount => node["status"] == "CLOSED",
            Load::UpdateAccount => node["externalReference"].is_string(),
            _ => true,
        });
        self.problems.extend(lacks.await?.map(|lacks| format!("{at}: {lacks}")));
        if plan.supply.is_some() && seen.micros < TOO_SHORT_MICROS {
            self.problems.push(format!("{at}: the accounts to close were used up before it could be measured"));
        }
        Ok(seen)
    }

    /// Statements per operation, in thousandths, in a turn that is not measured.
    async fn statements(&mut self, place: &Place, scenario: Scenario) -> anyhow::Result<u64> {
        let database = full(&place.database());
        let plan = self.plan(place, scenario, Duration::ZERO, COUNTING).await?;
        self.postgres()?.count(true).await?;
        let before = self.postgres()?.calls(&database).await?;
        // The client's own looking afterwards is not the scenario's.
        let seen = self.send(plan).await?;
        let after = self.postgres()?.calls(&database).await?;
        self.postgres()?.count(false).await?;
        Ok((after - before) * 1_000 / seen.done_in_all.max(1))
    }

    /// The build of this checkout.
    pub fn now(&self) -> anyhow::Result<Build> {
        self.builds.iter().find(|build| build.kind == BuildKind::Now).cloned().context("no build")
    }
}

/// Processor time of a place's servers and of this process, in microseconds.
fn cpu(place: &Place) -> Option<(u64, u64)> {
    let servers: Option<Vec<u64>> = place.servers.iter().map(server::Server::cpu_micros).collect();
    Some((servers?.iter().sum(), server::cpu_micros(Path::new("/proc/self/stat"))?))
}

fn row(place: &Place, scenario: Scenario, measured: Measured) -> Row {
    let Measured { seen, cpu, peak_kb, statements } = measured;
    let mut answers = format!("{} done", seen.done_in_all);
    if scenario.load == Load::Read {
        let _ = write!(answers, ", {} transactions each", report::decimal(seen.rows * 100 / seen.done.max(1)));
    }
    for (kind, count) in &seen.others {
        let _ = write!(answers, ", {count} {kind}");
    }
    let each = |micros: u64| micros / seen.done_in_all.max(1);
    let beside = if place.group == Group::Commands && scenario.load == Load::Spread { BESIDE } else { "" };
    Row {
        key: Some(Key { engine: place.engine, build: place.build.kind, group: place.group, scenario: scenario.name }),
        who: place.who(),
        scenario: format!("{}{}{beside}", scenario.name, place.group.remark()),
        rate: seen.rate(),
        median: seen.latency.per_mille(500),
        p99: seen.latency.per_mille(990),
        peak_kb,
        statements,
        cpu_micros: cpu.map(|(server, client)| (each(server), each(client))),
        answers,
    }
}
