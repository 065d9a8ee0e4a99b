//! What the log tells of webhooks: what people did, and that one was given up. Deliveries tell nothing: they would be
//! delivered.

use serde_json::json;

use super::model::Webhook;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of webhooks.
    TYPES {
        /// A webhook was created.
        WEBHOOK_CREATED,
        /// A webhook was changed.
        WEBHOOK_UPDATED,
        /// A webhook was enabled.
        WEBHOOK_ENABLED,
        /// A webhook was disabled, by an operator or because its receiver was gone for days.
        WEBHOOK_DISABLED,
        /// A webhook got a new secret.
        WEBHOOK_SECRET_ROTATED,
        /// A webhook was taken back to an earlier place in the log.
        WEBHOOK_REPLAYED,
        /// A webhook was deleted.
        WEBHOOK_DELETED,
    }
}

/// Something happened to a webhook. Neither its address nor its secret is told.
#[must_use]
pub fn of(type_: EventType, webhook: &Webhook) -> NewEvent {
    let payload = json!({
        "webhook": webhook.id.to_string(),
        "state": webhook.state.word(),
        "disabledReason": webhook.disabled_reason.map(|reason| reason.word()),
    });
    NewEvent::of(type_, webhook.id, payload)
}
