//! Many transfers in one request.

use serde_json::{Value, json};

use super::transfer;
use crate::app::{Account, TestApp, euros, fresh_key, numbered};

const DONE: &str = "... on TransferSuccess { replayed entry { id } from { balance { amount } } }";

fn item(from: &Account, to: &Account, amount: &str) -> Value {
    let mut item = transfer(from, to, amount);
    item["idempotencyKey"] = json!(fresh_key());
    item
}

/// Per item the code of its refusal, or "done", or "replayed".
fn outcomes(done: &Value) -> Vec<&str> {
    let items = done["items"].as_array().expect("items");
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            assert_eq!(item["index"], index);
            match item["result"]["code"].as_str() {
                Some(code) => code,
                None if item["result"]["replayed"] == true => "replayed",
                None => "done",
            }
        })
        .collect()
}

async fn batch(app: &TestApp, items: &[Value], all_or_nothing: bool) -> Value {
    let mode = if all_or_nothing { "ALL_OR_NOTHING" } else { "EACH_ALONE" };
    app.done("transferBatch", json!({ "items": items, "mode": mode }), &crate::app::items(DONE)).await
}

on_both_databases! {
    async fn each_item_succeeds_or_fails_by_itself_in_order(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let items = [
            item(&a, &b, "60.00"),
            item(&a, &b, "50.00"),
            item(&b, &a, "60.00"),
            item(&a, &b, "100.00"),
            item(&a, &a, "1.00"),
            item(&a, &b, "0.00"),
            json!({ "idempotencyKey": fresh_key(), "from": { "number": "nobody" }, "to": b.by(), "amount": euros("1.00") }),
            json!({ "idempotencyKey": "", "from": b.by(), "to": a.by(), "amount": euros("1.00") }),
            item(&b, &a, "25.00"),
        ];
        let done = batch(&app, &items, false).await;
        assert_eq!(
            outcomes(&done),
            [
                "done",
                "INSUFFICIENT_FUNDS",
                "done",
                "done",
                "SAME_ACCOUNT",
                "AMOUNT_OUT_OF_RANGE",
                "NOT_FOUND",
                "INVALID_INPUT",
                "done",
            ]
        );
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(4), &json!(5)));
        let keys: Vec<&Value> =
            done["items"].as_array().expect("items").iter().map(|item| &item["idempotencyKey"]).collect();
        assert_eq!(keys, items.iter().map(|item| &item["idempotencyKey"]).collect::<Vec<_>>());
        let refusal = |index: usize| &done["items"][index]["result"];
        assert_eq!(refusal(1)["facts"], json!({ "account": a.id, "available": euros("40.00") }));
        for (index, path) in [(1, "amount"), (4, "to"), (5, "amount"), (6, "from"), (7, "idempotencyKey")] {
            assert_eq!(refusal(index)["fields"][0]["path"], json!(["items", index.to_string(), path]));
        }
        assert_eq!((app.balance(&a).await, app.balance(&b).await), ("25.00".to_owned(), "75.00".to_owned()));
    }

    async fn one_refusal_takes_an_all_or_nothing_batch_with_it(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let before = app.picture().await;
        for (bad, code) in [
            (item(&a, &b, "100.00"), "INSUFFICIENT_FUNDS"),
            (item(&a, &b, "-1.00"), "AMOUNT_OUT_OF_RANGE"),
            (
                json!({ "idempotencyKey": fresh_key(), "from": a.by(), "to": { "number": "nobody" }, "amount": euros("1.00") }),
                "NOT_FOUND",
            ),
            (
                json!({ "idempotencyKey": fresh_key(), "from": a.by(), "to": { "id": "?" }, "amount": euros("1.00") }),
                "NOT_FOUND",
            ),
        ] {
            let items = [item(&a, &b, "10.00"), bad, item(&b, &a, "5.00")];
            let done = batch(&app, &items, true).await;
            assert_eq!(outcomes(&done), ["BATCH_REFUSED", code, "BATCH_REFUSED"]);
            assert_eq!((&done["succeeded"], &done["refused"]), (&json!(0), &json!(3)));
        }
        assert_eq!(app.picture().await, before);
        // Later items may live on what earlier ones brought.
        let items = [item(&a, &b, "100.00"), item(&b, &a, "99.00"), item(&a, &b, "99.00")];
        assert_eq!(outcomes(&batch(&app, &items, true).await), ["done", "done", "done"]);
        assert_eq!(app.balance(&b).await, "100.00");
    }

    async fn a_repeated_batch_moves_nothing_twice(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let mut items = vec![item(&a, &b, "10.00"), item(&a, &b, "500.00"), item(&a, &b, "20.00")];
        let first = batch(&app, &items, false).await;
        let before = app.picture().await;
        let again = batch(&app, &items, false).await;
        assert_eq!(outcomes(&again), ["replayed", "INSUFFICIENT_FUNDS", "replayed"]);
        assert_eq!((&again["succeeded"], &again["refused"]), (&json!(2), &json!(1)));
        for index in [0, 2] {
            let entry = |done: &Value| done["items"][index]["result"]["entry"]["id"].clone();
            assert_eq!(entry(&first), entry(&again));
        }
        assert_eq!(app.picture().await, before);
        // A key that was used for something else is the item's problem alone.
        items[0]["amount"] = euros("11.00");
        items.push(item(&a, &b, "1.00"));
        assert_eq!(
            outcomes(&batch(&app, &items, false).await),
            ["IDEMPOTENCY_KEY_REUSED", "INSUFFICIENT_FUNDS", "replayed", "done"]
        );
    }

    async fn a_batch_has_one_to_ten_thousand_items_with_a_key_each(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let before = app.picture().await;
        app.refused("transferBatch", json!({ "items": [] }), "INVALID_INPUT", "items").await;
        let twice = item(&a, &b, "1.00");
        let items = json!([item(&a, &b, "1.00"), twice, item(&a, &b, "2.00"), twice]);
        app.refused("transferBatch", json!({ "items": items }), "INVALID_INPUT", "items.3.idempotencyKey").await;
        let many: Vec<Value> = (0..10_001).map(|_| item(&a, &b, "0.01")).collect();
        app.refused("transferBatch", json!({ "items": many }), "LIMIT_EXCEEDED", "items").await;
        assert_eq!(app.picture().await, before);
    }

    async fn ten_thousand_items_are_moved_in_one_request(app: TestApp) {
        const ACCOUNTS: usize = 20;
        let owner = app.customer().await;
        let mut accounts = Vec::new();
        for _ in 0..ACCOUNTS {
            let account = app.account_of(&owner, "current").await;
            app.pay_in(&account, "10.00").await;
            accounts.push(account);
        }
        let batch_name = numbered("b");
        let items: Vec<Value> = (0..10_000)
            .map(|n| {
                let (from, to) = (&accounts[n % ACCOUNTS], &accounts[(n + 1 + n / ACCOUNTS % (ACCOUNTS - 1)) % ACCOUNTS]);
                // Every hundredth asks for more than there can be.
                let amount = if n % 100 == 99 { "1000.00" } else { "0.01" };
                json!({ "idempotencyKey": format!("{batch_name}-{n}"), "from": { "number": from.number }, "to": { "number": to.number }, "amount": euros(amount) })
            })
            .collect();
        let input = json!({ "items": items });
        // A body of this size takes the scope for it.
        let answer = app.with_scopes("read money").mutate("transferBatch", input.clone(), "succeeded").await;
        assert_eq!(answer.status, 413, "{:?}", answer.body);
        let started = std::time::Instant::now();
        let done = app
            .done(
                "transferBatch",
                input.clone(),
                "succeeded refused items { index result { ... on Refusal { code } } }",
            )
            .await;
        println!("10,000 transfers in {:?}", started.elapsed());
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(9_900), &json!(100)));
        for (index, item) in done["items"].as_array().expect("items").iter().enumerate() {
            assert_eq!(item["index"], index);
            assert_eq!(item["result"]["code"] == "INSUFFICIENT_FUNDS", index % 100 == 99);
        }
        let entries = app.ok("{ entries(first: 1) { nodes { sequence } } }", json!({})).await;
        assert_eq!(entries["entries"]["nodes"][0]["sequence"], (ACCOUNTS + 9_900).to_string());
        let again = app.done("transferBatch", input, "succeeded refused").await;
        assert_eq!((&again["succeeded"], &again["refused"]), (&json!(9_900), &json!(100)));
        let entries = app.ok("{ entries(first: 1) { nodes { sequence } } }", json!({})).await;
        assert_eq!(entries["entries"]["nodes"][0]["sequence"], (ACCOUNTS + 9_900).to_string());
    }
}
