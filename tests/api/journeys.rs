//! Journeys: strategies as data, claims on their way through them, by the business day and by hand.

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key, items};
use crate::messages::{claim, template};

const STRATEGY: &str = "strategy { code version automatic retired steps { name waitDays next otherwise
    when { minimumAmount score { type text } } effect { message task trigger handOver fee { name amount } } } }";

/// A reminder after a week, a fee for what is large, and a task; then it is handed over.
fn steps() -> Value {
    json!([
        { "name": "reminder", "waitDays": 7, "effect": { "message": "DUE" } },
        { "name": "large?", "when": { "minimumAmount": "50.00" }, "otherwise": "call", "effect": { "fee": { "name": "Reminder", "amount": "5.00" } } },
        { "name": "call", "waitDays": 3, "effect": { "task": "Call the debtor" } },
        { "name": "trigger", "effect": { "trigger": "scored" } },
        { "name": "away", "waitDays": 2, "effect": { "handOver": "AGENCY" } },
    ])
}

fn strategy(more: Value) -> Value {
    let mut input = json!({ "code": "SOFT", "name": "Softly", "steps": steps() });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

async fn set(app: &TestApp, more: Value) -> Value {
    app.done("setCollectionStrategy", strategy(more), STRATEGY).await["strategy"].take()
}

async fn advance(app: &TestApp, day: &str) {
    app.done("advanceClock", json!({ "to": format!("{day}T10:00:00Z") }), "replayed").await;
}

const JOURNEY: &str =
    "journey { status step nextOn version reason description startedOn endedOn done { step on held refused } }";

async fn journey(app: &TestApp, reference: &str) -> Value {
    let query = format!("query($reference: String!) {{ claim(by: {{ reference: $reference }}) {{ {JOURNEY} }} }}");
    app.ok(&query, json!({ "reference": reference })).await["claim"]["journey"].take()
}

fn of(reference: &str) -> Value {
    json!({ "claimReference": reference })
}

fn done(journey: &Value) -> Vec<String> {
    let one = |done: &Value| {
        format!(
            "{} {}{}",
            done["step"].as_str().expect("a step"),
            done["on"].as_str().expect("a day"),
            done["refused"].as_str().map(|code| format!(" {code}")).unwrap_or_default()
        )
    };
    journey["done"].as_array().expect("steps").iter().map(one).collect()
}

async fn start(app: &TestApp, reference: &str) -> Value {
    let input = json!({ "claimReference": reference, "strategy": "SOFT" });
    app.done("startJourney", input, &format!("claim {{ {JOURNEY} }}")).await["claim"]["journey"].take()
}

/// The types that the log tells of a claim, the oldest first.
async fn told(app: &TestApp, reference: &str) -> Vec<String> {
    let query = "query($reference: String!) { claim(by: { reference: $reference }) { history(first: 50) { nodes { events { type } } } } }";
    let found = app.ok(query, json!({ "reference": reference })).await;
    let nodes = found["claim"]["history"]["nodes"].as_array().expect("history").clone();
    let types = |node: &Value| -> Vec<String> {
        node["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(|event| event["type"].as_str().expect("a type").to_owned())
            .collect()
    };
    nodes.iter().rev().flat_map(types).collect()
}

on_both_databases! {
    async fn a_claim_goes_through_the_steps_with_the_days(app: TestApp) {
        let app = app.with_sandbox("box").await;
        set(&app, json!({})).await;
        template(&app, "DUE", "en", "LETTER", Some("Reminder"), "You owe {{ claim.total }}").await;
        claim(&app, "C1").await;
        let begun = start(&app, "C1").await;
        assert_eq!((&begun["status"], &begun["step"], &begun["nextOn"]), (&json!("RUNNING"), &json!("reminder"), &json!("2026-04-22")));
        app.refused("startJourney", json!({ "claimReference": "C1", "strategy": "SOFT" }), "INVALID_STATE", "claimReference").await;
        advance(&app, "2026-04-22").await;
        assert_eq!(journey(&app, "C1").await["done"], json!([]));
        advance(&app, "2026-04-23").await;
        let after = journey(&app, "C1").await;
        assert_eq!(done(&after), ["reminder 2026-04-22", "large? 2026-04-22"]);
        assert_eq!((&after["step"], &after["nextOn"]), (&json!("call"), &json!("2026-04-25")));
        let query = "{ claim(by: { reference: \"C1\" }) { status totalFees { amount } fees { name } communications { nodes { kind cause } }
            receivable { account { ... on ReceivableAccount { balance { amount } } } } } }";
        let shown = app.ok(query, json!({})).await["claim"].take();
        // The fee of the claim was not told apart, so that the new one is a part of all of them.
        assert_eq!((&shown["totalFees"]["amount"], &shown["fees"]), (&json!("12.50"), &json!([])));
        assert_eq!(shown["receivable"]["account"]["balance"]["amount"], "-112.50");
        assert_eq!(shown["communications"]["nodes"], json!([{ "kind": "LETTER", "cause": "journey: reminder" }]));
        // The version that it began with stays, whatever becomes of the strategy.
        let changed = set(&app, json!({ "steps": [{ "name": "nothing" }] })).await;
        assert_eq!(changed["version"], 2);
        advance(&app, "2026-05-08").await;
        let after = journey(&app, "C1").await;
        assert_eq!((&after["status"], &after["version"]), (&json!("FINISHED"), &json!(1)), "{after}");
        assert_eq!(after["done"].as_array().map(Vec::len), Some(5));
        assert_eq!(shown["status"], "ACTIVE", "a journey that ends resolves nothing");
        let told = told(&app, "C1").await;
        for type_ in ["JOURNEY_STARTED", "COLLECTION_TASK", "JOURNEY_TRIGGERED", "CLAIM_HANDED_OVER", "JOURNEY_FINISHED"] {
            assert_eq!(told.iter().filter(|one| *one == type_).count(), 1, "{type_}: {told:?}");
        }
        let old = app.ok("{ collectionStrategy(code: \"SOFT\") { steps(version: 1) { name effect { task } } } }", json!({})).await;
        assert_eq!(old["collectionStrategy"]["steps"][2], json!({ "name": "call", "effect": { "task": "Call the debtor" } }));
    }

    async fn a_pause_remembers_where_it_stood(app: TestApp) {
        let app = app.with_sandbox("box").await;
        set(&app, json!({})).await;
        template(&app, "DUE", "en", "LETTER", Some("Reminder"), "You owe {{ claim.total }}").await;
        for reference in ["C1", "C2", "C3"] {
            claim(&app, reference).await;
        }
        start(&app, "C1").await;
        app.refused("resumeJourney", of("C1"), "JOURNEY_NOT_PAUSED", "claimReference").await;
        app.refused("pauseJourney", of("C2"), "INVALID_STATE", "claimReference").await;
        app.refused("pauseJourney", of("C9"), "NOT_FOUND", "claimReference").await;
        advance(&app, "2026-04-18").await;
        app.done("pauseJourney", of("C1"), "claim { id }").await;
        let paused = journey(&app, "C1").await;
        assert_eq!((&paused["status"], &paused["nextOn"], &paused["step"]), (&json!("PAUSED"), &Value::Null, &json!("reminder")));
        app.refused("pauseJourney", of("C1"), "INVALID_STATE", "claimReference").await;
        advance(&app, "2026-05-10").await;
        assert_eq!(journey(&app, "C1").await["done"], json!([]));
        app.done("resumeJourney", of("C1"), "claim { id }").await;
        let resumed = journey(&app, "C1").await;
        assert_eq!(resumed["status"], "RUNNING");
        // Five days at the most were left, by the business days of the pause and of the return.
        assert!(resumed["nextOn"].as_str().is_some_and(|on| ("2026-05-12".."2026-05-17").contains(&on)), "{resumed}");

        let of_batch = |reference: &str| json!({ "idempotencyKey": fresh_key(), "claimReference": reference });
        let shown = items("... on PauseJourneySuccess { claim { reference } }");
        start(&app, "C2").await;
        let batch = json!({ "items": [of_batch("C1"), of_batch("C2"), of_batch("C3"), of_batch("C9")] });
        let became = app.done("pauseJourneyBatch", batch, &shown).await;
        assert_eq!((&became["succeeded"], &became["refused"]), (&json!(2), &json!(2)), "{became}");
        let batch = json!({ "items": [of_batch("C2"), of_batch("C3")] });
        let became = app.done("resumeJourneyBatch", batch, "succeeded refused").await;
        assert_eq!((&became["succeeded"], &became["refused"]), (&json!(1), &json!(1)));
        let batch = json!({ "items": [{ "idempotencyKey": fresh_key(), "claimReference": "C3", "strategy": "SOFT" }] });
        assert_eq!(app.done("startJourneyBatch", batch, "succeeded").await["succeeded"], 1);
    }

    async fn stopping_ends_the_journey_and_not_the_claim(app: TestApp) {
        set(&app, json!({})).await;
        for (place, reason) in
            ["CLAIM_SOLD", "CLAIM_PAID", "FRAUDULENT", "CLAIM_DISCARDED", "CLAIM_DISCHARGED", "CLAIM_INVALIDATED"].into_iter().enumerate()
        {
            let reference = format!("C{place}");
            claim(&app, &reference).await;
            start(&app, &reference).await;
            let input = json!({ "claimReference": reference, "reason": reason, "description": "They have called." });
            let shown = format!("claim {{ status {JOURNEY} }}");
            let stopped = app.done("stopJourney", input.clone(), &shown).await["claim"].take();
            assert_eq!((&stopped["status"], &stopped["journey"]["status"]), (&json!("ACTIVE"), &json!("STOPPED")));
            assert_eq!((&stopped["journey"]["reason"], &stopped["journey"]["description"]), (&json!(reason), &json!("They have called.")));
            for (name, input) in [("stopJourney", input), ("pauseJourney", of(&reference)), ("startJourney", json!({ "claimReference": reference, "strategy": "SOFT" }))] {
                app.refused(name, input, "INVALID_STATE", "claimReference").await;
            }
            app.refused("resumeJourney", of(&reference), "JOURNEY_NOT_PAUSED", "claimReference").await;
        }
        claim(&app, "C7").await;
        start(&app, "C7").await;
        let batch = json!({ "items": [{ "idempotencyKey": fresh_key(), "claimReference": "C7", "reason": "CLAIM_PAID" }] });
        assert_eq!(app.done("stopJourneyBatch", batch, "succeeded").await["succeeded"], 1);
    }

    async fn a_claim_that_ends_ends_its_journey_and_a_new_life_begins_one(app: TestApp) {
        let app = app.with_sandbox("box").await;
        set(&app, json!({ "automatic": true })).await;
        template(&app, "DUE", "en", "LETTER", Some("Reminder"), "You owe {{ claim.total }}").await;
        claim(&app, "C1").await;
        claim(&app, "C2").await;
        advance(&app, "2026-04-16").await;
        let begun = journey(&app, "C1").await;
        assert_eq!((&begun["status"], &begun["startedOn"]), (&json!("RUNNING"), &json!("2026-04-15")), "{begun}");
        app.done("resolveClaim", json!({ "claimReference": "C1", "reason": "CLAIM_SOLD" }), "claim { id }").await;
        assert_eq!(journey(&app, "C1").await["status"], "STOPPED", "at once, for whoever looks");
        app.refused("pauseJourney", of("C1"), "INVALID_STATE", "claimReference").await;
        app.done("deleteClaim", of("C2"), "claim { id }").await;
        advance(&app, "2026-05-20").await;
        let ended = journey(&app, "C1").await;
        assert_eq!((&ended["status"], &ended["reason"], &ended["done"]), (&json!("STOPPED"), &json!("CLAIM_SOLD"), &json!([])));
        assert!(told(&app, "C1").await.contains(&"JOURNEY_STOPPED".to_owned()));
        let again = json!({ "claimReference": "C2", "amount": "20.00", "originalDueDate": "2026-05-01", "currentDueDate": "2026-05-31" });
        app.done("recreateClaim", again, "claim { id }").await;
        assert_eq!(journey(&app, "C2").await, Value::Null, "of this life");
        advance(&app, "2026-05-22").await;
        let begun = journey(&app, "C2").await;
        assert_eq!((&begun["status"], &begun["done"]), (&json!("RUNNING"), &json!([])), "{begun}");
    }

    async fn conditions_branch_and_nothing_happens_to_those_who_have_died(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let by = |name: &str, when: Value| json!({ "name": name, "when": when, "effect": { "task": name } });
        let all = json!([
            by("small", json!({ "maximumAmount": "100.00" })),
            by("late", json!({ "minimumDaysPastDue": 15, "maximumDaysPastDue": 16 })),
            by("scored", json!({ "score": { "type": "INTERNAL", "text": "A" } })),
            by("product", json!({ "productReference": "PR-1" })),
            by("swedish", json!({ "country": "SE" })),
            { "name": "again", "waitDays": 30, "next": "small" },
        ]);
        set(&app, json!({ "steps": all })).await;
        let made = claim(&app, "C1").await;
        start(&app, "C1").await;
        advance(&app, "2026-04-16").await;
        let found = journey(&app, "C1").await;
        let held: Vec<(String, bool)> = found["done"].as_array().expect("steps").iter()
            .map(|done| (done["step"].as_str().expect("a name").to_owned(), done["held"].as_bool().expect("whether"))).collect();
        let expected = [("small", false), ("late", true), ("scored", false), ("product", false), ("swedish", true)];
        assert_eq!(held, expected.map(|(step, held)| (step.to_owned(), held)));
        assert_eq!((&found["status"], &found["step"]), (&json!("RUNNING"), &json!("again")));
        app.done("setCeaseContact", json!({ "customer": { "id": made["debtor"]["id"] }, "reason": "DECEASED" }), "replayed").await;
        advance(&app, "2026-06-20").await;
        assert_eq!(journey(&app, "C1").await["done"].as_array().map(Vec::len), Some(5), "nothing happened");
        app.done("setCeaseContact", json!({ "customer": { "id": made["debtor"]["id"] } }), "replayed").await;
        advance(&app, "2026-06-24").await;
        assert!(journey(&app, "C1").await["done"].as_array().is_some_and(|done| done.len() > 5));
    }

    async fn what_is_refused_is_noted_and_the_journey_goes_on(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let all = json!([
            { "name": "none", "effect": { "message": "NONE" } },
            { "name": "fee", "effect": { "fee": { "name": "F", "amount": "1.005" } } },
            { "name": "end", "effect": { "task": "T" } },
        ]);
        set(&app, json!({ "steps": all })).await;
        claim(&app, "C1").await;
        start(&app, "C1").await;
        advance(&app, "2026-04-16").await;
        let found = journey(&app, "C1").await;
        assert_eq!(done(&found), ["none 2026-04-15 NOT_FOUND", "fee 2026-04-15 INVALID_INPUT", "end 2026-04-15"]);
        assert_eq!((&found["status"], &found["endedOn"]), (&json!("FINISHED"), &json!("2026-04-15")));
    }

    async fn a_managed_claim_gets_its_fee_by_an_entry(app: TestApp) {
        let app = app.with_sandbox("box").await;
        set(&app, json!({ "steps": [{ "name": "fee", "effect": { "fee": { "name": "Reminder", "amount": "5.00" } } }] })).await;
        let account = json!({ "accountReference": "A1", "currency": "EUR", "debtors": [{ "externalReference": "D1", "firstName": "Ada",
            "lastName": "Lovelace", "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] }],
            "ledgerEntries": [{ "ledgerEntryReference": "I1", "kind": "INVOICE", "amount": "40.00", "dueDate": "2026-04-01" }] });
        app.done("createReceivable", account, "receivable { id }").await;
        start(&app, "A1/I1").await;
        advance(&app, "2026-04-16").await;
        let query = "{ claim(by: { reference: \"A1/I1\" }) { amount { amount } totalFees { amount } receivable { ledgerEntries { nodes { kind label amount { amount } } } } } }";
        let shown = app.ok(query, json!({})).await["claim"].take();
        assert_eq!((&shown["amount"]["amount"], &shown["totalFees"]["amount"]), (&json!("40.00"), &json!("5.00")), "{shown}");
        let fee = json!({ "kind": "FEE", "label": "Reminder", "amount": { "amount": "5.00" } });
        assert_eq!(shown["receivable"]["ledgerEntries"]["nodes"][1], fee);
        assert_eq!(journey(&app, "A1/I1").await["status"], "FINISHED");
    }

    async fn what_is_no_strategy_is_refused_by_its_field(app: TestApp) {
        for (steps, code, path) in [
            (json!([]), "INVALID_INPUT", "steps"),
            (json!([{ "name": "a" }, { "name": "a" }]), "INVALID_INPUT", "steps.1.name"),
            (json!([{ "name": "a", "next": "b" }]), "INVALID_INPUT", "steps.0.next"),
            (json!([{ "name": "a", "effect": { "fee": { "name": "F", "amount": "0" } } }]), "INVALID_INPUT", "steps.0.effect.fee.amount"),
            (json!([{ "name": "a", "waitDays": 1 }, { "name": "b" }, { "name": "c", "next": "b" }]), "STRATEGY_CIRCLE", "steps.1.next"),
        ] {
            app.refused("setCollectionStrategy", strategy(json!({ "steps": steps })), code, path).await;
        }
        app.refused("setCollectionStrategy", strategy(json!({ "code": "soft" })), "INVALID_INPUT", "code").await;
        claim(&app, "C1").await;
        let start = json!({ "claimReference": "C1", "strategy": "SOFT" });
        app.refused("startJourney", start.clone(), "NOT_FOUND", "strategy").await;
        set(&app, json!({ "retired": true })).await;
        app.refused("startJourney", start, "INVALID_STATE", "strategy").await;
        let listed = app.ok("{ collectionStrategies { nodes { code retired } } }", json!({})).await;
        assert_eq!(listed["collectionStrategies"]["nodes"], json!([{ "code": "SOFT", "retired": true }]));
    }
}
