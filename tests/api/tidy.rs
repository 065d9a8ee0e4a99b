//! The rules of the house, checked over the sources: who may import what, who may write, how long a file may be.
//!
//! Every rule is a pure function from a file to findings, and every test first shows its rule a snippet that
//! breaks it and one that does not: a rule that cannot fail is a defect.

mod catalogue;
pub mod source;
mod writes;

use std::collections::BTreeMap;

use source::{Source, Token, root, sources};

/// What breaks a rule: `path:line: what`.
type Findings = Vec<String>;

/// Floats are for no amount, rate or time. A file that needs one for something else stands here with its reason.
const FLOATS_ALLOWED: &[(&str, &str)] = &[
    ("src/http/json.rs", "JSON has numbers that are floats, and the reader names the type that it reads them as"),
    (
        "src/printing/draw.rs",
        "places on paper are floats in the file's format; they are reckoned in whole units before",
    ),
];

const MAXIMUM_LINES: usize = 600;

/// Who knows the tables beside the stores: who reads the books, who loads and writes rows of any kind, the log, and who
/// may do what.
const ENTITY_ROOMS: &[&str] = &["ledger", "work", "events", "access"];

/// Modules of one layer, which know each other: the work decides by the rules of the books, and the books' rows are loaded
/// and written by the work.
const ONE_LAYER: &[[&str; 2]] = &[["ledger", "work"]];

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
        if file.is_domain("api") || file.is_domain("http") {
            return Findings::new();
        }
        let named = file.tokens().filter(|token| token.text.starts_with("async_graphql"));
        named.map(|token| file.finding(token.line, "async_graphql outside src/api/ and src/http/")).collect()
    };
    enforce(
        &["src", "entity"],
        rule,
        &[
            ("src/cards/mod.rs", "use async_graphql::Object;"),
            ("src/cards/model.rs", "#[derive(async_graphql::Enum)]\nenum E {}"),
            ("src/cards/graphql.rs", "use async_graphql::Object;"),
        ],
        &[
            ("src/api/cards/types.rs", "use async_graphql::Object;"),
            ("src/api/scalars.rs", "use async_graphql::Scalar;"),
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
        if file.is_room("store") || ENTITY_ROOMS.iter().any(|room| file.is_domain(room)) {
            return Findings::new();
        }
        let named = file.paths().into_iter().filter(|path| path.segments[0] == "entity");
        let what = format!("`entity` outside store.rs and the folders of {ENTITY_ROOMS:?}");
        named.map(|path| file.finding(path.line, &what)).collect()
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
            ("src/parties/commands.rs", "use entity::party;"),
        ],
        &[
            ("src/cards/store.rs", "use entity::card;"),
            ("src/ledger/rows.rs", "use entity::entry;"),
            ("src/work/row.rs", "use entity::entry;"),
            ("src/access/tenants.rs", "use entity::tenant;"),
            ("src/events/mod.rs", "use entity::event;"),
            (
                "src/cards/mod.rs",
                "use sea_orm::entity::prelude::*;\nlet entity = legal.entity; let s = \"entity::card\"; // entity::card",
            ),
        ],
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
        "pub mod primitives;\n// pub mod ghost;\npub mod ledger;\npub mod work;\n\npub(crate) mod cards;\npub mod api;\npub mod http;",
    );
    assert_eq!(
        order.keys().map(String::as_str).collect::<Vec<_>>(),
        ["api", "cards", "http", "ledger", "primitives", "work"]
    );
    let bad = [
        ("src/ledger/mod.rs", "use crate::cards::Card;"),
        ("src/ledger/mod.rs", "use crate::{\n    primitives::Money,\n    cards::{Card, Reservation},\n};"),
        ("src/primitives.rs", "fn f() { crate::ledger::post() }"),
        ("src/cards/mod.rs", "use crate::api::fault::Fault;"),
        ("src/work/mod.rs", "use crate::cards::Card;"),
        ("src/primitives.rs", "use crate::work::Work;"),
        ("src/api/mod.rs", "fn f() -> crate::http::Executors { todo!() }"),
        ("src/ledger/mod.rs", "#[cfg(test)]\nmod tests {}\nuse crate::cards::Card;"),
        ("src/stray/mod.rs", "use crate::ledger::post;"),
    ];
    let good = [
        ("src/cards/mod.rs", "use crate::{ledger::post, cards::Card, primitives::{Money, Clock}};\ncrate::words! {}"),
        ("src/api/mod.rs", "use crate::cards::Card;"),
        ("src/ledger/journal.rs", "use crate::work::head::Head;"),
        ("src/work/books.rs", "use crate::ledger::Entry;"),
        ("src/http/mod.rs", "use crate::api::schema;"),
        ("src/main.rs", "use crate::api::schema;"),
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
    if file.is_room("tests") || ["src/main.rs", "src/lib.rs"].contains(&file.path.as_str()) {
        return Findings::new();
    }
    let Some(&own) = order.get(file.domain()) else {
        return vec![file.finding(1, "no module of this name in src/lib.rs")];
    };
    let product = file.without_tests();
    let imports = product.paths().into_iter().filter(|path| path.segments[0] == "crate" && path.segments.len() > 1);
    let is_own_layer =
        |name: &str| ONE_LAYER.iter().any(|layer| layer.contains(&file.domain()) && layer.contains(&name));
    let downwards = imports.filter(|path| order.get(&path.segments[1]).is_some_and(|&place| place > own));
    let downwards = downwards.filter(|path| !is_own_layer(&path.segments[1]));
    let what = |name: &str| format!("`{}` imports `{name}`, which stands below it in src/lib.rs", file.domain());
    downwards.map(|path| file.finding(path.line, &what(&path.segments[1]))).collect()
}
