//! Messages about claims: written from templates, sent by mail and by a gateway, kept as they were sent, and to nobody who
//! is not to be written to.

mod post_office;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{TestApp, eventually, fresh_key, items};
use crate::webhooks::receiver::{Receiver, Reply};
use post_office::PostOffice;

/// All that is shown of a message.
pub const SHOWN: &str =
    "sent { id kind status templateCode templateName templateVersion language recipient subject body failure }";

fn with(mut input: Value, more: Value) -> Value {
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    input
}

/// A claim of a debtor with an address of each kind.
pub async fn claim(app: &TestApp, reference: &str) -> Value {
    let debtor = json!({
        "externalReference": "D1", "firstName": "Ada", "lastName": "Lovelace", "languages": ["sv-SE"],
        "contactPoints": [{ "kind": "EMAIL", "value": "ada@example.com" }, { "kind": "MOBILE", "value": "+46701234567" }],
        "addresses": [{ "label": "MAIN_POSTAL_ADDRESS", "content": { "postal": { "streetName": "Storgatan",
            "buildingNumber": "1", "postCode": "111 22", "townName": "Stockholm", "country": "SE" } } }],
    });
    let input = json!({ "claimReference": reference, "primaryDebtor": debtor, "currency": "EUR", "amount": "100.00",
        "totalFees": "7.50", "originalDueDate": "2026-03-31", "currentDueDate": "2026-04-30" });
    app.done("createClaim", input, "claim { id debtor { id } }").await["claim"].take()
}

pub async fn template(
    app: &TestApp,
    code: &str,
    language: &str,
    kind: &str,
    subject: Option<&str>,
    body: &str,
) -> Value {
    let input = json!({ "code": code, "language": language, "kind": kind, "name": "A template", "subject": subject, "body": body });
    app.done("setMessageTemplate", input, "template { code language version }").await["template"].take()
}

fn by_mail(office: &PostOffice) -> Value {
    json!({ "email": { "address": "inkasso@example.com", "name": "Inkasso", "host": "127.0.0.1",
        "port": office.address.port(), "security": "NONE" } })
}

pub async fn send(app: &TestApp, reference: &str, code: &str) -> Value {
    app.done("sendMessage", json!({ "claimReference": reference, "template": code }), SHOWN).await["sent"].take()
}

async fn seen(app: &TestApp, message: &Value) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Message { status failure sentAt
        document { name kind mediaType downloadUrl base64 } } } }";
    app.ok(query, json!({ "id": message["id"] })).await["node"].take()
}

async fn becomes(app: &TestApp, message: &Value, status: &str) -> Value {
    eventually(&format!("the message is {status}"), async || seen(app, message).await["status"] == status).await;
    seen(app, message).await
}

on_both_databases! {
    async fn an_e_mail_is_sent_and_kept_as_it_was_sent(app: TestApp) {
        let office = PostOffice::start().await;
        claim(&app, "C1").await;
        template(&app, "DUE", "sv", "EMAIL", Some("Påminnelse {{ claim.reference }}"),
            "Hej {{ debtor.firstName }},\ndu är skyldig {{ claim.total }} {{ claim.currency }}.\n").await;
        template(&app, "DUE", "en", "EMAIL", Some("Reminder"), "You owe {{ claim.total }}").await;
        let preview = "query($language: String) { previewMessage(claimReference: \"C1\", template: \"DUE\", language: $language)
            { kind language version subject body problem } }";
        let shown = app.ok(preview, json!({ "language": null })).await["previewMessage"].take();
        let expected = "Hej Ada,\ndu är skyldig 107.50 EUR.";
        assert_eq!(shown, json!({ "kind": "EMAIL", "language": "sv", "version": 1, "subject": "Påminnelse C1",
            "body": expected, "problem": null }));
        let english = app.ok(preview, json!({ "language": "EN" })).await["previewMessage"].take();
        assert_eq!(english["body"], "You owe 107.50");

        app.refused("sendMessage", json!({ "claimReference": "C1", "template": "DUE" }), "INVALID_STATE", "template").await;
        app.done("setMessageSettings", by_mail(&office), "settings { email { host port } }").await;
        let sent = send(&app, "C1", "DUE").await;
        assert_eq!((&sent["recipient"], &sent["language"], &sent["body"]), (&json!("ada@example.com"), &json!("sv"), &json!(expected)));
        let after = becomes(&app, &sent, "SENT").await;
        let taken = office.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].from.as_str(), taken[0].to.as_str()), ("inkasso@example.com", "ada@example.com"));
        assert_eq!((&after["document"]["kind"], &after["document"]["mediaType"]), (&json!("MESSAGE"), &json!("message/rfc822")));
        // What is kept is what was sent, to the byte.
        let kept = STANDARD.decode(after["document"]["base64"].as_str().expect("bytes")).expect("Base64");
        let kept = String::from_utf8(kept).expect("text");
        assert_eq!(kept.trim_end(), taken[0].mail.trim_end(), "but for the lines at the end, which the protocol adds to");
        assert!(taken[0].mail.contains("From: Inkasso <inkasso@example.com>"), "{}", taken[0].mail);
        let link = app.url(after["document"]["downloadUrl"].as_str().expect("a link"));
        let fetched = app.http().get(link).send().await.expect("an answer");
        assert_eq!(fetched.headers()["content-type"], "message/rfc822");
        assert_eq!(fetched.text().await.expect("text"), kept);

        let query = "query($id: ID!) { history(of: $id) { nodes { operation events { type } } } }";
        let history = app.ok(query, json!({ "id": sent["id"] })).await["history"]["nodes"].take();
        let told: Vec<&Value> = history.as_array().expect("history").iter().map(|item| &item["events"][0]["type"]).collect();
        assert_eq!(told, [&json!("MESSAGE_SENT"), &json!("MESSAGE_QUEUED")]);
    }

    async fn communications_are_listed_by_type_and_time(app: TestApp) {
        let (office, gateway) = (PostOffice::start().await, Receiver::start().await);
        let made = claim(&app, "C1").await;
        template(&app, "MAIL", "en", "EMAIL", Some("Reminder"), "You owe {{ claim.total }}").await;
        template(&app, "TEXT", "en", "SMS", None, "You owe {{ claim.total }}").await;
        let letter = template(&app, "POST", "en", "LETTER", Some("Reminder"), "Old").await;
        assert_eq!(letter["version"], 1);
        assert_eq!(template(&app, "POST", "EN", "LETTER", Some("Reminder"), "You owe {{ claim.total }}").await["version"], 2);
        let settings = with(by_mail(&office), json!({ "sms": { "url": gateway.url(), "sender": "Inkasso" } }));
        let set = app.done("setMessageSettings", settings, "signingSecret").await;
        let secret = set["signingSecret"].as_str().expect("a secret");
        let mail = send(&app, "C1", "MAIL").await;
        let text = send(&app, "C1", "TEXT").await;
        let letter = send(&app, "C1", "POST").await;
        assert_eq!(letter["recipient"], "Ada Lovelace\nStorgatan 1\n111 22 Stockholm\nSE");
        for message in [&mail, &text, &letter] {
            becomes(&app, message, "SENT").await;
        }
        let hits = gateway.taken();
        assert_eq!(hits.len(), 1);
        assert!(hits[0].is_signed_with(secret));
        assert_eq!(hits[0].body, json!({ "message": text["id"], "to": "+46701234567", "from": "Inkasso", "text": "You owe 107.50" }));
        let kept = seen(&app, &text).await;
        let raw = String::from_utf8(STANDARD.decode(kept["document"]["base64"].as_str().expect("bytes")).expect("Base64")).expect("text");
        assert!(raw.contains("To: +46701234567@konto.invalid") && raw.contains("You owe 107.50"), "{raw}");

        let list = "query($type: MessageKind, $from: DateTime, $first: Int, $after: String) { claim(by: { reference: \"C1\" }) {
            communications(type: $type, from: $from, first: $first, after: $after) { nodes { id templateCode templateName createdAt
            document { downloadUrl } } pageInfo { hasNextPage endCursor } } } }";
        let listed = async |variables: Value| app.ok(list, variables).await["claim"]["communications"].take();
        let codes = |found: &Value| -> Vec<Value> {
            found["nodes"].as_array().expect("nodes").iter().map(|node| node["templateCode"].clone()).collect()
        };
        assert_eq!(codes(&listed(json!({})).await), ["MAIL", "TEXT", "POST"]);
        assert_eq!(codes(&listed(json!({ "type": "SMS" })).await), ["TEXT"]);
        assert_eq!(codes(&listed(json!({ "from": "2030-01-01T00:00:00Z" })).await), Vec::<Value>::new());
        assert_eq!(codes(&listed(json!({ "from": "2026-04-15T00:00:00Z", "type": "LETTER" })).await), ["POST"]);
        let first = listed(json!({ "first": 2 })).await;
        assert_eq!((codes(&first), &first["pageInfo"]["hasNextPage"]), (vec![json!("MAIL"), json!("TEXT")], &json!(true)));
        assert!(first["nodes"][0]["document"]["downloadUrl"].is_string() && first["nodes"][0]["templateName"] == "A template");
        assert_eq!(codes(&listed(json!({ "after": first["pageInfo"]["endCursor"] })).await), ["POST"]);
        let numbered = "query($type: MessageKind, $page: Int!) { claim(by: { reference: \"C1\" }) {
            communicationsPage(type: $type, limit: 2, page: $page) { nodes { templateCode } limit page numberOfPages totalCount } } }";
        for (type_, page, found, pages, all) in [
            (Value::Null, 1, json!(["MAIL", "TEXT"]), "2", "3"), (Value::Null, 2, json!(["POST"]), "2", "3"), (json!("SMS"), 1, json!(["TEXT"]), "1", "1"),
        ] {
            let listed = app.ok(numbered, json!({ "type": type_, "page": page })).await["claim"]["communicationsPage"].take();
            assert_eq!((json!(codes(&listed)), &listed["numberOfPages"], &listed["totalCount"]), (found, &json!(pages), &json!(all)));
        }

        // The debtor's own token sees them, and nobody else's does.
        let debtor = made["debtor"]["id"].as_str().expect("an id");
        let other = app.customer().await;
        for (app, found) in [(app.bound_to(debtor), true), (app.bound_to(&other), false)] {
            let node = app.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": mail["id"] })).await["node"].take();
            assert_eq!(!node.is_null(), found);
        }
    }

    async fn nobody_is_written_to_who_is_not_to_be(app: TestApp) {
        let office = PostOffice::start().await;
        let made = claim(&app, "C1").await;
        template(&app, "DUE", "en", "EMAIL", Some("Reminder"), "You owe {{ claim.total }}").await;
        let bounded = with(by_mail(&office), json!({ "contactFrequency": { "most": 1, "days": 7 } }));
        app.done("setMessageSettings", bounded, "replayed").await;
        let due = json!({ "claimReference": "C1", "template": "DUE" });
        let customer = json!({ "id": made["debtor"]["id"] });
        let query = "{ claim(by: { reference: \"C1\" }) { ceaseContact } }";
        for reason in ["CEASE_CONTACT", "LAWYER", "DECEASED", "INSOLVENT"] {
            app.done("setCeaseContact", json!({ "customer": customer, "reason": reason }), "customer { id }").await;
            assert_eq!(app.ok(query, json!({})).await["claim"]["ceaseContact"], reason);
            let refusal = app.refused("sendMessage", due.clone(), "CONTACT_CEASED", "claimReference").await;
            assert_eq!(refusal["facts"]["status"], reason);
        }
        app.done("setCeaseContact", json!({ "customer": customer }), "customer { id }").await;
        let sent = send(&app, "C1", "DUE").await;
        becomes(&app, &sent, "SENT").await;
        let refusal = app.refused("sendMessage", due.clone(), "CONTACT_TOO_OFTEN", "claimReference").await;
        assert_eq!(refusal["facts"]["maximumCount"], 1);
        assert_eq!(office.taken().len(), 1);

        // Outside of the hours it waits, and is not sent once contact has ceased.
        let hours = with(by_mail(&office), json!({ "contactHours": { "from": "20:00:00", "to": "21:00:00" } }));
        app.done("setMessageSettings", hours, "settings { contactHours { from to } }").await;
        let waits = app.done("sendMessage", due, "sent { id status nextTryAt }").await["sent"].take();
        assert_eq!(waits["status"], "PENDING");
        assert!(waits["nextTryAt"].as_str().is_some_and(|at| at > "2026-04-15T17"), "{waits}");
        app.done("setCeaseContact", json!({ "customer": customer, "reason": "LAWYER" }), "replayed").await;
        app.advance(std::time::Duration::from_secs(15 * 3_600));
        let after = becomes(&app, &waits, "FAILED").await;
        assert!(after["failure"].as_str().is_some_and(|why| why.contains("LAWYER")), "{after}");
        assert_eq!(office.taken().len(), 1);
    }

    async fn what_a_server_refuses_for_good_fails_and_the_rest_is_tried_again(app: TestApp) {
        let (office, gateway) = (PostOffice::start().await, Receiver::start().await);
        claim(&app, "C1").await;
        template(&app, "DUE", "en", "EMAIL", Some("Reminder"), "You owe {{ claim.total }}").await;
        template(&app, "TEXT", "en", "SMS", None, "You owe {{ claim.total }}").await;
        let settings = with(by_mail(&office), json!({ "sms": { "url": gateway.url(), "sender": "Inkasso" } }));
        app.done("setMessageSettings", settings, "replayed").await;
        office.refuses(&[550, 451]);
        let bounced = send(&app, "C1", "DUE").await;
        let after = becomes(&app, &bounced, "FAILED").await;
        assert!(after["failure"].as_str().is_some_and(|why| why.contains("550")), "{after}");
        assert!(!after["failure"].as_str().is_some_and(|why| why.contains("ada")), "an address stays out of it: {after}");
        let later = send(&app, "C1", "DUE").await;
        eventually("it was not taken", async || !seen(&app, &later).await["failure"].is_null()).await;
        assert_eq!(seen(&app, &later).await["status"], "PENDING");
        app.advance(std::time::Duration::from_secs(120));
        becomes(&app, &later, "SENT").await;
        assert_eq!(office.taken().len(), 1);

        gateway.answers(|_| Reply::Status(400));
        let refused = send(&app, "C1", "TEXT").await;
        let after = becomes(&app, &refused, "FAILED").await;
        assert_eq!(after["failure"], "the gateway answered 400");
    }

    async fn what_cannot_be_sent_is_refused_by_its_field(app: TestApp) {
        let office = PostOffice::start().await;
        claim(&app, "C1").await;
        app.done("setMessageSettings", by_mail(&office), "replayed").await;
        let of = |more: Value| with(json!({ "code": "DUE", "language": "en", "kind": "EMAIL", "name": "N", "subject": "S", "body": "B" }), more);
        for (more, code, path) in [
            (json!({ "subject": null }), "INVALID_INPUT", "subject"),
            (json!({ "subject": "a\nBcc: all@example.com" }), "INVALID_INPUT", "subject"),
            (json!({ "body": "{{ claim" }), "INVALID_INPUT", "body"),
            (json!({ "body": "{% set a = 1 %}" }), "INVALID_INPUT", "body"),
            (json!({ "code": "due" }), "INVALID_INPUT", "code"),
            (json!({ "language": "english, please" }), "INVALID_INPUT", "language"),
        ] {
            app.refused("setMessageTemplate", of(more), code, path).await;
        }
        template(&app, "BAD", "en", "EMAIL", Some("S"), "{{ claim.nothing }}").await;
        template(&app, "LOOP", "en", "EMAIL", Some("S"),
            "{% for a in claim.reference %}{% for b in claim.reference %}{{ nobody }}{% endfor %}{% endfor %}").await;
        app.refused("setMessageTemplate", json!({ "code": "BAD", "language": "en", "kind": "SMS", "name": "N", "body": "B" }), "INVALID_STATE", "kind").await;
        for (claim, code, refusal, path) in [
            ("C9", "BAD", "NOT_FOUND", "claimReference"),
            ("C1", "NONE", "NOT_FOUND", "template"),
            ("C1", "BAD", "TEMPLATE_FAILED", "template"),
            ("C1", "LOOP", "TEMPLATE_FAILED", "template"),
        ] {
            app.refused("sendMessage", json!({ "claimReference": claim, "template": code }), refusal, path).await;
        }
        let preview = "{ previewMessage(claimReference: \"C1\", template: \"BAD\") { body problem } }";
        let shown = app.ok(preview, json!({})).await["previewMessage"].take();
        assert!(shown["body"].is_null() && shown["problem"].is_string(), "{shown}");
        let input = json!({ "claimReference": "C2", "currency": "EUR", "amount": "1.00", "originalDueDate": "2026-03-31",
            "currentDueDate": "2026-04-30", "primaryDebtor": { "lastName": "Nobody", "firstName": "N", "contactPoints": [{ "kind": "PHONE", "value": "+4612345678" }] } });
        app.done("createClaim", input, "claim { id }").await;
        template(&app, "GOOD", "en", "EMAIL", Some("S"), "B").await;
        app.refused("sendMessage", json!({ "claimReference": "C2", "template": "GOOD" }), "NOT_REACHABLE", "claimReference").await;
        for (settings, path) in [
            (json!({ "email": { "address": "x", "name": "N", "host": "h", "port": 25 } }), "email.address"),
            (json!({ "email": { "address": "a@b.se", "name": "N", "host": "h", "port": 25, "user": "u" } }), "email.password"),
            (json!({ "sms": { "url": "mailto:x", "sender": "S" } }), "sms.url"),
        ] {
            app.refused("setMessageSettings", settings, "INVALID_INPUT", path).await;
        }
        let of = |reference: &str| json!({ "idempotencyKey": fresh_key(), "claimReference": reference, "template": "GOOD" });
        let shown = items("... on SendMessageSuccess { sent { status } }");
        let done = app.done("sendMessageBatch", json!({ "items": [of("C1"), of("C2"), of("C1")] }), &shown).await;
        assert_eq!((&done["succeeded"], &done["refused"]), (&json!(2), &json!(1)));
        assert_eq!(done["items"][1]["result"]["code"], "NOT_REACHABLE");
    }
}
