//! What addresses are used for: each usage by one address of a customer's at a time.

use serde_json::{Value, json};

use super::{ALL, add, main_address, postal, resident, town, with};
use crate::app::TestApp;

fn usage(name: &str, entity: Value) -> Value {
    json!({ "name": name, "service": "ACCOUNT_SERVICE", "entityReference": entity })
}

async fn use_for(app: &TestApp, address: &str, usage: Value) -> Value {
    let input = json!({ "address": { "id": address }, "usage": usage });
    app.done("addAddressUsage", input, ALL).await["address"]["usages"].take()
}

async fn used(app: &TestApp, address: &str) -> Value {
    let query = "query($id: ID!) { address(by: { id: $id }) { usages { name service entityReference } } }";
    app.ok(query, json!({ "id": address })).await["address"]["usages"].take()
}

/// An address under another label. Gives its id.
async fn second(app: &TestApp, customer: &str, more: &Value) -> String {
    let input = with(json!({ "label": "SECOND_POSTAL_ADDRESS", "content": postal("Lund") }), more);
    add(app, customer, input).await["id"].as_str().expect("an id").to_owned()
}

on_both_databases! {
    async fn a_usage_goes_over_to_the_address_that_gets_it(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let statements = usage("STATEMENT_SENDING", Value::Null);
        let of_card = usage("STATEMENT_SENDING", json!("card 1"));
        assert_eq!(use_for(&app, &main, statements.clone()).await, json!([statements]));
        assert_eq!(use_for(&app, &main, of_card.clone()).await, json!([statements, of_card]));
        assert_eq!(use_for(&app, &main, statements.clone()).await, json!([statements, of_card]), "it has it already");
        let other = second(&app, &customer, &json!({ "usages": [of_card] })).await;
        assert_eq!((used(&app, &main).await, used(&app, &other).await), (json!([statements]), json!([of_card])));
        let asked = |entity: Value| json!({ "usage": usage("STATEMENT_SENDING", entity) });
        assert_eq!(town(&app, &customer, asked(Value::Null)).await, "Stockholm");
        assert_eq!(town(&app, &customer, asked(json!("card 1"))).await, "Lund");
        assert_eq!(town(&app, &customer, asked(json!("card 2"))).await, "Stockholm", "the usage for all things");
        assert_eq!(town(&app, &customer, json!({ "usage": usage("DISPUTE", Value::Null) })).await, Value::Null);
        // A temporary address stands in for the one that has the usage.
        let window = json!({ "startsOn": "2026-04-15", "endsOn": "2026-04-20" });
        add(&app, &customer, with(main_address("Visby"), &window)).await;
        assert_eq!(town(&app, &customer, asked(Value::Null)).await, "Visby");
        // At once, even to one that has yet to start; then nothing is in force for it.
        let later = json!({ "label": "THIRD", "content": postal("Ystad"), "startsOn": "2026-05-01", "usages": [of_card] });
        add(&app, &customer, later).await;
        assert_eq!((used(&app, &other).await, town(&app, &customer, asked(json!("card 1"))).await), (json!([]), Value::Null));
        // An update adds, and takes none away.
        let update = json!({ "address": { "id": other }, "content": postal("Lund"), "usages": [statements] });
        assert_eq!(app.done("updateAddress", update, ALL).await["address"]["usages"], json!([statements]));
        assert_eq!(used(&app, &main).await, json!([]));
        let update = json!({ "address": { "id": other }, "content": postal("Lund") });
        assert_eq!(app.done("updateAddress", update, ALL).await["address"]["usages"], json!([statements]));
    }

    async fn a_usage_is_taken_away_for_one_thing_or_for_all(app: TestApp) {
        let (_, main) = resident(&app).await;
        for entity in [Value::Null, json!("card 1"), json!("card 2")] {
            use_for(&app, &main, usage("STATEMENT_SENDING", entity)).await;
        }
        use_for(&app, &main, usage("DISPUTE", Value::Null)).await;
        let remove = |usage: Value| json!({ "address": { "id": main }, "usage": usage, "idempotencyKey": "removal" });
        let shown = "address { usages { name entityReference } } removedUsages { name service entityReference } replayed";
        let one = with(remove(usage("STATEMENT_SENDING", json!("card 1"))), &json!({ "idempotencyKey": "one" }));
        let done = app.done("removeAddressUsage", one, shown).await;
        assert_eq!(done["removedUsages"], json!([usage("STATEMENT_SENDING", json!("card 1"))]));
        let all = remove(json!({ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" }));
        let done = app.done("removeAddressUsage", all.clone(), shown).await;
        let both = json!([usage("STATEMENT_SENDING", Value::Null), usage("STATEMENT_SENDING", json!("card 2"))]);
        assert_eq!((&done["removedUsages"], &done["replayed"]), (&both, &json!(false)));
        assert_eq!(done["address"]["usages"], json!([{ "name": "DISPUTE", "entityReference": null }]));
        let again = app.done("removeAddressUsage", all, shown).await;
        assert_eq!((&again["removedUsages"], &again["replayed"]), (&json!([]), &json!(true)));
    }

    async fn only_what_the_tenant_has_agreed_on_is_taken(app: TestApp) {
        let (customer, main) = resident(&app).await;
        use_for(&app, &main, usage("OLD", Value::Null)).await;
        let agreed = json!([{ "name": "STATEMENT_SENDING", "service": "ACCOUNT_SERVICE" }]);
        let done = app.done("updateTenant", json!({ "addressUsages": agreed }), "tenant { addressUsages { name service } }").await;
        assert_eq!(done["tenant"]["addressUsages"], agreed);
        use_for(&app, &main, usage("STATEMENT_SENDING", json!("card 1"))).await;
        let input = json!({ "address": { "id": main }, "usage": usage("DISPUTE", Value::Null) });
        app.refused("addAddressUsage", input.clone(), "ADDRESS_USAGE_NOT_AGREED", "usage").await;
        let address = with(main_address("Lund"), &json!({ "usages": [usage("DISPUTE", Value::Null)] }));
        let create = json!({ "customer": { "id": customer }, "address": address });
        app.refused("createAddress", create, "ADDRESS_USAGE_NOT_AGREED", "address.usages.0").await;
        assert_eq!(used(&app, &main).await.as_array().map(Vec::len), Some(2), "what was there stays");
        let wrong = json!({ "addressUsages": [{ "name": "statement", "service": "A" }] });
        app.refused("updateTenant", wrong, "INVALID_INPUT", "addressUsages.0.name").await;
        app.done("updateTenant", json!({ "addressUsages": [] }), "replayed").await;
        app.done("addAddressUsage", input, ALL).await;
    }

    async fn of_two_who_take_one_usage_the_last_one_has_it(app: TestApp) {
        let (customer, main) = resident(&app).await;
        let other = second(&app, &customer, &json!({})).await;
        let beside = app.second_server().await.unwrap_or_else(|| app.clone());
        for round in 0..10 {
            let taken = usage("STATEMENT_SENDING", json!(format!("card {round}")));
            let (one, two) = tokio::join!(use_for(&app, &main, taken.clone()), use_for(&beside, &other, taken.clone()));
            assert!(one.to_string().contains(&format!("card {round}")) && two.to_string().contains(&format!("card {round}")));
            let (of_main, of_other) = (used(&app, &main).await, used(&app, &other).await);
            let has = |usages: &Value| usages.as_array().expect("usages").iter().filter(|one| **one == taken).count();
            assert_eq!(has(&of_main) + has(&of_other), 1, "{of_main} {of_other}");
        }
    }

    async fn of_two_temporary_addresses_at_once_one_is_left(app: TestApp) {
        let (customer, _) = resident(&app).await;
        let beside = app.second_server().await.unwrap_or_else(|| app.clone());
        let window = json!({ "startsOn": "2026-05-01", "endsOn": "2026-05-10" });
        let (one, two) = tokio::join!(
            add(&app, &customer, with(main_address("Visby"), &window)),
            add(&beside, &customer, with(main_address("Kiruna"), &window))
        );
        let query = "query($id: ID!) { address(by: { id: $id }) { status } }";
        let status = async |address: &Value| app.ok(query, json!({ "id": address["id"] })).await["address"]["status"].take();
        let mut both = [status(&one).await.to_string(), status(&two).await.to_string()];
        both.sort();
        assert_eq!(both, ["\"ACTIVE\"", "\"REMOVED\""]);
    }
}
