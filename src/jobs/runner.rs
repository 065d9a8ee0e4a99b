//! Runs what is due in the background, on every server: the steps of days that have ended, and holds that lapse.
//!
//! It looks every half second. What a tenant has to do is done by the server that holds its lease; one that dies is taken
//! over when that has run out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio_util::sync::CancellationToken;

use super::day::{AnyStep, BusinessDay, DayState, FailStep, StartDay, one};
use super::lease::{self, Held};
use super::store;
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::work::{Failure, Workers, present};

/// How often it looks for something to do.
const LOOK: Duration = Duration::from_millis(500);
/// The name of the lease.
const LEASE: &str = "business-day";
/// So long a step that has failed is left alone, and twice as long each time after.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A page of a day that is followed by a pause of the same length, for what else there is to do, is no longer than this.
const LONGEST_TURN: Duration = Duration::from_secs(2);

/// The tenants whose date is to roll, or that have days to be put into the list or to be run. Asked twice a second by every
/// server: each part is read from an index that has those alone.
pub(super) const DUE: &str = "SELECT tenant_id FROM ledger_head WHERE day_ends_us - clock_ahead_us <= $1 \
     UNION SELECT tenant_id FROM ledger_head WHERE (day_open IS NULL OR day_open < business_date) AND command_sequence > 0 \
     UNION SELECT tenant_id FROM business_day WHERE state <> 'DONE'";

/// What is to be done during the day, as soon as its time has come: each domain has its own.
pub trait Chore: Send + Sync + 'static {
    /// Its name, for logs.
    fn name(&self) -> &'static str;

    /// The tenants that have something to be done.
    fn tenants<'a>(&'a self, workers: &'a Workers) -> BoxFuture<'a, Result<Vec<TenantId>, Arc<LedgerFault>>>;

    /// Does it. Gives how much; on another server as well at the same time, nothing is done twice.
    fn run<'a>(&'a self, workers: &'a Workers, tenant: TenantId) -> BoxFuture<'a, Result<usize, Arc<LedgerFault>>>;
}

/// The runner of a server. Cloning shares it.
#[derive(Clone)]
pub struct Days(Arc<Inner>);

struct Inner {
    workers: Workers,
    steps: Vec<Arc<dyn AnyStep>>,
    chores: Vec<Arc<dyn Chore>>,
    /// Who runs a tenant's days in this process: one at a time.
    running: Mutex<BTreeMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    /// Tenants whose steps fail, and when they are tried again.
    failing: Mutex<BTreeMap<TenantId, (tokio::time::Instant, Duration)>>,
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All days that have ended are done.
    Done,
    /// A step failed.
    Failed(Box<BusinessDay>),
    /// Another server is at it.
    Elsewhere,
}

impl Days {
    /// With the steps of a day and what is to be done during it, in the order in which they are run.
    #[must_use]
    pub fn new(workers: Workers, steps: Vec<Arc<dyn AnyStep>>, chores: Vec<Arc<dyn Chore>>) -> Self {
        Self(Arc::new(Inner { workers, steps, chores, running: Mutex::default(), failing: Mutex::default() }))
    }

    /// Runs what is due until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let look = async {
                for chore in &self.0.chores {
                    for tenant in chore.tenants(&self.0.workers).await? {
                        chore.run(&self.0.workers, tenant).await?;
                    }
                }
                for tenant in self.due().await? {
                    if !self.is_left_alone(tenant) {
                        self.catch_up(tenant).await?;
                    }
                }
                Ok::<(), Arc<LedgerFault>>(())
            };
            tokio::select! {
                () = stop.cancelled() => return,
                looked = look => if let Err(fault) = looked {
                    tracing::warn!(%fault, "the business day could not be run; trying again");
                },
            }
        }
    }

    /// The tenants whose date is to roll, or that have days to be run.
    async fn due(&self) -> Result<Vec<TenantId>, LedgerFault> {
        let db = self.0.workers.db();
        let now = self.0.workers.clock().micros();
        let statement = Statement::from_sql_and_values(db.backend(), DUE, [now.into()]);
        let rows = db.reader().query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(TenantId(row.try_get("", "tenant_id")?))).collect()
    }

    fn is_left_alone(&self, tenant: TenantId) -> bool {
        let failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.get(&tenant).is_some_and(|(until, _)| *until > tokio::time::Instant::now())
    }

    /// Runs the days of a tenant that have ended, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn catch_up(&self, tenant: TenantId) -> Result<Outcome, Arc<LedgerFault>> {
        let mine = {
            let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.entry(tenant).or_default().clone()
        };
        let _mine = mine.lock().await;
        let workers = &self.0.workers;
        let present = present::of(workers.db().reader(), workers.clock(), tenant).await?;
        if present.head.day_open != Some(present.today) {
            let steps = self.0.steps.iter().map(|step| step.name().to_owned()).collect();
            match one(workers, tenant, StartDay { steps }).await {
                Ok(_) => {}
                Err(Failure::Fault(fault)) => return Err(fault),
                // It refuses nothing.
                Err(Failure::Refused(..)) => return Ok(Outcome::Elsewhere),
            }
        }
        if self.first_unfinished(tenant).await?.is_none() {
            return Ok(Outcome::Done);
        }
        // A database that one process has open needs no agreement.
        if workers.db().backend() != DbBackend::Postgres {
            return self.run_days(tenant, None).await;
        }
        let Some(mut held) = lease::hold(workers, tenant, LEASE).await? else { return Ok(Outcome::Elsewhere) };
        let outcome = self.run_days(tenant, Some(&mut held)).await;
        held.release(workers).await?;
        outcome
    }

    async fn run_days(&self, tenant: TenantId, mut held: Option<&mut Held>) -> Result<Outcome, Arc<LedgerFault>> {
        while let Some(day) = self.first_unfinished(tenant).await? {
            if let Some(stopped) = self.run_day(tenant, day, held.as_deref_mut()).await? {
                return Ok(stopped);
            }
        }
        self.0.failing.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        Ok(Outcome::Done)
    }

    /// Runs what is left of a day. Gives why it stopped before its end.
    async fn run_day(
        &self,
        tenant: TenantId,
        mut day: BusinessDay,
        mut held: Option<&mut Held>,
    ) -> Result<Option<Outcome>, Arc<LedgerFault>> {
        let workers = &self.0.workers;
        while day.state != DayState::Done {
            if let Some(held) = held.as_deref_mut()
                && !held.keep(workers).await?
            {
                return Ok(Some(Outcome::Elsewhere));
            }
            let Some(run) = day.steps.iter().find(|run| !run.complete) else {
                return Err(LedgerFault::Inconsistent("a day without steps left that is not done").into());
            };
            let Some(step) = self.0.steps.iter().find(|step| step.name() == run.name) else {
                let failure = "this version of Konto has no such step";
                return self.failed(tenant, &day, run.name.clone(), failure.into()).await.map(Some);
            };
            let begun = tokio::time::Instant::now();
            let paged = step.next_page(workers, tenant, &day).await;
            // A day has hours, and a payment has not: while anybody waits, half of the time is theirs.
            if workers.waiting().0 > 0 {
                tokio::time::sleep(begun.elapsed().min(LONGEST_TURN)).await;
            }
            match paged {
                Ok(done) => day = (*done.value).clone(),
                Err(Failure::Refused(..)) => return Ok(Some(Outcome::Elsewhere)),
                // The database is away: nothing can be noted either.
                Err(Failure::Fault(fault))
                    if !matches!(*fault, LedgerFault::Undecided(_) | LedgerFault::Inconsistent(_)) =>
                {
                    return Err(fault);
                }
                Err(Failure::Fault(fault)) => {
                    tracing::error!(%tenant, step = step.name(), %fault, "a step of the business day failed");
                    return self
                        .failed(tenant, &day, step.name().to_owned(), "it could not be decided".into())
                        .await
                        .map(Some);
                }
            }
        }
        Ok(None)
    }

    async fn failed(
        &self,
        tenant: TenantId,
        day: &BusinessDay,
        step: String,
        failure: String,
    ) -> Result<Outcome, Arc<LedgerFault>> {
        {
            let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
            let (until, pause) = failing.entry(tenant).or_insert((tokio::time::Instant::now(), FIRST_PAUSE));
            *until = tokio::time::Instant::now() + *pause;
            *pause = (*pause * 2).min(LONGEST_PAUSE);
        }
        match one(&self.0.workers, tenant, FailStep { day: day.id, step, failure }).await {
            Ok(done) => Ok(Outcome::Failed(Box::new((*done.value).clone()))),
            Err(Failure::Refused(..)) => Ok(Outcome::Elsewhere),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    /// Does what is to be done for one tenant during the day. Gives how much.
    ///
    /// # Errors
    /// The database's.
    pub async fn chores(&self, tenant: TenantId) -> Result<usize, Arc<LedgerFault>> {
        let mut count = 0;
        for chore in &self.0.chores {
            count += chore.run(&self.0.workers, tenant).await?;
        }
        Ok(count)
    }

    /// The workers.
    pub(super) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    async fn first_unfinished(&self, tenant: TenantId) -> Result<Option<BusinessDay>, LedgerFault> {
        store::first_unfinished(self.0.workers.db().reader(), tenant).await
    }

    /// Waits until a day's steps are done, running them here where no other server does. Gives the day that has failed,
    /// if one has.
    ///
    /// # Errors
    /// The database's.
    pub async fn wait_for(
        &self,
        tenant: TenantId,
        through: NaiveDate,
        patience: Duration,
    ) -> Result<Option<Box<BusinessDay>>, Arc<LedgerFault>> {
        let end = tokio::time::Instant::now() + patience;
        loop {
            match self.catch_up(tenant).await? {
                Outcome::Done => return Ok(None),
                Outcome::Failed(day) => return Ok(Some(day).filter(|day| day.day <= through)),
                Outcome::Elsewhere if tokio::time::Instant::now() >= end => return Ok(None),
                Outcome::Elsewhere => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}
