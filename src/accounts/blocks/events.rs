//! What the log tells of blocks: that there are, what they do and until when. Why is not for everybody who follows an
//! account.

use serde_json::json;

use super::model::{Block, BlockSubject};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of blocks.
    TYPES {
        /// A block was placed.
        BLOCK_PLACED,
        /// A block was changed, or a part of what is garnished was paid.
        BLOCK_CHANGED,
        /// A block was lifted.
        BLOCK_LIFTED,
        /// A block was noted as over, since its last day is.
        BLOCK_EXPIRED,
        /// All of what was garnished has been paid.
        BLOCK_FULFILLED,
    }
}

/// Something happened to a block.
#[must_use]
pub fn of(type_: EventType, block: &Block) -> NewEvent {
    let payload = json!({
        "block": block.id.to_string(),
        "kind": block.kind.word(),
        "until": block.until.map(|until| until.to_string()),
    });
    match block.subject {
        BlockSubject::Account(account) => NewEvent::of_account(type_, account, payload),
        BlockSubject::Customer(customer) => NewEvent::of_customer(type_, customer, payload),
    }
}
