//! Credit transfers: made, cancelled, sent, answered and returned.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};
use crate::mandates::{core, create};

const IBAN: &str = "DE89370400440532013000";
const SHOWN: &str = "creditTransfer { endToEndId state sendOn sentOn settledOn endedOn reason amount { amount } remittanceInfo
    beneficiary { name iban bic sepa bankAccountNumber bankAccountClass } entry { kind } back { kind reverses { kind } } }";

async fn morning(app: &TestApp, day: &str) {
    app.clock().set(format!("{day}T08:00:00Z").parse().expect("a moment"));
    app.done("runBusinessDay", json!({}), "replayed").await;
}

fn sending(account: &Account, amount: &str) -> Value {
    json!({ "account": account.by(), "amount": euros(amount), "iban": IBAN, "bic": "COBADEFFXXX", "receiverName": "Ada Lovelace",
        "remittanceInfo": "credit note 4711" })
}

async fn send(app: &TestApp, input: Value) -> String {
    let done = app.done("createCreditTransfer", input, SHOWN).await;
    assert_eq!(done["creditTransfer"]["state"], "CREATED");
    done["creditTransfer"]["endToEndId"].as_str().expect("an id").to_owned()
}

async fn look(app: &TestApp, end_to_end: &str) -> Value {
    let query =
        format!("query($id: String!) {{ {} }}", SHOWN.replacen("creditTransfer", "creditTransfer(endToEndId: $id)", 1));
    app.ok(&query, json!({ "id": end_to_end })).await["creditTransfer"].take()
}

fn told(end_to_end: &str, outcome: &str, reason: Option<&str>) -> Value {
    json!({ "endToEndId": end_to_end, "outcome": outcome, "reason": reason })
}

on_both_databases! {
    async fn a_transfer_debits_at_once_and_its_cancellation_undoes_it(app: TestApp) {
        let account = app.account("revolving").await;
        app.pay_in(&account, "30.00").await;
        // From a credit balance, then from open-to-buy.
        let done = app.done("createCreditTransfer", sending(&account, "50.00"), SHOWN).await["creditTransfer"].take();
        let id = done["endToEndId"].as_str().expect("an id").to_owned();
        assert_eq!(id.len(), 33);
        assert_eq!(done, json!({
            "endToEndId": id, "state": "CREATED", "sendOn": "2026-04-16", "sentOn": null, "settledOn": null, "endedOn": null, "reason": null,
            "amount": { "amount": "50.00" }, "remittanceInfo": "credit note 4711",
            "beneficiary": { "name": "Ada Lovelace", "iban": IBAN, "bic": "COBADEFFXXX", "sepa": true, "bankAccountNumber": null, "bankAccountClass": null },
            "entry": { "kind": "DISBURSEMENT" }, "back": null,
        }));
        assert_eq!(app.balance(&account).await, "-20.00");
        let gone = app.done("cancelCreditTransfer", json!({ "endToEndId": id, "reason": "a mistake" }), SHOWN).await["creditTransfer"].take();
        assert_eq!((&gone["state"], &gone["back"], &gone["reason"]),
            (&json!("CANCELLED"), &json!({ "kind": "REVERSAL", "reverses": { "kind": "DISBURSEMENT" } }), &json!("a mistake")));
        assert_eq!(app.balance(&account).await, "30.00");
        let twice = app.refused("cancelCreditTransfer", json!({ "endToEndId": id }), "INVALID_STATE", "endToEndId").await;
        assert_eq!(twice["facts"]["status"], "CANCELLED");
        // What was cancelled is never sent.
        morning(&app, "2026-04-17").await;
        assert_eq!(look(&app, &id).await["state"], "CANCELLED");
        let sent = send(&app, sending(&account, "10.00")).await;
        morning(&app, "2026-04-18").await;
        assert_eq!((look(&app, &sent).await["state"].clone(), look(&app, &sent).await["sentOn"].clone()), (json!("SENT"), json!("2026-04-18")));
        app.refused("cancelCreditTransfer", json!({ "endToEndId": sent }), "INVALID_STATE", "endToEndId").await;
        let listed = crate::accounts::show(&app, &account, "creditTransfers { nodes { endToEndId } } sent: creditTransfers(filter: { states: [SENT] }) { nodes { endToEndId } }").await;
        assert_eq!(listed["creditTransfers"]["nodes"], json!([{ "endToEndId": sent }, { "endToEndId": id }]));
        assert_eq!(listed["sent"]["nodes"], json!([{ "endToEndId": sent }]));
        let actions = app.ok("query($id: String!) { creditTransfer(endToEndId: $id) { actions { action allowed } history { nodes { operation } } } }", json!({ "id": sent })).await;
        assert_eq!(actions["creditTransfer"]["actions"], json!([
            { "action": "CANCEL", "allowed": false }, { "action": "PAY", "allowed": true }, { "action": "REJECT", "allowed": true }, { "action": "RETURN", "allowed": true },
        ]));
    }

    async fn what_does_not_arrive_is_the_accounts_again(app: TestApp) {
        let account = app.funded("100.00").await;
        let (first, second) = (send(&app, sending(&account, "10.00")).await, send(&app, sending(&account, "20.00")).await);
        // What was never sent neither arrives nor comes back.
        for outcome in ["PAID", "REJECTED", "RETURNED"] {
            let why = (outcome != "PAID").then_some("AC04");
            app.refused("reportCreditTransfer", told(&first, outcome, why), "INVALID_STATE", "endToEndId").await;
        }
        morning(&app, "2026-04-16").await;
        app.refused("reportCreditTransfer", told(&first, "REJECTED", None), "INVALID_INPUT", "reason").await;
        app.refused("reportCreditTransfer", told(&first, "PAID", Some("AC04")), "INVALID_INPUT", "reason").await;
        let mut early = told(&first, "PAID", None);
        early["date"] = json!("2026-04-15");
        app.refused("reportCreditTransfer", early, "INVALID_INPUT", "date").await;
        let rejected = app.done("reportCreditTransfer", told(&first, "REJECTED", Some("AC04")), SHOWN).await["creditTransfer"].take();
        assert_eq!((&rejected["state"], &rejected["back"]["kind"], &rejected["reason"]), (&json!("REJECTED"), &json!("DISBURSEMENT_RETURNED"), &json!("AC04")));
        assert_eq!(app.balance(&account).await, "80.00");
        app.done("reportCreditTransfer", told(&second, "PAID", None), SHOWN).await;
        assert_eq!(app.balance(&account).await, "80.00");
        let returned = app.done("reportCreditTransfer", told(&second, "RETURNED", Some("recalled")), SHOWN).await["creditTransfer"].take();
        assert_eq!((&returned["state"], &returned["settledOn"], &returned["endedOn"]), (&json!("RETURNED"), &json!("2026-04-16"), &json!("2026-04-16")));
        assert_eq!(app.balance(&account).await, "100.00");
        app.refused("reportCreditTransfer", told(&second, "RETURNED", Some("again")), "INVALID_STATE", "endToEndId").await;
        app.refused("reportCreditTransfer", told("nobody's", "PAID", None), "NOT_FOUND", "endToEndId").await;
    }

    async fn the_receiver_is_the_bank_account_on_file_or_the_one_that_is_given(app: TestApp) {
        let account = app.funded("100.00").await;
        let mut input = sending(&account, "10.00");
        for field in ["iban", "bic", "receiverName"] {
            input[field] = Value::Null;
        }
        app.refused("createCreditTransfer", input.clone(), "INVALID_INPUT", "iban").await;
        create(&app, core(&account, "M-1")).await;
        let done = app.done("createCreditTransfer", input.clone(), SHOWN).await;
        let to = &done["creditTransfer"]["beneficiary"];
        assert_eq!((&to["iban"], &to["name"]), (&json!("SE3550000000054910000003"), &json!("Ada Lovelace")));
        let mut other = core(&account, "M-2");
        other["payer"]["bankAccount"]["iban"] = json!(IBAN);
        create(&app, other).await;
        app.refused("createCreditTransfer", input, "INVALID_INPUT", "iban").await;
        let mut domestic = sending(&account, "10.00");
        domestic["iban"] = Value::Null;
        domestic["bankAccountNumber"] = json!("5050-1055");
        domestic["bankAccountClass"] = json!("BANKGIRO");
        let done = app.done("createCreditTransfer", domestic, SHOWN).await;
        let to = &done["creditTransfer"]["beneficiary"];
        assert_eq!((&to["bankAccountNumber"], &to["bankAccountClass"], &to["sepa"]), (&json!("50501055"), &json!("BANKGIRO"), &json!(false)));
        for (field, value, code, path) in [
            ("iban", json!("SE3550000000054910000004"), "INVALID_INPUT", "iban"),
            ("account", json!({ "number": "none" }), "NOT_FOUND", "account"),
            ("amount", euros("0.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            ("amount", euros("80.01"), "INSUFFICIENT_FUNDS", "amount"),
            ("amount", json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
            ("remittanceInfo", json!("x".repeat(141)), "INVALID_INPUT", "remittanceInfo"),
        ] {
            let mut input = sending(&account, "10.00");
            input[field] = value;
            app.refused("createCreditTransfer", input, code, path).await;
        }
    }

    async fn a_transfer_that_is_cancelled_as_it_is_sent_is_one_of_the_two(app: TestApp) {
        let account = app.funded("100.00").await;
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(send(&app, sending(&account, "1.00")).await);
        }
        app.clock().set("2026-04-16T08:00:00Z".parse().expect("a moment"));
        let cancels: Vec<_> = ids.iter().map(|id| {
            let (app, input) = (app.clone(), json!({ "endToEndId": id }));
            tokio::spawn(async move { app.mutate("cancelCreditTransfer", input, "replayed").await.data() })
        }).collect();
        morning(&app, "2026-04-16").await;
        let mut cancelled = 0;
        for (id, answer) in ids.iter().zip(futures_util::future::join_all(cancels).await) {
            let is_cancelled = answer.expect("no panic")["cancelCreditTransfer"]["__typename"] == "CancelCreditTransferSuccess";
            let transfer = look(&app, id).await;
            assert_eq!((&transfer["state"], transfer["sentOn"].is_null()), (&json!(if is_cancelled { "CANCELLED" } else { "SENT" }), is_cancelled));
            cancelled += i32::from(is_cancelled);
        }
        assert_eq!(app.balance(&account).await, format!("{}.00", 90 + cancelled));
    }

    async fn a_customer_sends_its_own_and_sees_its_own_alone(app: TestApp) {
        let account = app.funded("100.00").await;
        let stranger = app.account("current").await;
        let bound = app.bound_to(&account.owner);
        let id = send(&bound, sending(&account, "10.00")).await;
        let other = app.bound_to(&stranger.owner);
        assert!(look(&other, &id).await.is_null());
        other.refused("createCreditTransfer", sending(&account, "10.00"), "NOT_FOUND", "account").await;
        other.refused("cancelCreditTransfer", json!({ "endToEndId": id }), "NOT_FOUND", "endToEndId").await;
        assert_eq!(other.ok("{ creditTransfers { nodes { endToEndId } } }", json!({})).await["creditTransfers"]["nodes"], json!([]));
        bound.done("cancelCreditTransfer", json!({ "endToEndId": id }), SHOWN).await;
        assert_eq!(app.balance(&account).await, "100.00");
    }

    async fn a_sandbox_plays_the_rail_of_credit_transfers(app: TestApp) {
        let bank = app.with_sandbox("transfers").await;
        let account = bank.funded("100.00").await;
        let paid = send(&bank, sending(&account, "10.00")).await;
        let mut input = sending(&account, "20.00");
        input["remittanceInfo"] = json!("SIM-BOUNCE-3");
        let bounced = send(&bank, input).await;
        bank.done("advanceClock", json!({ "to": "2026-04-17T12:00:00Z" }), "arrived").await;
        assert_eq!((look(&bank, &paid).await["state"].clone(), bank.balance(&account).await), (json!("PAID"), "70.00".into()));
        bank.done("advanceClock", json!({ "to": "2026-04-18T12:00:00Z" }), "arrived").await;
        let back = look(&bank, &bounced).await;
        assert_eq!((&back["state"], &back["back"]["kind"]), (&json!("RETURNED"), &json!("DISBURSEMENT_RETURNED")));
        assert_eq!(bank.balance(&account).await, "90.00");
    }
}
