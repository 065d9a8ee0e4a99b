//! The figures side by side. Whole numbers throughout: rates and ratios are hundredths.

use crate::aims::Finding;
use crate::batch::OpenBatch;
use crate::options::Engine;
use crate::outbound::Outbound;
use crate::pgbench::Run;
use crate::place::{BuildKind, Group};

/// What a row of Konto's is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub engine: Engine,
    pub build: BuildKind,
    pub group: Group,
    pub scenario: &'static str,
}

/// A scenario that was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// None for hand-written SQL.
    pub key: Option<Key>,
    pub who: String,
    pub scenario: String,
    /// Operations per second, in hundredths.
    pub rate: u64,
    pub median: Option<u64>,
    pub p99: Option<u64>,
    pub peak_kb: Option<u64>,
    /// Statements per operation, in thousandths.
    pub statements: Option<u64>,
    /// Processor time per operation, of the server and of the client, in microseconds.
    pub cpu_micros: Option<(u64, u64)>,
    pub answers: String,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    pub baseline: Vec<Run>,
    pub selects: Option<u64>,
    pub rows: Vec<Row>,
    pub open_batch: Option<OpenBatch>,
    pub outbound: Vec<Outbound>,
    /// What was left out, and why.
    pub remarks: Vec<String>,
    /// What the server warned of in its log. A machine that is too busy makes it warn, so it is no failure.
    pub warnings: Vec<String>,
}

/// `12345` as `123.45`.
pub fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

pub fn grouped(number: u64) -> String {
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

pub fn megabytes(kb: Option<u64>) -> String {
    kb.map_or_else(|| "-".into(), |kb| format!("{} MB", kb / 1_000))
}

pub fn statements(thousandths: Option<u64>) -> String {
    match thousandths {
        None => "-".into(),
        Some(part) if part < 1_000 => format!("0.{part:03}"),
        Some(part) => decimal(part / 10),
    }
}

impl Report {
    /// The figures.
    pub fn table(&self) -> String {
        let head = ["", "scenario", "a second", "median", "99th", "memory", "statements", "cpu", "answers"];
        let row = |row: &Row| {
            vec![
                row.who.clone(),
                row.scenario.clone(),
                grouped(row.rate / 100),
                millis(row.median),
                millis(row.p99),
                megabytes(row.peak_kb),
                statements(row.statements),
                row.cpu_micros.map_or_else(|| "-".into(), |(server, client)| format!("{server}+{client} us")),
                row.answers.clone(),
            ]
        };
        columns(&head, self.rows.iter().map(row), &[0, 1, 8])
    }

    /// The ratios, each with what was aimed at.
    pub fn findings(&self) -> String {
        let head = ["", "scenario", "figure", "of", "aim", ""];
        let row = |Finding { who, scenario, figure, of, aim, met }: Finding| {
            let met = match met {
                None => "",
                Some(true) => "met",
                Some(false) => "NOT MET",
            };
            vec![who, scenario, figure, of, aim, met.to_owned()]
        };
        columns(&head, self.find_all().into_iter().map(row), &[0, 1, 3, 4, 5])
    }
}

/// Lines with columns; those of words are to the left, figures to the right.
fn columns(head: &[&str], rows: impl Iterator<Item = Vec<String>>, words: &[usize]) -> String {
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let mut table = String::new();
    for line in &lines {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            text.push_str(&match words.contains(&column) {
                true => format!("{cell:<width$}  "),
                false => format!("{cell:>width$}  "),
            });
        }
        table.push_str(text.trim_end());
        table.push('\n');
    }
    table
}
