//! Recurring payments: set up, changed, removed, consented to; orders that are made, sent, given back and tried again.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

const SETTINGS: &str = "recurringPayment { state paymentMethod paymentScope fixedAmount { amount } nextOn
    terms { frequency executionDay leadDays collectionDays retries retryDays } account { id }
    consent { inForce byCustomer givenBy } actions { action allowed reason } }";

fn settings(account: &Account, scope: &str) -> Value {
    json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "paymentScope": scope })
}

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

async fn set_up(app: &TestApp, account: &Account, scope: &str) -> Value {
    app.done("setUpRecurringPayment", settings(account, scope), SETTINGS).await["recurringPayment"].take()
}

async fn consent(app: &TestApp, account: &Account) {
    let input = json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "reference": "M-1" });
    app.done("giveDebitConsent", input, "consent { id }").await;
}

async fn advance(app: &TestApp, to: &str) {
    app.done("advanceClock", json!({ "to": to }), "replayed").await;
}

async fn due(app: &TestApp, account: &Account, amount: &str, due_on: &str) {
    let input = json!({ "account": account.by(), "component": "PRINCIPAL", "amount": euros(amount), "dueOn": due_on });
    app.done("addDue", input, "replayed").await;
}

/// A revolving account that owes this.
async fn owing(app: &TestApp, product: &str, amount: &str) -> Account {
    let account = app.account(product).await;
    spend(app, &account, amount).await;
    account
}

async fn spend(app: &TestApp, account: &Account, amount: &str) {
    let input = json!({ "account": account.by(), "amount": euros(amount), "iban": "SE3550000000054910000003" });
    app.done("disburse", input, "replayed").await;
}

/// The orders of an account, oldest first: execution date, status, amount, reason.
async fn orders(app: &TestApp, account: &Account) -> Vec<Value> {
    let shown = "paymentOrders(first: 100) { nodes { executionDate status amount { amount } reason } }";
    let nodes = show(app, account, shown).await["paymentOrders"]["nodes"].take();
    let row =
        |order: &Value| json!([order["executionDate"], order["status"], order["amount"]["amount"], order["reason"]]);
    nodes.as_array().expect("orders").iter().rev().map(row).collect()
}

/// A product that gives credit, with terms of its own.
async fn product(app: &TestApp, code: &str, terms: Value) {
    let product = json!({ "code": code, "alias": code, "family": "REVOLVING_CREDIT", "currency": "EUR", "debtRule": "LIMIT",
        "defaultCreditLimit": "50000", "recurringPayments": terms });
    app.done("createProduct", product, "replayed").await;
}

on_both_databases! {
    async fn settings_are_set_up_changed_and_removed(app: TestApp) {
        let account = app.account("revolving").await;
        assert_eq!(show(&app, &account, SETTINGS).await["recurringPayment"], Value::Null);
        let fixed = with(settings(&account, "FIXED"), "fixedAmount", euros("150.00"));
        let done = app.done("setUpRecurringPayment", with(fixed, "executionDay", json!(31)), SETTINGS).await["recurringPayment"].take();
        assert_eq!((&done["paymentMethod"], &done["paymentScope"], &done["fixedAmount"]["amount"]), (&json!("AUTOGIRO"), &json!("FIXED"), &json!("150.00")));
        assert_eq!((&done["nextOn"], &done["account"]["id"], &done["consent"]), (&json!("2026-04-30"), &json!(account.id), &Value::Null));
        assert_eq!(done["terms"], json!({ "frequency": "MONTHLY", "executionDay": 31, "leadDays": 10, "collectionDays": 2, "retries": 0, "retryDays": 5 }));
        app.refused("setUpRecurringPayment", settings(&account, "TOTAL_DEBT"), "INVALID_STATE", "account").await;
        let update = async |input: Value| {
            let input = with(input, "account", account.by());
            app.done("updateRecurringPayment", input, SETTINGS).await["recurringPayment"].take()
        };
        assert_eq!(update(json!({ "paymentMethod": "SEPA_DIRECT_DEBIT" })).await["paymentMethod"], "SEPA_DIRECT_DEBIT");
        assert_eq!(update(json!({ "fixedAmount": euros("200.00") })).await["fixedAmount"]["amount"], "200.00");
        let other = update(json!({ "paymentScope": "TOTAL_DEBT", "fixedAmount": null })).await;
        assert_eq!((&other["paymentScope"], &other["fixedAmount"]), (&json!("TOTAL_DEBT"), &Value::Null));
        let both = update(json!({ "paymentScope": "FIXED", "fixedAmount": euros("10.00") })).await;
        assert_eq!((&both["paymentScope"], &both["fixedAmount"]["amount"]), (&json!("FIXED"), &json!("10.00")));
        // What goes with the scope goes with it.
        assert_eq!(update(json!({ "paymentScope": "BILLED_AMOUNT" })).await["fixedAmount"], Value::Null);
        let weekly = update(json!({ "frequency": "WEEKLY" })).await;
        assert_eq!((&weekly["nextOn"], &weekly["terms"]["executionDay"]), (&json!("2026-04-20"), &json!(1)));
        consent(&app, &account).await;
        let done = app.done("removeRecurringPayment", json!({ "account": account.by() }), SETTINGS).await["recurringPayment"].take();
        assert_eq!((&done["state"], &done["nextOn"]), (&json!("REMOVED"), &Value::Null));
        let shown = show(&app, &account, "recurringPayment { state } debitConsent { inForce paymentMethod reference }").await;
        assert_eq!(shown, json!({ "recurringPayment": null, "debitConsent": { "inForce": true, "paymentMethod": "AUTOGIRO", "reference": "M-1" } }));
        app.refused("removeRecurringPayment", json!({ "account": account.by() }), "NOT_FOUND", "account").await;
        assert_eq!(set_up(&app, &account, "TOTAL_DEBT").await["state"], "ACTIVE");
        let told = show(&app, &account, "history(first: 50) { nodes { events { type } } }").await.to_string();
        for type_ in ["RECURRING_PAYMENT_SET_UP", "RECURRING_PAYMENT_CHANGED", "RECURRING_PAYMENT_REMOVED", "DEBIT_CONSENT_GIVEN"] {
            assert!(told.contains(type_), "{type_}");
        }
    }

    async fn what_makes_no_sense_is_refused_by_name_and_changes_nothing(app: TestApp) {
        let (account, never) = (app.account("revolving").await, app.account("current").await);
        let closing = app.account("revolving").await;
        app.done("requestAccountClosure", json!({ "account": closing.by() }), "replayed").await;
        let other = app.account("revolving").await;
        set_up(&app, &other, "TOTAL_DEBT").await;
        let before = app.picture().await;
        let fixed = |amount: Value| with(settings(&account, "FIXED"), "fixedAmount", amount);
        for (input, code, path) in [
            (with(settings(&account, "TOTAL_DEBT"), "account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (settings(&closing, "TOTAL_DEBT"), "ACCOUNT_NOT_OPEN", "account"),
            (settings(&never, "TOTAL_DEBT"), "INVALID_INPUT", "account"),
            (settings(&account, "FIXED"), "INVALID_INPUT", "fixedAmount"),
            (fixed(euros("0.00")), "AMOUNT_OUT_OF_RANGE", "fixedAmount"),
            (fixed(euros("-1.00")), "AMOUNT_OUT_OF_RANGE", "fixedAmount"),
            (fixed(json!({ "amount": "1.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "fixedAmount.currency"),
            (with(settings(&account, "TOTAL_DEBT"), "fixedAmount", euros("1.00")), "INVALID_INPUT", "fixedAmount"),
            (with(settings(&account, "BILLED_AMOUNT"), "fixedAmount", euros("1.00")), "INVALID_INPUT", "fixedAmount"),
            (with(settings(&account, "TOTAL_DEBT"), "executionDay", json!(0)), "INVALID_INPUT", "executionDay"),
            (with(settings(&account, "TOTAL_DEBT"), "executionDay", json!(32)), "INVALID_INPUT", "executionDay"),
            (with(settings(&account, "TOTAL_DEBT"), "executionDay", json!(-1)), "INVALID_INPUT", "executionDay"),
        ] {
            app.refused("setUpRecurringPayment", input, code, path).await;
        }
        let update = |input: Value| with(input, "account", other.by());
        for (input, code, path) in [
            (json!({ "account": account.by(), "paymentScope": "TOTAL_DEBT" }), "NOT_FOUND", "account"),
            (update(json!({ "paymentScope": "FIXED" })), "INVALID_INPUT", "fixedAmount"),
            (update(json!({ "fixedAmount": euros("5.00") })), "INVALID_INPUT", "fixedAmount"),
            (update(json!({ "paymentMethod": null })), "INVALID_INPUT", "paymentMethod"),
            (update(json!({ "paymentScope": null })), "INVALID_INPUT", "paymentScope"),
            (update(json!({ "frequency": null })), "INVALID_INPUT", "frequency"),
            (update(json!({ "executionDay": null })), "INVALID_INPUT", "executionDay"),
            (update(json!({ "frequency": "WEEKLY", "executionDay": 8 })), "INVALID_INPUT", "executionDay"),
        ] {
            app.refused("updateRecurringPayment", input, code, path).await;
        }
        let consents = |account: &Account, reference: &str| json!({ "account": account.by(), "paymentMethod": "AUTOGIRO", "reference": reference });
        app.refused("revokeDebitConsent", json!({ "account": account.by() }), "NOT_FOUND", "account").await;
        app.refused("giveDebitConsent", consents(&account, &"x".repeat(65)), "INVALID_INPUT", "reference").await;
        app.refused("cancelPaymentOrder", json!({ "order": "pmo_1" }), "NOT_FOUND", "order").await;
        assert_eq!(app.picture().await, before);
        app.done("giveDebitConsent", consents(&account, "M"), "replayed").await;
        app.refused("giveDebitConsent", consents(&account, "M"), "INVALID_STATE", "account").await;
        app.done("revokeDebitConsent", json!({ "account": account.by() }), "consent { inForce revokedBy }").await;
        app.refused("revokeDebitConsent", json!({ "account": account.by() }), "INVALID_STATE", "account").await;
        for (terms, path) in [
            (json!({ "frequency": "MONTHLY", "executionDay": 32 }), "recurringPayments.executionDay"),
            (json!({ "frequency": "DAILY", "leadDays": 1 }), "recurringPayments.leadDays"),
            (json!({ "frequency": "WEEKLY", "retries": 6 }), "recurringPayments.retries"),
            (json!({ "frequency": "WEEKLY", "retryDays": 0 }), "recurringPayments.retryDays"),
            (json!({ "frequency": "WEEKLY", "collectionDays": 11 }), "recurringPayments.collectionDays"),
        ] {
            app.refused("updateProduct", json!({ "product": { "code": "revolving" }, "recurringPayments": terms }), "INVALID_INPUT", path).await;
        }
    }

    async fn a_customer_sets_up_and_consents_with_a_token_of_its_own(app: TestApp) {
        let (mine, other) = (app.account("revolving").await, app.account("revolving").await);
        let bound = app.bound_to(&mine.owner);
        set_up(&bound, &mine, "TOTAL_DEBT").await;
        consent(&bound, &mine).await;
        bound.refused("setUpRecurringPayment", settings(&other, "TOTAL_DEBT"), "NOT_FOUND", "account").await;
        let shown = show(&bound, &mine, SETTINGS).await["recurringPayment"].take();
        assert_eq!(shown["consent"]["byCustomer"], true);
        let actions = shown["actions"].as_array().expect("actions");
        let allowed: Vec<&str> = actions.iter().filter(|one| one["allowed"] == true).filter_map(|one| one["action"].as_str()).collect();
        assert_eq!(allowed, ["UPDATE_RECURRING_PAYMENT", "REMOVE_RECURRING_PAYMENT", "REVOKE_DEBIT_CONSENT"]);
        assert_eq!(actions[2]["reason"], "there is a consent already");
        let read = app.with_scopes("read");
        let shown = show(&read, &mine, SETTINGS).await["recurringPayment"]["actions"].take();
        assert_eq!(shown[0]["reason"], "the token lacks the scope money");
        set_up(&app, &other, "TOTAL_DEBT").await;
        for id in ["recurringPayment { id }", "debitConsent { id }"] {
            let name = id.split(' ').next().expect("a name");
            let id = show(&app, if name == "debitConsent" { &mine } else { &other }, id).await[name]["id"].take();
            let seen = bound.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await["node"].take();
            assert_eq!(seen.is_null(), name == "recurringPayment", "{name}");
        }
    }

    async fn each_month_an_order_is_made_and_sent_for_what_is_owed_then(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = owing(&app, "revolving", "500.00").await;
        set_up(&app, &account, "TOTAL_DEBT").await;
        consent(&app, &account).await;
        advance(&app, "2026-04-19T10:00:00Z").await;
        let shown = "nextPayment { paymentMethod executionDate amount { amount } }";
        assert_eq!(show(&app, &account, shown).await["nextPayment"], json!({ "paymentMethod": "AUTOGIRO", "executionDate": "2026-04-28", "amount": { "amount": "500.00" } }));
        // Less is owed on the day than was planned.
        app.pay_in(&account, "120.00").await;
        advance(&app, "2026-04-28T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-28", "SENT", "380.00", null])]);
        assert_eq!(show(&app, &account, "nextPayment { id } balance { amount } pending { amount } available { amount }").await,
            json!({ "nextPayment": null, "balance": { "amount": "0.00" }, "pending": { "amount": "380.00" }, "available": { "amount": "1620.00" } }));
        advance(&app, "2026-04-30T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-28", "EXECUTED", "380.00", null])]);
        assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "2000.00"]);
        let shown = "paymentOrders { nodes { id attempts endedAt entry { valueDate } actions { action allowed reason } } }";
        let order = show(&app, &account, shown).await["paymentOrders"]["nodes"][0].take();
        assert_eq!((&order["attempts"], &order["entry"]["valueDate"]), (&json!(1), &json!("2026-04-30")));
        assert_eq!(order["actions"], json!([{ "action": "CANCEL_PAYMENT_ORDER", "allowed": false, "reason": "the payment order is EXECUTED" }]));
        let node = app.ok("query($id: ID!) { node(id: $id) { ... on PaymentOrder { status account { id } } } }", json!({ "id": order["id"] })).await;
        assert_eq!(node["node"], json!({ "status": "EXECUTED", "account": { "id": account.id } }));
        // Nothing is due in May; in June something is.
        advance(&app, "2026-06-10T10:00:00Z").await;
        spend(&app, &account, "70.00").await;
        advance(&app, "2026-07-02T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [
            json!(["2026-04-28", "EXECUTED", "380.00", null]), json!(["2026-05-28", "SKIPPED", "0.00", "NOTHING_DUE"]), json!(["2026-06-28", "EXECUTED", "70.00", null]),
        ]);
        let page = "paymentOrders(first: 2) { nodes { executionDate } pageInfo { hasNextPage endCursor } }";
        let page = show(&app, &account, page).await["paymentOrders"].take();
        assert_eq!((&page["nodes"][0]["executionDate"], &page["pageInfo"]["hasNextPage"]), (&json!("2026-06-28"), &json!(true)));
        let next = format!("paymentOrders(first: 2, after: \"{}\") {{ nodes {{ executionDate }} pageInfo {{ hasNextPage }} }}", page["pageInfo"]["endCursor"].as_str().expect("a cursor"));
        assert_eq!(show(&app, &account, &next).await["paymentOrders"], json!({ "nodes": [{ "executionDate": "2026-04-28" }], "pageInfo": { "hasNextPage": false } }));
        let skipped = app.ok("{ paymentOrders(filter: { statuses: [SKIPPED] }) { nodes { executionDate } } }", json!({})).await;
        assert_eq!(skipped["paymentOrders"]["nodes"], json!([{ "executionDate": "2026-05-28" }]));
    }

    async fn what_is_billed_is_drawn_and_a_fixed_amount_at_most_as_much_as_is_owed(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let (billed, fixed) = (owing(&app, "revolving", "500.00").await, owing(&app, "revolving", "250.00").await);
        set_up(&app, &billed, "BILLED_AMOUNT").await;
        app.done("setUpRecurringPayment", with(settings(&fixed, "FIXED"), "fixedAmount", euros("200.00")), "replayed").await;
        for account in [&billed, &fixed] {
            consent(&app, account).await;
        }
        due(&app, &billed, "40.00", "2026-04-25").await;
        due(&app, &billed, "30.00", "2026-04-28").await;
        due(&app, &billed, "50.00", "2026-05-25").await;
        advance(&app, "2026-04-28T10:00:00Z").await;
        assert_eq!(orders(&app, &billed).await, [json!(["2026-04-28", "SENT", "70.00", null])]);
        let open = show(&app, &billed, "dues { nodes { open { amount } status } }").await["dues"]["nodes"].take();
        assert_eq!(open, json!([{ "open": { "amount": "50.00" }, "status": "OPEN" }, { "open": { "amount": "0.00" }, "status": "SETTLED" }, { "open": { "amount": "0.00" }, "status": "SETTLED" }]));
        advance(&app, "2026-05-31T10:00:00Z").await;
        assert_eq!(orders(&app, &billed).await[1], json!(["2026-05-28", "EXECUTED", "50.00", null]));
        assert_eq!(app.balance(&billed).await, "-380.00");
        let amounts: Vec<Value> = orders(&app, &fixed).await.into_iter().map(|order| order[2].clone()).collect();
        assert_eq!((amounts, app.balance(&fixed).await), (vec![json!("200.00"), json!("50.00")], "0.00".into()));
    }

    async fn an_order_that_comes_back_is_tried_again_as_the_product_says_and_its_dues_are_open(app: TestApp) {
        let app = app.with_sandbox("box").await;
        product(&app, "stubborn", json!({ "frequency": "MONTHLY", "executionDay": 20, "leadDays": 3, "retries": 1, "retryDays": 4 })).await;
        // The simulator's rail gives it back after two business days.
        let account = owing(&app, "stubborn", "9997.02").await;
        due(&app, &account, "9997.02", "2026-04-20").await;
        set_up(&app, &account, "BILLED_AMOUNT").await;
        consent(&app, &account).await;
        advance(&app, "2026-04-20T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-20", "SENT", "9997.02", null])]);
        assert_eq!(show(&app, &account, "amountDue { amount }").await["amountDue"]["amount"], "0.00");
        advance(&app, "2026-04-22T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-26", "SCHEDULED", "9997.02", "RETURNED"])]);
        assert_eq!(show(&app, &account, "amountDue { amount } balance { amount }").await, json!({ "amountDue": { "amount": "9997.02" }, "balance": { "amount": "-9997.02" } }));
        // Something else has come: less is drawn, which the rail takes.
        app.pay_in(&account, "100.00").await;
        advance(&app, "2026-04-28T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-26", "EXECUTED", "9897.02", null])]);
        assert_eq!(app.balance(&account).await, "0.00");
        // Whoever is out of tries has failed, which is told.
        product(&app, "plain", json!({ "frequency": "MONTHLY" })).await;
        let other = owing(&app, "plain", "9997.01").await;
        set_up(&app, &other, "TOTAL_DEBT").await;
        consent(&app, &other).await;
        advance(&app, "2026-05-30T10:00:00Z").await;
        assert_eq!(orders(&app, &other).await, [json!(["2026-05-28", "FAILED", "9997.01", "RETURNED"])]);
        let told = show(&app, &other, "history(first: 50) { nodes { events { type } } }").await.to_string();
        assert!(told.contains("PAYMENT_ORDER_FAILED") && told.contains("PAYMENT_ORDER_SENT"));
    }

    async fn what_somebody_reverses_before_the_answer_has_failed(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = owing(&app, "revolving", "80.00").await;
        set_up(&app, &account, "TOTAL_DEBT").await;
        consent(&app, &account).await;
        advance(&app, "2026-04-28T10:00:00Z").await;
        let shown = show(&app, &account, "paymentOrders { nodes { id entry { id } } }").await["paymentOrders"]["nodes"][0].take();
        app.refused("cancelPaymentOrder", json!({ "order": shown["id"] }), "INVALID_STATE", "order").await;
        app.done("reverseEntry", json!({ "entry": shown["entry"]["id"], "reason": "refused by the bank" }), "replayed").await;
        advance(&app, "2026-04-30T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-28", "FAILED", "80.00", "RETURNED"])]);
    }

    async fn nothing_is_drawn_without_a_consent_or_settings(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let accounts = [
            owing(&app, "revolving", "80.00").await, owing(&app, "revolving", "80.00").await, owing(&app, "revolving", "80.00").await,
        ];
        let [never, revoked, removed] = &accounts;
        for account in &accounts {
            set_up(&app, account, "TOTAL_DEBT").await;
        }
        consent(&app, revoked).await;
        consent(&app, removed).await;
        advance(&app, "2026-04-20T10:00:00Z").await;
        app.done("revokeDebitConsent", json!({ "account": revoked.by() }), "replayed").await;
        app.done("removeRecurringPayment", json!({ "account": removed.by() }), "replayed").await;
        let other = json!({ "account": never.by(), "paymentMethod": "SEPA_DIRECT_DEBIT" });
        app.done("giveDebitConsent", other, "replayed").await;
        advance(&app, "2026-04-29T10:00:00Z").await;
        assert_eq!(orders(&app, never).await, [] as [Value; 0]);
        assert_eq!(orders(&app, revoked).await, [json!(["2026-04-28", "SKIPPED", "80.00", "NO_CONSENT"])]);
        assert_eq!(orders(&app, removed).await, [json!(["2026-04-28", "CANCELLED", "80.00", "SETTINGS_REMOVED"])]);
        let told = show(&app, never, "history(first: 50) { nodes { events { type } } }").await.to_string();
        assert!(told.contains("RECURRING_PAYMENT_WITHOUT_CONSENT"));
        for account in &accounts {
            assert_eq!(app.balance(account).await, "-80.00");
        }
    }

    async fn an_order_goes_out_on_a_business_day_and_is_cancelled_before(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("updateTenant", json!({ "calendar": { "holidays": "SE" } }), "replayed").await;
        let account = owing(&app, "revolving", "80.00").await;
        // The first of May is a holiday, a Friday.
        app.done("setUpRecurringPayment", with(settings(&account, "TOTAL_DEBT"), "executionDay", json!(1)), "replayed").await;
        consent(&app, &account).await;
        advance(&app, "2026-04-24T10:00:00Z").await;
        let next = show(&app, &account, "nextPayment { id executionDate }").await["nextPayment"].take();
        assert_eq!(next["executionDate"], "2026-05-04");
        app.done("cancelPaymentOrder", json!({ "order": next["id"] }), "order { status }").await;
        app.refused("cancelPaymentOrder", json!({ "order": next["id"] }), "INVALID_STATE", "order").await;
        advance(&app, "2026-06-04T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-05-04", "CANCELLED", "80.00", "BY_HAND"]), json!(["2026-06-01", "EXECUTED", "80.00", null])]);
    }

    async fn what_is_spent_with_pay_now_cards_is_drawn_day_by_day(app: TestApp) {
        let app = app.with_sandbox("box").await;
        app.done("updateTenant", json!({ "calendar": { "holidays": "SE" } }), "replayed").await;
        let product = json!({ "code": "now", "alias": "Now", "family": "CARD", "workingMode": "PAY_NOW", "currency": "EUR", "debtRule": "LIMIT",
            "defaultCreditLimit": "1000", "recurringPayments": { "frequency": "DAILY", "collectionDays": 1 } });
        app.done("createProduct", product, "replayed").await;
        let account = app.account("now").await;
        let monthly = with(settings(&account, "TOTAL_DEBT"), "frequency", json!("MONTHLY"));
        app.refused("setUpRecurringPayment", monthly, "INVALID_INPUT", "frequency").await;
        app.refused("setUpRecurringPayment", settings(&account, "BILLED_AMOUNT"), "INVALID_INPUT", "paymentScope").await;
        set_up(&app, &account, "TOTAL_DEBT").await;
        consent(&app, &account).await;
        let card = json!({ "account": account.by(), "card": { "main": true, "token": "T1" } });
        app.done("addCard", card, "replayed").await;
        let buy = async |amount: &str| {
            app.done("purchaseByCard", json!({ "card": { "token": "T1" }, "amount": euros(amount) }), "replayed").await;
        };
        // A Wednesday.
        buy("10.00").await;
        buy("5.50").await;
        advance(&app, "2026-04-16T10:00:00Z").await;
        buy("20.00").await;
        advance(&app, "2026-04-17T10:00:00Z").await;
        // Nothing on Friday, and over the weekend neither.
        advance(&app, "2026-04-21T10:00:00Z").await;
        assert_eq!(orders(&app, &account).await, [json!(["2026-04-16", "EXECUTED", "15.50", null]), json!(["2026-04-17", "EXECUTED", "20.00", null])]);
        assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "1000.00"]);
    }
}
