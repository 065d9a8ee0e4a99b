//! `kill -9` within a step of the business day: what the step was at is done once, whenever it was killed.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::served::{Client, Folder, Got, PATIENCE, Served, on_database, seed, verify};
use crate::app::{Engine, TestDatabase, mutation};

const ROUNDS: usize = 4;
/// Transfers that come back in a round: three pages of the step.
const TRANSFERS: usize = 250;
/// Accounts that come to a payment reference in a round: two pages.
const ACCOUNTS: usize = 600;

async fn done(client: &Client, name: &str, input: Value, selection: &str) -> Value {
    let (query, variables) = mutation(name, input, selection);
    let mut answer = client.data(&query, variables).await[name].take();
    assert_ne!(answer["__typename"], "Refusal", "{name}: {answer}");
    answer.take()
}

/// Accounts of a product that then comes to a rule of payment references: its code.
async fn unreferenced(client: &Client, round: usize, owner: &Value) -> String {
    let code = format!("late-{round}");
    let key = |what: &str| format!("{what}-{round}");
    let product = json!({ "idempotencyKey": key("product"), "code": code, "alias": code, "family": "DEPOSIT",
        "currency": "EUR", "debtRule": "NONE", "payee": { "iban": "SE3550000000054910000003" } });
    done(client, "createProduct", product, "replayed").await;
    let account = |number: usize| {
        json!({ "idempotencyKey": format!("late-{round}-{number}"), "owner": { "id": owner }, "product": { "code": code },
            "number": format!("L{round}-{number}") })
    };
    for from in (0..ACCOUNTS).step_by(100) {
        let items: Vec<Value> = (from..(from + 100).min(ACCOUNTS)).map(account).collect();
        done(client, "openAccountBatch", json!({ "items": items }), "succeeded").await;
    }
    let rule =
        json!({ "idempotencyKey": key("rule"), "product": { "code": code }, "paymentReference": { "rule": "OCR_SE" } });
    done(client, "updateProduct", rule, "replayed").await;
    code
}

/// The references of the accounts of a product.
async fn references(client: &Client, code: &str) -> BTreeSet<String> {
    let query = "query($after: String) { accounts(first: 100, after: $after) { nodes { product { code } bankPaymentDetails { reference } }
        pageInfo { hasNextPage endCursor } } }";
    let (mut after, mut found) = (Value::Null, BTreeSet::new());
    loop {
        let page = client.data(query, json!({ "after": after })).await["accounts"].take();
        for node in page["nodes"].as_array().expect("nodes").iter().filter(|node| node["product"]["code"] == code) {
            found.extend(node["bankPaymentDetails"]["reference"].as_str().map(str::to_owned));
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn a_day_killed_again_and_again(database: TestDatabase) {
    let (mut rng, folder, url) = (StdRng::seed_from_u64(seed()), Folder::new(), database.url());
    let settings = ["--sandbox", "--day-end", "by-hand"];
    let mut served = Served::start_with(&url, &folder, &settings).await;
    let client = Client::of(&served).await;
    let owner = done(
        &client,
        "createCustomer",
        json!({ "idempotencyKey": "c", "type": "PERSON", "lastName": "L" }),
        "customer { id }",
    )
    .await;
    let opening =
        json!({ "idempotencyKey": "a", "owner": { "id": owner["customer"]["id"] }, "product": { "code": "current" } });
    let account = done(&client, "openAccount", opening, "account { id }").await["account"]["id"].take();
    let funds = json!({ "idempotencyKey": "p", "account": { "id": account }, "amount": { "amount": "100000.00", "currency": "EUR" }, "channel": "CASH" });
    done(&client, "postPayment", funds, "replayed").await;
    let balance = async |client: &Client| {
        let query = "query($id: ID!) { account(by: { id: $id }) { balance { amount } } tenant { businessDate businessDateDone } }";
        client.data(query, json!({ "id": account })).await
    };
    for round in 0..ROUNDS {
        let code = unreferenced(&client, round, &owner["customer"]["id"]).await;
        let out = async |number: usize| {
            let input = json!({ "idempotencyKey": format!("{round}-{number}"), "account": { "id": account },
                "amount": { "amount": "1.00", "currency": "EUR" }, "iban": "SE3550000000054910000003", "reference": "SIM-BOUNCE-1" });
            done(&client, "disburse", input, "replayed").await
        };
        for part in 0..TRANSFERS / 50 {
            futures_util::future::join_all((0..50).map(|number| out(50 * part + number))).await;
        }
        let before = balance(&client).await;
        assert_eq!(before["account"]["balance"]["amount"], format!("{}.00", 100_000 - TRANSFERS));
        let day = before["tenant"]["businessDate"].clone();
        let (query, variables) = mutation(
            "runBusinessDay",
            json!({ "idempotencyKey": format!("day-{round}"), "endDay": day }),
            "day { state }",
        );
        let lives = Duration::from_millis(rng.random_range(5..250));
        let asked = {
            let (client, query, variables) = (client.clone(), query.clone(), variables.clone());
            tokio::spawn(async move { client.ask(&query, &variables).await })
        };
        tokio::time::sleep(lives).await;
        served.kill();
        let answered = matches!(asked.await.expect("an end"), Got::Data(_));
        verify(&url).await;
        served = Served::start_with(&url, &folder, &settings).await;
        client.turn_to(&served);
        client.data(&query, variables).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let after = loop {
            let after = balance(&client).await;
            if after["tenant"]["businessDateDone"].as_str() >= day.as_str() {
                break after;
            }
            assert!(tokio::time::Instant::now() < deadline, "the day is not done: {after}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(after["account"]["balance"]["amount"], "100000.00", "each transfer comes back once");
        let query = "{ businessDays(first: 1) { nodes { date state steps { name done refused complete } } } }";
        let mut days = client.data(query, json!({})).await;
        let last = days["businessDays"]["nodes"][0].take();
        assert_eq!((&last["date"], &last["state"]), (&day, &json!("DONE")));
        let rails = last["steps"]
            .as_array()
            .and_then(|steps| steps.iter().find(|step| step["name"] == "simulateRails").cloned());
        assert_eq!(rails, Some(json!({ "name": "simulateRails", "done": TRANSFERS, "refused": 0, "complete": true })));
        let given = last["steps"]
            .as_array()
            .and_then(|steps| steps.iter().find(|step| step["name"] == "givePaymentReferences").cloned());
        let given_to = json!({ "name": "givePaymentReferences", "done": ACCOUNTS, "refused": 0, "complete": true });
        assert_eq!(given, Some(given_to));
        let references = references(&client, &code).await;
        assert_eq!(references.len(), ACCOUNTS, "each has one of its own");
        println!("round {round}: killed after {lives:?}, answered before: {answered}");
    }
    verify(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_done_once_on_sqlite() {
    on_database(Engine::Sqlite, a_day_killed_again_and_again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_done_once_on_postgres() {
    on_database(Engine::Postgres, a_day_killed_again_and_again).await;
}
