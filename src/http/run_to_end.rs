//! Work that runs to its end, whoever has stopped waiting for it.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// A future that is not stopped half-way by a timeout or a client that hangs up: dropped before its end, it goes on in
/// a task of its own. A task from the beginning would do the same and cost every request a wake-up of another thread.
pub(super) struct RunToEnd<T: Send + 'static> {
    /// Until it has ended.
    work: Option<BoxFuture<'static, T>>,
    /// From the beginning, so that nobody who waits for the tasks misses it between its two lives.
    token: TaskTrackerToken,
}

impl<T: Send + 'static> RunToEnd<T> {
    /// Wraps work, which is waited for with the tasks.
    pub fn new(work: impl Future<Output = T> + Send + 'static, tasks: &TaskTracker) -> Self {
        Self { work: Some(work.boxed()), token: tasks.token() }
    }
}

impl<T: Send + 'static> Future for RunToEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.poll_unpin(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for RunToEnd<T> {
    fn drop(&mut self) {
        // Without a runtime there is nobody left who could go on.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            let token = self.token.clone();
            runtime.spawn(async move {
                let _token = token;
                work.await
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_half_way_goes_on() {
        let tasks = TaskTracker::new();
        let (go, gone) = oneshot::channel::<()>();
        let (done, end) = oneshot::channel();
        let work = async move {
            gone.await.expect("told to go on");
            done.send("done").expect("somebody listens");
        };
        let waited = tokio::time::timeout(Duration::from_millis(10), RunToEnd::new(work, &tasks)).await;
        assert!(waited.is_err(), "it waits for a word");
        assert_eq!(tasks.len(), 1, "what is left of it is a task");
        go.send(()).expect("it is there");
        assert_eq!(end.await, Ok("done"));
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn what_ends_in_time_leaves_nothing_behind() {
        let tasks = TaskTracker::new();
        assert_eq!(RunToEnd::new(async { 7 }, &tasks).await, 7);
        assert!(tasks.is_empty());
    }
}
