//! Each refusal of the catalogue, by its code and field; nothing is changed by any of them.

use serde_json::{Value, json};

use super::{ALL, add, main_address, postal, resident, with};
use crate::app::TestApp;

/// What the refusals must leave as it is.
async fn state(app: &TestApp, customer: &str) -> Value {
    let query = "query($id: ID!) { customer(by: { id: $id }) { addresses(first: 100) { nodes { id externalReference label status invalid
        startsOn endsOn postal { townName } usages { name entityReference } entityReference } } } }";
    json!([app.ok(query, json!({ "id": customer })).await, app.picture().await])
}

on_both_databases! {
    async fn an_address_that_cannot_be_is_refused_by_its_field(app: TestApp) {
        let (customer, _) = resident(&app).await;
        add(&app, &customer, json!({ "label": "SECOND", "content": postal("Lund"), "externalReference": "adr-1" })).await;
        let before = state(&app, &customer).await;
        let of = |more: Value| {
            let base = json!({ "townName": "Lund", "country": "SE" });
            json!({ "label": "SECOND", "content": { "postal": with(base, &more) } })
        };
        let main = |more: Value| with(main_address("Lund"), &more);
        let long = "x".repeat(2_000);
        for (address, code, field) in [
            (main(json!({ "label": "" })), "INVALID_INPUT", "label"),
            (main(json!({ "label": "main address" })), "INVALID_INPUT", "label"),
            (of(json!({ "country": "se" })), "INVALID_INPUT", "content.postal.country"),
            (of(json!({ "country": "XX" })), "INVALID_INPUT", "content.postal.country"),
            (of(json!({ "townName": null })), "INVALID_INPUT", "content.postal"),
            (of(json!({ "townName": long })), "INVALID_INPUT", "content.postal.townName"),
            (of(json!({ "line5": long })), "INVALID_INPUT", "content.postal.line5"),
            (of(json!({ "line1": "a\u{0}" })), "INVALID_INPUT", "content.postal.line1"),
            (of(json!({ "postCode": "1112" })), "INVALID_INPUT", "content.postal.postCode"),
            (of(json!({ "country": "NL", "postCode": "1012" })), "INVALID_INPUT", "content.postal.postCode"),
            (json!({ "label": "P", "content": { "phone": "call me" } }), "INVALID_INPUT", "content.phone"),
            (json!({ "label": "P", "content": { "email": "ada@" } }), "INVALID_INPUT", "content.email"),
            (main(json!({ "content": { "phone": "08-123456" } })), "INVALID_INPUT", "content"),
            (main(json!({ "usages": [{ "name": "statement", "service": "A" }] })), "INVALID_INPUT", "usages.0.name"),
            (main(json!({ "usages": [{ "name": "A", "service": "" }] })), "INVALID_INPUT", "usages.0.service"),
            (main(json!({ "entityReference": long })), "INVALID_INPUT", "entityReference"),
            (main(json!({ "externalReference": " a" })), "INVALID_INPUT", "externalReference"),
            (main(json!({ "startsOn": "2026-05-02", "endsOn": "2026-05-01" })), "ADDRESS_ENDS_BEFORE_START", "endsOn"),
            (main(json!({ "endsOn": "2026-04-14" })), "ADDRESS_ENDS_BEFORE_START", "endsOn"),
            (main(json!({ "startsOn": "1899-12-31" })), "INVALID_INPUT", "startsOn"),
            (main(json!({ "startsOn": "9999-01-01" })), "INVALID_INPUT", "startsOn"),
            (main(json!({ "startsOn": "0001-01-01", "endsOn": "0001-01-02" })), "INVALID_INPUT", "startsOn"),
            (main(json!({ "endsOn": "2201-01-01" })), "INVALID_INPUT", "endsOn"),
            (json!({ "label": "SECOND", "content": { "phone": "08-123456" } }), "ADDRESS_LABEL_OF_OTHER_TYPE", "content"),
            (main(json!({ "externalReference": "adr-1" })), "DUPLICATE_REFERENCE", "externalReference"),
        ] {
            let input = json!({ "customer": { "id": customer }, "address": address });
            app.refused("createAddress", input, code, &format!("address.{field}")).await;
        }
        let nobody = json!({ "customer": { "number": "nobody" }, "address": main(json!({})) });
        app.refused("createAddress", nobody, "NOT_FOUND", "customer").await;
        let no_day = json!({ "customer": { "id": customer }, "address": main(json!({ "startsOn": "2026-02-30" })) });
        app.mutate("createAddress", no_day, ALL).await.fault("BAD_REQUEST");
        let two = json!({ "phone": "08-123456", "email": "ada@example.com" });
        let two = json!({ "customer": { "id": customer }, "address": main(json!({ "content": two })) });
        app.mutate("createAddress", two, ALL).await.fault("BAD_REQUEST");
        assert_eq!(state(&app, &customer).await, before);
    }

    async fn the_main_postal_address_comes_first_and_stays(app: TestApp) {
        let customer = app.customer().await;
        for more in [
            json!({ "label": "SECOND" }),
            json!({ "startsOn": "2026-04-16" }),
            json!({ "startsOn": "2026-01-01", "endsOn": "2026-12-31" }),
        ] {
            let input = json!({ "customer": { "id": customer }, "address": with(main_address("Lund"), &more) });
            app.refused("createAddress", input, "MAIN_POSTAL_ADDRESS_REQUIRED", "address.label").await;
        }
        let main = add(&app, &customer, main_address("Lund")).await;
        let of = json!({ "address": { "id": main["id"] } });
        app.refused("deactivateAddress", of.clone(), "MAIN_POSTAL_ADDRESS_STAYS", "address").await;
        for (more, field) in [
            (json!({ "startsOn": "2026-04-16" }), "startsOn"),
            (json!({ "endsOn": "2026-12-31" }), "endsOn"),
            (json!({ "startsOn": "2026-04-16", "endsOn": "2026-12-31" }), "endsOn"),
        ] {
            let update = with(with(of.clone(), &json!({ "content": postal("Lund") })), &more);
            app.refused("updateAddress", update, "MAIN_POSTAL_ADDRESS_REQUIRED", field).await;
        }
    }

    async fn what_the_state_does_not_allow_is_refused(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let id = |address: &Value| address["id"].as_str().expect("an id").to_owned();
        let usage = json!({ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" });
        let second = json!({ "label": "SECOND", "content": postal("Lund"), "usages": [usage] });
        let second = id(&add(&app, &customer, second).await);
        let phone = id(&add(&app, &customer, json!({ "label": "P", "content": { "phone": "08-123456" } })).await);
        let mail = id(&add(&app, &customer, json!({ "label": "M", "content": { "email": "ada@example.com" } })).await);
        let window = json!({ "startsOn": "2026-04-10", "endsOn": "2026-04-20" });
        let removed = id(&add(&app, &customer, with(main_address("Visby"), &window)).await);
        let temporary = id(&add(&app, &customer, with(main_address("Kiruna"), &window)).await);
        let out = id(&add(&app, &customer, json!({ "label": "OUT", "content": postal("Lund") })).await);
        app.done("deactivateAddress", json!({ "address": { "id": out } }), ALL).await;
        app.done("invalidateAddress", json!({ "address": { "id": main } }), ALL).await;
        let before = state(&app, &customer).await;
        let of = |id: &str| json!({ "address": { "id": id } });
        let using = |id: &str| with(of(id), &json!({ "usage": usage }));
        let update = |id: &str, more: Value| with(with(of(id), &json!({ "content": postal("Lund") })), &more);
        for (name, input, code, field) in [
            ("deactivateAddress", of(&second), "ADDRESS_HAS_USAGES", "address"),
            ("deactivateAddress", of(&out), "INVALID_STATE", "address"),
            ("deactivateAddress", of(&removed), "INVALID_STATE", "address"),
            ("activateAddress", of(&main), "INVALID_STATE", "address"),
            ("activateAddress", of(&removed), "INVALID_STATE", "address"),
            ("invalidateAddress", of(&phone), "ADDRESS_NOT_POSTAL", "address"),
            ("invalidateAddress", of(&mail), "ADDRESS_NOT_POSTAL", "address"),
            ("invalidateAddress", of(&temporary), "ADDRESS_NOT_PERMANENT", "address"),
            ("invalidateAddress", of(&removed), "INVALID_STATE", "address"),
            ("invalidateAddress", of(&main), "INVALID_STATE", "address"),
            ("addAddressUsage", using(&out), "INVALID_STATE", "address"),
            ("addAddressUsage", using(&removed), "INVALID_STATE", "address"),
            ("addAddressUsage", with(of(&main), &json!({ "usage": { "name": "x", "service": "A" } })), "INVALID_INPUT", "usage.name"),
            ("removeAddressUsage", using(&main), "ADDRESS_USAGE_NOT_FOUND", "address"),
            ("removeAddressUsage", with(of(&second), &json!({ "usage": { "name": "OTHER", "service": "ACCOUNT_SERVICE" } })), "ADDRESS_USAGE_NOT_FOUND", "usage"),
            ("updateAddress", update(&main, json!({ "invalid": true })), "ADDRESS_INVALID_NOT_SETTABLE", "invalid"),
            ("updateAddress", update(&second, json!({ "invalid": true })), "ADDRESS_INVALID_NOT_SETTABLE", "invalid"),
            ("updateAddress", update(&removed, json!({})), "INVALID_STATE", "address"),
            ("updateAddress", update(&second, json!({ "startsOn": "2026-05-02", "endsOn": "2026-05-01" })), "ADDRESS_ENDS_BEFORE_START", "endsOn"),
            ("updateAddress", update(&second, json!({ "externalReference": "" })), "INVALID_INPUT", "externalReference"),
            ("updateAddress", update("adr_1", json!({})), "NOT_FOUND", "address"),
            ("updateAddress", update(&phone, json!({ "content": { "phone": "1" } })), "INVALID_INPUT", "content.phone"),
        ] {
            let refusal = app.refused(name, input, code, field).await;
            if code == "INVALID_STATE" {
                assert!(refusal["facts"]["status"].is_string(), "{refusal}");
            }
        }
        assert_eq!(state(&app, &customer).await, before);
    }

    async fn a_customer_has_so_many_addresses(app: TestApp) {
        let (customer, _) = resident(&app).await;
        let item = |place: usize| json!({ "idempotencyKey": format!("many {place}"), "customer": { "id": customer },
            "address": { "label": "SECOND", "content": postal("Lund") } });
        let batch = json!({ "items": (0..200).map(item).collect::<Vec<_>>() });
        let done = app.done("createAddressBatch", batch, "succeeded refused items { result { __typename ... on Refusal { code facts { maximumCount } } } }").await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(199), &json!(1)));
        let last = &done["items"][199]["result"];
        assert_eq!((&last["code"], &last["facts"]["maximumCount"]), (&json!("LIMIT_EXCEEDED"), &json!(200)));
    }
}
