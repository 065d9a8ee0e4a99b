//! What the log tells of cards: by their ids, never by numbers, tokens or names.

use serde_json::json;

use super::model::Card;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of cards.
    TYPES {
        /// A card was added to an account.
        CARD_ADDED,
        /// A card was changed.
        CARD_CHANGED,
        /// A card was replaced by another.
        CARD_REPLACED,
        /// A card was deleted.
        CARD_DELETED,
        /// A deleted card was restored.
        CARD_RESTORED,
    }
}

/// Something happened to a card: it concerns the account, and the holder.
#[must_use]
pub fn of(type_: EventType, card: &Card) -> NewEvent {
    let payload = json!({
        "card": card.id.to_string(),
        "replaces": card.replaces.map(|id| id.to_string()),
        "replacedBy": card.replaced_by.map(|id| id.to_string()),
    });
    let event = NewEvent::of(type_, card.id, payload);
    NewEvent { account: Some(card.account), customer: Some(card.holder), ..event }
}
