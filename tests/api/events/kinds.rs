//! Every kind of change leaves its event, in the order in which it was made.

use std::time::Duration;

use serde_json::{Value, json};

use super::{log, number};
use crate::app::{euros, eventually};

on_both_databases! {
    async fn every_mutation_leaves_its_events(app: TestApp) {
        let mut seen = 0;
        let mut news = async || {
            let events = log(&app, json!({})).await;
            let new: Vec<String> =
                events.iter().skip(seen).map(|event| event["type"].as_str().expect("a type").to_owned()).collect();
            seen = events.len();
            assert_eq!(events.last().map(number), u64::try_from(seen).ok());
            new.join(" ")
        };
        let customer = app.customer().await;
        assert_eq!(news().await, "CUSTOMER_CREATED");
        app.done("updateCustomer", json!({ "customer": { "id": customer }, "firstName": "Grace" }), "replayed").await;
        assert_eq!(news().await, "CUSTOMER_UPDATED");
        let product =
            json!({ "code": "mine", "alias": "Mine", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
        app.done("createProduct", product, "replayed").await;
        assert_eq!(news().await, "PRODUCT_CREATED");
        app.done("createParty", json!({ "name": "Creditor", "number": "P1" }), "replayed").await;
        assert_eq!(news().await, "PARTY_CREATED");
        app.done("updateParty", json!({ "party": { "number": "P1" }, "name": "Other" }), "replayed").await;
        assert_eq!(news().await, "PARTY_UPDATED");
        app.done("updateProduct", json!({ "product": { "code": "mine" }, "alias": "Ours" }), "replayed").await;
        assert_eq!(news().await, "PRODUCT_UPDATED");
        let account = app.account_of(&customer, "current-overdraft").await;
        let other = app.account_of(&customer, "mine").await;
        assert_eq!(news().await, "ACCOUNT_OPENED ACCOUNT_OPENED");
        app.done("updateAccount", json!({ "account": account.by(), "externalReference": "ref" }), "replayed").await;
        assert_eq!(news().await, "ACCOUNT_UPDATED");
        app.done("updateAccount", json!({ "account": account.by(), "creditLimit": "100.00" }), "replayed").await;
        assert_eq!(news().await, "ACCOUNT_CREDIT_LIMIT_LOWERED ACCOUNT_UPDATED");
        let entry = app.pay_in(&account, "100.00").await;
        app.transfer(&account, &other, "10.00").await;
        let on = |more: Value| {
            let mut input = json!({ "account": account.by(), "amount": euros("1.00") });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        app.done("disburse", on(json!({ "iban": "SE3550000000054910000003" })), "replayed").await;
        app.done("postAdjustment", on(json!({ "reason": "X" })), "replayed").await;
        app.done("postCharge", on(json!({ "kind": "LATE_FEE" })), "replayed").await;
        app.done("reverseEntry", json!({ "entry": entry, "reason": "X" }), "replayed").await;
        assert_eq!(news().await, ["ENTRY_POSTED"; 6].join(" "));
        let item = |key: &str, amount: &str| json!({ "idempotencyKey": key, "from": account.by(), "to": other.by(), "amount": euros(amount) });
        let batch = json!({ "items": [item("a", "1.00"), item("b", "100000.00"), item("c", "2.00")] });
        app.done("transferBatch", batch, "succeeded").await;
        assert_eq!(news().await, "ENTRY_POSTED ENTRY_POSTED");
        let (captured, released) = (app.hold(&account, "2.00").await, app.hold(&account, "2.00").await);
        assert_eq!(news().await, "HOLD_PLACED HOLD_PLACED");
        app.done("captureHold", json!({ "hold": captured }), "replayed").await;
        assert_eq!(
            news().await.split(' ').collect::<std::collections::BTreeSet<_>>(),
            ["ENTRY_POSTED", "HOLD_CAPTURED"].into()
        );
        app.done("releaseHold", json!({ "hold": released }), "replayed").await;
        assert_eq!(news().await, "HOLD_RELEASED");
        let end = "2026-04-15T09:31:00Z";
        app.done("placeHold", on(json!({ "expiresAt": end })), "replayed").await;
        app.advance(Duration::from_secs(61));
        eventually("the hold lapses", async || log(&app, json!({ "types": ["HOLD_EXPIRED"] })).await.len() == 1).await;
        assert_eq!(news().await, "HOLD_PLACED HOLD_EXPIRED");
        app.done("requestAccountClosure", json!({ "account": other.by() }), "replayed").await;
        assert_eq!(news().await, "ACCOUNT_CLOSURE_REQUESTED");
        app.transfer(&other, &account, "13.00").await;
        assert_eq!(news().await, "ENTRY_POSTED ACCOUNT_CLOSED");
        let empty = app.account_of(&customer, "mine").await;
        app.pay_in(&empty, "3.00").await;
        assert_eq!(news().await, "ACCOUNT_OPENED ENTRY_POSTED");
        let rest = json!({ "account": empty.by(), "closureCode": "DONE", "transactions": [{ "target": { "transferTo": account.by() } }] });
        app.done("closeAccount", rest, "replayed").await;
        let mut closing: Vec<String> = news().await.split(' ').map(str::to_owned).collect();
        closing.sort();
        assert_eq!(closing, ["ACCOUNT_CLOSED", "ACCOUNT_CLOSURE_RECORDED", "ENTRY_POSTED"]);
        app.done("closePeriod", json!({ "through": "2026-03-31" }), "replayed").await;
        assert_eq!(news().await, "PERIOD_CLOSED");
    }

    async fn what_is_refused_or_replayed_leaves_no_event(app: TestApp) {
        let account = app.funded("10.00").await;
        let other = app.account("current").await;
        let before = log(&app, json!({})).await;
        let input = json!({ "from": account.by(), "to": other.by(), "amount": euros("11.00") });
        app.refused("transfer", input, "INSUFFICIENT_FUNDS", "amount").await;
        app.refused(
            "openAccount",
            json!({ "product": { "code": "none" }, "owner": { "id": account.owner } }),
            "NOT_FOUND",
            "product",
        )
        .await;
        assert_eq!(log(&app, json!({})).await, before);
        let input = json!({ "idempotencyKey": "k", "from": account.by(), "to": other.by(), "amount": euros("1.00") });
        for _ in 0..3 {
            app.done("transfer", input.clone(), "replayed").await;
        }
        assert_eq!(log(&app, json!({})).await.len(), before.len() + 1);
    }
}
