//! Credits that are repaid in instalments: what is offered, what was agreed on, and what falls due.

mod contracts;
mod life;
mod models;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};

/// A model over a credit card, with what a test says of it.
pub fn model_input(reference: &str, changes: &Value) -> Value {
    let mut input = json!({
        "reference": reference, "type": "TRANSACTION", "currency": "EUR", "minimumAmount": "100", "maximumAmount": "5000",
        "cardProduct": { "code": "credit-card" }, "accountProduct": { "code": "loan" }, "terms": [12, 3, 6],
        "annualRate": "12", "fee": "10", "minimumFirstDays": 1, "maximumFirstDays": 60, "defaultFirstDays": 31,
    });
    for (name, value) in changes.as_object().expect("changes") {
        input[name] = value.clone();
    }
    input
}

/// Creates one.
pub async fn create_model(app: &TestApp, reference: &str, changes: Value) -> Value {
    app.done("createInstalmentModel", model_input(reference, &changes), "model { id }").await["model"]["id"].take()
}

/// A contract over 1,200 euros on one account, with what a test says of it.
pub fn contract_input(account: &Account, changes: &Value) -> Value {
    let mut input = json!({
        "credit": euros("1200.00"), "receivingAccount": account.by(), "payingAccount": account.by(),
        "customer": { "id": account.owner }, "channel": "WEB",
    });
    for (name, value) in changes.as_object().expect("changes") {
        input[name] = value.clone();
    }
    input
}

/// Makes one.
pub async fn create(app: &TestApp, account: &Account, changes: &Value) -> Value {
    let input = contract_input(account, changes);
    app.done("createInstalmentContract", input, "contract { id }").await["contract"]["id"].take()
}
