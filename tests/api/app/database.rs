//! A database per test.

use std::path::PathBuf;
use std::sync::Arc;

use konto::database::Database;
use sea_orm::ConnectionTrait as _;

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database that goes with [`TestDatabase::remove`].
#[derive(Clone, Debug)]
pub struct TestDatabase(Arc<Place>);

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Server { admin_url: String, name: String },
}

impl TestDatabase {
    /// A database, unless it is a PostgreSQL one and there is no server to make it on. `KONTO_TEST_REQUIRE=all`
    /// makes that a failure.
    pub async fn create(engine: Engine) -> Option<Self> {
        let name = format!("konto_test_{}", uuid::Uuid::now_v7().simple());
        let place = match (engine, std::env::var("KONTO_TEST_POSTGRES_URL")) {
            (Engine::Sqlite, _) => {
                let folder = std::env::temp_dir().join(name);
                std::fs::create_dir(&folder).expect("a folder");
                Place::Folder(folder)
            }
            (Engine::Postgres, Ok(admin_url)) => {
                run(&admin_url, &format!("CREATE DATABASE {name}")).await;
                Place::Server { admin_url, name }
            }
            (Engine::Postgres, Err(_)) => {
                let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|what| what == "all");
                assert!(!required, "KONTO_TEST_REQUIRE is all, but KONTO_TEST_POSTGRES_URL is not set");
                eprintln!("skipped: KONTO_TEST_POSTGRES_URL is not set");
                return None;
            }
        };
        Some(Self(Arc::new(place)))
    }

    /// A database on this PostgreSQL.
    pub async fn on_server(admin_url: &str) -> Self {
        let name = format!("konto_test_{}", uuid::Uuid::now_v7().simple());
        run(admin_url, &format!("CREATE DATABASE {name}")).await;
        Self(Arc::new(Place::Server { admin_url: admin_url.to_owned(), name }))
    }

    /// A database in another encoding, on the PostgreSQL of the tests if there is one.
    pub async fn encoded(encoding: &str) -> Option<Self> {
        let database = Self::create(Engine::Postgres).await?;
        let Place::Server { admin_url, name } = &*database.0 else { panic!("no server") };
        run(admin_url, &format!("DROP DATABASE {name}")).await;
        let sql = format!("TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        run(admin_url, &format!("CREATE DATABASE {name} {sql}")).await;
        Some(database)
    }

    /// Sets a parameter for all connections to come; SQLite has none.
    pub async fn alter(&self, parameter: &str, value: &str) {
        if let Place::Server { admin_url, name } = &*self.0 {
            run(admin_url, &format!("ALTER DATABASE {name} SET {parameter} = '{value}'")).await;
        }
    }

    /// A copy of another database on the PostgreSQL of the tests. Nobody may be connected to the other one.
    pub async fn copied(url: &str) -> Self {
        let admin_url = std::env::var("KONTO_TEST_POSTGRES_URL").expect("a PostgreSQL");
        let name = format!("konto_test_{}", uuid::Uuid::now_v7().simple());
        let path = url.split('?').next().unwrap_or(url);
        let original = path.rsplit('/').next().expect("a name");
        run(&admin_url, &format!("CREATE DATABASE {name} TEMPLATE {original}")).await;
        Self(Arc::new(Place::Server { admin_url, name }))
    }

    /// Which engine it is of.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Place::Folder(_) => Engine::Sqlite,
            Place::Server { .. } => Engine::Postgres,
        }
    }

    /// How Konto is told of it.
    pub fn url(&self) -> String {
        match &*self.0 {
            Place::Folder(folder) => format!("sqlite://{}?mode=rwc", folder.join("konto.db").display()),
            Place::Server { admin_url, name } => {
                let (before, options) = admin_url.split_once('?').map_or((&**admin_url, ""), |(url, rest)| (url, rest));
                let server = before.split_once("://").map_or(before, |(_, rest)| rest);
                let server = server.split_once('/').map_or(server, |(server, _)| server);
                let options = if options.is_empty() { String::new() } else { format!("?{options}") };
                format!("postgres://{server}/{name}{options}")
            }
        }
    }

    /// Where its documents are: a folder that goes with it.
    pub fn documents(&self) -> PathBuf {
        match &*self.0 {
            Place::Folder(folder) => folder.join("documents"),
            Place::Server { name, .. } => std::env::temp_dir().join(format!("{name}_documents")),
        }
    }

    /// A connection of its own.
    pub async fn open(&self) -> Database {
        Database::open(&self.url()).await.expect("a database")
    }

    /// Drops it.
    pub async fn remove(&self) {
        match &*self.0 {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).expect("the folder is gone"),
            Place::Server { admin_url, name } => {
                run(admin_url, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
                // Nobody may have stored anything.
                let _ = std::fs::remove_dir_all(self.documents());
            }
        }
    }
}

async fn run(url: &str, sql: &str) {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await.expect("the server of KONTO_TEST_POSTGRES_URL");
    connection.execute_unprepared(sql).await.expect(sql);
    connection.close().await.expect("closed");
}
