//! Holds: reserved, captured whole or in part, released, lapsed.

pub mod races;

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros, eventually, fresh_key};
use crate::payments::{disburse, lines, payout};

const ALL: &str = "hold { id status amount { amount } captured { amount } remaining { amount }
    description reference placedAt expiresAt closedAt account { id } } account { reserved { amount } available { amount } } replayed";

/// `[status, captured, remaining]`.
async fn state(app: &TestApp, hold: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Hold { status captured { amount } remaining { amount } } } }";
    let hold = app.ok(query, json!({ "id": hold })).await["node"].take();
    json!([hold["status"], hold["captured"]["amount"], hold["remaining"]["amount"]])
}

/// Captures a part. Gives the entry's id.
async fn capture(app: &TestApp, hold: &str, amount: &str) -> String {
    let done = app.done("captureHold", json!({ "hold": hold, "amount": euros(amount) }), "entry { id }").await;
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

fn until(account: &Account, end: &str) -> Value {
    json!({ "account": account.by(), "amount": euros("40.00"), "expiresAt": end })
}

on_both_databases! {
    async fn a_hold_reserves_available_funds_at_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let input = json!({
            "account": account.by(), "amount": euros("60.00"), "description": "Hotel", "reference": "auth-1",
            "expiresAt": "2026-04-22T12:00:00+02:00",
        });
        let done = app.done("placeHold", input, ALL).await;
        let hold = &done["hold"];
        assert!(hold["id"].as_str().expect("an id").starts_with("hld_"));
        let shown =
            ["status", "description", "reference", "placedAt", "expiresAt", "closedAt"].map(|name| hold[name].clone());
        assert_eq!(
            json!(shown),
            json!(["OPEN", "Hotel", "auth-1", "2026-04-15T09:30:00.000000Z", "2026-04-22T10:00:00.000000Z", null,])
        );
        let shown = ["amount", "captured", "remaining"].map(|name| hold[name]["amount"].clone());
        assert_eq!(json!(shown), json!(["60.00", "0.00", "60.00"]));
        assert_eq!(hold["account"]["id"], account.id);
        assert_eq!(done["account"], json!({ "reserved": { "amount": "60.00" }, "available": { "amount": "40.00" } }));
        // It is not an entry, but what it holds cannot be spent.
        assert_eq!(app.amounts(&account).await, ["100.00", "60.00", "40.00"]);
        app.refused("disburse", payout(&account, "40.01"), "INSUFFICIENT_FUNDS", "amount").await;
        let second = json!({ "account": account.by(), "amount": euros("40.01") });
        let refusal = app.refused("placeHold", second, "INSUFFICIENT_FUNDS", "amount").await;
        assert_eq!(refusal["facts"]["available"], euros("40.00"));
        app.hold(&account, "40.00").await;
        assert_eq!(app.amounts(&account).await, ["100.00", "100.00", "0.00"]);
        let listed = show(&app, &account, "holds { nodes { amount { amount } } }").await["holds"]["nodes"].take();
        assert_eq!(listed, json!([{ "amount": { "amount": "40.00" } }, { "amount": { "amount": "60.00" } }]));
    }

    async fn a_hold_is_captured_in_parts_until_nothing_is_left(app: TestApp) {
        let account = app.funded("100.00").await;
        let hold = app.hold(&account, "60.00").await;
        let input = json!({ "hold": hold, "amount": euros("25.00") });
        let selection = format!(
            "entry {{ kind description hold {{ id }} postings {{ amount {{ amount }} ledgerAccount {{ code }} }} }} {ALL}"
        );
        let done = app.done("captureHold", input, &selection).await;
        let entry = &done["entry"];
        assert_eq!(
            (&entry["kind"], &entry["description"], &entry["hold"]["id"]),
            (&json!("PURCHASE"), &json!("Reservation"), &json!(hold))
        );
        assert_eq!(lines(entry), json!([["CUSTOMER_PRINCIPAL", "-25.00"], ["SETTLEMENT_CARD", "25.00"]]));
        assert_eq!(state(&app, &hold).await, json!(["OPEN", "25.00", "35.00"]));
        assert_eq!(app.amounts(&account).await, ["75.00", "35.00", "40.00"]);
        capture(&app, &hold, "10.00").await;
        // Without an amount, all that is left.
        app.advance(std::time::Duration::from_secs(60));
        let rest = app
            .done(
                "captureHold",
                json!({ "hold": hold }),
                "entry { postings { amount { amount } ledgerAccount { code } } } hold { status closedAt }",
            )
            .await;
        assert_eq!(lines(&rest["entry"]), json!([["CUSTOMER_PRINCIPAL", "-25.00"], ["SETTLEMENT_CARD", "25.00"]]));
        assert_eq!(rest["hold"], json!({ "status": "CAPTURED", "closedAt": "2026-04-15T09:31:00.000000Z" }));
        assert_eq!(app.amounts(&account).await, ["40.00", "0.00", "40.00"]);
        for amount in [json!(euros("0.01")), Value::Null] {
            app.refused("captureHold", json!({ "hold": hold, "amount": amount }), "HOLD_NOT_OPEN", "hold").await;
        }
        app.refused("releaseHold", json!({ "hold": hold }), "HOLD_NOT_OPEN", "hold").await;
    }

    async fn the_rest_of_a_hold_is_released(app: TestApp) {
        let account = app.funded("100.00").await;
        let hold = app.hold(&account, "60.00").await;
        capture(&app, &hold, "10.00").await;
        let done = app.done("releaseHold", json!({ "hold": hold }), ALL).await;
        assert_eq!(done["account"], json!({ "reserved": { "amount": "0.00" }, "available": { "amount": "90.00" } }));
        assert_eq!(state(&app, &hold).await, json!(["RELEASED", "10.00", "0.00"]));
        assert_eq!(app.balance(&account).await, "90.00");
        for name in ["releaseHold", "captureHold"] {
            let refusal = app.refused(name, json!({ "hold": hold }), "HOLD_NOT_OPEN", "hold").await;
            assert_eq!(refusal["facts"], json!({ "status": "RELEASED" }), "{name}");
        }
    }

    async fn no_more_is_captured_than_is_left(app: TestApp) {
        let account = app.funded("100.00").await;
        let hold = app.hold(&account, "60.00").await;
        capture(&app, &hold, "20.00").await;
        let before = app.picture().await;
        for (amount, code, field) in [
            (euros("40.01"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("0.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("-1.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            (euros("0.001"), "INVALID_INPUT", "amount"),
            (json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
        ] {
            let refusal = app.refused("captureHold", json!({ "hold": hold, "amount": amount }), code, field).await;
            let facts = match code {
                "CURRENCY_MISMATCH" => json!({ "account": account.id }),
                _ if amount == euros("40.01") => json!({ "remaining": euros("40.00") }),
                _ => Value::Null,
            };
            assert_eq!(refusal["facts"], facts);
        }
        for name in ["captureHold", "releaseHold"] {
            for id in ["hld_00000000000000000000000000000000", "?", account.id.as_str()] {
                app.refused(name, json!({ "hold": id }), "NOT_FOUND", "hold").await;
            }
        }
        app.refused("captureHold", json!({ "hold": hold, "to": { "number": "nobody" } }), "NOT_FOUND", "to").await;
        app.refused("captureHold", json!({ "hold": hold, "to": account.by() }), "SAME_ACCOUNT", "to").await;
        assert_eq!(app.picture().await, before);
    }

    async fn a_hold_is_captured_to_a_merchants_account(app: TestApp) {
        let (account, merchant) = (app.funded("100.00").await, app.account("current").await);
        let hold = app.hold(&account, "60.00").await;
        let done = app
            .done(
                "captureHold",
                json!({ "hold": hold, "to": merchant.by() }),
                "entry { postings { amount { amount } account { id } ledgerAccount { code } } }",
            )
            .await;
        assert_eq!(lines(&done["entry"]), json!([["CUSTOMER_PRINCIPAL", "-60.00"], ["CUSTOMER_PRINCIPAL", "60.00"]]));
        assert_eq!(done["entry"]["postings"][1]["account"]["id"], merchant.id);
        assert_eq!(
            (app.balance(&account).await, app.balance(&merchant).await),
            ("40.00".to_owned(), "60.00".to_owned())
        );
    }

    async fn what_is_reserved_is_covered_whatever_happens_to_the_account(app: TestApp) {
        // The limit is lowered below what is reserved: nothing new, but what was promised is kept.
        let card = app.account("credit-card").await;
        let hold = app.hold(&card, "1000.00").await;
        app.done("updateAccount", json!({ "account": card.by(), "creditLimit": "10" }), "replayed").await;
        assert_eq!(app.amounts(&card).await, ["0.00", "1000.00", "0.00"]);
        app.done("captureHold", json!({ "hold": hold }), "replayed").await;
        assert_eq!(app.amounts(&card).await, ["-1000.00", "0.00", "0.00"]);
    }

    async fn time_ends_a_hold_by_itself(app: TestApp) {
        let account = app.funded("100.00").await;
        let end = "2026-04-15T10:00:00Z";
        let hold = app.done("placeHold", until(&account, end), ALL).await["hold"]["id"].take();
        let hold = hold.as_str().expect("an id");
        capture(&app, hold, "15.00").await;
        app.advance(std::time::Duration::from_secs(1_800) - std::time::Duration::from_micros(1));
        capture(&app, hold, "5.00").await;
        app.advance(std::time::Duration::from_micros(1));
        eventually("the hold has lapsed", || async { state(&app, hold).await[0] == "EXPIRED" }).await;
        assert_eq!(state(&app, hold).await, json!(["EXPIRED", "20.00", "0.00"]));
        assert_eq!(app.amounts(&account).await, ["80.00", "0.00", "80.00"]);
        app.refused("captureHold", json!({ "hold": hold }), "HOLD_NOT_OPEN", "hold").await;
        app.refused("releaseHold", json!({ "hold": hold }), "HOLD_NOT_OPEN", "hold").await;
        let history =
            show(&app, &account, "history(first: 1) { nodes { actor events { type payload } } }").await;
        let payload = json!({ "hold": hold, "amount": "20.00", "currency": "EUR", "status": "EXPIRED" });
        let expired = json!([{ "type": "HOLD_EXPIRED", "payload": payload }]);
        assert_eq!(history["history"]["nodes"], json!([{ "actor": "system", "events": expired }]));
    }

    async fn a_lapsed_hold_is_not_captured_even_before_it_is_swept(app: TestApp) {
        let account = app.funded("1000.00").await;
        let mut holds = Vec::new();
        for _ in 0..10 {
            let hold = app.done("placeHold", until(&account, "2026-04-15T10:00:00Z"), ALL).await["hold"]["id"].take();
            holds.push(hold);
        }
        app.clock().set("2026-04-15T10:00:00Z".parse().expect("a moment"));
        for hold in &holds {
            app.refused("captureHold", json!({ "hold": hold }), "HOLD_NOT_OPEN", "hold").await;
        }
        eventually("all is given back", || async { app.amounts(&account).await == ["1000.00", "0.00", "1000.00"] })
            .await;
    }

    async fn a_hold_ends_in_the_future(app: TestApp) {
        let account = app.funded("100.00").await;
        for end in ["2026-04-15T09:30:00Z", "2026-04-15T11:29:59+02:00", "2001-01-01T00:00:00Z"] {
            app.refused("placeHold", until(&account, end), "INVALID_INPUT", "expiresAt").await;
        }
        app.mutate("placeHold", until(&account, "2026-04-16"), ALL).await.fault("BAD_REQUEST");
        let input = until(&account, "2026-04-15T09:30:00.000001Z");
        app.done("placeHold", input, ALL).await;
        let nobody = json!({ "account": { "number": "nobody" }, "amount": euros("1.00") });
        app.refused("placeHold", nobody, "NOT_FOUND", "account").await;
    }

    async fn holds_are_listed_by_status(app: TestApp) {
        let account = app.funded("100.00").await;
        let mut holds = Vec::new();
        for _ in 0..4 {
            holds.push(app.hold(&account, "10.00").await);
        }
        app.done("releaseHold", json!({ "hold": holds[0] }), "replayed").await;
        app.done("captureHold", json!({ "hold": holds[1] }), "replayed").await;
        for (arguments, expected) in [
            ("", vec![3, 2, 1, 0]),
            ("(status: OPEN)", vec![3, 2]),
            ("(status: RELEASED)", vec![0]),
            ("(status: CAPTURED)", vec![1]),
            ("(status: EXPIRED)", vec![]),
            ("(first: 1)", vec![3]),
        ] {
            let listed =
                show(&app, &account, &format!("holds{arguments} {{ nodes {{ id }} }}")).await["holds"]["nodes"].take();
            let expected: Vec<Value> = expected.into_iter().map(|index: usize| json!({ "id": holds[index] })).collect();
            assert_eq!(listed, json!(expected), "{arguments}");
        }
        let page =
            show(&app, &account, "holds(first: 3) { nodes { id } pageInfo { endCursor hasNextPage } }").await["holds"]
                .take();
        let after = &page["pageInfo"]["endCursor"];
        let next = show(
            &app,
            &account,
            &format!("holds(first: 3, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}"),
        )
        .await;
        assert_eq!(next["holds"], json!({ "nodes": [{ "id": holds[0] }], "pageInfo": { "hasNextPage": false } }));
    }

    async fn a_repeated_request_reserves_captures_and_releases_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let mut place = until(&account, "2026-04-15T10:00:00Z");
        place["idempotencyKey"] = json!(fresh_key());
        let first = app.done("placeHold", place.clone(), ALL).await;
        let again = app.done("placeHold", place.clone(), ALL).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["hold"]),
            (&json!(false), &json!(true), &again["hold"])
        );
        let hold = first["hold"]["id"].as_str().expect("an id");
        let mut reused = place.clone();
        reused["amount"] = euros("41.00");
        app.refused("placeHold", reused, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;

        let input = json!({ "idempotencyKey": fresh_key(), "hold": hold, "amount": euros("10.00") });
        let selection = "entry { id } replayed";
        let first = app.done("captureHold", input.clone(), selection).await;
        let again = app.done("captureHold", input.clone(), selection).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["entry"]),
            (&json!(false), &json!(true), &again["entry"])
        );
        assert_eq!(state(&app, hold).await, json!(["OPEN", "10.00", "30.00"]));

        let release = json!({ "idempotencyKey": fresh_key(), "hold": hold });
        assert_eq!(app.done("releaseHold", release.clone(), "replayed").await["replayed"], false);
        assert_eq!(app.done("releaseHold", release, "replayed").await["replayed"], true);
        // A replay tells of the first time, even when the hold's time has run out since.
        app.advance(std::time::Duration::from_secs(7_200));
        let late = app.done("placeHold", place, ALL).await;
        assert_eq!((&late["replayed"], &late["hold"]["status"]), (&json!(true), &json!("RELEASED")));
        assert_eq!(app.done("captureHold", input, selection).await["replayed"], true);
        disburse(&app, &account, "90.00").await;
        assert_eq!(app.amounts(&account).await, ["0.00", "0.00", "0.00"]);
    }
}
