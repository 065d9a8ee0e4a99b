//! The places of insurance and of payments through providers.

use serde_json::{Value, json};

/// Of questions.
pub const READS: &[(&str, usize, &str)] = &[
    (
        "Query.providerPayments.filter.account",
        2,
        "query($id: ID!) { providerPayments(filter: { account: $id }) { nodes { id } } }",
    ),
    ("Query.statement.by.id", 30, "query($id: ID!) { statement(by: { id: $id }) { id } }"),
    (
        "Query.statement.by.of.account.id",
        3,
        "query($id: ID!) { statement(by: { of: { account: { id: $id } } }) { id } }",
    ),
    (
        "CardAccount.history.bill",
        30,
        "query($id: ID!) { account(by: { number: \"A1\" }) { history(bill: $id) { nodes { operation } } } }",
    ),
    (
        "CardAccount.transactions.filter.statement",
        30,
        "query($id: ID!) { account(by: { number: \"A1\" }) { transactions(filter: { statement: $id }) { nodes { id } } } }",
    ),
    ("Query.leasePlan.id", 41, "query($id: ID!) { leasePlan(id: $id) { id } }"),
    ("Query.bill.id", 30, "query($id: ID!) { bill(id: $id) { id } }"),
    ("Query.insurancePackage.by.id", 25, "query($id: ID!) { insurancePackage(by: { id: $id }) { id code } }"),
    ("Query.insuranceContract.by.id", 26, "query($id: ID!) { insuranceContract(by: { id: $id }) { id status } }"),
    (
        "Query.insuranceContract.by.of.account.id",
        3,
        "query($id: ID!) { insuranceContract(by: { of: { account: { id: $id }, package: { code: \"mine\" } } }) { id } }",
    ),
    (
        "Query.insuranceContract.by.of.package.id",
        25,
        "query($id: ID!) { insuranceContract(by: { of: { account: { number: \"A2\" }, package: { id: $id } } }) { id } }",
    ),
    (
        "Query.insuranceContracts.filter.account",
        3,
        "query($id: ID!) { insuranceContracts(filter: { account: $id }) { nodes { id } } }",
    ),
    (
        "Query.insuranceContracts.filter.package",
        25,
        "query($id: ID!) { insuranceContracts(filter: { package: $id }) { nodes { id } } }",
    ),
];

/// Of mutations.
pub fn writes() -> Vec<(&'static str, usize, Value)> {
    let (id, euro) = (json!({ "id": "ID" }), json!({ "amount": "1.00", "currency": "EUR" }));
    let mine = json!({ "number": "A1" });
    let places = vec![
        (
            "createInsurancePackage.input.products.id",
            1,
            json!({ "code": "other", "name": "X", "products": [id], "premium": { "basis": "FIXED", "amount": euro, "period": "MONTH" },
                "events": [{ "code": "ON", "name": "X", "action": "ACTIVATE", "status": "ACTIVE" }] }),
        ),
        ("updateInsurancePackage.input.package.id", 25, json!({ "package": id, "name": "X" })),
        ("updateInsurancePackage.input.products.id", 1, json!({ "package": { "code": "mine" }, "products": [id] })),
        (
            "subscribeInsurance.input.account.id",
            2,
            json!({ "account": id, "package": { "code": "mine" }, "event": "ON" }),
        ),
        ("subscribeInsurance.input.package.id", 25, json!({ "account": mine, "package": id, "event": "ON" })),
        (
            "setBillingPlan.input.product.id",
            1,
            json!({ "product": id, "closureDay": 1, "paymentDays": 1, "minimumSharePct": "1" }),
        ),
        ("cancelDelinquency.input.account.id", 2, json!({ "account": id })),
        ("reprintStatement.input.statement.id", 30, json!({ "statement": id })),
        ("reprintStatement.input.statement.of.account.id", 2, json!({ "statement": { "of": { "account": id } } })),
        ("recordInsuranceEvent.input.insurance.id", 26, json!({ "insurance": id, "event": "ON" })),
        (
            "recordInsuranceEvent.input.insurance.of.account.id",
            3,
            json!({ "insurance": { "of": { "account": id, "package": { "code": "mine" } } }, "event": "ON" }),
        ),
        (
            "recordInsuranceEvent.input.insurance.of.package.id",
            25,
            json!({ "insurance": { "of": { "account": { "number": "A2" }, "package": id } }, "event": "ON" }),
        ),
        ("endInsurance.input.insurance.id", 26, json!({ "insurance": id, "reason": "X" })),
        (
            "endInsurance.input.insurance.of.account.id",
            3,
            json!({ "insurance": { "of": { "account": id, "package": { "code": "mine" } } }, "reason": "X" }),
        ),
        (
            "endInsurance.input.insurance.of.package.id",
            25,
            json!({ "insurance": { "of": { "account": { "number": "A2" }, "package": id } }, "reason": "X" }),
        ),
        ("initiateProviderPayment.input.account.id", 2, json!({ "account": id, "provider": "mine", "amount": euro })),
        ("captureProviderPayment.input.payment", 27, json!({ "payment": "ID" })),
        ("cancelProviderPayment.input.payment", 27, json!({ "payment": "ID" })),
        ("refundProviderPayment.input.payment", 27, json!({ "payment": "ID", "reason": "X" })),
        (
            "reconcileProviderPayout.input.payments",
            27,
            json!({ "provider": "mine", "payments": ["ID"], "amount": euro }),
        ),
    ];
    places.into_iter().chain(super::leasing::writes()).collect()
}
