//! The same over WebSockets.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::over_the_limits;
use crate::app::{Socket, euros, mutation};

on_both_databases! {
    async fn queries_and_mutations_run_over_a_socket(app: TestApp) {
        let (from, to) = (app.funded("10.00").await, app.account("current").await);
        let mut socket = app.socket().await;
        let input = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let (query, variables) = mutation("transfer", input, "from { balance { amount } } replayed");
        for replayed in [false, true] {
            socket.subscribe("a", &query, variables.clone()).await;
            let data = socket.next_data().await;
            assert_eq!(
                (&data["transfer"]["from"]["balance"]["amount"], &data["transfer"]["replayed"]),
                (&json!("9.00"), &json!(replayed))
            );
            assert_eq!(socket.hear().await, json!({ "id": "a", "type": "complete" }));
        }
        socket.subscribe("b", "{ viewer { client } }", json!({})).await;
        assert_eq!(socket.next_data().await["viewer"]["client"], "tests");
    }

    async fn limits_hold_over_a_socket_and_nothing_is_done(app: TestApp) {
        app.funded("10.00").await;
        let before = app.picture().await;
        let mut socket = app.socket().await;
        for (what, query, code) in over_the_limits() {
            socket.subscribe("a", &query, json!({})).await;
            assert_eq!(socket.next_fault().await, code, "{what}");
        }
        assert_eq!(app.picture().await, before);
        let mut narrow = app.with_scopes("read").socket().await;
        narrow.subscribe("a", "{ viewer { client } }", json!({ "x": "y".repeat(300_000) })).await;
        assert_eq!(narrow.hear().await[0], 1009);
    }

    async fn who_may_open_a_socket(app: TestApp) {
        let address = app.server().address();
        for (origin, status) in
            [("https://evil.example", Some(403)), ("null", Some(403)), (&*format!("http://{address}"), None)]
        {
            assert_eq!(Socket::open(&address, &[("origin", origin)]).await.err(), status, "{origin}");
        }
        app.restart_with(|settings| settings.http.origins.allowed = vec!["https://bank.example".into()]).await;
        let address = app.server().address();
        assert!(Socket::open(&address, &[("origin", "https://bank.example")]).await.is_ok());
        assert_eq!(Socket::open(&address, &[("origin", "https://bank.example.evil")]).await.err(), Some(403));
        for payload in [json!({}), json!({ "authorization": "Bearer nonsense" })] {
            let mut socket = Socket::open(&address, &[]).await.expect("a socket");
            socket.say(json!({ "type": "connection_init", "payload": payload })).await;
            let close = socket.hear().await;
            assert!([json!(4401), json!(4403)].contains(&close[0]), "{close}");
        }
    }

    async fn what_is_no_message_closes_the_socket(app: TestApp) {
        for message in [
            Message::text("{"),
            Message::text("7"),
            Message::binary(b"{}".to_vec()),
            Message::text("{\"type\":\"start\"}"),
        ] {
            let mut socket = app.socket().await;
            socket.say_raw(message).await;
            assert_eq!(socket.hear().await[0], 4400);
        }
        let mut socket = app.socket().await;
        socket.subscribe("a", "subscription { ledgerEvents { sequence } }", json!({})).await;
        socket.subscribe("a", "subscription { ledgerEvents { sequence } }", json!({})).await;
        assert_eq!(socket.hear().await, json!([4409, "Subscriber for a already exists"]));
    }

    async fn a_socket_speaks_for_the_token_it_was_opened_with(app: TestApp) {
        let mine = app.funded("10.00").await;
        let other = app.account("current").await;
        let mut socket = app.bound_to(&mine.owner).socket().await;
        for (account, expected) in [(&mine, json!({ "id": mine.id })), (&other, Value::Null)] {
            socket
                .subscribe("a", "query($by: AccountBy!) { account(by: $by) { id } }", json!({ "by": account.by() }))
                .await;
            assert_eq!(socket.next_data().await["account"], expected);
            assert_eq!(socket.hear().await["type"], "complete");
        }
    }
}
