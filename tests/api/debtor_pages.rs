//! The debtor's page: shown to whoever has the link, in the debtor's language, and what is sent back from it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TestApp, fresh_key};
use crate::messages::claim;

async fn link(app: &TestApp, more: Value) -> Value {
    let mut input = json!({ "claimReference": "C1" });
    input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    app.done("createDebtorPageLink", input, "url expiresAt replayed").await
}

fn place(made: &Value) -> String {
    made["url"].as_str().expect("an address").to_owned()
}

/// What a browser that follows nothing gets.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

async fn get(app: &TestApp, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let answer =
        browser().get(app.url(path)).header("accept-language", "de-DE,de;q=0.9").send().await.expect("an answer");
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.expect("text"))
}

async fn post(app: &TestApp, path: &str, form: &[(&str, &str)]) -> (u16, String, String) {
    let body =
        form.iter().map(|(name, value)| format!("{name}={}", crate::app::encoded(value))).collect::<Vec<_>>().join("&");
    let request = browser().post(app.url(path)).header("content-type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.expect("an answer");
    let to = answer.headers().get("location").map(|to| to.to_str().expect("text").to_owned()).unwrap_or_default();
    (answer.status().as_u16(), to, answer.text().await.expect("text"))
}

fn csrf(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned()
}

const ANSWERS: &str = "{ claim(by: { reference: \"C1\" }) { debtorAnswers { kind amount { amount } promisedOn text } journey { status nextOn } } }";

async fn answers(app: &TestApp) -> Value {
    app.ok(ANSWERS, json!({})).await["claim"].take()
}

on_both_databases! {
    async fn the_page_says_what_is_owed_and_is_spent_by_nobody_who_looks(app: TestApp) {
        claim(&app, "C1").await;
        app.refused("createDebtorPageLink", json!({ "claimReference": "C9" }), "NOT_FOUND", "claimReference").await;
        for days in [0, 91] {
            app.refused("createDebtorPageLink", json!({ "claimReference": "C1", "validDays": days }), "INVALID_INPUT", "validDays").await;
        }
        let key = fresh_key();
        let first = link(&app, json!({ "idempotencyKey": key })).await;
        assert_eq!(first["expiresAt"], "2026-04-29T09:30:00.000000Z");
        let again = link(&app, json!({ "idempotencyKey": key })).await;
        assert_eq!((&again["replayed"], &again["expiresAt"]), (&json!(true), &first["expiresAt"]));
        assert_ne!(place(&first), place(&again));
        assert_eq!(get(&app, &place(&first)).await.0, 410, "a new address takes the place of the one before");

        let before = app.picture().await;
        for _ in 0..3 {
            let (status, headers, page) = get(&app, &place(&again)).await;
            assert_eq!(status, 200);
            // In the debtor's language, whatever the browser says.
            for text in ["<html lang=\"sv\">", "107.50&nbsp;EUR", "100.00&nbsp;EUR", "7.50&nbsp;EUR", "<dd>C1</dd>", "2026-04-30", "Lova att betala"] {
                assert!(page.contains(text), "{text}: {page}");
            }
            assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
            for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"), ("x-robots-tag", "noindex, nofollow"), ("content-type", "text/html; charset=utf-8")] {
                assert_eq!(headers[name], value);
            }
            let policy = headers["content-security-policy"].to_str().expect("text");
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"), "{policy}");
        }
        assert_eq!(app.picture().await, before);

        let token = place(&again).strip_prefix("/c/").expect("a path").to_owned();
        let turned: String = token.chars().rev().collect();
        for path in ["/c/x".to_owned(), format!("/c/{turned}"), format!("/c/{}{}", &token[..token.len() - 1], if token.ends_with('A') { "B" } else { "A" })] {
            let (status, headers, page) = get(&app, &path).await;
            assert_eq!((status, headers["cache-control"].to_str().expect("text")), (410, "no-store"));
            assert!(page.contains("Dieser Link gilt nicht mehr") && !page.contains("C1"), "{page}");
        }
        app.done("resolveClaim", json!({ "claimReference": "C1", "reason": "CLAIM_PAID" }), "claim { id }").await;
        let (status, _, page) = get(&app, &place(&again)).await;
        assert!(status == 200 && page.contains("Ärendet är avslutat") && !page.contains("<form"), "{page}");
        app.advance(Duration::from_secs(14 * 86_400));
        assert_eq!(get(&app, &place(&again)).await.0, 410);
    }

    async fn a_promise_and_a_dispute_are_taken_from_the_forms(app: TestApp) {
        let steps = json!([{ "name": "call", "waitDays": 3, "effect": { "task": "Call" } }]);
        app.done("setCollectionStrategy", json!({ "code": "SOFT", "name": "S", "steps": steps }), "replayed").await;
        claim(&app, "C1").await;
        app.done("startJourney", json!({ "claimReference": "C1", "strategy": "SOFT" }), "claim { id }").await;
        let path = place(&link(&app, json!({ "validDays": 30 })).await);
        let form = csrf(&get(&app, &path).await.2);
        let promise = format!("{path}/promise");
        let (status, to, _) = post(&app, &promise, &[("csrf", &form), ("amount", "50,00"), ("on", "2026-04-25")]).await;
        assert_eq!((status, to.as_str()), (303, format!("{path}?done=promise").as_str()));
        let (_, _, page) = get(&app, &to).await;
        assert!(page.contains("Ditt löfte är antecknat") && page.contains("Du betalar 50.00 EUR senast 2026-04-25."), "{page}");
        // Sent twice, as browsers do, it is one promise.
        assert_eq!(post(&app, &promise, &[("csrf", &form), ("amount", "50.00"), ("on", "2026-04-25")]).await.0, 303);
        let found = answers(&app).await;
        let said = json!({ "kind": "PROMISE", "amount": { "amount": "50.00" }, "promisedOn": "2026-04-25", "text": null });
        assert_eq!(found["debtorAnswers"], json!([said]));
        assert_eq!(found["journey"], json!({ "status": "RUNNING", "nextOn": "2026-04-18" }), "the promise holds it");
        let query = "{ claim(by: { reference: \"C1\" }) { promises { nodes { status byDebtor dueDate amount { amount } } } } }";
        let promised = app.ok(query, json!({})).await["claim"]["promises"]["nodes"].take();
        let open = json!({ "status": "OPEN", "byDebtor": true, "dueDate": "2026-04-25", "amount": { "amount": "50.00" } });
        assert_eq!(promised, json!([open]));

        for (form, status, told) in [
            (vec![("csrf", "x"), ("amount", "1"), ("on", "2026-04-25")], 400, "Försök igen"),
            (vec![("amount", "1"), ("on", "2026-04-25")], 400, "Försök igen"),
            (vec![("csrf", form.as_str()), ("amount", "a lot"), ("on", "2026-04-25")], 422, "Beloppet måste"),
            (vec![("csrf", form.as_str()), ("amount", "107.51"), ("on", "2026-04-25")], 422, "Beloppet måste"),
            (vec![("csrf", form.as_str()), ("amount", "0"), ("on", "2026-04-25")], 422, "Beloppet måste"),
            (vec![("csrf", form.as_str()), ("amount", "1.005"), ("on", "2026-04-25")], 422, "Beloppet måste"),
            (vec![("csrf", form.as_str()), ("amount", "1"), ("on", "2026-04-14")], 422, "Dagen måste"),
            (vec![("csrf", form.as_str()), ("amount", "1"), ("on", "2027-05-14")], 422, "Dagen måste"),
            (vec![("csrf", form.as_str()), ("amount", "1"), ("on", "tomorrow")], 422, "Dagen måste"),
        ] {
            let (answered, _, page) = post(&app, &promise, &form).await;
            assert_eq!(answered, status, "{form:?}");
            assert!(page.contains(told), "{page}");
        }
        assert_eq!(answers(&app).await["debtorAnswers"].as_array().map(Vec::len), Some(1));

        // What a debtor writes is text, on the page as well.
        let dispute = format!("{path}/dispute");
        assert_eq!(post(&app, &dispute, &[("csrf", &form), ("text", "  ")]).await.0, 422);
        assert_eq!(post(&app, &dispute, &[("csrf", &form), ("text", "a\u{7}b")]).await.0, 422);
        assert!(matches!(post(&app, &dispute, &[("csrf", &form), ("text", &"x".repeat(40_000))]).await.0, 400 | 413));
        let (status, to, _) = post(&app, &dispute, &[("csrf", &form), ("text", "<script>alert(1)</script> & paid")]).await;
        assert_eq!((status, to.as_str()), (303, format!("{path}?done=dispute").as_str()));
        let (_, _, page) = get(&app, &to).await;
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;"), "{page}");
        let found = answers(&app).await;
        assert_eq!(found["debtorAnswers"][1]["text"], "<script>alert(1)</script> & paid");
        assert_eq!(found["journey"]["status"], "PAUSED");
        let query = "{ claim(by: { reference: \"C1\" }) { history { nodes { actor events { type } } } } }";
        let history = app.ok(query, json!({})).await["claim"]["history"]["nodes"].take();
        assert_eq!(history[0], json!({ "actor": "debtor-page", "events": [{ "type": "DEBTOR_DISPUTED" }, { "type": "JOURNEY_PAUSED" }] }));

        for n in 0..20 {
            let text = format!("again {n}");
            post(&app, &dispute, &[("csrf", &form), ("text", &text)]).await;
        }
        let (status, _, page) = post(&app, &dispute, &[("csrf", &form), ("text", "once more")]).await;
        assert!(status == 422 && page.contains("ring oss"), "{page}");
        assert_eq!(answers(&app).await["debtorAnswers"].as_array().map(Vec::len), Some(20));

        app.done("resolveClaim", json!({ "claimReference": "C1", "reason": "CLAIM_PAID" }), "claim { id }").await;
        let (status, _, page) = post(&app, &promise, &[("csrf", &form), ("amount", "1"), ("on", "2026-04-25")]).await;
        assert!(status == 422 && page.contains("avslutat"), "{page}");
    }
}
