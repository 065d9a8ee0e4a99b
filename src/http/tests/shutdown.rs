use super::*;

#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let server = Server::with_config(|config| config.operation_time = Duration::from_millis(50)).await;
    assert_eq!(json(server.post("mutation { write(ms: 400) }")).await.0, 504);
    let query = tokio::spawn(json(server.post("{ slow(ms: 40) }")));
    let stream = server.post("subscription { endless }").header("accept", "text/event-stream").send().await;
    let stream = stream.expect("a stream");
    tokio::time::sleep(Duration::from_millis(10)).await;
    server.lifecycle.shutdown.cancel();
    assert_eq!(query.await.expect("an answer").0, 200);
    let end = stream.text().await.expect("an end");
    assert!(end.starts_with("event: next\ndata: {\"errors\":[{\"message\":\"the server is stopping; "), "{end}");
    assert!(end.contains("\"code\":\"UNAVAILABLE\"") && end.ends_with("\n\nevent: complete\ndata:\n\n"), "{end}");
    server.done.await.expect("no panic").expect("no error");
    assert_eq!(server.writes.load(Ordering::SeqCst), 1, "the mutation was waited for");
}
