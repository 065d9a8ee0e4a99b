//! The numbers by which states know customers, and what else is known of them.

use serde_json::{Value, json};

use super::{find, with};
use crate::app::{euros, fresh_key};
use crate::customers::persons::grep;

const KNOWN: &str = "customer { id name middleName birthDate languages contactPoints { kind value label primary }
    identifiers { country kind masked value } }";
const SWEDISH: &str = "19811228-9874";

fn person(more: Value) -> Value {
    with(json!({ "type": "PERSON", "firstName": "Ada", "lastName": "Lovelace" }), more)
}

fn company(more: Value) -> Value {
    with(json!({ "type": "COMPANY", "companyName": "Engines" }), more)
}

fn identified(country: &str, value: &str) -> Value {
    json!({ "identifiers": [{ "country": country, "value": value }] })
}

on_both_databases! {
    async fn a_customer_is_known_by_the_numbers_of_six_countries(app: TestApp) {
        for (input, kind, shown, masked) in [
            (person(identified("SE", "811228-9874")), "SE_PERSONNUMMER", SWEDISH, "19811228-****"),
            (person(identified("NO", "31129956715")), "NO_FODSELSNUMMER", "311299 56715", "311299 *****"),
            (person(identified("DK", "2110625629")), "DK_CPR", "211062-5629", "211062-****"),
            (person(identified("FI", "131052-308T")), "FI_HENKILOTUNNUS", "131052-308T", "131052-****"),
            (person(identified("DE", "36574261809")), "DE_IDNR", "36 574 261 809", "36 *** *** ***"),
            (person(identified("NL", "111222333")), "NL_BSN", "1112.22.333", "11**.**.***"),
            (company(identified("SE", "5560360793")), "SE_ORGANISATIONSNUMMER", "556036-0793", "556036-****"),
            (company(identified("NO", "988077917")), "NO_ORGANISASJONSNUMMER", "988 077 917", "988 07* ***"),
            (company(identified("DK", "13585628")), "DK_CVR", "13585628", "1358****"),
            (company(identified("FI", "20774740")), "FI_Y_TUNNUS", "2077474-0", "2077***-*"),
            (company(json!({ "identifiers": [{ "country": "DE", "kind": "DE_UST_IDNR", "value": "DE136695976" }] })), "DE_UST_IDNR", "DE136695976", "DE13669****"),
            (company(identified("NL", "68750110")), "NL_KVK", "68750110", "6875****"),
        ] {
            let made = app.done("createCustomer", input.clone(), KNOWN).await["customer"].take();
            let country = kind.split('_').next().expect("a country");
            let expected = json!([{ "country": country, "kind": kind, "masked": masked, "value": shown }]);
            assert_eq!(made["identifiers"], expected, "{input}");
            // As people write it, or as it is kept: found all the same.
            for value in [shown, input["identifiers"][0]["value"].as_str().expect("a value")] {
                let by = json!({ "identifier": { "country": country, "value": value } });
                assert_eq!(find(&app, by).await["id"], made["id"], "{value}");
            }
        }
    }

    async fn a_number_that_is_none_is_refused_and_never_repeated(app: TestApp) {
        let before = app.picture().await;
        for (input, code, field) in [
            (person(identified("SE", "19811228-9875")), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(identified("SE", "19811328-9874")), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(identified("SE", "9874")), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(identified("SE", "")), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(identified("SE", &"9".repeat(2_000))), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(identified("NO", "31129956716")), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (company(identified("SE", SWEDISH)), "INVALID_IDENTIFIER", "identifiers.0.value"),
            (person(json!({ "identifiers": [{ "country": "SE", "kind": "NO_FODSELSNUMMER", "value": "31129956715" }] })), "INVALID_INPUT", "identifiers.0.kind"),
            (person(json!({ "identifiers": [{ "country": "SE", "kind": "SE_ORGANISATIONSNUMMER", "value": "5560360793" }] })), "INVALID_INPUT", "identifiers.0.kind"),
            (person(json!({ "identifiers": [{ "country": "SE", "value": SWEDISH }, { "country": "SE", "value": "811228-9874" }] })), "INVALID_INPUT", "identifiers.1.value"),
            (person(with(identified("SE", SWEDISH), json!({ "birthDate": "1981-12-27" }))), "INVALID_INPUT", "birthDate"),
        ] {
            let refused = app.refused("createCustomer", input, code, field).await;
            assert!(!refused.to_string().contains("9874") && !refused.to_string().contains("1981"), "{refused}");
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_number_is_one_customers(app: TestApp) {
        let one = app.done("createCustomer", person(identified("SE", SWEDISH)), KNOWN).await["customer"]["id"].take();
        let other = app.customer().await;
        let before = app.picture().await;
        app.refused("createCustomer", person(identified("SE", "8112289874")), "DUPLICATE_REFERENCE", "identifiers.0.value").await;
        let input = with(json!({ "customer": { "id": other } }), identified("SE", SWEDISH));
        app.refused("updateCustomer", input, "DUPLICATE_REFERENCE", "identifiers.0.value").await;
        let opening = json!({ "product": { "code": "current" }, "owner": { "create": person(identified("SE", SWEDISH)) } });
        app.refused("openAccount", opening, "DUPLICATE_REFERENCE", "owner.create.identifiers.0.value").await;
        assert_eq!(app.picture().await, before);
        app.with_tenant("other").await.done("createCustomer", person(identified("SE", SWEDISH)), KNOWN).await;
        // It is named by it wherever a customer is named.
        let by = json!({ "identifier": { "country": "SE", "value": SWEDISH } });
        let opened = app.open(json!({ "product": { "code": "current" }, "owner": by })).await;
        assert_eq!(json!(opened.owner), one);
        app.done("updateCustomer", json!({ "customer": by, "firstName": "Augusta" }), "replayed").await;
        // Given up, it is another's.
        app.done("updateCustomer", json!({ "customer": by, "identifiers": null }), "replayed").await;
        assert_eq!(find(&app, by).await, Value::Null);
        let input = with(json!({ "customer": { "id": other } }), identified("SE", SWEDISH));
        app.done("updateCustomer", input, "replayed").await;
    }

    async fn an_update_replaces_the_numbers_and_holds_the_birth_date_against_them(app: TestApp) {
        let both = json!({ "identifiers": [{ "country": "SE", "value": SWEDISH }, { "country": "DE", "value": "36574261809" }],
            "birthDate": "1981-12-28" });
        let id = app.done("createCustomer", person(both), KNOWN).await["customer"]["id"].take();
        let change = |more: Value| with(json!({ "customer": { "id": id } }), more);
        app.refused("updateCustomer", change(json!({ "birthDate": "1980-12-28" })), "INVALID_INPUT", "birthDate").await;
        // Born on another day than the Danish number tells.
        app.refused("updateCustomer", change(identified("DK", "2110625629")), "INVALID_INPUT", "birthDate").await;
        let kept = json!({ "identifiers": [{ "country": "NL", "value": "111222333" }, { "country": "SE", "value": SWEDISH }] });
        let changed = app.done("updateCustomer", change(kept), KNOWN).await["customer"].take();
        let kinds: Vec<&Value> = changed["identifiers"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, ["SE_PERSONNUMMER", "NL_BSN"]);
        let changed = app.done("updateCustomer", change(json!({ "identifiers": null, "birthDate": "1980-12-28" })), KNOWN).await;
        assert_eq!(json!([changed["customer"]["identifiers"], changed["customer"]["birthDate"]]), json!([[], "1980-12-28"]));
    }

    async fn a_number_is_masked_without_the_scope_and_sealed_in_the_database(app: TestApp) {
        let input = person(with(identified("SE", SWEDISH), json!({ "idempotencyKey": fresh_key() })));
        let id = app.done("createCustomer", input.clone(), KNOWN).await["customer"]["id"].take();
        let query = "query($by: CustomerBy!) { customer(by: $by) { identifiers { masked value } } }";
        let by = json!({ "by": { "id": id } });
        let weak = app.with_scopes("read money admin subscribe audit bulk approve");
        let shown = |value: Value| json!({ "customer": { "identifiers": [{ "masked": "19811228-****", "value": value }] } });
        assert_eq!(weak.ok(query, by.clone()).await, shown(Value::Null));
        assert_eq!(weak.bound_to(id.as_str().expect("an id")).with_scopes("read").ok(query, by.clone()).await, shown(Value::Null));
        assert_eq!(app.with_scopes("read identifiers").ok(query, by).await, shown(json!(SWEDISH)));
        // A replay finds it again, and waiting for somebody or for its turn does not lay it open.
        assert_eq!(app.done("createCustomer", input, "replayed").await["replayed"], true);
        app.done("setApprovalRules", json!({ "rules": [{ "operation": "createCustomer" }] }), "replayed").await;
        app.refused("createCustomer", person(identified("NO", "31129956715")), "APPROVAL_REQUIRED", "").await;
        app.done("setApprovalRules", json!({ "rules": [] }), "replayed").await;
        let item = with(person(identified("DK", "2110625629")), json!({ "idempotencyKey": fresh_key() }));
        app.done("createCustomerBatch", json!({ "items": [item], "async": true }), "job { id }").await;
        for clear in ["198112289874", "19811228-9874", "8112289874", "31129956715", "2110625629"] {
            assert_eq!(grep(&app, clear).await, Vec::<String>::new(), "{clear}");
        }
    }

    async fn keys_are_replaced_without_a_stop(app: TestApp) {
        let id = app.done("createCustomer", person(identified("FI", "131052-308T")), KNOWN).await["customer"]["id"].take();
        let by = json!({ "identifier": { "country": "FI", "value": "131052-308T" } });
        let old = konto::sealing::KeyRing::for_show();
        let ring = old.clone().with_newest("second", [7; 32]);
        // Whoever seals meanwhile does so with the old one: the tests of this process share its ring.
        konto::sealing::install(old.clone().with_older("second", [7; 32]));
        let columns = konto::engine::sealed_columns();
        let db = app.database().open().await;
        let done = konto::work::reseal::reseal(&db, &ring, &columns).await.expect("sealed anew");
        assert_eq!((done.anew, done.unopened), (1, 0));
        assert_eq!(grep(&app, "second.").await.len(), 1);
        // Servers that have both keys read what either has sealed; who has the old one alone does not.
        let again = konto::work::reseal::reseal(&db, &ring, &columns).await.expect("nothing to do");
        assert_eq!(again.anew, 0);
        let stuck = konto::work::reseal::reseal(&db, &old, &columns).await.expect("done");
        assert_eq!((stuck.anew, stuck.unopened), (0, 1));
        let query = "query($by: CustomerBy!) { customer(by: $by) { id identifiers { value } } }";
        let found = app.ok(query, json!({ "by": by })).await["customer"].take();
        assert_eq!(found, json!({ "id": id, "identifiers": [{ "value": "131052-308T" }] }));
    }

    async fn what_else_is_known_is_kept_in_one_form(app: TestApp) {
        let input = person(json!({ "middleName": "King", "birthDate": "1815-12-10" }));
        app.refused("createCustomer", input, "INVALID_INPUT", "birthDate").await;
        let input = person(json!({
            "middleName": "King", "birthDate": "1915-12-10", "languages": ["EN-gb", "sv"],
            "contactPoints": [
                { "kind": "MOBILE", "value": "+46 70-123 45 67" },
                { "kind": "EMAIL", "value": "Ada@Example.com", "label": "work" },
                { "kind": "EMAIL", "value": "ada@home.example", "primary": true },
            ],
        }));
        let made = app.done("createCustomer", input, KNOWN).await["customer"].take();
        assert_eq!(json!([made["name"], made["middleName"], made["birthDate"], made["languages"]]),
            json!(["Ada King Lovelace", "King", "1915-12-10", ["en-GB", "sv"]]));
        assert_eq!(made["contactPoints"], json!([
            { "kind": "MOBILE", "value": "+46701234567", "label": null, "primary": true },
            { "kind": "EMAIL", "value": "Ada@example.com", "label": "work", "primary": false },
            { "kind": "EMAIL", "value": "ada@home.example", "label": null, "primary": true },
        ]));
        let by = json!({ "id": made["id"] });
        let changed = app.done("updateCustomer", json!({ "customer": by, "languages": null, "contactPoints": [], "middleName": null }), KNOWN).await["customer"].take();
        assert_eq!(json!([changed["name"], changed["languages"], changed["contactPoints"], changed["birthDate"]]), json!(["Ada Lovelace", [], [], "1915-12-10"]));
    }

    async fn what_cannot_be_kept_is_refused_by_its_field(app: TestApp) {
        let before = app.picture().await;
        let points = |point: Value| json!({ "contactPoints": [point] });
        let long = "x".repeat(2_000);
        for (more, field) in [
            (json!({ "firstName": long }), "firstName"),
            (json!({ "lastName": long }), "lastName"),
            (json!({ "middleName": long }), "middleName"),
            (json!({ "middleName": "" }), "middleName"),
            (json!({ "birthDate": "2027-01-01" }), "birthDate"),
            (json!({ "languages": ["swedish!"] }), "languages.0"),
            (json!({ "languages": ["sv", "SV"] }), "languages.1"),
            (points(json!({ "kind": "PHONE", "value": "070-123 45 67" })), "contactPoints.0.value"),
            (points(json!({ "kind": "PHONE", "value": long })), "contactPoints.0.value"),
            (points(json!({ "kind": "EMAIL", "value": "ada" })), "contactPoints.0.value"),
            (points(json!({ "kind": "EMAIL", "value": "ada@x.se", "label": long })), "contactPoints.0.label"),
        ] {
            app.refused("createCustomer", person(more), "INVALID_INPUT", field).await;
        }
        app.refused("createCustomer", company(json!({ "companyName": long })), "INVALID_INPUT", "companyName").await;
        app.refused("createCustomer", company(json!({ "middleName": "X" })), "INVALID_INPUT", "middleName").await;
        app.refused("createCustomer", company(json!({ "birthDate": "1990-01-01" })), "INVALID_INPUT", "birthDate").await;
        assert_eq!(app.picture().await, before);
    }

    async fn an_account_is_opened_with_all_that_is_known_of_its_owner(app: TestApp) {
        let owner = person(with(identified("SE", SWEDISH), json!({ "birthDate": "1981-12-28", "languages": ["sv"],
            "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }] })));
        let input = json!({ "product": { "code": "current" }, "owner": { "create": owner } });
        let account = app.open(input).await;
        let query = "query($by: AccountBy!) { account(by: $by) { owner { id birthDate languages roles identifiers { masked } contactPoints { value } } } }";
        let found = app.ok(query, json!({ "by": account.by() })).await["account"]["owner"].take();
        assert_eq!(found, json!({ "id": account.owner, "birthDate": "1981-12-28", "languages": ["sv"], "roles": ["OWNER"],
            "identifiers": [{ "masked": "19811228-****" }], "contactPoints": [{ "value": "ada@example.com" }] }));
        let wrong = json!({ "product": { "code": "current" }, "owner": { "create": person(identified("SE", "19811228-9875")) } });
        app.refused("openAccount", wrong, "INVALID_IDENTIFIER", "owner.create.identifiers.0.value").await;
        app.pay_in(&account, "1.00").await;
        app.done("disburse", json!({ "account": account.by(), "amount": euros("1.00"), "iban": "SE3550000000054910000003" }), "replayed").await;
    }

    async fn customers_are_listed_by_number_and_an_unknown_one_is_not_found(app: TestApp) {
        app.done("createCustomer", person(json!({ "number": "4711" })), "replayed").await;
        app.done("createCustomer", person(json!({ "number": "4712" })), "replayed").await;
        let query = "query($filter: CustomerFilter) { customers(filter: $filter) { nodes { number } } }";
        let listed = async |filter: Value| app.ok(query, json!({ "filter": filter })).await["customers"]["nodes"].take();
        assert_eq!(listed(json!({ "number": "4712" })).await, json!([{ "number": "4712" }]));
        assert_eq!(listed(json!({ "number": "4713" })).await, json!([]));
        assert_eq!(listed(json!({ "number": "4712", "type": "COMPANY" })).await, json!([]));
        assert_eq!(find(&app, json!({ "number": "4713" })).await, Value::Null);
        let opening = json!({ "product": { "code": "current" }, "owner": { "number": "4713" } });
        app.refused("openAccount", opening, "NOT_FOUND", "owner").await;
        let by = json!({ "identifier": { "country": "SE", "value": SWEDISH } });
        app.refused("updateCustomer", json!({ "customer": by, "firstName": "X" }), "NOT_FOUND", "customer").await;
    }
}
