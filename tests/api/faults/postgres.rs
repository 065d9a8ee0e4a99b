//! A PostgreSQL of its own, which a test starts, stops and starts again.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tokio::time::Instant;

use super::served::{Folder, PATIENCE};

/// How PostgreSQL is asked to stop.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Connections are closed, transactions rolled back (SIGINT).
    Fast,
    /// At once; the next start recovers from the log (SIGQUIT).
    Immediate,
}

/// A cluster, running or not. Dropped, it is stopped and gone.
pub struct Postgres {
    programs: PathBuf,
    folder: Folder,
    /// PostgreSQL does not run as root: who it runs as then, and its group.
    user: Option<(u32, u32)>,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// Makes a cluster and starts it. None without PostgreSQL's programs, which `KONTO_TEST_REQUIRE=all` makes a failure.
    pub async fn start() -> Option<Self> {
        let Some(programs) = std::env::var_os("KONTO_TEST_POSTGRES_BIN").filter(|folder| !folder.is_empty()) else {
            let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|what| what == "all");
            assert!(!required, "KONTO_TEST_REQUIRE is all, but KONTO_TEST_POSTGRES_BIN is not set");
            eprintln!("skipped: KONTO_TEST_POSTGRES_BIN is not set");
            return None;
        };
        let folder = Folder::new();
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let user = is_root.then(|| ["postgres", "nobody"].into_iter().find_map(user).expect("a user who is not root"));
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).expect("the folder is theirs");
        }
        let mut postgres = Self { programs: programs.into(), folder, user, port: 0, server: None };
        let mut initdb = postgres.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-D", "db"]);
        let made = tokio::task::spawn_blocking(move || initdb.output().expect("initdb")).await.expect("an end");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for _ in 0..5 {
            postgres.port = free_port();
            if postgres.run().await {
                return Some(postgres);
            }
        }
        panic!("PostgreSQL does not start:\n{}", postgres.log());
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts the server without waiting for it.
    fn launch(&mut self) {
        let mut command = self.command("postgres");
        let port = self.port.to_string();
        let folder = self.folder.path().to_str().expect("a path").to_owned();
        command.args(["-D", "db", "-h", "127.0.0.1", "-p", &port, "-k", &folder, "-c", "max_connections=100"]);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log"));
        self.server = Some(command.stdout(Stdio::null()).stderr(log.expect("a log")).spawn().expect("postgres"));
    }

    async fn run(&mut self) -> bool {
        self.launch();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let pid = std::fs::read_to_string(self.folder.path().join("db/postmaster.pid")).unwrap_or_default();
            if pid.lines().nth(7).is_some_and(|state| state.trim() == "ready") {
                return true;
            }
            if self.server.as_mut().is_none_or(|server| server.try_wait().expect("a status").is_some()) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Starts it again, on the same port.
    pub async fn again(&mut self) {
        assert!(self.run().await, "PostgreSQL does not start again:\n{}", self.log());
    }

    /// Stops it, and waits until it is gone.
    pub async fn stop(&mut self, how: Stop) {
        let mut server = self.server.take().expect("a running server");
        let signal = match how {
            Stop::Fast => "-INT",
            Stop::Immediate => "-QUIT",
        };
        let sent = Command::new("kill").args([signal, &server.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let deadline = Instant::now() + PATIENCE;
        while server.try_wait().expect("a status").is_none() {
            if Instant::now() > deadline {
                let _ = server.kill();
                panic!("PostgreSQL does not stop:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where its databases are made. `postgres` is one.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }
}

/// One connection past Konto.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("a connection")
}

/// Runs a statement.
pub async fn run(connection: &DatabaseConnection, sql: &str) -> u64 {
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // At once, but so that its own children end as well and its shared memory goes.
            let asked = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status();
            for _ in 0..500 {
                if asked.is_err() || !matches!(server.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Id and group of a user.
fn user(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> =
        users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

/// A port that nobody listens on, below the range that outgoing connections use.
fn free_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(20_000..30_000)).take(100).find(free).expect("a free port")
}
