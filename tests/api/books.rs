//! The books as a whole: the journal, the chart, the trial balance, and anything by its id.

mod sums;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};
use crate::payments::{charge, disburse, statements::cents};
use crate::products;

/// A journal of many kinds of entries, over three days.
async fn history(app: &TestApp) -> (Account, Account) {
    let (current, card) = (app.funded("500.00").await, app.account("credit-card").await);
    app.transfer(&current, &card, "30.00").await;
    disburse(app, &card, "200.00").await;
    app.advance(std::time::Duration::from_secs(86_400));
    charge(app, &card, "INTEREST", "12.00").await;
    charge(app, &card, "LATE_FEE", "4.00").await;
    let hold = app.hold(&card, "25.00").await;
    app.done("captureHold", json!({ "hold": hold, "amount": euros("20.00") }), "replayed").await;
    app.advance(std::time::Duration::from_secs(86_400));
    let payment = app.pay_in(&card, "50.00").await;
    app.done("reverseEntry", json!({ "entry": payment, "reason": "bounced" }), "replayed").await;
    let adjustment = json!({ "account": card.by(), "amount": euros("1.00"), "component": "FEE", "reason": "goodwill" });
    app.done("postAdjustment", adjustment, "replayed").await;
    (current, card)
}

async fn entries(app: &TestApp, filter: Value, selection: &str) -> Vec<Value> {
    let query =
        format!("query($filter: EntryFilter) {{ entries(filter: $filter, first: 100) {{ nodes {{ {selection} }} }} }}");
    let data = app.ok(&query, json!({ "filter": filter })).await;
    data["entries"]["nodes"].as_array().expect("nodes").clone()
}

async fn kinds(app: &TestApp, filter: Value) -> Vec<String> {
    let entries = entries(app, filter, "kind").await;
    entries.iter().map(|entry| entry["kind"].as_str().expect("a kind").to_owned()).collect()
}

async fn trial_balance(app: &TestApp, as_of: Option<&str>) -> Value {
    let query = "query($asOf: Date) { trialBalance(asOf: $asOf) { asOf balanced totals { currency debit { amount } credit { amount } }
        lines { code name component role currency debit { amount } credit { amount } } } }";
    app.ok(query, json!({ "asOf": as_of })).await["trialBalance"].take()
}

/// `[code, debit, credit]` per line.
fn lines(balance: &Value) -> Value {
    let lines = balance["lines"].as_array().expect("lines");
    lines.iter().map(|line| json!([line["code"], line["debit"]["amount"], line["credit"]["amount"]])).collect()
}

on_both_databases! {
    async fn the_chart_of_accounts_can_be_read(app: TestApp) {
        let account = app.funded("25.00").await;
        let query = "query($by: AccountBy!) { account(by: $by) { ledgerAccounts { code component } } ledgerAccounts { code role } }";
        let data = app.ok(query, json!({ "by": account.by() })).await;
        let components = data["account"]["ledgerAccounts"].as_array().expect("rows").iter();
        let components: Vec<&str> = components.filter_map(|row| row["component"].as_str()).collect();
        assert_eq!(components, ["PRINCIPAL", "INTEREST", "FEE"]);
        assert_eq!(data["ledgerAccounts"], json!([{ "code": "SETTLEMENT_BANK", "role": "SETTLEMENT_BANK" }]));
        app.bound_to(&account.owner).fault("{ ledgerAccounts { code } }", json!({}), "FORBIDDEN").await;
    }

    async fn a_tenant_tells_its_business_date_and_what_is_closed(app: TestApp) {
        let query = "{ viewer { tenant { businessDate closedThrough } } }";
        let dates = app.ok(query, json!({})).await["viewer"]["tenant"].take();
        assert_eq!(dates, json!({ "businessDate": "2026-04-15", "closedThrough": null }));
        app.done("closePeriod", json!({ "through": "2026-03-31" }), "closedThrough").await;
        let dates = app.ok(query, json!({})).await["viewer"]["tenant"].take();
        assert_eq!(dates, json!({ "businessDate": "2026-04-15", "closedThrough": "2026-03-31" }));
    }

    async fn the_trial_balance_adds_every_posting_up_and_is_balanced(app: TestApp) {
        let empty = trial_balance(&app, None).await;
        assert_eq!(empty, json!({ "asOf": null, "balanced": true, "totals": [], "lines": [] }));
        history(&app).await;
        let balance = trial_balance(&app, None).await;
        assert_eq!(balance["balanced"], true);
        assert_eq!(
            lines(&balance),
            json!([
                ["CUSTOMER_PRINCIPAL", "284.00", "564.00"],
                ["CUSTOMER_INTEREST", "24.00", "12.00"],
                ["CUSTOMER_FEE", "8.00", "5.00"],
                ["SETTLEMENT_BANK", "550.00", "250.00"],
                ["SETTLEMENT_CARD", "0.00", "20.00"],
                ["INTEREST_INCOME", "0.00", "12.00"],
                ["FEE_INCOME", "0.00", "4.00"],
                ["SUSPENSE", "1.00", "0.00"],
            ])
        );
        assert_eq!(
            balance["totals"],
            json!([{ "currency": "EUR", "debit": { "amount": "867.00" }, "credit": { "amount": "867.00" } }])
        );
        let line = |code: &str| {
            balance["lines"].as_array().expect("lines").iter().find(|line| line["code"] == code).expect(code).clone()
        };
        let named = |line: Value| json!([line["name"], line["component"], line["role"]]);
        assert_eq!(named(line("CUSTOMER_FEE")), json!(["Customer fees", "FEE", null]));
        assert_eq!(named(line("SUSPENSE")), json!(["Suspense", null, "SUSPENSE"]));
    }

    async fn the_trial_balance_of_a_day_counts_by_value_date(app: TestApp) {
        let (current, _) = history(&app).await;
        let back =
            json!({ "account": current.by(), "amount": euros("7.00"), "channel": "CASH", "valueDate": "2026-04-01" });
        app.done("postPayment", back, "replayed").await;
        for (day, total) in [
            ("2026-03-31", None),
            ("2026-04-01", Some("7.00")),
            ("2026-04-14", Some("7.00")),
            ("2026-04-15", Some("737.00")),
            ("2026-04-16", Some("773.00")),
            ("2026-04-17", Some("874.00")),
            ("2030-01-01", Some("874.00")),
        ] {
            let balance = trial_balance(&app, Some(day)).await;
            assert_eq!((&balance["asOf"], &balance["balanced"]), (&json!(day), &json!(true)));
            let expected = total.map(
                |total| json!([{ "currency": "EUR", "debit": { "amount": total }, "credit": { "amount": total } }]),
            );
            assert_eq!(balance["totals"], expected.unwrap_or_else(|| json!([])), "{day}");
        }
    }

    async fn every_currency_is_balanced_by_itself(app: TestApp) {
        for (currency, amount) in [("SEK", "100.50"), ("JPY", "7000"), ("KWD", "1.125")] {
            let product = products::create(&app, json!({ "currency": currency, "debtRule": "NONE" })).await;
            let account = app.account(&product).await;
            assert_eq!(account.currency, currency);
            app.pay_in(&account, amount).await;
            assert_eq!(app.amounts(&account).await[0], amount);
        }
        app.funded("1.00").await;
        let totals = trial_balance(&app, None).await["totals"].take();
        let row = |currency: &str, amount: &str| json!({ "currency": currency, "debit": { "amount": amount }, "credit": { "amount": amount } });
        let mut found: Vec<String> = totals.as_array().expect("totals").iter().map(Value::to_string).collect();
        let mut expected = [("EUR", "1.00"), ("JPY", "7000"), ("KWD", "1.125"), ("SEK", "100.50")]
            .map(|(currency, amount)| row(currency, amount).to_string());
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    async fn the_journal_has_no_gap_and_every_entry_sums_to_zero(app: TestApp) {
        history(&app).await;
        let entries = entries(&app, Value::Null, "sequence bookedAt postings { amount { amount currency } }").await;
        let sequences: Vec<i64> = entries
            .iter()
            .map(|entry| entry["sequence"].as_str().expect("a text").parse().expect("a number"))
            .collect();
        assert_eq!(sequences, (1..=9).rev().collect::<Vec<i64>>());
        assert!(entries.is_sorted_by(|newer, older| newer["bookedAt"].as_str() >= older["bookedAt"].as_str()));
        for entry in &entries {
            let postings = entry["postings"].as_array().expect("postings");
            let sum: i64 = postings.iter().map(|line| cents(&line["amount"]["amount"])).sum();
            assert!(sum == 0 && postings.len() >= 2, "{entry}");
        }
        // A refused entry takes no number.
        let account = app.account("current").await;
        app.refused("disburse", crate::payments::payout(&account, "1.00"), "INSUFFICIENT_FUNDS", "amount").await;
        app.pay_in(&account, "1.00").await;
        let data = app.ok("{ entries(first: 1) { nodes { sequence } } }", json!({})).await;
        assert_eq!(data["entries"]["nodes"][0]["sequence"], "10");
    }

    async fn entries_are_listed_by_day_kind_account_and_reference(app: TestApp) {
        let (current, card) = history(&app).await;
        let named = json!({ "account": current.by(), "amount": euros("7.00"), "channel": "CASH", "externalReference": { "reference": "x-1" } });
        app.done("postPayment", named, "replayed").await;
        for (filter, expected) in [
            (json!({ "to": "2026-04-15" }), vec!["DISBURSEMENT", "TRANSFER", "PAYMENT"]),
            (json!({ "from": "2026-04-16", "to": "2026-04-16" }), vec!["PURCHASE", "LATE_FEE", "INTEREST"]),
            (json!({ "from": "2026-04-17" }), vec!["PAYMENT", "ADJUSTMENT", "REVERSAL", "PAYMENT"]),
            (json!({ "from": "2026-04-18" }), vec![]),
            (json!({ "kinds": ["INTEREST", "TRANSFER"] }), vec!["INTEREST", "TRANSFER"]),
            (json!({ "accounts": [current.id] }), vec!["PAYMENT", "TRANSFER", "PAYMENT"]),
            (
                json!({ "accounts": [current.id, card.id], "kinds": ["PAYMENT", "PURCHASE"] }),
                vec!["PAYMENT", "PAYMENT", "PURCHASE", "PAYMENT"],
            ),
            (json!({ "accounts": [card.id], "to": "2026-04-15" }), vec!["DISBURSEMENT", "TRANSFER"]),
            (json!({ "accounts": ["nobody"] }), vec![]),
            (json!({ "externalReference": "x-1" }), vec!["PAYMENT"]),
            (json!({ "externalReference": "x-2" }), vec![]),
        ] {
            assert_eq!(kinds(&app, filter.clone()).await, expected, "{filter}");
        }
        let query = "query($filter: EntryFilter) { entries(filter: $filter) { nodes { id } } }";
        app.fault(query, json!({ "filter": { "from": "2026-04-17", "to": "2026-04-16" } }), "BAD_REQUEST").await;
        for filter in [json!({ "kinds": ["NONSENSE"] }), json!({ "kinds": [] }), json!({ "accounts": [] })] {
            app.fault(query, json!({ "filter": filter }), "BAD_REQUEST").await;
        }

        let query = "query($after: String) { entries(first: 4, after: $after) { nodes { kind } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
        let (mut after, mut paged) = (Value::Null, Vec::new());
        loop {
            let page = app.ok(query, json!({ "after": after })).await["entries"].take();
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            paged.extend(
                page["nodes"]
                    .as_array()
                    .expect("nodes")
                    .iter()
                    .map(|node| node["kind"].as_str().expect("a kind").to_owned()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, kinds(&app, Value::Null).await);
        assert_eq!(paged.len(), 10);
    }

    async fn anything_is_found_by_its_id(app: TestApp) {
        let (_, card) = history(&app).await;
        let hold = app.hold(&card, "1.00").await;
        let data = app.ok(
            "query($by: AccountBy!) { account(by: $by) { product { id } owner { id } transactions(first: 1) { nodes { id } } }
                entries(first: 1) { nodes { id postings { ledgerAccount { id } } } } auditRecords(first: 1) { nodes { id } } }",
            json!({ "by": card.by() }),
        ).await;
        let entry = &data["entries"]["nodes"][0];
        let postings = entry["postings"].as_array().expect("postings");
        let mut ids = vec![
            (json!(card.id), "CardAccount"),
            (data["account"]["product"]["id"].clone(), "Product"),
            (data["account"]["owner"]["id"].clone(), "Customer"),
            (data["account"]["transactions"]["nodes"][0]["id"].clone(), "Transaction"),
            (entry["id"].clone(), "Entry"),
            (json!(hold), "Hold"),
            (data["auditRecords"]["nodes"][0]["id"].clone(), "AuditRecord"),
        ];
        ids.extend(postings.iter().map(|line| (line["ledgerAccount"]["id"].clone(), "LedgerAccount")));
        for product in ["current", "investment", "leasing", "revolving", "virtual", "invoice", "loan", "receivable"] {
            let account = app.account(product).await;
            let typename = app
                .ok("query($by: AccountBy!) { account(by: $by) { __typename } }", json!({ "by": account.by() }))
                .await;
            let typename = typename["account"]["__typename"].as_str().expect("a type").to_owned();
            let found =
                app.ok("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": account.id })).await;
            assert_eq!(found["node"], json!({ "__typename": typename, "id": account.id }));
        }
        let query = "query($id: ID!) { node(id: $id) { __typename id } }";
        for (id, typename) in &ids {
            let expected = json!({ "node": { "__typename": typename, "id": id } });
            assert_eq!(app.ok(query, json!({ "id": id })).await, expected);
        }
        let mut wanted: Vec<Value> = ids.iter().map(|(id, _)| id.clone()).collect();
        wanted.insert(2, json!("ent_00000000000000000000000000000000"));
        wanted.push(wanted[0].clone());
        let nodes =
            app.ok("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": wanted })).await["nodes"].take();
        let expected: Vec<Value> = wanted
            .iter()
            .enumerate()
            .map(|(index, id)| if index == 2 { Value::Null } else { json!({ "id": id }) })
            .collect();
        assert_eq!(nodes, json!(expected));
        for wrong in ["", "acc", "acc_", "ten_00000000000000000000000000000000", "cus_zz", "txn_00", "led_1", "aud_1"] {
            assert_eq!(app.ok(query, json!({ "id": wrong })).await, json!({ "node": null }), "{wrong}");
        }
        let query = "query($id: ID!) { entry(id: $id) { id kind } }";
        assert_eq!(app.ok(query, json!({ "id": entry["id"] })).await["entry"]["kind"], "ADJUSTMENT");
        assert_eq!(app.ok(query, json!({ "id": card.id })).await, json!({ "entry": null }));
    }

    async fn a_row_of_the_chart_has_the_balance_of_its_postings(app: TestApp) {
        let (_, card) = history(&app).await;
        let entries = entries(
            &app,
            Value::Null,
            "postings { amount { amount } ledgerAccount { id code component role balance { amount } account { id } } }",
        )
        .await;
        let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for line in entries.iter().flat_map(|entry| entry["postings"].as_array().expect("postings")) {
            let row = &line["ledgerAccount"];
            let sum = sums.entry(row["id"].to_string()).or_default();
            *sum = (sum.0 + cents(&line["amount"]["amount"]), cents(&row["balance"]["amount"]));
            assert_ne!(row["component"].is_null(), row["role"].is_null());
            assert_eq!(row["component"].is_null(), row["account"].is_null());
        }
        assert!(sums.len() > 8 && sums.values().all(|(sum, balance)| sum == balance), "{sums:?}");
        let own = entries.iter().flat_map(|entry| entry["postings"].as_array().expect("postings"));
        let own: Vec<&Value> =
            own.map(|line| &line["ledgerAccount"]).filter(|row| row["account"]["id"] == card.id).collect();
        let codes: std::collections::BTreeSet<&str> =
            own.iter().map(|row| row["code"].as_str().expect("a code")).collect();
        assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["CUSTOMER_FEE", "CUSTOMER_INTEREST", "CUSTOMER_PRINCIPAL"]);
    }
}
