//! Money onto prepaid accounts and off them: fees, limits, and what comes back of both.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};
use crate::holds::races::race;

/// A product that charges 1.00 and 1 percent of a load, and 0.50 of an unload; an account of it.
async fn prepaid(app: &TestApp, fees_go_back: bool) -> Account {
    let terms = json!({
        "load": { "fee": "1", "feePercent": "1", "perOperation": "100", "perDay": "150.00", "perMonth": "1000" },
        "unload": { "fee": "0.50", "perDay": "120" },
        "feesGoBack": fees_go_back,
    });
    let input = json!({
        "code": "gift", "alias": "Gift card", "family": "CARD", "workingMode": "PAY_BEFORE", "currency": "EUR",
        "debtRule": "NONE", "maximumBalance": "300", "prepaid": terms,
    });
    let flow = "fee { amount } feePercent perOperation { amount } perDay { amount } perMonth { amount }";
    let shown = format!("product {{ prepaid {{ load {{ {flow} }} unload {{ {flow} }} feesGoBack }} }}");
    let done = app.done("createProduct", input, &shown).await;
    let money = |amount: &str| json!({ "amount": amount });
    assert_eq!(
        done["product"]["prepaid"],
        json!({
            "load": { "fee": money("1.00"), "feePercent": "1", "perOperation": money("100.00"), "perDay": money("150.00"), "perMonth": money("1000.00") },
            "unload": { "fee": money("0.50"), "feePercent": null, "perOperation": null, "perDay": money("120.00"), "perMonth": null },
            "feesGoBack": fees_go_back,
        })
    );
    app.account("gift").await
}

fn of(account: &Account, amount: &str) -> Value {
    json!({ "account": account.by(), "amount": euros(amount) })
}

const BOOKED: &str = "entry { id kind description reference channel externalReference externalPoster
    pointOfSale { terminal billedAmount { amount } } postings { ledgerAccount { code } amount { amount } } }
    fee { kind description postings { ledgerAccount { code } amount { amount } } }
    account { balance { amount } available { amount } } replayed";

on_both_databases! {
    async fn money_goes_onto_a_prepaid_account_and_off_it_for_a_fee(app: TestApp) {
        let account = prepaid(&app, false).await;
        let input = json!({
            "account": account.by(), "amount": euros("50.00"), "channel": "CASH", "reference": "load-1",
            "pointOfSale": { "terminal": "T-1" }, "transactionDate": "2026-04-14",
            "externalReference": { "reference": "w-1", "poster": "ISSUER", "code": "9999" },
            "idempotencyKey": "load",
        });
        let mut done = app.done("loadAccount", input.clone(), BOOKED).await;
        let entry = done["entry"]["id"].take();
        assert_eq!(done, json!({
            "__typename": "LoadAccountSuccess",
            "entry": {
                "id": null, "kind": "LOAD", "description": "Load", "reference": "load-1", "channel": "CASH",
                "externalReference": "w-1", "externalPoster": "ISSUER",
                "pointOfSale": { "terminal": "T-1", "billedAmount": { "amount": "50.00" } },
                "postings": [
                    { "ledgerAccount": { "code": "SETTLEMENT_CASH" }, "amount": { "amount": "-50.00" } },
                    { "ledgerAccount": { "code": "CUSTOMER_PRINCIPAL" }, "amount": { "amount": "50.00" } },
                ],
            },
            "fee": { "kind": "ADMINISTRATION_FEE", "description": "Load fee", "postings": [
                { "ledgerAccount": { "code": "CUSTOMER_PRINCIPAL" }, "amount": { "amount": "-1.50" } },
                { "ledgerAccount": { "code": "FEE_INCOME" }, "amount": { "amount": "1.50" } },
            ] },
            "account": { "balance": { "amount": "48.50" }, "available": { "amount": "48.50" } },
            "replayed": false,
        }));
        let again = app.done("loadAccount", input, "entry { id } fee { kind } replayed").await;
        assert_eq!(again, json!({ "__typename": "LoadAccountSuccess", "entry": { "id": entry }, "fee": { "kind": "ADMINISTRATION_FEE" }, "replayed": true }));
        let done = app.done("unloadAccount", of(&account, "20.00"), BOOKED).await;
        assert_eq!((&done["entry"]["kind"], &done["entry"]["channel"], &done["fee"]["description"]), (&json!("UNLOAD"), &json!("INTERNAL"), &json!("Unload fee")));
        assert_eq!(done["account"]["balance"]["amount"], "28.00");
        // The fee has to be there as well.
        let refusal = app.refused("unloadAccount", of(&account, "27.51"), "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"]["account"], account.id);
        app.done("unloadAccount", of(&account, "27.50"), "replayed").await;
        assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "0.00"]);
    }

    async fn loads_stay_within_what_the_product_allows(app: TestApp) {
        let account = prepaid(&app, false).await;
        let refusal = app.refused("loadAccount", of(&account, "100.01"), "LIMIT_EXCEEDED", "amount").await;
        assert_eq!((&refusal["facts"]["limit"], &refusal["facts"]["remaining"]), (&euros("100.00"), &euros("100.00")));
        app.done("loadAccount", of(&account, "100.00"), "replayed").await;
        let refusal = app.refused("loadAccount", of(&account, "50.01"), "LIMIT_EXCEEDED", "amount").await;
        assert_eq!((&refusal["facts"]["limit"], &refusal["facts"]["remaining"]), (&euros("150.00"), &euros("50.00")));
        // Many at once: the day's limit is given once.
        let attempts = (0..12).map(|_| app.mutate("loadAccount", of(&account, "10.00"), "replayed"));
        assert_eq!(race("loadAccount", attempts).await, (5, vec!["LIMIT_EXCEEDED".to_owned(); 7]));
        // The most that the account may hold.
        app.pay_in(&account, "150.00").await;
        app.done("updateProduct", json!({ "product": { "code": "gift" }, "prepaid": { "load": { "fee": "2" } } }), "product { prepaid { load { perDay { amount } } } }").await;
        let held = app.amounts(&account).await;
        assert_eq!(held[0], "292.50");
        let refusal = app.refused("loadAccount", of(&account, "7.51"), "LIMIT_EXCEEDED", "amount").await;
        assert_eq!(refusal["facts"]["limit"], euros("300.00"));
        app.done("loadAccount", of(&account, "7.50"), "replayed").await;
        for (account, name) in [(&app.account("current").await, "loadAccount"), (&app.account("credit-card").await, "unloadAccount")] {
            app.refused(name, of(account, "1.00"), "ACCOUNT_NOT_PREPAID", "account").await;
        }
        let blocked = json!({ "on": { "account": account.by() }, "kind": "ALL", "reasonCode": "X" });
        app.done("placeBlock", blocked, "replayed").await;
        for name in ["loadAccount", "unloadAccount"] {
            app.refused(name, of(&account, "1.00"), "ACCOUNT_BLOCKED", "account").await;
        }
        let refused = |prepaid: Value| json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE", "prepaid": prepaid });
        app.refused("createProduct", refused(json!({ "load": {} })), "INVALID_INPUT", "prepaid").await;
        let terms = |load: Value| json!({ "product": { "code": "gift" }, "prepaid": { "load": load } });
        for (load, code, field) in [
            (json!({ "fee": "0" }), "AMOUNT_OUT_OF_RANGE", "prepaid.load.fee"),
            (json!({ "feePercent": "101" }), "INVALID_INPUT", "prepaid.load.feePercent"),
            (json!({ "perDay": "2", "perMonth": "1" }), "INVALID_INPUT", "prepaid.load.perDay"),
        ] {
            app.refused("updateProduct", terms(load), code, field).await;
        }
    }

    async fn a_fee_goes_back_when_asked_or_as_the_product_says(app: TestApp) {
        let account = prepaid(&app, true).await;
        let load = |amount: &str| {
            let input = of(&account, amount);
            let app = app.clone();
            async move { app.done("loadAccount", input, "entry { id }").await["entry"]["id"].take() }
        };
        let back = "entry { kind } reversed { kind } fee { kind reverses { kind description } }";
        let (first, second) = (load("50.00").await, load("40.00").await);
        let done = app.done("reverseEntry", json!({ "entry": first, "reason": "X" }), back).await;
        assert_eq!(done, json!({
            "__typename": "ReverseEntrySuccess", "entry": { "kind": "REVERSAL" }, "reversed": { "kind": "LOAD" },
            "fee": { "kind": "REVERSAL", "reverses": { "kind": "ADMINISTRATION_FEE", "description": "Load fee" } },
        }));
        assert_eq!(app.balance(&account).await, "38.60");
        app.refused("reverseEntry", json!({ "entry": second, "reason": "X", "reverseFee": false }), "INSUFFICIENT_FUNDS", "entry").await;
        app.refused("reverseEntry", json!({ "entry": second, "amount": euros("1.00"), "reason": "X", "reverseFee": true }), "INVALID_INPUT", "reverseFee").await;
        app.pay_in(&account, "1.40").await;
        let done = app.done("reverseEntry", json!({ "entry": second, "reason": "X", "reverseFee": false }), back).await;
        assert_eq!((&done["fee"], app.balance(&account).await), (&Value::Null, "0.00".into()));
        // What is reversed counts no more.
        for amount in ["100.00", "50.00"] {
            load(amount).await;
        }
        let paid = app.pay_in(&account, "1.00").await;
        app.refused("reverseEntry", json!({ "entry": paid, "reason": "X", "reverseFee": true }), "INVALID_INPUT", "reverseFee").await;
    }
}
