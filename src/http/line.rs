//! A connection's bytes, bounded: in how long what is written may stand still, and in how much is read of who
//! may not send more.
//!
//! The library under this one waits for ever for a client that takes nothing. A line that has stood still for too
//! long breaks, and whatever was being written to it is dropped: an answer, an event stream, a WebSocket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Sleep;

use crate::telemetry::measure::Held;

/// How much of what comes beyond the allowance is thrown away, so that the client can still be told why: closing with
/// it unread would reset the connection. More breaks the line.
const WASTE: usize = 1024 * 1024;

/// How many bytes may still be read from a line. Unlimited at first. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    left: AtomicUsize,
    spent: Notify,
}

impl Default for Allowance {
    fn default() -> Self {
        Self(Arc::new(Shared { left: AtomicUsize::new(usize::MAX), spent: Notify::new() }))
    }
}

impl Allowance {
    /// So many bytes from here on; `usize::MAX` is no limit.
    pub fn limit(&self, bytes: usize) {
        self.0.left.store(bytes, Ordering::SeqCst);
    }

    /// So many more.
    pub fn extend(&self, bytes: usize) {
        let _ = self.0.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_add(bytes)));
    }

    /// Returns when more has come than was allowed; the reader gets none of that.
    pub async fn spent(&self) {
        self.0.spent.notified().await;
    }

    /// Whether so many may be read. Once they may not, nothing may.
    fn spend(&self, bytes: usize) -> bool {
        let take = |left| (left != usize::MAX).then(|| usize::checked_sub(left, bytes).unwrap_or(0));
        let good = match self.0.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(left) => left >= bytes,
            Err(_unlimited) => true,
        };
        if !good {
            self.0.spent.notify_one();
        }
        good
    }
}

/// A connection's place among those that may be open, for as long as it is.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Held,
}

impl Place {
    pub fn new(permit: OwnedSemaphorePermit, counted: Held) -> Self {
        Self { _permit: permit, _counted: counted }
    }
}

/// A TCP connection with its bounds.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    write_time: Duration,
    /// Runs while the client takes nothing of what is being written.
    stuck: Option<Pin<Box<Sleep>>>,
    allowance: Allowance,
    /// Bytes that were thrown away.
    wasted: usize,
    _place: Place,
}

impl Line {
    pub fn new(stream: TcpStream, write_time: Duration, allowance: Allowance, place: Place) -> Self {
        Self { stream, write_time, stuck: None, allowance, wasted: 0, _place: place }
    }

    /// Breaks the line when a write has been waiting for too long.
    fn watch(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let time = self.write_time;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        ready!(stuck.as_mut().poll(context));
        // What the system still holds for this client goes at once, instead of after many minutes.
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "a connection is not reset");
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        while self.wasted <= WASTE {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            let read = buffer.filled().len() - before;
            if read == 0 || self.allowance.spend(read) {
                return Poll::Ready(Ok(()));
            }
            buffer.set_filled(before);
            self.wasted += read;
        }
        Poll::Ready(Err(io::Error::other("more bytes than this client may send")))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Semaphore;

    use super::*;

    async fn pair(write_time: Duration, allowance: &Allowance) -> (Line, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a place");
        let place = Place::new(permit, Held::of(&Gauge::default()));
        let line = Line::new(accepted.expect("a connection").0, write_time, allowance.clone(), place);
        (line, client.expect("a connection"))
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_left_and_a_slow_one_is_not() {
        let time = Duration::from_millis(300);
        let (mut line, mut client) = pair(time, &Allowance::default()).await;
        let writes = tokio::spawn(async move {
            let chunk = vec![7; 1 << 20];
            loop {
                if let Err(error) = line.write_all(&chunk).await {
                    return error.kind();
                }
            }
        });
        let mut chunk = vec![0; 1 << 20];
        for _ in 0..10 {
            tokio::time::sleep(time / 3).await;
            for _ in 0..8 {
                client.read_exact(&mut chunk).await.expect("a megabyte");
            }
        }
        assert!(!writes.is_finished(), "it was slow, but it took something");
        assert_eq!(writes.await.expect("an end"), io::ErrorKind::TimedOut);
        while let Ok(read) = client.read(&mut chunk).await {
            assert!(read > 0, "an end as if all had been written");
        }
    }

    #[tokio::test]
    async fn no_more_than_the_allowance_is_read() {
        let allowance = Allowance::default();
        let (mut line, mut client) = pair(Duration::from_secs(10), &allowance).await;
        let mut bytes = [0; 64];
        client.write_all(&[1; 64]).await.expect("a write");
        line.read_exact(&mut bytes).await.expect("no limit yet");
        allowance.limit(100);
        client.write_all(&[1; 128]).await.expect("a write");
        line.read_exact(&mut bytes).await.expect("within the limit");
        let read = line.read_exact(&mut bytes);
        tokio::select! {
            () = allowance.spent() => {}
            read = read => panic!("{read:?}"),
            () = tokio::time::sleep(Duration::from_secs(10)) => panic!("nobody is told"),
        }
        let flood = tokio::spawn(async move { while client.write_all(&[1; 65_536]).await.is_ok() {} });
        assert!(line.read(&mut bytes).await.is_err(), "it is read for ever");
        drop(line);
        flood.await.expect("an end");

        allowance.limit(usize::MAX);
        let (mut line, mut client) = pair(Duration::from_secs(10), &allowance).await;
        client.write_all(&[1; 64]).await.expect("a write");
        line.read_exact(&mut bytes).await.expect("no limit any more");
    }
}
