//! Reversals of a part, on a day, and what they leave in the components.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{of, sums};
use crate::accounts::components;
use crate::app::{Account, TestApp, euros};
use crate::payments::{charge, disburse, payout};

/// The input of a reversal of a part.
fn part(entry: &str, amount: &str) -> Value {
    json!({ "entry": entry, "amount": euros(amount), "reason": "A part" })
}

/// Reverses a part. Gives the new entry's id.
async fn reverse_part(app: &TestApp, entry: &str, amount: &str) -> String {
    let done = app.done("reverseEntry", part(entry, amount), "entry { id } reversed { id }").await;
    assert_eq!(done["reversed"]["id"], json!(entry));
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

/// `[reversals, reversedBy]` of an entry, by their ids.
async fn reversals(app: &TestApp, entry: &str) -> Value {
    let query = "query($id: ID!) { entry(id: $id) { reversals { id reverses { id } } reversedBy { id } } }";
    let found = app.ok(query, json!({ "id": entry })).await["entry"].take();
    let all = found["reversals"].as_array().expect("reversals");
    assert!(all.iter().all(|reversal| reversal["reverses"]["id"] == json!(entry)), "{found}");
    json!([all.iter().map(|reversal| &reversal["id"]).collect::<Vec<_>>(), found["reversedBy"]["id"]])
}

async fn balance_as_of(app: &TestApp, account: &Account, date: &str) -> Value {
    let query = "query($by: AccountBy!, $date: Date!) { account(by: $by) { balanceAsOf(date: $date) { amount } } }";
    let found = app.ok(query, json!({ "by": account.by(), "date": date })).await;
    found["account"]["balanceAsOf"]["amount"].clone()
}

on_both_databases! {
    async fn a_payment_is_taken_back_in_parts_the_last_debt_that_it_paid_first(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "100.00").await;
        charge(&app, &card, "INTEREST", "10.00").await;
        charge(&app, &card, "LATE_FEE", "5.00").await;
        let payment = app.pay_in(&card, "40.00").await;
        assert_eq!(components(&app, &card).await, ["-75.00", "0.00", "0.00"]);
        let first = reverse_part(&app, &payment, "10.00").await;
        assert_eq!(components(&app, &card).await, ["-85.00", "0.00", "0.00"]);
        assert_eq!(reversals(&app, &payment).await, json!([[first], first]));
        let second = reverse_part(&app, &payment, "20.00").await;
        assert_eq!(components(&app, &card).await, ["-100.00", "-5.00", "0.00"]);
        let before = app.picture().await;
        let refusal = app.refused("reverseEntry", part(&payment, "10.01"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"], json!({ "remaining": euros("10.00") }));
        assert_eq!(app.picture().await, before);
        // Without an amount, all that is left.
        let rest = app.done("reverseEntry", of(&payment), "entry { id }").await["entry"]["id"].take();
        assert_eq!(components(&app, &card).await, ["-100.00", "-10.00", "-5.00"]);
        assert_eq!(reversals(&app, &payment).await, json!([[first, second, rest], rest]));
        for again in [of(&payment), part(&payment, "0.01")] {
            let refusal = app.refused("reverseEntry", again, "ALREADY_REVERSED", "entry").await;
            assert_eq!(refusal["facts"], json!({ "reversedBy": rest }));
        }
        app.refused("reverseEntry", part(&first, "1.00"), "INVALID_STATE", "entry").await;
        assert_eq!(reversals(&app, &first).await, json!([[], null]));
    }

    async fn a_part_of_a_transfer_goes_back_from_the_one_to_the_other(app: TestApp) {
        let (a, b) = (app.funded("100.00").await, app.account("current").await);
        let transfer = app.transfer(&a, &b, "60.00").await;
        let query = "entry { postings { amount { amount } account { id } ledgerAccount { id } } }";
        let done = app.done("reverseEntry", part(&transfer, "25.00"), query).await;
        assert_eq!(sums(&done["entry"]), [(a.id.clone(), 2_500), (b.id.clone(), -2_500)].into());
        disburse(&app, &b, "20.00").await;
        // 15.00 are left there, though 35.00 of the entry are.
        let refusal = app.refused("reverseEntry", part(&transfer, "15.01"), "INSUFFICIENT_FUNDS", "entry").await;
        assert_eq!(refusal["facts"], json!({ "account": b.id, "available": euros("15.00") }));
        reverse_part(&app, &transfer, "15.00").await;
        assert_eq!((app.balance(&a).await, app.balance(&b).await), ("80.00".to_owned(), "0.00".to_owned()));
    }

    async fn a_part_is_positive_in_the_entrys_currency_and_of_what_only_moves_an_amount(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "10.00").await;
        let before = app.picture().await;
        for (amount, code, path) in [
            (euros("0.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("-1.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("10.01"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("0.001"), "INVALID_INPUT", "amount"),
            (json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
        ] {
            let input = json!({ "entry": payment, "amount": amount, "reason": "X" });
            app.refused("reverseEntry", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        // Components that are set off against each other move nothing from one side to another.
        let card = app.account("credit-card").await;
        app.pay_in(&card, "100.00").await;
        let hold = app.hold(&card, "100.00").await;
        charge(&app, &card, "LATE_FEE", "100.00").await;
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        app.done("closeAccount", json!({ "account": card.by(), "closureCode": "X" }), "replayed").await;
        let last = app.ok("{ entries(first: 1) { nodes { id } } }", json!({})).await;
        let netting = last["entries"]["nodes"][0]["id"].as_str().expect("an id");
        app.refused("reverseEntry", part(netting, "1.00"), "INVALID_STATE", "amount").await;
        app.refused("reverseEntry", of(netting), "ACCOUNT_NOT_OPEN", "entry").await;
    }

    async fn of_many_that_take_parts_at_once_no_more_is_taken_than_there_was(app: TestApp) {
        let account = app.funded("100.00").await;
        let payment = app.pay_in(&account, "100.00").await;
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let attempts = (0..20)
            .map(|n| if n % 2 == 0 { &app } else { &other }.mutate("reverseEntry", part(&payment, "10.00"), "replayed"));
        let results: Vec<Value> =
            join_all(attempts).await.into_iter().map(|answer| answer.data()["reverseEntry"].take()).collect();
        let done = results.iter().filter(|result| result["__typename"] == "ReverseEntrySuccess").count();
        let refused = results.iter().filter(|result| result["code"] == "ALREADY_REVERSED").count();
        assert_eq!((done, refused), (10, 10), "{results:?}");
        assert_eq!(app.balance(&account).await, "100.00");
        assert_eq!(reversals(&app, &payment).await[0].as_array().map(Vec::len), Some(10));
    }

    async fn a_reversal_counts_not_before_what_it_reverses(app: TestApp) {
        let account = app.account("current").await;
        let pay = async |date: &str| {
            let input = json!({ "account": account.by(), "amount": euros("10.00"), "channel": "CASH", "valueDate": date });
            let done = app.done("postPayment", input, "entry { id }").await;
            done["entry"]["id"].as_str().expect("an id").to_owned()
        };
        let on = |entry: &str, date: &str| json!({ "entry": entry, "reason": "X", "valueDate": date });
        let early = pay("2026-04-10").await;
        let refusal = app.refused("reverseEntry", on(&early, "2026-04-09"), "VALUE_DATE_OUT_OF_RANGE", "valueDate").await;
        assert_eq!(refusal["facts"], json!({ "earliest": "2026-04-10", "latest": "2027-04-16" }));
        app.refused("reverseEntry", on(&early, "2027-04-17"), "VALUE_DATE_OUT_OF_RANGE", "valueDate").await;
        let done = app.done("reverseEntry", on(&early, "2026-04-12"), "entry { valueDate }").await;
        assert_eq!(done["entry"]["valueDate"], "2026-04-12");
        for (date, balance) in [("2026-04-09", "0.00"), ("2026-04-10", "10.00"), ("2026-04-11", "10.00"), ("2026-04-12", "0.00")] {
            assert_eq!(balance_as_of(&app, &account, date).await, balance, "{date}");
        }
        // When nothing is said: the later of the entry's day and today.
        for (date, expected) in [("2026-04-10", "2026-04-15"), ("2026-05-01", "2026-05-01")] {
            let entry = pay(date).await;
            let done = app.done("reverseEntry", of(&entry), "entry { valueDate }").await;
            assert_eq!(done["entry"]["valueDate"], expected);
        }
        // In the open books only.
        let entry = pay("2026-03-30").await;
        app.done("closePeriod", json!({ "through": "2026-03-31" }), "closedThrough").await;
        let refusal = app.refused("reverseEntry", on(&entry, "2026-03-31"), "VALUE_DATE_OUT_OF_RANGE", "valueDate").await;
        assert_eq!(refusal["facts"], json!({ "closedThrough": "2026-03-31" }));
        app.done("reverseEntry", on(&entry, "2026-04-01"), "replayed").await;
        assert_eq!(app.balance(&account).await, "0.00");
    }

    async fn a_fee_that_was_paid_and_is_reversed_is_the_customers_money_again(app: TestApp) {
        let card = app.account("credit-card").await;
        let fee = charge(&app, &card, "LATE_FEE", "7.00").await;
        app.pay_in(&card, "7.00").await;
        app.done("reverseEntry", of(&fee), "replayed").await;
        assert_eq!(components(&app, &card).await, ["7.00", "0.00", "0.00"]);
        disburse(&app, &card, "7.00").await;
        assert_eq!(components(&app, &card).await, ["0.00", "0.00", "0.00"]);

        // It first repays what else is owed, in the product's order.
        let fee = charge(&app, &card, "LATE_FEE", "7.00").await;
        app.pay_in(&card, "7.00").await;
        disburse(&app, &card, "2.00").await;
        charge(&app, &card, "INTEREST", "4.00").await;
        assert_eq!(components(&app, &card).await, ["-2.00", "-4.00", "0.00"]);
        reverse_part(&app, &fee, "3.00").await;
        assert_eq!(components(&app, &card).await, ["-2.00", "-1.00", "0.00"]);
        reverse_part(&app, &fee, "4.00").await;
        assert_eq!(components(&app, &card).await, ["1.00", "0.00", "0.00"]);
        let close = json!({ "account": card.by(), "closureCode": "X",
            "transactions": [{ "target": { "payout": { "iban": crate::payments::IBAN } } }] });
        app.done("closeAccount", close, "replayed").await;
    }

    async fn what_has_not_come_yet_can_be_taken_back_and_what_was_spent_cannot(app: TestApp) {
        let account = app.account("current").await;
        let ahead = json!({ "account": account.by(), "amount": euros("50.00"), "channel": "CASH", "valueDate": "2026-04-20" });
        let payment = app.done("postPayment", ahead, "entry { id }").await["entry"]["id"].take();
        let payment = payment.as_str().expect("an id");
        assert_eq!(app.amounts(&account).await, ["50.00", "0.00", "0.00"]);
        reverse_part(&app, payment, "20.00").await;
        assert_eq!(app.amounts(&account).await, ["30.00", "0.00", "0.00"]);
        app.advance(std::time::Duration::from_secs(5 * 86_400));
        assert_eq!(app.amounts(&account).await, ["30.00", "0.00", "30.00"]);
        app.done("disburse", payout(&account, "10.00"), "replayed").await;
        app.refused("reverseEntry", of(payment), "INSUFFICIENT_FUNDS", "entry").await;
        reverse_part(&app, payment, "20.00").await;
        assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "0.00"]);
    }
}
