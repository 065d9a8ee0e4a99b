//! Payments through payment service providers: played, over HTTP, called back, given back, paid out.

use konto::events::webhooks::sign;
use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros, eventually, fresh_key};
use crate::webhooks::receiver::{Receiver, Reply};

/// The families that payments are initiated into, with a product of each.
const FAMILIES: [(&str, &str); 5] = [
    ("DEPOSIT", "current"),
    ("INVESTMENT", "investment"),
    ("LEASING", "leasing"),
    ("REVOLVING_CREDIT", "revolving"),
    ("VIRTUAL", "virtual"),
];

/// All that is shown of a payment.
const PAYMENT: &str = "payment { id state completed transactionId redirectUrl additionalOutput asking failure providerCode
    amount { amount } captured { amount } refunded { amount } entry { id kind externalReference externalPoster } payout { id }
    actions { action allowed reason } }";

/// A tenant with a provider that is played. Gives its secret.
async fn simulated(app: &TestApp) -> (TestApp, String) {
    let app = app.with_sandbox("box").await;
    let secret = provider(&app, json!({ "code": "sim", "name": "Played", "kind": "SIMULATOR" })).await;
    (app, secret)
}

async fn provider(app: &TestApp, input: Value) -> String {
    let done = app.done("createPaymentProvider", input, "provider { code callBackPath } secret").await;
    done["secret"].as_str().expect("a secret").to_owned()
}

fn payment(account: &Account, provider: &str, amount: &str, simulate: &str) -> Value {
    json!({ "account": account.by(), "provider": provider, "amount": euros(amount), "additionalInput": { "simulate": simulate } })
}

async fn pay(app: &TestApp, account: &Account, amount: &str, simulate: &str) -> Value {
    app.done("initiateProviderPayment", payment(account, "sim", amount, simulate), PAYMENT).await["payment"].take()
}

fn id(payment: &Value) -> String {
    payment["id"].as_str().expect("an id").to_owned()
}

async fn seen(app: &TestApp, payment: &str) -> Value {
    let query = format!(
        "query($id: ID!) {{ node(id: $id) {{ ... on ProviderPayment {} }} }}",
        PAYMENT.trim_start_matches("payment ")
    );
    app.ok(&query, json!({ "id": payment })).await["node"].take()
}

/// A call-back, signed: gives status and body.
async fn call_back(app: &TestApp, (provider, secret): (&str, &str), event: &str, body: &Value) -> (u16, Value) {
    let timestamp = app.clock().micros() / 1_000_000;
    sent(
        app,
        provider,
        (event, timestamp),
        &body.to_string(),
        &sign::signatures(std::iter::once(secret), event, timestamp, &body.to_string()),
    )
    .await
}

async fn sent(
    app: &TestApp,
    provider: &str,
    (event, timestamp): (&str, i64),
    body: &str,
    signatures: &str,
) -> (u16, Value) {
    let url = app.url(&format!("/providers/{}/{provider}", app.tenant_id()));
    let request = app.http().post(url).header("webhook-id", event).header("webhook-timestamp", timestamp);
    let answer = request.header("webhook-signature", signatures).body(body.to_owned()).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON"))
}

fn told(payment: &str, state: &str, amount: &str) -> Value {
    json!({ "payment": payment, "state": state, "transactionId": format!("tx-{payment}"), "amount": euros(amount) })
}

async fn settlements(app: &TestApp) -> Value {
    let found =
        app.ok("{ trialBalance { balanced lines { code debit { amount } credit { amount } } } }", json!({})).await;
    let lines = found["trialBalance"]["lines"].as_array().expect("lines").clone();
    let line = |code: &str| {
        let line = lines.iter().find(|line| line["code"] == code);
        line.map_or(json!("-"), |line| {
            json!(format!(
                "{}/{}",
                line["debit"]["amount"].as_str().expect("a debit"),
                line["credit"]["amount"].as_str().expect("a credit")
            ))
        })
    };
    json!([line("SETTLEMENT_PSP"), line("SETTLEMENT_BANK"), line("PROVIDER_FEE")])
}

on_both_databases! {
    async fn a_payment_is_initiated_into_each_family(app: TestApp) {
        let (app, _) = simulated(&app).await;
        for (family, product) in FAMILIES {
            let account = app.account(product).await;
            let mut input = payment(&account, "sim", "12.50", "CAPTURED");
            input["idempotencyKey"] = json!(fresh_key());
            let done = app.done("initiateProviderPayment", input.clone(), &format!("{PAYMENT} replayed")).await;
            let payment = &done["payment"];
            assert_eq!((&payment["state"], &payment["completed"], &payment["captured"]["amount"]), (&json!("CAPTURED"), &json!(true), &json!("12.50")), "{family}");
            let transaction = payment["transactionId"].as_str().expect("an id");
            assert_eq!((&payment["entry"]["externalReference"], &payment["entry"]["externalPoster"]), (&json!(transaction), &json!("sim")), "{family}");
            assert_eq!((&payment["additionalOutput"], &payment["entry"]["kind"]), (&json!({ "simulated": "CAPTURED" }), &json!("PAYMENT")));
            let again = app.done("initiateProviderPayment", input, &format!("{PAYMENT} replayed")).await;
            assert_eq!((&again["payment"], &again["replayed"]), (payment, &json!(true)));
            assert_eq!(show(&app, &account, "family balance { amount }").await, json!({ "family": family, "balance": { "amount": "12.50" } }));
            // The provider's id of it is taken for whoever registers it by hand.
            let by_hand = json!({ "account": account.by(), "amount": euros("12.50"), "paidOn": "2026-04-15", "provider": "sim", "transactionId": transaction });
            app.refused("registerPayment", by_hand, "DUPLICATE_REFERENCE", "transactionId").await;
        }
        let listed = app.ok("{ providerPayments(filter: { states: [CAPTURED] }) { nodes { account { family } } } }", json!({})).await;
        assert_eq!(listed["providerPayments"]["nodes"].as_array().map(Vec::len), Some(FAMILIES.len()));
    }

    async fn call_backs_count_once_in_any_order_and_late(app: TestApp) {
        let (app, secret) = simulated(&app).await;
        let account = app.account("current").await;
        let sim = ("sim", secret.as_str());
        let pending = pay(&app, &account, "20.00", "PENDING").await;
        assert_eq!((&pending["state"], &pending["completed"], &pending["entry"]), (&json!("PENDING"), &json!(false), &Value::Null));
        assert!(pending["redirectUrl"].as_str().is_some_and(|url| url.starts_with("https://simulator.invalid/pay/")));
        let id = id(&pending);
        let of = |state: &str, amount: &str| json!({ "payment": id, "state": state, "amount": euros(amount) });
        assert_eq!(app.balance(&account).await, "0.00");
        // Captured comes first, twice under one id and once under another; what it was before is late.
        for (event, state, replayed) in [("e2", "CAPTURED", false), ("e2", "CAPTURED", true), ("e3", "CAPTURED", false), ("e1", "AUTHORISED", false), ("e0", "PENDING", false)] {
            let (status, body) = call_back(&app, sim, event, &of(state, "20.00")).await;
            assert_eq!((status, body), (200, json!({ "payment": id, "state": "CAPTURED", "replayed": replayed })), "{event} {state}");
        }
        assert_eq!(app.balance(&account).await, "20.00");
        // Given back at the provider's: first a part of it, then all, in the wrong order and again.
        for (event, amount, left) in [("r1", "5.00", "15.00"), ("r3", "20.00", "0.00"), ("r2", "12.00", "0.00"), ("r1", "5.00", "0.00")] {
            let (status, body) = call_back(&app, sim, event, &of("REFUNDED", amount)).await;
            assert_eq!(status, 200, "{event}: {body}");
            assert_eq!(app.balance(&account).await, left, "{event}");
        }
        assert_eq!(seen(&app, &id).await["state"], "REFUNDED");
        let (status, body) = call_back(&app, sim, "e4", &of("FAILED", "20.00")).await;
        assert_eq!((status, &body["code"]), (409, &json!("INVALID_STATE")), "{body}");
        // By the provider's own id, without ours.
        let other = pay(&app, &account, "3.00", "PENDING").await;
        let body = json!({ "state": "CANCELLED", "transactionId": other["transactionId"], "reason": "the payer left" });
        assert_eq!(call_back(&app, sim, "c1", &body).await.0, 200);
        let other = seen(&app, other["id"].as_str().expect("an id")).await;
        assert_eq!((&other["state"], &other["failure"]), (&json!("CANCELLED"), &json!("the payer left")));
    }

    async fn a_call_back_that_cannot_be_is_refused_by_name(app: TestApp) {
        let (app, secret) = simulated(&app).await;
        let account = app.account("current").await;
        let sim = ("sim", secret.as_str());
        let pending = id(&pay(&app, &account, "20.00", "PENDING").await);
        let body = |state: &str, amount: &str| json!({ "payment": pending, "state": state, "amount": euros(amount) });
        let captured = body("CAPTURED", "20.00").to_string();
        let now = app.clock().micros() / 1_000_000;
        let signed = |event: &str, at: i64, body: &str| sign::signatures(std::iter::once(secret.as_str()), event, at, body);
        let before = app.picture().await;
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let forged = sign::signatures(std::iter::once(other), "f", now, &captured);
        for (provider, at, text, signature, code) in [
            ("sim", now, captured.as_str(), forged.as_str(), "SIGNATURE_INVALID"),
            ("sim", now, captured.as_str(), "v1,!", "SIGNATURE_INVALID"),
            ("sim", now, captured.as_str(), "", "SIGNATURE_INVALID"),
            ("sim", now + 1, captured.as_str(), &signed("f", now, &captured), "SIGNATURE_INVALID"),
            ("sim", now, body("CAPTURED", "2000.00").to_string().as_str(), &signed("f", now, &captured), "SIGNATURE_INVALID"),
            ("nobody", now, captured.as_str(), &signed("f", now, &captured), "SIGNATURE_INVALID"),
            ("sim", now - 301, captured.as_str(), &signed("f", now - 301, &captured), "SIGNATURE_EXPIRED"),
            ("sim", now + 301, captured.as_str(), &signed("f", now + 301, &captured), "SIGNATURE_EXPIRED"),
        ] {
            let (status, answer) = sent(&app, provider, ("f", at), text, signature).await;
            assert_eq!((status, &answer["code"]), (401, &json!(code)), "{provider} {at} {text}");
        }
        let kronor = json!({ "payment": pending, "state": "CAPTURED", "amount": { "amount": "20.00", "currency": "SEK" } });
        let renamed = json!({ "payment": pending, "state": "CAPTURED", "transactionId": "another", "amount": euros("20.00") });
        let unknown = "ppm_00000000000000000000000000000000";
        for (event, body, status, code) in [
            ("a", body("CAPTURED", "19.99"), 422, "PROVIDER_AMOUNT_MISMATCH"),
            ("b", body("AUTHORISED", "20.01"), 422, "PROVIDER_AMOUNT_MISMATCH"),
            ("c", body("CAPTURED", "0.00"), 422, "AMOUNT_OUT_OF_RANGE"),
            ("d", kronor, 422, "CURRENCY_MISMATCH"),
            ("e", renamed, 422, "PROVIDER_TRANSACTION_MISMATCH"),
            ("f", body("REFUNDED", "1.00"), 409, "INVALID_STATE"),
            // Before its payment: it is asked to come again.
            ("g", told(unknown, "CAPTURED", "20.00"), 404, "NOT_FOUND"),
            ("h", json!({ "state": "CAPTURED", "transactionId": "not-yet" }), 404, "NOT_FOUND"),
            ("i", body("PAID", "20.00"), 400, "BAD_REQUEST"),
            ("j", json!({ "payment": pending }), 400, "BAD_REQUEST"),
            ("k", json!({ "payment": pending, "state": "CAPTURED", "amount": { "amount": "x", "currency": "EUR" } }), 400, "BAD_REQUEST"),
        ] {
            let answer = call_back(&app, sim, event, &body).await;
            assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{event}: {}", answer.1);
        }
        assert_eq!(app.picture().await, before);
        assert_eq!(seen(&app, &pending).await["state"], "PENDING");
        // Another tenant's provider of the same name signs nothing here.
        let rival = app.with_sandbox("rival").await;
        let theirs = provider(&rival, json!({ "code": "sim", "name": "Played", "kind": "SIMULATOR" })).await;
        let (status, _) = call_back(&app, ("sim", &theirs), "l", &body("CAPTURED", "20.00")).await;
        assert_eq!(status, 401);
        // One id, two stories.
        assert_eq!(call_back(&app, sim, "m", &body("AUTHORISED", "20.00")).await.0, 200);
        let (status, answer) = call_back(&app, sim, "m", &body("CAPTURED", "20.00")).await;
        assert_eq!((status, &answer["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")));
    }

    async fn a_payment_is_captured_called_off_and_given_back(app: TestApp) {
        let (app, _) = simulated(&app).await;
        let account = app.account("current").await;
        let agreed = pay(&app, &account, "30.00", "AUTHORISED").await;
        let allowed: Vec<_> = agreed["actions"].as_array().expect("actions").iter().map(|action| action["allowed"] == true).collect();
        assert_eq!((&agreed["state"], allowed), (&json!("AUTHORISED"), vec![true, true, false]));
        assert_eq!(agreed["actions"][2]["reason"], "the payment is AUTHORISED");
        let of = |amount: &str| json!({ "payment": agreed["id"], "amount": euros(amount) });
        app.refused("captureProviderPayment", of("30.01"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("captureProviderPayment", of("0.00"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("refundProviderPayment", json!({ "payment": agreed["id"], "reason": "X" }), "INVALID_STATE", "payment").await;
        let done = app.done("captureProviderPayment", of("25.00"), PAYMENT).await["payment"].take();
        assert_eq!((&done["state"], &done["captured"]["amount"]), (&json!("CAPTURED"), &json!("25.00")));
        assert_eq!(app.balance(&account).await, "25.00");
        app.refused("cancelProviderPayment", json!({ "payment": agreed["id"] }), "INVALID_STATE", "payment").await;
        let refund = |amount: Value| json!({ "payment": agreed["id"], "amount": amount, "reason": "goodwill" });
        app.refused("refundProviderPayment", refund(euros("25.01")), "AMOUNT_OUT_OF_RANGE", "amount").await;
        let part = app.done("refundProviderPayment", refund(euros("10.00")), PAYMENT).await["payment"].take();
        assert_eq!((&part["state"], &part["refunded"]["amount"], &part["asking"]), (&json!("PARTLY_REFUNDED"), &json!("10.00"), &Value::Null));
        let rest = app.done("refundProviderPayment", refund(Value::Null), PAYMENT).await["payment"].take();
        assert_eq!((&rest["state"], &rest["refunded"]["amount"]), (&json!("REFUNDED"), &json!("25.00")));
        assert_eq!(app.balance(&account).await, "0.00");
        // What is spent cannot be given back.
        let spent = pay(&app, &account, "8.00", "CAPTURED").await;
        let other = app.account("current").await;
        app.transfer(&account, &other, "8.00").await;
        app.refused("refundProviderPayment", json!({ "payment": spent["id"], "reason": "X" }), "INSUFFICIENT_FUNDS", "payment").await;
        // A provider that will not do it: what had left comes back.
        let kept = pay(&app, &account, "6.00", "KEEPS").await;
        let tried = app.done("refundProviderPayment", json!({ "payment": kept["id"], "reason": "X" }), PAYMENT).await["payment"].take();
        assert_eq!((&tried["state"], &tried["refunded"]["amount"], &tried["failure"]), (&json!("CAPTURED"), &json!("0.00"), &json!("it will not, as was asked for")));
        assert_eq!(app.balance(&account).await, "6.00");
        let off = pay(&app, &account, "4.00", "AUTHORISED").await;
        let off = app.done("cancelProviderPayment", json!({ "payment": off["id"] }), PAYMENT).await["payment"].take();
        assert_eq!((&off["state"], &off["completed"]), (&json!("CANCELLED"), &json!(true)));
        let failed = pay(&app, &account, "4.00", "FAILED").await;
        assert_eq!((&failed["state"], &failed["failure"]), (&json!("FAILED"), &json!("the payment failed, as was asked for")));
        assert_eq!(app.balance(&account).await, "6.00");
    }

    async fn what_cannot_be_initiated_is_refused_by_name(app: TestApp) {
        let outside = json!({ "code": "sim", "name": "Played", "kind": "SIMULATOR" });
        app.refused("createPaymentProvider", outside.clone(), "INVALID_INPUT", "kind").await;
        let (app, _) = simulated(&app).await;
        let account = app.account("current").await;
        let bounded = json!({ "code": "bounded", "alias": "B", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE", "maximumBalance": "10" });
        app.done("createProduct", bounded, "replayed").await;
        let bounded = app.account("bounded").await;
        let closed = app.account("current").await;
        app.done("requestAccountClosure", json!({ "account": closed.by() }), "replayed").await;
        let with = |field: &str, value: Value| {
            let mut input = payment(&account, "sim", "1.00", "CAPTURED");
            input[field] = value;
            input
        };
        let before = app.picture().await;
        for (input, code, path) in [
            (with("account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (with("provider", json!("no")), "NOT_FOUND", "provider"),
            (with("amount", euros("0")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (with("amount", euros("0.001")), "INVALID_INPUT", "amount"),
            (with("amount", json!({ "amount": "1.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "amount.currency"),
            (payment(&closed, "sim", "1.00", ""), "ACCOUNT_NOT_OPEN", "account"),
            (payment(&bounded, "sim", "10.01", ""), "LIMIT_EXCEEDED", "amount"),
        ] {
            app.refused("initiateProviderPayment", input, code, path).await;
        }
        let made = |field: &str, value: Value| {
            let mut input = json!({ "code": "http", "name": "H", "kind": "HTTP", "url": "https://example.com/pay" });
            input[field] = value;
            input
        };
        for (input, code, path) in [
            (outside, "DUPLICATE_REFERENCE", "code"),
            (made("code", json!("a b")), "INVALID_INPUT", "code"),
            (made("code", json!("x".repeat(51))), "INVALID_INPUT", "code"),
            (made("name", json!(" ")), "INVALID_INPUT", "name"),
            (made("url", Value::Null), "INVALID_INPUT", "url"),
            (made("url", json!("ftp://example.com/")), "INVALID_INPUT", "url"),
            (made("url", json!("https://user:pass@example.com/")), "INVALID_INPUT", "url"),
            (made("kind", json!("SIMULATOR")), "INVALID_INPUT", "url"),
        ] {
            app.refused("createPaymentProvider", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        app.done("updatePaymentProvider", json!({ "provider": "sim", "name": "Other", "retired": true }), "provider { name retired }").await;
        app.refused("initiateProviderPayment", with("amount", euros("1.00")), "INVALID_STATE", "provider").await;
        app.refused("updatePaymentProvider", json!({ "provider": "sim", "url": "https://example.com/" }), "INVALID_INPUT", "url").await;
        app.refused("updatePaymentProvider", json!({ "provider": "no", "retired": true }), "NOT_FOUND", "provider").await;
        for name in ["captureProviderPayment", "cancelProviderPayment"] {
            app.refused(name, json!({ "payment": "ppm_1" }), "NOT_FOUND", "payment").await;
        }
        let shown = app.ok("{ paymentProviders { nodes { code } } paymentProvider(code: \"sim\") { name callBackPath } }", json!({})).await;
        assert_eq!(shown["paymentProvider"], json!({ "name": "Other", "callBackPath": format!("/providers/{}/sim", app.tenant_id()) }));
    }

    async fn a_payout_is_one_receipt_with_its_fee_apart(app: TestApp) {
        let (app, _) = simulated(&app).await;
        let account = app.account("current").await;
        let mut payments = Vec::new();
        for amount in ["100.00", "50.00", "7.00"] {
            payments.push(id(&pay(&app, &account, amount, "CAPTURED").await));
        }
        app.done("refundProviderPayment", json!({ "payment": payments[1], "amount": euros("20.00"), "reason": "X" }), "replayed").await;
        let pending = id(&pay(&app, &account, "1.00", "PENDING").await);
        assert_eq!(settlements(&app).await[0], "157.00/20.00");
        let payout = |of: Value, amount: &str, fee: Value| json!({ "provider": "sim", "payments": of, "amount": euros(amount), "fee": fee });
        let two = json!([payments[0], payments[1]]);
        let before = app.picture().await;
        for (input, code, path) in [
            (payout(json!([]), "1.00", Value::Null), "INVALID_INPUT", "payments"),
            (payout(json!([payments[0], payments[0]]), "200.00", Value::Null), "INVALID_INPUT", "payments.1"),
            (payout(json!(["ppm_1"]), "1.00", Value::Null), "NOT_FOUND", "payments.0"),
            (payout(json!([payments[0], pending]), "101.00", Value::Null), "INVALID_STATE", "payments.1"),
            (payout(two.clone(), "0.00", Value::Null), "AMOUNT_OUT_OF_RANGE", "amount"),
            (payout(two.clone(), "130.00", euros("-1.00")), "INVALID_INPUT", "fee"),
            (payout(two.clone(), "130.00", json!({ "amount": "0.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "fee.currency"),
            (payout(two.clone(), "150.00", Value::Null), "PAYOUT_DOES_NOT_ADD_UP", "amount"),
            (payout(two.clone(), "127.51", euros("2.50")), "PAYOUT_DOES_NOT_ADD_UP", "amount"),
        ] {
            let refusal = app.refused("reconcileProviderPayout", input, code, path).await;
            if code == "PAYOUT_DOES_NOT_ADD_UP" {
                assert_eq!(refusal["facts"]["remaining"], euros("130.00"));
            }
        }
        assert_eq!(app.picture().await, before);
        let shown = "entry { id kind postings { amount { amount } ledgerAccount { code } } }";
        let done = app.done("reconcileProviderPayout", payout(two.clone(), "127.50", euros("2.50")), shown).await["entry"].take();
        assert_eq!(done["kind"], "PROVIDER_PAYOUT");
        assert_eq!(settlements(&app).await, json!(["157.00/150.00", "127.50/0.00", "2.50/0.00"]));
        for payment in &payments[..2] {
            assert_eq!(seen(&app, payment).await["payout"]["id"], done["id"]);
        }
        app.refused("reconcileProviderPayout", payout(two, "127.50", euros("2.50")), "INVALID_STATE", "payments.0").await;
    }

    async fn a_provider_over_http_is_asked_and_answers(app: TestApp) {
        let receiver = Receiver::start().await;
        let secret = provider(&app, json!({ "code": "http", "name": "H", "kind": "HTTP", "url": receiver.url() })).await;
        let account = app.account("current").await;
        receiver.answers(|body| {
            let state = match body["operation"].as_str().expect("an operation") {
                "INITIATE" => "AUTHORISED",
                "CAPTURE" => "CAPTURED",
                "REFUND" => "REFUNDED",
                _ => "CANCELLED",
            };
            Reply::Says(200, json!({ "state": state, "transactionId": format!("h-{}", body["payment"].as_str().expect("an id")),
                "redirectUrl": "https://pay.example/1", "additionalOutput": { "asked": body["additionalInput"] } }).to_string())
        });
        let input = json!({ "account": account.by(), "provider": "http", "amount": euros("9.00"), "additionalInput": { "returnUrl": "https://shop.example/" } });
        let made = app.done("initiateProviderPayment", input, PAYMENT).await["payment"].take();
        assert_eq!((&made["state"], &made["redirectUrl"], &made["providerCode"]), (&json!("AUTHORISED"), &json!("https://pay.example/1"), &json!("http")));
        assert_eq!(made["additionalOutput"], json!({ "asked": { "returnUrl": "https://shop.example/" } }));
        let hit = receiver.hits().remove(0);
        assert!(hit.is_signed_with(&secret), "{hit:?}");
        assert_eq!((&hit.body["payment"], &hit.body["amount"]), (&made["id"], &euros("9.00")));
        let done = app.done("captureProviderPayment", json!({ "payment": made["id"] }), PAYMENT).await["payment"].take();
        assert_eq!(done["state"], "CAPTURED");
        let done = app.done("refundProviderPayment", json!({ "payment": made["id"], "reason": "X" }), PAYMENT).await["payment"].take();
        assert_eq!((&done["state"], app.balance(&account).await), (&json!("REFUNDED"), "0.00".to_owned()));
        // One that will not.
        receiver.answers(|_| Reply::Says(422, "{}".into()));
        let input = json!({ "account": account.by(), "provider": "http", "amount": euros("9.00") });
        let made = app.done("initiateProviderPayment", input.clone(), PAYMENT).await["payment"].take();
        assert_eq!((&made["state"], &made["failure"]), (&json!("FAILED"), &json!("it answered 422")));
        // One that is not there, or answers what cannot be: it is asked again later, under the same id.
        receiver.answers(|_| Reply::Says(200, json!({ "state": "CAPTURED", "transactionId": "odd", "amount": euros("1.00") }).to_string()));
        let odd = app.done("initiateProviderPayment", input.clone(), PAYMENT).await["payment"].take();
        assert_eq!((&odd["state"], &odd["asking"]), (&json!("INITIATED"), &json!("INITIATE")), "{odd}");
        receiver.answers(|_| Reply::Status(503));
        let late = app.done("initiateProviderPayment", input, PAYMENT).await["payment"].take();
        assert_eq!((&late["state"], &late["asking"], &late["failure"]), (&json!("INITIATED"), &json!("INITIATE"), &json!("answered 503")));
        app.refused("cancelProviderPayment", json!({ "payment": late["id"] }), "INVALID_STATE", "payment").await;
        receiver.answers(|body| Reply::Says(200, json!({ "state": "CAPTURED", "transactionId": format!("h-{}", body["payment"].as_str().expect("an id")) }).to_string()));
        let moment = app.clock().micros() + 60_000_000;
        app.clock().set(chrono::DateTime::from_timestamp_micros(moment).expect("a moment"));
        let both = [id(&odd), id(&late)];
        eventually("the provider is asked again", async || {
            seen(&app, &both[0]).await["state"] == "CAPTURED" && seen(&app, &both[1]).await["state"] == "CAPTURED"
        })
        .await;
        assert_eq!(app.balance(&account).await, "18.00");
        let ids: Vec<_> = receiver.hits().iter().filter(|hit| json!(hit.body["payment"]) == late["id"]).map(|hit| hit.id.clone()).collect();
        assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}
