//! What the log tells of dues.

use serde_json::json;

use super::model::Due;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of dues.
    TYPES {
        /// An account is to pay something by a day.
        DUE_ADDED,
        /// All that was open of a due is settled.
        DUE_SETTLED,
        /// What had settled a due, or a part of it, was reversed: that is open again.
        DUE_OPENED_AGAIN,
        /// What is open of a due is to be paid by another day.
        DUE_MOVED,
        /// What was open of a due is not asked for any more.
        DUE_CANCELLED,
    }
}

/// Something happened to a due.
#[must_use]
pub fn of(type_: EventType, due: &Due) -> NewEvent {
    let shown = |amount: crate::primitives::Minor| amount.in_currency(due.currency).amount.to_string();
    let payload = json!({
        "due": due.id.to_string(),
        "source": due.source.word(),
        "component": due.component.word(),
        "dueOn": due.due_on.to_string(),
        "amount": shown(due.amount),
        "open": shown(due.open()),
        "currency": due.currency.code(),
    });
    NewEvent::of_account(type_, due.account, payload)
}
