//! More than can be served: what is too much is refused at once with a code and a time to wait, what is accepted is
//! answered soon, and afterwards everything is as before.

use std::time::Duration;

use futures_util::future::join_all;
use konto::database::WriteTransaction;
use konto::primitives::Origin;
use konto::work::Verdict;
use sea_orm::{ConnectionTrait as _, DbBackend};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::meter;
use super::served::{Client, Folder, Served, on_database, verify};
use crate::app::{Account, Engine, Socket, TestApp, euros, eventually, mutation};
use crate::metrics::scrape::Scrape;

const VIEWER: &str = "{ viewer { client } }";
const ENDLESS: &str = "subscription { ledgerEvents { sequence } }";

/// A transfer as a document.
fn transfer(from: &Account, to: &Account) -> (String, Value) {
    let input = json!({ "from": from.by(), "to": to.by(), "amount": euros("0.01") });
    mutation("transfer", input, "entry { id }")
}

/// What came of a request over HTTP: the code of its fault, if it is one, and how long it took. What was refused
/// has to say when to come back, in the header and in the error.
async fn ask(app: &TestApp, query: &str, variables: Value) -> (Option<String>, Duration) {
    let since = Instant::now();
    let answer = app.graphql(query, variables).await;
    let took = since.elapsed();
    let Some(error) = answer.errors().first() else { return (None, took) };
    let code = error["extensions"]["code"].as_str().expect("a code").to_owned();
    let status = if code == "RATE_LIMITED" { 429 } else { 503 };
    assert_eq!(answer.status, status, "{answer:?}");
    let after = answer.headers["retry-after"].to_str().expect("a text");
    assert_eq!(error["extensions"]["retryAfter"].to_string(), after, "{answer:?}");
    assert!(after.parse::<u64>().is_ok_and(|seconds| (1..60).contains(&seconds)), "{after}");
    assert_eq!(error["extensions"]["retry"], "SAFE");
    (Some(code), took)
}

fn counted(outcomes: &[(Option<String>, Duration)], code: Option<&str>) -> usize {
    outcomes.iter().filter(|(found, _)| found.as_deref() == code).count()
}

/// The slowest of those with a code, or of those that succeeded.
fn slowest(outcomes: &[(Option<String>, Duration)], code: Option<&str>) -> Duration {
    outcomes.iter().filter(|(found, _)| found.as_deref() == code).map(|(_, took)| *took).max().unwrap_or_default()
}

/// Takes every place to write, and the lock of the books, until the transactions are dropped.
async fn hold_all_writers(app: &TestApp) -> Vec<WriteTransaction> {
    let db = app.server().engine().await.db.clone();
    let first = db.begin().await.expect("a transaction");
    if db.backend() == DbBackend::Postgres {
        first.execute_unprepared("SELECT 1 FROM ledger_head FOR UPDATE").await.expect("the lock");
    }
    let mut held = vec![first];
    while let Ok(tx) = timeout(Duration::from_millis(300), db.begin()).await {
        held.push(tx.expect("a transaction"));
        assert!(held.len() < 100, "there is no end of writers");
    }
    held
}

on_both_databases! {
    async fn requests_beyond_the_places_are_refused_at_once(app: TestApp) {
        const PLACES: usize = 16;
        app.restart_with(|settings| settings.http.in_flight = PLACES).await;
        let (from, to) = (app.funded("1000.00").await, app.account("current").await);
        let mut accepted = 0;
        for _ in 0..3 {
            let storm = (0..200).map(|_| {
                let (query, variables) = transfer(&from, &to);
                let app = app.clone();
                async move { ask(&app, &query, variables).await }
            });
            let outcomes = join_all(storm).await;
            let (done, refused) = (counted(&outcomes, None), counted(&outcomes, Some("OVERLOADED")));
            assert_eq!(done + refused, 200, "{outcomes:?}");
            assert!(done >= PLACES && refused > 0, "{done} done, {refused} refused");
            let (served, turned) = (slowest(&outcomes, None), slowest(&outcomes, Some("OVERLOADED")));
            println!("{done} done, the slowest in {served:?}; {refused} refused, the slowest in {turned:?}");
            assert!(served < Duration::from_secs(5), "{served:?}");
            accepted += done;
        }
        let expected = format!("{}.{:02}", accepted / 100, accepted % 100);
        assert_eq!(app.balance(&to).await, expected, "what was refused was not done");
        // All places are free again: as many as there are work at once.
        let mut socket = app.socket().await;
        let writers = hold_all_writers(&app).await;
        for n in 0..PLACES {
            let (query, variables) = transfer(&from, &to);
            socket.subscribe(&n.to_string(), &query, variables).await;
        }
        assert!(socket.is_silent(Duration::from_millis(300)).await, "a place was lost");
        let (code, _) = ask(&app, VIEWER, json!({})).await;
        assert_eq!(code.as_deref(), Some("OVERLOADED"));
        let mut late = app.socket().await;
        late.subscribe("late", VIEWER, json!({})).await;
        let error = late.hear().await;
        assert_eq!((&error["type"], &error["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("OVERLOADED")));
        assert_eq!(error["payload"][0]["extensions"]["retryAfter"], 1);
        drop(writers);
        for _ in 0..2 * PLACES {
            let message = socket.hear().await;
            assert!(message["type"] == "complete" || message["payload"]["data"]["transfer"]["entry"].is_object(), "{message}");
        }
        app.ok(VIEWER, json!({})).await;
    }

    async fn a_full_queue_of_orders_is_refused_at_once_and_drains(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let (engine, tenant) = (app.server().engine().await, app.tenant_id());
        let writers = hold_all_writers(&app).await;
        // Nothing can be committed, so what is submitted waits.
        let waiting: Vec<_> = (0..20_000)
            .map(|_| {
                let (workers, origin) = (engine.workers.clone(), Origin::system(tenant));
                tokio::spawn(async move { workers.turn_away(&origin, "test", vec![Verdict::Denied]).await })
            })
            .collect();
        sleep(Duration::from_millis(500)).await;
        let (query, variables) = transfer(&from, &to);
        let since = Instant::now();
        let (code, took) = ask(&app, &query, variables.clone()).await;
        assert_eq!(code.as_deref(), Some("OVERLOADED"));
        assert!(took < Duration::from_secs(2), "{took:?}");
        let mut socket = app.socket().await;
        socket.subscribe("a", &query, variables.clone()).await;
        assert_eq!(socket.next_fault().await, "OVERLOADED");
        println!("refused after {:?}", since.elapsed());
        // Reading goes on meanwhile.
        assert_eq!(app.balance(&to).await, "0.00");
        drop(writers);
        let refused = join_all(waiting).await.into_iter().filter(|answer| answer.as_ref().expect("no panic").is_err()).count();
        assert!((1..20_000).contains(&refused), "{refused} of 20,000 did not fit");
        app.ok(&query, variables).await;
        assert_eq!(app.balance(&to).await, "0.01");
    }

    async fn a_client_over_its_rate_waits_as_told_and_others_do_not(app: TestApp) {
        app.restart_with(|settings| (settings.http.rate.per_second, settings.http.rate.burst) = (20, 40)).await;
        let storm = (0..100).map(|_| ask(&app, VIEWER, json!({})));
        let outcomes = join_all(storm).await;
        let (done, refused) = (counted(&outcomes, None), counted(&outcomes, Some("RATE_LIMITED")));
        assert_eq!(done + refused, 100, "{outcomes:?}");
        // Each costs two: twenty at once, and what was refilled meanwhile.
        assert!(done >= 20 && refused > 0, "{done} done, {refused} refused");
        let mut socket = app.socket().await;
        let error = loop {
            socket.subscribe("a", VIEWER, json!({})).await;
            let message = socket.hear().await;
            if message["type"] == "error" {
                break message;
            }
            assert_eq!(socket.hear().await["type"], "complete");
        };
        let extensions = &error["payload"][0]["extensions"];
        assert_eq!(extensions["code"], "RATE_LIMITED");
        let after = extensions["retryAfter"].as_u64().expect("seconds");
        app.with_client("other").ok(VIEWER, json!({})).await;
        sleep(Duration::from_secs(after)).await;
        app.ok(VIEWER, json!({})).await;
    }

    async fn streams_beyond_the_places_are_refused_and_places_come_back(app: TestApp) {
        const PLACES: usize = 12;
        app.restart_with(|settings| settings.http.streams = PLACES).await;
        for round in 0..5 {
            let mut sockets = Vec::new();
            for n in 0..PLACES / 2 {
                let mut socket = app.socket().await;
                // Ends with the socket, or before it.
                socket.subscribe("a", ENDLESS, json!({})).await;
                if n % 2 == 0 {
                    socket.say(json!({ "type": "complete", "id": "a" })).await;
                }
                sockets.push(socket);
            }
            let mut streams = Vec::new();
            for _ in 0..PLACES / 2 {
                streams.push(app.events(ENDLESS, json!({})).await);
            }
            let address = app.server().address();
            assert_eq!(Socket::open(&address, &[]).await.err(), Some(503), "round {round}");
            let upgrade = app.http().get(app.url("/graphql")).header("connection", "upgrade").header("upgrade", "websocket");
            let response = upgrade.send().await.expect("an answer");
            assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().expect("a value")));
            let request = app.http().post(app.url("/graphql")).bearer_auth(app.token().await.expect("a token"));
            let request = request.header("accept", "text/event-stream, application/json;q=0.5");
            let response = request.json(&json!({ "query": ENDLESS })).send().await.expect("an answer");
            assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().expect("a value")));
            let body: Value = response.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED");
            // Whatever has an answer is answered all the same.
            app.ok(VIEWER, json!({})).await;
            drop((sockets, streams));
            eventually("all places are free", async || {
                let open: Vec<_> = join_all((0..PLACES).map(|_| Socket::open(&address, &[]))).await;
                open.iter().all(Result::is_ok)
            })
            .await;
            // The probe's own sockets leave too.
            eventually("the probe has left", async || Socket::open(&address, &[]).await.is_ok()).await;
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn connections_beyond_the_places_are_refused_and_places_come_back(app: TestApp) {
        const PLACES: usize = 20;
        app.restart_with(|settings| settings.http.connection.limit = PLACES).await;
        let token = app.token().await.expect("a token");
        let post = async |client: &reqwest::Client| {
            let request = client.post(app.url("/graphql")).bearer_auth(&token).json(&json!({ "query": VIEWER }));
            let response = request.send().await.expect("an answer");
            let after = response.headers().get("retry-after").is_some();
            let (status, body) = (response.status().as_u16(), response.json::<Value>().await.expect("JSON"));
            assert_eq!((status == 503, status == 503), (after, body["errors"][0]["extensions"]["code"] == "OVERLOADED"));
            status
        };
        let client = || reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        for round in 0..3 {
            // A client of its own each: none shares a connection.
            let clients: Vec<_> = (0..60).map(|_| client()).collect();
            let statuses = join_all(clients.iter().map(&post)).await;
            let done = statuses.iter().filter(|status| **status == 200).count();
            let refused = statuses.iter().filter(|status| **status == 503).count();
            assert_eq!(done + refused, 60, "{statuses:?}");
            // Those that got in keep their connections open, so no more than that got in.
            assert!((1..=PLACES).contains(&done), "round {round}: {done} done");
            drop(clients);
            eventually("there is a place", async || post(&client()).await == 200).await;
        }
        let figures = Scrape::of(&app).await;
        assert_eq!(figures.count("konto_overload_limit{what=\"connections\"}"), 20);
        // Of those that were refused, and of those that were too early for a place that has come back.
        assert!(figures.count("konto_connections_turned_away_total") >= 3 * (60 - 20));
        // One of them is asking.
        let open = async || Scrape::of(&app).await.count("konto_connections");
        eventually("the others are gone", async || (1..=2).contains(&open().await)).await;
    }
}

/// Everything at once against a server of its own: it keeps its answers short, its memory and its files.
async fn storm(database: crate::app::TestDatabase) {
    rlimit::increase_nofile_limit(4_096).expect("files");
    let folder = Folder::new();
    let limits = ["--in-flight-limit", "32", "--stream-limit", "40", "--connection-limit", "450"];
    let served = Served::start_with(&database.url(), &folder, &limits).await;
    let client = Client::of(&served).await;
    let large = format!("{{ a: __typename {} }}", "viewer { client } ".repeat(20));
    let mut resident = Vec::new();
    let mut files = Vec::new();
    for round in 0..6 {
        let requests = (0..400).map(|n| {
            let (client, large) = (client.clone(), large.clone());
            async move {
                let since = Instant::now();
                let query = if n % 3 == 0 { &large } else { VIEWER };
                let response = client.request(query, &json!({})).send().await.expect("an answer");
                let status = response.status().as_u16();
                assert!(matches!(status, 200 | 503), "{status}");
                assert_eq!(status == 503, response.headers().contains_key("retry-after"));
                response.bytes().await.expect("a body");
                (status, since.elapsed())
            }
        });
        let address = client.address();
        let sockets = (0..80).map(|_| Socket::open(&address, &[]));
        let (answers, sockets) = tokio::join!(join_all(requests), join_all(sockets));
        let mut accepted: Vec<Duration> =
            answers.iter().filter(|(status, _)| *status == 200).map(|(_, took)| *took).collect();
        let slowest = accepted.iter().max().copied().unwrap_or_default();
        let open = sockets.iter().filter(|socket| socket.is_ok()).count();
        assert!(!accepted.is_empty() && accepted.len() < 400, "{} of 400 were accepted", accepted.len());
        assert!((1..=40).contains(&open), "{open} sockets");
        let median = meter::median(&mut accepted);
        assert!(median < Duration::from_secs(5) && slowest < Duration::from_secs(20), "{median:?}, {slowest:?}");
        drop(sockets);
        sleep(Duration::from_millis(300)).await;
        eventually("their places are free", async || Socket::open(&address, &[]).await.is_ok()).await;
        // Sockets that are still closing are files as well.
        eventually("no more than may be are open", async || meter::open_files(served.pid()) < 450 + 100).await;
        let (memory, handles) = (meter::resident_kb(served.pid()), meter::open_files(served.pid()));
        println!(
            "round {round}: {} of 400 accepted, the slowest in {slowest:?}; {open} of 80 sockets; {memory} kB, {handles} files",
            accepted.len()
        );
        resident.push(memory);
        files.push(handles);
    }
    // The first rounds fill what is kept: pools, caches, the allocator's own.
    let least = |rounds: &[u64]| rounds.iter().min().copied().unwrap_or_default();
    assert!(least(&resident[3..]) < least(&resident[..2]) + 15_000, "{resident:?}");
    // The clients' connections that are kept open, no more with each round.
    let most = |rounds: &[usize]| rounds.iter().max().copied().unwrap_or_default();
    assert!(most(&files[3..]) < most(&files[..3]) + 20, "{files:?}");
    client.data(VIEWER, json!({})).await;
    drop(served);
    verify(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_leaves_nothing_behind_sqlite() {
    on_database(Engine::Sqlite, storm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_leaves_nothing_behind_postgres() {
    on_database(Engine::Postgres, storm).await;
}
