//! Billing: cycles and statements, interest, bills and reminders, delinquency.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

const STATEMENT: &str = "id number from closedOn previousClosedOn nextClosedOn previousBalance { amount } payments { amount }
    interest { amount } fees { amount } balance { amount } amountDue { amount } initialRemainingDue { amount }
    initialPastDue { amount } theoreticalDirectDebit { amount } directDebit { amount } dueOn issueOn state
    operations(first: 10) { nodes { kind amount { amount } } }
    interestExplanation { amount { amount } remainder free lines { side from through days ratePct exact correction balance { amount } } }
    bills { kind } reprints { nodes { client } }";
const BILL: &str = "id number kind status endReason amount { amount } minimumToPay { amount } remaining { amount } fee { amount }
    dueOn madeOn statement { number } follows { kind } paymentDetails { minimum { amount } total { amount } paymentOrdersExist }";

fn plan() -> Value {
    json!({ "product": { "code": "revolving" }, "closureDay": 30, "paymentDays": 13, "minimumSharePct": "10", "minimumFloor": "50",
        "directDebitSharePct": "50", "statementFee": "1.00",
        "interest": { "dayCount": "ACT_360", "debit": [{ "from": "2020-01-01", "tiers": [{ "above": "0", "ratePct": "18" }] }] } })
}

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

async fn advance(app: &TestApp, to: &str) {
    app.done("advanceClock", json!({ "to": format!("{to}T10:00:00Z") }), "replayed").await;
}

/// A billed account that owes this since 15 April 2026.
async fn billed(app: &TestApp, plan: Value, amount: &str) -> Account {
    app.done("setBillingPlan", plan, "plan { closureDay }").await;
    let account = app.account("revolving").await;
    spend(app, &account, amount).await;
    account
}

async fn spend(app: &TestApp, account: &Account, amount: &str) {
    let input = json!({ "account": account.by(), "amount": euros(amount), "iban": "SE3550000000054910000003" });
    app.done("disburse", input, "replayed").await;
}

async fn statements(app: &TestApp, account: &Account) -> Vec<Value> {
    let shown = format!("statements(first: 3) {{ nodes {{ {STATEMENT} }} }}");
    let mut nodes = show(app, account, &shown).await["statements"]["nodes"].take();
    let mut nodes = nodes.as_array_mut().expect("statements").clone();
    nodes.reverse();
    nodes
}

async fn bills(app: &TestApp, account: &Account) -> Vec<Value> {
    let shown = format!("bills(first: 10) {{ nodes {{ {BILL} }} }}");
    show(app, account, &shown).await["bills"]["nodes"].as_array().expect("bills").clone()
}

fn cents(amount: &Value) -> i64 {
    amount["amount"].as_str().expect("an amount").replace('.', "").parse().expect("cents")
}

on_both_databases! {
    async fn a_cycle_is_closed_with_interest_and_fees_and_asks_for_its_minimum(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        assert_eq!(show(&app, &account, "lastStatement { id } nextClosure openBill { id }").await["lastStatement"], Value::Null);
        advance(&app, "2026-05-01").await;
        let all = statements(&app, &account).await;
        let first = &all[0];
        assert_eq!((all.len(), &first["number"], &first["closedOn"], &first["previousClosedOn"]), (1, &json!(1), &json!("2026-04-30"), &Value::Null));
        // 600.00 from the 15th to the 30th, sixteen days of 360, at 18 percent.
        for (field, expected) in [
            ("previousBalance", 0), ("payments", 0), ("interest", 480), ("fees", 100), ("balance", -60_580), ("amountDue", 6_058),
            ("initialRemainingDue", 6_058), ("initialPastDue", 0), ("theoreticalDirectDebit", 30_290),
        ] {
            assert_eq!(cents(&first[field]), expected, "{field}");
        }
        assert_eq!((&first["directDebit"], &first["state"], &first["dueOn"]), (&Value::Null, &json!("ISSUED"), &json!("2026-05-13")));
        let kinds: Vec<&str> = first["operations"]["nodes"].as_array().expect("operations").iter().filter_map(|one| one["kind"].as_str()).collect();
        assert_eq!(kinds, ["BILLING_FEE", "INTEREST", "DISBURSEMENT"]);
        let line = &first["interestExplanation"]["lines"][0];
        assert_eq!((&line["days"], &line["exact"], &line["from"], &line["through"]), (&json!(16), &json!("480"), &json!("2026-04-15"), &json!("2026-04-30")));

        let shown = format!("openBill {{ {BILL} }} dues(first: 10) {{ nodes {{ component source open {{ amount }} }} }} nextStatementOperations {{ nodes {{ kind }} }} interestRates {{ debitPct effectiveDebitPct creditPct }}");
        let shown = show(&app, &account, &shown).await;
        let bill = &shown["openBill"];
        assert_eq!((&bill["kind"], &bill["status"], cents(&bill["minimumToPay"]), cents(&bill["amount"]), cents(&bill["remaining"])),
            (&json!("BILL"), &json!("OPEN"), 6_058, 60_580, 6_058));
        assert_eq!((&bill["paymentDetails"]["paymentOrdersExist"], cents(&bill["paymentDetails"]["total"])), (&json!(false), 60_580));
        assert_eq!(shown["nextStatementOperations"]["nodes"], json!([]));
        assert_eq!(shown["interestRates"], json!({ "debitPct": "18", "effectiveDebitPct": "19.56", "creditPct": null }));
        let mut dues: Vec<(String, i64)> = shown["dues"]["nodes"].as_array().expect("dues").iter()
            .map(|due| (due["component"].as_str().expect("a word").to_owned(), cents(&due["open"]))).collect();
        dues.sort();
        assert_eq!(dues, [("FEE".to_owned(), 100), ("INTEREST".to_owned(), 480), ("PRINCIPAL".to_owned(), 5_478)]);

        // Paid: closed at once, and noted with the day.
        app.pay_in(&account, "60.58").await;
        let shown = show(&app, &account, "openBill { id } bills(status: CLOSED) { nodes { id } } delinquency { since }").await;
        assert_eq!((&shown["openBill"], shown["bills"]["nodes"].as_array().map(Vec::len), &shown["delinquency"]), (&Value::Null, Some(1), &Value::Null));
        spend(&app, &account, "100.00").await;
        advance(&app, "2026-06-01").await;
        let all = statements(&app, &account).await;
        let second = &all[1];
        assert_eq!((&second["closedOn"], &second["previousClosedOn"], cents(&second["payments"]), cents(&second["previousBalance"])),
            (&json!("2026-05-30"), &json!("2026-04-30"), 6_058, -60_580));
        assert_eq!(all[0], with(first.clone(), "bills", json!([{ "kind": "BILL" }])), "what is sealed stays");
        for statement in &all {
            let sum: i64 = statement["operations"]["nodes"].as_array().expect("operations").iter().map(|one| cents(&one["amount"])).sum();
            assert_eq!(cents(&statement["balance"]), cents(&statement["previousBalance"]) + sum);
        }
        assert_eq!(bills(&app, &account).await[1]["endReason"], "PAID");
        let by_filter = format!("transactions(filter: {{ statement: {} }}) {{ nodes {{ kind }} }}", second["id"]);
        let found = show(&app, &account, &by_filter).await["transactions"]["nodes"].as_array().map(Vec::len);
        assert_eq!(found, second["operations"]["nodes"].as_array().map(Vec::len));
    }

    async fn a_terminated_credit_is_billed_as_a_whole(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        advance(&app, "2026-05-01").await;
        assert_eq!(cents(&bills(&app, &account).await[0]["minimumToPay"]), 6_058);
        app.done("setTermination", json!({ "account": account.by(), "status": "TERMINATED" }), "replayed").await;
        assert_eq!(cents(&bills(&app, &account).await[0]["remaining"]), 60_580, "all of it is due at once");
        advance(&app, "2026-06-01").await;
        let bill = &bills(&app, &account).await[0];
        assert_eq!((&bill["kind"], &bill["minimumToPay"]), (&json!("BILL"), &bill["amount"]));
        assert!(cents(&bill["amount"]) > 60_580, "interest and fees go on");
    }

    async fn a_bill_that_is_not_paid_is_reminded_of_and_the_account_is_delinquent(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let mut terms = with(plan(), "paymentDays", json!(2));
        terms["reminders"] = json!([{ "afterDays": 1, "fee": "5.00" }, { "afterDays": 1, "fee": "10.00" }]);
        terms["collectionAfterDays"] = json!(1);
        terms["collectionFee"] = json!("20.00");
        let account = billed(&app, terms, "600.00").await;
        app.refused("cancelDelinquency", json!({ "account": account.by() }), "NOT_DELINQUENT", "account").await;
        advance(&app, "2026-05-20").await;
        let all = bills(&app, &account).await;
        let kinds: Vec<(&str, &str, &Value)> = all.iter().map(|bill| {
            (bill["kind"].as_str().expect("a kind"), bill["status"].as_str().expect("a status"), &bill["endReason"])
        }).collect();
        let reminded = json!("REMINDED");
        assert_eq!(kinds, [("COLLECTION", "OPEN", &Value::Null), ("REMINDER2", "CLOSED", &reminded), ("REMINDER1", "CLOSED", &reminded), ("BILL", "CLOSED", &reminded)]);
        assert_eq!(all.iter().map(|bill| cents(&bill["fee"])).collect::<Vec<_>>(), [2_000, 1_000, 500, 0]);
        assert_eq!(all.iter().map(|bill| cents(&bill["minimumToPay"])).collect::<Vec<_>>(), [9_558, 7_558, 6_558, 6_058]);
        assert_eq!(all[0]["follows"]["kind"], "REMINDER2");
        let shown = show(&app, &account, "delinquency { since daysPastDue bucket open { amount } }").await["delinquency"].take();
        assert_eq!((&shown["since"], &shown["bucket"], cents(&shown["open"])), (&json!("2026-05-02"), &json!("DAYS_1_TO_29"), 9_558));
        let done = app.done("cancelDelinquency", json!({ "account": account.by() }), "account { delinquency { since } }").await;
        assert_eq!(done["account"]["delinquency"], Value::Null);
        advance(&app, "2026-05-22").await;
        assert_eq!(show(&app, &account, "delinquency { since } openBill { kind }").await,
            json!({ "delinquency": null, "openBill": { "kind": "COLLECTION" } }), "what was lifted makes none again");
        // The next statement carries what is open; what is due then makes a delinquency of its own.
        advance(&app, "2026-06-10").await;
        let all = bills(&app, &account).await;
        let carried = all.iter().rev().find(|bill| bill["kind"] == "COLLECTION").expect("the collection");
        assert_eq!(carried["endReason"], "CARRIED_OVER");
        assert_eq!(cents(&statements(&app, &account).await[1]["initialPastDue"]), 9_558);
        assert_ne!(show(&app, &account, "delinquency { since }").await["delinquency"], Value::Null);
        let input = json!({ "account": account.by(), "cancelOverdueMinimum": true });
        app.done("cancelDelinquency", input.clone(), "replayed").await;
        let open = show(&app, &account, "dues(first: 50) { nodes { status dueOn } }").await["dues"]["nodes"].take();
        assert!(open.as_array().expect("dues").iter().all(|due| due["status"] != "OPEN" || due["dueOn"].as_str() >= Some("2026-06-10")), "{open}");
        app.refused("cancelDelinquency", input, "NOT_DELINQUENT", "account").await;
    }

    async fn what_is_booked_late_is_made_good_with_the_next_closing(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        advance(&app, "2026-05-01").await;
        let sealed = statements(&app, &account).await[0].clone();
        // It had come on the 20th of April: eleven days of 100.00 at 18 percent are given back.
        let input = json!({ "account": account.by(), "amount": euros("100.00"), "channel": "BANK_TRANSFER", "valueDate": "2026-04-20" });
        app.done("postPayment", input, "replayed").await;
        advance(&app, "2026-06-01").await;
        let all = statements(&app, &account).await;
        assert_eq!(all[0]["interest"], sealed["interest"]);
        let lines = all[1]["interestExplanation"]["lines"].as_array().expect("lines");
        let exact = |line: &Value| line["exact"].as_str().expect("a figure").parse::<rust_decimal::Decimal>().expect("a decimal");
        let made_good: rust_decimal::Decimal = lines.iter().filter(|line| line["correction"] == true).map(exact).sum();
        // What was paid went first to the interest and the fee that were owed: 94.20 of it lowered the principal.
        assert_eq!(made_good.round_dp(2).to_string(), "-51.81");
        let sum: rust_decimal::Decimal = lines.iter().map(exact).sum();
        let explained = &all[1]["interestExplanation"];
        let booked = rust_decimal::Decimal::from(cents(&explained["amount"]));
        assert_eq!(sum, booked + exact(&json!({ "exact": explained["remainder"] })));
        assert_eq!(cents(&explained["amount"]), cents(&all[1]["interest"]));
    }

    async fn who_pays_in_full_bears_no_interest_and_direct_debits_are_foreseen(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let mut terms = plan();
        terms["interest"]["freeWhenPaid"] = json!(true);
        let account = billed(&app, terms, "600.00").await;
        let input = json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "paymentScope": "TOTAL_DEBT" });
        app.done("setUpRecurringPayment", input, "replayed").await;
        advance(&app, "2026-05-01").await;
        let first = statements(&app, &account).await[0].clone();
        assert_eq!((cents(&first["interest"]), cents(&first["directDebit"]), &first["interestExplanation"]["free"]), (0, 60_100, &json!(true)));
        app.pay_in(&account, "300.00").await;
        advance(&app, "2026-06-01").await;
        // Paid in part: what stood bears interest from its first day on.
        let second = statements(&app, &account).await[1].clone();
        assert_eq!(second["interestExplanation"]["free"], false);
        assert!(cents(&second["interest"]) > 0);
        app.pay_in(&account, "1000.00").await;
        advance(&app, "2026-07-01").await;
        let third = statements(&app, &account).await[2].clone();
        assert_eq!((cents(&third["interest"]), cents(&third["amountDue"])), (0, 0));
        assert!(cents(&third["balance"]) > 0);
        assert_eq!(show(&app, &account, "openBill { id }").await["openBill"], Value::Null);
    }

    async fn what_is_billed_is_drawn_by_direct_debit(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        let input = json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "paymentScope": "BILLED_AMOUNT", "executionDay": 13 });
        app.done("setUpRecurringPayment", input, "replayed").await;
        let consent = json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "reference": "M-1" });
        app.done("giveDebitConsent", consent, "replayed").await;
        advance(&app, "2026-05-07").await;
        let shown = "openBill { paymentDetails { paymentOrdersExist } } nextPayment { executionDate amount { amount } }";
        assert_eq!(show(&app, &account, shown).await, json!({
            "openBill": { "paymentDetails": { "paymentOrdersExist": true } },
            "nextPayment": { "executionDate": "2026-05-13", "amount": { "amount": "60.58" } },
        }));
        assert_eq!(cents(&statements(&app, &account).await[0]["directDebit"]), 6_058);
        advance(&app, "2026-05-18").await;
        let shown = "openBill { id } paymentOrders { nodes { status amount { amount } } } delinquency { since }";
        assert_eq!(show(&app, &account, shown).await, json!({
            "openBill": null, "delinquency": null, "paymentOrders": { "nodes": [{ "status": "EXECUTED", "amount": { "amount": "60.58" } }] },
        }));
    }

    async fn statements_are_found_by_day_and_moment_and_asked_for_again(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        let other = app.account("revolving").await;
        spend(&app, &other, "10.00").await;
        advance(&app, "2026-06-01").await;
        let query = "query($by: StatementBy!) { statement(by: $by) { closedOn } }";
        for (of, expected) in [
            (json!({}), json!("2026-05-30")),
            (json!({ "closedOn": "2026-04-30" }), json!("2026-04-30")),
            (json!({ "closedAt": "2026-04-30T08:00:00Z" }), json!("2026-04-30")),
            (json!({ "closedOn": "2026-04-29" }), Value::Null),
        ] {
            let by = json!({ "of": with(of, "account", account.by()) });
            assert_eq!(app.ok(query, json!({ "by": by })).await["statement"]["closedOn"], expected, "{by}");
        }
        let input = |day: &str| json!({ "statement": { "of": { "account": account.by(), "closedOn": day } } });
        let done = app.done("reprintStatement", input("2026-04-30"), "statement { closedOn } reprint { requestedAt client }").await;
        assert_eq!(done["statement"]["closedOn"], "2026-04-30");
        app.refused("reprintStatement", input("2026-05-01"), "NOT_FOUND", "statement").await;
        let all = statements(&app, &account).await;
        assert_eq!(all[0]["reprints"]["nodes"].as_array().map(Vec::len), Some(1));
        assert_eq!(all[1]["reprints"]["nodes"], json!([]));

        // A period, and what is somebody else's.
        let shown = show(&app, &account, "statements(from: \"2026-05-01\", to: \"2026-05-31\") { nodes { number } }").await;
        assert_eq!(shown["statements"]["nodes"], json!([{ "number": 2 }]));
        let theirs = statements(&app, &other).await[0]["id"].take();
        let bill = bills(&app, &other).await[0]["id"].take();
        let filtered = format!("transactions(filter: {{ statement: {theirs} }}) {{ nodes {{ kind }} }}");
        assert_eq!(show(&app, &account, &filtered).await["transactions"]["nodes"], json!([]));
        let by_bill = format!("history(bill: {bill}) {{ nodes {{ operation }} }}");
        let stranger = app.bound_to(&account.owner);
        assert_eq!(show(&stranger, &account, &by_bill).await["history"]["nodes"], json!([]));
        let away = app.with_sandbox("away").await;
        for voice in [&stranger, &away] {
            let query = "query($by: StatementBy!, $bill: ID!) { statement(by: $by) { id } bill(id: $bill) { id } }";
            let found = voice.ok(query, json!({ "by": { "id": theirs }, "bill": bill })).await;
            assert_eq!(found, json!({ "statement": null, "bill": null }));
            voice.refused("reprintStatement", json!({ "statement": { "id": theirs } }), "NOT_FOUND", "statement").await;
        }
        let query = "query($bill: ID!) { bill(id: $bill) { number } }";
        assert!(app.ok(query, json!({ "bill": bill })).await["bill"]["number"].as_str().expect("a number").starts_with("bill-"));
    }

    async fn the_history_of_an_account_is_read_by_bill(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = billed(&app, plan(), "600.00").await;
        advance(&app, "2026-05-01").await;
        app.pay_in(&account, "60.58").await;
        app.done("updateAccount", json!({ "account": account.by(), "metadata": { "a": 1 } }), "replayed").await;
        let bill = bills(&app, &account).await[0]["id"].take();
        let shown = format!("history(bill: {bill}, first: 50) {{ nodes {{ operation }} }}");
        let told = show(&app, &account, &shown).await["history"]["nodes"].take();
        let operations: Vec<&str> = told.as_array().expect("a history").iter().filter_map(|item| item["operation"].as_str()).collect();
        assert_eq!(operations, ["postPayment", "runBusinessDayStep"]);
        let none = show(&app, &account, "history(bill: \"bil_1\") { nodes { operation } }").await;
        assert_eq!(none["history"]["nodes"], json!([]));
    }

    async fn a_plan_that_makes_no_sense_is_refused_by_its_field(app: TestApp) {
        let rates = |tiers: Value| json!({ "dayCount": "ACT_360", "debit": [{ "from": "2020-01-01", "tiers": tiers }] });
        for (field, value, path) in [
            ("product", json!({ "code": "none" }), "product"),
            ("closureDay", json!(0), "closureDay"),
            ("closureDay", json!(32), "closureDay"),
            ("paymentDays", json!(61), "paymentDays"),
            ("issueAfterDays", json!(14), "paymentDays"),
            ("minimumSharePct", json!("101"), "minimumSharePct"),
            ("minimumFloor", json!("-1"), "minimumFloor"),
            ("statementFee", json!("1.001"), "statementFee"),
            ("reminders", json!([{ "afterDays": 0 }]), "reminders.0.afterDays"),
            ("reminders", json!([{ "afterDays": 1 }, { "afterDays": 1 }, { "afterDays": 1 }]), "reminders"),
            ("interest", rates(json!([])), "interest.debit.0.tiers"),
            ("interest", rates(json!([{ "above": "1", "ratePct": "5" }])), "interest.debit.0.tiers.0.above"),
            ("interest", rates(json!([{ "above": "0", "ratePct": "101" }])), "interest.debit.0.tiers.0.ratePct"),
        ] {
            let code = if field == "product" { "NOT_FOUND" } else { "INVALID_INPUT" };
            app.refused("setBillingPlan", with(plan(), field, value), code, path).await;
        }
        let shown = "query { product(by: { code: \"revolving\" }) { billing { closureDay } } }";
        assert_eq!(app.ok(shown, json!({})).await["product"]["billing"], Value::Null);
        app.done("setBillingPlan", plan(), "plan { closureDay roll minimumFloor { amount } interest { dayCount debit { from tiers { ratePct } } } startsOn }").await;
        assert_eq!(app.ok(shown, json!({})).await["product"]["billing"]["closureDay"], 30);
    }
}
