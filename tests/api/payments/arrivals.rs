//! When money counts: what has arrived by the business date can be spent, what is valued later is pending until its day.

use std::time::Duration;

use serde_json::{Value, json};

use super::{charge, disburse, payout};
use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

const DAY: Duration = Duration::from_secs(86_400);

/// A payment that is valued on a day.
fn valued(account: &Account, amount: &str, date: &str) -> Value {
    json!({ "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER", "valueDate": date })
}

/// `[balance, available, pending]`.
async fn standing(app: &TestApp, account: &Account) -> [String; 3] {
    let shown = show(app, account, "balance { amount } available { amount } pending { amount }").await;
    ["balance", "available", "pending"].map(|name| shown[name]["amount"].as_str().expect("an amount").to_owned())
}

fn to(app: &TestApp, moment: &str) {
    app.clock().set(moment.parse().expect("a moment"));
}

on_both_databases! {
    async fn what_is_valued_later_is_pending_and_becomes_available_by_itself_on_its_day(app: TestApp) {
        let account = app.account("current").await;
        app.done("postPayment", valued(&account, "10.00", "2026-04-16"), "replayed").await;
        app.done("postPayment", valued(&account, "5.00", "2026-04-18"), "replayed").await;
        app.done("postPayment", valued(&account, "1.00", "2026-04-15"), "replayed").await;
        app.done("postPayment", valued(&account, "2.00", "2026-04-01"), "replayed").await;
        for (moment, available, pending) in [
            ("2026-04-15T09:30:00Z", "3.00", "15.00"),
            ("2026-04-15T23:59:59.999999Z", "3.00", "15.00"),
            ("2026-04-16T00:00:00Z", "13.00", "5.00"),
            ("2026-04-17T23:59:59.999999Z", "13.00", "5.00"),
            ("2026-04-18T00:00:00Z", "18.00", "0.00"),
        ] {
            to(&app, moment);
            assert_eq!(standing(&app, &account).await, ["18.00", available, pending], "{moment}");
            // What is shown is what is decided by.
            let more = format!("{}.01", available.trim_end_matches(".00"));
            let refusal = app.refused("disburse", payout(&account, &more), "INSUFFICIENT_FUNDS", "amount").await;
            assert_eq!(refusal["facts"], json!({ "account": account.id, "available": euros(available) }), "{moment}");
        }
        app.restart().await;
        disburse(&app, &account, "18.00").await;
        assert_eq!(standing(&app, &account).await, ["0.00", "0.00", "0.00"]);
    }

    async fn what_has_not_come_repays_nothing(app: TestApp) {
        let account = app.account("revolving").await;
        let fee = charge(&app, &account, "LATE_FEE", "50.00").await;
        app.done("postPayment", valued(&account, "50.00", "2027-04-15"), "replayed").await;
        let before = standing(&app, &account).await;
        assert_eq!((before[0].as_str(), before[2].as_str()), ("0.00", "50.00"));
        // The fee is forgiven: nothing that has come is left over, and nothing is to be paid out.
        app.done("reverseEntry", json!({ "entry": fee, "reason": "X" }), "replayed").await;
        let after = standing(&app, &account).await;
        assert_eq!(after, ["50.00".to_owned(), before[1].clone(), "50.00".to_owned()]);
    }

    async fn an_account_does_not_close_on_money_that_has_not_come(app: TestApp) {
        let account = app.account("revolving").await;
        disburse(&app, &account, "100.00").await;
        app.done("postPayment", valued(&account, "100.00", "2027-04-15"), "replayed").await;
        let close = json!({ "account": account.by(), "closureCode": "X" });
        let refusal = app.refused("closeAccount", close, "BALANCE_REMAINS", "account").await;
        assert_eq!(refusal["facts"]["balance"], euros("-100.00"));
        app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
        assert_eq!(crate::accounts::status(&app, &account).await, "PENDING_CLOSE");
    }

    async fn what_left_later_is_back_at_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let other = app.account("savings").await;
        let transfer = json!({ "from": account.by(), "to": other.by(), "amount": euros("100.00"), "valueDate": "2027-04-15" });
        let id = app.done("transfer", transfer, "entry { id }").await["entry"]["id"].take();
        assert_eq!(standing(&app, &account).await, ["0.00", "0.00", "0.00"]);
        app.done("reverseEntry", json!({ "entry": id, "reason": "X" }), "replayed").await;
        assert_eq!(standing(&app, &account).await, ["100.00", "100.00", "0.00"]);
        assert_eq!(standing(&app, &other).await, ["0.00", "0.00", "0.00"]);
    }

    async fn a_payment_of_next_year_is_not_paid_out_today(app: TestApp) {
        let account = app.account("current").await;
        let other = app.account("savings").await;
        app.done("postPayment", valued(&account, "100.00", "2027-04-15"), "replayed").await;
        let before = app.picture().await;
        for (name, input, path) in [
            ("disburse", payout(&account, "0.01"), "amount"),
            ("transfer", json!({ "from": account.by(), "to": other.by(), "amount": euros("0.01") }), "amount"),
            ("placeHold", json!({ "account": account.by(), "amount": euros("0.01") }), "amount"),
            ("postCharge", json!({ "account": account.by(), "amount": euros("0.01"), "kind": "LATE_FEE" }), "amount"),
            (
                "postAdjustment",
                json!({ "account": account.by(), "amount": euros("-0.01"), "reason": "X" }),
                "amount",
            ),
            (
                "closeAccount",
                json!({ "account": account.by(), "closureCode": "X", "transactions": [{ "target": { "transferTo": other.by() } }] }),
                "transactions.0.amount",
            ),
            // Not even on the day on which it comes: the money leaves today.
            (
                "transfer",
                json!({ "from": account.by(), "to": other.by(), "amount": euros("0.01"), "valueDate": "2027-04-15" }),
                "amount",
            ),
        ] {
            let refusal = app.refused(name, input, "INSUFFICIENT_FUNDS", path).await;
            assert_eq!(refusal["facts"]["available"], euros("0.00"), "{name}");
        }
        assert_eq!(app.picture().await, before);
        to(&app, "2027-04-15T00:00:00Z");
        app.transfer(&account, &other, "100.00").await;
    }

    async fn a_transfer_leaves_at_once_and_arrives_on_its_day(app: TestApp) {
        let (from, through) = (app.funded("100.00").await, app.account("current").await);
        let input = json!({ "from": from.by(), "to": through.by(), "amount": euros("60.00"), "valueDate": "2026-04-17" });
        app.done("transfer", input, "replayed").await;
        assert_eq!(standing(&app, &from).await, ["40.00", "40.00", "0.00"]);
        assert_eq!(standing(&app, &through).await, ["60.00", "0.00", "60.00"]);
        app.pay_in(&through, "10.00").await;
        app.transfer(&through, &from, "10.00").await;
        assert_eq!(standing(&app, &through).await, ["60.00", "0.00", "60.00"]);
        app.advance(DAY * 2);
        assert_eq!(standing(&app, &through).await, ["60.00", "60.00", "0.00"]);
    }

    async fn what_is_paid_ahead_is_on_its_way_as_a_whole_whatever_is_owed(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "3000.00").await;
        charge(&app, &card, "INTEREST", "20.00").await;
        app.done("postPayment", valued(&card, "120.00", "2026-04-16"), "replayed").await;
        assert_eq!(standing(&app, &card).await, ["-2900.00", "0.00", "120.00"]);
        app.advance(DAY);
        assert_eq!(standing(&app, &card).await, ["-2900.00", "120.00", "0.00"]);
    }

    async fn the_business_date_never_goes_back(app: TestApp) {
        let account = app.account("current").await;
        app.done("postPayment", valued(&account, "10.00", "2026-04-16"), "replayed").await;
        app.advance(DAY);
        app.pay_in(&account, "1.00").await;
        to(&app, "2026-04-15T09:30:00Z");
        assert_eq!(standing(&app, &account).await, ["11.00", "11.00", "0.00"]);
        app.restart().await;
        assert_eq!(standing(&app, &account).await, ["11.00", "11.00", "0.00"]);
        let done = app.done("disburse", payout(&account, "11.00"), "entry { bookedAt businessDate valueDate }").await;
        let day = "2026-04-16";
        assert_eq!((&done["entry"]["businessDate"], &done["entry"]["valueDate"]), (&json!(day), &json!(day)));
        assert!(done["entry"]["bookedAt"].as_str() >= Some("2026-04-16T09:30:00.000000Z"), "{done}");
    }
}
