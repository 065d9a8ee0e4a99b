use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(super) async fn open_with(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/graphql", server.address).into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) async fn open(server: &Server) -> Self {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        Self::open_with(server, &protocol).await.expect("a socket")
    }

    async fn ready(server: &Server) -> Self {
        let mut socket = Self::open(server).await;
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer good" } })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("a write");
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message, or `[code, reason]` of the close frame.
    async fn hear(&mut self) -> Value {
        loop {
            match tokio::time::timeout(Duration::from_secs(10), self.0.next()).await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return json!([u16::from(frame.code), frame.reason.as_str()]);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message without its cost.
    async fn hear_short(&mut self) -> Value {
        let mut message = self.hear().await;
        if let Some(payload) = message["payload"].as_object_mut() {
            payload.remove("extensions");
        }
        message
    }
}

fn code_in(message: &Value) -> &str {
    message["payload"][0]["extensions"]["code"].as_str().expect("a code")
}

#[tokio::test]
async fn a_row_per_close_code() {
    let server = Server::with_config(|config| config.stream.init_time = Duration::from_millis(500)).await;
    let init = json!({ "type": "connection_init", "payload": { "token": "good" } });
    let endless = json!({ "type": "subscribe", "id": "1", "payload": { "query": "subscription { endless }" } });
    for (messages, code, reason) in [
        (vec![], 4408, "Connection initialisation timeout"),
        (vec![json!(7)], 4400, "a message is a JSON object"),
        (vec![json!({ "type": "start" })], 4400, "the type of the message is unknown"),
        (vec![json!({ "type": "next", "id": "1" })], 4400, "the type of the message is unknown"),
        (vec![json!({ "type": "ping", "payload": 7 })], 4400, "payload must be an object"),
        (
            vec![init.clone(), json!({ "type": "subscribe", "payload": { "query": "" } })],
            4400,
            "id must be a string that is not empty",
        ),
        (vec![init.clone(), json!({ "type": "subscribe", "id": "1" })], 4400, "subscribe takes a payload"),
        (
            vec![init.clone(), json!({ "type": "subscribe", "id": "1", "payload": {} })],
            4400,
            "the parameter query is missing",
        ),
        (
            vec![init.clone(), json!({ "type": "subscribe", "id": "1", "payload": { "query": 7 } })],
            4400,
            "query must be a string",
        ),
        (vec![endless.clone()], 4401, "Unauthorized"),
        (vec![json!({ "type": "connection_init" })], 4401, "Unauthorized"),
        (vec![json!({ "type": "connection_init", "payload": { "token": "bad" } })], 4403, "Forbidden"),
        (vec![json!({ "type": "connection_init", "payload": { "authorization": "Bearer late" } })], 4403, "Forbidden"),
        (
            vec![json!({ "type": "connection_init", "payload": { "token": "down" } })],
            1013,
            "Tokens cannot be verified now",
        ),
        (vec![init.clone(), endless.clone(), endless.clone()], 4409, "Subscriber for 1 already exists"),
        (vec![init.clone(), init.clone()], 4429, "Too many initialisation requests"),
        (
            vec![init.clone(), json!({ "type": "ping", "payload": { "x": "y".repeat(265_000) } })],
            1009,
            "a message may have 262144 bytes",
        ),
        (
            vec![init.clone(), json!({ "type": "ping", "payload": { "x": "y".repeat(900_000) } })],
            1009,
            "the message is too long",
        ),
        (vec![json!({ "type": "ping", "payload": { "x": "y".repeat(70_000) } })], 1009, "the message is too long"),
        (vec![json!({ "type": "ping", "payload": { "x": "y".repeat(2_000) } }); 40], 1009, "the message is too long"),
    ] {
        let mut socket = Socket::open(&server).await;
        let what = format!("{messages:?}").chars().take(120).collect::<String>();
        for message in messages {
            // The server may have closed by now.
            let _ = socket.0.send(Message::text(message.to_string())).await;
        }
        let mut last = socket.hear().await;
        while last["type"] == "connection_ack" || last["type"] == "pong" {
            last = socket.hear().await;
        }
        assert_eq!(last, json!([code, reason]), "{what}");
    }
    let mut socket = Socket::open(&server).await;
    socket.0.send(Message::binary(b"{}".to_vec())).await.expect("a write");
    assert_eq!(socket.hear().await, json!([4400, "messages are text"]));
}

#[tokio::test]
async fn the_upgrade_looks_at_protocol_origin_and_token() {
    let server = Server::start().await;
    // A client that asks for another subprotocol than it gets gives up by itself; one that asks for none is told.
    let mut socket = Socket::open_with(&server, &[]).await.expect("a socket");
    assert_eq!(socket.hear().await, json!([4406, "Subprotocol not acceptable"]));
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    assert_eq!(Socket::open_with(&server, &[protocol, ("origin", "https://evil.example")]).await.err(), Some(403));
    let here = format!("http://{}", server.address);
    let headers = [protocol, ("origin", &*here), ("authorization", "Bearer good")];
    let mut socket = Socket::open_with(&server, &headers).await.expect("a socket");
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn operations_of_all_kinds() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.say(json!({ "type": "pong" })).await;
    for (query, field, value) in
        [("{ hello }", "hello", json!("world")), ("mutation { write(ms: 0) }", "write", json!(1))]
    {
        socket.subscribe("a", query).await;
        assert_eq!(
            socket.hear_short().await,
            json!({ "id": "a", "type": "next", "payload": { "data": { field: value } } })
        );
        assert_eq!(socket.hear().await, json!({ "id": "a", "type": "complete" }));
    }
    socket.subscribe("a", "subscription { count(to: 2) }").await;
    for n in 1..=2 {
        assert_eq!(
            socket.hear_short().await,
            json!({ "id": "a", "type": "next", "payload": { "data": { "count": n } } })
        );
    }
    assert_eq!(socket.hear().await, json!({ "id": "a", "type": "complete" }));
    for (query, code) in [
        ("{", "BAD_REQUEST"),
        ("{ unknown }", "BAD_REQUEST"),
        ("mutation { write(ms: 0) write(ms: 0) }", "BAD_REQUEST"),
        ("{ panics }", "INTERNAL"),
        ("subscription { unknown }", "BAD_REQUEST"),
        ("subscription { forbidden }", "FORBIDDEN"),
    ] {
        socket.subscribe("b", query).await;
        let message = socket.hear().await;
        assert_eq!((&message["type"], code_in(&message)), (&json!("error"), code), "{query}");
    }
    socket.subscribe("c", "{ broken }").await;
    let message = socket.hear().await;
    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "INTERNAL");
    assert_eq!(socket.hear().await["type"], "complete");
    socket.subscribe("d", "subscription { leftBehind }").await;
    assert_eq!(socket.hear().await["type"], "next");
    assert_eq!(code_in(&socket.hear().await), "TOO_SLOW");
    socket.say(json!({ "type": "complete", "id": "unknown" })).await;
    socket.subscribe("e", "{ hello }").await;
    assert_eq!(socket.hear().await["id"], "e");
}

#[tokio::test]
async fn a_completed_operation_is_silent_and_its_id_is_free() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    for _ in 0..20 {
        socket.subscribe("a", "subscription { flood }").await;
        assert_eq!(socket.hear().await["type"], "next");
        socket.say(json!({ "type": "complete", "id": "a" })).await;
        socket.subscribe("a", "{ hello }").await;
        // What was on its way when the server read the completion may come; nothing after the first new result.
        loop {
            let message = socket.hear_short().await;
            if message["payload"]["data"]["hello"] == "world" {
                break;
            }
            assert!(message["payload"]["data"]["flood"].is_string(), "{message}");
        }
        assert_eq!(socket.hear().await, json!({ "id": "a", "type": "complete" }));
    }
}

#[tokio::test]
async fn a_busy_stream_starves_nobody_and_the_number_of_operations_is_bounded() {
    let server = Server::with_config(|config| config.stream.operations = 3).await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("flood", "subscription { flood }").await;
    socket.subscribe("calm", "subscription { count(to: 5, everyMs: 5) }").await;
    let mut calm = 0;
    for _ in 0..20_000 {
        let message = socket.hear().await;
        if message["id"] == "calm" {
            calm += 1;
            if message["type"] == "complete" {
                break;
            }
        }
    }
    assert_eq!(calm, 6);
    socket.subscribe("x", "subscription { endless }").await;
    socket.subscribe("y", "subscription { endless }").await;
    socket.subscribe("z", "subscription { endless }").await;
    loop {
        let message = socket.hear().await;
        if message["id"] != "flood" {
            assert_eq!((&message["id"], code_in(&message)), (&json!("z"), "OVER_LIMIT"));
            break;
        }
    }
}

#[tokio::test]
async fn an_expired_token_ends_every_operation_then_the_socket() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    socket.say(json!({ "type": "connection_init", "payload": { "token": "short" } })).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    socket.subscribe("a", "subscription { endless }").await;
    socket.subscribe("b", "subscription { endless }").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.set_clock(1_000);
    let mut ended = [socket.hear().await, socket.hear().await];
    ended.sort_by_key(|message| message["id"].to_string());
    for (message, id) in ended.iter().zip(["a", "b"]) {
        assert_eq!(
            (&message["id"], &message["type"], code_in(message)),
            (&json!(id), &json!("error"), "UNAUTHENTICATED")
        );
    }
    assert_eq!(socket.hear().await, json!([4401, "Token expired"]));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let server = Server::with_config(|config| config.stream.drain_time = Duration::from_secs(1)).await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("a", "subscription { flood }").await;
    // The kernels between the two take some megabytes, then nothing moves.
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let mut floods = 0;
    let last = loop {
        let message = socket.hear().await;
        if message["type"] != "next" {
            break message;
        }
        floods += 1;
    };
    assert_eq!((&last["type"], code_in(&last)), (&json!("error"), "TOO_SLOW"));
    assert_eq!(socket.hear().await, json!([4413, "Slow consumer: resume from your last cursor"]));
    assert!(floods < 20_000, "{floods}");
}

#[tokio::test]
async fn a_mutation_outlives_its_socket() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("a", "mutation { write(ms: 200) }").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(socket);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(server.writes(), 1);
}

#[tokio::test]
async fn sockets_close_when_the_server_stops() {
    let server = Server::start().await;
    let mut socket = Socket::ready(&server).await;
    socket.subscribe("a", "subscription { endless }").await;
    server.lifecycle.shutdown.cancel();
    assert_eq!(socket.hear().await, json!([1001, "The server is stopping"]));
    assert!(socket.0.next().await.is_none());
    server.done.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn a_silent_client_is_asked_and_then_dropped() {
    let server = Server::with_config(|config| config.stream.keep_alive = Duration::from_millis(100)).await;
    let mut alive = Socket::ready(&server).await;
    for _ in 0..6 {
        let message = tokio::time::timeout(Duration::from_secs(5), alive.0.next()).await.expect("in time");
        assert!(matches!(message, Some(Ok(Message::Ping(_)))), "{message:?}");
    }
    // Without reading there are no pongs.
    tokio::time::sleep(Duration::from_millis(800)).await;
    loop {
        match tokio::time::timeout(Duration::from_secs(5), alive.0.next()).await.expect("in time") {
            Some(Ok(Message::Ping(_))) => {}
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => break,
        }
    }
}
