//! Reversals: the mirror of an entry, as a whole or in parts, up to what it booked.

mod parts;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::accounts::{components, show};
use crate::app::{TestApp, euros, fresh_key};
use crate::payments::statements::cents;
use crate::payments::{charge, disburse, lines, payout};

const ALL: &str = "entry { id kind description valueDate reason metadata reverses { id } reversedBy { id }
    postings { amount { amount } ledgerAccount { id code } account { id } } }
    reversed { id reverses { id } reversedBy { id } postings { amount { amount } ledgerAccount { id code } account { id } } } replayed";

fn of(entry: &str) -> Value {
    json!({ "entry": entry, "reason": "Booked in error" })
}

/// Reverses an entry and checks that each account, the tenant's own included, gets the mirror of what it had. Gives the
/// answer.
async fn reverse(app: &TestApp, entry: &str) -> Value {
    let done = app.done("reverseEntry", of(entry), ALL).await;
    let (entry, reversed) = (&done["entry"], &done["reversed"]);
    let mirrored: BTreeMap<String, i64> = sums(reversed).into_iter().map(|(whose, sum)| (whose, -sum)).collect();
    assert_eq!(sums(entry), mirrored);
    assert_eq!((&entry["reverses"]["id"], &entry["reversedBy"]), (&reversed["id"], &Value::Null));
    assert_eq!((&reversed["reversedBy"]["id"], &reversed["reverses"]), (&entry["id"], &Value::Null));
    assert_eq!(entry["kind"], "REVERSAL");
    done
}

/// What an entry moves, in minor units, per customer's account and per account of the tenant's own.
fn sums(entry: &Value) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for line in entry["postings"].as_array().expect("postings") {
        let whose = line["account"]["id"].as_str().or(line["ledgerAccount"]["id"].as_str()).expect("an id");
        *sums.entry(whose.to_owned()).or_default() += cents(&line["amount"]["amount"]);
    }
    sums
}

on_both_databases! {
    async fn a_reversed_payment_puts_every_component_back(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "100.00").await;
        charge(&app, &card, "INTEREST", "10.00").await;
        charge(&app, &card, "LATE_FEE", "5.00").await;
        let payment = app.pay_in(&card, "40.00").await;
        assert_eq!(components(&app, &card).await, ["-75.00", "0.00", "0.00"]);
        app.advance(std::time::Duration::from_secs(86_400));
        let done = reverse(&app, &payment).await;
        assert_eq!(components(&app, &card).await, ["-100.00", "-10.00", "-5.00"]);
        let entry = &done["entry"];
        assert_eq!((&entry["description"], &entry["valueDate"]), (&json!("Reversal: Payment"), &json!("2026-04-16")));
        assert_eq!((&entry["reason"], &entry["metadata"]), (&json!("Booked in error"), &json!({})));
        let query = "transactions(first: 1) { nodes { kind amount { amount } balanceAfter { amount } components { component amount { amount } } } }";
        let transaction = show(&app, &card, query).await["transactions"]["nodes"][0].take();
        assert_eq!(
            (&transaction["amount"]["amount"], &transaction["balanceAfter"]["amount"]),
            (&json!("-40.00"), &json!("-115.00"))
        );
        let parts: Vec<&Value> = transaction["components"]
            .as_array()
            .expect("components")
            .iter()
            .map(|part| &part["amount"]["amount"])
            .collect();
        assert_eq!(json!(parts), json!(["-25.00", "-10.00", "-5.00"]));
    }

    async fn every_kind_of_entry_is_mirrored(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("credit-card").await);
        charge(&app, &b, "REMINDER_FEE", "3.00").await;
        let hold = app.hold(&b, "20.00").await;
        let capture = app.done("captureHold", json!({ "hold": hold, "amount": euros("15.00") }), "entry { id }").await
            ["entry"]["id"]
            .take();
        let adjustment =
            json!({ "account": b.by(), "amount": euros("-2.00"), "component": "INTEREST", "reason": "test" });
        let adjustment = app.done("postAdjustment", adjustment, "entry { id }").await["entry"]["id"].take();
        let entries = [
            app.transfer(&a, &b, "30.00").await,
            charge(&app, &b, "INTEREST", "4.00").await,
            charge(&app, &a, "LATE_FEE", "1.00").await,
            disburse(&app, &a, "9.00").await,
            capture.as_str().expect("an id").to_owned(),
            adjustment.as_str().expect("an id").to_owned(),
        ];
        for entry in entries.iter().rev() {
            reverse(&app, entry).await;
        }
        assert_eq!(components(&app, &a).await, ["100.00", "0.00", "0.00"]);
        // 2.00 of the interest had been repaid when its charge was reversed: they are funds now, and what the reversed
        // transfer had repaid is owed again.
        assert_eq!(components(&app, &b).await, ["2.00", "-2.00", "-3.00"]);
        // The rest of the hold is untouched by the reversal of its capture.
        assert_eq!(app.amounts(&b).await, ["-3.00", "5.00", "2997.00"]);
    }

    async fn an_entry_is_reversed_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let reversal = reverse(&app, &payment).await["entry"]["id"].take();
        let before = app.picture().await;
        let refusal = app.refused("reverseEntry", of(&payment), "ALREADY_REVERSED", "entry").await;
        assert_eq!(refusal["facts"], json!({ "reversedBy": reversal }));
        assert_eq!(app.picture().await, before);
    }

    async fn of_many_that_reverse_an_entry_at_once_one_does(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let attempts =
            (0..20).map(|n| if n % 2 == 0 { &app } else { &other }.mutate("reverseEntry", of(&payment), "replayed"));
        let results: Vec<Value> =
            join_all(attempts).await.into_iter().map(|answer| answer.data()["reverseEntry"].take()).collect();
        let done = results.iter().filter(|result| result["__typename"] == "ReverseEntrySuccess").count();
        let refused = results.iter().filter(|result| result["code"] == "ALREADY_REVERSED").count();
        assert_eq!((done, refused), (1, 19), "{results:?}");
        assert_eq!(app.balance(&account).await, "100.00");
    }

    async fn a_reversal_is_final(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let reversal = reverse(&app, &payment).await["entry"]["id"].take();
        app.refused("reverseEntry", of(reversal.as_str().expect("an id")), "INVALID_STATE", "entry").await;
        // The movement is booked again instead.
        app.pay_in(&account, "10.00").await;
        assert_eq!(app.balance(&account).await, "110.00");
    }

    async fn a_reversal_may_pass_the_credit_limit_of_an_account_that_may_owe(app: TestApp) {
        let card = app.account("credit-card").await;
        let payment = app.pay_in(&card, "500.00").await;
        disburse(&app, &card, "3500.00").await;
        assert_eq!(app.amounts(&card).await, ["-3000.00", "0.00", "0.00"]);
        // The bank took the payment back: the debt is there, whatever the limit says.
        reverse(&app, &payment).await;
        assert_eq!(app.amounts(&card).await, ["-3500.00", "0.00", "0.00"]);
        app.refused("disburse", payout(&card, "0.01"), "INSUFFICIENT_FUNDS", "amount").await;
        app.pay_in(&card, "500.01").await;
        assert_eq!(app.amounts(&card).await, ["-2999.99", "0.00", "0.01"]);
    }

    async fn a_load_that_is_spent_or_reserved_is_not_reversed(app: TestApp) {
        let card = app.account("prepaid-card").await;
        let load = app.pay_in(&card, "50.00").await;
        disburse(&app, &card, "20.00").await;
        let before = app.picture().await;
        let refusal = app.refused("reverseEntry", of(&load), "INSUFFICIENT_FUNDS", "entry").await;
        assert_eq!(refusal["facts"], json!({ "account": card.id, "available": euros("30.00") }));
        assert_eq!(app.picture().await, before);
        app.pay_in(&card, "20.00").await;
        let hold = app.hold(&card, "0.01").await;
        app.refused("reverseEntry", of(&load), "INSUFFICIENT_FUNDS", "entry").await;
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        reverse(&app, &load).await;
        assert_eq!(app.balance(&card).await, "0.00");
    }

    async fn a_received_transfer_that_is_spent_is_not_reversed(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let transfer = app.transfer(&a, &b, "60.00").await;
        disburse(&app, &b, "10.00").await;
        let refusal = app.refused("reverseEntry", of(&transfer), "INSUFFICIENT_FUNDS", "entry").await;
        assert_eq!(refusal["facts"]["account"], b.id);
        app.pay_in(&b, "10.00").await;
        let entry = reverse(&app, &transfer).await["entry"].take();
        assert_eq!(lines(&entry), json!([["CUSTOMER_PRINCIPAL", "-60.00"], ["CUSTOMER_PRINCIPAL", "60.00"]]));
        assert_eq!((app.balance(&a).await, app.balance(&b).await), ("100.00".to_owned(), "0.00".to_owned()));
    }

    async fn a_reversal_needs_an_entry_and_a_reason(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let before = app.picture().await;
        for id in ["ent_00000000000000000000000000000000", "?", account.id.as_str()] {
            app.refused("reverseEntry", of(id), "NOT_FOUND", "entry").await;
        }
        for reason in ["", "  ", "x".repeat(501).as_str()] {
            let input = json!({ "entry": payment, "reason": reason });
            app.refused("reverseEntry", input, "INVALID_INPUT", "reason").await;
        }
        app.with_tenant("other").await.refused("reverseEntry", of(&payment), "NOT_FOUND", "entry").await;
        assert_eq!(app.picture().await, before);
    }

    async fn a_repeated_reversal_is_booked_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let mut input = of(&payment);
        input["idempotencyKey"] = json!(fresh_key());
        input["description"] = json!("Bounced");
        let first = app.done("reverseEntry", input.clone(), ALL).await;
        let again = app.done("reverseEntry", input.clone(), ALL).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["entry"]),
            (&json!(false), &json!(true), &again["entry"])
        );
        assert_eq!(first["entry"]["description"], "Bounced");
        assert_eq!(first["reversed"], again["reversed"]);
        input["reason"] = json!("other");
        app.refused("reverseEntry", input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        assert_eq!(app.balance(&account).await, "100.00");
    }
}
