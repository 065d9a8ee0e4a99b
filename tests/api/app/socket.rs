//! A client of the WebSocket protocol `graphql-transport-ws`.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a message may take that must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one with more headers, or gives the HTTP status of the refusal.
    pub async fn open(server: &SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{server}/graphql").into_client_request().expect("a request");
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        for (name, value) in [&[protocol], headers].concat() {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and has it acknowledged.
    pub async fn ready(server: &SocketAddr, token: Option<&str>) -> Self {
        let mut socket = Self::open(server, &[]).await.expect("a socket");
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload.unwrap_or_else(|| json!({})) })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("a write");
    }

    /// Sends a message that is no text of JSON.
    pub async fn say_raw(&mut self, message: Message) {
        self.0.send(message).await.expect("a write");
    }

    /// The same, to a server that may have closed by now.
    ///
    /// # Errors
    /// It has.
    pub async fn try_say_raw(&mut self, message: Message) -> Result<(), Error> {
        self.0.send(message).await
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message, or `[code, reason]` of the close frame.
    pub async fn hear(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.listen()).await.expect("a message in time")
    }

    /// The next message, if it comes within a while.
    pub async fn hear_within(&mut self, a_while: Duration) -> Option<Value> {
        tokio::time::timeout(a_while, self.listen()).await.ok()
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent(&mut self, a_while: Duration) -> bool {
        self.hear_within(a_while).await.is_none()
    }

    async fn listen(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return json!([u16::from(frame.code), frame.reason.as_str()]);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The data of the next result.
    pub async fn next_data(&mut self) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        let errors = &message["payload"]["errors"];
        assert!(errors.is_null(), "{errors}");
        message["payload"]["data"].take()
    }

    /// The code of the next message, which is an error.
    pub async fn next_fault(&mut self) -> String {
        let message = self.hear().await;
        assert_eq!(message["type"], "error", "{message}");
        message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }
}
