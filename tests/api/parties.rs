//! Parties: whom money is owed to inside the tenant; accounts that belong to one.

mod money;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key, numbered};

const ALL: &str = "party { id number externalReference name metadata createdAt } replayed";

/// Creates a party. Gives its id.
pub async fn party(app: &TestApp, input: Value) -> String {
    let done = app.done("createParty", input, "party { id }").await;
    done["party"]["id"].as_str().expect("an id").to_owned()
}

async fn find(app: &TestApp, by: Value) -> Value {
    let query = "query($by: PartyBy!) { party(by: $by) { id number externalReference name metadata } }";
    app.ok(query, json!({ "by": by })).await["party"].take()
}

async fn names(app: &TestApp, filter: Value) -> Vec<String> {
    let query = "query($filter: PartyFilter) { parties(filter: $filter, first: 100) { nodes { name } } }";
    let found = app.ok(query, json!({ "filter": filter })).await["parties"]["nodes"].take();
    found.as_array().expect("nodes").iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

/// The numbers of the accounts whose debt is owed to a party.
async fn owed(app: &TestApp, party: &str) -> Value {
    let query = "query($id: ID!) { party(by: { id: $id }) { accounts { nodes { number } } } }";
    let found = app.ok(query, json!({ "id": party })).await["party"]["accounts"]["nodes"].take();
    found.as_array().expect("nodes").iter().map(|node| node["number"].clone()).collect()
}

on_both_databases! {
    async fn a_party_is_created_and_found_by_each_of_its_names(app: TestApp) {
        let input = json!({ "number": "P-7", "externalReference": "crm-7", "name": "Elbolaget AB", "metadata": { "tier": 1 } });
        let mut made = app.done("createParty", input, ALL).await;
        let id = made["party"]["id"].take();
        assert!(id.as_str().expect("an id").starts_with("pty_"), "{id}");
        let expected = json!({ "id": null, "number": "P-7", "externalReference": "crm-7", "name": "Elbolaget AB",
            "metadata": { "tier": 1 }, "createdAt": "2026-04-15T09:30:00.000000Z" });
        assert_eq!((&made["party"], &made["replayed"]), (&expected, &json!(false)));
        for by in [json!({ "id": id }), json!({ "number": "P-7" }), json!({ "externalReference": "crm-7" })] {
            assert_eq!(find(&app, by).await["id"], id);
        }
        for by in [
            json!({ "id": "pty_00000000000000000000000000000000" }),
            json!({ "id": "" }),
            json!({ "number": "crm-7" }),
            json!({ "externalReference": "P-7" }),
            json!({ "id": app.customer().await }),
        ] {
            assert_eq!(find(&app, by).await, Value::Null);
        }
        let query = "query($by: PartyBy!) { party(by: $by) { id } }";
        app.fault(query, json!({ "by": {} }), "BAD_REQUEST").await;
        app.fault(query, json!({ "by": { "number": "P-7", "id": id } }), "BAD_REQUEST").await;
        let node = "query($id: ID!) { node(id: $id) { __typename id ... on Party { name } } nodes(ids: [$id]) { id } }";
        let found = app.ok(node, json!({ "id": id })).await;
        assert_eq!(found["node"], json!({ "__typename": "Party", "id": id, "name": "Elbolaget AB" }));
        assert_eq!(found["nodes"], json!([{ "id": id }]));

        // A number is made where none is given.
        let made = app.done("createParty", json!({ "name": "Other" }), ALL).await["party"].take();
        let number = made["number"].as_str().expect("a number");
        assert!(number.len() == 11 && number.starts_with('P') && number[1..].bytes().all(|b| b.is_ascii_digit()), "{number}");
        assert_eq!((&made["externalReference"], &made["metadata"]), (&Value::Null, &json!({})));
    }

    async fn a_party_is_changed_field_by_field(app: TestApp) {
        let id = party(&app, json!({ "number": "1", "externalReference": "a", "name": "One", "metadata": { "a": 1 } })).await;
        let change = async |more: Value| {
            let mut input = json!({ "party": { "number": "1" } });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let party = app.done("updateParty", input, ALL).await["party"].take();
            assert_eq!(party["id"], json!(id));
            json!(["number", "externalReference", "name", "metadata"].map(|name| party[name].clone()))
        };
        assert_eq!(change(json!({})).await, json!(["1", "a", "One", { "a": 1 }]));
        assert_eq!(change(json!({ "name": "Uno" })).await, json!(["1", "a", "Uno", { "a": 1 }]));
        assert_eq!(change(json!({ "externalReference": "b" })).await, json!(["1", "b", "Uno", { "a": 1 }]));
        assert_eq!(change(json!({ "metadata": { "b": 2 } })).await, json!(["1", "b", "Uno", { "b": 2 }]));
        assert_eq!(change(json!({ "externalReference": null, "metadata": null })).await, json!(["1", null, "Uno", {}]));
        assert_eq!(find(&app, json!({ "externalReference": "b" })).await, Value::Null);
        // What was freed may be taken.
        party(&app, json!({ "name": "Two", "externalReference": "b" })).await;
    }

    async fn what_makes_no_sense_is_refused_with_its_field(app: TestApp) {
        let known = party(&app, json!({ "number": "1", "externalReference": "a", "name": "One" })).await;
        let other = party(&app, json!({ "name": "Two" })).await;
        let before = app.picture().await;
        let long = "x".repeat(201);
        for (more, code, field) in [
            (json!({ "name": "" }), "INVALID_INPUT", "name"),
            (json!({ "name": long }), "INVALID_INPUT", "name"),
            (json!({ "name": "a\u{0}" }), "INVALID_INPUT", "name"),
            (json!({ "number": "" }), "INVALID_INPUT", "number"),
            (json!({ "number": " 1" }), "INVALID_INPUT", "number"),
            (json!({ "number": "1".repeat(65) }), "INVALID_INPUT", "number"),
            (json!({ "number": "1" }), "DUPLICATE_REFERENCE", "number"),
            (json!({ "externalReference": "a " }), "INVALID_INPUT", "externalReference"),
            (json!({ "externalReference": "a" }), "DUPLICATE_REFERENCE", "externalReference"),
            (json!({ "idempotencyKey": "" }), "INVALID_INPUT", "idempotencyKey"),
        ] {
            let mut input = json!({ "name": "Three" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.refused("createParty", input, code, field).await;
        }
        for (more, code, field) in [
            (json!({ "name": null }), "INVALID_INPUT", "name"),
            (json!({ "name": " " }), "INVALID_INPUT", "name"),
            (json!({ "externalReference": "" }), "INVALID_INPUT", "externalReference"),
            (json!({ "externalReference": "a" }), "DUPLICATE_REFERENCE", "externalReference"),
            (json!({ "party": { "number": "nobody" } }), "NOT_FOUND", "party"),
            (json!({ "party": { "id": "?" } }), "NOT_FOUND", "party"),
        ] {
            let mut input = json!({ "party": { "id": other } });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            app.refused("updateParty", input, code, field).await;
        }
        let metadata = json!({ "name": "Three", "metadata": [1] });
        app.mutate("createParty", metadata, ALL).await.fault("BAD_REQUEST");
        assert_eq!(app.picture().await, before);
        assert_eq!(names(&app, Value::Null).await, ["One", "Two"]);
        // Another tenant's names are its own.
        let elsewhere = app.with_tenant("other").await;
        assert_ne!(party(&elsewhere, json!({ "number": "1", "externalReference": "a", "name": "One" })).await, known);
        assert_eq!(names(&elsewhere, Value::Null).await, ["One"]);
    }

    async fn parties_are_listed_by_name_page_by_page(app: TestApp) {
        for name in ["Elbolaget AB", "Gym & Spa", "ELVERKET", "100% Rabatt_AB", "Öresund"] {
            party(&app, json!({ "name": name })).await;
        }
        assert_eq!(names(&app, json!({ "name": "el" })).await, ["Elbolaget AB", "ELVERKET"]);
        assert_eq!(names(&app, json!({ "name": "öre" })).await, ["Öresund"]);
        assert_eq!(names(&app, json!({ "name": "0%" })).await, ["100% Rabatt_AB"]);
        assert_eq!(names(&app, json!({ "name": "%" })).await, ["100% Rabatt_AB"]);
        assert_eq!(names(&app, json!({ "name": "nobody" })).await, Vec::<String>::new());
        let query = "query($after: String) { parties(first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }";
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut page = app.ok(query, json!({ "after": after })).await["parties"].take();
            seen.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()));
            after = page["pageInfo"]["endCursor"].take();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(json!(seen), json!(["Elbolaget AB", "Gym & Spa", "ELVERKET", "100% Rabatt_AB", "Öresund"]));
        app.fault("{ parties(first: 101) { nodes { id } } }", json!({}), "BAD_REQUEST").await;
        app.fault("{ parties(after: \"x\") { nodes { id } } }", json!({}), "BAD_REQUEST").await;
    }

    async fn accounts_belong_to_the_party_that_they_were_opened_for(app: TestApp) {
        let first = party(&app, json!({ "number": "P1", "externalReference": "ext-p", "name": "First" })).await;
        let second = party(&app, json!({ "number": "P2", "name": "Second" })).await;
        let owner = app.customer().await;
        let open = |number: &str, creditor: Value| {
            json!({ "product": { "code": "receivable" }, "owner": { "id": owner }, "number": number, "creditor": creditor })
        };
        for (number, creditor) in [
            ("1", json!({ "id": first })),
            ("2", json!({ "number": "P1" })),
            ("3", json!({ "externalReference": "ext-p" })),
            ("4", json!({ "number": "P2" })),
            ("5", Value::Null),
        ] {
            app.done("openAccount", open(number, creditor), "account { id }").await;
        }
        assert_eq!(owed(&app, &first).await, json!(["1", "2", "3"]));
        assert_eq!(owed(&app, &second).await, json!(["4"]));
        let query = "query($by: AccountBy!) { account(by: $by) { creditor { id number name } } }";
        let creditor = async |voice: &TestApp, number: &str| {
            voice.ok(query, json!({ "by": { "number": number } })).await["account"]["creditor"].take()
        };
        assert_eq!(creditor(&app, "2").await, json!({ "id": first, "number": "P1", "name": "First" }));
        assert_eq!(creditor(&app, "5").await, Value::Null);
        let filtered = "query($id: ID!) { accounts(filter: { creditor: $id }) { nodes { number } } }";
        let found = app.ok(filtered, json!({ "id": second })).await;
        assert_eq!(found["accounts"]["nodes"], json!([{ "number": "4" }]));
        let page = "query($id: ID!) { party(by: { id: $id }) { accounts(first: 2) { nodes { number } pageInfo { hasNextPage } } } }";
        let found = app.ok(page, json!({ "id": first })).await["party"]["accounts"].take();
        assert_eq!(found, json!({ "nodes": [{ "number": "1" }, { "number": "2" }], "pageInfo": { "hasNextPage": true } }));

        let before = app.picture().await;
        for creditor in [json!({ "number": "nobody" }), json!({ "id": "?" }), json!({ "id": owner })] {
            app.refused("openAccount", open("6", creditor), "NOT_FOUND", "creditor").await;
        }
        // In the order of the documentation: the product, the owner, the creditor.
        let nobody = json!({ "number": "nobody" });
        for (product, owner, path) in [("none", &nobody, "product"), ("receivable", &nobody, "owner")] {
            let several = json!({ "product": { "code": product }, "owner": owner, "creditor": nobody });
            app.refused("openAccount", several, "NOT_FOUND", path).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn an_account_goes_over_to_another_party_and_back_to_the_tenant(app: TestApp) {
        let first = party(&app, json!({ "number": "P1", "name": "First" })).await;
        let second = party(&app, json!({ "number": "P2", "name": "Second" })).await;
        let owner = app.customer().await;
        let open = json!({ "product": { "code": "receivable" }, "owner": { "id": owner }, "number": "1", "creditor": { "id": first } });
        let account = app.open(open).await;
        let change = async |more: Value| {
            let mut input = json!({ "account": account.by() });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let done = app.done("updateAccount", input, "account { creditor { number } }").await;
            done["account"]["creditor"]["number"].clone()
        };
        assert_eq!(change(json!({ "metadata": { "a": 1 } })).await, "P1");
        assert_eq!(change(json!({ "creditor": { "number": "P2" } })).await, "P2");
        assert_eq!((owed(&app, &first).await, owed(&app, &second).await), (json!([]), json!(["1"])));
        assert_eq!(change(json!({ "creditor": null })).await, Value::Null);
        assert_eq!((owed(&app, &first).await, owed(&app, &second).await), (json!([]), json!([])));
        assert_eq!(change(json!({ "creditor": null })).await, Value::Null);
        assert_eq!(change(json!({ "creditor": { "id": first } })).await, "P1");
        let before = app.picture().await;
        for creditor in [json!({ "number": "nobody" }), json!({ "id": "?" }), json!({ "id": owner })] {
            let input = json!({ "account": account.by(), "creditor": creditor, "externalReference": "new" });
            app.refused("updateAccount", input, "NOT_FOUND", "creditor").await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_customers_token_sees_no_parties(app: TestApp) {
        let id = party(&app, json!({ "number": "P1", "externalReference": "ext-p", "name": "Creditor" })).await;
        let owner = app.customer().await;
        let open = json!({ "product": { "code": "receivable" }, "owner": { "id": owner }, "number": "1", "creditor": { "id": id } });
        let account = app.open(open).await;
        let bound = app.bound_to(&owner);
        for by in [json!({ "id": id }), json!({ "number": "P1" }), json!({ "externalReference": "ext-p" })] {
            assert_eq!(find(&bound, by).await, Value::Null);
        }
        assert_eq!(names(&bound, Value::Null).await, Vec::<String>::new());
        assert_eq!(names(&bound, json!({ "name": "Cred" })).await, Vec::<String>::new());
        let query = "query($id: ID!, $by: AccountBy!) { node(id: $id) { id } account(by: $by) { id creditor { id } }
            accounts(filter: { creditor: $id }) { nodes { id } } all: accounts { nodes { id creditor { id } } } }";
        let seen = bound.ok(query, json!({ "id": id, "by": account.by() })).await;
        assert_eq!((&seen["node"], &seen["account"]), (&Value::Null, &json!({ "id": account.id, "creditor": null })));
        assert_eq!(seen["all"]["nodes"], json!([{ "id": account.id, "creditor": null }]));
        // What it may not know of does not tell its accounts apart: any party is that of nothing.
        let nothing = bound.ok(query, json!({ "id": "pty_00000000000000000000000000000000", "by": account.by() })).await;
        assert_eq!(seen["accounts"], nothing["accounts"]);
        bound.mutate("createParty", json!({ "name": "X" }), "replayed").await.fault("FORBIDDEN");
        bound.mutate("updateParty", json!({ "party": { "id": id }, "name": "X" }), "replayed").await.fault("FORBIDDEN");
        assert_eq!(find(&app, json!({ "id": id })).await["name"], "Creditor");
        // Its account stays owed to whom it is, whatever the token may change of it.
        for creditor in [json!({ "id": id }), json!({ "number": "P1" }), json!({ "number": "nobody" }), Value::Null] {
            let input = json!({ "account": account.by(), "creditor": creditor });
            bound.refused("updateAccount", input, "NOT_FOUND", "creditor").await;
        }
        bound.done("updateAccount", json!({ "account": account.by(), "metadata": { "mine": true } }), "replayed").await;
        assert_eq!(owed(&app, &id).await, json!(["1"]));
        // Nor do its events tell of one.
        let events = bound.ok("{ events(first: 100) { nodes { type payload } } }", json!({})).await.to_string();
        assert!(!events.contains("PARTY") && !events.contains(&id), "{events}");
    }

    async fn a_repeated_request_gives_the_first_party_again(app: TestApp) {
        let create = json!({ "idempotencyKey": fresh_key(), "name": "One", "number": numbered("P") });
        let first = app.done("createParty", create.clone(), ALL).await;
        let again = app.done("createParty", create.clone(), ALL).await;
        assert_eq!((&first["replayed"], &again["replayed"], &first["party"]), (&json!(false), &json!(true), &again["party"]));
        let mut reused = create.clone();
        reused["name"] = json!("Other");
        app.refused("createParty", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        let update = json!({ "idempotencyKey": fresh_key(), "party": { "id": first["party"]["id"] }, "name": "Two" });
        assert_eq!(app.done("updateParty", update.clone(), ALL).await["replayed"], false);
        assert_eq!(app.done("updateParty", update, ALL).await["replayed"], true);
        // A replay shows what it made as it is now.
        let late = app.done("createParty", create, ALL).await;
        assert_eq!((&late["party"]["id"], &late["party"]["name"]), (&first["party"]["id"], &json!("Two")));
        let query = "{ events(first: 100, filter: { types: [PARTY_CREATED, PARTY_UPDATED] }) { nodes { type payload } } }";
        let payload = json!({ "party": first["party"]["id"], "number": first["party"]["number"] });
        let event = |type_: &str| json!({ "type": type_, "payload": payload });
        assert_eq!(app.ok(query, json!({})).await["events"]["nodes"], json!([event("PARTY_CREATED"), event("PARTY_UPDATED")]));
        let audit = "{ auditRecords(first: 100, filter: { operation: \"createParty\" }) { nodes { outcome target } } }";
        let record = |outcome: &str| json!({ "outcome": outcome, "target": first["party"]["id"] });
        let records = app.ok(audit, json!({})).await["auditRecords"]["nodes"].take();
        assert_eq!(records[0], record("REPLAYED"));
        assert_eq!(records.as_array().and_then(|all| all.last()), Some(&record("DONE")));
    }
}
