//! Insurance: packages as data, contracts on accounts, what happens to them and what is charged for them.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

/// Payment protection: the events of a package that is known, and a premium of 5.00 a month.
fn protection() -> Value {
    json!({
        "code": "PPI", "name": "Payment protection", "products": [{ "code": "revolving" }, { "code": "current" }],
        "events": [
            { "code": "RSV", "name": "In force", "action": "ACTIVATE", "status": "ACTIVE" },
            { "code": "RAL", "name": "Unemployment", "action": "STOP_PREMIUM", "status": "INTERRUPTED" },
            { "code": "RSS", "name": "Switched off", "action": "DEACTIVATE", "status": "DISABLED" },
            { "code": "RKK", "name": "Cancelled by the customer", "action": "DEACTIVATE", "status": "CLOSED" },
            { "code": "RKA", "name": "Too old", "action": "DEACTIVATE", "status": "CLOSED" },
        ],
        "defaultEvent": "RSV", "minimumAge": 18, "maximumAge": 65, "maximumAgeEvent": "RKA",
        "premium": { "basis": "FIXED", "amount": euros("5.00"), "period": "MONTH" },
    })
}

/// An account of somebody who was born on a day.
async fn account_of(app: &TestApp, product: &str, born: Option<&str>) -> Account {
    let person = json!({ "type": "PERSON", "lastName": "Lovelace", "birthDate": born });
    let owner = app.done("createCustomer", person, "customer { id }").await["customer"]["id"].take();
    app.account_of(owner.as_str().expect("an id"), product).await
}

fn subscription(account: &Account) -> Value {
    json!({ "account": account.by(), "package": { "code": "PPI" } })
}

async fn subscribe(app: &TestApp, account: &Account) -> String {
    let done = app.done("subscribeInsurance", subscription(account), "insurance { id }").await;
    done["insurance"]["id"].as_str().expect("an id").to_owned()
}

fn of(account: &Account) -> Value {
    json!({ "of": { "account": account.by(), "package": { "code": "PPI" } } })
}

async fn happens(app: &TestApp, insurance: &str, event: &str) -> Value {
    let input = json!({ "insurance": { "id": insurance }, "event": event, "note": "by letter" });
    let shown =
        "insurance { status covered nextPremiumOn lastEvent { code name action status occurredOn note client } }";
    app.done("recordInsuranceEvent", input, shown).await["insurance"].take()
}

async fn seen(app: &TestApp, insurance: &str, selection: &str) -> Value {
    let query = format!("query($id: ID!) {{ insuranceContract(by: {{ id: $id }}) {{ {selection} }} }}");
    app.ok(&query, json!({ "id": insurance })).await["insuranceContract"].take()
}

async fn premiums(app: &TestApp, insurance: &str) -> Vec<String> {
    let found = seen(app, insurance, "premiums { nodes { from through amount { amount } chargedOn } }").await;
    let nodes = found["premiums"]["nodes"].as_array().expect("premiums").clone();
    let shown = |node: &Value| {
        let text = |field: &str| node[field].as_str().expect("a text").to_owned();
        format!(
            "{} {} {} {}",
            text("from"),
            text("through"),
            text("chargedOn"),
            node["amount"]["amount"].as_str().expect("an amount")
        )
    };
    nodes.iter().rev().map(shown).collect()
}

async fn until(app: &TestApp, day: &str) {
    app.done("advanceClock", json!({ "to": format!("{day}T10:00:00Z") }), "replayed").await;
}

async fn owed_to_insurers(app: &TestApp) -> String {
    let found = app.ok("{ trialBalance { lines { code debit { amount } credit { amount } } } }", json!({})).await;
    let lines = found["trialBalance"]["lines"].as_array().expect("lines").clone();
    let line = lines.iter().find(|line| line["code"] == "INSURANCE_PREMIUM").expect("what is owed to insurers");
    let cents = |side: &str| {
        let amount = line[side]["amount"].as_str().expect("an amount").replace('.', "");
        amount.parse::<i64>().expect("cents")
    };
    let net = cents("credit") - cents("debit");
    format!("{}.{:02}", net / 100, net % 100)
}

on_both_databases! {
    async fn packages_are_data(app: TestApp) {
        let shown = "package { id code name retired products { code } events { code action status } defaultEvent minimumAge maximumAge maximumAgeEvent
            premium { basis amount { amount } ratePct rounding period component ledgerAccount } history { nodes { operation } } }";
        let made = app.done("createInsurancePackage", protection(), shown).await["package"].take();
        assert_eq!((&made["products"], &made["minimumAge"], &made["maximumAgeEvent"]), (&json!([{ "code": "revolving" }, { "code": "current" }]), &json!(18), &json!("RKA")));
        assert_eq!(made["events"][1], json!({ "code": "RAL", "action": "STOP_PREMIUM", "status": "INTERRUPTED" }));
        assert_eq!(made["premium"], json!({ "basis": "FIXED", "amount": { "amount": "5.00" }, "ratePct": null, "rounding": "HALF_UP",
            "period": "MONTH", "component": "FEE", "ledgerAccount": "INSURANCE_PREMIUM" }));
        let change = json!({ "package": { "code": "PPI" }, "name": "Protection", "minimumAge": null, "maximumAge": 70,
            "premium": { "basis": "PERCENT_OF_LIMIT", "ratePct": "0.25", "rounding": "UP", "period": "MONTH", "ledgerAccount": "FEE_INCOME" } });
        let changed = app.done("updateInsurancePackage", change, shown).await["package"].take();
        assert_eq!((&changed["name"], &changed["minimumAge"], &changed["maximumAge"]), (&json!("Protection"), &Value::Null, &json!(70)));
        assert_eq!((&changed["premium"]["ratePct"], &changed["premium"]["amount"]), (&json!("0.25"), &Value::Null));
        assert_eq!(changed["history"]["nodes"], json!([{ "operation": "updateInsurancePackage" }, { "operation": "createInsurancePackage" }]));
        app.done("updateInsurancePackage", json!({ "package": { "id": made["id"] }, "retired": true }), "replayed").await;
        let query = "query($retired: Boolean) { insurancePackages(retired: $retired) { nodes { id } } insurancePackage(by: { code: \"PPI\" }) { retired } }";
        let found = app.ok(query, json!({ "retired": true })).await;
        assert_eq!((&found["insurancePackages"]["nodes"], &found["insurancePackage"]["retired"]), (&json!([{ "id": made["id"] }]), &json!(true)));
        assert_eq!(app.ok(query, json!({ "retired": false })).await["insurancePackages"]["nodes"], json!([]));
    }

    async fn what_is_no_package_is_refused_by_its_field(app: TestApp) {
        app.done("createInsurancePackage", protection(), "replayed").await;
        let kronor = json!({ "code": "kronor", "alias": "K", "family": "DEPOSIT", "currency": "SEK", "debtRule": "NONE" });
        app.done("createProduct", kronor, "replayed").await;
        let with = |field: &str, value: Value| {
            let mut package = protection();
            package["code"] = json!("other");
            package[field] = value;
            package
        };
        let event = |code: &str, action: &str, status: &str| json!({ "code": code, "name": "E", "action": action, "status": status });
        let premium = |basis: &str, amount: Value, rate: Value| json!({ "basis": basis, "amount": amount, "ratePct": rate, "period": "MONTH" });
        let mut of_interest = premium("FIXED", euros("1.00"), Value::Null);
        of_interest["component"] = json!("INTEREST");
        let mut to_suspense = premium("FIXED", euros("1.00"), Value::Null);
        to_suspense["ledgerAccount"] = json!("SUSPENSE");
        let before = app.picture().await;
        for (input, code, path) in [
            (with("code", json!("PPI")), "DUPLICATE_REFERENCE", "code"),
            (with("code", json!(" x")), "INVALID_INPUT", "code"),
            (with("name", json!(" ")), "INVALID_INPUT", "name"),
            (with("products", json!([])), "INVALID_INPUT", "products"),
            (with("products", json!([{ "code": "no" }])), "NOT_FOUND", "products.0"),
            (with("products", json!([{ "code": "current" }, { "code": "current" }])), "INVALID_INPUT", "products.1"),
            (with("products", json!([{ "code": "kronor" }])), "CURRENCY_MISMATCH", "premium.amount.currency"),
            (with("events", json!([])), "INVALID_INPUT", "events"),
            (with("events", json!([event("A", "ACTIVATE", "ACTIVE"), event("A", "STOP_PREMIUM", "INTERRUPTED")])), "INVALID_INPUT", "events.1.code"),
            (with("events", json!([event("A", "ACTIVATE", "DISABLED")])), "INVALID_INPUT", "events.0.status"),
            (with("events", json!([event("A", "STOP_PREMIUM", "CLOSED")])), "INVALID_INPUT", "events.0.status"),
            (with("defaultEvent", json!("RAL")), "INVALID_INPUT", "defaultEvent"),
            (with("defaultEvent", json!("NO")), "INVALID_INPUT", "defaultEvent"),
            (with("minimumAge", json!(66)), "INVALID_INPUT", "maximumAge"),
            (with("maximumAge", json!(151)), "INVALID_INPUT", "maximumAge"),
            (with("maximumAge", Value::Null), "INVALID_INPUT", "maximumAgeEvent"),
            (with("maximumAgeEvent", json!("RAL")), "INVALID_INPUT", "maximumAgeEvent"),
            (with("premium", premium("FIXED", Value::Null, Value::Null)), "INVALID_INPUT", "premium.amount"),
            (with("premium", premium("FIXED", euros("0"), Value::Null)), "AMOUNT_OUT_OF_RANGE", "premium.amount"),
            (with("premium", premium("FIXED", euros("1.001"), Value::Null)), "INVALID_INPUT", "premium.amount"),
            (with("premium", premium("FIXED", euros("1"), json!("1"))), "INVALID_INPUT", "premium.ratePct"),
            (with("premium", premium("PERCENT_OF_DEBT", euros("1"), json!("1"))), "INVALID_INPUT", "premium.amount"),
            (with("premium", premium("PERCENT_OF_DEBT", Value::Null, json!("100.01"))), "INVALID_INPUT", "premium.ratePct"),
            (with("premium", premium("PERCENT_OF_LIMIT", Value::Null, json!("0.00001"))), "INVALID_INPUT", "premium.ratePct"),
            (with("premium", of_interest), "INVALID_INPUT", "premium.component"),
            (with("premium", to_suspense), "INVALID_INPUT", "premium.ledgerAccount"),
        ] {
            app.refused("createInsurancePackage", input, code, path).await;
        }
        let mut yearly = protection()["premium"].clone();
        yearly["period"] = json!("YEAR");
        for (field, value, code, path) in [
            ("package", json!({ "code": "no" }), "NOT_FOUND", "package"),
            ("name", Value::Null, "INVALID_INPUT", "name"),
            ("premium", yearly, "INVALID_INPUT", "premium.period"),
            ("events", json!([event("A", "ACTIVATE", "ACTIVE")]), "INVALID_INPUT", "maximumAgeEvent"),
        ] {
            let mut input = json!({ "package": { "code": "PPI" } });
            input[field] = value;
            app.refused("updateInsurancePackage", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn an_insurance_is_subscribed_at_once_or_for_a_later_day(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("createInsurancePackage", protection(), "replayed").await;
        let (now, later) = (account_of(&app, "revolving", Some("1990-04-15")).await, account_of(&app, "revolving", Some("2008-04-20")).await);
        let shown = "insurance { id status covered startsOn endsOn nextPremiumOn account { id } package { code } lastEvent { code } }";
        let done = app.done("subscribeInsurance", subscription(&now), shown).await["insurance"].take();
        assert_eq!(done, json!({ "id": done["id"], "status": "ACTIVE", "covered": true, "startsOn": "2026-04-15", "endsOn": null,
            "nextPremiumOn": "2026-04-15", "account": { "id": now.id }, "package": { "code": "PPI" }, "lastEvent": { "code": "RSV" } }));
        // Eighteen on the first day, which is what counts.
        app.refused("subscribeInsurance", subscription(&later), "INSURED_AGE_OUT_OF_RANGE", "account").await;
        let mut input = subscription(&later);
        input["from"] = json!("2026-04-20");
        let done = app.done("subscribeInsurance", input, shown).await["insurance"].take();
        assert_eq!((&done["status"], &done["covered"], &done["nextPremiumOn"]), (&json!("DISABLED"), &json!(false), &Value::Null));
        let id = done["id"].as_str().expect("an id");
        until(&app, "2026-04-19").await;
        assert_eq!(seen(&app, id, "status").await["status"], "DISABLED");
        until(&app, "2026-04-20").await;
        assert_eq!(seen(&app, id, "status covered nextPremiumOn").await, json!({ "status": "ACTIVE", "covered": true, "nextPremiumOn": "2026-04-20" }));
        until(&app, "2026-04-21").await;
        assert_eq!(premiums(&app, id).await, ["2026-04-20 2026-05-19 2026-04-20 5.00"]);
    }

    async fn what_cannot_be_insured_is_refused_by_name(app: TestApp) {
        app.done("createInsurancePackage", protection(), "replayed").await;
        let fine = account_of(&app, "revolving", Some("1990-01-01")).await;
        let (unknown, company) = (account_of(&app, "revolving", None).await, {
            let company = json!({ "type": "COMPANY", "companyName": "Engines" });
            let owner = app.done("createCustomer", company, "customer { id }").await["customer"]["id"].take();
            app.account_of(owner.as_str().expect("an id"), "revolving").await
        });
        let (young, old) = (account_of(&app, "revolving", Some("2008-04-16")).await, account_of(&app, "revolving", Some("1960-04-15")).await);
        let (still, other) = (account_of(&app, "revolving", Some("1960-04-16")).await, account_of(&app, "savings", Some("1990-01-01")).await);
        let closing = account_of(&app, "current", Some("1990-01-01")).await;
        app.pay_in(&closing, "1.00").await;
        app.done("requestAccountClosure", json!({ "account": closing.by() }), "replayed").await;
        let with = |field: &str, value: Value| {
            let mut input = subscription(&fine);
            input[field] = value;
            input
        };
        let before = app.picture().await;
        for (input, code, path) in [
            (with("account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (with("package", json!({ "code": "no" })), "NOT_FOUND", "package"),
            (with("from", json!("2026-04-14")), "INVALID_INPUT", "from"),
            (with("from", json!("2036-05-15")), "INVALID_INPUT", "from"),
            (with("note", json!("x".repeat(501))), "INVALID_INPUT", "note"),
            (with("event", json!("RAL")), "INSURANCE_EVENT_NOT_AUTHORISED", "event"),
            (with("event", json!("NO")), "INSURANCE_EVENT_NOT_AUTHORISED", "event"),
            (subscription(&closing), "ACCOUNT_NOT_OPEN", "account"),
            (subscription(&other), "INSURANCE_NOT_OFFERED", "package"),
            (subscription(&unknown), "INSURED_AGE_UNKNOWN", "account"),
            (subscription(&company), "INSURED_AGE_UNKNOWN", "account"),
            (subscription(&young), "INSURED_AGE_OUT_OF_RANGE", "account"),
            (subscription(&old), "INSURED_AGE_OUT_OF_RANGE", "account"),
        ] {
            app.refused("subscribeInsurance", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        subscribe(&app, &still).await;
        let insurance = subscribe(&app, &fine).await;
        app.refused("subscribeInsurance", subscription(&fine), "INSURANCE_EXISTS", "package").await;
        app.done("endInsurance", json!({ "insurance": { "id": insurance }, "reason": "another one" }), "replayed").await;
        let tries = (0..8).map(|_| {
            let (app, input) = (app.clone(), subscription(&fine));
            tokio::spawn(async move { app.mutate("subscribeInsurance", input, "replayed").await.data() })
        });
        let answers = futures_util::future::join_all(tries.collect::<Vec<_>>()).await;
        let made = answers.iter().filter(|answer| {
            answer.as_ref().is_ok_and(|data| data["subscribeInsurance"]["__typename"] == "SubscribeInsuranceSuccess")
        });
        assert_eq!(made.count(), 1, "one of those that race for it has it");
        app.done("updateInsurancePackage", json!({ "package": { "code": "PPI" }, "defaultEvent": null }), "replayed").await;
        app.refused("subscribeInsurance", subscription(&unknown), "INVALID_INPUT", "event").await;
        app.done("updateInsurancePackage", json!({ "package": { "code": "PPI" }, "defaultEvent": "RSV", "retired": true }), "replayed").await;
        app.refused("subscribeInsurance", subscription(&unknown), "INVALID_STATE", "package").await;
    }

    async fn what_happens_to_an_insurance_is_recorded_and_does_what_its_package_says(app: TestApp) {
        app.done("createInsurancePackage", protection(), "replayed").await;
        let account = account_of(&app, "revolving", Some("1990-01-01")).await;
        let id = subscribe(&app, &account).await;
        assert_eq!(happens(&app, &id, "RAL").await, json!({ "status": "INTERRUPTED", "covered": true, "nextPremiumOn": null,
            "lastEvent": { "code": "RAL", "name": "Unemployment", "action": "STOP_PREMIUM", "status": "INTERRUPTED",
                "occurredOn": "2026-04-15", "note": "by letter", "client": "tests" } }));
        assert_eq!(happens(&app, &id, "RSS").await["covered"], false);
        let actions = seen(&app, &id, "actions { action event allowed reason }").await["actions"].take();
        let allowed: Vec<_> = actions.as_array().expect("actions").iter().map(|action| (action["event"].as_str().unwrap_or("-").to_owned(), action["allowed"] == true)).collect();
        let expected = [("RSV", true), ("RAL", false), ("RSS", true), ("RKK", true), ("RKA", true), ("-", true)];
        assert_eq!(allowed, expected.map(|(event, allowed)| (event.to_owned(), allowed)));
        assert_eq!(actions[1]["reason"], "the insurance is DISABLED, and does not become INTERRUPTED from there");
        let by = |event: &str| json!({ "insurance": of(&account), "event": event });
        let refusal = app.refused("recordInsuranceEvent", by("RAL"), "INVALID_STATE", "insurance").await;
        assert_eq!(refusal["facts"]["status"], "DISABLED");
        app.refused("recordInsuranceEvent", by("NO"), "INSURANCE_EVENT_NOT_AUTHORISED", "event").await;
        let mut tomorrow = by("RSV");
        tomorrow["occurredOn"] = json!("2026-04-16");
        app.refused("recordInsuranceEvent", tomorrow, "INVALID_INPUT", "occurredOn").await;
        assert_eq!(happens(&app, &id, "RSV").await["status"], "ACTIVE");
        let listed = show(&app, &account, "insuranceContracts { nodes { id status lastEvent { code } events { nodes { code } } } }").await;
        assert_eq!(listed["insuranceContracts"]["nodes"], json!([{ "id": id, "status": "ACTIVE", "lastEvent": { "code": "RSV" },
            "events": { "nodes": [{ "code": "RSV" }, { "code": "RSS" }, { "code": "RAL" }, { "code": "RSV" }] } }]));
        let one = "query($by: InsuranceContractBy!) { insuranceContract(by: $by) { id } }";
        assert_eq!(app.ok(one, json!({ "by": of(&account) })).await["insuranceContract"]["id"], json!(id));
        let bound = app.bound_to(&account.owner);
        assert_eq!(bound.ok(one, json!({ "by": { "id": id } })).await["insuranceContract"]["id"], json!(id));
        let stranger = app.account("current").await;
        let bound = app.bound_to(&stranger.owner);
        for by in [json!({ "id": id }), of(&account)] {
            assert_eq!(bound.ok(one, json!({ "by": by })).await["insuranceContract"], Value::Null);
        }
        assert_eq!(bound.ok("{ insuranceContracts { nodes { id } } }", json!({})).await["insuranceContracts"]["nodes"], json!([]));
        assert_eq!(happens(&app, &id, "RKK").await["status"], "CLOSED");
        let node = "query($id: ID!) { node(id: $id) { ... on InsuranceContract { status endsOn closedOn history { nodes { events { type } } } } } }";
        let node = app.ok(node, json!({ "id": id })).await["node"].take();
        assert_eq!((&node["status"], &node["endsOn"], &node["closedOn"]), (&json!("CLOSED"), &json!("2026-04-15"), &json!("2026-04-15")));
        for told in ["INSURANCE_SUBSCRIBED", "INSURANCE_EVENT_RECORDED", "INSURANCE_ENDED"] {
            assert!(node["history"].to_string().contains(told), "{told}");
        }
        app.refused("recordInsuranceEvent", json!({ "insurance": { "id": id }, "event": "RSV" }), "INVALID_STATE", "insurance").await;
        app.refused("recordInsuranceEvent", by("RSV"), "NOT_FOUND", "insurance").await;
        assert_eq!(app.ok(one, json!({ "by": of(&account) })).await["insuranceContract"], Value::Null);
        assert_eq!(app.ok("{ insuranceContracts { nodes { id } } }", json!({})).await["insuranceContracts"]["nodes"], json!([]));
        let closed = "{ insuranceContracts(filter: { statuses: [CLOSED] }) { nodes { id } } }";
        assert_eq!(app.ok(closed, json!({})).await["insuranceContracts"]["nodes"], json!([{ "id": id }]));
    }

    async fn a_premium_is_charged_once_for_each_period(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("createInsurancePackage", protection(), "replayed").await;
        let account = account_of(&app, "revolving", Some("1990-01-01")).await;
        let poor = account_of(&app, "current", Some("1990-01-01")).await;
        let (id, without) = (subscribe(&app, &account).await, subscribe(&app, &poor).await);
        until(&app, "2026-04-16").await;
        assert_eq!(premiums(&app, &id).await, ["2026-04-15 2026-05-14 2026-04-15 5.00"]);
        // The same days again change nothing, and a server that begins anew runs none of them twice.
        app.restart().await;
        until(&app, "2026-05-17").await;
        assert_eq!(premiums(&app, &id).await.len(), 2);
        assert_eq!((app.balance(&account).await, owed_to_insurers(&app).await), ("-10.00".into(), "10.00".into()));
        let fee = show(&app, &account, "transactions { nodes { kind amount { amount } entry { description postings { ledgerAccount { code } } } } }").await;
        let fee = fee["transactions"]["nodes"][0].clone();
        assert_eq!((&fee["kind"], &fee["entry"]["description"]), (&json!("INSURANCE_PREMIUM"), &json!("Payment protection, 2026-05-15 to 2026-06-14")));
        assert!(fee["entry"]["postings"].to_string().contains("CUSTOMER_FEE"), "{fee}");
        // Who has no funds and may not owe is not charged, and asked again with each day: a period a day.
        assert!(premiums(&app, &without).await.is_empty());
        app.pay_in(&poor, "7.00").await;
        until(&app, "2026-05-20").await;
        assert_eq!(premiums(&app, &without).await, ["2026-04-15 2026-05-14 2026-05-17 5.00"]);
        assert_eq!(app.balance(&poor).await, "2.00");
        // Interrupted, nothing is charged; what began meanwhile is free.
        happens(&app, &id, "RAL").await;
        until(&app, "2026-07-20").await;
        assert_eq!(premiums(&app, &id).await.len(), 2);
        assert_eq!(happens(&app, &id, "RSV").await["nextPremiumOn"], "2026-08-15");
        // A percentage of what the account owes: 0.75 % of 10.00 is 0.075, rounded up.
        let rule = json!({ "basis": "PERCENT_OF_DEBT", "ratePct": "0.75", "rounding": "UP", "period": "MONTH" });
        app.done("updateInsurancePackage", json!({ "package": { "code": "PPI" }, "premium": rule }), "replayed").await;
        until(&app, "2026-08-16").await;
        assert_eq!(premiums(&app, &id).await[2], "2026-08-15 2026-09-14 2026-08-15 0.08");
        // A premium is reversed like anything else.
        let mut found = seen(&app, &id, "premiums(first: 1) { nodes { entry { id } } }").await;
        let entry = found["premiums"]["nodes"][0]["entry"]["id"].take();
        app.done("reverseEntry", json!({ "entry": entry, "reason": "goodwill" }), "replayed").await;
        assert_eq!((app.balance(&account).await, owed_to_insurers(&app).await), ("-10.00".into(), "15.00".into()));
        let days = app.ok("{ businessDays(first: 100) { nodes { state } } }", json!({})).await.to_string();
        assert!(!days.contains("FAILED"), "{days}");
    }

    async fn an_insurance_ends_by_hand_after_a_day_by_age_and_with_its_account(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("createInsurancePackage", protection(), "replayed").await;
        let mut accounts = Vec::new();
        for born in ["1990-01-01", "1990-01-01", "1960-04-18", "1990-01-01"] {
            accounts.push(account_of(&app, "current", Some(born)).await);
        }
        let mut ids = Vec::new();
        for account in &accounts {
            app.pay_in(account, "5.00").await;
            ids.push(subscribe(&app, account).await);
        }
        let ending = |id: &str, on: Value| json!({ "insurance": { "id": id }, "on": on, "reason": "moved away" });
        let shown = "insurance { status covered endsOn endReason closedOn nextPremiumOn }";
        let done = app.done("endInsurance", ending(&ids[0], Value::Null), shown).await["insurance"].take();
        assert_eq!(done, json!({ "status": "CLOSED", "covered": false, "endsOn": "2026-04-15", "endReason": "moved away",
            "closedOn": "2026-04-15", "nextPremiumOn": null }));
        app.refused("endInsurance", ending(&ids[0], Value::Null), "INVALID_STATE", "insurance").await;
        app.refused("endInsurance", ending(&ids[1], json!("2026-04-14")), "INVALID_INPUT", "on").await;
        app.refused("endInsurance", json!({ "insurance": { "id": ids[1] }, "reason": " " }), "INVALID_INPUT", "reason").await;
        app.refused("endInsurance", ending("ict_1", Value::Null), "NOT_FOUND", "insurance").await;
        let done = app.done("endInsurance", ending(&ids[1], json!("2026-04-17")), shown).await["insurance"].take();
        assert_eq!((&done["status"], &done["endsOn"], &done["closedOn"]), (&json!("ACTIVE"), &json!("2026-04-17"), &Value::Null));
        until(&app, "2026-04-17").await;
        assert_eq!(seen(&app, &ids[1], "status").await["status"], "ACTIVE");
        assert_eq!(seen(&app, &ids[2], "status").await["status"], "ACTIVE");
        until(&app, "2026-04-18").await;
        let over = seen(&app, &ids[1], "status endsOn endReason").await;
        assert_eq!(over, json!({ "status": "CLOSED", "endsOn": "2026-04-17", "endReason": "moved away" }));
        // Sixty-six on the 18th: sixty-five was within.
        let over = seen(&app, &ids[2], "status endsOn endReason lastEvent { code occurredOn }").await;
        assert_eq!(over, json!({ "status": "CLOSED", "endsOn": "2026-04-17", "endReason": "the insured is older than the package allows",
            "lastEvent": { "code": "RKA", "occurredOn": "2026-04-18" } }));
        // Its premium has emptied the account, so the request closes it at once, and the insurance with it.
        app.done("requestAccountClosure", json!({ "account": accounts[3].by() }), "account { status }").await;
        let over = seen(&app, &ids[3], "status endReason account { status }").await;
        assert_eq!(over, json!({ "status": "CLOSED", "endReason": "the account was closed", "account": { "status": "CLOSED" } }));
        // Who is erased leaves what happened, and nothing that was written to it.
        let gone = accounts[3].owner.clone();
        let erased = app.done("eraseCustomer", json!({ "customer": { "id": gone } }), "erased").await;
        assert!(erased.to_string().contains("REMARKS"), "{erased}");
        assert_eq!(seen(&app, &ids[3], "status endReason").await, json!({ "status": "CLOSED", "endReason": null }));
        assert!(premiums(&app, &ids[0]).await.is_empty());
        assert_eq!(owed_to_insurers(&app).await, "15.00");
        until(&app, "2026-06-01").await;
        assert_eq!(owed_to_insurers(&app).await, "15.00");
    }
}
