//! The transactions of an account: what a statement is made of.

use serde_json::{Value, json};

use super::{charge, disburse};
use crate::app::{Account, TestApp, euros};

const PAGE: &str =
    "query($by: AccountBy!, $filter: TransactionFilter, $first: Int, $after: String, $last: Int, $before: String) {
    account(by: $by) { transactions(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        nodes { id kind amount { amount } balanceAfter { amount } description valueDate bookedAt
            components { component amount { amount } } entry { id } account { id } }
        edges { cursor } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } }";

async fn page(app: &TestApp, account: &Account, arguments: Value) -> Value {
    let mut variables = json!({ "by": account.by() });
    for (name, value) in arguments.as_object().expect("an object") {
        variables[name] = value.clone();
    }
    app.ok(PAGE, variables).await["account"]["transactions"].take()
}

fn amounts(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["amount"]["amount"].as_str().expect("an amount").to_owned()).collect()
}

fn to(app: &TestApp, moment: &str) {
    app.clock().set(moment.parse().expect("a moment"));
}

on_both_databases! {
    async fn a_transaction_shows_what_an_entry_did_to_the_account(app: TestApp) {
        let card = app.account("credit-card").await;
        disburse(&app, &card, "100.00").await;
        charge(&app, &card, "INTEREST", "10.00").await;
        charge(&app, &card, "LATE_FEE", "5.00").await;
        let payment = app.pay_in(&card, "20.00").await;
        let page = page(&app, &card, json!({})).await;
        let nodes = page["nodes"].as_array().expect("nodes");
        let rows: Vec<Value> = nodes
            .iter()
            .map(|it| json!([it["kind"], it["amount"]["amount"], it["balanceAfter"]["amount"], it["components"]]))
            .collect();
        let part = |component: &str, amount: &str| json!({ "component": component, "amount": { "amount": amount } });
        assert_eq!(
            json!(rows),
            json!([
                [
                    "PAYMENT",
                    "20.00",
                    "-95.00",
                    [part("PRINCIPAL", "5.00"), part("INTEREST", "10.00"), part("FEE", "5.00")]
                ],
                ["LATE_FEE", "-5.00", "-115.00", [part("FEE", "-5.00")]],
                ["INTEREST", "-10.00", "-110.00", [part("INTEREST", "-10.00")]],
                ["DISBURSEMENT", "-100.00", "-100.00", [part("PRINCIPAL", "-100.00")]],
            ])
        );
        assert_eq!((&nodes[0]["entry"]["id"], &nodes[0]["account"]["id"]), (&json!(payment), &json!(card.id)));
        assert_eq!((&nodes[0]["description"], &nodes[0]["valueDate"]), (&json!("Payment"), &json!("2026-04-15")));
        assert_eq!(nodes[0]["bookedAt"], "2026-04-15T09:30:00.000000Z");
        assert!(nodes[0]["id"].as_str().expect("an id").starts_with("txn_"));
        assert_eq!(app.balance(&card).await, nodes[0]["balanceAfter"]["amount"]);
    }

    async fn transactions_are_listed_by_booking_day_month_and_kind(app: TestApp) {
        // Time in the books never goes back: a tenant that begins before all of it.
        to(&app, "2026-02-01T00:00:00Z");
        let app = app.with_tenant("earlier").await;
        let account = app.account("current-overdraft").await;
        for (moment, amount) in [
            ("2026-02-28T23:59:59.999999Z", "1.00"),
            ("2026-03-01T00:00:00Z", "2.00"),
            ("2026-03-16T12:00:00Z", "3.00"),
            ("2026-03-31T23:59:59.999999Z", "4.00"),
            ("2026-04-15T00:00:00Z", "5.00"),
        ] {
            to(&app, moment);
            app.pay_in(&account, amount).await;
        }
        disburse(&app, &account, "6.00").await;
        charge(&app, &account, "LATE_FEE", "7.00").await;
        // Back-dating does not change when it was booked.
        let back =
            json!({ "account": account.by(), "amount": euros("8.00"), "channel": "CASH", "valueDate": "2026-03-05" });
        app.done("postPayment", back, "replayed").await;
        to(&app, "2026-04-15T09:30:00Z");
        let april = ["8.00", "-7.00", "-6.00", "5.00"];
        for (filter, expected) in [
            (json!({}), [&april[..], &["4.00", "3.00"]].concat()),
            (json!({ "month": "2026-03" }), vec!["4.00", "3.00", "2.00"]),
            (json!({ "month": "2026-02" }), vec!["1.00"]),
            (json!({ "month": "2026-01" }), vec![]),
            (json!({ "from": "2026-03-31" }), [&april[..], &["4.00"]].concat()),
            (json!({ "to": "2026-03-01" }), vec!["2.00", "1.00"]),
            (json!({ "from": "2026-02-28", "to": "2026-02-28" }), vec!["1.00"]),
            (
                json!({ "from": "2026-01-01", "to": "2026-12-31", "kinds": ["LATE_FEE", "DISBURSEMENT"] }),
                vec!["-7.00", "-6.00"],
            ),
            (json!({ "kinds": ["PAYMENT"] }), vec!["8.00", "5.00", "4.00", "3.00"]),
            (json!({ "kinds": ["REVERSAL"] }), vec![]),
        ] {
            assert_eq!(amounts(&page(&app, &account, json!({ "filter": filter })).await), expected, "{filter}");
        }
        for filter in [
            json!({ "month": "2026-13" }),
            json!({ "month": "2026-4" }),
            json!({ "month": "+999-01" }),
            json!({ "month": " 202-01" }),
            json!({ "kinds": [] }),
            json!({ "month": "2026-04", "from": "2026-04-01" }),
            json!({ "from": "2026-04-02", "to": "2026-04-01" }),
        ] {
            app.graphql(PAGE, json!({ "by": account.by(), "filter": filter })).await.fault("BAD_REQUEST");
        }
        // Two days over thirty later, only April is left of what is listed by default.
        to(&app, "2026-05-15T00:00:00Z");
        assert_eq!(amounts(&page(&app, &account, json!({})).await), april);
        to(&app, "2026-05-16T00:00:00Z");
        assert_eq!(amounts(&page(&app, &account, json!({})).await), Vec::<String>::new());
    }

    async fn transactions_are_listed_by_the_day_on_which_they_were_authorised(app: TestApp) {
        to(&app, "2026-03-30T12:00:00Z");
        let app = app.with_tenant("authorising").await;
        let account = app.account("current").await;
        app.pay_in(&account, "100.00").await;
        let hold = app.hold(&account, "30.00").await;
        to(&app, "2026-04-02T12:00:00Z");
        app.done("captureHold", json!({ "hold": hold }), "replayed").await;
        let ordered = json!({ "account": account.by(), "amount": euros("5.00"), "channel": "BANK_TRANSFER",
            "transactionDate": "2026-03-31", "valueDate": "2026-04-03" });
        app.done("postPayment", ordered, "replayed").await;
        app.pay_in(&account, "7.00").await;
        let query = "query($by: AccountBy!, $filter: TransactionFilter) { account(by: $by) {
            transactions(filter: $filter) { nodes { amount { amount } date } } } }";
        for (filter, expected) in [
            (json!({}), vec![("7.00", "2026-04-02"), ("5.00", "2026-03-31"), ("-30.00", "2026-03-30"), ("100.00", "2026-03-30")]),
            (json!({ "month": "2026-03" }), vec![("5.00", "2026-03-31"), ("-30.00", "2026-03-30"), ("100.00", "2026-03-30")]),
            (json!({ "month": "2026-04" }), vec![("7.00", "2026-04-02")]),
            (json!({ "from": "2026-03-31" }), vec![("7.00", "2026-04-02"), ("5.00", "2026-03-31")]),
            (json!({ "to": "2026-03-30" }), vec![("-30.00", "2026-03-30"), ("100.00", "2026-03-30")]),
            (json!({ "from": "2026-03-31", "to": "2026-03-31" }), vec![("5.00", "2026-03-31")]),
        ] {
            let found = app.ok(query, json!({ "by": account.by(), "filter": filter })).await;
            let nodes = found["account"]["transactions"]["nodes"].as_array().expect("nodes").clone();
            let rows: Vec<(&str, &str)> = nodes
                .iter()
                .map(|it| (it["amount"]["amount"].as_str().expect("an amount"), it["date"].as_str().expect("a date")))
                .collect();
            assert_eq!(rows, expected, "{filter}");
        }
        // The last thirty days are counted by it as well.
        to(&app, "2026-04-29T12:00:00Z");
        let found = app.ok(query, json!({ "by": account.by() })).await["account"]["transactions"]["nodes"].take();
        assert_eq!(found.as_array().map(Vec::len), Some(4));
        to(&app, "2026-04-30T12:00:00Z");
        let found = app.ok(query, json!({ "by": account.by() })).await["account"]["transactions"]["nodes"].take();
        assert_eq!(found.as_array().map(Vec::len), Some(2));
    }

    async fn transactions_are_listed_page_by_page_from_both_ends(app: TestApp) {
        let account = app.account("current").await;
        for amount in ["1.00", "2.00", "3.00", "4.00", "5.00"] {
            app.pay_in(&account, amount).await;
        }
        let info =
            |page: &Value| [page["pageInfo"]["hasPreviousPage"] == true, page["pageInfo"]["hasNextPage"] == true];
        let newest = page(&app, &account, json!({ "first": 2 })).await;
        assert_eq!((amounts(&newest), info(&newest)), (vec!["5.00".to_owned(), "4.00".to_owned()], [false, true]));
        let next = page(&app, &account, json!({ "first": 2, "after": newest["pageInfo"]["endCursor"] })).await;
        assert_eq!((amounts(&next), info(&next)), (vec!["3.00".to_owned(), "2.00".to_owned()], [true, true]));
        let end = page(&app, &account, json!({ "first": 2, "after": next["pageInfo"]["endCursor"] })).await;
        assert_eq!((amounts(&end), info(&end)), (vec!["1.00".to_owned()], [true, false]));

        let oldest = page(&app, &account, json!({ "last": 2 })).await;
        assert_eq!((amounts(&oldest), info(&oldest)), (vec!["2.00".to_owned(), "1.00".to_owned()], [true, false]));
        let back = page(&app, &account, json!({ "last": 2, "before": oldest["pageInfo"]["startCursor"] })).await;
        assert_eq!((amounts(&back), info(&back)), (vec!["4.00".to_owned(), "3.00".to_owned()], [true, true]));
        let start = page(&app, &account, json!({ "last": 2, "before": back["pageInfo"]["startCursor"] })).await;
        assert_eq!((amounts(&start), info(&start)), (vec!["5.00".to_owned()], [false, true]));

        let between =
            json!({ "first": 9, "after": newest["edges"][0]["cursor"], "before": oldest["edges"][1]["cursor"] });
        assert_eq!(amounts(&page(&app, &account, between).await), ["4.00", "3.00", "2.00"]);
        // What is booked meanwhile does not move the pages.
        app.pay_in(&account, "6.00").await;
        let next = page(&app, &account, json!({ "first": 2, "after": newest["pageInfo"]["endCursor"] })).await;
        assert_eq!(amounts(&next), ["3.00", "2.00"]);
        for arguments in
            [json!({ "first": 1, "last": 1 }), json!({ "first": 101 }), json!({ "last": -1 }), json!({ "before": "x" })]
        {
            let mut variables = arguments.clone();
            variables["by"] = account.by();
            app.graphql(PAGE, variables).await.fault("BAD_REQUEST");
        }
    }

    async fn a_balance_is_what_its_last_transaction_left(app: TestApp) {
        let (a, b) = (app.account("credit-card").await, app.account("current-overdraft").await);
        app.pay_in(&a, "50.00").await;
        app.transfer(&a, &b, "80.00").await;
        charge(&app, &a, "INTEREST", "1.25").await;
        charge(&app, &b, "LATE_FEE", "3.00").await;
        app.transfer(&b, &a, "12.34").await;
        for account in [&a, &b] {
            let page = page(&app, account, json!({ "first": 100 })).await;
            let nodes = page["nodes"].as_array().expect("nodes");
            assert_eq!(nodes[0]["balanceAfter"]["amount"], app.balance(account).await);
            let mut balance = 0_i64;
            for node in nodes.iter().rev() {
                balance += cents(&node["amount"]["amount"]);
                assert_eq!(cents(&node["balanceAfter"]["amount"]), balance);
                let parts = node["components"].as_array().expect("components");
                let parts: i64 = parts.iter().map(|part| cents(&part["amount"]["amount"])).sum();
                assert_eq!(parts, cents(&node["amount"]["amount"]));
            }
        }
    }
}

/// An amount with two decimals in whole minor units.
pub fn cents(amount: &Value) -> i64 {
    amount.as_str().expect("an amount").replace('.', "").parse().expect("digits")
}
