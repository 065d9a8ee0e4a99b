//! The relay, with a NATS of its own: every event once and in order, whatever is killed.

mod nats;

use std::collections::BTreeSet;

use konto::events::relay::RelayConfig;
use konto::events::store;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{Engine, TENANT, TestApp, TestDatabase, eventually, numbered};
use crate::faults::served::{Client, Folder, PATIENCE, Served, on_database, verify};
use nats::Nats;

const STREAM: &str = "KONTO-acme";

/// The end of the tenant's log.
async fn end(app: &TestApp) -> i64 {
    let engine = app.server().engine().await;
    store::last_sequence(engine.db.reader(), app.tenant_id()).await.expect("a number")
}

async fn party(app: &TestApp) {
    app.done("createParty", json!({ "name": "Nordvik" }), "party { id }").await;
}

/// That the stream has every event of the log, once, in its place, with its id and on its subject.
async fn check(nats: &Nats, end: i64) {
    let messages = nats.messages(STREAM).await;
    assert_eq!(messages.len(), usize::try_from(end).expect("a number"));
    let mut ids = BTreeSet::new();
    for (place, message) in (1..).zip(&messages) {
        let body: Value = serde_json::from_slice(&message.payload).expect("JSON");
        let header = |name: &str| message.headers.get(name).expect("a header").as_str().to_owned();
        assert_eq!(i64::try_from(message.sequence), Ok(place));
        assert_eq!(
            (&body["data"]["sequence"], header("Konto-Sequence")),
            (&json!(place.to_string()), place.to_string())
        );
        assert_eq!(message.subject.as_str(), format!("konto.{TENANT}.{}", body["type"].as_str().expect("a type")));
        let id = header("Nats-Msg-Id");
        assert_eq!(body["data"]["id"], json!(id));
        assert!(ids.insert(id), "an event twice: {body}");
    }
}

async fn caught_up(app: &TestApp, nats: &Nats) -> i64 {
    eventually("the stream", || async { nats.last(STREAM).await == end(app).await }).await;
    end(app).await
}

on_both_databases! {
    async fn every_event_of_the_log_is_in_the_stream_once_and_in_order(app: TestApp) {
        let Some(mut nats) = Nats::start().await else { return };
        let url = nats.url();
        // What was told before there was a relay comes first.
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        app.restart_with(|settings| settings.outbound.relay = Some(RelayConfig::new(&url))).await;
        for _ in 0..20 {
            app.transfer(&from, &to, "1.00").await;
        }
        app.hold(&from, "1.00").await;
        let reached = caught_up(&app, &nats).await;
        check(&nats, reached).await;
        // Away and back, while it goes on.
        for _ in 0..2 {
            nats.kill();
            for _ in 0..20 {
                party(&app).await;
            }
            nats.revive().await;
            party(&app).await;
            let reached = caught_up(&app, &nats).await;
            check(&nats, reached).await;
        }
        // Konto away and back.
        app.restart().await;
        for _ in 0..5 {
            party(&app).await;
        }
        let reached = caught_up(&app, &nats).await;
        check(&nats, reached).await;
        let scrape = crate::metrics::scrape::Scrape::of(&app).await;
        assert_eq!(scrape.count("konto_relay_lag_events_max"), 0);
        assert!(scrape.count("konto_relay_events_total") >= 5);
    }

    async fn two_servers_relay_each_event_once(app: TestApp) {
        let Some(nats) = Nats::start().await else { return };
        let url = nats.url();
        app.restart_with(|settings| settings.outbound.relay = Some(RelayConfig::new(&url))).await;
        let Some(second) = app.second_server_with(|settings| settings.outbound.relay = Some(RelayConfig::new(&url))).await else { return };
        for number in 0..40 {
            party(if number % 2 == 0 { &app } else { &second }).await;
        }
        let reached = caught_up(&app, &nats).await;
        check(&nats, reached).await;
        app.server().stop().await;
        for _ in 0..5 {
            party(&second).await;
        }
        let reached = caught_up(&second, &nats).await;
        check(&nats, reached).await;
    }

    async fn a_stream_that_is_missing_or_of_somebody_else_is_left_alone(app: TestApp) {
        let Some(nats) = Nats::start().await else { return };
        let (url, context) = (nats.url(), nats.connect().await);
        app.restart_with(|settings| settings.outbound.relay = Some(RelayConfig { create: false, ..RelayConfig::new(&url) })).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert!(context.get_stream(STREAM).await.is_err(), "it is not made");
        let config = |name: &str| async_nats::jetstream::stream::Config {
            name: name.into(),
            subjects: vec![format!("konto.{TENANT}.>")],
            ..Default::default()
        };
        context.create_stream(config(STREAM)).await.expect("a stream");
        context.publish(format!("konto.{TENANT}.OTHER"), "of somebody else".into()).await.expect("sent").await.expect("stored");
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(nats.last(STREAM).await, 1, "nothing is added to it");
        // Emptied and made anew by whoever runs it, it is filled.
        context.delete_stream(STREAM).await.expect("deleted");
        context.create_stream(config(STREAM)).await.expect("a stream");
        let reached = caught_up(&app, &nats).await;
        check(&nats, reached).await;
        // A stream that keeps nothing still knows how far it came.
        context.get_stream(STREAM).await.expect("a stream").purge().await.expect("purged");
        app.restart().await;
        party(&app).await;
        caught_up(&app, &nats).await;
        assert_eq!(nats.messages(STREAM).await.len(), 1);
    }
}

async fn killed_at_both_ends(database: TestDatabase) {
    let Some(mut nats) = Nats::start().await else { return };
    let (folder, url, nats_url) = (Folder::new(), database.url(), nats.url());
    let arguments = ["--nats-url", nats_url.as_str()];
    let mut served = Served::start_with(&url, &folder, &arguments).await;
    let client = Client::of(&served).await;
    for round in 0..3 {
        for _ in 0..15 {
            let make = "mutation($input: CreatePartyInput!) { createParty(input: $input) { __typename } }";
            let input = json!({ "idempotencyKey": numbered("party"), "name": "Nordvik" });
            client.data(make, json!({ "input": input })).await;
        }
        // The one, the other, both.
        if round != 0 {
            nats.kill();
        }
        if round != 1 {
            served.kill();
            served = Served::start_with(&url, &folder, &arguments).await;
            client.turn_to(&served);
        }
        if round != 0 {
            nats.revive().await;
        }
    }
    let db = database.open().await;
    let tenants = store::tenants(db.reader()).await.expect("tenants");
    let end = store::last_sequence(db.reader(), tenants[0].0).await.expect("a number");
    db.reader().clone().close().await.expect("closed");
    let deadline = Instant::now() + PATIENCE;
    while nats.last(STREAM).await < end {
        assert!(Instant::now() < deadline, "{} of {end} events came", nats.last(STREAM).await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    check(&nats, end).await;
    drop(served);
    verify(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_at_either_end_on_sqlite() {
    on_database(Engine::Sqlite, killed_at_both_ends).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_at_either_end_on_postgres() {
    on_database(Engine::Postgres, killed_at_both_ends).await;
}
