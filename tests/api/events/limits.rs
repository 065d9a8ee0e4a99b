//! Back-pressure: who does not read is cut off, and nobody else notices.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;

/// How long a consumer may leave its queue standing.
const DRAIN: Duration = Duration::from_secs(2);

/// Events that are large, so that what the kernels hold between the two ends fills up soon.
const WIDE: &str = "subscription($after: Cursor) { ledgerEvents(after: $after) {
    cursor sequence entry { metadata a: metadata b: metadata c: metadata d: metadata e: metadata f: metadata g: metadata h: metadata } } }";

on_both_databases! {
    async fn a_consumer_that_does_not_read_is_cut_off_and_resumes_from_its_cursor(app: TestApp) {
        app.restart_with(|settings| settings.http.stream.drain_time = DRAIN).await;
        let account = app.account("current").await;
        let mut first = app.ok("{ events(first: 1) { edges { cursor } } }", json!({})).await;
        let first = first["events"]["edges"][0]["cursor"].take();
        let note = "x".repeat(14_000);
        for _ in 0..150 {
            let input = json!({ "account": account.by(), "amount": { "amount": "1.00", "currency": "EUR" },
                "channel": "CASH", "metadata": { "note": note } });
            app.done("postPayment", input, "replayed").await;
        }
        // 150 events of more than 100 kB each wait for a reader that does not come.
        let mut slow = app.socket().await;
        let since = tokio::time::Instant::now();
        slow.subscribe("a", WIDE, json!({ "after": first })).await;
        let mut brisk = app.socket().await;
        brisk.subscribe("a", "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence } }", json!({ "after": first })).await;
        for sequence in 2..=152 {
            assert_eq!(brisk.next_data().await["ledgerEvents"]["sequence"], json!(sequence.to_string()));
        }
        // It is cut off when the queue has stood for that long, and dropped when it has not heard for as long again.
        tokio::time::sleep_until(since + DRAIN + DRAIN / 2).await;
        let (mut read, mut cursor) = (1, Value::Null);
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
        assert_eq!(last, json!([4413, "Slow consumer: resume from your last cursor"]));
        assert!(read < 152, "it was never cut off");
        let mut again = app.socket().await;
        again.subscribe("a", WIDE, json!({ "after": cursor })).await;
        while read < 152 {
            read += 1;
            assert_eq!(again.next_data().await["ledgerEvents"]["sequence"], json!(read.to_string()));
        }
        app.pay_in(&account, "1.00").await;
        assert_eq!(brisk.next_data().await["ledgerEvents"]["sequence"], "153");
    }
}
