//! What sets strategies, and starts, pauses, resumes and stops journeys.

use std::sync::Arc;

use chrono::Days;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::events::{self, JOURNEY_PAUSED, JOURNEY_RESUMED, JOURNEY_STARTED, JOURNEY_STOPPED};
use super::model::{ClaimJourney, CollectionStrategy, JourneyStatus, StrategyVersion};
use super::steps::{self, StrategyStep};
use super::store::CODE;
use crate::collections::Claim;
use crate::collections::claims::store::REFERENCE;
use crate::collections::claims::{ClaimStatus, ResolutionReason};
use crate::primitives::text;
use crate::refused::{INVALID_STATE, Refused, noted};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Creates a strategy, or gives it a new version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetCollectionStrategy {
    /// Unique in the tenant.
    pub code: String,
    /// For people.
    pub name: String,
    /// Whether active claims that are on no journey begin one by themselves.
    pub automatic: bool,
    /// Whether no journey begins any more.
    pub retired: bool,
    /// The steps, in their order.
    pub steps: Vec<StrategyStep>,
}

impl Command for SetCollectionStrategy {
    const OPERATION: &'static str = "setCollectionStrategy";
    type Made = CollectionStrategy;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<CollectionStrategy>(&CODE, &self.code);
    }

    /// Refused as: `INVALID_INPUT`, `STRATEGY_CIRCLE`, in this order. Journeys that have begun stay on their version.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CollectionStrategy>> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=40).contains(&self.code.len()) || !self.code.bytes().all(plain) {
            return Err(Refused::invalid("code", "must be up to 40 capital letters, digits and underscores").into());
        }
        text::required(&self.name, 100).map_err(|problem| Refused::invalid("name", problem.to_string()))?;
        steps::check(&self.steps)?;
        let now = work.now();
        let strategy = match work.find::<CollectionStrategy>(&CODE, &self.code)? {
            Some(found) => work.change::<CollectionStrategy, Refused>(found.id, |row| {
                row.version += 1;
                row.name.clone_from(&self.name);
                (row.automatic, row.retired) = (self.automatic, self.retired);
                Ok(())
            })?,
            None => {
                let strategy = CollectionStrategy {
                    id: work.id(),
                    ordinal: work.ordinal(),
                    code: self.code.clone(),
                    name: self.name.clone(),
                    version: 1,
                    automatic: self.automatic,
                    retired: self.retired,
                    created_at: now,
                };
                work.insert(strategy)?
            }
        };
        let version = StrategyVersion {
            id: StrategyVersion::id_of(strategy.id, strategy.version),
            ordinal: work.ordinal(),
            strategy: strategy.id,
            version: strategy.version,
            steps: self.steps.clone(),
            created_at: now,
        };
        work.insert(version)?;
        work.tell(events::of_strategy(&strategy));
        Ok(strategy)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// The claim that an input names, which has to be active.
fn active(work: &mut Work, reference: &str) -> Decision<Arc<Claim>> {
    let claim = work.find::<Claim>(&REFERENCE, reference)?;
    let claim = claim.ok_or_else(|| Refused::not_found("claimReference", "claim"))?;
    if claim.status != ClaimStatus::Active {
        return Err(claim.is_in("claimReference").into());
    }
    Ok(claim)
}

/// The journey of an active claim in its present life.
fn journey_of(work: &mut Work, claim: &Claim) -> Decision<Arc<ClaimJourney>> {
    let found = work.get::<ClaimJourney>(ClaimJourney::id_of(claim.id, claim.begun))?;
    found.ok_or_else(|| Refused::of_field(INVALID_STATE, "claimReference", "the claim is on no journey").into())
}

fn hint(reference: &str, wants: &mut Wants) {
    wants.unique::<Claim>(&REFERENCE, reference);
}

/// Lets an active claim begin a journey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartJourney {
    /// Which claim, by what the creditor calls it.
    pub claim: String,
    /// Through which strategy, by its code.
    pub strategy: String,
}

impl Command for StartJourney {
    const OPERATION: &'static str = "startJourney";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.claim, wants);
        wants.unique::<CollectionStrategy>(&CODE, &self.strategy);
    }

    /// Refused as: `NOT_FOUND` for the claim, `INVALID_STATE` unless it is active, `NOT_FOUND` for the strategy,
    /// `INVALID_STATE` where that is retired, or the claim has begun a journey in this life already, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let claim = active(work, &self.claim)?;
        let strategy = work.find::<CollectionStrategy>(&CODE, &self.strategy)?;
        let strategy = strategy.ok_or_else(|| Refused::not_found("strategy", "strategy"))?;
        if strategy.retired {
            return Err(Refused::of_field(INVALID_STATE, "strategy", "the strategy is retired").into());
        }
        begin(work, &claim, &strategy)?;
        Ok(claim)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Begins a journey with the strategy's present version, today.
///
/// # Errors
/// `INVALID_STATE` where the claim has begun one in this life.
pub fn begin(work: &mut Work, claim: &Claim, strategy: &CollectionStrategy) -> Decision<Arc<ClaimJourney>> {
    let id = ClaimJourney::id_of(claim.id, claim.begun);
    if let Some(found) = work.get::<ClaimJourney>(id)? {
        let message = format!("the claim has begun a journey already, which is {}", found.status.word());
        return Err(Refused::of_field(INVALID_STATE, "claimReference", message).into());
    }
    let version = version_of(work, strategy.id, strategy.version)?;
    let today = work.today();
    let wait = version.steps.first().map_or(0, |step| step.wait_days);
    let journey = ClaimJourney {
        id,
        ordinal: work.ordinal(),
        claim: claim.id,
        life: claim.begun,
        strategy: strategy.id,
        version: strategy.version,
        status: JourneyStatus::Running,
        step: 0,
        act_on: Some(today.checked_add_days(Days::new(wait.into())).unwrap_or(today)),
        days_left: None,
        reason: None,
        description: None,
        done: Vec::new(),
        started_on: today,
        ended_on: None,
        created_at: work.now(),
    };
    let journey = work.insert(journey)?;
    work.tell(events::of_journey(JOURNEY_STARTED, claim, &journey, json!({ "strategy": strategy.code })));
    Ok(journey)
}

/// A version of a strategy.
///
/// # Errors
/// That it is not loaded yet.
pub fn version_of(
    work: &mut Work,
    strategy: crate::primitives::CollectionStrategyId,
    version: i32,
) -> Decision<Arc<StrategyVersion>> {
    let found = work.get::<StrategyVersion>(StrategyVersion::id_of(strategy, version))?;
    found.ok_or_else(|| Stop::damaged("a journey without its version of the strategy"))
}

/// Pauses a claim's journey: it remembers where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PauseJourney {
    /// Which claim, by what the creditor calls it.
    pub claim: String,
}

impl Command for PauseJourney {
    const OPERATION: &'static str = "pauseJourney";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.claim, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` unless the claim is active and its journey runs.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let claim = active(work, &self.claim)?;
        let (found, today) = (journey_of(work, &claim)?, work.today());
        let journey = work.change::<ClaimJourney, Refused>(found.id, |row| row.pause(today))?;
        work.tell(events::of_journey(JOURNEY_PAUSED, &claim, &journey, Value::Null));
        Ok(claim)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Lets a paused journey go on where it stood.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResumeJourney {
    /// Which claim, by what the creditor calls it.
    pub claim: String,
}

impl Command for ResumeJourney {
    const OPERATION: &'static str = "resumeJourney";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.claim, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` unless the claim is active and on a journey, `JOURNEY_NOT_PAUSED`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let claim = active(work, &self.claim)?;
        let (found, today) = (journey_of(work, &claim)?, work.today());
        let journey = work.change::<ClaimJourney, Refused>(found.id, |row| row.resume(today))?;
        work.tell(events::of_journey(JOURNEY_RESUMED, &claim, &journey, Value::Null));
        Ok(claim)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Stops a journey for good. The claim stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StopJourney {
    /// Which claim, by what the creditor calls it.
    pub claim: String,
    /// Why.
    pub reason: ResolutionReason,
    /// The same, in words.
    pub description: Option<String>,
}

impl Command for StopJourney {
    const OPERATION: &'static str = "stopJourney";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.claim, wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` for the description, `INVALID_STATE` unless the claim is active and its
    /// journey runs or is paused.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let claim = active(work, &self.claim)?;
        let description = noted("description", self.description.as_deref())?;
        let (found, today) = (journey_of(work, &claim)?, work.today());
        let journey = work.change::<ClaimJourney, Refused>(found.id, |row| {
            row.end(JourneyStatus::Stopped, today)?;
            (row.reason, row.description) = (Some(self.reason), description);
            Ok(())
        })?;
        work.tell(events::of_journey(JOURNEY_STOPPED, &claim, &journey, json!({ "reason": self.reason.word() })));
        Ok(claim)
    }

    fn weight(&self) -> usize {
        2
    }
}
