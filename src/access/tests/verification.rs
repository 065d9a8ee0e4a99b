//! Own tokens: what is believed, what is not, and for how long.

use super::*;

/// The key that the world signs with, to forge with the right key what the right issuer would not say.
async fn signing(world: &World) -> Arc<keys::SigningKey> {
    world.access.0.keys.signing().await.expect("a key")
}

fn header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".into());
    header.kid = Some(kid.into());
    header
}

/// The claims of a good token.
fn claims(world: &World) -> Value {
    let now = tokens::seconds(&world.clock);
    json!({
        "iss": "konto", "aud": "konto", "sub": "web", "client_id": "web", "tid": world.acme.to_string(),
        "scope": "read money", "iat": now, "exp": now + 3600, "jti": "one",
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => {
            claims.as_object_mut().expect("claims").remove(name);
        }
        value => claims[name] = value,
    }
    claims
}

fn sign(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).expect("a token")
}

fn part(value: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn an_own_token_says_who_may_do_what() {
    let world = world().await;
    let customer = CustomerId(Uuid::from_u128(7));
    let token = world.access.issue_for(world.acme, "web", &scopes("read bulk"), Some(customer)).await.expect("a token");
    for _ in 0..2 {
        let principal = world.access.verify(&token).await.expect("a principal");
        assert_eq!((principal.tenant, &*principal.client), (world.acme, "web"));
        assert_eq!(principal.customer, Some(customer));
        assert_eq!(*principal.scopes, scopes("bulk read"));
        assert_eq!(principal.expires_at, tokens::seconds(&world.clock) + 3600);
        assert!(principal.may(Scope::Read) && !principal.may(Scope::Money));
    }
    let header = jsonwebtoken::decode_header(&token).expect("a header");
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("at+jwt")));
    assert_ne!(
        token,
        world.access.issue_for(world.acme, "web", &scopes("read bulk"), Some(customer)).await.expect("a token")
    );
}

#[tokio::test]
async fn a_token_is_over_to_the_second_also_when_it_is_remembered() {
    let world = world().await;
    let (remembered, unseen) = (world.token().await, world.token().await);
    world.access.verify(&remembered).await.expect("a principal");
    world.pass(3_599);
    world.access.verify(&remembered).await.expect("a principal");
    world.pass(1);
    for token in [remembered, unseen] {
        assert!(matches!(world.access.verify(&token).await, Err(TokenError::Expired)));
    }
}

#[tokio::test]
async fn forged_and_foreign_tokens_are_refused() {
    let world = world().await;
    let key = signing(&world).await;
    let good = claims(&world);
    let own = |claims: &Value| sign(&header(&key.kid), claims, &key.encoding);
    world.access.verify(&own(&good)).await.expect("the pattern of all rows is good");

    let public_x = world.access.jwks().await["keys"][0]["x"].as_str().expect("a key").to_owned();
    let hs256 = |secret: &[u8]| {
        let mut header = header(&key.kid);
        header.alg = Algorithm::HS256;
        sign(&header, &good, &EncodingKey::from_secret(secret))
    };
    let public_bytes = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&public_x).expect("base64url")
    };
    let none = |signature: &str| {
        let header = json!({ "alg": "none", "typ": "at+jwt", "kid": key.kid });
        format!("{}.{}.{signature}", part(&header), part(&good))
    };
    let signature = own(&good).rsplit('.').next().expect("a signature").to_owned();
    let richer = with(good.clone(), "scope", json!("read money admin"));
    let tampered = format!("{}.{}.{signature}", own(&good).split('.').next().expect("a header"), part(&richer));
    let another = EncodingKey::from_ed_der(
        &[&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[7; 32]].concat(),
    );
    let typ = |typ: Option<&str>| {
        let mut header = header(&key.kid);
        header.typ = typ.map(Into::into);
        sign(&header, &good, &key.encoding)
    };
    let mut critical = header(&key.kid);
    critical.crit = Some(vec!["exp".into()]);
    let mut nameless = header(&key.kid);
    nameless.kid = None;

    type Expected = fn(&TokenError) -> bool;
    let rows: Vec<(&str, String, Expected)> = vec![
        ("nothing", String::new(), |e| matches!(e, TokenError::Malformed)),
        ("no token", "abc.def".into(), |e| matches!(e, TokenError::Malformed)),
        ("too large", "x".repeat(20_000), |e| matches!(e, TokenError::Malformed)),
        ("five parts", format!("{}.a.b", own(&good)), |e| matches!(e, TokenError::Malformed)),
        ("alg none", none(""), |e| matches!(e, TokenError::Malformed)),
        ("alg none, signed", none(&signature), |e| matches!(e, TokenError::Malformed)),
        ("HS256 with the public key", hs256(&public_bytes), |e| matches!(e, TokenError::WrongAlgorithm)),
        ("HS256 with its text", hs256(public_x.as_bytes()), |e| matches!(e, TokenError::WrongAlgorithm)),
        ("another key of the same id", sign(&header(&key.kid), &good, &another), |e| {
            matches!(e, TokenError::BadSignature)
        }),
        ("tampered", tampered, |e| matches!(e, TokenError::BadSignature)),
        ("unknown key", sign(&header("other"), &good, &another), |e| matches!(e, TokenError::UnknownKey)),
        ("no key id", sign(&nameless, &good, &key.encoding), |e| matches!(e, TokenError::UnknownKey)),
        ("type JWT", typ(Some("JWT")), |e| matches!(e, TokenError::WrongType)),
        ("no type", typ(None), |e| matches!(e, TokenError::WrongType)),
        ("critical extension", sign(&critical, &good, &key.encoding), |e| matches!(e, TokenError::Malformed)),
        ("other issuer", own(&with(good.clone(), "iss", json!("other"))), |e| matches!(e, TokenError::UnknownIssuer)),
        ("issuer list", own(&with(good.clone(), "iss", json!(["konto"]))), |e| matches!(e, TokenError::Claim(_))),
        ("other audience", own(&with(good.clone(), "aud", json!("other"))), |e| matches!(e, TokenError::WrongAudience)),
        ("over", own(&with(good.clone(), "exp", good["iat"].clone())), |e| matches!(e, TokenError::Expired)),
        (
            "customer of another kind",
            own(&with(good.clone(), "cus", good["tid"].clone())),
            |e| matches!(e, TokenError::Claim(name) if name == "cus"),
        ),
        ("empty customer", own(&with(good.clone(), "cus", json!(""))), |e| matches!(e, TokenError::Claim(_))),
        ("tenant by code", own(&with(good.clone(), "tid", json!("acme"))), |e| matches!(e, TokenError::Claim(_))),
        ("text as time", own(&with(good.clone(), "exp", json!("4102444800"))), |e| matches!(e, TokenError::Claim(_))),
    ];
    for (name, token, expected) in rows {
        let error = world.access.verify(&token).await.expect_err(name);
        assert!(expected(&error) && error.is_refusal(), "{name}: {error:?}");
    }
    for missing in ["iss", "aud", "sub", "client_id", "tid", "scope", "iat", "exp", "jti"] {
        let token = own(&with(good.clone(), missing, Value::Null));
        let error = world.access.verify(&token).await.expect_err(missing);
        assert!(matches!(&error, TokenError::Claim(name) if name == missing), "{missing}: {error:?}");
    }
}

#[tokio::test]
async fn words_that_are_no_scopes_give_nothing() {
    let world = world().await;
    let key = signing(&world).await;
    for (words, expected) in [("read", "read"), ("read  openid money", "read money"), ("READ all *", ""), ("", "")] {
        let token = sign(&header(&key.kid), &with(claims(&world), "scope", json!(words)), &key.encoding);
        match world.access.verify(&token).await {
            Ok(principal) => assert_eq!(*principal.scopes, scopes(expected), "{words}"),
            Err(error) => assert!(words.is_empty() && matches!(error, TokenError::Claim(_)), "{words}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn after_a_rotation_old_tokens_live_out_their_hour() {
    let world = world().await;
    let old = world.token().await;
    let old_key = signing(&world).await;
    world.access.rotate_keys().await.expect("a rotation");
    assert_ne!(signing(&world).await.kid, old_key.kid);
    assert_eq!(world.access.jwks().await["keys"].as_array().expect("keys").len(), 2);
    world.access.verify(&old).await.expect("the old key is still believed");
    let new = world.token().await;
    world.access.verify(&new).await.expect("so is the new");

    let mut long = claims(&world);
    long["exp"] = json!(long["exp"].as_i64().expect("a time") + 100_000);
    let long = sign(&header(&old_key.kid), &long, &old_key.encoding);
    world.pass(3_659);
    assert!(matches!(world.access.verify(&old).await, Err(TokenError::Expired)));
    let fresh = server(&world.db, &world.clock, AccessConfig::default()).await;
    fresh.verify(&long).await.expect("the old key is believed for one more second");
    world.pass(1);
    let fresh = server(&world.db, &world.clock, AccessConfig::default()).await;
    assert!(matches!(fresh.verify(&long).await, Err(TokenError::UnknownKey)));
    assert_eq!(world.access.jwks().await["keys"].as_array().expect("keys").len(), 1);
    world.pass(1);
    world.access.rotate_keys().await.expect("a rotation");
    let stored = store::signing_keys(world.db.reader()).await.expect("keys");
    assert_eq!(stored.len(), 2, "the first key is forgotten");
}

#[tokio::test]
async fn the_public_keys_are_those_of_all_servers() {
    let world = world().await;
    let eager = AccessConfig { reload_interval: Duration::ZERO, ..AccessConfig::default() };
    let other = server(&world.db, &world.clock, eager).await;
    world.access.rotate_keys().await.expect("a rotation");
    let known = world.access.jwks().await;
    assert_eq!(known["keys"].as_array().expect("keys").len(), 2);
    assert_eq!(other.jwks().await, known);
}

#[tokio::test]
async fn servers_on_one_database_agree() {
    let world = world().await;
    let other = server(&world.db, &world.clock, AccessConfig::default()).await;
    assert_eq!(other.jwks().await, world.access.jwks().await, "the second server uses the key of the first");
    world.access.rotate_keys().await.expect("a rotation");
    let token = world.token().await;
    other.verify(&token).await.expect("an unknown key is looked for");
    // The next one is too soon: a flood of forged key ids does not become one of queries.
    world.access.rotate_keys().await.expect("a rotation");
    let token = world.token().await;
    assert!(matches!(other.verify(&token).await, Err(TokenError::UnknownKey)));

    let eager = AccessConfig { reload_interval: Duration::ZERO, ..AccessConfig::default() };
    let eager = server(&world.db, &world.clock, eager).await;
    for _ in 0..2 {
        world.access.rotate_keys().await.expect("a rotation");
        eager.verify(&world.token().await).await.expect("an unknown key is looked for");
    }
}

#[tokio::test]
async fn servers_that_start_together_believe_each_other() {
    let (_folder, db) = database().await;
    let clock = Clock::manual(morning());
    let config = AccessConfig::default;
    let (one, two) = tokio::join!(server(&db, &clock, config()), server(&db, &clock, config()));
    for (issuing, verifying) in [(&one, &two), (&two, &one)] {
        let token = issuing.issue_for(TenantId(Uuid::nil()), "web", &scopes("read"), None).await.expect("a token");
        verifying.verify(&token).await.expect("a principal");
    }
}
