//! Batches of any command: customers, accounts with their owners, payments; in each of the three modes.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, fresh_key, items, numbered};

const CUSTOMERS: &str = "... on CreateCustomerSuccess { replayed customer { id number } }";
const ACCOUNTS: &str = "... on OpenAccountSuccess { replayed account { id number owner { id number name } creditor { number } creditLimit { amount } } }";
const PAYMENTS: &str = "... on PostPaymentSuccess { replayed entry { id } account { id balance { amount } } }";
const MODES: [&str; 3] = ["EACH_ALONE", "ALL_OR_NOTHING", "SEQUENTIAL"];

/// An item, with a key of its own.
fn item(mut input: Value) -> Value {
    input.as_object_mut().expect("an object").entry("idempotencyKey").or_insert_with(|| json!(fresh_key()));
    input
}

fn person(number: &str) -> Value {
    item(json!({ "type": "PERSON", "lastName": "Boye", "number": number }))
}

fn payment(account: &Account, amount: &str) -> Value {
    item(json!({ "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER" }))
}

/// An account for a new owner.
fn opening(number: &str, owner: &str) -> Value {
    let owner = json!({ "create": { "type": "PERSON", "lastName": "Boye", "number": owner } });
    item(json!({ "product": { "code": "credit-card" }, "owner": owner, "number": number }))
}

async fn run(app: &TestApp, name: &str, mode: &str, all: &[Value], success: &str) -> Vec<Value> {
    let mut done = app.done(name, json!({ "items": all, "mode": mode }), &items(success)).await;
    let results: Vec<Value> = done["items"].as_array_mut().expect("items").drain(..).collect();
    for (index, (result, item)) in results.iter().zip(all).enumerate() {
        assert_eq!((&result["index"], &result["idempotencyKey"]), (&json!(index), &item["idempotencyKey"]));
    }
    let refused = results.iter().filter(|item| item["result"]["__typename"] == "Refusal").count();
    assert_eq!((&done["refused"], &done["succeeded"]), (&json!(refused), &json!(all.len() - refused)));
    results.into_iter().map(|mut item| item["result"].take()).collect()
}

/// Per item `CODE path` of its refusal, or "done", or "replayed".
fn outcomes(results: &[Value]) -> Vec<String> {
    let of = |(index, result): (usize, &Value)| match result["code"].as_str() {
        None if result["replayed"] == true => "replayed".to_owned(),
        None => "done".to_owned(),
        Some(code) => {
            let path = &result["fields"][0]["path"];
            if path.is_null() {
                return code.to_owned();
            }
            let path = crate::app::dotted(path);
            let own = path.strip_prefix(&format!("items.{index}.")).unwrap_or_else(|| panic!("{index}: {result}"));
            format!("{code} {own}")
        }
    };
    results.iter().enumerate().map(of).collect()
}

async fn count(app: &TestApp, list: &str) -> usize {
    let found = app.ok(&format!("{{ {list}(first: 100) {{ nodes {{ id }} }} }}"), json!({})).await;
    found[list]["nodes"].as_array().map_or(0, Vec::len)
}

on_both_databases! {
    async fn customers_are_created_each_by_itself_or_all_or_none(app: TestApp) {
        for mode in MODES {
            let number = numbered("C");
            let all = [
                person(&number),
                item(json!({ "type": "PERSON" })),
                person(&number),
                item(json!({ "type": "COMPANY", "companyName": "Engines", "metadata": { "n": 1 } })),
                person(" x"),
            ];
            let before = (app.picture().await, count(&app, "customers").await);
            let results = run(&app, "createCustomerBatch", mode, &all, CUSTOMERS).await;
            if mode == "ALL_OR_NOTHING" {
                let codes = outcomes(&results);
                assert!(codes.iter().any(|code| code.starts_with("INVALID_INPUT")), "{codes:?}");
                assert_eq!((codes[0].as_str(), codes[3].as_str()), ("BATCH_REFUSED", "BATCH_REFUSED"), "{codes:?}");
                assert_eq!((app.picture().await, count(&app, "customers").await), before);
                // The keys of what was not done are free.
                let good = [all[0].clone(), all[3].clone()];
                assert_eq!(outcomes(&run(&app, "createCustomerBatch", mode, &good, CUSTOMERS).await), ["done", "done"]);
                continue;
            }
            let expected =
                ["done", "INVALID_INPUT lastName", "DUPLICATE_REFERENCE number", "done", "INVALID_INPUT number"];
            assert_eq!(outcomes(&results), expected, "{mode}");
            assert_eq!(count(&app, "customers").await, before.1 + 2);
            let again = run(&app, "createCustomerBatch", mode, &all, CUSTOMERS).await;
            assert_eq!(outcomes(&again)[0], "replayed");
            assert_eq!((&again[0]["customer"], &again[3]["customer"]), (&results[0]["customer"], &results[3]["customer"]));
            assert_eq!(count(&app, "customers").await, before.1 + 2);
        }
    }

    async fn accounts_are_opened_with_their_owners(app: TestApp) {
        app.done("createParty", json!({ "name": "Creditor", "number": "P1" }), "replayed").await;
        for mode in MODES {
            let (a, b, c) = (numbered("A"), numbered("A"), numbered("A"));
            let (own, with_limit) = (numbered("C"), numbered("C"));
            let mut limited = opening(&b, &with_limit);
            limited["creditLimit"] = json!("750");
            limited["creditor"] = json!({ "number": "P1" });
            // Whom an earlier item has created is there for a later one.
            let second = item(json!({ "product": { "code": "savings" }, "owner": { "number": own }, "number": c }));
            let all = [opening(&a, &own), limited, second];
            let results = run(&app, "openAccountBatch", mode, &all, ACCOUNTS).await;
            assert_eq!(outcomes(&results), ["done"; 3], "{mode}");
            let shown = |result: &Value| {
                let account = &result["account"];
                json!([account["number"], account["owner"]["number"], account["creditor"]["number"], account["creditLimit"]["amount"]])
            };
            assert_eq!(
                results.iter().map(shown).collect::<Vec<_>>(),
                [json!([a, own, null, "3000.00"]), json!([b, with_limit, "P1", "750.00"]), json!([c, own, null, "0.00"])]
            );
            assert_eq!(results[0]["account"]["owner"]["name"], "Boye");
            assert_eq!(results[0]["account"]["owner"]["id"], results[2]["account"]["owner"]["id"]);
            let (customers, accounts) = (count(&app, "customers").await, count(&app, "accounts").await);
            let again = run(&app, "openAccountBatch", mode, &all, ACCOUNTS).await;
            assert_eq!(outcomes(&again), ["replayed"; 3]);
            assert_eq!(again[1]["account"], results[1]["account"]);
            assert_eq!((count(&app, "customers").await, count(&app, "accounts").await), (customers, accounts));
        }
        let query = "{ events(first: 100, filter: { types: [CUSTOMER_CREATED, ACCOUNT_OPENED] }) { nodes { type } } }";
        let events = app.ok(query, json!({})).await["events"]["nodes"].take();
        let types: Vec<&str> = events.as_array().expect("events").iter().map(|event| event["type"].as_str().expect("a type")).collect();
        let once = ["CUSTOMER_CREATED", "ACCOUNT_OPENED", "CUSTOMER_CREATED", "ACCOUNT_OPENED", "ACCOUNT_OPENED"];
        assert_eq!(types, once.repeat(3));
    }

    async fn an_account_that_is_refused_leaves_no_owner_behind(app: TestApp) {
        let taken = app.account("current").await;
        let before = (app.picture().await, count(&app, "customers").await);
        let owner = |more: Value| {
            let mut owner = json!({ "type": "PERSON", "lastName": "Boye" });
            owner.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            item(json!({ "product": { "code": "credit-card" }, "owner": { "create": owner } }))
        };
        let with = |mut input: Value, field: &str, value: Value| {
            input[field] = value;
            input
        };
        let plain = || owner(json!({}));
        let rows = [
            (owner(json!({ "lastName": null })), "INVALID_INPUT owner.create.lastName"),
            (owner(json!({ "lastName": " " })), "INVALID_INPUT owner.create.lastName"),
            (owner(json!({ "companyName": "X" })), "INVALID_INPUT owner.create.companyName"),
            (owner(json!({ "type": "COMPANY" })), "INVALID_INPUT owner.create.lastName"),
            (owner(json!({ "type": "COMPANY", "lastName": null })), "INVALID_INPUT owner.create.companyName"),
            (owner(json!({ "number": " 1" })), "INVALID_INPUT owner.create.number"),
            (owner(json!({ "externalReference": "a\u{0}" })), "INVALID_INPUT owner.create.externalReference"),
            (with(plain(), "product", json!({ "code": "none" })), "NOT_FOUND product"),
            (with(plain(), "creditor", json!({ "number": "none" })), "NOT_FOUND creditor"),
            (with(plain(), "owner", json!({ "number": "none" })), "NOT_FOUND owner"),
            (with(plain(), "owner", json!({ "id": taken.id })), "NOT_FOUND owner"),
            (with(plain(), "number", json!(taken.number)), "DUPLICATE_REFERENCE number"),
            (with(plain(), "number", json!("")), "INVALID_INPUT number"),
            (with(plain(), "externalReference", json!(" ")), "INVALID_INPUT externalReference"),
            (with(plain(), "creditLimit", json!("-1")), "INVALID_INPUT creditLimit"),
            (with(plain(), "creditLimit", json!("0.001")), "INVALID_INPUT creditLimit"),
            (with(plain(), "idempotencyKey", json!("")), "INVALID_INPUT idempotencyKey"),
        ];
        let all: Vec<Value> = rows.iter().map(|(item, _)| item.clone()).collect();
        let expected: Vec<&str> = rows.iter().map(|(_, expected)| *expected).collect();
        for mode in ["EACH_ALONE", "SEQUENTIAL"] {
            assert_eq!(outcomes(&run(&app, "openAccountBatch", mode, &all, ACCOUNTS).await), expected, "{mode}");
        }
        for (item, expected) in rows {
            // A good neighbour before it is taken along, and its owner with it.
            let all = [plain(), item];
            let codes = outcomes(&run(&app, "openAccountBatch", "ALL_OR_NOTHING", &all, ACCOUNTS).await);
            assert_eq!(codes, ["BATCH_REFUSED", expected]);
        }
        assert_eq!((app.picture().await, count(&app, "customers").await), before);
        // Two owners of one number, in one batch: the first is there.
        let number = numbered("C");
        let all = [owner(json!({ "number": number })), owner(json!({ "number": number }))];
        let codes = outcomes(&run(&app, "openAccountBatch", "EACH_ALONE", &all, ACCOUNTS).await);
        assert_eq!(codes, ["done", "DUPLICATE_REFERENCE owner.create.number"]);
        assert_eq!(count(&app, "customers").await, before.1 + 1);
    }

    async fn payments_are_booked_each_by_itself_or_all_or_none(app: TestApp) {
        let product = crate::products::create(&app, json!({ "maximumBalance": "100" })).await;
        for mode in MODES {
            let account = app.account(&product).await;
            let mut unknown = payment(&account, "1.00");
            unknown["account"] = json!({ "number": "nobody" });
            let mut named = payment(&account, "5.00");
            named["externalReference"] = json!({ "reference": numbered("bank") });
            let mut twice = named.clone();
            twice["idempotencyKey"] = json!(fresh_key());
            let all = [
                payment(&account, "60.00"),
                payment(&account, "60.00"),
                unknown,
                named,
                twice,
                payment(&account, "0.00"),
                payment(&account, "35.00"),
            ];
            let before = app.picture().await;
            let results = run(&app, "postPaymentBatch", mode, &all, PAYMENTS).await;
            let codes = outcomes(&results);
            if mode == "ALL_OR_NOTHING" {
                assert_eq!((codes[0].as_str(), codes[6].as_str()), ("BATCH_REFUSED", "BATCH_REFUSED"), "{codes:?}");
                assert!(codes.iter().all(|code| code != "done"), "{codes:?}");
                assert_eq!(app.picture().await, before);
                let good = [all[0].clone(), all[3].clone(), all[6].clone()];
                assert_eq!(outcomes(&run(&app, "postPaymentBatch", mode, &good, PAYMENTS).await), ["done"; 3]);
            } else {
                let expected = [
                    "done",
                    "LIMIT_EXCEEDED account",
                    "NOT_FOUND account",
                    "done",
                    "DUPLICATE_REFERENCE externalReference",
                    "AMOUNT_OUT_OF_RANGE amount",
                    "done",
                ];
                assert_eq!(codes, expected, "{mode}");
            }
            assert_eq!(app.balance(&account).await, "100.00");
            let again = run(&app, "postPaymentBatch", "EACH_ALONE", &all[..1], PAYMENTS).await;
            assert_eq!(outcomes(&again), ["replayed"]);
            assert_eq!(app.balance(&account).await, "100.00");
        }
    }

    async fn a_batch_of_any_command_has_one_to_ten_thousand_items_with_a_key_each(app: TestApp) {
        let account = app.account("current").await;
        let before = app.picture().await;
        let rows: [(&str, &dyn Fn() -> Value); 3] = [
            ("createCustomerBatch", &|| item(json!({ "type": "PERSON", "lastName": "X" }))),
            ("openAccountBatch", &|| item(json!({ "product": { "code": "current" }, "owner": { "id": account.owner } }))),
            ("postPaymentBatch", &|| payment(&account, "1.00")),
        ];
        for (name, one) in rows {
            app.refused(name, json!({ "items": [] }), "INVALID_INPUT", "items").await;
            let twice = one();
            let items = json!([one(), twice, one(), twice]);
            app.refused(name, json!({ "items": items }), "INVALID_INPUT", "items.3.idempotencyKey").await;
            let many: Vec<Value> = (0..10_001).map(|_| one()).collect();
            let refusal = app.refused(name, json!({ "items": many }), "LIMIT_EXCEEDED", "items").await;
            assert_eq!(refusal["facts"], json!({ "maximumCount": 10_000 }), "{name}");
            app.mutate(name, json!({ "items": [one()], "mode": "SOMEHOW" }), "succeeded").await.fault("BAD_REQUEST");
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_thousand_accounts_with_their_owners_are_opened_in_one_request(app: TestApp) {
        let all: Vec<Value> = (0..1_000).map(|n| opening(&format!("A{n}"), &format!("C{n}"))).collect();
        let started = std::time::Instant::now();
        let done = app.done("openAccountBatch", json!({ "items": all, "mode": "ALL_OR_NOTHING" }), "succeeded refused").await;
        println!("1,000 accounts with their owners in {:?}", started.elapsed());
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1_000), &json!(0)));
        let found = app.ok("{ account(by: { number: \"A999\" }) { owner { number } status } }", json!({})).await;
        assert_eq!(found["account"], json!({ "owner": { "number": "C999" }, "status": "OPEN" }));
        let again = app.done("openAccountBatch", json!({ "items": all }), "succeeded refused").await;
        assert_eq!((&again["succeeded"], &again["refused"]), (&json!(1_000), &json!(0)));
    }

    async fn a_repeated_key_with_another_request_is_the_items_problem_alone(app: TestApp) {
        let account = app.account("current").await;
        let mut all = vec![payment(&account, "1.00"), payment(&account, "2.00")];
        run(&app, "postPaymentBatch", "EACH_ALONE", &all, PAYMENTS).await;
        all[0]["amount"] = euros("7.00");
        all.push(payment(&account, "4.00"));
        let codes = outcomes(&run(&app, "postPaymentBatch", "EACH_ALONE", &all, PAYMENTS).await);
        assert_eq!(codes, ["IDEMPOTENCY_KEY_REUSED idempotencyKey", "replayed", "done"]);
        all.push(payment(&account, "8.00"));
        let codes = outcomes(&run(&app, "postPaymentBatch", "ALL_OR_NOTHING", &all, PAYMENTS).await);
        assert_eq!(codes, ["IDEMPOTENCY_KEY_REUSED idempotencyKey", "BATCH_REFUSED", "BATCH_REFUSED", "BATCH_REFUSED"]);
        assert_eq!(app.balance(&account).await, "7.00");
    }

    async fn a_batch_that_is_larger_than_a_commit_is_done_or_refused_as_a_whole(app: TestApp) {
        let account = app.account("current").await;
        let mut all: Vec<Value> = (0..3_000).map(|_| payment(&account, "0.01")).collect();
        let bad = all.len() - 1;
        all[bad]["amount"] = euros("-0.01");
        let before = app.picture().await;
        let codes = outcomes(&run(&app, "postPaymentBatch", "ALL_OR_NOTHING", &all, PAYMENTS).await);
        assert_eq!((codes[0].as_str(), codes[bad].as_str()), ("BATCH_REFUSED", "AMOUNT_OUT_OF_RANGE amount"));
        assert_eq!(app.picture().await, before);
        all[bad]["amount"] = euros("0.01");
        for (mode, expected) in [("ALL_OR_NOTHING", "done"), ("EACH_ALONE", "replayed"), ("SEQUENTIAL", "replayed")] {
            let codes = outcomes(&run(&app, "postPaymentBatch", mode, &all, PAYMENTS).await);
            assert!(codes.iter().all(|code| code == expected), "{mode}");
        }
        assert_eq!(app.balance(&account).await, "30.00");
    }
}
