//! The PostgreSQL that the benchmark was given: its databases, its settings, its own count of statements.

use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// What is told about it: whatever decides what a commit costs.
const TOLD: &[&str] = &[
    "server_version",
    "shared_buffers",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "max_wal_size",
    "checkpoint_timeout",
    "max_connections",
    "commit_delay",
];

/// A connection as its superuser.
pub struct Postgres {
    url: String,
    admin: DatabaseConnection,
    /// Why statements cannot be counted, if so.
    pub uncounted: Option<String>,
}

pub async fn connect(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

pub fn text(sql: impl Into<String>) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

impl Postgres {
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let admin = connect(url).await.context("PostgreSQL does not answer")?;
        let extension = admin.execute_unprepared("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
        let mut postgres =
            Self { url: url.to_owned(), admin, uncounted: extension.err().map(|error| error.to_string()) };
        if postgres.uncounted.is_none() {
            postgres.uncounted = postgres.calls("postgres").await.err().map(|error| format!("{error:#}"));
        }
        Ok(postgres)
    }

    /// The URL of a database of it.
    pub fn url(&self, database: &str) -> String {
        let (before, options) = self.url.split_once('?').map_or((&*self.url, None), |(url, more)| (url, Some(more)));
        let server = before.rsplit_once('/').map_or(before, |(server, _)| server);
        options.map_or(format!("{server}/{database}"), |options| format!("{server}/{database}?{options}"))
    }

    /// Whether there is a database of this name.
    pub async fn has(&self, database: &str) -> anyhow::Result<bool> {
        let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{database}'");
        Ok(self.admin.query_one_raw(text(sql)).await?.is_some())
    }

    /// A new database in place of one of the same name: empty, or a copy of one that nobody is connected to.
    pub async fn create(&self, database: &str, of: Option<&str>) -> anyhow::Result<()> {
        self.drop(database).await?;
        let of = of.map_or(String::new(), |of| format!(" TEMPLATE {of}"));
        self.admin.execute_unprepared(&format!("CREATE DATABASE {database}{of}")).await?;
        Ok(())
    }

    pub async fn drop(&self, database: &str) -> anyhow::Result<()> {
        self.admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await?;
        Ok(())
    }

    /// Writes everything that waits to be written, so that no scenario pays for the one before.
    pub async fn checkpoint(&self) -> anyhow::Result<()> {
        self.admin.execute_unprepared("CHECKPOINT").await?;
        Ok(())
    }

    /// What is told about it, on one line.
    pub async fn settings(&self) -> anyhow::Result<String> {
        let mut told = Vec::new();
        for name in TOLD {
            let row = self.admin.query_one_raw(text(format!("SHOW {name}"))).await?.context("no setting")?;
            told.push(format!("{name} {}", row.try_get_by_index::<String>(0)?));
        }
        Ok(told.join(", "))
    }

    /// Switches the counting of statements on or off, for everybody. Off, it costs nothing.
    pub async fn count(&self, on: bool) -> anyhow::Result<()> {
        let what = if on { "top" } else { "none" };
        self.alter(&[&format!("SET pg_stat_statements.track = '{what}'")]).await
    }

    /// Has each commit wait so many microseconds before it goes to the disk, or not. Those that come meanwhile go with
    /// it, as they do while a slow disk is busy.
    pub async fn delay_commits(&self, micros: u64) -> anyhow::Result<()> {
        match micros {
            0 => self.alter(&["RESET commit_delay", "RESET commit_siblings"]).await,
            micros => self.alter(&[&format!("SET commit_delay = {micros}"), "SET commit_siblings = 0"]).await,
        }
    }

    /// Changes settings of the whole server, and waits until everybody has read them.
    async fn alter(&self, settings: &[&str]) -> anyhow::Result<()> {
        for setting in settings {
            self.admin.execute_unprepared(&format!("ALTER SYSTEM {setting}")).await?;
        }
        self.admin.execute_unprepared("SELECT pg_reload_conf()").await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    }

    /// How many statements a database has executed while they were counted.
    pub async fn calls(&self, database: &str) -> anyhow::Result<u64> {
        let sql = format!(
            "SELECT COALESCE(sum(calls), 0)::bigint AS calls FROM pg_stat_statements \
             JOIN pg_database ON pg_database.oid = dbid WHERE datname = '{database}'"
        );
        let row = self.admin.query_one_raw(text(sql)).await?.context("no row")?;
        Ok(u64::try_from(row.try_get::<i64>("", "calls")?)?)
    }
}
