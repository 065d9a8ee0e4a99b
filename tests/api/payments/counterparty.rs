//! Who stands on the other side of a payment, outside of the books, and the other days of an entry.

use serde_json::{Value, json};

use super::IBAN;
use crate::accounts::show;
use crate::app::euros;

const WHO: &str = "counterparty { name account accountClass bank }";

on_both_databases! {
    async fn a_payment_tells_who_paid_wherever_it_is_seen(app: TestApp) {
        let account = app.account("current").await;
        let payer = json!({ "name": "Karin Boye", "account": IBAN, "bank": "SWEDSESS" });
        let input = json!({ "account": account.by(), "amount": euros("10.00"), "channel": "BANK_TRANSFER", "counterparty": payer });
        let selection = format!("entry {{ id metadata {WHO} }}");
        let entry = app.done("postPayment", input, &selection).await["entry"].take();
        let expected = json!({ "name": "Karin Boye", "account": IBAN, "accountClass": null, "bank": "SWEDSESS" });
        assert_eq!((&entry["counterparty"], &entry["metadata"]), (&expected, &json!({})));
        let transactions = format!("transactions {{ nodes {{ reference {WHO} entry {{ {WHO} }} }} }}");
        for voice in [app.clone(), app.bound_to(&account.owner)] {
            let seen = show(&voice, &account, &transactions).await["transactions"]["nodes"][0].take();
            assert_eq!((&seen["counterparty"], &seen["entry"]["counterparty"]), (&expected, &expected));
            let found = voice.ok(&format!("{{ entries(first: 1) {{ nodes {{ {WHO} }} }} }}"), json!({})).await;
            assert_eq!(found["entries"]["nodes"][0]["counterparty"], expected);
        }
        // The log carries ids, never people.
        let events = app.ok("{ events(first: 100) { nodes { type payload } } }", json!({})).await.to_string();
        assert!(!events.contains("Boye") && !events.contains(IBAN), "{events}");
    }

    async fn what_is_not_known_of_it_is_null_and_nothing_is_made_up(app: TestApp) {
        let account = app.funded("100.00").await;
        let selection = format!("entry {{ {WHO} }}");
        let pay = async |counterparty: Value| {
            let input = json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "counterparty": counterparty });
            app.done("postPayment", input, &selection).await["entry"]["counterparty"].take()
        };
        assert_eq!(pay(Value::Null).await, Value::Null);
        let only_name = json!({ "name": "Ada", "account": null, "accountClass": null, "bank": null });
        assert_eq!(pay(json!({ "name": "Ada" })).await, only_name);
        assert_eq!(pay(json!({ "name": "Ada", "bank": "", "account": " " })).await, only_name);
        let other = app.account("current").await;
        let transfer = json!({ "from": account.by(), "to": other.by(), "amount": euros("1.00") });
        assert_eq!(app.done("transfer", transfer, &selection).await["entry"]["counterparty"], Value::Null);
    }

    async fn an_iban_as_pasted_is_kept_in_one_form_and_is_the_same_request(app: TestApp) {
        let account = app.account("current").await;
        let input = |counterparty: Value| {
            json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "counterparty": counterparty,
                "idempotencyKey": "k" })
        };
        let selection = format!("replayed entry {{ {WHO} }}");
        for (pasted, replayed) in [("se35 5000-0000 0549 1000 0003 ", false), (IBAN, true)] {
            let done = app.done("postPayment", input(json!({ "account": pasted, "name": " Ada " })), &selection).await;
            assert_eq!(done["entry"]["counterparty"]["account"], IBAN);
            assert_eq!((&done["entry"]["counterparty"]["name"], &done["replayed"]), (&json!("Ada"), &json!(replayed)));
        }
        for (nobody, replayed) in [(json!({}), false), (Value::Null, true), (json!({ "name": null }), true)] {
            let input = crate::bad_input::with(&input(nobody), "idempotencyKey", json!("silent"));
            assert_eq!(app.done("postPayment", input, "replayed").await["replayed"], replayed);
        }
    }

    async fn a_transaction_is_not_of_a_day_to_come(app: TestApp) {
        let account = app.account("current").await;
        let input = |date: &str| {
            json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "transactionDate": date })
        };
        app.done("postPayment", input("2026-04-15"), "replayed").await;
        app.refused("postPayment", input("2026-04-16"), "INVALID_INPUT", "transactionDate").await;
    }

    async fn a_counterparty_is_a_part_of_the_request(app: TestApp) {
        let account = app.account("current").await;
        let input = |name: &str| {
            json!({ "idempotencyKey": "k", "account": account.by(), "amount": euros("1.00"), "channel": "CASH",
                "counterparty": { "name": name } })
        };
        app.done("postPayment", input("Ada"), "replayed").await;
        assert_eq!(app.done("postPayment", input("Ada"), "replayed").await["replayed"], true);
        app.refused("postPayment", input("Eve"), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        let long = json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH",
            "counterparty": { "bank": "x".repeat(501) } });
        app.refused("postPayment", long, "INVALID_INPUT", "counterparty.bank").await;
    }

    async fn an_entry_tells_its_four_days_apart(app: TestApp) {
        let account = app.account("current").await;
        let input = json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH",
            "valueDate": "2026-04-20", "transactionDate": "2026-04-11" });
        let days = "entry { valueDate businessDate transactionDate bookedAt }";
        let entry = app.done("postPayment", input, days).await["entry"].take();
        assert_eq!(entry, json!({ "valueDate": "2026-04-20", "businessDate": "2026-04-15",
            "transactionDate": "2026-04-11", "bookedAt": "2026-04-15T09:30:00.000000Z" }));
        // A reservation was authorised on the day on which it was placed.
        app.pay_in(&account, "10.00").await;
        let hold = app.hold(&account, "5.00").await;
        app.advance(std::time::Duration::from_secs(3 * 86_400));
        let entry = app.done("captureHold", json!({ "hold": hold }), days).await["entry"].take();
        assert_eq!((&entry["transactionDate"], &entry["businessDate"]), (&json!("2026-04-15"), &json!("2026-04-18")));
    }
}
