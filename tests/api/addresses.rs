//! Addresses: added, found, replaced, taken out of use; what is in force on a day, and what each is used for.

mod refusals;
mod usages;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key, items};

pub const ALL: &str = "address { id externalReference label type status invalid temporary startsOn endsOn outOfUseSince
    postal { line1 line2 streetName buildingNumber postCode townName country } phone email
    usages { name service entityReference } entityReference } replayed";

pub fn postal(town: &str) -> Value {
    json!({ "postal": { "streetName": "Storgatan", "buildingNumber": "1", "postCode": "111 22", "townName": town, "country": "SE" } })
}

pub fn main_address(town: &str) -> Value {
    json!({ "label": "MAIN_POSTAL_ADDRESS", "content": postal(town) })
}

/// The same with more said.
pub fn with(mut input: Value, more: &Value) -> Value {
    let fields = input.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    input
}

/// Adds an address. Gives it as it is shown.
pub async fn add(app: &TestApp, customer: &str, address: Value) -> Value {
    let input = json!({ "customer": { "id": customer }, "address": address });
    app.done("createAddress", input, ALL).await["address"].take()
}

/// A customer with a main postal address in Stockholm. Gives both ids.
pub async fn resident(app: &TestApp) -> (String, String) {
    let customer = app.customer().await;
    let address = add(app, &customer, main_address("Stockholm")).await;
    (customer, address["id"].as_str().expect("an id").to_owned())
}

/// The town of the address of a customer's that is to be used.
async fn town(app: &TestApp, customer: &str, arguments: Value) -> Value {
    let query = "query($id: ID!, $label: String, $usage: AddressUsageInput, $on: Date) {
        customer(by: { id: $id }) { address(label: $label, usage: $usage, on: $on) { postal { townName } phone } } }";
    let found = app.ok(query, with(arguments, &json!({ "id": customer }))).await["customer"]["address"].take();
    if found.is_null() { found } else { found["postal"]["townName"].clone() }
}

/// The towns of a customer's addresses.
async fn towns(app: &TestApp, customer: &str, arguments: Value) -> Value {
    let query = "query($id: ID!, $filter: AddressFilter, $on: Date, $first: Int) {
        customer(by: { id: $id }) { addresses(filter: $filter, on: $on, first: $first) { nodes { postal { townName } phone email } } } }";
    let found =
        app.ok(query, with(arguments, &json!({ "id": customer }))).await["customer"]["addresses"]["nodes"].take();
    let said = |node: &Value| {
        let parts = [&node["postal"]["townName"], &node["phone"], &node["email"]];
        parts.into_iter().find(|part| !part.is_null()).cloned().unwrap_or_default()
    };
    found.as_array().expect("nodes").iter().map(said).collect()
}

on_both_databases! {
    async fn an_address_is_added_and_found_by_each_of_its_names(app: TestApp) {
        let customer = app.customer().await;
        assert_eq!(town(&app, &customer, json!({})).await, Value::Null, "none so far");
        assert_eq!(towns(&app, &customer, json!({})).await, json!([]));
        let usage = json!({ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE", "entityReference": null });
        let input = with(main_address("Stockholm"), &json!({
            "externalReference": "adr-1", "entityReference": "contract 7", "usages": [usage, usage],
        }));
        let made = add(&app, &customer, input).await;
        let id = made["id"].clone();
        assert!(id.as_str().expect("an id").starts_with("adr_"), "{id}");
        assert_eq!(made, json!({
            "id": id, "externalReference": "adr-1", "label": "MAIN_POSTAL_ADDRESS", "type": "POSTAL", "status": "ACTIVE",
            "invalid": false, "temporary": false, "startsOn": "2026-04-15", "endsOn": null, "outOfUseSince": null,
            "postal": { "line1": null, "line2": null, "streetName": "Storgatan", "buildingNumber": "1",
                "postCode": "111 22", "townName": "Stockholm", "country": "SE" },
            "phone": null, "email": null, "usages": [usage], "entityReference": "contract 7",
        }));
        let query = "query($by: AddressBy!) { address(by: $by) { id customer { id } } }";
        for by in [json!({ "id": id }), json!({ "externalReference": "adr-1" })] {
            let found = app.ok(query, json!({ "by": by })).await["address"].take();
            assert_eq!(found, json!({ "id": id, "customer": { "id": customer } }));
        }
        for by in [json!({ "id": customer }), json!({ "id": "?" }), json!({ "externalReference": "adr-2" })] {
            assert_eq!(app.ok(query, json!({ "by": by })).await["address"], Value::Null);
        }
        let node = "query($id: ID!) { node(id: $id) { __typename ... on Address { label } } }";
        let found = app.ok(node, json!({ "id": id })).await["node"].take();
        assert_eq!(found, json!({ "__typename": "Address", "label": "MAIN_POSTAL_ADDRESS" }));

        // By phone and by e-mail.
        for (label, content, type_, field) in [
            ("MOBILE", json!({ "phone": "+46 70 123 45 67" }), "PHONE", "phone"),
            ("WORK", json!({ "email": "ada@example.com" }), "E_MAIL", "email"),
        ] {
            let made = add(&app, &customer, json!({ "label": label, "content": content })).await;
            assert_eq!((&made["type"], &made[field], &made["postal"]), (&json!(type_), &content[field], &Value::Null));
        }
        assert_eq!(towns(&app, &customer, json!({})).await, json!(["Stockholm", "+46 70 123 45 67", "ada@example.com"]));
        for (filter, expected) in [
            (json!({ "type": "PHONE" }), json!(["+46 70 123 45 67"])),
            (json!({ "label": "WORK" }), json!(["ada@example.com"])),
            (json!({ "label": "WORK", "type": "PHONE" }), json!([])),
            (json!({ "status": "INACTIVE" }), json!([])),
        ] {
            assert_eq!(towns(&app, &customer, json!({ "filter": filter })).await, expected, "{filter}");
        }
        // Page by page.
        let query = "query($id: ID!, $after: String) { customer(by: { id: $id }) { addresses(first: 2, after: $after) {
            nodes { label } pageInfo { hasNextPage endCursor } } } }";
        let first = app.ok(query, json!({ "id": customer })).await["customer"]["addresses"].take();
        assert_eq!((&first["nodes"][1]["label"], &first["pageInfo"]["hasNextPage"]), (&json!("MOBILE"), &json!(true)));
        let rest = app.ok(query, json!({ "id": customer, "after": first["pageInfo"]["endCursor"] })).await;
        let rest = &rest["customer"]["addresses"];
        assert_eq!((&rest["nodes"], &rest["pageInfo"]["hasNextPage"]), (&json!([{ "label": "WORK" }]), &json!(false)));
        // Another tenant's reference is its own.
        let elsewhere = app.with_tenant("other").await;
        let stranger = elsewhere.customer().await;
        add(&elsewhere, &stranger, with(main_address("Oslo"), &json!({ "externalReference": "adr-1" }))).await;
    }

    async fn a_customer_is_named_by_id_number_and_reference_beside_its_address(app: TestApp) {
        let input = json!({ "type": "PERSON", "lastName": "Lovelace", "number": "C-1", "externalReference": "crm-1" });
        app.done("createCustomer", input, "customer { id }").await;
        let input = json!({ "customer": { "number": "C-1" }, "address": with(main_address("Lund"), &json!({ "externalReference": "adr-1" })) });
        let id = app.done("createAddress", input, ALL).await["address"]["id"].take();
        let owner = app.ok("{ customer(by: { number: \"C-1\" }) { id } }", json!({})).await["customer"]["id"].take();
        for customer in [json!({ "id": owner }), json!({ "number": "C-1" }), json!({ "externalReference": "crm-1" }), Value::Null] {
            for address in [json!({ "id": id }), json!({ "externalReference": "adr-1" })] {
                let input = json!({ "customer": customer, "address": address, "content": postal("Lund") });
                assert_eq!(app.done("updateAddress", input, ALL).await["address"]["id"], id);
            }
        }
        let (other, _) = resident(&app).await;
        let of = |customer: Value, address: Value| json!({ "customer": customer, "address": address });
        for name in ["activateAddress", "deactivateAddress", "invalidateAddress"] {
            app.refused(name, of(json!({ "id": other }), json!({ "id": id })), "NOT_FOUND", "address").await;
            app.refused(name, of(json!({ "number": "nobody" }), json!({ "id": id })), "NOT_FOUND", "customer").await;
            app.refused(name, of(json!({ "number": "C-1" }), json!({ "externalReference": "?" })), "NOT_FOUND", "address").await;
        }
    }

    async fn the_address_in_force_is_the_temporary_one_or_the_permanent_one_that_started_last(app: TestApp) {
        let customer = app.customer().await;
        add(&app, &customer, with(main_address("Stockholm"), &json!({ "startsOn": "2026-01-01" }))).await;
        let second = add(&app, &customer, with(main_address("Uppsala"), &json!({ "startsOn": "2026-05-01" }))).await;
        let summer = json!({ "startsOn": "2026-04-20", "endsOn": "2026-05-10" });
        let holiday = add(&app, &customer, with(main_address("Visby"), &summer)).await;
        assert_eq!((&holiday["temporary"], &holiday["endsOn"]), (&json!(true), &json!("2026-05-10")));
        for (on, expected) in [
            ("2025-12-31", Value::Null),
            ("2026-01-01", json!("Stockholm")),
            ("2026-04-19", json!("Stockholm")),
            ("2026-04-20", json!("Visby")),
            ("2026-05-10", json!("Visby")),
            ("2026-05-11", json!("Uppsala")),
        ] {
            assert_eq!(town(&app, &customer, json!({ "on": on })).await, expected, "{on}");
            let listed = if expected.is_null() { json!([]) } else { json!([expected]) };
            assert_eq!(towns(&app, &customer, json!({ "on": on })).await, listed, "{on}");
        }
        assert_eq!(town(&app, &customer, json!({})).await, json!("Stockholm"), "today");
        assert_eq!(town(&app, &customer, json!({ "label": "OTHER" })).await, Value::Null);
        // From any version of it to the one in force.
        let query = "query($id: ID!, $on: Date) { address(by: { id: $id }) { inForce(on: $on) { postal { townName } } } }";
        let found = app.ok(query, json!({ "id": second["id"], "on": "2026-05-01" })).await;
        assert_eq!(found["address"]["inForce"]["postal"]["townName"], "Visby");
        assert_eq!(app.ok(query, json!({ "id": holiday["id"] })).await["address"]["inForce"]["postal"]["townName"], "Stockholm");
        // The clock goes on, and so does what is in force today.
        app.advance(Duration::from_secs(10 * 86_400));
        assert_eq!(town(&app, &customer, json!({})).await, json!("Visby"));
        app.advance(Duration::from_secs(20 * 86_400));
        assert_eq!(town(&app, &customer, json!({})).await, json!("Uppsala"));
        let usage = json!({ "name": "A", "service": "B" });
        let both = "query($id: ID!, $usage: AddressUsageInput) { customer(by: { id: $id }) { address(label: \"A\", usage: $usage) { id } } }";
        app.fault(both, json!({ "id": customer, "usage": usage }), "BAD_REQUEST").await;
    }

    async fn a_temporary_address_removes_the_ones_it_overlaps_whole(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let usage = json!({ "name": "CARD_DELIVERY", "service": "CARD_SERVICE" });
        let spring = json!({ "startsOn": "2026-04-10", "endsOn": "2026-04-30", "usages": [usage] });
        let old = add(&app, &customer, with(main_address("Visby"), &spring)).await;
        let apart = add(&app, &customer, with(main_address("Kiruna"), &json!({ "startsOn": "2026-06-01", "endsOn": "2026-06-30" }))).await;
        app.advance(Duration::from_secs(86_400));
        let window = json!({ "startsOn": "2026-04-30", "endsOn": "2026-05-10" });
        add(&app, &customer, with(main_address("Malmö"), &window)).await;
        for (on, expected) in [("2026-04-15", "Visby"), ("2026-04-16", "Stockholm"), ("2026-04-29", "Stockholm"), ("2026-04-30", "Malmö")] {
            assert_eq!(town(&app, &customer, json!({ "on": on })).await, expected, "{on}");
        }
        let query = "query($id: ID!) { address(by: { id: $id }) { status outOfUseSince usages { name } } }";
        let shown = |status: &str, since: Value| json!({ "status": status, "outOfUseSince": since, "usages": [] });
        assert_eq!(app.ok(query, json!({ "id": old["id"] })).await["address"], shown("REMOVED", json!("2026-04-16")));
        assert_eq!(app.ok(query, json!({ "id": apart["id"] })).await["address"], shown("ACTIVE", Value::Null));
        assert_eq!(app.ok(query, json!({ "id": main })).await["address"], shown("ACTIVE", Value::Null));
        assert_eq!(towns(&app, &customer, json!({})).await, json!(["Stockholm", "Kiruna", "Malmö"]));
        assert_eq!(towns(&app, &customer, json!({ "filter": { "status": "REMOVED" } })).await, json!(["Visby"]));
        // The customer's history has its past, and nothing of what it says.
        let history = "query($id: ID!) { customer(by: { id: $id }) { history(first: 100) { nodes { operation events { type payload } } } } }";
        let told = app.ok(history, json!({ "id": customer })).await["customer"]["history"]["nodes"].take();
        assert_eq!(told[0]["operation"], "createAddress");
        let types: Vec<&Value> = told[0]["events"].as_array().expect("events").iter().map(|event| &event["type"]).collect();
        assert_eq!(json!(types), json!(["ADDRESS_CREATED", "ADDRESS_REMOVED"]));
        assert_eq!(told[0]["events"][1]["payload"]["address"], old["id"]);
        assert!(!told.to_string().contains("Visby") && !told.to_string().contains("Storgatan"), "{told}");
    }

    async fn an_update_replaces_all_and_one_out_of_use_gets_a_new_id(app: TestApp) {
        let (customer, _) = resident(&app).await;
        let more = json!({ "label": "SECOND_POSTAL_ADDRESS", "externalReference": "adr-2", "entityReference": "contract 7" });
        let second = add(&app, &customer, with(main_address("Lund"), &more)).await;
        let update = json!({ "address": { "id": second["id"] }, "content": { "postal": { "line1": "Box 7", "townName": "Ystad", "country": "SE" } } });
        let after = app.done("updateAddress", update.clone(), ALL).await["address"].take();
        assert_eq!((&after["id"], &after["externalReference"]), (&second["id"], &json!("adr-2")));
        assert_eq!((&after["entityReference"], &after["label"]), (&Value::Null, &json!("SECOND_POSTAL_ADDRESS")));
        let said = json!({ "line1": "Box 7", "line2": null, "streetName": null, "buildingNumber": null, "postCode": null, "townName": "Ystad", "country": "SE" });
        assert_eq!(after["postal"], said, "what is absent is emptied");
        let of = json!({ "address": { "id": second["id"] } });
        app.done("deactivateAddress", of.clone(), ALL).await;
        let new = app.done("updateAddress", update, ALL).await["address"].take();
        assert_ne!(new["id"], second["id"]);
        assert_eq!((&new["status"], &new["externalReference"]), (&json!("ACTIVE"), &Value::Null));
        let old = "query { address(by: { externalReference: \"adr-2\" }) { id status } }";
        assert_eq!(app.ok(old, json!({})).await["address"], json!({ "id": second["id"], "status": "INACTIVE" }));
    }

    async fn an_address_goes_out_of_use_and_comes_back(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let second = add(&app, &customer, json!({ "label": "SECOND_POSTAL_ADDRESS", "content": postal("Lund") })).await;
        let of = json!({ "customer": { "id": customer }, "address": { "id": second["id"] } });
        app.advance(Duration::from_secs(86_400));
        let out = app.done("deactivateAddress", of.clone(), ALL).await["address"].take();
        assert_eq!((&out["status"], &out["outOfUseSince"]), (&json!("INACTIVE"), &json!("2026-04-16")));
        let label = |on: &str| json!({ "label": "SECOND_POSTAL_ADDRESS", "on": on });
        assert_eq!(town(&app, &customer, label("2026-04-15")).await, "Lund");
        assert_eq!(town(&app, &customer, label("2026-04-16")).await, Value::Null);
        let back = app.done("activateAddress", of, ALL).await["address"].take();
        assert_eq!((&back["id"], &back["status"], &back["outOfUseSince"]), (&second["id"], &json!("ACTIVE"), &Value::Null));
        assert_eq!(town(&app, &customer, label("2026-04-16")).await, "Lund");
        // What can be done with each, and why the rest cannot.
        let query = "query($id: ID!) { address(by: { id: $id }) { actions { action allowed code reason } } }";
        let actions = async |id: &Value| app.ok(query, json!({ "id": id })).await["address"]["actions"].take();
        let allowed = |actions: &Value| {
            let all = actions.as_array().expect("actions").iter().filter(|one| one["allowed"] == true);
            all.map(|one| one["action"].clone()).collect::<Value>()
        };
        assert_eq!(allowed(&actions(&second["id"]).await), json!(["UPDATE", "DEACTIVATE", "INVALIDATE", "ADD_USAGE"]));
        let of_main = actions(&json!(main)).await;
        assert_eq!(allowed(&of_main), json!(["UPDATE", "INVALIDATE", "ADD_USAGE"]));
        assert_eq!((&of_main[2]["action"], &of_main[2]["code"]), (&json!("DEACTIVATE"), &json!("MAIN_POSTAL_ADDRESS_STAYS")));
        assert!(of_main[2]["reason"].as_str().expect("a reason").contains("main postal address"));
    }

    async fn a_letter_that_comes_back_marks_the_address_until_an_update_clears_it(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let of = json!({ "customer": { "id": customer }, "address": { "id": main } });
        let marked = app.done("invalidateAddress", of.clone(), ALL).await["address"].take();
        assert_eq!((&marked["invalid"], &marked["status"]), (&json!(true), &json!("ACTIVE")));
        assert_eq!(town(&app, &customer, json!({})).await, "Stockholm", "it is still the one there is");
        let update = json!({ "address": { "id": main }, "content": postal("Stockholm") });
        let kept = app.done("updateAddress", update.clone(), ALL).await["address"].take();
        assert_eq!(kept["invalid"], true);
        let cleared = app.done("updateAddress", with(update, &json!({ "invalid": false })), ALL).await["address"].take();
        assert_eq!((&cleared["id"], &cleared["invalid"]), (&json!(main), &json!(false)));
        // Many that came back on a day.
        let (_, other) = resident(&app).await;
        let item = |id: &str| json!({ "idempotencyKey": fresh_key(), "address": { "id": id } });
        let batch = json!({ "items": [item(&main), item("adr_0"), item(&other)] });
        let done = app.done("invalidateAddressBatch", batch, &items("... on InvalidateAddressSuccess { address { invalid } }")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(1)));
        assert_eq!(done["items"][1]["result"]["code"], "NOT_FOUND");
    }

    async fn addresses_come_with_the_customer_the_account_and_in_batches(app: TestApp) {
        let addresses = json!([
            { "label": "MOBILE", "content": { "phone": "+46 70 123 45 67" } },
            with(main_address("Lund"), &json!({ "usages": [{ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" }] })),
        ]);
        let person = json!({ "type": "PERSON", "lastName": "Lovelace", "addresses": addresses });
        let shown = "customer { id address { postal { townName } usages { name } } addresses { nodes { label } } }";
        let made = app.done("createCustomer", person.clone(), shown).await["customer"].take();
        assert_eq!(made["address"], json!({ "postal": { "townName": "Lund" }, "usages": [{ "name": "STATEMENT_SENDING" }] }));
        assert_eq!(made["addresses"]["nodes"], json!([{ "label": "MOBILE" }, { "label": "MAIN_POSTAL_ADDRESS" }]));

        let open = |owner: &Value| json!({ "product": { "code": "current" }, "owner": { "create": owner } });
        let shown = "account { owner { address { postal { townName } } } }";
        let made = app.done("openAccount", open(&person), shown).await["account"].take();
        assert_eq!(made["owner"]["address"]["postal"]["townName"], "Lund");
        let before = app.picture().await;
        let wrong = with(person.clone(), &json!({ "addresses": [{ "label": "MOBILE", "content": { "phone": "1" } }] }));
        app.refused("openAccount", open(&wrong), "INVALID_INPUT", "owner.create.addresses.0.content.phone").await;
        let only = with(person.clone(), &json!({ "addresses": [{ "label": "MOBILE", "content": { "phone": "08-123456" } }] }));
        app.refused("openAccount", open(&only), "MAIN_POSTAL_ADDRESS_REQUIRED", "owner.create.addresses").await;
        app.refused("createCustomer", only.clone(), "MAIN_POSTAL_ADDRESS_REQUIRED", "addresses").await;
        assert_eq!(app.picture().await, before, "nothing is left of it");

        let item = |of: &Value| with(of.clone(), &json!({ "idempotencyKey": fresh_key() }));
        let batch = json!({ "items": [item(&person), item(&only), item(&person)] });
        let shown = items("... on CreateCustomerSuccess { customer { id address { postal { townName } } } }");
        let done = app.done("createCustomerBatch", batch, &shown).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(1)));
        assert_eq!(done["items"][2]["result"]["customer"]["address"]["postal"]["townName"], "Lund");
        let customer = done["items"][0]["result"]["customer"]["id"].clone();
        let add = |label: &str| item(&json!({ "customer": { "id": customer }, "address": { "label": label, "content": postal("Umeå") } }));
        let batch = json!({ "items": [add("SECOND_POSTAL_ADDRESS"), add("second"), add("SECOND_POSTAL_ADDRESS")] });
        let done = app.done("createAddressBatch", batch, &items("... on CreateAddressSuccess { address { label } }")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(1)));
        assert_eq!(done["items"][1]["result"]["fields"][0]["path"], json!(["items", "1", "address", "label"]));
        // An all-or-nothing batch leaves nothing.
        let batch = json!({ "mode": "ALL_OR_NOTHING", "items": [add("THIRD"), add("third")] });
        let done = app.done("createAddressBatch", batch, &items("")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(0), &json!(2)));
        assert_eq!(towns(&app, customer.as_str().expect("an id"), json!({ "filter": { "label": "THIRD" } })).await, json!([]));
    }

    async fn a_customers_token_sees_and_changes_its_own_addresses_only(app: TestApp) {
        let (mine, my_main) = resident(&app).await;
        let (other, others_main) = resident(&app).await;
        let bound = app.bound_to(&mine);
        let query = "query($by: AddressBy!) { address(by: $by) { id } }";
        assert_eq!(bound.ok(query, json!({ "by": { "id": others_main } })).await["address"], Value::Null);
        assert_eq!(bound.ok(query, json!({ "by": { "id": my_main } })).await["address"]["id"], json!(my_main));
        let update = |id: &str| json!({ "address": { "id": id }, "content": postal("Lund") });
        bound.refused("updateAddress", update(&others_main), "NOT_FOUND", "address").await;
        bound.done("updateAddress", update(&my_main), ALL).await;
        let create = json!({ "customer": { "id": other }, "address": main_address("Lund") });
        bound.refused("createAddress", create, "NOT_FOUND", "customer").await;
        // What the post tells is not for the customer to declare.
        let of = json!({ "address": { "id": my_main } });
        bound.mutate("invalidateAddress", of, "replayed").await.fault("FORBIDDEN");
    }

    async fn every_answer_tells_its_request_its_outcome_and_its_time(app: TestApp) {
        let customer = app.customer().await;
        let key = fresh_key();
        let input = json!({ "idempotencyKey": key, "customer": { "id": customer }, "address": main_address("Lund") });
        let first = app.mutate("createAddress", input.clone(), ALL).await;
        let (request, status) = (first.request_id().to_owned(), first.status);
        let header = |answer: &crate::app::Answer, name: &str| answer.headers[name].to_str().expect("a text").to_owned();
        assert_eq!(status, 200);
        assert!(!header(&first, "date").is_empty());
        let took = header(&first, "server-timing");
        let millis = took.strip_prefix("total;dur=").and_then(|millis| millis.parse::<f32>().ok());
        assert!(millis.is_some_and(|millis| millis >= 0.0), "{took}");
        let made = first.data()["createAddress"].take();
        assert_eq!((&made["__typename"], &made["replayed"]), (&json!("CreateAddressSuccess"), &json!(false)));
        let again = app.mutate("createAddress", input.clone(), ALL).await;
        let replay_request = again.request_id().to_owned();
        let replayed = again.data()["createAddress"].take();
        assert_eq!((&replayed["address"]["id"], &replayed["replayed"]), (&made["address"]["id"], &json!(true)));
        let other = json!({ "idempotencyKey": key, "customer": { "id": customer }, "address": main_address("Ystad") });
        app.refused("createAddress", other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        // The audit trail has each of them, by the request's id, with its moment.
        let query = "query($id: ID!) { auditRecords(first: 10, filter: { target: $id }) { nodes { operation outcome requestId occurredAt } } }";
        let records = app.ok(query, json!({ "id": made["address"]["id"] })).await["auditRecords"]["nodes"].take();
        let record = |outcome: &str, request: &str| json!({ "operation": "createAddress", "outcome": outcome, "requestId": request, "occurredAt": "2026-04-15T09:30:00.000000Z" });
        assert_eq!(records, json!([record("REPLAYED", &replay_request), record("DONE", &request)]));
    }
}
