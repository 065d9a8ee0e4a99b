use super::*;

async fn events(request: reqwest::RequestBuilder) -> (u16, String, String) {
    let response = request.header("accept", "text/event-stream").send().await.expect("an answer");
    let kind = response.headers()["content-type"].to_str().expect("a type").to_owned();
    (response.status().as_u16(), kind, response.text().await.expect("a text"))
}

#[tokio::test]
async fn each_result_is_an_event_and_the_last_completes() {
    let server = Server::start().await;
    let (status, kind, text) = events(server.post("subscription { count(to: 3) }")).await;
    assert_eq!((status, &*kind), (200, "text/event-stream; charset=utf-8"));
    let next = |n| {
        let cost = r#""extensions":{"cost":{"complexity":1,"depth":1}}"#;
        format!("event: next\ndata: {{\"data\":{{\"count\":{n}}},{cost}}}\n\n")
    };
    assert_eq!(text, format!("{}{}{}event: complete\ndata:\n\n", next(1), next(2), next(3)));

    for (query, starts) in [
        ("{ hello }", "event: next\ndata: {\"data\":{\"hello\":\"world\"}"),
        ("mutation { write(ms: 0) }", "event: next\ndata: {\"data\":{\"write\":1}"),
        ("{ unknown }", "event: next\ndata: {\"errors\":[{\"message\":\"there is no field"),
        ("{", "event: next\ndata: {\"errors\":["),
        ("subscription { forbidden }", "event: next\ndata: {\"errors\":[{\"message\":\"this takes a token with"),
    ] {
        let (status, _, text) = events(server.post(query)).await;
        assert!(status == 200 && text.starts_with(starts), "{query}: {text}");
        assert!(text.ends_with("\n\nevent: complete\ndata:\n\n"), "{query}: {text}");
    }
    let (_, _, text) = events(server.get("query=subscription%7Bcount(to:1)%7D")).await;
    assert!(text.contains("\"count\":1"), "{text}");
    let (_, _, text) = events(server.post("subscription { leftBehind }")).await;
    assert!(text.contains("\"TOO_SLOW\"") && !text.contains(":3}"), "{text}");
    let (status, kind, _) = events(reqwest::Client::new().get(server.url("/graphql?query=%7Bhello%7D"))).await;
    assert_eq!((status, &*kind), (401, "application/json; charset=utf-8"));
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_is_alive_and_ends_with_its_token() {
    let server = Server::with_config(|config| config.stream.keep_alive = Duration::from_millis(50)).await;
    let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth("short");
    let body = serde_json::json!({ "query": "subscription { endless }" });
    let stream = tokio::spawn(events(request.json(&body)));
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.set_clock(1_000);
    let (_, _, text) = stream.await.expect("a text");
    assert!(text.starts_with(":\n\n:\n\n"), "{text}");
    assert!(text.contains("\"code\":\"UNAUTHENTICATED\"") && text.ends_with("event: complete\ndata:\n\n"), "{text}");
}

#[tokio::test]
async fn streams_are_bounded_in_number() {
    let server = Server::with_config(|config| config.streams = 1).await;
    let open = server.post("subscription { endless }").header("accept", "text/event-stream").send().await;
    let open = open.expect("a stream");
    let (status, ..) = events(server.post("subscription { endless }")).await;
    assert_eq!(status, 503);
    drop(open);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (status, ..) = events(server.post("subscription { count(to: 1) }")).await;
    assert_eq!(status, 200);
}
