//! Works jobs off, on every server: it looks for jobs when one is queued here, and each half second for those of others.
//!
//! A job is one server's while that holds the job's lease; one that dies is taken over when the lease runs out. What two
//! servers do of one job all the same does no harm: a chunk is decided on the job's own place. Tenants take turns: a
//! tenant with many jobs has no more of them under way than one with few.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chunk::RunChunk;
use super::commands::PurgeItems;
use super::model::{Job, JobItem};
use super::store;
use crate::database::{Database, is_lost};
use crate::jobs::approvals::{self, ExpireApproval};
use crate::jobs::lease;
use crate::ledger::LedgerFault;
use crate::primitives::{Clock, JobId, Origin, TenantId};
use crate::work::{AnyCommand, Failure, House, Mode, Priority, Workers, read};

/// How often it looks for jobs of other servers, and for what is over.
const LOOK: Duration = Duration::from_millis(500);
/// Items of a chunk: enough to share a commit, few enough that nobody waits long behind one.
const CHUNK: u64 = 100;
/// Items of one that is done as a whole.
const WHOLE: u64 = 10_000;
/// Jobs of one tenant that are under way here.
const OF_A_TENANT: usize = 2;
/// Jobs of all tenants that are.
const AT_ONCE: usize = 8;
/// A job that another server has, or that could not be gone on with, is left alone for so long.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the items of a job are kept after its end: 30 days.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Items that are forgotten in one go, and what else is looked for.
const PURGED: u64 = 500;

/// The runner of a server. Cloning shares it.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    workers: Workers,
    house: &'static dyn House,
    wake: Notify,
    /// What is under way here, and what is left alone until then.
    under_way: Mutex<UnderWay>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct UnderWay {
    jobs: BTreeSet<(TenantId, JobId)>,
    left_alone: BTreeMap<(TenantId, JobId), tokio::time::Instant>,
}

impl UnderWay {
    /// The jobs to begin with now, of those that are open: tenants take turns.
    fn choose(&mut self, open: &[(TenantId, JobId)]) -> Vec<(TenantId, JobId)> {
        let now = tokio::time::Instant::now();
        self.left_alone.retain(|_, until| *until > now);
        let mut of: BTreeMap<TenantId, usize> = BTreeMap::new();
        for (tenant, _) in &self.jobs {
            *of.entry(*tenant).or_default() += 1;
        }
        let mut chosen = Vec::new();
        for round in 0..OF_A_TENANT {
            for job in open {
                let many = of.entry(job.0).or_default();
                let is_free = !self.jobs.contains(job) && !self.left_alone.contains_key(job);
                if is_free && *many <= round && self.jobs.len() < AT_ONCE {
                    *many += 1;
                    self.jobs.insert(*job);
                    chosen.push(*job);
                }
            }
        }
        chosen
    }
}

/// How a job was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftAt {
    /// It is over, or it was begun anew meanwhile: look again at once.
    End,
    /// Another server is at it.
    Elsewhere,
}

impl Jobs {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, house: &'static dyn House) -> Self {
        let (wake, tasks) = (Notify::new(), TaskTracker::new());
        Self(Arc::new(Inner { db, clock, workers, house, wake, under_way: Mutex::default(), tasks }))
    }

    /// A job was queued here.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Works jobs off until it is told to stop. A chunk that has begun is waited for.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(fault) = self.look(&stop).await {
                tracing::warn!(%fault, "jobs could not be looked for; trying again");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn look(&self, stop: &CancellationToken) -> Result<(), Arc<LedgerFault>> {
        let open = store::open(self.0.db.reader()).await?;
        let chosen = self.under_way(|under_way| under_way.choose(&open));
        for (tenant, job) in chosen {
            let (jobs, stop) = (self.clone(), stop.clone());
            self.0.tasks.spawn(async move { jobs.work_off(tenant, job, &stop).await });
        }
        self.expire_approvals().await?;
        self.purge(KEPT).await?;
        Ok(())
    }

    fn under_way<T>(&self, change: impl FnOnce(&mut UnderWay) -> T) -> T {
        change(&mut self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn work_off(&self, tenant: TenantId, job: JobId, stop: &CancellationToken) {
        let left = self.under_lease(tenant, job, stop).await;
        let pause = match &left {
            Ok(LeftAt::End) => None,
            Ok(LeftAt::Elsewhere) => Some(PAUSE),
            Err(fault) => {
                tracing::warn!(%tenant, %job, %fault, "a job could not be gone on with; trying again");
                Some(PAUSE)
            }
        };
        self.under_way(|under_way| {
            under_way.jobs.remove(&(tenant, job));
            if let Some(pause) = pause {
                under_way.left_alone.insert((tenant, job), tokio::time::Instant::now() + pause);
            }
        });
        self.wake();
    }

    async fn under_lease(
        &self,
        tenant: TenantId,
        job: JobId,
        stop: &CancellationToken,
    ) -> Result<LeftAt, Arc<LedgerFault>> {
        let workers = &self.0.workers;
        let Some(mut held) = lease::hold(workers, tenant, &job.to_string()).await? else {
            return Ok(LeftAt::Elsewhere);
        };
        let left = loop {
            if stop.is_cancelled() {
                break Ok(LeftAt::End);
            }
            match held.keep(workers).await {
                Ok(true) => {}
                Ok(false) => return Ok(LeftAt::Elsewhere),
                Err(fault) => break Err(fault),
            }
            match self.chunk(tenant, job).await {
                Ok(true) => {}
                Ok(false) => break Ok(LeftAt::End),
                Err(fault) => break Err(fault),
            }
        };
        held.release(workers).await?;
        left
    }

    /// Works a chunk off. Whether there may be more.
    async fn chunk(&self, tenant: TenantId, id: JobId) -> Result<bool, Arc<LedgerFault>> {
        let Some(job) = read::by_id::<Job>(self.0.db.reader(), tenant, id).await?.filter(|job| !job.state.is_over())
        else {
            return Ok(false);
        };
        let most = if job.mode == "ALL_OR_NOTHING" { WHOLE } else { CHUNK };
        let items = store::due(self.0.db.reader(), tenant, &job, most).await?;
        let is_last = (items.len() as u64) < most;
        match self.decide(tenant, &job, items.clone(), is_last, false).await {
            Err(Failure::Fault(fault)) if is_its_own(&fault) => {
                self.one_by_one(tenant, id, items, &fault).await?;
                Ok(true)
            }
            Err(Failure::Fault(fault)) => Err(fault),
            // Refused: it was cancelled, or somebody else has gone on with it. The row tells.
            Ok(()) | Err(Failure::Refused(..)) => Ok(true),
        }
    }

    /// A chunk that the database will not take: each item alone, and those that are at fault are given up.
    async fn one_by_one(
        &self,
        tenant: TenantId,
        id: JobId,
        items: Vec<JobItem>,
        fault: &LedgerFault,
    ) -> Result<(), Arc<LedgerFault>> {
        tracing::error!(%tenant, job = %id, %fault, "a chunk of a job could not be written; its items are tried alone");
        let db = self.0.db.reader();
        let Some(job) = read::by_id::<Job>(db, tenant, id).await?.filter(|job| !job.state.is_over()) else {
            return Ok(());
        };
        if job.mode == "ALL_OR_NOTHING" {
            return done(self.decide(tenant, &job, items, true, true).await);
        }
        for item in items {
            let Some(job) = read::by_id::<Job>(db, tenant, id).await?.filter(|job| job.next <= item.number) else {
                return Ok(());
            };
            match self.decide(tenant, &job, vec![item.clone()], false, false).await {
                Err(Failure::Fault(fault)) if is_its_own(&fault) => {
                    done(self.decide(tenant, &job, vec![item], false, true).await)?;
                }
                other => done(other)?,
            }
        }
        Ok(())
    }

    async fn decide(
        &self,
        tenant: TenantId,
        job: &Job,
        items: Vec<JobItem>,
        is_last: bool,
        give_up: bool,
    ) -> Result<(), Failure> {
        let house = self.0.house;
        let chunk = RunChunk::new(job, items, is_last, |operation, stored| house.read(operation, stored));
        let chunk = if give_up { chunk.give_up() } else { chunk };
        let origin = Origin::system(tenant);
        self.0.workers.run_any(&origin, Box::new(chunk) as Box<dyn AnyCommand>).await.map(|_| ())
    }

    /// Notes of approvals whose time is over that it is. Gives how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_approvals(&self) -> Result<usize, Arc<LedgerFault>> {
        let now = self.0.clock.micros();
        let lapsed = approvals::store::lapsed(self.0.db.reader(), now, PURGED).await?;
        let mut count = 0;
        for (tenant, approval) in lapsed {
            count += usize::from(self.quietly(tenant, ExpireApproval { approval }).await?);
        }
        Ok(count)
    }

    /// Forgets the items of jobs that ended so long ago. Gives how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self, kept: Duration) -> Result<usize, Arc<LedgerFault>> {
        let before = self.0.clock.micros() - i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
        let mut count = 0;
        for (tenant, job) in store::stale(self.0.db.reader(), before, PURGED).await? {
            loop {
                let items = store::some_items(self.0.db.reader(), tenant, job, PURGED).await?;
                let (many, last) = (items.len(), (items.len() as u64) < PURGED);
                if !self.quietly(tenant, PurgeItems { job, items, last }).await? {
                    break;
                }
                count += many;
                if last {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Runs a command of the background; whether it was done, and not refused because somebody was faster.
    async fn quietly<C: crate::work::Command>(&self, tenant: TenantId, command: C) -> Result<bool, Arc<LedgerFault>> {
        let (origin, items) = (Origin::system(tenant), vec![(None, command)]);
        let answers = self.0.workers.run_all(&origin, items, Mode::EachAlone, Priority::Background).await;
        match answers.into_iter().next() {
            Some(Err(Failure::Fault(fault))) => Err(fault),
            Some(Err(Failure::Refused(..))) | None => Ok(false),
            Some(Ok(_)) => Ok(true),
        }
    }
}

/// Whether a fault is of what was to be written, and not of the database's or the server's state.
fn is_its_own(fault: &LedgerFault) -> bool {
    match fault {
        LedgerFault::Database(error) => !is_lost(error),
        LedgerFault::Undecided(_) | LedgerFault::Inconsistent(_) => true,
        LedgerFault::Overloaded | LedgerFault::Stopped => false,
    }
}

/// A refusal is somebody else's having been faster.
fn done(answer: Result<(), Failure>) -> Result<(), Arc<LedgerFault>> {
    match answer {
        Err(Failure::Fault(fault)) => Err(fault),
        Ok(()) | Err(Failure::Refused(..)) => Ok(()),
    }
}
