//! The two engines behind one door: where writers and readers come from, and what differs between them.

mod connection_check;
mod list;
mod own_connection;
mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use migration::MigratorTrait as _;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use sea_orm::sqlx::pool::PoolConnectionMetadata;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Error as Driver};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, RuntimeErr, SqliteTransactionMode, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tracing::Instrument as _;

use crate::telemetry::measure::{self, Held, Histogram, Label, Reading};
use crate::telemetry::spans;

use connection_check::ConnectionCheck;
pub use list::{Kind, Listed, listed};
pub use own_connection::OwnConnection;

/// A migrated database. Cloning shares the pools.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// SQLite has one writer at a time: waiting for it here is fair and cheap, waiting inside SQLite is neither.
    sqlite_writer: Option<Arc<Mutex<()>>>,
    /// PostgreSQL's, for connections outside of the pools.
    own_connections: Option<OwnConnections>,
    /// Whether PostgreSQL's connections are to be asked for a sign of life.
    check: ConnectionCheck,
    /// How long writers wait for their transaction.
    begins: Histogram,
    /// Writers that wait for it now.
    beginning: Gauge,
    /// Statements that were run.
    #[cfg(test)]
    statements: Arc<std::sync::atomic::AtomicU64>,
}

/// How to open connections that are kept, and how many more there may be.
#[derive(Clone, Debug)]
struct OwnConnections {
    options: Arc<PgConnectOptions>,
    places: Arc<Semaphore>,
}

/// The file of a SQLite URL, when there is none yet.
#[must_use]
pub fn missing_file(url: &str) -> Option<PathBuf> {
    file_of(url).filter(|path| !path.exists())
}

/// The file of a SQLite URL, whether it is there or not.
#[must_use]
pub fn file_of(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
        return None;
    }
    let options: SqliteConnectOptions = url.parse().ok()?;
    Some(options.get_filename().to_path_buf())
}

/// Whether the database was not there to be asked, or could not do it now: the same may succeed later. Otherwise
/// it was asked for something that it will never do.
#[must_use]
pub fn is_lost(error: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return matches!(error, DbErr::ConnectionAcquire(_));
    };
    let RuntimeErr::SqlxError(cause) = cause else { return matches!(error, DbErr::Conn(_)) };
    match &**cause {
        Driver::Io(_) | Driver::Tls(_) | Driver::Protocol(_) => true,
        Driver::PoolTimedOut | Driver::PoolClosed | Driver::WorkerCrashed | Driver::BeginFailed => true,
        Driver::Database(error) => error.code().is_some_and(|code| passes(&code)),
        _ => matches!(error, DbErr::Conn(_)),
    }
}

/// What the driver said, if it was asked.
fn cause(error: &DbErr) -> Option<&Driver> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

/// Whether a connection that was there broke, so that another one may be had at once.
#[must_use]
pub fn broke_off(error: &DbErr) -> bool {
    let Some(cause) = cause(error) else { return false };
    match cause {
        Driver::Io(_) => true,
        Driver::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || matches!(&*code, "57P01" | "57P02"))
        }
        _ => false,
    }
}

/// Whether a statement that commits by itself may have done so when it ended with this. An error that the database
/// reports has rolled it back, unless it is of the connection or of an operator, who may come after the commit.
#[must_use]
pub fn may_have_committed(error: &DbErr) -> bool {
    let Some(cause) = cause(error) else { return true };
    match cause {
        Driver::Database(error) => {
            error.code().is_none_or(|code| ["08", "57"].iter().any(|class| code.starts_with(class)))
        }
        _ => true,
    }
}

/// Whether a database's code tells of something that passes.
fn passes(code: &str) -> bool {
    // PostgreSQL's have five characters, SQLite's are numbers of four digits at most.
    if code.len() < 5
        && let Ok(code) = code.parse::<u32>()
    {
        // SQLite, the extended codes among them: busy, locked, read-only, an I/O error, full, cannot open.
        return matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    // PostgreSQL: the connection, a lost race, resources, an operator, the system; a lock, and a server that has
    // become a standby.
    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || matches!(code, "55P03" | "25006")
}

/// A write transaction. Dropped without [`WriteTransaction::commit`], it rolls back.
#[derive(Debug)]
pub struct WriteTransaction {
    transaction: DatabaseTransaction,
    check: ConnectionCheck,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl WriteTransaction {
    /// Makes everything durable.
    ///
    /// # Errors
    /// The database's; whether the work was done is then unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        let committed = self.transaction.commit().instrument(spans::statement("COMMIT")).await;
        committed.inspect_err(|_| self.check.failed())
    }
}

impl std::ops::Deref for WriteTransaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

/// Whether a connection may be used again: with no transaction open, and none that the driver believes to be.
///
/// When SQLite fails to write, it rolls back by itself. The driver's own ROLLBACK is then an error, and the driver goes
/// on counting a transaction that has ended: it would begin the next with a SAVEPOINT, whose rollback leaves it open,
/// and what is committed inside that one is not in the file. Such a connection is closed, which ends whatever is left.
async fn is_sound(connection: &mut SqliteConnection) -> Result<bool, Driver> {
    // A rollback may still be on its way to the connection's thread. What is asked comes after it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

const SQLITE_READERS: u32 = 8;
const POSTGRES_READERS: u32 = 12;
const POSTGRES_WRITERS: u32 = 8;
const POSTGRES_OWN_CONNECTIONS: usize = 4;
/// A connection that was not used for so long is asked whether it still lives, whatever became of the others.
const IDLE: Duration = Duration::from_secs(1);
/// How long anybody waits for a connection, and for another process's write on SQLite.
const PATIENCE: Duration = Duration::from_secs(5);
/// The advisory lock under which servers that start together migrate one after the other: "konto" in ASCII.
const MIGRATION_LOCK: i64 = 0x6b_6f6e_746f;

impl Database {
    /// Opens `sqlite://file?mode=rwc` or `postgres://...`. Does not migrate.
    ///
    /// # Errors
    /// A URL that is neither, a database that does not answer, or one of PostgreSQL's that is not in UTF-8.
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let check = ConnectionCheck::new();
            let pool = async |size: u32, commits: bool| {
                let (mut options, check) = (ConnectOptions::new(url), check.clone());
                options
                    .max_connections(size)
                    .acquire_timeout(PATIENCE)
                    // A question before every use would cost as much as most statements.
                    .test_before_acquire(false)
                    .map_sqlx_postgres_before_acquire(move |connection, PoolConnectionMetadata { idle_for, .. }| {
                        let check = check.clone();
                        Box::pin(async move { check.ask(connection, idle_for, IDLE).await.map(|()| true) })
                    })
                    .map_sqlx_postgres_opts(session::told)
                    .sqlx_logging(false)
                    .record_stmt_in_spans(false);
                if commits {
                    options.map_sqlx_postgres_pool_opts(|pool| {
                        pool.after_connect(|connection, _| Box::pin(session::made_durable(connection)))
                    });
                }
                sea_orm::Database::connect(options).await
            };
            answers(url).await?;
            // Apart, so that a flood of reads never keeps what is decided from being written.
            let (reader, writer) = (pool(POSTGRES_READERS, false).await?, pool(POSTGRES_WRITERS, true).await?);
            session::checked(&reader).await?;
            let options = session::told(url.parse().map_err(custom)?).disable_statement_logging();
            let own_connections = OwnConnections {
                options: Arc::new(options),
                places: Arc::new(Semaphore::new(POSTGRES_OWN_CONNECTIONS)),
            };
            Ok(Self::new(reader, writer, None, Some(own_connections), check))
        } else {
            Err(DbErr::Custom("expected a URL that starts with sqlite:// or postgres://".into()))
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, DbErr> {
        let options: SqliteConnectOptions = url.parse().map_err(custom)?;
        if !url.contains("mode=rwc")
            && let Some(path) = missing_file(url)
        {
            let path = path.display();
            return Err(DbErr::Custom(format!("the file {path} does not exist: add ?mode=rwc to the URL to make it")));
        }
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = |size: u32| {
            let pool = SqlitePoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
            pool.after_release(|connection, _| Box::pin(is_sound(connection)))
        };
        // The writer goes through all indexes, at random places; its pages are to stay in memory, and are to be folded
        // into the file less often than every four megabytes.
        let for_writing = options.clone().pragma("cache_size", "-16384").pragma("wal_autocheckpoint", "4096");
        let writer = pool(1).connect_with(for_writing).await.map_err(custom)?;
        // What is read is in the system's cache as well: pages that each reader keeps for itself add up.
        let for_reading = options.pragma("cache_size", "-1024");
        let reader = pool(SQLITE_READERS).connect_with(for_reading).await.map_err(custom)?;
        let reader = SqlxSqliteConnector::from_sqlx_sqlite_pool(reader);
        let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        Ok(Self::new(reader, writer, Some(Arc::new(Mutex::new(()))), None, ConnectionCheck::new()))
    }

    fn new(
        mut reader: DatabaseConnection,
        mut writer: DatabaseConnection,
        sqlite_writer: Option<Arc<Mutex<()>>>,
        own_connections: Option<OwnConnections>,
        check: ConnectionCheck,
    ) -> Self {
        #[cfg(test)]
        let statements = Arc::<std::sync::atomic::AtomicU64>::default();
        // Measuring a statement costs two looks at the clock. On SQLite nobody asks for its failures.
        if own_connections.is_some() || spans::exporting() || cfg!(test) {
            for pool in [&mut reader, &mut writer] {
                let check = check.clone();
                #[cfg(test)]
                let statements = statements.clone();
                pool.set_metric_callback(move |info| {
                    #[cfg(test)]
                    statements.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if info.failed {
                        check.failed();
                    }
                    spans::ran(&info.statement.sql, info.elapsed, info.failed);
                });
            }
        }
        let (begins, beginning) = (Histogram::of_times(), Gauge::default());
        Self {
            reader,
            writer,
            sqlite_writer,
            own_connections,
            check,
            begins,
            beginning,
            #[cfg(test)]
            statements,
        }
    }

    /// How many statements were run so far.
    #[cfg(test)]
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if self.backend() != DbBackend::Postgres {
            return migration::Migrator::up(&self.writer, None).await;
        }
        let lock = self.reader.begin().await?;
        lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        migration::Migrator::up(&self.writer, None).await?;
        lock.commit().await
    }

    /// Closes every connection: SQLite then folds its write-ahead log into the file.
    ///
    /// # Errors
    /// The database's.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.writer.close_by_ref().await?;
        self.reader.close_by_ref().await
    }

    /// Where reads go.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a transaction that only reads, sees one state of everything, and is planned for reading much of it: for
    /// reports. Everything else is read from [`Database::reader`], whose plans suit what is found by a key.
    ///
    /// # Errors
    /// The database's.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.backend() != DbBackend::Postgres {
            return self.reader.begin().await;
        }
        let (isolation, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        let snapshot = self.reader.begin_with_config(Some(isolation), Some(access)).await?;
        snapshot.execute_unprepared(session::REPORT).await?;
        Ok(snapshot)
    }

    /// Begins a write: READ COMMITTED on PostgreSQL, IMMEDIATE on SQLite (a transaction that begins as a
    /// reader cannot become a writer there without risking a busy error).
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        let (_waits, start) = (Held::of(&self.beginning), Instant::now());
        let begun = self.begin_now().instrument(spans::statement("BEGIN")).await;
        self.begins.took(start.elapsed());
        begun.inspect_err(|_| self.check.failed())
    }

    /// A connection to keep, on PostgreSQL, if there is one to be had: without it everything goes through the pools.
    pub async fn own_connection(&self) -> Option<OwnConnection> {
        let own_connections = self.own_connections.as_ref()?;
        let place = own_connections.places.clone().try_acquire_owned().ok()?;
        tokio::time::timeout(PATIENCE, OwnConnection::open(&own_connections.options, place, self.check.clone()))
            .await
            .ok()?
            .ok()
    }

    async fn begin_now(&self) -> Result<WriteTransaction, DbErr> {
        let turn = match &self.sqlite_writer {
            Some(writer) => Some(writer.clone().lock_owned().await),
            None => None,
        };
        let transaction = match self.backend() {
            DbBackend::Sqlite => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                self.writer.begin_with_options(options).await?
            }
            _ => self.writer.begin().await?,
        };
        Ok(WriteTransaction { transaction, check: self.check.clone(), _turn: turn })
    }

    /// Which engine.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn ping(&self) -> Result<(), DbErr> {
        match self.reader.ping().await {
            // Of the connection that it was asked on, that says more than of the database.
            Err(error) if broke_off(&error) => {
                self.check.failed();
                self.reader.ping().await
            }
            answer => answer,
        }
    }

    /// Puts the pools and the writers' waits on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        let help = "From asking for a write transaction to having it";
        registry.register("database_begin_seconds", help, self.begins.clone());
        let help = "Writers that wait for their transaction";
        registry.register("database_begin_waiting", help, self.beginning.clone());
        let db = self.clone();
        let help = "Connections by pool (read, write, commit) and state (idle, used).";
        measure::gauge(registry, "database_connections", help, move || {
            let pools = db.pools().into_iter();
            pools.flat_map(|(pool, idle, used, _)| [state(pool, "idle", idle), state(pool, "used", used)]).collect()
        });
        let db = self.clone();
        let help = "The most connections that a pool opens.";
        measure::gauge(registry, "database_connections_limit", help, move || {
            db.pools().into_iter().map(|(pool, _, _, most)| (vec![("pool", pool)], most)).collect()
        });
    }

    /// Name, idle and used connections, and the most there may be.
    fn pools(&self) -> Vec<(&'static str, u64, u64, u64)> {
        let pools = [("read", &self.reader), ("write", &self.writer)].map(|(name, pool)| {
            let (size, idle, most) = if self.backend() == DbBackend::Postgres {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            } else {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            };
            // Both are read on the way: what is just being given back may count twice.
            let idle = measure::to_count(idle).min(size.into());
            (name, idle, u64::from(size) - idle, most.into())
        });
        let kept = self.own_connections.as_ref().map(|own_connections| {
            let used = POSTGRES_OWN_CONNECTIONS - own_connections.places.available_permits();
            ("commit", 0, measure::to_count(used), measure::to_count(POSTGRES_OWN_CONNECTIONS))
        });
        pools.into_iter().chain(kept).collect()
    }
}

/// Whether a server of PostgreSQL takes a connection. A pool tries again until its patience ends, and then it says nothing
/// but that.
async fn answers(url: &str) -> Result<(), DbErr> {
    let options = url.parse::<PgConnectOptions>().map_err(custom)?.disable_statement_logging();
    let connection = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let silent = || DbErr::Custom(format!("no answer within {} seconds", PATIENCE.as_secs()));
    let connection = connection.map_err(|_| silent())?.map_err(custom)?;
    connection.close().await.map_err(custom)
}

fn custom(error: Driver) -> DbErr {
    DbErr::Custom(error.to_string())
}

fn state(pool: &'static str, state: &'static str, count: u64) -> Reading {
    let labels: Vec<Label> = vec![("pool", pool), ("state", state)];
    (labels, count)
}

#[cfg(test)]
mod tests {
    use super::{Database, passes};

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_so() {
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port();
        let opened = Database::open(&format!("postgres://konto:secret@127.0.0.1:{port}/konto")).await;
        let said = opened.expect_err("nobody listens").to_string();
        assert!(said.contains("refused") && !said.contains("secret"), "{said}");
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        // A SQLSTATE of digits alone is no code of SQLite's.
        for code in ["5", "261", "517", "13", "778", "08006", "53100", "57P01", "40P01", "25006"] {
            assert!(passes(code), "{code}");
        }
        for code in ["1", "19", "2067", "23505", "42P01", "22003", "25001"] {
            assert!(!passes(code), "{code}");
        }
    }
}
