//! Cards at the point of sale: authorised, increased, given back, cleared, refunded, disputed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{Account, TestApp, euros, eventually, fresh_key};
use crate::holds::races::race;

/// What a scheme says, in full.
fn at_shop() -> Value {
    json!({
        "merchant": { "id": "M-4711", "name": "Buchhandlung am Markt", "categoryCode": "5942", "city": "Bremen", "country": "DE" },
        "acquirer": "ACQ-77", "acquirerReference": "74537604221000000012345", "terminal": "T0000042", "terminalType": "ATTENDED",
        "environment": "INDOOR", "channel": "CONTACTLESS", "entryMode": "CONTACTLESS", "remoteIndicator": "7",
        "approvalCode": "A1B2C3", "retrievalReference": "412345678901",
        "originalAmount": { "amount": "270.00", "currency": "SEK" }, "rate": "0.0888888889",
        "reconciliationAmount": { "amount": "25.10", "currency": "USD" }, "usedAt": "2026-04-15T11:29:58+02:00",
    })
}

const AT: &str = "pointOfSale { card { token maskedNumber } merchant { id name categoryCode city country } acquirer
    acquirerReference terminal terminalType environment channel entryMode remoteIndicator approvalCode retrievalReference
    billedAmount { amount currency } originalAmount { amount currency } rate reconciliationAmount { amount currency }
    usedAt authorisation { id } purchase { id } unplacedAccount { id } }";

/// The same, as it is shown.
fn shown_at_shop(token: &str, billed: &str) -> Value {
    let mut shown = at_shop();
    shown["card"] = json!({ "token": token, "maskedNumber": "453210******4321" });
    shown["billedAmount"] = euros(billed);
    shown["usedAt"] = json!("2026-04-15T09:29:58.000000Z");
    shown["authorisation"] = Value::Null;
    shown["purchase"] = Value::Null;
    shown["unplacedAccount"] = Value::Null;
    shown
}

/// What a mutation gives, without its type.
async fn give(app: &TestApp, name: &str, input: Value, selection: &str) -> Value {
    let mut done = app.done(name, input, selection).await;
    done.as_object_mut().expect("an object").remove("__typename");
    done
}

/// A card on an account; its token.
async fn card(app: &TestApp, account: &Account) -> String {
    let token = fresh_key();
    let card = json!({ "token": token, "main": true, "maskedNumber": "453210******4321" });
    give(app, "addCard", json!({ "account": account.by(), "card": card }), "replayed").await;
    token
}

/// An account with an amount and a card; the account, and the card as inputs name it.
async fn with_card(app: &TestApp, product: &str, amount: &str) -> (Account, Value) {
    let account = app.account(product).await;
    if amount != "0" {
        app.pay_in(&account, amount).await;
    }
    let token = card(app, &account).await;
    (account, json!({ "token": token }))
}

/// An authorisation; its id.
async fn authorise(app: &TestApp, card: &Value, amount: &str) -> String {
    let input = json!({ "card": card, "amount": euros(amount), "pointOfSale": { "channel": "POS" } });
    let done = give(app, "authoriseCard", input, "hold { id }").await;
    done["hold"]["id"].as_str().expect("an id").to_owned()
}

fn clearing(authorisation: &str, amount: &str, last: bool) -> Value {
    json!({ "of": { "authorisation": authorisation }, "amount": euros(amount), "last": last })
}

/// A purchase in one message; the entry's id.
async fn purchase(app: &TestApp, card: &Value, amount: &str) -> String {
    let done = give(app, "purchaseByCard", json!({ "card": card, "amount": euros(amount) }), "entry { id }").await;
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

/// The balances of the tenant's own accounts, by role.
async fn books(app: &TestApp, role: &str) -> Value {
    let rows = app.ok("{ ledgerAccounts { role balance { amount } } }", json!({})).await["ledgerAccounts"].take();
    let found = rows.as_array().expect("rows").iter().find(|row| row["role"] == role).cloned();
    found.map_or(Value::Null, |row| row["balance"]["amount"].clone())
}

on_both_databases! {
    async fn all_that_a_scheme_says_is_on_reservations_and_transactions(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let token = card["token"].as_str().expect("a token");
        let input = json!({
            "card": card, "amount": euros("24.00"), "pointOfSale": at_shop(), "networkReference": "NET-1",
            "expiresAt": "2026-04-20T12:00:00Z",
        });
        let selection = format!("hold {{ id status amount {{ amount }} description reference networkReference expiresAt {AT} }} account {{ reserved {{ amount }} available {{ amount }} }} replayed");
        let done = give(&app, "authoriseCard", input, &selection).await;
        let mut hold = done["hold"].clone();
        let id = hold["id"].take();
        assert_eq!(hold["pointOfSale"].take(), shown_at_shop(token, "24.00"));
        assert_eq!(hold, json!({
            "id": null, "status": "OPEN", "amount": { "amount": "24.00" }, "description": "Buchhandlung am Markt",
            "reference": "412345678901", "networkReference": "NET-1", "expiresAt": "2026-04-20T12:00:00.000000Z", "pointOfSale": null,
        }));
        assert_eq!(done["account"], json!({ "reserved": { "amount": "24.00" }, "available": { "amount": "76.00" } }));

        // What is outstanding, of the account and of all.
        let listed = format!("holds(status: OPEN) {{ nodes {{ id remaining {{ amount }} description placedAt {AT} }} }}");
        let of_account = show(&app, &account, &listed).await["holds"]["nodes"].take();
        assert_eq!(of_account[0]["pointOfSale"], shown_at_shop(token, "24.00"));
        assert_eq!((&of_account[0]["description"], &of_account[0]["remaining"]["amount"]), (&json!("Buchhandlung am Markt"), &json!("24.00")));
        let all = "query($card: ID) { holds(filter: { status: OPEN, card: $card }) { nodes { id account { id } } } }";
        let card_id = app.ok("query($by: CardBy!) { card(by: $by) { id } }", json!({ "by": card })).await["card"]["id"].take();
        let expected = json!([{ "id": id, "account": { "id": account.id } }]);
        for of in [Value::Null, card_id] {
            assert_eq!(app.ok(all, json!({ "card": of })).await["holds"]["nodes"], expected);
        }
        let other = app.customer().await;
        assert_eq!(app.bound_to(&account.owner).ok(all, json!({})).await["holds"]["nodes"], expected);
        assert_eq!(app.bound_to(&other).ok(all, json!({})).await["holds"]["nodes"], json!([]));

        // Cleared: what the clearing leaves out is as the authorisation said it.
        app.advance(Duration::from_secs(24 * 60 * 60));
        let mut input = clearing(id.as_str().expect("an id"), "24.00", true);
        input["networkReference"] = json!("NET-1");
        let selection = format!("entry {{ id kind transactionDate businessDate externalReference externalPoster {AT} }} hold {{ status }} card {{ token }} account {{ balance {{ amount }} }}");
        let mut done = give(&app, "clearCard", input.clone(), &selection).await;
        let entry = done["entry"]["id"].take();
        let mut cleared = shown_at_shop(token, "24.00");
        cleared["authorisation"] = json!({ "id": id });
        assert_eq!(done["entry"]["pointOfSale"].take(), cleared);
        assert_eq!(done, json!({
            "entry": { "id": null, "kind": "PURCHASE", "transactionDate": "2026-04-15", "businessDate": "2026-04-16",
                "externalReference": "NET-1", "externalPoster": "CARD_SCHEME", "pointOfSale": null },
            "hold": { "status": "CAPTURED" }, "card": { "token": token }, "account": { "balance": { "amount": "76.00" } },
        }));
        app.refused("clearCard", input, "DUPLICATE_REFERENCE", "networkReference").await;
        let transactions = format!("transactions(first: 2) {{ nodes {{ kind description amount {{ amount }} entry {{ id }} {AT} }} }}");
        let transactions = show(&app, &account, &transactions).await["transactions"]["nodes"].take();
        assert_eq!(transactions[0]["pointOfSale"], cleared);
        assert_eq!((&transactions[0]["entry"]["id"], &transactions[0]["description"]), (&entry, &json!("Buchhandlung am Markt")));
        // What was initiated by the ledger itself has none.
        assert_eq!(transactions[1]["pointOfSale"], Value::Null);
    }

    async fn an_authorisation_lives_until_it_is_cleared_given_back_or_too_old(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let hold = authorise(&app, &card, "40.00").await;
        let selection = "hold { status amount { amount } remaining { amount } } account { reserved { amount } }";
        let increased = give(&app, "increaseAuthorisation", json!({ "authorisation": hold, "amount": euros("10.00") }), selection).await;
        assert_eq!(increased, json!({ "hold": { "status": "OPEN", "amount": { "amount": "50.00" }, "remaining": { "amount": "50.00" } }, "account": { "reserved": { "amount": "50.00" } } }));
        let reduced = give(&app, "reverseAuthorisation", json!({ "authorisation": hold, "amount": euros("20.00") }), selection).await;
        assert_eq!(reduced, json!({ "hold": { "status": "OPEN", "amount": { "amount": "30.00" }, "remaining": { "amount": "30.00" } }, "account": { "reserved": { "amount": "30.00" } } }));
        give(&app, "clearCard", clearing(&hold, "10.00", false), "replayed").await;
        let given_back = give(&app, "reverseAuthorisation", json!({ "authorisation": hold }), selection).await;
        assert_eq!(given_back, json!({ "hold": { "status": "RELEASED", "amount": { "amount": "30.00" }, "remaining": { "amount": "0.00" } }, "account": { "reserved": { "amount": "0.00" } } }));
        for (name, input) in [
            ("increaseAuthorisation", json!({ "authorisation": hold, "amount": euros("1.00") })),
            ("reverseAuthorisation", json!({ "authorisation": hold })),
        ] {
            let refusal = app.refused(name, input, "HOLD_NOT_OPEN", "authorisation").await;
            assert_eq!(refusal["facts"], json!({ "status": "RELEASED" }));
        }
        // Seven days, where nothing else is said.
        let old = authorise(&app, &card, "40.00").await;
        app.advance(Duration::from_secs(7 * 24 * 60 * 60 + 60));
        let status = "query($id: ID!) { node(id: $id) { ... on Hold { status } } }";
        eventually("the chore ends it", || async {
            app.ok(status, json!({ "id": old })).await["node"]["status"] == "EXPIRED"
        }).await;
        // And still it is cleared.
        let done = give(&app, "clearCard", clearing(&old, "40.00", true), "entry { hold { id } pointOfSale { authorisation { id } } } hold { id }").await;
        assert_eq!(done, json!({ "entry": { "hold": null, "pointOfSale": { "authorisation": { "id": old } } }, "hold": null }));
        assert_eq!(app.amounts(&account).await, ["50.00", "0.00", "50.00"]);
        assert_eq!(books(&app, "SCHEME_SETTLEMENT").await, "50.00");
    }

    async fn what_stands_against_an_authorisation_is_named(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let limits = json!({ "perDay": "50", "perMonth": "80", "channels": [{ "channel": "ATM", "blocked": true }], "countriesBlocked": ["KP"] });
        give(&app, "updateCard", json!({ "card": card, "limits": limits }), "replayed").await;
        let before = app.picture().await;
        let asking = |amount: &str, at: Value| json!({ "card": card, "amount": euros(amount), "pointOfSale": at });
        for (input, code, field) in [
            (json!({ "card": { "token": "nobody" }, "amount": euros("1.00") }), "NOT_FOUND", "card"),
            (json!({ "card": card, "amount": { "amount": "1.00", "currency": "SEK" } }), "CURRENCY_MISMATCH", "amount.currency"),
            (asking("0.00", json!({})), "AMOUNT_OUT_OF_RANGE", "amount"),
            (asking("1.00", json!({ "channel": "ATM" })), "CARD_CHANNEL_BLOCKED", "pointOfSale.channel"),
            (asking("1.00", json!({ "merchant": { "country": "KP" } })), "CARD_COUNTRY_BLOCKED", "pointOfSale.merchant.country"),
            (asking("1.00", json!({ "merchant": { "country": "kp" } })), "INVALID_INPUT", "pointOfSale.merchant.country"),
            (asking("1.00", json!({ "merchant": { "name": "x".repeat(2_000) } })), "INVALID_INPUT", "pointOfSale.merchant.name"),
            (asking("1.00", json!({ "approvalCode": "1234567" })), "INVALID_INPUT", "pointOfSale.approvalCode"),
            (asking("1.00", json!({ "rate": "1.5" })), "INVALID_INPUT", "pointOfSale.rate"),
            (asking("1.00", json!({ "acquirerReference": "12" })), "INVALID_INPUT", "pointOfSale.acquirerReference"),
            (asking("50.01", json!({ "channel": "POS" })), "CARD_LIMIT_EXCEEDED", "amount"),
        ] {
            for name in ["authoriseCard", "purchaseByCard"] {
                app.refused(name, input.clone(), code, field).await;
            }
        }
        assert_eq!(app.picture().await, before);
        let hold = authorise(&app, &card, "45.00").await;
        let refusal = app.refused("authoriseCard", asking("5.01", json!({ "channel": "POS" })), "CARD_LIMIT_EXCEEDED", "amount").await;
        assert_eq!(refusal["facts"]["remaining"], euros("5.00"));
        give(&app, "reverseAuthorisation", json!({ "authorisation": hold }), "replayed").await;
        app.transfer(&account, &app.account("current").await, "70.00").await;
        app.refused("authoriseCard", asking("30.01", json!({ "channel": "POS" })), "INSUFFICIENT_FUNDS", "amount").await;
        give(&app, "deleteCard", json!({ "card": card }), "replayed").await;
        for name in ["authoriseCard", "purchaseByCard"] {
            let refusal = app.refused(name, asking("1.00", json!({})), "CARD_DELETED", "card").await;
            assert_eq!(refusal["facts"], json!({ "status": "DELETED" }));
        }
        for (name, input) in [
            ("increaseAuthorisation", json!({ "authorisation": "hld_00000000000000000000000000000000", "amount": euros("1.00") })),
            ("reverseAuthorisation", json!({ "authorisation": app.hold(&account, "1.00").await })),
        ] {
            app.refused(name, input, "NOT_FOUND", "authorisation").await;
        }
        app.refused("clearCard", clearing("?", "1.00", true), "NOT_FOUND", "of.authorisation").await;
    }

    async fn a_network_that_repeats_itself_is_heard_once(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let input = json!({ "card": card, "amount": euros("60.00"), "networkReference": "NET-7" });
        let (done, codes) = race("authoriseCard", (0..10).map(|_| app.mutate("authoriseCard", input.clone(), "hold { id }"))).await;
        assert_eq!((done, codes), (10, vec![]));
        assert_eq!(app.amounts(&account).await, ["100.00", "60.00", "40.00"]);
        let other = json!({ "card": card, "amount": euros("61.00"), "networkReference": "NET-7" });
        app.refused("authoriseCard", other, "DUPLICATE_REFERENCE", "networkReference").await;
    }

    async fn the_last_of_the_funds_and_of_a_days_limit_is_given_once(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let input = json!({ "card": card, "amount": euros("7.00") });
        let attempts = (0..30).map(|n| if n % 2 == 0 { &app } else { &other }.mutate("authoriseCard", input.clone(), "replayed"));
        let (done, codes) = race("authoriseCard", attempts).await;
        assert_eq!((done, codes), (14, vec!["INSUFFICIENT_FUNDS".to_owned(); 16]));
        assert_eq!(app.amounts(&account).await, ["100.00", "98.00", "2.00"]);
        let (account, card) = with_card(&app, "current", "1000.00").await;
        give(&app, "updateCard", json!({ "card": card, "limits": { "perDay": "100" } }), "replayed").await;
        let input = json!({ "card": card, "amount": euros("7.00") });
        let attempts = (0..30).map(|n| if n % 2 == 0 { &app } else { &other }.mutate("authoriseCard", input.clone(), "replayed"));
        let (done, codes) = race("authoriseCard", attempts).await;
        assert_eq!((done, codes), (14, vec!["CARD_LIMIT_EXCEEDED".to_owned(); 16]));
        assert_eq!(app.amounts(&account).await, ["1000.00", "98.00", "902.00"]);
    }

    async fn what_was_cleared_is_booked_whatever_has_become_of_the_account(app: TestApp) {
        // A prepaid account never goes below zero: what it lacks stands apart, and is repaid first.
        let (prepaid, card) = with_card(&app, "prepaid-card", "20.00").await;
        let without = |amount: &str| json!({ "of": { "card": card }, "amount": euros(amount) });
        give(&app, "clearCard", without("50.00"), "replayed").await;
        let parts = "components { component amount { amount } } available { amount }";
        let shown = show(&app, &prepaid, parts).await;
        assert_eq!(shown["components"][3], json!({ "component": "SHORTFALL", "amount": { "amount": "-30.00" } }));
        assert_eq!((&shown["components"][0]["amount"]["amount"], &shown["available"]["amount"]), (&json!("0.00"), &json!("0.00")));
        app.pay_in(&prepaid, "35.00").await;
        let shown = show(&app, &prepaid, parts).await;
        assert_eq!((shown["components"].as_array().map(Vec::len), &shown["available"]["amount"]), (Some(3), &json!("5.00")));
        // Closed, it takes nothing.
        let to = app.account("current").await;
        app.transfer(&prepaid, &to, "5.00").await;
        give(&app, "closeAccount", json!({ "account": prepaid.by(), "closureCode": "LEFT" }), "replayed").await;
        let done = give(&app, "clearCard", without("7.00"), "entry { pointOfSale { unplacedAccount { id } } postings { ledgerAccount { code } amount { amount } } } account { status balance { amount } }").await;
        assert_eq!(done, json!({
            "entry": { "pointOfSale": { "unplacedAccount": { "id": prepaid.id } }, "postings": [
                { "ledgerAccount": { "code": "CARD_UNPLACED" }, "amount": { "amount": "-7.00" } },
                { "ledgerAccount": { "code": "SCHEME_SETTLEMENT" }, "amount": { "amount": "7.00" } },
            ] },
            "account": { "status": "CLOSED", "balance": { "amount": "0.00" } },
        }));
        give(&app, "refundCard", without("3.00"), "replayed").await;
        assert_eq!((books(&app, "CARD_UNPLACED").await, books(&app, "SCHEME_SETTLEMENT").await), (json!("-4.00"), json!("54.00")));
        let events = app.ok("{ events(first: 10, filter: { types: [CARD_CLEARED_UNPLACED] }) { nodes { account { id } } } }", json!({})).await;
        assert_eq!(events["events"]["nodes"].as_array().map(Vec::len), Some(2));
        // A component that comes about by itself is not corrected.
        let input = json!({ "account": to.by(), "amount": euros("-1.00"), "component": "SHORTFALL", "reason": "X" });
        app.refused("postAdjustment", input, "INVALID_INPUT", "component").await;
    }

    async fn a_refund_is_held_against_a_dispute(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let bought = purchase(&app, &card, "40.00").await;
        let refund = |amount: &str| json!({ "of": { "purchase": bought }, "amount": euros(amount) });
        give(&app, "refundCard", refund("10.00"), "replayed").await;
        let dispute = |amount: &str| json!({ "purchase": bought, "amount": euros(amount), "provisionalCredit": true, "reason": "X" });
        let refusal = app.refused("openChargeback", dispute("30.01"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"]["remaining"]["amount"], "30.00");
        app.refused("reverseEntry", json!({ "entry": bought, "reason": "X" }), "INVALID_STATE", "entry").await;
        let shown = "chargeback { id state amount { amount } refunded { amount } outcomeEntry { kind } }";
        let opened = give(&app, "openChargeback", dispute("30.00"), shown).await["chargeback"].take();
        assert_eq!((&opened["refunded"]["amount"], app.balance(&account).await), (&json!("0.00"), "100.00".into()));
        // What comes now would be given twice: it is taken off what was given provisionally.
        let second = give(&app, "refundCard", refund("25.00"), "entry { id }").await["entry"]["id"].take();
        assert_eq!((app.balance(&account).await, books(&app, "CHARGEBACK_RECEIVABLE").await), ("100.00".into(), json!("-5.00")));
        app.refused("reverseEntry", json!({ "entry": second, "reason": "X" }), "INVALID_STATE", "entry").await;
        let events = app.ok("{ events(first: 10, filter: { types: [CHARGEBACK_REDUCED] }) { nodes { account { id } } } }", json!({})).await;
        assert_eq!(events["events"]["nodes"], json!([{ "account": { "id": account.id } }]));
        let won = json!({ "chargeback": opened["id"], "outcome": "WON" });
        let won = give(&app, "resolveChargeback", won, shown).await["chargeback"].take();
        assert_eq!((&won["amount"]["amount"], &won["refunded"]["amount"]), (&json!("30.00"), &json!("25.00")));
        give(&app, "refundCard", refund("5.00"), "replayed").await;
        let stands = (app.balance(&account).await, books(&app, "CHARGEBACK_RECEIVABLE").await, books(&app, "SCHEME_SETTLEMENT").await);
        assert_eq!(stands, ("100.00".into(), json!("0.00"), json!("0.00")));
        // All of it came back: nothing is left to dispute.
        let bought = purchase(&app, &card, "8.00").await;
        give(&app, "refundCard", json!({ "of": { "purchase": bought }, "amount": euros("8.00") }), "replayed").await;
        app.refused("openChargeback", json!({ "purchase": bought, "reason": "X" }), "INVALID_STATE", "purchase").await;
    }

    async fn what_names_no_channel_is_held_to_the_strictest(app: TestApp) {
        let (_, card) = with_card(&app, "current", "100.00").await;
        let limits = |limits: Value| json!({ "card": card, "limits": limits });
        let channels = json!({ "channels": [{ "channel": "ATM", "blocked": true }, { "channel": "ECOMMERCE", "perDay": "20" }] });
        give(&app, "updateCard", limits(channels), "replayed").await;
        let at = |at: Value| json!({ "card": card, "amount": euros("15.00"), "pointOfSale": at });
        app.refused("authoriseCard", json!({ "card": card, "amount": euros("1.00") }), "CARD_CHANNEL_BLOCKED", "pointOfSale.channel").await;
        app.refused("authoriseCard", at(json!({ "entryMode": "CHIP" })), "CARD_CHANNEL_BLOCKED", "pointOfSale.channel").await;
        give(&app, "authoriseCard", at(json!({ "entryMode": "CHIP", "channel": "POS" })), "replayed").await;
        // Typed in by a person: no cash machine; it counts for every channel, since it may be any of two.
        give(&app, "authoriseCard", at(json!({ "entryMode": "MANUAL" })), "replayed").await;
        let refusal = app.refused("authoriseCard", at(json!({ "entryMode": "ECOMMERCE" })), "CARD_LIMIT_EXCEEDED", "amount").await;
        assert_eq!(refusal["facts"]["remaining"]["amount"], "5.00");
        app.refused("updateCard", limits(json!({ "perDay": "10.01", "perMonth": "10" })), "INVALID_INPUT", "limits.perDay").await;
        let channels = json!({ "channels": [{ "channel": "ATM", "perDay": "2", "perMonth": "1" }] });
        app.refused("updateCard", limits(channels), "INVALID_INPUT", "limits.channels.0.perDay").await;
    }

    async fn a_blocked_card_is_refused_by_its_block(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let open = authorise(&app, &card, "5.00").await;
        let shown = "card { blocks { block status reasonCode reason from until placedBy liftedBy liftReason } actions { action allowed reason } }";
        let input = json!({ "card": card, "reasonCode": "LOST", "reason": "in a taxi", "until": "2026-04-20" });
        let mut done = give(&app, "blockCard", input, shown).await["card"].take();
        let block = done["blocks"][0]["block"].take();
        assert_eq!(done["blocks"], json!([{
            "block": null, "status": "IN_FORCE", "reasonCode": "LOST", "reason": "in a taxi", "from": "2026-04-15",
            "until": "2026-04-20", "placedBy": done["blocks"][0]["placedBy"], "liftedBy": null, "liftReason": null,
        }]));
        let offers = |done: &Value| -> Vec<bool> {
            let actions = done["actions"].as_array().expect("actions").iter();
            actions.filter(|it| it["action"] == "BLOCK_CARD" || it["action"] == "UNBLOCK_CARD").map(|it| it["allowed"] == true).collect()
        };
        assert_eq!(offers(&done), [true, true]);
        for (name, input, field) in [
            ("authoriseCard", json!({ "card": card, "amount": euros("1.00") }), "card"),
            ("purchaseByCard", json!({ "card": card, "amount": euros("1.00") }), "card"),
            ("increaseAuthorisation", json!({ "authorisation": open, "amount": euros("1.00") }), "authorisation"),
        ] {
            let refusal = app.refused(name, input, "CARD_BLOCKED", field).await;
            assert_eq!((&refusal["facts"]["block"], &refusal["facts"]["blockedUntil"]), (&block, &json!("2026-04-20")), "{name}");
            assert!(refusal["message"].as_str().is_some_and(|text| text.contains("LOST")));
        }
        // What has happened is booked.
        give(&app, "clearCard", clearing(&open, "5.00", true), "replayed").await;
        // Its owner sees until when, and not why.
        let query = "query($by: CardBy!) { card(by: $by) { blocks(inForce: true) { reasonCode reason placedBy until } } }";
        let seen = app.bound_to(&account.owner).ok(query, json!({ "by": card })).await;
        assert_eq!(seen["card"]["blocks"], json!([{ "reasonCode": null, "reason": null, "placedBy": null, "until": "2026-04-20" }]));
        let unblock = json!({ "card": card, "block": block, "reason": "found again" });
        let done = give(&app, "unblockCard", unblock.clone(), shown).await["card"].take();
        assert_eq!((&done["blocks"][0]["status"], &done["blocks"][0]["liftReason"], offers(&done)), (&json!("LIFTED"), &json!("found again"), vec![true, false]));
        app.refused("unblockCard", unblock, "INVALID_STATE", "block").await;
        app.refused("unblockCard", json!({ "card": card, "reason": "X" }), "INVALID_STATE", "card").await;
        app.refused("unblockCard", json!({ "card": card, "block": "blk_1", "reason": "X" }), "NOT_FOUND", "block").await;
        app.refused("blockCard", json!({ "card": card, "reasonCode": "X", "from": "2026-04-14" }), "INVALID_INPUT", "from").await;
        app.refused("blockCard", json!({ "card": card, "reasonCode": "X", "until": "2026-04-14" }), "INVALID_INPUT", "until").await;
        authorise(&app, &card, "1.00").await;
        let types = "{ events(first: 10, filter: { types: [CARD_BLOCKED, CARD_UNBLOCKED] }) { nodes { type } } }";
        let events = app.ok(types, json!({})).await;
        assert_eq!(events["events"]["nodes"], json!([{ "type": "CARD_BLOCKED" }, { "type": "CARD_UNBLOCKED" }]));
    }

    async fn what_was_cleared_is_paid_to_the_scheme(app: TestApp) {
        let (_, card) = with_card(&app, "current", "100.00").await;
        let settle = |amount: &str, direction: &str| json!({ "amount": euros(amount), "direction": direction });
        app.refused("settleCardScheme", settle("0.01", "PAID"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        let bought = purchase(&app, &card, "40.00").await;
        let refusal = app.refused("settleCardScheme", settle("40.01", "PAID"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        assert_eq!(refusal["facts"]["remaining"], euros("40.00"));
        app.refused("settleCardScheme", settle("1.00", "RECEIVED"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("settleCardScheme", settle("0.00", "PAID"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        let input = json!({ "amount": euros("40.00"), "reference": "SETTLE-1", "valueDate": "2026-04-16",
            "externalReference": { "reference": "s-1", "poster": "VISA" } });
        let shown = "entry { kind valueDate reference description externalReference postings { ledgerAccount { code } amount { amount } } }";
        let done = give(&app, "settleCardScheme", input.clone(), shown).await;
        assert_eq!(done, json!({ "entry": {
            "kind": "DISBURSEMENT", "valueDate": "2026-04-16", "reference": "SETTLE-1", "description": "Paid to the card schemes",
            "externalReference": "s-1", "postings": [
                { "ledgerAccount": { "code": "SCHEME_SETTLEMENT" }, "amount": { "amount": "-40.00" } },
                { "ledgerAccount": { "code": "SETTLEMENT_BANK" }, "amount": { "amount": "40.00" } },
            ] } }));
        assert_eq!(books(&app, "SCHEME_SETTLEMENT").await, json!("0.00"));
        app.refused("settleCardScheme", input, "AMOUNT_OUT_OF_RANGE", "amount").await;
        // Given back more than bought: the scheme pays.
        give(&app, "refundCard", json!({ "of": { "purchase": bought }, "amount": euros("15.00") }), "replayed").await;
        app.refused("settleCardScheme", settle("15.01", "RECEIVED"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        give(&app, "settleCardScheme", settle("15.00", "RECEIVED"), "replayed").await;
        assert_eq!(books(&app, "SCHEME_SETTLEMENT").await, json!("0.00"));
        // The last of what is owed is paid once.
        purchase(&app, &card, "10.00").await;
        let attempts = (0..6).map(|_| app.mutate("settleCardScheme", settle("4.00", "PAID"), "replayed"));
        assert_eq!(race("settleCardScheme", attempts).await, (2, vec!["AMOUNT_OUT_OF_RANGE".to_owned(); 4]));
    }

    async fn an_authorisation_stands_as_long_as_its_product_says(app: TestApp) {
        let (_, card) = with_card(&app, "current", "100.00").await;
        let ends = || async {
            let input = json!({ "card": card, "amount": euros("1.00") });
            give(&app, "authoriseCard", input, "hold { expiresAt }").await["hold"]["expiresAt"].take()
        };
        assert_eq!(ends().await, "2026-04-22T09:30:00.000000Z");
        let days = |days: Value| json!({ "product": { "code": "current" }, "authorisationDays": days });
        for wrong in [0, 91, -1] {
            app.refused("updateProduct", days(json!(wrong)), "INVALID_INPUT", "authorisationDays").await;
        }
        let done = give(&app, "updateProduct", days(json!(30)), "product { authorisationDays }").await;
        assert_eq!(done["product"]["authorisationDays"], 30);
        assert_eq!(ends().await, "2026-05-15T09:30:00.000000Z");
        give(&app, "updateProduct", days(Value::Null), "replayed").await;
        assert_eq!(ends().await, "2026-04-22T09:30:00.000000Z");
    }

    async fn days_of_cards_lie_within_bounds(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let cleared = |day: &str| json!({ "of": { "card": card }, "amount": euros("1.00"), "transactionDate": day });
        for day in ["2026-04-17", "2025-03-10"] {
            for name in ["clearCard", "refundCard"] {
                app.refused(name, cleared(day), "INVALID_INPUT", "transactionDate").await;
            }
        }
        for day in ["2026-04-16", "2025-03-11"] {
            give(&app, "clearCard", cleared(day), "replayed").await;
        }
        let until = |end: &str| json!({ "card": card, "amount": euros("1.00"), "expiresAt": end });
        app.refused("authoriseCard", until("2026-07-14T09:30:00.000001Z"), "INVALID_INPUT", "expiresAt").await;
        app.refused("authoriseCard", until("2026-04-15T09:30:00Z"), "INVALID_INPUT", "expiresAt").await;
        give(&app, "authoriseCard", until("2026-07-14T09:30:00Z"), "replayed").await;
        let held = json!({ "account": account.by(), "amount": euros("1.00"), "expiresAt": "2027-04-16T09:30:00.000001Z" });
        app.refused("placeHold", held, "INVALID_INPUT", "expiresAt").await;
    }

    async fn a_refund_and_a_dispute_give_back_what_was_bought(app: TestApp) {
        let (account, card) = with_card(&app, "current", "100.00").await;
        let bought = purchase(&app, &card, "40.00").await;
        let input = json!({ "of": { "purchase": bought }, "amount": euros("15.00") });
        let done = give(&app, "refundCard", input, "entry { kind pointOfSale { purchase { id } } } account { balance { amount } }").await;
        assert_eq!(done, json!({ "entry": { "kind": "CREDIT", "pointOfSale": { "purchase": { "id": bought } } }, "account": { "balance": { "amount": "75.00" } } }));

        let bought = purchase(&app, &card, "30.00").await;
        let shown = "chargeback { id state amount { amount } reason reference purchase { id } account { id } card { token } provisionalCredit { kind } outcomeEntry { kind } openedOn resolvedOn }";
        let input = json!({ "purchase": bought, "provisionalCredit": true, "reason": "never delivered", "reference": "CB-1" });
        let mut done = give(&app, "openChargeback", input.clone(), shown).await["chargeback"].take();
        let id = done["id"].take();
        assert_eq!(done, json!({
            "id": null, "state": "OPEN", "amount": { "amount": "30.00" }, "reason": "never delivered", "reference": "CB-1",
            "purchase": { "id": bought }, "account": { "id": account.id }, "card": card, "provisionalCredit": { "kind": "CHARGEBACK" },
            "outcomeEntry": null, "openedOn": "2026-04-15", "resolvedOn": null,
        }));
        assert_eq!((app.balance(&account).await, books(&app, "CHARGEBACK_RECEIVABLE").await), ("75.00".into(), json!("-30.00")));
        app.refused("openChargeback", input, "CHARGEBACK_EXISTS", "purchase").await;
        app.refused("reverseEntry", json!({ "entry": bought, "reason": "X" }), "INVALID_STATE", "entry").await;
        let list = "query($state: ChargebackState) { chargebacks(filter: { state: $state }) { nodes { id } } }";
        let other = app.customer().await;
        for (who, state, expected) in [
            (app.clone(), "OPEN", json!([{ "id": id }])),
            (app.clone(), "WON", json!([])),
            (app.bound_to(&account.owner), "OPEN", json!([{ "id": id }])),
            (app.bound_to(&other), "OPEN", json!([])),
        ] {
            assert_eq!(who.ok(list, json!({ "state": state })).await["chargebacks"]["nodes"], expected);
        }
        // Lost: the credit is taken back, whatever is there.
        let to = app.account("current").await;
        app.transfer(&account, &to, "75.00").await;
        let done = give(&app, "resolveChargeback", json!({ "chargeback": id, "outcome": "LOST" }), shown).await["chargeback"].take();
        assert_eq!((&done["state"], &done["outcomeEntry"]["kind"]), (&json!("LOST"), &json!("CHARGEBACK")));
        assert_eq!((app.balance(&account).await, books(&app, "CHARGEBACK_RECEIVABLE").await), ("-30.00".into(), json!("0.00")));
        let refusal = app.refused("resolveChargeback", json!({ "chargeback": id, "outcome": "WON" }), "CHARGEBACK_RESOLVED_ALREADY", "chargeback").await;
        assert_eq!(refusal["facts"], json!({ "status": "LOST" }));
        let node = app.ok("query($id: ID!) { node(id: $id) { ... on Chargeback { state } } }", json!({ "id": id })).await;
        assert_eq!(node["node"]["state"], "LOST");
        for (id, field) in [(json!("cbk_00000000000000000000000000000000"), "chargeback"), (json!("?"), "chargeback")] {
            app.refused("resolveChargeback", json!({ "chargeback": id, "outcome": "WON" }), "NOT_FOUND", field).await;
        }
        let input = json!({ "purchase": app.pay_in(&account, "1.00").await, "reason": "X" });
        app.refused("openChargeback", input, "NOT_FOUND", "purchase").await;
    }
}
