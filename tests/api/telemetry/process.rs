//! `konto serve` as a process of its own: traces are the process's, not a server's.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{TestDatabase, numbered};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Killed when it is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
    pub url: String,
    /// Where `/metrics` is, if it has an address of its own.
    pub metrics: Option<String>,
    http: reqwest::Client,
    token: String,
}

/// The program, with nothing of this process's settings.
pub fn konto() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_konto"));
    let ours = |name: &String| name.starts_with("KONTO_") || name.starts_with("OTEL_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command
}

impl Process {
    pub async fn start(database: &TestDatabase, settings: &[(&str, &str)]) -> Self {
        konto::access::install_tls();
        let log = std::env::temp_dir().join(format!("{}-{}", numbered("konto-traces"), std::process::id()));
        let mut command = konto();
        command.arg("serve").envs(settings.iter().copied());
        command.env("KONTO_DATABASE_URL", database.url()).env("KONTO_LISTEN", "127.0.0.1:0");
        command.env("KONTO_BOOTSTRAP_CLIENT", "acme:tests:a-secret-of-the-tests").env("KONTO_LOG_FORMAT", "json");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).expect("a log"));
        let child = command.spawn().expect("konto");
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let mut process = Self { child, log, url: String::new(), metrics: None, http, token: String::new() };
        let deadline = Instant::now() + PATIENCE;
        let said = |process: &Self, message: &str, field: &str| {
            process.said().into_iter().find(|line| line["message"] == message)?[field].as_str().map(str::to_owned)
        };
        let own = settings.iter().any(|(name, value)| *name == "KONTO_METRICS_LISTEN" && *value != "off");
        while process.url.is_empty() || own != process.metrics.is_some() {
            assert!(process.child.try_wait().expect("a status").is_none(), "{:#?}", process.said());
            assert!(Instant::now() < deadline, "it does not listen: {:#?}", process.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
            process.url = said(&process, "listening", "url").unwrap_or_default();
            process.metrics = said(&process, "listening for /metrics", "address");
        }
        let request = process.http.post(format!("{}/oauth2/token", process.url));
        let request = request.basic_auth("tests", Some("a-secret-of-the-tests"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        process.token = answer["access_token"].as_str().expect("a token").to_owned();
        process
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// The lines of its log.
    pub fn said(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).expect("a log");
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The data of an operation, asked with these headers.
    pub async fn ask(&self, query: &str, variables: Value, headers: &[(&str, &str)]) -> Value {
        let mut request = self.http.post(format!("{}/graphql", self.url)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.json(&json!({ "query": query, "variables": variables })).send().await.expect("an answer");
        let mut answer: Value = answer.json().await.expect("JSON");
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }

    /// The status and the text of `GET` on an address.
    pub async fn get(&self, url: &str) -> (u16, String) {
        let answer = self.http.get(url).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub async fn stop(&mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(asked.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not stop: {:#?}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}
