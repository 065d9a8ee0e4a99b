//! The writing half of a socket, and the operations that write to it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::code;

/// The longest reason that a close frame can carry, in bytes.
const LONGEST_REASON: usize = 123;

/// A message on its way out.
pub(super) enum Out {
    /// Of the connection itself.
    Text(String),
    /// Asks a silent client whether it is there.
    Ping,
    /// Of an operation, unless the client has completed that in the meantime.
    Of(Arc<AtomicBool>, String),
    /// The last of an operation: its id is free again.
    EndOf(String, Arc<AtomicBool>, String),
}

/// How a socket ends: the last messages, then the close frame.
pub(super) struct Last {
    pub before: Vec<String>,
    pub code: u16,
    pub reason: String,
}

impl Last {
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { before: Vec::new(), code, reason: reason.into() }
    }

    fn frame(&self) -> Message {
        let mut end = self.reason.len().min(LONGEST_REASON);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason[..end].into() }))
    }
}

/// An operation at work.
pub(super) struct Operation {
    /// Whether the client still wants its messages.
    pub live: Arc<AtomicBool>,
    /// Ends with the operation's entry.
    pub _task: AbortOnDropHandle<()>,
}

/// The operations of one socket by their ids. An entry lives until its last message is written or the client
/// completes it, so a message of an old operation can never reach a new one with the same id.
#[derive(Clone, Default)]
pub(super) struct Operations(Arc<Mutex<HashMap<String, Operation>>>);

impl Operations {
    pub fn lock(&self) -> MutexGuard<'_, HashMap<String, Operation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends an operation, messages in the queue included.
    pub fn cancel(&self, id: &str) {
        if let Some(operation) = self.lock().remove(id) {
            operation.live.store(false, Ordering::SeqCst);
        }
    }

    /// Ends all of them, and tells which there were.
    pub fn cancel_all(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.lock());
        all.into_iter()
            .map(|(id, operation)| {
                operation.live.store(false, Ordering::SeqCst);
                id
            })
            .collect()
    }
}

/// Writes until told how to end, until the client is gone, or until it has not taken a message for `drain_time`.
/// Dropping the queue's receiver on return is what stops everybody who writes to it.
pub(super) async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Out>,
    mut last: oneshot::Receiver<Last>,
    operations: Operations,
    drain_time: Duration,
) {
    loop {
        let message = tokio::select! {
            biased;
            last = &mut last => {
                if let Ok(last) = last {
                    let texts = last.before.iter().map(|text| Message::text(text.as_str()));
                    for message in texts.chain([last.frame()]) {
                        if !matches!(tokio::time::timeout(drain_time, sink.send(message)).await, Ok(Ok(()))) {
                            return;
                        }
                    }
                }
                return;
            }
            out = queue.recv() => match out {
                Some(Out::Text(text)) => Message::text(text),
                Some(Out::Ping) => Message::Ping(Default::default()),
                Some(Out::Of(live, text)) if live.load(Ordering::SeqCst) => Message::text(text),
                Some(Out::EndOf(id, live, text)) if live.load(Ordering::SeqCst) => {
                    operations.lock().remove(&id);
                    Message::text(text)
                }
                Some(_) => continue,
                None => return,
            },
        };
        match tokio::time::timeout(drain_time, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                // Whoever starts to read again now still learns why.
                let slow = Last::new(code::SLOW_CONSUMER, "Slow consumer: resume from your last cursor");
                operations.cancel_all();
                let _ = tokio::time::timeout(drain_time, sink.send(slow.frame())).await;
                return;
            }
        }
    }
}
