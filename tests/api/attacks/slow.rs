//! Clients that take their time: what they hold is bounded, and given back.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::app::Socket;

/// Writes a byte now and then until the server ends it. Gives what it said, and after how long.
async fn drip(address: std::net::SocketAddr, head: &str) -> (String, Duration) {
    let since = Instant::now();
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    connection.write_all(head.as_bytes()).await.expect("a write");
    let (mut read, mut write) = connection.split();
    let mut answer = Vec::new();
    let drops = async {
        while write.write_all(b" ").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let ended = async {
        let _ = read.read_to_end(&mut answer).await;
    };
    timeout(Duration::from_secs(15), async { tokio::join!(ended, drops) }).await.expect("an end");
    (String::from_utf8(answer).expect("a text"), since.elapsed())
}

on_both_databases! {
    async fn slow_heads_bodies_and_greetings_end_in_time(app: TestApp) {
        let time = Duration::from_millis(700);
        app.restart_with(|settings| {
            settings.http.body_time = time;
            settings.http.connection.head_time = time;
            settings.http.stream.init_time = time;
        })
        .await;
        let token = app.token().await.expect("a token");
        let address = app.server().address();
        let with_token = format!("POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n");
        for (what, head, starts) in [
            ("a slow line", "POST /gra".to_owned(), ""),
            ("a slow head", "POST /graphql HTTP/1.1\r\nhost: a\r\nx: ".to_owned(), ""),
            ("a slow body", format!("{with_token}content-length: 5000\r\n\r\n"), "HTTP/1.1 408"),
            ("slow chunks", format!("{with_token}transfer-encoding: chunked\r\n\r\n1000\r\n"), "HTTP/1.1 408"),
            ("a stranger's slow body", "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n".to_owned(), "HTTP/1.1 401"),
        ] {
            let (answer, took) = drip(address, &head).await;
            assert!(answer.starts_with(starts), "{what}: {answer}");
            assert!(!answer.starts_with("HTTP/1.1 2"), "{what}: {answer}");
            assert!(took < 6 * time, "{what}: {took:?}");
        }
        // Nothing at all is a slow head too.
        let mut silent = TcpStream::connect(address).await.expect("a connection");
        assert_eq!(timeout(6 * time, silent.read(&mut [0])).await.expect("in time").expect("an end"), 0);
        let mut greeting = Socket::open(&address, &[]).await.expect("a socket");
        assert_eq!(timeout(6 * time, greeting.hear()).await.expect("in time")[0], 4408);
        app.ok("{ viewer { client } }", serde_json::json!({})).await;
    }
}
