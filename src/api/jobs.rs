//! Jobs in the API: what is worked off in the background, and what became of each part of it.

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{JobItemState, JobKind, JobState};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::{BatchMode, named};
use crate::api::inputs::filter_list;
use crate::api::node::{self, Node};
use crate::api::pagination::{Connection, ItemNumber, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::{Refusal, outcomes};
use crate::api::scalars::DateTime;
use crate::events::history::HistoryOf;
use crate::jobs::queue::{self, CancelJob, RetryJob, runner, store};
use crate::primitives::JobId;
use crate::refused::Refused;

/// A job in the API.
#[derive(Clone, Debug)]
pub struct Job(queue::Job);

impl Job {
    /// Of a job that the token sees.
    #[must_use]
    pub fn new(job: queue::Job) -> Self {
        Self(job)
    }
}

impl Listed for Job {
    const LIST: &'static str = "Job";
}

/// Work that is done in the background.
#[Object]
impl Job {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it does. New kinds may be added.
    async fn kind(&self) -> Result<JobKind, Fault> {
        JobKind::from_word(&self.0.kind).ok_or_else(|| Fault::internal(&"a job of a kind that nobody knows"))
    }

    /// The operation of its items: that of the single mutation.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// How its items hang together.
    async fn mode(&self) -> Result<BatchMode, Fault> {
        BatchMode::of_word(&self.0.mode).ok_or_else(|| Fault::internal(&"a job of a mode that nobody knows"))
    }

    /// Where it stands.
    async fn state(&self) -> JobState {
        self.0.state
    }

    /// How many items it has.
    async fn total(&self) -> i32 {
        self.0.total
    }

    /// How many of them are done, now or under their keys before.
    async fn done(&self) -> i32 {
        self.0.done
    }

    /// How many were refused.
    async fn refused(&self) -> i32 {
        self.0.refused
    }

    /// How many could not be decided: a defect on our side, which the log has.
    async fn failed(&self) -> i32 {
        self.0.failed
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }

    /// The client that asked for it.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// The request that it came with, as the audit trail has it.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was begun, the last time.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Until when its items are kept, once it is over: 30 days.
    async fn items_until(&self) -> Option<DateTime> {
        let kept = i64::try_from(runner::KEPT.as_micros()).unwrap_or(i64::MAX);
        self.0.ended_at.map(|ended| DateTime(ended.saturating_add(kept)))
    }

    /// Its items, in their order; none once they are not kept any more. Scope: read.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<JobItemFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<JobItem>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<ItemNumber>::new(&PageArgs::forward(first, after))?;
        let states = filter_list("states", filter.unwrap_or_default().states)?.unwrap_or_default();
        let filter = store::ItemFilter { states };
        let rows = store::items(caller.db(), caller.tenant(), &self.0, &filter, window.page(|key| key.0)).await?;
        let job = &self.0;
        let node = |row: queue::JobItem| JobItem { state: row.stands(job), row };
        Ok(window.connect(rows, |row| ItemNumber(row.number.into()), node))
    }
}

/// One command of a job.
#[derive(Clone, Debug)]
pub struct JobItem {
    row: queue::JobItem,
    state: JobItemState,
}

impl Listed for JobItem {
    const LIST: &'static str = "JobItem";
}

/// One item of a job.
#[Object]
impl JobItem {
    /// Its place in the input, from 0.
    async fn index(&self) -> i32 {
        self.row.number
    }

    /// Its key.
    async fn idempotency_key(&self) -> &str {
        &self.row.key
    }

    /// Where it stands.
    async fn state(&self) -> JobItemState {
        self.state
    }

    /// What it made, as it is now.
    async fn result(&self, ctx: &Context<'_>) -> Result<Option<Node>, Fault> {
        match &self.row.result {
            Some(id) => node::find(caller(ctx)?, &ID(id.clone())).await,
            None => Ok(None),
        }
    }

    /// What it was refused for. The fields are those of the item.
    async fn refusal(&self) -> Result<Option<Refusal>, Fault> {
        match self.row.refusal.as_ref().filter(|_| self.state == JobItemState::Refused) {
            None => Ok(None),
            Some(kept) => {
                let shown = Refusal::kept(kept);
                shown.map(Some).ok_or_else(|| Fault::internal(&"a refusal with a code that nobody gives"))
            }
        }
    }
}

/// Which items of a job to list.
#[derive(Debug, Default, InputObject)]
pub struct JobItemFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<JobItemState>>,
}

/// Which jobs to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct JobFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<JobState>>,
    /// Only of these kinds; of all when absent.
    #[graphql(validator(max_items = 100))]
    kinds: Option<Vec<JobKind>>,
    /// Only of these operations; of all when absent.
    #[graphql(validator(max_items = 100))]
    operations: Option<Vec<String>>,
}

/// A job by its id, if the token sees it: one that is bound to a customer sees what it was asked with itself.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: JobId) -> Result<Option<Job>, Fault> {
    let found = caller.loaders.row::<queue::Job>(id).await?;
    Ok(found.filter(|job| caller.customer().is_none() || caller.customer() == job.customer).map(Job))
}

/// Words in a filter, as they are stored; one that nothing could have is refused.
pub(crate) fn filter_words(field: &str, words: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
    let words = filter_list(field, words)?.unwrap_or_default();
    let checked = words.into_iter().map(|word| crate::api::inputs::filter_text(field, Some(word)));
    Ok(checked.collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect())
}

/// Questions about jobs. Scope: read.
#[derive(Debug, Default)]
pub struct JobQuery;

/// Questions about jobs. Scope: read.
#[Object]
impl JobQuery {
    /// One job. Null for what does not exist or is not yours to see.
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Job>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }

    /// Jobs, the newest first. A token that is bound to a customer sees those that were asked for with such a token.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<JobFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Job>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<queue::Job>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let kinds = filter_list("kinds", filter.kinds)?.unwrap_or_default();
        let filter = store::JobFilter {
            states: filter_list("states", filter.states)?.unwrap_or_default(),
            kinds: kinds.into_iter().map(|kind| kind.word().to_owned()).collect(),
            operations: filter_words("operations", filter.operations)?,
            customer: caller.customer(),
        };
        let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Job))
    }
}

/// A job to cancel.
#[derive(InputObject)]
pub struct CancelJobInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which job.
    job: ID,
}

/// A job to retry.
#[derive(InputObject)]
pub struct RetryJobInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which job.
    job: ID,
}

outcomes! {
    /// A job was cancelled.
    CancelJobResult = CancelJobSuccess {
        /// The job, as it is now.
        job: Job,
    }

    /// A job was queued again.
    RetryJobResult = RetryJobSuccess {
        /// The job, as it is now.
        job: Job,
    }
}

/// Mutations of jobs.
#[derive(Default)]
pub struct JobMutation;

#[Object]
impl JobMutation {
    /// Cancels what of a job is not done yet; what is done stands. Scope: money, and the one that the batch took.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: CancelJobInput,
    ) -> Result<Option<CancelJobResult>, Fault> {
        let (call, job) = begun(ctx, "cancelJob", &input.job).await?;
        Ok(Some(match call.run(&input.idempotency_key, job.map(|job| CancelJob { job })).await? {
            Reply::Refused(refusal) => CancelJobResult::Refused(refusal),
            Reply::Done(done) => CancelJobResult::Done(CancelJobSuccess {
                job: Job((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Queues again what of a job was refused, failed or cancelled. Scope: money, and the one that the batch took.
    async fn retry_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: RetryJobInput,
    ) -> Result<Option<RetryJobResult>, Fault> {
        let (call, job) = begun(ctx, "retryJob", &input.job).await?;
        Ok(Some(match call.run(&input.idempotency_key, job.map(|job| RetryJob { job })).await? {
            Reply::Refused(refusal) => RetryJobResult::Refused(refusal),
            Reply::Done(done) => {
                call.engine.jobs.wake();
                RetryJobResult::Done(RetryJobSuccess { job: Job((*done.value).clone()), receipt: done.receipt.into() })
            }
        }))
    }
}

/// A mutation of a job: what its batch took another scope for takes that as well.
async fn begun<'a>(
    ctx: &Context<'a>,
    operation: &'static str,
    job: &ID,
) -> Result<(Call<'a>, Result<JobId, Refused>), Fault> {
    let call = Call::begin(ctx, operation, Scope::Money, Reach::Own).await?;
    let named = named("job", "job", job.parse().ok());
    if let Ok(id) = &named
        && let Some(Job(found)) = by_id(caller(ctx)?, *id).await?
        && let Some(scope) = Scope::from_word(&found.scope)
    {
        call.require(ctx, scope).await?;
    }
    Ok((call, named))
}
