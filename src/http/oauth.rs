//! The token endpoint (RFC 6749, client credentials), the public keys, and the metadata that leads to both.
//!
//! `POST /oauth2/token`, `GET /.well-known/jwks.json`, `GET /.well-known/oauth-authorization-server`.

use std::pin::Pin;

use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AuthFailure, Authenticate};
use crate::access::{Access, OAuthError, Principal, Scope, TokenRequest};

/// A token request is a few hundred bytes.
const BODY_LIMIT: usize = 8 * 1024;

/// The routes of this module.
pub fn router(access: Access) -> Router {
    Router::new()
        .route("/oauth2/token", post(token).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .with_state(access)
}

/// The callers of the API learn no more than "invalid"; the reason is for the log.
impl Authenticate for Access {
    fn verify<'a>(
        &'a self,
        bearer: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Principal, AuthFailure>> + Send + 'a>> {
        Box::pin(async move {
            Self::verify(self, bearer).await.map_err(|error| {
                if error.is_refusal() {
                    tracing::debug!(reason = %error, "a token was refused");
                    AuthFailure::Invalid
                } else {
                    tracing::error!(cause = %error, "a token could not be verified");
                    AuthFailure::Unavailable
                }
            })
        })
    }
}

/// The parameters of a token request. One that is repeated makes the form unreadable, as it should (RFC 6749,
/// section 3.2); one that is empty counts as absent.
#[derive(Deserialize)]
struct TokenForm {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
    customer: Option<String>,
}

fn given(parameter: Option<String>) -> Option<String> {
    parameter.filter(|text| !text.is_empty())
}

async fn token(
    State(access): State<Access>,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Response {
    let is_challenged = headers.get(header::AUTHORIZATION).is_some_and(is_basic) && !is_from_a_page(&headers);
    let request = match form {
        Ok(Form(form)) => token_request(&headers, form),
        Err(rejection) => Err(unreadable(&rejection)),
    };
    let answer = match request {
        Ok(request) => access.token(request).await.map_err(Refusal::from),
        Err(refusal) => Err(refusal),
    };
    let mut response = match answer {
        Ok(issued) => Json(json!({
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": issued.scope,
        }))
        .into_response(),
        Err(refusal) => refusal.into_response(),
    };
    if response.status() == StatusCode::UNAUTHORIZED && is_challenged {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Checks the form and finds the credentials: in the header or in the form, not in both.
fn token_request(headers: &HeaderMap, form: TokenForm) -> Result<TokenRequest, Refusal> {
    match given(form.grant_type).as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(Refusal::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", UNSUPPORTED)),
        None => return Err(Refusal::invalid_request("'grant_type' is missing")),
    }
    let in_form = (given(form.client_id), given(form.client_secret));
    let (client_id, client_secret) = match (headers.get(header::AUTHORIZATION), in_form) {
        (Some(_), (_, Some(_))) => {
            return Err(Refusal::invalid_request("the client authenticates in the header and in the form"));
        }
        (Some(value), (form_id, None)) => {
            let basic = basic_credentials(value).ok_or_else(Refusal::invalid_client)?;
            if form_id.is_some_and(|form_id| form_id != basic.0) {
                return Err(Refusal::invalid_request("the header and the form name different clients"));
            }
            basic
        }
        (None, (Some(client_id), Some(client_secret))) => (client_id, client_secret),
        (None, _) => return Err(Refusal::invalid_client()),
    };
    Ok(TokenRequest { client_id, client_secret, scope: given(form.scope), customer: given(form.customer) })
}

/// For who authenticates in the header, as RFC 6749, section 5.2 asks. Not for who does so in the form, nor for a page in
/// a browser, however it does: on this challenge the browser would ask for a password itself, before the page learns of
/// the answer.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="konto", charset="UTF-8""#);

fn is_basic(credentials: &HeaderValue) -> bool {
    let scheme = credentials.to_str().ok().and_then(|text| text.split(' ').next());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
}

/// Whether a page in a browser asks: browsers say so themselves (`Sec-Fetch-*`, and `Origin` with each POST), and older
/// libraries for them (`X-Requested-With`). Whoever else sends one of these misses a challenge that tells it nothing new.
fn is_from_a_page(headers: &HeaderMap) -> bool {
    ["sec-fetch-mode", "sec-fetch-site", "origin", "x-requested-with"].iter().any(|name| headers.contains_key(*name))
}

const UNSUPPORTED: &str = "the only grant is client_credentials";

/// The client id and secret of a Basic header. Each is form-encoded before it is base64-encoded (RFC 6749,
/// section 2.3.1).
fn basic_credentials(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((form_decoded(client_id)?, form_decoded(secret)?))
}

/// `%41` is `A`. Many clients do not encode at all, so what makes no sense encoded stands for itself: a `%`
/// without two digits, and a `+`, since no client id and no secret has a space.
fn form_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                hex(*high) << 4 | hex(*low)
            }
            (byte, _) => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit.to_ascii_lowercase() - b'a') + 10,
    }
}

/// A refusal in the form of RFC 6749, section 5.2.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after_seconds: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), retry_after_seconds: None }
    }

    fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn invalid_client() -> Self {
        OAuthError::InvalidClient.into()
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        let description = error.to_string();
        match error {
            OAuthError::InvalidRequest(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", description),
            OAuthError::InvalidClient => Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description),
            OAuthError::InvalidScope => Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description),
            OAuthError::TooManyFailures { retry_after_seconds } => Self {
                retry_after_seconds: Some(retry_after_seconds),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", description)
            },
            OAuthError::Busy => Self {
                retry_after_seconds: Some(1),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
            },
            OAuthError::Unavailable(cause) => {
                tracing::error!(%cause, "no token could be issued");
                Self {
                    retry_after_seconds: Some(1),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
                }
            }
            OAuthError::Fault(cause) => {
                tracing::error!(%cause, "no token could be issued");
                let hidden = "something went wrong on our side";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", hidden)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.description }));
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn unreadable(rejection: &FormRejection) -> Refusal {
    match rejection {
        FormRejection::InvalidFormContentType(_) => {
            Refusal::invalid_request("the content type is not application/x-www-form-urlencoded")
        }
        FormRejection::BytesRejection(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "the form is larger than 8 kB")
        }
        _ => Refusal::invalid_request("the form cannot be read, or repeats a parameter"),
    }
}

/// Short enough that a new key is soon seen and a retired one forgotten; who meets an unknown key asks again anyway.
const PUBLIC_FOR_A_MINUTE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));

async fn jwks(State(access): State<Access>) -> Response {
    ([PUBLIC_FOR_A_MINUTE], Json(access.jwks().await)).into_response()
}

/// RFC 8414. There is no authorization endpoint, hence no response types.
async fn metadata(State(access): State<Access>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let base = match (access.public_url(), host) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(host)) => format!("http://{host}"),
        (None, None) => String::new(),
    };
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.word()).collect();
    let document: Value = json!({
        "issuer": access.issuer(),
        "token_endpoint": format!("{base}/oauth2/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "scopes_supported": scopes,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    Json(document).into_response()
}

/// A host and perhaps a port, so that nothing else gets into the addresses of the document.
fn is_host(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    !text.is_empty() && text.len() <= 255 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::{AccessConfig, ClientSecret, NewClient};
    use crate::database::Database;
    use crate::primitives::{Clock, IdSource};

    struct Server {
        base: String,
        http: reqwest::Client,
        access: Access,
        _folder: crate::access::testing::Folder,
    }

    /// A server with the tenant `acme` and its client `web`, which may read and subscribe.
    async fn server() -> Server {
        let (folder, db) = crate::access::testing::database().await;
        let clock = Clock::system();
        let access = start(db, &clock).await;
        let all = access
            .bootstrap_client("acme:everything:secret-of-all", crate::work::Settings::default(), |_, _| {
                Box::pin(async { Ok(()) })
            })
            .await;
        let web = NewClient {
            client_id: "web".into(),
            secret: Some(ClientSecret::given("right+%secret").expect("a secret")),
            scopes: BTreeSet::from([Scope::Read, Scope::Subscribe]),
            customer: None,
        };
        access.create_client(all.expect("a tenant").tenant, web).await.expect("a client");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let app = router(access.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        Server { base, http, access, _folder: folder }
    }

    async fn start(db: Database, clock: &Clock) -> Access {
        let ids = IdSource::seeded(clock.clone(), 1);
        Access::start(db, clock.clone(), ids, AccessConfig::default()).await.expect("access")
    }

    impl Server {
        fn post(&self, form: &str) -> reqwest::RequestBuilder {
            self.http
                .post(format!("{}/oauth2/token", self.base))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.to_owned())
        }

        async fn get(&self, path: &str) -> Value {
            let response = self.http.get(format!("{}{path}", self.base)).send().await.expect("an answer");
            assert_eq!(response.status(), 200);
            response.json().await.expect("JSON")
        }
    }

    const RIGHT: &str = "client_id=web&client_secret=right%2B%25secret";

    #[tokio::test]
    async fn right_credentials_get_a_token_that_verifies() {
        let server = server().await;
        let grant = "grant_type=client_credentials";
        let requests = [
            (server.post(&format!("{grant}&{RIGHT}")), "read subscribe"),
            (server.post(&format!("{grant}&{RIGHT}&scope=")), "read subscribe"),
            (server.post(&format!("{grant}&{RIGHT}&scope=subscribe")), "subscribe"),
            (server.post(grant).basic_auth("web", Some("right%2B%25secret")), "read subscribe"),
            (server.post(grant).basic_auth("web", Some("right+%secret")), "read subscribe"),
            (server.post(&format!("{grant}&client_id=web")).basic_auth("web", Some("right+%secret")), "read subscribe"),
        ];
        for (number, (request, scope)) in requests.into_iter().enumerate() {
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), 200, "request {number}");
            assert_eq!(response.headers()["cache-control"], "no-store");
            let body: Value = response.json().await.expect("JSON");
            assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
            assert_eq!(body["scope"], scope);
            let token = body["access_token"].as_str().expect("a token");
            let principal = server.access.verify(token).await.expect("a principal");
            assert_eq!(&*principal.client, "web");
            assert_eq!(principal.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" "), scope);
        }
    }

    #[tokio::test]
    async fn refusals_are_those_of_the_rfc() {
        let server = server().await;
        let grant = "grant_type=client_credentials";
        let nobody = "customer=cus_01900000000070008000000000000abc";
        let form = |form: String| server.post(&form);
        let large = format!("{grant}&{RIGHT}&scope={}", "x".repeat(BODY_LIMIT));
        let rows = [
            (form(RIGHT.into()), 400, "invalid_request"),
            (form(format!("grant_type=password&{RIGHT}")), 400, "unsupported_grant_type"),
            (form(format!("{grant}&{RIGHT}&{grant}")), 400, "invalid_request"),
            (form(format!("{grant}&{RIGHT}")).basic_auth("web", Some("right+%secret")), 400, "invalid_request"),
            (form(format!("{grant}&client_id=other")).basic_auth("web", Some("x")), 400, "invalid_request"),
            (form(grant.into()), 401, "invalid_client"),
            (form(format!("{grant}&client_id=web")), 401, "invalid_client"),
            (form(format!("{grant}&client_id=web&client_secret=wrong")), 401, "invalid_client"),
            (form(format!("{grant}&client_id=nobody&client_secret=wrong")), 401, "invalid_client"),
            (form(grant.into()).basic_auth("web", Some("wrong")), 401, "invalid_client"),
            (form(grant.into()).bearer_auth("eyJ"), 401, "invalid_client"),
            (form(format!("{grant}&{RIGHT}&scope=read+money")), 400, "invalid_scope"),
            (form(format!("{grant}&{RIGHT}&scope=read+nonsense")), 400, "invalid_scope"),
            (form(format!("{grant}&{RIGHT}&customer=nonsense")), 400, "invalid_request"),
            (form(format!("{grant}&{RIGHT}&{nobody}")), 400, "invalid_request"),
            (form("{}".into()).header("content-type", "application/json"), 400, "invalid_request"),
            (form(large), 413, "invalid_request"),
        ];
        for (number, (request, status, error)) in rows.into_iter().enumerate() {
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), status, "row {number}");
            assert_eq!(response.headers()["cache-control"], "no-store", "row {number}");
            assert!(!response.headers().contains_key("www-authenticate") || status == 401, "row {number}");
            let body: Value = response.json().await.expect("JSON");
            assert_eq!(body["error"], error, "row {number}");
        }
        let get = server.http.get(format!("{}/oauth2/token", server.base)).send().await.expect("an answer");
        assert_eq!(get.status(), 405);
    }

    /// To a browser the challenge means that it asks for a password itself.
    #[tokio::test]
    async fn a_browser_and_who_does_not_authenticate_by_basic_is_not_challenged_to() {
        let server = server().await;
        let post = |form: &str| server.post(&format!("grant_type=client_credentials{form}"));
        let basic = Some(r#"Basic realm="konto", charset="UTF-8""#);
        for (request, challenge) in [
            (post("&client_id=web&client_secret=wrong"), None),
            (post("&client_id=web"), None),
            (post(""), None),
            (post("").bearer_auth("eyJ"), None),
            (post("").header("authorization", "Basicwrong"), None),
            (post("").basic_auth("web", Some("wrong")), basic),
            (post("").header("authorization", "basic !"), basic),
            (post("").header("authorization", "Basic"), basic),
            (post("").basic_auth("web", Some("wrong")).header("sec-fetch-mode", "cors"), None),
            (post("").basic_auth("web", Some("wrong")).header("sec-fetch-site", "same-origin"), None),
            (post("").basic_auth("web", Some("wrong")).header("origin", "https://bank.example"), None),
            (post("").basic_auth("web", Some("wrong")).header("x-requested-with", "XMLHttpRequest"), None),
        ] {
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), 401);
            let found = response.headers().get("www-authenticate").map(|value| value.to_str().expect("text"));
            assert_eq!(found, challenge);
        }
    }

    #[test]
    fn a_database_that_does_not_answer_is_to_be_asked_again() {
        let silent = || sea_orm::DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        for error in [OAuthError::from(silent()), OAuthError::from(crate::access::AccessError::from(silent()))] {
            let response = Refusal::from(error).into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers().contains_key("retry-after"));
        }
    }

    #[tokio::test]
    async fn guessing_is_turned_away_but_not_the_client_that_knows() {
        let server = server().await;
        let ask = |secret: &str| server.post("grant_type=client_credentials").basic_auth("web", Some(secret)).send();
        assert_eq!(ask("right+%secret").await.expect("an answer").status(), 200);
        for _ in 0..10 {
            assert_eq!(ask("guess").await.expect("an answer").status(), 401);
        }
        let refused = ask("guess").await.expect("an answer");
        assert_eq!(refused.status(), 429);
        let seconds: u64 = refused.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        assert!((1..=30).contains(&seconds));
        assert_eq!(ask("right+%secret").await.expect("an answer").status(), 200);
    }

    #[tokio::test]
    async fn the_metadata_leads_to_the_keys_that_verify() {
        let server = server().await;
        let metadata = server.get("/.well-known/oauth-authorization-server").await;
        assert_eq!(metadata["token_endpoint"], format!("{}/oauth2/token", server.base));
        assert_eq!(metadata["jwks_uri"], format!("{}/.well-known/jwks.json", server.base));
        assert_eq!(metadata["issuer"], "konto");
        let keys = server.get("/.well-known/jwks.json").await;
        assert_eq!(keys["keys"].as_array().expect("keys").len(), 1);
        assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&json!("OKP"), &json!("EdDSA")));
        assert!(keys["keys"][0].get("d").is_none(), "the private half stays here");
    }

    #[test]
    fn only_percent_signs_with_digits_are_decoded() {
        for (text, decoded) in
            [("a%2Bb", "a+b"), ("a+b", "a+b"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%c3%A5", "\u{e5}")]
        {
            assert_eq!(form_decoded(text).as_deref(), Some(decoded), "{text}");
        }
        assert_eq!(form_decoded("%ff"), None);
    }

    #[test]
    fn a_forged_host_gets_no_further() {
        assert!(is_host("konto.example:8080") && is_host("[::1]:80"));
        assert!(!is_host("a/b") && !is_host("a\"") && !is_host(""));
    }
}
