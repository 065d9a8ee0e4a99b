//! Bank payment details and payment references: made by the product's rule, and found back from what comes in.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

const DETAILS: &str =
    "bankPaymentDetails { bankAccount { iban bankAccountNumber bankAccountClass bic name } reference codeLine }";

async fn product(app: &TestApp, code: &str, payee: Value, reference: Value) {
    let input = json!({ "code": code, "alias": code, "family": "REVOLVING_CREDIT", "currency": "EUR", "debtRule": "LIMIT",
        "defaultCreditLimit": "1000", "payee": payee, "paymentReference": reference });
    app.done("createProduct", input, "product { paymentReference { rule length } payee { iban } }").await;
}

fn bankgiro() -> Value {
    json!({ "bankAccountNumber": "5050-1055", "bankAccountClass": "BANKGIRO", "name": "Konto AB" })
}

fn creditor() -> Value {
    json!({ "bankAccountNumber": "87654321", "bankAccountClass": "BANKGIRO_DK" })
}

fn iban() -> Value {
    json!({ "iban": "SE35 5000 0000 0549 1000 0003", "bic": "ESSESESS" })
}

async fn reference(app: &TestApp, account: &Account) -> String {
    let seen = show(app, account, DETAILS).await;
    seen["bankPaymentDetails"]["reference"].as_str().unwrap_or_default().to_owned()
}

fn paid(reference: &str) -> Value {
    json!({ "account": { "paymentReference": reference }, "amount": euros("1.00"), "channel": "BANK_TRANSFER" })
}

/// The same with another digit in a place.
fn misread(reference: &str, place: usize) -> String {
    let mut digits: Vec<char> = reference.chars().collect();
    digits[place] = char::from_digit((digits[place].to_digit(10).expect("a digit") + 1) % 10, 10).expect("a digit");
    digits.into_iter().collect()
}

on_both_databases! {
    async fn every_rule_makes_references_that_find_their_account(app: TestApp) {
        for (rule, payee, length, first) in [
            ("RF", iban(), 17, "RF"), ("OCR_SE_SOFT", bankgiro(), 13, ""), ("OCR_SE", bankgiro(), 13, ""),
            ("OCR_SE_WITH_LENGTH", bankgiro(), 14, ""), ("OCR_SE_FIXED", bankgiro(), 13, ""), ("KID_NO_MOD10", iban(), 13, ""),
            ("KID_NO_MOD11", iban(), 13, ""), ("REFERENCE_FI", iban(), 13, ""), ("REFERENCE_FI_RF", iban(), 17, "RF"),
            ("FIK_DK_71", creditor(), 15, ""), ("FIK_DK_75", creditor(), 16, ""),
        ] {
            product(&app, rule, payee, json!({ "rule": rule })).await;
            let accounts = [app.account(rule).await, app.account(rule).await];
            let references = [reference(&app, &accounts[0]).await, reference(&app, &accounts[1]).await];
            assert_ne!(references[0], references[1], "{rule}");
            for (account, reference) in accounts.iter().zip(&references) {
                assert!(reference.len() == length && reference.starts_with(first), "{rule} {reference}");
                let spaced: String = reference.chars().enumerate().flat_map(|(place, c)| {
                    [(place % 4 == 0 && place > 0).then_some(' '), Some(c)].into_iter().flatten()
                }).collect();
                let padded = format!("{}{reference}", if first.is_empty() && reference.len() < 16 { "0" } else { "" });
                for written in [reference.clone(), spaced, reference.to_lowercase(), padded] {
                    let query = "query($by: AccountBy!) { account(by: $by) { id } }";
                    let found = app.ok(query, json!({ "by": { "paymentReference": written } })).await;
                    assert_eq!(found["account"]["id"], json!(account.id), "{rule} {written}");
                    let done = app.done("postPayment", paid(&written), "account { id }").await;
                    assert_eq!(done["account"]["id"], json!(account.id), "{rule} {written}");
                }
                assert_eq!(app.balance(account).await, "4.00");
            }
        }
    }

    async fn a_misread_reference_is_told_from_one_that_nobody_has(app: TestApp) {
        product(&app, "rf", iban(), json!({ "rule": "RF" })).await;
        product(&app, "ocr", bankgiro(), json!({ "rule": "OCR_SE", "length": 12 })).await;
        let (one, other) = (app.account("rf").await, app.account("ocr").await);
        let (rf, ocr) = (reference(&app, &one).await, reference(&app, &other).await);
        assert_eq!(ocr.len(), 12);
        let before = app.picture().await;
        for (written, code) in [
            (misread(&rf, 9), "PAYMENT_REFERENCE_INVALID"),
            (misread(&ocr, 5), "PAYMENT_REFERENCE_INVALID"),
            (format!("{}-", &ocr[..11]), "PAYMENT_REFERENCE_INVALID"),
            ("a letter".to_owned(), "PAYMENT_REFERENCE_INVALID"),
            (String::new(), "PAYMENT_REFERENCE_INVALID"),
            ("9".repeat(2_000), "PAYMENT_REFERENCE_INVALID"),
            ("18".to_owned(), "NOT_FOUND"),
            ("RF18 5390 0754 7034".to_owned(), "NOT_FOUND"),
            ("1\u{0}8".to_owned(), "NOT_FOUND"),
        ] {
            app.refused("postPayment", paid(&written), code, "account").await;
            let query = "query($by: AccountBy!) { account(by: $by) { id } }";
            assert_eq!(app.ok(query, json!({ "by": { "paymentReference": written } })).await["account"], Value::Null);
        }
        let batch = json!({ "items": [
            { "idempotencyKey": "1", "account": { "paymentReference": ocr }, "amount": euros("1.00"), "channel": "BANK_TRANSFER" },
            { "idempotencyKey": "2", "account": { "paymentReference": misread(&ocr, 3) }, "amount": euros("1.00"), "channel": "BANK_TRANSFER" },
        ] });
        assert_eq!(app.picture().await, before);
        let done = app.done("postPaymentBatch", batch, &crate::app::items("")).await;
        assert_eq!(done["items"][1]["result"]["code"], "PAYMENT_REFERENCE_INVALID");
        assert_eq!(app.balance(&other).await, "1.00");
        // Another customer's token learns nothing of what there is.
        let bound = app.bound_to(&one.owner);
        let query = "query($by: AccountBy!) { account(by: $by) { id } }";
        assert_eq!(bound.ok(query, json!({ "by": { "paymentReference": ocr } })).await["account"], Value::Null);
    }

    async fn an_account_says_how_payments_to_it_are_made(app: TestApp) {
        product(&app, "ocr", bankgiro(), json!({ "rule": "OCR_SE" })).await;
        product(&app, "fik", creditor(), json!({ "rule": "FIK_DK_71" })).await;
        product(&app, "slip", creditor(), json!({ "rule": "FIK_DK_73" })).await;
        product(&app, "plain", iban(), Value::Null).await;
        let account = app.account("ocr").await;
        let own = reference(&app, &account).await;
        let seen = show(&app, &account, DETAILS).await;
        assert_eq!(seen["bankPaymentDetails"], json!({
            "bankAccount": { "iban": null, "bankAccountNumber": "50501055", "bankAccountClass": "BANKGIRO", "bic": null, "name": "Konto AB" },
            "reference": own, "codeLine": null,
        }));
        let fik = app.account("fik").await;
        let seen = show(&app, &fik, DETAILS).await["bankPaymentDetails"].take();
        assert_eq!(seen["codeLine"], json!(format!("+71<{}+87654321<", seen["reference"].as_str().expect("a reference"))));
        let slip = show(&app, &app.account("slip").await, DETAILS).await["bankPaymentDetails"].take();
        assert_eq!((&slip["codeLine"], &slip["reference"]), (&json!("+73<+87654321<"), &Value::Null));
        let plain = show(&app, &app.account("plain").await, DETAILS).await["bankPaymentDetails"].take();
        assert_eq!((&plain["bankAccount"]["iban"], &plain["bankAccount"]["bic"], &plain["reference"]),
            (&json!("SE3550000000054910000003"), &json!("ESSESESS"), &Value::Null));
        assert_eq!(show(&app, &app.account("current").await, DETAILS).await["bankPaymentDetails"], Value::Null);

        // It stays, whatever becomes of the rule; later accounts follow the new one.
        let change = json!({ "product": { "code": "ocr" }, "paymentReference": { "rule": "RF" }, "payee": iban() });
        app.done("updateProduct", change, "product { paymentReference { rule length } }").await;
        assert_eq!(reference(&app, &account).await, own);
        assert!(reference(&app, &app.account("ocr").await).await.starts_with("RF"));
        app.done("postPayment", paid(&own), "replayed").await;
        let both = json!({ "product": { "code": "ocr" }, "payee": null });
        app.refused("updateProduct", both, "INVALID_INPUT", "paymentReference").await;
        app.done("updateProduct", json!({ "product": { "code": "ocr" }, "payee": null, "paymentReference": null }), "replayed").await;
        assert_eq!(reference(&app, &app.account("ocr").await).await, "");
    }

    async fn accounts_that_were_there_before_the_rule_are_given_references(app: TestApp) {
        let app = app.with_sandbox("box").await;
        product(&app, "late", bankgiro(), Value::Null).await;
        let accounts = [app.account("late").await, app.account("late").await];
        let (closed, other) = (app.account("late").await, app.account("current").await);
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "END" }), "replayed").await;
        let rule = |rule: Value| json!({ "product": { "code": "late" }, "paymentReference": rule });
        app.done("updateProduct", rule(json!({ "rule": "OCR_SE" })), "replayed").await;
        let early = app.account("late").await;
        let own = reference(&app, &early).await;
        assert_eq!(reference(&app, &accounts[0]).await, "", "not before the day ends");
        app.done("advanceClock", json!({ "to": "2026-04-16T10:00:00Z" }), "replayed").await;
        let given = [reference(&app, &accounts[0]).await, reference(&app, &accounts[1]).await];
        assert!(given.iter().all(|reference| reference.len() == 13) && given[0] != given[1], "{given:?}");
        assert_eq!(app.done("postPayment", paid(&given[0]), "account { id }").await["account"]["id"], json!(accounts[0].id));
        assert_eq!((reference(&app, &early).await, reference(&app, &closed).await, reference(&app, &other).await), (own, String::new(), String::new()));
        let query = "query($id: ID!) { history(of: $id) { nodes { events { type } } } }";
        let told = app.ok(query, json!({ "id": accounts[1].id })).await;
        assert_eq!(told["history"]["nodes"][0]["events"][0]["type"], "ACCOUNT_UPDATED");
        // Whatever becomes of the rule, and however many days end.
        app.done("updateProduct", rule(json!({ "rule": "OCR_SE", "length": 15 })), "replayed").await;
        app.done("advanceClock", json!({ "to": "2026-04-18T10:00:00Z" }), "replayed").await;
        assert_eq!([reference(&app, &accounts[0]).await, reference(&app, &accounts[1]).await], given);
        let days = app.ok("{ businessDays(first: 10) { nodes { steps { name done refused } } } }", json!({})).await;
        let of_step = |day: &Value| {
            let steps = day["steps"].as_array().expect("steps").clone();
            steps.into_iter().find(|step| step["name"] == "givePaymentReferences").expect("the step")["done"].as_i64()
        };
        let done: i64 = days["businessDays"]["nodes"].as_array().expect("days").iter().filter_map(of_step).sum();
        assert_eq!(done, 2);
    }

    async fn rules_that_make_no_sense_are_refused_by_name(app: TestApp) {
        let input = |payee: Value, reference: Value| json!({ "code": "x", "alias": "x", "family": "DEPOSIT", "currency": "EUR",
            "debtRule": "NONE", "payee": payee, "paymentReference": reference });
        let before = app.picture().await;
        for (payee, reference, path) in [
            (Value::Null, json!({ "rule": "RF" }), "paymentReference"),
            (bankgiro(), json!({ "rule": "FIK_DK_71" }), "paymentReference"),
            (iban(), json!({ "rule": "RF", "length": 4 }), "paymentReference.length"),
            (iban(), json!({ "rule": "RF", "length": 19 }), "paymentReference.length"),
            (iban(), json!({ "rule": "RF", "length": -1 }), "paymentReference.length"),
            (creditor(), json!({ "rule": "FIK_DK_75", "length": 15 }), "paymentReference.length"),
            (creditor(), json!({ "rule": "FIK_DK_73", "length": 15 }), "paymentReference.length"),
            (json!({ "iban": "XX00" }), Value::Null, "payee.iban"),
            (json!({ "iban": "SE3550000000054910000003", "bic": "essesess" }), Value::Null, "payee.bic"),
            (json!({ "iban": "SE3550000000054910000003", "name": "x".repeat(2_000) }), Value::Null, "payee.name"),
            (json!({}), Value::Null, "payee.iban"),
        ] {
            app.refused("createProduct", input(payee, reference), "INVALID_INPUT", path).await;
        }
        assert_eq!(app.picture().await, before);
    }
}
