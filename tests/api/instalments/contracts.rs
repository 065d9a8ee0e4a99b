//! What is agreed on: which model it is by, what is refused, what may change.

use serde_json::{Value, json};

use super::{contract_input, create, create_model};
use crate::app::{Account, TestApp, euros};

const SHOWN: &str = "contract { reference externalReference state model { reference } customer { id } \
    receivingAccount { id } payingAccount { id } account { id } currency channel msisdn contractedOn activatedOn endedOn \
    credit { amount } annualRate method balloon { amount } graceTerms terms termsLeft firstDueDate nextDueDate \
    instalment { amount } totalInterest { amount } fee { amount } feeTiming total { amount } posting \
    principalPosted { amount } interestPosted { amount } feePosted { amount } owed { amount } settledBy payout { id } \
    schedule { number dueDate status total { amount } postedOn entries { id } } \
    actions { action allowed } history { nodes { operation events { type } } } }";

/// A prepaid card, a debit card and the credit card of one customer.
async fn cards(app: &TestApp) -> (Account, Account) {
    let card = app.account("credit-card").await;
    let other = app.account_of(&card.owner, "debit-card").await;
    (card, other)
}

async fn short(app: &TestApp, id: &Value) -> String {
    let query = "query($id: ID!) { instalmentContract(by: { id: $id }) { reference } }";
    let found = app.ok(query, json!({ "id": id })).await;
    found["instalmentContract"]["reference"].as_str().expect("a reference")[8..].to_owned()
}

on_both_databases! {
    async fn a_contract_is_made_by_the_model_of_the_card_and_pays_nothing_out(app: TestApp) {
        create_model(&app, "SMALL", json!({ "maximumAmount": "1000" })).await;
        create_model(&app, "OTHER", json!({ "cardProduct": { "code": "debit-card" } })).await;
        create_model(&app, "TELLER", json!({ "channel": "BRANCH" })).await;
        create_model(&app, "OFF", json!({ "status": "INACTIVE" })).await;
        create_model(&app, "CARD", json!({})).await;
        create_model(&app, "LATER", json!({})).await;
        let (card, _) = cards(&app).await;
        let input = contract_input(&card, &json!({ "externalReference": "E-1" }));
        let made = app.done("createInstalmentContract", input, SHOWN).await["contract"].take();
        let line = |number: i32, due: &str, total: &str| {
            json!({ "number": number, "dueDate": due, "status": "PLANNED", "total": { "amount": total }, "postedOn": null, "entries": [] })
        };
        let amount = |amount: &str| json!({ "amount": amount });
        assert_eq!(made, json!({
            "reference": made["reference"], "externalReference": "E-1", "state": "CREATED", "model": { "reference": "CARD" },
            "customer": { "id": card.owner }, "receivingAccount": { "id": card.id }, "payingAccount": { "id": card.id },
            "account": null, "currency": "EUR", "channel": "WEB", "msisdn": null, "contractedOn": "2026-04-15",
            "activatedOn": null, "endedOn": null, "credit": amount("1200.00"), "annualRate": "12", "method": "ANNUITY",
            "balloon": amount("0.00"), "graceTerms": 0, "terms": 3, "termsLeft": 3, "firstDueDate": "2026-05-16",
            "nextDueDate": null, "instalment": amount("408.03"), "totalInterest": amount("24.08"), "fee": amount("10.00"),
            "feeTiming": "FIRST", "total": amount("1234.08"), "posting": "SEPARATE", "principalPosted": amount("0.00"),
            "interestPosted": amount("0.00"), "feePosted": amount("0.00"), "owed": null, "settledBy": null, "payout": null,
            "schedule": [line(1, "2026-05-16", "418.03"), line(2, "2026-06-16", "408.03"), line(3, "2026-07-16", "408.02")],
            "actions": [
                { "action": "UPDATE", "allowed": true }, { "action": "CANCEL", "allowed": true },
                { "action": "ACTIVATE", "allowed": true }, { "action": "REPAY_EARLY", "allowed": false },
                { "action": "TERMINATE", "allowed": false },
            ],
            "history": { "nodes": [{ "operation": "createInstalmentContract", "events": [{ "type": "INSTALMENT_CONTRACT_CREATED" }] }] },
        }));
        assert_eq!(made["reference"].as_str().map(str::len), Some(12));
        assert_eq!(app.balance(&card).await, "0.00");
        // By a card of another product, and by name.
        for (more, model) in [
            (json!({ "credit": euros("500.00") }), "SMALL"),
            (json!({ "channel": "BRANCH" }), "TELLER"),
            (json!({ "model": { "reference": "LATER" }, "terms": 12, "firstDueDate": "2026-04-16" }), "LATER"),
        ] {
            let done = app.done("createInstalmentContract", contract_input(&card, &more), SHOWN).await;
            assert_eq!(done["contract"]["model"]["reference"], model, "{more}");
        }
        let bound = app.bound_to(&card.owner);
        for who in [&app, &bound] {
            let list = "query($filter: InstalmentContractFilter) { instalmentContracts(filter: $filter) { nodes { model { reference } } } }";
            let found = who.ok(list, json!({ "filter": { "customer": card.owner } })).await;
            assert_eq!(found["instalmentContracts"]["nodes"].as_array().map(Vec::len), Some(4));
            let found = who.ok(list, json!({ "filter": { "state": "ACTIVE" } })).await;
            assert_eq!(found["instalmentContracts"]["nodes"], json!([]));
            let one = "query($by: InstalmentContractBy!) { instalmentContract(by: $by) { externalReference } }";
            for by in [json!({ "externalReference": "E-1" }), json!({ "reference": made["reference"] })] {
                assert_eq!(who.ok(one, json!({ "by": by })).await["instalmentContract"]["externalReference"], "E-1");
            }
        }
        let stranger = app.bound_to(&app.customer().await);
        let one = "{ instalmentContract(by: { externalReference: \"E-1\" }) { reference } instalmentContracts { nodes { reference } } }";
        let found = stranger.ok(one, json!({})).await;
        assert_eq!(found, json!({ "instalmentContract": null, "instalmentContracts": { "nodes": [] } }));
    }

    async fn what_no_contract_is_made_of_is_refused_by_its_field(app: TestApp) {
        create_model(&app, "CARD", json!({})).await;
        create_model(&app, "TELLER", json!({ "channel": "BRANCH" })).await;
        create_model(&app, "DEBIT", json!({ "cardProduct": { "code": "debit-card" } })).await;
        create_model(&app, "OFF", json!({ "status": "INACTIVE" })).await;
        let (card, other) = cards(&app).await;
        let closed = app.account_of(&card.owner, "credit-card").await;
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "X" }), "replayed").await;
        let anothers = app.account("credit-card").await;
        let loan = app.account_of(&card.owner, "loan").await;
        let main = json!({ "account": card.by(), "card": { "main": true, "token": "T" } });
        app.done("addCard", main, "replayed").await;
        let before = app.picture().await;
        let sms = |more: Value| {
            let mut input = json!({ "channel": "SMS", "msisdn": "+46 70 123 45 67", "customer": null });
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            input
        };
        for (more, code, field) in [
            (json!({ "receivingAccount": { "number": "nothing" } }), "NOT_FOUND", "receivingAccount"),
            (json!({ "payingAccount": { "number": "nothing" } }), "NOT_FOUND", "payingAccount"),
            (json!({ "customer": { "number": "nothing" } }), "NOT_FOUND", "customer"),
            (json!({ "model": { "reference": "nothing" } }), "NOT_FOUND", "model"),
            (json!({ "card": { "token": "nothing" } }), "NOT_FOUND", "card"),
            (json!({ "customer": null }), "INVALID_INPUT", "customer"),
            (json!({ "customer": { "id": anothers.owner } }), "INVALID_INPUT", "receivingAccount"),
            (json!({ "payingAccount": anothers.by() }), "INVALID_INPUT", "payingAccount"),
            (json!({ "receivingAccount": loan.by() }), "INVALID_INPUT", "receivingAccount"),
            (json!({ "payingAccount": loan.by() }), "INVALID_INPUT", "payingAccount"),
            (json!({ "receivingAccount": closed.by() }), "ACCOUNT_NOT_OPEN", "receivingAccount"),
            (json!({ "payingAccount": closed.by() }), "ACCOUNT_NOT_OPEN", "payingAccount"),
            (json!({ "credit": euros("0.00") }), "AMOUNT_OUT_OF_RANGE", "credit"),
            (json!({ "credit": { "amount": "1200", "currency": "SEK" } }), "CURRENCY_MISMATCH", "receivingAccount"),
            (json!({ "credit": euros("99.99") }), "NO_INSTALMENT_MODEL", "credit"),
            (json!({ "credit": euros("5000.01") }), "NO_INSTALMENT_MODEL", "credit"),
            (json!({ "credit": euros("99.99"), "model": { "reference": "CARD" } }), "AMOUNT_OUT_OF_RANGE", "credit"),
            (json!({ "model": { "reference": "OFF" } }), "INVALID_STATE", "model"),
            (json!({ "model": { "reference": "TELLER" } }), "INVALID_INPUT", "channel"),
            (json!({ "model": { "reference": "DEBIT" }, "card": { "token": "T" } }), "INVALID_INPUT", "card"),
            (json!({ "channel": "" }), "INVALID_INPUT", "channel"),
            (json!({ "terms": 4 }), "INVALID_INPUT", "terms"),
            (json!({ "terms": -3 }), "INVALID_INPUT", "terms"),
            (json!({ "firstDueDate": "2026-04-15" }), "INVALID_INPUT", "firstDueDate"),
            (json!({ "firstDueDate": "2026-06-15" }), "INVALID_INPUT", "firstDueDate"),
            (json!({ "externalReference": " x" }), "INVALID_INPUT", "externalReference"),
            (json!({ "msisdn": "12" }), "INVALID_INPUT", "msisdn"),
            (json!({ "msisdn": "0701234567" }), "INVALID_INPUT", "msisdn"),
            (sms(json!({ "msisdn": null })), "INVALID_INPUT", "msisdn"),
            (sms(json!({ "payingAccount": other.by() })), "INVALID_INPUT", "receivingAccount"),
        ] {
            app.refused("createInstalmentContract", contract_input(&card, &more), code, field).await;
        }
        assert_eq!(app.picture().await, before);
        create(&app, &card, &json!({ "externalReference": "E-1" })).await;
        let again = contract_input(&card, &json!({ "externalReference": "E-1" }));
        app.refused("createInstalmentContract", again, "DUPLICATE_REFERENCE", "externalReference").await;
    }

    async fn caps_hold_for_a_customer_and_a_day(app: TestApp) {
        create_model(&app, "CARD", json!({ "maximumPerCustomer": 3, "maximumPerDay": 2 })).await;
        let (card, _) = cards(&app).await;
        let first = create(&app, &card, &json!({})).await;
        create(&app, &card, &json!({})).await;
        let one_more = || contract_input(&card, &json!({}));
        let refusal = app.refused("createInstalmentContract", one_more(), "LIMIT_EXCEEDED", "customer").await;
        assert_eq!(refusal["facts"]["maximumCount"], 2);
        // One that was taken back frees its place; another customer has places of its own.
        app.done("cancelInstalmentContract", json!({ "contract": { "id": first } }), "replayed").await;
        create(&app, &card, &json!({})).await;
        create(&app, &app.account("credit-card").await, &json!({})).await;
        app.advance(std::time::Duration::from_secs(86_400));
        create(&app, &card, &json!({})).await;
        let refusal = app.refused("createInstalmentContract", one_more(), "LIMIT_EXCEEDED", "customer").await;
        assert_eq!(refusal["facts"]["maximumCount"], 3);
    }

    async fn all_changes_before_it_is_in_force_and_then_the_paying_account_alone(app: TestApp) {
        create_model(&app, "CARD", json!({ "balloonPercent": "10" })).await;
        let (card, other) = cards(&app).await;
        let id = create(&app, &card, &json!({ "terms": 12 })).await;
        let by = json!({ "id": id });
        let change = |more: Value| {
            let mut input = more;
            input["contract"] = by.clone();
            input
        };
        // The range of the model does not bind it; its terms and days do.
        let input = change(json!({ "credit": euros("9000.00"), "terms": 3, "firstDueDate": "2026-04-20", "payingAccount": other.by() }));
        let done = app.done("updateInstalmentContract", input, SHOWN).await["contract"].take();
        assert_eq!(
            (&done["credit"]["amount"], &done["balloon"]["amount"], &done["terms"], &done["firstDueDate"], &done["payingAccount"]["id"]),
            (&json!("9000.00"), &json!("900.00"), &json!(3), &json!("2026-04-20"), &json!(other.id)),
        );
        assert_eq!(done["schedule"].as_array().map(Vec::len), Some(3));
        let longer = app.done("updateInstalmentContract", change(json!({ "terms": 12, "credit": euros("1200.00") })), SHOWN).await;
        assert_eq!(longer["contract"]["schedule"].as_array().map(Vec::len), Some(12));
        assert_eq!(longer["contract"]["schedule"][11]["dueDate"], "2027-03-20");
        let anothers = app.account("credit-card").await;
        for (more, code, field) in [
            (json!({ "credit": euros("-1.00") }), "AMOUNT_OUT_OF_RANGE", "credit"),
            (json!({ "credit": { "amount": "1", "currency": "SEK" } }), "CURRENCY_MISMATCH", "credit.currency"),
            (json!({ "credit": euros("0.02") }), "INVALID_INPUT", "terms"),
            (json!({ "terms": 5 }), "INVALID_INPUT", "terms"),
            (json!({ "firstDueDate": "2026-07-20" }), "INVALID_INPUT", "firstDueDate"),
            (json!({ "payingAccount": anothers.by() }), "INVALID_INPUT", "payingAccount"),
            (json!({ "payingAccount": { "number": "nothing" } }), "NOT_FOUND", "payingAccount"),
        ] {
            app.refused("updateInstalmentContract", change(more), code, field).await;
        }
        app.done("activateInstalmentContract", json!({ "contract": by }), "replayed").await;
        for (more, field) in [
            (json!({ "credit": euros("500.00") }), "credit"),
            (json!({ "terms": 6 }), "terms"),
            (json!({ "firstDueDate": "2026-04-21" }), "firstDueDate"),
        ] {
            let refusal = app.refused("updateInstalmentContract", change(more), "INVALID_STATE", field).await;
            assert_eq!(refusal["facts"]["status"], "ACTIVE");
        }
        app.refused("cancelInstalmentContract", json!({ "contract": by }), "INVALID_STATE", "contract").await;
        app.refused("activateInstalmentContract", json!({ "contract": by }), "INVALID_STATE", "contract").await;
        // What pays is held open; another takes its place.
        let close = |account: &Account| json!({ "account": account.by(), "closureCode": "X" });
        app.refused("closeAccount", close(&other), "CONTRACTS_REMAIN", "account").await;
        app.done("updateInstalmentContract", change(json!({ "payingAccount": card.by() })), "replayed").await;
        app.done("closeAccount", close(&other), "replayed").await;
        app.refused("updateInstalmentContract", change(json!({ "payingAccount": other.by() })), "ACCOUNT_NOT_OPEN", "payingAccount").await;
        app.refused("updateInstalmentContract", json!({ "contract": { "reference": "1" } }), "NOT_FOUND", "contract").await;
    }

    async fn one_that_is_taken_back_is_over(app: TestApp) {
        create_model(&app, "CARD", json!({})).await;
        let (card, _) = cards(&app).await;
        let by = json!({ "id": create(&app, &card, &json!({})).await });
        let done = app.done("cancelInstalmentContract", json!({ "contract": by }), SHOWN).await["contract"].take();
        assert_eq!((&done["state"], &done["endedOn"], &done["termsLeft"]), (&json!("CANCELLED"), &json!("2026-04-15"), &json!(0)));
        assert!(done["schedule"].as_array().expect("a plan").iter().all(|line| line["status"] == "CANCELLED"));
        for name in ["cancelInstalmentContract", "activateInstalmentContract", "updateInstalmentContract"] {
            let refusal = app.refused(name, json!({ "contract": by }), "INVALID_STATE", "contract").await;
            assert_eq!(refusal["facts"]["status"], "CANCELLED");
        }
        for name in ["terminateInstalmentContract", "repayInstalmentContractEarly"] {
            let mut input = json!({ "contract": by, "settledBy": "ISSUER" });
            if name.starts_with("repay") {
                input["amount"] = euros("1.00");
            }
            app.refused(name, input, "INVALID_STATE", "contract").await;
        }
    }

    async fn four_digits_and_a_telephone_number_activate_one_contract(app: TestApp) {
        create_model(&app, "CARD", json!({})).await;
        let (card, _) = cards(&app).await;
        let sms = json!({ "channel": "SMS", "msisdn": "+46 (70) 123-45-67", "customer": null, "terms": 3 });
        let id = create(&app, &card, &sms).await;
        let digits = short(&app, &id).await;
        let activate = |reference: &str, msisdn: Option<&str>| json!({ "contract": { "reference": reference }, "msisdn": msisdn });
        app.refused("activateInstalmentContract", activate(&digits, None), "NOT_FOUND", "contract").await;
        app.refused("activateInstalmentContract", activate(&digits, Some("+46709999999")), "NOT_FOUND", "contract").await;
        app.refused("activateInstalmentContract", activate(&digits, Some("x")), "INVALID_INPUT", "msisdn").await;
        app.refused("activateInstalmentContract", json!({ "contract": { "id": id }, "msisdn": "+46709999999" }), "NOT_FOUND", "contract").await;
        app.refused("updateInstalmentContract", json!({ "contract": { "id": id }, "payingAccount": app.account_of(&card.owner, "debit-card").await.by() }), "INVALID_INPUT", "payingAccount").await;
        // Where two end with the same digits is in the domain's tests: among ten thousand endings it takes luck.
        let unique = &digits;
        let done = app.done("activateInstalmentContract", activate(unique, Some("46701234567")), SHOWN).await["contract"].take();
        assert_eq!((&done["state"], &done["msisdn"], &done["activatedOn"]), (&json!("ACTIVE"), &json!("46701234567"), &json!("2026-04-15")));
        assert!(done["reference"].as_str().is_some_and(|reference| reference.ends_with(unique.as_str())));
        app.refused("activateInstalmentContract", activate(unique, Some("46701234567")), "NOT_FOUND", "contract").await;
    }
}
