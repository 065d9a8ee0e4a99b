//! A tenant's worker: the one in this process that writes.
//!
//! It gathers what waits (while one batch commits, the next fills; an idle queue waits for nobody), loads what the commands
//! look at in one statement, decides them in memory, writes what came of it, and answers everybody. On PostgreSQL a batch
//! whose rows are known is one round trip: one statement that does nothing unless the head still stands where the
//! decisions were taken from, and that commits by itself. On SQLite, and where others keep moving the head, the same
//! happens in a transaction that locks the head first.
//!
//! # Two lanes
//! Background commands (jobs, the business day, reactions) get a share of each batch: at most half of the front's weight,
//! and at least [`BACKGROUND_LEAST`]. Strict precedence would starve them, a free hand leaves the front a tenth.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, QueryResult, RuntimeErr, SqlErr, Statement, Value,
};
use tracing::Instrument as _;

use super::cache::{self, Wants};
use super::decide::Pass;
use super::load::Load;
use super::queue::Shared;
use super::sweep::sweep;
use super::unit::{Unknown, Work};
use super::waiting::{Caller, Group, Queued, Queues, take};
use crate::database::{self, OwnConnection, may_have_committed};
use crate::ledger::{Entry, LedgerFault};
use crate::primitives::TenantId;
use crate::telemetry::spans;

/// A batch is closed when it has this many commands: large enough to share a commit among all that wait, small enough
/// that nobody waits long behind it.
const BATCH_COMMANDS: usize = 1_024;
/// The same, by the rows that they write at most.
const BATCH_WEIGHT: usize = 8_192;
/// Background commands that a batch has room for, however little the front has to do.
const BACKGROUND_LEAST: usize = 16;
/// A batch that lost against another transaction is tried again so often.
const ATTEMPTS: u32 = 3;
/// So often something is loaded for a batch; whoever misses more goes alone.
const ROUNDS: usize = 4;
/// The same, for one that goes alone: what it looks at can depend on what it finds, but not for ever.
const ROUNDS_ALONE: usize = 256;
/// When somebody else has moved the head twice within so many batches, as many are decided under its lock: while servers
/// take turns, what is remembered is of no use.
const TURNS: u32 = 8;
/// After a number or a key that was taken as free was not, so many batches look all of them up.
const CAREFUL: u32 = 4;

/// A database that says nothing for so long, neither yes nor no, is not waited for any longer: its host may be gone
/// without a word, and the tenant's other commands stand behind this batch.
const DEADLINE: Duration = Duration::from_secs(45);
/// A tenant that had nothing to do for so long gives its connection back, and its memory.
const QUIET: Duration = Duration::from_secs(10);
/// How long nobody asks again for a connection to keep when there was none.
const NO_CONNECTION: Duration = Duration::from_secs(1);

/// What a batch did.
struct Written {
    pass: Pass,
    event_sequence: i64,
    entries: Vec<Arc<Entry>>,
    /// Whether nothing is known any more.
    forgotten: bool,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    tenant: TenantId,
    work: Work,
    /// Whether the head, and what is remembered with it, is known.
    is_known: bool,
    /// Groups of which a part is done, and runs that a cut has left: they come first.
    front: VecDeque<Group>,
    background: VecDeque<Group>,
    left: VecDeque<Queued>,
    connection: Option<OwnConnection>,
    /// When there was last none to be had.
    no_connection: Option<Instant>,
    /// Batches that are decided under the lock.
    locked: u32,
    /// Batches since somebody else has moved the head.
    undisturbed: u32,
    /// Batches that look up what is new.
    careful: u32,
    memory: cache::Share,
}

/// Where a batch's statements go.
enum Connection<'a> {
    Own(&'a mut OwnConnection),
    Locked(&'a DatabaseTransaction),
}

impl Connection<'_> {
    async fn query(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Own(connection) => connection.run(sql, values).await,
            Self::Locked(tx) => {
                let backend = tx.get_database_backend();
                tx.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await
            }
        }
    }
}

/// Why a batch is not written.
enum Failed {
    /// Nothing was done.
    NotDone(LedgerFault),
    /// The connection failed, and nobody knows whether it was done.
    Unknown(LedgerFault),
    /// Nothing was done: somebody else has moved the head.
    Overtaken,
    /// Nothing was done: something that was taken as free is not.
    Taken,
    /// Nothing was done: what is to be written takes more than one statement.
    NeedsLock,
    /// Nothing was done: these runs miss more than a batch waits for.
    TooDeep(Vec<usize>),
}

impl From<LedgerFault> for Failed {
    fn from(fault: LedgerFault) -> Self {
        Self::NotDone(fault)
    }
}

impl Worker {
    pub fn new(shared: Arc<Shared>, tenant: TenantId) -> Self {
        let memory = cache::Share::of(&shared.memory);
        let mut work = Work::new(tenant);
        work.house = shared.house;
        Self {
            shared,
            tenant,
            work,
            is_known: false,
            front: VecDeque::new(),
            background: VecDeque::new(),
            left: VecDeque::new(),
            connection: None,
            no_connection: None,
            locked: 0,
            undisturbed: TURNS,
            careful: 0,
            memory,
        }
    }

    pub async fn work(mut self, mut queues: Queues) {
        while self.next(&mut queues).await {
            let batch = self.fill(&mut queues);
            if !batch.is_empty() {
                self.commit(batch).await;
            }
        }
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }

    /// Waits until there is something to do. For a tenant that has nothing, nothing is kept.
    async fn next(&mut self, queues: &mut Queues) -> bool {
        if !self.left.is_empty() || !self.front.is_empty() || !self.background.is_empty() {
            return true;
        }
        if self.connection.is_some() || self.is_known {
            match tokio::time::timeout(QUIET, self.wait(queues)).await {
                Ok(there) => return there,
                Err(_) => {
                    self.forget();
                    if let Some(connection) = self.connection.take() {
                        connection.close().await;
                    }
                }
            }
        }
        self.wait(queues).await
    }

    async fn wait(&mut self, queues: &mut Queues) -> bool {
        tokio::select! {
            biased;
            Some(group) = queues.front.recv() => self.front.push_back(group),
            Some(group) = queues.background.recv() => self.background.push_back(group),
            else => return false,
        }
        true
    }

    /// The next batch: what a cut has left, then the front, then the background's share.
    fn fill(&mut self, queues: &mut Queues) -> Vec<Queued> {
        let mut batch: Vec<Queued> = Vec::new();
        if self.left.front().is_some_and(|queued| queued.alone) {
            batch.extend(self.left.pop_front());
            return batch;
        }
        let (mut commands, mut weight) = (0, 0);
        while commands < BATCH_COMMANDS
            && weight < BATCH_WEIGHT
            && self.left.front().is_some_and(|queued| !queued.alone)
            && let Some(queued) = self.left.pop_front()
        {
            commands += queued.run.jobs.len();
            weight += queued.run.jobs.iter().map(|job| job.command.weight()).sum::<usize>();
            batch.push(queued);
        }
        // What is left comes before what its callers have asked for later.
        if !self.left.is_empty() {
            return batch;
        }
        let room = (BATCH_COMMANDS.saturating_sub(commands), BATCH_WEIGHT.saturating_sub(weight));
        let (more, heavier) = take(&mut self.front, &mut queues.front, room, &mut batch, &self.shared);
        (commands, weight) = (commands + more, weight + heavier);
        let share = ((commands / 2).max(BACKGROUND_LEAST), (weight / 2).max(8 * BACKGROUND_LEAST));
        take(&mut self.background, &mut queues.background, share, &mut batch, &self.shared);
        batch
    }

    async fn commit(&mut self, batch: Vec<Queued>) {
        let commands = batch.iter().map(|queued| queued.run.jobs.len()).sum();
        let span = spans::batch(commands, batch.iter().map(|queued| &queued.span));
        let mut batch = batch;
        match self.attempts(&mut batch).instrument(span).await {
            Ok(written) => self.answer(batch, written),
            // One command that the database will not take must not fail its neighbours: each run is tried alone.
            Err(Failed::NotDone(fault)) if batch.len() > 1 && !is_connection(&fault) => self.each_alone(batch).await,
            Err(failed) => {
                let fault = Arc::new(failed.fault());
                batch.iter().for_each(|queued| queued.fail(&fault));
            }
        }
    }

    async fn each_alone(&mut self, batch: Vec<Queued>) {
        let mut away: Option<Arc<LedgerFault>> = None;
        for queued in batch {
            // A database that has gone meanwhile is not waited for by one after the other.
            if let Some(fault) = &away {
                queued.fail(fault);
                continue;
            }
            let mut alone = vec![queued];
            match self.attempts(&mut alone).await {
                Ok(written) => self.answer(alone, written),
                Err(failed) => {
                    let fault = Arc::new(failed.fault());
                    away = is_connection(&fault).then(|| fault.clone());
                    alone.iter().for_each(|queued| queued.fail(&fault));
                }
            }
        }
    }

    /// Gives the answers; what a cut has left comes with the next batch.
    fn answer(&mut self, batch: Vec<Queued>, written: Written) {
        (self.shared.wake)(self.tenant, written.event_sequence, &written.entries);
        let mut answers = written.pass.answers.into_iter();
        let mut left = VecDeque::new();
        for queued in batch {
            match answers.next() {
                Some(answers) => queued.caller.answer(queued.at, answers),
                None => left.push_back(queued),
            }
        }
        left.append(&mut self.left);
        self.left = left;
    }

    async fn attempts(&mut self, batch: &mut Vec<Queued>) -> Result<Written, Failed> {
        let (mut attempt, mut taken) = (1, 0);
        loop {
            let start = Instant::now();
            let done = tokio::time::timeout(DEADLINE, self.once(batch)).await;
            let done = done.unwrap_or_else(|_| Err(Failed::Unknown(LedgerFault::Database(silent()))));
            let failed = match done {
                Ok(written) => {
                    self.shared.metrics.committed(
                        batch.iter().map(|queued| &queued.run),
                        &written.pass,
                        start.elapsed(),
                    );
                    self.shared.metrics.booked(&written.entries);
                    return Ok(written);
                }
                Err(failed) => failed,
            };
            self.work.start_over();
            match failed {
                Failed::Overtaken => {
                    self.shared.metrics.overtaken.inc();
                    self.forget();
                    if self.undisturbed < TURNS {
                        self.locked = TURNS;
                    }
                    self.undisturbed = 0;
                }
                Failed::Taken if taken < ATTEMPTS => {
                    taken += 1;
                    self.careful = CAREFUL;
                }
                Failed::NeedsLock => self.locked = self.locked.max(1),
                Failed::TooDeep(deep) => self.put_aside(batch, &deep),
                Failed::NotDone(fault) if attempt < ATTEMPTS && is_worth_another(&fault, attempt) => {
                    self.lose();
                    tracing::warn!(%fault, attempt, "a batch is tried again");
                    self.shared.metrics.retries.inc();
                    tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 5)).await;
                    attempt += 1;
                }
                failed => {
                    self.lose();
                    self.shared.metrics.failures.inc();
                    return Err(failed);
                }
            }
        }
    }

    /// Runs that miss more than a batch waits for go after it, each alone, and behind them what has to wait for them.
    fn put_aside(&mut self, batch: &mut Vec<Queued>, deep: &[usize]) {
        let mut waited_for: Vec<Arc<Caller>> = Vec::new();
        let (mut stay, mut aside) = (Vec::with_capacity(batch.len()), VecDeque::new());
        for (place, mut queued) in std::mem::take(batch).into_iter().enumerate() {
            queued.alone = deep.contains(&place);
            let waits = queued.in_order && waited_for.iter().any(|caller| Arc::ptr_eq(caller, &queued.caller));
            if queued.alone && queued.in_order {
                waited_for.push(queued.caller.clone());
            }
            match queued.alone || waits {
                true => aside.push_back(queued),
                false => stay.push(queued),
            }
        }
        *batch = stay;
        aside.append(&mut self.left);
        self.left = aside;
        if batch.is_empty()
            && let Some(first) = self.left.pop_front()
        {
            batch.push(first);
        }
    }

    /// Neither how the books stand is known now, nor in which state the connection was left.
    fn lose(&mut self) {
        self.forget();
        self.connection = None;
    }

    fn forget(&mut self) {
        self.work.forget();
        self.is_known = false;
        self.memory.is_now(0);
    }

    /// Loads, decides and writes, in the shorter way if there is one.
    async fn once(&mut self, batch: &[Queued]) -> Result<Written, Failed> {
        let careful = self.careful > 0;
        let written = match self.own_connection().await {
            Some(mut connection) => {
                let done = self.optimistic(&mut connection, batch, careful).await;
                self.connection = Some(connection);
                self.shared.metrics.optimistic.inc_by(u64::from(done.is_ok()));
                done?
            }
            None => self.under_lock(batch, careful).await?,
        };
        self.is_known = !written.forgotten;
        self.locked = self.locked.saturating_sub(1);
        self.undisturbed = self.undisturbed.saturating_add(1);
        self.careful = self.careful.saturating_sub(1);
        self.remember();
        Ok(written)
    }

    /// Bounds what is remembered, over all tenants.
    fn remember(&mut self) {
        let most = if self.memory.is_now(self.work.cache.weight()) { cache::MOST } else { cache::LEAST };
        self.work.cache.turn(most);
        self.memory.is_now(self.work.cache.weight());
    }

    /// A connection of the worker's own, unless servers take turns or there is none to be had.
    async fn own_connection(&mut self) -> Option<OwnConnection> {
        if self.locked > 0 {
            return None;
        }
        if let Some(mut connection) = self.connection.take()
            && connection.lives().await
        {
            return Some(connection);
        }
        // One that was not to be had is not asked for with every batch.
        if self.no_connection.is_some_and(|since| since.elapsed() <= NO_CONNECTION) {
            return None;
        }
        let connection = self.shared.db.own_connection().await;
        self.no_connection = connection.is_none().then(Instant::now);
        connection
    }

    /// Without a lock: decided on what is remembered and loaded, written if the head still stands there.
    async fn optimistic(
        &mut self,
        connection: &mut OwnConnection,
        batch: &[Queued],
        careful: bool,
    ) -> Result<Written, Failed> {
        let mut connection = Connection::Own(connection);
        let wants = self.hints(batch, careful);
        if !self.is_known || !wants.is_empty() {
            self.load(&mut connection, wants).await?;
        }
        let pass = self.decide(&mut connection, batch, careful).await?;
        // What is swept is changed by statements of their own.
        if !self.work.sweeps.is_empty() {
            return Err(Failed::NeedsLock);
        }
        let draft = self.work.draft();
        let head = draft.head.clone();
        let (sql, values) = draft.guarded();
        match connection.query(sql, values).await {
            Ok(rows) if rows.is_empty() => Err(Failed::Overtaken),
            Ok(_) => Ok(self.written(pass, head)),
            Err(error) if may_have_committed(&error) => Err(Failed::Unknown(error.into())),
            Err(error) if is_taken(&error) && !careful => Err(Failed::Taken),
            Err(error) => Err(Failed::NotDone(error.into())),
        }
    }

    /// In a transaction that holds the head's lock from before anything is read.
    async fn under_lock(&mut self, batch: &[Queued], careful: bool) -> Result<Written, Failed> {
        let not_done = |error: DbErr| Failed::NotDone(error.into());
        let tx = self.shared.db.begin().await.map_err(not_done)?;
        if tx.get_database_backend() == DbBackend::Postgres {
            let sql = "SELECT tenant_id FROM ledger_head WHERE tenant_id = $1 FOR NO KEY UPDATE";
            let lock = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.tenant.0.into()]);
            tx.query_one_raw(lock).await.map_err(not_done)?;
        }
        let mut connection = Connection::Locked(&tx);
        // Keys are looked up with what is loaded anyway.
        let wants = self.hints(batch, true);
        match self.load(&mut connection, wants).await {
            Err(Failed::Overtaken) => {
                // Others were here since. Nothing is decided yet, and under the lock nobody else comes in between.
                self.forget();
                self.undisturbed = 0;
                self.locked = if self.locked > 0 { TURNS } else { 0 };
                let wants = self.hints(batch, true);
                self.load(&mut connection, wants).await?;
            }
            loaded => loaded?,
        }
        let pass = self.decide(&mut connection, batch, careful).await?;
        let draft = self.work.draft();
        let head = draft.head.clone();
        if let Err(error) = draft.write(&tx).await {
            return Err(if is_taken(&error) && !careful { Failed::Taken } else { not_done(error) });
        }
        let sweeps = std::mem::take(&mut self.work.sweeps);
        sweep(&tx, self.tenant, &sweeps).await?;
        tx.commit().await.map_err(|error| Failed::Unknown(error.into()))?;
        let mut written = self.written(pass, head);
        if !sweeps.is_empty() {
            // What is remembered of what was erased still has it all.
            self.forget();
            self.shared.erased(self.tenant);
            written.forgotten = true;
        }
        Ok(written)
    }

    fn written(&mut self, pass: Pass, head: super::head::Head) -> Written {
        let entries = std::mem::take(&mut self.work.entries);
        let event_sequence = head.event_sequence;
        self.work.committed(head, &entries);
        Written { pass, event_sequence, entries, forgotten: false }
    }

    /// What the commands say they will look at, and is not known.
    fn hints(&mut self, batch: &[Queued], with_keys: bool) -> Wants {
        let mut wants = Wants::default();
        if let Some(house) = self.shared.house {
            house.looks_at(self.tenant, &mut wants);
        }
        for job in batch.iter().flat_map(|queued| &queued.run.jobs) {
            job.command.looks_at(&mut wants);
            if with_keys && let Some(key) = &job.key {
                wants.keys.insert((job.origin.client.clone(), job.origin.customer.map(|id| id.0), key.key.clone()));
            }
        }
        if self.is_known {
            self.work.cache.drop_known(&mut wants);
        }
        wants
    }

    /// Loads what is wanted, as it belongs to the head that is known.
    async fn load(&mut self, connection: &mut Connection<'_>, wants: Wants) -> Result<(), Failed> {
        self.shared.metrics.loads.inc();
        let load = Load::new(self.shared.db.backend(), self.tenant, &wants);
        let (sql, values) = load.statement();
        let rows = connection.query(sql, values).await.map_err(|error| Failed::NotDone(error.into()))?;
        let loaded = load.read(&rows)?;
        if !self.is_known {
            self.work.head = loaded.head.clone();
            self.is_known = true;
        } else if loaded.head != self.work.head {
            return Err(Failed::Overtaken);
        }
        self.work.take_over(&wants, loaded)?;
        Ok(())
    }

    /// Decides until nothing is missing: those that have missed something are decided again, and all once more at the end.
    async fn decide(
        &mut self,
        connection: &mut Connection<'_>,
        batch: &[Queued],
        careful: bool,
    ) -> Result<Pass, Failed> {
        self.work.unknown = if careful { Unknown::LookedUp } else { Unknown::Assumed };
        let rounds = if batch.len() == 1 { ROUNDS_ALONE } else { ROUNDS };
        let mut again: Option<Vec<usize>> = None;
        let mut round = 0;
        loop {
            self.work.start_over();
            self.work.begin(self.shared.surroundings.clock.micros());
            let runs = batch.iter().map(|queued| &queued.run).enumerate();
            let pass = match &again {
                None => self.work.pass(runs),
                Some(places) => self.work.pass(runs.filter(|(place, _)| places.contains(place))),
            };
            if pass.missing.is_empty() {
                if again.take().is_none() {
                    return Ok(pass);
                }
                continue;
            }
            if round == rounds {
                return Err(match batch.len() {
                    1 => Failed::NotDone(LedgerFault::Undecided("it looks at something else each time")),
                    _ => Failed::TooDeep(pass.missing),
                });
            }
            round += 1;
            let wants = std::mem::take(&mut self.work.missed);
            // What this pass assumed must not hide what is loaded.
            self.work.start_over();
            self.load(connection, wants).await?;
            again = Some(pass.missing);
        }
    }
}

impl Failed {
    fn fault(self) -> LedgerFault {
        match self {
            Self::NotDone(fault) | Self::Unknown(fault) => fault,
            Self::Overtaken | Self::Taken | Self::NeedsLock | Self::TooDeep(_) => {
                LedgerFault::Inconsistent("what is unique was taken again and again")
            }
        }
    }
}

fn silent() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database did not answer in time".into()))
}

/// Whether something unique is there already.
fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
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
    is_taken(error) || ["40001", "40P01", "deadlock detected"].iter().any(|sign| text.contains(sign))
}

fn is_connection(fault: &LedgerFault) -> bool {
    matches!(fault, LedgerFault::Database(error) if database::is_lost(error)) && !is_lost_race(fault)
}
