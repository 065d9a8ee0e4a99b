//! The figures side by side, and the targets. Whole numbers throughout: rates and ratios are hundredths.

use crate::options::Engine;
use crate::pgbench::Run;

/// What a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The baseline's best.
    Best,
    /// The baseline with one client.
    One,
    /// The two plain SELECTs.
    Selects,
    Nothing,
}

/// A scenario that was measured.
#[derive(Clone, Debug)]
pub struct Row {
    pub who: String,
    pub scenario: String,
    /// Operations per second, in hundredths.
    pub rate: u64,
    pub against: Against,
    pub median: Option<u64>,
    pub p99: Option<u64>,
    pub peak_kb: Option<u64>,
    /// Statements per operation, in thousandths.
    pub statements: Option<u64>,
    /// Processor time per operation, of the server and of the client, in microseconds.
    pub cpu_micros: Option<(u64, u64)>,
    pub answers: String,
}

/// A change that the scaling check saw.
#[derive(Clone, Debug)]
pub struct Scaled {
    pub engine: Engine,
    pub what: String,
    pub scenario: &'static str,
    pub before: u64,
    pub after: u64,
}

impl Scaled {
    fn percent(&self) -> i64 {
        let [before, after] = [self.before, self.after].map(|rate| i64::try_from(rate).unwrap_or(i64::MAX));
        (after - before) * 100 / before.max(1)
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    pub baseline: Vec<Run>,
    pub selects: Option<u64>,
    pub rows: Vec<Row>,
    pub scaled: Vec<Scaled>,
    /// What the server warned of in its log. A machine that is too busy makes it warn, so it is no failure.
    pub warnings: Vec<String>,
}

/// `12345` as `123.45`.
pub fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A hundredfold ratio.
fn ratio(part: u64, whole: u64) -> Option<u64> {
    (whole > 0).then(|| u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn millis(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-".into(), |micros| format!("{} ms", decimal(micros / 10)))
}

fn megabytes(kb: Option<u64>) -> String {
    kb.map_or_else(|| "-".into(), |kb| format!("{} MB", kb / 1_000))
}

fn statements(thousandths: Option<u64>) -> String {
    match thousandths {
        None => "-".into(),
        Some(part) if part < 1_000 => format!("0.{part:03}"),
        Some(part) => decimal(part / 10),
    }
}

impl Report {
    /// The best rate of the baseline.
    pub fn best(&self) -> Option<u64> {
        self.baseline.iter().map(|run| run.rate).max()
    }

    fn reference(&self, against: Against) -> Option<u64> {
        match against {
            Against::Best => self.best(),
            Against::One => self.baseline.iter().filter(|run| run.clients == 1).map(|run| run.rate).max(),
            Against::Selects => self.selects,
            Against::Nothing => None,
        }
    }

    fn ratio(&self, row: &Row) -> Option<u64> {
        ratio(row.rate, self.reference(row.against)?)
    }

    /// The table.
    pub fn table(&self) -> String {
        let head = ["", "scenario", "a second", "ratio", "median", "99th", "memory", "statements", "cpu", "answers"];
        let mut lines: Vec<Vec<String>> = vec![head.iter().map(|name| (*name).to_owned()).collect()];
        for row in &self.rows {
            let of = match row.against {
                Against::Best => "best",
                Against::One => "1 client",
                Against::Selects => "SELECTs",
                Against::Nothing => "",
            };
            lines.push(vec![
                row.who.clone(),
                row.scenario.clone(),
                grouped(row.rate / 100),
                self.ratio(row).map_or_else(|| "-".into(), |ratio| format!("{} of {of}", decimal(ratio))),
                millis(row.median),
                millis(row.p99),
                megabytes(row.peak_kb),
                statements(row.statements),
                row.cpu_micros.map_or_else(|| "-".into(), |(server, client)| format!("{server}+{client} us")),
                row.answers.clone(),
            ]);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut table = String::new();
        for line in &lines {
            let mut text = String::new();
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                // Words to the left, figures to the right.
                let cell = match column {
                    0 | 1 | 9 => format!("{cell:<width$}  "),
                    _ => format!("{cell:>width$}  "),
                };
                text.push_str(&cell);
            }
            table.push_str(text.trim_end());
            table.push('\n');
        }
        table
    }

    fn find(&self, engine: Engine, scenario: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.who == engine.name() && row.scenario == scenario)
    }

    /// Each target that was measured, and whether it was reached.
    pub fn targets(&self) -> String {
        let mut lines = Vec::new();
        let mut tell = |reached: bool, what: String, figure: String| {
            lines.push(format!("  {:<11}  {what}: {figure}", if reached { "reached" } else { "NOT reached" }));
        };
        let [postgres, sqlite] = [Engine::Postgres, Engine::Sqlite];
        for (engine, scenario, least, of) in [
            (postgres, "spread-256", 300, "the baseline's best"),
            (sqlite, "spread-256", 200, "the baseline's best"),
            (postgres, "spread-1", 60, "the baseline's one client"),
            (sqlite, "spread-1", 60, "the baseline's one client"),
            (postgres, "batch-1000", 500, "the baseline's best"),
            (sqlite, "batch-1000", 500, "the baseline's best"),
            (postgres, "read-64", 50, "the plain SELECTs"),
        ] {
            if let Some(row) = self.find(engine, scenario)
                && let Some(ratio) = self.ratio(row)
            {
                let what = format!("{} {scenario} at least {} of {of}", engine.name(), decimal(least));
                tell(ratio >= least, what, decimal(ratio));
            }
        }
        for engine in [postgres, sqlite] {
            for connections in [1, 64, 256, 1_024] {
                let hot = self.find(engine, &format!("hot-{connections}"));
                let spread = self.find(engine, &format!("spread-{connections}"));
                if let (Some(hot), Some(spread)) = (hot, spread)
                    && let Some(ratio) = ratio(hot.rate, spread.rate)
                {
                    let what = format!("{} hot-{connections} at least 0.50 of spread-{connections}", engine.name());
                    tell(ratio >= 50, what, decimal(ratio));
                }
            }
        }
        if let Some(row) = self.find(postgres, "read-64")
            && let Some(count) = row.statements
        {
            // The sweeper's own statements go on meanwhile: a hundredth of one is not the request's.
            tell(count <= 3_050, "PostgreSQL read-64 in at most 3 statements".into(), statements(Some(count)));
        }
        if let (Some(one), Some(other)) = (self.find(postgres, "read-64"), self.find(sqlite, "read-64"))
            && let Some(ratio) = ratio(other.rate, one.rate)
        {
            tell(ratio >= 100, "SQLite read-64 no slower than PostgreSQL".into(), decimal(ratio));
        }
        if let Some(peak) = self.rows.iter().filter_map(|row| row.peak_kb).max() {
            tell(peak < 150_000, "server memory under 150 MB".into(), megabytes(Some(peak)));
        }
        for scaled in &self.scaled {
            let (engine, percent) = (scaled.engine.name(), scaled.percent());
            let what = format!("{engine} {} with {} at most 15 percent slower", scaled.scenario, scaled.what);
            let [before, after] = [scaled.before, scaled.after].map(|rate| grouped(rate / 100));
            tell(percent >= -15, what, format!("{percent:+} ({before} to {after} a second)"));
        }
        lines.join("\n")
    }
}
