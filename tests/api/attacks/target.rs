//! A server, and the ways to it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::rows::Attack;
use crate::app::Socket;

/// How an attack comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `POST`, for one answer.
    Post,
    /// `POST`, for an event stream.
    Events,
    /// A WebSocket.
    Socket,
}

/// A server with a token for it.
pub struct Target {
    address: SocketAddr,
    http: reqwest::Client,
    token: String,
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Target {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        Self { address, http, token: token.to_owned() }
    }

    /// Sends an attack, and says in a few words what came of it: `answered`, the status and code of a refusal over
    /// HTTP, the code of an `error`, the code of a close frame.
    pub async fn send(&self, way: Way, attack: &Attack) -> String {
        match (attack, way) {
            (Attack::Operation { query, variables }, Way::Socket) => {
                let mut socket = Socket::ready(&self.address, Some(&self.token)).await;
                said(self.operate(&mut socket, query, variables).await)
            }
            (Attack::Operation { query, variables }, _) => {
                self.post(way, &self.token, &json!({ "query": query, "variables": variables })).await
            }
            (Attack::Token(token), Way::Socket) => {
                let mut socket = Socket::open(&self.address, &[]).await.expect("a socket");
                socket.say(json!({ "type": "connection_init", "payload": { "token": token } })).await;
                said(socket.hear().await)
            }
            (Attack::Token(token), _) => self.post(way, token, &json!({ "query": "{ viewer { client } }" })).await,
            (Attack::Bytes { head, body }, _) => self.bytes(head, body).await,
            (Attack::Upgrade(headers), _) => match Socket::open(&self.address, headers).await {
                Ok(_) => "answered".to_owned(),
                Err(status) => status.to_string(),
            },
            (Attack::Messages { known, messages }, _) => {
                let mut socket = match known {
                    true => Socket::ready(&self.address, Some(&self.token)).await,
                    false => Socket::open(&self.address, &[]).await.expect("a socket"),
                };
                socket.try_say(messages).await;
                loop {
                    let heard = socket.hear().await;
                    if heard["type"] != "connection_ack" && heard["type"] != "pong" {
                        return said(heard);
                    }
                }
            }
        }
    }

    /// A socket to send operations over one after the other.
    pub async fn socket(&self) -> Socket {
        Socket::ready(&self.address, Some(&self.token)).await
    }

    /// One operation over a socket.
    pub async fn operate(&self, socket: &mut Socket, query: &str, variables: &Value) -> Value {
        socket.subscribe("a", query, variables.clone()).await;
        let heard = socket.hear().await;
        if heard["type"] == "next" {
            assert_eq!(socket.hear().await["type"], "complete", "{heard}");
        }
        heard
    }

    async fn post(&self, way: Way, token: &str, body: &Value) -> String {
        let accept = match way {
            Way::Events => "text/event-stream",
            _ => "application/graphql-response+json",
        };
        let request = self.http.post(format!("http://{}/graphql", self.address)).bearer_auth(token);
        let response = request.header("accept", accept).json(body).timeout(PATIENCE).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a text");
        let json = match text.strip_prefix("event: next\ndata: ") {
            Some(events) => events.strip_suffix("\n\nevent: complete\ndata:\n\n").unwrap_or_else(|| panic!("{text}")),
            None => &text,
        };
        let answer: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"));
        match code_of(&answer["errors"]) {
            Some(code) => format!("{status} {code}"),
            None => "answered".to_owned(),
        }
    }

    /// One request as it is, on a connection of its own. `{token}` in the head is the token.
    async fn bytes(&self, head: &str, body: &[u8]) -> String {
        let mut connection = TcpStream::connect(self.address).await.expect("a connection");
        let head = head.replace("{token}", &self.token);
        // The server may answer and close before everything is written.
        let _ = connection.write_all(&[head.as_bytes(), body].concat()).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("an end");
        let answer = String::from_utf8(answer).expect("a text");
        let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.unwrap_or_else(|| panic!("{read:?}: {answer}"));
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let answer: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        match (code_of(&answer["errors"]), answer["data"].is_object()) {
            (Some(code), _) => format!("{status} {code}"),
            (None, true) => "answered".to_owned(),
            (None, false) => status.to_owned(),
        }
    }
}

/// What came over a socket, in a few words.
pub fn said(heard: Value) -> String {
    if let Some(code) = heard[0].as_u64() {
        return format!("close {code}");
    }
    match heard["type"].as_str() {
        Some("error") => format!("error {}", code_of(&heard["payload"]).unwrap_or_else(|| panic!("{heard}"))),
        Some("next") => match code_of(&heard["payload"]["errors"]) {
            Some(code) => format!("next {code}"),
            None => "answered".to_owned(),
        },
        Some("connection_ack") => "answered".to_owned(),
        _ => panic!("{heard}"),
    }
}

fn code_of(errors: &Value) -> Option<String> {
    errors.as_array()?.first()?["extensions"]["code"].as_str().map(str::to_owned)
}

impl Socket {
    /// Sends messages to a server that may have closed by now.
    pub async fn try_say(&mut self, messages: &[Message]) {
        for message in messages {
            if self.try_say_raw(message.clone()).await.is_err() {
                return;
            }
        }
    }
}
