//! What leaves: events to a webhook on this machine, and to a NATS on it. Both begin at the first event of a log that is
//! there, so that it is they that are measured and not what makes the events.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bench::Bench;
use crate::options::Engine;
use crate::place::{Group, Place};
use crate::report::decimal;
use crate::scenario::OUTBOUND;

/// How long it may take until all has arrived.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was measured of one of the two.
#[derive(Clone, Copy, Debug)]
pub struct Outbound {
    pub what: &'static str,
    /// Events per second, in hundredths.
    pub rate: u64,
    pub peak_kb: Option<u64>,
}

impl Bench {
    /// On PostgreSQL, on this checkout's build.
    pub async fn outbound(&mut self) -> anyhow::Result<()> {
        let build = self.now()?;
        let mut place = self.place(Engine::Postgres, &build, Group::Outbound).await?;
        println!("PostgreSQL, {OUTBOUND}:");
        let webhook = self.webhook(&mut place).await;
        let relay = self.relay(&mut place).await;
        for measured in [webhook, relay] {
            match measured {
                Ok(Some(measured)) => {
                    println!("  {:<22} {:>10} events a second", measured.what, decimal(measured.rate));
                    self.report.outbound.push(measured);
                }
                Ok(None) => self.report.remarks.push("the relay is left out: there is no nats-server".to_owned()),
                Err(error) => self.problems.push(format!("  PostgreSQL {OUTBOUND}: {error:#}")),
            }
        }
        self.finish(vec![place]).await
    }

    async fn again(&mut self, place: &mut Place, settings: &[&str]) -> anyhow::Result<()> {
        self.stop(place).await?;
        self.postgres()?.checkpoint().await?;
        let settings: Vec<String> =
            self.options.set.iter().cloned().chain(settings.iter().map(|one| (*one).to_owned())).collect();
        place.start(&self.folder, &settings).await
    }

    async fn webhook(&mut self, place: &mut Place) -> anyhow::Result<Option<Outbound>> {
        self.again(place, &["KONTO_WEBHOOK_ALLOW_PRIVATE=true"]).await?;
        let (address, taken) = receiver().await?;
        let create = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { \
             ... on CreateWebhookSuccess { webhook { id } } ... on Refusal { message } } }";
        let input = json!({ "idempotencyKey": "bench", "url": format!("http://{address}/") });
        let made = place.server()?.ask(create, json!({ "input": input })).await?;
        let id = made["createWebhook"]["webhook"]["id"].as_str().with_context(|| made.to_string())?.to_owned();
        let wanted = end(place).await?;
        let replay = "mutation($input: ReplayWebhookInput!) { replayWebhook(input: $input) { __typename } }";
        let from = json!({ "time": "1970-01-01T00:00:00Z" });
        let input = json!({ "idempotencyKey": "again", "webhook": id, "from": from });
        for server in &mut place.servers {
            server.begin()?;
        }
        let before = taken.load(Ordering::Relaxed);
        place.server()?.ask(replay, json!({ "input": input })).await?;
        while taken.load(Ordering::Relaxed) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let begin = Instant::now();
        while taken.load(Ordering::Relaxed) - before < wanted {
            if begin.elapsed() > PATIENCE {
                bail!("{} of {wanted} events arrived", taken.load(Ordering::Relaxed) - before);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let rate = rate(wanted, begin.elapsed());
        Ok(Some(Outbound { what: "webhook", rate, peak_kb: place.server()?.peak_kb() }))
    }

    async fn relay(&mut self, place: &mut Place) -> anyhow::Result<Option<Outbound>> {
        let Some(nats) = Nats::start(self.folder.join("nats"))? else { return Ok(None) };
        let url = format!("KONTO_NATS_URL={}", nats.url());
        let wanted = end(place).await?;
        let client = async_nats::connect(nats.url()).await?;
        let context = async_nats::jetstream::new(client);
        // It begins with the server, so the server's start is in the time.
        let begin = Instant::now();
        self.again(place, &[&url]).await?;
        loop {
            let stream = context.get_stream("KONTO-bench").await;
            if stream.is_ok_and(|stream| stream.cached_info().state.last_sequence >= wanted) {
                break;
            }
            if begin.elapsed() > PATIENCE {
                bail!("the relay did not reach event {wanted}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let rate = rate(wanted, begin.elapsed());
        Ok(Some(Outbound { what: "relay", rate, peak_kb: place.server()?.peak_kb() }))
    }
}

fn rate(events: u64, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(u128::from(events) * 100_000_000 / micros).unwrap_or(u64::MAX)
}

/// The end of the log. Lists have no count, so it is walked.
async fn end(place: &Place) -> anyhow::Result<u64> {
    let document = "query($after: String) { events(first: 100, after: $after) { edges { cursor node { sequence } } \
         pageInfo { hasNextPage } } }";
    let (mut after, mut last) = (Value::Null, 0);
    loop {
        let page = place.server()?.ask(document, json!({ "after": after })).await?;
        let Some(edge) = page["events"]["edges"].as_array().and_then(|edges| edges.last()) else { return Ok(last) };
        after = edge["cursor"].clone();
        last = edge["node"]["sequence"].as_str().context("a sequence")?.parse()?;
        if page["events"]["pageInfo"]["hasNextPage"] != true {
            return Ok(last);
        }
    }
}

/// Takes whatever is posted to it, and counts.
async fn receiver() -> anyhow::Result<(SocketAddr, Arc<AtomicU64>)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let (address, taken) = (listener.local_addr()?, Arc::new(AtomicU64::new(0)));
    let count = taken.clone();
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let count = count.clone();
            tokio::task::spawn_local(async move {
                // Whoever hangs up has said all that it had to say.
                let _ = take(socket, &count).await;
            });
        }
    });
    Ok((address, taken))
}

async fn take(mut socket: tokio::net::TcpStream, taken: &AtomicU64) -> std::io::Result<()> {
    let mut held = Vec::new();
    loop {
        let Some(head) = held.windows(4).position(|four| four == b"\r\n\r\n") else {
            if socket.read_buf(&mut held).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let text = String::from_utf8_lossy(&held[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let whole = head + 4 + length.unwrap_or(0);
        while held.len() < whole {
            if socket.read_buf(&mut held).await? == 0 {
                return Ok(());
            }
        }
        held.drain(..whole);
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        taken.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server of NATS. Dropped, it is killed.
struct Nats {
    child: Child,
    port: u16,
}

impl Nats {
    /// None where it is not installed.
    fn start(folder: PathBuf) -> anyhow::Result<Option<Self>> {
        let given = std::env::var("KONTO_TEST_NATS_SERVER").unwrap_or_else(|_| "nats-server".into());
        for program in [given.as_str(), "/usr/sbin/nats-server"] {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut command = Command::new(program);
            command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]).arg(&folder);
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            if let Ok(child) = child {
                let nats = Self { child, port };
                let late = Instant::now() + Duration::from_secs(20);
                while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
                    if Instant::now() > late {
                        bail!("nats-server does not listen");
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                return Ok(Some(nats));
            }
        }
        Ok(None)
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
