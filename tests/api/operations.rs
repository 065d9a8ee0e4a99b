//! The operations that the explorer opens with: every one of them runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key};

/// The saved operations as the page gets them, their placeholders filled.
async fn saved(app: &TestApp, samples: &[(&str, &str)]) -> Vec<(String, String, Value)> {
    let response = app.http().get(app.url("/explorer/config.json")).send().await.expect("an answer");
    let config: Value = response.json().await.expect("JSON");
    let operations = config["operations"].as_array().expect("operations").iter().map(|operation| {
        let mut variables = operation["variables"].to_string();
        for (name, sample) in samples {
            variables = variables.replace(&format!("{{{{{name}}}}}"), sample);
        }
        assert!(!variables.contains("{{"), "a placeholder that nobody fills: {variables}");
        let text = |field: &str| operation[field].as_str().expect("a text").to_owned();
        let variables: Value = serde_json::from_str(&variables).expect("JSON");
        (text("name"), text("query"), if variables.is_null() { json!({}) } else { variables })
    });
    operations.collect()
}

on_both_databases! {
    async fn every_saved_operation_runs(app: TestApp) {
        let (first, second) = (app.funded("1000.00").await, app.funded("10.00").await);
        let card = json!({ "main": true, "token": format!("card-{}", first.number) });
        app.done("addCard", json!({ "account": first.by(), "card": card }), "replayed").await;
        let sweep = json!({
            "code": "sweep", "kind": "SCRIPT", "binding": "ACCOUNT", "script": include_str!("../../src/demo/sweep.rhai"),
        });
        app.done("createCustomAction", sweep, "replayed").await;
        let customer =
            app.ok("query($id: ID!) { customer(by: { id: $id }) { number } }", json!({ "id": first.owner })).await;
        let customer = customer["customer"]["number"].as_str().expect("a number").to_owned();
        let key = fresh_key();
        let samples =
            [("account1", &*first.number), ("account2", &*second.number), ("customer1", &*customer), ("key", &*key)];
        let mut kinds = Vec::new();
        for (index, (name, query, variables)) in saved(&app, &samples).await.into_iter().enumerate() {
            let mut variables = variables;
            if variables["input"]["idempotencyKey"].is_string() {
                variables["input"]["idempotencyKey"] = json!(format!("{key}-{index}"));
            }
            let kind = query
                .lines()
                .find(|line| !line.starts_with('#'))
                .and_then(|line| line.split(' ').next())
                .expect("a kind");
            kinds.push(kind.to_owned());
            if kind == "subscription" {
                let mut stream = app.events(&query, variables).await;
                // Nothing tells when it is at work: something happens until something comes.
                loop {
                    app.transfer(&first, &second, "1.00").await;
                    if !stream.is_silent(Duration::from_millis(50)).await {
                        break;
                    }
                }
                continue;
            }
            let data = app.ok(&query, variables.clone()).await;
            let (field, result) = data.as_object().and_then(|fields| fields.iter().next()).expect("a field");
            if variables["input"]["hold"].is_string() {
                assert_eq!(result["code"], "NOT_FOUND", "{name}: the hold is for the visitor to fill in");
            } else {
                assert!(!result.is_null() && result["code"].is_null(), "{name} {field}: {result}");
            }
        }
        for kind in ["query", "mutation", "subscription"] {
            assert!(kinds.iter().any(|one| one == kind), "no {kind} among {kinds:?}");
        }
    }
}
