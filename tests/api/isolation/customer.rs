//! A token that is bound to a customer sees and moves only what is that customer's.

use std::time::Duration;

use serde_json::{Value, json};

use super::{EVERYTHING, unknown};
use crate::app::{Account, TestApp, euros};

/// Two customers, an entry that both have a part in, and one that only the other has.
struct Neighbours {
    mine: Account,
    savings: Account,
    other: Account,
    others_savings: Account,
    shared: String,
    others: Vec<String>,
    my_hold: String,
}

async fn neighbours(app: &TestApp) -> Neighbours {
    let mine = app.funded("100.00").await;
    let savings = app.account_of(&mine.owner, "savings").await;
    let other = app.funded("100.00").await;
    let others_savings = app.account_of(&other.owner, "savings").await;
    let input = json!({ "from": mine.by(), "to": other.by(), "amount": euros("10.00"),
        "messageToReceiver": "for-your-eyes-only", "messageToSender": "for-my-eyes" });
    let shared = app.done("transfer", input, "entry { id }").await["entry"]["id"].as_str().expect("an id").to_owned();
    let apart = app.transfer(&other, &others_savings, "20.00").await;
    let others_hold = app.hold(&other, "5.00").await;
    let my_hold = app.hold(&mine, "5.00").await;
    let query = "query($id: ID!) { entry(id: $id) { postings { ledgerAccount { id account { id } } } } }";
    let postings = app.ok(query, json!({ "id": shared })).await["entry"]["postings"].take();
    let lines = postings.as_array().expect("postings").iter().map(|line| &line["ledgerAccount"]);
    let rows = lines
        .filter(|row| row["account"]["id"] == json!(other.id))
        .map(|row| row["id"].as_str().expect("an id").to_owned());
    let query = "query($by: AccountBy!) { account(by: $by) { transactions { nodes { id } } } }";
    let transactions = app.ok(query, json!({ "by": other.by() })).await["account"]["transactions"]["nodes"].take();
    let transactions =
        transactions.as_array().expect("transactions").iter().map(|one| one["id"].as_str().expect("an id").to_owned());
    let mut others = vec![other.owner.clone(), other.id.clone(), others_savings.id.clone(), apart, others_hold];
    others.extend(rows);
    others.extend(transactions);
    Neighbours { mine, savings, other, others_savings, shared, others, my_hold }
}

on_both_databases! {
    async fn its_lists_and_its_part_of_shared_entries_are_all_it_sees(app: TestApp) {
        let n = neighbours(&app).await;
        let bound = app.bound_to(&n.mine.owner);
        let all = bound.ok(EVERYTHING, json!({})).await;
        let text = all.to_string();
        for id in &n.others {
            assert!(!text.contains(id.as_str()), "{id}: {all:#}");
        }
        assert!(!text.contains(&n.other.number) && !text.contains("for-your-eyes-only"), "{all:#}");
        for id in [&n.mine.owner, &n.mine.id, &n.savings.id, &n.shared, &n.my_hold] {
            assert!(text.contains(id.as_str()), "{id}");
        }
        let query = "query($id: ID!) { entry(id: $id) { postings { amount { amount } account { id } message } } }";
        let seen = bound.ok(query, json!({ "id": n.shared })).await["entry"]["postings"].take();
        assert_eq!(
            seen,
            json!([{ "amount": { "amount": "-10.00" }, "account": { "id": n.mine.id }, "message": "for-my-eyes" }])
        );
        let whole = app.ok(query, json!({ "id": n.shared })).await["entry"]["postings"].take();
        assert_eq!(whole.as_array().map(Vec::len), Some(2));
        bound.fault("{ trialBalance { balanced } }", json!({}), "FORBIDDEN").await;
        bound.fault("{ auditRecords { nodes { id } } }", json!({}), "FORBIDDEN").await;
    }

    async fn others_ids_and_numbers_are_those_of_nothing(app: TestApp) {
        let n = neighbours(&app).await;
        let bound = app.bound_to(&n.mine.owner);
        for id in &n.others {
            for query in [
                "query($id: ID!) { node(id: $id) { id } }",
                "query($id: ID!) { nodes(ids: [$id]) { id } }",
                "query($id: ID!) { customer(by: { id: $id }) { id } }",
                "query($id: ID!) { account(by: { id: $id }) { id } }",
                "query($id: ID!) { entry(id: $id) { id } }",
                "query($id: ID!) { accounts(filter: { owner: $id }) { nodes { id } } }",
                "query($id: ID!) { entries(filter: { accounts: [$id] }) { nodes { id } } }",
                "query($id: ID!) { events(filter: { account: $id }) { nodes { sequence } } }",
            ] {
                let foreign = bound.graphql(query, json!({ "id": id })).await;
                let missing = bound.graphql(query, json!({ "id": unknown(id) })).await;
                assert_eq!(foreign.anonymous(), missing.anonymous(), "{query} {id}");
                assert!(!foreign.data().to_string().contains(id.as_str()), "{query} {id}");
            }
        }
        let by_number = "query($by: AccountBy!) { account(by: $by) { id } accounts(filter: { number: \"none\" }) { nodes { id } } }";
        assert_eq!(bound.ok(by_number, json!({ "by": { "number": n.other.number } })).await["account"], Value::Null);
        let number = "query($number: String!) { accounts(filter: { number: $number }) { nodes { id } } }";
        assert_eq!(bound.ok(number, json!({ "number": n.other.number })).await["accounts"]["nodes"], json!([]));
        assert_eq!(
            bound.ok("{ customers(filter: { name: \"Love\" }) { nodes { id } } }", json!({})).await["customers"]["nodes"],
            json!([{ "id": n.mine.owner }])
        );
    }

    async fn it_moves_money_between_its_own_accounts_only(app: TestApp) {
        let n = neighbours(&app).await;
        let bound = app.bound_to(&n.mine.owner);
        let before = app.picture().await;
        let between =
            |from: &Value, to: &Value, amount: &str| json!({ "from": from, "to": to, "amount": euros(amount) });
        let on = |more: Value, account: &Account| {
            let mut input = json!({ "account": account.by() });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        let nowhere = json!({ "id": unknown(&n.other.id) });
        for (name, input, twin, path) in [
            ("transfer", between(&n.mine.by(), &n.other.by(), "1.00"), between(&n.mine.by(), &nowhere, "1.00"), "to"),
            (
                "transfer",
                between(&n.mine.by(), &json!({ "number": n.other.number }), "1.00"),
                between(&n.mine.by(), &nowhere, "1.00"),
                "to",
            ),
            ("transfer", between(&n.other.by(), &n.mine.by(), "1.00"), between(&nowhere, &n.mine.by(), "1.00"), "from"),
            (
                "transfer",
                between(&n.other.by(), &n.others_savings.by(), "1000.00"),
                between(&nowhere, &n.others_savings.by(), "1.00"),
                "from",
            ),
            (
                "disburse",
                on(json!({ "amount": euros("1.00"), "iban": "SE3550000000054910000003" }), &n.other),
                json!({ "account": nowhere, "amount": euros("1.00"), "iban": "SE3550000000054910000003" }),
                "account",
            ),
            (
                "updateCustomer",
                json!({ "customer": { "id": n.other.owner }, "firstName": "X" }),
                json!({ "customer": { "id": unknown(&n.other.owner) }, "firstName": "X" }),
                "customer",
            ),
            (
                "updateAccount",
                on(json!({ "creditLimit": "0" }), &n.other),
                json!({ "account": nowhere, "creditLimit": "0" }),
                "account",
            ),
            ("requestAccountClosure", on(json!({}), &n.other), json!({ "account": nowhere }), "account"),
        ] {
            let foreign = bound.refused(name, input, "NOT_FOUND", path).await;
            let missing = bound.refused(name, twin, "NOT_FOUND", path).await;
            assert_eq!(foreign, missing, "{name}");
        }
        let mut item = between(&n.mine.by(), &n.other.by(), "1.00");
        item["idempotencyKey"] = json!("item");
        let batch = bound
            .done(
                "transferBatch",
                json!({ "items": [item] }),
                "succeeded refused items { result { ... on Refusal { code } } }",
            )
            .await;
        assert_eq!((&batch["succeeded"], &batch["items"][0]["result"]["code"]), (&json!(0), &json!("NOT_FOUND")));
        assert_eq!(app.picture().await, before);
        bound.transfer(&n.mine, &n.savings, "1.00").await;
        assert_eq!(app.balance(&n.savings).await, "1.00");
    }

    async fn what_is_the_tenants_to_do_is_forbidden_to_it_even_on_its_own(app: TestApp) {
        let n = neighbours(&app).await;
        let bound = app.bound_to(&n.mine.owner);
        let before = app.picture().await;
        let mine = n.mine.by();
        let owner = json!({ "id": n.mine.owner });
        for (name, input) in [
            ("postPayment", json!({ "account": mine, "amount": euros("1000000.00"), "channel": "CASH" })),
            ("postAdjustment", json!({ "account": mine, "amount": euros("1.00"), "reason": "X" })),
            ("postCharge", json!({ "account": mine, "amount": euros("1.00"), "kind": "LATE_FEE" })),
            ("reverseEntry", json!({ "entry": n.shared, "reason": "X" })),
            ("placeHold", json!({ "account": mine, "amount": euros("1.00") })),
            ("captureHold", json!({ "hold": n.my_hold, "to": n.savings.by() })),
            ("releaseHold", json!({ "hold": n.my_hold })),
            ("addCardBatch", json!({ "items": [{ "idempotencyKey": "k", "account": mine, "card": { "main": false } }] })),
            ("blockCard", json!({ "card": { "token": "t" }, "reasonCode": "X" })),
            ("unblockCard", json!({ "card": { "token": "t" }, "reason": "X" })),
            ("loadAccount", json!({ "account": mine, "amount": euros("1.00") })),
            ("unloadAccount", json!({ "account": mine, "amount": euros("1.00") })),
            ("authoriseCard", json!({ "card": { "token": "t" }, "amount": euros("1.00") })),
            ("increaseAuthorisation", json!({ "authorisation": n.my_hold, "amount": euros("1.00") })),
            ("reverseAuthorisation", json!({ "authorisation": n.my_hold })),
            ("clearCard", json!({ "of": { "authorisation": n.my_hold }, "amount": euros("1.00") })),
            ("purchaseByCard", json!({ "card": { "token": "t" }, "amount": euros("1.00") })),
            ("refundCard", json!({ "of": { "card": { "token": "t" } }, "amount": euros("1.00") })),
            (
                "createInstalmentContract",
                json!({ "credit": euros("1.00"), "receivingAccount": mine, "payingAccount": mine, "channel": "WEB" }),
            ),
            ("activateInstalmentContract", json!({ "contract": { "reference": "1" } })),
            ("terminateInstalmentContract", json!({ "contract": { "reference": "1" }, "settledBy": "ISSUER" })),
            ("openChargeback", json!({ "purchase": n.shared, "reason": "X" })),
            ("resolveChargeback", json!({ "chargeback": "cbk_1", "outcome": "WON" })),
            ("reportCreditTransfer", json!({ "endToEndId": "C1", "outcome": "PAID" })),
            ("createDirectDebit", json!({ "account": mine, "amount": euros("1.00") })),
            (
                "setIdentificationProvider",
                json!({ "name": "Self", "kind": "SELF", "issuer": "a", "clientId": "b", "returnAddresses": [] }),
            ),
            ("setPurchaseTerms", json!({ "product": { "code": "a" }, "kind": "INVOICE" })),
            ("registerPurchase", json!({ "purchaseId": "P", "account": mine, "lines": [] })),
            ("produceInvoice", json!({ "account": mine, "dueDate": "2026-05-15" })),
            ("postponeInvoice", json!({ "account": mine, "until": "2026-05-15" })),
            ("cancelDirectDebit", json!({ "endToEndId": "D1" })),
            ("reportDirectDebit", json!({ "endToEndId": "D1", "outcome": "PAID" })),
            ("setDirectDebitTerms", json!({ "leadDays": 1, "availableAfterDays": 0 })),
            ("createMandate", json!({ "account": mine, "scheme": "SEPA_CORE" })),
            ("activateMandate", json!({ "mandate": { "id": "mdt_1" } })),
            ("suspendMandate", json!({ "mandate": { "id": "mdt_1" } })),
            ("amendMandate", json!({ "mandate": { "id": "mdt_1" }, "reference": "X" })),
            ("initiateProviderPayment", json!({ "account": mine, "provider": "p", "amount": euros("1.00") })),
            ("refundProviderPayment", json!({ "payment": "ppm_1", "reason": "X" })),
            ("subscribeInsurance", json!({ "account": mine, "package": { "code": "a" } })),
            ("recordInsuranceEvent", json!({ "insurance": { "id": "ict_1" }, "event": "A" })),
            ("endInsurance", json!({ "insurance": { "id": "ict_1" }, "reason": "X" })),
            ("setAccountSource", json!({ "account": mine, "url": "https://example.com/" })),
            ("removeAccountSource", json!({ "account": mine })),
            ("settleMerchant", json!({ "contract": "mct_1" })),
            ("endMerchantContract", json!({ "contract": "mct_1" })),
            ("allocateOffer", json!({ "offer": { "code": "a" } })),
            ("cancelInvestmentOffer", json!({ "offer": { "code": "a" }, "reason": "X" })),
            ("distributeInvestment", json!({ "offer": { "code": "a" }, "interest": euros("1.00") })),
            ("rejectBid", json!({ "bid": "bid_1", "reason": "X" })),
            ("createLeasePlan", json!({ "account": mine, "instalments": [] })),
            ("addLeaseInstalment", json!({ "account": mine, "instalment": { "dueDate": "2026-05-15", "principal": "1" } })),
            ("alterLeaseInstalment", json!({ "account": mine, "number": 1 })),
            ("grantRespite", json!({ "account": mine, "days": 1 })),
            ("setTermination", json!({ "account": mine, "status": "TERMINATED" })),
            ("openAccount", json!({ "product": { "code": "receivable" }, "owner": owner })),
            ("closeAccount", json!({ "account": n.savings.by(), "closureCode": "X" })),
            ("createCustomer", json!({ "type": "PERSON", "lastName": "X" })),
            (
                "createProduct",
                json!({ "code": "x", "alias": "X", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" }),
            ),
            ("updateProduct", json!({ "product": { "code": "current" }, "alias": "X" })),
            ("returnDisbursement", json!({ "disbursement": n.shared, "reason": "X" })),
            ("postDeduction", json!({ "account": mine, "amount": euros("1.00"), "reason": "X" })),
            ("settleCardScheme", json!({ "amount": euros("1.00") })),
            ("remitToParty", json!({ "party": { "number": "P" }, "amount": euros("1.00"), "iban": "SE3550000000054910000003" })),
            ("addAccountParticipant", json!({ "account": mine, "customer": owner, "role": "PAYER" })),
            ("removeAccountParticipant", json!({ "account": mine, "customer": owner, "role": "PAYER" })),
            ("mergeCustomers", json!({ "customer": owner, "into": owner })),
            ("eraseCustomer", json!({ "customer": owner })),
            ("closePeriod", json!({ "through": "2026-03-31" })),
        ] {
            bound.mutate(name, input, "replayed").await.fault("FORBIDDEN");
        }
        assert_eq!(app.picture().await, before);
        let query = "{ auditRecords(first: 1) { nodes { operation outcome } } }";
        let last = app.ok(query, json!({})).await["auditRecords"]["nodes"][0].take();
        assert_eq!(last, json!({ "operation": "closePeriod", "outcome": "DENIED" }));
    }

    async fn its_keys_are_its_clients_and_do_not_show_others_results(app: TestApp) {
        let n = neighbours(&app).await;
        let input =
            json!({ "idempotencyKey": "k", "account": n.other.by(), "amount": euros("1.00"), "channel": "CASH" });
        app.done("postPayment", input.clone(), "entry { id }").await;
        // The same client and key with a token that is bound to another customer: nothing of the first result shows.
        app.bound_to(&n.mine.owner).mutate("postPayment", input, "entry { id }").await.fault("FORBIDDEN");
        let bound = app.bound_to(&n.mine.owner);
        let owner = json!({ "id": n.other.owner });
        for (name, input, shown) in [
            (
                "createCustomer",
                json!({ "idempotencyKey": "c", "type": "PERSON", "lastName": "Secret" }),
                "customer { id }",
            ),
            (
                "updateCustomer",
                json!({ "idempotencyKey": "u", "customer": owner, "firstName": "Secret" }),
                "customer { id }",
            ),
            (
                "updateAccount",
                json!({ "idempotencyKey": "a", "account": n.other.by(), "creditLimit": "0" }),
                "account { id }",
            ),
            (
                "transfer",
                json!({ "idempotencyKey": "t", "from": n.other.by(), "to": n.others_savings.by(), "amount": euros("1.00") }),
                "entry { id }",
            ),
        ] {
            app.done(name, input.clone(), "replayed").await;
            let answer = bound.mutate(name, input, shown).await;
            if ["createCustomer", "openAccount", "placeHold"].contains(&name) {
                answer.fault("FORBIDDEN");
                continue;
            }
            let answer = answer.data()[name].take();
            assert_eq!(answer["__typename"], "Refusal", "{name}: {answer}");
            assert!(
                ["NOT_FOUND", "INVALID_INPUT"].contains(&answer["code"].as_str().expect("a code")),
                "{name}: {answer}"
            );
        }
    }

    async fn its_subscriptions_carry_what_concerns_it(app: TestApp) {
        let n = neighbours(&app).await;
        let bound = app.bound_to(&n.mine.owner);
        let query = "subscription($after: Cursor) { ledgerEvents(after: $after) { type payload entry { id postings { account { id } } } account { id } customer { id } } }";
        let first = "{ events(first: 1, filter: { types: [CUSTOMER_CREATED] }) { edges { cursor } } }";
        let first = app.ok(first, json!({})).await["events"]["edges"][0]["cursor"].take();
        let mut socket = bound.socket().await;
        socket.subscribe("a", query, json!({ "after": first })).await;
        app.transfer(&n.other, &n.others_savings, "1.00").await;
        let last = app.transfer(&n.savings_funded(&app).await, &n.mine, "1.00").await;
        let mut seen = Vec::new();
        loop {
            let event = socket.next_data().await["ledgerEvents"].take();
            let text = event.to_string();
            assert!(!n.others.iter().any(|id| text.contains(id.as_str())), "{event}");
            seen.push(event["type"].as_str().expect("a type").to_owned());
            if event["entry"]["id"] == json!(last) {
                break;
            }
        }
        let expected = [
            "ACCOUNT_OPENED",
            "ENTRY_POSTED",
            "ACCOUNT_OPENED",
            "ENTRY_POSTED",
            "HOLD_PLACED",
            "ENTRY_POSTED",
            "ENTRY_POSTED",
        ];
        assert_eq!(seen, expected);
        assert!(socket.is_silent(Duration::from_millis(200)).await);
        let balance = "subscription($by: AccountBy!) { balanceChanged(accounts: [$by]) { cursor } }";
        socket.subscribe("b", balance, json!({ "by": n.other.by() })).await;
        assert_eq!(socket.next_fault().await, "BAD_REQUEST");
    }
}

impl Neighbours {
    /// The savings account with something on it.
    async fn savings_funded(&self, app: &TestApp) -> Account {
        app.pay_in(&self.savings, "3.00").await;
        self.savings.clone()
    }
}
