//! A client of server-sent events.

use std::time::Duration;

use serde_json::Value;

/// How long an event may take that must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open stream of events.
pub struct EventStream {
    response: reqwest::Response,
    buffer: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A result.
    Next(Value),
    /// The last event.
    Complete,
}

impl EventStream {
    pub(super) fn read(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, buffer: String::new() }
    }

    /// The next event. Comments, which show that the stream is alive, are skipped.
    pub async fn next(&mut self) -> Sent {
        tokio::time::timeout(PATIENCE, self.listen()).await.expect("an event in time")
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent(&mut self, during: Duration) -> bool {
        tokio::time::timeout(during, self.listen()).await.is_err()
    }

    async fn listen(&mut self) -> Sent {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.buffer = rest;
                if event.starts_with(':') {
                    continue;
                }
                let (name, data) = event.split_once('\n').expect("two lines");
                let data = data.strip_prefix("data:").expect("data").trim();
                return match name {
                    "event: next" => Sent::Next(serde_json::from_str(data).expect("JSON")),
                    "event: complete" => Sent::Complete,
                    other => panic!("{other}"),
                };
            }
            let chunk = self.response.chunk().await.expect("a chunk").expect("more");
            self.buffer.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }

    /// The data of the next result.
    pub async fn next_data(&mut self) -> Value {
        match self.next().await {
            Sent::Next(mut result) => {
                assert!(result.get("errors").is_none(), "{result}");
                result["data"].take()
            }
            Sent::Complete => panic!("the stream is over"),
        }
    }
}
