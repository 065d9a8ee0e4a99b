//! Closing an account together with the transactions that bring it to zero.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::closing;
use crate::accounts::{components, show, status};
use crate::app::{Account, TestApp, euros, fresh_key, told};
use crate::payments::{IBAN, charge, disburse, lines};
use crate::products;

/// A card with 100.00 of principal, 10.00 of interest and 5.00 of fees owed.
async fn indebted(app: &TestApp) -> Account {
    let card = app.account("credit-card").await;
    disburse(app, &card, "100.00").await;
    charge(app, &card, "INTEREST", "10.00").await;
    charge(app, &card, "LATE_FEE", "5.00").await;
    card
}

/// A card with 100.00 of funds and 100.00 of fees owed: nothing, taken together.
async fn netted(app: &TestApp) -> Account {
    let card = app.account("credit-card").await;
    app.pay_in(&card, "100.00").await;
    charge(app, &card, "LATE_FEE", "100.00").await;
    card
}

/// The last entries, newest first: `[kind, description, lines]`.
async fn last_entries(app: &TestApp, count: usize) -> Value {
    let query = "query($first: Int) { entries(first: $first) { nodes { kind description metadata
        postings { amount { amount } ledgerAccount { code } } } } }";
    let nodes = app.ok(query, json!({ "first": count })).await["entries"]["nodes"].take();
    nodes.as_array().expect("nodes").iter().map(|it| json!([it["kind"], it["description"], lines(it)])).collect()
}

const DONE: &str = "account { status closedOn closureCode balance { amount } } replayed";

fn to_payout() -> Value {
    json!({ "payout": { "iban": IBAN } })
}

fn to_write_off() -> Value {
    json!({ "writeOff": { "reason": "Deceased" } })
}

on_both_databases! {
    async fn closing_an_empty_account_takes_no_transactions(app: TestApp) {
        let account = app.account("savings").await;
        let done = app.done("closeAccount", closing(&account, json!([])), DONE).await;
        assert_eq!(
            done["account"],
            json!({
                "status": "CLOSED", "closedOn": "2026-04-15", "closureCode": "CUSTOMER_WISH", "balance": { "amount": "0.00" },
            })
        );
        let history = show(&app, &account, "history { nodes { events { type payload } } }").await;
        let nodes = told(&history["history"]);
        let recorded = nodes.iter().find(|node| node["type"] == "ACCOUNT_CLOSURE_RECORDED").expect("a record");
        assert_eq!(recorded["payload"], json!({ "closureCode": "CUSTOMER_WISH" }));
        assert_eq!(nodes.iter().filter(|node| node["type"] == "ACCOUNT_CLOSED").count(), 1);
    }

    async fn holds_or_a_balance_keep_an_account_from_closing(app: TestApp) {
        let account = app.funded("25.00").await;
        let refusal = app.refused("closeAccount", closing(&account, json!([])), "BALANCE_REMAINS", "account").await;
        assert_eq!(refusal["facts"], json!({ "account": account.id, "balance": euros("25.00") }));
        let hold = app.hold(&account, "5.00").await;
        let before = app.picture().await;
        let with_payout = closing(&account, json!([{ "target": to_payout() }]));
        // Each reason is named: a balance that the closing transactions settle is none.
        let id = &account.id;
        for (input, facts, reasons) in [
            (
                closing(&account, json!([])),
                json!({ "account": id, "reserved": euros("5.00"), "balance": euros("25.00") }),
                2,
            ),
            (with_payout.clone(), json!({ "account": id, "reserved": euros("5.00") }), 1),
        ] {
            let refusal = app.refused("closeAccount", input, "HOLDS_REMAIN", "account").await;
            assert_eq!(refusal["facts"], facts);
            assert_eq!(refusal["fields"].as_array().map(Vec::len), Some(reasons));
        }
        assert_eq!(app.picture().await, before);
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        app.done("closeAccount", with_payout, DONE).await;

        let card = indebted(&app).await;
        let refusal = app.refused("closeAccount", closing(&card, json!([])), "BALANCE_REMAINS", "account").await;
        assert_eq!(refusal["facts"], json!({ "account": card.id, "balance": euros("-115.00") }));
        for (account, code) in [(json!({ "number": "nobody" }), "X"), (json!({ "id": "acc_?" }), "X")] {
            let input = json!({ "account": account, "closureCode": code });
            app.refused("closeAccount", input, "NOT_FOUND", "account").await;
        }
        for code in ["", "x".repeat(65).as_str()] {
            let input = json!({ "account": card.by(), "closureCode": code });
            app.refused("closeAccount", input, "INVALID_INPUT", "closureCode").await;
        }
    }

    async fn the_rest_goes_to_another_account_or_a_bank_account(app: TestApp) {
        let (account, other) = (app.funded("25.00").await, app.account("current").await);
        let transfer = closing(
            &account,
            json!([{ "target": { "transferTo": { "number": other.number } }, "description": "Moved" }]),
        );
        assert_eq!(app.done("closeAccount", transfer, DONE).await["account"]["status"], "CLOSED");
        assert_eq!(app.balance(&other).await, "25.00");
        assert_eq!(
            last_entries(&app, 1).await,
            json!([["TRANSFER", "Moved", [["CUSTOMER_PRINCIPAL", "-25.00"], ["CUSTOMER_PRINCIPAL", "25.00"]]],])
        );
        let account = app.funded("30.00").await;
        let target = json!({ "payout": { "bankAccountNumber": "5050-1055", "bankAccountClass": "BANKGIRO" } });
        app.done("closeAccount", closing(&account, json!([{ "target": target }])), DONE).await;
        assert_eq!(
            last_entries(&app, 1).await,
            json!([[
                "DISBURSEMENT",
                "Closing payout",
                [["CUSTOMER_PRINCIPAL", "-30.00"], ["SETTLEMENT_BANK", "30.00"]]
            ],])
        );
        let query = "{ entries(first: 1) { nodes { metadata counterparty { name account accountClass bank } } } }";
        let entry = app.ok(query, json!({})).await["entries"]["nodes"][0].take();
        let receiver = json!({ "name": null, "account": "50501055", "accountClass": "BANKGIRO", "bank": null });
        assert_eq!(entry, json!({ "metadata": {}, "counterparty": receiver }));
    }

    async fn a_debt_is_written_off_with_its_interest_and_fees(app: TestApp) {
        let card = indebted(&app).await;
        let done = app.done("closeAccount", closing(&card, json!([{ "target": to_write_off() }])), DONE).await;
        assert_eq!(done["account"]["status"], "CLOSED");
        assert_eq!(
            last_entries(&app, 1).await,
            json!([[
                "WRITE_OFF",
                "Deceased",
                [
                    ["WRITE_OFF", "-115.00"],
                    ["CUSTOMER_PRINCIPAL", "100.00"],
                    ["CUSTOMER_INTEREST", "10.00"],
                    ["CUSTOMER_FEE", "5.00"]
                ]
            ],])
        );
        assert_eq!(components(&app, &card).await, ["0.00", "0.00", "0.00"]);
        // A small remainder is taken over the same way.
        let account = app.funded("0.03").await;
        app.done("closeAccount", closing(&account, json!([{ "target": to_write_off() }])), DONE).await;
        assert_eq!(
            last_entries(&app, 1).await,
            json!([["WRITE_OFF", "Deceased", [["CUSTOMER_PRINCIPAL", "-0.03"], ["WRITE_OFF", "0.03"]]],])
        );
    }

    async fn parts_are_taken_in_order_and_the_last_one_takes_the_rest(app: TestApp) {
        let (account, other) = (app.funded("100.00").await, app.account("current").await);
        let transactions = json!([
            { "target": { "transferTo": other.by() }, "amount": euros("60.00") },
            { "target": to_payout(), "amount": euros("39.50") },
            { "target": to_write_off() },
        ]);
        app.done("closeAccount", closing(&account, transactions), DONE).await;
        let entries = last_entries(&app, 3).await;
        let kinds: Vec<&Value> = entries.as_array().expect("entries").iter().map(|entry| &entry[0]).collect();
        assert_eq!(json!(kinds), json!(["WRITE_OFF", "DISBURSEMENT", "TRANSFER"]));
        assert_eq!((app.balance(&account).await, app.balance(&other).await), ("0.00".to_owned(), "60.00".to_owned()));

        // Part of a debt is given up in the order in which it would be repaid.
        let card = indebted(&app).await;
        let transactions =
            json!([{ "target": to_write_off(), "amount": euros("12.00") }, { "target": to_write_off() }]);
        app.done("closeAccount", closing(&card, transactions), DONE).await;
        let parts: Vec<Value> =
            last_entries(&app, 2).await.as_array().expect("entries").iter().map(|entry| entry[2].clone()).collect();
        assert_eq!(
            json!(parts),
            json!([
                [["WRITE_OFF", "-103.00"], ["CUSTOMER_PRINCIPAL", "100.00"], ["CUSTOMER_INTEREST", "3.00"]],
                [["WRITE_OFF", "-12.00"], ["CUSTOMER_INTEREST", "7.00"], ["CUSTOMER_FEE", "5.00"]],
            ])
        );
    }

    async fn components_that_cancel_out_are_set_off_against_each_other(app: TestApp) {
        let card = netted(&app).await;
        assert_eq!(components(&app, &card).await, ["100.00", "0.00", "-100.00"]);
        app.done("closeAccount", closing(&card, json!([])), DONE).await;
        assert_eq!(
            last_entries(&app, 1).await,
            json!([[
                "ADJUSTMENT",
                "Components set off",
                [["CUSTOMER_PRINCIPAL", "-100.00"], ["CUSTOMER_FEE", "100.00"]]
            ],])
        );
        assert_eq!(components(&app, &card).await, ["0.00", "0.00", "0.00"]);

        // The same with a remainder on either side.
        let card = netted(&app).await;
        app.pay_in(&card, "120.00").await;
        charge(&app, &card, "INTEREST", "7.00").await;
        assert_eq!(components(&app, &card).await, ["120.00", "-7.00", "0.00"]);
        app.done(
            "closeAccount",
            closing(&card, json!([{ "target": to_payout(), "amount": euros("13.00") }, { "target": to_payout() }])),
            DONE,
        )
        .await;
        let parts: Vec<Value> =
            last_entries(&app, 2).await.as_array().expect("entries").iter().map(|entry| entry[2].clone()).collect();
        assert_eq!(
            json!(parts),
            json!([
                [["CUSTOMER_PRINCIPAL", "-107.00"], ["CUSTOMER_INTEREST", "7.00"], ["SETTLEMENT_BANK", "100.00"]],
                [["CUSTOMER_PRINCIPAL", "-13.00"], ["SETTLEMENT_BANK", "13.00"]],
            ])
        );
    }

    async fn an_account_that_waits_for_its_closure_is_closed_at_once_with_transactions(app: TestApp) {
        let other = app.account("current").await;
        for account in [app.funded("25.00").await, indebted(&app).await, netted(&app).await] {
            app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
            assert_eq!(status(&app, &account).await, "PENDING_CLOSE");
            let transactions = match app.balance(&account).await.as_str() {
                "0.00" => json!([]),
                "25.00" => {
                    json!([{ "target": { "transferTo": other.by() }, "amount": euros("5.00") }, { "target": to_payout() }])
                }
                _ => json!([{ "target": to_write_off() }]),
            };
            let mut input = closing(&account, transactions);
            input["idempotencyKey"] = json!(fresh_key());
            let done = app.done("closeAccount", input.clone(), DONE).await;
            assert_eq!(
                (&done["account"]["status"], &done["account"]["closureCode"]),
                (&json!("CLOSED"), &json!("CUSTOMER_WISH"))
            );
            assert_eq!(app.done("closeAccount", input, DONE).await["replayed"], true);
            let history = show(&app, &account, "history { nodes { events { type } } }").await;
            let nodes = told(&history["history"]);
            assert_eq!(nodes.iter().filter(|node| node["type"] == "ACCOUNT_CLOSED").count(), 1);
        }
    }

    async fn a_closing_transaction_that_makes_no_sense_is_refused_and_leaves_nothing_behind(app: TestApp) {
        let account = app.funded("100.00").await;
        let debtor = indebted(&app).await;
        let other = app.account("current").await;
        let small = app.account(&products::create(&app, json!({ "maximumBalance": "10" })).await).await;
        let foreign = app.account(&products::create(&app, json!({ "currency": "SEK" })).await).await;
        let closed = app.account("current").await;
        app.done("closeAccount", closing(&closed, json!([])), DONE).await;
        let before = app.picture().await;
        let first = json!({ "target": { "transferTo": other.by() }, "amount": euros("40.00") });
        let second = |target: Value| json!([first, { "target": target }]);
        for (who, transactions, code, field) in [
            (&account, json!([first]), "BALANCE_REMAINS", "account"),
            (
                &account,
                second(json!({ "transferTo": { "number": "nobody" } })),
                "NOT_FOUND",
                "transactions.1.target.transferTo",
            ),
            (
                &account,
                second(json!({ "transferTo": { "id": "acc_?" } })),
                "NOT_FOUND",
                "transactions.1.target.transferTo",
            ),
            (
                &account,
                second(json!({ "transferTo": closed.by() })),
                "ACCOUNT_NOT_OPEN",
                "transactions.1.target.transferTo",
            ),
            (
                &account,
                second(json!({ "transferTo": account.by() })),
                "SAME_ACCOUNT",
                "transactions.1.target.transferTo",
            ),
            (
                &account,
                second(json!({ "transferTo": foreign.by() })),
                "CURRENCY_MISMATCH",
                "transactions.1.target.transferTo",
            ),
            (
                &account,
                second(json!({ "transferTo": small.by() })),
                "LIMIT_EXCEEDED",
                "transactions.1.target.transferTo",
            ),
            (&account, second(json!({ "payout": {} })), "INVALID_INPUT", "transactions.1.target.payout.iban"),
            (
                &account,
                second(json!({ "payout": { "iban": "XX00" } })),
                "INVALID_INPUT",
                "transactions.1.target.payout.iban",
            ),
            (
                &account,
                second(json!({ "payout": { "bankAccountNumber": "1" } })),
                "INVALID_INPUT",
                "transactions.1.target.payout.bankAccountClass",
            ),
            (
                &account,
                json!([first, { "target": to_payout(), "amount": euros("60.01") }]),
                "INVALID_INPUT",
                "transactions.1.amount",
            ),
            (
                &account,
                json!([first, { "target": to_payout(), "amount": euros("0.00") }]),
                "INVALID_INPUT",
                "transactions.1.amount",
            ),
            (
                &account,
                json!([first, { "target": to_payout(), "amount": euros("-1.00") }]),
                "INVALID_INPUT",
                "transactions.1.amount",
            ),
            (
                &account,
                json!([first, { "target": to_payout(), "amount": euros("0.001") }]),
                "INVALID_INPUT",
                "transactions.1.amount",
            ),
            (
                &account,
                json!([first, { "target": to_payout(), "amount": { "amount": "1", "currency": "SEK" } }]),
                "INVALID_INPUT",
                "transactions.1.amount.currency",
            ),
            (
                &account,
                json!([{ "target": to_payout() }, { "target": to_payout() }]),
                "INVALID_INPUT",
                "transactions.1.amount",
            ),
            (&debtor, json!([{ "target": to_payout() }]), "INVALID_INPUT", "transactions.0.target"),
            (&debtor, json!([{ "target": { "transferTo": other.by() } }]), "INVALID_INPUT", "transactions.0.target"),
            (&debtor, json!([{ "target": to_write_off(), "amount": euros("1.00") }]), "BALANCE_REMAINS", "account"),
            (&closed, json!([]), "INVALID_STATE", "account"),
        ] {
            app.refused("closeAccount", closing(who, transactions), code, field).await;
        }
        assert_eq!(app.picture().await, before);
        assert_eq!(show(&app, &account, "closureCode").await, json!({ "closureCode": null }));
    }

    async fn a_repeated_closure_is_done_once(app: TestApp) {
        let (account, other) = (app.funded("25.00").await, app.account("current").await);
        let mut input = closing(&account, json!([{ "target": { "transferTo": other.by() } }]));
        input["idempotencyKey"] = json!(fresh_key());
        assert_eq!(app.done("closeAccount", input.clone(), DONE).await["replayed"], false);
        let before = app.picture().await;
        let again = app.done("closeAccount", input.clone(), DONE).await;
        assert_eq!((&again["replayed"], &again["account"]["status"]), (&json!(true), &json!("CLOSED")));
        input["closureCode"] = json!("OTHER");
        app.refused("closeAccount", input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        assert_eq!(app.picture().await, before);
    }

    async fn of_two_that_close_an_account_at_once_one_does(app: TestApp) {
        let account = app.funded("25.00").await;
        let attempts = (0..8)
            .map(|_| app.mutate("closeAccount", closing(&account, json!([{ "target": to_payout() }])), "replayed"));
        let results: Vec<Value> =
            join_all(attempts).await.into_iter().map(|answer| answer.data()["closeAccount"].take()).collect();
        let done = results.iter().filter(|result| result["__typename"] == "CloseAccountSuccess").count();
        assert_eq!(done, 1, "{results:?}");
        let refused = results.iter().filter(|result| result["code"] == "INVALID_STATE").count();
        assert_eq!(refused, 7, "{results:?}");
    }
}
