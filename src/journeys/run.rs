//! What the business day does with journeys: begins those of strategies that are automatic, and goes on with all.

use std::sync::Arc;

use chrono::Days;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::commands::{begin, version_of};
use super::effects;
use super::events::{self, JOURNEY_FINISHED, JOURNEY_STEP_DONE, JOURNEY_STOPPED};
use super::model::{ClaimJourney, CollectionStrategy, JourneyStatus, StepDone};
use super::steps::{Seen, StepEffect, StrategyStep, leads_to};
use super::store;
use crate::collections::claims::ClaimStatus;
use crate::collections::{Claim, promises};
use crate::customers::addresses::book::in_force;
use crate::customers::addresses::store::book;
use crate::customers::addresses::{Address, Content, MAIN_POSTAL_ADDRESS};
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::messages::{CeaseReason, DebtorContact};
use crate::primitives::{ClaimId, CollectionStrategyId, TenantId};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// Begins journeys for active claims that are on none, where a strategy is automatic.
#[derive(Debug)]
pub struct StartJourneys;

/// A claim and the strategy that takes it, as the key of a step.
fn key_of(key: &str) -> Option<(ClaimId, CollectionStrategyId)> {
    let (claim, strategy) = key.split_once(':')?;
    Some((claim.parse().ok()?, strategy.parse().ok()?))
}

impl Step for StartJourneys {
    const NAME: &'static str = "startJourneys";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = match after {
                None => None,
                Some(key) => Some(key_of(key).ok_or(LedgerFault::Inconsistent("cursor of a step"))?.0),
            };
            let found = store::without_journey(db.reader(), tenant, after, Self::PAGE).await?;
            Ok(found.into_iter().map(|(claim, strategy)| format!("{claim}:{strategy}")).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Some((claim, strategy)) = key_of(key) {
            wants.row::<Claim>(claim);
            wants.row::<CollectionStrategy>(strategy);
        }
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let damaged = || Stop::damaged("the key of a step is no claim");
        let (claim, strategy) = key_of(key).ok_or_else(damaged)?;
        let claim = work.get::<Claim>(claim)?.ok_or_else(damaged)?;
        let strategy = work.get::<CollectionStrategy>(strategy)?.ok_or_else(damaged)?;
        let has_begun = work.get::<ClaimJourney>(ClaimJourney::id_of(claim.id, claim.begun))?.is_some();
        // Somebody was faster.
        if has_begun || claim.status != ClaimStatus::Active || strategy.retired || !strategy.automatic {
            return Ok(());
        }
        begin(work, &claim, &strategy)?;
        Ok(())
    }
}

/// Goes on with the journeys whose day has come, and ends those whose claims have come to an end.
#[derive(Debug)]
pub struct RunJourneys;

impl Step for RunJourneys {
    const NAME: &'static str = "runJourneys";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::due(db.reader(), tenant, day.day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<ClaimJourney>(key, wants);
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let journey: Arc<ClaimJourney> = by_id::row(work, key, "the key of a step is no journey")?;
        let claim = claim_of(work, &journey)?;
        if claim.status != ClaimStatus::Active || claim.begun != journey.life {
            return end(work, &claim, &journey, JourneyStatus::Stopped, day);
        }
        let version = version_of(work, journey.strategy, journey.version)?;
        // No circle is without a day, so each step is come to once at most.
        for _ in 0..=version.steps.len() {
            let journey: Arc<ClaimJourney> = by_id::row(work, key, "the key of a step is no journey")?;
            let is_due = journey.status == JourneyStatus::Running && journey.act_on.is_some_and(|on| on <= day.day);
            // Somebody was faster, or it waits.
            if !is_due {
                return Ok(());
            }
            let claim = claim_of(work, &journey)?;
            // A step may have brought it to an end.
            if claim.status != ClaimStatus::Active {
                return end(work, &claim, &journey, JourneyStatus::Stopped, day);
            }
            if is_held(work, &claim)? {
                let next = day.next_day;
                work.change::<ClaimJourney, Refused>(journey.id, |row| {
                    row.act_on = Some(next);
                    Ok(())
                })?;
                return Ok(());
            }
            do_step(work, &claim, &journey, &version.steps, day)?;
        }
        Ok(())
    }
}

fn claim_of(work: &mut Work, journey: &ClaimJourney) -> Decision<Arc<Claim>> {
    work.get::<Claim>(journey.claim)?.ok_or_else(|| Stop::damaged("a journey without its claim"))
}

/// Nothing is done about a claim while somebody is held to a promise to pay it, nor about those of somebody who has died or is
/// insolvent.
fn is_held(work: &mut Work, claim: &Claim) -> Decision<bool> {
    if promises::live(work, claim)? {
        return Ok(true);
    }
    let contact = work.get::<DebtorContact>(DebtorContact::id_of(claim.debtor))?;
    Ok(contact.is_some_and(|contact| matches!(contact.cease, Some(CeaseReason::Deceased | CeaseReason::Insolvent))))
}

/// What conditions look at.
fn seen(work: &mut Work, claim: &Claim, day: &BusinessDay) -> Decision<Seen> {
    let addresses: Vec<Arc<Address>> = book(work, claim.debtor)?;
    let main = in_force(addresses.iter().map(|address| &**address), MAIN_POSTAL_ADDRESS, day.day);
    let country = main.and_then(|address| match &address.content {
        Some(Content::Postal(postal)) => Some(postal.country.clone()),
        _ => None,
    });
    let promise = promises::of_claim(work, claim)?.last().map(|promise| promise.status);
    Ok(Seen { days_past_due: claim.days_past_due(day.day), country, promise })
}

/// Does the step that a journey stands at, and moves it on.
fn do_step(
    work: &mut Work,
    claim: &Claim,
    journey: &ClaimJourney,
    steps: &[StrategyStep],
    day: &BusinessDay,
) -> Decision<()> {
    let at = usize::try_from(journey.step).map_err(|_| Stop::damaged("the place of a step"))?;
    let step = steps.get(at).ok_or_else(|| Stop::damaged("the place of a step"))?;
    let held = match &step.when {
        Some(conditions) => {
            let seen = seen(work, claim, day)?;
            conditions.hold(claim, &seen)
        }
        None => true,
    };
    let mut refused = None;
    if let Some(effect) = step.effect.as_ref().filter(|_| held) {
        let outcome = work.attempt(|work| effects::act(work, claim, journey, &step.name, effect))?;
        refused = outcome.err().map(|refused| refused.code.word().to_owned());
    }
    let hands_over = held && refused.is_none() && matches!(step.effect, Some(StepEffect::HandOver(_)));
    let named = if held { step.next.as_deref() } else { step.otherwise.as_deref() };
    let next = if hands_over { None } else { leads_to(steps, at, named) };
    let done = StepDone { step: step.name.clone(), on: day.day, held, refused: refused.clone() };
    let after = work.change::<ClaimJourney, Refused>(journey.id, |row| {
        row.note(done);
        if let Some(next) = next {
            let wait = Days::new(steps[next].wait_days.into());
            row.step = i32::try_from(next).unwrap_or(i32::MAX);
            row.act_on = Some(day.day.checked_add_days(wait).unwrap_or(day.day));
        }
        Ok(())
    })?;
    let told = json!({ "step": step.name, "held": held, "refused": refused });
    work.tell(events::of_journey(JOURNEY_STEP_DONE, claim, &after, told));
    match next {
        Some(_) => Ok(()),
        None => end(work, claim, &after, JourneyStatus::Finished, day),
    }
}

fn end(
    work: &mut Work,
    claim: &Claim,
    journey: &ClaimJourney,
    status: JourneyStatus,
    day: &BusinessDay,
) -> Decision<()> {
    let reason = claim.resolution.filter(|_| status == JourneyStatus::Stopped && claim.begun == journey.life);
    let ended = work.change::<ClaimJourney, Refused>(journey.id, |row| {
        row.end(status, day.day)?;
        row.reason = reason;
        Ok(())
    })?;
    let type_ = if status == JourneyStatus::Finished { JOURNEY_FINISHED } else { JOURNEY_STOPPED };
    let told = reason.map_or(Value::Null, |reason| json!({ "reason": reason.word() }));
    work.tell(events::of_journey(type_, claim, &ended, told));
    Ok(())
}
