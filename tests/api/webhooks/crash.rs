//! `kill -9` while events are delivered: nothing is lost, and each subject's events come in their order.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::receiver::{Receiver, Reply};
use crate::app::{Engine, TestDatabase, numbered};
use crate::faults::served::{Client, Folder, PATIENCE, Served, on_database, verify};

const ROUNDS: usize = 2;
const PARTIES: usize = 10;

async fn killed_while_it_delivers(database: TestDatabase) {
    let (folder, url, receiver) = (Folder::new(), database.url(), Receiver::start().await);
    let arguments = ["--webhook-allow-private", "true"];
    let mut served = Served::start_with(&url, &folder, &arguments).await;
    let client = Client::of(&served).await;
    // It is slow, so that something is always on its way.
    receiver.answers(|body| {
        let sequence = body["data"]["sequence"].as_str().map_or(0, |text| text.parse().unwrap_or(0));
        Reply::Status(if sequence % 7 == 0 { 200 } else { 204 })
    });
    let create = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename } }";
    let filter = json!({ "types": ["PARTY_CREATED", "PARTY_UPDATED"] });
    let input = json!({ "idempotencyKey": "hook", "url": receiver.url(), "filter": filter });
    client.data(create, json!({ "input": input })).await;
    let mut expected = 0;
    for round in 0..ROUNDS {
        for number in 0..PARTIES {
            let name = format!("R{round}P{number}");
            let make = "mutation($input: CreatePartyInput!) { createParty(input: $input) { __typename } }";
            let input = json!({ "idempotencyKey": numbered("party"), "name": name, "number": name });
            client.data(make, json!({ "input": input })).await;
            let change = "mutation($input: UpdatePartyInput!) { updateParty(input: $input) { __typename } }";
            let input = json!({ "idempotencyKey": numbered("name"), "party": { "number": name }, "name": "Other" });
            client.data(change, json!({ "input": input })).await;
            expected += 2;
        }
        tokio::time::sleep(Duration::from_millis(50 * round as u64)).await;
        served.kill();
        verify(&url).await;
        served = Served::start_with(&url, &folder, &arguments).await;
        client.turn_to(&served);
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        // The first time that each came.
        let mut first: BTreeMap<i64, String> = BTreeMap::new();
        let mut order: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for hit in receiver.hits() {
            if first.insert(hit.sequence(), hit.id.clone()).is_none() {
                order.entry(hit.subject().to_owned()).or_default().push(hit.sequence());
            }
        }
        assert!(order.values().all(|places| places.is_sorted()), "{order:?}");
        if first.len() == expected {
            assert_eq!(order.len(), ROUNDS * PARTIES);
            break;
        }
        assert!(Instant::now() < deadline, "{} of {expected} events came", first.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(served);
    verify(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_on_sqlite() {
    on_database(Engine::Sqlite, killed_while_it_delivers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_on_postgres() {
    on_database(Engine::Postgres, killed_while_it_delivers).await;
}
