//! Transfers between accounts of the tenant, one at a time.

mod batches;

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, euros, fresh_key};
use crate::payments::{ENTRY, lines};
use crate::products;

/// The input of a transfer.
pub fn transfer(from: &Account, to: &Account, amount: &str) -> Value {
    json!({ "from": from.by(), "to": to.by(), "amount": { "amount": amount, "currency": from.currency } })
}

on_both_databases! {
    async fn a_transfer_moves_money_from_one_account_to_the_other(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("savings").await);
        let mut input = transfer(&from, &to, "30.00");
        input["reference"] = json!("R-1");
        input["metadata"] = json!({ "run": 3 });
        input["valueDate"] = json!("2026-04-10");
        input["externalReference"] = json!({ "reference": "ext-1" });
        let selection = format!("{ENTRY} from {{ id balance {{ amount }} }} to {{ id balance {{ amount }} }}");
        let done = app.done("transfer", input, &selection).await;
        assert_eq!(done["from"], json!({ "id": from.id, "balance": { "amount": "70.00" } }));
        assert_eq!(done["to"], json!({ "id": to.id, "balance": { "amount": "30.00" } }));
        let entry = &done["entry"];
        assert_eq!(
            (&entry["kind"], &entry["description"], &entry["valueDate"]),
            (&json!("TRANSFER"), &json!("Transfer"), &json!("2026-04-10"))
        );
        assert_eq!(
            (&entry["metadata"], &entry["reference"], &entry["externalReference"]),
            (&json!({ "run": 3 }), &json!("R-1"), &json!("ext-1"))
        );
        assert_eq!(lines(entry), json!([["CUSTOMER_PRINCIPAL", "-30.00"], ["CUSTOMER_PRINCIPAL", "30.00"]]));
    }

    async fn a_receiver_that_owes_is_repaid_as_by_a_payment(app: TestApp) {
        let (from, card) = (app.funded("100.00").await, app.account("credit-card").await);
        crate::payments::charge(&app, &card, "LATE_FEE", "5.00").await;
        let entry = app.done("transfer", transfer(&from, &card, "12.00"), ENTRY).await["entry"].take();
        assert_eq!(
            lines(&entry),
            json!([["CUSTOMER_PRINCIPAL", "-12.00"], ["CUSTOMER_PRINCIPAL", "7.00"], ["CUSTOMER_FEE", "5.00"]])
        );
    }

    async fn each_side_is_told_its_own_message_only(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let mut input = transfer(&from, &to, "30.00");
        input["messageToSender"] = json!("To Grace");
        input["messageToReceiver"] = json!("From Ada");
        app.done("transfer", input, "replayed").await;
        let transactions =
            "transactions(first: 1) { nodes { description entry { postings { message account { id } } metadata } } }";
        for (account, own, other) in [(&from, "To Grace", "From Ada"), (&to, "From Ada", "To Grace")] {
            let all = show(&app, account, transactions).await["transactions"]["nodes"][0].take();
            assert_eq!(all["description"], own);
            assert_eq!(all["entry"]["postings"].as_array().expect("postings").len(), 2);
            // A token of the customer's sees that customer's side of it and nothing else.
            let bound = app.bound_to(&account.owner);
            let seen = show(&bound, account, transactions).await["transactions"]["nodes"][0].take();
            assert_eq!(seen["entry"]["postings"], json!([{ "message": own, "account": { "id": account.id } }]));
            assert!(!seen.to_string().contains(other), "{seen}");
        }
        // Without messages both sides read what the entry says.
        app.transfer(&from, &to, "1.00").await;
        assert_eq!(show(&app, &to, transactions).await["transactions"]["nodes"][0]["description"], "Transfer");
    }

    async fn accounts_are_named_by_any_of_their_names(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        for (account, reference) in [(&from, "ext-from"), (&to, "ext-to")] {
            app.done("updateAccount", json!({ "account": account.by(), "externalReference": reference }), "replayed")
                .await;
        }
        let from_names = [from.by(), json!({ "number": from.number }), json!({ "externalReference": "ext-from" })];
        let to_names = [to.by(), json!({ "number": to.number }), json!({ "externalReference": "ext-to" })];
        for from in &from_names {
            for to in &to_names {
                let input = json!({ "from": from, "to": to, "amount": euros("1.00") });
                app.done("transfer", input, "replayed").await;
            }
        }
        assert_eq!(app.balance(&to).await, "9.00");
    }

    async fn a_transfer_that_cannot_be_is_refused_and_leaves_nothing_behind(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let foreign = app.account(&products::create(&app, json!({ "currency": "SEK" })).await).await;
        let before = app.picture().await;
        let input = |more: Value| {
            let mut input = transfer(&from, &to, "1.00");
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            input
        };
        for (more, code, field) in [
            (json!({ "from": { "number": "nobody" } }), "NOT_FOUND", "from"),
            (json!({ "from": { "id": to.owner } }), "NOT_FOUND", "from"),
            (json!({ "to": { "externalReference": "nothing" } }), "NOT_FOUND", "to"),
            (json!({ "to": from.by() }), "SAME_ACCOUNT", "to"),
            (json!({ "to": { "number": from.number } }), "SAME_ACCOUNT", "to"),
            (json!({ "to": foreign.by() }), "CURRENCY_MISMATCH", "amount.currency"),
            (json!({ "amount": { "amount": "1.00", "currency": "SEK" } }), "CURRENCY_MISMATCH", "amount.currency"),
            (json!({ "amount": euros("0.00") }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "amount": euros("-1.00") }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "amount": euros("1.001") }), "INVALID_INPUT", "amount"),
            (json!({ "amount": euros("100.01") }), "INSUFFICIENT_FUNDS", "amount"),
            (json!({ "valueDate": "1999-12-31" }), "VALUE_DATE_OUT_OF_RANGE", "valueDate"),
            (json!({ "messageToSender": "x".repeat(501) }), "INVALID_INPUT", "messageToSender"),
            (json!({ "messageToReceiver": "x".repeat(501) }), "INVALID_INPUT", "messageToReceiver"),
            (json!({ "reference": "x".repeat(501) }), "INVALID_INPUT", "reference"),
            (json!({ "idempotencyKey": "x".repeat(201) }), "INVALID_INPUT", "idempotencyKey"),
        ] {
            app.refused("transfer", input(more), code, field).await;
        }
        assert_eq!(app.picture().await, before);
        // The first obstacle in the documented order is the one that is named.
        let several = json!({ "to": { "number": "nobody" }, "amount": euros("0.00"), "valueDate": "1999-12-31" });
        app.refused("transfer", input(several), "NOT_FOUND", "to").await;
        let several = json!({ "to": from.by(), "amount": euros("100.01") });
        app.refused("transfer", input(several), "SAME_ACCOUNT", "to").await;
    }

    async fn a_repeated_transfer_is_booked_once(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let mut input = transfer(&from, &to, "60.00");
        input["idempotencyKey"] = json!(fresh_key());
        let selection = format!("{ENTRY} from {{ id }} to {{ id }}");
        let first = app.done("transfer", input.clone(), &selection).await;
        let again = app.done("transfer", input.clone(), &selection).await;
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!((&first["entry"], &first["from"], &first["to"]), (&again["entry"], &again["from"], &again["to"]));
        assert_eq!(app.balance(&to).await, "60.00");
        input["messageToSender"] = json!("other");
        app.refused("transfer", input.clone(), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        // The same key under another operation is another request too.
        let payment = json!({ "idempotencyKey": input["idempotencyKey"], "account": to.by(), "amount": euros("60.00"), "channel": "CASH" });
        app.refused("postPayment", payment, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        // It outlives the server.
        app.restart().await;
        input.as_object_mut().expect("an object").remove("messageToSender");
        assert_eq!(app.done("transfer", input, &selection).await["replayed"], true);
    }
}
