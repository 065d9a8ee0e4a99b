//! Bad input: every mistake gets its refusal or its fault, and nothing is changed.

mod filters;
mod references;
mod texts;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, fresh_key};

/// What a mistake is answered with.
enum Gets {
    /// A refusal: its code and the field at fault.
    Refusal(&'static str, &'static str),
    /// A fault: its code.
    Fault(&'static str),
}
use Gets::{Fault, Refusal};

const BAD: Gets = Fault("BAD_REQUEST");

/// Tries each mistake and looks that it left no trace.
async fn refuse_all(app: &TestApp, rows: Vec<(&str, Value, Gets)>) {
    let before = app.picture().await;
    for (name, input, gets) in rows {
        let what = format!("{name} {input}");
        match gets {
            Refusal(code, path) => {
                app.refused(name, input, code, path).await;
            }
            Fault(code) => {
                let answer = app.mutate(name, input, "replayed").await;
                assert_eq!(
                    answer.errors().first().map(|error| &error["extensions"]["code"]),
                    Some(&json!(code)),
                    "{what}: {answer:?}"
                );
                answer.fault(code);
            }
        }
        assert_eq!(app.picture().await, before, "{what}");
    }
}

/// The fields of an input, changed.
pub fn with(input: &Value, path: &str, to: Value) -> Value {
    let mut input = input.clone();
    let pointer = format!("/{}", path.replace('.', "/"));
    match input.pointer_mut(&pointer) {
        Some(place) => *place = to,
        None => {
            let (parent, name) = pointer.rsplit_once('/').expect("a slash");
            input.pointer_mut(parent).expect("a parent")[name] = to;
        }
    }
    input
}

fn without(input: &Value, field: &str) -> Value {
    let mut input = input.clone();
    input.as_object_mut().expect("an object").remove(field);
    input
}

fn between(from: &Account, to: &Account, amount: &str) -> Value {
    json!({ "idempotencyKey": fresh_key(), "from": from.by(), "to": to.by(), "amount": euros(amount) })
}

fn payment(account: &Account, amount: &str) -> Value {
    json!({ "idempotencyKey": fresh_key(), "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER" })
}

on_both_databases! {
    async fn what_was_valid_once_makes_nothing_else_valid(app: TestApp) {
        let account = app.funded("10.00").await;
        let good = payment(&account, "1.00");
        let mut bad = [
            ("channel", json!("BANK_TRANSFERS")),
            ("channel", json!("bank transfer")),
            ("channel", json!(1)),
            ("chanel", json!("BANK_TRANSFER")),
            ("description", json!(7)),
            ("account.id", json!(null)),
            ("account.id", json!(1.5)),
            ("amount", json!("1.00")),
            ("amount.amount", json!(["1.00"])),
            ("amount.currency", json!(null)),
        ]
        .map(|(path, to)| with(&good, path, to))
        .to_vec();
        bad.extend(["channel", "account", "amount"].map(|field| without(&good, field)));
        bad.push(json!(null));
        bad.push(json!([good]));
        let all = async || {
            let mut answers = Vec::new();
            for input in &bad {
                let answer = app.mutate("postPayment", input.clone(), "replayed").await;
                assert!(!answer.errors().is_empty(), "{input}: {answer:?}");
                answers.push((answer.status, answer.anonymous()));
            }
            answers
        };
        let before = all().await;
        for replayed in [false, true, true] {
            assert_eq!(app.done("postPayment", good.clone(), "replayed").await["replayed"], replayed);
        }
        assert_eq!(all().await, before);

        let page = "query($first: Int) { accounts(first: $first) { nodes { id } } }";
        let no_integer = async || app.graphql(page, json!({ "first": 0.0 })).await.anonymous();
        let before = no_integer().await;
        assert!(before.contains("BAD_REQUEST"), "{before}");
        for _ in 0..2 {
            app.ok(page, json!({ "first": 0 })).await;
        }
        assert_eq!(no_integer().await, before);
    }

    async fn amounts_that_are_none(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let hold = app.hold(&from, "5.00").await;
        let range = || Refusal("AMOUNT_OUT_OF_RANGE", "amount");
        let transfer = between(&from, &to, "1.00");
        let mut rows = Vec::new();
        for (amount, gets) in [
            (json!("0"), range()),
            (json!("0.00"), range()),
            (json!("-0.00"), range()),
            (json!("-1.00"), range()),
            (json!("1.001"), Refusal("INVALID_INPUT", "amount")),
            (json!("0.009"), Refusal("INVALID_INPUT", "amount")),
            (json!("1000000000000000.01"), range()),
            (json!("9999999999999999999999999999"), range()),
            (json!("999999999999999999999999999999"), BAD),
            (json!("0.000000000000000000000000000001"), BAD),
            (json!(1), BAD),
            (json!(1.5), BAD),
            (json!(true), BAD),
            (json!(null), BAD),
            (json!(["1.00"]), BAD),
            (json!(""), BAD),
            (json!("1,00"), BAD),
            (json!("1e2"), BAD),
            (json!("+1.00"), BAD),
            (json!(" 1.00"), BAD),
            (json!("NaN"), BAD),
            (json!("0x10"), BAD),
            (json!("١.٠٠"), BAD),
        ] {
            rows.push(("transfer", with(&transfer, "amount.amount", amount), gets));
        }
        let on = |more: Value| {
            let mut input = payment(&from, "1.00");
            input.as_object_mut().expect("an object").remove("channel");
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        for (name, input) in [
            ("postPayment", payment(&from, "1.00")),
            ("disburse", on(json!({ "iban": "SE3550000000054910000003" }))),
            ("placeHold", on(json!({}))),
            ("postCharge", on(json!({ "kind": "LATE_FEE" }))),
            ("captureHold", json!({ "hold": hold, "amount": euros("1.00") })),
        ] {
            rows.push((name, with(&input, "amount.amount", json!("0")), range()));
            rows.push((name, with(&input, "amount.amount", json!("-1.00")), range()));
            rows.push((name, with(&input, "amount.amount", json!("0.001")), Refusal("INVALID_INPUT", "amount")));
            rows.push((name, with(&input, "amount.amount", json!(1)), BAD));
            rows.push((
                name,
                with(&input, "amount.currency", json!("SEK")),
                Refusal("CURRENCY_MISMATCH", "amount.currency"),
            ));
            rows.push((name, with(&input, "amount.currency", json!("EURO")), BAD));
            rows.push((name, with(&input, "amount.currency", json!("eur")), BAD));
            rows.push((name, with(&input, "amount.currency", json!("XXX")), BAD));
        }
        let adjustment = on(json!({ "reason": "because" }));
        rows.push(("postAdjustment", with(&adjustment, "amount.amount", json!("0.00")), range()));
        rows.push((
            "postAdjustment",
            with(&adjustment, "amount.amount", json!("-100.01")),
            Refusal("INSUFFICIENT_FUNDS", "amount"),
        ));
        rows.push(("captureHold", json!({ "hold": hold, "amount": euros("5.01") }), range()));
        let loan = json!({ "product": { "code": "loan" }, "owner": { "id": from.owner } });
        rows.push(("openAccount", with(&loan, "creditLimit", json!("-1.00")), Refusal("INVALID_INPUT", "creditLimit")));
        rows.push(("openAccount", with(&loan, "creditLimit", json!("0.001")), Refusal("INVALID_INPUT", "creditLimit")));
        rows.push(("openAccount", with(&loan, "creditLimit", json!(5)), BAD));
        refuse_all(&app, rows).await;
        app.transfer(&from, &to, "1.00").await;
    }

    async fn amounts_that_no_balance_can_hold(app: TestApp) {
        let (rich, other) = (app.account("current").await, app.account("current").await);
        let largest = "1000000000000000.00";
        app.pay_in(&rich, largest).await;
        app.pay_in(&other, "999999999999999.99").await;
        let range = || Refusal("AMOUNT_OUT_OF_RANGE", "amount");
        refuse_all(
            &app,
            vec![
                ("postPayment", payment(&rich, "0.01"), range()),
                ("postPayment", payment(&rich, largest), range()),
                ("transfer", between(&other, &rich, "0.01"), range()),
                ("transfer", between(&rich, &other, "0.02"), range()),
                ("transfer", between(&rich, &other, "1000000000000000.01"), range()),
            ],
        )
        .await;
        app.transfer(&rich, &other, "0.01").await;
        assert_eq!(app.balance(&other).await, largest);
    }

    async fn accounts_that_do_not_fit(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let product =
            json!({ "code": "sek", "alias": "Krona", "family": "DEPOSIT", "currency": "SEK", "debtRule": "NONE" });
        app.done("createProduct", product, "replayed").await;
        let krona = app.account("sek").await;
        let closed = app.account("current").await;
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "X" }), "replayed").await;
        let transfer = between(&from, &to, "1.00");
        let nobody = format!("acc_{}", "0".repeat(32));
        let mut rows = Vec::new();
        for (by, gets) in [
            (json!({ "id": nobody }), Refusal("NOT_FOUND", "to")),
            (json!({ "id": "acc_1" }), Refusal("NOT_FOUND", "to")),
            (json!({ "id": "" }), Refusal("NOT_FOUND", "to")),
            (json!({ "id": from.owner }), Refusal("NOT_FOUND", "to")),
            (json!({ "id": to.id.to_uppercase() }), Refusal("NOT_FOUND", "to")),
            (json!({ "number": "none" }), Refusal("NOT_FOUND", "to")),
            (json!({ "number": "" }), Refusal("NOT_FOUND", "to")),
            (json!({ "externalReference": "none" }), Refusal("NOT_FOUND", "to")),
            (json!({ "number": "\u{0}" }), Refusal("NOT_FOUND", "to")),
            (json!({ "id": "acc_\u{0}" }), Refusal("NOT_FOUND", "to")),
            (from.by(), Refusal("SAME_ACCOUNT", "to")),
            (krona.by(), Refusal("CURRENCY_MISMATCH", "amount.currency")),
            (closed.by(), Refusal("ACCOUNT_NOT_OPEN", "to")),
            (json!({}), BAD),
            (json!({ "id": to.id, "number": to.number }), BAD),
            (json!({ "id": null }), BAD),
            (json!({ "iban": "x" }), BAD),
            (json!(to.id), BAD),
            (json!(7), BAD),
        ] {
            rows.push(("transfer", with(&transfer, "to", by), gets));
        }
        rows.push(("transfer", with(&transfer, "from", json!({ "number": from.owner })), Refusal("NOT_FOUND", "from")));
        rows.push(("transfer", with(&transfer, "from", krona.by()), Refusal("CURRENCY_MISMATCH", "amount.currency")));
        rows.push(("transfer", with(&transfer, "from", closed.by()), Refusal("ACCOUNT_NOT_OPEN", "from")));
        rows.push((
            "transfer",
            with(&transfer, "amount.amount", json!("100.01")),
            Refusal("INSUFFICIENT_FUNDS", "amount"),
        ));
        for (name, field, what) in
            [("captureHold", "hold", "hold"), ("releaseHold", "hold", "hold"), ("reverseEntry", "entry", "entry")]
        {
            for id in
                ["", "x", &nobody, &format!("hld_{}", "1".repeat(32)), &format!("ent_{}", "1".repeat(32)), "hld_\u{0}"]
            {
                let mut input = json!({ field: id });
                if name == "reverseEntry" {
                    input["reason"] = json!("X");
                }
                rows.push((name, input, Refusal("NOT_FOUND", what)));
            }
        }
        refuse_all(&app, rows).await;
    }

    async fn days_that_are_closed_or_far_away(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        app.done("closePeriod", json!({ "through": "2026-03-31" }), "replayed").await;
        let date = || Refusal("VALUE_DATE_OUT_OF_RANGE", "valueDate");
        let mut rows = Vec::new();
        for (day, gets) in [
            (json!("2026-03-31"), date()),
            (json!("2020-01-01"), date()),
            (json!("0001-01-01"), date()),
            (json!("9999-12-31"), date()),
            (json!("2028-01-01"), date()),
            (json!("2026-02-30"), BAD),
            (json!("2026-4-1"), BAD),
            (json!("20260401"), BAD),
            (json!("2026-04-01T00:00:00Z"), BAD),
            (json!("12026-04-01"), BAD),
            (json!("-2026-04-01"), BAD),
            (json!(20_260_401), BAD),
        ] {
            rows.push(("transfer", with(&between(&from, &to, "1.00"), "valueDate", day), gets));
        }
        rows.push(("postPayment", with(&payment(&from, "1.00"), "valueDate", json!("2026-03-31")), date()));
        let through = |day: &str| json!({ "through": day });
        let closed = || Refusal("VALUE_DATE_OUT_OF_RANGE", "through");
        rows.push(("closePeriod", through("2026-03-31"), closed()));
        rows.push(("closePeriod", through("2026-03-01"), closed()));
        rows.push(("closePeriod", through("2026-04-15"), closed()));
        rows.push(("closePeriod", through("9999-12-31"), closed()));
        let hold = json!({ "account": from.by(), "amount": euros("1.00") });
        rows.push((
            "placeHold",
            with(&hold, "expiresAt", json!("2026-04-15T09:30:00Z")),
            Refusal("INVALID_INPUT", "expiresAt"),
        ));
        rows.push(("placeHold", with(&hold, "expiresAt", json!("2026-04-16")), BAD));
        rows.push(("placeHold", with(&hold, "expiresAt", json!("2026-04-16T00:00:00")), BAD));
        refuse_all(&app, rows).await;
        for day in ["2026-04-01", "2026-04-15", "2027-04-01"] {
            app.done("transfer", with(&between(&from, &to, "1.00"), "valueDate", json!(day)), "replayed").await;
        }
    }

    async fn inputs_that_are_no_inputs(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let transfer = between(&from, &to, "1.00");
        let payment = payment(&from, "1.00");
        let customer = json!({ "idempotencyKey": "k", "type": "PERSON", "lastName": "X" });
        refuse_all(
            &app,
            vec![
                ("transfer", with(&transfer, "surprise", json!(1)), BAD),
                ("transfer", with(&transfer, "amount.unit", json!("cent")), BAD),
                ("transfer", without(&transfer, "amount"), BAD),
                ("transfer", without(&transfer, "from"), BAD),
                ("transfer", with(&transfer, "idempotencyKey", json!(null)), BAD),
                ("transfer", with(&transfer, "idempotencyKey", json!(7)), BAD),
                ("transfer", with(&transfer, "amount", json!(null)), BAD),
                ("transfer", with(&transfer, "metadata", json!([1])), BAD),
                ("transfer", with(&transfer, "metadata", json!("text")), BAD),
                ("transfer", with(&transfer, "metadata", json!({ "a": "x".repeat(17_000) })), BAD),
                ("transfer", json!([]), BAD),
                ("transfer", json!("text"), BAD),
                ("transfer", json!(null), BAD),
                ("postPayment", with(&payment, "channel", json!("PIGEON")), BAD),
                ("postPayment", with(&payment, "channel", json!("cash")), BAD),
                ("postPayment", with(&payment, "channel", json!(1)), BAD),
                ("createCustomer", with(&customer, "type", json!("ROBOT")), BAD),
                ("createCustomer", without(&customer, "lastName"), Refusal("INVALID_INPUT", "lastName")),
                ("createCustomer", with(&customer, "lastName", json!("  ")), Refusal("INVALID_INPUT", "lastName")),
                ("createCustomer", with(&customer, "companyName", json!("X")), Refusal("INVALID_INPUT", "companyName")),
                ("transferBatch", json!({ "items": [] }), Refusal("INVALID_INPUT", "items")),
                (
                    "transferBatch",
                    json!({ "items": [transfer, transfer] }),
                    Refusal("INVALID_INPUT", "items.1.idempotencyKey"),
                ),
                ("transferBatch", json!({ "items": null }), BAD),
                (
                    "closeAccount",
                    json!({ "account": to.by(), "closureCode": "" }),
                    Refusal("INVALID_INPUT", "closureCode"),
                ),
                ("reverseEntry", json!({ "entry": "x", "reason": " " }), Refusal("NOT_FOUND", "entry")),
                (
                    "disburse",
                    with(&without(&payment, "channel"), "iban", json!("SE35")),
                    Refusal("INVALID_INPUT", "iban"),
                ),
                ("disburse", without(&payment, "channel"), Refusal("INVALID_INPUT", "iban")),
            ],
        )
        .await;
    }

    async fn bodies_that_are_no_requests(app: TestApp) {
        let account = app.funded("10.00").await;
        let before = app.picture().await;
        let good = json!({ "query": "{ viewer { client } }" }).to_string();
        for body in [
            b"".to_vec(),
            b"{".to_vec(),
            b"null".to_vec(),
            b"[]".to_vec(),
            b"{\"query\":}".to_vec(),
            good.as_bytes()[..good.len() - 1].to_vec(),
            [b"{\"query\":\"{ viewer { client } } # ", &b"\xff\xfe"[..], b"\"}"].concat(),
            [b"\xff\xfe", good.as_bytes()].concat(),
            format!("{good} trailing").into_bytes(),
            format!("[{good}]").into_bytes(),
            format!("{{\"query\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes(),
            b"{\"query\":\"\\ud800\"}".to_vec(),
        ] {
            let what = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
            let request = app.http().post(app.url("/graphql")).bearer_auth(app.token().await.expect("a token"));
            let response =
                request.header("content-type", "application/json").body(body).send().await.expect("an answer");
            assert_eq!(response.status(), 400, "{what}");
            crate::app::Answer::read(response).await.fault("BAD_REQUEST");
        }
        assert_eq!(app.picture().await, before);
        assert_eq!(app.balance(&account).await, "10.00");
    }

    async fn questions_that_make_no_sense_are_answered_or_refused_never_a_defect(app: TestApp) {
        app.funded("10.00").await;
        for (query, fault) in [
            ("{ accounts(first: -1) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(first: 101) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(first: 99999999999) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(first: 2147483648) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(first: 1.5) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(first: 0) { nodes { id } } }", None),
            ("{ accounts(after: \"AA\") { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(after: \"\") { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(filter: { owner: \"\" }) { nodes { id } } }", None),
            ("{ accounts(filter: { number: \"\\u0000\" }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ accounts(filter: { family: SPACESHIP }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ account(by: { number: \"\\u0000\" }) { id } }", None),
            ("{ account(by: { externalReference: \"\\u0000\" }) { id } }", None),
            ("{ account(by: { id: \"acc_\\u0000\" }) { id } }", None),
            ("{ customer(by: { number: \"\\u0000\" }) { id } }", None),
            ("{ customer(by: { externalReference: \"\\u0000\" }) { id } }", None),
            ("{ product(by: { code: \"\\u0000\" }) { id } }", None),
            ("{ customers(filter: { name: \"\\u0000\" }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ customers(filter: { name: \"%_\\\\\" }) { nodes { id } } }", None),
            ("{ entries(filter: { externalReference: \"\\u0000\" }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ entries(filter: { from: \"2026-04-16\", to: \"2026-04-15\" }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ entries(filter: { from: \"0001-01-01\", to: \"9999-12-31\" }) { nodes { id } } }", None),
            ("{ entries(filter: { accounts: [] }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ entries(filter: { kinds: [] }) { nodes { id } } }", Some("BAD_REQUEST")),
            ("{ events(filter: { types: [] }) { nodes { sequence } } }", Some("BAD_REQUEST")),
            ("{ accounts { nodes { history(filter: { operations: [] }) { nodes { operation } } } } }", Some("BAD_REQUEST")),
            ("{ accounts { nodes { transactions(filter: { kinds: [] }) { nodes { id } } } } }", Some("BAD_REQUEST")),
            ("{ events(filter: { types: [\"\\u0000\"] }) { nodes { sequence } } }", Some("BAD_REQUEST")),
            ("{ events(filter: { from: \"0000-01-01\" }) { nodes { sequence } } }", None),
            ("{ auditRecords(filter: { client: \"\\u0000\" }) { nodes { id } } }", Some("BAD_REQUEST")),
            (
                "{ auditRecords(filter: { from: \"0001-01-01T00:00:00Z\", before: \"9999-12-31T23:59:59Z\" }) { nodes { id } } }",
                None,
            ),
            ("{ trialBalance(asOf: \"0001-01-01\") { balanced } }", None),
            ("{ trialBalance(asOf: \"9999-12-31\") { balanced } }", None),
            (
                "{ accounts { nodes { balanceAsOf(date: \"9999-12-31\", known: \"0001-01-01T00:00:00Z\") { amount } } } }",
                None,
            ),
            (
                "{ accounts { nodes { transactions(filter: { month: \"2026-13\" }) { nodes { id } } } } }",
                Some("BAD_REQUEST"),
            ),
            (
                "{ accounts { nodes { transactions(filter: { month: \"+999-01\" }) { nodes { id } } } } }",
                Some("BAD_REQUEST"),
            ),
            (
                "{ accounts { nodes { transactions(filter: { month: \" 202-01\" }) { nodes { id } } } } }",
                Some("BAD_REQUEST"),
            ),
            ("{ accounts { nodes { transactions(first: 1, last: 1) { nodes { id } } } } }", Some("BAD_REQUEST")),
            ("{ node(id: \"\") { id } }", None),
            ("{ node(id: \"\\u0000\") { id } }", None),
            ("{ node(id: \"txn_ffffffffffffffff00000000000000000000000000000000\") { id } }", None),
            ("{ nodes(ids: []) { id } }", None),
            ("{ entry(id: \"ent_\") { id } }", None),
        ] {
            let answer = app.graphql(query, json!({})).await;
            let code = answer.errors().first().map(|error| error["extensions"]["code"].as_str().expect("a code"));
            assert_eq!(code, fault, "{query}: {answer:?}");
        }
    }
}
