//! A database for each test, on both engines: SQLite in a temporary file, and a fresh PostgreSQL database on
//! the server of `KONTO_TEST_POSTGRES_URL` (whose user must be able to create databases).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::super::{Answer, Mode, Priority};
use super::*;
use crate::database::Database;
use crate::engine::Engine;
use crate::ledger::{LedgerFault, entry::chain, journal};
use crate::primitives::IdSource;

/// Longer than anything here takes: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running engine on a database of its own, with one tenant in it.
pub(crate) struct World {
    pub engine: Engine,
    pub clock: Clock,
    url: String,
}

/// Runs a test on SQLite and on PostgreSQL.
pub(crate) async fn on_both(test: impl AsyncFn(&World)) {
    in_sqlite(async |url| run(url, &test).await).await;
    in_postgres(async |url| run(url, &test).await).await;
}

/// Runs a test on PostgreSQL only: what takes two servers on one database.
pub(crate) async fn on_postgres(test: &impl AsyncFn(&World)) {
    in_postgres(async |url| run(url, test).await).await;
}

/// Gives the URL of a new SQLite database, and removes it afterwards.
pub(crate) async fn in_sqlite(test: impl AsyncFn(&str)) {
    let file = std::env::temp_dir().join(format!("konto_test_{:032x}.sqlite", rand::random::<u128>()));
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let result = AssertUnwindSafe(test(&url)).catch_unwind().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Gives the URL of a new PostgreSQL database, and drops it afterwards.
pub(crate) async fn in_postgres(test: impl AsyncFn(&str)) {
    let Ok(admin) = std::env::var("KONTO_TEST_POSTGRES_URL") else {
        let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|required| required == "all");
        assert!(!required, "KONTO_TEST_REQUIRE=all, but KONTO_TEST_POSTGRES_URL is missing");
        eprintln!("not tested on PostgreSQL: KONTO_TEST_POSTGRES_URL is missing");
        return;
    };
    let name = format!("konto_test_{:032x}", rand::random::<u128>());
    let server = sea_orm::Database::connect(&admin).await.expect("the server of KONTO_TEST_POSTGRES_URL");
    server.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let (address, parameters) = match admin.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (admin.as_str(), String::new()),
    };
    let (server_part, _) = address.rsplit_once('/').expect("a database in the URL");
    let url = format!("{server_part}/{name}{parameters}");
    let result = AssertUnwindSafe(test(&url)).catch_unwind().await;
    let dropped = server.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    dropped.expect("the database is dropped");
}

async fn run(url: &str, test: &impl AsyncFn(&World)) {
    let clock = Clock::manual(start());
    let db = Database::open(url).await.expect("a database");
    db.migrate().await.expect("it migrates");
    let ids = IdSource::random(clock.clone());
    let world = World { engine: Engine::start_idle(db, clock.clone(), ids, Vec::new()), clock, url: url.to_owned() };
    world.add_tenant(tenant(), "one").await;
    tokio::time::timeout(PATIENCE, test(&world)).await.expect("the test comes to an end");
    world.engine.stop().await;
}

impl World {
    pub fn db(&self) -> &Database {
        &self.engine.db
    }

    /// Another server on the same database.
    pub async fn another_engine(&self) -> Engine {
        let db = Database::open(&self.url).await.expect("a database");
        Engine::start_idle(db, self.clock.clone(), IdSource::random(self.clock.clone()), Vec::new())
    }

    /// One that does in the background what a server does by itself.
    pub async fn server(&self) -> Engine {
        let db = Database::open(&self.url).await.expect("a database");
        Engine::start(db, self.clock.clone(), IdSource::random(self.clock.clone()))
    }

    pub async fn add_tenant(&self, id: TenantId, code: &str) {
        let sql = "INSERT INTO tenant (id, code, created_at_us) VALUES ($1, $2, 0)";
        self.execute(sql, vec![id.0.into(), code.into()]).await;
        let sql = "INSERT INTO ledger_head (tenant_id, epoch, command_sequence, entry_sequence, event_sequence, batch_number, \
                   last_booked_us, chain_hash) VALUES ($1, 0, 0, 0, 0, 0, 0, $2)";
        self.execute(sql, vec![id.0.into(), vec![0_u8; 32].into()]).await;
    }

    pub async fn execute(&self, sql: &str, values: Vec<Value>) {
        let tx = self.db().begin().await.expect("a transaction");
        let statement = Statement::from_sql_and_values(self.db().backend(), sql, values);
        tx.execute_raw(statement).await.expect("the statement");
        tx.commit().await.expect("a commit");
    }

    /// One number of one row.
    pub async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.db().backend(), sql);
        let row = self.db().reader().query_one_raw(statement).await.expect("the query").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    /// Opens an account and, where it begins with principal, pays that in.
    pub async fn open(&self, position: Position) {
        let funds = position.balances[Component::Principal.index()];
        let account = position.account;
        let empty = Position { balances: minors([0; 3]), ..position };
        self.done(order(Action::Open(Box::new(empty)))).await;
        match funds.0 {
            0 => {}
            1.. => _ = self.done(payment(account, funds.0)).await,
            owed => _ = self.done(debit(account, Spread::On(Component::Principal), -owed)).await,
        }
    }

    pub async fn try_submit(&self, order: Order) -> Result<Outcome, Arc<LedgerFault>> {
        submit_to(&self.engine, order).await
    }

    pub async fn submit(&self, order: Order) -> Outcome {
        self.try_submit(order).await.expect("the database")
    }

    pub async fn done(&self, order: Order) -> Applied {
        self.submit(order).await.expect("it is not refused")
    }

    pub async fn booked(&self, order: Order) -> Arc<Entry> {
        self.done(order).await.entry.expect("an entry")
    }

    pub async fn held(&self, order: Order) -> HoldId {
        self.done(order).await.hold.expect("a hold").id
    }

    pub async fn together(&self, orders: Vec<Order>, mode: Mode) -> Vec<Outcome> {
        let items = orders.into_iter().map(|order| (order.key, order.action)).collect();
        let answers = self.engine.workers.run_all(&origin(), items, mode, Priority::Front).await;
        answers.into_iter().map(|answer| outcome_of(answer).expect("the database")).collect()
    }

    /// Runs any command.
    pub async fn run<C: Command>(&self, command: C) -> Answer<C::Made> {
        self.engine.run(&origin(), None, command).await
    }

    pub async fn position(&self, number: u128) -> Position {
        let wanted = std::collections::BTreeSet::from([account(number)]);
        let positions = journal::positions(self.db().reader(), &self.clock, tenant(), wanted).await;
        let mut positions = positions.expect("the database");
        positions.remove(&account(number)).expect("the account").position
    }

    pub async fn balance(&self, number: u128) -> i64 {
        self.position(number).await.balance().0
    }

    /// How often batches have loaded something, and how often one was written in one statement.
    pub fn statements(&self) -> (u64, u64) {
        let metrics = self.engine.workers.metrics();
        (metrics.loads.get(), metrics.optimistic.get())
    }

    /// The same, however many entries there are.
    pub async fn verify(&self) {
        self.verify_clean(self.number("SELECT COUNT(*) FROM entry").await).await;
    }

    /// The journals are whole, every balance is the sum of its postings, and there are so many entries.
    pub async fn verify_clean(&self, entries: i64) {
        let zero = [
            "SELECT COUNT(*) FROM ledger_head WHERE command_sequence <> (SELECT COUNT(*) FROM command c WHERE c.tenant_id = ledger_head.tenant_id)",
            "SELECT COUNT(*) FROM ledger_head WHERE command_sequence <> COALESCE((SELECT MAX(sequence) FROM command c WHERE c.tenant_id = ledger_head.tenant_id), 0)",
            "SELECT COUNT(*) FROM ledger_head WHERE entry_sequence <> (SELECT COUNT(*) FROM entry e WHERE e.tenant_id = ledger_head.tenant_id)",
            "SELECT COUNT(*) FROM ledger_head WHERE entry_sequence <> COALESCE((SELECT MAX(sequence) FROM entry e WHERE e.tenant_id = ledger_head.tenant_id), 0)",
            "SELECT COUNT(*) FROM ledger_head WHERE event_sequence <> (SELECT COUNT(*) FROM entry e WHERE e.tenant_id = ledger_head.tenant_id) \
             + (SELECT COUNT(*) FROM event v WHERE v.tenant_id = ledger_head.tenant_id)",
            "SELECT COUNT(*) FROM entry e JOIN event v ON v.tenant_id = e.tenant_id AND v.sequence = e.event_sequence",
            "SELECT COUNT(*) FROM entry e WHERE NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant_id = e.tenant_id \
             AND c.sequence = e.command_sequence AND c.outcome = 'DONE')",
            "SELECT COUNT(*) FROM event e WHERE NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant_id = e.tenant_id \
             AND c.sequence = e.command_sequence AND c.outcome = 'DONE')",
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM posting GROUP BY tenant_id, entry_sequence, currency HAVING SUM(amount_minor) <> 0) AS s",
            "SELECT COUNT(*) FROM internal_account a WHERE balance_minor <> COALESCE((SELECT SUM(amount_minor) FROM posting p \
             WHERE p.tenant_id = a.tenant_id AND p.internal_id = a.id), 0)",
            "SELECT COUNT(*) FROM account_position a WHERE reserved_minor <> COALESCE((SELECT SUM(amount_minor - captured_minor) \
             FROM hold h WHERE h.tenant_id = a.tenant_id AND h.account_id = a.account_id AND h.status = 'OPEN'), 0)",
        ];
        for sql in zero {
            assert_eq!(self.number(sql).await, 0, "{sql}");
        }
        for component in ["principal", "interest", "fee"] {
            let word = component.to_uppercase();
            let sql = format!(
                "SELECT COUNT(*) FROM account_position a WHERE {component}_minor <> COALESCE((SELECT SUM(amount_minor) FROM posting p \
                 WHERE p.tenant_id = a.tenant_id AND p.account_id = a.account_id AND p.component = '{word}'), 0)"
            );
            assert_eq!(self.number(&sql).await, 0, "{component}");
        }
        assert_eq!(self.number("SELECT COUNT(*) FROM entry").await, entries);
        self.verify_chain().await;
    }

    /// The chain of batches is made of what the entries say.
    async fn verify_chain(&self) {
        let sql =
            "SELECT first_sequence, last_sequence, previous_hash, hash FROM batch WHERE tenant_id = $1 ORDER BY number";
        let statement = Statement::from_sql_and_values(self.db().backend(), sql, [tenant().0.into()]);
        let mut last = vec![0_u8; 32];
        for row in self.db().reader().query_all_raw(statement).await.expect("the batches") {
            let number = |name| row.try_get::<i64>("", name).expect("a number");
            let bytes = |name| row.try_get::<Vec<u8>>("", name).expect("bytes");
            assert_eq!(bytes("previous_hash"), last);
            let sequences: Vec<i64> = (number("first_sequence")..=number("last_sequence")).collect();
            let entries = journal::entries_by_sequence(self.db().reader(), tenant(), &sequences).await;
            let mut entries = entries.expect("the entries");
            entries.sort_by_key(|entry| entry.sequence);
            last = chain(&last, entries.iter().map(|entry| entry.digest())).to_vec();
            assert_eq!(bytes("hash"), last, "batch with {sequences:?}");
        }
        let sql = "SELECT chain_hash FROM ledger_head WHERE tenant_id = $1";
        let statement = Statement::from_sql_and_values(self.db().backend(), sql, [tenant().0.into()]);
        let head = self.db().reader().query_one_raw(statement).await.expect("the query").expect("the head");
        assert_eq!(head.try_get::<Vec<u8>>("", "chain_hash").expect("bytes"), last);
    }
}

/// The same on any engine.
pub(crate) async fn submit_to(engine: &Engine, order: Order) -> Result<Outcome, Arc<LedgerFault>> {
    outcome_of(engine.run(&order.origin, order.key, order.action).await)
}
