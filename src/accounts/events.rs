//! What the log tells of accounts and products, besides what the books tell.

use serde_json::json;

use super::model::{Account, Product};
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::AccountId;

crate::open_words! { EventType:
    /// What is told of accounts and products.
    TYPES {
        /// An account's references or metadata were changed.
        ACCOUNT_UPDATED,
        /// The reason was noted for which an account is closed.
        ACCOUNT_CLOSURE_RECORDED,
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

/// Something happened to a product.
#[must_use]
pub fn of_product(type_: EventType, product: &Product) -> NewEvent {
    let payload = json!({ "product": product.id.to_string(), "code": product.code });
    NewEvent::of(type_, product.id, payload)
}
