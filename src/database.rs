//! The two engines behind one door: where writers and readers come from, and what differs between them.

mod list;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use migration::MigratorTrait as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use list::{Kind, any_of};

/// A migrated database. Cloning shares the pools.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// SQLite has one writer at a time: waiting for it here is fair and cheap, waiting inside SQLite is neither.
    sqlite_writer: Option<Arc<Mutex<()>>>,
}

/// The file of a SQLite URL, when there is none yet.
#[must_use]
pub fn missing_file(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
        return None;
    }
    let options: SqliteConnectOptions = url.parse().ok()?;
    let path = options.get_filename();
    (!path.exists()).then(|| path.to_path_buf())
}

/// A write transaction. Dropped without [`WriteTransaction::commit`], it rolls back.
#[derive(Debug)]
pub struct WriteTransaction {
    transaction: DatabaseTransaction,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl WriteTransaction {
    /// Makes everything durable.
    ///
    /// # Errors
    /// The database's; whether the work was done is then unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await
    }
}

impl std::ops::Deref for WriteTransaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

const SQLITE_READERS: u32 = 8;
const POSTGRES_READERS: u32 = 12;
const POSTGRES_WRITERS: u32 = 8;
/// A connection that was not used for so long is asked whether it still lives.
const IDLE: Duration = Duration::from_secs(1);
/// The advisory lock under which servers that start together migrate one after the other: "konto" in ASCII.
const MIGRATION_LOCK: i64 = 0x6b_6f6e_746f;

impl Database {
    /// Opens `sqlite://file?mode=rwc` or `postgres://...`. Does not migrate.
    ///
    /// # Errors
    /// A URL that is neither, or a database that does not answer.
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = async |size: u32| {
                let mut options = ConnectOptions::new(url);
                options
                    .max_connections(size)
                    .acquire_timeout(Duration::from_secs(5))
                    // A question before every use would cost as much as most statements.
                    .test_before_acquire_if_idle_for(IDLE)
                    .sqlx_logging(false)
                    .record_stmt_in_spans(false);
                sea_orm::Database::connect(options).await
            };
            // Apart, so that a flood of reads never keeps what is decided from being written.
            let (reader, writer) = (pool(POSTGRES_READERS).await?, pool(POSTGRES_WRITERS).await?);
            Ok(Self { reader, writer, sqlite_writer: None })
        } else {
            Err(DbErr::Custom("expected a URL that starts with sqlite:// or postgres://".into()))
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, DbErr> {
        let options: SqliteConnectOptions =
            url.parse().map_err(|error: sea_orm::sqlx::Error| DbErr::Custom(error.to_string()))?;
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
            .busy_timeout(Duration::from_secs(10));
        let pool = |size: u32| SqlitePoolOptions::new().max_connections(size).acquire_timeout(Duration::from_secs(5));
        let custom = |error: sea_orm::sqlx::Error| DbErr::Custom(error.to_string());
        let writer = pool(1).connect_with(options.clone()).await.map_err(custom)?;
        let reader = pool(SQLITE_READERS).connect_with(options).await.map_err(custom)?;
        Ok(Self {
            reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
            sqlite_writer: Some(Arc::new(Mutex::new(()))),
        })
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

    /// Where reads go.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a write: READ COMMITTED on PostgreSQL, IMMEDIATE on SQLite (a transaction that begins as a
    /// reader cannot become a writer there without risking a busy error).
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self) -> Result<WriteTransaction, DbErr> {
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
        Ok(WriteTransaction { transaction, _turn: turn })
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
        self.reader.ping().await
    }
}
