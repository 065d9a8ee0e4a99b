//! What the log tells of accounts and products, besides what the books tell.

use serde_json::json;

use super::model::{Account, Product};
use super::participants::Participant;
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::{AccountId, CustomerId};

crate::open_words! { EventType:
    /// What is told of accounts and products.
    TYPES {
        /// An account's references or metadata were changed.
        ACCOUNT_UPDATED,
        /// The reason was noted for which an account is closed.
        ACCOUNT_CLOSURE_RECORDED,
        /// Somebody takes part in an account beside its owner.
        ACCOUNT_PARTICIPANT_ADDED,
        /// Somebody takes part in an account no longer.
        ACCOUNT_PARTICIPANT_REMOVED,
        /// The record of an account's owner was merged into another, which owns it now.
        ACCOUNT_OWNER_MERGED,
        /// A product was created.
        PRODUCT_CREATED,
        /// A product was changed.
        PRODUCT_UPDATED,
    }
}

/// An account was changed.
#[must_use]
pub fn updated(account: &Account) -> NewEvent {
    NewEvent::of_account(ACCOUNT_UPDATED, account.id, json!({ "number": account.number }))
}

/// Why an account is closed.
#[must_use]
pub fn closure_recorded(account: AccountId, code: &str) -> NewEvent {
    NewEvent::of_account(ACCOUNT_CLOSURE_RECORDED, account, json!({ "closureCode": code }))
}

/// Who takes part in an account has changed: told of the account, and of the customer.
#[must_use]
pub fn of_participant(type_: EventType, participant: &Participant) -> [NewEvent; 2] {
    let payload = json!({
        "account": participant.account.to_string(),
        "customer": participant.customer.to_string(),
        "role": participant.role.word(),
    });
    [
        NewEvent::of_account(type_, participant.account, payload.clone()),
        NewEvent::of_customer(type_, participant.customer, payload),
    ]
}

/// An account has another owner, because two records of one person were merged.
#[must_use]
pub fn owner_merged(account: AccountId, from: CustomerId, into: CustomerId) -> NewEvent {
    let payload = json!({ "from": from.to_string(), "into": into.to_string() });
    NewEvent::of_account(ACCOUNT_OWNER_MERGED, account, payload)
}

/// Something happened to a product.
#[must_use]
pub fn of_product(type_: EventType, product: &Product) -> NewEvent {
    let payload = json!({ "product": product.id.to_string(), "code": product.code });
    NewEvent::of(type_, product.id, payload)
}
