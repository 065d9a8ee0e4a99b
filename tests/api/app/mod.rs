//! The server under test, and what tests say to it.
//!
//! [`on_both_databases!`] makes two tests of one body: it is given a [`TestApp`] on a database of its own, and
//! after the body the books are verified and the database is dropped. A `TestApp` speaks for one token; its
//! `with_...` methods give handles on the same server that speak for others. The clock stands still until a
//! test moves it.

mod answer;
mod database;
mod fixtures;
mod server;
mod socket;
mod stream;
pub mod watch;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use konto::access::{ClientSecret, NewClient, Scope};
use konto::ledger::verify;
use konto::primitives::{Clock, CustomerId, TenantId};
use serde_json::{Value, json};

pub use answer::{Answer, dotted};
pub use database::{Engine, TestDatabase};
pub use fixtures::{Account, FIRST_EVENTS, euros, fresh_key, numbered, told};
pub use server::{Server, Settings};
pub use socket::Socket;
pub use stream::{EventStream, Sent};

/// Makes of `async fn name(app: TestApp) { ... }` the tests `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($app: $crate::app::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::app::run($crate::app::Engine::Sqlite, body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::app::run($crate::app::Engine::Postgres, body).await;
            }
        }
    )*};
}

/// Runs a test on one engine, then verifies the books and drops the database, whatever became of the test.
pub async fn run<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(TestApp) -> F) {
    let _watched = watch::this_test();
    let Some(database) = TestDatabase::create(engine).await else { return };
    let app = TestApp::start(database).await;
    let result = AssertUnwindSafe(test(app.clone())).catch_unwind().await;
    let database = app.shared.database.clone();
    for node in app.shared.nodes() {
        node.stop().await;
    }
    let checked = verify_books(&database).await;
    database.remove().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
    checked.expect("the books are clean after the test");
}

async fn verify_books(database: &TestDatabase) -> Result<verify::Checked, verify::VerifyError> {
    let db = database.open().await;
    let checked = verify::verify(db.reader()).await;
    db.reader().clone().close().await.expect("closed");
    checked
}

/// The tenant that tests speak for unless they say otherwise.
pub const TENANT: &str = "acme";

/// When the clocks of the tests start.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-04-15T09:30:00Z".parse().expect("a moment")
}

/// What all handles of one test share.
struct Shared {
    database: TestDatabase,
    clock: Clock,
    http: reqwest::Client,
    nodes: Mutex<Vec<Arc<Server>>>,
}

impl Shared {
    fn nodes(&self) -> Vec<Arc<Server>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// For whom a handle speaks.
#[derive(Clone)]
enum Voice {
    /// A token of a tenant that is made anew when it is over.
    Client { tenant: TenantId, scopes: BTreeSet<Scope>, customer: Option<CustomerId>, name: Arc<str> },
    /// This very token.
    Token(Arc<str>),
    /// Nobody.
    Nobody,
}

/// A server under test, spoken to with one token. Cloning shares the server.
#[derive(Clone)]
pub struct TestApp {
    shared: Arc<Shared>,
    server: Arc<Server>,
    voice: Voice,
}

impl TestApp {
    async fn start(database: TestDatabase) -> Self {
        konto::access::install_tls();
        // The tests of this process share it: a test that adds a key adds it for all.
        if konto::sealing::ring().is_none() {
            konto::sealing::install(konto::sealing::KeyRing::for_show());
        }
        let clock = Clock::manual(start_of_time());
        let server = Arc::new(Server::start(&database, clock.clone(), Settings::default()).await);
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let shared = Shared { database, clock, http, nodes: Mutex::new(vec![server.clone()]) };
        let app = Self { shared: Arc::new(shared), server, voice: Voice::Nobody };
        app.with_tenant(TENANT).await
    }

    // For whom it speaks.

    /// The same server, for all scopes of another tenant, which is made if it is not there.
    pub async fn with_tenant(&self, code: &str) -> Self {
        let tenant = self.server.tenant(code).await;
        let voice = Voice::Client {
            tenant,
            scopes: Scope::ALL.iter().copied().collect(),
            customer: None,
            name: "tests".into(),
        };
        Self { voice, ..self.clone() }
    }

    /// A tenant of its own whose clock can be moved.
    pub async fn with_sandbox(&self, code: &str) -> Self {
        let tenant = self.server.sandbox(code).await;
        let voice = Voice::Client {
            tenant,
            scopes: Scope::ALL.iter().copied().collect(),
            customer: None,
            name: "tests".into(),
        };
        Self { voice, ..self.clone() }
    }

    /// The same tenant, with these scopes only: `"read money"`.
    pub fn with_scopes(&self, scopes: &str) -> Self {
        let Voice::Client { tenant, customer, name, .. } = self.voice.clone() else { panic!("no tenant") };
        let scopes = scopes.split_ascii_whitespace().map(|word| Scope::from_word(word).expect("a scope")).collect();
        Self { voice: Voice::Client { tenant, scopes, customer, name }, ..self.clone() }
    }

    /// The same tenant and scopes, bound to a customer.
    pub fn bound_to(&self, customer: &str) -> Self {
        let Voice::Client { tenant, scopes, name, .. } = self.voice.clone() else { panic!("no tenant") };
        let customer = Some(customer.parse().expect("a customer id"));
        Self { voice: Voice::Client { tenant, scopes, customer, name }, ..self.clone() }
    }

    /// The same tenant and scopes, as another OAuth client.
    pub fn with_client(&self, name: &str) -> Self {
        let Voice::Client { tenant, scopes, customer, .. } = self.voice.clone() else { panic!("no tenant") };
        Self { voice: Voice::Client { tenant, scopes, customer, name: name.into() }, ..self.clone() }
    }

    /// The same server, with this very token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { voice: Voice::Token(token.into()), ..self.clone() }
    }

    /// The same server, without a token.
    pub fn without_token(&self) -> Self {
        Self { voice: Voice::Nobody, ..self.clone() }
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> TenantId {
        match &self.voice {
            Voice::Client { tenant, .. } => *tenant,
            _ => panic!("no tenant"),
        }
    }

    /// The token that goes with requests.
    pub async fn token(&self) -> Option<String> {
        match &self.voice {
            Voice::Nobody => None,
            Voice::Token(token) => Some(token.to_string()),
            Voice::Client { tenant, scopes, customer, name } => {
                Some(self.server.issue(*tenant, name, scopes, *customer).await)
            }
        }
    }

    /// Makes an OAuth client of the tenant and asks `POST /oauth2/token` for its token, as clients do.
    pub async fn client(&self, scopes: &str) -> Self {
        let id = numbered("client");
        self.create_client(&id, "a-secret-of-the-tests", scopes, None).await;
        let form =
            [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", "a-secret-of-the-tests")];
        let (status, body) = self.ask_token(&form).await;
        assert_eq!(status, 200, "{body}");
        self.with_token(body["access_token"].as_str().expect("a token"))
    }

    /// Makes an OAuth client of the tenant.
    pub async fn create_client(&self, id: &str, secret: &str, scopes: &str, customer: Option<&str>) {
        let new = NewClient {
            client_id: id.to_owned(),
            secret: Some(ClientSecret::given(secret).expect("a secret")),
            scopes: scopes.split_ascii_whitespace().map(|word| Scope::from_word(word).expect("a scope")).collect(),
            customer: customer.map(|id| id.parse().expect("a customer id")),
        };
        self.server.access().await.create_client(self.tenant_id(), new).await.expect("a client");
    }

    /// `POST /oauth2/token` with a form.
    pub async fn ask_token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.shared.http.post(self.url("/oauth2/token"));
        let body = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    // Where.

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// A bare HTTP client.
    pub fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Stops the server and starts it again on the same database. The address changes, the handles follow.
    pub async fn restart(&self) {
        self.restart_with(|_| ()).await;
    }

    /// The same, with other settings.
    pub async fn restart_with(&self, change: impl FnOnce(&mut Settings)) {
        self.server.restart(&self.shared.database, self.shared.clock.clone(), change).await;
    }

    /// Another server on the same PostgreSQL database, as a handle; none on SQLite, which has one server.
    pub async fn second_server(&self) -> Option<Self> {
        self.second_server_with(|_| ()).await
    }

    /// The same, with other settings than the first one has by default.
    pub async fn second_server_with(&self, change: impl FnOnce(&mut Settings)) -> Option<Self> {
        if self.shared.database.engine() == Engine::Sqlite {
            return None;
        }
        let mut settings = Settings::default();
        change(&mut settings);
        let server = Arc::new(Server::start(&self.shared.database, self.shared.clock.clone(), settings).await);
        self.shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).push(server.clone());
        Some(Self { server, ..self.clone() })
    }

    /// The database, as another process is told of it.
    pub fn database_url(&self) -> String {
        self.shared.database.url()
    }

    /// The database itself.
    pub fn database(&self) -> &TestDatabase {
        &self.shared.database
    }

    /// Which engine the test runs on.
    pub fn engine(&self) -> Engine {
        self.shared.database.engine()
    }

    // When.

    /// The clock of the servers.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        let clock = &self.shared.clock;
        clock.set(clock.now() + by);
    }

    // What is asked.

    /// One operation over HTTP, its answer's shape checked.
    pub async fn graphql(&self, query: &str, variables: Value) -> Answer {
        self.post(&json!({ "query": query, "variables": variables })).await
    }

    /// One request body over HTTP, its answer's shape checked.
    pub async fn post(&self, body: &Value) -> Answer {
        let mut request = self.shared.http.post(self.url("/graphql"));
        request = request.header("accept", "application/graphql-response+json").json(body);
        if let Some(token) = self.token().await {
            request = request.bearer_auth(token);
        }
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// The data of an operation that has no errors.
    pub async fn ok(&self, query: &str, variables: Value) -> Value {
        self.graphql(query, variables).await.data()
    }

    /// The one error of an operation: its code, which is checked, and all of it.
    pub async fn fault(&self, query: &str, variables: Value, code: &str) -> Value {
        self.graphql(query, variables).await.fault(code)
    }

    /// One mutation, composed: the result object with `__typename`. An idempotency key is added where the input
    /// has none.
    pub async fn mutate(&self, name: &str, input: Value, selection: &str) -> Answer {
        let (query, variables) = mutation(name, input, selection);
        self.graphql(&query, variables).await
    }

    /// The success object of a mutation that must succeed.
    pub async fn done(&self, name: &str, input: Value, selection: &str) -> Value {
        let what = format!("{name} {input}");
        let result = self.mutate(name, input, selection).await.data()[name].take();
        let typename = result["__typename"].as_str().unwrap_or_default().to_owned();
        assert!(typename.ends_with("Success"), "{what}: {result}");
        result
    }

    /// The refusal of a mutation that must be refused with a code, for the field at a dotted path (for one or
    /// more reasons); for none when the path is empty.
    pub async fn refused(&self, name: &str, input: Value, code: &str, path: &str) -> Value {
        let what = format!("{name} {input}");
        let result = self.mutate(name, input, "replayed").await.data()[name].take();
        assert_eq!((&result["__typename"], &result["code"]), (&json!("Refusal"), &json!(code)), "{what}: {result}");
        let fields = result["fields"].as_array().expect("fields");
        let mut paths: Vec<String> = fields.iter().map(|field| dotted(&field["path"])).collect();
        paths.dedup();
        let expected: Vec<&str> = if path.is_empty() { vec![] } else { vec![path] };
        assert_eq!(paths, expected, "{what}: {result}");
        result
    }

    /// A WebSocket that has been acknowledged.
    pub async fn socket(&self) -> Socket {
        let token = self.token().await;
        Socket::ready(&self.server.address(), token.as_deref()).await
    }

    /// A subscription as server-sent events.
    pub async fn events(&self, query: &str, variables: Value) -> EventStream {
        let mut request = self.shared.http.post(self.url("/graphql")).header("accept", "text/event-stream");
        request = request.json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = self.token().await {
            request = request.bearer_auth(token);
        }
        EventStream::read(request.send().await.expect("an answer"))
    }
}

/// All that a refusal may tell.
pub const FACTS: &str = "facts { account customer available { amount currency } balance { amount currency } \
     reserved { amount currency } remaining { amount currency } limit { amount currency } maximumCount status closedThrough \
     earliest latest reversedBy approval application blockKind block blockedUntil }";

/// What a batch tells of the items that were refused, and of the others what is selected.
pub fn items(success: &str) -> String {
    format!(
        "succeeded refused items {{ index idempotencyKey result {{ __typename {success} \
         ... on Refusal {{ code message fields {{ path message }} {FACTS} }} }} }}"
    )
}

/// Whether a mutation is a batch: its items have the keys.
pub fn is_batch(name: &str) -> bool {
    name.ends_with("Batch")
}

/// The document and the variables of a mutation: `name`, with an input of type `NameInput` and the results
/// `NameSuccess` and `Refusal`.
pub fn mutation(name: &str, mut input: Value, selection: &str) -> (String, Value) {
    let title = format!("{}{}", name[..1].to_ascii_uppercase(), &name[1..]);
    if let Value::Object(fields) = &mut input
        && !is_batch(name)
    {
        fields.entry("idempotencyKey").or_insert_with(|| json!(fresh_key()));
    }
    // Batches have no key of their own, and no result that is a replay.
    let selection = if is_batch(name) && selection == "replayed" { "succeeded" } else { selection };
    let query = format!(
        "mutation($input: {title}Input!) {{ {name}(input: $input) {{ __typename \
         ... on {title}Success {{ {selection} }} \
         ... on Refusal {{ code message fields {{ path message }} {FACTS} }} }} }}"
    );
    (query, json!({ "input": input }))
}

/// Percent-encoded for a form or a query string.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Waits until a condition holds, for ten seconds at most.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
