//! Tokens that must not be believed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::app::TestApp;

/// The start of any Ed25519 key in PKCS #8, before its 32 bytes.
const PKCS8: &[u8] = &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Each with what is wrong with it. Moves the clock, and signs with a new key from now on.
pub async fn bad_tokens(app: &TestApp) -> Vec<(&'static str, String)> {
    let expired = app.token().await.expect("a token");
    app.advance(Duration::from_secs(3_700));
    let of_old_key = app.token().await.expect("a token");
    app.server().access().await.rotate_keys().await.expect("a new key");
    let good = app.token().await.expect("a token");
    let other_tenant = app.with_tenant("other").await.tenant_id().to_string();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims] = [parts[0], parts[1]].map(decoded);
    let old_header = decoded(of_old_key.split('.').next().expect("a header"));
    assert_ne!(old_header["kid"], header["kid"], "there are two keys");
    let with = |value: &Value, name: &str, to: Value| {
        let mut value = value.clone();
        value[name] = to;
        value
    };
    let set: Value =
        app.http().get(app.url("/.well-known/jwks.json")).send().await.expect("an answer").json().await.expect("JSON");
    let key = set["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header["kid"]).expect("the key");
    let public = key["x"].as_str().expect("a key");
    let kid = header["kid"].as_str().expect("an id");
    let symmetric = |secret: &[u8]| {
        let header = Header {
            kid: Some(kid.to_owned()),
            typ: header["typ"].as_str().map(str::to_owned),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).expect("a token")
    };
    let stranger = |kid: Option<&str>, claims: &Value, jwk: bool| {
        let mut header = Header {
            kid: kid.map(str::to_owned),
            typ: header["typ"].as_str().map(str::to_owned),
            ..Header::new(Algorithm::EdDSA)
        };
        if jwk {
            header.jku = Some("http://evil.example/keys".to_owned());
        }
        let key = EncodingKey::from_ed_der(&[PKCS8, &[9; 32]].concat());
        jsonwebtoken::encode(&header, claims, &key).expect("a token")
    };
    let elsewhere = with(&claims, "iss", json!("https://elsewhere.example"));
    let bent = |header: &Value, claims: &Value| format!("{}.{}.{}", encoded(header), encoded(claims), parts[2]);
    let unsigned = |alg: &str| format!("{}.{}.", encoded(&with(&header, "alg", json!(alg))), parts[1]);
    vec![
        ("expired", expired),
        ("algorithm none", unsigned("none")),
        ("algorithm None", unsigned("None")),
        ("algorithm none with a signature", bent(&with(&header, "alg", json!("none")), &claims)),
        ("no signature", unsigned("EdDSA")),
        ("HS256 with the public key", symmetric(&URL_SAFE_NO_PAD.decode(public).expect("base64"))),
        ("HS256 with the public key's text", symmetric(public.as_bytes())),
        ("HS256 with the public key as it is published", symmetric(key.to_string().as_bytes())),
        ("HS256 with nothing", symmetric(b"")),
        ("another algorithm's name", bent(&with(&header, "alg", json!("RS256")), &claims)),
        ("the id of another of our keys", bent(&with(&header, "kid", old_header["kid"].clone()), &claims)),
        ("an unknown key id", bent(&with(&header, "kid", json!("other")), &claims)),
        ("a key id that is a path", bent(&with(&header, "kid", json!("../../dev/null")), &claims)),
        ("a stranger's signature with our key id", stranger(Some(kid), &claims, false)),
        ("a stranger's signature without a key id", stranger(None, &claims, false)),
        ("a stranger's signature with an address of keys", stranger(Some("theirs"), &claims, true)),
        ("another issuer", stranger(Some("theirs"), &elsewhere, false)),
        ("another issuer with our key id", stranger(Some(kid), &elsewhere, false)),
        ("another tenant", bent(&header, &with(&claims, "tid", json!(other_tenant)))),
        ("more time", bent(&header, &with(&claims, "exp", json!(4_000_000_000_u64)))),
        ("nothing between the dots", "..".to_owned()),
        ("a long word", "x".repeat(30_000)),
        ("a long token", format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("x".repeat(20_000)), parts[2])),
    ]
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
