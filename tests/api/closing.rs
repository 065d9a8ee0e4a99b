//! Closing accounts: asked for and waited for, or at once with what brings them to zero.

mod settlement;

use serde_json::{Value, json};

use crate::accounts::{components, show, status};
use crate::app::{Account, TestApp, euros, eventually, fresh_key, told};
use crate::payments::{charge, disburse, payout};

/// Asks for the account to be closed. Gives its status.
async fn request(app: &TestApp, account: &Account) -> String {
    let done = app.done("requestAccountClosure", json!({ "account": account.by() }), "account { status }").await;
    done["account"]["status"].as_str().expect("a status").to_owned()
}

/// The input of a closure with transactions.
pub fn closing(account: &Account, transactions: Value) -> Value {
    json!({ "account": account.by(), "closureCode": "CUSTOMER_WISH", "transactions": transactions })
}

/// Every posting that there is, on an account.
async fn every_posting(app: &TestApp, account: &Account) -> Vec<(&'static str, Value, &'static str)> {
    let other = app.funded("50.00").await;
    let amount = euros("1.00");
    vec![
        ("postPayment", json!({ "account": account.by(), "amount": amount, "channel": "CASH" }), "account"),
        ("disburse", payout(account, "1.00"), "account"),
        ("transfer", json!({ "from": other.by(), "to": account.by(), "amount": amount }), "to"),
        ("transfer", json!({ "from": account.by(), "to": other.by(), "amount": amount }), "from"),
        ("placeHold", json!({ "account": account.by(), "amount": amount }), "account"),
        ("postCharge", json!({ "account": account.by(), "amount": amount, "kind": "INTEREST" }), "account"),
        ("postCharge", json!({ "account": account.by(), "amount": amount, "kind": "LATE_FEE" }), "account"),
        ("postAdjustment", json!({ "account": account.by(), "amount": amount, "reason": "test" }), "account"),
        (
            "postAdjustment",
            json!({ "account": account.by(), "amount": euros("-1.00"), "reason": "test", "component": "FEE" }),
            "account",
        ),
        (
            "closeAccount",
            closing(&other, json!([{ "target": { "transferTo": account.by() } }])),
            "transactions.0.target.transferTo",
        ),
    ]
}

on_both_databases! {
    async fn an_account_without_balance_and_holds_closes_as_soon_as_it_is_asked_for(app: TestApp) {
        for product in ["current", "credit-card", "prepaid-card", "receivable"] {
            let account = app.account(product).await;
            assert_eq!(request(&app, &account).await, "CLOSED");
            let shown = show(&app, &account, "status closedOn closureCode available { amount }").await;
            assert_eq!(
                shown,
                json!({ "status": "CLOSED", "closedOn": "2026-04-15", "closureCode": null, "available": { "amount": "0.00" } })
            );
        }
    }

    async fn an_account_with_funds_waits_and_closes_with_the_posting_that_empties_it(app: TestApp) {
        let account = app.funded("100.00").await;
        let other = app.account("current").await;
        assert_eq!(request(&app, &account).await, "PENDING_CLOSE");
        // It still takes credits and pays out its funds.
        app.pay_in(&account, "20.00").await;
        disburse(&app, &account, "50.00").await;
        app.transfer(&account, &other, "60.00").await;
        assert_eq!(
            (status(&app, &account).await, app.balance(&account).await),
            ("PENDING_CLOSE".to_owned(), "10.00".to_owned())
        );
        app.refused("disburse", payout(&account, "10.01"), "INSUFFICIENT_FUNDS", "amount").await;
        app.advance(std::time::Duration::from_secs(86_400));
        app.transfer(&account, &other, "10.00").await;
        let shown = show(&app, &account, "status closedOn").await;
        assert_eq!(shown, json!({ "status": "CLOSED", "closedOn": "2026-04-16" }));
    }

    async fn an_account_with_a_debt_waits_until_all_of_it_is_repaid(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "100.00").await;
        charge(&app, &card, "INTEREST", "5.00").await;
        assert_eq!(request(&app, &card).await, "PENDING_CLOSE");
        // No new credit, whatever its limit says; interest on the old one goes on.
        assert_eq!(app.amounts(&card).await, ["-105.00", "0.00", "0.00"]);
        app.refused("disburse", payout(&card, "0.01"), "INSUFFICIENT_FUNDS", "amount").await;
        charge(&app, &card, "INTEREST", "1.00").await;
        app.pay_in(&card, "105.99").await;
        assert_eq!(
            (status(&app, &card).await, components(&app, &card).await.join(" ")),
            ("PENDING_CLOSE".to_owned(), "-0.01 0.00 0.00".to_owned())
        );
        app.pay_in(&card, "0.01").await;
        assert_eq!(status(&app, &card).await, "CLOSED");
    }

    async fn an_account_with_a_hold_waits_until_it_is_released(app: TestApp) {
        let card = app.account("credit-card").await;
        let holds = [app.hold(&card, "10.00").await, app.hold(&card, "20.00").await];
        assert_eq!(request(&app, &card).await, "PENDING_CLOSE");
        app.done("releaseHold", json!({ "hold": holds[0] }), "replayed").await;
        assert_eq!(status(&app, &card).await, "PENDING_CLOSE");
        let released = app.done("releaseHold", json!({ "hold": holds[1] }), "account { status }").await;
        assert_eq!(released["account"]["status"], "CLOSED");
    }

    async fn an_account_with_a_hold_waits_until_it_is_captured_and_paid(app: TestApp) {
        let card = app.account("credit-card").await;
        let hold = app.hold(&card, "30.00").await;
        assert_eq!(request(&app, &card).await, "PENDING_CLOSE");
        // What was promised before is kept.
        app.done("captureHold", json!({ "hold": hold }), "replayed").await;
        assert_eq!(
            (status(&app, &card).await, app.balance(&card).await),
            ("PENDING_CLOSE".to_owned(), "-30.00".to_owned())
        );
        app.pay_in(&card, "30.00").await;
        assert_eq!(status(&app, &card).await, "CLOSED");
        // A capture may itself be what empties the account.
        let current = app.funded("30.00").await;
        let hold = app.hold(&current, "30.00").await;
        assert_eq!(request(&app, &current).await, "PENDING_CLOSE");
        app.done("captureHold", json!({ "hold": hold }), "replayed").await;
        assert_eq!(status(&app, &current).await, "CLOSED");
    }

    async fn an_account_with_a_hold_waits_until_it_lapses(app: TestApp) {
        let card = app.account("credit-card").await;
        let hold = json!({ "account": card.by(), "amount": euros("1.00"), "expiresAt": "2026-04-15T10:00:00Z" });
        app.done("placeHold", hold, "replayed").await;
        assert_eq!(request(&app, &card).await, "PENDING_CLOSE");
        app.advance(std::time::Duration::from_secs(1_800));
        eventually("the account is closed", || async { status(&app, &card).await == "CLOSED" }).await;
    }

    async fn an_account_that_waits_takes_no_holds_and_no_second_request(app: TestApp) {
        let account = app.funded("10.00").await;
        request(&app, &account).await;
        let before = app.picture().await;
        let hold = json!({ "account": account.by(), "amount": euros("1.00") });
        let refusal = app.refused("placeHold", hold, "ACCOUNT_NOT_OPEN", "account").await;
        assert_eq!(refusal["facts"], json!({ "account": account.id, "status": "PENDING_CLOSE" }));
        let again = json!({ "account": account.by() });
        let refusal = app.refused("requestAccountClosure", again, "INVALID_STATE", "account").await;
        assert_eq!(refusal["facts"], json!({ "account": account.id, "status": "PENDING_CLOSE" }));
        let limit = json!({ "account": account.by(), "creditLimit": "0" });
        app.refused("updateAccount", limit, "ACCOUNT_NOT_OPEN", "account").await;
        assert_eq!(app.picture().await, before);
        let nobody = json!({ "account": { "number": "nobody" } });
        app.refused("requestAccountClosure", nobody, "NOT_FOUND", "account").await;
    }

    async fn a_closed_account_takes_no_postings_of_any_kind(app: TestApp) {
        for product in ["current", "credit-card", "receivable"] {
            let account = app.account(product).await;
            let payment = app.pay_in(&account, "5.00").await;
            let hold = app.hold(&account, "2.00").await;
            let capture = app.done("captureHold", json!({ "hold": hold }), "entry { id }").await["entry"]["id"].take();
            let close = closing(&account, json!([{ "target": { "payout": { "iban": crate::payments::IBAN } } }]));
            app.done("closeAccount", close, "replayed").await;
            let postings = every_posting(&app, &account).await;
            let before = app.picture().await;
            for (name, input, field) in postings {
                let refusal = app.refused(name, input, "ACCOUNT_NOT_OPEN", field).await;
                assert_eq!(refusal["facts"], json!({ "account": account.id, "status": "CLOSED" }), "{name}");
            }
            for entry in [json!(payment), capture] {
                let reversal = json!({ "entry": entry, "reason": "test" });
                app.refused("reverseEntry", reversal, "ACCOUNT_NOT_OPEN", "entry").await;
            }
            for name in ["requestAccountClosure", "closeAccount"] {
                let mut input = closing(&account, json!([]));
                if name == "requestAccountClosure" {
                    input = json!({ "account": account.by() });
                }
                let refusal = app.refused(name, input, "INVALID_STATE", "account").await;
                assert_eq!(refusal["facts"], json!({ "account": account.id, "status": "CLOSED" }));
            }
            app.refused(
                "closeAccount",
                closing(&account, json!([{ "target": { "writeOff": { "reason": "r" } } }])),
                "INVALID_STATE",
                "account",
            )
            .await;
            assert_eq!(app.picture().await, before);
            // Its names and notes may still be kept in order.
            app.done("updateAccount", json!({ "account": account.by(), "metadata": { "archived": true } }), "replayed")
                .await;
        }
    }

    async fn a_hold_cannot_be_captured_to_a_closed_account(app: TestApp) {
        let account = app.funded("10.00").await;
        let merchant = app.account("current").await;
        let hold = app.hold(&account, "10.00").await;
        request(&app, &merchant).await;
        let before = app.picture().await;
        app.refused("captureHold", json!({ "hold": hold, "to": merchant.by() }), "ACCOUNT_NOT_OPEN", "to").await;
        assert_eq!(app.picture().await, before);
    }

    async fn a_repeated_request_for_closure_is_one_request(app: TestApp) {
        let account = app.funded("10.00").await;
        let input = json!({ "idempotencyKey": fresh_key(), "account": account.by() });
        let selection = "account { status } replayed";
        let first = app.done("requestAccountClosure", input.clone(), selection).await;
        assert_eq!((&first["account"]["status"], &first["replayed"]), (&json!("PENDING_CLOSE"), &json!(false)));
        disburse(&app, &account, "10.00").await;
        let again = app.done("requestAccountClosure", input, selection).await;
        assert_eq!((&again["account"]["status"], &again["replayed"]), (&json!("CLOSED"), &json!(true)));
        let history = show(&app, &account, "history { nodes { events { type } } }").await;
        let events = told(&history["history"]);
        let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(json!(types), json!(["ACCOUNT_OPENED", "ACCOUNT_CLOSURE_REQUESTED", "ACCOUNT_CLOSED"]));
    }
}
