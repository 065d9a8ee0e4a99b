//! Balances that accounts bring along from a former system.

use serde_json::{Value, json};

use crate::accounts::components;
use crate::app::{Account, TestApp, told};

fn opening(product: &str, owner: &str, migrated: Value) -> Value {
    json!({ "product": { "code": product }, "owner": { "id": owner }, "migratedBalance": migrated })
}

async fn row(app: &TestApp, role: &str) -> Value {
    let rows = app.ok("{ ledgerAccounts { role balance { amount } } }", json!({})).await["ledgerAccounts"].take();
    rows.as_array()
        .expect("rows")
        .iter()
        .find(|row| row["role"] == role)
        .map_or(Value::Null, |row| row["balance"]["amount"].clone())
}

async fn open(app: &TestApp, product: &str, migrated: Value) -> Account {
    let owner = app.customer().await;
    app.open(opening(product, &owner, migrated)).await
}

on_both_databases! {
    async fn a_balance_is_brought_along_per_component_as_an_entry_of_its_own(app: TestApp) {
        let owes = json!({ "principal": "-2500.00", "interest": "-12.34", "fee": "-5", "valueDate": "2026-03-31" });
        // Beyond the limit of 2000: what was owed is owed.
        let account = open(&app, "revolving", owes).await;
        assert_eq!(components(&app, &account).await, ["-2500.00", "-12.34", "-5.00"]);
        assert_eq!(row(&app, "MIGRATION").await, "2517.34");
        let query = "query($by: AccountBy!) { account(by: $by) { transactions(filter: { from: \"2026-04-15\" }) { nodes {
            kind description amount { amount } valueDate components { component amount { amount } } } }
            before: balanceAsOf(date: \"2026-03-30\") { amount } after: balanceAsOf(date: \"2026-03-31\") { amount } } }";
        let seen = app.ok(query, json!({ "by": account.by() })).await["account"].take();
        let amount = |amount: &str| json!({ "amount": amount });
        assert_eq!(seen["transactions"]["nodes"], json!([{
            "kind": "MIGRATED_BALANCE", "description": "Migrated balance", "amount": amount("-2517.34"), "valueDate": "2026-03-31",
            "components": [
                { "component": "PRINCIPAL", "amount": amount("-2500.00") }, { "component": "INTEREST", "amount": amount("-12.34") },
                { "component": "FEE", "amount": amount("-5.00") },
            ],
        }]));
        assert_eq!((&seen["before"], &seen["after"]), (&amount("0.00"), &amount("-2517.34")));
        app.pay_in(&account, "517.34").await;
        assert_eq!(components(&app, &account).await, ["-2000.00", "0.00", "0.00"]);

        let funds = open(&app, "current", json!({ "principal": "100.00" })).await;
        assert_eq!(app.amounts(&funds).await, ["100.00", "0.00", "100.00"]);
        // Money beside a debt settles it, as everywhere in the books.
        let both = open(&app, "revolving", json!({ "principal": "100.00", "fee": "-30.00" })).await;
        assert_eq!(components(&app, &both).await, ["70.00", "0.00", "0.00"]);
        assert_eq!(row(&app, "MIGRATION").await, "2347.34");
        let history = app.ok("query($by: AccountBy!) { account(by: $by) { history { nodes { operation events { type } } } } }", json!({ "by": funds.by() })).await;
        let history = history["account"]["history"].clone();
        assert_eq!(told(&history), [json!({ "type": "ACCOUNT_OPENED" })]);
        assert_eq!(history["nodes"].as_array().map(Vec::len), Some(1), "one command did both");
    }

    async fn what_is_owed_to_a_party_is_the_partys_claim(app: TestApp) {
        app.done("createParty", json!({ "name": "Creditor", "number": "P1" }), "replayed").await;
        let owner = app.customer().await;
        let mut input = opening("receivable", &owner, json!({ "principal": "-300.00", "fee": "-20.00" }));
        input["creditor"] = json!({ "number": "P1" });
        let account = app.open(input).await;
        assert_eq!(app.balance(&account).await, "-320.00");
        let rows = app.ok("{ party(by: { number: \"P1\" }) { ledgerAccounts { role balance { amount } } } }", json!({})).await;
        let rows = rows["party"]["ledgerAccounts"].as_array().expect("rows").clone();
        let of = |role: &str| rows.iter().find(|row| row["role"] == role).map(|row| row["balance"]["amount"].clone());
        assert_eq!(of("CLIENT_CLAIMS"), Some(json!("300.00")));
        assert!(of("CLIENT_MONEY").is_none_or(|held| held == "0.00"), "nothing was laid out: {rows:?}");
        assert_eq!(row(&app, "MIGRATION").await, "20.00");
    }

    async fn what_cannot_be_brought_along_is_refused_and_no_account_is_opened(app: TestApp) {
        let owner = app.customer().await;
        app.done("closePeriod", json!({ "through": "2026-02-28" }), "replayed").await;
        let bounded = json!({ "code": "bounded", "alias": "B", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE", "maximumBalance": "50" });
        app.done("createProduct", bounded, "replayed").await;
        let before = app.picture().await;
        for (product, migrated, code, path) in [
            ("current", json!({}), "AMOUNT_OUT_OF_RANGE", "migratedBalance"),
            ("current", json!({ "principal": "0.00" }), "AMOUNT_OUT_OF_RANGE", "migratedBalance"),
            ("revolving", json!({ "principal": "100", "fee": "-100" }), "AMOUNT_OUT_OF_RANGE", "migratedBalance"),
            ("current", json!({ "principal": "0.001" }), "INVALID_INPUT", "migratedBalance.principal"),
            ("current", json!({ "principal": "-1" }), "INSUFFICIENT_FUNDS", "migratedBalance"),
            ("current", json!({ "fee": "-1" }), "INSUFFICIENT_FUNDS", "migratedBalance"),
            ("revolving", json!({ "interest": "1" }), "INVALID_INPUT", "migratedBalance.interest"),
            ("revolving", json!({ "fee": "0.01" }), "INVALID_INPUT", "migratedBalance.fee"),
            ("bounded", json!({ "principal": "50.01" }), "LIMIT_EXCEEDED", "migratedBalance"),
            ("current", json!({ "principal": "1", "valueDate": "2026-02-28" }), "VALUE_DATE_OUT_OF_RANGE", "migratedBalance.valueDate"),
            ("current", json!({ "principal": "1", "valueDate": "2010-01-01" }), "VALUE_DATE_OUT_OF_RANGE", "migratedBalance.valueDate"),
        ] {
            app.refused("openAccount", opening(product, &owner, migrated), code, path).await;
        }
        assert_eq!(app.picture().await, before);
        let items = json!({ "items": [
            { "idempotencyKey": "1", "product": { "code": "current" }, "owner": { "id": owner }, "migratedBalance": { "principal": "1" } },
            { "idempotencyKey": "2", "product": { "code": "current" }, "owner": { "id": owner }, "migratedBalance": { "principal": "-1" } },
        ] });
        let done = app.done("openAccountBatch", items, "succeeded refused").await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1), &json!(1)));
    }
}
