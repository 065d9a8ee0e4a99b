//! What a provider has taken, what goes back to owners, and where an overpayment goes.

use serde_json::{Value, json};

use super::{IBAN, charge, disburse};
use crate::accounts::components;
use crate::app::{Account, TestApp, euros};
use crate::products;

fn registered(account: &Account, amount: &str, transaction: &str) -> Value {
    json!({ "account": account.by(), "amount": euros(amount), "paidOn": "2026-04-14", "provider": "acme-pay",
        "transactionId": transaction })
}

fn reimbursed(account: &Account, type_: &str, amount: Option<&str>) -> Value {
    json!({ "account": account.by(), "type": type_, "amount": amount.map(euros), "iban": IBAN })
}

fn paid(account: &Account, amount: &str, overpayment: &Account) -> Value {
    json!({ "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER",
        "overpaymentAccount": overpayment.by() })
}

/// The id of what was posted under a reference of the caller's.
async fn posted(app: &TestApp, name: &str, mut input: Value, reference: &str) -> String {
    input["externalReference"] =
        json!({ "reference": reference, "date": "2026-04-15", "poster": "BANK", "code": "1051" });
    let done = app.done(name, input, "entry { id externalReference externalDate externalPoster externalCode }").await;
    let entry = &done["entry"];
    let told = ["externalReference", "externalDate", "externalPoster", "externalCode"].map(|name| entry[name].clone());
    assert_eq!(told, [json!(reference), json!("2026-04-15"), json!("BANK"), json!("1051")]);
    entry["id"].as_str().expect("an id").to_owned()
}

fn by_reference(reference: &str, date: &str, poster: &str) -> Value {
    json!({ "original": { "reference": reference, "date": date, "poster": poster }, "reason": "REVERSAL_ON_DEMAND" })
}

on_both_databases! {
    async fn a_providers_payment_is_registered_once(app: TestApp) {
        let account = app.account("revolving").await;
        disburse(&app, &account, "100.00").await;
        let entry = "entry { kind channel valueDate transactionDate externalReference externalPoster } \
            account { balance { amount } } replayed";
        let input = registered(&account, "40.00", "tx-1");
        let done = app.done("registerPayment", input.clone(), entry).await;
        assert_eq!(done, json!({
            "__typename": "RegisterPaymentSuccess",
            "entry": { "kind": "PAYMENT", "channel": "PSP", "valueDate": "2026-04-14", "transactionDate": "2026-04-14",
                "externalReference": "tx-1", "externalPoster": "acme-pay" },
            "account": { "balance": { "amount": "-60.00" } }, "replayed": false,
        }));
        let before = app.picture().await;
        // Another key, and even another amount or account: it is the same payment.
        app.refused("registerPayment", input, "DUPLICATE_REFERENCE", "transactionId").await;
        let other = app.account("current").await;
        app.refused("registerPayment", registered(&other, "1.00", "tx-1"), "DUPLICATE_REFERENCE", "transactionId").await;
        for (field, value, code) in [
            ("amount", euros("0.00"), "AMOUNT_OUT_OF_RANGE"),
            ("paidOn", json!("2026-04-16"), "INVALID_INPUT"),
            ("paidOn", json!("1999-01-01"), "VALUE_DATE_OUT_OF_RANGE"),
            ("provider", json!(" "), "INVALID_INPUT"),
            ("transactionId", json!("x".repeat(51)), "INVALID_INPUT"),
        ] {
            let mut input = registered(&account, "1.00", "tx-2");
            input[field] = value;
            app.refused("registerPayment", input, code, field).await;
        }
        assert_eq!(app.amounts(&account).await[0], "-60.00");
        assert_eq!(app.picture().await["entries"], before["entries"]);
        // Its id is the provider's own: another may have the same.
        let mut input = registered(&account, "60.00", "tx-1");
        input["provider"] = json!("other-pay");
        app.done("registerPayment", input, "replayed").await;
        assert_eq!(app.amounts(&account).await[0], "0.00");
    }

    async fn a_providers_payment_is_at_most_what_the_account_can_take(app: TestApp) {
        let capped = products::create(&app, json!({ "maximumBalance": "100.00" })).await;
        let account = app.account(&capped).await;
        app.pay_in(&account, "30.00").await;
        let refusal =
            app.refused("registerPayment", registered(&account, "70.01", "a"), "LIMIT_EXCEEDED", "amount").await;
        assert_eq!(refusal["facts"]["limit"], euros("100.00"));
        app.done("registerPayment", registered(&account, "70.00", "a"), "replayed").await;
        app.with_scopes("read money admin").mutate("registerPayment", registered(&account, "1.00", "b"), "replayed").await
            .fault("FORBIDDEN");
    }

    async fn a_credit_balance_is_paid_back_whole_or_in_part(app: TestApp) {
        let account = app.account("revolving").await;
        app.refused("postReimbursement", reimbursed(&account, "FULL", None), "INVALID_STATE", "account").await;
        disburse(&app, &account, "50.00").await;
        app.refused("postReimbursement", reimbursed(&account, "FULL", None), "INVALID_STATE", "account").await;
        app.pay_in(&account, "200.00").await;
        for (type_, amount, code) in [
            ("FULL", Some("149.99"), "INVALID_INPUT"),
            ("PARTIAL", None, "INVALID_INPUT"),
            ("PARTIAL", Some("0.00"), "AMOUNT_OUT_OF_RANGE"),
            // The limit would cover it; a reimbursement draws no credit.
            ("PARTIAL", Some("150.01"), "INSUFFICIENT_FUNDS"),
        ] {
            app.refused("postReimbursement", reimbursed(&account, type_, amount), code, "amount").await;
        }
        let mut other = reimbursed(&account, "PARTIAL", Some("1.00"));
        other["amount"]["currency"] = json!("SEK");
        app.refused("postReimbursement", other, "CURRENCY_MISMATCH", "amount.currency").await;
        let mut wrong = reimbursed(&account, "FULL", None);
        wrong["iban"] = json!("SE3550000000054910000004");
        app.refused("postReimbursement", wrong, "INVALID_INPUT", "iban").await;
        let entry = "entry { kind counterparty { account } } account { balance { amount } }";
        let part = app.done("postReimbursement", reimbursed(&account, "PARTIAL", Some("100.00")), entry).await;
        assert_eq!(part, json!({
            "__typename": "PostReimbursementSuccess",
            "entry": { "kind": "REIMBURSEMENT", "counterparty": { "account": IBAN } },
            "account": { "balance": { "amount": "50.00" } },
        }));
        // What is reserved is not paid back, and nothing of the rest either: it is all or a named part.
        let hold = app.hold(&account, "10.00").await;
        let refusal = app.refused("postReimbursement", reimbursed(&account, "PARTIAL", Some("60.00")), "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"]["available"], euros("50.00"));
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        let mut whole = reimbursed(&account, "FULL", Some("50.00"));
        whole.as_object_mut().expect("an object").remove("iban");
        let whole = app.done("postReimbursement", whole, entry).await;
        assert_eq!(whole["entry"]["counterparty"], Value::Null);
        assert_eq!(whole["account"]["balance"]["amount"], "0.00");
    }

    async fn what_is_paid_too_much_goes_to_the_account_that_is_named_for_it(app: TestApp) {
        let (account, savings) = (app.account("revolving").await, app.account("current").await);
        disburse(&app, &account, "100.00").await;
        charge(&app, &account, "LATE_FEE", "5.00").await;
        charge(&app, &account, "INTEREST", "2.00").await;
        app.refused("postPayment", paid(&account, "1.00", &account), "SAME_ACCOUNT", "overpaymentAccount").await;
        app.done("postPayment", paid(&account, "7.50", &savings), "replayed").await;
        assert_eq!(components(&app, &account).await, ["-99.50", "0.00", "0.00"]);
        assert_eq!(app.balance(&savings).await, "0.00");
        let sides = "entry { id postings { amount { amount } account { id } } }";
        let done = app.done("postPayment", paid(&account, "120.00", &savings), sides).await;
        assert_eq!((app.balance(&account).await, app.balance(&savings).await), ("0.00".into(), "20.50".into()));
        // It owes nothing: all of it is too much.
        app.done("postPayment", paid(&account, "1.00", &savings), "replayed").await;
        assert_eq!((app.balance(&account).await, app.balance(&savings).await), ("0.00".into(), "21.50".into()));
        // What bounces takes both parts back.
        app.done("reverseEntry", json!({ "entry": done["entry"]["id"], "reason": "returned" }), "replayed").await;
        assert_eq!((app.balance(&account).await, app.balance(&savings).await), ("-99.50".into(), "1.00".into()));
        // In another currency, neither side is booked.
        let krona = products::create(&app, json!({ "currency": "SEK" })).await;
        let foreign = app.account(&krona).await;
        app.refused("postPayment", paid(&account, "200.00", &foreign), "CURRENCY_MISMATCH", "amount.currency").await;
        assert_eq!(app.balance(&account).await, "-99.50");
    }

    async fn an_entry_is_reversed_by_the_reference_date_and_poster_that_it_was_posted_under(app: TestApp) {
        let account = app.account("revolving").await;
        let payment = json!({ "account": account.by(), "amount": euros("424.45"), "channel": "BANK_TRANSFER" });
        let payment = posted(&app, "postPayment", payment, "M-1").await;
        let adjustment = json!({ "account": account.by(), "amount": euros("15.00"), "reason": "DISPUTE_ADJUSTMENT" });
        let adjustment = posted(&app, "postAdjustment", adjustment, "M-2").await;
        for (reference, date, poster) in [("M-3", "2026-04-15", "BANK"), ("M-1", "2026-04-14", "BANK"), ("M-1", "2026-04-15", "ISSUER")] {
            app.refused("reverseEntry", by_reference(reference, date, poster), "NOT_FOUND", "original").await;
        }
        let both = json!({ "entry": payment, "original": { "reference": "M-1" }, "reason": "X" });
        app.refused("reverseEntry", both, "INVALID_INPUT", "entry").await;
        app.refused("reverseEntry", json!({ "reason": "X" }), "INVALID_INPUT", "entry").await;
        let shown = "entry { kind reason reverses { id } } reversed { id }";
        // A part of an adjustment, with the amount in the sign it was posted in.
        let mut part = by_reference("M-2", "2026-04-15", "BANK");
        part["amount"] = euros("5.00");
        let done = app.done("reverseEntry", part, shown).await;
        assert_eq!(done["reversed"]["id"], json!(adjustment));
        assert_eq!(app.balance(&account).await, "434.45");
        let done = app.done("reverseEntry", by_reference("M-1", "2026-04-15", "BANK"), shown).await;
        assert_eq!(done, json!({
            "__typename": "ReverseEntrySuccess",
            "entry": { "kind": "REVERSAL", "reason": "REVERSAL_ON_DEMAND", "reverses": { "id": payment } },
            "reversed": { "id": payment },
        }));
        assert_eq!(app.balance(&account).await, "10.00");
        app.refused("reverseEntry", by_reference("M-1", "2026-04-15", "BANK"), "ALREADY_REVERSED", "original").await;
        // After a restart nothing is remembered, and it is found all the same.
        app.restart().await;
        app.refused("reverseEntry", by_reference("M-1", "2026-04-15", "BANK"), "ALREADY_REVERSED", "original").await;
        app.done("reverseEntry", by_reference("M-2", "2026-04-15", "BANK"), "replayed").await;
        assert_eq!(app.balance(&account).await, "0.00");
    }
}
