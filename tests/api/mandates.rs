//! Mandates: registered, amended, suspended, revoked, lapsed.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, eventually};

const IBAN: &str = "SE3550000000054910000003";
const OTHER_IBAN: &str = "DE89370400440532013000";

/// A SEPA Core mandate of an account, in force.
pub fn core(account: &Account, reference: &str) -> Value {
    json!({ "account": account.by(), "scheme": "SEPA_CORE", "reference": reference, "signedOn": "2026-04-01",
        "payer": { "bankAccount": { "iban": IBAN, "holderName": "Ada Lovelace" } }, "preNotificationDays": 1 })
}

/// Registers a mandate. Gives its id.
pub async fn create(app: &TestApp, input: Value) -> String {
    let done = app.done("createMandate", input, "mandate { id }").await;
    done["mandate"]["id"].as_str().expect("an id").to_owned()
}

fn by(id: &str) -> Value {
    json!({ "mandate": { "id": id } })
}

/// A provider's mandate.
fn provided(account: &Account, scheme: &str, reference: &str) -> Value {
    json!({ "account": account.by(), "scheme": scheme, "reference": reference, "productReferences": ["loan-1"] })
}

on_both_databases! {
    async fn a_mandate_is_registered_and_shown_with_its_account(app: TestApp) {
        let account = app.account("revolving").await;
        let shown = "mandate { reference scheme providerName status signedOn lapsesOn oneOff preNotificationDays uses nextSequence
            account { id } debtor { id } payer { ... on MandateBankAccount { iban holderName bankName } }
            actions { action allowed } }";
        let done = app.done("createMandate", core(&account, "M-1"), shown).await;
        assert_eq!(done["mandate"], json!({
            "reference": "M-1", "scheme": "SEPA_CORE", "providerName": null, "status": "ACTIVE", "signedOn": "2026-04-01",
            "lapsesOn": "2029-04-01", "oneOff": false, "preNotificationDays": 1, "uses": 0, "nextSequence": "FRST",
            "account": { "id": account.id }, "debtor": { "id": account.owner },
            "payer": { "iban": IBAN, "holderName": "Ada Lovelace", "bankName": null },
            "actions": [
                { "action": "ACTIVATE", "allowed": false }, { "action": "SUSPEND", "allowed": true },
                { "action": "AMEND", "allowed": true }, { "action": "REVOKE", "allowed": true },
                { "action": "DEBIT", "allowed": true },
            ],
        }));
        // Each scheme begins where its rules say.
        let mut made = Vec::new();
        for (scheme, status, days) in [("SEPA_B2B", "PENDING", 14), ("AUTOGIRO", "PENDING", 0), ("AVTALEGIRO", "PENDING", 0),
            ("BETALINGSSERVICE", "PENDING", 0)] {
            let mut input = core(&account, scheme);
            input["scheme"] = json!(scheme);
            input["preNotificationDays"] = Value::Null;
            let done = app.done("createMandate", input, "mandate { id status preNotificationDays }").await;
            assert_eq!((&done["mandate"]["status"], &done["mandate"]["preNotificationDays"]), (&json!(status), &json!(days)), "{scheme}");
            made.push(done["mandate"]["id"].clone());
        }
        let mut unsigned = core(&account, "M-2");
        unsigned["signedOn"] = Value::Null;
        assert_eq!(app.done("createMandate", unsigned, "mandate { status }").await["mandate"]["status"], "PENDING");
        let found = show(&app, &account, "mandates { nodes { reference } }").await;
        let names: Vec<&str> = found["mandates"]["nodes"].as_array().expect("nodes").iter().filter_map(|one| one["reference"].as_str()).collect();
        assert_eq!(names, ["M-2", "BETALINGSSERVICE", "AVTALEGIRO", "AUTOGIRO", "SEPA_B2B", "M-1"]);
        let pending = app.ok("{ mandates(filter: { statuses: [PENDING] }) { nodes { id } } }", json!({})).await;
        assert_eq!(pending["mandates"]["nodes"].as_array().map(Vec::len), Some(5));
        app.done("activateMandate", by(made[0].as_str().expect("an id")), "mandate { status }").await;
    }

    async fn mandates_of_the_four_providers_are_registered_in_one_batch_and_removed_in_another(app: TestApp) {
        let account = app.account("receivable").await;
        let mut cards = provided(&account, "PAYLANDSEN_CARDS", "pay-2");
        cards["clientIpAddress"] = json!("2001:db8::1");
        cards["payer"] = json!({ "card": { "cardIssuer": "VISA", "lastDigits": "1404", "expiryMonth": 5, "expiryYear": 2027,
            "holderName": "Ada", "bankName": "A Bank" } });
        let mut bizum = provided(&account, "PAYLANDSEN_BIZUM", "pay-1");
        bizum["clientIpAddress"] = json!("203.0.113.7");
        let mut trustly = provided(&account, "TRUSTLY", "t-1");
        trustly["payer"] = json!({ "bankAccount": { "bankName": "A Bank", "bankAccountNumber": "****4711" } });
        let mut items = vec![
            provided(&account, "FERRATUM_CHECKOUT_CREDIT_CARD_V2", "f-1"), bizum.clone(), cards, provided(&account, "SPLIT", "s-1"), trustly,
            // Refused, each by itself.
            provided(&account, "PAYLANDSEN_CARDS", "pay-3"), provided(&account, "SPLIT", "s-1"),
        ];
        for (place, item) in items.iter_mut().enumerate() {
            item["idempotencyKey"] = json!(format!("k{place}"));
        }
        let shown = "succeeded refused items { index result { __typename
            ... on CreateMandateSuccess { mandate { reference providerName status payer {
                ... on MandateCard { cardIssuer lastDigits expiryMonth expiryYear }
                ... on MandateBankAccount { bankName bankAccountNumber } } } }
            ... on Refusal { code fields { path } } } }";
        let batch = app.done("createMandateBatch", json!({ "items": items }), shown).await;
        assert_eq!((&batch["succeeded"], &batch["refused"]), (&json!(5), &json!(2)));
        let names: Vec<&Value> = batch["items"].as_array().expect("items")[..5].iter().map(|item| &item["result"]["mandate"]["providerName"]).collect();
        assert_eq!(json!(names), json!(["ferratumCheckoutCreditCardV2", "paylandsenBizum", "paylandsenCards", "split", "trustly"]));
        assert_eq!(batch["items"][2]["result"]["mandate"]["payer"],
            json!({ "cardIssuer": "VISA", "lastDigits": "1404", "expiryMonth": 5, "expiryYear": 2027 }));
        assert_eq!(batch["items"][4]["result"]["mandate"]["payer"], json!({ "bankName": "A Bank", "bankAccountNumber": "****4711" }));
        assert_eq!(batch["items"][5]["result"]["fields"][0]["path"], json!(["items", "5", "clientIpAddress"]));
        assert_eq!(batch["items"][6]["result"]["code"], "DUPLICATE_REFERENCE");
        // Another account's may have the same: the pair tells them apart.
        let other = app.account("receivable").await;
        create(&app, provided(&other, "SPLIT", "s-1")).await;
        let pair = |account: &Account, reference: &str, key: &str| json!({ "idempotencyKey": key,
            "mandate": { "ofAccount": { "account": account.by(), "reference": reference } } });
        let gone = json!({ "items": [pair(&account, "s-1", "r1"), pair(&account, "t-1", "r2"), pair(&account, "nobody", "r3")] });
        let shown = "succeeded refused items { result { ... on RevokeMandateSuccess { mandate { status } } ... on Refusal { code } } }";
        let batch = app.done("revokeMandateBatch", gone, shown).await;
        assert_eq!((&batch["succeeded"], &batch["items"][2]["result"]["code"]), (&json!(2), &json!("NOT_FOUND")));
        let found = show(&app, &other, "mandates { nodes { status } }").await;
        assert_eq!(found["mandates"]["nodes"], json!([{ "status": "ACTIVE" }]));
        // Neither the answer nor the schema has the IP address.
        assert!(!include_str!("../../schema.graphql").contains("\n  clientIpAddress: String\n  \"What"));
    }

    async fn what_no_mandate_can_be_is_refused_by_its_field(app: TestApp) {
        let account = app.account("revolving").await;
        create(&app, core(&account, "M-1")).await;
        let stranger = app.customer().await;
        for (field, value, code, path) in [
            ("account", json!({ "number": "nobody" }), "NOT_FOUND", "account"),
            ("debtor", json!({ "number": "nobody" }), "NOT_FOUND", "debtor"),
            ("debtor", json!({ "id": stranger }), "DEBTOR_NOT_OF_ACCOUNT", "debtor"),
            ("reference", json!("M-1"), "DUPLICATE_REFERENCE", "reference"),
            ("reference", json!("x".repeat(36)), "INVALID_INPUT", "reference"),
            ("payer", Value::Null, "INVALID_INPUT", "payer"),
            ("payer", json!({ "bankAccount": { "iban": "SE3550000000054910000004" } }), "INVALID_INPUT", "payer.bankAccount.iban"),
            ("payer", json!({ "bankAccount": { "bankAccountNumber": "1234" } }), "INVALID_INPUT", "payer.bankAccount.bankAccountClass"),
            ("payer", json!({ "card": { "cardIssuer": "VISA", "lastDigits": "1404" } }), "INVALID_INPUT", "payer.card"),
            ("payer", json!({ "card": { "cardIssuer": "VISA", "lastDigits": "41111" } }), "INVALID_INPUT", "payer.card"),
            ("clientIpAddress", json!("203.0.113.7"), "INVALID_INPUT", "clientIpAddress"),
            ("signedOn", json!("2026-04-16"), "INVALID_INPUT", "signedOn"),
            ("signedOn", json!("2023-04-15"), "INVALID_INPUT", "signedOn"),
            ("preNotificationDays", json!(61), "INVALID_INPUT", "preNotificationDays"),
            ("productReferences", json!(["a", "a"]), "INVALID_INPUT", "productReferences.1"),
        ] {
            let mut input = core(&account, "M-9");
            input[field] = value;
            app.refused("createMandate", input, code, path).await;
        }
        for (field, value, path) in [
            ("productReferences", json!([]), "productReferences"), ("reference", Value::Null, "reference"),
            ("payer", json!({ "bankAccount": { "bankAccountNumber": "1" } }), "payer.bankAccount.bankName"),
            ("payer", json!({ "card": { "cardIssuer": "VISA", "lastDigits": "41111" } }), "payer.card.lastDigits"),
            ("payer", json!({ "card": { "cardIssuer": "VISA", "lastDigits": "1404", "expiryMonth": 13 } }), "payer.card.expiryMonth"),
        ] {
            let mut input = provided(&account, "TRUSTLY", "t-9");
            input[field] = value;
            app.refused("createMandate", input, "INVALID_INPUT", path).await;
        }
        let mut nowhere = provided(&account, "PAYLANDSEN_BIZUM", "p-9");
        nowhere["clientIpAddress"] = json!("300.0.0.1");
        app.refused("createMandate", nowhere, "INVALID_INPUT", "clientIpAddress").await;
        // Whoever takes part may pay.
        app.done("addAccountParticipant", json!({ "account": account.by(), "customer": { "id": stranger }, "role": "PAYER" }), "replayed").await;
        let mut input = core(&account, "M-3");
        input["debtor"] = json!({ "id": stranger });
        create(&app, input).await;
        // A bank's reference is one in the tenant.
        let other = app.account("revolving").await;
        app.refused("createMandate", core(&other, "M-1"), "DUPLICATE_REFERENCE", "reference").await;
    }

    async fn what_was_amended_is_kept_and_states_are_checked(app: TestApp) {
        let account = app.account("revolving").await;
        let id = create(&app, core(&account, "M-1")).await;
        let mut amended = by(&id);
        amended["payer"] = json!({ "bankAccount": { "iban": OTHER_IBAN, "holderName": "Ada Lovelace" } });
        amended["reference"] = json!("M-1b");
        amended["reason"] = json!("another bank");
        let shown = "mandate { reference payer { ... on MandateBankAccount { iban } }
            amendments { amendedOn reference reason preNotificationDays payer { ... on MandateBankAccount { iban } } } }";
        let done = app.done("amendMandate", amended.clone(), shown).await;
        assert_eq!(done["mandate"], json!({
            "reference": "M-1b", "payer": { "iban": OTHER_IBAN },
            "amendments": [{ "amendedOn": "2026-04-15", "reference": "M-1", "reason": "another bank", "preNotificationDays": null,
                "payer": { "iban": IBAN } }],
        }));
        app.refused("amendMandate", amended, "INVALID_INPUT", "mandate").await;
        app.refused("activateMandate", by(&id), "INVALID_STATE", "mandate").await;
        let mut suspended = by(&id);
        suspended["reason"] = json!("a question");
        assert_eq!(app.done("suspendMandate", suspended, "mandate { status reason }").await["mandate"],
            json!({ "status": "SUSPENDED", "reason": "a question" }));
        app.refused("suspendMandate", by(&id), "INVALID_STATE", "mandate").await;
        assert_eq!(app.done("activateMandate", by(&id), "mandate { status reason }").await["mandate"],
            json!({ "status": "ACTIVE", "reason": null }));
        // Its owner takes it back; nobody else's token sees it.
        let stranger = app.account("current").await;
        app.bound_to(&stranger.owner).refused("revokeMandate", by(&id), "NOT_FOUND", "mandate").await;
        let bound = app.bound_to(&account.owner);
        assert_eq!(bound.done("revokeMandate", by(&id), "mandate { status }").await["mandate"]["status"], "REVOKED");
        for name in ["revokeMandate", "activateMandate", "suspendMandate"] {
            let refusal = app.refused(name, by(&id), "INVALID_STATE", "mandate").await;
            assert_eq!(refusal["facts"]["status"], "REVOKED");
        }
        let mut amended = by(&id);
        amended["preNotificationDays"] = json!(3);
        app.refused("amendMandate", amended, "INVALID_STATE", "mandate").await;
        let history = show(&app, &account, "mandates { nodes { history { nodes { operation } } } }").await;
        let told: Vec<&Value> = history["mandates"]["nodes"][0]["history"]["nodes"].as_array().expect("nodes").iter().map(|one| &one["operation"]).collect();
        assert_eq!(json!(told), json!(["revokeMandate", "activateMandate", "suspendMandate", "amendMandate", "createMandate"]));
    }

    async fn a_mandate_lapses_after_36_months(app: TestApp) {
        let account = app.account("revolving").await;
        let mut input = core(&account, "M-1");
        input["signedOn"] = json!("2023-04-20");
        let id = create(&app, input).await;
        app.clock().set("2026-04-20T08:00:00Z".parse().expect("a moment"));
        let status = "query($id: ID!) { node(id: $id) { ... on Mandate { status endedAt } } }";
        assert_eq!(app.ok(status, json!({ "id": id })).await["node"]["status"], "EXPIRED");
        let refusal = app.refused("suspendMandate", by(&id), "INVALID_STATE", "mandate").await;
        assert_eq!(refusal["facts"]["status"], "EXPIRED");
        let lapsed = app.ok("{ mandates(filter: { statuses: [EXPIRED] }) { nodes { id } } }", json!({})).await;
        assert_eq!(lapsed["mandates"]["nodes"], json!([{ "id": id }]));
        eventually("the day notes it", async || {
            app.ok(status, json!({ "id": id })).await["node"]["endedAt"].is_string()
        }).await;
    }
}
