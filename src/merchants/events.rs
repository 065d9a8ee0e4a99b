//! What the log tells of merchants.

use serde_json::json;

use super::model::{MerchantContract, MerchantPayment};
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::Minor;

crate::open_words! { EventType:
    /// What is told of merchants.
    TYPES {
        /// A merchant's contract was created.
        MERCHANT_CONTRACT_CREATED,
        /// A merchant's contract was ended.
        MERCHANT_CONTRACT_ENDED,
        /// A merchant was paid.
        MERCHANT_PAID,
    }
}

/// Something happened to a contract.
#[must_use]
pub fn of_contract(type_: EventType, contract: &MerchantContract) -> NewEvent {
    let payload = json!({
        "contract": contract.id.to_string(),
        "party": contract.party.to_string(),
        "ended": contract.ended_on.is_some(),
    });
    NewEvent::of(type_, contract.id, payload)
}

/// A payment was made.
#[must_use]
pub fn paid(payment: &MerchantPayment) -> NewEvent {
    let money = |amount: Minor| amount.in_currency(payment.currency).amount.to_string();
    let payload = json!({
        "payment": payment.id.to_string(),
        "contract": payment.contract.to_string(),
        "gross": money(payment.gross),
        "fee": money(payment.fee),
        "net": money(payment.net()),
        "transactions": payment.transactions,
        "currency": payment.currency.code(),
    });
    NewEvent::of(MERCHANT_PAID, payment.id, payload)
}
