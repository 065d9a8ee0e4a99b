//! Custom actions that are webhooks, with a receiver on this machine: signed, answered, tried again, and never to the
//! inside.

use std::time::Duration;

use serde_json::{Value, json};

use super::{RUN, asked, dry, run};
use crate::app::{TestApp, eventually};
use crate::webhooks::receiver::{Receiver, Reply};

/// An action that calls a receiver. Gives the secret.
async fn webhook(app: &TestApp, code: &str, binding: &str, url: &str) -> String {
    let input = json!({ "code": code, "kind": "WEBHOOK", "binding": binding, "url": url });
    let done = app.done("createCustomAction", input, "secret action { id }").await;
    done["secret"].as_str().expect("a secret").to_owned()
}

on_both_databases! {
    async fn the_answer_of_a_receiver_is_the_outcome(app: TestApp) {
        let receiver = Receiver::start().await;
        let secret = webhook(&app, "score", "ACCOUNT", &receiver.url()).await;
        let account = app.account("current").await;
        receiver.answers(|body| Reply::Says(200, json!({ "score": 7, "of": body["data"]["account"] }).to_string()));
        let done = run(&app, "score", Some(&account), json!({ "reason": "credit", "n": 1.25 })).await;
        assert_eq!((&done["state"], &done["output"]), (&json!("DONE"), &json!({ "score": 7, "of": account.id })), "{done}");
        let hit = receiver.hits().remove(0);
        assert!(hit.is_signed_with(&secret) && hit.type_() == "ACTION_RUN" && json!(hit.id) == done["id"], "{hit:?}");
        let data = json!({ "run": done["id"], "action": "score", "version": 1, "account": account.id, "input": { "reason": "credit", "n": 1.25 } });
        assert_eq!(hit.body["data"], data);
        receiver.answers(|_| Reply::Status(204));
        assert_eq!(run(&app, "score", Some(&account), json!({})).await["output"], Value::Null);
        receiver.answers(|_| Reply::Says(200, "[1, \"two\"]".into()));
        assert_eq!(run(&app, "score", Some(&account), json!({})).await["output"], json!([1, "two"]));
    }

    async fn what_a_receiver_does_wrong_is_named(app: TestApp) {
        let receiver = Receiver::start().await;
        webhook(&app, "call", "NONE", &receiver.url()).await;
        webhook(&app, "nobody", "NONE", "http://127.0.0.1:9/").await;
        for (reply, kind, status) in [
            (Reply::Status(500), "RECEIVER_FAILED", json!(500)),
            (Reply::Status(429), "RECEIVER_FAILED", json!(429)),
            (Reply::Says(422, "{}".into()), "RECEIVER_REJECTED", json!(422)),
            (Reply::With(302, "location", "https://example.com/".into()), "RECEIVER_REJECTED", json!(302)),
            (Reply::Says(200, "not JSON".into()), "ANSWER_INVALID", json!(200)),
            (Reply::Says(200, format!("\"{}\"", "x".repeat(17_000))), "ANSWER_INVALID", json!(200)),
            (Reply::Says(200, format!("{}{}", "[".repeat(20), "]".repeat(20))), "ANSWER_INVALID", json!(200)),
            (Reply::Says(200, "{\"card\":\"4111 1111 1111 1111\"}".into()), "ANSWER_INVALID", json!(200)),
            (Reply::Says(200, "[4111,1111,1111,1111]".into()), "ANSWER_INVALID", json!(200)),
            (Reply::Endless, "ANSWER_INVALID", json!(200)),
        ] {
            let what = format!("{reply:?}");
            receiver.answers(move |_| reply.clone());
            let failed = run(&app, "call", None, json!({})).await;
            assert_eq!((&failed["state"], &failed["failure"]["kind"], &failed["failure"]["status"]), (&json!("FAILED"), &json!(kind), &status), "{what}: {failed}");
            assert!(!failed.to_string().contains("4111"), "{failed}");
        }
        let failed = run(&app, "nobody", None, json!({})).await;
        assert_eq!(failed["failure"]["kind"], "NO_ANSWER", "{failed}");
    }

    async fn a_dry_run_calls_nobody(app: TestApp) {
        let receiver = Receiver::start().await;
        webhook(&app, "call", "NONE", &receiver.url()).await;
        let tried = dry(&app, "call", None, json!({ "a": 1 })).await;
        assert_eq!((&tried["state"], &tried["output"]["url"]), (&json!("DONE"), &json!(receiver.url())), "{tried}");
        assert_eq!(tried["output"]["message"]["data"]["input"], json!({ "a": 1 }));
        assert!(receiver.hits().is_empty());
    }

    async fn in_the_background_a_receiver_is_tried_again_under_the_same_id(app: TestApp) {
        let receiver = Receiver::start().await;
        webhook(&app, "call", "NONE", &receiver.url()).await;
        receiver.answers(|_| Reply::Status(503));
        let mut input = asked("call", None, json!({}));
        input["async"] = json!(true);
        let queued = app.done("runAction", input, RUN).await["run"].take();
        let query = "query($id: ID!) { actionRun(id: $id) { state attempts output nextAttemptAt failure { kind status } job { state } } }";
        let id = json!({ "id": queued["id"] });
        eventually("it waits", || async { app.ok(query, id.clone()).await["actionRun"]["state"] == "WAITING" }).await;
        let waits = app.ok(query, id.clone()).await["actionRun"].take();
        assert_eq!((&waits["failure"], &waits["job"]["state"]), (&json!({ "kind": "RECEIVER_FAILED", "status": 503 }), &json!("RUNNING")));
        assert!(waits["nextAttemptAt"].is_string());
        receiver.answers(|_| Reply::Says(200, "\"late\"".into()));
        app.advance(Duration::from_secs(7));
        eventually("it is done", || async { app.ok(query, id.clone()).await["actionRun"]["state"] == "DONE" }).await;
        let done = app.ok(query, id).await["actionRun"].take();
        assert_eq!((&done["output"], &done["attempts"], &done["failure"], &done["job"]["state"]), (&json!("late"), &json!(2), &Value::Null, &json!("DONE")));
        let hits = receiver.hits();
        assert!(hits.len() == 2 && hits[0].id == hits[1].id && json!(hits[0].id) == queued["id"], "{hits:?}");
    }

    async fn a_secret_is_shown_once_and_two_sign_while_receivers_change_over(app: TestApp) {
        let receiver = Receiver::start().await;
        let old = webhook(&app, "call", "NONE", &receiver.url()).await;
        let by = json!({ "code": "call" });
        let turned = app.done("rotateCustomActionSecret", json!({ "action": by }), "secret action { formerSecretUntil }").await;
        let new = turned["secret"].as_str().expect("a secret").to_owned();
        run(&app, "call", None, json!({})).await;
        let hit = receiver.hits().remove(0);
        assert!(new != old && hit.is_signed_with(&new) && hit.is_signed_with(&old));
        app.done("rotateCustomActionSecret", json!({ "action": by, "overlapSeconds": 0 }), "secret").await;
        run(&app, "call", None, json!({})).await;
        let hit = receiver.hits().remove(1);
        assert!(!hit.is_signed_with(&new) && !hit.is_signed_with(&old));
        app.refused("rotateCustomActionSecret", json!({ "action": by, "overlapSeconds": -1 }), "INVALID_INPUT", "overlapSeconds").await;
        app.refused("rotateCustomActionSecret", json!({ "action": by, "overlapSeconds": 700_000 }), "INVALID_INPUT", "overlapSeconds").await;
    }

    async fn private_networks_are_not_called_whatever_the_name(app: TestApp) {
        let receiver = Receiver::start().await;
        let port = receiver.address.port();
        // One that was set up while they were allowed.
        webhook(&app, "kept", "NONE", &receiver.url()).await;
        app.restart_with(|settings| settings.outbound.allow_private = false).await;
        for url in [format!("http://127.0.0.1:{port}/"), format!("https://127.0.0.1:{port}/"), "https://169.254.169.254/".to_owned()] {
            let input = json!({ "code": "inside", "kind": "WEBHOOK", "binding": "NONE", "url": url });
            app.refused("createCustomAction", input, "INVALID_INPUT", "url").await;
        }
        // A name shows what it leads to only when it is looked up.
        webhook(&app, "name", "NONE", &format!("https://localhost:{port}/")).await;
        for code in ["kept", "name"] {
            let failed = run(&app, code, None, json!({})).await;
            assert_eq!((&failed["state"], &failed["failure"]["kind"]), (&json!("FAILED"), &json!("ADDRESS_NOT_ALLOWED")), "{failed}");
        }
        assert!(receiver.hits().is_empty());
    }
}
