//! Group commit: many callers' orders in one transaction.
//!
//! Each tenant has a worker. While one transaction commits, the next batch fills in the queue; an idle queue
//! waits for nobody, so a lone order is committed at once and alone. A caller gets its own answer, after its
//! batch is durable. Callers that give up do not take their order back: it is decided and remembered under
//! its key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{DbErr, RuntimeErr, SqlErr};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use super::entry::Entry;
use super::metrics::LedgerMetrics;
use super::optimistic::{self, Attempt};
use super::order::{Order, Outcome, Submission};
use super::post::{Finished, LedgerFault, Session, Surroundings};
use super::standing::{Kept, Standing};
use crate::database::{self, Database, Lane};
use crate::primitives::TenantId;
use crate::telemetry::spans;

/// How many submissions may wait per tenant before new ones are turned away.
const QUEUE: usize = 4_096;
/// A batch is closed when it has this many orders: large enough to share a commit among all that wait,
/// small enough that nobody waits long behind it. A single larger submission still goes in one batch.
const BATCH_ORDERS: usize = 1_024;
/// A batch that lost against another transaction is tried again so often.
const ATTEMPTS: u32 = 3;

/// A database that says nothing for so long, neither yes nor no, is not waited for any longer: its host may be gone
/// without a word, and the tenant's other orders stand behind this batch.
const DEADLINE: Duration = Duration::from_secs(45);
/// A tenant that had nothing to commit for so long gives its connection back, and its memory.
const QUIET: Duration = Duration::from_secs(10);
/// How long nobody asks again for a connection to keep when there was none.
const NO_LANE: Duration = Duration::from_secs(1);

/// Told after each commit: the tenant, its last event, and what was booked.
pub type Wake = Arc<dyn Fn(TenantId, i64, &[Arc<Entry>]) + Send + Sync>;

/// The answer to a submission. The fault is shared by all whose batch it befell.
pub type Answer = Result<Vec<Outcome>, Arc<LedgerFault>>;

/// Hands orders to the posting path. Cloning shares the workers.
#[derive(Clone)]
pub struct Committer(Arc<Shared>);

struct Shared {
    db: Database,
    surroundings: Surroundings,
    wake: Wake,
    workers: Mutex<Workers>,
    tasks: TaskTracker,
    metrics: LedgerMetrics,
    kept: Kept,
}

#[derive(Default)]
struct Workers {
    queues: HashMap<TenantId, mpsc::Sender<Waiting>>,
    stopped: bool,
}

struct Waiting {
    submission: Submission,
    reply: oneshot::Sender<Answer>,
    since: Instant,
    /// Of the request, while spans are made.
    span: Span,
}

impl Committer {
    /// A committer without workers yet.
    #[must_use]
    pub fn new(db: Database, surroundings: Surroundings, wake: Wake) -> Self {
        let workers = Mutex::new(Workers::default());
        let (tasks, metrics, kept) = (TaskTracker::new(), LedgerMetrics::default(), Kept::default());
        Self(Arc::new(Shared { db, surroundings, wake, workers, tasks, metrics, kept }))
    }

    /// Decides and applies orders of one tenant; answers when they are durable.
    ///
    /// # Errors
    /// [`LedgerFault::Overloaded`] and [`LedgerFault::Stopped`]: nothing was done. [`LedgerFault::Database`]:
    /// nothing was done, or the commit was cut off and what happened is unknown; the same keys are safe.
    pub async fn submit(&self, tenant: TenantId, submission: Submission) -> Answer {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { submission, reply, since: Instant::now(), span: spans::current() };
        self.queue(tenant)?.try_send(waiting).map_err(|error| {
            Arc::new(match error {
                mpsc::error::TrySendError::Full(_) => {
                    self.0.metrics.turned_away.inc();
                    LedgerFault::Overloaded
                }
                mpsc::error::TrySendError::Closed(_) => LedgerFault::Stopped,
            })
        })?;
        // A worker that stops answers all that wait. One that has panicked does not, and what it did is unknown.
        answer.await.unwrap_or_else(|_| Err(Arc::new(LedgerFault::Inconsistent("the worker died"))))
    }

    /// Stops taking orders and waits until all that wait are committed.
    pub async fn stop(&self) {
        {
            let mut workers = self.0.workers.lock().unwrap_or_else(PoisonError::into_inner);
            workers.stopped = true;
            workers.queues.clear();
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// What the posting path measures.
    #[must_use]
    pub fn metrics(&self) -> &LedgerMetrics {
        &self.0.metrics
    }

    /// Submissions that wait for a batch: of all tenants, and of the tenant with the most.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let workers = self.0.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = workers.queues.values().map(|queue| queue.max_capacity() - queue.capacity());
        waiting.fold((0, 0), |(all, most), one| (all + one, most.max(one)))
    }

    fn queue(&self, tenant: TenantId) -> Result<mpsc::Sender<Waiting>, Arc<LedgerFault>> {
        let mut workers = self.0.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if workers.stopped {
            return Err(Arc::new(LedgerFault::Stopped));
        }
        // A worker that died of a panic leaves a closed queue: the next order starts another.
        if let Some(queue) = workers.queues.get(&tenant).filter(|queue| !queue.is_closed()) {
            return Ok(queue.clone());
        }
        let (queue, waiting) = mpsc::channel(QUEUE);
        workers.queues.insert(tenant, queue.clone());
        let standing = Standing::one_of(&self.0.kept);
        let worker = Worker { shared: self.0.clone(), tenant, standing, lane: None, no_lane: None };
        self.0.tasks.spawn(worker.work(waiting));
        Ok(queue)
    }
}

/// A tenant's: the only one in this process that writes its batches.
struct Worker {
    shared: Arc<Shared>,
    tenant: TenantId,
    standing: Standing,
    lane: Option<Lane>,
    /// When there was last none to be had.
    no_lane: Option<Instant>,
}

impl Worker {
    async fn work(mut self, mut queue: mpsc::Receiver<Waiting>) {
        while let Some(first) = self.next(&mut queue).await {
            let mut orders = first.submission.orders.len();
            let mut batch = vec![first];
            while orders < BATCH_ORDERS
                && let Ok(next) = queue.try_recv()
            {
                orders += next.submission.orders.len();
                batch.push(next);
            }
            self.commit(batch).await;
        }
        if let Some(lane) = self.lane {
            lane.close().await;
        }
    }

    /// Waits for the first of the next batch. For a tenant that has nothing to do, nothing is kept.
    async fn next(&mut self, queue: &mut mpsc::Receiver<Waiting>) -> Option<Waiting> {
        if (self.lane.is_some() || !self.standing.is_empty())
            && let Ok(first) = tokio::time::timeout(QUIET, queue.recv()).await
        {
            return first;
        }
        self.standing = Standing::one_of(&self.shared.kept);
        if let Some(lane) = self.lane.take() {
            lane.close().await;
        }
        queue.recv().await
    }

    async fn commit(&mut self, batch: Vec<Waiting>) {
        for waiting in &batch {
            self.shared.metrics.waits.took(waiting.since.elapsed());
        }
        let orders = batch.iter().map(|waiting| waiting.submission.orders.len()).sum();
        let span = spans::batch(orders, batch.iter().map(|waiting| &waiting.span));
        let (submissions, replies): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.submission, waiting.reply)).unzip();
        match self.attempts(&submissions).instrument(span).await {
            Ok(outcomes) => {
                for (reply, outcomes) in replies.into_iter().zip(outcomes) {
                    // A caller that is gone does not take its answer; its order stands.
                    let _ = reply.send(Ok(outcomes));
                }
            }
            // One submission that the database will not take must not fail its neighbours: each is tried alone.
            Err(Failure::NotDone(fault)) if submissions.len() > 1 && !is_connection(&fault) => {
                let mut away: Option<Arc<LedgerFault>> = None;
                for (submission, reply) in submissions.into_iter().zip(replies) {
                    // A database that has gone meanwhile is not waited for by one after the other.
                    let answer = match &away {
                        Some(fault) => Err(fault.clone()),
                        None => self.attempts(std::slice::from_ref(&submission)).await.map_err(|failure| {
                            let fault = Arc::new(failure.fault());
                            away = is_connection(&fault).then(|| fault.clone());
                            fault
                        }),
                    };
                    let _ = reply.send(answer.map(|mut outcomes| outcomes.pop().unwrap_or_default()));
                }
            }
            Err(failure) => {
                let fault = Arc::new(failure.fault());
                for reply in replies {
                    let _ = reply.send(Err(fault.clone()));
                }
            }
        }
    }

    async fn attempts(&mut self, submissions: &[Submission]) -> Result<Vec<Vec<Outcome>>, Failure> {
        let mut attempt = 1;
        loop {
            let done = tokio::time::timeout(DEADLINE, self.once(submissions)).await;
            let done = done.unwrap_or_else(|_| Err(Failure::Unknown(LedgerFault::Database(silent()))));
            if done.is_err() {
                // Neither how the books stand is known now, nor in which state the connection was left.
                self.standing.forget();
                self.lane = None;
            }
            match done {
                Err(Failure::NotDone(fault)) if attempt < ATTEMPTS && is_worth_another(&fault, attempt) => {
                    tracing::warn!(%fault, attempt, "a batch is tried again");
                    self.shared.metrics.retries.inc();
                    tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 5)).await;
                    attempt += 1;
                }
                result => {
                    if result.is_err() {
                        self.shared.metrics.failures.inc();
                    }
                    return result;
                }
            }
        }
    }

    async fn once(&mut self, submissions: &[Submission]) -> Result<Vec<Vec<Outcome>>, Failure> {
        let start = Instant::now();
        let finished = match self.optimistic(submissions).await {
            Attempt::Done(finished) => {
                self.shared.metrics.optimistic.inc();
                finished
            }
            Attempt::Overtaken => {
                self.shared.metrics.overtaken.inc();
                self.standing.overtaken();
                self.under_lock(submissions).await?
            }
            Attempt::Failed(fault) => return Err(Failure::NotDone(fault)),
            Attempt::Unknown(fault) => return Err(Failure::Unknown(fault)),
            Attempt::NotThisWay => self.under_lock(submissions).await?,
        };
        let Finished { outcomes, event_sequence, entries, left } = finished;
        let orders = submissions.iter().flat_map(|submission| &submission.orders);
        self.standing.follow(left, orders.filter_map(Order::key));
        (self.shared.wake)(self.tenant, event_sequence, &entries);
        self.shared.metrics.committed(submissions, &outcomes, start.elapsed());
        Ok(outcomes)
    }

    /// The short way, where the database has one.
    async fn optimistic(&mut self, submissions: &[Submission]) -> Attempt {
        let lives = match &mut self.lane {
            Some(lane) => lane.lives().await,
            None => false,
        };
        if !lives {
            // Given back before another is asked for. One that was not to be had is not asked for with every batch.
            self.lane = None;
            if self.no_lane.is_none_or(|since| since.elapsed() > NO_LANE) {
                self.lane = self.shared.db.lane().await;
                self.no_lane = self.lane.is_none().then(Instant::now);
            }
        }
        let Some(lane) = &mut self.lane else { return Attempt::NotThisWay };
        optimistic::attempt(lane, &self.shared.surroundings, self.tenant, submissions, &self.standing).await
    }

    /// The long way: lock, read what is not known, decide, write, commit.
    async fn under_lock(&mut self, submissions: &[Submission]) -> Result<Finished, Failure> {
        let Self { shared, tenant, standing, .. } = self;
        let not_done = |error: DbErr| Failure::NotDone(error.into());
        let tx = shared.db.begin().await.map_err(not_done)?;
        let session = Session::open_for(&tx, &shared.surroundings, *tenant, submissions, standing).await;
        let finished = session.map_err(Failure::NotDone)?.finish(submissions).await.map_err(Failure::NotDone)?;
        tx.commit().await.map_err(|error| Failure::Unknown(error.into()))?;
        Ok(finished)
    }
}

enum Failure {
    NotDone(LedgerFault),
    Unknown(LedgerFault),
}

impl Failure {
    fn fault(self) -> LedgerFault {
        match self {
            Self::NotDone(fault) | Self::Unknown(fault) => fault,
        }
    }
}

fn silent() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database did not answer in time".into()))
}

/// Whether the same batch may succeed now: after a lost race, and once after its connection broke. Nothing is tried
/// again that has waited for the database in vain: all who come behind would wait for it as well.
fn is_worth_another(fault: &LedgerFault, attempt: u32) -> bool {
    let broke_off = matches!(fault, LedgerFault::Database(error) if database::broke_off(error));
    is_lost_race(fault) || (broke_off && attempt == 1)
}

/// Whether another transaction was faster, so that the same batch may succeed now.
fn is_lost_race(fault: &LedgerFault) -> bool {
    let LedgerFault::Database(error) = fault else { return false };
    let text = error.to_string();
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
        || ["40001", "40P01", "deadlock detected"].iter().any(|sign| text.contains(sign))
}

fn is_connection(fault: &LedgerFault) -> bool {
    matches!(fault, LedgerFault::Database(error) if database::is_lost(error)) && !is_lost_race(fault)
}
