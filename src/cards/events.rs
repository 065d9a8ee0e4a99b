//! What the log tells of cards: by their ids, never by numbers, tokens or names.

use serde_json::json;

use super::chargebacks::Chargeback;
use super::model::Card;
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::EntryId;

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
        /// A card was blocked, from some day on.
        CARD_BLOCKED,
        /// Blocks on a card were lifted.
        CARD_UNBLOCKED,
        /// A scheme has cleared something for a card whose account is closed: it stands on `CARD_UNPLACED`.
        CARD_CLEARED_UNPLACED,
        /// A purchase was disputed with the card's scheme.
        CHARGEBACK_OPENED,
        /// The merchant has refunded what is disputed, or was given back, or a part of it: that much is disputed no more.
        CHARGEBACK_REDUCED,
        /// A scheme has decided about a disputed purchase.
        CHARGEBACK_RESOLVED,
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

/// An entry of a card could not be booked on its account, which is closed.
#[must_use]
pub fn unplaced(type_: EventType, card: &Card, entry: EntryId) -> NewEvent {
    let payload = json!({ "card": card.id.to_string(), "entry": entry.to_string() });
    let event = NewEvent::of(type_, card.id, payload);
    NewEvent { account: Some(card.account), ..event }
}

/// Something happened to a chargeback.
#[must_use]
pub fn of_chargeback(type_: EventType, chargeback: &Chargeback) -> NewEvent {
    let amount = chargeback.amount.in_currency(chargeback.currency);
    let payload = json!({
        "chargeback": chargeback.id.to_string(),
        "card": chargeback.card.to_string(),
        "purchase": chargeback.purchase,
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "refunded": chargeback.refunded.in_currency(chargeback.currency).amount.to_string(),
        "state": chargeback.state.word(),
    });
    NewEvent { account: Some(chargeback.account), ..NewEvent::of(type_, chargeback.id, payload) }
}
