//! Texts that nobody should keep: empty, too long, with control characters.

use serde_json::json;

use super::{Refusal, between, payment, refuse_all, with, without};
use crate::app::{euros, items};

on_both_databases! {
    async fn keys_say_something_and_fit(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = between(&from, &to, "1.00");
        let refused = || Refusal("INVALID_INPUT", "idempotencyKey");
        let keys = ["", " ", "\t", "\u{200b}", "a\u{0}b", "a\u{7}", "\u{7f}", &"x".repeat(201)];
        refuse_all(
            &app,
            keys.iter().map(|key| ("transfer", with(&transfer, "idempotencyKey", json!(key)), refused())).collect(),
        )
        .await;
        for key in ["x".repeat(200), "ключ 🔑".into()] {
            app.done("transfer", with(&transfer, "idempotencyKey", json!(key)), "replayed").await;
        }
    }

    async fn texts_have_no_control_characters_and_an_end(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = between(&from, &to, "1.00");
        let payment = payment(&from, "1.00");
        let person = json!({ "type": "PERSON", "lastName": "X" });
        let product = json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
        let open = json!({ "product": { "code": "current" }, "owner": { "id": from.owner } });
        let mut rows = Vec::new();
        for (name, input, field) in [
            ("transfer", &transfer, "messageToSender"),
            ("transfer", &transfer, "messageToReceiver"),
            ("transfer", &transfer, "reference"),
            ("postPayment", &payment, "description"),
            ("postPayment", &payment, "reference"),
            ("disburse", &with(&without(&payment, "channel"), "iban", json!("SE3550000000054910000003")), "ownMessage"),
            (
                "disburse",
                &with(&without(&payment, "channel"), "iban", json!("SE3550000000054910000003")),
                "messageToReceiver",
            ),
            ("placeHold", &json!({ "account": from.by(), "amount": euros("1.00") }), "description"),
            ("placeHold", &json!({ "account": from.by(), "amount": euros("1.00") }), "reference"),
            ("createCustomer", &person, "number"),
            ("createCustomer", &person, "externalReference"),
            ("createCustomer", &person, "firstName"),
            ("createCustomer", &person, "lastName"),
            ("createProduct", &product, "code"),
            ("createProduct", &product, "alias"),
            ("openAccount", &open, "number"),
            ("openAccount", &open, "externalReference"),
            ("updateAccount", &json!({ "account": to.by() }), "externalReference"),
            ("closeAccount", &json!({ "account": to.by() }), "closureCode"),
            ("postAdjustment", &without(&payment, "channel"), "reason"),
        ] {
            let turned = "a\u{202e}b\u{202c}".to_owned();
            for text in ["a\u{0}b".to_owned(), "\u{1b}[31m".to_owned(), turned, "a\u{2066}".to_owned(), "x".repeat(2_000)] {
                rows.push((name, with(input, field, json!(text)), Refusal("INVALID_INPUT", field)));
            }
        }
        for part in ["reference", "poster", "code"] {
            let external = with(&json!({ "reference": "r" }), part, json!("a\u{0}b"));
            let path = ["externalReference.reference", "externalReference.poster", "externalReference.code"]
                .into_iter()
                .find(|path| path.ends_with(&format!(".{part}")))
                .expect("a path");
            rows.push(("transfer", with(&transfer, "externalReference", external), Refusal("INVALID_INPUT", path)));
        }
        rows.push((
            "transfer",
            with(&transfer, "externalReference", json!({ "reference": "" })),
            Refusal("INVALID_INPUT", "externalReference.reference"),
        ));
        refuse_all(&app, rows).await;
    }

    async fn a_text_that_nobody_sees_is_empty(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let payment = payment(&from, "1.00");
        let person = json!({ "type": "PERSON", "firstName": "X", "lastName": "X" });
        let company = json!({ "type": "COMPANY", "companyName": "X" });
        let product = json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
        let open = json!({ "product": { "code": "current" }, "owner": { "id": from.owner } });
        let adjustment = with(&without(&payment, "channel"), "reason", json!("X"));
        let external = with(&payment, "externalReference", json!({ "reference": "r", "poster": "p", "code": "c" }));
        let write_off = json!({ "account": to.by(), "closureCode": "X",
            "transactions": [{ "target": { "writeOff": { "reason": "X" } } }] });
        let mut rows = Vec::new();
        for (name, input, field) in [
            ("createCustomer", &person, "firstName"),
            ("createCustomer", &person, "lastName"),
            ("createCustomer", &person, "number"),
            ("createCustomer", &person, "externalReference"),
            ("createCustomer", &company, "companyName"),
            ("createParty", &json!({ "name": "X" }), "name"),
            ("createParty", &json!({ "name": "X" }), "number"),
            ("createParty", &json!({ "name": "X" }), "externalReference"),
            ("updateCustomer", &json!({ "customer": { "id": from.owner } }), "lastName"),
            ("createProduct", &product, "code"),
            ("createProduct", &product, "alias"),
            ("openAccount", &open, "number"),
            ("openAccount", &open, "externalReference"),
            ("updateAccount", &json!({ "account": to.by() }), "externalReference"),
            ("closeAccount", &json!({ "account": to.by() }), "closureCode"),
            ("closeAccount", &write_off, "transactions.0.target.writeOff.reason"),
            ("postAdjustment", &adjustment, "reason"),
            ("postPayment", &external, "externalReference.reference"),
            ("postPayment", &external, "externalReference.poster"),
            ("postPayment", &external, "externalReference.code"),
        ] {
            for text in ["", "\u{a0}", "\u{200b}", "\u{feff}", "\u{2060}", "\u{ad}\u{fe0f}", "\u{202e} \u{2066}"] {
                rows.push((name, with(input, field, json!(text)), Refusal("INVALID_INPUT", field)));
            }
        }
        refuse_all(&app, rows).await;
        // What may be left out counts as left out.
        let said = with(&payment, "description", json!("\u{200b}"));
        let said = app.done("postPayment", said, "entry { description }").await["entry"]["description"].take();
        let silent = app.done("postPayment", without(&self::payment(&from, "1.00"), "description"), "entry { description }").await;
        assert_eq!(said, silent["entry"]["description"]);
        // Invisible characters beside others are what some scripts are written with.
        let persian = with(&person, "lastName", json!("علی\u{200c}زاده"));
        let done = app.done("createCustomer", persian, "customer { lastName }").await;
        assert_eq!(done["customer"]["lastName"], "علی\u{200c}زاده");
    }

    async fn a_nul_in_metadata_is_kept(app: TestApp) {
        let metadata = json!({ "a\u{0}b": "\u{0}", "": ["\u{0}\u{1f}", { "\u{0}": "\\u0000" }] });
        let person = json!({ "type": "PERSON", "lastName": "X", "metadata": metadata });
        let done = app.done("createCustomer", person, "customer { id metadata }").await;
        assert_eq!(done["customer"]["metadata"], metadata);
        let change = json!({ "customer": { "id": done["customer"]["id"] }, "metadata": { "\u{0}": metadata } });
        app.done("updateCustomer", change, "replayed").await;
        let query = "query($by: CustomerBy!) { customer(by: $by) { metadata } }";
        let found = app.ok(query, json!({ "by": { "id": done["customer"]["id"] } })).await;
        assert_eq!(found["customer"]["metadata"], json!({ "\u{0}": metadata }));
        let open = json!({ "product": { "code": "current" }, "owner": { "id": done["customer"]["id"] }, "metadata": metadata });
        let opened = app.done("openAccount", open, "account { id metadata }").await;
        assert_eq!(opened["account"]["metadata"], metadata);
        let product = json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE",
            "metadata": metadata });
        let made = app.done("createProduct", product, "product { metadata }").await;
        assert_eq!(made["product"]["metadata"], metadata);
        let account = app.account("current").await;
        let paid = with(&payment(&account, "1.00"), "metadata", metadata.clone());
        let paid = app.done("postPayment", paid, "entry { id metadata }").await["entry"].take();
        let query = "query($id: ID!) { entry(id: $id) { metadata } }";
        let found = app.ok(query, json!({ "id": paid["id"] })).await;
        for place in [&paid, &found["entry"]] {
            let kept = place["metadata"].as_object().expect("an object");
            let own = metadata.as_object().expect("an object");
            assert!(own.iter().all(|(name, value)| kept.get(name) == Some(value)), "{place}");
        }
    }

    /// PostgreSQL keeps no NUL and fails when it is asked for one: nothing may get that far, whichever way it comes.
    async fn a_nul_names_nothing_and_is_never_a_fault(app: TestApp) {
        let account = app.funded("100.00").await;
        let nul = "a\u{0}b";
        let by = json!({ "number": nul });
        let own = json!({ "externalReference": nul });
        let one = euros("1.00");
        for by in [&by, &own] {
            for (name, input, path) in [
                ("updateCustomer", json!({ "customer": by, "firstName": "X" }), "customer"),
                ("updateParty", json!({ "party": by, "name": "X" }), "party"),
                ("openAccount", json!({ "product": { "code": "current" }, "owner": by }), "owner"),
                ("openAccount", json!({ "product": { "code": "current" }, "owner": { "id": account.owner }, "creditor": by }), "creditor"),
                ("updateAccount", json!({ "account": by, "creditLimit": "0" }), "account"),
                ("requestAccountClosure", json!({ "account": by }), "account"),
                ("closeAccount", json!({ "account": by, "closureCode": "X" }), "account"),
                ("transfer", json!({ "from": by, "to": account.by(), "amount": one }), "from"),
                ("transfer", json!({ "from": account.by(), "to": by, "amount": one }), "to"),
                ("postPayment", json!({ "account": by, "amount": one, "channel": "CASH" }), "account"),
                ("placeHold", json!({ "account": by, "amount": one }), "account"),
            ] {
                app.refused(name, input, "NOT_FOUND", path).await;
            }
        }
        app.refused("updateProduct", json!({ "product": { "code": nul }, "alias": "X" }), "NOT_FOUND", "product").await;
        for (name, item, path) in [
            ("createCustomerBatch", json!({ "type": "PERSON", "lastName": "X", "number": nul }), "number"),
            ("createCustomerBatch", json!({ "type": "PERSON", "lastName": "X", "externalReference": nul }), "externalReference"),
            ("openAccountBatch", json!({ "product": { "code": "current" }, "owner": { "id": account.owner }, "number": nul }), "number"),
            ("openAccountBatch", json!({ "product": { "code": "current" },
                "owner": { "create": { "type": "PERSON", "lastName": "X", "number": nul } } }), "owner.create.number"),
            ("transferBatch", json!({ "from": account.by(), "to": account.by(), "amount": one, "reference": nul }), "reference"),
            ("postPaymentBatch", json!({ "account": account.by(), "amount": one, "channel": "CASH",
                "externalReference": { "reference": nul } }), "externalReference.reference"),
        ] {
            for key in [json!("k"), json!(nul)] {
                let item = with(&item, "idempotencyKey", key.clone());
                let done = app.done(name, json!({ "items": [item] }), &items("")).await;
                let result = &done["items"][0]["result"];
                let path = if key == nul { "idempotencyKey" } else { path };
                let path: Vec<&str> = ["items", "0"].into_iter().chain(path.split('.')).collect();
                assert_eq!((&result["code"], &result["fields"][0]["path"]), (&json!("INVALID_INPUT"), &json!(path)), "{done}");
            }
        }
        // Neither are lookups: they find nothing.
        for field in ["account", "customer", "party"] {
            let title = format!("{}{}", field[..1].to_uppercase(), &field[1..]);
            let query = format!("query($by: {title}By!) {{ {field}(by: $by) {{ id }} }}");
            for by in [&by, &own] {
                assert_eq!(app.ok(&query, json!({ "by": by })).await[field], json!(null), "{query}");
            }
        }
    }

    async fn what_is_allowed_comes_back_as_it_went_in(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let text = "Ünïcode 🏦 \"quoted\" \\ back' -- ; DROP TABLE entry; \u{5d0}\u{200f}";
        let metadata = json!({ "nul": "a\u{0}b", "emoji": "🏦", "deep": { "list": [1, 2.5, null, true] }, "": "" });
        let transfer = with(&between(&from, &to, "1.00"), "messageToReceiver", json!(text));
        let done = app.done("transfer", with(&transfer, "metadata", metadata.clone()), "entry { id metadata }").await;
        assert_eq!(done["entry"]["metadata"], metadata);
        let query = "query($by: AccountBy!) { account(by: $by) { transactions { nodes { description } } } }";
        let found = app.ok(query, json!({ "by": to.by() })).await;
        assert_eq!(found["account"]["transactions"]["nodes"][0]["description"], text);
        let customer = json!({ "type": "PERSON", "lastName": text, "metadata": metadata });
        let done = app.done("createCustomer", customer, "customer { lastName metadata }").await;
        assert_eq!((&done["customer"]["lastName"], &done["customer"]["metadata"]), (&json!(text), &metadata));
    }
}
