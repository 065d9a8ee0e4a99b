//! Strategies, and claims on their way through them.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::refusals::JOURNEY_NOT_PAUSED;
use super::steps::StrategyStep;
use crate::collections::claims::ResolutionReason;
use crate::primitives::clock::Micros;
use crate::primitives::{ClaimId, ClaimJourneyId, CollectionStrategyId, StrategyVersionId};
use crate::refused::{Facts, INVALID_STATE, Refused};

/// What a journey remembers of the steps that it has done, at most.
const MOST_DONE: usize = 100;

crate::words! {
    /// How far a claim is on its way.
    JourneyStatus {
        /// It goes on with the days.
        Running = "RUNNING",
        /// It stands still, and remembers where.
        Paused = "PAUSED",
        /// It was stopped for good, or the claim has come to an end.
        Stopped = "STOPPED",
        /// It has come to its end.
        Finished = "FINISHED",
    }
}

impl JourneyStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Running => &[Self::Paused, Self::Stopped, Self::Finished],
            Self::Paused => &[Self::Running, Self::Stopped],
            Self::Stopped | Self::Finished => &[],
        }
    }
}

/// How claims are pursued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionStrategy {
    /// Its id.
    pub id: CollectionStrategyId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub code: String,
    /// For people.
    pub name: String,
    /// The version that journeys begin with.
    pub version: i32,
    /// Whether active claims that are on no journey begin one by themselves; of several, the oldest is taken.
    pub automatic: bool,
    /// Whether no journey begins any more.
    pub retired: bool,
    /// When it was created.
    pub created_at: Micros,
}

/// How claims are pursued, as it was defined once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyVersion {
    /// A digest of the next two.
    pub id: StrategyVersionId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Of which strategy.
    pub strategy: CollectionStrategyId,
    /// Which version, from 1.
    pub version: i32,
    /// Its steps, in their order.
    pub steps: Vec<StrategyStep>,
    /// When it was defined.
    pub created_at: Micros,
}

fn digest(what: &str, of: &[u8], number: i32) -> uuid::Uuid {
    let digest: [u8; 32] =
        Sha256::new().chain_update(what).chain_update(of).chain_update(number.to_be_bytes()).finalize().into();
    Builder::from_random_bytes(std::array::from_fn(|place| digest[place])).into_uuid()
}

impl StrategyVersion {
    /// The id of a version.
    #[must_use]
    pub fn id_of(strategy: CollectionStrategyId, version: i32) -> StrategyVersionId {
        StrategyVersionId(digest("strategy version", strategy.0.as_bytes(), version))
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// Its name.
    pub step: String,
    /// On which day.
    pub on: NaiveDate,
    /// Whether its conditions held.
    pub held: bool,
    /// What it was refused for, if it was: a code.
    pub refused: Option<String>,
}

/// A claim on its way through a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimJourney {
    /// A digest of the claim and its life.
    pub id: ClaimJourneyId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Which claim.
    pub claim: ClaimId,
    /// In which of its lives: how often it had begun.
    pub life: i32,
    /// Through which strategy.
    pub strategy: CollectionStrategyId,
    /// In which version.
    pub version: i32,
    /// How far it is.
    pub status: JourneyStatus,
    /// The step that comes next, by its place.
    pub step: i32,
    /// The day of that step, while it runs.
    pub act_on: Option<NaiveDate>,
    /// The days that were left until it, while it is paused.
    pub days_left: Option<i32>,
    /// Why it was stopped.
    pub reason: Option<ResolutionReason>,
    /// The same in the words of whoever stopped it.
    pub description: Option<String>,
    /// What was done, the last [`MOST_DONE`] steps.
    pub done: Vec<StepDone>,
    /// The day on which it began.
    pub started_on: NaiveDate,
    /// The day on which it came to an end.
    pub ended_on: Option<NaiveDate>,
    /// When it began.
    pub created_at: Micros,
}

impl ClaimJourney {
    /// The id of a claim's journey in one of its lives.
    #[must_use]
    pub fn id_of(claim: ClaimId, life: i32) -> ClaimJourneyId {
        ClaimJourneyId(digest("claim journey", claim.0.as_bytes(), life))
    }

    fn become_(&mut self, status: JourneyStatus) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            return Err(self.is_in(INVALID_STATE));
        }
        self.status = status;
        Ok(())
    }

    fn is_in(&self, code: crate::refused::RefusalCode) -> Refused {
        let message = format!("the journey of the claim is {}", self.status.word());
        let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
        Refused { facts, ..Refused::of_field(code, "claimReference", message) }
    }

    /// Halts it, and remembers how long it had to wait.
    ///
    /// # Errors
    /// `INVALID_STATE` unless it runs.
    pub fn pause(&mut self, today: NaiveDate) -> Result<(), Refused> {
        self.become_(JourneyStatus::Paused)?;
        let left = self.act_on.take().map_or(0, |on| (on - today).num_days().max(0));
        self.days_left = i32::try_from(left).ok();
        Ok(())
    }

    /// Lets it go on, with the days that were left.
    ///
    /// # Errors
    /// `JOURNEY_NOT_PAUSED`.
    pub fn resume(&mut self, today: NaiveDate) -> Result<(), Refused> {
        if self.status != JourneyStatus::Paused {
            return Err(self.is_in(JOURNEY_NOT_PAUSED));
        }
        self.become_(JourneyStatus::Running)?;
        let left = self.days_left.take().and_then(|days| u64::try_from(days).ok()).unwrap_or_default();
        self.act_on = Some(today.checked_add_days(Days::new(left)).unwrap_or(today));
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// `INVALID_STATE` where it has ended.
    pub fn end(&mut self, status: JourneyStatus, today: NaiveDate) -> Result<(), Refused> {
        self.become_(status)?;
        (self.act_on, self.days_left, self.ended_on) = (None, None, Some(today));
        Ok(())
    }

    /// Notes what came of a step.
    pub fn note(&mut self, done: StepDone) {
        self.done.push(done);
        let over = self.done.len().saturating_sub(MOST_DONE);
        self.done.drain(..over);
    }

    /// How far it is for whoever looks: a claim that is not active any more, or has begun anew, has ended it already.
    #[must_use]
    pub fn seen_status(&self, is_alive: bool) -> JourneyStatus {
        match self.status {
            JourneyStatus::Running | JourneyStatus::Paused if !is_alive => JourneyStatus::Stopped,
            status => status,
        }
    }
}
