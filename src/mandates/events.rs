//! What the log tells of mandates: by their ids, never who pays from where.

use serde_json::json;

use super::model::Mandate;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of mandates.
    TYPES {
        /// A mandate was registered.
        MANDATE_CREATED,
        /// A mandate came into force, or back into it.
        MANDATE_ACTIVATED,
        /// A mandate was suspended.
        MANDATE_SUSPENDED,
        /// A mandate was amended.
        MANDATE_AMENDED,
        /// A mandate was revoked.
        MANDATE_REVOKED,
        /// A mandate has lapsed, or its last collection was paid.
        MANDATE_EXPIRED,
    }
}

/// Something happened to a mandate: it concerns the account, and whoever pays.
#[must_use]
pub fn of(type_: EventType, mandate: &Mandate) -> NewEvent {
    let payload = json!({
        "mandate": mandate.id.to_string(),
        "scheme": mandate.scheme.word(),
        "status": mandate.status.word(),
    });
    let event = NewEvent::of(type_, mandate.id, payload);
    NewEvent { account: Some(mandate.account), customer: Some(mandate.debtor), ..event }
}
