//! Payments that are spread over what is open on receivables, and promises to pay.

use serde_json::{Value, json};

use crate::app::{TestApp, euros, eventually, items};

/// A receivable with two invoices, a fee on the first of them, and one on the account itself.
async fn receivable(app: &TestApp) {
    let entry = |reference: &str, kind: &str, amount: &str, more: Value| {
        let mut entry = json!({ "ledgerEntryReference": reference, "kind": kind, "amount": amount });
        entry.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        entry
    };
    let input = json!({
        "accountReference": "A1", "currency": "EUR",
        "debtors": [{ "externalReference": "D1", "firstName": "Ada", "lastName": "Lovelace",
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] }],
        "ledgerEntries": [
            entry("I1", "INVOICE", "100.00", json!({ "dueDate": "2026-03-31" })),
            entry("F1", "FEE", "10.00", json!({ "target": "I1", "label": "REMINDER" })),
            entry("F2", "FEE", "7.00", json!({ "label": "LATE" })),
            entry("I2", "INVOICE", "50.00", json!({ "dueDate": "2026-04-30" })),
        ],
    });
    app.done("createReceivable", input, "replayed").await;
}

fn payment(amount: &str, strategy: &str, more: Value) -> Value {
    let mut input = json!({ "accountReference": "A1", "amount": euros(amount), "matchStrategy": strategy });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

const MATCH: &str = "paymentMatch { amount { amount } matched { amount } unallocated { amount } providerName trackingId
    ledgerEntries { kind amount { amount } target { reference } paymentReference provider } }";

/// What was booked: for what, and how much.
fn parts(made: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |entry: &Value| (text(&entry["target"]["reference"]), text(&entry["amount"]["amount"]));
    made["ledgerEntries"].as_array().expect("entries").iter().map(one).collect()
}

fn told(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    parts.iter().map(|(of, amount)| ((*of).to_owned(), (*amount).to_owned())).collect()
}

async fn claim(app: &TestApp, reference: &str) -> Value {
    let query = "query($reference: String!) { claim(by: { reference: $reference }) { status resolution amount { amount }
        totalFees { amount } promises { nodes { id amount { amount } paid { amount } dueDate status reason byDebtor judgedOn } } } }";
    app.ok(query, json!({ "reference": reference })).await["claim"].take()
}

async fn balance(app: &TestApp) -> String {
    let query =
        "{ receivable(by: { reference: \"A1\" }) { account { ... on ReceivableAccount { balance { amount } } } } }";
    let found = app.ok(query, json!({})).await;
    found["receivable"]["account"]["balance"]["amount"].as_str().expect("a balance").to_owned()
}

async fn advance(app: &TestApp, day: &str) {
    app.done("advanceClock", json!({ "to": format!("{day}T10:00:00Z") }), "replayed").await;
}

/// States of the promises of a claim.
async fn states(app: &TestApp, reference: &str) -> Vec<String> {
    let nodes = claim(app, reference).await["promises"]["nodes"].take();
    let status = |node: &Value| node["status"].as_str().expect("a status").to_owned();
    nodes.as_array().expect("promises").iter().map(status).collect()
}

on_both_databases! {
    async fn a_payment_is_spread_in_each_order_and_claims_are_told_of_once(app: TestApp) {
        receivable(&app).await;
        let first = payment("112.00", "ORDERED_INVOICES_WITH_FEES_THEN_ACCOUNT_ENTRIES", json!({
            "providerName": "trustly", "trackingId": "T1", "paymentReference": "PAY", "metadata": { "bank": "x" },
        }));
        let made = app.done("matchPayment", first.clone(), MATCH).await["paymentMatch"].take();
        assert_eq!(parts(&made), told(&[("I1", "100.00"), ("F1", "10.00"), ("I2", "2.00")]));
        assert_eq!((&made["unallocated"]["amount"], &made["ledgerEntries"][0]["provider"]), (&json!("0.00"), &json!("trustly")));
        let found = claim(&app, "A1/I1").await;
        assert_eq!((&found["status"], &found["resolution"]), (&json!("RESOLVED"), &json!("CLAIM_PAID")));
        assert_eq!(balance(&app).await, "-55.00");
        app.refused("matchPayment", first, "DUPLICATE_REFERENCE", "trackingId").await;
        app.refused("matchPayment", payment("1.00", "CUSTOM_ORDERED_FEES", json!({})), "INVALID_INPUT", "context.feeOrder").await;
        let krona = payment("1.00", "ORDERED_LEDGER_ENTRIES", json!({ "amount": { "amount": "1.00", "currency": "SEK" } }));
        app.refused("matchPayment", krona, "CURRENCY_MISMATCH", "amount.currency").await;

        let item = |key: &str, input: Value| {
            let mut item = input;
            item["idempotencyKey"] = json!(key);
            item
        };
        let batch = json!({ "items": [
            item("1", payment("3.00", "ACCOUNT_ENTRIES_THEN_ORDERED_INVOICES_WITH_FEES", json!({}))),
            item("2", payment("5.00", "CUSTOM_ORDERED_FEES", json!({ "context": { "feeOrder": ["LATE"] } }))),
            item("3", payment("0.00", "ORDERED_LEDGER_ENTRIES", json!({}))),
            item("4", payment("50.00", "ORDERED_LEDGER_ENTRIES", json!({}))),
        ] });
        let shown = items(&format!("... on MatchPaymentSuccess {{ {MATCH} }}"));
        let answers = app.done("matchPaymentBatch", batch, &shown).await["items"].take();
        let of = |place: usize| parts(&answers[place]["result"]["paymentMatch"]);
        assert_eq!(of(0), told(&[("F2", "3.00")]));
        assert_eq!(of(1), told(&[("F2", "4.00"), ("I2", "1.00")]));
        assert_eq!(answers[2]["result"]["code"], "AMOUNT_OUT_OF_RANGE");
        assert_eq!(of(3), told(&[("I2", "47.00"), ("", "3.00")]));
        assert_eq!(balance(&app).await, "3.00");
    }

    async fn what_waits_is_used_later_and_moves_no_money(app: TestApp) {
        receivable(&app).await;
        app.done("matchPayment", payment("170.00", "ORDERED_LEDGER_ENTRIES", json!({})), MATCH).await;
        let again = json!({ "accountReference": "A1", "matchStrategy": "ORDERED_LEDGER_ENTRIES" });
        app.refused("matchUnallocated", again.clone(), "INVALID_STATE", "accountReference").await;
        let late = json!({ "accountReference": "A1", "ledgerEntryReference": "F3", "kind": "FEE", "amount": "2.50", "target": "I2", "label": "LATE" });
        app.done("addReceivableEntry", late, "replayed").await;
        assert_eq!(claim(&app, "A1/I2").await["totalFees"]["amount"], "2.50");
        let before = balance(&app).await;
        let made = app.done("matchUnallocated", again, MATCH).await["paymentMatch"].take();
        assert_eq!((parts(&made), &made["unallocated"]["amount"]), (told(&[("F3", "2.50")]), &json!("0.50")));
        assert_eq!((balance(&app).await, before.as_str()), ("0.50".to_owned(), "0.50"));
        let found = claim(&app, "A1/I2").await;
        assert_eq!((&found["status"], &found["totalFees"]["amount"]), (&json!("RESOLVED"), &json!("0.00")));
        let query = "{ receivable(by: { reference: \"A1\" }) { paymentMatches { nodes { matched { amount } } } } }";
        let list = app.ok(query, json!({})).await["receivable"]["paymentMatches"]["nodes"].take();
        assert_eq!(list, json!([{ "matched": { "amount": "2.50" } }, { "matched": { "amount": "167.00" } }]));
    }

    async fn promises_are_kept_and_broken_by_what_was_paid_through_their_day(app: TestApp) {
        let app = app.with_sandbox("box").await;
        receivable(&app).await;
        let promise = |claim: &str, amount: &str, day: &str| json!({ "claimReference": claim, "amount": euros(amount), "dueDate": day });
        let shown = "promise { id status byDebtor claim { reference } }";
        let kept = app.done("createPromiseToPay", promise("A1/I1", "60.00", "2026-04-17"), shown).await["promise"].take();
        assert_eq!((&kept["status"], &kept["byDebtor"], &kept["claim"]["reference"]), (&json!("OPEN"), &json!(false), &json!("A1/I1")));
        app.done("createPromiseToPay", promise("A1/I2", "20.00", "2026-04-17"), shown).await;
        app.refused("createPromiseToPay", promise("A1/I1", "50.01", "2026-04-17"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("createPromiseToPay", promise("A1/I1", "1.00", "2026-04-01"), "INVALID_INPUT", "dueDate").await;
        app.done("matchPayment", payment("60.00", "ORDERED_LEDGER_ENTRIES", json!({})), MATCH).await;
        advance(&app, "2026-04-18").await;
        assert_eq!((states(&app, "A1/I1").await, states(&app, "A1/I2").await), (vec!["KEPT".to_owned()], vec!["BROKEN".to_owned()]));
        let of = claim(&app, "A1/I1").await["promises"]["nodes"][0].take();
        assert_eq!(of["paid"]["amount"], "60.00");

        // What kept it bounces: that is a breach of its own.
        let query = "{ receivable(by: { reference: \"A1\" }) { ledgerEntries(first: 10) { nodes { reference kind } } } }";
        let entries = app.ok(query, json!({})).await["receivable"]["ledgerEntries"]["nodes"].take();
        let paid = entries.as_array().expect("entries").iter().find(|entry| entry["kind"] == "PAYMENT").expect("a payment");
        let bounce = json!({ "accountReference": "A1", "ledgerEntryReference": "B1", "kind": "CHARGEBACK", "amount": "60.00", "target": paid["reference"] });
        app.done("addReceivableEntry", bounce, "replayed").await;
        assert_eq!(states(&app, "A1/I1").await, ["KEPT"], "the end of the day judges");
        advance(&app, "2026-04-19").await;
        assert_eq!(states(&app, "A1/I1").await, ["BROKEN"]);
        app.refused("cancelPromiseToPay", json!({ "promise": kept["id"] }), "INVALID_STATE", "promise").await;
    }

    async fn a_trigger_runs_the_custom_action_of_its_name_on_the_claim(app: TestApp) {
        receivable(&app).await;
        let script = "#{ who: input.claim.reference, why: input.context.reason, account: account.family }";
        let action = json!({ "code": "callDebtor", "kind": "SCRIPT", "binding": "ACCOUNT", "script": script });
        app.done("createCustomAction", action, "replayed").await;
        let trigger = json!({ "claimReference": "A1/I1", "triggerName": "callDebtor", "triggerContext": { "reason": "late" } });
        let run = app.done("executeClaimTrigger", trigger, "run { id action { code } }").await["run"].take();
        assert_eq!(run["action"]["code"], "callDebtor");
        let query = "query($id: ID!) { node(id: $id) { ... on ActionRun { state output } } }";
        eventually("the run", || async { app.ok(query, json!({ "id": run["id"] })).await["node"]["state"] == "DONE" }).await;
        let output = app.ok(query, json!({ "id": run["id"] })).await["node"]["output"].take();
        assert_eq!(output, json!({ "who": "A1/I1", "why": "late", "account": "RECEIVABLE" }));
        for (claim, name, code, field) in [
            ("A1/I9", "callDebtor", "NOT_FOUND", "claimReference"),
            ("A1/I1", "callNobody", "NOT_FOUND", "triggerName"),
        ] {
            app.refused("executeClaimTrigger", json!({ "claimReference": claim, "triggerName": name }), code, field).await;
        }
        app.done("disableCustomAction", json!({ "action": { "code": "callDebtor" } }), "replayed").await;
        let batch = json!({ "items": [{ "idempotencyKey": "1", "claimReference": "A1/I1", "triggerName": "callDebtor" }] });
        let answers = app.done("executeClaimTriggerBatch", batch, &items("")).await["items"].take();
        assert_eq!(answers[0]["result"]["code"], "ACTION_DISABLED");
    }

    async fn a_live_promise_holds_the_journey_and_what_became_of_it_is_a_condition(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let steps = json!([
            { "name": "broken", "waitDays": 1, "when": { "promise": "BROKEN" }, "effect": { "task": "Call" }, "otherwise": "quiet" },
            { "name": "loud", "next": "END" },
            { "name": "quiet" },
        ]);
        app.done("setCollectionStrategy", json!({ "code": "S", "name": "S", "steps": steps }), "replayed").await;
        receivable(&app).await;
        let query = "query($reference: String!) { claim(by: { reference: $reference }) { journey { status done { step held on } } } }";
        for reference in ["A1/I1", "A1/I2"] {
            app.done("startJourney", json!({ "claimReference": reference, "strategy": "S" }), "replayed").await;
            let promise = json!({ "claimReference": reference, "amount": euros("10.00"), "dueDate": "2026-04-20" });
            let made = app.done("createPromiseToPay", promise, "promise { id }").await["promise"]["id"].take();
            if reference == "A1/I2" {
                app.done("cancelPromiseToPay", json!({ "promise": made, "reason": "PLAN" }), "promise { status reason }").await;
            }
        }
        advance(&app, "2026-04-19").await;
        let held = app.ok(query, json!({ "reference": "A1/I1" })).await["claim"]["journey"].take();
        assert_eq!(held, json!({ "status": "RUNNING", "done": [] }), "a promise is open");
        let gone = app.ok(query, json!({ "reference": "A1/I2" })).await["claim"]["journey"].take();
        assert_eq!((&gone["status"], &gone["done"][0]["held"]), (&json!("FINISHED"), &json!(false)), "its promise was cancelled");
        advance(&app, "2026-04-21").await;
        let found = app.ok(query, json!({ "reference": "A1/I1" })).await["claim"]["journey"].take();
        assert_eq!(found["done"][0], json!({ "step": "broken", "held": true, "on": "2026-04-20" }));
    }
}
