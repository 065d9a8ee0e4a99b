//! `kill -9` between the call of a webhook and the note of its answer: the receiver is asked again under the same id, so
//! that it can tell, and what it has booked under that id is there once.

use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::{Engine, TestDatabase, mutation};
use crate::faults::served::{Client, Folder, Got, PATIENCE, Served, on_database, verify};
use crate::webhooks::receiver::{Receiver, Reply};

async fn done(client: &Client, name: &str, input: Value, selection: &str) -> Value {
    let (query, variables) = mutation(name, input, selection);
    let answer = client.data(&query, variables).await[name].take();
    assert_ne!(answer["__typename"], "Refusal", "{name}: {answer}");
    answer
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// What a receiver does that books in Konto: under the id of the message.
async fn book(client: &Client, account: &Value, id: &str) -> Value {
    let amount = json!({ "amount": "5.00", "currency": "EUR" });
    let payment = json!({ "idempotencyKey": id, "account": { "id": account }, "amount": amount, "channel": "CASH" });
    done(client, "postPayment", payment, "replayed account { balance { amount } }").await
}

async fn killed_between_the_call_and_its_note(database: TestDatabase) {
    let (folder, url, receiver) = (Folder::new(), database.url(), Receiver::start().await);
    let arguments = ["--webhook-allow-private", "true"];
    let mut served = Served::start_with(&url, &folder, &arguments).await;
    let client = Client::of(&served).await;
    let owner = json!({ "create": { "type": "PERSON", "lastName": "L" } });
    let opening = json!({ "idempotencyKey": "a", "owner": owner, "product": { "code": "current" } });
    let account = done(&client, "openAccount", opening, "account { id }").await["account"]["id"].take();
    let hook = json!({ "idempotencyKey": "h", "code": "book", "kind": "WEBHOOK", "binding": "ACCOUNT", "url": receiver.url() });
    done(&client, "createCustomAction", hook, "action { id }").await;
    for (round, background) in [(1_usize, true), (2, false)] {
        receiver.forget();
        // It has done it, and its answer does not come before the server dies.
        receiver.answers(|_| Reply::After(std::time::Duration::from_secs(120)));
        let request = json!({ "idempotencyKey": format!("run-{round}"), "action": { "code": "book" }, "account": { "id": account },
            "input": { "round": round }, "async": background });
        let (query, variables) =
            mutation("runAction", request, "run { id state attempts output job { state } } replayed");
        let asked = {
            let (client, query, variables) = (client.clone(), query.clone(), variables.clone());
            tokio::spawn(async move { client.ask(&query, &variables).await })
        };
        let called = until("the receiver is called", async || receiver.hits().into_iter().next()).await;
        assert_eq!(book(&client, &account, &called.id).await["replayed"], false);
        served.kill();
        let answered = asked.await.expect("an end");
        assert_eq!(matches!(answered, Got::Data(_)), background, "{answered:?}");
        verify(&url).await;
        // The time for which a server may be silent has passed.
        let db = database.open().await;
        let tx = db.begin().await.expect("a transaction");
        tx.execute_unprepared("UPDATE action_run SET next_us = 1 WHERE next_us IS NOT NULL").await.expect("late");
        tx.commit().await.expect("committed");
        db.close().await.expect("closed");
        receiver.answers(|_| Reply::Says(200, "{\"booked\":true}".into()));
        served = Served::start_with(&url, &folder, &arguments).await;
        client.turn_to(&served);
        let state = "query($id: ID!) { actionRun(id: $id) { state attempts output failure { kind } job { state } } }";
        let run = until("the run is done", async || {
            let run = client.data(state, json!({ "id": called.id })).await["actionRun"].take();
            (run["state"] == "DONE").then_some(run)
        })
        .await;
        assert_eq!(
            (&run["attempts"], &run["output"], &run["failure"]),
            (&json!(2), &json!({ "booked": true }), &Value::Null)
        );
        assert_eq!(run["job"]["state"], if background { json!("DONE") } else { Value::Null });
        let hits = receiver.hits();
        assert_eq!(hits.len(), 2, "{hits:?}");
        assert!(hits[0].id == hits[1].id && hits[0].body == hits[1].body, "{hits:?}");
        // The receiver books under the same id again, and the caller asks again: nothing is done twice.
        let again = book(&client, &account, &hits[1].id).await;
        assert_eq!(
            (&again["replayed"], &again["account"]["balance"]["amount"]),
            (&json!(true), &json!(format!("{}.00", 5 * round)))
        );
        let again = client.data(&query, variables).await["runAction"].take();
        assert_eq!(
            (&again["replayed"], &again["run"]["id"], &again["run"]["state"]),
            (&json!(true), &json!(called.id), &json!("DONE"))
        );
        assert_eq!(receiver.hits().len(), 2);
    }
    drop(served);
    verify(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_receiver_is_asked_again_under_the_same_id_on_sqlite() {
    on_database(Engine::Sqlite, killed_between_the_call_and_its_note).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_receiver_is_asked_again_under_the_same_id_on_postgres() {
    on_database(Engine::Postgres, killed_between_the_call_and_its_note).await;
}
