//! What the log tells of credit transfers: never who is paid.

use serde_json::json;

use super::model::{CreditTransfer, CreditTransferState};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of credit transfers.
    TYPES {
        /// A credit transfer was made.
        CREDIT_TRANSFER_CREATED,
        /// A credit transfer was sent to the bank.
        CREDIT_TRANSFER_SENT,
        /// A credit transfer has reached its receiver's bank.
        CREDIT_TRANSFER_PAID,
        /// The bank has rejected a credit transfer.
        CREDIT_TRANSFER_REJECTED,
        /// A credit transfer came back.
        CREDIT_TRANSFER_RETURNED,
        /// A credit transfer was cancelled before it was sent.
        CREDIT_TRANSFER_CANCELLED,
    }
}

/// Something happened to a credit transfer: it is what it has become.
#[must_use]
pub fn of(transfer: &CreditTransfer) -> NewEvent {
    let type_ = match transfer.state {
        CreditTransferState::Created => CREDIT_TRANSFER_CREATED,
        CreditTransferState::Sent => CREDIT_TRANSFER_SENT,
        CreditTransferState::Paid => CREDIT_TRANSFER_PAID,
        CreditTransferState::Rejected => CREDIT_TRANSFER_REJECTED,
        CreditTransferState::Returned => CREDIT_TRANSFER_RETURNED,
        CreditTransferState::Cancelled => CREDIT_TRANSFER_CANCELLED,
    };
    let amount = transfer.amount.in_currency(transfer.currency);
    let payload = json!({
        "creditTransfer": transfer.id.to_string(),
        "endToEndId": transfer.end_to_end,
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "state": transfer.state.word(),
    });
    NewEvent { account: Some(transfer.account), ..NewEvent::of(type_, transfer.id, payload) }
}
