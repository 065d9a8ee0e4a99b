//! How far down and how far up an account may go.

use serde_json::{Value, json};

use super::{charge, disburse, payout};
use crate::accounts::components;
use crate::app::{Account, TestApp, euros};
use crate::products;

/// Every way to take an amount from an account: name and input.
async fn ways_out(app: &TestApp, account: &Account, amount: &str) -> Vec<(&'static str, Value)> {
    let receiver = app.account("current").await;
    vec![
        ("disburse", payout(account, amount)),
        ("transfer", json!({ "from": account.by(), "to": receiver.by(), "amount": euros(amount) })),
        ("placeHold", json!({ "account": account.by(), "amount": euros(amount) })),
        (
            "postAdjustment",
            json!({ "account": account.by(), "amount": euros(&format!("-{amount}")), "reason": "test" }),
        ),
    ]
}

/// Checks that nothing takes more than what is there, and that nothing was done by trying.
async fn nothing_takes(app: &TestApp, account: &Account, amount: &str, available: &str) {
    let ways = ways_out(app, account, amount).await;
    let before = app.picture().await;
    for (name, input) in ways {
        let refusal = app.refused(name, input, "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"], json!({ "account": account.id, "available": euros(available) }), "{name}");
    }
    assert_eq!(app.picture().await, before);
}

on_both_databases! {
    async fn a_prepaid_card_never_goes_below_zero(app: TestApp) {
        let card = app.account("prepaid-card").await;
        nothing_takes(&app, &card, "0.01", "0.00").await;
        let load = app.pay_in(&card, "10.00").await;
        nothing_takes(&app, &card, "10.01", "10.00").await;
        // Charges are taken from its funds, and owed nowhere.
        let fee = json!({ "account": card.by(), "kind": "LATE_FEE", "amount": euros("10.01") });
        app.refused("postCharge", fee, "INSUFFICIENT_FUNDS", "amount").await;
        charge(&app, &card, "ADMINISTRATION_FEE", "1.00").await;
        charge(&app, &card, "INTEREST", "2.00").await;
        assert_eq!(components(&app, &card).await, ["7.00", "0.00", "0.00"]);
        for component in ["INTEREST", "FEE"] {
            let input =
                json!({ "account": card.by(), "amount": euros("-7.01"), "component": component, "reason": "test" });
            let refusal = app.refused("postAdjustment", input, "INSUFFICIENT_FUNDS", "amount").await;
            assert_eq!(refusal["facts"]["available"], euros("7.00"));
        }
        // The load cannot be taken back once a part of it is spent.
        let reverse = json!({ "entry": load, "reason": "bounced" });
        let refusal = app.refused("reverseEntry", reverse.clone(), "INSUFFICIENT_FUNDS", "entry").await;
        assert_eq!(refusal["facts"]["available"], euros("7.00"));
        app.pay_in(&card, "3.00").await;
        app.done("reverseEntry", reverse, "replayed").await;
        assert_eq!(app.amounts(&card).await, ["0.00", "0.00", "0.00"]);
    }

    async fn a_credit_card_goes_down_to_its_limit_and_no_further(app: TestApp) {
        let card = app.account("credit-card").await;
        nothing_takes(&app, &card, "3000.01", "3000.00").await;
        disburse(&app, &card, "2999.99").await;
        nothing_takes(&app, &card, "0.02", "0.01").await;
        disburse(&app, &card, "0.01").await;
        nothing_takes(&app, &card, "0.01", "0.00").await;
        assert_eq!(app.amounts(&card).await, ["-3000.00", "0.00", "0.00"]);
    }

    async fn interest_and_fees_are_owed_apart_and_do_not_eat_the_limit(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "1000.00").await;
        charge(&app, &card, "INTEREST", "50.00").await;
        charge(&app, &card, "LATE_FEE", "25.00").await;
        assert_eq!(app.amounts(&card).await, ["-1075.00", "0.00", "2000.00"]);
        disburse(&app, &card, "2000.00").await;
        // Over the limit with what is owed apart.
        charge(&app, &card, "REMINDER_FEE", "5.00").await;
        assert_eq!(components(&app, &card).await, ["-3000.00", "-50.00", "-30.00"]);
        assert_eq!(app.amounts(&card).await, ["-3080.00", "0.00", "0.00"]);
        nothing_takes(&app, &card, "0.01", "0.00").await;
        // Repaying what is owed apart gives no new credit, repaying principal does.
        app.pay_in(&card, "80.00").await;
        assert_eq!(app.amounts(&card).await, ["-3000.00", "0.00", "0.00"]);
        app.pay_in(&card, "10.00").await;
        assert_eq!(app.amounts(&card).await, ["-2990.00", "0.00", "10.00"]);
    }

    async fn a_deposit_without_an_overdraft_stops_at_zero(app: TestApp) {
        for product in ["current", "savings", "investment", "virtual"] {
            let account = app.account(product).await;
            app.pay_in(&account, "20.00").await;
            nothing_takes(&app, &account, "20.01", "20.00").await;
            disburse(&app, &account, "20.00").await;
            nothing_takes(&app, &account, "0.01", "0.00").await;
            assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "0.00"]);
        }
    }

    async fn a_deposit_with_an_overdraft_goes_down_to_it(app: TestApp) {
        let account = app.account("current-overdraft").await;
        app.pay_in(&account, "20.00").await;
        assert_eq!(app.amounts(&account).await, ["20.00", "0.00", "520.00"]);
        nothing_takes(&app, &account, "520.01", "520.00").await;
        disburse(&app, &account, "520.00").await;
        nothing_takes(&app, &account, "0.01", "0.00").await;
        assert_eq!(app.amounts(&account).await, ["-500.00", "0.00", "0.00"]);
    }

    async fn a_receivable_may_owe_any_amount(app: TestApp) {
        let claim = app.account("receivable").await;
        disburse(&app, &claim, "1000000.00").await;
        charge(&app, &claim, "INTEREST", "0.01").await;
        assert_eq!(app.balance(&claim).await, "-1000000.01");
        app.hold(&claim, "5000000.00").await;
    }

    async fn an_account_holds_at_most_its_maximum(app: TestApp) {
        let product = products::create(&app, json!({ "maximumBalance": "100", "defaultCreditLimit": "50" })).await;
        let account = app.account(&product).await;
        let rich = app.funded("500.00").await;
        disburse(&app, &account, "50.00").await;
        // Debts may be repaid, and funds kept up to the maximum.
        app.pay_in(&account, "149.99").await;
        let before = app.picture().await;
        let maximum = json!({ "account": account.id, "limit": euros("100.00") });
        let payment = json!({ "account": account.by(), "amount": euros("0.02"), "channel": "CASH" });
        let refusal = app.refused("postPayment", payment, "LIMIT_EXCEEDED", "account").await;
        assert_eq!(refusal["facts"], maximum);
        let transfer = json!({ "from": rich.by(), "to": account.by(), "amount": euros("0.02") });
        let refusal = app.refused("transfer", transfer, "LIMIT_EXCEEDED", "to").await;
        assert_eq!(refusal["facts"], maximum);
        let adjustment = json!({ "account": account.by(), "amount": euros("0.02"), "reason": "test" });
        app.refused("postAdjustment", adjustment, "LIMIT_EXCEEDED", "account").await;
        // The sender's lack of funds comes before the receiver's maximum.
        let transfer = json!({ "from": rich.by(), "to": account.by(), "amount": euros("500.01") });
        app.refused("transfer", transfer, "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(app.picture().await, before);
        app.pay_in(&account, "0.01").await;
        assert_eq!(app.balance(&account).await, "100.00");
    }

    async fn a_balance_has_an_end(app: TestApp) {
        // Far beyond what anybody owns, and far within what the sums can hold.
        let account = app.account("current").await;
        let payment = |amount: &str| json!({ "account": account.by(), "amount": euros(amount), "channel": "CASH" });
        let mut largest = String::new();
        for digits in 8..18 {
            let amount = format!("{}.99", "9".repeat(digits));
            let result = app.mutate("postPayment", payment(&amount), "replayed").await.data()["postPayment"].take();
            if result["__typename"] == "Refusal" {
                assert_eq!(result["code"], "AMOUNT_OUT_OF_RANGE");
                break;
            }
            let entry = app.balance(&account).await;
            assert_eq!(entry, amount);
            disburse(&app, &account, &amount).await;
            largest = amount;
        }
        assert!(largest.len() > 12, "{largest}");
        app.pay_in(&account, &largest).await;
        let mut refused = false;
        for _ in 0..12 {
            let result = app.mutate("postPayment", payment(&largest), "replayed").await.data()["postPayment"].take();
            if result["__typename"] == "Refusal" {
                assert_eq!(result["code"], "AMOUNT_OUT_OF_RANGE");
                refused = true;
                break;
            }
        }
        assert!(refused);
    }
}
