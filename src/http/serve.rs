//! Running the server, and stopping it without losing what it has begun.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long what is in flight may take once the server has been asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// When to stop, and what to wait for. One for the whole process; cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Cancelled to stop: no more connections, streams end, WebSockets close with 1001.
    pub shutdown: CancellationToken,
    /// What is waited for after the last connection: mutations whose client has gone, sockets that are closing.
    pub tasks: TaskTracker,
}

/// Serves until the shutdown, then finishes what is in flight, for ten seconds at most.
///
/// # Errors
/// Those of the listener.
pub async fn serve(listener: TcpListener, router: Router, lifecycle: Lifecycle) -> io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // An answer is one write: nothing is gained by waiting for more.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    let shutdown = lifecycle.shutdown.clone();
    let mut serving = Box::pin(
        axum::serve(listener, router)
            .with_graceful_shutdown(lifecycle.shutdown.clone().cancelled_owned())
            .into_future(),
    );
    tokio::select! {
        stopped = &mut serving => stopped?,
        () = shutdown.cancelled() => {}
    }
    let deadline = Instant::now() + GRACE;
    lifecycle.tasks.close();
    let done = async {
        if !shutdown.is_cancelled() {
            return Ok(());
        }
        serving.await?;
        lifecycle.tasks.wait().await;
        Ok(())
    };
    match timeout_at(deadline, done).await {
        Ok(stopped) => stopped,
        Err(_) => {
            tracing::warn!(tasks = lifecycle.tasks.len(), "stopped with work in flight");
            Ok(())
        }
    }
}
