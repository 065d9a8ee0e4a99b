//! References that are taken, and idempotency keys that were used.

use serde_json::{Value, json};

use super::{Refusal, between, payment, refuse_all, with};
use crate::app::euros;

on_both_databases! {
    async fn references_are_given_once(app: TestApp) {
        let person = json!({ "type": "PERSON", "lastName": "X", "number": "C1", "externalReference": "ext-c" });
        app.done("createCustomer", person, "replayed").await;
        let open = json!({ "product": { "code": "current" }, "owner": { "number": "C1" }, "number": "A1", "externalReference": "ext-a" });
        let first = app.open(open).await;
        app.pay_in(&first, "100.00").await;
        let second = app.account("current").await;
        let external = json!({ "reference": "ext-e", "date": "2026-04-15", "poster": "till" });
        app.done("postPayment", with(&payment(&first, "1.00"), "externalReference", external.clone()), "replayed")
            .await;
        let taken = |path| Refusal("DUPLICATE_REFERENCE", path);
        let owner = json!({ "product": { "code": "current" }, "owner": { "number": "C1" } });
        refuse_all(&app, vec![
            ("createCustomer", json!({ "type": "COMPANY", "companyName": "Y", "number": "C1" }), taken("number")),
            ("createCustomer", json!({ "type": "COMPANY", "companyName": "Y", "externalReference": "ext-c" }), taken("externalReference")),
            ("updateCustomer", json!({ "customer": { "id": second.owner }, "number": "C1" }), taken("number")),
            ("updateCustomer", json!({ "customer": { "id": second.owner }, "externalReference": "ext-c" }), taken("externalReference")),
            ("openAccount", with(&owner, "number", json!("A1")), taken("number")),
            ("openAccount", with(&owner, "externalReference", json!("ext-a")), taken("externalReference")),
            ("updateAccount", json!({ "account": second.by(), "externalReference": "ext-a" }), taken("externalReference")),
            ("createProduct", json!({ "code": "current", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" }), taken("code")),
            ("postPayment", with(&payment(&first, "1.00"), "externalReference", external.clone()), taken("externalReference")),
            ("transfer", with(&between(&first, &second, "1.00"), "externalReference", external.clone()), taken("externalReference")),
        ]).await;
        for other in [
            json!({ "reference": "ext-e" }),
            with(&external, "date", json!("2026-04-14")),
            with(&external, "poster", json!("web")),
        ] {
            app.done("postPayment", with(&payment(&first, "1.00"), "externalReference", other), "replayed").await;
        }
    }

    async fn a_key_that_was_used_for_something_else_is_refused(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = with(&between(&from, &to, "1.00"), "idempotencyKey", json!("k"));
        app.done("transfer", transfer.clone(), "replayed").await;
        let reused = || Refusal("IDEMPOTENCY_KEY_REUSED", "idempotencyKey");
        let key = |input: Value| with(&input, "idempotencyKey", json!("k"));
        let owner = json!({ "id": from.owner });
        refuse_all(&app, vec![
            ("transfer", with(&transfer, "amount", euros("2.00")), reused()),
            ("transfer", with(&transfer, "amount", euros("1.0")), reused()),
            ("transfer", with(&transfer, "reference", json!("more")), reused()),
            ("transfer", with(&transfer, "to", json!({ "number": to.number })), reused()),
            ("postPayment", key(payment(&from, "1.00")), reused()),
            ("placeHold", key(json!({ "account": from.by(), "amount": euros("1.00") })), reused()),
            ("createCustomer", key(json!({ "type": "PERSON", "lastName": "X" })), reused()),
            ("updateCustomer", key(json!({ "customer": owner, "firstName": "X" })), reused()),
            ("createProduct", key(json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" })), reused()),
            ("openAccount", key(json!({ "product": { "code": "current" }, "owner": owner })), reused()),
            ("updateAccount", key(json!({ "account": to.by(), "externalReference": "X" })), reused()),
            ("requestAccountClosure", key(json!({ "account": to.by() })), reused()),
            ("closeAccount", key(json!({ "account": to.by(), "closureCode": "X" })), reused()),
            ("closePeriod", key(json!({ "through": "2026-03-31" })), reused()),
        ]).await;
        // Another client's keys are its own.
        app.with_client("other").done("transfer", with(&transfer, "amount", euros("2.00")), "replayed").await;
        assert_eq!(app.balance(&to).await, "3.00");
    }

    async fn the_same_request_again_gives_the_first_result_and_does_nothing(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let savings = app.account_of(&from.owner, "savings").await;
        let hold = app.hold(&from, "5.00").await;
        let released = app.hold(&from, "5.00").await;
        let entry = app.pay_in(&from, "1.00").await;
        let owner = json!({ "id": from.owner });
        let on = |more: Value| {
            let mut input = json!({ "account": from.by(), "amount": euros("1.00") });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        for (name, input, selection) in [
            ("createCustomer", json!({ "type": "PERSON", "lastName": "X" }), "customer { id }"),
            ("updateCustomer", json!({ "customer": owner, "firstName": "X" }), "customer { id }"),
            (
                "createProduct",
                json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" }),
                "product { id }",
            ),
            ("updateProduct", json!({ "product": { "code": "x" }, "alias": "Y" }), "product { id }"),
            ("openAccount", json!({ "product": { "code": "current" }, "owner": owner }), "account { id number }"),
            ("updateAccount", json!({ "account": to.by(), "externalReference": "X" }), "account { id }"),
            (
                "transfer",
                json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") }),
                "entry { id sequence } from { id } to { id }",
            ),
            ("postPayment", on(json!({ "channel": "CASH" })), "entry { id }"),
            ("disburse", on(json!({ "iban": "SE3550000000054910000003" })), "entry { id }"),
            ("postAdjustment", on(json!({ "reason": "X" })), "entry { id }"),
            ("postCharge", on(json!({ "kind": "LATE_FEE" })), "entry { id }"),
            ("placeHold", on(json!({})), "hold { id }"),
            ("captureHold", json!({ "hold": hold }), "entry { id } hold { id }"),
            ("releaseHold", json!({ "hold": released }), "hold { id }"),
            ("reverseEntry", json!({ "entry": entry, "reason": "X" }), "entry { id } reversed { id }"),
            ("requestAccountClosure", json!({ "account": to.by() }), "account { id }"),
            ("closeAccount", json!({ "account": savings.by(), "closureCode": "X" }), "account { id }"),
            ("closePeriod", json!({ "through": "2026-03-31" }), "closedThrough"),
        ] {
            let input = with(&input, "idempotencyKey", json!(name));
            let selection = format!("{selection} replayed");
            let first = app.done(name, input.clone(), &selection).await;
            assert_eq!(first["replayed"], false, "{name}");
            let before = app.picture().await;
            let again = app.done(name, input, &selection).await;
            assert_eq!(again, with(&first, "replayed", json!(true)), "{name}");
            assert_eq!(app.picture().await, before, "{name}");
        }
    }

    async fn a_refused_request_leaves_its_key_free(app: TestApp) {
        let from = app.account("current").await;
        let to = app.account("current").await;
        let transfer = between(&from, &to, "1.00");
        app.refused("transfer", transfer.clone(), "INSUFFICIENT_FUNDS", "amount").await;
        app.pay_in(&from, "1.00").await;
        assert_eq!(app.done("transfer", transfer, "replayed").await["replayed"], false);
    }
}
