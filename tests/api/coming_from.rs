//! What the guides in `docs/coming-from/` promise per family, where no other test goes through the families.

use serde_json::json;

use crate::app::euros;

/// The families that pay out and transfer in the systems that teams come from, by a product of each.
const FAMILIES: [(&str, &str); 4] = [
    ("current", "DepositAccount"),
    ("investment", "InvestmentAccount"),
    ("revolving", "RevolvingCreditAccount"),
    ("virtual", "VirtualAccount"),
];

on_both_databases! {
    async fn each_family_pays_out_to_a_bank_account(app: TestApp) {
        for (product, type_name) in FAMILIES {
            let account = app.account(product).await;
            app.pay_in(&account, "100.00").await;
            let input = json!({
                "account": account.by(), "amount": euros("40.00"), "iban": "SE3550000000054910000003",
                "reference": "R-1", "messageToReceiver": "to you", "ownMessage": "to me",
            });
            let done = app.done("disburse", input, "account { __typename balance { amount } }").await;
            assert_eq!(done["account"], json!({ "__typename": type_name, "balance": { "amount": "60.00" } }));
        }
    }

    async fn each_family_transfers_to_another_account(app: TestApp) {
        let to = app.account("current").await;
        for (product, type_name) in FAMILIES {
            let from = app.account(product).await;
            app.pay_in(&from, "100.00").await;
            let input = json!({
                "from": from.by(), "to": to.by(), "amount": euros("25.00"), "reference": "R-2",
                "messageToSender": "sent", "messageToReceiver": "received",
            });
            let done = app.done("transfer", input, "from { __typename balance { amount } }").await;
            assert_eq!(done["from"], json!({ "__typename": type_name, "balance": { "amount": "75.00" } }));
        }
        assert_eq!(app.balance(&to).await, "100.00");
    }

    async fn each_family_is_opened_and_changed_for_a_creditor(app: TestApp) {
        let creditor = app.done("createParty", json!({ "name": "Creditor", "externalReference": "CR-1" }), "party { id }").await;
        let other = app.done("createParty", json!({ "name": "Other", "number": "P-2" }), "party { id }").await;
        let owner = app.customer().await;
        for (product, type_name) in FAMILIES.into_iter().chain([("leasing", "LeasingAccount")]) {
            let input = json!({
                "product": { "code": product }, "owner": { "id": owner }, "creditor": { "externalReference": "CR-1" },
            });
            let shown = "account { __typename id record creditor { id } ledgerAccounts { id component } }";
            let account = app.done("openAccount", input, shown).await["account"].take();
            assert_eq!((&account["__typename"], &account["creditor"]), (&json!(type_name), &creditor["party"]));
            assert_eq!(account["ledgerAccounts"].as_array().map(Vec::len), Some(3));
            let record = "query($id: ID!) { node(id: $id) { ... on AuditRecord { operation outcome target } } }";
            let found = app.ok(record, json!({ "id": account["record"] })).await["node"].take();
            assert_eq!(found, json!({ "operation": "openAccount", "outcome": "DONE", "target": account["id"] }));

            let by = json!({ "id": account["id"] });
            for (input, expected) in [
                (json!({ "externalReference": format!("own-{product}") }), &creditor["party"]),
                (json!({ "creditor": { "number": "P-2" } }), &other["party"]),
                (json!({ "creditor": null }), &json!(null)),
            ] {
                let mut input = input;
                input["account"] = by.clone();
                let shown = "account { creditor { id } history { nodes { events { type } record sequence } } }";
                let changed = app.done("updateAccount", input, shown).await["account"].take();
                assert_eq!(&changed["creditor"], expected);
                let last = changed["history"]["nodes"].as_array().and_then(|nodes| nodes.first()).expect("history").clone();
                assert_eq!(last["events"][0]["type"], "ACCOUNT_UPDATED");
                let found = app.ok(record, json!({ "id": last["record"] })).await["node"].take();
                assert_eq!(found["operation"], "updateAccount");
            }
            let input = json!({ "account": by, "creditor": { "number": "nobody" } });
            app.refused("updateAccount", input, "NOT_FOUND", "creditor").await;
        }
        let input = json!({ "product": { "code": "current" }, "owner": { "id": owner }, "creditor": { "number": "nobody" } });
        app.refused("openAccount", input, "NOT_FOUND", "creditor").await;
    }

    async fn the_service_says_that_it_is_there(app: TestApp) {
        for path in ["/health/live", "/health/ready"] {
            let answer = app.http().get(app.url(path)).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{path}");
        }
        let data = app.ok("{ viewer { client } }", json!({})).await;
        assert!(data["viewer"]["client"].is_string());
    }

    async fn a_token_is_taken_with_and_without_its_scheme(app: TestApp) {
        let token = app.token().await.expect("a token");
        for (credentials, status) in [
            (token.clone(), 200),
            (format!("Bearer {token}"), 200),
            (format!("bearer  {token} "), 200),
            (format!("Basic {token}"), 401),
            (format!("{token}x"), 401),
            ("Bearer".to_owned(), 401),
        ] {
            let request = app.http().post(app.url("/graphql")).header("authorization", &credentials);
            let request = request.header("accept", "application/graphql-response+json");
            let answer = request.json(&json!({ "query": "{ viewer { client } }" })).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{credentials}");
        }
    }

    async fn whoever_asks_too_fast_is_told_when_to_come_again(app: TestApp) {
        app.restart_with(|settings| (settings.http.rate.per_second, settings.http.rate.burst) = (4, 4)).await;
        let query = "{ viewer { client scopes } }";
        let refused = loop {
            let answer = app.graphql(query, json!({})).await;
            if answer.status == 429 {
                break answer;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        let wait = refused.headers["retry-after"].to_str().unwrap().parse::<u64>().expect("whole seconds");
        assert!((1..=2).contains(&wait), "{wait}");
        let error = refused.fault("RATE_LIMITED");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert_eq!(error["extensions"]["retry"], "SAFE");
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
        app.ok(query, json!({})).await;
    }

    async fn what_is_offered_counts_the_rights_of_the_token(app: TestApp) {
        let account = app.funded("10.00").await;
        let input = |action: &str| {
            let by = account.by();
            match action {
                "TRANSFER" => ("transfer", json!({ "from": by, "to": by, "amount": euros("1.00") })),
                "DISBURSE" => ("disburse", json!({ "account": by, "amount": euros("1.00") })),
                "POST_PAYMENT" => ("postPayment", json!({ "account": by, "amount": euros("-1.00"), "channel": "CASH" })),
                "PLACE_HOLD" => ("placeHold", json!({ "account": by, "amount": euros("-1.00") })),
                "UPDATE_ACCOUNT" | "LOWER_CREDIT_LIMIT" => ("updateAccount", json!({ "account": by, "creditLimit": "-1" })),
                "REQUEST_ACCOUNT_CLOSURE" => ("requestAccountClosure", json!({})),
                "APPLY_FOR_RAISED_LIMIT" => ("applyForRaisedCreditLimit", json!({ "account": by, "creditLimit": "-1" })),
                _ => ("closeAccount", json!({ "account": by })),
            }
        };
        let offered = "query($by: AccountBy!) { account(by: $by) { actions { action allowed reason } } }";
        let bound = app.bound_to(&account.owner);
        for (asking, scopes) in
            [(&app, "read"), (&app, "read money"), (&app, "read admin"), (&app, "read money admin"), (&bound, "read money admin")]
        {
            let asking = asking.with_scopes(scopes);
            let actions = asking.ok(offered, json!({ "by": account.by() })).await["account"]["actions"].take();
            for action in actions.as_array().expect("actions") {
                let name = action["action"].as_str().expect("a name");
                let (mutation, input) = input(name);
                let answer = asking.mutate(mutation, input, "replayed").await;
                let code = &answer.body["errors"][0]["extensions"]["code"];
                let reason = action["reason"].as_str().unwrap_or_default();
                assert_eq!(code == "FORBIDDEN", reason.contains("token"), "{scopes} {name}: {action} {answer:?}");
                assert_eq!(action["allowed"] == true, reason.is_empty(), "{action}");
            }
        }
    }

    async fn numbers_of_actions_stand_for_what_the_tenant_says(app: TestApp) {
        let account = app.funded("10.00").await;
        app.done("updateAccount", json!({ "account": account.by(), "metadata": { "a": 1 } }), "replayed").await;
        let codes = json!({
            "types": [
                { "code": 3, "name": "Account opened", "operations": ["openAccount"] },
                { "code": 0, "name": "Account kept", "operations": ["updateAccount", "openAccount"] },
            ],
            "groups": [{ "code": 60, "name": "Money", "operations": ["postPayment", "transfer"] }],
        });
        let selection = "historyCodes { types { code name operations } groups { code name operations } }";
        let set = app.done("setHistoryCodes", codes.clone(), selection).await["historyCodes"].take();
        assert_eq!(set["types"][0], json!({ "code": 0, "name": "Account kept", "operations": ["openAccount", "updateAccount"] }));
        assert_eq!(app.ok(&format!("{{ {selection} }}"), json!({})).await["historyCodes"], set);
        let query = "query($by: AccountBy!, $filter: HistoryFilter) { account(by: $by) { history(filter: $filter) { nodes { operation } } } }";
        for (filter, expected) in [
            (json!({}), vec!["updateAccount", "postPayment", "openAccount"]),
            (json!({ "actionType": 3 }), vec!["openAccount"]),
            (json!({ "actionType": 0 }), vec!["updateAccount", "openAccount"]),
            (json!({ "actionGroup": 60 }), vec!["postPayment"]),
            (json!({ "actionType": 0, "operations": ["updateAccount", "postPayment"] }), vec!["updateAccount"]),
            (json!({ "actionType": 3, "actionGroup": 60 }), vec![]),
            (json!({ "actionType": 3, "until": "2026-04-15T00:00:00Z" }), vec![]),
        ] {
            let found = app.ok(query, json!({ "by": account.by(), "filter": filter })).await;
            let nodes = found["account"]["history"]["nodes"].as_array().unwrap().clone();
            let operations: Vec<&str> = nodes.iter().map(|node| node["operation"].as_str().unwrap()).collect();
            assert_eq!(operations, expected, "{filter}");
        }
        for filter in [json!({ "actionType": 60 }), json!({ "actionGroup": 3 }), json!({ "actionType": -1 })] {
            app.fault(query, json!({ "by": account.by(), "filter": filter }), "BAD_REQUEST").await;
        }
        let number = |code: i32, operations: &[&str]| json!({ "code": code, "name": "A", "operations": operations });
        for (codes, path) in [
            (json!({ "types": [number(1, &["a"]), number(1, &["b"])] }), "types.1.code"),
            (json!({ "groups": [number(-1, &["a"])] }), "groups.0.code"),
            (json!({ "groups": [number(1, &[])] }), "groups.0.operations"),
        ] {
            app.refused("setHistoryCodes", codes, "INVALID_INPUT", path).await;
        }
        assert_eq!(app.ok(&format!("{{ {selection} }}"), json!({})).await["historyCodes"], set);
    }
}
