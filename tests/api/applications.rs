//! Applications for a higher credit limit: made, decided by somebody else, taken back, out of time.

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};

fn application(account: &Account, limit: &str) -> Value {
    json!({ "account": account.by(), "creditLimit": limit, "reason": "a new roof" })
}

async fn apply(app: &TestApp, account: &Account, limit: &str) -> String {
    let done = app.done("applyForRaisedCreditLimit", application(account, limit), "application { id status }").await;
    assert_eq!(done["application"]["status"], "SUBMITTED");
    done["application"]["id"].as_str().expect("an id").to_owned()
}

fn decision(application: &str, approve: bool) -> Value {
    json!({ "application": application, "approve": approve, "comment": "looked at" })
}

async fn limit(app: &TestApp, account: &Account) -> String {
    show(app, account, "creditLimit { amount }").await["creditLimit"]["amount"].as_str().expect("an amount").to_owned()
}

/// A product that gives credit up to an amount, and an account of it.
async fn bounded(app: &TestApp, maximum: &str) -> Account {
    let product = json!({ "code": "bounded", "alias": "Bounded", "family": "REVOLVING_CREDIT", "currency": "EUR", "debtRule": "LIMIT",
        "defaultCreditLimit": "1000", "maximumCreditLimit": maximum });
    app.done("createProduct", product, "replayed").await;
    app.account("bounded").await
}

on_both_databases! {
    async fn a_limit_is_raised_by_somebody_elses_yes(app: TestApp) {
        let account = bounded(&app, "5000").await;
        let desk = app.with_client("desk");
        let wanted = apply(&app, &account, "3000").await;
        assert_eq!(limit(&app, &account).await, "1000.00");
        let refusal = app.refused("decideLimitApplication", decision(&wanted, true), "APPROVAL_BY_MAKER", "application").await;
        assert!(refusal["message"].as_str().is_some_and(|message| message.contains("applied")));
        app.refused("decideLimitApplication", decision(&wanted, false), "APPROVAL_BY_MAKER", "application").await;
        let actions = "actions { action allowed }";
        let node = format!("query($id: ID!) {{ node(id: $id) {{ ... on LimitApplication {{ {actions} }} }} }}");
        for (who, can) in [(&app, [false, false, true]), (&desk, [true, true, false])] {
            let seen = who.ok(&node, json!({ "id": wanted })).await["node"]["actions"].take();
            let seen: Vec<&Value> = seen.as_array().expect("actions").iter().map(|action| &action["allowed"]).collect();
            assert_eq!(json!(seen), json!(can));
        }
        let mut less = decision(&wanted, true);
        less["creditLimit"] = json!("2500.00");
        let shown = "application { status wanted { amount } former { amount } granted { amount } reason comment decidedBy account { creditLimit { amount } available { amount } } }";
        let done = desk.done("decideLimitApplication", less, shown).await;
        assert_eq!(done["application"], json!({
            "status": "APPROVED", "wanted": { "amount": "3000.00" }, "former": { "amount": "1000.00" }, "granted": { "amount": "2500.00" },
            "reason": "a new roof", "comment": "looked at", "decidedBy": "desk",
            "account": { "creditLimit": { "amount": "2500.00" }, "available": { "amount": "2500.00" } },
        }));
        let refusal = desk.refused("decideLimitApplication", decision(&wanted, true), "INVALID_STATE", "application").await;
        assert_eq!(refusal["facts"]["status"], "APPROVED");
        app.refused("withdrawLimitApplication", json!({ "application": wanted }), "INVALID_STATE", "application").await;
        let history = show(&app, &account, "history { nodes { events { type } } } limitApplications { nodes { id } }").await;
        assert_eq!(history["limitApplications"]["nodes"], json!([{ "id": wanted }]));
        let history = history.to_string();
        for told in ["LIMIT_APPLICATION_SUBMITTED", "LIMIT_APPLICATION_APPROVED", "ACCOUNT_CREDIT_LIMIT_RAISED"] {
            assert!(history.contains(told), "{told}");
        }
        // Down again by hand; up only by another application.
        app.done("updateAccount", json!({ "account": account.by(), "creditLimit": "2000" }), "replayed").await;
        app.refused("updateAccount", json!({ "account": account.by(), "creditLimit": "2500" }), "CREDIT_LIMIT_INCREASE_NOT_ALLOWED", "creditLimit").await;
        apply(&app, &account, "2500").await;
    }

    async fn an_account_has_one_application_at_a_time_and_says_so(app: TestApp) {
        let account = bounded(&app, "5000").await;
        let action = async || {
            let actions = show(&app, &account, "actions { action allowed reason }").await["actions"].take();
            let found = actions.as_array().expect("actions").iter().find(|one| one["action"] == "APPLY_FOR_RAISED_LIMIT").cloned();
            found.expect("the action")
        };
        assert_eq!(action().await["allowed"], true);
        let first = apply(&app, &account, "2000").await;
        assert_eq!(action().await["reason"], "the account has an application that is not decided yet");
        let refusal = app.refused("applyForRaisedCreditLimit", application(&account, "3000"), "LIMIT_APPLICATION_OPEN", "account").await;
        assert_eq!(refusal["facts"]["application"], json!(first));
        let tries = (0..10).map(|_| {
            let (app, input) = (app.clone(), application(&account, "3000"));
            tokio::spawn(async move { app.mutate("applyForRaisedCreditLimit", input, "replayed").await.data() })
        });
        app.done("withdrawLimitApplication", json!({ "application": first }), "application { status }").await;
        let answers = futures_util::future::join_all(tries.collect::<Vec<_>>()).await;
        let made = answers.iter().filter(|answer| {
            answer.as_ref().is_ok_and(|data| data["applyForRaisedCreditLimit"]["__typename"] == "ApplyForRaisedCreditLimitSuccess")
        });
        assert_eq!(made.count(), 1);
        let open = app.ok("{ limitApplications(filter: { statuses: [SUBMITTED] }) { nodes { id } } }", json!({})).await;
        let id = open["limitApplications"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
        app.with_client("desk").done("decideLimitApplication", decision(&id, false), "application { status granted { amount } }").await;
        assert_eq!((action().await["allowed"].clone(), limit(&app, &account).await), (json!(true), "1000.00".into()));
        app.done("updateProduct", json!({ "product": { "code": "bounded" }, "maximumCreditLimit": "1000" }), "replayed").await;
        assert_eq!(action().await["reason"], "the limit is the most that the product allows");
    }

    async fn a_customer_applies_and_takes_back_with_a_token_of_its_own(app: TestApp) {
        let account = bounded(&app, "5000").await;
        let other = app.account("revolving").await;
        let bound = app.bound_to(&account.owner);
        let first = apply(&bound, &account, "2000").await;
        bound.refused("applyForRaisedCreditLimit", application(&other, "3000"), "NOT_FOUND", "account").await;
        let others = apply(&app, &other, "3000").await;
        let seen = bound.ok("{ limitApplications { nodes { id } } }", json!({})).await;
        assert_eq!(seen["limitApplications"]["nodes"], json!([{ "id": first }]));
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(bound.ok(node, json!({ "id": others })).await["node"], Value::Null);
        bound.refused("withdrawLimitApplication", json!({ "application": others }), "NOT_FOUND", "application").await;
        // Whoever works for the house did not apply, and so declines.
        app.refused("withdrawLimitApplication", json!({ "application": first }), "NOT_FOUND", "application").await;
        let done = bound.done("withdrawLimitApplication", json!({ "application": first, "comment": "no roof" }), "application { status comment }").await;
        assert_eq!(done["application"], json!({ "status": "WITHDRAWN", "comment": "no roof" }));
        // The same client with a token that is not bound is somebody else than the customer.
        let second = apply(&bound, &account, "2000").await;
        app.done("decideLimitApplication", decision(&second, true), "application { status }").await;
        assert_eq!(limit(&app, &account).await, "2000.00");
    }

    async fn what_cannot_be_applied_for_or_granted_is_refused_by_name(app: TestApp) {
        let account = bounded(&app, "5000").await;
        let without = app.account("current").await;
        let closed = app.account("bounded").await;
        app.done("requestAccountClosure", json!({ "account": closed.by() }), "replayed").await;
        let days = |days: i32| json!({ "account": account.by(), "creditLimit": "2000", "validDays": days });
        let long = json!({ "account": account.by(), "creditLimit": "2000", "reason": "x".repeat(2_000) });
        let before = app.picture().await;
        for (input, code, path) in [
            (json!({ "account": { "number": "no" }, "creditLimit": "2000" }), "NOT_FOUND", "account"),
            (application(&account, "1000"), "INVALID_INPUT", "creditLimit"),
            (application(&account, "-1"), "INVALID_INPUT", "creditLimit"),
            (application(&account, "2000.001"), "INVALID_INPUT", "creditLimit"),
            (application(&account, "5000.01"), "LIMIT_EXCEEDED", "creditLimit"),
            (application(&without, "1"), "INVALID_INPUT", "creditLimit"),
            (application(&closed, "2000"), "ACCOUNT_NOT_OPEN", "account"),
            (days(367), "INVALID_INPUT", "validDays"),
            (long, "INVALID_INPUT", "reason"),
        ] {
            app.refused("applyForRaisedCreditLimit", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        let wanted = apply(&app, &account, "4000").await;
        let desk = app.with_client("desk");
        let with = |approve: bool, limit: &str| json!({ "application": wanted, "approve": approve, "creditLimit": limit });
        for (input, code, path) in [
            (json!({ "application": "lap_1", "approve": true }), "NOT_FOUND", "application"),
            (with(false, "2000"), "INVALID_INPUT", "creditLimit"),
            (with(true, "4000.01"), "INVALID_INPUT", "creditLimit"),
            (with(true, "1000"), "INVALID_INPUT", "creditLimit"),
        ] {
            desk.refused("decideLimitApplication", input, code, path).await;
        }
        // What the product allows is asked when it is decided.
        app.done("updateProduct", json!({ "product": { "code": "bounded" }, "maximumCreditLimit": "3000" }), "replayed").await;
        let refusal = desk.refused("decideLimitApplication", decision(&wanted, true), "LIMIT_EXCEEDED", "application").await;
        assert_eq!(refusal["facts"]["limit"], euros("3000.00"));
        desk.done("decideLimitApplication", with(true, "3000"), "replayed").await;
        let wanted = {
            app.done("updateProduct", json!({ "product": { "code": "bounded" }, "maximumCreditLimit": null }), "replayed").await;
            apply(&app, &account, "4000").await
        };
        app.done("requestAccountClosure", json!({ "account": account.by() }), "replayed").await;
        desk.refused("decideLimitApplication", decision(&wanted, true), "ACCOUNT_NOT_OPEN", "application").await;
    }

    async fn an_application_is_over_after_its_last_day(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = bounded(&app, "5000").await;
        let input = json!({ "account": account.by(), "creditLimit": "2000", "validDays": 1 });
        let done = app.done("applyForRaisedCreditLimit", input, "application { id validThrough }").await;
        assert_eq!(done["application"]["validThrough"], "2026-04-16");
        let id = done["application"]["id"].as_str().expect("an id").to_owned();
        let query = "{ limitApplications(filter: { statuses: [EXPIRED] }) { nodes { id status endedAt decidedBy } } }";
        app.done("advanceClock", json!({ "to": "2026-04-16T23:00:00Z" }), "replayed").await;
        assert_eq!(app.ok(query, json!({})).await["limitApplications"]["nodes"], json!([]));
        app.done("advanceClock", json!({ "to": "2026-04-17T10:00:00Z" }), "replayed").await;
        let found = app.ok(query, json!({})).await["limitApplications"]["nodes"].take();
        assert_eq!((&found[0]["id"], &found[0]["status"], &found[0]["decidedBy"]), (&json!(id), &json!("EXPIRED"), &Value::Null));
        let refusal = app.with_client("desk").refused("decideLimitApplication", decision(&id, true), "INVALID_STATE", "application").await;
        assert_eq!(refusal["facts"]["status"], "EXPIRED");
        apply(&app, &account, "2000").await;
    }
}
