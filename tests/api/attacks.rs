//! What hostile clients send. [`rows`] is the table: each attack, each way it can come, and the answer that it gets
//! there. One test gives each row to the server, on both databases, and finds nothing changed; one measures on a
//! server of its own what refusing each row costs; `slow` and `foreign` have what a table of single answers cannot.

mod cost;
mod documents;
mod foreign;
mod rows;
mod slow;
mod target;
mod tokens;

use std::time::Duration;

use rows::{Attack, Row};
use serde_json::json;
use target::{Target, Way};

on_both_databases! {
    async fn every_attack_is_refused_on_every_way(app: TestApp) {
        app.funded("10.00").await;
        let tokens = tokens::bad_tokens(&app).await;
        let token = app.with_scopes("read money admin subscribe audit").token().await.expect("a token");
        let before = app.picture().await;
        let target = Target::new(app.server().address(), &token);
        let mut wrong = Vec::new();
        for Row { name, attack, answers } in rows::rows(&tokens) {
            assert!(!answers.is_empty(), "{name}");
            for (way, expected) in answers {
                let found = target.send(way, &attack).await;
                if found != expected {
                    wrong.push(format!("{name}, over {way:?}: expected {expected}, got {found}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(app.picture().await, before, "something was done");
        // The same ways let through what is good, so that none of them refuses everything.
        let good = Attack::operation("{ viewer { client } }", json!({}));
        for way in [Way::Post, Way::Events, Way::Socket] {
            assert_eq!(target.send(way, &good).await, "answered", "{way:?}");
        }
        let good = Attack::Token(token.clone());
        for (way, expected) in [(Way::Post, "answered"), (Way::Events, "answered"), (Way::Socket, "answered")] {
            assert_eq!(target.send(way, &good).await, expected, "{way:?}");
        }
        let close = documents::mutation_of("closePeriod(input: { idempotencyKey: \"k\", through: \"2026-03-31\" }) { __typename }");
        assert_eq!(target.send(Way::Post, &Attack::operation(&close, json!({}))).await, "answered");
        assert_ne!(app.picture().await, before, "the mutation of the attacks is one that does something");
    }

    async fn a_flood_of_subscriptions_on_one_socket_is_bounded(app: TestApp) {
        app.customer().await;
        // Nothing tells when a subscription has begun: from a cursor on, none misses what comes.
        let from_here = json!({ "after": app.last_cursor().await });
        let mut socket = app.socket().await;
        for n in 0..500 {
            let query = "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence } }";
            socket.subscribe(&n.to_string(), query, from_here.clone()).await;
        }
        for n in 50..500 {
            let message = socket.hear().await;
            assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(n.to_string())));
            assert_eq!(message["payload"][0]["extensions"]["code"], "OVER_LIMIT", "{message}");
        }
        app.customer().await;
        for _ in 0..50 {
            assert_eq!(socket.hear().await["type"], "next");
        }
        assert!(socket.is_silent(Duration::from_millis(200)).await);
        // Begun and completed without end: each is gone before the next one, and the place is free.
        for n in 0..300 {
            socket.say(json!({ "type": "complete", "id": "0" })).await;
            let query = if n == 299 { "{ viewer { client } }" } else { "subscription { ledgerEvents { sequence } }" };
            socket.subscribe("0", query, json!({})).await;
        }
        assert_eq!(socket.next_data().await["viewer"]["client"], "tests");
    }
}
