//! Tokens of an external OpenID provider, whose keys are served on this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use konto::access::ExternalIssuer;
use serde_json::{Value, json};

use crate::app::TestApp;

const ISSUER: &str = "https://login.example";
/// The start of any Ed25519 key in PKCS #8, before its 32 bytes.
const PKCS8_ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// A provider with one key.
struct Provider {
    key: EncodingKey,
    url: String,
    answers: Arc<AtomicBool>,
}

fn key(seed: u8) -> (EncodingKey, Value) {
    let key = EncodingKey::from_ed_der(&[PKCS8_ED25519, &[seed; 32]].concat());
    let jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).expect("a key");
    let AlgorithmParameters::OctetKeyPair(public) = jwk.algorithm else { panic!("not Ed25519") };
    (key, json!({ "kty": "OKP", "crv": "Ed25519", "x": public.x, "kid": format!("key-{seed}"), "use": "sig" }))
}

impl Provider {
    async fn start() -> Self {
        let (key, public) = key(1);
        let answers = Arc::new(AtomicBool::new(true));
        let keys = json!({ "keys": [public] });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let answering = answers.clone();
        let serve = move || {
            let body =
                if answering.load(Ordering::SeqCst) { Ok(Json(keys.clone())) } else { Err(StatusCode::BAD_GATEWAY) };
            async move { body }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(serve))).await });
        Self { key, url, answers }
    }

    async fn trusted_by(&self, app: &TestApp) {
        let issuer = ExternalIssuer {
            issuer: ISSUER.into(),
            audience: "konto".into(),
            jwks_url: self.url.clone(),
            tenant_claim: "org".into(),
            scope_claim: "scope".into(),
            customer_claim: "customer".into(),
        };
        app.restart_with(|settings| {
            settings.access.external = vec![issuer];
            settings.access.reload_interval = Duration::from_millis(1);
        })
        .await;
    }
}

fn signed(key: &EncodingKey, kid: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.into());
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}

fn claims(app: &TestApp, change: Value) -> Value {
    let now = app.clock().now().timestamp();
    let mut claims = json!({
        "iss": ISSUER, "aud": "konto", "sub": "jo", "org": "acme", "scope": "openid read", "exp": now + 600,
    });
    for (name, value) in change.as_object().expect("an object") {
        match value {
            Value::Null => claims.as_object_mut().expect("an object").remove(name),
            value => claims.as_object_mut().expect("an object").insert(name.clone(), value.clone()),
        };
    }
    claims
}

const WHO: &str = "{ viewer { client scopes customer { id } tenant { code } } }";

on_both_databases! {
    async fn a_token_of_the_provider_speaks_for_whom_its_claims_say(app: TestApp) {
        let provider = Provider::start().await;
        provider.trusted_by(&app).await;
        let account = app.funded("10.00").await;
        let other = app.funded("10.00").await;
        let token = |change: Value| app.with_token(&signed(&provider.key, "key-1", &claims(&app, change)));
        let viewer = token(json!({})).ok(WHO, json!({})).await["viewer"].take();
        let expected = json!({ "client": "https://login.example#jo", "scopes": ["READ"], "customer": null, "tenant": { "code": "acme" } });
        assert_eq!(viewer, expected);
        let bound = token(json!({ "customer": account.owner, "scope": ["read", "money"] }));
        assert_eq!(bound.ok(WHO, json!({})).await["viewer"]["customer"]["id"], json!(account.owner));
        let find = "query($by: AccountBy!) { account(by: $by) { id } }";
        assert_eq!(bound.ok(find, json!({ "by": other.by() })).await["account"], Value::Null);
        let savings = app.account_of(&account.owner, "savings").await;
        bound.transfer(&account, &savings, "1.00").await;
        token(json!({ "scope": "openid" })).fault(WHO, json!({}), "FORBIDDEN").await;
    }

    async fn a_token_that_is_not_the_providers_or_not_for_us_is_refused(app: TestApp) {
        let provider = Provider::start().await;
        provider.trusted_by(&app).await;
        let now = app.clock().now().timestamp();
        let (forger, _) = key(2);
        let (header, good) = (json!({ "alg": "none", "kid": "key-1" }), claims(&app, json!({})));
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let of = |change: Value| signed(&provider.key, "key-1", &claims(&app, change));
        for (what, token) in [
            ("forged", signed(&forger, "key-1", &good)),
            ("unknown key", signed(&forger, "key-2", &good)),
            ("unsigned", format!("{}.{}.", encode(&header), encode(&good))),
            ("another issuer", of(json!({ "iss": "https://elsewhere.example" }))),
            ("our own issuer", of(json!({ "iss": "konto" }))),
            ("another audience", of(json!({ "aud": "shop" }))),
            ("no audience", of(json!({ "aud": null }))),
            ("over", of(json!({ "exp": now - 31 }))),
            ("without an end", of(json!({ "exp": null }))),
            ("not yet", of(json!({ "nbf": now + 60 }))),
            ("unknown tenant", of(json!({ "org": "nobody" }))),
            ("no tenant", of(json!({ "org": null }))),
            ("malformed customer", of(json!({ "customer": "7" }))),
        ] {
            let answer = app.with_token(&token).graphql(WHO, json!({})).await;
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            answer.fault("UNAUTHENTICATED");
        }
        app.with_token(&of(json!({}))).ok(WHO, json!({})).await;
    }

    async fn a_provider_that_is_away_makes_its_tokens_wait_and_ours_go_on(app: TestApp) {
        let provider = Provider::start().await;
        provider.answers.store(false, Ordering::SeqCst);
        provider.trusted_by(&app).await;
        let token = signed(&provider.key, "key-1", &claims(&app, json!({})));
        let answer = app.with_token(&token).graphql(WHO, json!({})).await;
        assert_eq!(answer.status, 503);
        answer.fault("UNAVAILABLE");
        app.ok(WHO, json!({})).await;
        provider.answers.store(true, Ordering::SeqCst);
        crate::app::eventually("the keys are there", async || {
            app.with_token(&token).graphql(WHO, json!({})).await.status == 200
        })
        .await;
    }
}
