//! What tests of documents do over HTTP.

use std::path::Path;

use base64::Engine as _;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{Answer, TestApp, fresh_key};

pub const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

pub const ALL: &str =
    "id status name mediaType size sha256 kind subject node { id } historyItem addedBy retainUntil legalHold
    createdAt removedAt downloadUrl";

/// The mutation that adds a document.
pub fn adding() -> String {
    format!(
        "mutation($input: AddDocumentInput!) {{ addDocument(input: $input) {{ __typename
            ... on AddDocumentSuccess {{ replayed document {{ {ALL} }} }}
            ... on Refusal {{ code message fields {{ path message }} }} }} }}"
    )
}

/// A part of a form.
pub struct Part<'a> {
    pub head: String,
    pub body: &'a [u8],
}

/// A part with text in it.
pub fn text<'a>(name: &str, body: &'a str) -> Part<'a> {
    Part { head: format!("Content-Disposition: form-data; name=\"{name}\""), body: body.as_bytes() }
}

/// A part with a file in it.
pub fn file<'a>(name: &str, file: &str, media_type: &str, body: &'a [u8]) -> Part<'a> {
    let head =
        format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: {media_type}");
    Part { head, body }
}

const BOUNDARY: &str = "----konto-tests";

/// A form of parts, ended or broken off.
pub fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend(format!("--{BOUNDARY}\r\n{}\r\n\r\n", part.head).bytes());
        body.extend(part.body);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

/// A request with files, with these headers beside the token.
pub async fn ask(app: &TestApp, body: Vec<u8>, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = app.http().post(app.url("/graphql")).header("accept", "application/graphql-response+json");
    request = request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = app.token().await {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer")
}

/// Adds a document with its file.
pub async fn upload(app: &TestApp, mut input: Value, name: &str, media_type: &str, bytes: &[u8]) -> Answer {
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(fresh_key());
    }
    input["file"] = Value::Null;
    let operations = json!({ "query": adding(), "variables": { "input": input } }).to_string();
    let map = json!({ "0": ["variables.input.file"] }).to_string();
    let body = form(&[text("operations", &operations), text("map", &map), file("0", name, media_type, bytes)]);
    Answer::read(ask(app, body, &[("graphql-require-preflight", "1")]).await).await
}

/// The success of one that must succeed.
pub async fn added(app: &TestApp, input: Value, name: &str, media_type: &str, bytes: &[u8]) -> Value {
    let result = upload(app, input, name, media_type, bytes).await.data()["addDocument"].take();
    assert_eq!(result["__typename"], "AddDocumentSuccess", "{result}");
    result
}

/// Where the content of what was added is fetched.
pub fn link(made: &Value) -> String {
    made["document"]["downloadUrl"].as_str().expect("a link").to_owned()
}

/// What is behind a link: status, headers, bytes.
pub async fn fetch(app: &TestApp, link: &str) -> (u16, HeaderMap, Vec<u8>) {
    let response = app.http().get(app.url(link)).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.expect("bytes").to_vec())
}

/// Sends a file to a link: status, and what is said.
pub async fn send(app: &TestApp, link: &str, media_type: &str, bytes: &[u8]) -> (u16, Value) {
    let request = app.http().put(app.url(link)).header("content-type", media_type).body(bytes.to_vec());
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// How many files are below a folder.
pub fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_in(&path) } else { 1 }
    };
    entries.map(count).sum()
}
