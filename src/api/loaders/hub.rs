//! One statement for many requests: what is asked for while a statement is under way is read together by the next.
//!
//! An idle hub waits for nobody: a lone question is asked at once and alone. Under load the questions that wait
//! share a statement, so the database is asked less often the more there is to do. Every statement begins after
//! the questions that it answers have been put, so that a caller reads what it has written.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use super::Table;
use crate::engine::Engine;
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::telemetry::spans;

/// Statements of one table under way at once.
const LANES: usize = 3;
/// Questions per statement.
const BATCH: usize = 256;

/// Rows with the keys that they were found by.
pub(super) type Found<T> = HashMap<<T as Table>::Key, <T as Table>::Row>;

struct Question<T: Table> {
    tenant: TenantId,
    keys: Vec<T::Key>,
    /// Whose statement it is when it is asked first: the others' traces show that they waited.
    span: Span,
    reply: oneshot::Sender<Result<Found<T>, Arc<LedgerFault>>>,
}

struct State<T: Table> {
    waiting: Vec<Question<T>>,
    lanes: usize,
}

/// Reads a table for all requests. Cloning shares it.
pub(super) struct Hub<T: Table>(Arc<(Engine, Mutex<State<T>>)>);

impl<T: Table> Clone for Hub<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Table> Hub<T> {
    pub fn new(engine: &Engine) -> Self {
        Self(Arc::new((engine.clone(), Mutex::new(State { waiting: Vec::new(), lanes: 0 }))))
    }

    /// What is found by the keys.
    pub async fn read(&self, tenant: TenantId, keys: Vec<T::Key>) -> Result<Found<T>, Arc<LedgerFault>> {
        let (reply, answer) = oneshot::channel();
        let lane = {
            let mut state = self.state();
            state.waiting.push(Question { tenant, keys, span: spans::current(), reply });
            let free = state.lanes < LANES;
            state.lanes += usize::from(free);
            free.then(|| Lane(self.clone()))
        };
        if let Some(lane) = lane {
            // Its own task: the request that happened to come first may be dropped, the others still wait.
            tokio::spawn(lane.work());
        }
        answer.await.unwrap_or_else(|_| Err(Arc::new(LedgerFault::Stopped)))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The questions of one statement, or the end of the lane.
    fn next(&self) -> Option<Vec<Question<T>>> {
        let mut state = self.state();
        let tenant = state.waiting.first()?.tenant;
        let mut taken = 0;
        Some(
            state
                .waiting
                .extract_if(.., |question| {
                    let take = question.tenant == tenant && taken < BATCH;
                    taken += usize::from(take);
                    take
                })
                .collect(),
        )
    }
}

/// A place among the statements under way.
struct Lane<T: Table>(Hub<T>);

impl<T: Table> Lane<T> {
    async fn work(self) {
        while let Some(questions) = self.0.next() {
            answer(&self.0.0.0, questions).await;
        }
    }
}

/// Also when a read panics.
impl<T: Table> Drop for Lane<T> {
    fn drop(&mut self) {
        let again = {
            let mut state = self.0.state();
            // Somebody may have asked after the last look and before this one.
            let again = !state.waiting.is_empty();
            state.lanes -= usize::from(!again);
            again
        };
        if again {
            tokio::spawn(Lane(self.0.clone()).work());
        }
    }
}

async fn answer<T: Table>(engine: &Engine, questions: Vec<Question<T>>) {
    let Some((tenant, span)) = questions.first().map(|question| (question.tenant, question.span.clone())) else {
        return;
    };
    if let [_] = questions.as_slice() {
        for Question { keys, reply, .. } in questions {
            let rows = T::read(engine, tenant, &keys).instrument(span.clone()).await;
            let _ = reply.send(rows.map(|rows| rows.into_iter().collect()).map_err(Arc::new));
        }
        return;
    }
    let all: HashSet<T::Key> = questions.iter().flat_map(|question| question.keys.iter().cloned()).collect();
    let all: Vec<T::Key> = all.into_iter().collect();
    match T::read(engine, tenant, &all).instrument(span).await {
        Ok(rows) => {
            let rows: Found<T> = rows.into_iter().collect();
            for Question { keys, reply, .. } in questions {
                let own = keys.into_iter().filter_map(|key| {
                    let row = rows.get(&key)?.clone();
                    Some((key, row))
                });
                // A caller that is gone does not take its answer.
                let _ = reply.send(Ok(own.collect()));
            }
        }
        Err(fault) => {
            let fault = Arc::new(fault);
            for question in questions {
                let _ = question.reply.send(Err(fault.clone()));
            }
        }
    }
}
