//! The one way to the executor, shared by HTTP, event streams and WebSockets, so that every limit holds on all.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request, Response};
use axum::http::{HeaderMap, header};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use prometheus_client::registry::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, Span};

use super::answer::Answer;
use super::config::HttpConfig;
use super::graphql_params::Params;
use super::graphql_sse::ends;
use super::metrics::{Operation, RequestMetrics, operation_of};
use super::rate::RateLimit;
use super::run_to_end::RunToEnd;
use super::trusted::TrustedDocuments;
use super::{AuthFailure, Authenticate, Lifecycle, trace};
use crate::access::Principal;
use crate::api::context::Verdict;
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::{self, Documents, Prepared, Refusal, RequestId};
use crate::api::progress::Progress;
use crate::api::{Decorate, Executable};
use crate::primitives::{Clock, IdSource};
use crate::telemetry::measure::{self, to_count};

/// The executor without its type, so that the transport is compiled once.
trait Engine: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'static, Response>;
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<E: Executor> Engine for E {
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let executor = self.clone();
        async move { executor.execute(request).await }.boxed()
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request, None)
    }
}

/// What a gateway is made of, the executor apart.
pub struct GatewayParts {
    /// Verifies tokens.
    pub authenticate: Arc<dyn Authenticate>,
    /// Adds what resolvers want to find in the request's data.
    pub decorate: Option<Decorate>,
    /// May be empty.
    pub trusted: TrustedDocuments,
    /// For the expiry of tokens.
    pub clock: Clock,
    /// For request ids.
    pub ids: IdSource,
    /// Limits.
    pub config: HttpConfig,
    /// Tells when to stop, and keeps what must be waited for.
    pub lifecycle: Lifecycle,
}

/// The way to the executor. Cloning shares it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    engine: Box<dyn Engine>,
    parts: GatewayParts,
    rate: RateLimit,
    documents: Documents,
    in_flight: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    metrics: RequestMetrics,
}

/// An operation whose document may run.
pub(super) struct Checked {
    prepared: Prepared,
    operation: Operation,
}

/// An operation that passed every check and may run.
pub(super) struct Ready {
    prepared: Prepared,
    operation: Operation,
    verdict: Option<Verdict>,
    id: RequestId,
    time: Duration,
}

impl Gateway {
    /// A gateway to a schema.
    pub fn new<E: Executor>(executable: Executable<E>, parts: GatewayParts) -> Self {
        Self(Arc::new(Inner {
            engine: Box::new(executable.schema),
            rate: RateLimit::new(parts.config.rate.clone()),
            documents: Documents::new(executable.types),
            in_flight: Arc::new(Semaphore::new(parts.config.in_flight)),
            streams: Arc::new(Semaphore::new(parts.config.streams)),
            metrics: RequestMetrics::default(),
            parts,
        }))
    }

    pub(super) fn config(&self) -> &HttpConfig {
        &self.0.parts.config
    }

    pub(super) fn metrics(&self) -> &RequestMetrics {
        &self.0.metrics
    }

    /// Puts what the transport measures on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
        let (inner, limit) = (self.0.clone(), self.config().in_flight);
        let help = "Requests and WebSocket operations at work.";
        let at_work = move || measure::plain(limit - inner.in_flight.available_permits());
        measure::gauge(registry, "requests_in_flight", help, at_work);
        let (limits, help) =
            (self.config(), "The most of these at once (requests, streams, connections); more are OVERLOADED.");
        let connections = ("connections", limits.connection.limit);
        let limits = [("requests", limits.in_flight), ("streams", limits.streams), connections];
        let limits = limits.map(|(what, limit)| (vec![("what", what)], to_count(limit)));
        measure::gauge(registry, "overload_limit", help, move || limits.to_vec());
    }

    pub(super) fn lifecycle(&self) -> &Lifecycle {
        &self.0.parts.lifecycle
    }

    pub(super) fn ids(&self) -> &IdSource {
        &self.0.parts.ids
    }

    /// A place among the requests at work, or `OVERLOADED`.
    pub(super) fn enter(&self, id: &RequestId) -> Result<OwnedSemaphorePermit, Answer> {
        self.0.in_flight.clone().try_acquire_owned().map_err(|_| self.overloaded(id))
    }

    /// A place among the open streams, or `OVERLOADED`.
    pub(super) fn open_stream(&self, id: &RequestId) -> Result<OwnedSemaphorePermit, Answer> {
        self.0.streams.clone().try_acquire_owned().map_err(|_| self.overloaded(id))
    }

    fn overloaded(&self, id: &RequestId) -> Answer {
        self.0.metrics.fault(Operation::NONE, FaultCode::Overloaded);
        Answer::overloaded(id)
    }

    /// Who a token speaks for.
    pub(super) async fn verify(&self, token: &str) -> Result<Principal, AuthFailure> {
        let verified = match self.0.parts.authenticate.verify(token).await {
            Ok(principal) if self.left(&principal).is_zero() => Err(AuthFailure::Invalid),
            verified => verified,
        };
        verified.inspect_err(|failure| {
            let code = match failure {
                AuthFailure::Invalid => FaultCode::Unauthenticated,
                AuthFailure::Unavailable => FaultCode::Unavailable,
            };
            self.0.metrics.fault(Operation::NONE, code);
        })
    }

    /// How long a token is still good.
    pub(super) fn left(&self, principal: &Principal) -> Duration {
        let micros = principal.expires_at.saturating_mul(1_000_000).saturating_sub(self.0.parts.clock.micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Returns when a token has expired. Looks again each second, for a clock may be set.
    pub(super) async fn expired(&self, principal: &Principal) {
        loop {
            let left = self.left(principal);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
    }

    /// Everything about a request that does not depend on who asks.
    pub(super) fn prepare(&self, params: Params, id: &RequestId) -> Result<Checked, Answer> {
        let refuse = |operation, answer: Answer| {
            self.0.metrics.answered(operation, &answer, false);
            answer
        };
        let request = params.into_request(&self.0.parts.trusted, self.config().trusted_only);
        let request = request.map_err(|fault| refuse(Operation::NONE, Answer::failed(fault, id)))?;
        let prepared = limits::prepare(request, &self.config().limits, &self.0.documents);
        let mut prepared = prepared.map_err(|refusal| {
            let is_invalid = matches!(refusal, Refusal::Invalid(_));
            let operation = if is_invalid { Operation::UNKNOWN } else { Operation::NONE };
            refuse(operation, Answer::refused(refusal, id))
        })?;
        let operation = operation_of(&mut prepared);
        trace::note("root", operation.word());
        let name = prepared.name.as_deref().unwrap_or("");
        // A name is the client's own text: not more of it than a log line takes.
        trace::note("operation", name.get(..64).unwrap_or(name));
        trace::note("kind", kind_word(prepared.kind));
        Ok(Checked { prepared, operation })
    }

    /// The rest: the rate, and what resolvers find in the request's data.
    pub(super) fn admit(&self, checked: Checked, caller: &Principal, id: &RequestId) -> Result<Ready, Answer> {
        let Checked { mut prepared, operation } = checked;
        self.0.rate.spend(caller, prepared.cost.complexity.max(1), Instant::now()).map_err(|wait| {
            self.0.metrics.fault(operation, FaultCode::RateLimited);
            Answer::retry(
                FaultCode::RateLimited,
                "over the rate of this token; extensions.cost tells what each operation cost",
                wait,
                id,
            )
        })?;
        let mut request = prepared.request.data(caller.clone()).data(id.clone());
        if let Some(decorate) = &self.0.parts.decorate {
            request = decorate(request, caller, id);
        }
        let verdict = (prepared.kind == OperationType::Mutation).then(Verdict::default);
        if let Some(verdict) = &verdict {
            request = request.data(verdict.clone());
        }
        prepared.request = request;
        Ok(Ready { prepared, operation, verdict, id: id.clone(), time: self.config().operation_time_of(caller) })
    }

    /// Runs a query or a mutation within its time.
    ///
    /// Neither the timeout nor a client that hangs up stops a mutation half-way, and it keeps its place among the
    /// requests at work until it is done.
    pub(super) async fn run(&self, ready: Ready, place: OwnedSemaphorePermit) -> Answer {
        let Ready { prepared, operation, verdict, id, time } = ready;
        let Prepared { request, kind, cost, .. } = prepared;
        let start = Instant::now();
        // A resolver that panics fails its own request only.
        let work = AssertUnwindSafe(self.0.engine.execute(request)).catch_unwind();
        let done = if kind == OperationType::Mutation {
            let work = async move {
                let _place = place;
                work.await
            };
            let work = RunToEnd::new(work.instrument(Span::current()), &self.lifecycle().tasks);
            tokio::time::timeout(time, work).await
        } else {
            tokio::time::timeout(time, work).await
        };
        let answer = match done {
            Ok(Ok(response)) => Answer::of(response, cost, &id),
            Ok(Err(_panic)) => Answer::failed(Fault::internal(&"a resolver panicked"), &id),
            Err(_) if kind == OperationType::Mutation => Answer::failed(
                Fault::new(
                    FaultCode::Timeout,
                    "took too long and may still complete: repeat with the same idempotency key to learn the result",
                ),
                &id,
            ),
            Err(_) => Answer::failed(Fault::new(FaultCode::Timeout, "took too long: ask for less at once"), &id),
        };
        let answer = if kind == OperationType::Mutation { answer } else { answer.harmless() };
        trace::note("outcome", answer.word());
        self.0.metrics.ran(kind, start.elapsed());
        self.0.metrics.answered(operation, &answer, verdict.is_some_and(|verdict| verdict.is_refused()));
        answer
    }

    /// Runs a subscription. Dropping the stream ends it.
    pub(super) fn subscribe(&self, ready: Ready) -> BoxStream<'static, Answer> {
        let Ready { prepared: Prepared { request, cost, .. }, operation, id, .. } = ready;
        let mut watched = self.0.metrics.subscribe(operation);
        let progress = Progress::default();
        let responses = self.0.engine.stream(request.data(progress.clone()));
        // The library goes on to the next event when it has given the result of this one, so they belong together.
        let answer = move |response| {
            let answer = Answer { cursor: progress.cursor(), ..Answer::of(response, cost, &id).harmless() };
            if ends(&answer) {
                watched.ends_with(&answer);
            }
            answer
        };
        responses.map(answer).boxed()
    }

    /// The answer to a token that speaks for nobody.
    pub(super) fn unauthenticated(message: &str, id: &RequestId) -> Answer {
        Answer::failed(Fault::new(FaultCode::Unauthenticated, message), id)
    }
}

impl Checked {
    pub(super) fn kind(&self) -> OperationType {
        self.prepared.kind
    }
}

impl Ready {
    pub(super) fn kind(&self) -> OperationType {
        self.prepared.kind
    }
}

fn kind_word(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// The token of the `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    token(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The token after `Bearer`, however that is written; or alone, as some clients send it.
pub(super) fn token(credentials: &str) -> Option<&str> {
    let credentials = credentials.trim();
    match credentials.split_once(' ') {
        Some((scheme, token)) => scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()),
        // Not a token but a scheme without one.
        None if ["bearer", "basic", ""].iter().any(|scheme| credentials.eq_ignore_ascii_case(scheme)) => None,
        None => Some(credentials),
    }
}
