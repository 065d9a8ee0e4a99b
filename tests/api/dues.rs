//! Dues: made and cancelled by hand, settled by what comes, open again when that is reversed.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};
use crate::products;

fn due(account: &Account, component: &str, amount: &str, due_on: &str) -> Value {
    json!({ "account": account.by(), "component": component, "amount": euros(amount), "dueOn": due_on })
}

async fn add(app: &TestApp, input: Value) -> String {
    let done = app.done("addDue", input, "due { id status }").await;
    assert_eq!(done["due"]["status"], "OPEN");
    done["due"]["id"].as_str().expect("an id").to_owned()
}

/// What is open of each due, oldest first.
async fn open(app: &TestApp, account: &Account) -> Vec<String> {
    let dues = show(app, account, "dues { nodes { open { amount } } }").await["dues"]["nodes"].take();
    let amounts =
        dues.as_array().expect("dues").iter().rev().map(|due| due["open"]["amount"].as_str().expect("an amount"));
    amounts.map(str::to_owned).collect()
}

/// A debt: somebody has corrected a component.
async fn owe(app: &TestApp, account: &Account, component: &str, amount: &str) {
    let input = json!({ "account": account.by(), "amount": euros(&format!("-{amount}")), "component": component, "reason": "X" });
    app.done("postAdjustment", input, "replayed").await;
}

on_both_databases! {
    async fn what_comes_settles_dues_and_a_reversal_opens_them_again(app: TestApp) {
        let account = app.account("receivable").await;
        owe(&app, &account, "PRINCIPAL", "300.00").await;
        let first = add(&app, due(&account, "PRINCIPAL", "100.00", "2026-05-20")).await;
        add(&app, due(&account, "FEE", "5.00", "2026-05-10")).await;
        assert_eq!(show(&app, &account, "amountDue { amount }").await["amountDue"]["amount"], "0.00");
        let due_by = "amountDue(through: \"2026-05-10\") { amount }";
        assert_eq!(show(&app, &account, due_by).await["amountDue"]["amount"], "5.00");
        let payment = app.pay_in(&account, "35.00").await;
        assert_eq!(open(&app, &account).await, ["70.00", "0.00"]);
        // By a transfer as well.
        let payer = app.funded("500.00").await;
        app.transfer(&payer, &account, "20.00").await;
        assert_eq!(open(&app, &account).await, ["50.00", "0.00"]);
        let query = "query($id: ID!) { node(id: $id) { ... on Due { status source component reference dueOn amount { amount } open { amount }
            settled { amount } cancelled { amount } endedAt cancelReason account { id }
            settlements { nodes { amount { amount } takenBack { amount } entry { id } } } } } }";
        let node = app.ok(query, json!({ "id": first })).await["node"].take();
        assert_eq!((&node["status"], &node["source"], &node["dueOn"]), (&json!("PARTLY_SETTLED"), &json!("MANUAL"), &json!("2026-05-20")));
        assert_eq!(node["settlements"]["nodes"][1]["entry"]["id"], json!(payment));
        assert_eq!((&node["settled"]["amount"], &node["account"]["id"]), (&json!("50.00"), &json!(account.id)));
        let settled = show(&app, &account, "dues(status: SETTLED) { nodes { component endedAt } }").await["dues"]["nodes"].take();
        assert_eq!((settled.as_array().map(Vec::len), &settled[0]["component"]), (Some(1), &json!("FEE")));
        assert!(settled[0]["endedAt"].is_string());
        // In parts: what was settled last is open first.
        app.done("reverseEntry", json!({ "entry": payment, "amount": euros("10.00"), "reason": "X" }), "replayed").await;
        assert_eq!(open(&app, &account).await, ["60.00", "0.00"]);
        app.done("reverseEntry", json!({ "entry": payment, "reason": "X" }), "replayed").await;
        assert_eq!(open(&app, &account).await, ["80.00", "5.00"]);
        let node = app.ok(query, json!({ "id": first })).await["node"].take();
        assert_eq!(node["settlements"]["nodes"][1]["takenBack"]["amount"], "30.00");
        let told = show(&app, &account, "history(first: 50) { nodes { events { type } } }").await.to_string();
        for type_ in ["DUE_ADDED", "DUE_SETTLED", "DUE_OPENED_AGAIN"] {
            assert!(told.contains(type_), "{type_}");
        }
    }

    async fn the_product_says_in_which_order_items_are_paid(app: TestApp) {
        for (order, expected) in [("OLDEST_ITEM_FIRST", ["0.00", "0.00", "80.00", "5.00"]), ("COMPONENT_FIRST", ["5.00", "0.00", "80.00", "0.00"])] {
            let product = products::create(&app, json!({ "debtRule": "UNLIMITED", "itemOrder": order })).await;
            let account = app.account(&product).await;
            assert_eq!(show(&app, &account, "product { itemOrder }").await["product"]["itemOrder"], order);
            for (component, amount, day, bill) in [
                ("PRINCIPAL", "40.00", "2026-05-10", "B1"), ("FEE", "3.00", "2026-05-10", "B1"),
                ("PRINCIPAL", "80.00", "2026-06-10", "B2"), ("FEE", "5.00", "2026-06-10", "B2"),
            ] {
                let mut input = due(&account, component, amount, day);
                input["reference"] = json!(bill);
                add(&app, input).await;
            }
            app.pay_in(&account, "43.00").await;
            assert_eq!(open(&app, &account).await, expected, "{order}");
        }
    }

    async fn a_due_is_cancelled_once_and_a_repetition_gives_the_first(app: TestApp) {
        let account = app.account("receivable").await;
        let mut input = due(&account, "FEE", "10.00", "2026-05-10");
        input["idempotencyKey"] = json!("one");
        let first = app.done("addDue", input.clone(), "replayed due { id }").await;
        let again = app.done("addDue", input, "replayed due { id }").await;
        assert_eq!((&again["replayed"], &again["due"]), (&json!(true), &first["due"]));
        let id = first["due"]["id"].as_str().expect("an id").to_owned();
        app.pay_in(&account, "4.00").await;
        let cancel = json!({ "due": id, "reasonCode": "GOODWILL" });
        let done = app.done("cancelDue", cancel.clone(), "due { status open { amount } cancelled { amount } cancelReason }").await;
        assert_eq!(done["due"], json!({ "status": "CANCELLED", "open": { "amount": "0.00" }, "cancelled": { "amount": "6.00" }, "cancelReason": "GOODWILL" }));
        let refusal = app.refused("cancelDue", cancel, "INVALID_STATE", "due").await;
        assert_eq!(refusal["facts"]["status"], "CANCELLED");
        let bound = app.bound_to(&account.owner);
        let seen = bound.ok("query($id: ID!) { node(id: $id) { ... on Due { status cancelReason } } }", json!({ "id": id })).await;
        assert_eq!(seen["node"], json!({ "status": "CANCELLED", "cancelReason": null }));
    }

    async fn what_is_wrong_with_a_due_is_refused_by_name_and_changes_nothing(app: TestApp) {
        let account = app.account("receivable").await;
        let closed = app.account("receivable").await;
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "X" }), "replayed").await;
        let before = app.picture().await;
        let with = |field: &str, value: Value| {
            let mut input = due(&account, "FEE", "10.00", "2026-05-10");
            input[field] = value;
            input
        };
        for (input, code, path) in [
            (with("account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (with("amount", euros("0.00")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (with("amount", euros("-1.00")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (with("amount", euros("1.001")), "INVALID_INPUT", "amount"),
            (with("amount", json!({ "amount": "1.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "amount.currency"),
            (with("component", json!("SHORTFALL")), "INVALID_INPUT", "component"),
            (with("dueOn", json!("2016-01-01")), "INVALID_INPUT", "dueOn"),
            (with("dueOn", json!("2126-01-01")), "INVALID_INPUT", "dueOn"),
            (with("reference", json!("x".repeat(65))), "INVALID_INPUT", "reference"),
            (with("account", closed.by()), "ACCOUNT_NOT_OPEN", "account"),
        ] {
            app.refused("addDue", input, code, path).await;
        }
        for (input, code, path) in [
            (json!({ "due": "due_1", "reasonCode": "X" }), "NOT_FOUND", "due"),
            (json!({ "due": account.id, "reasonCode": "X" }), "NOT_FOUND", "due"),
        ] {
            app.refused("cancelDue", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        let id = add(&app, due(&account, "FEE", "10.00", "2026-05-10")).await;
        app.refused("cancelDue", json!({ "due": id, "reasonCode": "" }), "INVALID_INPUT", "reasonCode").await;
    }

    async fn payments_at_once_settle_what_is_there_once(app: TestApp) {
        let account = app.account("receivable").await;
        owe(&app, &account, "PRINCIPAL", "100.00").await;
        add(&app, due(&account, "PRINCIPAL", "100.00", "2026-05-10")).await;
        let payments = (0..12).map(|_| {
            let (app, account) = (app.clone(), account.clone());
            tokio::spawn(async move { app.pay_in(&account, "10.00").await })
        });
        futures_util::future::join_all(payments.collect::<Vec<_>>()).await;
        assert_eq!(open(&app, &account).await, ["0.00"]);
        let dues = show(&app, &account, "dues { nodes { settlements(first: 20) { nodes { amount { amount } } } } }").await;
        assert_eq!(dues["dues"]["nodes"][0]["settlements"]["nodes"].as_array().map(Vec::len), Some(10));
        assert_eq!(app.balance(&account).await, "20.00");
    }
}
