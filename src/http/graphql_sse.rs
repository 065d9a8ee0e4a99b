//! Event streams, as the "distinct connections" mode of graphql-sse has it: one stream per operation, an event
//! `next` per result, then `complete`.
//!
//! A task of its own reads the subscription into a short queue. A client that leaves the queue standing loses the
//! stream, so that what waits for it stays bounded. If it then reads on before the connection's `write_time` is over it is
//! told `TOO_SLOW` with the cursor to resume from; else the connection is reset, and it resumes from its last cursor.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tracing::{Instrument as _, Span};

use super::answer::{Answer, Outcome};
use super::gateway::{Gateway, Ready};
use super::trace;
use crate::access::Principal;
use crate::api::fault::{Fault, FaultCode};
use crate::api::limits::RequestId;
use crate::telemetry::measure::Held;

const COMPLETE: &str = "event: complete\ndata:\n\n";
const STOPPING: &str = "the server is stopping; subscribe again after the cursor of your last event";
/// A comment, which clients skip.
const ALIVE: &str = ":\n\n";

/// The stream of what has one answer.
pub(super) fn single(answer: &Answer) -> Response {
    trace::note("outcome", answer.word());
    response(Body::from(next(answer) + COMPLETE))
}

/// The stream of a subscription. It ends with the subscription, the token, the server or the client.
pub(super) fn stream(
    gateway: Gateway,
    ready: Ready,
    caller: Principal,
    id: RequestId,
    open: OwnedSemaphorePermit,
) -> Response {
    let (send, receive) = mpsc::channel::<Bytes>(gateway.config().stream.queue.max(1));
    let counted = gateway.metrics().event_streams.clone();
    tokio::spawn(pump(gateway, ready, caller, id, send).instrument(Span::current()));
    let open = (open, Held::of(&counted));
    let chunks = stream::unfold((receive, open), |(mut receive, open)| async move {
        let chunk = receive.recv().await?;
        Some((Ok::<_, Infallible>(chunk), (receive, open)))
    });
    response(Body::from_stream(chunks))
}

async fn pump(gateway: Gateway, ready: Ready, caller: Principal, id: RequestId, send: mpsc::Sender<Bytes>) {
    let config = &gateway.config().stream;
    let mut cursor = None;
    let mut answers = gateway.subscribe(ready);
    let mut expired = std::pin::pin!(gateway.expired(&caller));
    loop {
        let mut reached = None;
        let (text, is_last) = tokio::select! {
            // Whoever hangs up is noticed even while nothing happens.
            () = send.closed() => return,
            () = gateway.lifecycle().shutdown.cancelled() => {
                let stopping = Fault::new(FaultCode::Unavailable, STOPPING);
                (next(&Answer::failed(stopping, &id).harmless()) + COMPLETE, true)
            }
            () = &mut expired => (next(&Gateway::unauthenticated("the token has expired", &id)) + COMPLETE, true),
            answer = answers.next() => match answer {
                Some(answer) => {
                    let is_last = ends(&answer);
                    reached.clone_from(&answer.cursor);
                    (next(&answer) + if is_last { COMPLETE } else { "" }, is_last)
                }
                None => (COMPLETE.to_owned(), true),
            },
            () = tokio::time::sleep(config.keep_alive) => (ALIVE.to_owned(), false),
        };
        match tokio::time::timeout(config.drain_time, send.send(text.into())).await {
            Ok(Ok(())) if !is_last => cursor = reached.or(cursor),
            Ok(_) => return,
            Err(_) => {
                gateway.metrics().slow.inc();
                drop(answers);
                // Whoever starts to read again now still learns why.
                let last = next(&Answer::too_slow(cursor.as_deref(), &id)) + COMPLETE;
                let write_time = gateway.config().connection.write_time;
                let _ = tokio::time::timeout(write_time, send.send(last.into())).await;
                return;
            }
        }
    }
}

/// Whether a subscription ends with this: an error of the root field itself, or of the request.
pub(super) fn ends(answer: &Answer) -> bool {
    answer.outcome != Outcome::Executed || answer.errors.iter().any(|error| error.path.len() <= 1)
}

fn next(answer: &Answer) -> String {
    format!("event: next\ndata: {}\n\n", answer.to_json())
}

fn response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    // Proxies hold a stream back otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
