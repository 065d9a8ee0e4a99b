//! What the log tells of identification.

use serde_json::json;

use super::model::{Identification, IdentificationProvider};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of identification.
    TYPES {
        /// Who vouches for customers was set.
        IDENTIFICATION_PROVIDER_SET,
        /// A customer was identified.
        CUSTOMER_IDENTIFIED,
    }
}

/// A provider was set.
#[must_use]
pub fn set(provider: &IdentificationProvider) -> NewEvent {
    let payload = json!({ "kind": provider.kind.word(), "retired": provider.retired });
    NewEvent::of(IDENTIFICATION_PROVIDER_SET, provider.id, payload)
}

/// A customer was identified.
#[must_use]
pub fn identified(identification: &Identification) -> NewEvent {
    let payload = json!({ "provider": identification.provider.to_string() });
    NewEvent::of_customer(CUSTOMER_IDENTIFIED, identification.customer, payload)
}
