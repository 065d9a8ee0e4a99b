//! What makes a provider, and where customers may come back to.

use serde_json::json;
use uuid::Uuid;

use super::model::{IdentificationClaim, IdentificationKind, IdentificationProvider, ProviderSettings};
use super::oidc::{encoded, encoded_text};
use crate::customers::CustomerBy;
use crate::primitives::IdentificationProviderId;
use crate::sealing::Secret;

/// The public half of an Ed25519 key (RFC 8037, appendix A.2).
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn keys() -> String {
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "k" }] }).to_string()
}

fn own() -> IdentificationProvider {
    IdentificationProvider {
        id: IdentificationProviderId(Uuid::nil()),
        ordinal: 1,
        name: "Self".into(),
        kind: IdentificationKind::Own,
        settings: ProviderSettings {
            issuer: "shop".into(),
            client_id: "konto".into(),
            keys: Some(keys()),
            login_url: Some("https://shop.example/login".into()),
            callback_url: None,
            claim: "sub".into(),
            tells: IdentificationClaim::CustomerNumber,
            country: None,
            identifier_kind: None,
            scopes: Vec::new(),
            returns: vec!["https://shop.example/overview".into()],
            minutes: 15,
        },
        secret: Secret(String::new()),
        retired: false,
        created_at: 0,
    }
}

fn other() -> IdentificationProvider {
    let mut provider = own();
    provider.kind = IdentificationKind::OpenIdConnect;
    provider.secret = Secret("secret".into());
    provider.settings.issuer = "https://login.example".into();
    (provider.settings.keys, provider.settings.login_url) = (None, None);
    provider.settings.callback_url = Some("https://konto.example/identification/callback".into());
    provider
}

#[test]
fn what_is_no_provider_is_refused_by_its_field() {
    assert!(own().checked().is_ok() && other().checked().is_ok());
    type Change = fn(&mut IdentificationProvider);
    let secret = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "d": "x" }] }).to_string();
    assert_eq!(
        {
            let mut provider = own();
            provider.settings.keys = Some(secret);
            provider.checked().expect_err("a secret key").fields[0].path.join(".")
        },
        "keys"
    );
    let of_own: &[(&str, Change)] = &[
        ("name", |p| p.name = " x".into()),
        ("issuer", |p| p.settings.issuer = String::new()),
        ("clientId", |p| p.settings.client_id = String::new()),
        ("claim", |p| p.settings.claim = " ".into()),
        ("keys", |p| p.settings.keys = None),
        ("keys", |p| p.settings.keys = Some("no".into())),
        ("keys", |p| p.settings.keys = Some("{\"keys\":[]}".into())),
        ("loginUrl", |p| p.settings.login_url = None),
        ("loginUrl", |p| p.settings.login_url = Some("shop".into())),
        ("callbackUrl", |p| p.settings.callback_url = Some("https://konto.example/".into())),
        ("clientSecret", |p| p.secret = Secret("x".into())),
        ("identifierCountry", |p| p.settings.tells = IdentificationClaim::Identifier),
        ("scopes.0", |p| p.settings.scopes = vec!["a b".into()]),
        ("returnAddresses", |p| p.settings.returns = Vec::new()),
        ("returnAddresses.0", |p| p.settings.returns = vec!["https://shop.example/?a".into()]),
        ("returnAddresses.0", |p| p.settings.returns = vec!["shop".into()]),
        ("validMinutes", |p| p.settings.minutes = 0),
        ("validMinutes", |p| p.settings.minutes = 1_441),
    ];
    let of_other: &[(&str, Change)] = &[
        ("issuer", |p| p.settings.issuer = "login".into()),
        ("clientSecret", |p| p.secret = Secret(String::new())),
        ("callbackUrl", |p| p.settings.callback_url = None),
        ("keys", |p| p.settings.keys = Some(keys())),
        ("loginUrl", |p| p.settings.login_url = Some("https://shop.example/".into())),
    ];
    let all = of_own.iter().map(|change| (own(), change)).chain(of_other.iter().map(|change| (other(), change)));
    for (mut provider, (field, change)) in all {
        change(&mut provider);
        let refused = provider.checked().expect_err(field);
        assert_eq!(refused.fields[0].path.join("."), *field);
    }
}

#[test]
fn customers_come_back_to_what_is_on_the_list_alone() {
    let provider = own();
    for (url, fine) in [
        ("https://shop.example/overview", true),
        ("https://shop.example/overview?order=7", true),
        ("https://shop.example/overview/", false),
        ("https://shop.example/overview/../elsewhere", false),
        ("https://shop.example", false),
        ("http://shop.example/overview", false),
        ("https://shop.example:444/overview", false),
        ("https://shop.example.evil.example/overview", false),
        ("https://jo@shop.example/overview", false),
        ("https://shop.example/overview#there", false),
        ("//shop.example/overview", false),
        ("javascript:alert(1)", false),
        ("", false),
    ] {
        assert_eq!(provider.allowed(url).is_ok(), fine, "{url}");
    }
}

#[test]
fn a_claim_names_a_person_by_what_it_tells() {
    assert!(matches!(own().person("C1"), Some(CustomerBy::Number(number)) if number == "C1"));
    assert!(own().person("").is_none() && own().person("a\0b").is_none());
}

#[test]
fn forms_hold_whatever_they_are_given() {
    assert_eq!(encoded(&[("a", "b c"), ("d", "1&2=3")]), "a=b%20c&d=1%262%3D3");
    assert_eq!(encoded_text("aZ09-._~ä+/"), "aZ09-._~%C3%A4%2B%2F");
}
