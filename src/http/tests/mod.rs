//! The transport over real sockets, in front of a toy schema.

mod bounds;
mod http;
mod shutdown;
mod sse;
mod ws;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_graphql::{
    Context, Error, InputValueError, InputValueResult, Object, Scalar, ScalarType, Schema, Subscription,
    ValidationMode, Value,
};
use futures_util::Stream;

use super::*;
use crate::access::Scope;
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::{RequestId, Types};
use crate::api::{Decorate, Executable};
use crate::primitives::{Clock, IdSource, TenantId};

/// A server on a port of its own. Dropping it leaves its task to the runtime of the test.
struct Server {
    address: std::net::SocketAddr,
    lifecycle: Lifecycle,
    done: tokio::task::JoinHandle<std::io::Result<()>>,
    /// How often `write` came to its end.
    writes: Arc<AtomicU32>,
    clock: Clock,
}

impl Server {
    async fn start() -> Self {
        Self::with(HttpConfig::default(), TrustedDocuments::default()).await
    }

    async fn with_config(change: impl FnOnce(&mut HttpConfig)) -> Self {
        let mut config = HttpConfig::default();
        change(&mut config);
        Self::with(config, TrustedDocuments::default()).await
    }

    async fn with(config: HttpConfig, trusted: TrustedDocuments) -> Self {
        // The client of the tests is built with TLS although it speaks none here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let writes = Arc::new(AtomicU32::new(0));
        let lifecycle = Lifecycle::default();
        let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
        let counter = writes.clone();
        let decorate: Decorate = Arc::new(move |request, _, _| request.data(counter.clone()));
        let connection = config.connection.clone();
        let schema = Schema::build(Query, Mutation, Streams).validation_mode(ValidationMode::Fast).finish();
        let types = Types::of_sdl(&schema.sdl()).expect("the schema");
        let gateway = Gateway::new(
            Executable { schema, types },
            GatewayParts {
                authenticate: Arc::new(Tokens),
                decorate: Some(decorate),
                trusted,
                clock: clock.clone(),
                ids: IdSource::seeded(clock.clone(), 1),
                config,
                lifecycle: lifecycle.clone(),
            },
        );
        let explorer = Router::new().route("/", get(|| async { "explorer" }));
        let ready: Readiness = Arc::new(|| Box::pin(async { true }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = router(&gateway, ready, [explorer]);
        let metrics = ConnectionMetrics::default();
        let done = tokio::spawn(serve(listener, router, connection, metrics, lifecycle.clone()));
        Self { address, lifecycle, done, writes, clock }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn post(&self, query: &str) -> reqwest::RequestBuilder {
        self.post_json(serde_json::json!({ "query": query }))
    }

    fn post_json(&self, body: serde_json::Value) -> reqwest::RequestBuilder {
        reqwest::Client::new().post(self.url("/graphql")).bearer_auth("good").json(&body)
    }

    fn get(&self, query_string: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().get(self.url(&format!("/graphql?{query_string}"))).bearer_auth("good")
    }

    fn writes(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Moves the server's clock, seconds after 1970.
    fn set_clock(&self, seconds: i64) {
        self.clock.set(chrono::DateTime::from_timestamp(seconds, 0).expect("a moment"));
    }
}

async fn json(request: reqwest::RequestBuilder) -> (u16, serde_json::Value) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// `good`, `bulk`, `short` (expires at 1,000 s), `late` (expired); everything else is unknown.
struct Tokens;

impl Authenticate for Tokens {
    fn verify<'a>(
        &'a self,
        bearer: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Principal, AuthFailure>> + Send + 'a>> {
        Box::pin(async move {
            let (scopes, expires_at) = match bearer {
                "good" => (BTreeSet::new(), i64::MAX / 2_000_000),
                "bulk" => (BTreeSet::from([Scope::Bulk]), i64::MAX / 2_000_000),
                "short" => (BTreeSet::new(), 1_000),
                "late" => (BTreeSet::new(), 0),
                "down" => return Err(AuthFailure::Unavailable),
                _ => return Err(AuthFailure::Invalid),
            };
            let tenant = TenantId(uuid::Uuid::nil());
            Ok(Principal { tenant, client: bearer.into(), customer: None, scopes: Arc::new(scopes), expires_at })
        })
    }
}

struct Even;

#[Scalar]
impl ScalarType for Even {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Number(number) if number.as_u64().is_some_and(|n| n % 2 == 0) => Ok(Self),
            _ => Err(InputValueError::custom("not even")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn who(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let principal = ctx.data::<Principal>()?;
        Ok(format!("{} {}", principal.client, ctx.data::<RequestId>()?.0))
    }

    /// Sixteen megabytes.
    async fn large(&self) -> String {
        "x".repeat(1 << 24)
    }

    async fn slow(&self, ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ms
    }

    async fn even(&self, number: Even) -> bool {
        let _ = number;
        true
    }

    async fn length(&self, texts: Vec<String>) -> usize {
        texts.len()
    }

    /// What `?` makes of a database's error.
    async fn broken(&self) -> async_graphql::Result<Option<i32>> {
        Err(std::io::Error::other("secret: connection to 10.0.0.1 refused"))?
    }

    async fn worded(&self) -> async_graphql::Result<Option<i32>> {
        Err(Error::new("Failed to find secret"))
    }

    async fn fault(&self) -> async_graphql::Result<Option<i32>> {
        Err(Fault::new(FaultCode::Forbidden, "not yours").into())
    }

    async fn required(&self) -> async_graphql::Result<i32> {
        Err(Fault::new(FaultCode::Unavailable, "no").into())
    }

    /// What the posting path says when its queue is full.
    async fn crowded(&self) -> async_graphql::Result<i32> {
        Err(Fault::new(FaultCode::Overloaded, "no").into())
    }

    async fn panics(&self) -> i32 {
        if true { panic!("secret") } else { 0 }
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn write(&self, ctx: &Context<'_>, ms: u64) -> async_graphql::Result<u32> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(ctx.data::<Arc<AtomicU32>>()?.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

struct Streams;

#[Subscription]
impl Streams {
    async fn count(&self, to: u32, #[graphql(default)] every_ms: u64) -> impl Stream<Item = u32> {
        async_stream::stream! {
            for n in 1..=to {
                if every_ms > 0 {
                    tokio::time::sleep(Duration::from_millis(every_ms)).await;
                }
                yield n;
            }
        }
    }

    async fn endless(&self) -> impl Stream<Item = u32> {
        futures_util::stream::pending()
    }

    /// As fast as it is read, with a kilobyte each.
    async fn flood(&self) -> impl Stream<Item = String> {
        futures_util::stream::repeat_with(|| "x".repeat(1_024)).then(|text| async {
            tokio::task::yield_now().await;
            text
        })
    }

    async fn left_behind(&self) -> impl Stream<Item = async_graphql::Result<u32>> {
        futures_util::stream::iter([Ok(1), Err(Fault::new(FaultCode::TooSlow, "resume from 1").into()), Ok(3)])
    }

    async fn forbidden(&self) -> async_graphql::Result<futures_util::stream::Empty<u32>> {
        Err(Fault::forbidden(Scope::Subscribe).into())
    }
}

use futures_util::StreamExt as _;
