//! `docs/operations.md` says what there is: every setting with its default, and every metric.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::process::konto;

fn guide() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    std::fs::read_to_string(file).expect("docs/operations.md")
}

/// The rows of the table below a heading, cell by cell, without the backticks around a whole cell.
fn rows(guide: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = guide.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = section.split("\n## ").next().expect("a section");
    let cells = |line: &str| {
        let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        Some(row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
    };
    section.lines().filter_map(cells).skip(2).collect()
}

/// `variable, flag, default` of every option, as the help has them.
fn settings() -> BTreeSet<[String; 3]> {
    let output = konto().args(["serve", "--help"]).output().expect("konto");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut found = BTreeSet::new();
    // An option's help may stand on the next line.
    for option in text.split("\n      --").skip(1) {
        let option = option.split("\n\n").next().expect("an option");
        let flag = option.split_whitespace().next().expect("a flag");
        let of = |name: &str| {
            let (_, rest) = option.split_once(&format!("[{name}: "))?;
            Some(rest.split(']').next()?.trim_end_matches('=').trim_matches('"').to_owned())
        };
        found.insert([of("env").unwrap_or_default(), format!("--{flag}"), of("default").unwrap_or_default()]);
    }
    found
}

#[test]
fn every_setting_stands_in_the_guide_with_its_default() {
    let written: BTreeSet<[String; 3]> =
        rows(&guide(), "Settings").into_iter().map(|row| [row[0].clone(), row[1].clone(), row[2].clone()]).collect();
    let there = settings();
    assert!(there.len() > 25, "{there:?}");
    assert_eq!(written, there);
}

on_both_databases! {
    async fn every_metric_stands_in_the_guide(app: TestApp) {
        app.funded("1.00").await;
        let text = app.http().get(app.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
        let mut there = BTreeMap::new();
        for line in text.lines() {
            if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|typed| typed.split_once(' ')) {
                there.insert(name.to_owned(), kind.to_owned());
            }
        }
        let name = |(name, kind): (&String, &String)| match kind.as_str() {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        };
        let there: BTreeSet<String> = there.iter().map(name).collect();
        let guide = guide();
        let written: BTreeSet<String> = rows(&guide, "Metrics").into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(written, there);
        // What alerts ask for is there.
        for word in guide.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("konto_")) {
            let name = word.trim_end_matches("_bucket");
            assert!(there.contains(name) || ["konto_restored", "konto_tenant", "konto_customer"].contains(&name), "{word}");
        }
    }
}
