//! The table.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::documents::documents;
use super::target::Way::{self, Events, Post};

/// What is sent.
pub enum Attack {
    /// A document.
    Operation { query: String, variables: Value },
    /// A token.
    Token(String),
    /// An HTTP request as it is.
    Bytes { head: String, body: Vec<u8> },
    /// A WebSocket with headers.
    Upgrade(Vec<(&'static str, &'static str)>),
    /// Messages on a WebSocket, of somebody who is known or of a stranger.
    Messages { known: bool, messages: Vec<Message> },
}

impl Attack {
    pub fn operation(query: &str, variables: Value) -> Self {
        Self::Operation { query: query.to_owned(), variables }
    }
}

/// One attack, and what it gets on each way that it can come.
pub struct Row {
    pub name: String,
    pub attack: Attack,
    pub answers: Vec<(Way, String)>,
}

/// All of them. The tokens are those that must not be believed.
pub fn rows(tokens: &[(&'static str, String)]) -> Vec<Row> {
    let documents = documents().into_iter().map(|(name, query, variables, code)| Row {
        name: name.into(),
        attack: Attack::Operation { query, variables },
        answers: vec![
            (Post, format!("400 {code}")),
            (Events, format!("200 {code}")),
            (Way::Socket, format!("error {code}")),
        ],
    });
    let tokens = tokens.iter().map(|(name, token)| Row {
        name: format!("a token: {name}"),
        attack: Attack::Token(token.clone()),
        answers: vec![
            (Post, "401 UNAUTHENTICATED".into()),
            (Events, "401 UNAUTHENTICATED".into()),
            (Way::Socket, "close 4403".into()),
        ],
    });
    documents.chain(executed()).chain(tokens).chain(requests()).chain(upgrades()).chain(messages()).collect()
}

/// Documents that only the resolver can refuse.
fn executed() -> Vec<Row> {
    let ids: Vec<String> = (0..101).map(|n| format!("acc_{n}")).collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    vec![Row {
        name: "a list that is too long".into(),
        attack: Attack::operation(query, json!({ "ids": ids })),
        answers: vec![
            (Post, "200 OVER_LIMIT".into()),
            (Events, "200 OVER_LIMIT".into()),
            (Way::Socket, "next OVER_LIMIT".into()),
        ],
    }]
}

fn requests() -> Vec<Row> {
    let head = |first: &str, more: &str| {
        format!(
            "{first} HTTP/1.1\r\nhost: konto\r\nauthorization: Bearer {{token}}\r\nconnection: close\r\n{more}\r\n\r\n"
        )
    };
    let post = |kind: &str, more: &str, body: &[u8]| {
        let more = format!("content-type: {kind}\r\ncontent-length: {}{more}", body.len());
        (head("POST /graphql", &more), body.to_vec())
    };
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000)).repeat(9);
    let chunked = head("POST /graphql", "content-type: application/json\r\ntransfer-encoding: chunked");
    let declared = head("POST /graphql", "content-type: application/json\r\ncontent-length: 10000000");
    let json = "application/json";
    let query = br#"{"query":"mutation { closePeriod(input: { idempotencyKey: \"k\", through: \"2026-03-31\" }) { __typename } }"}"#;
    // What gzip makes of a megabyte of zeros begins like this; nobody here unpacks it.
    let zipped = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3][..], &[0xed; 1_000]].concat();
    let form =
        b"query=mutation%7BclosePeriod(input:%7BidempotencyKey:%22k%22,through:%222026-03-31%22%7D)%7B__typename%7D%7D";
    let parts = b"--x\r\ncontent-disposition: form-data; name=\"query\"\r\n\r\n{viewer{client}}\r\n--x--\r\n";
    let mutation = format!("GET /graphql?{}", String::from_utf8_lossy(form));
    let batch = [b"[".as_slice(), query, b",", query, b"]"].concat();
    let nested = format!("{{\"query\":\"{{ viewer {{ client }} }}\",\"variables\":{}", "{\"a\":".repeat(20_000));
    let variables =
        format!("{{\"query\":\"{{ viewer {{ client }} }}\",\"variables\":{{\"x\":\"{}\"}}}}", "y".repeat(300_000));
    let keys = format!("{{\"query\":\"x\",{}\"a\":0}}", "\"query\":\"x\",".repeat(10_000));
    let anonymous = "POST /graphql HTTP/1.1\r\nhost: konto\r\nconnection: close\r\ncontent-type: application/json\r\n\
                     content-length: 10000000\r\n\r\n";
    let foreign = "\r\norigin: https://evil.example\r\naccess-control-request-method: POST";
    type Sample = (&'static str, (String, Vec<u8>), &'static str);
    let rows: Vec<Sample> = vec![
        ("a body that says it is large", (declared, vec![]), "413 OVER_LIMIT"),
        ("a large body in chunks", (chunked, chunk.into_bytes()), "413 OVER_LIMIT"),
        ("a large variable", post(json, "", variables.as_bytes()), "413 OVER_LIMIT"),
        ("a large body of a stranger", (anonymous.to_owned(), vec![b' '; 100_000]), "401 UNAUTHENTICATED"),
        ("a packed body", post(json, "\r\ncontent-encoding: gzip", &zipped), "415 BAD_REQUEST"),
        ("a body packed twice", post(json, "\r\ncontent-encoding: gzip, gzip", &zipped), "415 BAD_REQUEST"),
        ("bytes that are no text", post(json, "", &[0xff; 1_000]), "400 BAD_REQUEST"),
        ("values in each other", post(json, "", nested.as_bytes()), "400 BAD_REQUEST"),
        ("a parameter many times", post(json, "", keys.as_bytes()), "400 BAD_REQUEST"),
        ("a batch", post(json, "", &batch), "400 BAD_REQUEST"),
        ("an empty batch", post(json, "", b"[]"), "400 BAD_REQUEST"),
        ("a form", post("application/x-www-form-urlencoded", "", form), "415 BAD_REQUEST"),
        ("a form of parts", post("multipart/form-data; boundary=x", "", parts), "415 BAD_REQUEST"),
        ("plain text", post("text/plain", "", query), "415 BAD_REQUEST"),
        ("plain text that names JSON", post("text/plain; application/json", "", query), "415 BAD_REQUEST"),
        ("JSON in another alphabet", post("application/json; charset=utf-16", "", query), "415 BAD_REQUEST"),
        ("a mutation by GET", (head(&mutation, ""), vec![]), "405 BAD_REQUEST"),
        (
            "a batch by GET",
            (head("GET /graphql?query=%7Bviewer%7Bclient%7D%7D&query=%7Ba%7D", ""), vec![]),
            "400 BAD_REQUEST",
        ),
        (
            "a page of another host asks first",
            (head("OPTIONS /graphql", foreign.trim_start()), vec![]),
            "405 BAD_REQUEST",
        ),
        ("a long address", (head(&format!("GET /graphql?query={}", "x".repeat(70_000)), ""), vec![]), "431"),
        ("a long header", (head("GET /graphql", &format!("x-long: {}", "x".repeat(70_000))), vec![]), "431"),
        ("many headers", (head("GET /graphql", &format!("{}x: y", "x: y\r\n".repeat(500))), vec![]), "431"),
        ("no HTTP", ("\x16\x03\x01 hello\r\n\r\n".to_owned(), vec![]), "400"),
    ];
    rows.into_iter()
        .map(|(name, (head, body), answer)| Row {
            name: name.into(),
            attack: Attack::Bytes { head, body },
            answers: vec![(Post, answer.into())],
        })
        .collect()
}

fn upgrades() -> Vec<Row> {
    [
        ("a socket from another host's page", vec![("origin", "https://evil.example")]),
        ("a socket from nowhere", vec![("origin", "null")]),
        ("a socket from a page that only looks like ours", vec![("origin", "http://127.0.0.1.evil.example")]),
    ]
    .into_iter()
    .map(|(name, headers)| Row {
        name: name.into(),
        attack: Attack::Upgrade(headers),
        answers: vec![(Way::Socket, "403".into())],
    })
    .collect()
}

fn messages() -> Vec<Row> {
    let text = |value: Value| Message::text(value.to_string());
    let large = |bytes: usize| text(json!({ "type": "ping", "payload": { "x": "y".repeat(bytes) } }));
    let subscribe = |id: &str, payload: Value| text(json!({ "type": "subscribe", "id": id, "payload": payload }));
    // Of what does not happen here, for whatever the server does by itself would be an answer.
    let endless =
        || json!({ "query": "subscription { ledgerEvents(filter: { types: [ACCOUNT_CLOSED] }) { sequence } }" });
    let deep = Message::text(format!("{{\"type\":\"ping\",\"payload\":{}", "{\"a\":".repeat(20_000)));
    [
        ("a stranger's subscription", false, vec![subscribe("a", endless())], 4401),
        ("a stranger's long message", false, vec![large(100_000)], 1009),
        ("a stranger's very long message", false, vec![large(1_000_000)], 1009),
        ("a stranger's many messages", false, vec![large(1_000); 100], 1009),
        ("a message just over the limit", true, vec![large(265_000)], 1009),
        ("a message over the limit", true, vec![large(1_000_000)], 1009),
        ("a batch in a message", true, vec![text(json!([{ "type": "ping" }]))], 4400),
        ("a batch in a subscription", true, vec![subscribe("a", json!([endless()]))], 4400),
        ("values in each other in a message", true, vec![deep], 4400),
        ("bytes in a message", true, vec![Message::binary(vec![0; 1_000])], 4400),
        ("a second init", true, vec![text(json!({ "type": "connection_init" }))], 4429),
        ("an id twice", true, vec![subscribe("a", endless()), subscribe("a", endless())], 4409),
    ]
    .into_iter()
    .map(|(name, known, messages, code)| Row {
        name: name.into(),
        attack: Attack::Messages { known, messages },
        answers: vec![(Way::Socket, format!("close {code}"))],
    })
    .collect()
}
