//! Works on runs: at once for whoever waits for one, and in the background on every server, for jobs, for receivers that
//! are tried again, and for runs whose server has died.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::{self, Called};
use super::finish::{Ending, FinishRun, refusal_of};
use super::model::{ActionKind, ActionRun, ActionVersion, CustomAction, Failure, FailureKind, kept_text};
use super::refusals::{ACTION_COMMAND_NOT_ALLOWED, ACTION_REFUSED};
use super::runs::{DeferRun, TakeRun};
use super::script::{self, Said, Seen, Want};
use super::store;
use crate::accounts::{Account, Product};
use crate::database::Database;
use crate::events::outbound::Outbound;
use crate::events::webhooks::{Poster, schedule};
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::{LedgerFault, Position};
use crate::primitives::{ActionRunId, ActionVersionId, Clock, Origin, TenantId};
use crate::refused::Refused;
use crate::work::present;
use crate::work::{AnyCommand, Command, Failure as Failed, Idempotency, Mode, Priority, Workers, read};

/// How often it looks for runs whose turn has come.
const LOOK: Duration = Duration::from_millis(500);
/// Runs of the background that are under way here at once.
const AT_ONCE: usize = 16;
/// Scripts that are run here at once: they keep a processor busy, and memory.
const SCRIPTS: usize = 2;
/// Calls of webhooks under way here at once.
const CALLS: usize = 64;
/// How often a script is begun: one that takes its server down with it is not begun for ever.
const TRIES: i32 = 3;
/// How often a receiver is tried, as for events.
const ATTEMPTS: i32 = 10;

/// Who asked for a run, and what they may do.
#[derive(Clone, Debug)]
pub struct Asker {
    /// In whose name it is done.
    pub origin: Origin,
    /// What the token could do, by the words of its scopes.
    pub scopes: Vec<String>,
}

/// A command that a script asked for, ready to be decided.
pub struct Wanted {
    /// Derived from the run.
    pub key: Idempotency,
    /// The command.
    pub command: Box<dyn AnyCommand>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wanted").field(&self.command.operation()).finish()
    }
}

/// How a command is made of a name and an input, with the rights of whoever asks: as the mutation of that name would.
pub trait Commands: Send + Sync {
    /// The command, or what the mutation would refuse or deny. It has no effect.
    fn make<'a>(
        &'a self,
        asker: &'a Asker,
        operation: &'a str,
        input: Value,
        key: String,
    ) -> BoxFuture<'a, Result<Result<Wanted, Refused>, Arc<LedgerFault>>>;
}

/// Works on runs. Cloning shares it.
#[derive(Clone)]
pub struct Actions(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    workers: Workers,
    outbound: Outbound,
    is_for_scripts: fn(&str) -> bool,
    commands: Mutex<Option<Arc<dyn Commands>>>,
    poster: OnceLock<Poster>,
    scripts: Semaphore,
    calls: Semaphore,
    wake: Notify,
    under_way: Mutex<BTreeSet<(TenantId, ActionRunId)>>,
    tasks: TaskTracker,
}

/// What a piece of work on a run leaves to be noted.
enum Left {
    Finish(Box<FinishRun>),
    Defer(DeferRun),
}

impl Actions {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(
        db: Database,
        clock: Clock,
        workers: Workers,
        outbound: Outbound,
        is_for_scripts: fn(&str) -> bool,
    ) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            workers,
            outbound,
            is_for_scripts,
            commands: Mutex::default(),
            poster: OnceLock::new(),
            scripts: Semaphore::new(SCRIPTS),
            calls: Semaphore::new(CALLS),
            wake: Notify::new(),
            under_way: Mutex::default(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Says how commands are made; without it no script gets one. `None` takes it back: it holds much of the server.
    pub fn speak(&self, commands: Option<Arc<dyn Commands>>) {
        *self.0.commands.lock().unwrap_or_else(PoisonError::into_inner) = commands;
    }

    /// A run was queued here.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Works on runs until it is told to stop. What has begun is waited for.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(fault) = self.look().await {
                tracing::warn!(%fault, "runs of custom actions could not be looked for; trying again");
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

    async fn look(&self) -> Result<(), LedgerFault> {
        let now = self.0.clock.micros();
        for (tenant, run) in store::due(self.0.db.reader(), now, AT_ONCE as u64).await? {
            let is_new = self.under_way(|runs| runs.len() < AT_ONCE && runs.insert((tenant, run)));
            if is_new {
                let actions = self.clone();
                self.0.tasks.spawn(async move {
                    if let Err(fault) = actions.take_up(tenant, run).await {
                        tracing::warn!(%tenant, %run, %fault, "a run of a custom action could not be gone on with");
                    }
                    actions.under_way(|runs| runs.remove(&(tenant, run)));
                    actions.wake();
                });
            }
        }
        Ok(())
    }

    fn under_way<T>(&self, change: impl FnOnce(&mut BTreeSet<(TenantId, ActionRunId)>) -> T) -> T {
        change(&mut self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with a run that waits, or whose server has fallen silent.
    async fn take_up(&self, tenant: TenantId, id: ActionRunId) -> Result<(), Arc<LedgerFault>> {
        let Some(run) = read::by_id::<ActionRun>(self.0.db.reader(), tenant, id).await? else { return Ok(()) };
        let take = TakeRun { run: id, attempts: run.attempts };
        match self.note(tenant, take).await {
            Ok(run) => self.work_on(tenant, &run, Priority::Background).await.map(|_| ()),
            // Somebody was faster.
            Err(Failed::Refused(..)) => Ok(()),
            Err(Failed::Fault(fault)) => Err(fault),
        }
    }

    /// Works on a run that this server has begun or taken up, and notes what came of it. Gives it as it is then.
    ///
    /// # Errors
    /// The database's: the run stands as it did, and is taken up again.
    pub async fn work_on(
        &self,
        tenant: TenantId,
        run: &ActionRun,
        priority: Priority,
    ) -> Result<Arc<ActionRun>, Arc<LedgerFault>> {
        let noted = match self.outcome(tenant, run).await? {
            Left::Defer(defer) => self.note(tenant, defer).await,
            Left::Finish(finish) => {
                let outcome = self.0.workers.run_boxed(&Origin::system(tenant), finish, priority).await;
                outcome.and_then(|outcome| {
                    let made = outcome.made.downcast::<ActionRun>();
                    made.map_err(|_| LedgerFault::Inconsistent("an answer of another kind").into())
                })
            }
        };
        match noted {
            Ok(run) => Ok(run),
            Err(Failed::Fault(fault)) => Err(fault),
            // Somebody else has gone on with it: what came of it there counts.
            Err(Failed::Refused(..)) => {
                let found = read::by_id::<ActionRun>(self.0.db.reader(), tenant, run.id).await?;
                found.map(Arc::new).ok_or_else(|| Arc::new(LedgerFault::Inconsistent("a run is gone")))
            }
        }
    }

    async fn note<C: Command>(&self, tenant: TenantId, command: C) -> Result<Arc<C::Made>, Failed> {
        let (origin, items) = (Origin::system(tenant), vec![(None, command)]);
        let answers = self.0.workers.run_all(&origin, items, Mode::EachAlone, Priority::Background).await;
        let answer = answers.into_iter().next().unwrap_or_else(|| Err(LedgerFault::Inconsistent("no answer").into()));
        answer.map(|done| done.value)
    }

    async fn outcome(&self, tenant: TenantId, run: &ActionRun) -> Result<Left, Arc<LedgerFault>> {
        let db = self.0.db.reader();
        let action = read::by_id::<CustomAction>(db, tenant, run.action).await?;
        let version = ActionVersionId::of_number(run.action, run.version);
        let version = read::by_id::<ActionVersion>(db, tenant, version).await?;
        let Some((action, version)) = action.zip(version) else {
            return Err(Arc::new(LedgerFault::Inconsistent("a run without its action")));
        };
        match action.kind {
            ActionKind::Webhook => self.call(&action, &version, run).await,
            ActionKind::Script => self.script(tenant, &version, run).await,
        }
    }

    async fn call(
        &self,
        action: &CustomAction,
        version: &ActionVersion,
        run: &ActionRun,
    ) -> Result<Left, Arc<LedgerFault>> {
        if run.dry_run {
            let sent: Value = serde_json::from_str(&call::body(action, run)).unwrap_or_default();
            let shown = json!({ "url": version.url, "message": sent });
            return Ok(finish(run, Ending::Done(Some(shown.to_string()))));
        }
        let allow_private = self.0.outbound.allows_private();
        let poster = self.0.poster.get_or_init(|| Poster::new(allow_private));
        let _permit = self.0.calls.acquire().await;
        let now = self.0.clock.micros();
        Ok(match call::call(poster, allow_private, (action, version, run), now).await {
            Called::Done(output) => finish(run, Ending::Done(output)),
            Called::Failed(failure) => finish(run, Ending::Failed(failure)),
            Called::Later(failure, asked) => {
                let now = self.0.clock.micros();
                // Whoever waits is told at once, and asks again when they like.
                let next = schedule::next(run.attempts, now, rand::random(), asked);
                match next.filter(|_| run.job.is_some() && run.attempts < ATTEMPTS) {
                    Some(next) => Left::Defer(DeferRun { run: run.id, attempts: run.attempts, failure, next }),
                    None => finish(run, Ending::Failed(failure)),
                }
            }
        })
    }

    async fn script(
        &self,
        tenant: TenantId,
        version: &ActionVersion,
        run: &ActionRun,
    ) -> Result<Left, Arc<LedgerFault>> {
        if run.attempts > TRIES {
            let failure = Failure::new(FailureKind::Interrupted, "servers died while they worked on it");
            return Ok(finish(run, Ending::Failed(failure)));
        }
        let seen = self.seen(tenant, run).await?;
        let ran = {
            let _permit = self.0.scripts.acquire().await;
            script::run(version.script.clone().unwrap_or_default(), seen).await
        };
        let steps = i64::try_from(ran.steps).ok();
        let asked: Vec<String> = ran.wants.iter().map(|want| kept_text(want.operation.clone())).collect();
        let mut wanted = Vec::new();
        let ending = match ran.said {
            Said::Failed(failure) => Ending::Failed(failure),
            Said::Refused(message) => Ending::Refused(KeptRefusal::from(&Refused::new(ACTION_REFUSED, message))),
            Said::Gave(output) => match self.made(tenant, run, ran.wants).await? {
                Ok(made) => {
                    wanted = made;
                    Ending::Done(Some(output))
                }
                Err(refusal) => Ending::Refused(refusal),
            },
        };
        Ok(Left::Finish(Box::new(FinishRun { run: run.id, attempts: run.attempts, ending, wanted, asked, steps })))
    }

    /// What a script sees.
    async fn seen(&self, tenant: TenantId, run: &ActionRun) -> Result<Seen, Arc<LedgerFault>> {
        let db = self.0.db.reader();
        let today = present::of(db, &self.0.clock, tenant).await?.today;
        let account = match run.account {
            None => None,
            Some(id) => {
                let gone = || Arc::new(LedgerFault::Inconsistent("the account of a run is gone"));
                let account = read::by_id::<Account>(db, tenant, id).await?.ok_or_else(gone)?;
                let position = read::by_id::<Position>(db, tenant, id).await?.ok_or_else(gone)?;
                let product = read::by_id::<Product>(db, tenant, account.product).await?.ok_or_else(gone)?;
                Some(Box::new((account, position, product)))
            }
        };
        let input = serde_json::from_str(&run.input).unwrap_or_default();
        Ok(Seen { input, account, today })
    }

    /// The commands that a script asked for, made with the rights of whoever asked for the run; or what the first of
    /// them that cannot be made is refused for.
    async fn made(
        &self,
        tenant: TenantId,
        run: &ActionRun,
        wants: Vec<Want>,
    ) -> Result<Result<Vec<Wanted>, KeptRefusal>, Arc<LedgerFault>> {
        let commands = self.0.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let asker = Asker { origin: run.asker(tenant), scopes: run.scopes.clone() };
        let mut made = Vec::with_capacity(wants.len());
        for (place, Want { operation, input }) in wants.into_iter().enumerate() {
            let known = commands.as_ref().filter(|_| (self.0.is_for_scripts)(&operation));
            let Some(commands) = known else {
                let message = "there is no such command for a script";
                return Ok(Err(refusal_of(place, &Refused::new(ACTION_COMMAND_NOT_ALLOWED, message))));
            };
            match commands.make(&asker, &operation, input, run.key_of(place)).await? {
                Ok(wanted) => made.push(wanted),
                Err(refused) => return Ok(Err(refusal_of(place, &refused))),
            }
        }
        Ok(Ok(made))
    }
}

/// The end of a run that asks for nothing.
fn finish(run: &ActionRun, ending: Ending) -> Left {
    Left::Finish(Box::new(FinishRun {
        run: run.id,
        attempts: run.attempts,
        ending,
        wanted: Vec::new(),
        asked: Vec::new(),
        steps: None,
    }))
}
