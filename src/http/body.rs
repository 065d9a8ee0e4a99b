//! The body reader: bounded in size and in time, both before anything is parsed.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::time::Instant;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    /// The connection broke off.
    Broken,
}

/// Reads a body of at most `limit` bytes that arrives within `time`. A body that announces to be larger is not
/// read at all.
pub(super) async fn read(body: Body, headers: &HeaderMap, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let deadline = Instant::now() + time;
    let mut chunks = body.into_data_stream();
    let mut whole = Vec::with_capacity(announced.unwrap_or(0));
    loop {
        match tokio::time::timeout_at(deadline, chunks.next()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(whole.into()),
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Ok(Some(Ok(chunk))) if whole.len() + chunk.len() > limit => return Err(BodyError::TooLarge),
            Ok(Some(Ok(chunk))) => whole.extend_from_slice(&chunk),
        }
    }
}
