//! Servers with other keys than their database was filled with: they do not start, and say which setting it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Engine, TestDatabase, fresh_key, mutation};
use crate::faults::served::{Client, Folder, Got, Served, end_of, on_database};

const SWEDISH: &str = "19811228-9874";

/// What a key is written as: 32 times this byte.
fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn keys(of: &[(&str, u8)], lookup: u8) -> [String; 4] {
    let keys: Vec<String> = of.iter().map(|(id, byte)| format!("{id}={}", key(*byte))).collect();
    ["--data-keys".to_owned(), keys.join(","), "--lookup-key".to_owned(), key(lookup)]
}

async fn start(url: &str, folder: &Folder, keys: &[String]) -> Served {
    let arguments: Vec<&str> = keys.iter().map(String::as_str).collect();
    Served::start_with(url, folder, &arguments).await
}

/// A server that must not start: what it says.
async fn refused(url: &str, keys: &[String]) -> String {
    let arguments: Vec<&str> =
        ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    let (well, said) = end_of(&arguments, url).await;
    assert!(!well, "it started: {said}");
    assert!(keys.iter().all(|key| key.starts_with("--") || !said.contains(key)), "it told a key: {said}");
    said
}

/// Creates a customer with the identifier: what it answers.
async fn create(client: &Client) -> String {
    let identifiers = json!([{ "country": "SE", "value": SWEDISH }]);
    let input = json!({ "type": "PERSON", "lastName": "X", "identifiers": identifiers, "idempotencyKey": fresh_key() });
    let (query, variables) = mutation("createCustomer", input, "customer { id }");
    client.data(&query, variables).await["createCustomer"].to_string()
}

async fn read(client: &Client) -> Value {
    let by = json!({ "identifier": { "country": "SE", "value": SWEDISH } });
    let query = "query($by: CustomerBy!) { customer(by: $by) { identifiers { value } } }";
    match client.ask(query, &json!({ "by": by })).await {
        Got::Data(data) => data["customer"]["identifiers"][0]["value"].clone(),
        other => panic!("{other:?}"),
    }
}

async fn other_keys_are_told_of_at_the_start(database: TestDatabase) {
    let (folder, url) = (Folder::new(), database.url());
    let first = keys(&[("one", 1)], 9);
    let mut served = start(&url, &folder, &first).await;
    let client = Client::of(&served).await;
    assert!(create(&client).await.contains("cus_"));
    served.kill();

    let said = refused(&url, &keys(&[("one", 2)], 9)).await;
    assert!(said.contains("KONTO_DATA_KEYS: the key one is not the one"), "{said}");
    let said = refused(&url, &keys(&[("two", 1)], 9)).await;
    assert!(said.contains("KONTO_DATA_KEYS: the database was filled with a key one"), "{said}");
    let said = refused(&url, &keys(&[("one", 1)], 8)).await;
    assert!(said.contains("KONTO_LOOKUP_KEY: "), "{said}");
    let said = refused(&url, &[]).await;
    assert!(said.contains("KONTO_DATA_KEYS: the database was filled with data keys"), "{said}");

    // The right ones, and a new one in front of them.
    let mut served = start(&url, &folder, &keys(&[("two", 2), ("one", 1)], 9)).await;
    client.turn_to(&served);
    assert_eq!(read(&client).await, SWEDISH);
    assert!(create(&client).await.contains("DUPLICATE_REFERENCE"));
    served.kill();
    // Each seals something by now: neither can be missing, not even the one that came later.
    assert!(refused(&url, &first).await.contains("a key two"));
    assert!(refused(&url, &keys(&[("two", 2)], 9)).await.contains("a key one"));

    // Once all is sealed anew, the older one can go; with another key of look-ups nothing is sealed anew.
    let reseal = async |keys: [String; 4], more: &[&str]| {
        let arguments: Vec<&str> =
            ["keys", "reseal"].into_iter().chain(keys.iter().map(String::as_str)).chain(more.iter().copied()).collect();
        end_of(&arguments, &url).await
    };
    let (well, said) = reseal(keys(&[("two", 2), ("one", 1)], 8), &[]).await;
    assert!(!well && said.contains("KONTO_LOOKUP_KEY"), "{said}");
    let (well, said) = reseal(keys(&[("two", 2), ("one", 1)], 9), &[]).await;
    assert!(well && said.contains("1 sealed anew with the key two"), "{said}");
    let mut served = start(&url, &folder, &keys(&[("two", 2)], 9)).await;
    client.turn_to(&served);
    assert_eq!(read(&client).await, SWEDISH);
    served.kill();

    // A key that is lost is given up by its name.
    let (well, said) = reseal(keys(&[("three", 3)], 9), &[]).await;
    assert!(!well && said.contains("a key two"), "{said}");
    let (well, said) = reseal(keys(&[("two", 2)], 9), &["--lost", "two"]).await;
    assert!(!well && said.contains("--lost"), "{said}");
    let (well, said) = reseal(keys(&[("three", 3)], 9), &["--lost", "two"]).await;
    assert!(!well && said.contains("1 do not open"), "{said}");
    start(&url, &folder, &keys(&[("three", 3)], 9)).await.kill();
}

/// As a database is that was filled before there were proofs.
async fn one_without_proofs_is_held_against_what_is_in_it(database: TestDatabase) {
    use sea_orm::ConnectionTrait as _;
    let (folder, url) = (Folder::new(), database.url());
    let mut served = start(&url, &folder, &keys(&[("one", 1)], 9)).await;
    assert!(create(&Client::of(&served).await).await.contains("cus_"));
    served.kill();
    let db = database.open().await;
    let tx = db.begin().await.expect("a transaction");
    tx.execute_unprepared("DELETE FROM data_key").await.expect("no proofs");
    tx.commit().await.expect("committed");
    db.close().await.expect("closed");
    for (wrong, told) in [
        (keys(&[("one", 2)], 9).to_vec(), "KONTO_DATA_KEYS: the key one is not the one"),
        (keys(&[("two", 1)], 9).to_vec(), "KONTO_DATA_KEYS: the database was filled with a key one"),
        (keys(&[("one", 1)], 8).to_vec(), "KONTO_LOOKUP_KEY: "),
        (Vec::new(), "KONTO_DATA_KEYS: the database was filled with data keys"),
    ] {
        let said = refused(&url, &wrong).await;
        assert!(said.contains(told), "{said}");
    }
    let mut served = start(&url, &folder, &keys(&[("one", 1)], 9)).await;
    assert_eq!(read(&Client::of(&served).await).await, SWEDISH);
    served.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_told_of_at_the_start_on_sqlite() {
    on_database(Engine::Sqlite, other_keys_are_told_of_at_the_start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_told_of_at_the_start_on_postgres() {
    on_database(Engine::Postgres, other_keys_are_told_of_at_the_start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_without_proofs_is_held_against_what_is_in_it_on_sqlite() {
    on_database(Engine::Sqlite, one_without_proofs_is_held_against_what_is_in_it).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_without_proofs_is_held_against_what_is_in_it_on_postgres() {
    on_database(Engine::Postgres, one_without_proofs_is_held_against_what_is_in_it).await;
}
