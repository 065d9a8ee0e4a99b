//! A contract in force: what it pays out, what falls due, what is paid outside of its plan, and its end.

use serde_json::{Value, json};

use super::{contract_input, create, create_model};
use crate::accounts::components;
use crate::app::{Account, TestApp, euros};

const SHOWN: &str = "contract { state termsLeft nextDueDate endedOn settledBy total { amount } totalInterest { amount } \
    principalPosted { amount } interestPosted { amount } feePosted { amount } owed { amount } \
    account { status balance { amount } } schedule { number status total { amount } postedOn entries { kind description } } }";

/// Moves a sandbox's clock to noon of a day; the days before it are done then.
async fn noon(app: &TestApp, day: &str) {
    loop {
        let done = app.done("advanceClock", json!({ "to": format!("{day}T12:00:00Z") }), "arrived").await;
        if done["arrived"] == true {
            return;
        }
    }
}

async fn shown(app: &TestApp, id: &Value) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on InstalmentContract {{ {} }} }} }}", inner());
    app.ok(&query, json!({ "id": id })).await["node"].take()
}

fn inner() -> &'static str {
    SHOWN.strip_prefix("contract {").and_then(|text| text.strip_suffix('}')).expect("a selection")
}

async fn activate(app: &TestApp, id: &Value) {
    app.done("activateInstalmentContract", json!({ "contract": { "id": id } }), "replayed").await;
}

/// What stands on one of the tenant's own ledger accounts.
async fn books(app: &TestApp, role: &str) -> Value {
    let rows = app.ok("{ ledgerAccounts { role balance { amount } } }", json!({})).await["ledgerAccounts"].take();
    let found = rows.as_array().expect("rows").iter().find(|row| row["role"] == role).cloned();
    found.map_or(Value::Null, |row| row["balance"]["amount"].clone())
}

/// A card that has spent 1,200 euros.
async fn spent(app: &TestApp) -> Account {
    let card = app.account("credit-card").await;
    let shop = app.account("current").await;
    app.transfer(&card, &shop, "1200.00").await;
    card
}

on_both_databases! {
    async fn a_contract_runs_from_simulation_to_its_last_payment(app: TestApp) {
        let app = app.with_sandbox("box").await;
        create_model(&app, "CARD", json!({})).await;
        let card = spent(&app).await;
        let plans = "{ simulateInstalments(input: { by: { type: \"TRANSACTION\" }, credit: { amount: \"1200.00\", currency: \"EUR\" }, terms: 3 }) { total { amount } } }";
        assert_eq!(app.ok(plans, json!({})).await["simulateInstalments"], json!([{ "total": { "amount": "1234.08" } }]));
        let id = create(&app, &card, &json!({})).await;
        activate(&app, &id).await;
        // What was bought is paid, and owed by the contract's account.
        let found = shown(&app, &id).await;
        assert_eq!(app.balance(&card).await, "0.00");
        assert_eq!(found["account"], json!({ "status": "OPEN", "balance": { "amount": "-1200.00" } }));
        assert_eq!((&found["owed"]["amount"], &found["nextDueDate"]), (&json!("1200.00"), &json!("2026-05-16")));
        noon(&app, "2026-05-16").await;
        assert_eq!(shown(&app, &id).await["termsLeft"], 3);
        noon(&app, "2026-05-18").await;
        let found = shown(&app, &id).await;
        assert_eq!((&found["termsLeft"], &found["nextDueDate"], &found["owed"]["amount"]), (&json!(2), &json!("2026-06-16"), &json!("803.97")));
        assert_eq!(found["schedule"][0], json!({
            "number": 1, "status": "POSTED", "total": { "amount": "418.03" }, "postedOn": "2026-05-16",
            "entries": [
                { "kind": "INSTALMENT", "description": "Instalment 1 of 3" },
                { "kind": "INSTALMENT", "description": "Instalment 1 of 3" },
                { "kind": "INSTALMENT", "description": "Instalment 1 of 3" },
            ],
        }));
        assert_eq!(components(&app, &card).await, ["-396.03", "-12.00", "-10.00"]);
        assert_eq!(found["account"]["balance"]["amount"], "-803.97");
        // What a contract has booked, it alone takes back; its account is its own.
        let entries = "query($id: ID!) { node(id: $id) { ... on InstalmentContract { account { id } payout { id } schedule { entries { id } } } } }";
        let booked = app.ok(entries, json!({ "id": id })).await["node"].take();
        for entry in [&booked["payout"]["id"], &booked["schedule"][0]["entries"][1]["id"]] {
            app.refused("reverseEntry", json!({ "entry": entry, "reason": "X" }), "INVALID_STATE", "entry").await;
        }
        let own = json!({ "id": booked["account"]["id"] });
        let payment = json!({ "account": own, "amount": euros("1.00"), "channel": "CASH" });
        app.refused("postPayment", payment, "ACCOUNT_OF_CONTRACT", "account").await;
        let adjustment = json!({ "account": own, "amount": euros("1.00"), "reason": "X" });
        app.refused("postAdjustment", adjustment, "ACCOUNT_OF_CONTRACT", "account").await;
        app.refused("closeAccount", json!({ "account": own, "closureCode": "X" }), "CONTRACTS_REMAIN", "account").await;
        // An extra payment: fewer instalments are left, and the interest is that of the days.
        let extra = |amount: &str| json!({ "contract": { "id": id }, "amount": euros(amount), "settledBy": "PAYING_ACCOUNT" });
        let refusal = app.refused("repayInstalmentContractEarly", extra("803.98"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"]["remaining"]["amount"], "803.97");
        app.refused("repayInstalmentContractEarly", extra("0.00"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        let done = app.done("repayInstalmentContractEarly", extra("500.00"), SHOWN).await["contract"].take();
        assert_eq!((&done["termsLeft"], &done["owed"]["amount"]), (&json!(1), &json!("303.97")));
        // Two of 31 days on what was owed before: (804 * 2 + 303.97 * 29) / 31.
        assert_eq!(done["schedule"][1]["total"]["amount"], "307.33");
        assert_eq!(done["schedule"][2]["status"], "CANCELLED");
        assert_eq!(done["totalInterest"]["amount"], "15.36");
        let close = json!({ "account": card.by(), "closureCode": "X" });
        app.refused("closeAccount", close, "CONTRACTS_REMAIN", "account").await;
        noon(&app, "2026-06-17").await;
        let found = shown(&app, &id).await;
        assert_eq!((&found["state"], &found["endedOn"], &found["termsLeft"]), (&json!("CLOSED"), &json!("2026-06-16"), &json!(0)));
        assert_eq!(found["account"], json!({ "status": "CLOSED", "balance": { "amount": "0.00" } }));
        assert_eq!(
            (&found["principalPosted"]["amount"], &found["interestPosted"]["amount"], &found["feePosted"]["amount"]),
            (&json!("1200.00"), &json!("15.36"), &json!("10.00")),
        );
        assert_eq!(app.balance(&card).await, "-1225.36");
        noon(&app, "2026-08-17").await;
        assert_eq!(app.balance(&card).await, "-1225.36");
        app.refused("repayInstalmentContractEarly", extra("1.00"), "INVALID_STATE", "contract").await;
        let history = "query($id: ID!) { history(of: $id) { nodes { operation events { type } } } }";
        let history = app.ok(history, json!({ "id": id })).await["history"].take();
        let told: Vec<Value> = crate::app::told(&history).into_iter().map(|mut event| event["type"].take()).collect();
        assert_eq!(told, [
            "INSTALMENT_CONTRACT_CREATED", "INSTALMENT_CONTRACT_ACTIVATED", "INSTALMENT_POSTED",
            "INSTALMENT_CONTRACT_REPAID_EARLY", "INSTALMENT_POSTED", "INSTALMENT_CONTRACT_CLOSED",
        ]);
    }

    async fn a_prepaid_account_that_lacks_it_is_tried_again(app: TestApp) {
        let app = app.with_sandbox("box").await;
        create_model(&app, "PREPAID", json!({ "cardProduct": null, "posting": "PRINCIPAL_INTEREST_FEE" })).await;
        let card = app.account("prepaid-card").await;
        let shop = app.account("current").await;
        let id = create(&app, &card, &json!({ "model": { "reference": "PREPAID" } })).await;
        activate(&app, &id).await;
        app.transfer(&card, &shop, "1000.00").await;
        noon(&app, "2026-05-18").await;
        let found = shown(&app, &id).await;
        assert_eq!((&found["schedule"][0]["status"], &found["termsLeft"]), (&json!("OVERDUE"), &json!(3)));
        assert_eq!(app.balance(&card).await, "200.00");
        let extra = json!({ "contract": { "id": id }, "amount": euros("1.00"), "settledBy": "PAYING_ACCOUNT" });
        app.refused("repayInstalmentContractEarly", extra, "INSTALMENTS_OVERDUE", "contract").await;
        let end = json!({ "contract": { "id": id }, "settledBy": "PAYING_ACCOUNT" });
        app.refused("terminateInstalmentContract", end, "INSUFFICIENT_FUNDS", "contract").await;
        noon(&app, "2026-06-18").await;
        assert_eq!(shown(&app, &id).await["schedule"][1]["status"], "PLANNED");
        app.pay_in(&card, "700.00").await;
        noon(&app, "2026-06-19").await;
        let found = shown(&app, &id).await;
        let [first, second, third] = [0, 1, 2].map(|place| found["schedule"][place].clone());
        // Both that were due, in their order, and in one operation each.
        assert_eq!((&first["status"], &first["postedOn"]), (&json!("POSTED"), &json!("2026-06-18")));
        assert_eq!((&second["status"], &third["status"]), (&json!("POSTED"), &json!("PLANNED")));
        assert_eq!(first["entries"].as_array().map(Vec::len), Some(1));
        assert_eq!(app.balance(&card).await, "73.94");
    }

    async fn an_instalment_is_posted_as_its_model_says(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let mut contracts = Vec::new();
        for (posting, operations, parts) in [
            ("PRINCIPAL_INTEREST_FEE", 1, ["-418.03", "0.00", "0.00"]),
            ("PRINCIPAL_INTEREST", 2, ["-408.03", "0.00", "-10.00"]),
            ("SEPARATE", 3, ["-396.03", "-12.00", "-10.00"]),
        ] {
            create_model(&app, posting, json!({ "posting": posting })).await;
            let card = spent(&app).await;
            let id = create(&app, &card, &json!({ "model": { "reference": posting } })).await;
            activate(&app, &id).await;
            contracts.push((id, card, operations, parts));
        }
        noon(&app, "2026-05-17").await;
        for (id, card, operations, parts) in contracts {
            assert_eq!(shown(&app, &id).await["schedule"][0]["entries"].as_array().map(Vec::len), Some(operations));
            assert_eq!(components(&app, &card).await, parts);
        }
        assert_eq!((books(&app, "INTEREST_INCOME").await, books(&app, "FEE_INCOME").await), (json!("36.00"), json!("30.00")));
    }

    async fn a_contract_is_ended_by_who_bears_it(app: TestApp) {
        let app = app.with_sandbox("box").await;
        create_model(&app, "CARD", json!({})).await;
        let (one, other) = (spent(&app).await, spent(&app).await);
        let (ours, theirs) = (create(&app, &one, &json!({})).await, create(&app, &other, &json!({})).await);
        activate(&app, &ours).await;
        activate(&app, &theirs).await;
        noon(&app, "2026-05-26").await;
        let end = |id: &Value, by: &str| json!({ "contract": { "id": id }, "settledBy": by });
        let done = app.done("terminateInstalmentContract", end(&ours, "ISSUER"), SHOWN).await["contract"].take();
        assert_eq!((&done["state"], &done["settledBy"], &done["endedOn"]), (&json!("TERMINATED"), &json!("ISSUER"), &json!("2026-05-26")));
        assert_eq!(done["account"], json!({ "status": "CLOSED", "balance": { "amount": "0.00" } }));
        assert_eq!(app.balance(&one).await, "-418.03");
        assert_eq!(books(&app, "WRITE_OFF").await, "-803.97");
        // Ten of 31 days of 8.04.
        let done = app.done("terminateInstalmentContract", end(&theirs, "PAYING_ACCOUNT"), SHOWN).await["contract"].take();
        assert_eq!((&done["state"], &done["total"]["amount"]), (&json!("TERMINATED"), &json!("1224.59")));
        assert_eq!(done["schedule"][1]["status"], "CANCELLED");
        assert_eq!(app.balance(&other).await, "-1224.59");
        for id in [&ours, &theirs] {
            let refusal = app.refused("terminateInstalmentContract", end(id, "ISSUER"), "INVALID_STATE", "contract").await;
            assert_eq!(refusal["facts"]["status"], "TERMINATED");
        }
        noon(&app, "2026-07-01").await;
        assert_eq!((app.balance(&one).await, app.balance(&other).await), ("-418.03".into(), "-1224.59".into()));
    }

    async fn all_contracts_of_a_paying_account_end_together(app: TestApp) {
        create_model(&app, "CARD", json!({})).await;
        let card = app.account("credit-card").await;
        let savings = app.account_of(&card.owner, "savings").await;
        let apart = json!({ "receivingAccount": savings.by(), "credit": euros("500.00") });
        let ids = [create(&app, &card, &apart).await, create(&app, &card, &apart).await];
        for id in &ids {
            activate(&app, id).await;
        }
        // By another account, and not in force: they stay.
        let waiting = create(&app, &card, &apart).await;
        let elsewhere = app.account("credit-card").await;
        let other = create(&app, &elsewhere, &json!({})).await;
        activate(&app, &other).await;
        assert_eq!(app.balance(&savings).await, "1000.00");
        let close = json!({ "account": card.by(), "closureCode": "X" });
        app.refused("closeAccount", close.clone(), "CONTRACTS_REMAIN", "account").await;
        app.done("requestAccountClosure", json!({ "account": card.by() }), "account { status }").await;
        let input = json!({ "idempotencyKey": "end", "payingAccount": card.by(), "settledBy": "ISSUER" });
        let selection = "contracts { id state settledBy } replayed";
        let done = app.done("terminateInstalmentContracts", input.clone(), selection).await;
        let ended = |id: &Value| json!({ "id": id, "state": "TERMINATED", "settledBy": "ISSUER" });
        assert_eq!((&done["contracts"], &done["replayed"]), (&json!([ended(&ids[0]), ended(&ids[1])]), &json!(false)));
        let again = app.done("terminateInstalmentContracts", input, selection).await;
        assert_eq!((&again["contracts"], &again["replayed"]), (&done["contracts"], &json!(true)));
        let state = async |id: &Value| shown(&app, id).await["state"].take();
        assert_eq!((state(&waiting).await, state(&other).await), (json!("CREATED"), json!("ACTIVE")));
        // It had waited for nothing else.
        let status = "query($by: AccountBy!) { account(by: $by) { status } }";
        assert_eq!(app.ok(status, json!({ "by": card.by() })).await["account"]["status"], "CLOSED");
        app.refused("activateInstalmentContract", json!({ "contract": { "id": waiting } }), "ACCOUNT_NOT_OPEN", "contract").await;
        let none = json!({ "payingAccount": savings.by(), "settledBy": "PAYING_ACCOUNT" });
        assert_eq!(app.done("terminateInstalmentContracts", none, selection).await["contracts"], json!([]));
    }

    async fn all_of_what_is_owed_ends_it_and_a_late_activation_is_refused(app: TestApp) {
        create_model(&app, "CARD", json!({})).await;
        let card = spent(&app).await;
        let id = create(&app, &card, &json!({})).await;
        activate(&app, &id).await;
        let all = json!({ "contract": { "id": id }, "amount": euros("1200.00"), "settledBy": "PAYING_ACCOUNT" });
        let done = app.done("repayInstalmentContractEarly", all, SHOWN).await["contract"].take();
        assert_eq!((&done["state"], &done["total"]["amount"]), (&json!("CLOSED"), &json!("1210.00")));
        assert_eq!(app.balance(&card).await, "-1210.00");
        // Beyond what is available nobody can want to pay.
        let poor = app.account("credit-card").await;
        let shop = app.account("current").await;
        let id = create(&app, &poor, &json!({})).await;
        activate(&app, &id).await;
        app.transfer(&poor, &shop, "4200.00").await;
        let extra = json!({ "contract": { "id": id }, "amount": euros("1.00"), "settledBy": "PAYING_ACCOUNT" });
        app.refused("repayInstalmentContractEarly", extra, "INSUFFICIENT_FUNDS", "amount").await;
        let late = create(&app, &poor, &json!({ "firstDueDate": "2026-04-16" })).await;
        let input = contract_input(&poor, &json!({ "firstDueDate": "2026-04-14" }));
        app.refused("createInstalmentContract", input, "INVALID_INPUT", "firstDueDate").await;
        app.advance(std::time::Duration::from_secs(3 * 86_400));
        app.refused("activateInstalmentContract", json!({ "contract": { "id": late } }), "INVALID_STATE", "contract").await;
    }
}
