//! Accounts: opened, found, listed, changed; what can be done with them, and what was.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, fresh_key, told};
use crate::products;

/// Some fields of an account.
pub async fn show(app: &TestApp, account: &Account, selection: &str) -> Value {
    let query = format!("query($by: AccountBy!) {{ account(by: $by) {{ {selection} }} }}");
    app.ok(&query, json!({ "by": account.by() })).await["account"].take()
}

/// `[principal, interest, fee]`.
pub async fn components(app: &TestApp, account: &Account) -> Vec<String> {
    let account = show(app, account, "components { component amount { amount } }").await;
    let parts = account["components"].as_array().expect("components");
    let names: Vec<&Value> = parts.iter().map(|part| &part["component"]).collect();
    assert_eq!(json!(names), json!(["PRINCIPAL", "INTEREST", "FEE"]));
    parts.iter().map(|part| part["amount"]["amount"].as_str().expect("an amount").to_owned()).collect()
}

/// OPEN, PENDING_CLOSE or CLOSED.
pub async fn status(app: &TestApp, account: &Account) -> String {
    show(app, account, "status").await["status"].as_str().expect("a status").to_owned()
}

async fn numbers(app: &TestApp, filter: Value) -> Vec<String> {
    let query = "query($filter: AccountFilter) { accounts(filter: $filter, first: 100) { nodes { number } } }";
    let data = app.ok(query, json!({ "filter": filter })).await;
    let nodes = data["accounts"]["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["number"].as_str().expect("a number").to_owned()).collect()
}

/// The names of the actions that are allowed, and the reasons of the others.
async fn actions(app: &TestApp, account: &Account) -> (String, Vec<String>) {
    let account = show(app, account, "actions { action allowed reason }").await;
    let actions = account["actions"].as_array().expect("actions");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (allowed, others): (Vec<&Value>, Vec<&Value>) = actions.iter().partition(|action| action["allowed"] == true);
    assert!(allowed.iter().all(|action| action["reason"].is_null()));
    let allowed: Vec<String> = allowed.iter().map(|action| text(&action["action"])).collect();
    (
        allowed.join(" "),
        others.iter().map(|action| format!("{}: {}", text(&action["action"]), text(&action["reason"]))).collect(),
    )
}

on_both_databases! {
    async fn every_family_and_card_mode_opens_as_its_own_type(app: TestApp) {
        let owner = app.customer().await;
        for (product, typename, family, mode, rule, limit) in [
            ("current", "DepositAccount", "DEPOSIT", Value::Null, "NONE", "0.00"),
            ("investment", "InvestmentAccount", "INVESTMENT", Value::Null, "NONE", "0.00"),
            ("leasing", "LeasingAccount", "LEASING", Value::Null, "LIMIT", "0.00"),
            ("revolving", "RevolvingCreditAccount", "REVOLVING_CREDIT", Value::Null, "LIMIT", "2000.00"),
            ("virtual", "VirtualAccount", "VIRTUAL", Value::Null, "NONE", "0.00"),
            ("credit-card", "CardAccount", "CARD", json!("PAY_LATER"), "LIMIT", "3000.00"),
            ("debit-card", "CardAccount", "CARD", json!("PAY_NOW"), "LIMIT", "1000.00"),
            ("prepaid-card", "CardAccount", "CARD", json!("PAY_BEFORE"), "NONE", "0.00"),
            ("invoice", "InvoiceAccount", "INVOICE", Value::Null, "LIMIT", "1000.00"),
            ("loan", "LoanAccount", "LOAN", Value::Null, "LIMIT", "0.00"),
            ("receivable", "ReceivableAccount", "RECEIVABLE", Value::Null, "UNLIMITED", "0.00"),
        ] {
            let account = app.account_of(&owner, product).await;
            let number = &account.number;
            assert!(number.len() == 12 && number.bytes().all(|b| b.is_ascii_digit()), "{number}");
            assert!(account.id.starts_with("acc_"));
            let mut shown = show(
                &app,
                &account,
                "__typename family status currency debtRule openedOn closedOn closureCode
                externalReference metadata createdAt product { code workingMode } owner { id }
                creditLimit { amount currency } balance { amount currency } reserved { amount } available { amount }
                maximumBalance { amount } components { component amount { amount } }",
            )
            .await;
            let available = shown["available"]["amount"].take();
            assert_eq!(available == limit, rule != "UNLIMITED", "{available}");
            let nothing = json!({ "amount": "0.00" });
            assert_eq!(
                shown,
                json!({
                    "__typename": typename, "family": family, "status": "OPEN", "currency": "EUR", "debtRule": rule,
                    "openedOn": "2026-04-15", "closedOn": null, "closureCode": null, "externalReference": null,
                    "metadata": {}, "createdAt": "2026-04-15T09:30:00.000000Z",
                    "product": { "code": product, "workingMode": mode }, "owner": { "id": owner },
                    "creditLimit": { "amount": limit, "currency": "EUR" }, "balance": { "amount": "0.00", "currency": "EUR" },
                    "reserved": nothing, "available": { "amount": null }, "maximumBalance": null,
                    "components": [
                        { "component": "PRINCIPAL", "amount": nothing }, { "component": "INTEREST", "amount": nothing },
                        { "component": "FEE", "amount": nothing },
                    ],
                })
            );
        }
    }

    async fn a_card_account_alone_has_a_working_mode(app: TestApp) {
        let leasing = app.account("leasing").await;
        let query = "query($id: ID!, $by: AccountBy!) {
            account(by: $by) { number ...Card }
            node(id: $id) { ... on Account { number ...Card } ... on LeasingAccount { status } }
            accounts(filter: { family: CARD }) { nodes { number ... on CardAccount { workingMode } } } }
            fragment Card on CardAccount { workingMode product { mode: workingMode } ... on Node { id } }";
        for (product, mode) in [("credit-card", "PAY_LATER"), ("debit-card", "PAY_NOW"), ("prepaid-card", "PAY_BEFORE")] {
            let card = app.account(product).await;
            let seen = app.ok(query, json!({ "id": card.id, "by": card.by() })).await;
            let expected = json!({
                "number": card.number, "workingMode": mode, "product": { "mode": mode }, "id": card.id,
            });
            assert_eq!((&seen["account"], &seen["node"]), (&expected, &expected));
            let listed = seen["accounts"]["nodes"].as_array().expect("nodes");
            assert_eq!(listed.last(), Some(&json!({ "number": card.number, "workingMode": mode })));

            app.pay_in(&card, "5.00").await;
            let input = json!({ "from": card.by(), "to": leasing.by(), "amount": euros("1.00") });
            let shown = "number ... on CardAccount { workingMode }";
            let done = app.done("transfer", input, &format!("from {{ {shown} }} to {{ {shown} }}")).await;
            assert_eq!(done["from"], json!({ "number": card.number, "workingMode": mode }));
            assert_eq!(done["to"], json!({ "number": leasing.number }));
        }
        let seen = app.ok(query, json!({ "id": leasing.id, "by": leasing.by() })).await;
        assert_eq!(seen["account"], json!({ "number": leasing.number }));
        assert_eq!(seen["node"], json!({ "number": leasing.number, "status": "OPEN" }));
    }

    async fn a_field_of_one_family_is_invalid_on_every_other(app: TestApp) {
        let families = app.ok("{ __type(name: \"Account\") { possibleTypes { name } } }", json!({})).await;
        let families = families["__type"]["possibleTypes"].as_array().expect("types");
        assert_eq!(families.len(), 9);
        let names = families.iter().map(|one| one["name"].as_str().expect("a name"));
        for name in names.filter(|name| *name != "CardAccount").chain(["Account"]) {
            let query = format!("{{ accounts {{ nodes {{ number ... on {name} {{ workingMode }} }} }} }}");
            let error = app.fault(&query, json!({}), "BAD_REQUEST").await;
            let message = error["message"].as_str().expect("a message");
            assert!(message.contains("workingMode") && message.contains(name), "{name}: {message}");
        }
        app.ok("{ accounts { nodes { number ... on CardAccount { workingMode } } } }", json!({})).await;
    }

    async fn an_account_is_found_by_each_of_its_names(app: TestApp) {
        let owner = app.customer().await;
        let input = json!({
            "product": { "code": "current" }, "owner": { "id": owner }, "number": "12", "externalReference": "core-12",
            "metadata": { "branch": "Malmö" },
        });
        let account = app.open(input).await;
        assert_eq!(account.number, "12");
        let query = "query($by: AccountBy!) { account(by: $by) { id externalReference metadata } }";
        let expected = json!({ "account": { "id": account.id, "externalReference": "core-12", "metadata": { "branch": "Malmö" } } });
        for by in [json!({ "id": account.id }), json!({ "number": "12" }), json!({ "externalReference": "core-12" })] {
            assert_eq!(app.ok(query, json!({ "by": by })).await, expected);
        }
        for by in [
            json!({ "id": owner }),
            json!({ "id": "acc_" }),
            json!({ "number": "core-12" }),
            json!({ "externalReference": "12" }),
        ] {
            assert_eq!(app.ok(query, json!({ "by": by })).await, json!({ "account": null }));
        }
    }

    async fn an_account_needs_a_product_an_owner_and_names_of_its_own(app: TestApp) {
        let owner = app.customer().await;
        let input = |more: Value| {
            let mut input = json!({ "product": { "code": "current" }, "owner": { "id": owner } });
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            input
        };
        app.open(input(json!({ "number": "1", "externalReference": "one" }))).await;
        let before = app.picture().await;
        for (more, code, field) in [
            (json!({ "product": { "code": "no such" } }), "NOT_FOUND", "product"),
            (json!({ "product": { "id": "prd_?" } }), "NOT_FOUND", "product"),
            (json!({ "owner": { "number": "nobody" } }), "NOT_FOUND", "owner"),
            (json!({ "owner": { "id": "cus_?" } }), "NOT_FOUND", "owner"),
            (json!({ "number": "1" }), "DUPLICATE_REFERENCE", "number"),
            (json!({ "externalReference": "one" }), "DUPLICATE_REFERENCE", "externalReference"),
            (json!({ "number": "" }), "INVALID_INPUT", "number"),
            (json!({ "externalReference": " one" }), "INVALID_INPUT", "externalReference"),
            (json!({ "creditLimit": "1" }), "INVALID_INPUT", "creditLimit"),
            (json!({ "creditLimit": "-1" }), "INVALID_INPUT", "creditLimit"),
        ] {
            app.refused("openAccount", input(more), code, field).await;
        }
        assert_eq!(app.picture().await, before);
        app.with_tenant("other").await.refused("openAccount", input(json!({})), "NOT_FOUND", "owner").await;
    }

    async fn a_credit_limit_is_the_products_or_one_of_its_own_up_to_the_maximum(app: TestApp) {
        let product = json!({ "defaultCreditLimit": "100", "maximumCreditLimit": "250" });
        let code = products::create(&app, product).await;
        let owner = app.customer().await;
        let input =
            |limit: Value| json!({ "product": { "code": code }, "owner": { "id": owner }, "creditLimit": limit });
        for (limit, expected) in
            [(Value::Null, "100.00"), (json!("0"), "0.00"), (json!("99.99"), "99.99"), (json!("250"), "250.00")]
        {
            let account = app.open(input(limit)).await;
            assert_eq!(show(&app, &account, "creditLimit { amount }").await["creditLimit"]["amount"], expected);
            assert_eq!(app.amounts(&account).await, ["0.00", "0.00", expected]);
        }
        app.refused("openAccount", input(json!("250.01")), "LIMIT_EXCEEDED", "creditLimit").await;
        app.refused("openAccount", input(json!("1.001")), "INVALID_INPUT", "creditLimit").await;
        app.refused("openAccount", input(json!("-0.01")), "INVALID_INPUT", "creditLimit").await;
        let huge = input(json!("1000000000000000000"));
        let refusal = app.refused("openAccount", huge, "AMOUNT_OUT_OF_RANGE", "creditLimit").await;
        assert_eq!(refusal["facts"], json!({ "limit": euros("1000000000000000.00") }));
    }

    async fn a_credit_limit_is_lowered_here_but_never_raised(app: TestApp) {
        let account = app.account("credit-card").await;
        let change =
            |limit: &str| json!({ "account": account.by(), "creditLimit": limit, "metadata": { "note": limit } });
        let selection = "account { creditLimit { amount } available { amount } metadata }";
        let lowered = app.done("updateAccount", change("800.00"), selection).await;
        assert_eq!(
            lowered["account"],
            json!({
                "creditLimit": { "amount": "800.00" }, "available": { "amount": "800.00" }, "metadata": { "note": "800.00" },
            })
        );
        let before = app.picture().await;
        let refusal =
            app.refused("updateAccount", change("800.01"), "CREDIT_LIMIT_INCREASE_NOT_ALLOWED", "creditLimit").await;
        assert_eq!(refusal["facts"], json!({ "account": account.id, "limit": euros("800.00") }));
        app.refused("updateAccount", change("-0.01"), "AMOUNT_OUT_OF_RANGE", "creditLimit").await;
        app.refused("updateAccount", change("1.001"), "INVALID_INPUT", "creditLimit").await;
        // Nothing else of a refused change is done either.
        assert_eq!(app.picture().await, before);

        // Below what is drawn: nothing more can be drawn, and nothing is due at once.
        let input = json!({ "account": account.by(), "amount": euros("500.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", input.clone(), "replayed").await;
        app.done("updateAccount", change("100.00"), selection).await;
        assert_eq!(app.amounts(&account).await, ["-500.00", "0.00", "0.00"]);
        app.refused("disburse", input, "INSUFFICIENT_FUNDS", "amount").await;
        app.pay_in(&account, "450.00").await;
        assert_eq!(app.amounts(&account).await, ["-50.00", "0.00", "50.00"]);
    }

    async fn references_and_metadata_of_an_account_change(app: TestApp) {
        let account = app.account("current").await;
        let other = app.account("current").await;
        let change = async |more: Value| {
            let mut input = json!({ "account": account.by() });
            for (name, value) in more.as_object().expect("an object") {
                input[name] = value.clone();
            }
            app.done("updateAccount", input, "account { externalReference metadata }").await["account"].take()
        };
        let shown = |reference: Value, metadata: Value| json!({ "externalReference": reference, "metadata": metadata });
        assert_eq!(change(json!({ "externalReference": "a" })).await, shown(json!("a"), json!({})));
        assert_eq!(
            change(json!({ "metadata": { "x": [1, { "y": null }] } })).await,
            shown(json!("a"), json!({ "x": [1, { "y": null }] }))
        );
        assert_eq!(change(json!({})).await, shown(json!("a"), json!({ "x": [1, { "y": null }] })));
        let taken = json!({ "account": other.by(), "externalReference": "a" });
        app.refused("updateAccount", taken.clone(), "DUPLICATE_REFERENCE", "externalReference").await;
        assert_eq!(change(json!({ "externalReference": null, "metadata": {} })).await, shown(Value::Null, json!({})));
        app.done("updateAccount", taken, "replayed").await;
        app.refused("updateAccount", json!({ "account": { "number": "?" } }), "NOT_FOUND", "account").await;
        app.refused(
            "updateAccount",
            json!({ "account": other.by(), "externalReference": "" }),
            "INVALID_INPUT",
            "externalReference",
        )
        .await;
    }

    async fn accounts_are_listed_by_what_they_are(app: TestApp) {
        let (ada, grace) = (app.customer().await, app.customer().await);
        let card = app.account_of(&ada, "credit-card").await;
        let current = app.account_of(&ada, "current").await;
        let prepaid = app.account_of(&grace, "prepaid-card").await;
        let closed = app.account_of(&grace, "current").await;
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "X" }), "replayed").await;
        let product = app.ok("{ product(by: { code: \"current\" }) { id } }", json!({})).await["product"]["id"].take();
        for (filter, expected) in [
            (Value::Null, vec![&card, &current, &prepaid, &closed]),
            (json!({ "owner": ada }), vec![&card, &current]),
            (json!({ "product": product }), vec![&current, &closed]),
            (json!({ "family": "CARD" }), vec![&card, &prepaid]),
            (json!({ "family": "CARD", "owner": grace }), vec![&prepaid]),
            (json!({ "status": "OPEN" }), vec![&card, &current, &prepaid]),
            (json!({ "status": "CLOSED" }), vec![&closed]),
            (json!({ "status": "PENDING_CLOSE" }), vec![]),
            (json!({ "status": "CLOSED", "owner": grace, "product": product }), vec![&closed]),
            (json!({ "number": prepaid.number }), vec![&prepaid]),
            (json!({ "number": prepaid.number, "owner": ada }), vec![]),
            (json!({ "owner": "nobody" }), vec![]),
            (json!({ "product": ada }), vec![]),
        ] {
            let expected: Vec<&str> = expected.iter().map(|account| account.number.as_str()).collect();
            assert_eq!(numbers(&app, filter.clone()).await, expected, "{filter}");
        }
        let query = "query($by: CustomerBy!, $filter: AccountFilter) { customer(by: $by) { accounts(filter: $filter) { nodes { id } } } }";
        let data = app.ok(query, json!({ "by": { "id": ada }, "filter": { "family": "CARD" } })).await;
        assert_eq!(data["customer"]["accounts"]["nodes"], json!([{ "id": card.id }]));
        let data = app.ok(query, json!({ "by": { "id": ada }, "filter": { "owner": grace } })).await;
        assert_eq!(data["customer"]["accounts"]["nodes"], json!([]));

        let query = "query($after: String) { accounts(first: 3, after: $after) { nodes { number } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
        let first = app.ok(query, json!({})).await["accounts"].take();
        assert_eq!(first["nodes"].as_array().expect("nodes").len(), 3);
        assert_eq!(
            (&first["pageInfo"]["hasPreviousPage"], &first["pageInfo"]["hasNextPage"]),
            (&json!(false), &json!(true))
        );
        let second = app.ok(query, json!({ "after": first["pageInfo"]["endCursor"] })).await["accounts"].take();
        assert_eq!(second["nodes"], json!([{ "number": closed.number }]));
        assert_eq!(
            (&second["pageInfo"]["hasPreviousPage"], &second["pageInfo"]["hasNextPage"]),
            (&json!(true), &json!(false))
        );
    }

    async fn an_account_says_what_can_be_done_with_it_and_why_not(app: TestApp) {
        let account = app.account("current-overdraft").await;
        let all =
            "TRANSFER DISBURSE POST_PAYMENT PLACE_HOLD UPDATE_ACCOUNT LOWER_CREDIT_LIMIT REQUEST_ACCOUNT_CLOSURE CLOSE_ACCOUNT APPLY_FOR_RAISED_LIMIT";
        assert_eq!(actions(&app, &account).await, (all.to_owned(), vec![]));

        let hold = app.hold(&account, "500.00").await;
        let (allowed, others) = actions(&app, &account).await;
        assert_eq!(allowed, "POST_PAYMENT UPDATE_ACCOUNT LOWER_CREDIT_LIMIT REQUEST_ACCOUNT_CLOSURE APPLY_FOR_RAISED_LIMIT");
        assert_eq!(
            others,
            [
                "TRANSFER: the available funds do not cover the amount",
                "DISBURSE: the available funds do not cover the amount",
                "PLACE_HOLD: the available funds do not cover the amount",
                "CLOSE_ACCOUNT: the account still has open holds",
            ]
        );
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;

        app.pay_in(&account, "20.00").await;
        app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
        let (allowed, others) = actions(&app, &account).await;
        assert_eq!(allowed, "TRANSFER DISBURSE POST_PAYMENT UPDATE_ACCOUNT CLOSE_ACCOUNT");
        assert_eq!(others.len(), 4);
        let close = json!({ "account": account.by(), "closureCode": "X", "transactions": [{ "target": { "writeOff": { "reason": "r" } } }] });
        app.done("closeAccount", close, "replayed").await;
        assert_eq!(actions(&app, &account).await.0, "UPDATE_ACCOUNT");

        let without = app.account("savings").await;
        let (allowed, others) = actions(&app, &without).await;
        assert_eq!(allowed, "POST_PAYMENT UPDATE_ACCOUNT REQUEST_ACCOUNT_CLOSURE CLOSE_ACCOUNT");
        assert!(
            others.contains(&"LOWER_CREDIT_LIMIT: the account has no credit limit to lower".to_owned()),
            "{others:?}"
        );
    }

    async fn the_history_of_an_account_lists_what_happened_to_it(app: TestApp) {
        let account = app.account("credit-card").await;
        let other = app.account("credit-card").await;
        app.hold(&other, "1.00").await;
        let hold = app.hold(&account, "10.00").await;
        app.advance(std::time::Duration::from_secs(24 * 3_600));
        app.done("captureHold", json!({ "hold": hold, "amount": euros("4.00") }), "replayed").await;
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        app.done("updateAccount", json!({ "account": account.by(), "creditLimit": "100" }), "replayed").await;
        app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
        app.pay_in(&account, "4.00").await;

        let query = "query($by: AccountBy!, $filter: HistoryFilter, $first: Int, $after: String) {
            account(by: $by) { history(filter: $filter, first: $first, after: $after) {
                nodes { sequence operation at events { type payload } entries { kind } } pageInfo { hasNextPage endCursor } } } }";
        let history = async |more: Value| {
            let mut variables = json!({ "by": account.by() });
            for (name, value) in more.as_object().expect("an object") {
                variables[name] = value.clone();
            }
            app.ok(query, variables).await["account"]["history"].take()
        };
        let operations = |history: &Value| -> Vec<String> {
            let nodes = history["nodes"].as_array().expect("nodes");
            nodes.iter().map(|node| node["operation"].as_str().expect("an operation").to_owned()).collect()
        };
        let all = history(json!({})).await;
        assert_eq!(
            operations(&all),
            [
                "postPayment",
                "requestAccountClosure",
                "updateAccount",
                "releaseHold",
                "captureHold",
                "placeHold",
                "openAccount"
            ]
        );
        let events = told(&all);
        let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(
            types,
            [
                "ACCOUNT_OPENED",
                "HOLD_PLACED",
                "HOLD_CAPTURED",
                "HOLD_RELEASED",
                "ACCOUNT_CREDIT_LIMIT_LOWERED",
                "ACCOUNT_UPDATED",
                "ACCOUNT_CLOSURE_REQUESTED",
                "ACCOUNT_CLOSED",
            ]
        );
        assert_eq!(
            events[1]["payload"],
            json!({ "hold": hold, "amount": "10.00", "currency": "EUR", "status": "OPEN" })
        );
        assert_eq!(events[2]["payload"]["amount"], "4.00");
        assert_eq!(events[4]["payload"], json!({ "creditLimit": "100.00" }));
        let nodes = all["nodes"].as_array().expect("nodes");
        assert_eq!(nodes[6]["at"], "2026-04-15T09:30:00.000000Z");
        assert_eq!(nodes[4]["entries"], json!([{ "kind": "PURCHASE" }]));
        assert_eq!((&nodes[0]["entries"], &nodes[5]["entries"]), (&json!([{ "kind": "PAYMENT" }]), &json!([])));
        let sequences: Vec<i64> =
            nodes.iter().map(|node| node["sequence"].as_str().expect("a number").parse().expect("a number")).collect();
        assert!(sequences.is_sorted_by(|a, b| a > b));

        assert_eq!(
            operations(&history(json!({ "filter": { "operations": ["placeHold", "postPayment"] } })).await),
            ["postPayment", "placeHold"]
        );
        assert_eq!(
            operations(&history(json!({ "filter": { "until": "2026-04-16T00:00:00Z" } })).await),
            ["placeHold", "openAccount"]
        );
        assert_eq!(operations(&history(json!({ "filter": { "from": "2026-04-16T00:00:00Z" } })).await).len(), 5);
        let first = history(json!({ "first": 3 })).await;
        let rest = history(json!({ "first": 100, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(
            (&first["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasNextPage"]),
            (&json!(true), &json!(false))
        );
        assert_eq!([operations(&first), operations(&rest)].concat(), operations(&all));
    }

    async fn a_repeated_request_gives_the_first_account_again(app: TestApp) {
        let owner = app.customer().await;
        let key = fresh_key();
        let input = json!({ "idempotencyKey": key, "product": { "code": "current" }, "owner": { "id": owner } });
        let selection = "account { id number } replayed";
        let first = app.done("openAccount", input.clone(), selection).await;
        let before = app.picture().await;
        let again = app.done("openAccount", input, selection).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["account"]),
            (&json!(false), &json!(true), &again["account"])
        );
        let reused = json!({ "idempotencyKey": key, "product": { "code": "savings" }, "owner": { "id": owner } });
        app.refused("openAccount", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        assert_eq!(app.picture().await, before);

        let by = json!({ "id": first["account"]["id"] });
        let input = json!({ "idempotencyKey": fresh_key(), "account": by, "externalReference": "a" });
        assert_eq!(app.done("updateAccount", input.clone(), selection).await["replayed"], false);
        app.done("updateAccount", json!({ "account": by, "externalReference": "b" }), selection).await;
        // A replay changes nothing back.
        assert_eq!(
            app.done("updateAccount", input, "account { externalReference } replayed").await,
            json!({
                "__typename": "UpdateAccountSuccess", "account": { "externalReference": "b" }, "replayed": true,
            })
        );
    }
}
