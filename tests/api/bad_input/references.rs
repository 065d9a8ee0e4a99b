//! References that are taken, and idempotency keys that were used.

use serde_json::{Value, json};

use super::{Refusal, between, payment, refuse_all, with};
use crate::app::{Account, euros, items};

on_both_databases! {
    async fn references_are_given_once(app: TestApp) {
        let person = json!({ "type": "PERSON", "lastName": "X", "number": "C1", "externalReference": "ext-c" });
        app.done("createCustomer", person, "replayed").await;
        app.done("createParty", json!({ "name": "X", "number": "P1", "externalReference": "ext-p" }), "replayed").await;
        app.done("createParty", json!({ "name": "Y", "number": "P2" }), "replayed").await;
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
            ("createParty", json!({ "name": "Z", "number": "P1" }), taken("number")),
            ("createParty", json!({ "name": "Z", "externalReference": "ext-p" }), taken("externalReference")),
            ("updateParty", json!({ "party": { "number": "P2" }, "externalReference": "ext-p" }), taken("externalReference")),
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
            ("transfer", with(&transfer, "amount", euros("1.01")), reused()),
            ("transfer", with(&transfer, "reference", json!("more")), reused()),
            ("transfer", with(&transfer, "to", json!({ "number": to.number })), reused()),
            ("postPayment", key(payment(&from, "1.00")), reused()),
            ("placeHold", key(json!({ "account": from.by(), "amount": euros("1.00") })), reused()),
            ("createCustomer", key(json!({ "type": "PERSON", "lastName": "X" })), reused()),
            ("updateCustomer", key(json!({ "customer": owner, "firstName": "X" })), reused()),
            ("createParty", key(json!({ "name": "X" })), reused()),
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

    async fn one_request_in_two_spellings_is_one_request(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = with(&between(&from, &to, "1.00"), "idempotencyKey", json!("k"));
        let first = app.done("transfer", transfer.clone(), "entry { id }").await["entry"]["id"].take();
        let before = app.picture().await;
        let mut spellings = vec![transfer.clone()];
        for amount in ["1", "1.0", "1.000000", "01.00"] {
            spellings.push(with(&transfer, "amount", euros(amount)));
        }
        for absent in ["reference", "valueDate", "messageToSender", "messageToReceiver", "externalReference", "metadata"] {
            spellings.push(with(&transfer, absent, Value::Null));
        }
        for empty in ["reference", "messageToSender", "messageToReceiver"] {
            for text in ["", " "] {
                spellings.push(with(&transfer, empty, json!(text)));
            }
        }
        spellings.push(with(&transfer, "metadata", json!({})));
        for spelling in &spellings {
            let again = app.done("transfer", spelling.clone(), "entry { id } replayed").await;
            assert_eq!((&again["entry"]["id"], &again["replayed"]), (&first, &json!(true)), "{spelling}");
            let many = json!({ "items": [spelling] });
            let again = app.done("transferBatch", many, &items("... on TransferSuccess { entry { id } replayed }")).await;
            let again = &again["items"][0]["result"];
            assert_eq!((&again["entry"]["id"], &again["replayed"]), (&first, &json!(true)), "{spelling}: {again}");
        }
        assert_eq!(app.picture().await, before);

        // The other way round, and for what is no transfer: made by an item, replayed alone.
        let person = json!({ "idempotencyKey": "p", "type": "PERSON", "lastName": "X" });
        let many = json!({ "items": [person] });
        let made = app.done("createCustomerBatch", many, &items("... on CreateCustomerSuccess { customer { id } }")).await;
        let again = app.done("createCustomer", with(&person, "number", Value::Null), "customer { id } replayed").await;
        assert_eq!(again["customer"], made["items"][0]["result"]["customer"]);
        assert_eq!(again["replayed"], true);
        let (by, key) = (json!({ "code": "credit-card" }), json!("a"));
        let open = json!({ "idempotencyKey": key, "product": by, "owner": { "id": from.owner }, "creditLimit": "10" });
        let first = app.done("openAccount", open.clone(), "account { id }").await["account"].take();
        for limit in ["10.0", "10.00"] {
            let again = app.done("openAccount", with(&open, "creditLimit", json!(limit)), "account { id } replayed").await;
            assert_eq!((&again["account"], &again["replayed"]), (&first, &json!(true)), "{limit}");
        }
        app.refused("openAccount", with(&open, "creditLimit", json!("10.01")), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        let account = from.by();
        let iban = |iban: &str| json!({ "account": account, "amount": euros("1.00"), "iban": iban });
        let (plain, payout) = (json!({ "account": account, "amount": euros("1.00") }), iban("SE3550000000054910000003"));
        let hold = |end: &str| json!({ "account": account, "amount": euros("1.00"), "expiresAt": end });
        let metadata = |text: &str| {
            let metadata: Value = serde_json::from_str(text).expect("JSON");
            json!({ "account": account, "amount": euros("1.00"), "channel": "CASH", "metadata": metadata })
        };
        let external = |poster: Option<Value>| {
            let mut external = json!({ "reference": "ext-e" });
            if let Some(poster) = poster {
                external["poster"] = poster;
            }
            json!({ "account": account, "amount": euros("1.00"), "channel": "CASH", "externalReference": external })
        };
        for (name, spellings) in [
            ("disburse", vec![iban("SE3550000000054910000003"), iban("SE35 5000 0000 0549 1000 0003")]),
            ("placeHold", vec![hold("2026-04-22T12:00:00+02:00"), hold("2026-04-22T10:00:00Z"), hold("2026-04-22T10:00:00.000Z")]),
            (
                "postPayment",
                vec![metadata(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#), metadata(r#"{"b": {"d": 3, "c": 2}, "a": 1}"#)],
            ),
            ("postPayment", vec![external(Some(Value::Null)), external(None)]),
            ("placeHold", ["description", "reference"].map(|name| with(&plain, name, json!(""))).into_iter().chain([plain.clone()]).collect()),
            (
                "disburse",
                ["receiverName", "messageToReceiver", "ownMessage"]
                    .map(|name| with(&payout, name, json!("")))
                    .into_iter()
                    .chain([payout.clone()])
                    .collect(),
            ),
        ] {
            let key = json!(crate::app::fresh_key());
            for (n, spelling) in spellings.iter().enumerate() {
                let done = app.done(name, with(spelling, "idempotencyKey", key.clone()), "replayed").await;
                assert_eq!(done["replayed"], n > 0, "{name} {spelling}");
            }
        }
        // Absent keeps, and null empties: those are two requests.
        let update = json!({ "idempotencyKey": "u", "account": to.by() });
        app.done("updateAccount", update.clone(), "replayed").await;
        let emptied = with(&update, "externalReference", Value::Null);
        app.refused("updateAccount", emptied, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
    }

    async fn a_key_is_its_clients_and_its_customers(app: TestApp) {
        let (one, two) = (app.funded("100.00").await, app.funded("100.00").await);
        let savings = [app.account_of(&one.owner, "savings").await, app.account_of(&two.owner, "savings").await];
        let (first, second) = (app.bound_to(&one.owner), app.bound_to(&two.owner));
        let rent = |from: &Account, to: &Account, amount: &str| {
            with(&between(from, to, amount), "idempotencyKey", json!("rent-2026-11"))
        };
        let of_first = first.done("transfer", rent(&one, &savings[0], "1.00"), "entry { id } replayed").await;
        // The same key of another customer whose tokens the same client asks for is another key, whatever it is for.
        let of_second = second.done("transfer", rent(&two, &savings[1], "2.00"), "entry { id } replayed").await;
        // And so is that of the client itself.
        let of_client = app.done("transfer", rent(&one, &two, "4.00"), "entry { id } replayed").await;
        for (voice, input, done) in [
            (&first, rent(&one, &savings[0], "1.00"), &of_first),
            (&second, rent(&two, &savings[1], "2.00"), &of_second),
            (&app, rent(&one, &two, "4.00"), &of_client),
        ] {
            assert_eq!(done["replayed"], false);
            let again = voice.done("transfer", input.clone(), "entry { id } replayed").await;
            assert_eq!((&again["entry"], &again["replayed"]), (&done["entry"], &json!(true)), "{input}");
            let other = with(&input, "amount", euros("9.00"));
            voice.refused("transfer", other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        }
        assert_eq!((app.balance(&one).await, app.balance(&two).await), ("95.00".to_owned(), "102.00".to_owned()));
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
            ("createParty", json!({ "name": "X", "number": "P" }), "party { id }"),
            ("updateParty", json!({ "party": { "number": "P" }, "name": "Y" }), "party { id }"),
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
