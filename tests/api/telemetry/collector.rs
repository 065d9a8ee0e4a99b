//! A receiver of OTLP over HTTP, as a collector is one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// What was received, as it came.
type Received = Arc<Mutex<Vec<Bytes>>>;

/// Listens until the test's runtime ends.
pub struct Collector {
    pub address: SocketAddr,
    received: Received,
}

impl Collector {
    pub async fn start() -> Self {
        let received = Received::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, received }
    }

    pub fn bodies(&self) -> Vec<Bytes> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything received so far.
    pub fn trace(&self) -> Trace {
        let requests = self.bodies().into_iter().map(|body| ExportTraceServiceRequest::decode(body).expect("OTLP"));
        let mut trace = Trace::default();
        for resource in requests.flat_map(|request| request.resource_spans) {
            trace.resource = attributes(&resource.resource.expect("a resource").attributes);
            trace.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        trace
    }
}

async fn take(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/x-protobuf") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    if headers.get("x-tests").is_none_or(|value| value != "yes") {
        return StatusCode::UNAUTHORIZED;
    }
    received.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    StatusCode::OK
}

/// Spans, and who sent them.
#[derive(Debug, Default)]
pub struct Trace {
    pub resource: HashMap<String, String>,
    pub spans: Vec<Span>,
}

impl Trace {
    /// All with a name.
    pub fn named<'a>(&'a self, name: &str) -> Vec<&'a Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    /// The only one with a name in a trace.
    pub fn only(&self, name: &str, trace_id: &[u8]) -> &Span {
        let mut found = self.named(name);
        found.retain(|span| span.trace_id == trace_id);
        match found[..] {
            [one] => one,
            _ => panic!("{name}: {found:#?}"),
        }
    }

    /// The names of what is directly below a span.
    pub fn below(&self, span: &Span) -> Vec<&str> {
        let below = |one: &&Span| one.parent_span_id == span.span_id;
        self.spans.iter().filter(below).map(|one| one.name.as_str()).collect()
    }
}

/// As text.
pub fn attributes(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.clone(), text(&one.value))).collect()
}
