//! The rules of the house, checked over the sources: who may import what, who may write, how long a file may be.
//!
//! Every rule is a pure function from a file to findings, and every test first shows its rule a snippet that
//! breaks it and one that does not: a rule that cannot fail is a defect.

mod catalogue;
mod source;

use std::collections::BTreeMap;

use source::{Source, Token, root, sources};

/// What breaks a rule: `path:line: what`.
type Findings = Vec<String>;

/// Floats are for no amount, rate or time. A file that needs one for something else stands here with its reason.
const FLOATS_ALLOWED: &[(&str, &str)] = &[];

const MAXIMUM_LINES: usize = 600;

/// The journal: only the ledger's writer inserts into it, nobody changes it.
const JOURNAL: &[&str] = &["entry", "posting", "batch"];
const JOURNAL_WRITERS: &[&str] = &["post", "write"];

/// Shows the rule that it can fail and that it can pass, then runs it over the files below the folders.
#[track_caller]
fn enforce(folders: &[&str], rule: impl Fn(&Source) -> Findings, bad: &[(&str, &str)], good: &[(&str, &str)]) {
    for (path, text) in bad {
        assert!(!rule(&Source::new(path, text)).is_empty(), "the rule overlooks this, in {path}:\n{text}");
    }
    for (path, text) in good {
        assert_eq!(rule(&Source::new(path, text)), Findings::new(), "the rule is wrong about this, in {path}:\n{text}");
    }
    let files = sources(folders);
    assert!(!files.is_empty(), "nothing to check in {folders:?}");
    report(files.iter().flat_map(rule).collect());
}

#[track_caller]
fn report(findings: Findings) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn graphql_stays_in_its_rooms() {
    let rule = |file: &Source| {
        if file.is_room("graphql") || file.is_domain("http") {
            return Findings::new();
        }
        let named = file.tokens().filter(|token| token.text.starts_with("async_graphql"));
        named
            .map(|token| file.finding(token.line, "async_graphql outside graphql.rs, src/graphql/ and src/http/"))
            .collect()
    };
    enforce(
        &["src", "entity"],
        rule,
        &[
            ("src/cards/mod.rs", "use async_graphql::Object;"),
            ("src/cards/model.rs", "#[derive(async_graphql::Enum)]\nenum E {}"),
        ],
        &[
            ("src/cards/graphql.rs", "use async_graphql::Object;"),
            ("src/graphql/scalars.rs", "use async_graphql::Scalar;"),
            ("src/http/mod.rs", "use async_graphql::http::ALL_WEBSOCKET_PROTOCOLS;"),
            (
                "src/cards/mod.rs",
                "// async_graphql would be wrong here\n/// async_graphql::Object\nlet text = \"async_graphql\";",
            ),
        ],
    );
}

#[test]
fn entities_stay_behind_the_stores() {
    let rule = |file: &Source| {
        if file.is_room("store") || file.is_domain("ledger") || file.is_domain("events") {
            return Findings::new();
        }
        let named = file.paths().into_iter().filter(|path| path.segments[0] == "entity");
        named.map(|path| file.finding(path.line, "`entity` outside store.rs, src/ledger/ and src/events/")).collect()
    };
    enforce(
        &["src", "migration"],
        rule,
        &[
            ("src/cards/mod.rs", "use entity::card;"),
            ("src/cards/mod.rs", "use {\n    entity::card as row,\n};"),
            ("src/cards/mod.rs", "use entity;"),
            ("src/cards/model.rs", "fn of(row: ::entity::card::Model) {}"),
            ("src/database.rs", "let x = entity::card::Entity::find();"),
        ],
        &[
            ("src/cards/store.rs", "use entity::card;"),
            ("src/ledger/post.rs", "use entity::entry;"),
            ("src/events/mod.rs", "use entity::event;"),
            (
                "src/cards/mod.rs",
                "use sea_orm::entity::prelude::*;\nlet entity = legal.entity; let s = \"entity::card\"; // entity::card",
            ),
        ],
    );
}

#[test]
fn transactions_belong_to_use_cases() {
    const ROOMS: &[&str] = &["graphql", "store", "model", "postings", "error"];
    let rule = |file: &Source| {
        let bound = ROOMS.iter().any(|room| file.is_room(room)) || file.is_domain("http");
        if !bound || file.is_room("tests") {
            return Findings::new();
        }
        let what = "begin or commit outside of a use case";
        let calls = file.calls(|name, empty| match name {
            "begin" | "commit" => empty,
            "begin_with_config" | "begin_with_options" => true,
            _ => false,
        });
        calls.into_iter().map(|line| file.finding(line, what)).collect()
    };
    enforce(
        &["src"],
        rule,
        &[
            ("src/cards/graphql.rs", "let tx = database.begin().await?;"),
            ("src/graphql/mod.rs", "tx\n    .commit()\n    .await?;"),
            ("src/cards/store.rs", "connection.begin_with_config(None, None).await?;"),
            ("src/cards/model.rs", "tx . commit ( );"),
            ("src/cards/postings.rs", "tx.commit();"),
        ],
        &[
            ("src/cards/mod.rs", "let tx = database.begin().await?; tx.commit().await?;"),
            ("src/cards/store.rs", "// then tx.commit()\nlet begin = begin(); committer.commit(batch); \".commit()\";"),
        ],
    );
}

#[test]
fn only_the_ledger_writes_the_journal() {
    enforce(
        &["src"],
        journal_inserts,
        &[
            ("src/payments/store.rs", "execute(\"INSERT INTO entry (id) VALUES ($1)\")"),
            ("src/payments/store.rs", "execute(r#\"insert  into\n   \"posting\" (id)\"#)"),
            ("src/ledger/holds.rs", "\"INSERT INTO batch SELECT 1\""),
            ("src/payments/mod.rs", "let row = entry::ActiveModel { ..Default::default() };"),
            ("src/payments/store.rs", "entity::posting::Entity::insert_many(rows)"),
            ("src/ledger/balances.rs", "batch::Entity::insert(row)"),
            ("src/ledger/balances.rs", "Query::insert().into_table(\"entry\")"),
            ("src/ledger/balances.rs", "bulk_insert(tx, \"posting\", COLUMNS, rows).await?;"),
            ("src/payments/store.rs", "let mut rows = Bulk::new(\"entry\", ENTRY, OnConflict::Fail);"),
        ],
        &[
            ("src/ledger/post.rs", "\"INSERT INTO entry (id)\"; entry::ActiveModel {}; bulk_insert(tx, \"posting\")"),
            ("src/ledger/write.rs", "entity::posting::Entity::insert_many(rows)"),
            (
                "src/cards/store.rs",
                "\"INSERT INTO entry_note (id)\"; // INSERT INTO entry\nlet kind = \"entry\"; insert(kind); map.insert(\"entry\", 1);",
            ),
            ("src/cards/store.rs", "\"INSERT INTO card SELECT * FROM entry\"; entry::Entity::find()"),
        ],
    );
}

fn journal_inserts(file: &Source) -> Findings {
    if file.is_domain("ledger") && JOURNAL_WRITERS.iter().any(|room| file.is_room(room)) {
        return Findings::new();
    }
    let what = "the journal is written in src/ledger/post.rs and write.rs only";
    let mut lines = file.statements_on(&["into"], JOURNAL);
    for path in file.paths() {
        let names: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        let writes = names.windows(2).any(|pair| JOURNAL.contains(&pair[0]) && pair[1] == "ActiveModel")
            || names
                .windows(3)
                .any(|part| JOURNAL.contains(&part[0]) && part[1] == "Entity" && part[2].starts_with("insert"));
        if writes {
            lines.push(path.line);
        }
    }
    // A table's name as an argument of something that inserts: `Bulk::new("posting", ...)`.
    for (line, statement) in journal_literals(file) {
        let words: Vec<&str> = statement.lexemes().iter().map(|token| token.text).collect();
        let inserts = |at: usize, word: &str| match word {
            // `map.insert("entry", ...)` is something else.
            "insert" => at == 0 || words[at - 1] != ".",
            _ => word.to_lowercase().contains("insert") || word.to_lowercase().contains("bulk"),
        };
        if words.iter().enumerate().any(|(at, word)| inserts(at, word)) {
            lines.push(line);
        }
    }
    lines.into_iter().map(|line| file.finding(line, what)).collect()
}

/// The statements around a string that is just the name of a table of the journal.
fn journal_literals(file: &Source) -> Vec<(usize, Source)> {
    const ENDS: [char; 3] = [';', '{', '}'];
    let named = file.literals().iter().filter(|literal| JOURNAL.contains(&literal.text.as_str()));
    let around = named.map(|literal| {
        let start = file.bare[..literal.start].rfind(ENDS).map_or(0, |at| at + 1);
        let end = file.bare[literal.start..].find(ENDS).map_or(file.bare.len(), |at| literal.start + at);
        (literal.line, Source::new("", &file.bare[start..end]))
    });
    around.collect()
}

#[test]
fn nobody_changes_the_journal() {
    let rule = |file: &Source| {
        if file.is_room("tests") {
            return Findings::new();
        }
        let what = "the journal is corrected by adding: no update, no delete";
        let mut lines = file.statements_on(&["update"], JOURNAL);
        lines.extend(file.statements_on(&["delete", "from"], JOURNAL));
        for path in file.paths() {
            let names: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            let changes = |name: &str| name.starts_with("update") || name.starts_with("delete");
            if names.windows(3).any(|part| JOURNAL.contains(&part[0]) && part[1] == "Entity" && changes(part[2])) {
                lines.push(path.line);
            }
        }
        let overwrites = |names: &[&str]| names.ends_with(&["OnConflict", "Update"]);
        for (line, statement) in journal_literals(file) {
            let paths = statement.paths();
            let mut names = paths.iter().map(|path| path.segments.iter().map(String::as_str).collect::<Vec<_>>());
            if names.any(|names| overwrites(&names)) {
                lines.push(line);
            }
        }
        lines.into_iter().map(|line| file.finding(line, what)).collect()
    };
    enforce(
        &["src"],
        rule,
        &[
            ("src/ledger/write.rs", "Bulk::new(\"posting\", POSTING, OnConflict::Update(\"x\"));"),
            ("src/ledger/post.rs", "\"UPDATE entry SET kind = 'X'\""),
            ("src/payments/store.rs", "\"delete from posting where true\""),
            ("src/payments/store.rs", "entity::entry::Entity::update_many()"),
        ],
        &[(
            "src/ledger/post.rs",
            "\"UPDATE ledger_account SET balance_minor = 0\"; \"SELECT 1 FROM entry FOR UPDATE\"; // update entry",
        )],
    );
}

#[test]
fn the_present_comes_from_the_clock() {
    let rule = |file: &Source| {
        if file.path == "src/primitives/clock.rs" {
            return Findings::new();
        }
        let now = |path: &source::Path| {
            let names: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            names.windows(2).any(|pair| matches!(pair, ["Utc" | "Local" | "SystemTime", "now"]))
        };
        let asked = file.paths().into_iter().filter(now);
        asked.map(|path| file.finding(path.line, "the wall clock outside of src/primitives/clock.rs")).collect()
    };
    enforce(
        &["src", "entity"],
        rule,
        &[
            ("src/cards/mod.rs", "let today = Utc::now().date_naive();"),
            ("src/cards/model.rs", "chrono::Local::now()"),
            ("src/jobs/mod.rs", "std::time::SystemTime::now()"),
        ],
        &[
            ("src/primitives/clock.rs", "Utc::now()"),
            ("src/cards/mod.rs", "clock.now(); std::time::Instant::now(); // Utc::now()"),
        ],
    );
}

#[test]
fn floats_are_not_used() {
    let floats = |file: &Source| -> Findings {
        let named = file.tokens().filter(is_float);
        named.map(|token| file.finding(token.line, "a float; amounts and rates are decimals")).collect()
    };
    let allowed = |path: &str| FLOATS_ALLOWED.iter().any(|(allowed, _)| *allowed == path);
    enforce(
        &["src", "entity"],
        |file| if allowed(&file.path) { Findings::new() } else { floats(file) },
        &[
            ("src/primitives/money.rs", "fn amount(self) -> f64 { 0 }"),
            ("entity/src/card.rs", "pub rate: Option<f32>,"),
            ("src/cards/model.rs", "let x = 1.5_f64; let y = 2f32;"),
            ("src/cards/model.rs", "value.as_f64()"),
        ],
        &[("src/cards/model.rs", "let hash = 0x1f64; let half64 = \"f64\"; // never f64")],
    );
    for (path, reason) in FLOATS_ALLOWED {
        let file = sources(&["src", "entity"]).into_iter().find(|file| file.path == *path);
        assert!(!reason.trim().is_empty(), "{path} is allowed floats without a reason");
        assert!(file.is_some_and(|file| !floats(&file).is_empty()), "{path} is allowed floats and has none");
    }
}

fn is_float(token: &Token) -> bool {
    let number = token.text.starts_with(|first: char| first.is_ascii_digit());
    token.text.split('_').any(|part| match part.strip_suffix("f64").or_else(|| part.strip_suffix("f32")) {
        Some(before) => before.is_empty() || (number && before.bytes().all(|byte| byte.is_ascii_digit())),
        None => false,
    })
}

#[test]
fn files_fit_in_the_head() {
    let rule = |file: &Source| match file.text.lines().count() {
        0..=MAXIMUM_LINES => Findings::new(),
        lines => {
            vec![file.finding(MAXIMUM_LINES + 1, &format!("{lines} lines; more than {MAXIMUM_LINES} are too many"))]
        }
    };
    let (long, enough) = ("\n".repeat(MAXIMUM_LINES + 1), "\n".repeat(MAXIMUM_LINES));
    enforce(
        &["src", "tests", "entity", "migration", "benches"],
        rule,
        &[("src/cards/mod.rs", &long)],
        &[("src/cards/mod.rs", &enough)],
    );
}

#[test]
fn domains_import_only_those_above_them() {
    let order = module_order(
        "pub mod primitives;\n// pub mod ghost;\npub mod ledger;\n\npub(crate) mod cards;\npub mod graphql;",
    );
    assert_eq!(order.keys().map(String::as_str).collect::<Vec<_>>(), ["cards", "graphql", "ledger", "primitives"]);
    let bad = [
        ("src/ledger/mod.rs", "use crate::cards::Card;"),
        ("src/ledger/mod.rs", "use crate::{\n    primitives::Money,\n    cards::{Card, Reservation},\n};"),
        ("src/primitives.rs", "fn f() { crate::ledger::post() }"),
        ("src/cards/mod.rs", "use crate::graphql::fault::Fault;"),
        ("src/ledger/mod.rs", "#[cfg(test)]\nmod tests {}\nuse crate::cards::Card;"),
        ("src/stray/mod.rs", "use crate::ledger::post;"),
    ];
    let good = [
        ("src/cards/mod.rs", "use crate::{ledger::post, cards::Card, primitives::{Money, Clock}};\ncrate::words! {}"),
        ("src/ledger/graphql.rs", "use crate::cards::Card;"),
        ("src/graphql/mod.rs", "use crate::cards::Card;"),
        ("src/http/mod.rs", "use crate::graphql::schema;"),
        ("src/main.rs", "use crate::graphql::schema;"),
        ("src/ledger/tests.rs", "use crate::cards::Card;"),
        (
            "src/ledger/mod.rs",
            "// crate::cards\n#[cfg(test)]\nmod tests {\n    use crate::cards::Card;\n    fn f() { '{'; \"}\"; }\n}",
        ),
    ];
    for (path, text) in bad {
        assert!(!imports_downwards(&order, &Source::new(path, text)).is_empty(), "overlooked in {path}:\n{text}");
    }
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let real = module_order(&lib);
    assert!(!real.is_empty(), "src/lib.rs declares no module");
    for (path, text) in good {
        assert_eq!(imports_downwards(&order, &Source::new(path, text)), Findings::new(), "wrong about {path}:\n{text}");
    }
    report(sources(&["src"]).iter().flat_map(|file| imports_downwards(&real, file)).collect());
}

/// The modules that lib.rs declares, each with its place in the order.
fn module_order(lib: &str) -> BTreeMap<String, usize> {
    let lib = Source::new("src/lib.rs", lib);
    let tokens: Vec<Token> = lib.tokens().collect();
    let names = tokens.windows(2).filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text.to_owned());
    names.enumerate().map(|(place, name)| (name, place)).collect()
}

fn imports_downwards(order: &BTreeMap<String, usize>, file: &Source) -> Findings {
    let exempt = file.is_room("graphql") || file.is_domain("http") || file.is_room("tests");
    if exempt || ["src/main.rs", "src/lib.rs"].contains(&file.path.as_str()) {
        return Findings::new();
    }
    let Some(&own) = order.get(file.domain()) else {
        return vec![file.finding(1, "no module of this name in src/lib.rs")];
    };
    let product = file.without_tests();
    let imports = product.paths().into_iter().filter(|path| path.segments[0] == "crate" && path.segments.len() > 1);
    let downwards = imports.filter(|path| order.get(&path.segments[1]).is_some_and(|&place| place > own));
    let what = |name: &str| format!("`{}` imports `{name}`, which stands below it in src/lib.rs", file.domain());
    downwards.map(|path| file.finding(path.line, &what(&path.segments[1]))).collect()
}
