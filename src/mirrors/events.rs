//! What the log tells of mirrored accounts.

use serde_json::json;

use super::model::{AccountSource, Refresh};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of mirrored accounts.
    TYPES {
        /// An account was given a source, or another address of it.
        ACCOUNT_SOURCE_SET,
        /// An account has a source no longer.
        ACCOUNT_SOURCE_REMOVED,
        /// An account is to be refreshed.
        ACCOUNT_REFRESH_REQUESTED,
        /// An account was refreshed.
        ACCOUNT_REFRESHED,
        /// An account could not be refreshed.
        ACCOUNT_REFRESH_FAILED,
    }
}

/// Something happened to a source.
#[must_use]
pub fn of_source(type_: EventType, source: &AccountSource) -> NewEvent {
    NewEvent::of_account(type_, source.account, json!({ "account": source.account.to_string() }))
}

/// Something happened to a refresh.
#[must_use]
pub fn of_refresh(type_: EventType, refresh: &Refresh) -> NewEvent {
    let money = |amount: crate::primitives::Minor| amount.in_currency(refresh.currency).amount.to_string();
    let payload = json!({
        "refresh": refresh.id.to_string(),
        "state": refresh.state.word(),
        "taken": refresh.taken,
        "balance": refresh.balance.map(money),
        "difference": refresh.difference.map(money),
        "currency": refresh.currency.code(),
    });
    NewEvent { subject: refresh.id.to_string(), ..NewEvent::of_account(type_, refresh.account, payload) }
}
