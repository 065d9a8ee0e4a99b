//! Products: the catalogue that a tenant starts with, and products as data.

use serde_json::{Value, json};

use crate::app::{TestApp, euros, fresh_key, numbered};

const ALL: &str = "product { id code alias family workingMode currency debtRule repaymentOrder
    defaultCreditLimit { amount currency } maximumCreditLimit { amount } maximumBalance { amount }
    retired metadata createdAt } replayed";

/// A product that can be created, with some fields otherwise.
pub fn product(more: Value) -> Value {
    let mut input = json!({
        "code": numbered("product"), "alias": "A product", "family": "REVOLVING_CREDIT", "currency": "EUR", "debtRule": "LIMIT",
    });
    for (name, value) in more.as_object().expect("an object") {
        input[name] = value.clone();
    }
    input
}

/// Creates a product. Gives its code.
pub async fn create(app: &TestApp, more: Value) -> String {
    let done = app.done("createProduct", product(more), "product { code }").await;
    done["product"]["code"].as_str().expect("a code").to_owned()
}

async fn codes(app: &TestApp, filter: Value) -> Vec<String> {
    let query = "query($filter: ProductFilter) { products(filter: $filter, first: 100) { nodes { code } } }";
    let data = app.ok(query, json!({ "filter": filter })).await;
    let nodes = data["products"]["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect()
}

on_both_databases! {
    async fn a_new_tenant_has_a_product_of_every_family(app: TestApp) {
        let query = "{ products(first: 100) { nodes { code family workingMode debtRule currency retired
            defaultCreditLimit { amount } maximumCreditLimit { amount } maximumBalance { amount } repaymentOrder } } }";
        let products = app.ok(query, json!({})).await["products"]["nodes"].take();
        let products = products.as_array().expect("nodes");
        let rows: Vec<Value> = products
            .iter()
            .map(|it| {
                json!([it["code"], it["family"], it["workingMode"], it["debtRule"], it["defaultCreditLimit"]["amount"]])
            })
            .collect();
        assert_eq!(
            json!(rows),
            json!([
                ["current", "DEPOSIT", null, "NONE", "0.00"],
                ["current-overdraft", "DEPOSIT", null, "LIMIT", "500.00"],
                ["savings", "DEPOSIT", null, "NONE", "0.00"],
                ["investment", "INVESTMENT", null, "NONE", "0.00"],
                ["leasing", "LEASING", null, "LIMIT", "0.00"],
                ["revolving", "REVOLVING_CREDIT", null, "LIMIT", "2000.00"],
                ["virtual", "VIRTUAL", null, "NONE", "0.00"],
                ["credit-card", "CARD", "PAY_LATER", "LIMIT", "3000.00"],
                ["debit-card", "CARD", "PAY_NOW", "LIMIT", "1000.00"],
                ["prepaid-card", "CARD", "PAY_BEFORE", "NONE", "0.00"],
                ["invoice", "INVOICE", null, "LIMIT", "1000.00"],
                ["loan", "LOAN", null, "LIMIT", "0.00"],
                ["receivable", "RECEIVABLE", null, "UNLIMITED", "0.00"],
            ])
        );
        for product in products {
            assert_eq!((&product["currency"], &product["retired"]), (&json!("EUR"), &json!(false)));
            assert_eq!(product["repaymentOrder"], json!(["FEE", "INTEREST", "PRINCIPAL"]));
        }
        let schema = app.ok("{ __type(name: \"AccountFamily\") { enumValues { name } } }", json!({})).await;
        for family in schema["__type"]["enumValues"].as_array().expect("values") {
            assert!(products.iter().any(|product| product["family"] == family["name"]), "{family}");
        }
    }

    async fn a_product_is_created_found_and_listed(app: TestApp) {
        let input = json!({
            "code": "gold", "alias": "Gold card", "family": "CARD", "workingMode": "PAY_LATER", "currency": "SEK",
            "debtRule": "LIMIT", "repaymentOrder": ["PRINCIPAL", "FEE", "INTEREST"], "defaultCreditLimit": "100",
            "maximumCreditLimit": "5000.5", "maximumBalance": "20000.00", "metadata": { "tier": 3 },
        });
        let product = app.done("createProduct", input, ALL).await["product"].take();
        assert!(product["id"].as_str().expect("an id").starts_with("prd_"));
        let mut expected = json!({
            "code": "gold", "alias": "Gold card", "family": "CARD", "workingMode": "PAY_LATER", "currency": "SEK",
            "debtRule": "LIMIT", "repaymentOrder": ["PRINCIPAL", "FEE", "INTEREST"],
            "defaultCreditLimit": { "amount": "100.00", "currency": "SEK" }, "maximumCreditLimit": { "amount": "5000.50" },
            "maximumBalance": { "amount": "20000.00" }, "retired": false, "metadata": { "tier": 3 },
            "createdAt": "2026-04-15T09:30:00.000000Z",
        });
        expected["id"] = product["id"].clone();
        assert_eq!(product, expected);

        let query = "query($by: ProductBy!) { product(by: $by) { id } }";
        for (by, found) in [
            (json!({ "code": "gold" }), true),
            (json!({ "id": product["id"] }), true),
            (json!({ "code": "GOLD" }), false),
            (json!({ "id": "prd_?" }), false),
        ] {
            let data = app.ok(query, json!({ "by": by })).await;
            assert_eq!(data["product"]["id"] == product["id"], found, "{by}");
        }
        assert_eq!(
            codes(&app, json!({ "family": "CARD" })).await,
            ["credit-card", "debit-card", "prepaid-card", "gold"]
        );
        assert_eq!(codes(&app, json!({ "family": "LEASING" })).await, ["leasing"]);

        let query = "query($after: String) { products(first: 5, after: $after) { nodes { code } pageInfo { hasNextPage endCursor } } }";
        let (mut after, mut paged) = (Value::Null, Vec::new());
        loop {
            let page = app.ok(query, json!({ "after": after })).await["products"].take();
            paged.extend(
                page["nodes"]
                    .as_array()
                    .expect("nodes")
                    .iter()
                    .map(|node| node["code"].as_str().expect("a code").to_owned()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, codes(&app, Value::Null).await);
        assert_eq!(paged.len(), 14);
    }

    async fn a_definition_that_makes_no_sense_is_refused(app: TestApp) {
        let before = app.picture().await;
        for (more, code, field) in [
            (json!({ "code": "" }), "INVALID_INPUT", "code"),
            (json!({ "code": "gold " }), "INVALID_INPUT", "code"),
            (json!({ "code": "current" }), "DUPLICATE_REFERENCE", "code"),
            (json!({ "alias": "" }), "INVALID_INPUT", "alias"),
            (json!({ "family": "CARD" }), "INVALID_INPUT", "workingMode"),
            (json!({ "workingMode": "PAY_LATER" }), "INVALID_INPUT", "workingMode"),
            (json!({ "family": "CARD", "workingMode": "PAY_BEFORE" }), "INVALID_INPUT", "debtRule"),
            (json!({ "family": "VIRTUAL" }), "INVALID_INPUT", "debtRule"),
            (json!({ "repaymentOrder": [] }), "INVALID_INPUT", "repaymentOrder"),
            (json!({ "repaymentOrder": ["FEE", "INTEREST"] }), "INVALID_INPUT", "repaymentOrder"),
            (json!({ "repaymentOrder": ["FEE", "FEE", "INTEREST"] }), "INVALID_INPUT", "repaymentOrder"),
            (json!({ "defaultCreditLimit": "-1" }), "INVALID_INPUT", "defaultCreditLimit"),
            (json!({ "defaultCreditLimit": "1.001" }), "INVALID_INPUT", "defaultCreditLimit"),
            (json!({ "defaultCreditLimit": "1000000000000000000" }), "AMOUNT_OUT_OF_RANGE", "defaultCreditLimit"),
            (json!({ "defaultCreditLimit": "2", "maximumCreditLimit": "1" }), "LIMIT_EXCEEDED", "defaultCreditLimit"),
            (json!({ "defaultCreditLimit": "1", "debtRule": "NONE" }), "INVALID_INPUT", "defaultCreditLimit"),
            (json!({ "defaultCreditLimit": "1", "debtRule": "UNLIMITED" }), "INVALID_INPUT", "defaultCreditLimit"),
            (json!({ "maximumCreditLimit": "-0.01" }), "INVALID_INPUT", "maximumCreditLimit"),
            (json!({ "maximumCreditLimit": "1", "debtRule": "NONE" }), "INVALID_INPUT", "maximumCreditLimit"),
            (json!({ "maximumCreditLimit": "1", "debtRule": "UNLIMITED" }), "INVALID_INPUT", "maximumCreditLimit"),
            (json!({ "maximumBalance": "0" }), "INVALID_INPUT", "maximumBalance"),
            (json!({ "maximumBalance": "0.001" }), "INVALID_INPUT", "maximumBalance"),
        ] {
            app.refused("createProduct", product(more), code, field).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_product_is_changed_field_by_field(app: TestApp) {
        let code =
            create(&app, json!({ "maximumCreditLimit": "500", "maximumBalance": "900", "metadata": { "a": 1 } })).await;
        let change = async |more: Value| {
            let mut input = json!({ "product": { "code": code } });
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            let product = app.done("updateProduct", input, ALL).await["product"].take();
            let amount = |name: &str| product[name]["amount"].clone();
            json!([
                product["alias"],
                amount("defaultCreditLimit"),
                amount("maximumCreditLimit"),
                amount("maximumBalance"),
                product["retired"],
                product["metadata"],
            ])
        };
        let a = json!({ "a": 1 });
        assert_eq!(change(json!({})).await, json!(["A product", "0.00", "500.00", "900.00", false, a]));
        assert_eq!(
            change(json!({ "alias": "Renamed" })).await,
            json!(["Renamed", "0.00", "500.00", "900.00", false, a])
        );
        assert_eq!(
            change(json!({ "defaultCreditLimit": "250" })).await,
            json!(["Renamed", "250.00", "500.00", "900.00", false, a])
        );
        assert_eq!(
            change(json!({ "maximumCreditLimit": null })).await,
            json!(["Renamed", "250.00", null, "900.00", false, a])
        );
        assert_eq!(
            change(json!({ "maximumBalance": null, "retired": true })).await,
            json!(["Renamed", "250.00", null, null, true, a])
        );
        assert_eq!(
            change(json!({ "metadata": {}, "retired": false })).await,
            json!(["Renamed", "250.00", null, null, false, {}])
        );

        assert_eq!(
            change(json!({ "metadata": { "b": 2 } })).await,
            json!(["Renamed", "250.00", null, null, false, { "b": 2 }])
        );
        assert_eq!(change(json!({ "metadata": null })).await, json!(["Renamed", "250.00", null, null, false, {}]));

        let by = json!({ "code": code });
        let limits = json!({ "product": by, "maximumCreditLimit": "249.99" });
        app.refused("updateProduct", limits, "LIMIT_EXCEEDED", "defaultCreditLimit").await;
        app.refused("updateProduct", json!({ "product": by, "alias": " " }), "INVALID_INPUT", "alias").await;
        let prepaid = json!({ "product": { "code": "prepaid-card" }, "maximumCreditLimit": "1" });
        app.refused("updateProduct", prepaid, "INVALID_INPUT", "maximumCreditLimit").await;
        for field in ["alias", "defaultCreditLimit", "retired"] {
            app.refused("updateProduct", json!({ "product": by, field: null }), "INVALID_INPUT", field).await;
        }
        app.refused("updateProduct", json!({ "product": { "code": "no such" } }), "NOT_FOUND", "product").await;
        app.refused("updateProduct", json!({ "product": { "id": "prd_?" } }), "NOT_FOUND", "product").await;
        assert_eq!(change(json!({})).await, json!(["Renamed", "250.00", null, null, false, {}]));
    }

    async fn accounts_keep_what_they_were_opened_with(app: TestApp) {
        let code = create(&app, json!({ "defaultCreditLimit": "300", "maximumBalance": "100" })).await;
        let old = app.account(&code).await;
        let change = json!({
            "product": { "code": code }, "defaultCreditLimit": "50", "maximumCreditLimit": "60", "maximumBalance": "10",
        });
        app.done("updateProduct", change, ALL).await;
        let young = app.account(&code).await;
        let query = "query($by: AccountBy!) { account(by: $by) { creditLimit { amount } maximumBalance { amount } } }";
        for (account, limit, maximum) in [(&old, "300.00", "100.00"), (&young, "50.00", "10.00")] {
            let found = app.ok(query, json!({ "by": account.by() })).await["account"].take();
            assert_eq!(found, json!({ "creditLimit": { "amount": limit }, "maximumBalance": { "amount": maximum } }));
        }
        app.pay_in(&old, "100.00").await;
        let payment = json!({ "account": young.by(), "amount": euros("10.01"), "channel": "CASH" });
        app.refused("postPayment", payment, "LIMIT_EXCEEDED", "account").await;
    }

    async fn a_retired_product_opens_no_accounts(app: TestApp) {
        let code = create(&app, json!({})).await;
        let old = app.account(&code).await;
        let retire = async |retired: bool| {
            app.done("updateProduct", json!({ "product": { "code": code }, "retired": retired }), "product { retired }")
                .await
        };
        retire(true).await;
        let open = json!({ "product": { "code": code }, "owner": { "id": old.owner } });
        app.refused("openAccount", open.clone(), "INVALID_STATE", "product").await;
        // What is open goes on.
        app.pay_in(&old, "5.00").await;
        retire(false).await;
        app.open(open).await;
    }

    async fn a_repeated_request_gives_the_first_product_again(app: TestApp) {
        let key = fresh_key();
        let input = product(json!({ "idempotencyKey": key, "code": "once" }));
        let first = app.done("createProduct", input.clone(), ALL).await;
        let again = app.done("createProduct", input, ALL).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["product"]),
            (&json!(false), &json!(true), &again["product"])
        );
        let reused = product(json!({ "idempotencyKey": key, "code": "twice" }));
        app.refused("createProduct", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        let input = json!({ "idempotencyKey": fresh_key(), "product": { "code": "once" }, "retired": true });
        assert_eq!(app.done("updateProduct", input.clone(), ALL).await["replayed"], false);
        assert_eq!(app.done("updateProduct", input, ALL).await["replayed"], true);
        let query =
            "{ events(first: 100, filter: { types: [PRODUCT_CREATED, PRODUCT_UPDATED] }) { nodes { type payload } } }";
        let mut events = app.ok(query, json!({})).await["events"]["nodes"].take();
        // Behind those that the tenant began with.
        let events = events.as_array_mut().expect("events").split_off(13);
        let payload = json!({ "product": first["product"]["id"], "code": "once" });
        let event = |type_: &str| json!({ "type": type_, "payload": payload });
        assert_eq!(events, [event("PRODUCT_CREATED"), event("PRODUCT_UPDATED")]);
    }
}
