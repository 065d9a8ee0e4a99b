//! Accounts that are described instead of named, or besides: closed, changed, asked to be closed.

use serde_json::{Value, json};

use crate::accounts::{show, status};
use crate::app::{Account, TestApp, euros, fresh_key, items};
use crate::payments::IBAN;

/// Families by a product of each: those that Aptic closes by a lookup in the body, then those that it closes by id alone.
const FAMILIES: [(&str, &str); 5] = [
    ("current", "DEPOSIT"),
    ("leasing", "LEASING"),
    ("revolving", "REVOLVING_CREDIT"),
    ("investment", "INVESTMENT"),
    ("virtual", "VIRTUAL"),
];

/// A customer who has an account of each family, all owed to one creditor. Gives the customer's number and the accounts.
async fn household(app: &TestApp, number: &str) -> Vec<Account> {
    let creditor =
        json!({ "name": "Creditor", "number": format!("P-{number}"), "externalReference": format!("CR-{number}") });
    app.done("createParty", creditor, "replayed").await;
    let customer =
        json!({ "type": "PERSON", "lastName": "Ek", "number": number, "externalReference": format!("own-{number}") });
    app.done("createCustomer", customer, "replayed").await;
    let mut accounts = Vec::new();
    for (product, _) in FAMILIES {
        let input = json!({
            "product": { "code": product }, "owner": { "number": number }, "creditor": { "number": format!("P-{number}") },
            "externalReference": format!("{product}-{number}"),
        });
        accounts.push(app.open(input).await);
    }
    accounts
}

on_both_databases! {
    async fn an_account_of_each_family_is_closed_by_what_it_is(app: TestApp) {
        let accounts = household(&app, "C-7").await;
        for (account, (_, family)) in accounts.iter().zip(FAMILIES) {
            app.pay_in(account, "12.50").await;
            let lookup = json!({
                "customer": { "externalReference": "own-C-7" }, "creditor": { "externalReference": "CR-C-7" },
                "family": family,
            });
            let rest = json!([{ "target": { "payout": { "iban": IBAN } }, "description": "the rest" }]);
            let input = json!({ "lookup": lookup, "closureCode": "MOVED", "transactions": rest });
            let selection = "account { id family status closureCode balance { amount }
                transactions(first: 1) { nodes { description } } }";
            let done = app.done("closeAccount", input, selection).await["account"].take();
            assert_eq!(
                done,
                json!({
                    "id": account.id, "family": family, "status": "CLOSED", "closureCode": "MOVED",
                    "balance": { "amount": "0.00" }, "transactions": { "nodes": [{ "description": "the rest" }] },
                })
            );
        }
    }

    async fn an_account_of_each_family_is_closed_by_its_name_where_the_lookup_beside_it_agrees(app: TestApp) {
        let accounts = household(&app, "C-8").await;
        let others = household(&app, "C-9").await;
        for (place, (account, (product, family))) in accounts.iter().zip(FAMILIES).enumerate() {
            let agreeing = json!({
                "customer": { "number": "C-8" }, "creditor": { "number": "P-C-8" }, "family": family,
                "product": { "code": product }, "number": account.number, "externalReference": format!("{product}-C-8"),
            });
            let other_family = FAMILIES[(place + 1) % FAMILIES.len()];
            let before = app.picture().await;
            for (field, wrong) in [
                ("customer", json!({ "number": "C-9" })),
                ("creditor", json!({ "externalReference": "CR-C-9" })),
                ("family", json!(other_family.1)),
                ("product", json!({ "code": other_family.0 })),
                ("number", json!(others[place].number)),
                ("externalReference", json!(format!("{product}-C-9"))),
            ] {
                let mut lookup = agreeing.clone();
                lookup[field] = wrong;
                let input = json!({ "account": account.by(), "lookup": lookup, "closureCode": "X" });
                let refusal = app.refused("closeAccount", input, "LOOKUP_MISMATCH", &format!("lookup.{field}")).await;
                assert_eq!(refusal["facts"], json!({ "account": account.id }), "{field}");
            }
            assert_eq!(app.picture().await, before);
            // A creditor alone is enough to agree, though it would not be enough to find it.
            let input = json!({ "account": account.by(), "lookup": { "creditor": { "number": "P-C-8" } } });
            app.done("updateAccount", input, "replayed").await;
            let input = json!({ "account": account.by(), "lookup": agreeing });
            let done = app.done("closeAccount", input, "account { status closureCode }").await;
            assert_eq!(done["account"], json!({ "status": "CLOSED", "closureCode": null }), "no code is needed");
            assert_eq!(status(&app, account).await, "CLOSED");
        }
    }

    async fn a_lookup_fits_exactly_one_account_or_is_refused(app: TestApp) {
        let accounts = household(&app, "C-1").await;
        let second = app.account_of(&accounts[0].owner, "current").await;
        let stranger = app.customer().await;
        let before = app.picture().await;
        let customer = json!({ "number": "C-1" });
        for (lookup, code, field) in [
            (json!({}), "INVALID_INPUT", "lookup"),
            (json!({ "creditor": { "number": "P-C-1" } }), "INVALID_INPUT", "lookup"),
            (json!({ "family": "LEASING", "product": { "code": "leasing" } }), "INVALID_INPUT", "lookup"),
            (json!({ "customer": { "number": "nobody" } }), "NOT_FOUND", "lookup.customer"),
            (json!({ "customer": { "id": accounts[0].id } }), "NOT_FOUND", "lookup.customer"),
            (json!({ "customer": customer, "creditor": { "number": "nobody" } }), "NOT_FOUND", "lookup.creditor"),
            (json!({ "customer": customer, "product": { "code": "nothing" } }), "NOT_FOUND", "lookup.product"),
            (json!({ "customer": { "id": stranger } }), "NOT_FOUND", "lookup"),
            (json!({ "customer": customer, "family": "LOAN" }), "NOT_FOUND", "lookup"),
            (json!({ "number": "no such" }), "NOT_FOUND", "lookup"),
            (json!({ "number": "nul\u{0}" }), "NOT_FOUND", "lookup"),
            (json!({ "externalReference": "no such" }), "NOT_FOUND", "lookup"),
            (json!({ "number": second.number, "externalReference": "current-C-1" }), "NOT_FOUND", "lookup"),
            (json!({ "number": second.number, "customer": { "id": stranger } }), "NOT_FOUND", "lookup"),
            (json!({ "customer": customer }), "AMBIGUOUS_LOOKUP", "lookup"),
            (json!({ "customer": customer, "family": "DEPOSIT" }), "AMBIGUOUS_LOOKUP", "lookup"),
            (json!({ "customer": { "id": accounts[0].owner }, "product": { "code": "current" } }), "AMBIGUOUS_LOOKUP", "lookup"),
        ] {
            for name in ["closeAccount", "requestAccountClosure", "updateAccount"] {
                app.refused(name, json!({ "lookup": lookup }), code, field).await;
            }
        }
        for name in ["closeAccount", "requestAccountClosure", "updateAccount"] {
            app.refused(name, json!({}), "INVALID_INPUT", "account").await;
        }
        assert_eq!(app.picture().await, before);

        // Only one of the two is owed to the creditor.
        let lookup = json!({ "customer": customer, "family": "DEPOSIT", "creditor": { "number": "P-C-1" } });
        let done = app.done("closeAccount", json!({ "lookup": lookup }), "account { id }").await;
        assert_eq!(done["account"]["id"], accounts[0].id);
        // A closed one steps back behind the one that is there, and is found where it is the only one.
        let deposit = json!({ "lookup": { "customer": customer, "family": "DEPOSIT" } });
        let done = app.done("updateAccount", deposit.clone(), "account { id }").await;
        assert_eq!(done["account"]["id"], second.id);
        app.done("closeAccount", deposit.clone(), "replayed").await;
        app.refused("closeAccount", deposit, "AMBIGUOUS_LOOKUP", "lookup").await;
        let leasing = json!({ "lookup": { "customer": customer, "family": "LEASING" } });
        app.done("closeAccount", leasing.clone(), "replayed").await;
        app.refused("closeAccount", leasing, "INVALID_STATE", "account").await;
        // Its number finds it whatever became of it.
        let named = json!({ "lookup": { "number": second.number }, "metadata": { "archived": true } });
        let done = app.done("updateAccount", named, "account { id status }").await;
        assert_eq!(done["account"], json!({ "id": second.id, "status": "CLOSED" }));
    }

    async fn a_closure_by_lookup_is_one_unit_with_its_transactions(app: TestApp) {
        let accounts = household(&app, "C-2").await;
        let (current, revolving) = (&accounts[0], &accounts[2]);
        app.pay_in(current, "100.00").await;
        let lookup = json!({ "customer": { "number": "C-2" }, "family": "DEPOSIT" });
        let before = app.picture().await;
        let transactions = json!([
            { "target": { "transferTo": revolving.by() }, "amount": euros("60.00") },
            { "target": { "transferTo": { "number": "no such" } } },
        ]);
        let input = json!({ "lookup": lookup, "transactions": transactions });
        app.refused("closeAccount", input, "NOT_FOUND", "transactions.1.target.transferTo").await;
        let part = json!([{ "target": { "transferTo": revolving.by() }, "amount": euros("60.00") }]);
        let input = json!({ "lookup": lookup, "transactions": part });
        app.refused("closeAccount", input, "BALANCE_REMAINS", "account").await;
        assert_eq!(app.picture().await, before);
        let whole = json!([
            { "target": { "transferTo": revolving.by() }, "amount": euros("60.00") },
            { "target": { "payout": { "iban": IBAN } } },
        ]);
        let input = json!({ "idempotencyKey": fresh_key(), "lookup": lookup, "closureCode": "DONE", "transactions": whole });
        let done = app.done("closeAccount", input.clone(), "account { id status } replayed").await;
        assert_eq!((&done["account"]["id"], &done["replayed"]), (&json!(current.id), &json!(false)));
        assert_eq!(app.balance(revolving).await, "60.00");
        // A repetition gives the same account, though the lookup would fit another by now.
        app.account_of(&current.owner, "savings").await;
        let again = app.done("closeAccount", input, "account { id status } replayed").await;
        assert_eq!((&again["account"], &again["replayed"]), (&done["account"], &json!(true)));
    }

    async fn a_lookup_serves_changes_and_requests_too(app: TestApp) {
        let accounts = household(&app, "C-3").await;
        let lookup = |family: &str| json!({ "customer": { "number": "C-3" }, "family": family });
        let input = json!({ "lookup": lookup("REVOLVING_CREDIT"), "creditLimit": "50" });
        let done = app.done("updateAccount", input, "account { id creditLimit { amount } }").await;
        assert_eq!(done["account"], json!({ "id": accounts[2].id, "creditLimit": { "amount": "50.00" } }));
        app.pay_in(&accounts[4], "1.00").await;
        let input = json!({ "lookup": lookup("VIRTUAL") });
        let done = app.done("requestAccountClosure", input, "account { id status }").await;
        assert_eq!(done["account"], json!({ "id": accounts[4].id, "status": "PENDING_CLOSE" }));
        // What the same batch of commands has opened is found as well.
        let both = tokio::join!(
            app.done("requestAccountClosure", json!({ "lookup": lookup("LEASING") }), "account { id }"),
            app.done("updateAccount", json!({ "lookup": lookup("DEPOSIT"), "metadata": { "a": 1 } }), "account { id }"),
        );
        assert_eq!((&both.0["account"]["id"], &both.1["account"]["id"]), (&json!(accounts[1].id), &json!(accounts[0].id)));
    }

    async fn a_token_that_is_bound_to_a_customer_describes_only_what_is_theirs(app: TestApp) {
        let (mine, theirs) = (household(&app, "C-4").await, household(&app, "C-5").await);
        let bound = app.bound_to(&mine[0].owner);
        let before = app.picture().await;
        for (lookup, field) in [
            (json!({ "customer": { "number": "C-5" }, "family": "DEPOSIT" }), "lookup.customer"),
            (json!({ "number": theirs[0].number }), "lookup"),
            (json!({ "externalReference": "current-C-5" }), "lookup"),
            (json!({ "customer": { "number": "C-4" }, "creditor": { "number": "P-C-4" } }), "lookup.creditor"),
        ] {
            bound.refused("requestAccountClosure", json!({ "lookup": lookup }), "NOT_FOUND", field).await;
        }
        let beside = json!({ "account": theirs[0].by(), "lookup": { "family": "DEPOSIT" } });
        bound.refused("requestAccountClosure", beside, "NOT_FOUND", "account").await;
        assert_eq!(app.picture().await, before);
        let input = json!({ "lookup": { "customer": { "number": "C-4" }, "family": "DEPOSIT" } });
        let done = bound.done("requestAccountClosure", input, "account { id }").await;
        assert_eq!(done["account"]["id"], mine[0].id);
    }

    async fn of_more_accounts_than_can_be_told_apart_one_is_found_by_its_number(app: TestApp) {
        let owner = app.customer().await;
        let open = |number: usize| {
            json!({ "idempotencyKey": fresh_key(), "product": { "code": "savings" }, "owner": { "id": owner },
                "number": format!("N{number:03}") })
        };
        let batch = |numbers: std::ops::Range<usize>| json!({ "items": numbers.map(open).collect::<Vec<Value>>() });
        let done = app.done("openAccountBatch", batch(0..99), "succeeded").await;
        assert_eq!(done["succeeded"], 99);
        let loan = app.account_of(&owner, "loan").await;
        let by_family = json!({ "lookup": { "customer": { "id": owner }, "family": "LOAN" }, "metadata": { "a": 1 } });
        let done = app.done("updateAccount", by_family.clone(), "account { id }").await;
        assert_eq!(done["account"]["id"], loan.id, "the hundredth");
        app.restart().await;
        let done = app.done("updateAccount", by_family.clone(), "account { id }").await;
        assert_eq!(done["account"]["id"], loan.id, "by a server that knows nothing yet");
        let done = app.done("openAccountBatch", batch(99..130), &items("").replace("succeeded refused", "succeeded")).await;
        assert_eq!(done["succeeded"], 31);
        for _ in 0..2 {
            app.refused("updateAccount", by_family.clone(), "AMBIGUOUS_LOOKUP", "lookup.customer").await;
            app.restart().await;
        }
        let last = json!({ "lookup": { "customer": { "id": owner }, "number": "N129" }, "closureCode": "X" });
        app.done("closeAccount", last, "account { status }").await;
        app.refused("updateAccount", by_family, "AMBIGUOUS_LOOKUP", "lookup.customer").await;
    }

    async fn accounts_are_listed_by_customer_and_number_together(app: TestApp) {
        let accounts = household(&app, "C-6").await;
        let other = app.account("current").await;
        let all: Vec<&str> = accounts.iter().map(|account| account.number.as_str()).collect();
        for (filter, expected) in [
            (json!({ "customer": { "number": "C-6" } }), all.clone()),
            (json!({ "customer": { "externalReference": "own-C-6" } }), all.clone()),
            (json!({ "customer": { "id": accounts[0].owner } }), all.clone()),
            (json!({ "customer": { "number": "C-6" }, "number": all[1] }), vec![all[1]]),
            (json!({ "customer": { "number": "C-6" }, "externalReference": "virtual-C-6" }), vec![all[4]]),
            (json!({ "externalReference": "leasing-C-6" }), vec![all[1]]),
            (json!({ "customer": { "number": "C-6" }, "family": "DEPOSIT", "status": "OPEN" }), vec![all[0]]),
            // Not that customer's, and of nobody.
            (json!({ "customer": { "number": "C-6" }, "number": other.number }), vec![]),
            (json!({ "customer": { "number": "nobody" } }), vec![]),
            (json!({ "customer": { "id": "cus_?" } }), vec![]),
            (json!({ "customer": { "number": "C-6" }, "owner": other.owner }), vec![]),
        ] {
            let query = "query($filter: AccountFilter) { accounts(filter: $filter) { nodes { number } } }";
            let found = app.ok(query, json!({ "filter": filter })).await["accounts"]["nodes"].take();
            let numbers: Vec<&str> =
                found.as_array().expect("nodes").iter().map(|node| node["number"].as_str().expect("a number")).collect();
            assert_eq!(numbers, expected, "{filter}");
        }
        let bound = app.bound_to(&other.owner);
        let query = "{ accounts(filter: { customer: { number: \"C-6\" } }) { nodes { number } } }";
        assert_eq!(bound.ok(query, json!({})).await["accounts"]["nodes"], json!([]));
        // Whether there is such a customer, and which of its accounts has the number.
        let query = "query($by: CustomerBy!, $number: String) { customer(by: $by) { accounts(filter: { number: $number }) { nodes { number } } } }";
        let found = app.ok(query, json!({ "by": { "number": "C-6" }, "number": all[2] })).await;
        assert_eq!(found["customer"]["accounts"]["nodes"], json!([{ "number": all[2] }]));
        let found = app.ok(query, json!({ "by": { "number": "nobody" } })).await;
        assert_eq!(found["customer"], Value::Null);
    }

    async fn accounts_are_listed_page_by_page_from_both_ends(app: TestApp) {
        let accounts = household(&app, "C-0").await;
        let all: Vec<&str> = accounts.iter().map(|account| account.number.as_str()).collect();
        let query = "query($first: Int, $after: String, $last: Int, $before: String) {
            accounts(first: $first, after: $after, last: $last, before: $before) {
                nodes { number } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } }
            customer(by: { number: \"C-0\" }) { accounts(first: $first, after: $after, last: $last, before: $before) { nodes { number } } } }";
        let page = async |arguments: Value| {
            let page = app.ok(query, arguments).await;
            let nodes = page["accounts"]["nodes"].as_array().expect("nodes").clone();
            assert_eq!(page["customer"]["accounts"]["nodes"], page["accounts"]["nodes"]);
            let numbers: Vec<String> = nodes.iter().map(|node| node["number"].as_str().expect("a number").to_owned()).collect();
            (numbers, page["accounts"]["pageInfo"].clone())
        };
        let flags = |info: &Value| (info["hasPreviousPage"] == true, info["hasNextPage"] == true);
        let (numbers, first) = page(json!({ "first": 2 })).await;
        assert_eq!((&numbers[..], flags(&first)), (&all[..2].iter().map(ToString::to_string).collect::<Vec<_>>()[..], (false, true)));
        let (numbers, second) = page(json!({ "first": 2, "after": first["endCursor"] })).await;
        assert_eq!((numbers, flags(&second)), (vec![all[2].to_owned(), all[3].to_owned()], (true, true)));
        // What was opened meanwhile does not move the pages.
        app.account_of(&accounts[0].owner, "loan").await;
        let (numbers, previous) = page(json!({ "last": 2, "before": second["startCursor"] })).await;
        assert_eq!((numbers, flags(&previous)), (vec![all[0].to_owned(), all[1].to_owned()], (false, true)));
        let (numbers, end) = page(json!({ "last": 2 })).await;
        assert_eq!((numbers[0].as_str(), flags(&end)), (all[4], (true, false)));
        for arguments in [json!({ "first": 1, "last": 1 }), json!({ "last": 101 }), json!({ "first": -1 })] {
            app.fault(query, arguments, "BAD_REQUEST").await;
        }
    }

    async fn the_most_that_can_be_paid_in_is_what_the_ceiling_leaves(app: TestApp) {
        let shown = async |account: &Account| show(&app, account, "maxPaymentAmount { amount }").await["maxPaymentAmount"].take();
        let code = crate::products::create(&app, json!({ "maximumBalance": "100", "defaultCreditLimit": "500" })).await;
        let account = app.account(&code).await;
        assert_eq!(shown(&account).await, json!({ "amount": "100.00" }));
        let out = json!({ "account": account.by(), "amount": euros("40.00"), "iban": IBAN });
        app.done("disburse", out, "replayed").await;
        let fee = json!({ "account": account.by(), "amount": euros("2.50"), "kind": "LATE_FEE" });
        app.done("postCharge", fee, "replayed").await;
        // As much as is owed, and up to the ceiling.
        assert_eq!(shown(&account).await, json!({ "amount": "142.50" }));
        let pay = |amount: &str| json!({ "account": account.by(), "amount": euros(amount), "channel": "PSP" });
        app.refused("postPayment", pay("142.51"), "LIMIT_EXCEEDED", "account").await;
        app.done("postPayment", pay("142.50"), "replayed").await;
        assert_eq!((app.balance(&account).await, shown(&account).await), ("100.00".to_owned(), json!({ "amount": "0.00" })));
        let close = json!({ "account": account.by(), "transactions": [{ "target": { "payout": { "iban": IBAN } } }] });
        app.done("closeAccount", close, "replayed").await;
        assert_eq!(shown(&account).await, json!({ "amount": "0.00" }), "nothing, once it is closed");
        assert_eq!(shown(&app.account("current").await).await, Value::Null, "without a ceiling");
    }
}
