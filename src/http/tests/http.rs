use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const GRAPHQL: &str = "application/graphql-response+json";
const PLAIN: &str = "application/json";

#[tokio::test]
async fn the_status_follows_the_media_type() {
    let server = Server::start().await;
    for (query, graphql, plain, code) in [
        ("{ hello }", 200, 200, None),
        ("{", 400, 200, Some("BAD_REQUEST")),
        ("{ unknown }", 400, 200, Some("BAD_REQUEST")),
        ("query($a: ID!) { hello }", 400, 200, Some("BAD_REQUEST")),
        ("{ even(number: 3) }", 400, 200, Some("BAD_REQUEST")),
        ("query($n: Even!) { even(number: $n) }", 400, 200, Some("BAD_REQUEST")),
        ("query A { hello } query B { hello }", 400, 200, Some("BAD_REQUEST")),
        ("mutation { write(ms: 0) write(ms: 0) }", 400, 200, Some("BAD_REQUEST")),
        (&format!("{{ {} }}", "a { ".repeat(13)), 400, 200, Some("BAD_REQUEST")),
        ("{ broken }", 200, 200, Some("INTERNAL")),
        ("{ worded }", 200, 200, Some("INTERNAL")),
        ("{ fault }", 200, 200, Some("FORBIDDEN")),
        ("{ required }", 200, 200, Some("UNAVAILABLE")),
        ("{ panics }", 500, 500, Some("INTERNAL")),
        ("subscription { endless }", 406, 406, Some("BAD_REQUEST")),
    ] {
        for (accept, status) in [(GRAPHQL, graphql), (PLAIN, plain)] {
            let response = server.post(query).header("accept", accept).send().await.expect("an answer");
            assert_eq!(response.status().as_u16(), status, "{accept}: {query}");
            let kind = response.headers()["content-type"].to_str().expect("a type").to_owned();
            assert_eq!(kind, format!("{accept}; charset=utf-8"));
            let id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
            let body: Value = response.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"].as_str(), code, "{query}: {body}");
            assert!(!body.to_string().contains("secret"), "{body}");
            if code.is_some() {
                assert_eq!(body["errors"][0]["extensions"]["requestId"], id);
            }
            let executed = matches!(code, None | Some("INTERNAL" | "FORBIDDEN" | "UNAVAILABLE")) && status == 200;
            assert_eq!(body.get("data").is_some(), executed, "{query}: {body}");
            // What was reached has a path, and data, be it null; what was not has neither.
            let reached = body["errors"][0].get("path").is_some();
            assert!(code.is_none() || status == 500 || status == 406 || reached == executed, "{query}: {body}");
        }
    }
    assert_eq!(server.writes(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_a_400_with_both_types() {
    let server = Server::start().await;
    for body in ["", "{", "[]", r#"[{"query":"{ hello }"}]"#, "{}", r#"{"query":7}"#, r#"{"query":"","variables":""}"#]
    {
        for accept in [GRAPHQL, PLAIN] {
            let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth("good").body(body);
            let (status, answer) = json(request.header("content-type", PLAIN).header("accept", accept)).await;
            assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (400, &json!("BAD_REQUEST")), "{body}");
        }
    }
    let bytes = [&b"{\"query\":\"{ \xff }\"}"[..]].concat();
    let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth("good").body(bytes);
    assert_eq!(json(request.header("content-type", PLAIN)).await.0, 400);
}

#[tokio::test]
async fn methods_and_types() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let method = method.parse().expect("a method");
        let response = client.request(method, server.url("/graphql")).send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), response.headers()["allow"].as_bytes()),
            (405, b"GET, POST".as_slice())
        );
    }
    let form = client.post(server.url("/graphql")).bearer_auth("good").header("content-type", "text/plain");
    assert_eq!(form.body(r#"{"query":"{ hello }"}"#).send().await.expect("an answer").status(), 415);
    assert_eq!(client.post(server.url("/graphql")).body("{}").send().await.expect("an answer").status(), 415);
    assert_eq!(server.post("{ hello }").header("accept", "text/html").send().await.expect("an answer").status(), 406);

    let (status, body) = json(server.get("query=%7Bhello%7D")).await;
    assert_eq!((status, &body["data"]["hello"]), (200, &json!("world")));
    let response = server.get("query=mutation%7Bwrite(ms:0)%7D").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["allow"].as_bytes()), (405, b"POST".as_slice()));
    let named = "query=query%20A%7Bhello%7Dquery%20B%7Bslow(ms:0)%7D&operationName=B&variables=%7B%7D";
    assert_eq!(json(server.get(named)).await.1["data"], json!({ "slow": 0 }));
    assert_eq!(server.writes(), 0);
}

#[tokio::test]
async fn nothing_is_answered_to_nobody() {
    let server = Server::start().await;
    for (token, status, challenge) in [
        (None, 401, Some("Bearer")),
        (Some("Basic good"), 401, Some("Bearer")),
        (Some("Bearer "), 401, Some("Bearer")),
        (Some("Bearer bad"), 401, Some("Bearer error=\"invalid_token\"")),
        (Some("Bearer late"), 401, Some("Bearer error=\"invalid_token\"")),
        (Some("Bearer down"), 503, None),
        (Some("bearer good"), 200, None),
        (Some("good"), 200, None),
        (Some(" good "), 200, None),
        (Some("bad"), 401, Some("Bearer error=\"invalid_token\"")),
        (Some("basic"), 401, Some("Bearer")),
        (Some(""), 401, Some("Bearer")),
        (Some("Bearer bearer good"), 401, Some("Bearer error=\"invalid_token\"")),
    ] {
        let mut request = reqwest::Client::new().post(server.url("/graphql"));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let introspection = json!({ "query": "{ __schema { queryType { name } } }" });
        let response = request.json(&introspection).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{token:?}");
        let found = response.headers().get("www-authenticate").map(|value| value.to_str().expect("text"));
        assert_eq!(found, challenge);
    }
}

#[tokio::test]
async fn resolvers_find_who_asks_and_the_answer_repeats_the_id() {
    let server = Server::start().await;
    for (given, kept) in [("my-id_7", true), ("", false), ("a b", false), (&*"x".repeat(65), false)] {
        let response = server.post("{ who }").header("x-request-id", given).send().await.expect("an answer");
        let id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
        assert_eq!(id == given, kept, "{given}");
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body["data"]["who"], format!("good {id}"));
        assert_eq!(body["extensions"]["cost"], json!({ "complexity": 1, "depth": 1 }));
    }
    for path in ["/", "/health/live", "/health/ready", "/nowhere"] {
        let response = reqwest::get(server.url(path)).await.expect("an answer");
        assert!(response.headers().contains_key("x-request-id"), "{path}");
        assert_eq!(response.status().as_u16(), if path == "/nowhere" { 404 } else { 200 });
    }
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_time() {
    let server = Server::with_config(|config| {
        config.body_bytes = 1_000;
        config.bulk_body_bytes = 2_000;
        config.body_time = Duration::from_millis(100);
    })
    .await;
    for (token, length, status) in
        [("good", 900, 200), ("good", 1_001, 413), ("bulk", 1_900, 200), ("bulk", 2_001, 413)]
    {
        let start = r#"{"query":"{ hello }"}"#;
        let body = format!("{start}{}", " ".repeat(length - start.len()));
        let post = |body: reqwest::Body| {
            let request = reqwest::Client::new().post(server.url("/graphql")).bearer_auth(token);
            json(request.header("content-type", "application/json").body(body))
        };
        let (found, answer) = post(body.into()).await;
        assert_eq!(found, status, "{token} {length}");
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), (status == 413).then_some("OVER_LIMIT"));
    }
    let long = format!("query=%7Bhello%7D&x={}", "x".repeat(1_000));
    assert_eq!(json(server.get(&long)).await.0, 414);
    let head = "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\n";
    for (rest, status) in [
        ("content-length: 50\r\n\r\n{", "HTTP/1.1 408"),
        (&*format!("transfer-encoding: chunked\r\n\r\n7d0\r\n{}\r\n0\r\n\r\n", " ".repeat(2_000)), "HTTP/1.1 413"),
    ] {
        let mut socket = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
        socket.write_all(format!("{head}{rest}").as_bytes()).await.expect("a write");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer, then the end of the connection");
        assert!(answer.starts_with(status), "{answer}");
    }
}

#[tokio::test]
async fn slow_operations_time_out_and_mutations_complete_all_the_same() {
    let server = Server::with_config(|config| {
        config.operation_time = Duration::from_millis(100);
        config.bulk_operation_time = Duration::from_secs(10);
    })
    .await;
    let (status, body) = json(server.post("{ slow(ms: 5000) }")).await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (504, &json!("TIMEOUT")));
    let (status, body) = json(server.post("mutation { write(ms: 300) }")).await;
    assert_eq!(status, 504);
    assert!(body["errors"][0]["message"].as_str().expect("a message").contains("same idempotency key"));
    // A client that hangs up does not stop it either.
    let hangs_up = server.post("mutation { write(ms: 300) }").timeout(Duration::from_millis(50)).send().await;
    assert!(hangs_up.is_err());
    assert_eq!(server.writes(), 0);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(server.writes(), 2);
    let bulk = reqwest::Client::new().post(server.url("/graphql")).bearer_auth("bulk");
    assert_eq!(json(bulk.json(&json!({ "query": "{ slow(ms: 200) }" }))).await.0, 200);
}

#[tokio::test]
async fn rates_and_places_are_bounded() {
    let server =
        Server::with_config(|config| config.rate = RateConfig { per_second: 1, burst: 3, principals: 10 }).await;
    assert_eq!(json(server.post("{ a: hello b: hello c: hello }")).await.0, 200);
    let response = server.post("{ a: hello b: hello }").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (429, b"2".as_slice()));
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    let other = reqwest::Client::new().post(server.url("/graphql")).bearer_auth("bulk");
    assert_eq!(json(other.json(&json!({ "query": "{ hello }" }))).await.0, 200);

    let server = Server::with_config(|config| config.in_flight = 1).await;
    let slow = tokio::spawn(json(server.post("{ slow(ms: 400) }")));
    tokio::time::sleep(Duration::from_millis(150)).await;
    let response = server.post("{ hello }").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, b"1".as_slice()));
    assert_eq!(slow.await.expect("an answer").0, 200);
    assert_eq!(json(server.post("{ hello }")).await.0, 200);

    // The posting path's own refusal is not to be told from the transport's.
    let response = server.post("{ crowded }").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, b"1".as_slice()));
    let body: Value = response.json().await.expect("JSON");
    let error = &body["errors"][0];
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["retryAfter"], body.get("data")),
        (&json!("OVERLOADED"), &json!(1), None)
    );
}

#[tokio::test]
async fn trusted_documents_may_be_the_only_ones() {
    let trusted = || TrustedDocuments::new(["{ hello }".to_owned()]);
    let hash = "sha256:".to_owned() + trusted::hash("{ hello }").as_str();
    let open = Server::with(HttpConfig::default(), trusted()).await;
    let closed = Server::with(HttpConfig { trusted_only: true, ..HttpConfig::default() }, trusted()).await;
    let persisted = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": &hash[7..] } } });
    for (body, in_open, in_closed) in [
        (json!({ "documentId": hash }), 200, 200),
        (persisted, 200, 200),
        (json!({ "query": "{ hello }" }), 200, 200),
        (json!({ "query": "{ who }" }), 200, 400),
        (json!({ "documentId": "sha256:00" }), 400, 400),
    ] {
        assert_eq!(json(open.post_json(body.clone())).await.0, in_open, "{body}");
        assert_eq!(json(closed.post_json(body.clone())).await.0, in_closed, "{body}");
    }
}
