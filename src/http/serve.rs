//! Running the server, and stopping it without losing what it has begun.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long what is in flight may take once the server has been asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long a connection may take to send the head of its next request, idle time included.
const HEAD_TIME: Duration = Duration::from_secs(30);
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

/// Serves until the shutdown, then finishes what is in flight, for ten seconds at most.
///
/// # Errors
/// None today: a connection that cannot be accepted is logged, and the next one is waited for.
pub async fn serve(listener: TcpListener, router: Router, lifecycle: Lifecycle) -> io::Result<()> {
    // Without a look at the first bytes for HTTP/2, which would wait for them without a limit.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
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
        let talk = talk(builder.clone(), connection, router.clone(), lifecycle.shutdown.clone());
        lifecycle.tasks.spawn(talk);
    }
    drop(listener);
    lifecycle.tasks.close();
    if timeout_at(Instant::now() + GRACE, lifecycle.tasks.wait()).await.is_err() {
        tracing::warn!(tasks = lifecycle.tasks.len(), "stopped with work in flight");
    }
    Ok(())
}

/// One connection, until either side ends it. Asked to stop, it answers the request that it has and no other.
async fn talk(builder: Builder<TokioExecutor>, connection: TcpStream, router: Router, shutdown: CancellationToken) {
    // An answer is one write: nothing is gained by waiting for more.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    // The library's limit on a head begins with its first byte, which has to come as well.
    let mut byte = [0];
    let first = tokio::select! {
        first = timeout_at(Instant::now() + HEAD_TIME, connection.peek(&mut byte)) => first,
        () = shutdown.cancelled() => return,
    };
    if !matches!(first, Ok(Ok(1))) {
        return;
    }
    let service = TowerToHyperService::new(router);
    let mut talk = std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(connection), service));
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
