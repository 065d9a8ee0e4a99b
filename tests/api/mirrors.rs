//! Virtual accounts that mirror one which is kept outside: asked over HTTP, booked once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, eventually};
use crate::webhooks::receiver::{Receiver, Reply};

/// All that is shown of a refresh.
const REFRESH: &str =
    "refresh { id state taken known balance { amount } difference { amount } failure attempts endedAt }";

async fn source(app: &TestApp, account: &Account, receiver: &Receiver) -> String {
    let input = json!({ "account": account.by(), "url": receiver.url() });
    let done = app.done("setAccountSource", input, "source { url refreshedAt balance { amount } } secret").await;
    assert_eq!(done["source"], json!({ "url": receiver.url(), "refreshedAt": null, "balance": null }));
    done["secret"].as_str().expect("a secret").to_owned()
}

async fn refresh(app: &TestApp, account: &Account) -> Value {
    app.done("refreshAccount", json!({ "account": account.by() }), REFRESH).await["refresh"].take()
}

fn told(id: &str, amount: &str) -> Value {
    json!({ "id": id, "amount": amount, "bookedOn": "2026-04-10", "description": format!("Told as {id}") })
}

fn says(receiver: &Receiver, balance: &str, transactions: &Value) {
    let text = json!({ "balance": euros(balance), "transactions": transactions }).to_string();
    receiver.answers(move |_| Reply::Says(200, text.clone()));
}

async fn transactions(app: &TestApp, account: &Account) -> Value {
    let query = "query($by: AccountBy!) { account(by: $by) { transactions { nodes { kind amount { amount } } } } }";
    app.ok(query, json!({ "by": account.by() })).await["account"]["transactions"]["nodes"].take()
}

fn mirrored(amount: &str) -> Value {
    json!({ "kind": "MIRRORED", "amount": { "amount": amount } })
}

on_both_databases! {
    async fn a_refresh_brings_the_balance_and_each_transaction_once(app: TestApp) {
        let receiver = Receiver::start().await;
        let account = app.account("virtual").await;
        let secret = source(&app, &account, &receiver).await;
        says(&receiver, "130.00", &json!([told("t1", "50.00"), told("t2", "-20.00")]));
        let done = refresh(&app, &account).await;
        assert_eq!((&done["state"], &done["taken"], &done["known"], &done["failure"]), (&json!("DONE"), &json!(2), &json!(0), &Value::Null));
        assert_eq!((&done["balance"], &done["difference"]), (&json!({ "amount": "130.00" }), &json!({ "amount": "0.00" })));
        // What was there before, so that the balance is the source's.
        assert_eq!(transactions(&app, &account).await, json!([mirrored("100.00"), mirrored("-20.00"), mirrored("50.00")]));
        assert_eq!(app.balance(&account).await, "130.00");
        let hit = receiver.hits().remove(0);
        assert!(hit.is_signed_with(&secret), "{hit:?}");
        assert_eq!((&hit.body["operation"], &hit.body["account"], &hit.body["after"], &hit.body["refresh"]), (&json!("REFRESH"), &json!(account.id), &Value::Null, &done["id"]));
        // The same again, and one more; it is told what was taken last. Somebody has moved money here meanwhile.
        let other = app.account("current").await;
        app.transfer(&account, &other, "1.00").await;
        says(&receiver, "135.00", &json!([told("t2", "-20.00"), told("t3", "5.00")]));
        let done = refresh(&app, &account).await;
        assert_eq!((&done["state"], &done["taken"], &done["known"], &done["difference"]), (&json!("DONE"), &json!(1), &json!(1), &json!({ "amount": "1.00" })));
        assert_eq!((receiver.hits()[1].body["after"].clone(), app.balance(&account).await), (json!("t2"), "134.00".to_owned()));
        let query = "query($by: AccountBy!) { account(by: $by) { ... on VirtualAccount { source { balance { amount } refresh { id } } refreshes { nodes { id } } } } }";
        let found = app.ok(query, json!({ "by": account.by() })).await["account"].take();
        assert_eq!(found["source"], json!({ "balance": { "amount": "135.00" }, "refresh": null }));
        assert_eq!(found["refreshes"]["nodes"].as_array().map(Vec::len), Some(2));
        // What was told otherwise before is refused as a whole, and nothing of the answer is booked.
        says(&receiver, "140.00", &json!([told("t4", "4.00"), told("t3", "6.00")]));
        let done = refresh(&app, &account).await;
        assert_eq!((&done["state"], &done["taken"]), (&json!("FAILED"), &json!(0)));
        assert_eq!(done["failure"], "its answer was refused: the transaction t3 was told with 5.00 before");
        // More leaves than is there: it has happened, and is owed.
        says(&receiver, "-65.00", &json!([told("t5", "-200.00")]));
        let done = refresh(&app, &account).await;
        assert_eq!((&done["state"], app.balance(&account).await), (&json!("DONE"), "-66.00".to_owned()));
        let node = "query($id: ID!) { node(id: $id) { ... on AccountRefresh { state account { id } history { nodes { operation } } } } }";
        let node = app.ok(node, json!({ "id": done["id"] })).await["node"].take();
        assert_eq!((&node["state"], &node["account"]["id"]), (&json!("DONE"), &json!(account.id)));
        assert!(node["history"].to_string().contains("refreshAccount"), "{node}");
    }

    async fn a_source_with_much_to_tell_is_asked_page_by_page(app: TestApp) {
        let receiver = Receiver::start().await;
        let account = app.account("virtual").await;
        source(&app, &account, &receiver).await;
        receiver.answers(|body| {
            let next = body["after"].as_str().map_or(1, |last| last.parse::<i32>().expect("a number") + 1);
            let transaction = json!({ "id": next.to_string(), "amount": "1.00", "bookedOn": "2026-04-10" });
            Reply::Says(200, json!({ "balance": euros("3.00"), "transactions": [transaction], "more": next < 3 }).to_string())
        });
        let bound = app.bound_to(&account.owner);
        let done = refresh(&bound, &account).await;
        assert_eq!((&done["state"], &done["taken"], &done["difference"]), (&json!("DONE"), &json!(3), &json!({ "amount": "0.00" })));
        assert_eq!(transactions(&app, &account).await, json!([mirrored("1.00"), mirrored("1.00"), mirrored("1.00")]));
        // Where the account is kept is not for its owner to know.
        let query = "query($by: AccountBy!) { account(by: $by) { ... on VirtualAccount { source { url balance { amount } } } } }";
        let found = bound.ok(query, json!({ "by": account.by() })).await["account"]["source"].take();
        assert_eq!(found, json!({ "url": null, "balance": { "amount": "3.00" } }));
        let stranger = app.bound_to(&app.account("virtual").await.owner);
        stranger.refused("refreshAccount", json!({ "account": account.by() }), "NOT_FOUND", "account").await;
        bound.mutate("setAccountSource", json!({ "account": account.by(), "url": "https://example.com/" }), "replayed").await.fault("FORBIDDEN");
    }

    async fn a_source_that_does_not_answer_is_asked_again(app: TestApp) {
        let receiver = Receiver::start().await;
        let account = app.account("virtual").await;
        let by = json!({ "account": account.by() });
        app.refused("refreshAccount", by.clone(), "NO_ACCOUNT_SOURCE", "account").await;
        app.refused("removeAccountSource", by.clone(), "NO_ACCOUNT_SOURCE", "account").await;
        let current = app.account("current").await;
        app.refused("refreshAccount", json!({ "account": current.by() }), "VIRTUAL_ACCOUNT_REQUIRED", "account").await;
        app.refused("setAccountSource", json!({ "account": current.by(), "url": "https://example.com/" }), "VIRTUAL_ACCOUNT_REQUIRED", "account").await;
        app.refused("setAccountSource", json!({ "account": account.by(), "url": "nowhere" }), "INVALID_INPUT", "url").await;
        source(&app, &account, &receiver).await;
        receiver.answers(|_| Reply::Status(503));
        let waiting = refresh(&app, &account).await;
        assert_eq!((&waiting["state"], &waiting["failure"], &waiting["attempts"]), (&json!("REQUESTED"), &json!("answered 503"), &json!(1)));
        says(&receiver, "7.00", &json!([told("t1", "7.00")]));
        app.advance(Duration::from_secs(60));
        let query = "query($id: ID!) { node(id: $id) { ... on AccountRefresh { state taken } } }";
        let id = waiting["id"].clone();
        eventually("the refresh", || async {
            app.ok(query, json!({ "id": id })).await["node"] == json!({ "state": "DONE", "taken": 1 })
        })
        .await;
        assert_eq!(app.balance(&account).await, "7.00");
        // One that will not, one that tells another currency, and one that is gone.
        receiver.answers(|_| Reply::Says(422, "{}".into()));
        assert_eq!(refresh(&app, &account).await["failure"], "it answered 422");
        receiver.answers(|_| Reply::Says(200, json!({ "balance": { "amount": "7.00", "currency": "SEK" } }).to_string()));
        let failed = refresh(&app, &account).await;
        assert_eq!((&failed["state"], &failed["failure"]), (&json!("FAILED"), &json!("its answer was refused: the account is kept in EUR")));
        let done = app.done("removeAccountSource", by.clone(), "source { url }").await;
        assert_eq!(done["source"]["url"], Value::Null);
        app.refused("refreshAccount", by, "NO_ACCOUNT_SOURCE", "account").await;
        assert_eq!(app.balance(&account).await, "7.00");
    }
}
