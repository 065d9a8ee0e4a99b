//! What the log tells of strategies and journeys.

use serde_json::{Value, json};

use super::model::{ClaimJourney, CollectionStrategy};
use crate::collections::Claim;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of strategies and journeys.
    TYPES {
        /// A strategy was created, or has a new version.
        COLLECTION_STRATEGY_SET,
        /// A claim has begun a journey.
        JOURNEY_STARTED,
        /// A step of a journey was done, or passed by: the payload says what came of it.
        JOURNEY_STEP_DONE,
        /// A journey was paused.
        JOURNEY_PAUSED,
        /// A journey goes on.
        JOURNEY_RESUMED,
        /// A journey was stopped for good, or its claim has come to an end.
        JOURNEY_STOPPED,
        /// A journey has come to its end.
        JOURNEY_FINISHED,
        /// A journey has come to a trigger.
        JOURNEY_TRIGGERED,
        /// There is something for a person to do about a claim.
        COLLECTION_TASK,
        /// A claim is to be handed over to somebody else.
        CLAIM_HANDED_OVER,
    }
}

/// A strategy was set.
#[must_use]
pub fn of_strategy(strategy: &CollectionStrategy) -> NewEvent {
    let payload = json!({ "strategy": strategy.code, "version": strategy.version, "automatic": strategy.automatic });
    NewEvent::of(COLLECTION_STRATEGY_SET, strategy.id, payload)
}

/// Something happened to a claim's journey: `more` is what else there is to tell. It is in the claim's history.
#[must_use]
pub fn of_journey(type_: EventType, claim: &Claim, journey: &ClaimJourney, more: Value) -> NewEvent {
    let mut payload = json!({
        "claim": claim.id.to_string(),
        "reference": claim.reference,
        "status": journey.status.word(),
        "version": journey.version,
    });
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    let event = NewEvent::of(type_, claim.id, payload);
    NewEvent { account: Some(claim.account), customer: Some(claim.debtor), ..event }
}
