//! `konto serve` as a process of its own that can be killed, and a client that outlives it.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{Engine, TestDatabase, numbered, watch};

/// The id and the secret of the client that every server has, with all scopes.
pub const CLIENT: (&str, &str) = ("tests", "a-secret-of-the-tests");

/// How long anything may take that must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The seed of this run: `KONTO_FAULTS_SEED`, or always the same. Cargo shows the line when the test fails.
pub fn seed() -> u64 {
    let seed = std::env::var("KONTO_FAULTS_SEED").ok().map_or(1, |seed| seed.parse().expect("KONTO_FAULTS_SEED"));
    println!("KONTO_FAULTS_SEED={seed}");
    seed
}

/// Runs a test on a database of its own, which is dropped whatever became of the test.
pub async fn on_database<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(TestDatabase) -> F) {
    let _watched = watch::this_test();
    let Some(database) = TestDatabase::create(engine).await else { return };
    let result = AssertUnwindSafe(test(database.clone())).catch_unwind().await;
    database.remove().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// A folder that goes with this value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("konto_faults_{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running `konto serve`. Dropped, it is killed.
pub struct Served {
    child: Child,
    log: PathBuf,
    address: SocketAddr,
}

impl Served {
    /// Starts one on a database and waits until it listens.
    pub async fn start(database_url: &str, folder: &Folder) -> Self {
        Self::start_with(database_url, folder, &[]).await
    }

    /// The same for one whose files may be kept from growing: the signal for that is ignored, so that a write fails.
    pub async fn start_with_bounded_files(database_url: &str, folder: &Folder) -> Self {
        let plain = konto();
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(plain.get_program());
        for (name, _) in plain.get_envs() {
            command.env_remove(name);
        }
        Self::run(command, database_url, folder, &[]).await
    }

    /// The same, with more arguments.
    pub async fn start_with(database_url: &str, folder: &Folder, more: &[&str]) -> Self {
        Self::run(konto(), database_url, folder, more).await
    }

    async fn run(mut command: Command, database_url: &str, folder: &Folder, more: &[&str]) -> Self {
        let log = folder.path().join(numbered("konto"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", database_url]);
        command.args(["--bootstrap-client", &format!("acme:{}:{}", CLIENT.0, CLIENT.1)]);
        command.args(["--rate-per-second", "1000000000", "--rate-burst", "1000000000"]);
        command.args(["--log-format", "json", "--log", "warn,konto::cli=info"]);
        command.args(more);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).expect("a log"));
        let mut child = command.spawn().expect("konto");
        let deadline = Instant::now() + PATIENCE;
        let address = loop {
            if let Some(address) = listening(&log) {
                break address;
            }
            let ended = child.try_wait().expect("a status");
            if ended.is_some() || Instant::now() > deadline {
                let _ = child.kill();
                panic!("konto does not listen: {ended:?}\n{}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        Self { child, log, address }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How far its files may reach from now on, in bytes.
    pub fn bound_files(&self, bytes: &str) {
        let mut prlimit = Command::new("prlimit");
        prlimit.args(["--pid", &self.child.id().to_string(), &format!("--fsize={bytes}:")]);
        assert!(prlimit.status().expect("prlimit, of util-linux").success());
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("an end");
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// The status of `GET /health/ready`.
    pub async fn ready(&self, http: &reqwest::Client) -> u16 {
        let request = http.get(format!("http://{}/health/ready", self.address)).timeout(PATIENCE);
        request.send().await.expect("an answer").status().as_u16()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            println!("konto at {}: {:#?}", self.address, &lines[lines.len().saturating_sub(20)..]);
        }
    }
}

/// The program, with nothing of this process's settings.
fn konto() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_konto"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KONTO_")) {
        command.env_remove(name);
    }
    command
}

/// Runs another command of the program on a database to its end: whether it went well, and what it said.
pub async fn end_of(arguments: &[&str], database_url: &str) -> (bool, String) {
    let mut command = konto();
    command.args(arguments).args(["--database-url", database_url]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("konto")).await.expect("an end");
    let said = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
    (output.status.success(), said)
}

fn listening(log: &Path) -> Option<SocketAddr> {
    let text = std::fs::read_to_string(log).ok()?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "listening").find_map(|line| line["address"].as_str()?.parse().ok())
}

/// `konto verify` has to find the books clean.
pub async fn verify(database_url: &str) {
    let mut command = konto();
    command.args(["verify", "--database-url", database_url]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("konto")).await.expect("an end");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.starts_with("clean;"), "{said}{complained}");
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Got {
    /// The data.
    Data(Value),
    /// The one error.
    Fault(Value),
    /// Nothing: the connection broke.
    Lost,
}

/// Speaks for all scopes of the tenant, to a server whose address may change. Cloning shares the address.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    address: Arc<RwLock<SocketAddr>>,
    token: Arc<str>,
}

impl Client {
    /// One with a token of its own.
    pub async fn of(served: &Served) -> Self {
        konto::access::install_tls();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let request = http.post(format!("http://{}/oauth2/token", served.address)).basic_auth(CLIENT.0, Some(CLIENT.1));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").timeout(PATIENCE).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).into();
        Self { http, address: Arc::new(RwLock::new(served.address)), token }
    }

    /// The same token at another server, whose address is its own.
    pub fn at(&self, served: &Served) -> Self {
        Self { address: Arc::new(RwLock::new(served.address)), ..self.clone() }
    }

    /// From now on it speaks to this server.
    pub fn turn_to(&self, served: &Served) {
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = served.address;
    }

    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        *self.address.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request for one operation.
    pub fn request(&self, query: &str, variables: &Value) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("http://{}/graphql", self.address())).bearer_auth(&self.token);
        request.json(&json!({ "query": query, "variables": variables }))
    }

    /// One operation. Every answer that comes has data, or one error that is of the known kind.
    pub async fn ask(&self, query: &str, variables: &Value) -> Got {
        let request = self.request(query, variables).header("accept", "application/graphql-response+json");
        let body = tokio::time::timeout(PATIENCE, async { request.send().await.ok()?.json::<Value>().await.ok() });
        let Some(mut body) = body.await.expect("an answer or a broken connection in time") else { return Got::Lost };
        match body["errors"].as_array().map(Vec::as_slice) {
            None => Got::Data(body["data"].take()),
            Some([error]) => {
                assert!(
                    error["extensions"]["code"].is_string() && error["extensions"]["requestId"].is_string(),
                    "{error}"
                );
                Got::Fault(error.clone())
            }
            Some(_) => panic!("{body}"),
        }
    }

    /// The data of an operation that must succeed.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        match self.ask(query, &variables).await {
            Got::Data(data) => data,
            other => panic!("{query}: {other:?}"),
        }
    }
}
