//! Who writes: commands alone change a tenant, the work alone begins and commits, and the journal is only added to.

use super::source::Source;
use super::{Findings, enforce};

/// The journal: only the work's writer inserts into it, nobody changes it.
const JOURNAL: &[&str] = &["entry", "posting", "batch"];
const JOURNAL_WRITER: &str = "src/work/write.rs";
/// Erases what is personal in entries, which their digests do not cover: the one change that the journal knows.
const ERASER: &str = "src/ledger/erase.rs";

/// Who begins and commits transactions, and why.
const TRANSACTIONS: &[(&str, &str)] = &[
    ("work", "a batch of commands is one transaction: every change of a tenant"),
    ("access", "clients, keys and tokens are set up outside of any tenant's journal"),
    ("cli", "makes a tenant, with its first command, before anybody else knows it"),
    ("demo", "the same"),
    ("database", "migrations, and the transactions of the others"),
];

/// Who writes rows by statements of its own, and why.
const WRITERS: &[(&str, &str)] = &[
    ("work", "writes what commands have decided"),
    ("access", "tenants, clients, keys and tokens are no tenant's rows"),
    ("database", "migrations, and how statements are run"),
];

fn is_one_of(file: &Source, list: &[(&str, &str)]) -> bool {
    list.iter().any(|(domain, _)| file.is_domain(domain)) || file.is_room("tests")
}

#[test]
fn transactions_belong_to_the_work() {
    let rule = |file: &Source| {
        if is_one_of(file, TRANSACTIONS) {
            return Findings::new();
        }
        let calls = file.without_tests().calls(|name, empty| match name {
            "begin" | "commit" => empty,
            "begin_with_config" | "begin_with_options" | "transaction" => true,
            _ => false,
        });
        let what = "a transaction is begun or committed where a command should be run";
        calls.into_iter().map(|line| file.finding(line, what)).collect()
    };
    enforce(
        &["src"],
        rule,
        &[
            ("src/api/cards/mutations.rs", "let tx = database.begin().await?;"),
            ("src/api/mod.rs", "tx\n    .commit()\n    .await?;"),
            ("src/cards/store.rs", "connection.begin_with_config(None, None).await?;"),
            ("src/cards/commands.rs", "let tx = database.begin().await?; tx.commit().await?;"),
            ("src/cards/model.rs", "tx . commit ( );"),
            ("src/engine.rs", "db.transaction(|tx| async { Ok(()) }).await?;"),
            ("src/ledger/journal.rs", "tx.commit();"),
        ],
        &[
            ("src/work/worker.rs", "let tx = database.begin().await?; tx.commit().await?;"),
            ("src/access/clients.rs", "let tx = database.begin().await?; tx.commit().await?;"),
            ("src/cli/admin.rs", "let tx = database.begin().await?;"),
            ("src/database/own_connection.rs", "self.transaction.commit().await"),
            (
                "src/cards/store.rs",
                "// then tx.commit()\nlet begin = begin(); work.begin(now); committer.commit(batch); \".commit()\";",
            ),
            ("src/cards/commands.rs", "#[cfg(test)]\nmod tests { fn f() { db.begin(); } }"),
        ],
    );
}

/// A use case is a command, and what a command does goes through the work: no statement that writes stands anywhere else.
#[test]
fn no_use_case_writes_but_by_a_command() {
    enforce(
        &["src"],
        own_writes,
        &[
            ("src/cards/store.rs", "tx.execute(statement).await?;"),
            ("src/cards/store.rs", "db.execute_unprepared(\"SELECT 1\").await?;"),
            ("src/cards/commands.rs", "db.execute_raw(statement).await?;"),
            ("src/cards/store.rs", "card::Entity::insert(row).exec(db).await?;"),
            ("src/cards/store.rs", "let insert = card::Entity::insert_many(rows);"),
            ("src/cards/store.rs", "card::Entity::update_many().filter(x);"),
            ("src/cards/store.rs", "card::Entity::delete_by_id(id);"),
            ("src/cards/store.rs", "let row = card::ActiveModel { ..Default::default() };"),
            ("src/cards/model.rs", "use sea_orm::ActiveModelTrait as _;"),
            ("src/cards/store.rs", "let sql = Query::insert().into_table(Card::Table).to_owned();"),
            ("src/cards/store.rs", "sqlx::query(sql).fetch_all(pool).await?;"),
            ("src/cards/store.rs", "let rows = Bulk::new(\"card\", CARD.to_vec(), Mode::Insert);"),
            ("src/cards/store.rs", "query_all(\"insert  into card (id) VALUES ($1) RETURNING id\")"),
            ("src/cards/store.rs", "query_all(r#\"UPDATE \"card\" SET x = 1 RETURNING id\"#)"),
            (
                "src/ledger/journal.rs",
                "query_all(\"WITH gone AS (DELETE FROM hold RETURNING id) SELECT id FROM gone\")",
            ),
            ("src/ledger/journal.rs", "Query::new(\"UPDATE hold SET status = 'X' WHERE tenant_id = \", tenant)"),
            ("src/api/cards/mutations.rs", "engine.db.writer().execute(statement).await?;"),
            ("src/engine.rs", "\"TRUNCATE card\""),
        ],
        &[
            (
                "src/cards/commands.rs",
                "let card = work.insert(card)?; work.change::<Card, Refused>(id, |card| Ok(()))?; work.remove::<Card>(id)?;",
            ),
            (
                "src/cards/store.rs",
                "db.query_all_raw(statement).await?; card::Entity::find(); map.insert(id, card); seen.update(1);",
            ),
            (
                "src/ledger/query.rs",
                "Query::new(\"SELECT id FROM hold WHERE tenant_id = \", tenant); \"SELECT 1 FROM hold FOR UPDATE\"",
            ),
            (
                "src/cards/commands.rs",
                "/// INSERT INTO card\nRefused::invalid(\"card\", \"an update of a card deletes nothing from it\")",
            ),
            ("src/cards/store.rs", "#[cfg(test)]\nmod tests { fn f() { db.execute(\"DELETE FROM card\"); } }"),
            ("src/http/gateway.rs", "async move { executor.execute(request).await }"),
            ("src/work/bulk.rs", "tx.execute_raw(statement).await?; \"INSERT INTO card\""),
            ("src/access/store.rs", "client::Entity::insert(row).exec(tx).await?;"),
        ],
    );
    // Whoever stands on the list writes: a name that nobody needs would hide whoever moves in there.
    for (domain, reason) in WRITERS {
        let all = super::sources(&["src"]);
        let own = all.iter().filter(|file| file.is_domain(domain) && !file.is_room("tests"));
        assert!(own.flat_map(writes).next().is_some(), "{domain} ({reason}) writes nothing");
    }
}

fn own_writes(file: &Source) -> Findings {
    let exempt = is_one_of(file, WRITERS) || file.path == ERASER;
    if exempt { Findings::new() } else { writes(file) }
}

/// The statements that write rows, or that run what may.
fn writes(file: &Source) -> Findings {
    const RUN: &[&str] =
        &["execute", "execute_raw", "execute_unprepared", "exec", "exec_with_returning", "exec_without_returning"];
    let file = file.without_tests();
    // What HTTP executes are documents, and what a script asks for is one.
    let is_graphql =
        |name: &str| name == "execute" && (file.is_domain("http") || file.path == "src/api/actions/collect.rs");
    let mut lines = file.calls(|name, _| RUN.contains(&name) && !is_graphql(name));
    let changes = |name: &str| ["insert", "update", "delete"].iter().any(|verb| name.starts_with(verb));
    for path in file.paths() {
        let names: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        let builds = names.windows(2).any(|pair| match pair {
            ["Entity" | "Query", name] => changes(name),
            ["Bulk", "new"] => true,
            _ => false,
        });
        let rows = names.iter().any(|name| name.contains("ActiveModel"));
        if builds || rows || names[0] == "sqlx" {
            lines.push(path.line);
        }
    }
    lines.extend(file.literals().iter().filter(|literal| says_a_write(&literal.text)).map(|literal| literal.line));
    let what = "writes rows past the work: let a command decide it";
    lines.into_iter().map(|line| file.finding(line, what)).collect()
}

/// Whether a text is, or has in it, a statement that writes. Words of a message for people are none.
fn says_a_write(text: &str) -> bool {
    let text = text.replace("\\n", " ").replace(['"', '\\'], " ");
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
    (0..words.len()).any(|at| {
        (is(at, "insert") && is(at + 1, "into"))
            || (is(at, "merge") && is(at + 1, "into"))
            || (is(at, "delete") && is(at + 1, "from"))
            || (is(at, "update") && is(at + 2, "set"))
            || (at == 0 && is(at, "truncate"))
    })
}

#[test]
fn only_the_work_writes_the_journal() {
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
            ("src/payments/store.rs", "let mut rows = Bulk::new(\"entry\", ENTRY.to_vec(), Mode::Insert);"),
            ("src/work/bulk.rs", "let mut rows = Bulk::new(\"entry\", ENTRY.to_vec(), Mode::Insert);"),
            ("src/ledger/write.rs", "entity::posting::Entity::insert_many(rows)"),
        ],
        &[
            ("src/work/write.rs", "Bulk::new(\"entry\", ENTRY.to_vec(), Mode::Insert); bulk_insert(tx, \"posting\")"),
            ("src/ledger/tests/commit.rs", "\"INSERT INTO entry (id)\""),
            (
                "src/cards/store.rs",
                "\"INSERT INTO entry_note (id)\"; // INSERT INTO entry\nlet kind = \"entry\"; insert(kind); map.insert(\"entry\", 1);",
            ),
            ("src/cards/store.rs", "\"INSERT INTO card SELECT * FROM entry\"; entry::Entity::find()"),
        ],
    );
}

fn journal_inserts(file: &Source) -> Findings {
    if file.path == JOURNAL_WRITER || file.is_room("tests") {
        return Findings::new();
    }
    let what = format!("the journal is written in {JOURNAL_WRITER} only");
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
    lines.into_iter().map(|line| file.finding(line, &what)).collect()
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
        let mut lines = if file.path == ERASER { Vec::new() } else { file.statements_on(&["update"], JOURNAL) };
        lines.extend(file.statements_on(&["delete", "from"], JOURNAL));
        for path in file.paths() {
            let names: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            let changes = |name: &str| name.starts_with("update") || name.starts_with("delete");
            if names.windows(3).any(|part| JOURNAL.contains(&part[0]) && part[1] == "Entity" && changes(part[2])) {
                lines.push(path.line);
            }
        }
        let overwrites = |names: &[&str]| matches!(names, [.., "Mode", "Change" | "Remove"]);
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
            ("src/work/write.rs", "Bulk::new(\"posting\", POSTING.to_vec(), Mode::Change(\"x\"));"),
            ("src/work/write.rs", "Bulk::new(\"entry\", vec![], bulk::Mode::Remove(key));"),
            ("src/work/write.rs", "\"UPDATE entry SET kind = 'X'\""),
            (ERASER, "\"DELETE FROM entry\""),
            ("src/parties/erase.rs", "\"UPDATE entry SET personal = NULL\""),
            ("src/payments/store.rs", "\"delete from posting where true\""),
            ("src/payments/store.rs", "entity::entry::Entity::update_many()"),
        ],
        &[
            (
                "src/work/write.rs",
                "\"UPDATE ledger_head SET batch_number = 0\"; \"SELECT 1 FROM entry FOR UPDATE\"; // update entry",
            ),
            (
                "src/work/write.rs",
                "Bulk::new(\"posting\", POSTING.to_vec(), Mode::Insert); Bulk::new(\"hold\", HOLD, Mode::Change(key));",
            ),
            (ERASER, "\"UPDATE entry SET personal = NULL, personal_salt = NULL WHERE id = $1\""),
        ],
    );
}
