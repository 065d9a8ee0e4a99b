//! A database for each test, on both engines: SQLite in a temporary file, and a fresh PostgreSQL database on
//! the server of `KONTO_TEST_POSTGRES_URL` (whose user must be able to create databases).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::super::journal;
use super::super::verify::{Checked, VerifyError, verify};
use super::*;
use crate::database::Database;
use crate::engine::Engine;

/// Longer than anything here takes: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running engine on a database of its own, with one tenant in it.
pub struct World {
    pub engine: Engine,
    pub clock: Clock,
    url: String,
}

/// Runs a test on SQLite and on PostgreSQL.
pub async fn on_both(test: impl AsyncFn(&World)) {
    on_sqlite(&test).await;
    on_postgres(&test).await;
}

async fn on_sqlite(test: &impl AsyncFn(&World)) {
    let file = std::env::temp_dir().join(format!("konto_test_{:032x}.sqlite", rand::random::<u128>()));
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let result = AssertUnwindSafe(run(&url, test)).catch_unwind().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Runs a test on PostgreSQL only: what takes two servers on one database.
pub async fn on_postgres(test: &impl AsyncFn(&World)) {
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
    let result = AssertUnwindSafe(run(&url, test)).catch_unwind().await;
    let dropped = server.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    dropped.expect("the database is dropped");
}

async fn run(url: &str, test: &impl AsyncFn(&World)) {
    let clock = Clock::manual(start());
    let db = Database::open(url).await.expect("a database");
    db.migrate().await.expect("it migrates");
    let ids = IdSource::random(clock.clone());
    let world = World { engine: Engine::start(db, clock.clone(), ids), clock, url: url.to_owned() };
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
        Engine::start(db, self.clock.clone(), IdSource::random(self.clock.clone()))
    }

    pub async fn add_tenant(&self, id: TenantId, code: &str) {
        let sql = "INSERT INTO tenant (id, code, name, base_currency, sandbox, created_at_us) VALUES ($1, $2, $2, 'SEK', $3, 0)";
        self.execute(sql, vec![id.0.into(), code.into(), false.into()]).await;
        let sql = "INSERT INTO ledger_head (tenant_id, entry_sequence, event_sequence, batch_number, chain_hash) VALUES ($1, 0, 0, 0, $2)";
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

    pub async fn submit(&self, order: Order) -> Outcome {
        self.engine.submit(order).await.expect("the database")
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

    pub async fn position(&self, number: u128) -> Position {
        let wanted = BTreeSet::from([account(number)]);
        let mut positions = journal::positions(self.db().reader(), tenant(), wanted).await.expect("the database");
        positions.remove(&account(number)).expect("the account")
    }

    pub async fn balance(&self, number: u128) -> i64 {
        self.position(number).await.balance().0
    }

    pub async fn verify(&self) -> Result<Checked, VerifyError> {
        verify(self.db().reader()).await
    }

    /// Everything adds up, and there are so many entries.
    pub async fn verify_clean(&self, entries: u64) {
        let checked = self.verify().await.expect("clean books");
        assert_eq!(checked.entries, entries);
    }
}
