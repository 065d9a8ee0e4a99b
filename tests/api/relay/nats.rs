//! A `nats-server` with JetStream of the test's own, which can be killed and started again.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::{self, Context, message::StreamMessage};
use tokio::time::Instant;

use crate::faults::served::Folder;

/// The program: `KONTO_TEST_NATS_SERVER`, or where it is installed.
fn program() -> Option<String> {
    let given = std::env::var("KONTO_TEST_NATS_SERVER").ok().filter(|program| !program.is_empty());
    let places = ["nats-server", "/usr/sbin/nats-server", "/usr/local/bin/nats-server"].map(str::to_owned);
    given.into_iter().chain(places).find(|program| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// A running server. Dropped, it is killed.
pub struct Nats {
    program: String,
    folder: Folder,
    port: u16,
    child: Option<Child>,
}

impl Nats {
    /// Starts one; none where it is not installed, unless `KONTO_TEST_REQUIRE=all` makes that a failure.
    pub async fn start() -> Option<Self> {
        let Some(program) = program() else {
            let required = std::env::var("KONTO_TEST_REQUIRE").is_ok_and(|what| what == "all");
            assert!(!required, "KONTO_TEST_REQUIRE is all, but there is no nats-server");
            eprintln!("skipped: there is no nats-server");
            return None;
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut nats = Self { program, folder: Folder::new(), port, child: None };
        nats.revive().await;
        Some(nats)
    }

    /// Starts it again, on what it has stored.
    pub async fn revive(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-js", "-sd"]).arg(self.folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("nats-server"));
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "nats-server does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a signal");
            child.wait().expect("an end");
        }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub async fn connect(&self) -> Context {
        jetstream::new(async_nats::connect(self.url()).await.expect("a connection"))
    }

    /// How far a stream reaches; 0 when it is not there.
    pub async fn last(&self, stream: &str) -> i64 {
        let nats = self.connect().await;
        let found = nats.get_stream(stream).await;
        found.map_or(0, |stream| i64::try_from(stream.cached_info().state.last_sequence).expect("a number"))
    }

    /// All that is in a stream, by its places.
    pub async fn messages(&self, stream: &str) -> Vec<StreamMessage> {
        let nats = self.connect().await;
        let stream = nats.get_stream(stream).await.expect("a stream");
        let state = stream.cached_info().state.clone();
        let mut messages = Vec::new();
        for place in state.first_sequence..=state.last_sequence {
            messages.push(stream.get_raw_message(place).await.expect("a message"));
        }
        messages
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
