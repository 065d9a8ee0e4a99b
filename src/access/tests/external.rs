//! Tokens of an external issuer, whose key set is served on this machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;

use super::*;

const ISSUER: &str = "https://idp.example/";

/// A provider: what it answers, and how often it was asked.
#[derive(Clone, Default)]
struct Provider {
    keys: Arc<Mutex<Option<Value>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    fn publish(&self, keys: Value) {
        *self.keys.lock().expect("not poisoned") = Some(json!({ "keys": keys }));
    }

    fn fail(&self) {
        *self.keys.lock().expect("not poisoned") = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The address of its key set.
    async fn serve(&self) -> String {
        let provider = self.clone();
        let answer = move || async move {
            provider.asked.fetch_add(1, Ordering::SeqCst);
            let keys = provider.keys.lock().expect("not poisoned").clone();
            keys.map(axum::Json).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = axum::Router::new().route("/jwks", get(answer));
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/jwks")
    }
}

fn config(jwks_url: String, reload_interval: Duration) -> AccessConfig {
    let external = ExternalIssuer {
        issuer: ISSUER.into(),
        audience: "konto-api".into(),
        jwks_url,
        tenant_claim: "org".into(),
        scope_claim: "permissions".into(),
        customer_claim: "https://konto/customer".into(),
    };
    AccessConfig { external: vec![external], reload_interval, ..AccessConfig::default() }
}

/// A world whose provider publishes the keys of [`rsa`], [`ec`] and [`ed`] under those names.
async fn world_of_three_keys() -> (World, Provider) {
    let provider = Provider::default();
    provider.publish(json!([
        public("rsa", &rsa(), Algorithm::RS256),
        public("ec", &ec(), Algorithm::ES256),
        public("ed", &ed(), Algorithm::EdDSA)
    ]));
    let world = world_with(config(provider.serve().await, Duration::from_secs(60))).await;
    (world, provider)
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(&STANDARD.decode(RSA_2048).expect("base64"))
}

fn ec() -> EncodingKey {
    let head = [
        0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
    ];
    EncodingKey::from_ec_der(&[&head[..], &[9; 32]].concat())
}

fn ed() -> EncodingKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[&head[..], &[9; 32]].concat())
}

fn public(kid: &str, key: &EncodingKey, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).expect("a public key");
    jwk.common.key_id = Some(kid.into());
    serde_json::to_value(jwk).expect("JSON")
}

fn with(mut base: Value, name: &str, value: Value) -> Value {
    base[name] = value;
    base
}

/// The claims of a good token.
fn claims(world: &World) -> Value {
    let now = tokens::seconds(&world.clock);
    json!({
        "iss": ISSUER, "aud": ["konto-api", "other"], "sub": "anna", "org": "acme", "permissions": "read money openid",
        "iat": now, "exp": now + 600,
    })
}

fn sign(kid: &str, algorithm: Algorithm, claims: &Value, key: &EncodingKey) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.into());
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}

#[tokio::test]
async fn each_type_of_key_is_believed_in_its_own_algorithm() {
    let (world, provider) = world_of_three_keys().await;
    let good = claims(&world);
    for (kid, algorithm, key) in
        [("rsa", Algorithm::RS256, rsa()), ("ec", Algorithm::ES256, ec()), ("ed", Algorithm::EdDSA, ed())]
    {
        let principal = world.access.verify(&sign(kid, algorithm, &good, &key)).await.expect(kid);
        assert_eq!((principal.tenant, principal.customer), (world.acme, None));
        assert_eq!(&*principal.client, "https://idp.example/#anna");
        assert_eq!(*principal.scopes, scopes("read money"));
    }
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn claims_name_the_tenant_the_customer_and_the_scopes() {
    let (world, _provider) = world_of_three_keys().await;
    let good = claims(&world);
    let customer = CustomerId(Uuid::from_u128(7));
    let named = with(good.clone(), "https://konto/customer", json!(customer.to_string()));
    let mighty = with(named.clone(), "permissions", json!("read admin audit bulk"));
    let listed = with(good.clone(), "permissions", json!(["read", "admin", "x"]));
    let by_id = with(good.clone(), "org", json!(world.acme.to_string()));
    for (name, claims, of, words) in [
        ("customer", named, Some(customer), "read money"),
        ("mighty customer", mighty, Some(customer), "read"),
        ("list", listed, None, "read admin"),
        ("tenant by id", by_id, None, "read money"),
    ] {
        let principal = world.access.verify(&sign("ed", Algorithm::EdDSA, &claims, &ed())).await.expect(name);
        assert_eq!((principal.tenant, principal.customer), (world.acme, of), "{name}");
        assert_eq!(*principal.scopes, scopes(words), "{name}");
    }
}

#[tokio::test]
async fn foreign_tokens_that_do_not_fit_are_refused() {
    let (world, _provider) = world_of_three_keys().await;
    let good = claims(&world);
    let now = tokens::seconds(&world.clock);
    let own = |claims: &Value| sign("ed", Algorithm::EdDSA, claims, &ed());
    let changed = |name: &str, value: Value| own(&with(good.clone(), name, value));
    let secret =
        EncodingKey::from_secret(public("ed", &ed(), Algorithm::EdDSA)["x"].as_str().expect("a key").as_bytes());
    type Expected = fn(&TokenError) -> bool;
    let rows: Vec<(&str, String, Expected)> = vec![
        ("HS256", sign("ed", Algorithm::HS256, &good, &secret), |e| matches!(e, TokenError::WrongAlgorithm)),
        ("RS512", sign("rsa", Algorithm::RS512, &good, &rsa()), |e| matches!(e, TokenError::WrongAlgorithm)),
        ("RSA by the id of an Ed25519 key", sign("ed", Algorithm::RS256, &good, &rsa()), |e| {
            matches!(e, TokenError::WrongAlgorithm)
        }),
        (
            "forged",
            format!("{}x", own(&good).rsplit_once('.').expect("parts").0) + "." + "A".repeat(86).as_str(),
            |e| matches!(e, TokenError::BadSignature | TokenError::Malformed),
        ),
        ("unknown key", sign("new", Algorithm::EdDSA, &good, &ed()), |e| matches!(e, TokenError::UnknownKey)),
        ("audience", changed("aud", json!("another-api")), |e| matches!(e, TokenError::WrongAudience)),
        ("issuer", changed("iss", json!("https://idp.example")), |e| matches!(e, TokenError::UnknownIssuer)),
        ("as if our own", changed("iss", json!("konto")), |e| matches!(e, TokenError::WrongType)),
        ("over", changed("exp", json!(now - 30)), |e| matches!(e, TokenError::Expired)),
        ("not yet", changed("nbf", json!(now + 31)), |e| matches!(e, TokenError::NotYetValid)),
        ("no such tenant", changed("org", json!("beta")), |e| matches!(e, TokenError::UnknownTenant)),
        ("no such tenant id", changed("org", json!(TenantId(Uuid::nil()).to_string())), |e| {
            matches!(e, TokenError::UnknownTenant)
        }),
        ("tenant of no form", changed("org", json!(7)), |e| matches!(e, TokenError::Claim(_))),
        ("customer null", changed("https://konto/customer", Value::Null), |e| matches!(e, TokenError::Claim(_))),
        ("customer of no form", changed("https://konto/customer", json!("anna")), |e| {
            matches!(e, TokenError::Claim(_))
        }),
        ("scopes of no form", changed("permissions", json!(7)), |e| matches!(e, TokenError::Claim(_))),
    ];
    for (name, token, expected) in rows {
        let error = world.access.verify(&token).await.expect_err(name);
        assert!(expected(&error) && error.is_refusal(), "{name}: {error:?}");
    }
    for missing in ["aud", "exp", "sub", "org", "permissions"] {
        let mut claims = good.clone();
        claims.as_object_mut().expect("claims").remove(missing);
        let error = world.access.verify(&own(&claims)).await.expect_err(missing);
        assert!(matches!(&error, TokenError::Claim(name) if name == missing), "{missing}: {error:?}");
    }
}

#[tokio::test]
async fn the_providers_clock_may_be_half_a_minute_off() {
    let (world, _provider) = world_of_three_keys().await;
    let now = tokens::seconds(&world.clock);
    let early = with(claims(&world), "nbf", json!(now + 30));
    let token = sign("ed", Algorithm::EdDSA, &early, &ed());
    world.access.verify(&token).await.expect("thirty seconds early");
    world.pass(629);
    world.access.verify(&token).await.expect("29 seconds late");
    world.pass(1);
    assert!(matches!(world.access.verify(&token).await, Err(TokenError::Expired)));
}

#[tokio::test]
async fn a_new_key_is_looked_for_but_not_at_every_call() {
    let provider = Provider::default();
    provider.publish(json!([public("ed", &ed(), Algorithm::EdDSA)]));
    let world = world_with(config(provider.serve().await, Duration::from_millis(300))).await;
    let good = claims(&world);
    world.access.verify(&sign("ed", Algorithm::EdDSA, &good, &ed())).await.expect("a principal");
    provider.publish(json!([public("ec", &ec(), Algorithm::ES256)]));
    let new = sign("ec", Algorithm::ES256, &good, &ec());
    for _ in 0..5 {
        assert!(matches!(world.access.verify(&new).await, Err(TokenError::UnknownKey)), "too soon");
    }
    assert_eq!(provider.asked(), 1);
    tokio::time::sleep(Duration::from_millis(320)).await;
    world.access.verify(&new).await.expect("a principal");
    assert_eq!(provider.asked(), 2);

    provider.fail();
    tokio::time::sleep(Duration::from_millis(320)).await;
    assert!(matches!(
        world.access.verify(&sign("x", Algorithm::ES256, &good, &ec())).await,
        Err(TokenError::UnknownKey)
    ));
    let known = sign("ec", Algorithm::ES256, &with(good, "sub", json!("bo")), &ec());
    world.access.verify(&known).await.expect("the last keys are used while the provider fails");
}

#[tokio::test]
async fn without_keys_the_token_is_not_to_blame() {
    let provider = Provider::default();
    let world = world_with(config(provider.serve().await, Duration::ZERO)).await;
    let token = sign("ed", Algorithm::EdDSA, &claims(&world), &ed());
    let error = world.access.verify(&token).await.expect_err("no keys");
    assert!(matches!(error, TokenError::KeysUnavailable) && !error.is_refusal());
    provider.publish(json!([public("ed", &ed(), Algorithm::EdDSA)]));
    world.access.verify(&token).await.expect("a principal");
}

#[tokio::test]
async fn keys_that_do_not_fit_are_not_used() {
    let provider = Provider::default();
    let (ed_public, ec_public) = (public("k", &ed(), Algorithm::EdDSA), public("k", &ec(), Algorithm::ES256));
    let small = EncodingKey::from_rsa_der(&STANDARD.decode(RSA_1024).expect("base64"));
    let octets = json!({ "kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0" });
    let nameless = || with(ed_public.clone(), "kid", Value::Null);
    let world = world_with(config(provider.serve().await, Duration::ZERO)).await;
    let good = claims(&world);
    let rows = [
        ("as is", json!([ed_public]), ("k", Algorithm::EdDSA, ed()), true),
        ("beside one that cannot be read", json!([7, { "kty": "EC" }, ed_public]), ("k", Algorithm::EdDSA, ed()), true),
        ("for encryption", json!([with(ed_public.clone(), "use", json!("enc"))]), ("k", Algorithm::EdDSA, ed()), false),
        (
            "to sign with",
            json!([with(ed_public.clone(), "key_ops", json!(["sign"]))]),
            ("k", Algorithm::EdDSA, ed()),
            false,
        ),
        ("of another algorithm", json!([with(ec_public, "alg", json!("ES384"))]), ("k", Algorithm::ES256, ec()), false),
        ("too short", json!([with(ed_public.clone(), "x", json!("AAAA"))]), ("k", Algorithm::EdDSA, ed()), false),
        ("too weak", json!([public("k", &small, Algorithm::RS256)]), ("k", Algorithm::RS256, small.clone()), false),
        ("a shared secret", json!([octets]), ("k", Algorithm::HS256, EncodingKey::from_secret(b"secret")), false),
        ("without an id, alone", json!([nameless()]), ("", Algorithm::EdDSA, ed()), true),
        ("without an id, one of two", json!([nameless(), nameless()]), ("", Algorithm::EdDSA, ed()), false),
    ];
    for (number, (name, keys, (kid, algorithm, key), believed)) in rows.into_iter().enumerate() {
        provider.publish(keys);
        // What the row before left behind must not be what is believed.
        let fresh = server(&world.db, &world.clock, config(provider.serve().await, Duration::ZERO)).await;
        let mut header = Header::new(algorithm);
        header.kid = (!kid.is_empty()).then(|| kid.into());
        let claims = with(good.clone(), "jti", json!(number));
        let token = jsonwebtoken::encode(&header, &claims, &key).expect("a token");
        let answer = fresh.verify(&token).await;
        assert_eq!(answer.is_ok(), believed, "{name}: {answer:?}");
    }
}

/// Made for these tests; PKCS #1.
const RSA_2048: &str = "MIIEowIBAAKCAQEAxDul+tmy6hd+Ibjz7vWKptwY6OS9/COwJw5V58afSNvcSAHk4ccZlg1VEseDUlwQD/oACwcJKFuhu87Zclbw364VXvI8Qt\
     V7QJYLpXLNXszBjnDm/rD1eQgxrdCV6Wtt2SZ0WEJR1dWORplrUgnTTVkyJMsEumT4VSUtKYlaIf2eGAJpdonmx9BYQTPg5Ii1DZ2+f2qiTxZt\
     T1z9ezNd0H585EP33k0c4S3ftken14rpybup3gA9mWUGWmJwDsqvQOpqeaoR6p+OoPWIH05W0A9KHEXCU2Y5OjK/+X4ENlxSXIyKMWbpR2V4l2\
     PbP3Qm3tTA3pEAfGFbDGxx23Wc+QIDAQABAoIBADBQPUfbJI01FoVn+4r4Ylg9tVZVxx7WjI65HVZw1RPDqeMCsF8UPYzvoGP8wizbZMsCMtOE\
     OnF4ygOq5Ged1zVDL5jOTB7qX6uhpaFo9/5grEENNBo96FoRteWFBvvOyt9dc+StA2gB6cMhD8bFi4QuM0XSxEm+BVQ1UH67Bfl7ALWd9GnAb6\
     X+WyO0Sc9w+RnUMGIyzdF1QcSbsiEEi+iyorGSn1wCG/Khz3AScIHngGr/BLZglso3/b4x7bP26QgMV3YFPGJBsqTQu9059m54yvzuQow7VIxg\
     e3BrJnLKOAbRVy19XRHy6QXQ3CLCUxENlzMYHykMz8BKmjUciM8CgYEA8Khhm4GFpilxApF0kwqa7d7u+p3ykjBxfwhMWh59TllCTKWxAig6CC\
     fyaDqiBuRBZSNDXktAQ/1KwjaKax7Gw3uZ1PAbYDYWw2D6TWfEyEE5S5TfC66cSSB3Hd7PbS4qGvXRDtqwR42ppwZVmiaDA2CN+G63ZqpIOG+i\
     7oncQ4MCgYEA0L49Ycw6e5WbR+oH5ahyhGo60NIp4oB4eL9BdfuohS9W2jWvLYxbOQMrhUm4QvsLmvcftst9Ey4oPpF2+IY+yFXkdaxjJP40hG\
     rmXPq7Jn0D5vDrbgrtASMNs36aNGmDaWa5/ZEK8t+Qyp0ntBsFXr7UzuIkFgOhky1xxqg0qNMCgYEAgjsMfwOLWIzqi/I8vGmrx3exqUuZ/gRb\
     FtxdvRLsyl5BI4syi7FLHijH5CF+lu4keV+o0Dk2sNQ8BXdQVoGUHCsh5vp8RgdfMCGlsgeqlJe/MqiAPykhh+0aqL5vT20A+g/2LuynIkGGAk\
     3KOx4GHei9SyhW9SbG6Et5R06xNJMCgYBy5mSPMoV2hVEl8pJKPcBbVsXtL+HSRXkKrevwb4fBV99s2WQFpF6KMU6BXaTJabpnoGOakMPWDPAm\
     EJf2EJ76Ux0gELW6JRrvUJBg2bquYt4E/tP4jJcMqyjdhnCHLRUirWLvSilGqvzeKkcygjUgg9ZL0nqei30isD8SZIAn9QKBgCmmowCf9wE87P\
     JM1ztMASFJFdDqDb5mJOkGqsrS8yLWEzrHBp3qNRP4An5GtD3RpiYGT81Bl+FePZEk7xdYsgbMhfB9uKPN8HwKy/l1lD90xbL5i6s1nIH3YXcr\
     VwxOeREaOPu/Qpgg72SR9aMVirA0ytH0TyH/814Va/fdfHPT";

/// Too small to be believed.
const RSA_1024: &str = "MIICXAIBAAKBgQDeNDV5d+cT7huPqTxkG84y/SdHyXPjEWrZuJ6ToOoieMF8Z6uZR9LfZquFn2HTHzsweilEeDBB89t4odi0HCY2QeI5AKz6wz\
     hFJ+ZGNeA5ZrAgT0OUlWhbWiiyx9Gcz7EzfPlJw4GHYxzWSB7akS8OTC4F17wJozCLUUL4L338PQIDAQABAoGASCBYT0JtXpnGln5PnQsthn2H\
     95RbqpQnw95akv8DoQbjf1dDazDWMS/pcylGHrqfgt/Ub2Y3++CFGAYpCmWsvQr8zp/7Ctf5bddzvnc90V3w/4sAVN8EeSW6C7uuoAMI3/vtJt\
     YSv7OZD4sMixMuQwUuray2NCe8l9quWfX822ECQQD3EVJOqOqsmHi1RhKRPSUMU30khGPiaYUdNJcJ7DCKt7I2lRuKHiZyGM7tww+J9cROmENb\
     pP14itCUleup4ifFAkEA5jzEURLd6ABHFojI1Ea/QE3E/qGvL0p07bHwkSMmL/PZSEFFzuRZofR6oz9nPs4QOMvLUzY9yJvwTBVEmK9SGQJALo\
     BtHG8AlHGyLnQ85Gc8xOAl6qycXC3+JuwSDYUN8d33Rfy0jT91fv4aXHfdQdsnEp/n9aTNLFX8Qishiv0M/QJAHq4IRvlpoomu71zIziijQZFb\
     Z8bpzjZwwF/Ou7hgVVF8Kbmw8LHTE9a9JNXFD0RsOvVFIdB/iSTmb20CGAp8uQJBANGJj/JtOvxgFW1+F0nLtllTiRs4uSuEOa1iYD6djZLudm\
     whRoDNN4JyrJQgqxEvaLV3nBjdq3dAeBH9TWjai6s=";
