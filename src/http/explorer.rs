//! The explorer: a GraphiQL page that is part of the binary, for people who want to see the API.
//!
//! `web/` holds its source and, in `web/dist/`, what a build of it made: this module embeds those
//! files, so that neither a build of Konto nor a running Konto needs Node or the internet.
//!
//! What always holds:
//!
//! * Assets are stored compressed and sent as they are, with `Content-Encoding: gzip` whatever the
//!   client says it accepts. Every browser does; another client has to ask for it
//!   (`curl --compressed`). Keeping the plain files as well would triple the size for nobody.
//! * Asset names do not change from build to build, so browsers are told to revalidate, and an
//!   `ETag` made of the content makes that a `304 Not Modified`.
//! * The page may load nothing but what this server serves and run no script but its own file. What
//!   differs between servers reaches it as data, from `/explorer/config.json`, never as markup.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Makes a token for the page to start with, or `None` where it cannot make one just now.
///
/// It is asked each time the page loads and again shortly before a token expires.
pub type TokenSource = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What differs from one server's explorer to another's.
#[derive(Clone, Default)]
pub struct ExplorerConfig {
    /// What the visitor is signed in to, as in "Signed in to demo tenant".
    pub title: String,
    /// Signs every visitor in. Only for a demo: whoever can open the page gets the token.
    /// Without it, visitors sign in with credentials of their own.
    pub token: Option<TokenSource>,
    /// What the placeholders in the saved operations' variables stand for: `account1`, `account2`
    /// and `customer1` (numbers, as in `account(by: {number: ...})`). A placeholder without a
    /// sample stays as it is, for the visitor to fill in.
    pub samples: BTreeMap<String, String>,
}

impl fmt::Debug for ExplorerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExplorerConfig")
            .field("title", &self.title)
            .field("token", &self.token.is_some())
            .field("samples", &self.samples)
            .finish()
    }
}

/// The page at `/`, its assets below `/assets/`, and its configuration at `/explorer/config.json`.
///
/// The page expects `/graphql` (POST and WebSocket) and `/oauth2/token` beside it, on the same
/// origin. It takes no state, so it merges into a router of any.
pub fn router<S>(config: ExplorerConfig) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let mut router = Router::new();
    for asset in ASSETS {
        // Hashed once, here, rather than on every request.
        let etag = etag(asset.gzip);
        router = router.route(asset.path, get(move |headers: HeaderMap| async move { asset.respond(&etag, &headers) }));
    }
    let operations: Arc<[Operation]> = SAVED.iter().map(|saved| saved.with_samples(&config.samples)).collect();
    let config = Arc::new(config);
    router
        .route("/explorer/config.json", get(move || async move { page_config(&config, &operations) }))
        .route_layer(middleware::from_fn(secure))
}

/// A file of the built page, compressed as it is sent.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    gzip: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $content_type:literal) => {
        asset!($path, $content_type, $path)
    };
    ($path:literal, $content_type:literal, $file:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            gzip: include_bytes!(concat!("../../web/dist", $file, ".gz")),
        }
    };
}

/// Everything in `web/dist/`; a test holds the two against each other.
static ASSETS: &[Asset] = &[
    asset!("/", "text/html; charset=utf-8", "/index.html"),
    asset!("/assets/explorer.js", "text/javascript; charset=utf-8"),
    asset!("/assets/explorer.css", "text/css; charset=utf-8"),
    asset!("/assets/editor.worker.js", "text/javascript; charset=utf-8"),
    asset!("/assets/graphql.worker.js", "text/javascript; charset=utf-8"),
    asset!("/assets/json.worker.js", "text/javascript; charset=utf-8"),
    asset!("/assets/codicon.ttf", "font/ttf"),
    asset!("/assets/favicon.svg", "image/svg+xml"),
    asset!("/assets/THIRD-PARTY-LICENSES.txt", "text/plain; charset=utf-8"),
];

impl Asset {
    fn respond(&self, etag: &HeaderValue, request: &HeaderMap) -> Response {
        let caching = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
        if has_current(request, etag) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        let content = [(header::CONTENT_TYPE, self.content_type), (header::CONTENT_ENCODING, "gzip")];
        (caching, content, Body::from(Bytes::from_static(self.gzip))).into_response()
    }
}

/// Whether the client says that it holds this very content. A proxy may have made the tag weak.
fn has_current(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
}

/// A strong validator: the first half of the content's SHA-256, in quotes.
fn etag(content: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(content);
    let mut tag = String::from("\"");
    for byte in digest.iter().take(16) {
        // Writing into a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What the page may do. Styles may be inline because the code editor writes its own; scripts may
/// not, nor may text become a script. The sign-in form is sent by script, so forms go nowhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";

/// Set on every answer of this module: a worker takes its policy from its own file's answer.
async fn secure(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What the page fetches at its start. May hold a token, so nothing on the way may keep it.
fn page_config(config: &ExplorerConfig, operations: &[Operation]) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct PageConfig<'a> {
        token: Option<String>,
        token_url: &'static str,
        title: &'a str,
        operations: &'a [Operation],
    }
    let page = PageConfig {
        token: config.token.as_ref().and_then(|make| make()),
        token_url: "/oauth2/token",
        title: &config.title,
        operations,
    };
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response()
}

/// An operation as the page opens it, in a tab of its own.
#[derive(Debug, Clone, Serialize)]
struct Operation {
    name: &'static str,
    query: &'static str,
    #[serde(skip_serializing_if = "Value::is_null")]
    variables: Value,
}

/// An example as it lies in `web/operations/`.
struct Saved {
    /// GraphQL with one operation. Its first line is a comment: the operation's title.
    query: &'static str,
    /// A JSON object. Strings in it may be placeholders, as `{{account1}}`.
    variables: Option<&'static str>,
}

macro_rules! saved {
    ($name:literal) => {
        Saved { query: include_str!(concat!("../../web/operations/", $name, ".graphql")), variables: None }
    };
    ($name:literal with variables) => {
        Saved {
            query: include_str!(concat!("../../web/operations/", $name, ".graphql")),
            variables: Some(include_str!(concat!("../../web/operations/", $name, ".json"))),
        }
    };
}

/// Everything in `web/operations/`, in the order of the tabs; a test holds the two against each
/// other.
static SAVED: &[Saved] = &[
    saved!("01-accounts" with variables),
    saved!("02-account" with variables),
    saved!("03-transfer" with variables),
    saved!("04-ledger-events"),
    saved!("05-trial-balance"),
    saved!("06-place-hold" with variables),
    saved!("07-capture-hold" with variables),
    saved!("08-customer" with variables),
    saved!("09-cards" with variables),
    saved!("10-authorise-card" with variables),
    saved!("09-addresses" with variables),
    saved!("20-restrictions" with variables),
    saved!("24-run-action" with variables),
];

impl Saved {
    fn title(&self) -> &'static str {
        let first = self.query.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim()
    }

    /// Variables that cannot be read are left out rather than keep the page from opening; a test
    /// makes sure that ours can be.
    fn with_samples(&self, samples: &BTreeMap<String, String>) -> Operation {
        let mut variables = self.variables.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        fill(&mut variables, samples);
        Operation { name: self.title(), query: self.query, variables }
    }
}

/// Puts samples in place of their placeholders. Works on the parsed JSON, so that a sample can
/// hold any character. `{{key}}` is none of ours: the page makes a fresh idempotency key of it.
fn fill(value: &mut Value, samples: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for (name, sample) in samples {
                *text = text.replace(&format!("{{{{{name}}}}}"), sample);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, samples)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, samples)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web");

    fn files(folder: &str) -> BTreeSet<String> {
        std::fs::read_dir(Path::new(WEB).join(folder))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    fn config(token: Option<&'static str>) -> ExplorerConfig {
        ExplorerConfig {
            title: "demo tenant".into(),
            token: token.map(|token| Arc::new(move || Some(token.to_owned())) as TokenSource),
            samples: BTreeMap::from([
                ("account1".into(), "1001".into()),
                ("account2".into(), "a \"quoted\" one".into()),
            ]),
        }
    }

    /// A server on a free port, and a client of few words: what it sends is what is compared.
    async fn ask(config: ExplorerConfig, path: &str, header: &str) -> (String, Vec<u8>) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router(config)).await });
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: konto\r\nconnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        server.abort();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head.to_lowercase(), answer[end + 4..].to_vec())
    }

    #[test]
    fn every_built_file_is_embedded() {
        let embedded: BTreeSet<String> = ASSETS
            .iter()
            .filter_map(|asset| asset.path.strip_prefix("/assets/"))
            .map(|name| format!("{name}.gz"))
            .collect();
        assert_eq!(embedded, files("dist/assets"));
        assert_eq!(files("dist"), BTreeSet::from(["index.html.gz".to_owned()]));
        for asset in ASSETS {
            assert!(asset.gzip.starts_with(&[0x1f, 0x8b]), "{} is not gzip", asset.path);
        }
    }

    #[test]
    fn every_saved_operation_is_offered_and_well_formed() {
        let queries: BTreeSet<&str> = SAVED.iter().map(|saved| saved.query).collect();
        let variables: BTreeSet<&str> = SAVED.iter().filter_map(|saved| saved.variables).collect();
        for name in files("operations") {
            let text = std::fs::read_to_string(format!("{WEB}/operations/{name}")).unwrap();
            let known = if name.ends_with(".json") { &variables } else { &queries };
            assert!(known.contains(text.as_str()), "{name} is not in the list");
        }
        for saved in SAVED {
            assert!(saved.query.starts_with("# "), "no title: {}", saved.query);
            if let Some(text) = saved.variables {
                let value: Value = serde_json::from_str(text).unwrap();
                assert!(value.is_object(), "variables of {}", saved.title());
            }
        }
    }

    #[test]
    fn samples_take_the_place_of_placeholders_and_other_placeholders_stay() {
        let mut value = json!({
            "from": {"number": "{{account1}}"}, "to": ["{{account2}}", "{{customer1}}"],
            "key": "{{key}}", "text": "to {{account1}}!", "first": 20, "none": null,
        });
        fill(&mut value, &config(None).samples);
        let expected = json!({
            "from": {"number": "1001"}, "to": ["a \"quoted\" one", "{{customer1}}"],
            "key": "{{key}}", "text": "to 1001!", "first": 20, "none": null,
        });
        assert_eq!(value, expected);
    }

    #[tokio::test]
    async fn the_page_comes_compressed_and_locked_down() {
        let (head, body) = ask(config(None), "/", "").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        for line in [
            "content-type: text/html; charset=utf-8",
            "content-encoding: gzip",
            "cache-control: no-cache",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
        ] {
            assert!(head.contains(line), "{line} missing in {head}");
        }
        let policy = head.lines().find(|line| line.starts_with("content-security-policy:"));
        assert!(policy.unwrap().contains("script-src 'self';"));
        assert!(!policy.unwrap().contains("eval"));
        assert_eq!(body, ASSETS[0].gzip);
    }

    #[tokio::test]
    async fn what_the_browser_already_has_is_not_sent_again() {
        let tag = etag(ASSETS[1].gzip);
        let tag = tag.to_str().unwrap();
        for (sent, status) in [
            (format!("if-none-match: {tag}\r\n"), "304"),
            (format!("if-none-match: \"other\", W/{tag}\r\n"), "304"),
            ("if-none-match: \"other\"\r\n".to_owned(), "200"),
            (String::new(), "200"),
        ] {
            let (head, body) = ask(config(None), ASSETS[1].path, &sent).await;
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{sent}: {head}");
            assert!(head.contains(&format!("etag: {tag}")), "{head}");
            assert_eq!(body.is_empty(), status == "304");
        }
    }

    #[tokio::test]
    async fn the_configuration_is_made_anew_for_every_visitor_and_never_kept() {
        for token in [None, Some("a.b.c")] {
            let (head, body) = ask(config(token), "/explorer/config.json", "").await;
            assert!(head.contains("cache-control: no-store"), "{head}");
            assert!(head.contains("content-type: application/json"), "{head}");
            let page: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(page["token"], json!(token));
            assert_eq!(page["tokenUrl"], "/oauth2/token");
            assert_eq!(page["title"], "demo tenant");
            let operations = page["operations"].as_array().unwrap();
            assert_eq!(operations.len(), SAVED.len());
            assert_eq!(operations[1]["variables"], json!({"account": {"number": "1001"}}));
            assert!(operations[3].get("variables").is_none());
        }
    }

    #[tokio::test]
    async fn only_what_is_embedded_is_served() {
        let (head, _) = ask(config(None), "/assets/../Cargo.toml", "").await;
        assert!(head.starts_with("http/1.1 404"), "{head}");
    }
}
