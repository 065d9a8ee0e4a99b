//! Cards: added, found, listed, changed, replaced, deleted and restored; what can be done with them, and what was.

mod texts;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, fresh_key, items, told};

/// A card of an account. Gives the id.
pub async fn card(app: &TestApp, account: &Account, token: &str, main: bool) -> String {
    let done = app.done("addCard", adding(account, json!({ "token": token, "main": main })), "card { id }").await;
    done["card"]["id"].as_str().expect("an id").to_owned()
}

fn adding(account: &Account, card: Value) -> Value {
    json!({ "account": account.by(), "card": card })
}

async fn show(app: &TestApp, by: Value, selection: &str) -> Value {
    let query = format!("query($by: CardBy!) {{ card(by: $by) {{ {selection} }} }}");
    app.ok(&query, json!({ "by": by })).await["card"].take()
}

fn by_token(token: &str) -> Value {
    json!({ "token": token })
}

/// The names of the actions that are allowed.
fn allowed(actions: &Value) -> String {
    let actions = actions.as_array().expect("actions").iter();
    let open = actions.filter(|action| action["allowed"] == true && action["reason"].is_null());
    open.map(|action| action["action"].as_str().expect("a name")).collect::<Vec<_>>().join(" ")
}

on_both_databases! {
    async fn cards_are_added_in_batches(app: TestApp) {
        let account = app.account("credit-card").await;
        let item = |key: &str, card: Value| json!({ "idempotencyKey": key, "account": account.by(), "card": card });
        let cards = json!([
            item("a", json!({ "main": true, "token": "batch-1" })),
            item("b", json!({ "main": true, "token": "batch-2" })),
            item("c", json!({ "main": false, "token": "batch-1" })),
            item("d", json!({ "main": false, "token": "batch-3" })),
        ]);
        let shown = items("... on AddCardSuccess { card { token main } replayed }");
        let done = app.done("addCardBatch", json!({ "items": cards }), &shown).await;
        let codes: Vec<_> = done["items"].as_array().expect("items").iter().map(|it| it["result"]["code"].clone()).collect();
        assert_eq!(codes, [Value::Null, json!("MAIN_CARD_IN_FORCE"), json!("DUPLICATE_CARD_TOKEN"), Value::Null]);
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(2)));
        assert_eq!(done["items"][3]["result"]["card"], json!({ "token": "batch-3", "main": false }));
        let again = app.done("addCardBatch", json!({ "items": cards }), &shown).await;
        assert_eq!(again["items"][0]["result"]["replayed"], true);
        let all = json!({ "items": [item("e", json!({ "main": false, "token": "batch-4" })), item("f", json!({ "main": true }))], "mode": "ALL_OR_NOTHING" });
        let done = app.done("addCardBatch", all, &shown).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(0), &json!(2)));
    }

    async fn a_main_card_is_added_and_shown_with_all_that_it_has(app: TestApp) {
        let account = app.account("credit-card").await;
        let input = adding(&account, json!({
            "token": "6d1b7f6e-0c1a-4b9c-a7c5-9b2f1f8e2a10", "main": true, "maskedNumber": "4532 10** **** 4321",
            "expiry": { "year": 2029, "month": 11 }, "embossedName": "ADA LOVELACE", "metadata": { "design": "blue" },
            "limits": { "perDay": "500", "channels": [{ "channel": "ATM", "perPurchase": "200.50" }, { "channel": "MAIL_ORDER", "blocked": true }], "countriesBlocked": ["RU", "KP"] },
        }));
        let shown = "id token status main maskedNumber expiry { year month } embossedName metadata createdAt endedOn
            account { id } holder { id } replaces { id } replacedBy { id } chain { nodes { token } } actions { action allowed reason }
            limits { perPurchase { amount } perDay { amount currency } perMonth { amount } countriesOnly countriesBlocked
                channels { channel blocked perPurchase { amount } perDay { amount } perMonth { amount } } }";
        let mut made = app.done("addCard", input, &format!("card {{ {shown} }}")).await["card"].take();
        let id = made["id"].take();
        assert_eq!(allowed(&made["actions"].take()), "UPDATE_CARD REPLACE_CARD DELETE_CARD BLOCK_CARD");
        assert!(id.as_str().expect("an id").starts_with("crd_"));
        assert_eq!(made, json!({
            "id": null, "token": "6d1b7f6e-0c1a-4b9c-a7c5-9b2f1f8e2a10", "status": "ACTIVE", "main": true,
            "maskedNumber": "453210******4321", "expiry": { "year": 2029, "month": 11 }, "embossedName": "ADA LOVELACE",
            "metadata": { "design": "blue" }, "createdAt": "2026-04-15T09:30:00.000000Z", "endedOn": null,
            "account": { "id": account.id }, "holder": { "id": account.owner }, "replaces": null, "replacedBy": null,
            "chain": { "nodes": [{ "token": "6d1b7f6e-0c1a-4b9c-a7c5-9b2f1f8e2a10" }] }, "actions": null,
            "limits": {
                "perPurchase": null, "perDay": { "amount": "500.00", "currency": "EUR" }, "perMonth": null,
                "countriesOnly": [], "countriesBlocked": ["KP", "RU"],
                "channels": [
                    { "channel": "MAIL_ORDER", "blocked": true, "perPurchase": null, "perDay": null, "perMonth": null },
                    { "channel": "ATM", "blocked": false, "perPurchase": { "amount": "200.50" }, "perDay": null, "perMonth": null },
                ],
            },
        }));
        for by in [json!({ "id": id }), by_token("6d1b7f6e-0c1a-4b9c-a7c5-9b2f1f8e2a10")] {
            assert_eq!(show(&app, by, "id").await["id"], id);
        }
        let node = app.ok("query($id: ID!) { node(id: $id) { id ... on Card { token account { id } } } }", json!({ "id": id })).await;
        assert_eq!(node["node"]["account"]["id"], json!(account.id));
        // Back to the account, and on to its cards.
        let query = "query($by: AccountBy!) { account(by: $by) { ... on CardAccount { mainCard { id } cards { nodes { id account { number } } }
            cardActions { action allowed reason } } } }";
        let found = app.ok(query, json!({ "by": account.by() })).await["account"].take();
        assert_eq!((&found["mainCard"]["id"], &found["cards"]["nodes"]), (&id, &json!([{ "id": id, "account": { "number": account.number } }])));
        assert_eq!(found["cardActions"], json!([{ "action": "ADD_CARD", "allowed": true, "reason": null }]));
        for by in [by_token("nothing"), json!({ "id": "crd_1" }), json!({ "id": account.id })] {
            assert_eq!(show(&app, by, "id").await, Value::Null);
        }
    }

    async fn extra_cards_are_held_by_others_and_found_with_their_holder(app: TestApp) {
        let account = app.account("credit-card").await;
        let holder = app.customer().await;
        card(&app, &account, "main", true).await;
        let extra = json!({ "token": "extra", "main": false, "holder": { "id": holder } });
        app.done("addCard", adding(&account, extra), "card { holder { id } main }").await;
        let created = json!({ "token": "third", "main": false, "holder": { "create": { "type": "PERSON", "lastName": "Byron", "number": "B-1" } } });
        let done = app.done("addCard", adding(&account, created), "card { holder { number name } main }").await;
        assert_eq!(done["card"], json!({ "holder": { "number": "B-1", "name": "Byron" }, "main": false }));
        let query = "query($by: CustomerBy!) { customer(by: $by) { cards { nodes { token } } accounts { nodes { id } } } }";
        let found = app.ok(query, json!({ "by": { "id": holder } })).await["customer"].take();
        assert_eq!(found, json!({ "cards": { "nodes": [{ "token": "extra" }] }, "accounts": { "nodes": [] } }));
        // The holder sees the card, and neither the account nor the other cards.
        let bound = app.bound_to(&holder);
        let seen = bound.ok("{ cards { nodes { token account { id } holder { id } } } accounts { nodes { id } } }", json!({})).await;
        let own = json!([{ "token": "extra", "account": null, "holder": { "id": holder } }]);
        assert_eq!((&seen["cards"]["nodes"], &seen["accounts"]["nodes"]), (&own, &json!([])));
        assert_eq!(show(&bound, by_token("main"), "id").await, Value::Null);
        // The owner sees all cards of the account, and of their holders only itself.
        let owner = app.bound_to(&account.owner);
        let seen = owner.ok("{ cards { nodes { token holder { id } } } }", json!({})).await["cards"]["nodes"].take();
        let held = |token: &str, holder: Option<&str>| json!({ "token": token, "holder": holder.map(|id| json!({ "id": id })) });
        assert_eq!(seen, json!([held("main", Some(&account.owner)), held("extra", None), held("third", None)]));
        owner.refused("deleteCard", json!({ "card": by_token("nothing") }), "NOT_FOUND", "card").await;
        bound.refused("deleteCard", json!({ "card": by_token("main") }), "NOT_FOUND", "card").await;
        bound.done("deleteCard", json!({ "card": by_token("extra") }), "card { status }").await;
    }

    async fn what_is_wrong_with_a_card_is_refused_by_name_and_changes_nothing(app: TestApp) {
        let account = app.account("credit-card").await;
        let (loan, other) = (app.account("loan").await, app.customer().await);
        let closed = app.account("prepaid-card").await;
        app.done("closeAccount", json!({ "account": closed.by(), "closureCode": "X" }), "replayed").await;
        card(&app, &account, "main", true).await;
        let gone = card(&app, &account, "gone", false).await;
        app.done("deleteCard", json!({ "card": { "id": gone } }), "replayed").await;
        let before = app.picture().await;
        let with = |more: Value| {
            let mut card = json!({ "token": "new", "main": false });
            card.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            card
        };
        let to_fresh = app.account("debit-card").await;
        let before_fresh = app.picture().await;
        assert_ne!(before, before_fresh);
        for (on, card, code, path) in [
            (&account, with(json!({ "main": true })), "MAIN_CARD_IN_FORCE", "card.main"),
            (&account, with(json!({ "token": "main" })), "DUPLICATE_CARD_TOKEN", "card.token"),
            (&account, with(json!({ "token": "gone" })), "DUPLICATE_CARD_TOKEN", "card.token"),
            (&account, with(json!({ "token": " new" })), "INVALID_INPUT", "card.token"),
            (&account, with(json!({ "token": "" })), "INVALID_INPUT", "card.token"),
            (&account, with(json!({ "holder": { "id": "cus_1" } })), "NOT_FOUND", "card.holder"),
            (&account, with(json!({ "holder": { "number": "nobody" } })), "NOT_FOUND", "card.holder"),
            (&account, with(json!({ "holder": { "create": { "type": "PERSON" } } })), "INVALID_INPUT", "card.holder.create.lastName"),
            (&to_fresh, with(json!({ "main": true, "holder": { "id": other } })), "MAIN_CARD_HOLDER_NOT_OWNER", "card.holder"),
            (&to_fresh, with(json!({ "main": true, "holder": { "create": { "type": "PERSON", "lastName": "Byron" } } })), "MAIN_CARD_HOLDER_NOT_OWNER", "card.holder"),
            (&account, with(json!({ "maskedNumber": "4532123412344321" })), "INVALID_INPUT", "card.maskedNumber"),
            (&account, with(json!({ "maskedNumber": "453212341***4321" })), "INVALID_INPUT", "card.maskedNumber"),
            (&account, with(json!({ "maskedNumber": "4532***4321" })), "INVALID_INPUT", "card.maskedNumber"),
            (&account, with(json!({ "expiry": { "year": 2026, "month": 3 } })), "INVALID_INPUT", "card.expiry"),
            (&account, with(json!({ "expiry": { "year": 2027, "month": 13 } })), "INVALID_INPUT", "card.expiry.month"),
            (&account, with(json!({ "expiry": { "year": 2027, "month": -1 } })), "INVALID_INPUT", "card.expiry.month"),
            (&account, with(json!({ "embossedName": "A".repeat(2_000) })), "INVALID_INPUT", "card.embossedName"),
            (&account, with(json!({ "limits": { "perDay": "0" } })), "AMOUNT_OUT_OF_RANGE", "card.limits.perDay"),
            (&account, with(json!({ "limits": { "channels": [{ "channel": "ATM", "perMonth": "1.001" }] } })), "INVALID_INPUT", "card.limits.channels.0.perMonth"),
            (&account, with(json!({ "limits": { "countriesOnly": ["SE", "ZZ"] } })), "INVALID_INPUT", "card.limits.countriesOnly.1"),
            (&account, with(json!({ "limits": { "countriesOnly": ["SE"], "countriesBlocked": ["NO"] } })), "INVALID_INPUT", "card.limits.countriesBlocked"),
            (&loan, with(json!({})), "CARDS_NOT_OFFERED", "account"),
            (&closed, with(json!({})), "ACCOUNT_NOT_OPEN", "account"),
        ] {
            app.refused("addCard", adding(on, card), code, path).await;
        }
        app.refused("addCard", json!({ "account": { "number": "nowhere" }, "card": with(json!({})) }), "NOT_FOUND", "account").await;
        for name in ["deleteCard", "restoreCard", "updateCard", "replaceCard"] {
            for by in [by_token("nothing"), json!({ "id": "crd_00000000000070008000000000000000" }), json!({ "id": "x" })] {
                app.refused(name, json!({ "card": by }), "NOT_FOUND", "card").await;
            }
        }
        let mut after = app.picture().await;
        assert_eq!(after["lastEvent"].take(), before_fresh["lastEvent"]);
        assert_eq!(after["cards"], before_fresh["cards"]);
        assert_eq!(after["customers"], before_fresh["customers"]);
    }

    async fn a_replacement_takes_over_and_its_token_names_the_newest(app: TestApp) {
        let account = app.account("revolving").await;
        let first = card(&app, &account, "t-1", true).await;
        let limits = json!({ "limits": { "perMonth": "1000" }, "card": by_token("t-1"), "embossedName": "ADA" });
        app.done("updateCard", limits, "card { limits { perMonth { amount } } }").await;
        // As PayEx shows it: the new card has the token of the one that it replaces.
        let input = json!({ "card": by_token("t-1"), "token": "t-1", "maskedNumber": "453210******9999", "expiry": { "year": 2030, "month": 1 } });
        let shown = "card { id token main status embossedName limits { perMonth { amount } } replaces { id status replacedBy { token status } } holder { id } }";
        let second = app.done("replaceCard", input, shown).await["card"].take();
        assert_eq!(second["replaces"], json!({ "id": first, "status": "REPLACED", "replacedBy": { "token": "t-1", "status": "ACTIVE" } }));
        assert_eq!((&second["main"], &second["embossedName"], &second["holder"]["id"]), (&json!(true), &json!("ADA"), &json!(account.owner)));
        assert_eq!(second["limits"]["perMonth"]["amount"], "1000.00");
        let third = app.done("replaceCard", json!({ "card": by_token("t-1"), "token": "t-3" }), "card { id replaces { id } }").await["card"].take();
        assert_eq!(third["replaces"]["id"], second["id"]);
        for by in [by_token("t-1"), by_token("t-3")] {
            let found = show(&app, by, "id chain { nodes { id status } }").await;
            assert_eq!(found["id"], third["id"], "each token of a chain names its newest card");
            let of = |id: &Value, status: &str| json!({ "id": id, "status": status });
            assert_eq!(found["chain"]["nodes"], json!([of(&json!(first), "REPLACED"), of(&second["id"], "REPLACED"), of(&third["id"], "ACTIVE")]));
        }
        assert_eq!(show(&app, json!({ "id": first }), "status endedOn").await, json!({ "status": "REPLACED", "endedOn": "2026-04-15" }));
        let refused = app.refused("replaceCard", json!({ "card": { "id": first } }), "CARD_REPLACED", "card").await;
        assert_eq!(refused["facts"]["status"], "REPLACED");
        for name in ["restoreCard", "deleteCard", "updateCard"] {
            app.refused(name, json!({ "card": { "id": first } }), "CARD_REPLACED", "card").await;
        }
        card(&app, &account, "other", false).await;
        app.refused("replaceCard", json!({ "card": by_token("t-3"), "token": "other" }), "DUPLICATE_CARD_TOKEN", "token").await;
        app.refused("addCard", adding(&account, json!({ "token": "t-1", "main": false })), "DUPLICATE_CARD_TOKEN", "card.token").await;
        let query = "query($by: AccountBy!) { account(by: $by) { ... on RevolvingCreditAccount { mainCard { id } cards(filter: { status: ACTIVE }) { nodes { token } } } } }";
        let found = app.ok(query, json!({ "by": account.by() })).await["account"].take();
        assert_eq!(found, json!({ "mainCard": { "id": third["id"] }, "cards": { "nodes": [{ "token": "t-3" }, { "token": "other" }] } }));
    }

    async fn a_deletion_is_a_state_and_is_undone_within_its_time(app: TestApp) {
        let app = app.with_sandbox("sandbox").await;
        let account = app.account("current").await;
        let id = card(&app, &account, "t-1", true).await;
        let shown = "card { id status endedOn actions { action allowed reason } }";
        let deleted = app.done("deleteCard", json!({ "card": by_token("t-1") }), shown).await["card"].take();
        assert_eq!((&deleted["status"], &deleted["endedOn"]), (&json!("DELETED"), &json!("2026-04-15")));
        assert_eq!(allowed(&deleted["actions"]), "REPLACE_CARD RESTORE_CARD BLOCK_CARD");
        assert_eq!(show(&app, by_token("t-1"), "id").await["id"], json!(id), "it stays readable");
        app.refused("deleteCard", json!({ "card": { "id": id } }), "CARD_DELETED", "card").await;
        app.refused("updateCard", json!({ "card": { "id": id }, "embossedName": "X" }), "CARD_DELETED", "card").await;
        app.done("restoreCard", json!({ "card": { "id": id } }), "card { status endedOn }").await;
        app.refused("restoreCard", json!({ "card": { "id": id } }), "INVALID_STATE", "card").await;
        app.done("updateTenant", json!({ "cardRestoreDays": 10 }), "tenant { cardRestoreDays }").await;
        app.refused("updateTenant", json!({ "cardRestoreDays": -1 }), "INVALID_INPUT", "cardRestoreDays").await;
        app.refused("updateTenant", json!({ "cardRestoreDays": 4_000 }), "INVALID_INPUT", "cardRestoreDays").await;
        app.done("deleteCard", json!({ "card": { "id": id } }), "replayed").await;
        // A new main card keeps the old one out.
        let other = card(&app, &account, "t-2", true).await;
        app.refused("restoreCard", json!({ "card": { "id": id } }), "MAIN_CARD_IN_FORCE", "card").await;
        app.done("deleteCard", json!({ "card": { "id": other } }), "replayed").await;
        app.done("advanceClock", json!({ "to": "2026-04-25T12:00:00Z" }), "replayed").await;
        app.done("restoreCard", json!({ "card": { "id": id } }), "card { status }").await;
        app.done("advanceClock", json!({ "to": "2026-04-26T12:00:00Z" }), "replayed").await;
        let refused = app.refused("restoreCard", json!({ "card": { "id": other } }), "CARD_RESTORE_TIME_OVER", "card").await;
        assert_eq!(refused["facts"]["latest"], "2026-04-25");
    }

    async fn cards_are_listed_page_by_page_whatever_their_state(app: TestApp) {
        let account = app.account("credit-card").await;
        for number in 0..5 {
            card(&app, &account, &format!("t-{number}"), number == 0).await;
        }
        app.done("deleteCard", json!({ "card": by_token("t-1") }), "replayed").await;
        let query = "query($by: AccountBy!, $first: Int, $after: String, $filter: CardFilter) { account(by: $by) { ... on CardAccount {
            cards(first: $first, after: $after, filter: $filter) { nodes { token } pageInfo { hasNextPage endCursor } } } } }";
        let (mut after, mut seen) = (Value::Null, Vec::new());
        loop {
            let page = app.ok(query, json!({ "by": account.by(), "first": 2, "after": after })).await["account"]["cards"].take();
            seen.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["token"].as_str().expect("a token").to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, ["t-0", "t-1", "t-2", "t-3", "t-4"]);
        for (filter, tokens) in [
            (json!({ "status": "DELETED" }), json!(["t-1"])),
            (json!({ "main": true }), json!(["t-0"])),
            (json!({ "main": false, "status": "ACTIVE" }), json!(["t-2", "t-3", "t-4"])),
        ] {
            let nodes = app.ok(query, json!({ "by": account.by(), "filter": filter })).await["account"]["cards"]["nodes"].take();
            let found: Vec<&Value> = nodes.as_array().expect("nodes").iter().map(|node| &node["token"]).collect();
            assert_eq!(json!(found), tokens);
        }
        app.fault(query, json!({ "by": account.by(), "first": 101 }), "BAD_REQUEST").await;
        app.fault(query, json!({ "by": account.by(), "after": "x" }), "BAD_REQUEST").await;
        // Pages of accounts, each with its cards.
        let other = app.account("debit-card").await;
        card(&app, &other, "u-1", true).await;
        let all = app.ok("{ accounts { nodes { ... on CardAccount { cards(first: 1) { nodes { token } } mainCard { token } } } } }", json!({})).await;
        let nodes = &all["accounts"]["nodes"];
        assert_eq!(nodes[0], json!({ "cards": { "nodes": [{ "token": "t-0" }] }, "mainCard": { "token": "t-0" } }));
        assert_eq!(nodes[1], json!({ "cards": { "nodes": [{ "token": "u-1" }] }, "mainCard": { "token": "u-1" } }));
    }

    async fn an_account_opens_with_its_owner_and_its_first_card(app: TestApp) {
        let opening = |number: &str, card: Value| json!({
            "product": { "code": "credit-card" }, "number": number, "card": card,
            "owner": { "create": { "type": "PERSON", "lastName": "Hopper", "number": number } },
        });
        let shown = "account { number owner { id } ... on CardAccount { mainCard { token holder { id } } } }";
        let made = app.done("openAccount", opening("N-1", json!({ "main": true, "token": "t-1" })), shown).await["account"].take();
        assert_eq!(made["mainCard"], json!({ "token": "t-1", "holder": { "id": made["owner"]["id"] } }));
        let before = app.picture().await;
        app.refused("openAccount", opening("N-2", json!({ "main": true, "token": "t-1" })), "DUPLICATE_CARD_TOKEN", "card.token").await;
        app.refused("openAccount", opening("N-2", json!({ "main": true, "maskedNumber": "1" })), "INVALID_INPUT", "card.maskedNumber").await;
        let holder = json!({ "main": true, "holder": { "id": made["owner"]["id"] } });
        app.refused("openAccount", opening("N-2", holder), "MAIN_CARD_HOLDER_NOT_OWNER", "card.holder").await;
        assert_eq!(app.picture().await, before);
        let item = |number: &str, token: &str| {
            let mut item = opening(number, json!({ "main": true, "token": token }));
            item["idempotencyKey"] = json!(fresh_key());
            item
        };
        let batch = json!({ "items": [item("N-3", "t-3"), item("N-4", "t-3"), item("N-5", "t-5")] });
        let done = app.done("openAccountBatch", batch, &items("... on OpenAccountSuccess { account { number } }")).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(1)));
        let refused = &done["items"][1]["result"];
        assert_eq!((&refused["code"], &refused["fields"][0]["path"]), (&json!("DUPLICATE_CARD_TOKEN"), &json!(["items", "1", "card", "token"])));
        assert_eq!(app.ok("{ cards { nodes { token } } }", json!({})).await["cards"]["nodes"], json!([{ "token": "t-1" }, { "token": "t-3" }, { "token": "t-5" }]));
    }

    async fn of_two_main_cards_at_once_one_is_in_force(app: TestApp) {
        let account = app.account("credit-card").await;
        let tries = (0..8).map(|number| {
            let input = adding(&account, json!({ "token": format!("t-{number}"), "main": true }));
            let app = app.clone();
            tokio::spawn(async move { app.mutate("addCard", input, "card { id }").await.data()["addCard"]["code"].clone() })
        });
        let mut codes = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            codes.push(one.await.expect("an answer"));
        }
        let (done, refused): (Vec<_>, Vec<_>) = codes.into_iter().partition(Value::is_null);
        assert_eq!((done.len(), refused), (1, vec![json!("MAIN_CARD_IN_FORCE"); 7]));
        let one = show(&app, json!({ "token": "one" }), "id");
        assert_eq!(one.await, Value::Null);
        // The same token at once, for two accounts.
        let other = app.account("credit-card").await;
        let (first, second) = tokio::join!(
            app.mutate("addCard", adding(&account, json!({ "token": "one", "main": false })), "card { id }"),
            app.mutate("addCard", adding(&other, json!({ "token": "one", "main": false })), "card { id }"),
        );
        let codes = [first.data()["addCard"]["code"].clone(), second.data()["addCard"]["code"].clone()];
        assert!(codes.contains(&Value::Null) && codes.contains(&json!("DUPLICATE_CARD_TOKEN")), "{codes:?}");
    }

    async fn a_repetition_gives_the_first_card_and_history_tells_of_all(app: TestApp) {
        let account = app.account("credit-card").await;
        let mut input = adding(&account, json!({ "token": "t-1", "main": true, "embossedName": "ADA LOVELACE" }));
        input["idempotencyKey"] = json!("the-key");
        let first = app.done("addCard", input.clone(), "card { id } replayed").await;
        let again = app.done("addCard", input.clone(), "card { id } replayed").await;
        assert_eq!((&again["card"], &again["replayed"]), (&first["card"], &json!(true)));
        input["card"]["main"] = json!(false);
        app.refused("addCard", input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        app.done("updateCard", json!({ "card": by_token("t-1"), "limits": { "perDay": "10" } }), "replayed").await;
        app.done("deleteCard", json!({ "card": by_token("t-1") }), "replayed").await;
        app.done("restoreCard", json!({ "card": by_token("t-1") }), "replayed").await;
        let new = app.done("replaceCard", json!({ "card": by_token("t-1"), "token": "t-2" }), "card { id }").await;
        let history = "history { nodes { operation events { type subject account { id } customer { id } payload } } }";
        let shown = show(&app, json!({ "id": first["card"]["id"] }), history).await;
        let events = told(&shown["history"]);
        let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(json!(types), json!(["CARD_ADDED", "CARD_CHANGED", "CARD_DELETED", "CARD_RESTORED", "CARD_REPLACED"]));
        let last = events.last().expect("an event");
        assert_eq!(last["payload"], json!({ "card": first["card"]["id"], "replaces": null, "replacedBy": new["card"]["id"] }));
        assert_eq!((&last["account"]["id"], &last["customer"]["id"]), (&json!(account.id), &json!(account.owner)));
        let text = json!(events).to_string();
        assert!(!text.contains("ADA") && !text.contains("t-1"), "{text}");
        let operations: Vec<&Value> = shown["history"]["nodes"].as_array().expect("nodes").iter().map(|node| &node["operation"]).collect();
        assert_eq!(json!(operations), json!(["replaceCard", "restoreCard", "deleteCard", "updateCard", "addCard"]));
        // It stands in the account's history as well, and documents can be kept with a card.
        let query = "query($of: ID!) { history(of: $of, filter: { operations: [\"replaceCard\"] }) { nodes { operation } } }";
        for of in [json!(account.id), new["card"]["id"].clone()] {
            assert_eq!(app.ok(query, json!({ "of": of })).await["history"]["nodes"], json!([{ "operation": "replaceCard" }]));
        }
        let link = json!({ "name": "letter", "kind": "LETTER", "subject": new["card"]["id"] });
        app.done("createUploadLink", link, "document { id }").await;
    }

    async fn what_can_be_done_with_cards_says_why_the_rest_cannot(app: TestApp) {
        let account = app.account("credit-card").await;
        let id = card(&app, &account, "t-1", true).await;
        app.pay_in(&account, "5.00").await;
        app.done("requestAccountClosure", json!({ "account": account.by() }), "account { status }").await;
        let query = "query($by: AccountBy!) { account(by: $by) { ... on CardAccount { cardActions { action allowed reason } } } }";
        let actions = app.ok(query, json!({ "by": account.by() })).await["account"]["cardActions"].take();
        assert_eq!(actions, json!([{ "action": "ADD_CARD", "allowed": false, "reason": "the account is not open" }]));
        let shown = show(&app, json!({ "id": id }), "actions { action allowed reason }").await["actions"].take();
        assert_eq!(shown, json!([
            { "action": "UPDATE_CARD", "allowed": true, "reason": null },
            { "action": "REPLACE_CARD", "allowed": false, "reason": "the account is not open" },
            { "action": "DELETE_CARD", "allowed": true, "reason": null },
            { "action": "RESTORE_CARD", "allowed": false, "reason": "the card is not deleted" },
            { "action": "BLOCK_CARD", "allowed": true, "reason": null },
            { "action": "UNBLOCK_CARD", "allowed": false, "reason": "the card is not blocked" },
        ]));
        app.advance(Duration::from_secs(60));
        let paid = json!({ "account": account.by(), "amount": euros("5.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", paid, "account { status }").await;
        app.refused("replaceCard", json!({ "card": { "id": id } }), "ACCOUNT_NOT_OPEN", "card").await;
        app.done("deleteCard", json!({ "card": { "id": id } }), "card { status }").await;
    }
}
