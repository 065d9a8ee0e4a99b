//! Webhooks, with a receiver on this machine: signed, in order, again and again, and never to the inside.

mod crash;
pub mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Engine, TestApp, eventually, fresh_key};
use receiver::{Hit, Receiver, Reply};

const DELIVERIES: &str = "query($id: ID!, $filter: WebhookDeliveryFilter) { webhook(id: $id) { state disabledReason failingSince \
     cursor deliveries(filter: $filter, first: 100) { nodes { id messageId sequence type subject state attempts nextAttemptAt \
     lastStatus lastError } } } }";
const STEPS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A webhook of the tenant: its id and its secret.
async fn webhook(app: &TestApp, receiver: &Receiver, filter: Value) -> (String, String) {
    let input = json!({ "url": receiver.url(), "description": "orders", "filter": filter });
    let done = app.done("createWebhook", input, "webhook { id } secret").await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&done["webhook"]["id"]), text(&done["secret"]))
}

/// Only what is told of parties, which tests make as they like.
fn parties() -> Value {
    json!({ "types": ["PARTY_CREATED", "PARTY_UPDATED"] })
}

async fn party(app: &TestApp, number: &str) -> String {
    let done = app.done("createParty", json!({ "name": "Nordvik", "number": number }), "party { id }").await;
    done["party"]["id"].as_str().expect("an id").to_owned()
}

async fn rename(app: &TestApp, number: &str, name: &str) {
    app.done("updateParty", json!({ "party": { "number": number }, "name": name }), "party { id }").await;
}

async fn look(app: &TestApp, id: &str, filter: Value) -> Value {
    app.ok(DELIVERIES, json!({ "id": id, "filter": filter })).await["webhook"].take()
}

async fn deliveries(app: &TestApp, id: &str, filter: Value) -> Vec<Value> {
    look(app, id, filter).await["deliveries"]["nodes"].as_array().expect("deliveries").clone()
}

/// Waits until so many deliveries stand like this.
async fn stand(app: &TestApp, id: &str, state: &str, count: usize) -> Vec<Value> {
    let filter = json!({ "states": [state] });
    eventually(&format!("{count} {state}"), || async { deliveries(app, id, filter.clone()).await.len() == count })
        .await;
    deliveries(app, id, filter).await
}

async fn came(receiver: &Receiver, count: usize) -> Vec<Hit> {
    eventually(&format!("{count} messages"), || async { receiver.taken().len() >= count }).await;
    receiver.taken()
}

/// The places of events, by what they are about.
fn by_subject(hits: &[Hit]) -> BTreeMap<String, Vec<i64>> {
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for hit in hits {
        found.entry(hit.subject().to_owned()).or_default().push(hit.sequence());
    }
    found
}

on_both_databases! {
    async fn events_arrive_signed_once_and_in_the_order_of_each_subject(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, secret) = webhook(&app, &receiver, parties()).await;
        let ada = party(&app, "A").await;
        let bob = party(&app, "B").await;
        for round in 0..4 {
            rename(&app, "A", &format!("Ada {round}")).await;
            rename(&app, "B", &format!("Bob {round}")).await;
        }
        app.customer().await;
        let hits = came(&receiver, 10).await;
        stand(&app, &id, "DELIVERED", 10).await;
        assert_eq!(receiver.hits().len(), 10, "each once");
        for hit in &hits {
            assert!(hit.is_signed_with(&secret), "{hit:?}");
            assert_eq!(hit.timestamp, app.clock().now().timestamp());
            assert_eq!((&hit.body["version"], &hit.body["data"]["id"]), (&json!(1), &json!(hit.id)));
            assert!(hit.body["timestamp"].as_str().expect("a moment").starts_with("2026-04-15T09:30:00"));
            assert!(!hit.text.contains("Ada") && !hit.text.contains("Nordvik"), "no names: {}", hit.text);
        }
        for subject in [ada, bob] {
            let order = &by_subject(&hits)[&subject];
            assert!(order.len() == 5 && order.is_sorted(), "{order:?}");
        }
        // The list says the same, newest first.
        let listed = deliveries(&app, &id, json!({ "types": ["PARTY_CREATED"] })).await;
        assert_eq!(listed.len(), 2);
        let ids: BTreeSet<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
        for one in &listed {
            assert!(ids.contains(one["messageId"].as_str().expect("an id")), "{one}");
            assert_eq!((&one["attempts"], &one["lastStatus"], &one["lastError"]), (&json!(1), &json!(204), &Value::Null));
        }
        let found = app.ok("query($id: ID!) { node(id: $id) { ... on WebhookDelivery { state } } }", json!({ "id": listed[0]["id"] })).await;
        assert_eq!(found["node"]["state"], "DELIVERED");
    }

    async fn entries_come_with_their_lines_and_filters_hold(app: TestApp) {
        let receiver = Receiver::start().await;
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let other = Receiver::start().await;
        let (of_account, _) = webhook(&app, &other, json!({ "accounts": [to.id], "kinds": ["TRANSFER"], "minimumAmount": "5" })).await;
        let (_, secret) = webhook(&app, &receiver, json!({ "kinds": ["TRANSFER"] })).await;
        let small = app.transfer(&from, &to, "1.00").await;
        let large = app.transfer(&from, &to, "7.50").await;
        app.pay_in(&to, "50.00").await;
        let hits = came(&receiver, 2).await;
        assert!(hits.iter().all(|hit| hit.is_signed_with(&secret) && hit.type_() == "ENTRY_POSTED"));
        let subjects: BTreeSet<&str> = hits.iter().map(Hit::subject).collect();
        assert_eq!(subjects, [small.as_str(), large.as_str()].into());
        let entry = &hits.iter().find(|hit| hit.subject() == large).expect("the large one").body["data"]["entry"];
        assert_eq!((&entry["kind"], entry["postings"].as_array().map(Vec::len)), (&json!("TRANSFER"), Some(2)));
        let line = entry["postings"].as_array().expect("lines").iter().find(|line| line["account"] == json!(to.id)).expect("a line");
        assert_eq!((&line["amount"], &line["currency"], &line["accountBalanceAfter"]), (&json!("7.50"), &json!("EUR"), &json!("8.50")));
        let hits = came(&other, 1).await;
        assert_eq!(hits[0].subject(), large);
        stand(&app, &of_account, "DELIVERED", 1).await;
        // A filter that is taken away lets everything through.
        app.done("updateWebhook", json!({ "webhook": of_account, "filter": null }), "webhook { filter { types kinds } }").await;
        party(&app, "A").await;
        eventually("the party", || async { other.taken().iter().any(|hit| hit.type_() == "PARTY_CREATED") }).await;
    }

    async fn a_webhook_is_told_of_the_accounts_of_a_product(app: TestApp) {
        let receiver = Receiver::start().await;
        let code = crate::products::create(&app, json!({})).await;
        let product = app.ok("query($by: ProductBy!) { product(by: $by) { id } }", json!({ "by": { "code": code } })).await["product"]["id"].take();
        let filter = json!({ "products": [product], "types": ["ENTRY_POSTED", "PRODUCT_UPDATED", "ACCOUNT_OPENED"] });
        let (id, _) = webhook(&app, &receiver, filter).await;
        let shown = app.ok("query($id: ID!) { webhook(id: $id) { filter { products accounts } } }", json!({ "id": id })).await;
        assert_eq!(shown["webhook"]["filter"], json!({ "products": [product], "accounts": [] }));
        let (watched, other) = (app.account(&code).await, app.account("current").await);
        app.pay_in(&other, "50.00").await;
        let first = app.pay_in(&watched, "50.00").await;
        app.transfer(&other, &app.account("current").await, "1.00").await;
        let second = app.transfer(&other, &watched, "2.00").await;
        app.done("updateProduct", json!({ "product": { "code": code }, "alias": "New" }), "replayed").await;
        app.done("updateProduct", json!({ "product": { "code": "current" }, "alias": "New" }), "replayed").await;
        let hits = came(&receiver, 4).await;
        let told: BTreeSet<(&str, &str)> = hits.iter().map(|hit| (hit.type_(), hit.subject())).collect();
        let product = product.as_str().expect("an id");
        assert_eq!(told, [("ACCOUNT_OPENED", watched.id.as_str()), ("ENTRY_POSTED", &first), ("ENTRY_POSTED", &second), ("PRODUCT_UPDATED", product)].into());
        stand(&app, &id, "DELIVERED", 4).await;
        let none = json!({ "url": receiver.url(), "filter": { "products": ["prd_00000000000070008000000000000000"] } });
        app.refused("createWebhook", none, "NOT_FOUND", "filter.products").await;
        app.refused("createWebhook", json!({ "url": receiver.url(), "filter": { "products": [] } }), "INVALID_INPUT", "filter.products").await;
    }

    async fn a_secret_is_shown_once_and_two_sign_while_receivers_change_over(app: TestApp) {
        let receiver = Receiver::start().await;
        let input = json!({ "url": receiver.url(), "filter": parties(), "idempotencyKey": fresh_key() });
        let first = app.done("createWebhook", input.clone(), "replayed secret webhook { id }").await;
        let again = app.done("createWebhook", input, "replayed secret webhook { id }").await;
        assert_eq!((&again["webhook"], &again["secret"], &again["replayed"]), (&first["webhook"], &Value::Null, &json!(true)));
        let (id, old) = (first["webhook"]["id"].clone(), first["secret"].as_str().expect("a secret").to_owned());
        let input = json!({ "webhook": id, "overlapSeconds": 600 });
        let rotated = app.done("rotateWebhookSecret", input, "secret webhook { formerSecretUntil }").await;
        let new = rotated["secret"].as_str().expect("a secret").to_owned();
        assert!(new != old && rotated["webhook"]["formerSecretUntil"] == "2026-04-15T09:40:00.000000Z");
        party(&app, "A").await;
        let hit = came(&receiver, 1).await.remove(0);
        assert!(hit.is_signed_with(&old) && hit.is_signed_with(&new));
        app.advance(Duration::from_secs(601));
        party(&app, "B").await;
        let hit = came(&receiver, 2).await.remove(1);
        assert!(!hit.is_signed_with(&old) && hit.is_signed_with(&new));
        let everything = app.ok("{ webhooks { nodes { id url description filter { types } } } events(first: 100) { nodes { payload } } }", json!({})).await;
        assert!(!everything.to_string().contains("whsec_"));
    }

    async fn a_receiver_that_fails_for_a_day_gets_everything_in_order_when_it_is_back(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        let choked = party(&app, "A").await;
        came(&receiver, 1).await;
        let subject = choked.clone();
        receiver.answers(move |body| Reply::Status(if body["data"]["subject"] == json!(subject) { 500 } else { 200 }));
        rename(&app, "A", "Ada").await;
        let failed = stand(&app, &id, "RETRYING", 1).await;
        assert_eq!((&failed[0]["lastStatus"], &failed[0]["lastError"]), (&json!(500), &json!("answered 500")));
        rename(&app, "A", "Ada again").await;
        stand(&app, &id, "PENDING", 1).await;
        // Others do not wait for it.
        party(&app, "B").await;
        came(&receiver, 2).await;
        let mut attempts = 1;
        for step in &STEPS[..5] {
            assert_eq!(receiver.hits().iter().filter(|hit| hit.status == 500).count(), attempts);
            // The schedule, and a fifth of it for chance.
            app.advance(Duration::from_secs(step + step / 5 + 1));
            attempts += 1;
            tried(&app, &id, attempts).await;
        }
        let failing: BTreeSet<String> = receiver.hits().into_iter().filter(|hit| hit.status == 500).map(|hit| hit.id).collect();
        assert_eq!(failing.len(), 1, "the same id, and never the one behind it");
        // It survives a restart.
        app.restart().await;
        receiver.answers(|_| Reply::Status(200));
        app.advance(Duration::from_secs(100_000));
        let taken = came(&receiver, 4).await;
        assert!(by_subject(&taken)[&choked].is_sorted());
        let listed = stand(&app, &id, "DELIVERED", 4).await;
        assert!(listed.iter().any(|one| one["attempts"] == json!(attempts + 1)), "{listed:?}");
        assert_eq!(taken.len(), 4, "and nothing twice");
        assert_eq!(look(&app, &id, Value::Null).await["failingSince"], Value::Null);
    }

    async fn a_receiver_may_ask_for_more_time(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        receiver.answers(|_| Reply::With(503, "retry-after", "3600".into()));
        party(&app, "A").await;
        stand(&app, &id, "RETRYING", 1).await;
        receiver.answers(|_| Reply::Status(200));
        app.advance(Duration::from_secs(3_000));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(receiver.hits().len(), 1, "not before it");
        app.advance(Duration::from_secs(601));
        came(&receiver, 1).await;
    }

    async fn what_is_given_up_is_a_dead_letter_that_can_be_sent_again(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        let poison = party(&app, "A").await;
        came(&receiver, 1).await;
        let subject = poison.clone();
        receiver.answers(move |body| Reply::Status(if body["data"]["subject"] == json!(subject) { 400 } else { 200 }));
        rename(&app, "A", "Ada").await;
        stand(&app, &id, "RETRYING", 1).await;
        for (round, step) in STEPS.iter().enumerate() {
            app.advance(Duration::from_secs(step + step / 5 + 1));
            tried(&app, &id, round + 2).await;
            // Something else arrives: the receiver is there.
            rename_new(&app, round).await;
            came(&receiver, round + 2).await;
        }
        let dead = stand(&app, &id, "DEAD", 1).await;
        assert_eq!((&dead[0]["attempts"], &dead[0]["nextAttemptAt"]), (&json!(10), &Value::Null));
        assert_eq!(look(&app, &id, Value::Null).await["state"], "ENABLED");
        receiver.answers(|_| Reply::Status(200));
        // What comes behind it passes.
        rename(&app, "A", "Ada again").await;
        came(&receiver, 11).await;
        app.done("retryDelivery", json!({ "delivery": dead[0]["id"] }), "delivery { state attempts }").await;
        let taken = came(&receiver, 12).await;
        assert_eq!(json!(taken[11].id), dead[0]["messageId"]);
        stand(&app, &id, "DELIVERED", 12).await;
        app.refused("retryDelivery", json!({ "delivery": dead[0]["id"] }), "INVALID_STATE", "").await;
    }

    async fn a_receiver_that_is_gone_for_days_is_given_up_and_nothing_behind_it_is_lost(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        receiver.answers(|_| Reply::Status(500));
        party(&app, "A").await;
        stand(&app, &id, "RETRYING", 1).await;
        for (round, step) in STEPS.iter().enumerate() {
            app.advance(Duration::from_secs(step + step / 5 + 1));
            tried(&app, &id, round + 2).await;
            assert_eq!(receiver.hits().len(), round + 2);
        }
        eventually("the end", || async { look(&app, &id, Value::Null).await["disabledReason"] == "FAILING" }).await;
        stand(&app, &id, "DEAD", 1).await;
        let told = app.ok("{ events(filter: { types: [WEBHOOK_DISABLED] }) { nodes { subject } } }", json!({})).await;
        assert_eq!(told["events"]["nodes"], json!([{ "subject": id }]));
        // What comes meanwhile waits in the log.
        party(&app, "B").await;
        receiver.answers(|_| Reply::Status(200));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(receiver.taken().is_empty());
        app.done("enableWebhook", json!({ "webhook": id }), "webhook { state }").await;
        came(&receiver, 1).await;
    }

    async fn one_that_answers_410_is_asked_no_more(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        receiver.answers(|_| Reply::Status(410));
        party(&app, "A").await;
        eventually("the end", || async { look(&app, &id, Value::Null).await["disabledReason"] == "GONE" }).await;
        receiver.answers(|_| Reply::Status(200));
        app.done("enableWebhook", json!({ "webhook": id }), "webhook { state }").await;
        let taken = came(&receiver, 1).await;
        assert_eq!(taken[0].type_(), "PARTY_CREATED", "it begins with what was not taken");
    }

    async fn redirects_are_not_followed_and_answers_without_an_end_cost_nothing(app: TestApp) {
        let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
        let (id, _) = webhook(&app, &receiver, parties()).await;
        let target = elsewhere.url();
        receiver.answers(move |_| Reply::With(307, "location", target.clone()));
        party(&app, "A").await;
        let failed = stand(&app, &id, "RETRYING", 1).await;
        assert_eq!(failed[0]["lastError"], "answered 307, and redirects are not followed");
        assert!(elsewhere.hits().is_empty());
        receiver.answers(|_| Reply::Endless);
        party(&app, "B").await;
        came(&receiver, 1).await;
        stand(&app, &id, "DELIVERED", 1).await;
        let given = receiver.given();
        tokio::time::sleep(Duration::from_millis(300)).await;
        // What the system keeps on its way between the two comes on top of the 64 KB that are read.
        assert!(receiver.given() == given && given < 32 << 20, "{given} bytes, then {}", receiver.given());
    }

    async fn a_slow_receiver_has_ten_seconds_and_holds_up_nobody_else(app: TestApp) {
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        let (id, _) = webhook(&app, &slow, parties()).await;
        webhook(&app, &quick, parties()).await;
        slow.answers(|body| if body["data"]["payload"]["number"] == "A" { Reply::After(Duration::from_secs(30)) } else { Reply::Status(200) });
        let begun = std::time::Instant::now();
        party(&app, "A").await;
        party(&app, "B").await;
        came(&quick, 2).await;
        eventually("the other one", || async { slow.taken().len() == 1 }).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_secs(10).saturating_sub(begun.elapsed())).await;
        let failed = stand(&app, &id, "RETRYING", 1).await;
        assert_eq!((&failed[0]["lastError"], &failed[0]["lastStatus"]), (&json!("no answer within 10 seconds"), &Value::Null));
    }

    async fn private_networks_are_not_called_whatever_the_name(app: TestApp) {
        let receiver = Receiver::start().await;
        let port = receiver.address.port();
        app.restart_with(|settings| settings.outbound.allow_private = false).await;
        for (url, what) in [
            (format!("http://127.0.0.1:{port}/"), "https://"),
            (format!("http://example.com:{port}/"), "https://"),
            (format!("https://127.0.0.1:{port}/"), "private network"),
            (format!("https://[::ffff:127.0.0.1]:{port}/"), "private network"),
            ("https://169.254.169.254/latest/meta-data".to_owned(), "private network"),
            ("https://0x7f000001/".to_owned(), "private network"),
            ("https://user:secret@example.com/".to_owned(), "password"),
            ("nonsense".to_owned(), "https://"),
        ] {
            let refused = app.refused("createWebhook", json!({ "url": url }), "INVALID_INPUT", "url").await;
            assert!(refused["message"].as_str().expect("a message").contains(what), "{url}: {refused}");
        }
        // A name shows what it leads to only when it is looked up.
        let input = json!({ "url": format!("https://localhost:{port}/"), "filter": parties() });
        let done = app.done("createWebhook", input, "webhook { id }").await;
        let id = done["webhook"]["id"].as_str().expect("an id");
        party(&app, "A").await;
        let failed = stand(&app, id, "RETRYING", 1).await;
        assert_eq!(failed[0]["lastError"], "the name leads to a private network");
        // Nor is one that was set up while they were allowed.
        app.restart_with(|settings| settings.outbound.allow_private = true).await;
        let (kept, _) = webhook(&app, &receiver, parties()).await;
        app.restart_with(|settings| settings.outbound.allow_private = false).await;
        party(&app, "B").await;
        let failed = stand(&app, &kept, "RETRYING", 1).await;
        assert_eq!(failed[0]["lastError"], "the address must begin with https://");
        assert!(receiver.hits().is_empty());
    }

    async fn a_webhook_is_taken_back_to_a_cursor_or_a_time(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        party(&app, "A").await;
        app.advance(Duration::from_secs(60));
        let between = app.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        party(&app, "B").await;
        party(&app, "C").await;
        let mut hits = came(&receiver, 3).await;
        hits.sort_by_key(Hit::sequence);
        let first: Vec<String> = hits.into_iter().map(|hit| hit.id).collect();
        stand(&app, &id, "DELIVERED", 3).await;
        receiver.forget();
        app.done("replayWebhook", json!({ "webhook": id, "from": { "time": between } }), "webhook { id }").await;
        let again: BTreeSet<String> = came(&receiver, 2).await.into_iter().map(|hit| hit.id).collect();
        assert_eq!(again, first[1..].iter().cloned().collect(), "the same ids");
        stand(&app, &id, "DELIVERED", 5).await;
        let events = app.ok("{ events(first: 100, filter: { types: [PARTY_CREATED] }) { edges { cursor } } }", json!({})).await;
        let cursor = events["events"]["edges"][1]["cursor"].clone();
        receiver.forget();
        app.done("replayWebhook", json!({ "webhook": id, "from": { "cursor": cursor } }), "webhook { id }").await;
        let again: Vec<String> = came(&receiver, 1).await.into_iter().map(|hit| hit.id).collect();
        assert_eq!(again, first[2..]);
        let list = app.ok("{ parties(first: 1) { edges { cursor } } }", json!({})).await;
        for wrong in [json!("nonsense"), list["parties"]["edges"][0]["cursor"].clone()] {
            let answer = app.mutate("replayWebhook", json!({ "webhook": id, "from": { "cursor": wrong } }), "replayed").await;
            let text = answer.body.to_string();
            assert!(text.contains("INVALID_INPUT") || text.contains("BAD_REQUEST"), "{text}");
        }
    }

    async fn webhooks_are_tried_stopped_and_taken_away(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, secret) = webhook(&app, &receiver, parties()).await;
        let done = app.done("sendTestWebhook", json!({ "webhook": id }), "delivery { id state sequence type }").await;
        let hit = came(&receiver, 1).await.remove(0);
        assert!(hit.is_signed_with(&secret) && hit.type_() == "WEBHOOK_TEST" && json!(hit.id) == done["delivery"]["id"]);
        stand(&app, &id, "DELIVERED", 1).await;
        receiver.answers(|_| Reply::Status(500));
        app.done("sendTestWebhook", json!({ "webhook": id }), "delivery { id }").await;
        let failed = stand(&app, &id, "DEAD", 1).await;
        assert_eq!((&failed[0]["attempts"], &failed[0]["type"]), (&json!(1), &Value::Null), "a test is tried once");
        receiver.answers(|_| Reply::Status(200));
        app.done("disableWebhook", json!({ "webhook": id }), "webhook { state disabledReason }").await;
        app.refused("disableWebhook", json!({ "webhook": id }), "INVALID_STATE", "").await;
        app.refused("sendTestWebhook", json!({ "webhook": id }), "INVALID_STATE", "").await;
        // Until the server at work has heard of it, an event may still leave.
        tokio::time::sleep(Duration::from_millis(500)).await;
        receiver.forget();
        party(&app, "A").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(receiver.hits().is_empty());
        app.done("enableWebhook", json!({ "webhook": id }), "webhook { state }").await;
        came(&receiver, 1).await;
        let listed = app.ok("{ webhooks { nodes { id } } }", json!({})).await;
        assert_eq!(listed["webhooks"]["nodes"], json!([{ "id": id }]));
        let gone = app.done("deleteWebhook", json!({ "webhook": id }), "webhook { state }").await;
        assert_eq!(gone["webhook"]["state"], "DELETED");
        for query in ["query($id: ID!) { webhook(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"] {
            let found = app.ok(query, json!({ "id": id })).await;
            assert!(found.as_object().is_some_and(|fields| fields.values().all(Value::is_null)), "{found}");
        }
        assert_eq!(app.ok("{ webhooks { nodes { id } } }", json!({})).await["webhooks"]["nodes"], json!([]));
        app.refused("enableWebhook", json!({ "webhook": id }), "NOT_FOUND", "webhook").await;
        for (field, filter) in [("types", json!({ "types": [] })), ("kinds", json!({ "kinds": [] })), ("accounts", json!({ "accounts": [] }))] {
            let input = json!({ "url": receiver.url(), "filter": filter });
            app.refused("createWebhook", input, "INVALID_INPUT", &format!("filter.{field}")).await;
        }
        // Nobody sees them who does not run the tenant.
        let (id, _) = webhook(&app, &receiver, parties()).await;
        let found = app.with_scopes("read").ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(found["node"], Value::Null);
    }

    async fn two_servers_share_the_work_and_one_takes_over_from_the_other(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        let Some(second) = app.second_server().await else { return };
        assert_eq!(second.engine(), Engine::Postgres);
        for number in 0..20 {
            party(if number % 2 == 0 { &app } else { &second }, &format!("P{number}")).await;
        }
        came(&receiver, 20).await;
        stand(&app, &id, "DELIVERED", 20).await;
        assert_eq!(receiver.hits().len(), 20, "one of them does it");
        app.server().stop().await;
        for number in 20..40 {
            party(&second, &format!("P{number}")).await;
        }
        came(&receiver, 40).await;
        let ids: BTreeSet<String> = receiver.hits().into_iter().map(|hit| hit.id).collect();
        assert_eq!(ids.len(), 40);
        stand(&second, &id, "DELIVERED", 40).await;
    }

    async fn what_is_measured_is_shown(app: TestApp) {
        let receiver = Receiver::start().await;
        let (id, _) = webhook(&app, &receiver, parties()).await;
        party(&app, "A").await;
        stand(&app, &id, "DELIVERED", 1).await;
        receiver.answers(|_| Reply::Status(500));
        party(&app, "B").await;
        stand(&app, &id, "RETRYING", 1).await;
        let scrape = crate::metrics::scrape::Scrape::of(&app).await;
        assert_eq!(scrape.count("konto_webhook_attempts_total{outcome=\"DELIVERED\"}"), 1);
        assert_eq!(scrape.count("konto_webhook_attempts_total{outcome=\"FAILED\"}"), 1);
        assert_eq!(scrape.count("konto_webhook_attempt_seconds_count"), 2);
        assert_eq!((scrape.count("konto_webhooks"), scrape.count("konto_webhook_waiting")), (1, 1));
        assert_eq!(scrape.count("konto_subscription_followers"), 0, "they are no subscriptions");
    }
}

/// Waits until it is noted that something was tried so often: only then does the next attempt have its time.
async fn tried(app: &TestApp, id: &str, attempts: usize) {
    eventually(&format!("attempt {attempts}"), || async {
        deliveries(app, id, Value::Null).await.iter().any(|one| one["attempts"] == json!(attempts))
    })
    .await;
}

async fn rename_new(app: &TestApp, round: usize) {
    party(app, &format!("N{round}")).await;
}
