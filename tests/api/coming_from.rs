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
}
