//! `konto verify`: clean books are found clean, and every damage is found and named.

mod damage;
mod random;

use std::process::Command;

use konto::database::Database;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::app::{Account, Engine, TestApp, euros};
use crate::payments::{charge, disburse};

/// Something done to the database behind Konto's back.
struct Damage {
    /// What is done.
    sql: String,
    /// What undoes it.
    undo: String,
    /// The sequence that the report must name, if it can name one.
    sequence: Option<i64>,
    /// Whether it must name the account.
    names_account: bool,
    /// What else the report says.
    says: &'static str,
}

/// What `konto verify` says, and whether it is content.
fn verify(url: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_konto"))
        .arg("verify")
        .env("KONTO_DATABASE_URL", url)
        .output()
        .expect("konto verify");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + text(&output.stderr).as_str())
}

/// The database of a test, as the command is told of it. On SQLite a copy of the file.
struct Place {
    url: String,
    copy: Option<std::path::PathBuf>,
}

impl Place {
    async fn of(app: &TestApp) -> Self {
        let db = app.server().engine().await.db.reader().clone();
        match app.engine() {
            Engine::Sqlite => {
                let file = std::env::temp_dir().join(format!("konto-verify-{}.db", uuid::Uuid::now_v7().simple()));
                db.execute_unprepared(&format!("VACUUM INTO '{}'", file.display())).await.expect("a copy");
                Self { url: format!("sqlite://{}?mode=rwc", file.display()), copy: Some(file) }
            }
            Engine::Postgres => {
                let statement =
                    sea_orm::Statement::from_string(db.get_database_backend(), "SELECT current_database() AS name");
                let row = db.query_one_raw(statement).await.expect("an answer").expect("a row");
                let name: String = row.try_get("", "name").expect("a name");
                let admin = std::env::var("KONTO_TEST_POSTGRES_URL").expect("a URL");
                let (server, query) = admin
                    .split_once('?')
                    .map_or((admin.as_str(), String::new()), |(url, query)| (url, format!("?{query}")));
                let server = server.split_once("://").map_or(server, |(_, server)| server);
                let server = server.split('/').next().unwrap_or_default();
                Self { url: format!("postgres://{server}/{name}{query}"), copy: None }
            }
        }
    }

    async fn run(&self, sql: &str) {
        let db = Database::open(&self.url).await.expect("a database");
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            let done = db.reader().execute_unprepared(statement).await.expect(statement);
            assert!(done.rows_affected() > 0 || statement.contains("TABLE"), "nothing was damaged: {statement}");
        }
        db.reader().clone().close().await.expect("closed");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            if let Some(file) = &self.copy {
                let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
            }
        }
    }
}

/// Rows that are taken away and put back.
fn removed(table: &str, condition: &str) -> (String, String) {
    (
        format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {condition}; DELETE FROM {table} WHERE {condition}"),
        format!("INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"),
    )
}

fn changed(table: &str, set: &str, undo: &str, condition: &str) -> (String, String) {
    (format!("UPDATE {table} SET {set} WHERE {condition}"), format!("UPDATE {table} SET {undo} WHERE {condition}"))
}

/// A number that is one too much.
fn up(table: &str, column: &str, condition: &str) -> (String, String) {
    changed(table, &format!("{column} = {column} + 1"), &format!("{column} = {column} - 1"), condition)
}

fn damages() -> Vec<Damage> {
    let damage = |(sql, undo): (String, String), sequence: Option<i64>, names_account: bool, says: &'static str| {
        Damage { sql, undo, sequence, names_account, says }
    };
    let all = |first: (String, String), second: (String, String)| {
        (format!("{};{}", first.0, second.0), format!("{};{}", first.1, second.1))
    };
    let command = "sequence = (SELECT command_sequence FROM entry WHERE sequence = 3)";
    let own = "account_id IS NOT NULL AND entry_sequence = 3";
    let internal = "account_id IS NULL AND entry_sequence = 3";
    vec![
        damage(up("posting", "amount_minor", own), Some(3), true, ""),
        damage(up("posting", "amount_minor", internal), Some(3), true, "do not sum to zero"),
        // Both sides, so that the entry still sums to zero.
        damage(
            all(
                changed("posting", "amount_minor = amount_minor - 1", "amount_minor = amount_minor + 1", own),
                up("posting", "amount_minor", internal),
            ),
            Some(3),
            true,
            "",
        ),
        damage(removed("posting", internal), Some(3), true, "do not sum to zero"),
        damage(removed("posting", "entry_sequence = 3"), Some(3), false, "do not sum to zero"),
        damage(
            changed("entry", "description = 'Gift'", "description = 'Interest'", "sequence = 3"),
            Some(3),
            true,
            "digest differs",
        ),
        damage(
            changed("entry", "metadata = '{\"a\":1}'", "metadata = '{}'", "sequence = 3"),
            Some(3),
            true,
            "digest differs",
        ),
        damage(up("entry", "booked_at_us", "sequence = 3"), Some(3), true, "digest differs"),
        damage(removed("entry", "sequence = 3"), Some(3), false, "the entry is missing"),
        damage(removed("entry", "sequence = 1"), Some(1), false, "missing"),
        damage(removed("entry", "sequence = 5"), Some(5), false, "missing"),
        damage(up("posting", "account_balance_after_minor", own), Some(3), true, "balance after the entry"),
        damage(up("posting", "booked_at_us", own), Some(3), true, "row of a posting differs"),
        // What is personal in it stands under a seal.
        damage(
            changed("entry", "personal = personal || ' '", "personal = TRIM(personal)", "sequence = 2"),
            Some(2),
            true,
            "what is personal",
        ),
        damage(up("account_position", "interest_minor", "interest_minor < 0"), None, true, "has a balance of"),
        damage(
            changed("account_position", "arriving = '2030-01-01:5'", "arriving = NULL", "interest_minor < 0"),
            None,
            true,
            "is on its way",
        ),
        damage(up("internal_account", "balance_minor", "role = 'SETTLEMENT_BANK'"), None, false, "has a balance of"),
        damage(
            changed("internal_account", "party_id = tenant_id", "party_id = NULL", "role = 'SETTLEMENT_CARD'"),
            None,
            false,
            "has not the id of its role",
        ),
        damage(up("account_position", "reserved_minor", "reserved_minor > 0"), None, true, "is reserved"),
        damage(up("hold", "captured_minor", "status = 'OPEN'"), None, true, "is reserved"),
        damage(removed("batch", "number = 3"), Some(4), false, "the chain is broken"),
        damage(up("ledger_head", "entry_sequence", "entry_sequence > 0"), Some(6), false, "missing at the end"),
        damage(up("ledger_head", "event_sequence", "entry_sequence = 5"), None, false, "the event log"),
        damage(removed("event", "type = 'HOLD_PLACED'"), None, false, "the event log"),
        damage(removed("command", command), None, false, "is missing"),
        damage(
            changed("command", "outcome = 'DENIED'", "outcome = 'DONE'", command),
            None,
            false,
            "unlike its outcome",
        ),
        damage(up("ledger_head", "command_sequence", "entry_sequence = 5"), None, false, "the head says"),
    ]
}

async fn books(app: &TestApp) -> Account {
    let card = app.account("credit-card").await;
    app.pay_in(&card, "10.00").await;
    disburse(app, &card, "100.00").await;
    charge(app, &card, "INTEREST", "7.00").await;
    let hold = app.hold(&card, "30.00").await;
    app.done("captureHold", json!({ "hold": hold, "amount": euros("5.00") }), "replayed").await;
    disburse(app, &card, "1.00").await;
    card
}

on_both_databases! {
    async fn clean_books_are_found_clean(app: TestApp) {
        books(&app).await;
        let place = Place::of(&app).await;
        let (clean, said) = verify(&place.url);
        assert!(clean && said.starts_with("clean; tenants: 1, entries: 5, postings: 10, events: "), "{said}");
        // More tenants, each with books of their own.
        let other = app.with_tenant("other").await;
        books(&other).await;
        let place = Place::of(&app).await;
        let (clean, said) = verify(&place.url);
        assert!(clean && said.starts_with("clean; tenants: 2, entries: 10, postings: 20, events: "), "{said}");
    }

    async fn every_damage_is_found_and_named(app: TestApp) {
        let card = books(&app).await;
        for damage in damages() {
            let place = Place::of(&app).await;
            place.run(&damage.sql).await;
            let (clean, said) = verify(&place.url);
            place.run(&damage.undo).await;
            let (healed, after) = verify(&place.url);
            assert!(!clean && said.starts_with("different: "), "{}\n{said}", damage.sql);
            assert!(said.contains(&format!("tenant {}", app.tenant_id())), "{}\n{said}", damage.sql);
            assert_eq!(said.contains(&format!("account {}", card.id)), damage.names_account, "{}\n{said}", damage.sql);
            match damage.sequence {
                Some(sequence) => assert!(said.contains(&format!("sequence {sequence}:")), "{}\n{said}", damage.sql),
                None => assert!(!said.contains(" sequence "), "{}\n{said}", damage.sql),
            }
            assert!(said.contains(damage.says), "{}\n{said}", damage.sql);
            assert!(healed, "{}\n{after}", damage.undo);
        }
    }
}

#[test]
fn a_database_that_is_not_there_is_not_clean() {
    let (clean, said) = verify("sqlite:///no/such/folder/konto.db?mode=rwc");
    assert!(!clean && said.starts_with("konto: "), "{said}");
}
