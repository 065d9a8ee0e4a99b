//! Identification before what a customer owes is shown: a provider of OpenID Connect that is a server of its own, and the
//! tenant's own tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::TestApp;
use crate::purchases::{SHOWN, products, purchase, register};

const RETURN: &str = "https://shop.example/overview";
/// The start of any P-256 key in PKCS #8, before its 32 bytes.
const PKCS8_P256: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";

fn key(seed: u8) -> (EncodingKey, Value) {
    let key = EncodingKey::from_ec_der(&[PKCS8_P256, &[seed; 32]].concat());
    let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
    let AlgorithmParameters::EllipticCurve(public) = jwk.algorithm else { panic!("not P-256") };
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": public.x, "y": public.y, "kid": format!("key-{seed}"), "use": "sig" });
    (key, jwk)
}

fn signed(key: &EncodingKey, kid: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(kid.into());
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}

/// What a person who agreed left behind: what their code is exchanged for.
#[derive(Clone)]
struct Granted {
    nonce: String,
    challenge: String,
    redirect_uri: String,
    subject: String,
}

/// A provider of OpenID Connect over HTTP: it checks what the standard has it check.
#[derive(Clone)]
struct OpenId {
    url: String,
    granted: Arc<Mutex<HashMap<String, Granted>>>,
    /// What of its tokens is otherwise than it should be.
    change: Arc<Mutex<Value>>,
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl OpenId {
    async fn start(app: &TestApp) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let clock = app.clock().clone();
        let openid = Self {
            url,
            granted: Arc::default(),
            change: Arc::new(Mutex::new(json!({}))),
            now: Arc::new(move || clock.now().timestamp()),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/token", post(token))
            .route("/keys", get(|| async { Json(json!({ "keys": [key(1).1] })) }))
            .with_state(openid.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        openid
    }

    /// A person identifies themselves where they were sent: gives where they are sent back to.
    fn agrees(&self, redirect: &str, subject: &str) -> Url {
        let url: Url = redirect.parse().expect("an address");
        assert!(redirect.starts_with(&format!("{}/authorize?", self.url)), "{redirect}");
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "konto at login"));
        assert_eq!((asked["code_challenge_method"].as_str(), asked["scope"].as_str()), ("S256", "openid profile"));
        let code = format!("code-{}", self.granted.lock().expect("a lock").len());
        let granted = Granted {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
            subject: subject.into(),
        };
        self.granted.lock().expect("a lock").insert(code.clone(), granted);
        let mut back: Url = asked["redirect_uri"].parse().expect("an address");
        back.query_pairs_mut().append_pair("state", &asked["state"]).append_pair("code", &code);
        back
    }

    fn changing(&self, change: Value) {
        *self.change.lock().expect("a lock") = change;
    }
}

async fn metadata(State(openid): State<OpenId>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", openid.url);
    Json(
        json!({ "issuer": openid.url, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/keys") }),
    )
}

async fn token(
    State(openid): State<OpenId>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let expected = format!("Basic {}", STANDARD.encode("konto%20at%20login:top%20secret"));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(expected.as_str()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    // A code counts once.
    let granted = openid.granted.lock().expect("a lock").remove(&form["code"]);
    let granted = granted.ok_or(StatusCode::BAD_REQUEST)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != granted.challenge || form["redirect_uri"] != granted.redirect_uri {
        return Err(StatusCode::BAD_REQUEST);
    }
    let now = (openid.now)();
    let mut claims = json!({
        "iss": openid.url, "aud": "konto at login", "sub": granted.subject, "nonce": granted.nonce, "iat": now, "exp": now + 300,
    });
    let change = openid.change.lock().expect("a lock").clone();
    for (name, value) in change.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let (key, _) = key(1);
    Ok(Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": signed(&key, "key-1", &claims) })))
}

fn own_provider() -> Value {
    json!({
        "name": "Self", "kind": "SELF", "issuer": "https://shop.example", "clientId": "konto", "claimTells": "CUSTOMER_NUMBER",
        "keys": json!({ "keys": [key(7).1] }).to_string(), "loginUrl": "https://shop.example/login?from=konto", "returnAddresses": [RETURN],
    })
}

fn other_provider(app: &TestApp, openid: &OpenId) -> Value {
    json!({
        "name": "Login", "kind": "OPEN_ID_CONNECT", "issuer": openid.url, "clientId": "konto at login", "clientSecret": "top secret",
        "callbackUrl": app.url("/identification/callback"), "claimTells": "EXTERNAL_REFERENCE", "scopes": ["profile"],
        "returnAddresses": [RETURN], "validMinutes": 30,
    })
}

/// A person with a number and a reference of the same text.
async fn person(app: &TestApp, name: &str) -> String {
    let input = json!({ "type": "PERSON", "lastName": "Lovelace", "number": name, "externalReference": name });
    let done = app.done("createCustomer", input, "customer { id }").await;
    done["customer"]["id"].as_str().expect("an id").to_owned()
}

async fn overview_at(app: &TestApp, purchase: &str, token: &str, provider: &str, return_url: &str) -> Value {
    let query = format!(
        "query($purchase: String!, $token: String!, $provider: String!, $return: String!) {{
            purchaseOverview(purchaseId: $purchase, customerAuthToken: $token, provider: $provider, returnUrl: $return) {{ __typename
                ... on PurchaseOverview {{ customer {{ id }} accounts {{ nodes {{ {SHOWN} }} }} }}
                ... on IdentificationRequired {{ redirectUrl }}
                ... on Refusal {{ code fields {{ path }} }} }} }}"
    );
    let variables = json!({ "purchase": purchase, "token": token, "provider": provider, "return": return_url });
    app.ok(&query, variables).await["purchaseOverview"].take()
}

async fn overview(app: &TestApp, purchase: &str, token: &str, provider: &str) -> Value {
    overview_at(app, purchase, token, provider, RETURN).await
}

/// Where an overview sends the customer.
fn redirect(shown: &Value) -> String {
    assert_eq!(shown["__typename"], "IdentificationRequired", "{shown}");
    shown["redirectUrl"].as_str().expect("an address").to_owned()
}

fn refused(shown: &Value, code: &str, field: &str) {
    assert_eq!(shown, &json!({ "__typename": "Refusal", "code": code, "fields": [{ "path": [field] }] }));
}

/// Where a browser that comes back is sent on to; its status where it is sent nowhere.
async fn comes_back(url: &str) -> Result<String, u16> {
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let answer = browser.get(url).send().await.expect("an answer");
    match answer.status().as_u16() {
        303 => Ok(answer.headers()["location"].to_str().expect("a text").to_owned()),
        status => Err(status),
    }
}

fn went(outcome: &str) -> Result<String, u16> {
    Ok(format!("{RETURN}?identification={outcome}"))
}

async fn refusals(app: &TestApp) -> Vec<String> {
    let query = "{ auditRecords(first: 20, filter: { outcome: REFUSED }) { nodes { operation code } } }";
    let found = app.ok(query, json!({})).await;
    let nodes = found["auditRecords"]["nodes"].as_array().expect("records").clone();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap_or("-").to_owned();
    nodes.iter().map(|node| format!("{} {}", text(node, "operation"), text(node, "code"))).collect()
}

on_both_databases! {
    async fn an_overview_has_an_account_of_each_type_once_the_customer_is_identified(app: TestApp) {
        products(&app).await;
        let openid = OpenId::start(&app).await;
        app.done("setIdentificationProvider", other_provider(&app, &openid), "replayed").await;
        // A company that buys: it may have all five.
        let company = json!({ "type": "COMPANY", "companyName": "Engines", "externalReference": "engines" });
        let company = app.done("createCustomer", company, "customer { id }").await["customer"]["id"].take();
        let company = company.as_str().expect("an id").to_owned();
        for (place, product) in ["pay-later", "own-loan", "large-loan", "b2b", "direct"].into_iter().enumerate() {
            let mut input = purchase(&format!("P-{place}"), &company, product, "100.00");
            input["orderReferences"] = json!([format!("order-{place}"), "shared"]);
            register(&app, input).await;
        }
        let asked = overview(&app, "P-3", "the-companys-token", "Login").await;
        let away = redirect(&asked);
        assert!(!asked.to_string().contains("100.00"));
        let back = openid.agrees(&away, "engines");
        assert_eq!(comes_back(back.as_str()).await, went("DONE"));
        // Any one purchase yields all accounts.
        for place in 0..5 {
            let shown = overview(&app, &format!("P-{place}"), "the-companys-token", "Login").await;
            assert_eq!((&shown["__typename"], &shown["customer"]["id"]), (&json!("PurchaseOverview"), &json!(company)));
            assert_eq!(shown["accounts"]["nodes"].as_array().expect("accounts").len(), 5);
        }
        let shown = overview(&app, "P-0", "the-companys-token", "Login").await;
        let nodes = shown["accounts"]["nodes"].as_array().expect("accounts").clone();
        let kinds: Vec<&str> = nodes.iter().rev().filter_map(|node| node["kind"].as_str()).collect();
        assert_eq!(kinds, ["INVOICE", "LOAN", "LARGE_AMOUNT_LOAN", "B2B_INVOICE", "DIRECT_INVOICE"]);
        for (place, node) in nodes.iter().rev().enumerate() {
            let is_loan = place == 1 || place == 2;
            assert_eq!(node["account"]["__typename"], if is_loan { "LoanAccount" } else { "InvoiceAccount" });
            assert_eq!((&node["state"], &node["balance"]["amount"], &node["originalAmount"]["amount"]), (&json!("UNPAID"), &json!("-100.00"), &json!("100.00")));
            assert_eq!((&node["dueDate"], &node["accountDate"]), (&json!("2026-05-15"), &json!("2026-04-15")));
            assert_eq!((&node["receiver"], &node["bankAccount"]["iban"]), (&json!("Later AB"), &json!("SE3550000000054910000003")));
            assert!(node["paymentReference"].is_string());
            assert_eq!(node["purchaseIds"], json!([format!("P-{place}")]));
            assert_eq!(node["orderReferences"], json!([format!("order-{place}"), "shared"]));
            assert_eq!(node["transactions"][0]["description"], "A chair");
            assert_eq!(node["creditCost"].is_object(), is_loan);
            assert_eq!(node["minimumAmountToPay"]["amount"], if is_loan { node["creditCost"]["perMonth"]["amount"].clone() } else { json!("100.00") });
        }
        let cost = &nodes[3]["creditCost"];
        assert_eq!((&cost["months"], &cost["creditAmount"]["amount"], &cost["interestRate"], &cost["invoiceFee"]["amount"]), (&json!(12), &json!("100.00"), &json!("12"), &json!("1.00")));
        let cents = |field: &str| cost[field]["amount"].as_str().expect("an amount").replace('.', "").parse::<i64>().expect("cents");
        assert_eq!(cents("totalAmount"), cents("creditAmount") + cents("totalCredit"));
        assert!(cost["percent"].as_str().expect("a rate").parse::<rust_decimal::Decimal>().expect("a rate") > "12".parse().expect("a rate"));
        // For half an hour.
        app.advance(Duration::from_secs(30 * 60));
        redirect(&overview(&app, "P-0", "the-companys-token", "Login").await);
        // Another token is nobody yet, whoever was identified.
        redirect(&overview(&app, "P-0", "another-token", "Login").await);
        assert_eq!(overview(&app, "nothing", "the-companys-token", "Login").await, Value::Null);
    }

    async fn whoever_comes_back_wrongly_is_not_identified(app: TestApp) {
        products(&app).await;
        let openid = OpenId::start(&app).await;
        app.done("setIdentificationProvider", other_provider(&app, &openid), "replayed").await;
        let (ada, bob) = (person(&app, "ada").await, person(&app, "bob").await);
        register(&app, purchase("of-ada", &ada, "pay-later", "100.00")).await;
        register(&app, purchase("of-bob", &bob, "pay-later", "100.00")).await;
        // A forged return address, and a provider that there is not.
        for forged in ["https://evil.example/overview", "https://shop.example/overview/other", "http://shop.example/overview", "javascript:alert(1)", ""] {
            refused(&overview_at(&app, "of-ada", "ada-token", "Login", forged).await, "RETURN_ADDRESS_NOT_ALLOWED", "returnUrl");
        }
        refused(&overview(&app, "of-ada", "ada-token", "Other").await, "NO_IDENTIFICATION_PROVIDER", "provider");
        refused(&overview(&app, "of-ada", "", "Login").await, "CUSTOMER_TOKEN_INVALID", "customerAuthToken");
        // Somebody else, and somebody who is no customer.
        for subject in ["bob", "nobody"] {
            let back = openid.agrees(&redirect(&overview(&app, "of-ada", "ada-token", "Login").await), subject);
            assert_eq!(comes_back(back.as_str()).await, went("IDENTIFIED_PERSON_DIFFERS"));
            redirect(&overview(&app, "of-ada", "ada-token", "Login").await);
        }
        assert_eq!(refusals(&app).await[0], "noteIdentification IDENTIFIED_PERSON_DIFFERS");
        // A state that is made up, cut, of another tenant, or absent.
        let away = redirect(&overview(&app, "of-ada", "ada-token", "Login").await);
        let back = openid.agrees(&away, "ada");
        let state = back.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        let callback = app.url("/identification/callback");
        let mut parts: Vec<&str> = state.splitn(3, '.').collect();
        let stranger = format!("ten_{}", "0".repeat(32));
        let cut = &state[..state.len() - 2];
        parts[0] = &stranger;
        for forged in ["made-up", cut, &parts.join(".")] {
            assert_eq!(comes_back(&format!("{callback}?state={forged}&code=code-0")).await, Err(400), "{forged}");
        }
        assert_eq!(comes_back(&format!("{callback}?code=code-0")).await, Err(400));
        assert_eq!(comes_back(&format!("{callback}?state={state}")).await, Err(400));
        // A code of nobody, and a person who does not want to.
        assert_eq!(comes_back(&format!("{callback}?state={state}&code=other")).await, went("IDENTIFICATION_PROVIDER_FAILED"));
        assert_eq!(comes_back(&format!("{callback}?state={state}&error=access_denied")).await, went("DENIED"));
        // A token that is of another attempt, for another client, over, or another issuer's.
        let now = app.clock().now().timestamp();
        for change in [json!({ "nonce": "other" }), json!({ "aud": "other" }), json!({ "azp": "other" }), json!({ "exp": now - 60 }), json!({ "iss": "https://other.example" }), json!({ "sub": 7 })] {
            openid.changing(change.clone());
            let back = openid.agrees(&redirect(&overview(&app, "of-ada", "ada-token", "Login").await), "ada");
            assert_eq!(comes_back(back.as_str()).await, went("CUSTOMER_TOKEN_INVALID"), "{change}");
        }
        openid.changing(json!({}));
        redirect(&overview(&app, "of-ada", "ada-token", "Login").await);
        // In the end as it should be: the state counts once.
        assert_eq!(comes_back(back.as_str()).await, went("DONE"));
        assert_eq!(comes_back(back.as_str()).await, went("IDENTIFICATION_STATE_USED"));
        assert_eq!(overview(&app, "of-ada", "ada-token", "Login").await["__typename"], "PurchaseOverview");
        // The token is hers: with it, nobody sees what is his.
        refused(&overview(&app, "of-bob", "ada-token", "Login").await, "IDENTIFIED_PERSON_DIFFERS", "customerAuthToken");
        assert_eq!(refusals(&app).await[0], "purchaseOverview IDENTIFIED_PERSON_DIFFERS");
        // Too late.
        let back = openid.agrees(&redirect(&overview(&app, "of-bob", "bob-token", "Login").await), "bob");
        app.advance(Duration::from_secs(15 * 60));
        assert_eq!(comes_back(back.as_str()).await, Err(400));
        // Off the list in the meantime.
        let back = openid.agrees(&redirect(&overview(&app, "of-bob", "bob-token", "Login").await), "bob");
        let mut changed = other_provider(&app, &openid);
        changed["returnAddresses"] = json!(["https://shop.example/elsewhere"]);
        changed.as_object_mut().expect("an object").remove("clientSecret");
        app.done("setIdentificationProvider", changed, "replayed").await;
        assert_eq!(comes_back(back.as_str()).await, Err(400));
    }

    async fn the_tenants_own_token_identifies_for_as_long_as_it_is_valid(app: TestApp) {
        products(&app).await;
        app.done("setIdentificationProvider", own_provider(), "replayed").await;
        let (ada, bob) = (person(&app, "ada").await, person(&app, "bob").await);
        register(&app, purchase("of-ada", &ada, "pay-later", "100.00")).await;
        register(&app, purchase("of-bob", &bob, "direct", "100.00")).await;
        let (own, _) = key(7);
        let now = app.clock().now().timestamp();
        let token = |change: Value| {
            let mut claims = json!({ "iss": "https://shop.example", "aud": "konto", "sub": "ada", "iat": now, "exp": now + 3_600 });
            for (name, value) in change.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            signed(&own, "key-7", &claims)
        };
        let shown = overview(&app, "of-ada", &token(json!({})), "Self").await;
        assert_eq!((&shown["__typename"], &shown["customer"]["id"]), (&json!("PurchaseOverview"), &json!(ada)));
        assert_eq!(shown["accounts"]["nodes"][0]["purchaseIds"], json!(["of-ada"]));
        refused(&overview(&app, "of-bob", &token(json!({})), "Self").await, "IDENTIFIED_PERSON_DIFFERS", "customerAuthToken");
        assert_eq!(refusals(&app).await[0], "purchaseOverview IDENTIFIED_PERSON_DIFFERS");
        let (forger, _) = key(8);
        let claims = json!({ "iss": "https://shop.example", "aud": "konto", "sub": "ada", "iat": now, "exp": now + 3_600 });
        for (what, wrong) in [
            ("forged", signed(&forger, "key-7", &claims)),
            ("unknown key", signed(&forger, "key-8", &claims)),
            ("no token", "ada".to_owned()),
            ("another audience", token(json!({ "aud": "shop" }))),
            ("another issuer", token(json!({ "iss": "https://other.example" }))),
            ("not yet", token(json!({ "nbf": now + 600 }))),
            ("of no time", token(json!({ "iat": null }))),
            ("of nobody", token(json!({ "sub": "" }))),
        ] {
            let shown = overview(&app, "of-ada", &wrong, "Self").await;
            assert_eq!(shown["code"], "CUSTOMER_TOKEN_INVALID", "{what}: {shown}");
        }
        // Over, and issued longer ago than identifications are valid: to the tenant's own page.
        let to_login = "https://shop.example/login?from=konto&returnUrl=https%3A%2F%2Fshop.example%2Foverview";
        for over in [json!({ "exp": now - 31 }), json!({ "iat": now - 15 * 60 })] {
            assert_eq!(redirect(&overview(&app, "of-ada", &token(over), "Self").await), to_login);
        }
        // Used no more.
        let mut retired = own_provider();
        retired["retired"] = json!(true);
        app.done("setIdentificationProvider", retired, "replayed").await;
        refused(&overview(&app, "of-ada", &token(json!({})), "Self").await, "NO_IDENTIFICATION_PROVIDER", "provider");
    }

    async fn providers_are_set_whole_and_never_show_their_secret(app: TestApp) {
        let openid = OpenId::start(&app).await;
        let shown = "provider { name kind issuer clientId keys loginUrl callbackUrl claim claimTells identifierCountry identifierKind scopes returnAddresses validMinutes retired createdAt }";
        let made = app.done("setIdentificationProvider", other_provider(&app, &openid), shown).await["provider"].take();
        assert_eq!((&made["name"], &made["kind"], &made["claim"], &made["validMinutes"]), (&json!("Login"), &json!("OPEN_ID_CONNECT"), &json!("sub"), &json!(30)));
        app.done("setIdentificationProvider", own_provider(), shown).await;
        let query = format!("{{ identificationProviders {{ {} }} }}", shown.trim_start_matches("provider { ").trim_end_matches(" }"));
        let all = app.ok(&query, json!({})).await;
        assert_eq!(all["identificationProviders"][0], made);
        assert_eq!(all["identificationProviders"].as_array().map(Vec::len), Some(2));
        assert!(!all.to_string().contains("top secret"));
        let with = |provider: Value, field: &str, value: Value| {
            let mut input = provider;
            input[field] = value;
            input
        };
        for (input, code, path) in [
            (with(own_provider(), "kind", json!("OPEN_ID_CONNECT")), "INVALID_STATE", "kind"),
            (with(own_provider(), "keys", json!("{}")), "INVALID_INPUT", "keys"),
            (with(own_provider(), "keys", Value::Null), "INVALID_INPUT", "keys"),
            (with(own_provider(), "returnAddresses", json!([])), "INVALID_INPUT", "returnAddresses"),
            (with(own_provider(), "returnAddresses", json!(["shop"])), "INVALID_INPUT", "returnAddresses.0"),
            (with(own_provider(), "validMinutes", json!(0)), "INVALID_INPUT", "validMinutes"),
            (with(own_provider(), "claimTells", json!("IDENTIFIER")), "INVALID_INPUT", "identifierCountry"),
            (with(own_provider(), "clientSecret", json!("x")), "INVALID_INPUT", "clientSecret"),
            (with(other_provider(&app, &openid), "callbackUrl", Value::Null), "INVALID_INPUT", "callbackUrl"),
        ] {
            app.refused("setIdentificationProvider", input, code, path).await;
        }
        let rival = app.with_tenant("rival").await;
        assert_eq!(rival.ok("{ identificationProviders { name } }", json!({})).await["identificationProviders"], json!([]));
    }
}
