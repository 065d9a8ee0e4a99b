//! The request's id and its one span, for every route.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::graphql::limits::RequestId;
use crate::primitives::IdSource;
use crate::telemetry::spans;

/// Where the caller's trace stands, as W3C Trace Context has it.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id, which the answer repeats, and a span. The span says neither variables nor headers
/// nor paths that no route has: nothing of a person gets into the log this way.
pub(super) async fn request(State(ids): State<IdSource>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = given(&request).unwrap_or_else(|| new_id(&ids));
    let method = if request.method().as_str().len() <= 7 { request.method().as_str() } else { "other" };
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        method,
        route,
        request_id = &*id.0,
        operation = Empty,
        root = Empty,
        kind = Empty,
        outcome = Empty,
        status = Empty,
        elapsed_ms = Empty,
    );
    spans::follow(&span, request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok()));
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    span.record("elapsed_ms", u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
    span.in_scope(|| tracing::info!("answered"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// A new id, which sorts by time.
pub(super) fn new_id(ids: &IdSource) -> RequestId {
    RequestId(ids.next().simple().to_string().into())
}

/// The id that the caller chose, if it is a plain token: it goes into the log and into a header.
fn given(request: &Request) -> Option<RequestId> {
    let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| RequestId(Arc::from(id)))
}
