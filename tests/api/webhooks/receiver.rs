//! A receiver of webhooks on this machine, which does as it is told and remembers what came.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use futures_util::stream;
use konto::events::webhooks::sign;
use serde_json::Value;

/// A message that came.
#[derive(Clone, Debug)]
pub struct Hit {
    pub id: String,
    pub timestamp: i64,
    pub signatures: String,
    pub text: String,
    pub body: Value,
    /// What was answered.
    pub status: u16,
}

impl Hit {
    pub fn type_(&self) -> &str {
        self.body["type"].as_str().expect("a type")
    }

    pub fn subject(&self) -> &str {
        self.body["data"]["subject"].as_str().unwrap_or_default()
    }

    pub fn sequence(&self) -> i64 {
        self.body["data"]["sequence"].as_str().map_or(0, |text| text.parse().expect("a number"))
    }

    /// Whether one of its signatures is of this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let expected = sign::signatures(std::iter::once(secret), &self.id, self.timestamp, &self.text);
        !expected.is_empty() && self.signatures.split(' ').any(|signature| signature == expected)
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// A status, and a header.
    With(u16, &'static str, String),
    /// A status, and what is written with it.
    Says(u16, String),
    /// Nothing for so long.
    After(Duration),
    /// A success, and bytes without an end.
    Endless,
}

type Behaviour = Box<dyn Fn(&Value) -> Reply + Send>;

struct Shared {
    hits: Mutex<Vec<Hit>>,
    behaviour: Mutex<Behaviour>,
    /// Bytes that it has given to whoever reads an answer without an end.
    given: Arc<AtomicU64>,
}

/// A running receiver.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            hits: Mutex::default(),
            behaviour: Mutex::new(Box::new(|_| Reply::Status(204))),
            given: Arc::default(),
        });
        let router = Router::new().fallback(take).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on it answers like this, by what it is sent.
    pub fn answers(&self, behaviour: impl Fn(&Value) -> Reply + Send + 'static) {
        *self.shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(behaviour);
    }

    /// All that came.
    pub fn hits(&self) -> Vec<Hit> {
        self.shared.hits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it took, in the order in which it came.
    pub fn taken(&self) -> Vec<Hit> {
        self.hits().into_iter().filter(|hit| hit.status < 300).collect()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.shared.hits.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn given(&self) -> u64 {
        self.shared.given.load(Ordering::Relaxed)
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let text = String::from_utf8(body.to_vec()).expect("a text");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    let reply = shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner)(&body);
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    assert_eq!(header("content-type"), "application/json");
    let status = match &reply {
        Reply::Status(status) | Reply::With(status, ..) | Reply::Says(status, _) => *status,
        Reply::After(_) => 599,
        Reply::Endless => 200,
    };
    let hit = Hit {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().expect("a number"),
        signatures: header("webhook-signature"),
        text,
        body,
        status,
    };
    shared.hits.lock().unwrap_or_else(PoisonError::into_inner).push(hit);
    let response = Response::builder().status(status);
    let response = match reply {
        Reply::Status(_) => response.body(Body::empty()),
        Reply::With(_, name, value) => response.header(name, value).body(Body::empty()),
        Reply::Says(_, text) => response.body(Body::from(text)),
        Reply::After(time) => {
            tokio::time::sleep(time).await;
            response.body(Body::empty())
        }
        Reply::Endless => {
            let (given, chunk) = (shared.given.clone(), Bytes::from(vec![b'x'; 16 * 1_024]));
            let chunks = std::iter::repeat_with(move || {
                given.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                Ok::<_, std::io::Error>(chunk.clone())
            });
            response.body(Body::from_stream(stream::iter(chunks)))
        }
    };
    response.expect("an answer")
}
