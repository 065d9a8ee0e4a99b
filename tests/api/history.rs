//! The history of anything that has an id: every command that touched it, with who did it, what it did, and what was done
//! together.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use crate::app::{Engine, TestApp, euros, eventually, fresh_key};

const HISTORY: &str = "query($of: ID!, $filter: HistoryFilter, $first: Int, $after: String) {
    history(of: $of, filter: $filter, first: $first, after: $after) {
        nodes { sequence record at operation outcome group actor customer { id } events { type subject }
            entries { id kind } documents { id } }
        pageInfo { hasNextPage endCursor } } }";

/// A page of a history.
async fn page(app: &TestApp, of: &str, more: Value) -> Value {
    let mut variables = json!({ "of": of });
    variables.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.ok(HISTORY, variables).await["history"].take()
}

/// The items of a first page.
async fn items(app: &TestApp, of: &str, filter: Value) -> Vec<Value> {
    page(app, of, json!({ "filter": filter, "first": 100 })).await["nodes"].as_array().expect("nodes").clone()
}

fn operations(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["operation"].as_str().expect("an operation")).collect()
}

on_both_databases! {
    async fn everything_that_has_an_id_has_the_history_of_what_touched_it(app: TestApp) {
        let party = app.done("createParty", json!({ "name": "N", "number": "P-1" }), "party { id }").await["party"]["id"].take();
        app.done("updateParty", json!({ "party": { "number": "P-1" }, "name": "M" }), "replayed").await;
        let product = json!({ "code": "mine", "alias": "A", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
        let product = app.done("createProduct", product, "product { id }").await["product"]["id"].take();
        app.done("updateProduct", json!({ "product": { "code": "mine" }, "alias": "B" }), "replayed").await;
        let account = app.account("mine").await;
        let other = app.account("mine").await;
        app.pay_in(&account, "100.00").await;
        let hold = app.hold(&account, "30.00").await;
        app.done("captureHold", json!({ "hold": hold, "amount": euros("10.00") }), "replayed").await;
        let entry = app.transfer(&account, &other, "5.00").await;
        let mistake = json!({ "entry": entry, "reason": "a mistake" });
        app.done("reverseEntry", mistake, "replayed").await;
        let link = async |subject: &str| {
            let input = json!({ "name": "a.pdf", "kind": "LETTER", "subject": subject });
            app.done("createUploadLink", input, "document { id }").await["document"]["id"].as_str().expect("an id").to_owned()
        };
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let (party, product) = (text(&party), text(&product));
        let of_party = link(&party).await;
        for subject in [&product, &account.owner, &entry, &hold] {
            link(subject).await;
        }
        let of_account = link(&account.id).await;
        app.done("setDocumentLegalHold", json!({ "document": of_party, "legalHold": true }), "replayed").await;
        for (of, expected) in [
            (&party, &["setDocumentLegalHold", "createUploadLink", "updateParty", "createParty"][..]),
            (&product, &["createUploadLink", "updateProduct", "createProduct"]),
            (&account.owner, &["createUploadLink", "createCustomer"]),
            (&entry, &["createUploadLink", "reverseEntry", "transfer"]),
            (&hold, &["createUploadLink", "captureHold", "placeHold"]),
            (&of_party, &["setDocumentLegalHold", "createUploadLink"]),
            // What happens to its holds and documents happens to an account.
            (&account.id, &["createUploadLink", "createUploadLink", "reverseEntry", "transfer", "captureHold", "placeHold", "postPayment", "openAccount"]),
            (&other.id, &["reverseEntry", "transfer", "openAccount"]),
        ] {
            let found = items(&app, of, Value::Null).await;
            assert_eq!(operations(&found), expected, "{of}");
            assert!(found.iter().all(|item| item["outcome"] == "DONE" && item["actor"] == "tests" && item["customer"].is_null()));
            assert!(found.iter().all(|item| item["events"].as_array().is_some_and(|events| !events.is_empty())), "{found:?}");
            let kind = of.split('_').next().expect("a prefix");
            let shown = match kind {
                "pty" => "party(by: { id: $id })",
                "prd" => "product(by: { id: $id })",
                "cus" => "customer(by: { id: $id })",
                "acc" => "account(by: { id: $id })",
                "ent" => "entry(id: $id)",
                _ => "node(id: $id)",
            };
            let of_type = match kind {
                "hld" => "... on Hold { history { nodes { record } } }",
                "doc" => "... on Document { history { nodes { record } } }",
                _ => "history { nodes { record } }",
            };
            let query = format!("query($id: ID!) {{ found: {shown} {{ {of_type} }} }}");
            let field = app.ok(&query, json!({ "id": of })).await["found"]["history"]["nodes"].take();
            let records: Vec<Value> = found.iter().map(|item| json!({ "record": item["record"] })).collect();
            assert_eq!(field, json!(records), "the field and the root say the same of {of}");
        }
        let found = items(&app, &account.id, Value::Null).await;
        assert_eq!(found[0]["documents"], json!([{ "id": of_account }]));
        assert_eq!(found[3]["entries"], json!([{ "id": entry, "kind": "TRANSFER" }]));
        assert_eq!((&found[6]["entries"][0]["kind"], &found[7]["entries"]), (&json!("PAYMENT"), &json!([])));
        // What the command's audit record says.
        let query = "query($id: ID!) { node(id: $id) { ... on AuditRecord { operation requestId occurredAt } } }";
        let record = app.ok(query, json!({ "id": found[3]["record"] })).await["node"].take();
        assert_eq!(record, json!({ "operation": "transfer", "requestId": found[3]["group"], "occurredAt": found[3]["at"] }));
        // What has no history of its own, and what is nothing.
        let transaction = app.ok("{ accounts(first: 3) { nodes { transactions(first: 1) { nodes { id } } } } }", json!({})).await;
        let transaction = text(&transaction["accounts"]["nodes"][0]["transactions"]["nodes"][0]["id"]);
        for nothing in ["acc_00000000000000000000000000000000", "", "?", &transaction, &text(&found[0]["record"])] {
            assert_eq!(page(&app, nothing, json!({})).await, Value::Null, "{nothing}");
        }
    }

    async fn jobs_approvals_webhooks_days_and_the_tenant_have_one_too(app: TestApp) {
        let app = app.with_sandbox("history").await;
        let text = |value: Value| value.as_str().expect("an id").to_owned();
        let tenant = text(app.ok("{ tenant { id } }", json!({})).await["tenant"]["id"].take());
        let account = app.funded("100.00").await;
        app.done("updateTenant", json!({ "name": "N" }), "replayed").await;
        let input = json!({ "url": "http://127.0.0.1:9/", "filter": { "types": ["PERIOD_CLOSED"] } });
        let webhook = text(app.done("createWebhook", input, "webhook { id }").await["webhook"]["id"].take());
        app.done("disableWebhook", json!({ "webhook": webhook }), "replayed").await;
        app.done("setApprovalRules", json!({ "rules": [{ "operation": "disburse" }] }), "replayed").await;
        let payout = json!({ "account": account.by(), "amount": euros("5.00"), "iban": "SE3550000000054910000003", "idempotencyKey": fresh_key() });
        let waits = app.refused("disburse", payout.clone(), "APPROVAL_REQUIRED", "").await;
        let approval = text(waits["facts"]["approval"].clone());
        let before = items(&app, &account.id, Value::Null).await;
        assert_eq!(operations(&before), ["postPayment", "openAccount"], "what waits has done nothing yet");
        let checker = app.with_client("checker").with_scopes("read approve");
        checker.done("approve", json!({ "approval": approval }), "replayed").await;
        let nobody = json!({ "items": [{ "idempotencyKey": "nobody", "type": "COMPANY" }], "async": true });
        let job = text(app.done("createCustomerBatch", nobody, "job { id }").await["job"]["id"].take());
        eventually("the job ends", async || {
            app.ok("query($id: ID!) { job(id: $id) { state } }", json!({ "id": job })).await["job"]["state"] == "DONE"
        }).await;
        app.done("advanceClock", json!({ "to": "2026-04-16T08:00:00Z" }), "arrived").await;
        let day = text(app.ok("{ businessDays { nodes { id } } }", json!({})).await["businessDays"]["nodes"][0]["id"].take());
        for (of, type_, expected) in [
            (&webhook, "Webhook", &["disableWebhook", "createWebhook"][..]),
            (&approval, "Approval", &["approve", "requestApproval"]),
            (&job, "Job", &["runJob", "queueJob"]),
            (&day, "BusinessDay", &["runBusinessDayStep"]),
            (&tenant, "Tenant", &["advanceClock", "advanceClock", "setApprovalRules", "updateTenant"]),
        ] {
            let found = items(&app, of, Value::Null).await;
            assert_eq!(operations(&found), expected, "{of}");
            let query = format!("query($id: ID!) {{ node(id: $id) {{ __typename ... on {type_} {{ history {{ nodes {{ record }} }} }} }} }}");
            let node = app.ok(&query, json!({ "id": of })).await["node"].take();
            let records: Vec<Value> = found.iter().map(|item| json!({ "record": item["record"] })).collect();
            assert_eq!((&node["__typename"], &node["history"]["nodes"]), (&json!(type_), &json!(records)), "{of}");
        }
        // Who said yes stands beside who asked.
        let query = "query($of: ID!) { history(of: $of) { nodes { operation actor approvedBy approval { id comment requestedBy } } } }";
        let history = app.ok(query, json!({ "of": account.id })).await["history"]["nodes"].take();
        assert_eq!(history[0], json!({ "operation": "disburse", "actor": "tests", "approvedBy": "checker",
            "approval": { "id": approval, "comment": null, "requestedBy": "tests" } }));
        assert_eq!(history[1], json!({ "operation": "postPayment", "actor": "tests", "approvedBy": null, "approval": null }));
        let bound = app.bound_to(&account.owner);
        assert_eq!(bound.ok(query, json!({ "of": account.id })).await["history"]["nodes"][0]["approvedBy"], Value::Null);
        for of in [&tenant, &webhook, &approval, &day] {
            assert_eq!(page(&bound, of, json!({})).await, Value::Null, "{of}");
        }
        bound.fault("{ tenant { name history { nodes { record } } } }", json!({}), "FORBIDDEN").await;
        let other = app.with_tenant("another").await;
        assert_eq!(page(&other, &tenant, json!({})).await, Value::Null);
        assert_eq!(other.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": tenant })).await["node"], Value::Null);
    }

    async fn what_was_refused_or_repeated_touched_nothing(app: TestApp) {
        let account = app.funded("10.00").await;
        let other = app.account("current").await;
        app.refused("placeHold", json!({ "account": account.by(), "amount": euros("11.00") }), "INSUFFICIENT_FUNDS", "amount").await;
        let input = json!({ "idempotencyKey": fresh_key(), "from": account.by(), "to": other.by(), "amount": euros("1.00") });
        for _ in 0..2 {
            app.done("transfer", input.clone(), "replayed").await;
        }
        assert_eq!(operations(&items(&app, &account.id, Value::Null).await), ["transfer", "postPayment", "openAccount"]);
    }

    async fn a_history_is_filtered_by_time_operation_and_group(app: TestApp) {
        let (account, other) = (app.funded("100.00").await, app.account("current").await);
        app.advance(Duration::from_secs(3_600));
        let item = |key: &str, amount: &str| json!({ "idempotencyKey": key, "from": account.by(), "to": other.by(), "amount": euros(amount) });
        let batch = json!({ "items": [item("a", "1.00"), item("b", "2.00"), item("c", "3.00")] });
        app.mutate("transferBatch", batch, "succeeded").await.data();
        app.advance(Duration::from_secs(3_600));
        app.hold(&account, "5.00").await;
        let all = items(&app, &account.id, Value::Null).await;
        assert_eq!(operations(&all), ["placeHold", "transfer", "transfer", "transfer", "postPayment", "openAccount"]);
        // What was done together.
        let group = all[1]["group"].clone();
        assert!(all[2]["group"] == group && all[3]["group"] == group && all[0]["group"] != group);
        assert_eq!(items(&app, &account.id, json!({ "group": group })).await, all[1..4]);
        assert_eq!(items(&app, &other.id, json!({ "group": group })).await.len(), 3);
        assert_eq!(items(&app, &account.id, json!({ "operations": ["placeHold", "postPayment"] })).await, [all[0].clone(), all[4].clone()]);
        assert_eq!(items(&app, &account.id, json!({ "operations": ["transfer"], "group": all[0]["group"] })).await, Vec::<Value>::new());
        let at = |hours: u32| format!("2026-04-15T{:02}:30:00Z", 9 + hours);
        assert_eq!(items(&app, &account.id, json!({ "from": at(1) })).await, all[..4]);
        assert_eq!(items(&app, &account.id, json!({ "until": at(1) })).await, all[4..]);
        assert_eq!(items(&app, &account.id, json!({ "from": at(1), "until": at(2) })).await, all[1..4]);
        assert_eq!(items(&app, &account.id, json!({ "from": at(1), "until": at(1) })).await, Vec::<Value>::new());
        let variables = |filter: Value| json!({ "of": account.id, "filter": filter });
        for filter in [json!({ "from": at(2), "until": at(1) }), json!({ "operations": [] }), json!({ "group": "a\u{0}" }), json!({ "operations": ["a\u{0}"] })] {
            app.fault(HISTORY, variables(filter), "BAD_REQUEST").await;
        }

        // Page by page, whatever the filter: each item once, in the same order.
        for filter in [Value::Null, json!({ "operations": ["transfer", "openAccount"] }), json!({ "from": at(1) })] {
            let whole = items(&app, &account.id, filter.clone()).await;
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let mut part = page(&app, &account.id, json!({ "filter": filter, "first": 1, "after": after })).await;
                seen.extend(part["nodes"].as_array().expect("nodes").clone());
                after = part["pageInfo"]["endCursor"].take();
                if part["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(seen, whole, "{filter}");
        }
        app.fault(HISTORY, json!({ "of": account.id, "after": "?" }), "BAD_REQUEST").await;
        let events = app.ok("{ events(first: 1) { edges { cursor } } }", json!({})).await;
        app.fault(HISTORY, json!({ "of": account.id, "after": events["events"]["edges"][0]["cursor"] }), "BAD_REQUEST").await;
    }

    async fn an_item_has_all_that_its_command_did_to_the_thing(app: TestApp) {
        // A closure pays out, writes off and closes in one command: several traces, one item, whatever the page's size.
        let account = app.funded("30.00").await;
        let to = app.account("current").await;
        let hold = app.hold(&account, "1.00").await;
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        let transactions = json!([{ "target": { "transferTo": to.by() } }]);
        let closing = json!({ "account": account.by(), "closureCode": "X", "transactions": transactions });
        app.done("closeAccount", closing, "replayed").await;
        let first = page(&app, &account.id, json!({ "first": 1 })).await;
        let item = &first["nodes"][0];
        let events = item["events"].as_array().expect("events");
        assert!(item["operation"] == "closeAccount" && events.len() >= 3, "{item}");
        assert_eq!(events[0]["type"], "ENTRY_POSTED");
        let second = page(&app, &account.id, json!({ "first": 1, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(second["nodes"][0]["operation"], "releaseHold");
    }

    async fn a_token_of_a_customer_is_told_of_its_own_doings_alone(app: TestApp) {
        let (mine, theirs) = (app.funded("50.00").await, app.funded("50.00").await);
        let bound = app.bound_to(&mine.owner).with_scopes("read money");
        let to = app.open(json!({ "product": { "code": "current" }, "owner": { "id": mine.owner } })).await;
        bound.transfer(&mine, &to, "5.00").await;
        let own = items(&bound, &mine.id, Value::Null).await;
        let told: Vec<_> = own.iter().map(|item| (item["operation"].clone(), item["actor"].clone(), item["customer"].clone())).collect();
        let me = json!({ "id": mine.owner });
        assert_eq!(json!(told), json!([["transfer", "tests", me], ["postPayment", null, null], ["openAccount", null, null]]));
        assert_eq!(page(&bound, &theirs.id, json!({})).await, Value::Null);
        assert_eq!(items(&app, &mine.id, Value::Null).await[0]["customer"], me);
    }

    async fn a_history_is_read_by_the_indexes_of_the_log(app: TestApp) {
        if app.engine() == Engine::Sqlite {
            return;
        }
        let (account, other) = (app.funded("900.00").await, app.account("current").await);
        app.transfer(&account, &other, "1.00").await;
        let engine = app.server().engine().await;
        // With few rows the planner would read all of them; so it is told that this is dear.
        let db = engine.db.reader();
        let tenant = app.tenant_id().0;
        let id: konto::primitives::AccountId = account.id.parse().expect("an id");
        for (sql, index) in [
            (format!("SELECT * FROM event l WHERE l.tenant_id = '{tenant}' AND l.account_id = '{}' ORDER BY l.sequence DESC LIMIT 40", id.0), "event_account"),
            (format!("SELECT * FROM event l WHERE l.tenant_id = '{tenant}' AND l.subject = 'x' ORDER BY l.sequence DESC LIMIT 40"), "event_subject"),
            (format!("SELECT * FROM posting p JOIN entry l ON l.tenant_id = p.tenant_id AND l.sequence = p.entry_sequence WHERE p.tenant_id = '{tenant}' AND p.account_id = '{}' AND p.account_amount_minor IS NOT NULL ORDER BY p.entry_sequence DESC LIMIT 40", id.0), "posting_transaction"),
            (format!("SELECT * FROM document d JOIN event l ON l.tenant_id = d.tenant_id AND l.subject = 'doc_' || replace(CAST(d.id AS text), '-', '') WHERE d.tenant_id = '{tenant}' AND d.subject = 'x' ORDER BY l.sequence DESC LIMIT 40"), "document_subject"),
        ] {
            let sql = format!("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; EXPLAIN {sql}");
            let tx = engine.db.snapshot().await.expect("a snapshot");
            let mut plan = String::new();
            for part in sql.split("; ") {
                let rows = tx.query_all_raw(Statement::from_string(db.get_database_backend(), part)).await.expect(part);
                for row in rows {
                    plan.push_str(&row.try_get_by_index::<String>(0).unwrap_or_default());
                    plan.push('\n');
                }
            }
            assert!(plan.contains(index), "{index} is not used:\n{plan}");
        }
    }
}

/// Whatever has an id says where its history is, or is on this short list: a new kind of node comes here or has one.
#[test]
fn no_kind_of_node_is_forgotten() {
    // What happens to an address, a block, a due, a recurring payment or an application is told of its customer or account,
    // whose history has it.
    let without = [
        "Address",
        "AuditRecord",
        "Block",
        "DebitConsent",
        "Due",
        "LeaseInstalment",
        "LedgerAccount",
        "LimitApplication",
        "PaymentOrder",
        "RecurringPayment",
        "Respite",
        "Termination",
        "Transaction",
        "WebhookDelivery",
    ];
    let schema = include_str!("../../schema.graphql");
    let types = schema.split("\ntype ").skip(1).filter_map(|type_| type_.split_once(" {"));
    let nodes: Vec<(&str, &str)> = types
        .filter_map(|(head, body)| {
            let (name, interfaces) = head.split_once(" implements ")?;
            let is_node = interfaces.split(" & ").any(|interface| interface.trim() == "Node");
            is_node.then(|| (name, body.split("\n}").next().unwrap_or_default()))
        })
        .collect();
    assert!(nodes.len() >= 20, "{}", nodes.len());
    for (name, body) in &nodes {
        let has_one = body.contains("\n  history(");
        assert_eq!(has_one, !without.contains(name), "{name}: a field `history`, or why it has none");
    }
}
