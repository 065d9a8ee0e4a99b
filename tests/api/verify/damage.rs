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
const ADDED: &str = "INSERT INTO posting SELECT tenant_id, entry_sequence, {line}, account_id, component, internal_id, \
     {amount}, currency, kind, value_date, booked_at_us, authorised_on, NULL, NULL, NULL FROM posting WHERE entry_sequence = 2 \
     AND account_id IS NULL AND line < 9";

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
        "what is personal",
    ),
    (
        "UPDATE posting SET message = NULL WHERE entry_sequence = 7 AND account_id = {from}",
        From,
        Some(7),
        "what is personal",
    ),
    (
        "UPDATE posting SET component = 'FEE' WHERE entry_sequence = 6 AND account_id = {from}",
        From,
        Some(6),
        "its digest differs",
    ),
    (
        "UPDATE posting SET internal_id = tenant_id WHERE entry_sequence = 6 AND account_id IS NULL",
        From,
        Some(6),
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
    ("UPDATE entry SET business_date = '2026-04-01' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET transaction_date = '2026-04-01' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET facts = '{}' WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET command_sequence = 1 WHERE sequence = 7", From, Some(7), "its digest differs"),
    ("UPDATE entry SET event_sequence = event_sequence + 1000 WHERE sequence = 7", From, Some(7), "its digest differs"),
    // What is personal in it: erased as a whole, or not at all.
    ("UPDATE entry SET personal = '{}' WHERE sequence = 2", Card, Some(2), "what is personal"),
    ("UPDATE entry SET personal = NULL WHERE sequence = 2", Card, Some(2), "what is personal"),
    ("UPDATE entry SET personal_salt = NULL WHERE sequence = 2", Card, Some(2), "what is personal"),
    ("UPDATE entry SET personal_salt = hash WHERE sequence = 2", Card, Some(2), "what is personal"),
    ("UPDATE entry SET personal_hash = hash WHERE sequence = 2", Card, Some(2), "its digest differs"),
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
        "UPDATE account_position SET principal_minor = principal_minor + 1 WHERE account_id = {from}",
        From,
        None,
        "has a balance of",
    ),
    (
        "UPDATE account_position SET fee_minor = 1 WHERE account_id = {to}",
        To,
        None,
        "has a balance of 1, its postings sum to 0",
    ),
    (
        "UPDATE internal_account SET balance_minor = 0 WHERE role = 'SETTLEMENT_BANK'",
        Nobody,
        None,
        "has a balance of 0",
    ),
    ("UPDATE account_position SET currency = 'SEK' WHERE account_id = {from}", From, None, "is kept in SEK"),
    ("UPDATE internal_account SET currency = 'SEK' WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "is kept in SEK"),
    ("UPDATE internal_account SET role = 'SUSPENSE' WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "has not the id of"),
    (
        "UPDATE internal_account SET party_id = tenant_id WHERE role = 'SETTLEMENT_BANK'",
        Nobody,
        None,
        "has not the id of",
    ),
    (
        "UPDATE account_position SET arriving = '2099-01-01:5' WHERE account_id = {from}",
        From,
        None,
        "2099-01-01:5 is on its way, the entries say nothing",
    ),
    ("DELETE FROM account_position WHERE account_id = {from}", From, None, "not in the books"),
    ("DELETE FROM internal_account WHERE role = 'SETTLEMENT_BANK'", Nobody, None, "not in the chart"),
    (
        "UPDATE account_position SET status = 'OPEN', closed_on = NULL WHERE account_id = {to}",
        To,
        None,
        "the event log says CLOSED",
    ),
    (
        "UPDATE account_position SET credit_limit_minor = 500000 WHERE account_id = {card}",
        Card,
        None,
        "the event log says",
    ),
    ("UPDATE ledger_head SET closed_through = '2026-01-31'", Nobody, None, "the event log says no day"),
    // What is noted of the reversal.
    ("UPDATE reversed_entry SET lines = '-3000,2999'", From, Some(7), "is noted as reversed"),
    ("UPDATE reversed_entry SET complete = false", From, Some(7), "reversed in part, and was as a whole"),
    ("UPDATE reversed_entry SET last_reversal_id = tenant_id", From, Some(7), "last reversed by"),
    ("UPDATE reversed_entry SET entry_id = tenant_id", Nobody, None, "nothing reverses it"),
    ("DELETE FROM reversed_entry", From, Some(7), "that is not noted"),
    // The commands.
    (
        "DELETE FROM command WHERE sequence = (SELECT command_sequence FROM entry WHERE sequence = 7)",
        Nobody,
        None,
        "is missing",
    ),
    ("DELETE FROM command WHERE sequence = (SELECT MAX(sequence) FROM command)", Nobody, None, "the head says"),
    (
        "UPDATE command SET key = NULL WHERE sequence = (SELECT command_sequence FROM entry WHERE sequence = 7)",
        Nobody,
        None,
        "has a key without the digest of its request, or a digest without a key",
    ),
    (
        "UPDATE command SET outcome = 'DENIED' WHERE sequence = (SELECT command_sequence FROM entry WHERE sequence = 7)",
        Nobody,
        None,
        "unlike its outcome",
    ),
    (
        "UPDATE command SET outcome = 'REFUSED', code = 'X', target = NULL, key = NULL, request_hash = NULL \
         WHERE sequence = (SELECT command_sequence FROM entry WHERE sequence = 7)",
        From,
        Some(7),
        "did nothing",
    ),
    ("UPDATE ledger_head SET last_booked_us = 0", Nobody, None, "command 1 was decided after the head was moved last"),
    // Holds.
    (
        "INSERT INTO hold SELECT tenant_id, tenant_id, ordinal, tenant_id, currency, amount_minor, captured_minor, 'RELEASED', \
      description, reference, card_id, network_reference, point_of_sale, counted, placed_at_us, expires_at_us, 1 FROM hold WHERE account_id = {from}",
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
    ("UPDATE account_position SET reserved_minor = 0 WHERE account_id = {card}", Card, None, "0 is reserved"),
    (
        "UPDATE hold SET status = 'EXPIRED', closed_at_us = 1 WHERE account_id = {from}; \
      UPDATE account_position SET reserved_minor = 0 WHERE account_id = {from}",
        From,
        None,
        "the event log says OPEN",
    ),
    (
        "UPDATE hold SET amount_minor = amount_minor + 1 WHERE account_id = {from}; \
      UPDATE account_position SET reserved_minor = reserved_minor + 1 WHERE account_id = {from}",
        From,
        None,
        "the event log says 5.00",
    ),
    (
        "UPDATE hold SET captured_minor = 0 WHERE account_id = {card}; UPDATE account_position \
      SET reserved_minor = reserved_minor + 500 WHERE account_id = {card}",
        Card,
        None,
        "its captures sum to 500",
    ),
    ("UPDATE hold SET currency = 'SEK' WHERE account_id = {from}", From, None, "the event log says"),
    ("UPDATE hold SET placed_at_us = placed_at_us + 1 WHERE account_id = {from}", From, None, "at another time"),
    // The event log.
    ("DELETE FROM event WHERE type = 'HOLD_CAPTURED'", Nobody, None, "the event log has a gap"),
    ("DELETE FROM event WHERE sequence = (SELECT MAX(sequence) FROM event)", Nobody, None, "the event log has"),
    (
        "UPDATE event SET sequence = (SELECT event_sequence FROM entry WHERE sequence = 12) WHERE type = 'HOLD_CAPTURED'",
        Nobody,
        None,
        "the event log has a gap",
    ),
    ("UPDATE event SET type = 'ENTRY_POSTED' WHERE type = 'HOLD_CAPTURED'", Card, None, "an entry is its own event"),
    ("UPDATE event SET type = 'ACCOUNT_REOPENED' WHERE type = 'ACCOUNT_CLOSED'", To, None, "the event log says OPEN"),
    (
        "UPDATE event SET type = 'HOLD_FORGOTTEN' WHERE type = 'HOLD_PLACED' AND account_id = {from}",
        From,
        None,
        "the event log does not tell",
    ),
    (
        "UPDATE event SET payload = '{' WHERE type = 'HOLD_PLACED' AND account_id = {from}",
        From,
        None,
        "is not a JSON object",
    ),
    (
        "UPDATE event SET subject = 'another' WHERE type = 'HOLD_PLACED' AND account_id = {from}",
        From,
        None,
        "about something else",
    ),
    ("UPDATE event SET command_sequence = 9999 WHERE type = 'ACCOUNT_CLOSED'", To, None, "command 9999 does not exist"),
    ("UPDATE event SET occurred_at_us = occurred_at_us + 1 WHERE type = 'ACCOUNT_CLOSED'", To, None, "at another time"),
    ("UPDATE ledger_head SET event_sequence = event_sequence - 1", Nobody, None, "the head says"),
    // Several at once: the commands, the journal by its sequence, then the chain, balances, holds, events, accounts.
    (
        "UPDATE entry SET description = 'Gift' WHERE sequence = 4; DELETE FROM command WHERE sequence = 2",
        Nobody,
        None,
        "command 2 is missing",
    ),
    (
        "UPDATE entry SET description = 'Gift' WHERE sequence = 11; UPDATE entry SET description = 'Gift' WHERE sequence = 4",
        Card,
        Some(4),
        "its digest differs",
    ),
    (
        "UPDATE account_position SET fee_minor = 9 WHERE account_id = {from}; \
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
        "DELETE FROM event WHERE type = 'HOLD_CAPTURED'; DELETE FROM hold WHERE account_id = {from}; \
         UPDATE account_position SET fee_minor = 9 WHERE account_id = {to}",
        To,
        None,
        "has a balance of 9",
    ),
    (
        "DELETE FROM event WHERE type = 'HOLD_CAPTURED'; DELETE FROM hold WHERE account_id = {from}",
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
