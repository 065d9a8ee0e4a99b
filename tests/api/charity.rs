//! Donations: with what is spent, never at its expense.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

async fn product(app: &TestApp, code: &str, charity: Value) {
    let input = json!({ "code": code, "alias": code, "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE", "charity": charity });
    app.done("createProduct", input, "product { charity { kind percent } }").await;
}

async fn donor(app: &TestApp, product: &str, funds: &str) -> Account {
    let account = app.account(product).await;
    app.pay_in(&account, funds).await;
    switch(app, &account, true).await;
    account
}

async fn switch(app: &TestApp, account: &Account, on: bool) {
    let input = json!({ "account": account.by(), "charityDonation": on });
    let done = app.done("updateAccount", input, "account { charityDonation }").await;
    assert_eq!(done["account"]["charityDonation"], on);
}

/// What was given, and not paid on yet.
async fn given(app: &TestApp) -> String {
    let rows = app.ok("{ ledgerAccounts { role balance { amount } } }", json!({})).await["ledgerAccounts"].take();
    let row = rows.as_array().expect("rows").iter().find(|row| row["role"] == "CHARITY").cloned();
    row.map_or("0.00".to_owned(), |row| row["balance"]["amount"].as_str().expect("an amount").to_owned())
}

on_both_databases! {
    async fn what_is_spent_is_rounded_up_or_shared_in_the_same_decision(app: TestApp) {
        product(&app, "round", json!({ "kind": "ROUND_UP" })).await;
        product(&app, "share", json!({ "kind": "SHARE", "percent": "2.5" })).await;
        let to = app.account("current").await;
        let rounding = app.account("round").await;
        app.pay_in(&rounding, "100.00").await;
        // Off until it is switched on, and then with transfers and purchases.
        app.transfer(&rounding, &to, "0.50").await;
        assert_eq!((app.balance(&rounding).await, given(&app).await), ("99.50".into(), "0.00".into()));
        switch(&app, &rounding, true).await;
        let first = app.transfer(&rounding, &to, "12.30").await;
        assert_eq!((app.balance(&rounding).await, given(&app).await), ("86.50".into(), "0.70".into()));
        app.transfer(&rounding, &to, "1.00").await;
        assert_eq!(given(&app).await, "0.70");
        let hold = app.hold(&rounding, "5.40").await;
        app.done("captureHold", json!({ "hold": hold }), "replayed").await;
        assert_eq!((app.balance(&rounding).await, given(&app).await), ("79.50".into(), "1.30".into()));
        // Money that comes in or is paid out is not spent.
        app.pay_in(&rounding, "0.25").await;
        app.done("disburse", json!({ "account": rounding.by(), "amount": euros("0.25"), "iban": "SE3550000000054910000003" }), "replayed").await;
        assert_eq!(given(&app).await, "1.30");
        let seen = show(&app, &rounding, "transactions(filter: { kinds: [DONATION] }) { nodes { description amount { amount } } }").await;
        assert_eq!(seen["transactions"]["nodes"], json!([
            { "description": "Donation", "amount": { "amount": "-0.60" } }, { "description": "Donation", "amount": { "amount": "-0.70" } },
        ]));
        let sharing = donor(&app, "share", "100.00").await;
        app.transfer(&sharing, &to, "10.20").await;
        assert_eq!((app.balance(&sharing).await, given(&app).await), ("89.54".into(), "1.56".into()));

        // Taken back with what it went with, once that is back to the last part.
        app.done("reverseEntry", json!({ "entry": first, "amount": euros("12.00"), "reason": "returned" }), "replayed").await;
        assert_eq!(given(&app).await, "1.56");
        app.done("reverseEntry", json!({ "entry": first, "reason": "returned" }), "replayed").await;
        assert_eq!((app.balance(&rounding).await, given(&app).await), ("92.50".into(), "0.86".into()));
        switch(&app, &rounding, false).await;
        app.transfer(&rounding, &to, "0.10").await;
        assert_eq!(given(&app).await, "0.86");
    }

    async fn what_is_not_available_is_not_given_and_nothing_fails_for_it(app: TestApp) {
        product(&app, "round", json!({ "kind": "ROUND_UP" })).await;
        let to = app.account("current").await;
        let account = donor(&app, "round", "10.00").await;
        app.transfer(&account, &to, "9.50").await;
        assert_eq!((app.balance(&account).await, given(&app).await), ("0.00".into(), "0.50".into()));
        app.pay_in(&account, "10.00").await;
        app.transfer(&account, &to, "9.60").await;
        assert_eq!((app.balance(&account).await, given(&app).await), ("0.00".into(), "0.90".into()));
        app.pay_in(&account, "10.30").await;
        app.transfer(&account, &to, "9.60").await;
        assert_eq!((app.balance(&account).await, given(&app).await), ("0.30".into(), "1.30".into()));
        app.transfer(&account, &to, "0.20").await;
        assert_eq!((app.balance(&account).await, given(&app).await), ("0.10".into(), "1.30".into()));
        // One that the transfer closes has nothing left to give.
        app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
        app.transfer(&account, &to, "0.10").await;
        assert_eq!((crate::accounts::status(&app, &account).await, given(&app).await), ("CLOSED".into(), "1.30".into()));
        // A donation that somebody took back by hand is not taken back twice.
        let other = donor(&app, "round", "10.00").await;
        let spent = app.transfer(&other, &to, "1.50").await;
        let donation = app.ok("{ entries(first: 1, filter: { kinds: [DONATION] }) { nodes { id } } }", json!({})).await;
        app.done("reverseEntry", json!({ "entry": donation["entries"]["nodes"][0]["id"], "reason": "asked back" }), "replayed").await;
        app.done("reverseEntry", json!({ "entry": spent, "reason": "returned" }), "replayed").await;
        assert_eq!((app.balance(&other).await, given(&app).await), ("10.00".into(), "1.30".into()));
    }

    async fn donations_are_switched_where_the_product_says_how_much(app: TestApp) {
        product(&app, "round", json!({ "kind": "ROUND_UP" })).await;
        let without = app.account("current").await;
        let on = |account: &Account, on: Value| json!({ "account": account.by(), "charityDonation": on });
        app.refused("updateAccount", on(&without, json!(true)), "INVALID_STATE", "charityDonation").await;
        app.refused("updateAccount", on(&without, Value::Null), "INVALID_INPUT", "charityDonation").await;
        switch(&app, &without, false).await;
        let account = donor(&app, "round", "10.00").await;
        // The rule is the one of the day on which it was switched on.
        app.done("updateProduct", json!({ "product": { "code": "round" }, "charity": null }), "product { charity { kind } }").await;
        let to = app.account("current").await;
        app.transfer(&account, &to, "0.90").await;
        assert_eq!(given(&app).await, "0.10");
        switch(&app, &account, true).await;
        switch(&app, &account, false).await;
        app.refused("updateAccount", on(&account, json!(true)), "INVALID_STATE", "charityDonation").await;
        let input = |charity: Value| json!({ "code": "x", "alias": "x", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE", "charity": charity });
        for charity in [
            json!({ "kind": "ROUND_UP", "percent": "1" }), json!({ "kind": "SHARE" }), json!({ "kind": "SHARE", "percent": "0" }),
            json!({ "kind": "SHARE", "percent": "100.01" }), json!({ "kind": "SHARE", "percent": "0.00001" }),
        ] {
            app.refused("createProduct", input(charity), "INVALID_INPUT", "charity.percent").await;
        }
    }
}
