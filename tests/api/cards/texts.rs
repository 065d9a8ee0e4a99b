//! Whole numbers of cards are taken in no text and no metadata of any mutation, in whatever notation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{TestApp, euros, eventually, fresh_key, is_batch, items, mutation};

/// Held against a check of their own.
const OWN_CHECK: &[&str] = &["paymentReference"];

const NUMBER: &str = "paid with 4111 1111-1111.1111 ok";

/// A type of the schema by its name.
fn find<'a>(types: &'a [Value], name: &str) -> &'a Value {
    types.iter().find(|one| one["name"] == name).expect("a type")
}

/// Something that an input of a type may be, with what is required in it and nothing else; with `path`, the field at that
/// path is there as well and has the value.
fn sample(types: &[Value], of: &Value, path: &[String], value: &Value) -> Value {
    match of["kind"].as_str().expect("a kind") {
        "NON_NULL" => sample(types, &of["ofType"], path, value),
        "LIST" => {
            let below = path.split_first().map_or(path, |(_, below)| below);
            json!([sample(types, &of["ofType"], below, value)])
        }
        "ENUM" => find(types, of["name"].as_str().expect("a name"))["enumValues"][0]["name"].clone(),
        "SCALAR" if path.is_empty() && !value.is_null() => value.clone(),
        "SCALAR" => match of["name"].as_str().expect("a name") {
            "Int" => json!(1),
            "Boolean" => json!(false),
            "Decimal" => json!("1"),
            "CurrencyCode" => json!("EUR"),
            "Date" => json!("2026-04-15"),
            "DateTime" => json!("2026-04-15T09:30:00Z"),
            "LocalTime" => json!("09:30:00"),
            "JSON" => json!({}),
            "ID" => json!("x"),
            "Upload" => json!("konto-upload:0"),
            "BigInt" => json!("1"),
            "Cursor" => json!("A-CURSOR"),
            "String" => json!(fresh_key()),
            other => json!(format!("a {other}")),
        },
        "INPUT_OBJECT" => {
            let one = find(types, of["name"].as_str().expect("a name"));
            let fields = one["inputFields"].as_array().expect("fields");
            let wanted = path.first();
            let is_one_of = one["isOneOf"] == true;
            let mut object = serde_json::Map::new();
            for (place, field) in fields.iter().enumerate() {
                let name = field["name"].as_str().expect("a name");
                let on_the_way = wanted.is_some_and(|wanted| wanted == name);
                let is_needed = match is_one_of {
                    true => wanted.is_none() && place == 0,
                    false => field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null(),
                };
                if on_the_way {
                    object.insert(name.into(), sample(types, &field["type"], &path[1..], value));
                } else if is_needed {
                    object.insert(name.into(), sample(types, &field["type"], &[], &Value::Null));
                }
            }
            Value::Object(object)
        }
        other => panic!("{other}"),
    }
}

/// Every place for a text or metadata in an input, as a path; a list's item is its first.
fn places(
    types: &[Value],
    of: &Value,
    path: &mut Vec<String>,
    above: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, String)>,
) {
    match of["kind"].as_str().expect("a kind") {
        "NON_NULL" => places(types, &of["ofType"], path, above, found),
        "LIST" => {
            path.push("0".into());
            places(types, &of["ofType"], path, above, found);
            path.pop();
        }
        "SCALAR" => {
            let name = of["name"].as_str().expect("a name");
            if matches!(name, "String" | "JSON") {
                found.push((path.clone(), name.to_owned()));
            }
        }
        "INPUT_OBJECT" => {
            let name = of["name"].as_str().expect("a name").to_owned();
            if above.contains(&name) {
                return;
            }
            above.push(name.clone());
            for field in find(types, &name)["inputFields"].as_array().expect("fields") {
                let own = field["name"].as_str().expect("a name");
                if !OWN_CHECK.contains(&own) {
                    path.push(own.into());
                    places(types, &field["type"], path, above, found);
                    path.pop();
                }
            }
            above.pop();
        }
        _ => {}
    }
}

const OF: &str = "{ kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

async fn types(app: &TestApp) -> Vec<Value> {
    let query = format!(
        "{{ __schema {{ types {{ kind name isOneOf enumValues {{ name }} fields {{ name args {{ name type {OF} }} }}
            inputFields {{ name defaultValue type {OF} }} }} }} }}"
    );
    let schema = app.ok(&query, json!({})).await;
    schema["__schema"]["types"].as_array().expect("types").clone()
}

on_both_databases! {
    async fn no_text_of_any_mutation_takes_a_cards_number(app: TestApp) {
        let types = types(&app).await;
        let mutations = find(&types, "Mutation")["fields"].as_array().expect("fields").clone();
        let before = app.picture().await;
        let cursor = app.last_cursor().await;
        let mut tried = BTreeSet::new();
        for field in &mutations {
            let (name, of) = (field["name"].as_str().expect("a name"), &field["args"][0]["type"]);
            let mut found = Vec::new();
            places(&types, of, &mut Vec::new(), &mut Vec::new(), &mut found);
            for (path, scalar) in found {
                let value = if scalar == "JSON" { json!({ "a": [NUMBER] }) } else { json!(NUMBER) };
                let input = sample(&types, of, &path, &value).to_string().replace("\"A-CURSOR\"", &cursor.to_string());
                let input: Value = serde_json::from_str(&input).expect("JSON");
                let selection = if is_batch(name) { items("") } else { "__typename".to_owned() };
                let (query, variables) = mutation(name, input.clone(), &selection);
                let answer = app.graphql(&query, variables).await;
                let result = &answer.body["data"][name];
                let (result, expected) = match is_batch(name) {
                    true => (&result["items"][0]["result"], path.clone()),
                    false => (result, path.clone()),
                };
                assert_eq!(result["code"], "CARD_NUMBER_NOT_KEPT", "{name} {path:?} {input}: {}", answer.body);
                assert_eq!(result["fields"][0]["path"], json!(expected), "{name} {input}");
                tried.insert(format!("{name}.{}", path.join(".")));
            }
        }
        for place in [
            "transfer.messageToSender", "createCustomer.lastName", "createCustomer.metadata", "closeAccount.transactions.0.target.writeOff.reason",
            "openAccountBatch.items.0.owner.create.externalReference", "addCard.card.token", "createWebhook.url", "transfer.idempotencyKey",
        ] {
            assert!(tried.contains(place), "{place} is not among {tried:?}");
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_number_is_refused_in_any_notation_and_named(app: TestApp) {
        let account = app.account("current").await;
        let payment = |more: Value| {
            let mut input = json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        for (more, path) in [
            (json!({ "description": "4111111111111111" }), "description"),
            (json!({ "description": "card4111.1111.1111.1111x" }), "description"),
            (json!({ "description": "4111,1111,1111,1111" }), "description"),
            (json!({ "description": "4111 | 1111 | 1111 | 1111" }), "description"),
            (json!({ "description": "(4111)(1111)(1111)(1111)" }), "description"),
            (json!({ "metadata": { "groups": ["4111", "1111", "1111", "1111"] } }), "metadata"),
            (json!({ "metadata": { "groups": [4111, 1111, 1111, 1111] } }), "metadata"),
            (json!({ "description": "٤١١١ ١١١١ ١١١١ ١١١١" }), "description"),
            (json!({ "metadata": { "pan": 4_111_111_111_111_111_u64 } }), "metadata"),
            (json!({ "metadata": { "4111111111111111": true } }), "metadata"),
            (json!({ "metadata": { "a": { "b": [1, { "c": "5555-5555-5555-4444" }] } } }), "metadata"),
            (json!({ "externalReference": { "reference": "378282246310005" } }), "externalReference.reference"),
            (json!({ "counterparty": { "name": "Ada 4111111111111111" } }), "counterparty.name"),
            (json!({ "counterparty": { "account": "4111111111111111" } }), "counterparty.account"),
            (json!({ "reference": "card 4111111111111111" }), "reference"),
        ] {
            app.refused("postPayment", payment(more), "CARD_NUMBER_NOT_KEPT", path).await;
        }
        // Written into the document instead of a variable.
        let query = "mutation { createParty(input: { idempotencyKey: \"k\", name: \"4111 1111 1111 1111\", metadata: { a: \"4111111111111111\" } }) {
            ... on Refusal { code fields { path } } } }";
        let refused = app.ok(query, json!({})).await["createParty"].take();
        assert_eq!(refused, json!({ "code": "CARD_NUMBER_NOT_KEPT", "fields": [{ "path": ["name"] }, { "path": ["metadata"] }] }));
        // What the document says of a variable that is not given, and variables within JSON.
        let query = "mutation($b: String! = \"4111111111111111\") { createParty(input: { idempotencyKey: \"k\", name: $b }) {
            ... on Refusal { code fields { path } } } }";
        let refused = app.ok(query, json!({})).await["createParty"].take();
        assert_eq!(refused, json!({ "code": "CARD_NUMBER_NOT_KEPT", "fields": [{ "path": ["name"] }] }));
        let query = "mutation($a: JSON) { createParty(input: { idempotencyKey: \"k\", name: \"X\", metadata: { a: $a } }) {
            ... on Refusal { code } } }";
        let answer = app.graphql(query, json!({ "a": { "b": "4111111111111111" } })).await.body.to_string();
        assert!(answer.contains("CARD_NUMBER_NOT_KEPT") || answer.contains("BAD_REQUEST"), "{answer}");
        assert_eq!(app.balance(&account).await, "0.00");
        // What looks alike.
        for more in [
            json!({ "description": "4111.00, 1111.00, 1111.00, 1111.00" }),
            json!({ "metadata": { "amounts": ["4111.00", "1111.00", "1111.00", "1111.00"], "telephones": ["+4741111111", "+4711111111"] } }),
            json!({ "description": "411111******1111" }),
            json!({ "description": "to SE35 5000 0000 0549 1000 0003" }),
            json!({ "description": "4111 1111 1111 1112" }),
            json!({ "metadata": { "id": "acc_0190a000411111111111111100000000", "at": 1_764_252_333_123_456_u64 } }),
            json!({ "counterparty": { "account": "SE3550000000054910000003" } }),
            json!({ "counterparty": { "account": "30569309025904" } }),
            // What a payment carries is the receiver's number, with a check of its own; with anything beside it, a text.
            json!({ "reference": "4111 1111 1111 1111" }),
        ] {
            app.done("postPayment", payment(more), "replayed").await;
        }
        // Nor does the rest of an all-or-nothing batch come through.
        let person = |key: &str, name: &str| json!({ "idempotencyKey": key, "type": "PERSON", "lastName": name });
        let people = json!([person("a", "Ada"), person("b", "4111111111111111")]);
        let batch = json!({ "items": people, "mode": "ALL_OR_NOTHING" });
        let done = app.done("createCustomerBatch", batch, &items("")).await;
        let codes: Vec<&Value> = done["items"].as_array().expect("items").iter().map(|item| &item["result"]["code"]).collect();
        assert_eq!(json!(codes), json!(["BATCH_REFUSED", "CARD_NUMBER_NOT_KEPT"]));
        assert_eq!(done["items"][1]["result"]["fields"][0]["path"], json!(["items", "1", "lastName"]));
        let done = app.done("createCustomerBatch", json!({ "items": people }), &items("")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1), &json!(1)));
        let background = app.done("createCustomerBatch", json!({ "items": [person("c", "4111111111111111")], "async": true }), "job { id }").await;
        let query = "query($id: ID!) { job(id: $id) { items { nodes { refusal { code fields { path } } } } } }";
        eventually("the item's turn", || async {
            let job = app.ok(query, json!({ "id": background["job"]["id"] })).await;
            job["job"].to_string().contains("CARD_NUMBER_NOT_KEPT")
        })
        .await;
    }
}
