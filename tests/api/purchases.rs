//! Purchases on invoices and loans: registered, produced, put off, paid, and rolled over by the business day.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};
use crate::mandates::{core, create};

/// What is shown of an account that purchases are on: all that its owner's overview has.
pub const SHOWN: &str = "account { __typename id } kind state balance { amount } dueDate accountDate paymentReference receiver bankAccount { iban }
    purchaseIds orderReferences scheduledPaymentAmount { amount } scheduledPaymentChargeDate minimumAmountToPay { amount } originalAmount { amount }
    transactions { description notes amount { amount } taxAmount { amount } taxCode transactionType transactionDate orderReference }
    creditCost { creditAmount { amount } months perMonth { amount } percent totalCredit { amount } totalAmount { amount } interestRate invoiceFee { amount } }
    personalPage transferredTo { id } transferredFrom { id }";

/// The products of the five kinds, with their terms.
pub async fn products(app: &TestApp) {
    for (code, family) in [
        ("own-loan", "LOAN"),
        ("large-loan", "LOAN"),
        ("pay-later", "INVOICE"),
        ("b2b", "INVOICE"),
        ("direct", "INVOICE"),
    ] {
        let product = json!({ "code": code, "alias": code, "family": family, "currency": "EUR", "debtRule": "LIMIT",
            "defaultCreditLimit": "1000", "maximumCreditLimit": "50000", "paymentReference": { "rule": "OCR_SE" },
            "payee": { "iban": "SE3550000000054910000003", "name": "Later AB" } });
        app.done("createProduct", product, "replayed").await;
    }
    let lent = |product: &str, kind: &str| json!({ "product": { "code": product }, "kind": kind, "months": 12, "interestRatePct": "12", "invoiceFee": euros("1.00") });
    app.done("setPurchaseTerms", lent("own-loan", "LOAN"), "replayed").await;
    app.done("setPurchaseTerms", lent("large-loan", "LARGE_AMOUNT_LOAN"), "replayed").await;
    let invoice = json!({ "product": { "code": "pay-later" }, "kind": "INVOICE", "loanProduct": { "code": "own-loan" },
        "personalPage": "https://pay.example/{account}/{signature}" });
    app.done("setPurchaseTerms", invoice, "replayed").await;
    for (product, kind) in [("b2b", "B2B_INVOICE"), ("direct", "DIRECT_INVOICE")] {
        app.done("setPurchaseTerms", json!({ "product": { "code": product }, "kind": kind }), "replayed").await;
    }
}

/// A purchase of one line.
pub fn purchase(id: &str, customer: &str, product: &str, amount: &str) -> Value {
    json!({
        "purchaseId": id, "customer": { "id": customer }, "product": { "code": product }, "orderReferences": [format!("order-{id}")],
        "lines": [{ "description": "A chair", "notes": "black", "amount": euros(amount), "taxAmount": euros("0.20"), "taxCode": "25",
            "transactionType": "Purchase", "orderReference": format!("order-{id}") }],
        "dueDate": "2026-05-15",
    })
}

/// Registers one; gives its account as it is shown.
pub async fn register(app: &TestApp, input: Value) -> Value {
    let shown = format!("purchase {{ purchaseAccount {{ {SHOWN} }} }}");
    app.done("registerPurchase", input, &shown).await["purchase"]["purchaseAccount"].take()
}

async fn look(app: &TestApp, account: &Value) -> Value {
    let query = format!("query($id: ID!) {{ purchaseAccount(account: {{ id: $id }}) {{ {SHOWN} }} }}");
    app.ok(&query, json!({ "id": account["account"]["id"] })).await["purchaseAccount"].take()
}

fn by(account: &Value) -> Value {
    json!({ "id": account["account"]["id"] })
}

async fn pay(app: &TestApp, account: &Value, amount: &str) {
    let input = json!({ "account": by(account), "amount": euros(amount), "channel": "BANK_TRANSFER" });
    app.done("postPayment", input, "replayed").await;
}

/// The morning of a day, with all days before it done.
async fn morning(app: &TestApp, day: &str) {
    app.clock().set(format!("{day}T08:00:00Z").parse().expect("a moment"));
    app.done("runBusinessDay", json!({}), "replayed").await;
}

async fn dues(app: &TestApp, account: &Value) -> Vec<String> {
    let query = "query($id: ID!) { account(by: { id: $id }) { dues { nodes { source status dueOn reference open { amount } } } } }";
    let found = app.ok(query, json!({ "id": account["account"]["id"] })).await;
    let nodes = found["account"]["dues"]["nodes"].as_array().expect("dues").clone();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap_or("-").to_owned();
    let shown = nodes.iter().map(|node| {
        let open = node["open"]["amount"].as_str().expect("an amount");
        format!("{} {} {} {open}", text(node, "source"), text(node, "status"), text(node, "dueOn"))
    });
    shown.collect()
}

async fn company(app: &TestApp) -> String {
    let input = json!({ "type": "COMPANY", "companyName": "Engines" });
    let done = app.done("createCustomer", input, "customer { id }").await;
    done["customer"]["id"].as_str().expect("an id").to_owned()
}

on_both_databases! {
    async fn terms_say_what_purchases_on_a_product_are(app: TestApp) {
        products(&app).await;
        let query = "{ purchaseTerms(product: { code: \"pay-later\" }) { product { code } kind loanProduct { code } months interestRatePct invoiceFee { amount } personalPage }
            loan: purchaseTerms(product: { code: \"own-loan\" }) { kind months interestRatePct invoiceFee { amount } } none: purchaseTerms(product: { code: \"current\" }) { kind } }";
        let found = app.ok(query, json!({})).await;
        assert_eq!(found["purchaseTerms"], json!({ "product": { "code": "pay-later" }, "kind": "INVOICE", "loanProduct": { "code": "own-loan" },
            "months": null, "interestRatePct": null, "invoiceFee": null, "personalPage": "https://pay.example/{account}/{signature}" }));
        assert_eq!(found["loan"], json!({ "kind": "LOAN", "months": 12, "interestRatePct": "12", "invoiceFee": { "amount": "1.00" } }));
        assert_eq!(found["none"], Value::Null);
        let kronor = json!({ "code": "kronor", "alias": "K", "family": "LOAN", "currency": "SEK", "debtRule": "LIMIT" });
        app.done("createProduct", kronor, "replayed").await;
        let loan = json!({ "product": { "code": "kronor" }, "kind": "LOAN", "months": 6, "interestRatePct": "9.5" });
        app.done("setPurchaseTerms", loan, "replayed").await;
        let with = |product: &str, kind: &str, changes: Value| {
            let mut input = json!({ "product": { "code": product }, "kind": kind });
            for (field, value) in changes.as_object().expect("changes") {
                input[field] = value.clone();
            }
            input
        };
        let loan = |changes: Value| {
            let mut input = with("own-loan", "LOAN", json!({ "months": 12, "interestRatePct": "12" }));
            for (field, value) in changes.as_object().expect("changes") {
                input[field] = value.clone();
            }
            input
        };
        let before = app.picture().await;
        for (input, code, path) in [
            (with("no", "INVOICE", json!({})), "NOT_FOUND", "product"),
            (with("pay-later", "INVOICE", json!({ "loanProduct": { "code": "no" } })), "NOT_FOUND", "loanProduct"),
            (with("current", "INVOICE", json!({})), "INVALID_INPUT", "kind"),
            (with("pay-later", "LOAN", json!({})), "INVALID_INPUT", "kind"),
            (with("pay-later", "DIRECT_INVOICE", json!({})), "INVALID_STATE", "kind"),
            (with("b2b", "B2B_INVOICE", json!({ "loanProduct": { "code": "own-loan" } })), "INVALID_INPUT", "loanProduct"),
            (with("pay-later", "INVOICE", json!({ "loanProduct": { "code": "current" } })), "NO_PURCHASE_TERMS", "loanProduct"),
            (with("pay-later", "INVOICE", json!({ "loanProduct": { "code": "b2b" } })), "INVALID_INPUT", "loanProduct"),
            (with("pay-later", "INVOICE", json!({ "loanProduct": { "code": "kronor" } })), "CURRENCY_MISMATCH", "loanProduct"),
            (with("pay-later", "INVOICE", json!({ "months": 3 })), "INVALID_INPUT", "months"),
            (with("pay-later", "INVOICE", json!({ "interestRatePct": "3" })), "INVALID_INPUT", "interestRatePct"),
            (with("pay-later", "INVOICE", json!({ "invoiceFee": euros("1") })), "INVALID_INPUT", "invoiceFee"),
            (loan(json!({ "months": null })), "INVALID_INPUT", "months"),
            (loan(json!({ "months": 0 })), "INVALID_INPUT", "months"),
            (loan(json!({ "months": 121 })), "INVALID_INPUT", "months"),
            (loan(json!({ "interestRatePct": null })), "INVALID_INPUT", "interestRatePct"),
            (loan(json!({ "interestRatePct": "100.01" })), "INVALID_INPUT", "interestRatePct"),
            (loan(json!({ "invoiceFee": { "amount": "1", "currency": "SEK" } })), "CURRENCY_MISMATCH", "invoiceFee.currency"),
            (loan(json!({ "invoiceFee": euros("-1") })), "AMOUNT_OUT_OF_RANGE", "invoiceFee"),
            (loan(json!({ "personalPage": "http://pay.example/{account}/{signature}" })), "INVALID_INPUT", "personalPage"),
            (loan(json!({ "personalPage": "https://pay.example/{account}" })), "INVALID_INPUT", "personalPage"),
        ] {
            app.refused("setPurchaseTerms", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_purchase_is_owed_on_an_account_and_owed_to_the_merchant(app: TestApp) {
        products(&app).await;
        let customer = app.customer().await;
        let mut input = purchase("P-1", &customer, "pay-later", "100.00");
        input["minimumAmount"] = euros("30.00");
        let made = register(&app, input).await;
        assert_eq!((&made["kind"], &made["state"], &made["balance"]["amount"]), (&json!("INVOICE"), &json!("UNPAID"), &json!("-100.00")));
        assert_eq!((&made["dueDate"], &made["accountDate"]), (&json!("2026-05-15"), &json!("2026-04-15")));
        assert_eq!((&made["receiver"], &made["bankAccount"]["iban"]), (&json!("Later AB"), &json!("SE3550000000054910000003")));
        assert!(made["paymentReference"].is_string());
        assert_eq!((&made["minimumAmountToPay"]["amount"], &made["originalAmount"]["amount"]), (&json!("30.00"), &json!("100.00")));
        assert_eq!(made["transactions"], json!([{ "description": "A chair", "notes": "black", "amount": { "amount": "100.00" }, "taxAmount": { "amount": "0.20" },
            "taxCode": "25", "transactionType": "Purchase", "transactionDate": "2026-04-15", "orderReference": "order-P-1" }]));
        assert_eq!(made["creditCost"], Value::Null);
        let page = made["personalPage"].as_str().expect("a page");
        assert!(page.starts_with("https://pay.example/acc_") && page.len() > 100, "{page}");
        // A second one beside it, of another order, and with something taken off.
        let mut second = purchase("P-2", &customer, "pay-later", "60.00");
        second["lines"].as_array_mut().expect("lines").push(json!({ "description": "Discount", "amount": euros("-10.00") }));
        let fields = second.as_object_mut().expect("an object");
        for field in ["customer", "product", "dueDate"] {
            fields.remove(field);
        }
        fields.insert("account".into(), by(&made));
        fields.insert("minimumAmount".into(), euros("20.00"));
        let both = register(&app, second).await;
        assert_eq!((&both["purchaseIds"], &both["orderReferences"]), (&json!(["P-1", "P-2"]), &json!(["order-P-1", "order-P-2"])));
        assert_eq!((&both["minimumAmountToPay"]["amount"], &both["originalAmount"]["amount"]), (&json!("50.00"), &json!("150.00")));
        assert_eq!(dues(&app, &both).await, ["PURCHASE OPEN 2026-05-15 50.00", "PURCHASE OPEN 2026-05-15 100.00"]);
        let found = app.ok("{ purchase(purchaseId: \"P-2\") { purchaseId amount { amount } orderReferences registeredOn entry { kind reference } purchaseAccount { account { id } } } trialBalance { lines { code credit { amount } } } }", json!({})).await;
        assert_eq!(found["purchase"], json!({ "purchaseId": "P-2", "amount": { "amount": "50.00" }, "orderReferences": ["order-P-2"], "registeredOn": "2026-04-15",
            "entry": { "kind": "PURCHASE", "reference": "P-2" }, "purchaseAccount": { "account": { "id": made["account"]["id"] } } }));
        let lines = found["trialBalance"]["lines"].as_array().expect("lines").clone();
        let owed = lines.iter().find(|line| line["code"] == "MERCHANT_SETTLEMENT").expect("what merchants are owed");
        assert_eq!(owed["credit"]["amount"], "150.00");
        // Paid: and asked for anew with the next purchase.
        pay(&app, &both, "150.00").await;
        assert_eq!(look(&app, &both).await["state"], "PAID");
        let mut third = purchase("P-3", &customer, "pay-later", "40.00");
        third["dueDate"] = json!("2026-06-30");
        let fields = third.as_object_mut().expect("an object");
        fields.remove("customer");
        fields.remove("product");
        fields.insert("account".into(), by(&made));
        fields.insert("minimumAmount".into(), euros("10.00"));
        let again = register(&app, third).await;
        assert_eq!((&again["state"], &again["dueDate"], &again["minimumAmountToPay"]["amount"]), (&json!("UNPAID"), &json!("2026-06-30"), &json!("10.00")));
    }

    async fn what_is_no_purchase_is_refused_by_its_field(app: TestApp) {
        products(&app).await;
        let customer = app.customer().await;
        let made = register(&app, purchase("P-1", &customer, "pay-later", "100.00")).await;
        let with = |field: &str, value: Value| {
            let mut input = purchase("P-2", &customer, "pay-later", "100.00");
            input[field] = value;
            input
        };
        let line = |field: &str, value: Value| {
            let mut input = purchase("P-2", &customer, "pay-later", "100.00");
            input["lines"][0][field] = value;
            input
        };
        let on = |changes: Value| {
            let mut input = purchase("P-2", &customer, "pay-later", "100.00");
            let fields = input.as_object_mut().expect("an object");
            for field in ["customer", "product"] {
                fields.remove(field);
            }
            fields.insert("account".into(), by(&made));
            for (field, value) in changes.as_object().expect("changes") {
                fields.insert(field.clone(), value.clone());
            }
            input
        };
        let plain = app.account("current").await;
        let company = company(&app).await;
        let before = app.picture().await;
        for (input, code, path) in [
            (with("purchaseId", json!("P-1")), "DUPLICATE_REFERENCE", "purchaseId"),
            (with("purchaseId", json!("")), "INVALID_INPUT", "purchaseId"),
            (with("customer", Value::Null), "INVALID_INPUT", "customer"),
            (with("product", Value::Null), "INVALID_INPUT", "product"),
            (with("account", by(&made)), "INVALID_INPUT", "account"),
            (with("customer", json!({ "number": "nobody" })), "NOT_FOUND", "customer"),
            (with("product", json!({ "code": "no" })), "NOT_FOUND", "product"),
            (with("product", json!({ "code": "current" })), "NO_PURCHASE_TERMS", "product"),
            (on(json!({ "account": { "number": "no" } })), "NOT_FOUND", "account"),
            (on(json!({ "account": plain.by() })), "NO_PURCHASE_TERMS", "account"),
            (on(json!({ "dueDate": "2026-05-16" })), "INVALID_INPUT", "dueDate"),
            (with("orderReferences", json!([" x"])), "INVALID_INPUT", "orderReferences.0"),
            (with("lines", json!([])), "INVALID_INPUT", "lines"),
            (line("description", json!(" ")), "INVALID_INPUT", "lines.0.description"),
            (line("amount", json!({ "amount": "1.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "lines.0.amount.currency"),
            (line("amount", euros("0.001")), "INVALID_INPUT", "lines.0.amount"),
            (line("amount", euros("-1.00")), "AMOUNT_OUT_OF_RANGE", "lines.0.taxAmount"),
            (line("taxAmount", euros("100.01")), "AMOUNT_OUT_OF_RANGE", "lines.0.taxAmount"),
            (line("taxCode", json!(" x")), "INVALID_INPUT", "lines.0.taxCode"),
            (with("lines", json!([{ "description": "Nothing", "amount": euros("0") }])), "AMOUNT_OUT_OF_RANGE", "lines"),
            (with("dueDate", json!("2026-04-14")), "INVALID_INPUT", "dueDate"),
            (with("dueDate", json!("2029-04-18")), "INVALID_INPUT", "dueDate"),
            (with("minimumAmount", euros("100.01")), "AMOUNT_OUT_OF_RANGE", "minimumAmount"),
            (with("minimumAmount", euros("0")), "AMOUNT_OUT_OF_RANGE", "minimumAmount"),
            (with("minimumAmount", json!({ "amount": "1", "currency": "SEK" })), "CURRENCY_MISMATCH", "minimumAmount.currency"),
            (with("product", json!({ "code": "b2b" })), "CUSTOMER_IS_NO_COMPANY", "customer"),
            // Above the account's limit: nothing is half done.
            (line("amount", euros("1000.01")), "INSUFFICIENT_FUNDS", "amount"),
        ] {
            app.refused("registerPurchase", input, code, path).await;
        }
        let mut part = purchase("P-3", &company, "b2b", "100.00");
        part["minimumAmount"] = euros("10.00");
        app.refused("registerPurchase", part, "INVALID_INPUT", "minimumAmount").await;
        assert_eq!(app.ok("{ purchase(purchaseId: \"P-2\") { purchaseId } }", json!({})).await["purchase"], Value::Null);
        assert_eq!(app.picture().await, before);
    }

    async fn an_invoice_is_produced_later_and_put_off(app: TestApp) {
        products(&app).await;
        let customer = app.customer().await;
        let mut input = purchase("P-1", &customer, "pay-later", "100.00");
        input.as_object_mut().expect("an object").remove("dueDate");
        let made = register(&app, input).await;
        assert_eq!((&made["state"], &made["dueDate"]), (&json!("NOT_PRODUCED"), &Value::Null));
        assert!(dues(&app, &made).await.is_empty());
        app.refused("postponeInvoice", json!({ "account": by(&made), "until": "2026-06-15" }), "INVALID_STATE", "account").await;
        app.refused("produceInvoice", json!({ "account": by(&made), "dueDate": "2026-04-14" }), "INVALID_INPUT", "dueDate").await;
        app.refused("produceInvoice", json!({ "account": app.account("current").await.by(), "dueDate": "2026-05-15" }), "NOT_FOUND", "account").await;
        let shown = format!("purchaseAccount {{ {SHOWN} }}");
        let produced = app.done("produceInvoice", json!({ "account": by(&made), "dueDate": "2026-05-15" }), &shown).await;
        assert_eq!(produced["purchaseAccount"]["state"], "UNPAID");
        app.refused("produceInvoice", json!({ "account": by(&made), "dueDate": "2026-05-15" }), "INVALID_STATE", "account").await;
        app.refused("postponeInvoice", json!({ "account": by(&made), "until": "2026-05-15" }), "INVALID_INPUT", "until").await;
        let put_off = app.done("postponeInvoice", json!({ "account": by(&made), "until": "2026-06-15" }), &shown).await;
        assert_eq!((&put_off["purchaseAccount"]["state"], &put_off["purchaseAccount"]["dueDate"]), (&json!("POSTPONED"), &json!("2026-06-15")));
        assert_eq!(dues(&app, &made).await, ["PURCHASE OPEN 2026-06-15 100.00", "PURCHASE CANCELLED 2026-05-15 0.00"]);
        morning(&app, "2026-06-15").await;
        assert_eq!(look(&app, &made).await["state"], "POSTPONED");
        morning(&app, "2026-06-16").await;
        let overdue = look(&app, &made).await;
        assert_eq!(overdue["state"], "OVERDUE");
        let mut more = purchase("P-2", &customer, "pay-later", "1.00");
        let fields = more.as_object_mut().expect("an object");
        for field in ["customer", "product", "dueDate"] {
            fields.remove(field);
        }
        fields.insert("account".into(), by(&made));
        app.refused("registerPurchase", more, "INVALID_STATE", "account").await;
        let query = "query($id: ID!) { purchaseAccount(account: { id: $id }) { actions { action allowed reason } } }";
        let found = app.ok(query, json!({ "id": made["account"]["id"] })).await;
        assert_eq!(found["purchaseAccount"]["actions"], json!([
            { "action": "REGISTER", "allowed": false, "reason": "what was bought is OVERDUE" },
            { "action": "PRODUCE", "allowed": false, "reason": "what was bought is OVERDUE" },
            { "action": "POSTPONE", "allowed": true, "reason": null },
        ]));
        let put_off = app.done("postponeInvoice", json!({ "account": by(&made), "until": "2026-07-15" }), &shown).await;
        assert_eq!(put_off["purchaseAccount"]["state"], "POSTPONED");
        pay(&app, &made, "100.00").await;
        assert_eq!(look(&app, &made).await["state"], "PAID");
    }

    async fn what_is_left_of_an_invoice_goes_over_to_a_loan_once_its_minimum_is_paid(app: TestApp) {
        products(&app).await;
        let customer = app.customer().await;
        let minimum = |id: &str| {
            let mut input = purchase(id, &customer, "pay-later", "100.00");
            input["minimumAmount"] = euros("30.00");
            input
        };
        let (enough, less, all) = (register(&app, minimum("P-1")).await, register(&app, minimum("P-2")).await, register(&app, minimum("P-3")).await);
        pay(&app, &enough, "40.00").await;
        pay(&app, &less, "29.99").await;
        pay(&app, &all, "100.00").await;
        assert_eq!(look(&app, &enough).await["minimumAmountToPay"]["amount"], "0.00");
        assert_eq!(look(&app, &less).await["minimumAmountToPay"]["amount"], "0.01");
        morning(&app, "2026-05-15").await;
        assert_eq!(look(&app, &enough).await["state"], "UNPAID");
        morning(&app, "2026-05-16").await;
        let rolled = look(&app, &enough).await;
        assert_eq!((&rolled["state"], &rolled["balance"]["amount"], &rolled["originalAmount"]["amount"]), (&json!("TRANSFERRED"), &json!("0.00"), &json!("100.00")));
        assert_eq!(dues(&app, &enough).await, ["PURCHASE SETTLED 2026-05-15 0.00"]);
        let loan = look(&app, &json!({ "account": rolled["transferredTo"] })).await;
        assert_eq!((&loan["kind"], &loan["state"], &loan["balance"]["amount"], &loan["originalAmount"]["amount"]), (&json!("LOAN"), &json!("UNPAID"), &json!("-60.00"), &json!("60.00")));
        assert_eq!((&loan["account"]["__typename"], &loan["transferredFrom"], &loan["purchaseIds"]), (&json!("LoanAccount"), &json!({ "id": enough["account"]["id"] }), &json!(["P-1"])));
        assert_eq!((&loan["dueDate"], &loan["accountDate"]), (&json!("2026-06-15"), &json!("2026-05-15")));
        assert_eq!(loan["creditCost"]["months"], 12);
        assert_eq!((&loan["creditCost"]["creditAmount"]["amount"], &loan["creditCost"]["interestRate"], &loan["creditCost"]["invoiceFee"]["amount"]), (&json!("60.00"), &json!("12"), &json!("1.00")));
        assert_eq!(loan["minimumAmountToPay"], loan["creditCost"]["perMonth"]);
        assert_eq!(look(&app, &less).await["state"], "OVERDUE");
        assert_eq!(look(&app, &all).await["state"], "PAID");
        // Once: another day changes nothing.
        morning(&app, "2026-05-18").await;
        assert_eq!(look(&app, &enough).await["transferredTo"], rolled["transferredTo"]);
        // The month's amount is paid, and the next month begins; then it is missed, and caught up with.
        let month = loan["minimumAmountToPay"]["amount"].as_str().expect("an amount").to_owned();
        pay(&app, &loan, &month).await;
        morning(&app, "2026-06-16").await;
        let second = look(&app, &loan).await;
        assert_eq!((&second["state"], &second["dueDate"], &second["minimumAmountToPay"]["amount"]), (&json!("UNPAID"), &json!("2026-07-15"), &json!(month)));
        morning(&app, "2026-07-16").await;
        assert_eq!(look(&app, &loan).await["state"], "OVERDUE");
        pay(&app, &loan, &month).await;
        morning(&app, "2026-07-18").await;
        let third = look(&app, &loan).await;
        assert_eq!((&third["state"], &third["dueDate"]), (&json!("UNPAID"), &json!("2026-08-15")));
        let events = app.ok("query($id: ID!) { events(filter: { account: $id }) { nodes { type } } }", json!({ "id": enough["account"]["id"] })).await;
        let told = events["events"]["nodes"].as_array().expect("events").clone();
        assert_eq!(told.iter().filter(|event| event["type"] == "INVOICE_TRANSFERRED").count(), 1);
    }

    async fn what_is_to_be_paid_whole_or_is_lent_too_little_for_is_overdue(app: TestApp) {
        products(&app).await;
        let (person, company) = (app.customer().await, company(&app).await);
        let b2b = register(&app, purchase("P-1", &company, "b2b", "100.00")).await;
        let direct = register(&app, purchase("P-2", &person, "direct", "100.00")).await;
        let mut late = purchase("P-3", &person, "pay-later", "100.00");
        late["minimumAmount"] = euros("1.00");
        let late = register(&app, late).await;
        for account in [&b2b, &direct, &late] {
            pay(&app, account, "99.00").await;
        }
        // The loan's product lends less than is left.
        let small = json!({ "product": { "code": "own-loan" }, "defaultCreditLimit": "0.50", "maximumCreditLimit": "0.50" });
        app.done("updateProduct", small, "replayed").await;
        morning(&app, "2026-05-16").await;
        for account in [&b2b, &direct, &late] {
            let now = look(&app, account).await;
            assert_eq!((&now["state"], &now["balance"]["amount"], &now["transferredTo"]), (&json!("OVERDUE"), &json!("-1.00"), &Value::Null));
        }
    }

    async fn a_direct_debit_is_the_payment_that_is_scheduled_and_processed(app: TestApp) {
        products(&app).await;
        let customer = app.customer().await;
        let made = register(&app, purchase("P-1", &customer, "pay-later", "100.00")).await;
        let account = Account { id: made["account"]["id"].as_str().expect("an id").into(), ..app.account("current").await };
        create(&app, core(&account, "M-1")).await;
        let debit = json!({ "account": account.by(), "amount": euros("100.00"), "collectionDate": "2026-05-15" });
        let debit = app.done("createDirectDebit", debit, "directDebit { endToEndId }").await["directDebit"]["endToEndId"].take();
        let scheduled = look(&app, &made).await;
        assert_eq!((&scheduled["state"], &scheduled["scheduledPaymentAmount"]["amount"], &scheduled["scheduledPaymentChargeDate"]), (&json!("PAYMENT_SCHEDULED"), &json!("100.00"), &json!("2026-05-15")));
        app.refused("postponeInvoice", json!({ "account": by(&made), "until": "2026-06-15" }), "INVALID_STATE", "account").await;
        morning(&app, "2026-05-16").await;
        // It is on its way: neither overdue nor rolled over.
        assert_eq!(look(&app, &made).await["state"], "PROCESSING_PAYMENT");
        app.done("reportDirectDebit", json!({ "endToEndId": debit, "outcome": "REJECTED", "reason": "AM04" }), "replayed").await;
        assert_eq!(look(&app, &made).await["state"], "OVERDUE");
        pay(&app, &made, "100.00").await;
        let paid = look(&app, &made).await;
        assert_eq!((&paid["state"], &paid["scheduledPaymentAmount"]), (&json!("PAID"), &Value::Null));
    }
}
