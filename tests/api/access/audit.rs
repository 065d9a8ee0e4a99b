//! The audit trail: a record per mutation, also of those that were refused.

use serde_json::{Value, json};

use crate::app::{TestApp, euros};

const RECORDS: &str = "query($filter: AuditRecordFilter, $first: Int, $after: String) {
    auditRecords(filter: $filter, first: $first, after: $after) {
        nodes { id occurredAt client customer { id } requestId operation outcome code target }
        pageInfo { hasNextPage endCursor }
    }
}";

async fn records(app: &TestApp, filter: Value) -> Vec<Value> {
    let mut page = app.ok(RECORDS, json!({ "filter": filter, "first": 100 })).await;
    page["auditRecords"]["nodes"].as_array_mut().expect("records").drain(..).collect()
}

on_both_databases! {
    async fn every_mutation_leaves_a_record_with_its_request_and_outcome(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let teller = app.with_client("teller");
        let input = |amount: &str| json!({ "from": from.by(), "to": to.by(), "amount": euros(amount) });
        let done = teller.mutate("transfer", input("10.00"), "entry { id }").await;
        let entry = done.body["data"]["transfer"]["entry"]["id"].clone();
        let poor = teller.mutate("transfer", input("1000.00"), "entry { id }").await;
        let nowhere = json!({ "from": from.by(), "to": { "number": "none" }, "amount": euros("1.00") });
        let lost = teller.mutate("transfer", nowhere, "entry { id }").await;
        let forbidden = teller.with_scopes("read").mutate("transfer", input("1.00"), "entry { id }").await;
        let found = records(&app, json!({ "client": "teller" })).await;
        let seen: Vec<Value> = found
            .iter()
            .map(|record| {
                json!([
                    record["operation"],
                    record["outcome"],
                    record["code"],
                    record["target"],
                    record["requestId"],
                    record["occurredAt"],
                ])
            })
            .collect();
        let now = "2026-04-15T09:30:00.000000Z";
        assert_eq!(
            seen,
            [
                json!(["transfer", "DENIED", null, null, forbidden.request_id(), now]),
                json!(["transfer", "REFUSED", "NOT_FOUND", null, lost.request_id(), now]),
                json!(["transfer", "REFUSED", "INSUFFICIENT_FUNDS", null, poor.request_id(), now]),
                json!(["transfer", "DONE", null, entry, done.request_id(), now]),
            ],
            "{found:#?} {forbidden:?}"
        );
        for (filter, count) in [
            (json!({ "requestId": poor.request_id() }), 1),
            (json!({ "client": "teller", "outcome": "REFUSED" }), 2),
            (json!({ "client": "teller", "outcome": "DENIED" }), 1),
            (json!({ "client": "teller", "operation": "transfer" }), 4),
            (json!({ "client": "teller", "operation": "openAccount" }), 0),
            (json!({ "target": entry }), 1),
            (json!({ "client": "teller", "from": now }), 4),
            (json!({ "client": "teller", "before": now }), 0),
        ] {
            assert_eq!(records(&app, filter.clone()).await.len(), count, "{filter}");
        }
        let id = found[0]["id"].as_str().expect("an id").to_owned();
        let node = "query($id: ID!) { node(id: $id) { id ... on AuditRecord { operation } } }";
        assert_eq!(app.ok(node, json!({ "id": id })).await["node"]["operation"], "transfer");
        assert_eq!(app.with_scopes("read").ok(node, json!({ "id": id })).await["node"], Value::Null);
    }

    async fn the_records_of_the_fixtures_name_what_was_made(app: TestApp) {
        let account = app.funded("100.00").await;
        let hold = app.hold(&account, "1.00").await;
        let found = records(&app, json!({})).await;
        let seen: Vec<Value> = found.iter().map(|record| json!([record["operation"], record["target"]])).collect();
        assert_eq!(seen[0], json!(["placeHold", hold]));
        assert_eq!(seen[1][0], "postPayment");
        assert_eq!(seen[2..4], [json!(["openAccount", account.id]), json!(["createCustomer", account.owner])]);
        // The first thing that happened to the tenant, before anybody asked.
        let first = ["operation", "client", "outcome", "customer", "code"].map(|name| &found[4][name]);
        assert_eq!((found.len(), json!(first)), (5, json!(["installCatalogue", "system", "DONE", null, null])));
    }

    async fn a_replay_is_recorded_and_changes_nothing(app: TestApp) {
        let account = app.account("current").await;
        let input =
            json!({ "idempotencyKey": "once", "account": account.by(), "amount": euros("5.00"), "channel": "CASH" });
        let first = app.done("postPayment", input.clone(), "entry { id } replayed").await;
        let again = app.done("postPayment", input, "entry { id } replayed").await;
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!(first["entry"], again["entry"]);
        let found = records(&app, json!({ "operation": "postPayment" })).await;
        assert!(found.iter().all(|record| record["target"] == first["entry"]["id"]), "{found:#?}");
        let outcomes: Vec<&Value> = found.iter().map(|record| &record["outcome"]).collect();
        assert_eq!(outcomes, [&json!("REPLAYED"), &json!("DONE")]);
        assert_eq!(records(&app, json!({ "outcome": "REPLAYED" })).await, found[..1]);
        assert_eq!(app.balance(&account).await, "5.00");
    }

    async fn the_trail_is_paged_newest_first(app: TestApp) {
        for _ in 0..7 {
            app.customer().await;
        }
        let all = records(&app, json!({})).await;
        assert_eq!(all.len(), 8, "seven customers, and the catalogue that the tenant began with");
        let (mut paged, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut page = app.ok(RECORDS, json!({ "first": 3, "after": after })).await["auditRecords"].take();
            paged.append(page["nodes"].as_array_mut().expect("records"));
            after = page["pageInfo"]["endCursor"].take();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, all);
    }

    async fn a_customers_token_leaves_its_customer_on_the_record_and_cannot_read_it(app: TestApp) {
        let mine = app.funded("10.00").await;
        let other = app.account_of(&mine.owner, "savings").await;
        let bound = app.bound_to(&mine.owner).with_client("phone");
        bound.transfer(&mine, &other, "1.00").await;
        let found = records(&app, json!({ "client": "phone" })).await;
        assert_eq!((found.len(), &found[0]["customer"]["id"]), (1, &json!(mine.owner)));
        bound.fault(RECORDS, json!({}), "FORBIDDEN").await;
    }
}
