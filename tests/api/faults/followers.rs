//! Subscribers that lose their server and resume from their last cursor.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::served::{Client, PATIENCE};

const FOLLOW: &str = "subscription($after: Cursor) { ledgerEvents(after: $after) { cursor sequence } }";
/// What a subscriber may be told at the end of a stream that it can resume.
const RESUMABLE: &[&str] = &["UNAVAILABLE", "OVERLOADED", "TIMEOUT", "TOO_SLOW"];
/// How long to wait before the end of the log is looked at again.
const BREATH: Duration = Duration::from_millis(200);

/// Over which protocol.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    Socket,
    Events,
}

/// A subscriber to all events from the second on: the first one's cursor is where it begins.
pub struct Subscriber {
    over: Over,
    task: JoinHandle<Result<usize, String>>,
    seen: Arc<AtomicI64>,
    /// Where the log ends; far away until it is known.
    end: Arc<AtomicI64>,
}

impl Subscriber {
    /// Starts one. It resumes wherever the client speaks to.
    pub async fn start(client: &Client, over: Over) -> Self {
        let first = client.data("{ events(first: 1) { nodes { cursor sequence } } }", json!({})).await;
        let first = &first["events"]["nodes"][0];
        assert_eq!(first["sequence"], "1");
        let (seen, end) = (Arc::new(AtomicI64::new(1)), Arc::new(AtomicI64::new(i64::MAX)));
        let following =
            Following { client: client.clone(), cursor: first["cursor"].clone(), seen: seen.clone(), end: end.clone() };
        Self { over, task: tokio::spawn(following.run(over)), seen, end }
    }

    /// The last event that it has.
    pub fn seen(&self) -> i64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until it has seen an event.
    pub async fn reaches(&self, sequence: i64, within: Duration) {
        let deadline = Instant::now() + within;
        while self.seen() < sequence {
            assert!(!self.task.is_finished(), "the subscriber over {:?} has ended", self.over);
            assert!(Instant::now() < deadline, "over {:?} only {} of {sequence}", self.over, self.seen());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until it has seen the last event, and has seen that none comes behind it. Gives how often it resumed.
    pub async fn finish(self, head: i64) -> usize {
        self.end.store(head, Ordering::Relaxed);
        let (over, seen) = (self.over, self.seen.clone());
        let ended = timeout(PATIENCE, self.task).await;
        let ended = ended.unwrap_or_else(|_| panic!("over {over:?} only {} of {head}", seen.load(Ordering::Relaxed)));
        let resumed = ended.expect("a subscriber").unwrap_or_else(|what| panic!("over {over:?}: {what}"));
        assert_eq!(seen.load(Ordering::Relaxed), head);
        resumed
    }
}

struct Following {
    client: Client,
    cursor: Value,
    seen: Arc<AtomicI64>,
    end: Arc<AtomicI64>,
}

impl Following {
    async fn run(mut self, over: Over) -> Result<usize, String> {
        let mut resumed = 0;
        loop {
            let over = match over {
                Over::Socket => self.socket().await?,
                Over::Events => self.events().await?,
            };
            if over.is_some() {
                return Ok(resumed);
            }
            resumed += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the end has come, when nothing else has for a while.
    fn is_done(&self) -> bool {
        self.seen.load(Ordering::Relaxed) == self.end.load(Ordering::Relaxed)
    }

    /// Takes a result: the next event, or an error after which to resume.
    fn take(&mut self, result: &Value) -> Result<Option<()>, String> {
        if let Some(error) = result["errors"].get(0) {
            return self.resume(error).map(|()| None);
        }
        let event = &result["data"]["ledgerEvents"];
        let sequence: i64 =
            event["sequence"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| result.to_string())?;
        let last = self.seen.load(Ordering::Relaxed);
        if sequence != last + 1 {
            return Err(format!("{sequence} after {last}"));
        }
        self.seen.store(sequence, Ordering::Relaxed);
        self.cursor = event["cursor"].clone();
        Ok(Some(()))
    }

    fn resume(&self, error: &Value) -> Result<(), String> {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        if RESUMABLE.contains(&code) { Ok(()) } else { Err(error.to_string()) }
    }

    /// One connection: `None` when it broke.
    async fn socket(&mut self) -> Result<Option<()>, String> {
        let mut request = format!("ws://{}/graphql", self.client.address()).into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a value"));
        let Ok(Ok((mut socket, _))) = timeout(PATIENCE, connect_async(request)).await else { return Ok(None) };
        let token = format!("Bearer {}", self.client.token());
        let init = json!({ "type": "connection_init", "payload": { "authorization": token } });
        let payload = json!({ "query": FOLLOW, "variables": { "after": self.cursor } });
        let subscribe = json!({ "type": "subscribe", "id": "a", "payload": payload });
        // To subscribe before the acknowledgement is not allowed.
        if socket.send(Message::text(init.to_string())).await.is_err() {
            return Ok(None);
        }
        loop {
            let message = match timeout(BREATH, socket.next()).await {
                Err(_) if self.is_done() => return Ok(Some(())),
                Err(_) => continue,
                Ok(Some(Ok(Message::Text(text)))) => {
                    serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())?
                }
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
                Ok(_) => return Ok(None),
            };
            match message["type"].as_str().unwrap_or_default() {
                "connection_ack" => {
                    if socket.send(Message::text(subscribe.to_string())).await.is_err() {
                        return Ok(None);
                    }
                }
                "next" => {
                    if self.take(&message["payload"])?.is_none() {
                        return Ok(None);
                    }
                }
                "error" => return self.resume(&message["payload"][0]).map(|()| None),
                "complete" => return Ok(None),
                _ => return Err(message.to_string()),
            }
        }
    }

    /// One connection: `None` when it broke.
    async fn events(&mut self) -> Result<Option<()>, String> {
        let request = self.client.request(FOLLOW, &json!({ "after": self.cursor }));
        let Ok(Ok(mut response)) = timeout(PATIENCE, request.header("accept", "text/event-stream").send()).await else {
            return Ok(None);
        };
        if response.status() != 200 {
            let text = response.text().await.unwrap_or_default();
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            return self.resume(&answer["errors"][0]).map(|()| None);
        }
        let mut buffer = String::new();
        loop {
            let chunk = match timeout(BREATH, response.chunk()).await {
                Err(_) if self.is_done() => return Ok(Some(())),
                Err(_) => continue,
                Ok(Ok(Some(chunk))) => chunk,
                Ok(_) => return Ok(None),
            };
            // The events asked for are ASCII, so a chunk never ends within a character.
            buffer.push_str(std::str::from_utf8(&chunk).map_err(|error| error.to_string())?);
            while let Some((event, rest)) = buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                buffer = rest;
                let Some(data) = event.strip_prefix("event: next\ndata:") else {
                    if event.starts_with(':') {
                        continue;
                    }
                    return Ok(None);
                };
                let result = serde_json::from_str(data).map_err(|error| error.to_string())?;
                if self.take(&result)?.is_none() {
                    return Ok(None);
                }
            }
        }
    }
}
