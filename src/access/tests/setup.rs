//! Tenants, clients, the bootstrap, and token requests below HTTP.

use super::*;

fn request(client_id: &str, secret: &str) -> TokenRequest {
    TokenRequest { client_id: client_id.into(), client_secret: secret.into(), scope: None, customer: None }
}

fn new_client(client_id: &str, words: &str, customer: Option<CustomerId>) -> NewClient {
    NewClient { client_id: client_id.into(), secret: None, scopes: scopes(words), customer }
}

#[tokio::test]
async fn a_tenant_has_a_code_of_its_own_and_an_empty_journal() {
    let world = world().await;
    let sek = "SEK".parse().expect("a currency");
    let ids = IdSource::random(world.clock.clone());
    let tx = world.db.begin().await.expect("a transaction");
    let make = |code: &'static str, name: &str| {
        let settings = Settings { name: name.into(), base_currency: sek, sandbox: true, ..Settings::default() };
        create_tenant(&tx, &world.clock, &ids, code, settings)
    };
    assert!(matches!(make("acme", "Acme").await, Err(TenantError::CodeTaken)));
    assert!(matches!(make("Acme!", "Acme").await, Err(TenantError::InvalidCode)));
    assert!(matches!(make("beta", " ").await, Err(TenantError::InvalidSettings(_))));
    let beta = make("beta", "Beta AB").await.expect("the transaction is still good after a taken code");
    tx.commit().await.expect("a commit");

    let found = tenants::find_by_code(world.db.reader(), "beta").await.expect("an answer").expect("a tenant");
    let settings = &found.settings;
    let told = (found.id, settings.name.as_str(), settings.base_currency, settings.sandbox);
    assert_eq!(told, (beta, "Beta AB", sek, true));
    assert_eq!(tenants::find(world.db.reader(), beta).await.expect("an answer"), Some(found));
    let codes: Vec<_> = world.access.tenants().await.expect("tenants").into_iter().map(|tenant| tenant.code).collect();
    assert_eq!(codes, ["acme", "beta"]);
    let head = store::ledger_head_of(world.db.reader(), beta).await.expect("an answer").expect("a head");
    assert_eq!((head.0, head.1), (0, vec![0; 32]));
}

#[tokio::test]
async fn a_client_gets_tokens_until_it_is_disabled() {
    let world = world().await;
    let made = world.access.create_client(world.acme, new_client("batch", "bulk read", None)).await.expect("a client");
    assert_eq!(made.secret.expose().len(), 43);
    let issued = world.access.token(request("batch", made.secret.expose())).await.expect("a token");
    assert_eq!((issued.expires_in, issued.scope.as_str()), (3_600, "read bulk"));
    let principal = world.access.verify(&issued.access_token).await.expect("a principal");
    assert_eq!((principal.tenant, principal.customer), (world.acme, None));
    for shown in [format!("{issued:?}"), format!("{made:?}"), format!("{:?}", request("batch", made.secret.expose()))] {
        assert!(!shown.contains(&issued.access_token) && !shown.contains(made.secret.expose()), "{shown}");
    }

    world.access.disable_client(world.acme, "batch").await.expect("disabled");
    let refused = world.access.token(request("batch", made.secret.expose())).await;
    assert!(matches!(refused, Err(OAuthError::InvalidClient)));
    let clients = world.access.clients(world.acme).await.expect("clients");
    assert_eq!(
        clients.iter().map(|client| (client.client_id.as_str(), client.disabled)).collect::<Vec<_>>(),
        [("batch", true), ("everything", false)]
    );
}

#[tokio::test]
async fn wrong_clients_are_refused_by_name() {
    let world = world().await;
    let other = TenantId(Uuid::nil());
    let stranger = CustomerId(Uuid::nil());
    let make = |tenant, new| world.access.create_client(tenant, new);
    assert!(matches!(make(world.acme, new_client("a b", "read", None)).await, Err(ClientError::InvalidClientId)));
    assert!(matches!(make(world.acme, new_client("web", "", None)).await, Err(ClientError::NoScope)));
    assert!(matches!(make(other, new_client("web", "read", None)).await, Err(ClientError::UnknownTenant)));
    let bound = new_client("web", "read", Some(stranger));
    assert!(matches!(make(world.acme, bound).await, Err(ClientError::UnknownCustomer)));
    let customer = world.customer().await;
    let unfit = make(world.acme, new_client("web", "read admin money bulk audit", Some(customer))).await;
    let unfit = unfit.expect_err("scopes of those who run the tenant").to_string();
    assert!(unfit.ends_with("does not take admin, audit, bulk"), "{unfit}");
    let twice = new_client("everything", "read", None);
    assert!(matches!(make(world.acme, twice).await, Err(ClientError::ClientIdTaken)));
    assert!(matches!(world.access.disable_client(other, "everything").await, Err(ClientError::UnknownClient)));
}

#[tokio::test]
async fn a_token_is_bound_to_the_customer_that_is_asked_for_or_the_clients_own() {
    let world = world().await;
    let customer = world.customer().await;
    let bound =
        world.access.create_client(world.acme, new_client("app", "read", Some(customer))).await.expect("a client");
    let free = "secret-of-all";
    let stranger = CustomerId(Uuid::from_u128(99)).to_string();
    for (client, secret, wanted, expected) in [
        ("app", bound.secret.expose(), None, Some(Some(customer))),
        ("app", bound.secret.expose(), Some(customer.to_string()), Some(Some(customer))),
        ("app", bound.secret.expose(), Some(stranger.clone()), None),
        ("everything", free, None, Some(None)),
        ("everything", free, Some(customer.to_string()), Some(Some(customer))),
        ("everything", free, Some(stranger), None),
        ("everything", free, Some("acc_1".into()), None),
    ] {
        let issued = world.access.token(TokenRequest { customer: wanted, ..request(client, secret) }).await;
        match (issued, expected) {
            (Ok(issued), Some(expected)) => {
                let principal = world.access.verify(&issued.access_token).await.expect("a principal");
                assert_eq!(principal.customer, expected, "{client}");
            }
            (Err(OAuthError::InvalidRequest(_)), None) => {}
            (other, _) => panic!("{client}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_bound_token_carries_no_scope_of_those_who_run_the_tenant() {
    let world = world().await;
    let customer = Some(world.customer().await.to_string());
    world
        .access
        .create_client(
            world.acme,
            NewClient {
                secret: Some(ClientSecret::given("secret-of-ops").expect("a secret")),
                ..new_client("ops", "admin audit", None)
            },
        )
        .await
        .expect("a client");
    for (client, secret, wanted, expected) in [
        ("everything", "secret-of-all", None, Some("read money subscribe")),
        ("everything", "secret-of-all", Some("read money"), Some("read money")),
        ("everything", "secret-of-all", Some("read admin"), None),
        ("everything", "secret-of-all", Some("bulk"), None),
        ("ops", "secret-of-ops", None, None),
    ] {
        let scope = wanted.map(str::to_owned);
        let asked = TokenRequest { customer: customer.clone(), scope, ..request(client, secret) };
        match (world.access.token(asked).await, expected) {
            (Ok(issued), Some(expected)) => assert_eq!(issued.scope, expected),
            (Err(OAuthError::InvalidScope), None) => {}
            (other, _) => panic!("{client} {wanted:?}: {other:?}"),
        }
    }
}

#[test]
fn a_bootstrap_is_checked_without_a_database() {
    for (spec, good) in [
        ("acme:web:a-long-secret", true),
        ("acme:web", false),
        ("Acme!:web:a-long-secret", false),
        ("acme:w b:a-long-secret", false),
        ("acme:web:short", false),
    ] {
        assert_eq!(check_bootstrap_client(spec).is_ok(), good, "{spec}");
    }
}

#[tokio::test]
async fn a_scope_is_narrowed_and_never_widened() {
    let own = scopes("read money");
    for (wanted, expected) in [
        (None, Some("read money")),
        (Some("money"), Some("money")),
        (Some("money read money"), Some("read money")),
        (Some("read admin"), None),
        (Some("read nonsense"), None),
        (Some(" "), None),
    ] {
        assert_eq!(narrow(&own, wanted).ok(), expected.map(scopes), "{wanted:?}");
    }
}

#[tokio::test]
async fn the_bootstrap_can_be_repeated_but_not_bent() {
    let world = world().await;
    let again = async |spec: &str| {
        world.access.bootstrap_client(spec, Settings::default(), |_, _| panic!("no new tenant")).await
    };
    let found = again("acme:everything:secret-of-all").await.expect("the same again");
    assert_eq!(found, Bootstrapped { tenant: world.acme, tenant_created: false, client_created: false });
    let second = again("acme:second:with:colons:in:it").await.expect("a second client");
    assert_eq!((second.tenant_created, second.client_created), (false, true));
    world.access.token(request("second", "with:colons:in:it")).await.expect("a token");

    let wrong = again("acme:everything:another-secret").await.expect_err("another secret");
    assert!(matches!(wrong, BootstrapError::OtherSecret(_)));
    assert!(wrong.to_string().contains("expected") && !wrong.to_string().contains("another-secret"));
    for spec in ["acme", "acme:web", ""] {
        assert!(matches!(again(spec).await, Err(BootstrapError::Malformed)), "{spec}");
    }
    let short = again("acme:web:short").await;
    assert!(matches!(short, Err(BootstrapError::Client(ClientError::InvalidSecret))));

    // Refused as a whole: the tenant that it would have made is not there.
    let stolen = world
        .access
        .bootstrap_client("beta:everything:secret-of-all", Settings::default(), |_, _| Box::pin(async { Ok(()) }))
        .await;
    assert!(matches!(stolen, Err(BootstrapError::OtherTenant(_))));
    let failing = world.access.bootstrap_client("gamma:web:secret-of-web", Settings::default(), |_, _| {
        Box::pin(async { Err(DbErr::Custom("no default products".into())) })
    });
    assert!(matches!(failing.await, Err(BootstrapError::Database(_))));
    assert_eq!(world.access.tenants().await.expect("tenants").len(), 1);
}

#[tokio::test]
async fn what_contradicts_itself_does_not_start() {
    let (_folder, db) = database().await;
    let clock = Clock::manual(morning());
    let external = |issuer: &str, jwks_url: &str| ExternalIssuer {
        issuer: issuer.into(),
        audience: "konto".into(),
        jwks_url: jwks_url.into(),
        tenant_claim: "tenant".into(),
        scope_claim: "scope".into(),
        customer_claim: "customer".into(),
    };
    let local = "http://127.0.0.1:1/jwks";
    for (external, starts) in [
        (vec![external("a", local), external("b", "http://[::1]:1/")], true),
        (vec![external("a", "http://localhost:1/")], true),
        (vec![external("konto", local)], false),
        (vec![external("a", local), external("a", local)], false),
        (vec![external("a", "http://idp.example/jwks")], false),
        (vec![external("a", "http://127.0.0.1.example/jwks")], false),
        (vec![external("a", "ftp://127.0.0.1/jwks")], false),
        (vec![external("a", "jwks.json")], false),
    ] {
        let shown = format!("{external:?}");
        let config = AccessConfig { external, ..AccessConfig::default() };
        let started = Access::start(db.clone(), clock.clone(), IdSource::seeded(clock.clone(), 1), config).await;
        assert_eq!(started.is_ok(), starts, "{shown}");
    }
}
