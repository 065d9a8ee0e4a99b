//! Accounts that are opened together with their owner, the owner's addresses and the first card: one, and many.

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key, items};

/// An account to open with everything; a number for each.
fn opening(number: usize) -> Value {
    json!({
        "idempotencyKey": fresh_key(), "product": { "code": "credit-card" }, "number": format!("70{number:04}"),
        "owner": { "create": {
            "type": "PERSON", "firstName": "Eva", "lastName": format!("Ek {number}"), "number": format!("K{number:04}"),
            "addresses": [
                { "label": "MAIN_POSTAL_ADDRESS",
                  "content": { "postal": { "streetName": "Storgatan", "buildingNumber": number.to_string(), "postCode": "111 22", "townName": "Stockholm", "country": "SE" } },
                  "usages": [{ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" }] },
                { "label": "E_MAIL", "content": { "email": format!("eva{number}@example.com") } },
            ],
        } },
        "card": { "token": format!("token-{number:04}"), "main": true, "maskedNumber": "453210******4321",
            "expiry": { "year": 2031, "month": 12 }, "limits": { "perDay": "500" } },
    })
}

const SHOWN: &str = "account { number status ... on CardAccount {
    owner { number name addresses { nodes { label usages { name } } } address(label: \"MAIN_POSTAL_ADDRESS\") { postal { townName buildingNumber } } }
    mainCard { token holder { number } status limits { perDay { amount } } } } }";

fn expected(number: usize) -> Value {
    json!({
        "number": format!("70{number:04}"), "status": "OPEN",
        "owner": {
            "number": format!("K{number:04}"), "name": format!("Eva Ek {number}"),
            "addresses": { "nodes": [
                { "label": "MAIN_POSTAL_ADDRESS", "usages": [{ "name": "STATEMENT_SENDING" }] },
                { "label": "E_MAIL", "usages": [] },
            ] },
            "address": { "postal": { "townName": "Stockholm", "buildingNumber": number.to_string() } },
        },
        "mainCard": {
            "token": format!("token-{number:04}"), "holder": { "number": format!("K{number:04}") }, "status": "ACTIVE",
            "limits": { "perDay": { "amount": "500.00" } },
        },
    })
}

on_both_databases! {
    async fn an_account_is_opened_with_its_owner_addresses_and_card_in_one_step(app: TestApp) {
        let input = opening(1);
        let done = app.done("openAccount", input.clone(), &format!("{SHOWN} replayed")).await;
        assert_eq!((&done["account"], &done["replayed"]), (&expected(1), &json!(false)));
        let again = app.done("openAccount", input, &format!("{SHOWN} replayed")).await;
        assert_eq!((&again["account"], &again["replayed"]), (&expected(1), &json!(true)));

        // What any part of it is refused for, the whole is refused for, and nothing of it is left.
        let before = app.picture().await;
        for (pointer, value, code, field) in [
            ("/product/code", json!("no such"), "NOT_FOUND", "product"),
            ("/number", json!("700001"), "DUPLICATE_REFERENCE", "number"),
            ("/owner/create/lastName", json!(""), "INVALID_INPUT", "owner.create.lastName"),
            ("/owner/create/number", json!("K0001"), "DUPLICATE_REFERENCE", "owner.create.number"),
            ("/card/token", json!("token-0001"), "DUPLICATE_CARD_TOKEN", "card.token"),
        ] {
            let mut input = opening(2);
            *input.pointer_mut(pointer).expect(pointer) = value;
            app.refused("openAccount", input, code, field).await;
        }
        let mut input = opening(2);
        input["owner"]["create"]["addresses"][0]["content"]["postal"]["country"] = json!("??");
        let result = app.mutate("openAccount", input, "replayed").await.data()["openAccount"].take();
        let path = result["fields"][0]["path"].as_array().expect("a path");
        assert_eq!(path[..4], [json!("owner"), json!("create"), json!("addresses"), json!("0")], "{result}");
        assert_eq!(app.picture().await, before);
        let done = app.done("openAccount", opening(2), SHOWN).await;
        assert_eq!(done["account"], expected(2));
    }

    async fn five_hundred_are_opened_with_everything_in_one_batch(app: TestApp) {
        let mut all: Vec<Value> = (0..500).map(opening).collect();
        // One that is refused stops none of the others.
        all[250]["card"]["token"] = json!("token-0001");
        let done = app.done("openAccountBatch", json!({ "items": all }), &items("... on OpenAccountSuccess { account { number } }")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(499), &json!(1)));
        assert_eq!(done["items"][250]["result"]["code"], "DUPLICATE_CARD_TOKEN");
        assert_eq!(done["items"][250]["result"]["fields"][0]["path"], json!(["items", "250", "card", "token"]));
        let query = format!(
            "query($by: AccountBy!) {{ {} }}",
            SHOWN.replacen("account {", "account(by: $by) {", 1)
        );
        for number in [0, 1, 249, 251, 499] {
            let found = app.ok(&query, json!({ "by": { "number": format!("70{number:04}") } })).await;
            assert_eq!(found["account"], expected(number));
        }
        let missing = app.ok(&query, json!({ "by": { "number": "700250" } })).await;
        assert_eq!(missing["account"], Value::Null);
        assert_eq!(app.ok("{ customer(by: { number: \"K0250\" }) { id } }", json!({})).await["customer"], Value::Null);
    }

    async fn what_is_offered_on_a_customer_counts_its_state_and_the_token(app: TestApp) {
        let (owner, other) = (app.customer().await, app.customer().await);
        let query = "query($id: ID!) { customer(by: { id: $id }) { actions { action allowed reason } } }";
        let offered = async |app: &TestApp, id: &str| {
            let found = app.ok(query, json!({ "id": id })).await["customer"]["actions"].take();
            let allowed = found.as_array().expect("actions").iter().filter(|action| action["allowed"] == true);
            allowed.map(|action| action["action"].as_str().expect("a name").to_owned()).collect::<Vec<_>>().join(" ")
        };
        let all = "UPDATE_CUSTOMER OPEN_ACCOUNT CREATE_ADDRESS MERGE_INTO ERASE_CUSTOMER";
        assert_eq!(offered(&app, &owner).await, all);
        assert_eq!(offered(&app.with_scopes("read money"), &owner).await, "");
        assert_eq!(offered(&app.bound_to(&owner), &owner).await, "UPDATE_CUSTOMER CREATE_ADDRESS");
        let merge = json!({ "customer": { "id": other }, "into": { "id": owner } });
        let waits = app.refused("mergeCustomers", merge, "APPROVAL_REQUIRED", "").await["facts"]["approval"].take();
        let second = app.with_client("checker").with_scopes("read approve");
        second.done("approve", json!({ "approval": waits }), "approval { state }").await;
        assert_eq!(offered(&app, &other).await, "");
        app.refused("updateCustomer", json!({ "customer": { "id": other }, "firstName": "X" }), "CUSTOMER_MERGED", "customer").await;
    }
}
