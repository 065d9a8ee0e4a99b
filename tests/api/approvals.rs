//! Approvals: what waits for a second person, and what becomes of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, eventually, fresh_key, numbered};

const APPROVAL: &str = "approval { id operation state amount { amount currency } account { id } product { code } requestedBy endedBy comment \
    result { __typename id } refusal { code fields { path } } }";

async fn rules(app: &TestApp, rules: Value) {
    app.done("setApprovalRules", json!({ "rules": rules }), "rules { operation }").await;
}

fn disbursement(account: &Account, amount: &str) -> Value {
    json!({ "idempotencyKey": fresh_key(), "account": account.by(), "amount": euros(amount), "iban": "SE3550000000054910000003" })
}

/// The id of what a mutation waits with.
async fn waits(app: &TestApp, name: &str, input: Value) -> String {
    let refused = app.refused(name, input, "APPROVAL_REQUIRED", "").await;
    assert_eq!(refused["facts"]["status"], "PENDING");
    refused["facts"]["approval"].as_str().expect("an approval").to_owned()
}

async fn approve(app: &TestApp, id: &str) -> Value {
    app.done("approve", json!({ "approval": id, "comment": "looked at" }), APPROVAL).await["approval"].take()
}

/// The same tenant's checker.
fn checker(app: &TestApp) -> TestApp {
    app.with_client("checker").with_scopes("read approve")
}

async fn types(app: &TestApp) -> Vec<String> {
    let query = "{ events(first: 100, filter: { types: [APPROVAL_REQUESTED, APPROVAL_APPROVED, APPROVAL_REJECTED, APPROVAL_WITHDRAWN, APPROVAL_EXPIRED, APPROVAL_FAILED] }) { nodes { type } } }";
    let events = app.ok(query, json!({})).await["events"]["nodes"].take();
    events.as_array().expect("events").iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

on_both_databases! {
    async fn a_payout_above_an_amount_waits_for_somebody_else(app: TestApp) {
        let account = app.funded("1000.00").await;
        rules(&app, json!([{ "operation": "disburse", "above": euros("100.00") }])).await;
        app.done("disburse", disbursement(&account, "100.00"), "replayed").await;
        let input = disbursement(&account, "100.01");
        let before = app.balance(&account).await;
        let id = waits(&app, "disburse", input.clone()).await;
        assert_eq!(app.balance(&account).await, before);
        assert_eq!(waits(&app, "disburse", input.clone()).await, id, "the same request waits once");
        let mut other = input.clone();
        other["amount"] = euros("200.00");
        app.refused("disburse", other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        // What would be refused anyway does not wait.
        app.refused("disburse", disbursement(&account, "5000.00"), "INSUFFICIENT_FUNDS", "amount").await;
        app.refused("approve", json!({ "approval": id }), "APPROVAL_BY_MAKER", "approval").await;
        app.refused("rejectApproval", json!({ "approval": id }), "APPROVAL_BY_MAKER", "approval").await;
        app.with_client("checker").with_scopes("read money admin").mutate("approve", json!({ "approval": id }), "replayed").await.fault("FORBIDDEN");
        let key = fresh_key();
        let say_yes = json!({ "approval": id, "comment": "looked at", "idempotencyKey": key });
        let mut approved = checker(&app).done("approve", say_yes.clone(), &format!("replayed {APPROVAL}")).await;
        let shown = approved["approval"].take();
        assert_eq!(json!([shown["state"], shown["operation"], shown["amount"]["amount"], shown["account"]["id"], shown["product"]["code"], shown["requestedBy"], shown["endedBy"], shown["comment"], shown["result"]["__typename"]]),
            json!(["APPROVED", "disburse", "100.01", account.id, "current", "tests", "checker", "looked at", "Entry"]));
        assert_eq!(app.balance(&account).await, "799.99");
        // The yes again, and the payout again: the first results.
        assert_eq!(checker(&app).done("approve", say_yes, "replayed").await["replayed"], true);
        let done = app.done("disburse", input, "replayed entry { id }").await;
        assert_eq!(json!([done["replayed"], done["entry"]["id"]]), json!([true, shown["result"]["id"]]));
        assert_eq!(app.balance(&account).await, "799.99");
        checker(&app).refused("approve", json!({ "approval": id }), "INVALID_STATE", "approval").await;
        assert_eq!(types(&app).await, ["APPROVAL_REQUESTED", "APPROVAL_APPROVED"]);
        let records = app.ok("{ auditRecords(first: 100, filter: { operation: \"disburse\" }) { nodes { outcome } } }", json!({})).await.to_string();
        assert_eq!(records.matches("\"DONE\"").count(), 2, "{records}");
        crate::faults::served::verify(&app.database_url()).await;
    }

    async fn it_is_decided_anew_on_the_books_as_they_then_stand(app: TestApp) {
        let account = app.funded("100.00").await;
        rules(&app, json!([{ "operation": "disburse" }])).await;
        let (first, second) = (disbursement(&account, "80.00"), disbursement(&account, "80.00"));
        let (one, two) = (waits(&app, "disburse", first).await, waits(&app, "disburse", second.clone()).await);
        assert_eq!(approve(&checker(&app), &one).await["state"], "APPROVED");
        let failed = approve(&checker(&app), &two).await;
        assert_eq!(json!([failed["state"], failed["refusal"]["code"], failed["refusal"]["fields"][0]["path"], failed["result"]]),
            json!(["FAILED", "INSUFFICIENT_FUNDS", ["amount"], null]));
        assert_eq!(app.balance(&account).await, "20.00");
        let refused = app.refused("disburse", second, "APPROVAL_NOT_GIVEN", "").await;
        assert_eq!(json!([refused["facts"]["status"], refused["facts"]["approval"]]), json!(["FAILED", two]));
        assert_eq!(types(&app).await, ["APPROVAL_REQUESTED", "APPROVAL_REQUESTED", "APPROVAL_APPROVED", "APPROVAL_FAILED"]);
    }

    async fn it_is_rejected_withdrawn_or_too_late(app: TestApp) {
        let account = app.funded("100.00").await;
        rules(&app, json!([{ "operation": "disburse", "expiresAfterHours": 2 }])).await;
        let inputs: Vec<Value> = (0..3).map(|_| disbursement(&account, "1.00")).collect();
        let mut ids = Vec::new();
        for input in &inputs {
            ids.push(waits(&app, "disburse", input.clone()).await);
        }
        let pending = "{ approvals(filter: { states: [PENDING], operations: [\"disburse\"] }) { nodes { id } } }";
        let newest_first: Vec<Value> = ids.iter().rev().map(|id| json!({ "id": id })).collect();
        assert_eq!(app.ok(pending, json!({})).await["approvals"]["nodes"], json!(newest_first));
        let after = app.last_cursor().await;
        let mut socket = app.socket().await;
        let query = "subscription($after: Cursor) { ledgerEvents(after: $after, filter: { types: [APPROVAL_REJECTED, APPROVAL_WITHDRAWN, APPROVAL_EXPIRED] }) { type subject } }";
        socket.subscribe("a", query, json!({ "after": after })).await;
        checker(&app).done("rejectApproval", json!({ "approval": ids[0], "comment": "not so" }), APPROVAL).await;
        checker(&app).refused("withdrawApproval", json!({ "approval": ids[1] }), "NOT_FOUND", "approval").await;
        app.with_scopes("read").done("withdrawApproval", json!({ "approval": ids[1] }), APPROVAL).await;
        app.advance(Duration::from_secs(2 * 3_600));
        checker(&app).refused("approve", json!({ "approval": ids[2] }), "APPROVAL_EXPIRED", "approval").await;
        for (place, word) in ["APPROVAL_REJECTED", "APPROVAL_WITHDRAWN", "APPROVAL_EXPIRED"].iter().enumerate() {
            let event = socket.next_data().await["ledgerEvents"].take();
            assert_eq!(event, json!({ "type": word, "subject": ids[place] }));
        }
        for ((input, id), (code, status)) in inputs.iter().zip(&ids).zip([("APPROVAL_NOT_GIVEN", "REJECTED"), ("APPROVAL_NOT_GIVEN", "WITHDRAWN"), ("APPROVAL_EXPIRED", "EXPIRED")]) {
            let refused = app.refused("disburse", input.clone(), code, "").await;
            assert_eq!(json!([refused["facts"]["status"], refused["facts"]["approval"]]), json!([status, id]));
            let shown = app.ok("query($id: ID!) { approval(id: $id) { state } node(id: $id) { __typename } }", json!({ "id": id })).await;
            assert_eq!(shown, json!({ "approval": { "state": status }, "node": { "__typename": "Approval" } }));
        }
        assert_eq!(app.ok(pending, json!({})).await["approvals"]["nodes"], json!([]));
        assert_eq!(app.balance(&account).await, "100.00");
    }

    async fn rules_ask_by_product_and_by_what_a_change_is_about(app: TestApp) {
        let code = crate::products::create(&app, json!({})).await;
        let query = "query($by: ProductBy!) { product(by: $by) { id } }";
        let product = app.ok(query, json!({ "by": { "code": code } })).await["product"]["id"].take();
        let (watched, other) = (app.account(&code).await, app.account("current").await);
        app.pay_in(&watched, "50.00").await;
        app.pay_in(&other, "50.00").await;
        let limited = app.account("credit-card").await;
        rules(&app, json!([
            { "operation": "transfer", "products": [product] },
            { "operation": "updateAccount", "above": euros("1000") },
            { "operation": "placeHold", "above": euros("10") },
            { "operation": "createParty" },
        ])).await;
        let transfer = |from: &Account, to: &Account| json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let third = app.account("current").await;
        app.done("transfer", transfer(&other, &third), "replayed").await;
        waits(&app, "transfer", transfer(&watched, &third)).await;
        waits(&app, "transfer", transfer(&other, &watched)).await;
        app.done("updateAccount", json!({ "account": limited.by(), "creditLimit": "1000" }), "replayed").await;
        let hold = |amount: &str| json!({ "account": other.by(), "amount": euros(amount) });
        app.done("placeHold", hold("10"), "replayed").await;
        let id = waits(&app, "placeHold", hold("10.01")).await;
        let approved = approve(&checker(&app), &id).await;
        assert_eq!(json!([approved["state"], approved["result"]["__typename"], approved["amount"]["amount"]]), json!(["APPROVED", "Hold", "10.01"]));
        let id = waits(&app, "createParty", json!({ "name": "Creditor" })).await;
        let approved = approve(&checker(&app), &id).await;
        assert_eq!(json!([approved["state"], approved["result"]["__typename"], approved["amount"]]), json!(["APPROVED", "Party", null]));
        for (wrong, code, field) in [
            (json!({ "operation": "approve" }), "INVALID_INPUT", "operation"),
            (json!({ "operation": "transferBatch" }), "INVALID_INPUT", "operation"),
            (json!({ "operation": "transfer", "above": euros("-1") }), "INVALID_INPUT", "above"),
            (json!({ "operation": "transfer", "above": euros("1.001") }), "INVALID_INPUT", "above"),
            (json!({ "operation": "transfer", "expiresAfterHours": 0 }), "INVALID_INPUT", "expiresAfterHours"),
            (json!({ "operation": "transfer", "expiresAfterHours": -1 }), "INVALID_INPUT", "expiresAfterHours"),
            (json!({ "operation": "transfer", "products": ["nonsense"] }), "NOT_FOUND", "products"),
            // What could never ask.
            (json!({ "operation": "updateCustomer", "above": euros("1") }), "INVALID_INPUT", "above"),
            (json!({ "operation": "createParty", "products": [product] }), "INVALID_INPUT", "products"),
            (json!({ "operation": "remitToParty", "products": [product] }), "INVALID_INPUT", "products"),
            (json!({ "operation": "releaseHold", "above": euros("1") }), "INVALID_INPUT", "above"),
            (json!({ "operation": "transfer" }), "INVALID_INPUT", "operation"),
            (json!({ "operation": "transfer", "above": euros("10"), "products": [product] }), "INVALID_INPUT", "operation"),
            (json!({ "operation": "rotateWebhookSecret" }), "INVALID_INPUT", "operation"),
        ] {
            app.refused("setApprovalRules", json!({ "rules": [{ "operation": "transfer" }, wrong] }), code, &format!("rules.1.{field}")).await;
        }
        let shown = app.ok("{ approvalRules { operation above { amount } products expiresAfterHours } }", json!({})).await["approvalRules"].take();
        assert_eq!(shown[0], json!({ "operation": "transfer", "above": null, "products": [product], "expiresAfterHours": 72 }));
        // Rules survive a restart, and may be gone again.
        app.restart().await;
        waits(&app, "createParty", json!({ "name": "Creditor" })).await;
        rules(&app, json!([])).await;
        app.done("createParty", json!({ "name": "Creditor" }), "replayed").await;
    }

    async fn items_of_batches_and_of_jobs_wait_one_by_one(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        rules(&app, json!([{ "operation": "transfer", "above": euros("10.00") }])).await;
        let item = |amount: &str| json!({ "idempotencyKey": numbered("item"), "from": from.by(), "to": to.by(), "amount": euros(amount) });
        let all = [item("1.00"), item("20.00")];
        let result = "items { result { __typename ... on Refusal { code facts { approval } } } }";
        let done = app.done("transferBatch", json!({ "items": all, "mode": "ALL_OR_NOTHING" }), result).await;
        let refusals: Vec<Value> = done["items"].as_array().expect("items").iter().map(|item| item["result"].clone()).collect();
        assert_eq!((&refusals[0]["code"], &refusals[1]["code"]), (&json!("BATCH_REFUSED"), &json!("APPROVAL_REQUIRED")));
        assert_eq!(refusals[1]["facts"], Value::Null, "what is done all or nothing is not kept");
        let done = app.done("transferBatch", json!({ "items": all }), result).await;
        let id = done["items"][1]["result"]["facts"]["approval"].as_str().expect("an approval").to_owned();
        assert_eq!(done["items"][0]["result"]["__typename"], "TransferSuccess");
        approve(&checker(&app), &id).await;
        assert_eq!(app.balance(&to).await, "21.00");
        let queued = app.done("transferBatch", json!({ "items": [item("30.00")], "async": true }), "job { id }").await;
        let query = "query($id: ID!) { job(id: $id) { state done refused items { nodes { state refusal { code facts { approval } } } } } }";
        let of = async || app.ok(query, json!({ "id": queued["job"]["id"] })).await["job"].take();
        eventually("the job ends", async || of().await["state"] == "DONE").await;
        let waiting = of().await["items"]["nodes"][0].take();
        assert_eq!((&waiting["state"], &waiting["refusal"]["code"]), (&json!("REFUSED"), &json!("APPROVAL_REQUIRED")));
        let id = waiting["refusal"]["facts"]["approval"].as_str().expect("an approval").to_owned();
        approve(&checker(&app), &id).await;
        assert_eq!(app.balance(&to).await, "51.00");
        app.done("retryJob", json!({ "job": queued["job"]["id"] }), "replayed").await;
        eventually("the item is done", async || of().await["done"] == 1).await;
        assert_eq!(app.balance(&to).await, "51.00");
    }

    async fn a_customers_token_sees_what_it_has_asked_for_and_says_yes_to_nothing(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        rules(&app, json!([{ "operation": "disburse" }])).await;
        let own = app.bound_to(&from.owner);
        let id = waits(&own, "disburse", disbursement(&from, "5.00")).await;
        let tenants = waits(&app, "disburse", disbursement(&from, "6.00")).await;
        let list = "{ approvals { nodes { id } } approvalRules { operation } }";
        assert_eq!(own.ok(list, json!({})).await, json!({ "approvals": { "nodes": [{ "id": id }] }, "approvalRules": [] }));
        assert_eq!(app.bound_to(&to.owner).ok(list, json!({})).await["approvals"]["nodes"], json!([]));
        let one = "query($id: ID!) { approval(id: $id) { id } }";
        assert_eq!(own.ok(one, json!({ "id": tenants })).await["approval"], Value::Null);
        assert_eq!(own.ok(one, json!({ "id": id })).await["approval"]["id"], json!(id));
        own.mutate("approve", json!({ "approval": id }), "replayed").await.fault("FORBIDDEN");
        let events = own.ok("{ events(first: 100, filter: { types: [APPROVAL_REQUESTED] }) { nodes { subject } } }", json!({})).await;
        assert_eq!(events["events"]["nodes"], json!([{ "subject": id }]));
        // The tenant's own token is somebody else than the customer's.
        assert_eq!(approve(&app, &id).await["state"], "APPROVED");
        app.refused("approve", json!({ "approval": tenants }), "APPROVAL_BY_MAKER", "approval").await;
        own.refused("withdrawApproval", json!({ "approval": tenants }), "NOT_FOUND", "approval").await;
        assert_eq!(app.balance(&from).await, "95.00");
    }

    async fn yes_and_no_at_once_have_one_effect(app: TestApp) {
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let account = app.funded("100.00").await;
        rules(&app, json!([{ "operation": "disburse" }])).await;
        for _ in 0..5 {
            let before = app.balance(&account).await;
            let id = waits(&app, "disburse", disbursement(&account, "1.00")).await;
            let (one, two) = (checker(&app), checker(&other).with_client("second"));
            let input = || json!({ "approval": id });
            let answers = tokio::join!(
                one.mutate("approve", input(), "replayed"),
                two.mutate("approve", input(), "replayed"),
                two.mutate("rejectApproval", input(), "replayed"),
                app.mutate("withdrawApproval", input(), "replayed"),
            );
            let answers = [answers.0.data(), answers.1.data(), answers.2.data(), answers.3.data()];
            let text = json!(answers).to_string();
            assert_eq!(text.matches("Success").count(), 1, "{text}");
            assert_eq!(text.matches("INVALID_STATE").count(), 3, "{text}");
            let approved = text.contains("ApproveSuccess");
            assert_eq!(app.balance(&account).await != before, approved, "{text}");
        }
    }
}

/// The mutations of the schema.
fn mutations() -> Vec<String> {
    let schema = include_str!("../../schema.graphql");
    let fields = schema.split("\ntype Mutation {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("mutations");
    let names = fields.lines().filter_map(|line| line.strip_prefix("  ")?.split_once('(')).map(|(name, _)| name);
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic())).map(str::to_owned).collect()
}

#[test]
fn every_mutation_can_wait_or_says_why_not() {
    let (stored, never) = (konto::engine::commands(), konto::jobs::approvals::rules::NEVER);
    let can_wait = |name: &str| stored.iter().any(|command| command.operation == name);
    let all = mutations();
    assert!(all.len() > 45, "{all:?}");
    for name in &all {
        let of_items = name.strip_suffix("Batch");
        let is_batch = of_items.is_some_and(|item| can_wait(item) && all.iter().any(|other| other == item));
        let ways = [can_wait(name), never.iter().any(|(other, _)| other == name), is_batch];
        assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{name}: list its command in its domain's COMMANDS");
    }
    for (place, command) in stored.iter().enumerate() {
        assert!(stored[..place].iter().all(|other| other.operation != command.operation), "{command:?} twice");
        assert!(all.iter().any(|name| name == command.operation), "{command:?} is no mutation: no rule can name it");
    }
    for (name, why) in never {
        assert!(all.iter().any(|other| other == name) && !why.is_empty(), "{name}");
    }
}

on_both_databases! {
    async fn what_moves_days_documents_webhooks_and_jobs_waits_as_well(app: TestApp) {
        let app = app.with_sandbox("careful").await;
        let account = app.funded("100.00").await;
        let yes = checker(&app);
        let waiting = ["createWebhook", "updateWebhook", "createUploadLink", "removeDocument", "setDocumentKind", "advanceClock", "retryJob", "updateTenant"];
        rules(&app, json!(waiting.map(|operation| json!({ "operation": operation })))).await;
        // A webhook: its secret is told to nobody, so its maker asks for a new one, which waits for nobody.
        let input = json!({ "url": "http://127.0.0.1:9/", "idempotencyKey": "hook", "filter": { "types": ["PERIOD_CLOSED"] } });
        let id = waits(&app, "createWebhook", input.clone()).await;
        let approved = approve(&yes, &id).await;
        assert_eq!(json!([approved["state"], approved["result"]]), json!(["APPROVED", null]), "a webhook is an administrator's to see");
        let made = app.done("createWebhook", input, "replayed secret webhook { id }").await;
        assert_eq!(json!([made["replayed"], made["secret"]]), json!([true, null]));
        let webhook = made["webhook"]["id"].clone();
        let secret = app.done("rotateWebhookSecret", json!({ "webhook": webhook }), "secret").await;
        assert!(secret["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
        let id = waits(&app, "updateWebhook", json!({ "webhook": webhook, "description": "new" })).await;
        assert_eq!(approve(&yes, &id).await["state"], "APPROVED");
        // A document that is to be uploaded: the yes makes it, and its maker gets the link.
        let input = json!({ "name": "a.pdf", "kind": "LETTER", "subject": account.id, "idempotencyKey": "link" });
        let id = waits(&app, "createUploadLink", input.clone()).await;
        assert_eq!(approve(&yes, &id).await["result"]["__typename"], "Document");
        let link = app.done("createUploadLink", input, "replayed url document { id }").await;
        assert!(link["replayed"] == true && link["url"].as_str().is_some_and(|url| url.contains("/documents/")));
        let document = link["document"]["id"].clone();
        let id = waits(&app, "removeDocument", json!({ "document": document })).await;
        assert_eq!(approve(&yes, &id).await["state"], "APPROVED");
        let query = "query($id: ID!) { document(id: $id) { status } }";
        assert_eq!(app.ok(query, json!({ "id": document })).await["document"]["status"], "REMOVED");
        let id = waits(&app, "setDocumentKind", json!({ "kind": "LETTER", "retentionDays": 7 })).await;
        yes.done("rejectApproval", json!({ "approval": id }), APPROVAL).await;
        assert_eq!(app.ok("{ documentKinds { nodes { kind } } }", json!({})).await["documentKinds"]["nodes"], json!([]));
        // The clock: nothing moves before the yes, and all the way after it, days included.
        let now = "{ tenant { now businessDate businessDateDone } }";
        let before = app.ok(now, json!({})).await;
        let input = json!({ "to": "2026-04-20T08:00:00Z", "idempotencyKey": "clock" });
        let id = waits(&app, "advanceClock", input.clone()).await;
        assert_eq!(app.ok(now, json!({})).await["tenant"]["businessDate"], before["tenant"]["businessDate"]);
        assert_eq!(approve(&yes, &id).await["state"], "APPROVED");
        eventually("the clock arrives", async || app.ok(now, json!({})).await["tenant"]["businessDateDone"] == "2026-04-19").await;
        let done = app.done("advanceClock", input, "arrived replayed tenant { now }").await;
        assert_eq!(json!([done["arrived"], done["replayed"], done["tenant"]["now"]]), json!([true, true, "2026-04-20T08:00:00.000000Z"]));
        // Refused input does not wait, and what waits is decided anew.
        app.refused("advanceClock", json!({ "to": "2026-04-01T00:00:00Z" }), "INVALID_INPUT", "to").await;
        let id = waits(&app, "updateTenant", json!({ "dayEnd": "BY_HAND" })).await;
        approve(&yes, &id).await;
        rules(&app, json!([{ "operation": "runBusinessDay" }, { "operation": "resetSandbox" }])).await;
        let (day, late) = (json!({ "endDay": "2026-04-20" }), json!({ "endDay": "2026-04-20" }));
        let (day, late) = (waits(&app, "runBusinessDay", day).await, waits(&app, "runBusinessDay", late).await);
        assert_eq!(approve(&yes, &day).await["state"], "APPROVED");
        let failed = approve(&yes, &late).await;
        assert_eq!(json!([failed["state"], failed["refusal"]["code"], failed["refusal"]["fields"][0]["path"]]), json!(["FAILED", "INVALID_STATE", ["endDay"]]));
        assert_eq!(app.ok(now, json!({})).await["tenant"]["businessDate"], "2026-04-21");
        // The yes begins it anew, and its maker is told of the one that has taken its place.
        let reset = json!({ "idempotencyKey": "anew" });
        let id = waits(&app, "resetSandbox", reset.clone()).await;
        assert_eq!(approve(&yes, &id).await["state"], "APPROVED");
        let fresh = app.with_sandbox("careful").await;
        let told = app.done("resetSandbox", reset, "replayed sandbox { id code }").await;
        let of_fresh = fresh.ok("{ tenant { id code } approvalRules { operation } webhooks { nodes { id } } }", json!({})).await;
        assert_eq!(json!([told["replayed"], told["sandbox"]]), json!([true, of_fresh["tenant"]]));
        assert_eq!(json!([of_fresh["approvalRules"], of_fresh["webhooks"]["nodes"]]), json!([[], []]));
    }

    async fn a_job_is_cancelled_and_retried_with_a_second_persons_yes(app: TestApp) {
        let nobody = json!({ "items": [{ "idempotencyKey": "nobody", "type": "COMPANY" }], "async": true });
        let job = app.done("createCustomerBatch", nobody, "job { id }").await["job"]["id"].take();
        let state = async || app.ok("query($id: ID!) { job(id: $id) { state } }", json!({ "id": job })).await["job"]["state"].take();
        eventually("the job ends", async || state().await == "DONE").await;
        rules(&app, json!([{ "operation": "retryJob" }, { "operation": "cancelJob" }])).await;
        app.refused("cancelJob", json!({ "job": job }), "INVALID_STATE", "job").await;
        let id = waits(&app, "retryJob", json!({ "job": job })).await;
        assert_eq!(approve(&checker(&app), &id).await["result"]["__typename"], "Job");
        eventually("it runs again", async || state().await == "DONE").await;
    }
}
