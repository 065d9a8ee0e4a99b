//! What the log tells of messages. Payloads have ids and words, never a text or an address.

use serde_json::json;

use super::contact::DebtorContact;
use super::model::{Message, MessageTemplate};
use super::settings::MessageSettings;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of messages.
    TYPES {
        /// A template was created or changed.
        MESSAGE_TEMPLATE_SET,
        /// How messages are sent was set.
        MESSAGE_SETTINGS_SET,
        /// A message is to be sent.
        MESSAGE_QUEUED,
        /// A message was sent.
        MESSAGE_SENT,
        /// A message was not sent, and will not be.
        MESSAGE_FAILED,
        /// A debtor is not to be written to any more.
        CONTACT_CEASED,
        /// A debtor may be written to again.
        CONTACT_RESUMED,
    }
}

/// A template was set.
#[must_use]
pub fn of_template(template: &MessageTemplate) -> NewEvent {
    let payload = json!({
        "template": template.code,
        "language": template.language,
        "kind": template.kind.word(),
        "version": template.version,
    });
    NewEvent::of(MESSAGE_TEMPLATE_SET, template.id, payload)
}

/// How messages are sent was set.
#[must_use]
pub fn of_settings(settings: &MessageSettings) -> NewEvent {
    let terms = &settings.terms;
    let payload = json!({ "email": terms.email.is_some(), "sms": terms.sms.is_some() });
    NewEvent::of(MESSAGE_SETTINGS_SET, settings.id, payload)
}

/// Something happened to a message.
#[must_use]
pub fn of_message(type_: EventType, message: &Message) -> NewEvent {
    let payload = json!({
        "message": message.id.to_string(),
        "claim": message.claim.to_string(),
        "template": message.template,
        "version": message.version,
        "kind": message.kind.word(),
        "status": message.status.word(),
    });
    NewEvent { customer: Some(message.customer), ..NewEvent::of(type_, message.id, payload) }
}

/// Whether a debtor may be written to was set.
#[must_use]
pub fn of_contact(contact: &DebtorContact) -> NewEvent {
    let type_ = if contact.cease.is_some() { CONTACT_CEASED } else { CONTACT_RESUMED };
    NewEvent::of_customer(type_, contact.customer(), json!({ "reason": contact.cease.map(|reason| reason.word()) }))
}
