//! Money that is held for parties: it never mixes with the house's, and is paid out to them.

use serde_json::{Value, json};

use super::party;
use crate::app::{Account, TestApp, euros};
use crate::payments::{IBAN, charge, disburse};

const POSTINGS: &str = "entry { id kind description counterparty { name account } postings { ledgerAccount { code party { number } } amount { amount } } }";

/// A claim of a party: an account that belongs to it.
async fn claim(app: &TestApp, number: &str) -> Account {
    let owner = app.customer().await;
    let input =
        json!({ "product": { "code": "receivable" }, "owner": { "id": owner }, "creditor": { "number": number } });
    app.open(input).await
}

/// `[code, amount]` of each line.
fn lines(done: &Value) -> Value {
    let lines = done["entry"]["postings"].as_array().expect("lines").iter();
    lines.map(|line| json!([line["ledgerAccount"]["code"], line["amount"]["amount"]])).collect()
}

async fn adjust(app: &TestApp, account: &Account, amount: &str) -> Value {
    let input = json!({ "account": account.by(), "amount": euros(amount), "reason": "claim" });
    app.done("postAdjustment", input, POSTINGS).await
}

async fn pay(app: &TestApp, account: &Account, amount: &str) -> Value {
    let input = json!({ "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER" });
    app.done("postPayment", input, POSTINGS).await
}

fn remittance(amount: &str, commission: Option<&str>) -> Value {
    json!({ "party": { "number": "P1" }, "amount": euros(amount), "commission": commission.map(euros), "iban": IBAN })
}

/// What is held for a party, and what is owed to it and not collected.
async fn held_and_owed(app: &TestApp, number: &str) -> [String; 2] {
    let query =
        "query($by: PartyBy!) { party(by: $by) { ledgerAccounts { role party { number } balance { amount } } } }";
    let rows = app.ok(query, json!({ "by": { "number": number } })).await["party"]["ledgerAccounts"].take();
    ["CLIENT_MONEY", "CLIENT_CLAIMS"].map(|role| {
        let row = rows.as_array().expect("rows").iter().find(|row| row["role"] == role);
        let row = row.unwrap_or_else(|| panic!("{role} in {rows}"));
        assert_eq!(row["party"]["number"], number);
        row["balance"]["amount"].as_str().expect("an amount").to_owned()
    })
}

on_both_databases! {
    async fn what_is_collected_for_a_party_is_held_apart_and_remitted_less_commission(app: TestApp) {
        party(&app, json!({ "number": "P1", "name": "Elbolaget AB" })).await;
        let none = app.ok("{ party(by: { number: \"P1\" }) { ledgerAccounts { id } } }", json!({})).await;
        assert_eq!(none["party"]["ledgerAccounts"], json!([]));
        let account = claim(&app, "P1").await;
        let done = adjust(&app, &account, "-100.00").await;
        assert_eq!(lines(&done), json!([["CUSTOMER_PRINCIPAL", "-100.00"], ["CLIENT_CLAIMS", "100.00"]]));
        assert_eq!(held_and_owed(&app, "P1").await, ["0.00", "100.00"]);
        // Charges are the house's own.
        charge(&app, &account, "COLLECTION_FEE", "5.00").await;
        let payment = pay(&app, &account, "45.00").await;
        assert_eq!(lines(&payment), json!([
            ["SETTLEMENT_BANK", "-45.00"], ["CUSTOMER_PRINCIPAL", "40.00"], ["CUSTOMER_FEE", "5.00"],
            ["CLIENT_CLAIMS", "-40.00"], ["CLIENT_MONEY", "40.00"],
        ]));
        assert_eq!(held_and_owed(&app, "P1").await, ["40.00", "60.00"]);

        let before = app.picture().await;
        let refusal = app.refused("remitToParty", remittance("40.01", None), "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"], json!({ "available": euros("40.00") }));
        app.refused("remitToParty", remittance("0.00", None), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("remitToParty", remittance("10.00", Some("0.00")), "AMOUNT_OUT_OF_RANGE", "commission").await;
        app.refused("remitToParty", remittance("10.00", Some("10.01")), "INVALID_INPUT", "commission").await;
        let mut other = remittance("10.00", Some("1.00"));
        other["commission"]["currency"] = json!("SEK");
        app.refused("remitToParty", other, "CURRENCY_MISMATCH", "commission.currency").await;
        let mut other = remittance("10.00", None);
        other["amount"]["currency"] = json!("SEK");
        app.refused("remitToParty", other, "INSUFFICIENT_FUNDS", "amount").await;
        let mut nobody = remittance("10.00", None);
        nobody["party"]["number"] = json!("P2");
        app.refused("remitToParty", nobody, "NOT_FOUND", "party").await;
        let mut nowhere = remittance("10.00", None);
        nowhere["iban"] = json!("XX00");
        app.refused("remitToParty", nowhere, "INVALID_INPUT", "iban").await;
        assert_eq!(app.picture().await, before);

        let done = app.done("remitToParty", remittance("40.00", Some("4.00")), POSTINGS).await;
        assert_eq!(lines(&done), json!([["CLIENT_MONEY", "-40.00"], ["SETTLEMENT_BANK", "36.00"], ["FEE_INCOME", "4.00"]]));
        let entry = &done["entry"];
        assert_eq!((&entry["kind"], &entry["description"]), (&json!("DISBURSEMENT"), &json!("Remittance")));
        assert_eq!(entry["counterparty"], json!({ "name": "Elbolaget AB", "account": IBAN }));
        assert_eq!(held_and_owed(&app, "P1").await, ["0.00", "60.00"]);

        // A payment that bounces after it was remitted: the party owes it until more comes in.
        let back = json!({ "entry": payment["entry"]["id"], "reason": "bounced" });
        app.done("reverseEntry", back, "replayed").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["-40.00", "100.00"]);
        app.refused("remitToParty", remittance("0.01", None), "INSUFFICIENT_FUNDS", "amount").await;
        // A remittance that bounces is held again.
        app.done("reverseEntry", json!({ "entry": entry["id"], "reason": "bounced" }), "replayed").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["0.00", "100.00"]);
        // None of it is among the house's own.
        let own = app.ok("{ ledgerAccounts { role balance { amount } } trialBalance { balanced } }", json!({})).await;
        let roles: Vec<&Value> = own["ledgerAccounts"].as_array().expect("rows").iter().map(|row| &row["role"]).collect();
        assert_eq!(json!(roles), json!(["SETTLEMENT_BANK", "FEE_INCOME"]));
        assert_eq!(own["trialBalance"]["balanced"], true);
    }

    async fn a_payment_of_a_partys_claim_is_reversed_in_parts(app: TestApp) {
        party(&app, json!({ "number": "P1", "name": "Elbolaget AB" })).await;
        let account = claim(&app, "P1").await;
        adjust(&app, &account, "-60.00").await;
        // What is paid beyond the debt is the debtor's.
        let payment = pay(&app, &account, "100.00").await["entry"]["id"].take();
        assert_eq!((held_and_owed(&app, "P1").await, app.balance(&account).await), (["60.00".into(), "0.00".into()], "40.00".into()));
        let part = |amount: &str| json!({ "entry": payment, "amount": euros(amount), "reason": "bounced" });
        app.done("reverseEntry", part("30.00"), "replayed").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["60.00", "0.00"]);
        app.done("reverseEntry", part("30.00"), "replayed").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["40.00", "20.00"]);
        let refusal = app.refused("reverseEntry", part("40.01"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"], json!({ "remaining": euros("40.00") }));
        app.done("reverseEntry", json!({ "entry": payment, "reason": "bounced" }), "replayed").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["0.00", "60.00"]);
        app.refused("reverseEntry", part("0.01"), "ALREADY_REVERSED", "entry").await;
    }

    async fn a_party_bears_what_is_given_up_and_what_is_laid_out_for_it(app: TestApp) {
        party(&app, json!({ "number": "P1", "name": "Elbolaget AB" })).await;
        let account = claim(&app, "P1").await;
        disburse(&app, &account, "20.00").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["-20.00", "20.00"]);
        adjust(&app, &account, "-80.00").await;
        adjust(&app, &account, "10.00").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["-20.00", "90.00"]);
        charge(&app, &account, "COLLECTION_FEE", "5.00").await;
        let target = json!({ "writeOff": { "reason": "dead" } });
        let close = json!({ "account": account.by(), "closureCode": "X", "transactions": [{ "target": target }] });
        app.done("closeAccount", close, "account { status }").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["-20.00", "0.00"]);
        let own = app.ok("{ ledgerAccounts { role balance { amount } } }", json!({})).await["ledgerAccounts"].take();
        let loss = own.as_array().expect("rows").iter().find(|row| row["role"] == "WRITE_OFF").expect("a loss");
        assert_eq!(loss["balance"]["amount"], "-5.00", "the fee alone is the house's loss");
    }

    async fn an_account_goes_over_to_another_party_once_it_owes_nothing(app: TestApp) {
        party(&app, json!({ "number": "P1", "name": "One" })).await;
        party(&app, json!({ "number": "P2", "name": "Two" })).await;
        let account = claim(&app, "P1").await;
        adjust(&app, &account, "-10.00").await;
        let before = app.picture().await;
        for creditor in [json!({ "number": "P2" }), Value::Null] {
            let input = json!({ "account": account.by(), "creditor": creditor });
            app.refused("updateAccount", input, "INVALID_STATE", "creditor").await;
        }
        assert_eq!(app.picture().await, before);
        let same = json!({ "account": account.by(), "creditor": { "number": "P1" }, "metadata": { "a": 1 } });
        app.done("updateAccount", same, "replayed").await;
        pay(&app, &account, "10.00").await;
        app.done("updateAccount", json!({ "account": account.by(), "creditor": { "number": "P2" } }), "replayed").await;
        adjust(&app, &account, "-7.00").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["10.00", "0.00"]);
        assert_eq!(held_and_owed(&app, "P2").await, ["0.00", "7.00"]);
        // Between the accounts of two parties, each has its own.
        let other = claim(&app, "P1").await;
        adjust(&app, &other, "-5.00").await;
        app.transfer(&account, &other, "3.00").await;
        assert_eq!(held_and_owed(&app, "P1").await, ["13.00", "2.00"]);
        assert_eq!(held_and_owed(&app, "P2").await, ["-3.00", "10.00"]);
    }
}
