//! Customers: created, found, listed, changed, and what the log says of it.

mod data_keys;
mod identity;
mod order;
pub mod persons;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key, numbered};

const ALL: &str =
    "customer { id number externalReference type name firstName lastName companyName metadata createdAt } replayed";

fn person() -> Value {
    json!({ "type": "PERSON", "firstName": "Ada", "lastName": "Lovelace" })
}

fn with(mut input: Value, more: Value) -> Value {
    let fields = input.as_object_mut().expect("an object");
    for (name, value) in more.as_object().expect("an object") {
        fields.insert(name.clone(), value.clone());
    }
    input
}

async fn find(app: &TestApp, by: Value) -> Value {
    let query = "query($by: CustomerBy!) { customer(by: $by) { id number externalReference name metadata } }";
    app.ok(query, json!({ "by": by })).await["customer"].take()
}

async fn names(app: &TestApp, filter: Value) -> Vec<String> {
    let query = "query($filter: CustomerFilter) { customers(filter: $filter) { nodes { name } } }";
    let found = app.ok(query, json!({ "filter": filter })).await["customers"]["nodes"].take();
    found.as_array().expect("nodes").iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

on_both_databases! {
    async fn a_person_and_a_company_are_created(app: TestApp) {
        let person = app.done("createCustomer", with(person(), json!({ "metadata": { "vip": true } })), ALL).await;
        let number = person["customer"]["number"].as_str().expect("a number").to_owned();
        assert!(
            number.len() == 11 && number.starts_with('C') && number[1..].bytes().all(|b| b.is_ascii_digit()),
            "{number}"
        );
        assert!(person["customer"]["id"].as_str().expect("an id").starts_with("cus_"));
        assert_eq!(
            with(person, json!({ "__typename": null })),
            json!({ "__typename": null, "replayed": false, "customer": {
                "id": person_id(&app, &number).await, "number": number, "externalReference": null, "type": "PERSON",
                "name": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace", "companyName": null,
                "metadata": { "vip": true }, "createdAt": "2026-04-15T09:30:00.000000Z",
            } })
        );

        let input = json!({ "type": "COMPANY", "companyName": "Analytical Engines AB", "number": "100", "externalReference": "crm-7" });
        let company = app.done("createCustomer", input, ALL).await["customer"].take();
        let shown = ["number", "externalReference", "type", "name", "firstName", "lastName", "companyName", "metadata"];
        let shown = shown.map(|name| company[name].clone());
        let expected =
            json!(["100", "crm-7", "COMPANY", "Analytical Engines AB", null, null, "Analytical Engines AB", {}]);
        assert_eq!(json!(shown), expected);

        let only_last = app.done("createCustomer", json!({ "type": "PERSON", "lastName": "Curie" }), ALL).await;
        assert_eq!(only_last["customer"]["name"], "Curie");
        assert_ne!(only_last["customer"]["number"], number);
    }

    async fn a_customer_is_one_thing_and_whole(app: TestApp) {
        let before = app.picture().await;
        let long = "x".repeat(201);
        for (input, field) in [
            (json!({ "type": "PERSON" }), "lastName"),
            (json!({ "type": "PERSON", "firstName": "Ada" }), "lastName"),
            (json!({ "type": "PERSON", "lastName": "" }), "lastName"),
            (json!({ "type": "PERSON", "lastName": "   " }), "lastName"),
            (json!({ "type": "PERSON", "lastName": long }), "lastName"),
            (json!({ "type": "PERSON", "firstName": long, "lastName": "Lovelace" }), "firstName"),
            (with(person(), json!({ "companyName": "Engines" })), "companyName"),
            (json!({ "type": "COMPANY" }), "companyName"),
            (json!({ "type": "COMPANY", "companyName": "" }), "companyName"),
            (json!({ "type": "COMPANY", "companyName": "Engines", "firstName": "Ada" }), "firstName"),
            (json!({ "type": "COMPANY", "companyName": "Engines", "lastName": "Lovelace" }), "lastName"),
            (with(person(), json!({ "number": "" })), "number"),
            (with(person(), json!({ "number": " 1" })), "number"),
            (with(person(), json!({ "number": "1".repeat(65) })), "number"),
            (with(person(), json!({ "externalReference": "" })), "externalReference"),
            (with(person(), json!({ "externalReference": "a " })), "externalReference"),
            (with(person(), json!({ "idempotencyKey": "" })), "idempotencyKey"),
        ] {
            app.refused("createCustomer", input, "INVALID_INPUT", field).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn numbers_and_references_are_unique_in_the_tenant(app: TestApp) {
        let named = json!({ "number": "1000", "externalReference": "crm-1" });
        app.done("createCustomer", with(person(), named.clone()), ALL).await;
        let other = app.customer().await;
        let before = app.picture().await;
        let create = |more: Value| with(person(), more);
        let update = |more: Value| with(json!({ "customer": { "id": other } }), more);
        for (name, input, field) in [
            ("createCustomer", create(json!({ "number": "1000" })), "number"),
            ("createCustomer", create(json!({ "externalReference": "crm-1" })), "externalReference"),
            ("updateCustomer", update(json!({ "number": "1000" })), "number"),
            ("updateCustomer", update(json!({ "externalReference": "crm-1" })), "externalReference"),
        ] {
            app.refused(name, input, "DUPLICATE_REFERENCE", field).await;
        }
        assert_eq!(app.picture().await, before);
        app.with_tenant("other").await.done("createCustomer", with(person(), named), ALL).await;
    }

    async fn an_update_keeps_what_is_absent_and_empties_what_is_null(app: TestApp) {
        let input = with(person(), json!({ "number": "77", "externalReference": "crm-77", "metadata": { "a": 1 } }));
        let id = app.done("createCustomer", input, ALL).await["customer"]["id"].take();
        let by = json!({ "id": id });
        let change = async |more: Value| {
            let input = with(json!({ "customer": by }), more);
            let customer = app.done("updateCustomer", input, ALL).await["customer"].take();
            let shown = ["number", "externalReference", "firstName", "lastName", "metadata"];
            json!(shown.map(|name| customer[name].clone()))
        };
        assert_eq!(change(json!({ "lastName": "Byron" })).await, json!(["77", "crm-77", "Ada", "Byron", { "a": 1 }]));
        assert_eq!(change(json!({ "firstName": null })).await, json!(["77", "crm-77", null, "Byron", { "a": 1 }]));
        assert_eq!(change(json!({ "externalReference": null })).await, json!(["77", null, null, "Byron", { "a": 1 }]));
        assert_eq!(
            change(json!({ "number": "78", "metadata": { "b": 2 }, "externalReference": "crm-78" })).await,
            json!(["78", "crm-78", null, "Byron", { "b": 2 }])
        );
        assert_eq!(change(json!({})).await, json!(["78", "crm-78", null, "Byron", { "b": 2 }]));
        assert_eq!(change(json!({ "metadata": null })).await, json!(["78", "crm-78", null, "Byron", {}]));
        assert_eq!(find(&app, json!({ "number": "77" })).await, Value::Null);
        assert_eq!(find(&app, json!({ "number": "78" })).await["id"], id);
    }

    async fn an_update_to_what_makes_no_sense_names_the_field(app: TestApp) {
        let person = app.customer().await;
        let input = json!({ "type": "COMPANY", "companyName": "Engines" });
        let company = app.done("createCustomer", input, ALL).await["customer"]["id"].take();
        let before = app.picture().await;
        for (customer, change, field) in [
            (json!(person), json!({ "lastName": null }), "lastName"),
            (json!(person), json!({ "lastName": "" }), "lastName"),
            (json!(person), json!({ "companyName": "Engines" }), "companyName"),
            (json!(person), json!({ "number": "x " }), "number"),
            (json!(person), json!({ "number": null }), "number"),
            (company.clone(), json!({ "companyName": null }), "companyName"),
            (company.clone(), json!({ "firstName": "Ada" }), "firstName"),
            (company.clone(), json!({ "lastName": "Lovelace" }), "lastName"),
        ] {
            app.refused(
                "updateCustomer",
                with(json!({ "customer": { "id": customer } }), change),
                "INVALID_INPUT",
                field,
            )
            .await;
        }
        for by in [
            json!({ "number": "nobody" }),
            json!({ "id": "cus_00000000000000000000000000000000" }),
            json!({ "id": "?" }),
        ] {
            app.refused("updateCustomer", json!({ "customer": by, "lastName": "X" }), "NOT_FOUND", "customer").await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_customer_is_found_by_each_of_its_names(app: TestApp) {
        let input = with(person(), json!({ "number": "42", "externalReference": "crm-42" }));
        let id = app.done("createCustomer", input, ALL).await["customer"]["id"].take();
        for by in [json!({ "id": id }), json!({ "number": "42" }), json!({ "externalReference": "crm-42" })] {
            assert_eq!(find(&app, by).await["id"], id);
        }
        let account = app.account("current").await;
        for by in [
            json!({ "number": "crm-42" }),
            json!({ "externalReference": "42" }),
            json!({ "id": "cus_00000000000000000000000000000000" }),
            json!({ "id": account.id }),
            json!({ "id": "" }),
        ] {
            assert_eq!(find(&app, by).await, Value::Null);
        }
        let query = "query($by: CustomerBy!) { customer(by: $by) { id } }";
        app.fault(query, json!({ "by": {} }), "BAD_REQUEST").await;
        app.fault(query, json!({ "by": { "number": "42", "id": id } }), "BAD_REQUEST").await;
    }

    async fn customers_are_listed_by_type_and_name(app: TestApp) {
        for (first, last) in [("Ada", "Lovelace"), ("Grace", "Hopper"), ("Åsa", "Öberg")] {
            app.done("createCustomer", json!({ "type": "PERSON", "firstName": first, "lastName": last }), ALL).await;
        }
        for name in ["Hopper & Sons", "100% Rabatt_AB"] {
            app.done("createCustomer", json!({ "type": "COMPANY", "companyName": name }), ALL).await;
        }
        assert_eq!(names(&app, json!({ "type": "PERSON" })).await, ["Ada Lovelace", "Grace Hopper", "Åsa Öberg"]);
        assert_eq!(names(&app, json!({ "type": "COMPANY" })).await, ["Hopper & Sons", "100% Rabatt_AB"]);
        assert_eq!(names(&app, json!({ "name": "hOPP" })).await, ["Grace Hopper", "Hopper & Sons"]);
        assert_eq!(names(&app, json!({ "name": "hopper", "type": "COMPANY" })).await, ["Hopper & Sons"]);
        assert_eq!(names(&app, json!({ "name": "Öberg" })).await, ["Åsa Öberg"]);
        assert_eq!(names(&app, json!({ "name": "öBERG" })).await, ["Åsa Öberg"]);
        // What SQL would take for a pattern is taken as it stands.
        assert_eq!(names(&app, json!({ "name": "0%" })).await, ["100% Rabatt_AB"]);
        assert_eq!(names(&app, json!({ "name": "t_a" })).await, ["100% Rabatt_AB"]);
        for nothing in ["nobody", "_", "%%", "\\"] {
            let found = names(&app, json!({ "name": nothing })).await;
            let expected: &[&str] = if nothing == "_" { &["100% Rabatt_AB"] } else { &[] };
            assert_eq!(found, expected, "{nothing}");
        }
    }

    async fn names_are_found_whatever_their_case_and_spelling(app: TestApp) {
        let people = ["ΟΔΥΣΣΕΑΣ", "Οδυσσεύς", "Straße", "Zo\u{eb}", "Ｆｕｌｌ Ｗｉｄｔｈ", "ﬁscher", "O\u{ad}'Neill"];
        for last in people {
            app.done("createCustomer", json!({ "type": "PERSON", "lastName": last }), ALL).await;
        }
        for (asked, found) in [
            ("ΟΔΥΣ", &["ΟΔΥΣΣΕΑΣ", "Οδυσσεύς"][..]),
            ("οδυς", &["ΟΔΥΣΣΕΑΣ", "Οδυσσεύς"]),
            ("οδυσσεας", &["ΟΔΥΣΣΕΑΣ"]),
            ("ΟΔΥΣΣΕΎΣ", &["Οδυσσεύς"]),
            ("STRASSE", &["Straße"]),
            ("strasse", &["Straße"]),
            ("STRAẞE", &["Straße"]),
            ("ße", &["Straße"]),
            ("ZOE\u{308}", &["Zo\u{eb}"]),
            ("zoe", &[]),
            ("full width", &["Ｆｕｌｌ Ｗｉｄｔｈ"]),
            ("FISCH", &["ﬁscher"]),
            ("o'neill", &["O\u{ad}'Neill"]),
            ("O\u{200b}'NEILL", &["O\u{ad}'Neill"]),
        ] {
            assert_eq!(names(&app, json!({ "name": asked })).await, found, "{asked}");
        }
        // Nothing that is seen is in every name.
        for everything in ["", "\u{200b}"] {
            assert_eq!(names(&app, json!({ "name": everything })).await, people, "{everything:?}");
        }
        // A changed name is found by what it is now.
        let by = json!({ "id": app.customer().await });
        app.done("updateCustomer", json!({ "customer": by, "lastName": "GROẞ" }), ALL).await;
        assert_eq!(names(&app, json!({ "name": "Gross" })).await.len(), 1);
    }

    async fn customers_are_listed_page_by_page(app: TestApp) {
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(app.customer().await);
        }
        let query = "query($first: Int, $after: String) { customers(first: $first, after: $after) {
            nodes { id } edges { cursor node { id } } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }";
        let mut seen = Vec::new();
        let mut after = Value::Null;
        for (rows, previous, next) in [(2, false, true), (2, true, true), (1, true, false)] {
            let page = app.ok(query, json!({ "first": 2, "after": after })).await["customers"].take();
            let info = &page["pageInfo"];
            assert_eq!((&info["hasPreviousPage"], &info["hasNextPage"]), (&json!(previous), &json!(next)));
            let edges = page["edges"].as_array().expect("edges");
            assert_eq!(edges.len(), rows);
            assert_eq!((&info["startCursor"], &info["endCursor"]), (&edges[0]["cursor"], &edges[rows - 1]["cursor"]));
            let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
            assert_eq!(page["nodes"], json!(nodes));
            seen.extend(nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
            after = info["endCursor"].clone();
        }
        assert_eq!(seen, ids);
        let none = app.ok(query, json!({ "first": 0 })).await["customers"].take();
        assert_eq!((&none["nodes"], &none["pageInfo"]["hasNextPage"]), (&json!([]), &json!(true)));
        app.fault(query, json!({ "first": 101 }), "BAD_REQUEST").await;
        app.fault(query, json!({ "first": -1 }), "BAD_REQUEST").await;
        app.fault(query, json!({ "after": "not a cursor" }), "BAD_REQUEST").await;
        // A place in another list is none in this one.
        let products = app.ok("{ products(first: 1) { edges { cursor } } }", json!({})).await;
        let cursor = &products["products"]["edges"][0]["cursor"];
        app.fault(query, json!({ "after": cursor }), "BAD_REQUEST").await;
    }

    async fn a_repeated_request_gives_the_first_customer_again(app: TestApp) {
        let (create, update) = (fresh_key(), fresh_key());
        let input = with(person(), json!({ "idempotencyKey": create }));
        let first = app.done("createCustomer", input.clone(), ALL).await;
        let again = app.done("createCustomer", input, ALL).await;
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!(first["customer"], again["customer"]);
        let reused = json!({ "idempotencyKey": create, "type": "PERSON", "lastName": "Byron" });
        app.refused("createCustomer", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;

        let by = json!({ "id": first["customer"]["id"] });
        let input = json!({ "idempotencyKey": update, "customer": by, "lastName": "Byron" });
        assert_eq!(app.done("updateCustomer", input.clone(), ALL).await["replayed"], false);
        assert_eq!(app.done("updateCustomer", input, ALL).await["replayed"], true);
        let reused = json!({ "idempotencyKey": create, "customer": by });
        app.refused("updateCustomer", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        // A key belongs to the client that sent it.
        let input = with(person(), json!({ "idempotencyKey": create }));
        let elsewhere = app.with_client(&numbered("another")).done("createCustomer", input, ALL).await;
        assert_eq!(elsewhere["replayed"], false);
        assert_ne!(elsewhere["customer"]["id"], first["customer"]["id"]);
    }

    async fn the_log_tells_of_every_change_of_a_customer_once(app: TestApp) {
        let key = fresh_key();
        let input = with(person(), json!({ "number": "9", "idempotencyKey": key }));
        let id = app.done("createCustomer", input.clone(), ALL).await["customer"]["id"].take();
        app.done("createCustomer", input, ALL).await;
        app.refused(
            "updateCustomer",
            json!({ "customer": { "id": id }, "lastName": null }),
            "INVALID_INPUT",
            "lastName",
        )
        .await;
        app.done("updateCustomer", json!({ "customer": { "number": "9" }, "lastName": "Byron" }), ALL).await;
        let query = "{ events(filter: { types: [CUSTOMER_CREATED, CUSTOMER_UPDATED] }) {
            nodes { type customer { id name } account { id } entry { id } payload } } }";
        let events = app.ok(query, json!({})).await["events"]["nodes"].take();
        let event = |type_: &str| {
            json!({
                "type": type_, "customer": { "id": id, "name": "Ada Byron" }, "account": null, "entry": null,
                "payload": { "number": "9", "type": "PERSON" },
            })
        };
        assert_eq!(events, json!([event("CUSTOMER_CREATED"), event("CUSTOMER_UPDATED")]));
    }
}

async fn person_id(app: &TestApp, number: &str) -> Value {
    find(app, json!({ "number": number })).await["id"].take()
}
