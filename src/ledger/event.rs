//! Events of the log: what they are, what they are about, what they say. Each domain declares its own (`events.rs`).
//!
//! A payload names things by their ids, never people: what is in the log stays there.

use serde_json::{Value as Json, json};

use super::hold::Hold;
use super::position::Position;
use crate::primitives::{AccountId, CustomerId, Minor, TenantId};

crate::open_list! {
    /// What an event tells of.
    EventType
}

crate::open_words! { EventType:
    /// What the books tell.
    TYPES {
        /// An entry was posted.
        ENTRY_POSTED,
        /// An account was opened.
        ACCOUNT_OPENED,
        /// An account's credit limit was lowered.
        ACCOUNT_CREDIT_LIMIT_LOWERED,
        /// An account's credit limit was raised.
        ACCOUNT_CREDIT_LIMIT_RAISED,
        /// An account's owner asked to close it.
        ACCOUNT_CLOSURE_REQUESTED,
        /// An account was closed.
        ACCOUNT_CLOSED,
        /// A hold was placed.
        HOLD_PLACED,
        /// A hold reserves more.
        HOLD_RAISED,
        /// A hold reserves less, and is still open.
        HOLD_REDUCED,
        /// A hold was captured, in whole or in part.
        HOLD_CAPTURED,
        /// A hold was released.
        HOLD_RELEASED,
        /// A hold ran out of time.
        HOLD_EXPIRED,
        /// The books were closed through a day.
        PERIOD_CLOSED,
    }
}

/// An event to append. The log gives it its place and its time, and the command that told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What it tells of.
    pub type_: EventType,
    /// The id of what it is about: its history is a read of the log by it.
    pub subject: String,
    /// The account that it concerns, and so its owner.
    pub account: Option<AccountId>,
    /// The customer that it concerns.
    pub customer: Option<CustomerId>,
    /// A JSON object.
    pub payload: Json,
}

impl NewEvent {
    /// About an account.
    #[must_use]
    pub fn of_account(type_: EventType, account: AccountId, payload: Json) -> Self {
        Self { type_, subject: account.to_string(), account: Some(account), customer: None, payload }
    }

    /// About a customer.
    #[must_use]
    pub fn of_customer(type_: EventType, customer: CustomerId, payload: Json) -> Self {
        Self { type_, subject: customer.to_string(), account: None, customer: Some(customer), payload }
    }

    /// About something of the tenant's.
    #[must_use]
    pub fn of(type_: EventType, subject: impl ToString, payload: Json) -> Self {
        Self { type_, subject: subject.to_string(), account: None, customer: None, payload }
    }
}

/// An account was opened, with this limit.
#[must_use]
pub fn opened(position: &Position) -> NewEvent {
    let limit = position.credit_limit.in_currency(position.currency);
    let payload = json!({ "creditLimit": limit.amount.to_string(), "currency": limit.currency.code() });
    NewEvent::of_account(ACCOUNT_OPENED, position.account, payload)
}

/// Its credit limit was lowered or raised to what it is now.
#[must_use]
pub fn of_limit(type_: EventType, position: &Position) -> NewEvent {
    let limit = position.credit_limit.in_currency(position.currency).amount.to_string();
    NewEvent::of_account(type_, position.account, json!({ "creditLimit": limit }))
}

/// Something happened to a hold, with this amount of it.
#[must_use]
pub fn of_hold(type_: EventType, hold: &Hold, amount: Minor) -> NewEvent {
    let amount = amount.in_currency(hold.currency);
    let mut payload = json!({
        "hold": hold.id.to_string(),
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "status": hold.status.word(),
    });
    if type_ == HOLD_RAISED || type_ == HOLD_REDUCED {
        payload["holdAmount"] = json!(hold.amount.in_currency(hold.currency).amount.to_string());
    }
    NewEvent { subject: hold.id.to_string(), ..NewEvent::of_account(type_, hold.account, payload) }
}

/// The books were closed through a day.
#[must_use]
pub fn period_closed(tenant: TenantId, through: chrono::NaiveDate) -> NewEvent {
    NewEvent::of(PERIOD_CLOSED, tenant, json!({ "through": through.to_string() }))
}
