//! What is offered, and what a credit would come to by it.

use serde_json::{Value, json};

use super::{create_model, model_input};
use crate::app::{TestApp, euros};

const SHOWN: &str = "model { reference type status currency minimumAmount { amount } maximumAmount { amount } channel \
    cardProduct { code } accountProduct { code } terms defaultTerms minimumFirstDays maximumFirstDays defaultFirstDays \
    annualRate method balloonPercent graceTerms fee { amount } feeTiming posting maximumPerCustomer maximumPerDay }";

const PLANS: &str = "query($input: SimulateInstalmentsInput!) { simulateInstalments(input: $input) { \
    model { reference } credit { amount } terms firstDueDate instalment { amount } totalInterest { amount } fee { amount } \
    total { amount } schedule { number dueDate principal { amount } interest { amount } fee { amount } total { amount } } } }";

async fn simulate(app: &TestApp, input: Value) -> Vec<Value> {
    let mut data = app.ok(PLANS, json!({ "input": input })).await;
    data["simulateInstalments"].as_array_mut().expect("plans").split_off(0)
}

on_both_databases! {
    async fn a_model_is_created_changed_listed_and_found(app: TestApp) {
        let made = app.done("createInstalmentModel", model_input("CARD-12", &json!({})), SHOWN).await["model"].take();
        assert_eq!(made, json!({
            "reference": "CARD-12", "type": "TRANSACTION", "status": "ACTIVE", "currency": "EUR",
            "minimumAmount": { "amount": "100.00" }, "maximumAmount": { "amount": "5000.00" }, "channel": null,
            "cardProduct": { "code": "credit-card" }, "accountProduct": { "code": "loan" }, "terms": [3, 6, 12],
            "defaultTerms": 3, "minimumFirstDays": 1, "maximumFirstDays": 60, "defaultFirstDays": 31, "annualRate": "12",
            "method": "ANNUITY", "balloonPercent": "0", "graceTerms": 0, "fee": { "amount": "10.00" },
            "feeTiming": "FIRST", "posting": "SEPARATE", "maximumPerCustomer": null, "maximumPerDay": null,
        }));
        let input = json!({
            "model": { "reference": "CARD-12" }, "status": "INACTIVE", "minimumAmount": "50", "maximumAmount": "60.5",
            "channel": "SMS", "cardProduct": null, "terms": [24, 36], "defaultTerms": 36, "minimumFirstDays": 5,
            "maximumFirstDays": 20, "defaultFirstDays": 6, "annualRate": "7.25", "method": "FLAT", "balloonPercent": "20",
            "graceTerms": 2, "fee": "0", "feeTiming": "EACH", "posting": "PRINCIPAL_INTEREST", "maximumPerCustomer": 4,
            "maximumPerDay": 2,
        });
        let changed = app.done("updateInstalmentModel", input, SHOWN).await["model"].take();
        assert_eq!(changed, json!({
            "reference": "CARD-12", "type": "TRANSACTION", "status": "INACTIVE", "currency": "EUR",
            "minimumAmount": { "amount": "50.00" }, "maximumAmount": { "amount": "60.50" }, "channel": "SMS",
            "cardProduct": null, "accountProduct": { "code": "loan" }, "terms": [24, 36], "defaultTerms": 36,
            "minimumFirstDays": 5, "maximumFirstDays": 20, "defaultFirstDays": 6, "annualRate": "7.25", "method": "FLAT",
            "balloonPercent": "20", "graceTerms": 2, "fee": { "amount": "0.00" }, "feeTiming": "EACH",
            "posting": "PRINCIPAL_INTEREST", "maximumPerCustomer": 4, "maximumPerDay": 2,
        }));
        let lifted = json!({ "model": { "reference": "CARD-12" }, "channel": null, "maximumPerCustomer": null });
        let lifted = app.done("updateInstalmentModel", lifted, SHOWN).await["model"].take();
        assert_eq!((&lifted["channel"], &lifted["maximumPerCustomer"], &lifted["maximumPerDay"]), (&Value::Null, &Value::Null, &json!(2)));
        create_model(&app, "CASH-1", json!({ "type": "CASH" })).await;
        let list = "query($filter: InstalmentModelFilter) { instalmentModels(filter: $filter) { nodes { reference } } }";
        for (filter, expected) in [
            (json!({}), json!([{ "reference": "CARD-12" }, { "reference": "CASH-1" }])),
            (json!({ "type": "CASH" }), json!([{ "reference": "CASH-1" }])),
            (json!({ "status": "INACTIVE" }), json!([{ "reference": "CARD-12" }])),
            (json!({ "currency": "SEK" }), json!([])),
        ] {
            let found = app.ok(list, json!({ "filter": filter })).await;
            assert_eq!(found["instalmentModels"]["nodes"], expected, "{filter}");
        }
        let found = app.ok("{ instalmentModel(by: { reference: \"CASH-1\" }) { id history { nodes { operation } } } }", json!({})).await;
        assert_eq!(found["instalmentModel"]["history"]["nodes"], json!([{ "operation": "createInstalmentModel" }]));
        let node = "query($id: ID!) { node(id: $id) { ... on InstalmentModel { reference } } }";
        let node = app.ok(node, json!({ "id": found["instalmentModel"]["id"] })).await;
        assert_eq!(node["node"]["reference"], "CASH-1");
    }

    async fn a_model_that_makes_no_sense_is_refused_by_its_field(app: TestApp) {
        create_model(&app, "M", json!({})).await;
        let sek = json!({ "code": "sek", "alias": "X", "family": "LOAN", "currency": "SEK", "debtRule": "LIMIT" });
        app.done("createProduct", sek, "replayed").await;
        for (changes, code, field) in [
            (json!({ "reference": "M" }), "DUPLICATE_REFERENCE", "reference"),
            (json!({ "reference": " " }), "INVALID_INPUT", "reference"),
            (json!({ "type": "" }), "INVALID_INPUT", "type"),
            (json!({ "accountProduct": { "code": "nothing" } }), "NOT_FOUND", "accountProduct"),
            (json!({ "accountProduct": { "code": "current" } }), "INVALID_INPUT", "accountProduct"),
            (json!({ "accountProduct": { "code": "sek" } }), "CURRENCY_MISMATCH", "accountProduct"),
            (json!({ "cardProduct": { "code": "nothing" } }), "NOT_FOUND", "cardProduct"),
            (json!({ "cardProduct": { "code": "sek" } }), "CURRENCY_MISMATCH", "cardProduct"),
            (json!({ "minimumAmount": "0" }), "AMOUNT_OUT_OF_RANGE", "minimumAmount"),
            (json!({ "minimumAmount": "1.001" }), "INVALID_INPUT", "minimumAmount"),
            (json!({ "maximumAmount": "99.99" }), "AMOUNT_OUT_OF_RANGE", "maximumAmount"),
            (json!({ "terms": [] }), "INVALID_INPUT", "terms"),
            (json!({ "terms": [0] }), "INVALID_INPUT", "terms"),
            (json!({ "terms": [-1] }), "INVALID_INPUT", "terms"),
            (json!({ "terms": [361] }), "INVALID_INPUT", "terms"),
            (json!({ "defaultTerms": 4 }), "INVALID_INPUT", "defaultTerms"),
            (json!({ "minimumFirstDays": 61 }), "INVALID_INPUT", "maximumFirstDays"),
            (json!({ "maximumFirstDays": 367 }), "INVALID_INPUT", "maximumFirstDays"),
            (json!({ "defaultFirstDays": 61 }), "INVALID_INPUT", "defaultFirstDays"),
            (json!({ "annualRate": "-0.1" }), "INVALID_INPUT", "annualRate"),
            (json!({ "annualRate": "100.01" }), "INVALID_INPUT", "annualRate"),
            (json!({ "annualRate": "5.00001" }), "INVALID_INPUT", "annualRate"),
            (json!({ "balloonPercent": "100" }), "INVALID_INPUT", "balloonPercent"),
            (json!({ "graceTerms": 3 }), "INVALID_INPUT", "graceTerms"),
            (json!({ "fee": "-1" }), "AMOUNT_OUT_OF_RANGE", "fee"),
            (json!({ "maximumPerCustomer": 0 }), "INVALID_INPUT", "maximumPerCustomer"),
            (json!({ "maximumPerDay": 0 }), "INVALID_INPUT", "maximumPerDay"),
        ] {
            app.refused("createInstalmentModel", model_input("OTHER", &changes), code, field).await;
            let mut update = changes;
            let fields = update.as_object_mut().expect("an object");
            fields.insert("model".into(), json!({ "reference": "M" }));
            if fields.remove("reference").is_none() && fields.remove("type").is_none() {
                app.refused("updateInstalmentModel", update, code, field).await;
            }
        }
        app.refused("updateInstalmentModel", json!({ "model": { "reference": "X" } }), "NOT_FOUND", "model").await;
        let emptied = json!({ "model": { "reference": "M" }, "annualRate": null });
        app.refused("updateInstalmentModel", emptied, "INVALID_INPUT", "annualRate").await;
    }

    async fn a_simulation_shows_plans_and_keeps_nothing(app: TestApp) {
        create_model(&app, "A", json!({})).await;
        create_model(&app, "B", json!({ "method": "STRAIGHT", "terms": [2], "fee": "0", "annualRate": "0" })).await;
        create_model(&app, "SMALL", json!({ "maximumAmount": "200" })).await;
        create_model(&app, "OFF", json!({ "status": "INACTIVE" })).await;
        create_model(&app, "CASH", json!({ "type": "CASH" })).await;
        let before = app.picture().await;
        let plans = simulate(&app, json!({ "by": { "type": "TRANSACTION" }, "credit": euros("1200.00") })).await;
        let named = |plan: &Value| format!("{} {}", plan["model"]["reference"].as_str().unwrap(), plan["terms"]);
        assert_eq!(plans.iter().map(named).collect::<Vec<_>>(), ["A 3", "A 6", "A 12", "B 2"]);
        // 1 % a month: npf.pmt(0.01, 12, -1200) = 106.6185.
        let of = json!({ "by": { "model": { "reference": "A" } }, "credit": euros("1200.00"), "terms": 12, "firstDueDate": "2026-05-31" });
        let plan = simulate(&app, of).await.remove(0);
        assert_eq!(
            (&plan["instalment"]["amount"], &plan["totalInterest"]["amount"], &plan["fee"]["amount"], &plan["total"]["amount"]),
            (&json!("106.62"), &json!("79.42"), &json!("10.00"), &json!("1289.42")),
        );
        let schedule = plan["schedule"].as_array().expect("a schedule");
        assert_eq!(schedule.len(), 12);
        assert_eq!(schedule[0], json!({
            "number": 1, "dueDate": "2026-05-31", "principal": { "amount": "94.62" }, "interest": { "amount": "12.00" },
            "fee": { "amount": "10.00" }, "total": { "amount": "116.62" },
        }));
        assert_eq!((&schedule[1]["dueDate"], &schedule[9]["dueDate"]), (&json!("2026-06-30"), &json!("2027-02-28")));
        assert_eq!(schedule[11]["total"]["amount"], "106.60");
        let simple = simulate(&app, json!({ "by": { "type": "CASH" }, "credit": euros("100.00") })).await;
        assert_eq!((simple.len(), &simple[0]["firstDueDate"]), (3, &json!("2026-05-16")));
        for nothing in [
            json!({ "by": { "type": "NONE" }, "credit": euros("100.00") }),
            json!({ "by": { "type": "a\u{0}" }, "credit": euros("100.00") }),
            json!({ "by": { "type": "CASH" }, "credit": euros("10.00") }),
            json!({ "by": { "type": "CASH" }, "credit": euros("100.00"), "terms": 4 }),
            json!({ "by": { "model": { "reference": "NONE" } }, "credit": euros("100.00") }),
        ] {
            assert_eq!(simulate(&app, nothing.clone()).await, Vec::<Value>::new(), "{nothing}");
        }
        for (more, field) in [
            (json!({ "credit": euros("99.99") }), "credit"),
            (json!({ "credit": euros("0") }), "credit"),
            (json!({ "credit": { "amount": "100", "currency": "SEK" } }), "credit.currency"),
            (json!({ "terms": 4 }), "terms"),
            (json!({ "terms": -4 }), "terms"),
            (json!({ "firstDueDate": "2026-04-15" }), "firstDueDate"),
            (json!({ "firstDueDate": "2026-06-15" }), "firstDueDate"),
            (json!({ "by": { "model": { "reference": "OFF" } } }), "model"),
        ] {
            let mut input = json!({ "by": { "model": { "reference": "A" } }, "credit": euros("100.00") });
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            let fault = app.fault(PLANS, json!({ "input": input }), "BAD_REQUEST").await;
            assert!(fault["message"].as_str().is_some_and(|text| text.starts_with(&format!("input.{field}: "))), "{fault}");
        }
        assert_eq!(app.picture().await, before);
    }
}
