//! Idempotency keys under a race: equal requests at once, from two servers where there are two, have one effect and equal
//! answers.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{TestApp, euros, fresh_key};

/// Requests at once.
const CALLERS: usize = 8;

/// Sends one request many times at once. Gives the answers, one of which alone is not a repetition.
async fn at_once(app: &TestApp, other: &TestApp, name: &str, mut input: Value, selection: &str) -> Value {
    input["idempotencyKey"] = json!(fresh_key());
    let selection = format!("{selection} replayed");
    let voice = |n: usize| if n.is_multiple_of(2) { app } else { other };
    let answers = join_all((0..CALLERS).map(|n| voice(n).mutate(name, input.clone(), &selection))).await;
    let mut results: Vec<Value> = answers.into_iter().map(|answer| answer.data()[name].take()).collect();
    let replayed: Vec<bool> = results.iter_mut().filter_map(|result| result["replayed"].take().as_bool()).collect();
    assert_eq!(replayed.len(), CALLERS, "{name}: {results:?}");
    assert_eq!(replayed.iter().filter(|replayed| !**replayed).count(), 1, "{name}: {replayed:?}");
    assert!(results.iter().all(|result| *result == results[0]), "{name}: {results:#?}");
    let query = "query($operation: String!) { auditRecords(first: 100, filter: { operation: $operation }) { nodes { outcome } } }";
    let records = app.ok(query, json!({ "operation": name })).await["auditRecords"]["nodes"].take();
    let ended = |outcome: &str| {
        let records = records.as_array().expect("records").iter().take(CALLERS);
        records.filter(|record| record["outcome"] == outcome).count()
    };
    assert_eq!((ended("DONE"), ended("REPLAYED")), (1, CALLERS - 1), "{name}: {records}");
    results.remove(0)
}

on_both_databases! {
    async fn equal_requests_at_once_have_one_effect_and_equal_answers(app: TestApp) {
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let owner = json!({ "id": from.owner });
        for round in 0..5 {
            let product = json!({ "code": format!("x{round}"), "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
            at_once(&app, &other, "createProduct", product, "product { id code }").await;
            at_once(&app, &other, "createCustomer", json!({ "type": "PERSON", "lastName": "X" }), "customer { id number }").await;
            at_once(&app, &other, "createParty", json!({ "name": "X" }), "party { id number }").await;
            let open = json!({ "product": { "code": "current" }, "owner": owner });
            let opened = at_once(&app, &other, "openAccount", open, "account { id number }").await["account"].take();
            let create = json!({ "create": { "type": "PERSON", "lastName": "X" } });
            let open = json!({ "product": { "code": "current" }, "owner": create });
            at_once(&app, &other, "openAccount", open, "account { id number owner { id } }").await;
            let by = json!({ "id": opened["id"] });
            let payment = json!({ "account": by, "amount": euros("5.00"), "channel": "CASH" });
            at_once(&app, &other, "postPayment", payment, "entry { id sequence }").await;
            let transfer = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
            at_once(&app, &other, "transfer", transfer, "entry { id sequence }").await;
            let hold = json!({ "account": by, "amount": euros("2.00") });
            let hold = at_once(&app, &other, "placeHold", hold, "hold { id }").await["hold"]["id"].take();
            at_once(&app, &other, "captureHold", json!({ "hold": hold, "amount": euros("2.00") }), "entry { id } hold { id status }").await;
            let close = json!({ "account": by, "closureCode": "X", "transactions": [{ "target": { "transferTo": to.by() } }] });
            let closed = at_once(&app, &other, "closeAccount", close, "account { id status closedOn }").await;
            assert_eq!(closed["account"]["status"], "CLOSED");
        }
        assert_eq!((app.balance(&from).await, app.balance(&to).await), ("95.00".to_owned(), "20.00".to_owned()));
        let found = app.ok("{ products(first: 100) { nodes { code } } parties(first: 100) { nodes { id } } }", json!({})).await;
        let length = |list: &str| found[list]["nodes"].as_array().map(Vec::len);
        assert_eq!((length("products"), length("parties")), (Some(18), Some(5)));
    }

    async fn a_key_that_two_requests_race_for_goes_to_one_of_them(app: TestApp) {
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        for _ in 0..10 {
            let key = fresh_key();
            let input = |amount: &str| {
                json!({ "idempotencyKey": key, "from": from.by(), "to": to.by(), "amount": euros(amount) })
            };
            let before = app.balance(&to).await;
            let (one, two) = tokio::join!(
                app.mutate("transfer", input("1.00"), "entry { id }"),
                other.mutate("transfer", input("2.00"), "entry { id }")
            );
            let results = [one, two].map(|answer| answer.data()["transfer"].take());
            let done: Vec<bool> = results.iter().map(|result| result["code"].is_null()).collect();
            assert_eq!(done.iter().filter(|done| **done).count(), 1, "{results:?}");
            let refused = results.iter().find(|result| !result["code"].is_null()).expect("one");
            assert_eq!(refused["code"], "IDEMPOTENCY_KEY_REUSED");
            assert_ne!(app.balance(&to).await, before);
        }
    }

    async fn a_number_that_many_want_at_once_goes_to_one_of_them(app: TestApp) {
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let account = app.funded("100.00").await;
        for round in 0..5 {
            let number = format!("N{round}");
            let taken = json!({ "reference": number });
            for (name, input, path) in [
                ("createCustomer", json!({ "type": "PERSON", "lastName": "X", "number": number }), "number"),
                ("createParty", json!({ "name": "X", "externalReference": number }), "externalReference"),
                ("openAccount", json!({ "product": { "code": "current" }, "owner": { "id": account.owner }, "number": number }), "number"),
                (
                    "postPayment",
                    json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "externalReference": taken }),
                    "externalReference",
                ),
            ] {
                let voice = |n: usize| if n.is_multiple_of(2) { &app } else { &other };
                let answers = join_all((0..CALLERS).map(|n| voice(n).mutate(name, input.clone(), "replayed"))).await;
                let results: Vec<Value> = answers.into_iter().map(|answer| answer.data()[name].take()).collect();
                let refused = results.iter().filter(|result| {
                    result["code"] == "DUPLICATE_REFERENCE" && result["fields"][0]["path"] == json!([path])
                });
                assert_eq!(refused.count(), CALLERS - 1, "{name}: {results:?}");
                assert_eq!(results.iter().filter(|result| result["replayed"] == false).count(), 1, "{name}: {results:?}");
            }
        }
        assert_eq!(app.balance(&account).await, "105.00");
    }

    /// One batch cannot free a number and give it to another row in one statement: that must never show.
    async fn a_number_that_is_freed_and_wanted_at_once_is_had_by_one_or_refused(app: TestApp) {
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let names = |n: i32| json!({ "type": "PERSON", "lastName": "X", "number": format!("A{n}"), "externalReference": "moving" });
        let mut owner = app.done("createCustomer", names(0), "customer { id }").await["customer"]["id"].take();
        for round in 1..20 {
            let free = json!({ "customer": { "id": owner }, "number": format!("B{round}"), "externalReference": null });
            let (freed, taken, again) = tokio::join!(
                app.mutate("updateCustomer", free, "customer { id }"),
                app.mutate("createCustomer", names(round), "customer { id }"),
                other.mutate("createCustomer", names(round + 1_000), "customer { id }")
            );
            let freed = freed.data()["updateCustomer"].take();
            assert_eq!(freed["customer"]["id"], owner, "{freed}");
            let results = [taken, again].map(|answer| answer.data()["createCustomer"].take());
            let mut got = results.iter().filter(|result| result["code"].is_null());
            owner = match got.next() {
                Some(result) => result["customer"]["id"].clone(),
                // Both came too early: then it is free by now.
                None => app.done("createCustomer", names(round), "customer { id }").await["customer"]["id"].take(),
            };
            assert!(got.next().is_none(), "{results:?}");
            let refused = results.iter().filter(|result| !result["code"].is_null());
            assert!(refused.clone().all(|result| result["code"] == "DUPLICATE_REFERENCE"), "{results:?}");
            let query = "{ customer(by: { externalReference: \"moving\" }) { id } }";
            assert_eq!(app.ok(query, json!({})).await["customer"]["id"], owner);
        }
    }
}
