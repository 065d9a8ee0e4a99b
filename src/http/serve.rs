//! Running the server, and stopping it without losing what it has begun.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::add_extension::AddExtension;

use super::config::ConnectionConfig;
use super::line::{Allowance, Line, Place};
use crate::telemetry::measure::Held;

/// How long what is in flight may take once the server has been asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// The longest head of a request, in bytes. A token of 16 KB fits four times.
const HEAD_BYTES: usize = 64 * 1024;
/// Connections that are turned away at once with an answer; more are reset.
const TURNED_AWAY: usize = 256;
/// How long turning a connection away may take.
const TURNING: Duration = Duration::from_millis(500);
/// What a connection gets for which there is no place.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json; charset=utf-8\r\ncontent-length: 130\r\n\
    cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\n\r\n\
    {\"errors\":[{\"message\":\"too many connections; nothing was done\",\
    \"extensions\":{\"code\":\"OVERLOADED\",\"retry\":\"SAFE\",\"retryAfter\":1}}]}";
/// How long to wait when the system has no more connections to give.
const BREATH: Duration = Duration::from_millis(100);

/// When to stop, and what to wait for. One for the whole process; cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Cancelled to stop: no more connections, streams end, WebSockets close with 1001.
    pub shutdown: CancellationToken,
    /// What is waited for: connections, mutations whose client has gone, sockets that are closing.
    pub tasks: TaskTracker,
}

/// What is measured of a listener's connections. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct ConnectionMetrics {
    open: Gauge,
    turned_away: Counter,
}

impl ConnectionMetrics {
    /// Puts them on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections to the API that have a place", self.open.clone());
        let help = "Connections that found no place: told so, or reset";
        registry.register("connections_turned_away", help, self.turned_away.clone());
    }
}

/// Serves until the shutdown, then finishes what is in flight, for ten seconds at most.
///
/// # Errors
/// None today: a connection that cannot be accepted is logged, and the next one is waited for.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ConnectionConfig,
    metrics: ConnectionMetrics,
    lifecycle: Lifecycle,
) -> io::Result<()> {
    // Without a look at the first bytes for HTTP/2, which would wait for them without a limit.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(config.head_time).max_buf_size(HEAD_BYTES);
    let places = Arc::new(Semaphore::new(config.limit));
    let doors = Arc::new(Semaphore::new(TURNED_AWAY));
    loop {
        let connection = tokio::select! {
            () = lifecycle.shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => connection,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        if let Ok(place) = places.clone().try_acquire_owned() {
            let shutdown = lifecycle.shutdown.clone();
            let place = Place::new(place, Held::of(&metrics.open));
            lifecycle.tasks.spawn(talk(builder.clone(), connection, router.clone(), config.clone(), shutdown, place));
            continue;
        }
        metrics.turned_away.inc();
        if let Ok(door) = doors.clone().try_acquire_owned() {
            lifecycle.tasks.spawn(turn_away(connection, door));
        } else {
            // Without this, the system would keep what the client sends for a while.
            let _ = connection.set_zero_linger();
        }
    }
    drop(listener);
    lifecycle.tasks.close();
    if timeout_at(Instant::now() + GRACE, lifecycle.tasks.wait()).await.is_err() {
        tracing::warn!(tasks = lifecycle.tasks.len(), "stopped with work in flight");
    }
    Ok(())
}

/// Says that there is no place, once the request has begun: a client takes an answer to nothing for an error. What it
/// sends is thrown away, for closing with it unread would reset the connection, and the answer might be lost.
async fn turn_away(mut connection: TcpStream, _door: OwnedSemaphorePermit) {
    let say = async {
        let mut waste = [0; 1_024];
        connection.peek(&mut waste).await?;
        connection.write_all(NO_PLACE).await?;
        connection.shutdown().await?;
        while connection.read(&mut waste).await? > 0 {}
        io::Result::Ok(())
    };
    if !matches!(tokio::time::timeout(TURNING, say).await, Ok(Ok(()))) {
        let _ = connection.set_zero_linger();
    }
}

/// One connection, until either side ends it. Asked to stop, it answers the request that it has and no other. Its
/// place goes with the line, which outlives this function when it becomes a WebSocket.
async fn talk(
    builder: Builder<TokioExecutor>,
    connection: TcpStream,
    router: Router,
    config: ConnectionConfig,
    shutdown: CancellationToken,
    place: Place,
) {
    // An answer is one write: nothing is gained by waiting for more.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    // The library's limit on a head begins with its first byte, which has to come as well.
    let mut byte = [0];
    let first = tokio::select! {
        first = timeout_at(Instant::now() + config.head_time, connection.peek(&mut byte)) => first,
        () = shutdown.cancelled() => return,
    };
    if !matches!(first, Ok(Ok(1))) {
        return;
    }
    let allowance = Allowance::default();
    let line = Line::new(connection, config.write_time, allowance.clone(), place);
    let service = TowerToHyperService::new(AddExtension::new(router, allowance));
    let mut talk = std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(line), service));
    let ended = tokio::select! {
        ended = talk.as_mut() => ended,
        () = shutdown.cancelled() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection broke off");
    }
}
