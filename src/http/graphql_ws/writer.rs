//! The writing half of a socket, and the operations that write to it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::code;
use crate::api::limits::RequestId;
use crate::http::answer::{Answer, to_json};

/// The longest reason that a close frame can carry, in bytes.
const LONGEST_REASON: usize = 123;

/// A message on its way out.
pub(super) enum Out {
    /// Of the connection itself.
    Text(String),
    /// Asks a silent client whether it is there.
    Ping,
    /// Of an operation, unless the client has completed that in the meantime; with its cursor, if it has one.
    Of(Arc<Life>, String, Option<Arc<str>>),
    /// The last of an operation: its id is free again.
    EndOf(String, Arc<Life>, String),
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

/// What an operation and the writer of its messages share.
pub(super) struct Life {
    request_id: RequestId,
    /// Whether the client wants its messages no more.
    over: AtomicBool,
    /// Of the last event that was written.
    cursor: Mutex<Option<Arc<str>>>,
}

impl Life {
    pub fn new(request_id: RequestId) -> Self {
        Self { request_id, over: AtomicBool::new(false), cursor: Mutex::new(None) }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    fn cursor(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation at work.
pub(super) struct Operation {
    pub life: Arc<Life>,
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
            operation.life.end();
        }
    }

    /// Ends all of them, and tells which there were.
    pub fn cancel_all(&self) -> Vec<(String, Arc<Life>)> {
        let all = std::mem::take(&mut *self.lock());
        all.into_iter()
            .map(|(id, operation)| {
                operation.life.end();
                (id, operation.life)
            })
            .collect()
    }
}

/// Writes until told how to end, until the client is gone, or until it has not taken a message for `drain_time`.
/// Closing the queue is what stops everybody who writes to it.
pub(super) async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Out>,
    mut last: oneshot::Receiver<Last>,
    operations: Operations,
    drain_time: Duration,
    write_time: Duration,
    cut_off: Counter,
) {
    loop {
        let message = tokio::select! {
            biased;
            last = &mut last => {
                if let Ok(last) = last {
                    say(&mut sink, last, drain_time).await;
                }
                return;
            }
            out = queue.recv() => match out {
                Some(Out::Text(text)) => Message::text(text),
                Some(Out::Ping) => Message::Ping(Default::default()),
                Some(Out::Of(life, text, cursor)) if !life.is_over() => {
                    if cursor.is_some() {
                        *life.cursor() = cursor;
                    }
                    Message::text(text)
                }
                Some(Out::EndOf(id, life, text)) if !life.is_over() => {
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
                // Nothing more is made or kept for it. If it starts to read again before the line is given up, it learns
                // why, and where each of its operations goes on: the message that was stuck is still on its way.
                drop(queue);
                cut_off.inc();
                let mut slow = Last::new(code::SLOW_CONSUMER, "Slow consumer: resume from your last cursor");
                slow.before = operations.cancel_all().iter().map(|(id, life)| too_slow(id, life)).collect();
                say(&mut sink, slow, write_time).await;
                return;
            }
        }
    }
}

/// Says the last words, each within a time.
async fn say(sink: &mut SplitSink<WebSocket, Message>, last: Last, time: Duration) {
    let texts = last.before.iter().map(|text| Message::text(text.as_str()));
    for message in texts.chain([last.frame()]) {
        if !matches!(tokio::time::timeout(time, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}

fn too_slow(id: &str, life: &Life) -> String {
    error_message(id, &Answer::too_slow(life.cursor().as_deref(), &life.request_id))
}

/// The `error` that ends an operation.
pub(super) fn error_message(id: &str, answer: &Answer) -> String {
    format!(r#"{{"id":{},"type":"error","payload":{}}}"#, to_json(&id), to_json(&answer.errors))
}
