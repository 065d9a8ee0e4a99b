//! What is measured, group by group, each on databases of its own.

use std::time::Duration;

use crate::bench::Bench;
use crate::options::Engine;
use crate::pgbench::{self, Baseline, Run};
use crate::place::{self, Build, BuildKind, Group, Place};
use crate::report::{self, Row};
use crate::scenario::{
    BASELINE, COMMANDS, MIX, OPEN, OPEN_BATCH, OUTBOUND, READ, SPREAD, Scenario, TRANSFERS, TWO_SERVERS,
};
use crate::seed;

impl Bench {
    /// Everything that is wanted.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        let engines = self.options.engines();
        self.transfers(&engines).await?;
        for engine in &engines {
            self.commands(*engine).await?;
        }
        if engines.contains(&Engine::Postgres) {
            if self.options.wants(TWO_SERVERS) {
                self.two_servers().await?;
            }
            if self.options.wants(OPEN_BATCH) {
                self.open_batch().await?;
            }
            if self.options.wants(OUTBOUND) {
                self.outbound().await?;
            }
        }
        for engine in engines {
            self.reads(engine).await?;
            if self.options.wants_scale() {
                self.scale(engine).await?;
            }
            if !self.options.keep {
                for kind in [BuildKind::Now, BuildKind::Before] {
                    self.discard(engine, &place::database(kind, Group::History)).await?;
                }
            }
        }
        for (engine, name) in std::mem::take(&mut self.seeded) {
            self.discard(engine, &name).await?;
        }
        Ok(())
    }

    /// Transfers on each engine; the baseline before and after those on PostgreSQL.
    async fn transfers(&mut self, engines: &[Engine]) -> anyhow::Result<()> {
        let wanted: Vec<Scenario> = TRANSFERS.iter().filter(|one| self.options.wants_transfer(one)).copied().collect();
        let baseline = self.postgres.is_some() && !self.options.no_baseline;
        let baseline = baseline && (!wanted.is_empty() || self.options.wants(BASELINE));
        if baseline {
            self.baseline("first").await?;
        }
        if engines.contains(&Engine::Postgres) {
            self.scenarios(Engine::Postgres, Group::Transfers, &wanted).await?;
        }
        if baseline {
            self.baseline("last").await?;
        }
        if engines.contains(&Engine::Sqlite) {
            self.scenarios(Engine::Sqlite, Group::Transfers, &wanted).await?;
        }
        Ok(())
    }

    /// What changes rows of its own, and what it is compared with.
    async fn commands(&mut self, engine: Engine) -> anyhow::Result<()> {
        let named: Vec<&Scenario> =
            COMMANDS.iter().filter(|one| one.reference().is_some() && self.options.wants_command(one)).collect();
        let wanted: Vec<Scenario> = COMMANDS
            .iter()
            .filter(|one| {
                let compared = named.iter().any(|named| named.reference().as_ref() == Some(*one));
                named.contains(one) || compared || (**one == OPEN && named.contains(&&MIX))
            })
            .copied()
            .collect();
        self.scenarios(engine, Group::Commands, &wanted).await
    }

    /// Scenarios one after the other, on the same database of each build.
    async fn scenarios(&mut self, engine: Engine, group: Group, wanted: &[Scenario]) -> anyhow::Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut places = self.places(engine, group).await?;
        println!("{}, {}:", engine.name(), group.name());
        for scenario in wanted {
            self.measure(&mut places, *scenario, true).await?;
        }
        self.finish(places).await
    }

    async fn baseline(&mut self, when: &str) -> anyhow::Result<()> {
        println!("The hand-written SQL, {when}:");
        let folder = pgbench::folder(&self.folder)?;
        let accounts = self.options.accounts();
        let (runs, hot) = {
            let mut baseline = Baseline::open(self.postgres()?, self.pgbench(&folder), accounts).await?;
            let runs = baseline.run().await?;
            let hot = baseline.run_hot().await?;
            baseline.check().await?;
            (runs, hot)
        };
        let who = format!("SQL {when}");
        let mut rows: Vec<Row> = runs.iter().map(|run| sql(run, &who, "transfer", 1)).collect();
        rows.push(sql(&hot, &who, "hot", 1));
        for row in &rows {
            println!("  {:<22} {:>10} a second", row.scenario, report::decimal(row.rate));
        }
        self.report.rows.extend(rows);
        self.report.baseline.extend(runs);
        Ok(())
    }

    /// One tenant that comes to two servers, beside one that comes to one.
    async fn two_servers(&mut self) -> anyhow::Result<()> {
        let build = self.now()?;
        let one = self.place(Engine::Postgres, &build, Group::OneServer).await?;
        let mut two = self.place(Engine::Postgres, &build, Group::TwoServers).await?;
        two.start(&self.folder, &self.options.set).await?;
        println!("PostgreSQL, two servers:");
        let mut places = [one, two];
        self.measure(&mut places, SPREAD, false).await?;
        self.finish(places.into()).await
    }

    /// The account read, on each build.
    async fn reads(&mut self, engine: Engine) -> anyhow::Result<()> {
        if !self.options.wants(READ.name) {
            return Ok(());
        }
        let mut places = Vec::new();
        for build in self.builds.clone() {
            places.push(self.history(engine, &build).await?);
        }
        println!("{}, reads:", engine.name());
        self.measure(&mut places, READ, true).await?;
        if engine == Engine::Postgres && !self.options.no_baseline {
            let now = places.iter().find(|place| place.build.kind == BuildKind::Now);
            if let Some(place) = now
                && let Err(error) = self.selects(&place.url).await
            {
                self.report.remarks.push(format!("The plain SELECTs do not fit the tables: {error:#}"));
            }
        }
        for place in &mut places {
            self.stop(place).await?;
        }
        Ok(())
    }

    /// A place with its history: what this run or an earlier one made, if it may be.
    async fn history(&mut self, engine: Engine, build: &Build) -> anyhow::Result<Place> {
        let (accounts, wanted) = (self.options.accounts(), self.options.history());
        let name = place::database(build.kind, Group::History);
        let there = match engine {
            Engine::Postgres => self.postgres()?.has(&format!("konto_bench_{name}")).await?,
            Engine::Sqlite => self.sqlite(&name).join("konto.db").exists(),
        };
        let mine = !self.histories.insert((engine, name));
        if there && (mine || self.options.keep) {
            match self.start(engine, build, Group::History, accounts).await {
                Ok(mut place) if mine || seed::fits(&place, wanted).await.unwrap_or(false) => {
                    if !mine {
                        println!("{}, the database 'history': as the last run kept it", place.who());
                    }
                    self.restart(&mut place).await?;
                    return Ok(place);
                }
                Ok(mut place) => self.stop(&mut place).await?,
                // Kept by a build with other tables.
                Err(error) => println!("  the kept history is of no use: {error:#}"),
            }
        }
        let mut place = self.place(engine, build, Group::History).await?;
        println!("{}, a history of {wanted} transactions:", place.who());
        seed::grow(&place, wanted).await?;
        self.restart(&mut place).await?;
        Ok(place)
    }

    /// Read and transfers once more on larger databases, in turns with the one that is not.
    async fn scale(&mut self, engine: Engine) -> anyhow::Result<()> {
        let build = self.now()?;
        let (accounts, wanted) = (self.options.accounts(), self.options.history());
        let mut history = self.history(engine, &build).await?;
        let there = seed::grow(&history, wanted).await?;
        self.stop(&mut history).await?;

        let mut wide = self.fill(engine, &build, Group::Wide, accounts * 10).await?;
        // Each account's payment is a transaction as well.
        seed::grow(&wide, there + accounts * 9).await?;
        self.restart(&mut wide).await?;
        self.compare(&history, wide).await?;

        // The transfers beside the wide one made it longer, but not by much.
        let mut long = self.copied(engine, &build, Group::Long, Group::History).await?;
        seed::grow(&long, there * 10).await?;
        self.restart(&mut long).await?;
        self.compare(&history, long).await
    }

    async fn compare(&mut self, history: &Place, larger: Place) -> anyhow::Result<()> {
        println!("{}{}:", larger.engine.name(), larger.group.remark());
        let base = self.start(history.engine, &history.build, Group::Base, history.accounts).await?;
        let mut places = [base, larger];
        for scenario in [READ, SPREAD] {
            self.measure(&mut places, scenario, false).await?;
        }
        let [mut base, larger] = places;
        self.stop(&mut base).await?;
        self.finish(vec![larger]).await
    }

    /// The plain SELECTs, right behind Konto's read of the same rows.
    async fn selects(&mut self, url: &str) -> anyhow::Result<()> {
        let folder = pgbench::folder(&self.folder)?;
        let script = pgbench::selects(url, self.options.accounts()).await?;
        let pgbench = self.pgbench(&folder);
        pgbench.run(url, &script, READ.connections, self.options.warm_up().max(Duration::from_secs(1))).await?;
        let run = pgbench.run(url, &script, READ.connections, self.options.window()).await?;
        println!("  {:<22} {:>10} a second", "two plain SELECTs", report::decimal(run.rate));
        self.report.selects = Some(run.rate);
        self.report.rows.push(sql(&run, "SQL", "two SELECTs", 2));
        Ok(())
    }
}

/// The row of hand-written SQL.
fn sql(run: &Run, who: &str, what: &str, statements: u64) -> Row {
    Row {
        key: None,
        who: who.to_owned(),
        scenario: format!("{what}, {} clients", run.clients),
        rate: run.rate,
        median: run.latency.per_mille(500),
        p99: run.latency.per_mille(990),
        peak_kb: None,
        statements: Some(statements * 1_000),
        cpu_micros: None,
        answers: format!("{} done", run.processed),
    }
}
