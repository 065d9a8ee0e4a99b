//! Investments: offers, bids that reserve what they would give, allocation, and what comes back.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};

/// An offer of 1,000.00 at 3 to 6 percent, and its issuer's account.
async fn offered(app: &TestApp) -> (Account, String) {
    let issuer = app.account("current").await;
    let done = app.done("createInvestmentOffer", offer(&issuer), "offer { id }").await;
    (issuer, done["offer"]["id"].as_str().expect("an id").to_owned())
}

fn offer(issuer: &Account) -> Value {
    json!({ "code": "SUN", "name": "Sun on roofs", "issuer": issuer.by(), "amount": euros("1000.00"), "minRate": "3",
        "maxRate": "6", "termMonths": 24, "allocationDeadline": "2026-04-20" })
}

async fn investor(app: &TestApp, funds: &str) -> Account {
    let account = app.account("investment").await;
    app.pay_in(&account, funds).await;
    account
}

fn bid(account: &Account, amount: &str, rate: &str) -> Value {
    json!({ "account": account.by(), "offer": { "code": "SUN" }, "amount": euros(amount), "minRate": rate })
}

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

async fn place(app: &TestApp, input: Value) -> String {
    app.done("placeBid", input, "bid { id }").await["bid"]["id"].as_str().expect("an id").to_owned()
}

async fn bids(app: &TestApp) -> Vec<Value> {
    let query = "{ investmentBids { nodes { status accepted { amount } reason hold { status } } } }";
    let mut found = app.ok(query, json!({})).await["investmentBids"]["nodes"].take();
    let mut nodes = std::mem::take(found.as_array_mut().expect("bids"));
    nodes.reverse();
    nodes
}

async fn until(app: &TestApp, day: &str) {
    app.done("advanceClock", json!({ "to": format!("{day}T10:00:00Z") }), "replayed").await;
}

on_both_databases! {
    async fn a_bid_reserves_what_it_would_give(app: TestApp) {
        let (issuer, id) = offered(&app).await;
        let account = investor(&app, "500.00").await;
        let input = json!({ "account": account.by(), "lookup": { "customer": { "id": account.owner }, "family": "INVESTMENT" },
            "offer": { "id": id }, "amount": euros("300.00"), "validUntil": "2026-04-18T12:00:00Z", "minRate": "4.25", "maxRate": "6",
            "minAmount": "50.00", "maxAmount": "250.00", "note": "called us", "message": "good luck", "additionalData": { "units": 3 } });
        let shown = "bid { id offer { code } account { id } amount { amount } accepted { amount } validUntil minRate maxRate minAmount { amount }
            maxAmount { amount } note message additionalData status reason hold { status amount { amount } reference } position { invested { amount } }
            actions { action allowed } history { nodes { operation } } }";
        let made = app.done("placeBid", input, shown).await["bid"].take();
        let bid_id = made["id"].clone();
        assert_eq!((&made["minRate"], &made["maxRate"], &made["minAmount"]["amount"]), (&json!("4.25"), &json!("6"), &json!("50.00")));
        assert_eq!((&made["note"], &made["message"], &made["additionalData"]), (&json!("called us"), &json!("good luck"), &json!({ "units": 3 })));
        assert_eq!(made["hold"], json!({ "status": "OPEN", "amount": { "amount": "300.00" }, "reference": "SUN" }));
        assert_eq!((&made["status"], &made["position"]), (&json!("OPEN"), &Value::Null));
        assert_eq!(app.amounts(&account).await[1..], ["300.00".to_owned(), "200.00".to_owned()]);
        // The hold is the bid's: nobody takes it away by hand.
        let hold = app.ok("{ holds { nodes { id } } }", json!({})).await["holds"]["nodes"][0]["id"].take();
        app.refused("releaseHold", json!({ "hold": hold }), "HOLD_OF_BID", "hold").await;
        app.refused("captureHold", json!({ "hold": hold }), "HOLD_OF_BID", "hold").await;
        // Who is bound to a customer sees and withdraws that customer's own, without what was noted.
        let bound = app.bound_to(&account.owner);
        let mine = bound.ok("{ investmentBids { nodes { id note message actions { action allowed } } } }", json!({})).await;
        assert_eq!(mine["investmentBids"]["nodes"], json!([{ "id": bid_id, "note": null, "message": "good luck",
            "actions": [{ "action": "WITHDRAW", "allowed": true }, { "action": "REJECT", "allowed": false }] }]));
        let stranger = app.bound_to(&issuer.owner);
        assert_eq!(stranger.ok("{ investmentBids { nodes { id } } }", json!({})).await["investmentBids"]["nodes"], json!([]));
        stranger.refused("withdrawBid", json!({ "bid": bid_id }), "NOT_FOUND", "bid").await;
        bound.mutate("rejectBid", json!({ "bid": bid_id, "reason": "X" }), "replayed").await.fault("FORBIDDEN");
        let done = bound.done("withdrawBid", json!({ "bid": bid_id, "reason": "second thoughts" }), "bid { status reason hold { status } }").await;
        assert_eq!(done["bid"], json!({ "status": "WITHDRAWN", "reason": "second thoughts", "hold": { "status": "RELEASED" } }));
        assert_eq!(app.amounts(&account).await[1..], ["0.00".to_owned(), "500.00".to_owned()]);
        app.refused("withdrawBid", json!({ "bid": bid_id }), "INVALID_STATE", "bid").await;
        let second = place(&bound, bid(&account, "500.00", "5")).await;
        app.done("rejectBid", json!({ "bid": second, "reason": "not known to us" }), "replayed").await;
        assert_eq!(bids(&app).await[1], json!({ "status": "REJECTED", "accepted": { "amount": "0.00" }, "reason": "not known to us", "hold": { "status": "RELEASED" } }));
    }

    async fn a_bid_that_cannot_be_is_refused_by_name(app: TestApp) {
        let (issuer, _) = offered(&app).await;
        let account = investor(&app, "500.00").await;
        let other = investor(&app, "1.00").await;
        let current = app.funded("500.00").await;
        let fine = bid(&account, "300.00", "4");
        let before = app.picture().await;
        for (input, code, path) in [
            (with(fine.clone(), "account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (with(fine.clone(), "account", Value::Null), "INVALID_INPUT", "account"),
            (with(fine.clone(), "lookup", json!({ "customer": { "id": other.owner } })), "LOOKUP_MISMATCH", "lookup.customer"),
            (with(fine.clone(), "offer", json!({ "code": "no" })), "NOT_FOUND", "offer"),
            (with(fine.clone(), "amount", euros("0.00")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (with(fine.clone(), "minAmount", json!("-1")), "AMOUNT_OUT_OF_RANGE", "minAmount"),
            (with(fine.clone(), "note", json!("x".repeat(501))), "INVALID_INPUT", "note"),
            (bid(&current, "1.00", "4"), "INVESTMENT_ACCOUNT_REQUIRED", "account"),
            (with(fine.clone(), "amount", json!({ "amount": "1.00", "currency": "SEK" })), "CURRENCY_MISMATCH", "amount.currency"),
            (with(fine.clone(), "validUntil", json!("2020-01-01T00:00:00Z")), "INVALID_INPUT", "validUntil"),
            (with(fine.clone(), "maxRate", json!("3.9")), "INVALID_INPUT", "minRate"),
            (with(fine.clone(), "minRate", json!("6.5")), "INVALID_INPUT", "minRate"),
            (with(with(fine.clone(), "minAmount", json!("3.00")), "maxAmount", json!("2.00")), "INVALID_INPUT", "minAmount"),
            (bid(&account, "500.01", "4"), "INSUFFICIENT_FUNDS", "amount"),
        ] {
            app.refused("placeBid", input, code, path).await;
        }
        for (field, value, code, path) in [
            ("code", json!("SUN"), "DUPLICATE_REFERENCE", "code"),
            ("issuer", json!({ "number": "no" }), "NOT_FOUND", "issuer"),
            ("amount", json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
            ("allocationDeadline", json!("2026-04-14"), "INVALID_INPUT", "allocationDeadline"),
            ("minRate", json!("7"), "INVALID_INPUT", "minRate"),
        ] {
            app.refused("createInvestmentOffer", with(offer(&issuer), field, value), code, path).await;
        }
        let of_sun = json!({ "offer": { "code": "SUN" } });
        app.refused("allocateOffer", of_sun.clone(), "NOTHING_TO_ALLOCATE", "offer").await;
        app.refused("distributeInvestment", with(of_sun.clone(), "interest", euros("1.00")), "INVALID_STATE", "offer").await;
        app.refused("closeAccount", json!({ "account": issuer.by(), "closureCode": "X" }), "CONTRACTS_REMAIN", "account").await;
        assert_eq!(app.picture().await, before);
        place(&app, fine.clone()).await;
        let shown = "offer { status closedOn bids { nodes { status reason } } actions { action allowed reason } }";
        let done = app.done("cancelInvestmentOffer", with(of_sun.clone(), "reason", json!("too dear")), shown).await["offer"].take();
        assert_eq!((&done["status"], &done["bids"]["nodes"]), (&json!("CANCELLED"), &json!([{ "status": "REJECTED", "reason": "too dear" }])));
        assert!(done["actions"].as_array().expect("actions").iter().all(|action| action["allowed"] == false && action["reason"] == "the offer is CANCELLED"), "{done}");
        app.refused("placeBid", fine, "INVALID_STATE", "offer").await;
        app.refused("allocateOffer", of_sun, "INVALID_STATE", "offer").await;
        assert_eq!(app.amounts(&account).await[1..], ["0.00".to_owned(), "500.00".to_owned()]);
    }

    async fn an_offer_takes_bids_by_rate_and_time_and_pays_back_pro_rata(app: TestApp) {
        let (issuer, _) = offered(&app).await;
        let one = investor(&app, "1000.00").await;
        let two = investor(&app, "1000.00").await;
        place(&app, bid(&two, "400.00", "5")).await;
        place(&app, bid(&one, "333.33", "4")).await;
        place(&app, with(bid(&two, "300.00", "5"), "minAmount", json!("266.67"))).await;
        place(&app, bid(&one, "400.00", "5.5")).await;
        let shown = "offer { status rate invested { amount } outstanding { amount } allocatedOn positions { nodes { account { id } invested { amount } rate openedOn } } }";
        let input = json!({ "offer": { "code": "SUN" } });
        let done = app.done("allocateOffer", input.clone(), shown).await["offer"].take();
        let (first, second) = (&one.id, &two.id);
        // The third takes what is left as a part, and no less; the last one asks for more.
        assert_eq!(done, json!({ "status": "ALLOCATED", "rate": "5", "invested": { "amount": "1000.00" }, "outstanding": { "amount": "1000.00" },
            "allocatedOn": "2026-04-15", "positions": { "nodes": [
                { "account": { "id": second }, "invested": { "amount": "266.67" }, "rate": "5", "openedOn": "2026-04-15" },
                { "account": { "id": first }, "invested": { "amount": "333.33" }, "rate": "5", "openedOn": "2026-04-15" },
                { "account": { "id": second }, "invested": { "amount": "400.00" }, "rate": "5", "openedOn": "2026-04-15" },
            ] } }));
        let states: Vec<Value> = bids(&app).await.into_iter().map(|mut bid| json!([bid["status"].take(), bid["hold"]["status"].take()])).collect();
        assert_eq!(states, [json!(["ACCEPTED", "CAPTURED"]), json!(["ACCEPTED", "CAPTURED"]), json!(["PARTLY_ACCEPTED", "RELEASED"]), json!(["REJECTED", "RELEASED"])]);
        assert_eq!((app.balance(&issuer).await, app.balance(&one).await, app.balance(&two).await), ("1000.00".into(), "666.67".into(), "333.33".into()));
        assert_eq!((app.amounts(&one).await[1].as_str(), app.amounts(&two).await[1].as_str()), ("0.00", "0.00"));
        app.refused("allocateOffer", input.clone(), "INVALID_STATE", "offer").await;
        app.refused("closeAccount", json!({ "account": one.by(), "closureCode": "X" }), "CONTRACTS_REMAIN", "account").await;
        let entry = app.ok("{ entries(first: 1, filter: { kinds: [INVESTMENT] }) { nodes { id } } }", json!({})).await["entries"]["nodes"][0]["id"].take();
        app.refused("reverseEntry", json!({ "entry": entry, "reason": "X" }), "INVALID_STATE", "entry").await;
        assert_eq!(app.balance(&issuer).await, "1000.00");
        for (field, value, code, path) in [
            ("interest", json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "interest.currency"),
            ("repayment", euros("1000.01"), "AMOUNT_OUT_OF_RANGE", "repayment"),
            ("interest", euros("0.00"), "AMOUNT_OUT_OF_RANGE", "interest"),
        ] {
            app.refused("distributeInvestment", with(input.clone(), field, value), code, path).await;
        }
        app.refused("distributeInvestment", input.clone(), "INVALID_INPUT", "repayment").await;
        // A hundredth of interest on each, and no cent is lost: 0.40, 0.33 and 0.27 of 1.00.
        let paid = with(with(input.clone(), "interest", euros("1.00")), "repayment", euros("500.00"));
        let done = app.done("distributeInvestment", paid, "distribution { interest { amount } repayment { amount } paidOn } offer { status repaid { amount } interestPaid { amount } }").await;
        assert_eq!(done["distribution"], json!({ "interest": { "amount": "1.00" }, "repayment": { "amount": "500.00" }, "paidOn": "2026-04-15" }));
        assert_eq!(done["offer"], json!({ "status": "ALLOCATED", "repaid": { "amount": "500.00" }, "interestPaid": { "amount": "1.00" } }));
        let positions = "{ investmentPositions(filter: { outstanding: true }) { nodes { outstanding { amount } interestPaid { amount } } } }";
        let found = app.ok(positions, json!({})).await["investmentPositions"]["nodes"].take();
        assert_eq!(found, json!([
            { "outstanding": { "amount": "133.34" }, "interestPaid": { "amount": "0.27" } },
            { "outstanding": { "amount": "166.66" }, "interestPaid": { "amount": "0.33" } },
            { "outstanding": { "amount": "200.00" }, "interestPaid": { "amount": "0.40" } },
        ]));
        // The issuer has 499.00 left.
        app.refused("distributeInvestment", with(input.clone(), "repayment", euros("500.00")), "INSUFFICIENT_FUNDS", "offer").await;
        app.pay_in(&issuer, "1.00").await;
        let done = app.done("distributeInvestment", with(input.clone(), "repayment", euros("500.00")), "offer { status closedOn distributions { nodes { repayment { amount } } } }").await;
        assert_eq!(done["offer"], json!({ "status": "CLOSED", "closedOn": "2026-04-15", "distributions": { "nodes": [
            { "repayment": { "amount": "500.00" } }, { "repayment": { "amount": "500.00" } }] } }));
        assert_eq!((app.balance(&issuer).await, app.balance(&one).await, app.balance(&two).await), ("0.00".into(), "1000.33".into(), "1000.67".into()));
        assert_eq!(app.ok(positions, json!({})).await["investmentPositions"]["nodes"], json!([]));
        app.refused("distributeInvestment", with(input, "repayment", euros("1.00")), "INVALID_STATE", "offer").await;
        app.done("requestAccountClosure", json!({ "account": issuer.by() }), "account { status }").await;
    }

    async fn a_bid_ends_with_its_time_and_an_offer_takes_none_after_its_deadline(app: TestApp) {
        let app = app.with_sandbox("box").await;
        offered(&app).await;
        let account = investor(&app, "500.00").await;
        place(&app, with(bid(&account, "100.00", "4"), "validUntil", json!("2026-04-16T12:00:00Z"))).await;
        place(&app, bid(&account, "200.00", "4")).await;
        until(&app, "2026-04-18").await;
        assert_eq!(bids(&app).await[0], json!({ "status": "EXPIRED", "accepted": { "amount": "0.00" }, "reason": null, "hold": { "status": "RELEASED" } }));
        assert_eq!(app.amounts(&account).await[1], "200.00");
        until(&app, "2026-04-21").await;
        app.refused("placeBid", bid(&account, "1.00", "4"), "OFFER_DEADLINE_PASSED", "offer").await;
        let done = app.done("allocateOffer", json!({ "offer": { "code": "SUN" } }), "offer { invested { amount } rate }").await;
        assert_eq!(done["offer"], json!({ "invested": { "amount": "200.00" }, "rate": "4" }));
        let days = app.ok("{ businessDays(first: 100) { nodes { state } } }", json!({})).await.to_string();
        assert!(!days.contains("FAILED"), "{days}");
    }
}
