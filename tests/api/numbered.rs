//! Lists in pages by number, and the id by which what a write did is followed through the log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestApp, euros, items};

fn claim(reference: &str) -> Value {
    json!({
        "claimReference": reference, "currency": "EUR", "amount": "10.00", "originalDueDate": "2026-03-31", "currentDueDate": "2026-04-30",
        "idempotencyKey": format!("k-{reference}"),
        "primaryDebtor": { "externalReference": format!("D-{reference}"), "firstName": "Ada", "lastName": "Lovelace",
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] },
    })
}

async fn of_day(app: &TestApp, type_: &str, date: &str, limit: i32, page: i32) -> Value {
    let query = "query($type: LedgerEventType!, $date: Date!, $limit: Int!, $page: Int!) {
        eventsOfDay(type: $type, date: $date, limit: $limit, page: $page) {
            nodes { type occurredAt commandId payload } limit page numberOfPages totalCount } }";
    let variables = json!({ "type": type_, "date": date, "limit": limit, "page": page });
    app.ok(query, variables).await["eventsOfDay"].take()
}

fn shape(page: &Value) -> (usize, &Value, &Value) {
    (page["nodes"].as_array().expect("nodes").len(), &page["numberOfPages"], &page["totalCount"])
}

on_both_databases! {
    async fn the_events_of_a_day_come_in_pages_by_number(app: TestApp) {
        for reference in ["C1", "C2", "C3"] {
            app.done("createClaim", claim(reference), "claim { id }").await;
        }
        app.advance(Duration::from_secs(24 * 60 * 60));
        app.done("createClaim", claim("C4"), "claim { id }").await;
        let account = app.account("current").await;
        app.pay_in(&account, "5.00").await;

        let first = of_day(&app, "CLAIM_CREATED", "2026-04-15", 2, 1).await;
        assert_eq!(shape(&first), (2, &json!("2"), &json!("3")));
        assert_eq!((&first["limit"], &first["page"]), (&json!(2), &json!(1)));
        let second = of_day(&app, "CLAIM_CREATED", "2026-04-15", 2, 2).await;
        assert_eq!(shape(&second), (1, &json!("2"), &json!("3")));
        let told = first["nodes"].as_array().into_iter().chain(second["nodes"].as_array()).flatten();
        let told: Vec<&Value> = told.map(|event| &event["payload"]["reference"]).collect();
        assert_eq!(told, ["C1", "C2", "C3"]);
        assert_eq!(shape(&of_day(&app, "CLAIM_CREATED", "2026-04-15", 2, 3).await), (0, &json!("2"), &json!("3")));
        assert_eq!(shape(&of_day(&app, "CLAIM_CREATED", "2026-04-16", 1_000, 1).await), (1, &json!("1"), &json!("1")));
        assert_eq!(shape(&of_day(&app, "ENTRY_POSTED", "2026-04-16", 10, 1).await).0, 2, "a claim and a payment");
        for day in ["2026-04-14", "2026-04-17", "0001-01-01", "9999-12-31"] {
            assert_eq!(shape(&of_day(&app, "CLAIM_CREATED", day, 10, 1).await), (0, &json!("0"), &json!("0")), "{day}");
        }
        // A token that is bound to a customer sees what is of that customer.
        let debtor = app.ok("{ claim(by: { reference: \"C2\" }) { debtor { id } } }", json!({})).await;
        let bound = app.bound_to(debtor["claim"]["debtor"]["id"].as_str().expect("an id"));
        assert_eq!(shape(&of_day(&bound, "CLAIM_CREATED", "2026-04-15", 10, 1).await), (1, &json!("1"), &json!("1")));
        for (limit, page) in [(0, 1), (-1, 1), (10_001, 1), (1, 0)] {
            let query = format!("{{ eventsOfDay(type: CLAIM_CREATED, date: \"2026-04-15\", limit: {limit}, page: {page}) {{ totalCount }} }}");
            app.fault(&query, json!({}), "BAD_REQUEST").await;
        }
        // As much as is asked for is paid for.
        let query = "{ eventsOfDay(type: CLAIM_CREATED, date: \"2026-04-15\", limit: 10000) { nodes { sequence type } } }";
        app.fault(query, json!({}), "OVER_LIMIT").await;
    }

    async fn claims_come_in_pages_by_number(app: TestApp) {
        for reference in ["C1", "C2", "C3"] {
            app.done("createClaim", claim(reference), "claim { id }").await;
        }
        app.done("resolveClaim", json!({ "claimReference": "C2", "reason": "CLAIM_SOLD" }), "claim { id }").await;
        let query = "query($filter: ClaimFilter, $page: Int!) {
            claimsPage(filter: $filter, limit: 2, page: $page) { nodes { reference } limit page numberOfPages totalCount } }";
        let listed = async |app: &TestApp, filter: Value, page: i32| {
            let page = app.ok(query, json!({ "filter": filter, "page": page })).await["claimsPage"].take();
            let nodes = page["nodes"].as_array().expect("nodes").iter().map(|node| node["reference"].clone());
            (nodes.collect::<Vec<Value>>(), page["numberOfPages"].clone(), page["totalCount"].clone())
        };
        assert_eq!(listed(&app, Value::Null, 1).await, (vec![json!("C1"), json!("C2")], json!("2"), json!("3")));
        assert_eq!(listed(&app, Value::Null, 2).await, (vec![json!("C3")], json!("2"), json!("3")));
        let active = json!({ "status": "ACTIVE" });
        assert_eq!(listed(&app, active, 1).await, (vec![json!("C1"), json!("C3")], json!("1"), json!("2")));
        let of = json!({ "accountReference": "C3" });
        assert_eq!(listed(&app, of, 1).await, (vec![json!("C3")], json!("1"), json!("1")));
        let debtor = app.ok("{ claim(by: { reference: \"C3\" }) { debtor { id } } }", json!({})).await;
        let bound = app.bound_to(debtor["claim"]["debtor"]["id"].as_str().expect("an id"));
        assert_eq!(listed(&bound, Value::Null, 1).await, (vec![json!("C3")], json!("1"), json!("1")));
        app.fault("{ claimsPage(limit: 0) { totalCount } }", json!({}), "BAD_REQUEST").await;
    }

    async fn a_write_is_followed_by_the_id_of_its_command(app: TestApp) {
        let shown = "claim { id } commandId replayed";
        let first = app.done("createClaim", claim("C1"), shown).await;
        assert_eq!(first["replayed"], false);
        let record = "query($id: ID!) { node(id: $id) { ... on AuditRecord { id operation outcome target } } }";
        let found = app.ok(record, json!({ "id": first["commandId"] })).await["node"].take();
        let expected = json!({ "id": first["commandId"], "operation": "createClaim", "outcome": "DONE", "target": first["claim"]["id"] });
        assert_eq!(found, expected);
        for type_ in ["CLAIM_CREATED", "RECEIVABLE_CREATED", "CUSTOMER_CREATED"] {
            let told = of_day(&app, type_, "2026-04-15", 10, 1).await;
            assert_eq!(told["nodes"][0]["commandId"], first["commandId"], "{type_}");
        }
        // A repetition names the first, from memory and from the database.
        let again = json!({ "__typename": "CreateClaimSuccess", "claim": first["claim"], "commandId": first["commandId"], "replayed": true });
        assert_eq!(app.done("createClaim", claim("C1"), shown).await, again);
        app.restart().await;
        assert_eq!(app.done("createClaim", claim("C1"), shown).await, again);

        // In a batch each item has its own, and what was there before names its own again.
        let batch = json!({ "items": [claim("C1"), claim("C2"), claim("C3")] });
        let done = app.done("createClaimBatch", batch, &items("... on CreateClaimSuccess { commandId replayed }")).await;
        let results: Vec<&Value> = done["items"].as_array().expect("items").iter().map(|item| &item["result"]).collect();
        assert_eq!((&results[0]["commandId"], &results[0]["replayed"]), (&first["commandId"], &json!(true)));
        let told = of_day(&app, "CLAIM_CREATED", "2026-04-15", 10, 1).await;
        for (place, result) in results.iter().enumerate().skip(1) {
            assert_eq!(told["nodes"][place]["commandId"], result["commandId"]);
        }
        assert_ne!(results[1]["commandId"], results[2]["commandId"]);

        // Entries are told of under it as well.
        let account = app.account("current").await;
        let payment = json!({ "account": account.by(), "amount": euros("5.00"), "channel": "CASH" });
        let paid = app.done("postPayment", payment, "commandId entry { id }").await;
        let told = of_day(&app, "ENTRY_POSTED", "2026-04-15", 10, 1).await;
        let last = told["nodes"].as_array().and_then(|nodes| nodes.last()).expect("an event");
        assert_eq!(last["commandId"], paid["commandId"]);
    }
}
