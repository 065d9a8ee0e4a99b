//! What the figures are compared with, and what was aimed at. A ratio is of rates within the same run, so that it says
//! something on another machine as well.

use crate::batch::ACCOUNTS;
use crate::load::{Load, MIX_TRANSFERS};
use crate::options::Engine;
use crate::place::{BuildKind, Group, who};
use crate::report::{Key, Report, Row, decimal, megabytes, statements};
use crate::scenario::{COMMANDS, MIX, OPEN, OPEN_BATCH, OUTBOUND, READ, SPREAD, Scenario, TRANSFERS};

/// A figure, what it is of, and whether it is as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    pub who: String,
    pub scenario: String,
    pub figure: String,
    pub of: String,
    pub aim: String,
    /// Nothing where nothing was aimed at.
    pub met: Option<bool>,
}

/// No more than five percent slower than the build before.
const BEFORE: u64 = 95;
/// A command beside a plain transfer.
const COMMAND: u64 = 60;
/// An authorisation with a card beside a plain transfer.
const AUTHORISATION: u64 = 70;
/// Two kinds of commands together beside what each does alone.
const TOGETHER: u64 = 80;
/// One hot account beside all accounts; two servers beside one; the read beside plain SELECTs.
const HALF: u64 = 50;
/// A larger database beside one that is not; transfers between more accounts on SQLite.
const LARGER: u64 = 85;
const WIDE_SQLITE: u64 = 80;
/// A server under load, in kilobytes; the same while it opens accounts in one batch.
const MEMORY_KB: u64 = 150_000;
const BATCH_MEMORY_KB: u64 = 200_000;
/// Events a second to a webhook, and to a stream, in hundredths; and the server meanwhile.
const WEBHOOK: u64 = 200_000;
const RELAY: u64 = 500_000;
const OUTBOUND_MEMORY_KB: u64 = 200_000;
/// How long that batch may take.
const BATCH_MICROS: u64 = 4_000_000;
/// The read's statements, in thousandths. The sweeper's own go on meanwhile: a hundredth of one is not the request's.
const READ_STATEMENTS: u64 = 3_050;

/// The least ratios to the hand-written SQL: engine, scenario, whether to its one client, hundredths.
const BASELINE: &[(Engine, &str, bool, u64)] = &[
    (Engine::Postgres, "spread-256", false, 300),
    (Engine::Sqlite, "spread-256", false, 200),
    (Engine::Postgres, "spread-1", true, 60),
    (Engine::Sqlite, "spread-1", true, 60),
    (Engine::Postgres, "batch-1000", false, 500),
    (Engine::Sqlite, "batch-1000", false, 500),
];

/// A hundredfold ratio.
fn ratio(part: u64, whole: u64) -> Option<u64> {
    (whole > 0).then(|| u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX))
}

/// What a mix gives when its parts neither help nor hinder each other: the rates' harmonic mean, by their shares.
pub fn promised(transfers: u64, others: u64) -> u64 {
    let [transfers, others] = [transfers, others].map(u128::from);
    let share = u128::from(MIX_TRANSFERS);
    let time = share * others + (100 - share) * transfers;
    u64::try_from(transfers * others * 100 / time.max(1)).unwrap_or(u64::MAX)
}

/// The findings so far.
struct Findings<'a> {
    report: &'a Report,
    all: Vec<Finding>,
}

impl Report {
    /// All of them, by what was measured.
    pub fn find_all(&self) -> Vec<Finding> {
        let mut findings = Findings { report: self, all: Vec::new() };
        for row in &self.rows {
            if let Some(key) = row.key {
                findings.row(row, key);
            }
        }
        findings.open_batch();
        findings.outbound();
        findings.memory();
        findings.all
    }

    /// The rate of a scenario.
    fn rate(&self, key: Key) -> Option<u64> {
        self.rows.iter().find(|row| row.key == Some(key)).map(|row| row.rate)
    }

    /// The best rate of the baseline, or of its one client.
    fn baseline(&self, one: bool) -> Option<u64> {
        self.baseline.iter().filter(|run| !one || run.clients == 1).map(|run| run.rate).max()
    }
}

impl Findings<'_> {
    /// Adds a ratio, if there is what it is of.
    fn ratio(&mut self, row: &Row, whole: Option<u64>, of: impl Into<String>, aim: Option<u64>) {
        let Some(ratio) = whole.and_then(|whole| ratio(row.rate, whole)) else {
            return;
        };
        self.all.push(Finding {
            who: row.who.clone(),
            scenario: row.scenario.clone(),
            figure: decimal(ratio),
            of: of.into(),
            aim: aim.map_or_else(String::new, |aim| format!("at least {}", decimal(aim))),
            met: aim.map(|aim| ratio >= aim),
        });
    }

    /// Adds a figure that should stay below something.
    fn most(&mut self, who: String, scenario: &str, (figure, of): (String, &str), (most, met): (String, bool)) {
        let (scenario, of, aim) = (scenario.to_owned(), of.to_owned(), format!("at most {most}"));
        self.all.push(Finding { who, scenario, figure, of, aim, met: Some(met) });
    }

    /// What one row is compared with.
    fn row(&mut self, row: &Row, key: Key) {
        let now = key.build == BuildKind::Now;
        match key.group {
            Group::Transfers => self.transfers(row, key),
            Group::Commands => self.command(row, key),
            Group::History if key.scenario == READ.name => self.read(row, key),
            Group::TwoServers => {
                let one = self.report.rate(Key { group: Group::OneServer, ..key });
                self.ratio(row, one, "one server", Some(HALF));
            }
            Group::Wide | Group::Long => self.larger(row, key),
            Group::Seed | Group::OneServer | Group::OpenBatch | Group::Outbound | Group::History | Group::Base => {}
        }
        if now {
            let before = self.report.rate(Key { build: BuildKind::Before, ..key });
            // Commands should be faster by far, and are compared with transfers.
            self.ratio(row, before, "the build before", (key.group != Group::Commands).then_some(BEFORE));
        }
    }

    fn transfers(&mut self, row: &Row, key: Key) {
        let Some(scenario) = TRANSFERS.iter().find(|scenario| scenario.name == key.scenario) else {
            return;
        };
        let now = key.build == BuildKind::Now;
        let one = scenario.connections == 1;
        let aim = BASELINE.iter().find(|aim| now && (aim.0, aim.1) == (key.engine, key.scenario)).map(|aim| aim.3);
        let of = if one { "the baseline's one client" } else { "the baseline's best" };
        self.ratio(row, self.report.baseline(one), of, aim);
        if scenario.load == Load::Hot {
            let same = |other: &&Scenario| other.load == Load::Spread && other.connections == scenario.connections;
            if let Some(spread) = TRANSFERS.iter().find(same) {
                let rate = self.report.rate(Key { scenario: spread.name, ..key });
                self.ratio(row, rate, spread.name, now.then_some(HALF));
            }
        }
    }

    fn command(&mut self, row: &Row, key: Key) {
        let scenario = COMMANDS.iter().find(|one| one.name == key.scenario);
        let Some((scenario, reference)) = scenario.and_then(|one| Some((one, one.reference()?))) else {
            return;
        };
        let now = key.build == BuildKind::Now;
        let rate = |scenario| self.report.rate(Key { scenario, ..key });
        let transfers = rate(reference.name);
        if key.scenario == MIX.name {
            let promised = transfers.zip(rate(OPEN.name)).map(|(transfers, others)| promised(transfers, others));
            self.ratio(row, promised, "what its parts promise", now.then_some(TOGETHER));
        } else {
            let least = if scenario.load == Load::Authorise { AUTHORISATION } else { COMMAND };
            self.ratio(row, transfers, reference.name, now.then_some(least));
        }
    }

    fn read(&mut self, row: &Row, key: Key) {
        let now = key.build == BuildKind::Now;
        match key.engine {
            Engine::Postgres => {
                let selects = if now { self.report.selects } else { None };
                self.ratio(row, selects, "the plain SELECTs", Some(HALF));
                if let (true, Some(count)) = (now, row.statements) {
                    let figure = (statements(Some(count)), "statements");
                    self.most(row.who.clone(), &row.scenario, figure, ("3".into(), count <= READ_STATEMENTS));
                }
            }
            Engine::Sqlite => {
                let postgres = self.report.rate(Key { engine: Engine::Postgres, ..key });
                self.ratio(row, postgres, "PostgreSQL's", now.then_some(100));
            }
        }
    }

    /// Beside the same on a database that is not larger, measured in turns with it.
    fn larger(&mut self, row: &Row, key: Key) {
        let at = self.report.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
        let same = Some(Key { group: Group::Base, ..key });
        let base = self.report.rows[..at].iter().rev().find(|other| other.key == same).map(|other| other.rate);
        let wide_sqlite = key.engine == Engine::Sqlite && key.group == Group::Wide && key.scenario == SPREAD.name;
        self.ratio(row, base, "the smaller database", Some(if wide_sqlite { WIDE_SQLITE } else { LARGER }));
    }

    fn outbound(&mut self) {
        for one in &self.report.outbound {
            let postgres = || who(Engine::Postgres, BuildKind::Now);
            let least = if one.what == "webhook" { WEBHOOK } else { RELAY };
            self.all.push(Finding {
                who: postgres(),
                scenario: format!("{OUTBOUND}, {}", one.what),
                figure: decimal(one.rate),
                of: "events a second".to_owned(),
                aim: format!("at least {}", decimal(least)),
                met: Some(one.rate >= least),
            });
            if let Some(peak) = one.peak_kb {
                let most = (megabytes(Some(OUTBOUND_MEMORY_KB)), peak < OUTBOUND_MEMORY_KB);
                let figure = (megabytes(Some(peak)), "server memory");
                self.most(postgres(), &format!("{OUTBOUND}, {}", one.what), figure, most);
            }
        }
    }

    fn open_batch(&mut self) {
        let Some(batch) = self.report.open_batch else {
            return;
        };
        let postgres = || who(Engine::Postgres, BuildKind::Now);
        let seconds = |micros: u64| format!("{} s", decimal(micros / 10_000));
        let of = format!("for {ACCOUNTS} accounts");
        let met = batch.micros <= BATCH_MICROS;
        self.most(postgres(), OPEN_BATCH, (seconds(batch.micros), &of), (seconds(BATCH_MICROS), met));
        if let Some(peak) = batch.peak_kb {
            let most = (megabytes(Some(BATCH_MEMORY_KB)), peak < BATCH_MEMORY_KB);
            self.most(postgres(), OPEN_BATCH, (megabytes(Some(peak)), "server memory"), most);
        }
    }

    /// The largest of each engine, under load.
    fn memory(&mut self) {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            let mine = |row: &&Row| row.key.is_some_and(|key| key.engine == engine && key.build == BuildKind::Now);
            let Some(largest) = self.report.rows.iter().filter(mine).max_by_key(|row| row.peak_kb) else {
                continue;
            };
            if let Some(peak) = largest.peak_kb {
                let most = (megabytes(Some(MEMORY_KB)), peak < MEMORY_KB);
                let figure = (megabytes(Some(peak)), "server memory, the largest");
                self.most(who(engine, BuildKind::Now), &largest.scenario, figure, most);
            }
        }
    }
}
