//! The request's id, its one span and its one line in the log, for every route.
//!
//! What comes to light while a request is worked on is kept aside and written once, at its end: a log in JSON reads
//! and writes all of a span's fields anew with each one that is added, which costs more than the work does.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::Span;
use tracing::field::Empty;

use crate::api::limits::RequestId;
use crate::primitives::IdSource;
use crate::telemetry::spans;

/// Where the caller's trace stands, as W3C Trace Context has it.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// A request that takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long it took to begin the answer, in milliseconds: a browser shows it beside the request.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Gives the request its id, which the answer repeats with the time that it took, and a span. The span says neither variables nor headers
/// nor paths that no route has: nothing of a person gets into the log this way.
pub(super) async fn request(State(ids): State<IdSource>, mut request: Request, next: Next) -> Response {
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
    let begun = Instant::now();
    let mut response = watch(span, |response: &Response| Some(response.status().as_u16()), next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let micros = begun.elapsed().as_micros();
    let took = format!("total;dur={}.{:03}", micros / 1_000, micros % 1_000);
    if let Ok(value) = HeaderValue::from_str(&took) {
        response.headers_mut().insert(SERVER_TIMING, value);
    }
    response
}

tokio::task_local! {
    static NOTES: RefCell<Vec<(&'static str, Box<str>)>>;
}

/// Notes a fact about the request that is worked on: `operation`, `root`, `kind` or `outcome`. The last word counts.
pub(super) fn note(name: &'static str, word: &str) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().push((name, word.into())));
}

/// Works in a span, and says at the end how it went: at `info` what failed on our side or took long, the rest at
/// `debug`.
pub(super) async fn watch<T>(span: Span, status: impl FnOnce(&T) -> Option<u16>, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let work = async {
        let done = work.await;
        (done, NOTES.with(RefCell::take))
    };
    let (done, notes) = NOTES.scope(RefCell::default(), work).instrument(span.clone()).await;
    let (status, elapsed) = (status(&done), start.elapsed());
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if spans::exporting() {
        for (name, word) in &notes {
            span.record(*name, &**word);
        }
        if let Some(status) = status {
            span.record("status", status);
        }
        span.record("elapsed_ms", elapsed_ms);
    }
    let noted = |name: &str| notes.iter().rev().find(|(other, _)| *other == name).map(|(_, word)| &**word);
    macro_rules! say {
        ($level:ident) => {
            span.in_scope(|| {
                tracing::$level!(
                    operation = noted("operation"),
                    root = noted("root"),
                    kind = noted("kind"),
                    outcome = noted("outcome"),
                    status,
                    elapsed_ms,
                    "answered"
                );
            })
        };
    }
    let failed = status.is_some_and(|status| status >= 500) || noted("outcome") == Some("INTERNAL");
    if failed || elapsed >= SLOW {
        say!(info)
    } else {
        say!(debug)
    }
    done
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
