//! A job and its items.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::jobs::refusal::KeptRefusal;
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, JobId, JobItemId, Origin};
use crate::refused::{Facts, INVALID_STATE, Refused};

crate::open_list! {
    /// What a job does.
    JobKind
}

crate::open_words! { JobKind:
    /// Jobs of commands.
    KINDS {
        /// The items of a batch.
        BATCH,
    }
}

crate::words! {
    /// Where a job stands.
    JobState {
        /// It waits.
        Queued = "QUEUED",
        /// It is worked off.
        Running = "RUNNING",
        /// It is worked off. What was refused is counted, and stands with its item.
        Done = "DONE",
        /// It came to its end, but not all of it could be decided; or it was to be done as a whole, and is not.
        Failed = "FAILED",
        /// It was cancelled: what was done before stands.
        Cancelled = "CANCELLED",
    }

    /// Where an item of a job stands.
    JobItemState {
        /// It waits.
        Pending = "PENDING",
        /// It was done, now or under its key before.
        Done = "DONE",
        /// It was refused.
        Refused = "REFUSED",
        /// It could not be decided: a defect on our side.
        Failed = "FAILED",
        /// The job was cancelled before its turn came.
        Cancelled = "CANCELLED",
    }
}

impl JobState {
    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// Whether a job may go from here to there.
    #[must_use]
    pub fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Queued => matches!(next, Self::Running | Self::Cancelled),
            Self::Running => next.is_over(),
            Self::Done | Self::Failed | Self::Cancelled => next == Self::Queued,
        }
    }
}

/// Work that is done in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What it does, from the open list.
    pub kind: String,
    /// The operation of its items.
    pub operation: String,
    /// The scope that asking for it took, and that cancelling and retrying it take.
    pub scope: String,
    /// How its items hang together: as a batch's mode.
    pub mode: String,
    /// Where it stands.
    pub state: JobState,
    /// Items.
    pub total: i32,
    /// Of these, done.
    pub done: i32,
    /// Refused in the last round.
    pub refused: i32,
    /// Not decided in the last round.
    pub failed: i32,
    /// How often it was begun anew.
    pub round: i32,
    /// The first item that this round has not come to.
    pub next: i32,
    /// Whether its items are still there.
    pub items_kept: bool,
    /// Who asked: the client.
    pub client: String,
    /// The customer that the asker's token was bound to.
    pub customer: Option<CustomerId>,
    /// The request that it came with: what belongs together.
    pub request_id: String,
    /// When it was asked for.
    pub created_at: Micros,
    /// When it was begun, the last time.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

impl Job {
    /// Goes on to another state.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn turn(&mut self, next: JobState) -> Result<(), Refused> {
        if !self.state.leads_to(next) {
            let message = format!("the job is {}", self.state.word());
            let facts = Facts { status: Some(self.state.word()), ..Facts::default() };
            return Err(Refused { facts: Box::new(facts), ..Refused::of_field(INVALID_STATE, "job", message) });
        }
        self.state = next;
        Ok(())
    }

    /// In whose name its items are decided.
    #[must_use]
    pub fn asker(&self, tenant: crate::primitives::TenantId) -> Origin {
        Origin {
            tenant,
            client: self.client.as_str().into(),
            customer: self.customer,
            request_id: self.request_id.as_str().into(),
        }
    }

    /// How many tenths of it are decided.
    #[must_use]
    pub fn tenths(&self) -> i64 {
        let decided = i64::from(self.done) + i64::from(self.refused) + i64::from(self.failed);
        decided * 10 / i64::from(self.total.max(1))
    }
}

/// One command of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobItem {
    /// A digest of its job and its place.
    pub id: JobItemId,
    /// Its job.
    pub job: JobId,
    /// Its place, from 0.
    pub number: i32,
    /// The caller's key.
    pub key: String,
    /// The command, as JSON; none where no command could be made of the input.
    pub command: Option<String>,
    /// How it was left by the last round that came to it.
    pub state: JobItemState,
    /// That round.
    pub round: i32,
    /// What it made.
    pub result: Option<String>,
    /// What it was refused for.
    pub refusal: Option<KeptRefusal>,
}

impl JobItemId {
    /// Of a job's item.
    #[must_use]
    pub fn of_place(job: JobId, number: i32) -> Self {
        let mut digest = Sha256::new();
        digest.update(job.0.as_bytes());
        digest.update(number.to_be_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        Self(Uuid::from_bytes(std::array::from_fn(|place| digest[place])))
    }
}

impl JobItem {
    /// Whether a round of its job has yet to come to it.
    #[must_use]
    pub fn is_due(&self, round: i32) -> bool {
        match self.state {
            JobItemState::Pending => true,
            JobItemState::Refused | JobItemState::Failed => self.round < round,
            JobItemState::Done | JobItemState::Cancelled => false,
        }
    }

    /// Where it stands in its job: what was not come to before the job was cancelled is so too, and what is queued again
    /// waits.
    #[must_use]
    pub fn stands(&self, job: &Job) -> JobItemState {
        match (self.state, job.state) {
            (JobItemState::Pending, JobState::Cancelled) => JobItemState::Cancelled,
            (state, JobState::Queued | JobState::Running) if self.is_due(job.round) && state != JobItemState::Done => {
                JobItemState::Pending
            }
            (state, _) => state,
        }
    }
}
