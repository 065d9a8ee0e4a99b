//! Hands commands to the tenants' workers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::cache::Memory;
use super::command::{Answer, AnyCommand, Command, Done, Failure, Idempotency, Mode, Outcome, TurnedAway, Verdict};
use super::decide::{Answered, Job};
use super::house::House;
use super::metrics::WorkMetrics;
use super::waiting::{Caller, Group, Queues};
use super::worker::Worker;
use crate::database::Database;
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::{Clock, IdSource, Origin, TenantId};
use crate::telemetry::spans;

/// How many callers may wait per tenant before new ones are turned away.
const QUEUE: usize = 4_096;

/// Where time and ids come from.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The present.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
}

/// Told after each commit: the tenant, its last event, and what was booked.
pub type Wake = Arc<dyn Fn(TenantId, i64, &[Arc<Entry>]) + Send + Sync>;

/// Told after entries of a tenant were erased: who remembers some has to forget them.
pub type OnErased = Arc<dyn Fn(TenantId) + Send + Sync>;

/// Which share of a batch a command gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for it.
    Front,
    /// A job, a step of the business day, a reaction.
    Background,
}

/// The workers of all tenants. Cloning shares them.
#[derive(Clone)]
pub struct Workers(Arc<Shared>);

pub(super) struct Shared {
    pub db: Database,
    pub surroundings: Surroundings,
    pub wake: Wake,
    pub metrics: WorkMetrics,
    pub memory: Memory,
    pub house: Option<&'static dyn House>,
    /// This server among those that share the database.
    pub server: Arc<str>,
    /// Who is told that entries were erased.
    on_erased: OnceLock<OnErased>,
    queues: Mutex<State>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct State {
    of: HashMap<TenantId, Senders>,
    stopped: bool,
}

#[derive(Clone)]
struct Senders {
    front: mpsc::Sender<Group>,
    background: mpsc::Sender<Group>,
}

impl Shared {
    /// Entries of a tenant were erased.
    pub(super) fn erased(&self, tenant: TenantId) {
        if let Some(tell) = self.on_erased.get() {
            tell(tenant);
        }
    }
}

impl Workers {
    /// Without a worker yet.
    #[must_use]
    pub fn new(db: Database, surroundings: Surroundings, metrics: WorkMetrics, wake: Wake) -> Self {
        Self::of_house(db, surroundings, metrics, wake, None)
    }

    /// The same, under the rules of a house.
    #[must_use]
    pub fn of_house(
        db: Database,
        surroundings: Surroundings,
        metrics: WorkMetrics,
        wake: Wake,
        house: Option<&'static dyn House>,
    ) -> Self {
        let (queues, tasks, memory) = (Mutex::new(State::default()), TaskTracker::new(), Memory::default());
        // From chance of its own: the ids of a seeded source are the same each time.
        let server = IdSource::random(surroundings.clock.clone()).next().simple().to_string().into();
        let on_erased = OnceLock::new();
        Self(Arc::new(Shared { db, surroundings, wake, metrics, memory, house, server, on_erased, queues, tasks }))
    }

    /// Has somebody told that entries were erased. Once: the first stays.
    pub fn when_erased(&self, tell: OnErased) {
        let _ = self.0.on_erased.set(tell);
    }

    /// Runs a command; answers when it is durable.
    ///
    /// # Errors
    /// A refusal; [`LedgerFault::Overloaded`] and [`LedgerFault::Stopped`]: nothing was done.
    /// [`LedgerFault::Database`]: nothing was done, or the commit was cut off and what happened is unknown; the same keys
    /// are safe.
    pub async fn run<C: Command>(&self, origin: &Origin, key: Option<Idempotency>, command: C) -> Answer<C::Made> {
        let answers = self.run_all(origin, vec![(key, command)], Mode::EachAlone, Priority::Front).await;
        answers.into_iter().next().unwrap_or_else(|| Err(LedgerFault::Inconsistent("no answer").into()))
    }

    /// Runs commands of one kind; an answer per item, in their order.
    ///
    /// # Errors
    /// In the answers: as [`Workers::run`].
    pub async fn run_all<C: Command>(
        &self,
        origin: &Origin,
        items: Vec<(Option<Idempotency>, C)>,
        mode: Mode,
        priority: Priority,
    ) -> Vec<Answer<C::Made>> {
        let ids = &self.0.surroundings.ids;
        let count = items.len();
        let job = |(key, command)| Job::new(ids, origin, key, Box::new(command) as Box<dyn AnyCommand>);
        let jobs = items.into_iter().map(job).collect();
        match self.submit(origin.tenant, jobs, mode, priority).await {
            Ok(answers) => answers.into_iter().map(of_type::<C>).collect(),
            Err(fault) => (0..count).map(|_| Err(fault.clone().into())).collect(),
        }
    }

    /// Runs one command of the background whose type only its caller knows; gives what it is remembered by.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub(crate) async fn run_any(&self, origin: &Origin, command: Box<dyn AnyCommand>) -> Result<String, Failure> {
        self.run_boxed(origin, command, Priority::Background).await.map(|outcome| outcome.result)
    }

    /// The same, in the lane of whoever waits for it; gives what it made.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub(crate) async fn run_boxed(
        &self,
        origin: &Origin,
        command: Box<dyn AnyCommand>,
        priority: Priority,
    ) -> Result<Outcome, Failure> {
        let job = Job::new(&self.0.surroundings.ids, origin, None, command);
        let answers = self.submit(origin.tenant, vec![job], Mode::EachAlone, priority).await?;
        let answer = answers.into_iter().next().unwrap_or_else(|| Err(LedgerFault::Inconsistent("no answer").into()));
        answer.map(|(outcome, _)| outcome)
    }

    /// Leaves records of what was turned away before it became a command.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn turn_away(
        &self,
        origin: &Origin,
        operation: &'static str,
        verdicts: Vec<Verdict>,
    ) -> Result<(), Arc<LedgerFault>> {
        if verdicts.is_empty() {
            return Ok(());
        }
        let ids = &self.0.surroundings.ids;
        let job = |verdict| Job::new(ids, origin, None, Box::new(TurnedAway { operation, verdict }));
        let jobs = verdicts.into_iter().map(job).collect();
        for answer in self.submit(origin.tenant, jobs, Mode::EachAlone, Priority::Front).await? {
            if let Err(Failure::Fault(fault)) = answer {
                return Err(fault);
            }
        }
        Ok(())
    }

    async fn submit(
        &self,
        tenant: TenantId,
        jobs: Vec<Job>,
        mode: Mode,
        priority: Priority,
    ) -> Result<Vec<Answered>, Arc<LedgerFault>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answers) = oneshot::channel();
        let group = Group {
            caller: Caller::new(jobs.len(), reply),
            jobs: jobs.into(),
            at: 0,
            mode,
            since: Instant::now(),
            span: spans::current(),
        };
        let senders = self.queue(tenant)?;
        let queue = if priority == Priority::Front { senders.front } else { senders.background };
        queue.try_send(group).map_err(|error| {
            Arc::new(match error {
                mpsc::error::TrySendError::Full(_) => {
                    self.0.metrics.turned_away.inc();
                    LedgerFault::Overloaded
                }
                mpsc::error::TrySendError::Closed(_) => LedgerFault::Stopped,
            })
        })?;
        // A worker that stops answers all that wait. One that has panicked does not, and what it did is unknown.
        answers.await.map_err(|_| Arc::new(LedgerFault::Inconsistent("the worker died")))
    }

    /// Stops taking commands and waits until all that wait are committed.
    pub async fn stop(&self) {
        {
            let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
            queues.stopped = true;
            queues.of.clear();
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.0.db
    }

    /// The servers' clock: a sandbox tenant has one of its own.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.surroundings.clock
    }

    /// This server among those that share the database.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.0.server
    }

    /// What the workers measure.
    #[must_use]
    pub fn metrics(&self) -> &WorkMetrics {
        &self.0.metrics
    }

    /// Callers that wait for a batch: of all tenants, and of the tenant with the most.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = queues.of.values().map(|queue| queue.front.max_capacity() - queue.front.capacity());
        waiting.fold((0, 0), |(all, most), one| (all + one, most.max(one)))
    }

    fn queue(&self, tenant: TenantId) -> Result<Senders, Arc<LedgerFault>> {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.stopped {
            return Err(Arc::new(LedgerFault::Stopped));
        }
        // A worker that died of a panic leaves a closed queue: the next command starts another.
        if let Some(queue) = queues.of.get(&tenant).filter(|queue| !queue.front.is_closed()) {
            return Ok(queue.clone());
        }
        let ((front, waiting), (background, later)) = (mpsc::channel(QUEUE), mpsc::channel(QUEUE));
        let senders = Senders { front, background };
        queues.of.insert(tenant, senders.clone());
        let worker = Worker::new(self.0.clone(), tenant);
        self.0.tasks.spawn(worker.work(Queues { front: waiting, background: later }));
        Ok(senders)
    }
}

fn of_type<C: Command>(answer: Answered) -> Answer<C::Made> {
    let (Outcome { made, .. }, receipt) = answer?;
    let value = made.downcast::<C::Made>().map_err(|_| LedgerFault::Inconsistent("an answer of another kind"))?;
    Ok(Done { value, receipt })
}
