//! What a client can make the server keep: nothing for ever.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::*;

/// Sends a POST for an operation and does not read.
async fn deaf(server: &Server, query: &str, accept: &str) -> TcpStream {
    let body = serde_json::json!({ "query": query }).to_string();
    let mut socket = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\n\
         accept: {accept}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.expect("a write");
    socket
}

/// Everything that comes until the connection ends, and how it ends.
async fn rest(socket: &mut TcpStream) -> (usize, std::io::Result<()>) {
    let (mut total, mut chunk) = (0, vec![0; 1 << 20]);
    loop {
        match tokio::time::timeout(Duration::from_secs(10), socket.read(&mut chunk)).await.expect("an end") {
            Ok(0) => return (total, Ok(())),
            Ok(read) => total += read,
            Err(error) => return (total, Err(error)),
        }
    }
}

#[tokio::test]
async fn an_event_stream_that_is_never_read_gives_its_place_back() {
    let server = Server::with_config(|config| {
        config.streams = 1;
        config.stream.drain_time = Duration::from_millis(300);
        config.connection.write_time = Duration::from_millis(900);
    })
    .await;
    let since = Instant::now();
    let mut socket = deaf(&server, "subscription { flood }", "text/event-stream").await;
    let probe = || server.post("subscription { count(to: 1) }").header("accept", "text/event-stream").send();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(probe().await.expect("an answer").status(), 503);
    while probe().await.expect("an answer").status() != 200 {
        assert!(since.elapsed() < Duration::from_secs(8), "it keeps its place");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(since.elapsed() > Duration::from_millis(900), "{:?}", since.elapsed());
    let (_, end) = rest(&mut socket).await;
    assert_eq!(end.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_answer_that_is_never_read_is_given_up() {
    let server = Server::with_config(|config| {
        config.connection.limit = 1;
        config.connection.write_time = Duration::from_millis(500);
    })
    .await;
    let mut socket = deaf(&server, "{ large }", "application/json").await;
    let closed = async {
        while server.post("{ hello }").send().await.expect("an answer").status() == 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), closed).await.expect("the connection's place is free again");
    assert!(rest(&mut socket).await.1.is_err(), "it ended as if all had been written");
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_turned_away() {
    let server = Server::with_config(|config| config.connection.limit = 2).await;
    let held = [TcpStream::connect(server.address).await, TcpStream::connect(server.address).await];
    for request in
        [server.post("{ hello }"), server.get("query=%7Bhello%7D"), reqwest::Client::new().get(server.url("/"))]
    {
        let response = request.send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, b"1".as_slice()));
        let body: serde_json::Value = response.json().await.expect("JSON");
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!(*extensions, serde_json::json!({ "code": "OVERLOADED", "retry": "SAFE", "retryAfter": 1 }));
    }
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    assert_eq!(ws::Socket::open_with(&server, &[protocol]).await.err(), Some(503));
    // A socket is a connection for as long as it is open, and no longer.
    drop(held);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let sockets = [ws::Socket::open(&server).await, ws::Socket::open(&server).await];
    assert_eq!(server.post("{ hello }").send().await.expect("an answer").status(), 503);
    drop(sockets);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.post("{ hello }").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_head_is_bounded() {
    let server = Server::start().await;
    let mut socket = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!("GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(70_000));
    // The server may have closed by now.
    let _ = socket.write_all(head.as_bytes()).await;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 431");
}
