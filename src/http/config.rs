//! What the transport allows, all of it with defaults.

use std::time::Duration;

use super::browsers::Origins;
use crate::access::{Principal, Scope};
use crate::api::limits::Limits;

/// The transport's settings.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Of one operation.
    pub limits: Limits,
    /// The longest body and the longest WebSocket message, in bytes.
    pub body_bytes: usize,
    /// The same for tokens with the scope `bulk`. A batch of 10,000 items takes three to four million.
    pub bulk_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a query or mutation may take.
    pub operation_time: Duration,
    /// The same for tokens with the scope `bulk`.
    pub bulk_operation_time: Duration,
    /// Requests and WebSocket operations at work at once; subscriptions do not count. More get `OVERLOADED`.
    pub in_flight: usize,
    /// WebSockets and event streams open at once. More get `OVERLOADED`.
    pub streams: usize,
    /// TCP connections.
    pub connection: ConnectionConfig,
    /// Cost per principal.
    pub rate: RateConfig,
    /// Run only the trusted documents.
    pub trusted_only: bool,
    /// WebSockets and event streams.
    pub stream: StreamConfig,
    /// Pages that may talk to the server.
    pub origins: Origins,
    /// Files.
    pub upload: UploadConfig,
}

/// TCP connections, whatever they carry.
#[derive(Clone, Debug)]
pub struct ConnectionConfig {
    /// Connections open at once. More get `OVERLOADED`, whatever they ask.
    pub limit: usize,
    /// How long a connection may take to send the head of its next request, idle time included. The first byte of its
    /// first request may take as long, and the rest of that head as long again.
    pub head_time: Duration,
    /// How long a client may take nothing of what is being written to it before the connection is reset: longer than
    /// a stream's `drain_time`, so that a client that wakes up late still learns why its stream was cut off.
    pub write_time: Duration,
}

/// Files that come in, with a request or by a link.
#[derive(Clone, Debug)]
pub struct UploadConfig {
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// Files in one request.
    pub files: usize,
    /// How long a body with files may take to arrive.
    pub time: Duration,
}

/// The rate limit by cost. A principal that pauses saves up to the burst.
#[derive(Clone, Debug)]
pub struct RateConfig {
    /// Cost per second that may be kept up.
    pub per_second: u64,
    /// Cost that may be spent at once; what a second refills counts when that is more.
    pub burst: u64,
    /// Principals that are remembered.
    pub principals: usize,
}

/// WebSockets and event streams.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// How long a WebSocket may take to say `connection_init`.
    pub init_time: Duration,
    /// Operations at work on one WebSocket.
    pub operations: usize,
    /// Messages that wait for a client. Beyond it, what makes them waits too.
    pub queue: usize,
    /// How long a client may leave the queue standing before its operations end and what waits for it is dropped.
    pub drain_time: Duration,
    /// How often a quiet stream shows that it is alive, and a silent WebSocket client is asked whether it is.
    /// One that has been silent for twice as long is dropped.
    pub keep_alive: Duration,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            body_bytes: 256 * 1024,
            bulk_body_bytes: 8 * 1024 * 1024,
            body_time: Duration::from_secs(10),
            operation_time: Duration::from_secs(10),
            bulk_operation_time: Duration::from_secs(60),
            in_flight: 2_048,
            streams: 8_192,
            connection: ConnectionConfig::default(),
            rate: RateConfig::default(),
            trusted_only: false,
            stream: StreamConfig::default(),
            origins: Origins::default(),
            upload: UploadConfig::default(),
        }
    }
}

impl Default for UploadConfig {
    fn default() -> Self {
        Self { file_bytes: 10 * 1024 * 1024, files: 4, time: Duration::from_secs(120) }
    }
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self { limit: 16_384, head_time: Duration::from_secs(30), write_time: Duration::from_secs(60) }
    }
}

impl Default for RateConfig {
    fn default() -> Self {
        Self { per_second: 20_000, burst: 100_000, principals: 10_000 }
    }
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            init_time: Duration::from_secs(3),
            operations: 50,
            queue: 16,
            drain_time: Duration::from_secs(10),
            keep_alive: Duration::from_secs(12),
        }
    }
}

impl HttpConfig {
    /// The longest body of a caller, in bytes.
    pub(super) fn body_bytes_of(&self, principal: &Principal) -> usize {
        if principal.may(Scope::Bulk) { self.bulk_body_bytes } else { self.body_bytes }
    }

    /// How long a query or mutation of a caller may take.
    pub(super) fn operation_time_of(&self, principal: &Principal) -> Duration {
        if principal.may(Scope::Bulk) { self.bulk_operation_time } else { self.operation_time }
    }
}
