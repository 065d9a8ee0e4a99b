//! What changes jobs, besides working them off: queue, cancel, retry, forget the items.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, JOB_ENDED, JOB_QUEUED};
use super::model::{BATCH, Job, JobItem, JobItemState, JobState};
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::{JobId, JobItemId};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Owned as _, Wants, Work};

/// An item to queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewItem {
    /// The caller's key.
    pub key: String,
    /// The command, as JSON, or what the input was refused for.
    pub command: Result<String, KeptRefusal>,
}

/// Stores commands of one operation, to be worked off in the background.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueJob {
    /// The operation of all items.
    pub operation: String,
    /// The scope that it took.
    pub scope: String,
    /// How the items hang together.
    pub mode: String,
    /// In their order.
    pub items: Vec<NewItem>,
}

impl Command for QueueJob {
    const OPERATION: &'static str = "queueJob";
    type Made = Job;

    fn decide(&self, work: &mut Work) -> Decision<Arc<Job>> {
        let origin = work.origin().clone();
        let job = Job {
            id: work.id(),
            ordinal: work.ordinal(),
            kind: BATCH.word().to_owned(),
            operation: self.operation.clone(),
            scope: self.scope.clone(),
            mode: self.mode.clone(),
            state: JobState::Queued,
            total: number(self.items.len()),
            done: 0,
            refused: 0,
            failed: 0,
            round: 0,
            next: 0,
            items_kept: true,
            client: origin.client.to_string(),
            customer: origin.customer,
            request_id: origin.request_id.to_string(),
            created_at: work.now(),
            started_at: None,
            ended_at: None,
        };
        let job = work.insert(job)?;
        for (place, item) in (0..).zip(&self.items) {
            let (command, refusal) = match &item.command {
                Ok(command) => (Some(command.clone()), None),
                Err(refusal) => (None, Some(refusal.clone())),
            };
            work.insert(JobItem {
                id: JobItemId::of_place(job.id, place),
                job: job.id,
                number: place,
                key: item.key.clone(),
                command,
                state: JobItemState::Pending,
                round: 0,
                result: None,
                refusal,
            })?;
        }
        work.tell(events::of(JOB_QUEUED, &job));
        Ok(job)
    }

    fn weight(&self) -> usize {
        2 + self.items.len()
    }
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The job that an input names, if the origin sees it.
fn located(work: &mut Work, id: JobId) -> Decision<Arc<Job>> {
    match work.get::<Job>(id)? {
        Some(job) if job.is_visible(work)? => Ok(job),
        _ => Err(Refused::not_found("job", "job").into()),
    }
}

/// Cancels what of a job is not done yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelJob {
    /// Which.
    pub job: JobId,
}

impl Command for CancelJob {
    const OPERATION: &'static str = "cancelJob";
    type Made = Job;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Job>(self.job);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for a job that is over or that nobody may cancel, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Job>> {
        let job = located(work, self.job)?;
        if job.kind != BATCH.word() {
            return Err(Refused::of_field(INVALID_STATE, "job", "a job of this kind is not cancelled").into());
        }
        let now = work.now();
        let job = work.change::<Job, Refused>(job.id, |job| {
            job.turn(JobState::Cancelled)?;
            job.ended_at = Some(now);
            Ok(())
        })?;
        work.tell(events::of(JOB_ENDED, &job));
        Ok(job)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Queues again what of a job was not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RetryJob {
    /// Which.
    pub job: JobId,
}

impl Command for RetryJob {
    const OPERATION: &'static str = "retryJob";
    type Made = Job;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Job>(self.job);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for a job that is not over, is of another kind, whose items are gone or all
    /// done, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Job>> {
        let found = located(work, self.job)?;
        let refuse = |message: &str| Err(Refused::of_field(INVALID_STATE, "job", message).into());
        if found.kind != BATCH.word() {
            return refuse("a job of this kind is not retried");
        }
        if found.state.is_over() && !found.items_kept {
            return refuse("the job's items are not kept any more");
        }
        if found.state.is_over() && found.done == found.total {
            return refuse("all of the job is done");
        }
        let job = work.change::<Job, Refused>(found.id, |job| {
            job.turn(JobState::Queued)?;
            job.round += 1;
            job.next = 0;
            (job.refused, job.failed) = (0, 0);
            (job.started_at, job.ended_at) = (None, None);
            Ok(())
        })?;
        work.tell(events::of(JOB_QUEUED, &job));
        Ok(job)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Forgets items of a job that ended long ago.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PurgeItems {
    /// Which job.
    pub job: JobId,
    /// These of them.
    pub items: Vec<JobItemId>,
    /// Whether these are the last.
    pub last: bool,
}

impl Command for PurgeItems {
    const OPERATION: &'static str = "purgeJobItems";
    type Made = Job;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Job>(self.job);
        self.items.iter().for_each(|item| wants.row::<JobItem>(*item));
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for a job that is not over.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Job>> {
        let job = located(work, self.job)?;
        if !job.state.is_over() {
            return Err(Refused::of_field(INVALID_STATE, "job", "the job is not over").into());
        }
        work.get_all::<JobItem>(&self.items)?;
        for item in &self.items {
            work.remove::<JobItem>(*item)?;
        }
        work.change::<Job, Refused>(job.id, |job| {
            job.items_kept &= !self.last;
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        1 + self.items.len()
    }
}
