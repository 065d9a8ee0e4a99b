//! What the model has found, each by itself.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, fresh_key, numbered};
use crate::payments::IBAN;

/// A current account with 100.00 euros and a reference.
async fn referred(app: &TestApp) -> (Account, String) {
    let account = app.funded("100.00").await;
    let reference = numbered("ours");
    let input = json!({ "account": account.by(), "externalReference": reference });
    app.done("updateAccount", input, "replayed").await;
    (account, reference)
}

/// Sends each request, then gives the accounts other references, and sends each again.
async fn repeated(app: &TestApp, requests: Vec<(&str, Value)>, accounts: &[&Account]) {
    let mut first = Vec::new();
    for (name, input) in &requests {
        let selection = match *name {
            "placeHold" => "hold { id } replayed",
            "requestAccountClosure" => "account { id } replayed",
            "transferBatch" => "items { result { ... on TransferSuccess { entry { id } from { id } to { id } } } }",
            "transfer" => "entry { id } from { id } to { id } replayed",
            _ => "entry { id } replayed",
        };
        first.push((selection, app.done(name, input.clone(), selection).await));
    }
    for account in accounts {
        let input = json!({ "account": account.by(), "externalReference": null });
        app.done("updateAccount", input, "replayed").await;
    }
    let before = app.picture().await;
    for ((name, input), (selection, mut first)) in requests.into_iter().zip(first) {
        let again = app.done(name, input.clone(), selection).await;
        if name != "transferBatch" {
            first["replayed"] = json!(true);
        }
        assert_eq!(again, first, "{name} {input}");
    }
    assert_eq!(app.picture().await, before);
}

on_both_databases! {
    async fn a_request_is_safe_to_repeat_when_a_reference_has_changed(app: TestApp) {
        let ((account, ours), (other, theirs)) = (referred(&app).await, referred(&app).await);
        let (by, to) = (json!({ "externalReference": ours }), json!({ "externalReference": theirs }));
        let (hold, amount) = (app.hold(&account, "3.00").await, euros("1.00"));
        let with_key = |mut input: Value| {
            input["idempotencyKey"] = json!(fresh_key());
            input
        };
        let item = with_key(json!({ "from": by, "to": to, "amount": amount }));
        let requests = vec![
            ("postPayment", json!({ "account": by, "amount": amount, "channel": "CASH" })),
            ("disburse", json!({ "account": by, "amount": amount, "iban": IBAN })),
            ("transfer", json!({ "from": by, "to": to, "amount": amount })),
            ("postAdjustment", json!({ "account": by, "amount": amount, "reason": "a slip" })),
            ("postCharge", json!({ "account": by, "amount": amount, "kind": "LATE_FEE" })),
            ("placeHold", json!({ "account": by, "amount": amount })),
            ("captureHold", json!({ "hold": hold, "amount": amount, "to": to })),
            ("requestAccountClosure", json!({ "account": by })),
        ];
        let mut requests: Vec<(&str, Value)> =
            requests.into_iter().map(|(name, input)| (name, with_key(input))).collect();
        requests.push(("transferBatch", json!({ "items": [item], "mode": "ALL_OR_NOTHING" })));
        repeated(&app, requests.clone(), &[&account, &other]).await;
        // The name leads nowhere for another client. A key that was used has the last word, wherever the name leads.
        let (name, mut input) = requests.swap_remove(0);
        app.with_client("others").refused(name, input.clone(), "NOT_FOUND", "account").await;
        input["amount"] = euros("2.00");
        app.refused(name, input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
    }

    async fn a_token_that_is_bound_is_not_told_of_others_by_a_repeated_request(app: TestApp) {
        let ((account, ours), (other, theirs)) = (referred(&app).await, referred(&app).await);
        let (by, to) = (json!({ "externalReference": ours }), json!({ "externalReference": theirs }));
        let key = fresh_key();
        let input = json!({ "idempotencyKey": key, "from": by, "to": to, "amount": euros("1.00") });
        app.done("transfer", input.clone(), "replayed").await;
        app.bound_to(&account.owner).refused("transfer", input.clone(), "NOT_FOUND", "to").await;
        app.done("updateAccount", json!({ "account": other.by(), "externalReference": null }), "replayed").await;
        app.bound_to(&account.owner).refused("transfer", input, "NOT_FOUND", "to").await;
    }

    async fn an_all_or_nothing_batch_takes_along_what_was_done_before(app: TestApp) {
        let ((account, ours), (other, _)) = (referred(&app).await, referred(&app).await);
        let by = json!({ "externalReference": ours });
        let item = |from: &Value, amount: &str| {
            json!({ "idempotencyKey": fresh_key(), "from": from, "to": other.by(), "amount": euros(amount) })
        };
        let known = item(&by, "1.00");
        app.done("transferBatch", json!({ "items": [known] }), "succeeded").await;
        app.done("updateAccount", json!({ "account": account.by(), "externalReference": null }), "replayed").await;
        let selection = "succeeded items { result { __typename ... on Refusal { code } } }";
        for (wrong, code) in [(item(&account.by(), "1000.00"), "INSUFFICIENT_FUNDS"), (item(&by, "1.00"), "NOT_FOUND")] {
            let input = json!({ "mode": "ALL_OR_NOTHING", "items": [known, wrong] });
            let done = app.done("transferBatch", input, selection).await;
            let refusal = |code: &str| json!({ "result": { "__typename": "Refusal", "code": code } });
            assert_eq!(done, json!({
                "__typename": "TransferBatchSuccess", "succeeded": 0, "items": [refusal("BATCH_REFUSED"), refusal(code)],
            }));
        }
    }

    async fn a_write_off_says_why(app: TestApp) {
        let account = app.funded("0.03").await;
        for reason in ["", " \n"] {
            let transactions = json!([{ "target": { "writeOff": { "reason": reason } } }]);
            let input = json!({ "account": account.by(), "closureCode": "X", "transactions": transactions });
            app.refused("closeAccount", input, "INVALID_INPUT", "transactions.0.target.writeOff.reason").await;
        }
    }

    async fn components_that_cannot_be_set_off_yet_name_the_account(app: TestApp) {
        let account = app.account("loan").await;
        let by = account.by();
        let fee = json!({ "account": by, "amount": euros("10.00"), "kind": "LATE_FEE" });
        app.done("postCharge", fee.clone(), "replayed").await;
        let tomorrow = json!({ "account": by, "amount": euros("20.00"), "channel": "CASH", "valueDate": "2026-04-16" });
        app.done("postPayment", tomorrow, "replayed").await;
        app.done("postCharge", fee, "replayed").await;
        // 10.00 of funds that come tomorrow, and 10.00 of fees that are owed today.
        assert_eq!(app.balance(&account).await, "0.00");
        let closure = json!({ "account": by, "closureCode": "X" });
        let refused = app.refused("closeAccount", closure.clone(), "INSUFFICIENT_FUNDS", "account").await;
        assert_eq!(refused["facts"]["account"], account.id);
        app.advance(std::time::Duration::from_secs(86_400));
        app.done("closeAccount", closure, "replayed").await;
    }

    async fn a_closing_transfer_in_another_currency_tells_which_account(app: TestApp) {
        let product = json!({
            "code": "yen", "alias": "Yen", "family": "DEPOSIT", "currency": "JPY", "debtRule": "NONE",
        });
        app.done("createProduct", product, "replayed").await;
        let (account, yen) = (app.funded("1.00").await, app.account("yen").await);
        let transactions = json!([{ "target": { "transferTo": yen.by() } }]);
        let input = json!({ "account": account.by(), "closureCode": "X", "transactions": transactions });
        let path = "transactions.0.target.transferTo";
        let refused = app.refused("closeAccount", input, "CURRENCY_MISMATCH", path).await;
        assert_eq!(refused["facts"], json!({ "account": yen.id }));
    }

    async fn what_does_not_exist_is_said_before_what_is_wrong_with_the_rest(app: TestApp) {
        let account = app.funded("10.00").await;
        let hold = app.hold(&account, "1.00").await;
        let nobody = json!({ "number": "nobody" });
        for amount in [euros("0.00"), euros("0.001"), json!({ "amount": "1", "currency": "SEK" })] {
            app.refused("captureHold", json!({ "hold": hold, "amount": amount, "to": nobody }), "NOT_FOUND", "to").await;
        }
        app.refused("reverseEntry", json!({ "entry": "ent_?", "reason": "" }), "NOT_FOUND", "entry").await;
    }
}
