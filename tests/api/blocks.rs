//! Blocks: what they stop and what they do not, until when, on what, and what is set aside.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros};
use crate::payments::{IBAN, charge};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn on_account(account: &Account, kind: &str) -> Value {
    json!({ "on": { "account": account.by() }, "kind": kind, "reasonCode": "FRAUD", "reason": "a stolen card" })
}

fn on_customer(customer: &str, kind: &str) -> Value {
    json!({ "on": { "customer": { "id": customer } }, "kind": kind, "reasonCode": "SANCTIONS" })
}

fn garnishment(account: &Account, amount: &str) -> Value {
    json!({ "on": { "account": account.by() }, "kind": "GARNISHMENT", "reasonCode": "KFM", "garnished": euros(amount) })
}

async fn place(app: &TestApp, input: Value) -> String {
    let done = app.done("placeBlock", input, "block { id status }").await;
    assert_eq!(done["block"]["status"], "IN_FORCE");
    done["block"]["id"].as_str().expect("an id").to_owned()
}

async fn lift(app: &TestApp, block: &str) {
    let done =
        app.done("liftBlock", json!({ "block": block, "reason": "cleared up" }), "block { status liftReason }").await;
    assert_eq!(done["block"], json!({ "status": "LIFTED", "liftReason": "cleared up" }));
}

fn between(from: &Account, to: &Account) -> Value {
    json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") })
}

fn of(account: &Account, more: Value) -> Value {
    let mut input = json!({ "account": account.by(), "amount": euros("1.00") });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// What is refused on an account that is blocked: mutation, input, path, whether it takes money.
fn movements(account: &Account, other: &Account) -> Vec<(&'static str, Value, &'static str, bool)> {
    let close = json!({ "account": account.by(), "closureCode": "X",
        "transactions": [{ "target": { "payout": { "iban": IBAN } } }] });
    vec![
        ("transfer", between(account, other), "from", true),
        ("transfer", between(other, account), "to", false),
        ("postPayment", of(account, json!({ "channel": "CASH" })), "account", false),
        ("disburse", of(account, json!({ "iban": IBAN })), "account", true),
        ("placeHold", of(account, json!({})), "account", true),
        ("closeAccount", close, "account", true),
    ]
}

/// Tries everything that a block of this kind stops, and what it does not.
async fn stops(app: &TestApp, account: &Account, other: &Account, kind: &str, until: Value) {
    for (name, input, path, takes) in movements(account, other) {
        let stopped = kind == "ALL" || (kind == "DEBITS") == takes;
        if stopped {
            let before = app.picture().await;
            let refusal = app.refused(name, input, "ACCOUNT_BLOCKED", path).await;
            assert_eq!(refusal["facts"]["account"], json!(account.id), "{name}");
            assert_eq!((&refusal["facts"]["blockKind"], &refusal["facts"]["blockedUntil"]), (&json!(kind), &until));
            assert!(!refusal.to_string().contains("stolen"), "{refusal}");
            assert_eq!(app.picture().await, before);
        } else if name != "closeAccount" {
            app.done(name, input, "replayed").await;
        }
    }
}

on_both_databases! {
    async fn each_kind_stops_what_it_says_and_what_the_house_books_passes(app: TestApp) {
        for kind in ["DEBITS", "CREDITS", "ALL"] {
            let (account, other) = (app.funded("100.00").await, app.funded("100.00").await);
            let held = app.hold(&account, "5.00").await;
            let paid = app.pay_in(&account, "7.00").await;
            let block = place(&app, on_account(&account, kind)).await;
            app.done("releaseHold", json!({ "hold": app.hold(&other, "1.00").await }), "replayed").await;
            // Reserved before, and cleared; the close below is not refused for it.
            app.done("captureHold", json!({ "hold": held }), "replayed").await;
            stops(&app, &account, &other, kind, Value::Null).await;
            charge(&app, &account, "LATE_FEE", "1.00").await;
            app.done("postAdjustment", of(&account, json!({ "reason": "because" })), "replayed").await;
            app.done("reverseEntry", json!({ "entry": paid, "reason": "bounced" }), "replayed").await;
            lift(&app, &block).await;
            for (name, input, ..) in movements(&account, &other).into_iter().take(4) {
                app.done(name, input, "replayed").await;
            }
        }
    }

    async fn a_block_holds_through_its_last_day(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let (account, other) = (app.funded("100.00").await, app.funded("100.00").await);
        let mut input = on_account(&account, "ALL");
        input["until"] = json!("2026-04-16");
        let block = place(&app, input).await;
        let shown = "blocks { nodes { id kind status until } } actions { action allowed reason }";
        let seen = show(&app, &account, shown).await;
        assert_eq!(seen["blocks"]["nodes"], json!([{ "id": block, "kind": "ALL", "status": "IN_FORCE", "until": "2026-04-16" }]));
        let transfer = json!({ "action": "TRANSFER", "allowed": false, "reason": "the account is blocked" });
        assert!(seen["actions"].as_array().expect("actions").contains(&transfer), "{seen}");
        let to = |day: &str| json!({ "to": format!("2026-04-{day}T10:00:00Z") });
        for (day, blocked) in [("15", true), ("16", true), ("17", false)] {
            if day != "15" {
                app.done("advanceClock", to(day), "replayed").await;
            }
            match blocked {
                true => stops(&app, &account, &other, "ALL", json!("2026-04-16")).await,
                false => _ = app.done("transfer", between(&account, &other), "replayed").await,
            }
        }
        let seen = show(&app, &account, "over: blocks(inForce: false) { nodes { status } } now: blocks(inForce: true) { nodes { id } }").await;
        assert_eq!(seen, json!({ "over": { "nodes": [{ "status": "EXPIRED" }] }, "now": { "nodes": [] } }));
        let refusal = app.refused("liftBlock", json!({ "block": block, "reason": "X" }), "INVALID_STATE", "block").await;
        assert_eq!(refusal["facts"]["status"], "EXPIRED");
        app.refused("changeBlock", json!({ "block": block, "until": null }), "INVALID_STATE", "block").await;
    }

    async fn a_block_on_a_customer_is_on_all_accounts_also_those_opened_later(app: TestApp) {
        let first = app.funded("10.00").await;
        let second = app.account_of(&first.owner, "savings").await;
        app.pay_in(&second, "10.00").await;
        let other = app.funded("10.00").await;
        let own = place(&app, on_account(&second, "CREDITS")).await;
        let block = place(&app, on_customer(&first.owner, "DEBITS")).await;
        let later = app.account_of(&first.owner, "current").await;
        app.pay_in(&later, "10.00").await;
        for account in [&first, &second, &later] {
            let refusal = app.refused("transfer", between(account, &other), "ACCOUNT_BLOCKED", "from").await;
            assert_eq!(refusal["facts"]["blockKind"], "DEBITS");
            app.done("postCharge", of(account, json!({ "kind": "LATE_FEE" })), "replayed").await;
        }
        app.done("transfer", between(&other, &first), "replayed").await;
        app.refused("transfer", between(&other, &second), "ACCOUNT_BLOCKED", "to").await;
        let seen = show(&app, &second, "blocks { nodes { id account { id } customer { id } } } owner { blocks { nodes { id } } }").await;
        assert_eq!(seen, json!({
            "blocks": { "nodes": [
                { "id": block, "account": null, "customer": { "id": first.owner } },
                { "id": own, "account": { "id": second.id }, "customer": null },
            ] },
            "owner": { "blocks": { "nodes": [{ "id": block }, { "id": own }] } },
        }));
        // Another kind, and then none: what is on the account itself stays.
        app.done("changeBlock", json!({ "block": block, "kind": "CREDITS" }), "block { kind }").await;
        app.done("transfer", between(&first, &other), "replayed").await;
        app.refused("transfer", between(&other, &later), "ACCOUNT_BLOCKED", "to").await;
        lift(&app, &block).await;
        app.done("transfer", between(&other, &later), "replayed").await;
        app.refused("transfer", between(&other, &second), "ACCOUNT_BLOCKED", "to").await;
        let query = "query($id: ID!) { blocks(filter: { customer: $id, inForce: true }) { nodes { id } } }";
        assert_eq!(app.ok(query, json!({ "id": first.owner })).await["blocks"]["nodes"], json!([{ "id": own }]));
    }

    async fn what_is_garnished_is_set_aside_filled_and_paid(app: TestApp) {
        let (account, other) = (app.funded("100.00").await, app.account("current").await);
        let held = app.hold(&account, "10.00").await;
        let first = place(&app, garnishment(&account, "150.00")).await;
        let second = place(&app, garnishment(&account, "30.00")).await;
        let seen = show(&app, &account, "balance { amount } available { amount } garnished { amount }").await;
        assert_eq!(seen, json!({ "balance": { "amount": "100.00" }, "available": { "amount": "0.00" }, "garnished": { "amount": "180.00" } }));
        let refusal = app.refused("transfer", between(&account, &other), "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"]["available"], euros("0.00"));
        app.done("captureHold", json!({ "hold": held }), "replayed").await;
        // The first is served first.
        let pay = |block: &str, amount: Option<&str>| json!({ "block": block, "amount": amount.map(euros), "iban": IBAN, "receiverName": "Kronofogden" });
        app.refused("payGarnishment", pay(&second, None), "INSUFFICIENT_FUNDS", "amount").await;
        let refusal = app.refused("payGarnishment", pay(&first, Some("90.01")), "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"]["available"], euros("90.00"));
        let refusal = app.refused("payGarnishment", pay(&first, Some("150.01")), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"]["remaining"], euros("150.00"));
        app.refused("payGarnishment", json!({ "block": first, "amount": { "amount": "1.00", "currency": "SEK" }, "iban": IBAN }), "CURRENCY_MISMATCH", "amount.currency").await;
        let shown = "entry { kind description counterparty { name account } } account { balance { amount } blocks { nodes { status garnished { amount } paid { amount } } } }";
        let done = app.done("payGarnishment", pay(&first, None), shown).await;
        assert_eq!(done["entry"], json!({ "kind": "DISBURSEMENT", "description": "Garnishment", "counterparty": { "name": "Kronofogden", "account": IBAN } }));
        assert_eq!(done["account"]["balance"]["amount"], "0.00");
        assert_eq!(done["account"]["blocks"]["nodes"], json!([
            { "status": "IN_FORCE", "garnished": { "amount": "30.00" }, "paid": { "amount": "0.00" } },
            { "status": "IN_FORCE", "garnished": { "amount": "60.00" }, "paid": { "amount": "90.00" } },
        ]));
        // What comes later fills it, and what is beyond is the customer's; no other block stops the payment.
        app.pay_in(&account, "95.00").await;
        place(&app, on_account(&account, "ALL")).await;
        assert_eq!(app.amounts(&account).await, ["95.00", "0.00", "5.00"]);
        let done = app.done("payGarnishment", pay(&first, Some("60.00")), shown).await;
        assert_eq!(done["account"]["blocks"]["nodes"][2], json!({ "status": "FULFILLED", "garnished": { "amount": "0.00" }, "paid": { "amount": "150.00" } }));
        app.refused("payGarnishment", pay(&first, None), "INVALID_STATE", "block").await;
        assert_eq!(app.amounts(&account).await, ["35.00", "0.00", "5.00"]);
    }

    async fn a_garnished_account_does_not_close_before_it_is_paid_or_lifted(app: TestApp) {
        let account = app.account("current").await;
        let block = place(&app, garnishment(&account, "10.00")).await;
        let close = json!({ "account": account.by(), "closureCode": "X" });
        let refusal = app.refused("closeAccount", close.clone(), "ACCOUNT_BLOCKED", "account").await;
        assert_eq!(refusal["facts"]["blockKind"], "GARNISHMENT");
        let asked = app.done("requestAccountClosure", json!({ "account": account.by() }), "account { status }").await;
        assert_eq!(asked["account"]["status"], "PENDING_CLOSE");
        lift(&app, &block).await;
        assert_eq!(crate::accounts::status(&app, &account).await, "CLOSED");
        app.refused("placeBlock", on_account(&account, "ALL"), "ACCOUNT_NOT_OPEN", "on.account").await;
    }

    async fn what_no_block_can_be_is_refused_by_name(app: TestApp) {
        let account = app.funded("1.00").await;
        let mine = place(&app, on_account(&account, "CREDITS")).await;
        let set_aside = place(&app, garnishment(&account, "1.00")).await;
        let with = |mut input: Value, name: &str, value: Value| {
            input[name] = value;
            input
        };
        let base = on_account(&account, "ALL");
        let before = app.picture().await;
        for (name, input, code, path) in [
            ("placeBlock", with(base.clone(), "on", json!({ "account": { "number": "no" } })), "NOT_FOUND", "on.account"),
            ("placeBlock", with(base.clone(), "on", json!({ "customer": { "number": "no" } })), "NOT_FOUND", "on.customer"),
            ("placeBlock", with(base.clone(), "reasonCode", json!("")), "INVALID_INPUT", "reasonCode"),
            ("placeBlock", with(base.clone(), "reasonCode", json!("x".repeat(65))), "INVALID_INPUT", "reasonCode"),
            ("placeBlock", with(base.clone(), "reason", json!("x".repeat(2_000))), "INVALID_INPUT", "reason"),
            ("placeBlock", with(base.clone(), "until", json!("2026-04-14")), "INVALID_INPUT", "until"),
            ("placeBlock", with(base.clone(), "garnished", euros("1.00")), "INVALID_INPUT", "garnished"),
            ("placeBlock", with(base, "kind", json!("GARNISHMENT")), "INVALID_INPUT", "garnished"),
            ("placeBlock", garnishment(&account, "0.00"), "AMOUNT_OUT_OF_RANGE", "garnished"),
            ("placeBlock", garnishment(&account, "1.001"), "INVALID_INPUT", "garnished"),
            ("placeBlock", with(garnishment(&account, "1.00"), "garnished", json!({ "amount": "1", "currency": "SEK" })), "CURRENCY_MISMATCH", "garnished.currency"),
            ("placeBlock", with(on_customer(&account.owner, "GARNISHMENT"), "garnished", euros("1.00")), "INVALID_INPUT", "kind"),
            ("changeBlock", json!({ "block": "blk_1", "kind": "ALL" }), "NOT_FOUND", "block"),
            ("changeBlock", json!({ "block": mine, "kind": "GARNISHMENT" }), "INVALID_INPUT", "kind"),
            ("changeBlock", json!({ "block": mine, "kind": null }), "INVALID_INPUT", "kind"),
            ("changeBlock", json!({ "block": set_aside, "kind": "ALL" }), "INVALID_INPUT", "kind"),
            ("changeBlock", json!({ "block": mine, "until": "2026-04-14" }), "INVALID_INPUT", "until"),
            ("changeBlock", json!({ "block": mine, "garnished": euros("1.00") }), "INVALID_INPUT", "garnished"),
            ("changeBlock", json!({ "block": set_aside, "garnished": { "amount": "1", "currency": "SEK" } }), "CURRENCY_MISMATCH", "garnished.currency"),
            ("liftBlock", json!({ "block": mine, "reason": " " }), "INVALID_INPUT", "reason"),
            ("liftBlock", json!({ "block": "blk_1", "reason": "X" }), "NOT_FOUND", "block"),
            ("payGarnishment", json!({ "block": mine, "iban": IBAN }), "INVALID_INPUT", "block"),
            ("payGarnishment", json!({ "block": set_aside, "iban": "XX00" }), "INVALID_INPUT", "iban"),
        ] {
            app.refused(name, input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        for _ in 0..18 {
            place(&app, on_account(&account, "DEBITS")).await;
        }
        let refusal = app.refused("placeBlock", on_account(&account, "DEBITS"), "LIMIT_EXCEEDED", "on").await;
        assert_eq!(refusal["facts"]["maximumCount"], 20);
    }

    async fn a_customer_sees_that_it_is_blocked_and_not_why(app: TestApp) {
        let (account, other) = (app.funded("10.00").await, app.funded("10.00").await);
        let mine = place(&app, on_account(&account, "DEBITS")).await;
        let others = place(&app, on_account(&other, "DEBITS")).await;
        lift(&app, &place(&app, on_customer(&account.owner, "ALL")).await).await;
        let bound = app.bound_to(&account.owner);
        let query = "{ blocks { nodes { kind status until reasonCode reason liftReason } } }";
        let hidden = |kind: &str, status: &str| json!({ "kind": kind, "status": status, "until": null, "reasonCode": null, "reason": null, "liftReason": null });
        let seen = bound.ok(query, json!({})).await["blocks"]["nodes"].take();
        assert_eq!(seen, json!([hidden("ALL", "LIFTED"), hidden("DEBITS", "IN_FORCE")]));
        let node = "query($id: ID!) { node(id: $id) { ... on Block { id reason } } }";
        assert_eq!(bound.ok(node, json!({ "id": mine })).await["node"], json!({ "id": mine, "reason": null }));
        assert_eq!(bound.ok(node, json!({ "id": others })).await["node"], Value::Null);
        assert_eq!(app.ok(node, json!({ "id": mine })).await["node"]["reason"], "a stolen card");
        bound.fault("mutation($input: PlaceBlockInput!) { placeBlock(input: $input) { __typename } }", json!({ "input": {
            "idempotencyKey": "k", "on": { "account": account.by() }, "kind": "ALL", "reasonCode": "X" } }), "FORBIDDEN").await;
        let events = bound.ok("{ events(first: 100) { nodes { type payload } } }", json!({})).await.to_string();
        assert!(events.contains("BLOCK_PLACED") && !events.contains("FRAUD") && !events.contains("stolen"), "{events}");
        let refusal = bound.refused("transfer", between(&account, &account), "SAME_ACCOUNT", "to").await;
        assert!(!refusal.to_string().contains("FRAUD"));
        let history = show(&app, &account, "history { nodes { operation events { type } } }").await.to_string();
        assert!(history.contains("placeBlock") && history.contains("BLOCK_PLACED"), "{history}");
    }

    async fn a_block_and_payments_that_race_are_decided_one_after_the_other(app: TestApp) {
        let (account, other) = (app.funded("100.00").await, app.account("current").await);
        let tries = (0..40).map(|number| {
            let (app, input) = (app.clone(), match number {
                20 => on_account(&account, "DEBITS"),
                _ => between(&account, &other),
            });
            tokio::spawn(async move {
                let name = if number == 20 { "placeBlock" } else { "transfer" };
                app.mutate(name, input, "replayed").await.data()[name]["__typename"].clone()
            })
        });
        let answers = futures_util::future::join_all(tries).await;
        let moved = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|name| name == "TransferSuccess")).count();
        assert_eq!(app.balance(&other).await, format!("{moved}.00"));
        // Whatever came after the block was refused: in the log, no transfer is behind it.
        let query = "{ events(first: 100) { nodes { type entry { kind } } } }";
        let events = app.ok(query, json!({})).await["events"]["nodes"].take();
        let events = events.as_array().expect("events").clone();
        let place = events.iter().position(|event| event["type"] == "BLOCK_PLACED").expect("a block");
        assert!(events[place..].iter().all(|event| event["entry"]["kind"] != "TRANSFER"), "{events:?}");
        app.advance(DAY);
        app.refused("transfer", between(&account, &other), "ACCOUNT_BLOCKED", "from").await;
    }

    async fn a_block_on_a_customer_and_accounts_that_are_opened_race(app: TestApp) {
        let owner = app.customer().await;
        let tries = (0..24).map(|number| {
            let (app, owner) = (app.clone(), owner.clone());
            tokio::spawn(async move {
                match number {
                    12 => _ = app.done("placeBlock", on_customer(&owner, "CREDITS"), "replayed").await,
                    _ => _ = app.account_of(&owner, "current").await,
                }
            })
        });
        futures_util::future::join_all(tries).await;
        let query = "query($owner: ID!) { accounts(filter: { owner: $owner }, first: 100) { nodes { id } } }";
        let accounts = app.ok(query, json!({ "owner": owner })).await["accounts"]["nodes"].take();
        let accounts = accounts.as_array().expect("accounts");
        assert_eq!(accounts.len(), 23);
        for account in accounts {
            let input = json!({ "account": { "id": account["id"] }, "amount": euros("1.00"), "channel": "CASH" });
            app.refused("postPayment", input, "ACCOUNT_BLOCKED", "account").await;
        }
    }
}
