//! What the log tells of parties.

use serde_json::json;

use super::model::Party;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of parties.
    TYPES {
        /// A party was created.
        PARTY_CREATED,
        /// A party was changed.
        PARTY_UPDATED,
    }
}

/// Something happened to a party.
#[must_use]
pub fn of(type_: EventType, party: &Party) -> NewEvent {
    NewEvent::of(type_, party.id, json!({ "party": party.id.to_string(), "number": party.number }))
}
