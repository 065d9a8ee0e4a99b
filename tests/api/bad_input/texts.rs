//! Texts that nobody should keep: empty, too long, with control characters.

use serde_json::json;

use super::{Refusal, between, payment, refuse_all, with, without};
use crate::app::euros;

on_both_databases! {
    async fn keys_say_something_and_fit(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = between(&from, &to, "1.00");
        let refused = || Refusal("INVALID_INPUT", "idempotencyKey");
        let keys = ["", " ", "\t", "a\u{0}b", "a\u{7}", "\u{7f}", &"x".repeat(201)];
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
            for text in ["a\u{0}b".to_owned(), "\u{1b}[31m".to_owned(), "x".repeat(2_000)] {
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

    async fn what_is_allowed_comes_back_as_it_went_in(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let text = "Ünïcode 🏦 \"quoted\" \\ back' -- ; DROP TABLE entry; \u{202e}";
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
