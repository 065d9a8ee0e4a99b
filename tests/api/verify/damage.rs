//! `konto verify` on damaged copies of a database with real content, as an operator runs it: how it ends, and the one
//! line that it says. Each damage is done to a copy of its own, and nothing else is wrong with that copy.

use std::path::PathBuf;
use std::process::Command;

use konto::database::Database;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::{Place, books, up, verify};
use crate::app::{Engine, TestApp, TestDatabase, euros, fresh_key};

/// Whom the line names besides the tenant.
#[derive(Clone, Copy, Debug)]
enum Names {
    /// No account.
    Nobody,
    /// The card.
    Card,
    /// The account that pays.
    From,
    /// The account that is paid, and closed in the end.
    To,
    /// An account that does not exist: its id is the tenant's.
    Stray,
}

use Names::{Card, From, Nobody, Stray, To};

/// Statements, whom the line names, which entry it names, and what else it says.
type Row = (&'static str, Names, Option<i64>, &'static str);

/// A row of a table again, with some columns of its own; see [`Scene::sql`].
const ADDED: &str = "INSERT INTO posting SELECT tenant_id, entry_sequence, {line}, ledger_account_id, account_id, {amount}, \
     currency, kind, value_date, booked_at_us, NULL, NULL, NULL FROM posting WHERE entry_sequence = 2 AND account_id IS NULL \
     AND line < 9";

/// One damage each. `{from}`, `{to}`, `{card}` stand for the accounts' ids as they are stored.
const DAMAGES: &[Row] = &[
    // The amount of a posting.
    (
        "UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 7 AND line = 1",
        From,
        Some(7),
        "the balance after the entry",
    ),
    (
        "UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 7",
        From,
        Some(7),
        "the balance after the entry",
    ),
    (
        "UPDATE posting SET amount_minor = -amount_minor WHERE entry_sequence = 3 AND account_id IS NULL",
        Card,
        Some(3),
        "do not sum to zero",
    ),
    (
        "UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_sequence = 12 AND account_id = {to}",
        To,
        Some(12),
        "the balance after the entry",
    ),
    (
        "UPDATE posting SET account_balance_after_minor = 0 WHERE entry_sequence = 9 AND account_id = {to}",
        To,
        Some(9),
        "the balance after the entry",
    ),
    (
        "UPDATE posting SET account_amount_minor = 0 WHERE entry_sequence = 9 AND account_id = {to}",
        From,
        Some(9),
        "its digest differs",
    ),
    (
        "UPDATE posting SET message = 'Loan' WHERE entry_sequence = 7 AND account_id = {from}",
        From,
        Some(7),
        "its digest differs",
    ),
    (
        "UPDATE posting SET account_id = {to} WHERE entry_sequence = 6 AND account_id = {from}",
        To,
        Some(6),
        "its digest differs",
    ),
    // A posting too few or too many.
    ("DELETE FROM posting WHERE entry_sequence = 7 AND line = 2", From, Some(7), "do not sum to zero"),
    ("DELETE FROM posting WHERE entry_sequence = 7", Nobody, Some(7), "do not sum to zero"),
    ("{added 9 1}", Card, Some(2), "do not sum to zero"),
    ("{added 9 1};{added 10 -1}", Card, Some(2), "its digest differs"),
    // What an entry says.
    ("UPDATE entry SET description = 'Gift' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET kind = 'CREDIT' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET value_date = '2026-04-01' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET booked_at_us = booked_at_us - 1 WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET metadata = '{}' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET idempotency_key = 'another' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET external_reference = 'another' WHERE sequence = 7", From, Some(7), "its digest differs"),
    (
        "UPDATE entry SET external_key = 'another' WHERE sequence = 7",
        From,
        Some(7),
        "the external reference is not whole",
    ),
    ("UPDATE entry SET reverses_id = NULL WHERE sequence = 8", To, Some(8), "its digest differs"),
    (
        "UPDATE entry SET hash = (SELECT hash FROM entry WHERE sequence = 6) WHERE sequence = 7",
        From,
        Some(7),
        "its digest differs",
    ),
    // An entry too few.
    ("DELETE FROM entry WHERE sequence = 7", Nobody, Some(7), "the entry is missing"),
    (
        "DELETE FROM entry WHERE sequence = 7; DELETE FROM posting WHERE entry_sequence = 7",
        Nobody,
        Some(7),
        "the entry is missing",
    ),
    ("DELETE FROM entry WHERE sequence = 12", Nobody, Some(12), "the entry is missing"),
    (
        "DELETE FROM entry WHERE sequence = 12; DELETE FROM posting WHERE entry_sequence = 12",
        Nobody,
        Some(12),
        "the chain is broken at batch 10",
    ),
    (
        "DELETE FROM entry WHERE sequence = 12; DELETE FROM posting WHERE entry_sequence = 12; DELETE FROM batch WHERE number = 10",
        Nobody,
        Some(12),
        "missing at the end",
    ),
    // The chain.
    ("UPDATE batch SET hash = previous_hash WHERE number = 9", Nobody, Some(9), "the chain is broken at batch 9"),
    ("UPDATE batch SET previous_hash = hash WHERE number = 2", Nobody, Some(2), "the chain is broken at batch 2"),
    ("UPDATE batch SET last_sequence = 10 WHERE number = 9", Nobody, Some(9), "the chain is broken at batch 9"),
    ("DELETE FROM batch WHERE number = 1", Nobody, Some(2), "the chain is broken at batch 2"),
    ("DELETE FROM batch WHERE number = 10", Nobody, Some(12), "batch 10 is missing"),
    (
        "UPDATE ledger_head SET chain_hash = (SELECT hash FROM batch WHERE number = 9)",
        Nobody,
        Some(12),
        "the head does not point",
    ),
    ("UPDATE ledger_head SET entry_sequence = 13", Nobody, Some(13), "missing at the end"),
    ("DELETE FROM ledger_head", Nobody, None, "the ledger head is missing"),
    // The books beside the journal.
    (
        "UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE account_id = {from} AND component = 'PRINCIPAL'",
        From,
        None,
        "has a balance of",
    ),
    (
        "UPDATE ledger_account SET balance_minor = 1 WHERE account_id = {to} AND component = 'FEE'",
        To,
        None,
        "has a balance of 1, its postings sum to 0",
    ),
    ("UPDATE ledger_account SET balance_minor = 0 WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "has a balance of 0"),
    ("UPDATE ledger_account SET currency = 'SEK' WHERE account_id = {from}", From, None, "is kept in SEK"),
    ("UPDATE ledger_account SET currency = 'SEK' WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "is kept in SEK"),
    ("DELETE FROM ledger_account WHERE account_id = {from} AND component = 'FEE'", From, None, "has no FEE"),
    (
        "DELETE FROM ledger_account WHERE account_id = {from} AND component = 'PRINCIPAL'",
        Nobody,
        None,
        "not in the chart",
    ),
    ("DELETE FROM ledger_account WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "not in the chart"),
    (
        "UPDATE ledger_account SET status = 'OPEN', closed_on = NULL WHERE account_id = {to} AND component = 'PRINCIPAL'",
        To,
        None,
        "the event log says CLOSED",
    ),
    (
        "UPDATE ledger_account SET credit_limit_minor = 500000 WHERE account_id = {card} AND component = 'PRINCIPAL'",
        Card,
        None,
        "the event log says",
    ),
    // Holds.
    (
        "INSERT INTO hold SELECT tenant_id, tenant_id, tenant_id, currency, amount_minor, captured_minor, 'RELEASED', \
      description, reference, placed_at_us, expires_at_us, 1 FROM hold WHERE account_id = {from}",
        Stray,
        None,
        "a hold on an account that does not exist",
    ),
    ("DELETE FROM hold WHERE account_id = {from}", From, None, "the open holds sum to 0"),
    (
        "UPDATE hold SET amount_minor = amount_minor + 1 WHERE account_id = {from}",
        From,
        None,
        "500 is reserved, the open holds sum to 501",
    ),
    (
        "UPDATE ledger_account SET reserved_minor = 0 WHERE account_id = {card} AND component = 'PRINCIPAL'",
        Card,
        None,
        "0 is reserved",
    ),
    (
        "UPDATE hold SET status = 'EXPIRED', closed_at_us = 1 WHERE account_id = {from}; \
      UPDATE ledger_account SET reserved_minor = 0 WHERE account_id = {from}",
        From,
        None,
        "the event log says OPEN",
    ),
    (
        "UPDATE hold SET amount_minor = amount_minor + 1 WHERE account_id = {from}; \
      UPDATE ledger_account SET reserved_minor = reserved_minor + 1 WHERE account_id = {from} AND component = 'PRINCIPAL'",
        From,
        None,
        "the event log says 5.00",
    ),
    (
        "UPDATE hold SET captured_minor = 0 WHERE account_id = {card}; UPDATE ledger_account \
      SET reserved_minor = reserved_minor + 500 WHERE account_id = {card} AND component = 'PRINCIPAL'",
        Card,
        None,
        "its captures sum to 500",
    ),
    ("UPDATE hold SET currency = 'SEK' WHERE account_id = {from}", From, None, "the event log says"),
    // The event log.
    ("DELETE FROM event WHERE entry_sequence = 7", Nobody, None, "the event log has"),
    ("DELETE FROM event WHERE sequence = (SELECT MAX(sequence) FROM event)", Nobody, None, "the event log has"),
    ("UPDATE event SET entry_sequence = 99 WHERE entry_sequence = 7", Nobody, None, "the event log tells of"),
    ("UPDATE event SET type = 'entry.gone' WHERE entry_sequence = 7", Nobody, Some(7), "is entry.gone"),
    ("UPDATE event SET type = 'account.reopened' WHERE type = 'account.closed'", To, None, "the event log says OPEN"),
    (
        "UPDATE event SET type = 'hold.forgotten' WHERE type = 'hold.placed' AND account_id = {from}",
        From,
        None,
        "the event log does not tell",
    ),
    ("UPDATE event SET payload = '{' WHERE type = 'hold.placed' AND account_id = {from}", From, None, "is not JSON"),
    ("UPDATE ledger_head SET event_sequence = event_sequence - 1", Nobody, None, "the head says"),
    // Several at once: the journal by its sequence, then the chain, balances, holds, events, accounts.
    (
        "UPDATE entry SET description = 'Gift' WHERE sequence = 11; UPDATE entry SET description = 'Gift' WHERE sequence = 4",
        Card,
        Some(4),
        "its digest differs",
    ),
    (
        "UPDATE ledger_account SET balance_minor = 9 WHERE account_id = {from} AND component = 'FEE'; \
         UPDATE batch SET hash = previous_hash WHERE number = 2; DELETE FROM entry WHERE sequence = 10",
        Nobody,
        Some(10),
        "the entry is missing",
    ),
    (
        "DELETE FROM hold; UPDATE batch SET hash = previous_hash WHERE number = 4; \
         UPDATE batch SET hash = previous_hash WHERE number = 2",
        Nobody,
        Some(2),
        "the chain is broken at batch 2",
    ),
    (
        "DELETE FROM event WHERE entry_sequence = 7; DELETE FROM hold WHERE account_id = {from}; \
         UPDATE ledger_account SET balance_minor = 9 WHERE account_id = {to} AND component = 'FEE'",
        To,
        None,
        "has a balance of 9",
    ),
    (
        "DELETE FROM event WHERE entry_sequence = 7; DELETE FROM hold WHERE account_id = {from}",
        From,
        None,
        "the open holds sum to 0",
    ),
];

/// A database with real content, and copies of it. The server has been stopped.
struct Scene {
    engine: Engine,
    /// Of the database itself.
    url: String,
    /// On SQLite: a file without a log beside it.
    file: PathBuf,
    tenant: String,
    card: String,
    from: String,
    to: String,
}

impl Scene {
    /// Twelve entries in ten batches: a card with a debt, a hold that was captured in part, a transfer that was
    /// reversed, a batch of three, a closed account, and a hold on the one that is left.
    async fn of(app: &TestApp) -> Self {
        let card = books(app).await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let transfer = json!({
            "from": from.by(), "to": to.by(), "amount": euros("30.00"), "messageToSender": "Rent",
            "externalReference": { "reference": "R-1" }, "metadata": { "n": 1 },
        });
        let entry = app.done("transfer", transfer, "entry { id }").await["entry"]["id"].take();
        app.done("reverseEntry", json!({ "entry": entry, "reason": "a slip" }), "replayed").await;
        let item =
            || json!({ "idempotencyKey": fresh_key(), "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        app.done("transferBatch", json!({ "items": [item(), item(), item()] }), "succeeded").await;
        let back = json!([{ "target": { "transferTo": from.by() } }]);
        let closing = json!({ "account": to.by(), "closureCode": "DONE", "transactions": back });
        app.done("closeAccount", closing, "replayed").await;
        app.hold(&from, "5.00").await;

        let db = app.server().engine().await.db.reader().clone();
        let file = std::env::temp_dir().join(format!("konto-damage-{}.db", uuid::Uuid::now_v7().simple()));
        let url = match app.engine() {
            Engine::Sqlite => {
                db.execute_unprepared(&format!("VACUUM INTO '{}'", file.display())).await.expect("a copy");
                format!("sqlite://{}?mode=rwc", file.display())
            }
            Engine::Postgres => Place::of(app).await.url.clone(),
        };
        app.server().stop().await;
        let tenant = app.tenant_id().to_string();
        Self { engine: app.engine(), url, file, tenant, card: card.id, from: from.id, to: to.id }
    }

    /// A copy of the database, and the file or name to remove it by.
    async fn copy(&self) -> Copy {
        match self.engine {
            Engine::Sqlite => {
                let file = self.file.with_extension(format!("{}.db", uuid::Uuid::now_v7().simple()));
                std::fs::copy(&self.file, &file).expect("a copy");
                Copy { url: format!("sqlite://{}?mode=rwc", file.display()), file: Some(file), database: None }
            }
            Engine::Postgres => {
                let database = TestDatabase::copied(&self.url).await;
                Copy { url: database.url(), file: None, database: Some(database) }
            }
        }
    }

    /// The statements of a row, for this engine and these accounts.
    fn sql(&self, text: &str) -> String {
        let stored = |id: &str| {
            let hex = id.split_once('_').map_or(id, |(_, hex)| hex);
            if self.engine == Engine::Sqlite { format!("x'{hex}'") } else { format!("'{hex}'") }
        };
        let mut text = text.to_owned();
        for (name, id) in [("{card}", &self.card), ("{from}", &self.from), ("{to}", &self.to)] {
            text = text.replace(name, &stored(id));
        }
        for (name, line, amount) in [("{added 9 1}", "9", "1"), ("{added 10 -1}", "10", "-1")] {
            text = text.replace(name, &ADDED.replace("{line}", line).replace("{amount}", amount));
        }
        text
    }

    /// How the line begins that names these.
    fn line(&self, names: Names, sequence: Option<i64>) -> String {
        let account = match names {
            Nobody => String::new(),
            Card => format!(" account {}", self.card),
            From => format!(" account {}", self.from),
            To => format!(" account {}", self.to),
            Stray => format!(" account {}", self.tenant.replace("ten_", "acc_")),
        };
        let sequence = sequence.map(|sequence| format!(" sequence {sequence}")).unwrap_or_default();
        format!("different: tenant {}{account}{sequence}: ", self.tenant)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A copy that may be damaged.
struct Copy {
    url: String,
    file: Option<PathBuf>,
    database: Option<TestDatabase>,
}

impl Copy {
    async fn damage(&self, sql: &str) {
        let db = Database::open(&self.url).await.expect("a database");
        for statement in sql.split(';') {
            let done = db.reader().execute_unprepared(statement).await.expect(statement);
            assert!(done.rows_affected() > 0, "nothing was damaged: {statement}");
        }
        db.reader().clone().close().await.expect("closed");
    }

    /// How `konto verify` ends, and what it says.
    fn verify(&self) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_konto"));
        let output = command.arg("verify").env("KONTO_DATABASE_URL", &self.url).output().expect("konto verify");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    async fn remove(self) {
        for suffix in ["", "-wal", "-shm"] {
            if let Some(file) = &self.file {
                let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
            }
        }
        if let Some(database) = self.database {
            database.remove().await;
        }
    }
}

on_both_databases! {
    async fn konto_verify_names_the_first_damage_in_a_copy(app: TestApp) {
        let scene = Scene::of(&app).await;
        let mut wrong = Vec::new();
        for (row, names, sequence, says) in DAMAGES {
            let copy = scene.copy().await;
            copy.damage(&scene.sql(row)).await;
            let (code, said, errors) = copy.verify();
            let (line, one) = (scene.line(*names, *sequence), said.lines().count() == 1);
            if code != Some(1) || !said.starts_with(&line) || !said.contains(says) || !one {
                wrong.push(format!("{row}\n  expected {line}...{says}\n  ended {code:?} with {said}{errors}"));
            }
            copy.remove().await;
        }
        let copy = scene.copy().await;
        let (code, said, errors) = copy.verify();
        copy.remove().await;
        assert!(code == Some(0) && said.starts_with("clean; tenants: 1, entries: 12, "), "{code:?} {said}{errors}");
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), DAMAGES.len(), wrong.join("\n"));
    }

    async fn the_tenant_that_comes_first_is_named_first(app: TestApp) {
        let other = app.with_tenant("other").await;
        for tenant in [&app, &other] {
            books(tenant).await;
        }
        let place = Place::of(&app).await;
        let mut tenants = [app.tenant_id(), other.tenant_id()];
        tenants.sort();
        let id = tenants[0].to_string();
        let hex = id.strip_prefix("ten_").expect("an id");
        let stored = if app.engine() == Engine::Sqlite { format!("x'{hex}'") } else { format!("'{hex}'") };
        // The first tenant's holds come before the second one's journal.
        let first = up("hold", "captured_minor", &format!("tenant_id = {stored}"));
        let second = up("entry", "booked_at_us", &format!("tenant_id <> {stored} AND sequence = 2"));
        for damage in [&first.0, &second.0] {
            place.run(damage).await;
        }
        let (clean, said) = verify(&place.url);
        for undo in [&first.1, &second.1] {
            place.run(undo).await;
        }
        assert!(!clean && said.starts_with(&format!("different: tenant {id} account ")), "{said}");
    }
}
