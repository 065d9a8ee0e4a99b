//! Back-pressure: who does not read is cut off, and nobody else notices.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::app::{FIRST_EVENTS, Sent, TestApp};

/// How long a consumer may leave its queue standing.
const DRAIN: Duration = Duration::from_secs(2);

/// Events that are large, so that what the kernels hold between the two ends fills up soon.
const WIDE: &str = "subscription($after: Cursor) { ledgerEvents(after: $after) {
    cursor sequence entry { metadata a: metadata b: metadata c: metadata d: metadata e: metadata f: metadata g: metadata h: metadata } } }";

/// The sequence of the customer that [`crowd`] begins with.
const FIRST: u64 = FIRST_EVENTS + 1;
/// The sequence of the last event of [`crowd`].
const LAST: u64 = FIRST + 151;

/// A log of 152 events behind the tenant's first ones, of which a reader of everything takes more than 15 MB. Gives the
/// cursor of the first of them.
async fn crowd(app: &TestApp) -> Value {
    app.restart_with(|settings| settings.http.stream.drain_time = DRAIN).await;
    let account = app.account("current").await;
    let mut first =
        app.ok("{ events(first: 1, filter: { types: [CUSTOMER_CREATED] }) { edges { cursor } } }", json!({})).await;
    let note = "x".repeat(14_000);
    for _ in 0..150 {
        let input = json!({ "account": account.by(), "amount": { "amount": "1.00", "currency": "EUR" },
            "channel": "CASH", "metadata": { "note": note } });
        app.done("postPayment", input, "replayed").await;
    }
    first["events"]["edges"][0]["cursor"].take()
}

/// Who leaves the queue standing for the drain time is cut off; it is told why when it reads on before as much
/// time again has gone by.
fn between_cut_off_and_drop(since: Instant) -> Instant {
    since + DRAIN + DRAIN / 2
}

on_both_databases! {
    async fn a_socket_that_does_not_read_is_cut_off_and_resumes_from_its_cursor(app: TestApp) {
        let first = crowd(&app).await;
        let (mut slow, since) = (app.socket().await, Instant::now());
        slow.subscribe("a", WIDE, json!({ "after": first })).await;
        let mut brisk = app.socket().await;
        let narrow = "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence } }";
        brisk.subscribe("a", narrow, json!({ "after": first })).await;
        for sequence in FIRST + 1..=LAST {
            assert_eq!(brisk.next_data().await["ledgerEvents"]["sequence"], json!(sequence.to_string()));
        }
        sleep_until(between_cut_off_and_drop(since)).await;
        let (mut read, mut cursor) = (FIRST, Value::Null);
        let last = loop {
            let mut message = slow.hear().await;
            if message["type"] != "next" {
                break message;
            }
            let event = message["payload"]["data"]["ledgerEvents"].take();
            read += 1;
            assert_eq!(event["sequence"], json!(read.to_string()));
            cursor = event["cursor"].clone();
        };
        let told = &last["payload"][0]["extensions"];
        assert_eq!((&last["type"], &told["code"], &told["cursor"]), (&json!("error"), &json!("TOO_SLOW"), &cursor));
        assert_eq!(slow.hear().await, json!([4413, "Slow consumer: resume from your last cursor"]));
        assert!(read < LAST, "it was never cut off");
        assert_eq!(crate::metrics::slow_consumers(&app).await, 1);
        let mut again = app.socket().await;
        again.subscribe("a", WIDE, json!({ "after": cursor })).await;
        while read < LAST {
            read += 1;
            assert_eq!(again.next_data().await["ledgerEvents"]["sequence"], json!(read.to_string()));
        }
        app.customer().await;
        assert_eq!(brisk.next_data().await["ledgerEvents"]["sequence"], json!((LAST + 1).to_string()));
    }

    async fn an_event_stream_that_is_not_read_is_cut_off_and_resumes_from_its_cursor(app: TestApp) {
        let first = crowd(&app).await;
        let (mut slow, since) = (app.events(WIDE, json!({ "after": first })).await, Instant::now());
        sleep_until(between_cut_off_and_drop(since)).await;
        let (mut read, mut cursor) = (FIRST, Value::Null);
        let last = loop {
            let Sent::Next(mut result) = slow.next().await else { panic!("complete without a reason") };
            if result.get("errors").is_some() {
                let told = result["errors"][0]["extensions"].take();
                assert_eq!(told["cursor"], cursor);
                break told["code"].clone();
            }
            let event = result["data"]["ledgerEvents"].take();
            read += 1;
            assert_eq!(event["sequence"], json!(read.to_string()));
            cursor = event["cursor"].clone();
        };
        assert_eq!((last, slow.next().await), (json!("TOO_SLOW"), Sent::Complete));
        assert!(read < LAST, "it was never cut off");
        assert_eq!(crate::metrics::slow_consumers(&app).await, 1);
        let mut again = app.events(WIDE, json!({ "after": cursor })).await;
        while read < LAST {
            read += 1;
            assert_eq!(again.next_data().await["ledgerEvents"]["sequence"], json!(read.to_string()));
        }
    }
}
