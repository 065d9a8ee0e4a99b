//! Sums are exact however large they grow: the gross sides of the books pass what 64 bits hold.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};

/// The largest amount that one entry moves: 10^17 minor units.
const LARGEST: &str = "1000000000000000.00";

async fn as_of(app: &TestApp, account: &Account, date: &str) -> Value {
    let query = "query($by: AccountBy!, $date: Date!) { account(by: $by) { balanceAsOf(date: $date) { amount } } }";
    let found = app.ok(query, json!({ "by": account.by(), "date": date })).await;
    found["account"]["balanceAsOf"]["amount"].clone()
}

on_both_databases! {
    async fn the_trial_balance_and_past_balances_are_exact_beyond_64_bits(app: TestApp) {
        let (a, b) = (app.account("current").await, app.account("current").await);
        app.pay_in(&a, LARGEST).await;
        // To and fro, 1 + 200 times 10^17: more than 9.2 * 10^18 on either side, and more than twice that.
        let items: Vec<Value> = (0..200)
            .map(|n| {
                let (from, to) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
                json!({ "idempotencyKey": format!("to-and-fro-{n}"), "from": from.by(), "to": to.by(), "amount": euros(LARGEST) })
            })
            .collect();
        let done = app.done("transferBatch", json!({ "items": items }), "succeeded").await;
        assert_eq!(done["succeeded"], 200);
        let query = "query($asOf: Date) { trialBalance(asOf: $asOf) { balanced totals { currency debit { amount } credit { amount } }
            lines { code debit { amount } credit { amount } } } }";
        for date in [Value::Null, json!("2026-04-15"), json!("2026-04-16")] {
            let found = app.ok(query, json!({ "asOf": date })).await["trialBalance"].take();
            assert_eq!(found["balanced"], true, "{date}");
            let (debit, credit) = ("200000000000000000.00", "201000000000000000.00");
            let line = |code: &str| {
                let lines = found["lines"].as_array().expect("lines");
                let line = lines.iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{code}: {found}"));
                (line["debit"]["amount"].clone(), line["credit"]["amount"].clone())
            };
            assert_eq!(line("CUSTOMER_PRINCIPAL"), (json!(debit), json!(credit)), "{found}");
            assert_eq!(line("SETTLEMENT_BANK"), (json!(LARGEST), json!("0.00")));
            assert_eq!(found["totals"], json!([{ "currency": "EUR", "debit": { "amount": credit }, "credit": { "amount": credit } }]));
        }
        for (date, own) in [("2026-04-14", "0.00"), ("2026-04-15", LARGEST), ("2027-01-01", LARGEST)] {
            assert_eq!((as_of(&app, &a, date).await, as_of(&app, &b, date).await), (json!(own), json!("0.00")), "{date}");
        }
    }
}
