//! Subscribers that are slow, stuck, many, or come and go: none of them costs much, and none is noticed by others.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until};

use super::meter;
use super::served::{Client, Folder, Served, on_database, verify};
use crate::app::{Engine, Sent, Socket, eventually, numbered};

const NARROW: &str = "subscription($after: Cursor) { ledgerEvents(after: $after) { cursor sequence } }";
/// Events that are large, so that what the kernels hold between the two ends fills up soon.
const WIDE: &str = "subscription($after: Cursor) { ledgerEvents(after: $after) { cursor sequence payload
    a: customer { metadata } b: customer { metadata } c: customer { metadata } d: customer { metadata }
    e: customer { metadata } f: customer { metadata } g: customer { metadata } h: customer { metadata } } }";
const CREATE: &str = "mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
    ... on CreateCustomerSuccess { customer { id } } ... on Refusal { code } } }";

/// The input of one event.
fn somebody(note: &str) -> Value {
    json!({ "input": { "idempotencyKey": numbered("key"), "type": "PERSON", "lastName": "Hopper", "metadata": { "note": note } } })
}

/// One event.
async fn event(client: &Client, note: &str) {
    let done = client.data(CREATE, somebody(note)).await;
    assert!(done["createCustomer"]["customer"]["id"].is_string(), "{done}");
}

/// The cursors of the log's first events, a hundred at most.
async fn first_events(client: &Client) -> Vec<Value> {
    let mut page = client.data("{ events(first: 100) { nodes { cursor sequence } } }", json!({})).await;
    let nodes = page["events"]["nodes"].as_array_mut().expect("events");
    nodes.iter_mut().map(|node| node["cursor"].take()).collect()
}

fn sequence(event: &Value) -> i64 {
    event["sequence"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{event}"))
}

/// A subscription over HTTP whose socket is never read.
async fn deaf(client: &Client, query: &str, variables: &Value) -> TcpStream {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let mut socket = TcpStream::connect(client.address()).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         accept: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
        client.token(),
        body.len()
    );
    socket.write_all(head.as_bytes()).await.expect("a write");
    socket
}

/// How long it takes from asking for an event to having it.
async fn latencies(client: &Client, brisk: &mut Socket, last: &mut i64, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        let since = Instant::now();
        event(client, "brisk").await;
        let event = brisk.next_data().await["ledgerEvents"].take();
        *last += 1;
        assert_eq!(sequence(&event), *last);
        times.push(since.elapsed());
    }
    times
}

async fn a_thousand(database: crate::app::TestDatabase) {
    const SUBSCRIBERS: usize = 1_000;
    const EVENTS: i64 = 20;
    rlimit::increase_nofile_limit(4_096).expect("files");
    let folder = Folder::new();
    let served = Served::start(&database.url(), &folder).await;
    let client = Client::of(&served).await;
    event(&client, "").await;
    let events = first_events(&client).await;
    let last = i64::try_from(events.len()).expect("a number");
    assert!(last < 100, "this is not the end of the log");
    let after = json!({ "after": events.last() });
    let before = meter::resident_kb(served.pid());
    let mut sockets = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let mut socket = Socket::ready(&client.address(), Some(client.token())).await;
        socket.subscribe("a", NARROW, after.clone()).await;
        sockets.push(socket);
    }
    sleep(Duration::from_secs(2)).await;
    let idle = meter::resident_kb(served.pid());
    println!(
        "{SUBSCRIBERS} idle subscribers: {} kB before, {idle} kB with them, {} kB more",
        before,
        idle.saturating_sub(before)
    );
    assert!(idle.saturating_sub(before) < 50 * 1_000, "{before} kB, then {idle} kB");

    let everybody = sockets.into_iter().map(|mut socket| async move {
        for number in last + 1..=last + EVENTS {
            let event = socket.next_data().await["ledgerEvents"].take();
            assert_eq!(sequence(&event), number);
        }
        socket
    });
    let writes = async {
        for _ in 0..EVENTS {
            event(&client, "").await;
        }
    };
    let since = Instant::now();
    let ((), sockets) = tokio::join!(writes, join_all(everybody));
    let with_events = meter::resident_kb(served.pid());
    println!("{EVENTS} events to each took {:?}; then {with_events} kB", since.elapsed());
    let files = meter::open_files(served.pid());
    assert!(files > SUBSCRIBERS, "{files}");
    drop(sockets);
    eventually("their files are closed", async || meter::open_files(served.pid()) < files - SUBSCRIBERS + 50).await;
    drop(served);
    verify(&database.url()).await;
}

/// Twenty that never read, ten that come and go, and one whom none of it may concern.
async fn bad_company(database: crate::app::TestDatabase) {
    const STUCK: usize = 20;
    const NOTED: i64 = 300;
    const COMINGS: usize = 150;
    let folder = Folder::new();
    let served = Served::start(&database.url(), &folder).await;
    let client = Client::of(&served).await;
    let note = "x".repeat(14_000);
    event(&client, &note).await;
    // The tenant's first products may have events of their own.
    let events = first_events(&client).await;
    let (first, mut last) = (events[0].clone(), i64::try_from(events.len()).expect("a number"));
    for _ in 0..NOTED {
        event(&client, &note).await;
    }
    last += NOTED;
    let mut brisk = Socket::ready(&client.address(), Some(client.token())).await;
    brisk.subscribe("a", NARROW, json!({ "after": first })).await;
    for number in 2..=last {
        assert_eq!(sequence(&brisk.next_data().await["ledgerEvents"]), number);
    }
    let mut alone = latencies(&client, &mut brisk, &mut last, 30).await;
    let before = meter::resident_kb(served.pid());
    meter::forget_peak(served.pid());

    let mut stuck = Vec::new();
    let mut deaf_ones = Vec::new();
    for _ in 0..STUCK / 2 {
        let mut socket = Socket::ready(&client.address(), Some(client.token())).await;
        socket.subscribe("a", WIDE, json!({ "after": first })).await;
        stuck.push(socket);
        deaf_ones.push(deaf(&client, WIDE, &json!({ "after": first })).await);
    }
    let restless = {
        let (client, first) = (client.clone(), first.clone());
        tokio::spawn(async move {
            let (mut cursor, mut seen) = (first, 1);
            for _ in 0..COMINGS {
                let mut socket = Socket::ready(&client.address(), Some(client.token())).await;
                socket.subscribe("a", NARROW, json!({ "after": cursor })).await;
                let event = socket.next_data().await["ledgerEvents"].take();
                seen += 1;
                assert_eq!(sequence(&event), seen, "an event was missed or came twice");
                cursor = event["cursor"].clone();
            }
        })
    };
    let mut together = latencies(&client, &mut brisk, &mut last, 60).await;
    // Beyond the drain time of ten seconds: they are cut off by now.
    sleep(Duration::from_secs(11)).await;
    let mut afterwards = latencies(&client, &mut brisk, &mut last, 30).await;
    restless.await.expect("no event missed");
    let (peak, now) = (meter::peak_kb(served.pid()), meter::resident_kb(served.pid()));
    let [alone, together, afterwards] = [&mut alone, &mut together, &mut afterwards].map(|times| meter::median(times));
    println!("median from request to event: alone {alone:?}, in bad company {together:?}, afterwards {afterwards:?}");
    println!("memory: {before} kB before, {peak} kB at most, {now} kB with all of them cut off");
    // Sixteen messages of 130 kB wait for each of them, and what the window and the pages of the log take.
    assert!(peak < before + 120_000, "{before} kB, then {peak} kB");
    assert!(together < 5 * alone + Duration::from_millis(50), "{alone:?}, then {together:?}");
    assert!(afterwards < 3 * alone + Duration::from_millis(50), "{alone:?}, then {afterwards:?}");
    for mut socket in stuck.into_iter().take(2) {
        let (mut cursor, mut seen) = (Value::Null, 1);
        let told = loop {
            let mut message = socket.hear().await;
            if message["type"] != "next" {
                break message;
            }
            let event = message["payload"]["data"]["ledgerEvents"].take();
            seen += 1;
            assert_eq!(sequence(&event), seen);
            cursor = event["cursor"].clone();
        };
        assert_eq!(told["payload"][0]["extensions"]["code"], "TOO_SLOW", "{told}");
        assert_eq!(told["payload"][0]["extensions"]["cursor"], cursor);
        assert_eq!(socket.hear().await, json!([4413, "Slow consumer: resume from your last cursor"]));
        assert!(seen < last, "it was never cut off");
        let mut again = Socket::ready(&client.address(), Some(client.token())).await;
        again.subscribe("a", NARROW, json!({ "after": cursor })).await;
        while seen < last {
            seen += 1;
            assert_eq!(sequence(&again.next_data().await["ledgerEvents"]), seen);
        }
    }
    drop(deaf_ones);
    drop(served);
    verify(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_cost_little_and_get_everything_in_order_sqlite() {
    on_database(Engine::Sqlite, a_thousand).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_cost_little_and_get_everything_in_order_postgres() {
    on_database(Engine::Postgres, a_thousand).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_are_stuck_or_come_and_go_harm_nobody_sqlite() {
    on_database(Engine::Sqlite, bad_company).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_are_stuck_or_come_and_go_harm_nobody_postgres() {
    on_database(Engine::Postgres, bad_company).await;
}

on_both_databases! {
    async fn who_wakes_up_late_is_told_and_who_never_does_is_let_go(app: TestApp) {
        let (drain, write) = (Duration::from_millis(400), Duration::from_secs(4));
        app.restart_with(|settings| {
            settings.http.stream.drain_time = drain;
            settings.http.connection.write_time = write;
            settings.http.streams = 4;
        })
        .await;
        let note = "x".repeat(14_000);
        for _ in 0..120 {
            let input = json!({ "type": "PERSON", "lastName": "Hopper", "metadata": { "note": note } });
            app.done("createCustomer", input, "replayed").await;
        }
        let first = app.ok("{ events(first: 1) { edges { cursor } } }", json!({})).await["events"]["edges"][0]["cursor"].take();
        let variables = json!({ "after": first });
        let since = Instant::now();
        let mut late = app.socket().await;
        late.subscribe("one", WIDE, variables.clone()).await;
        late.subscribe("two", WIDE, variables.clone()).await;
        let mut late_events = app.events(WIDE, variables.clone()).await;
        let mut never = app.socket().await;
        never.subscribe("a", WIDE, variables.clone()).await;
        let never_events = app.events(WIDE, variables.clone()).await;
        assert_eq!(Socket::open(&app.server().address(), &[]).await.err(), Some(503), "four are all there may be");

        // Five times the drain time, and they still learn why, and where to go on.
        sleep_until(since + 5 * drain).await;
        let mut cursors = [Value::Null, Value::Null];
        let index = |id: &Value| usize::from(id == "two");
        let mut told = 0;
        loop {
            let message = late.hear().await;
            match message["type"].as_str() {
                Some("next") => cursors[index(&message["id"])] = message["payload"]["data"]["ledgerEvents"]["cursor"].clone(),
                Some("error") => {
                    let extensions = &message["payload"][0]["extensions"];
                    assert_eq!((&extensions["code"], &extensions["cursor"]), (&json!("TOO_SLOW"), &cursors[index(&message["id"])]));
                    told += 1;
                }
                _ => {
                    assert_eq!((told, message), (2, json!([4413, "Slow consumer: resume from your last cursor"])));
                    break;
                }
            }
        }
        let mut cursor = Value::Null;
        let told = loop {
            let Sent::Next(mut result) = late_events.next().await else { panic!("complete without a reason") };
            if result.get("errors").is_some() {
                break result["errors"][0]["extensions"].take();
            }
            cursor = result["data"]["ledgerEvents"]["cursor"].take();
        };
        assert_eq!((&told["code"], &told["cursor"], late_events.next().await), (&json!("TOO_SLOW"), &cursor, Sent::Complete));
        drop((late, late_events));

        // Those that never read give their places back all the same.
        let mut open = Vec::new();
        let deadline = since + 5 * write;
        while open.len() < 4 {
            match Socket::open(&app.server().address(), &[]).await {
                Ok(mut socket) => {
                    let payload = json!({ "token": app.token().await });
                    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
                    open.push(socket);
                }
                Err(status) => assert_eq!(status, 503),
            }
            assert!(Instant::now() < deadline, "{} of 4 places are free", open.len());
            sleep(Duration::from_millis(50)).await;
        }
        drop((never, never_events));
    }
}
