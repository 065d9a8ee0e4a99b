//! What the log tells of direct debits.

use serde_json::json;

use super::model::{DirectDebit, DirectDebitState};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of direct debits.
    TYPES {
        /// A direct debit was made: its payer is to be told of it.
        DIRECT_DEBIT_CREATED,
        /// A direct debit was sent to the bank.
        DIRECT_DEBIT_SENT,
        /// The bank has accepted a direct debit.
        DIRECT_DEBIT_ACCEPTED,
        /// A direct debit was paid.
        DIRECT_DEBIT_PAID,
        /// What a direct debit has brought is the account's.
        DIRECT_DEBIT_AVAILABLE,
        /// A direct debit was rejected before it was paid.
        DIRECT_DEBIT_REJECTED,
        /// A direct debit came back unpaid.
        DIRECT_DEBIT_RETURNED,
        /// A direct debit was given back to its payer.
        DIRECT_DEBIT_REFUNDED,
        /// A direct debit was cancelled before it was sent.
        DIRECT_DEBIT_CANCELLED,
    }
}

/// What tells of a state.
#[must_use]
pub fn event(state: DirectDebitState) -> EventType {
    match state {
        DirectDebitState::Created => DIRECT_DEBIT_CREATED,
        DirectDebitState::Sent => DIRECT_DEBIT_SENT,
        DirectDebitState::Accepted => DIRECT_DEBIT_ACCEPTED,
        DirectDebitState::Paid => DIRECT_DEBIT_PAID,
        DirectDebitState::Rejected => DIRECT_DEBIT_REJECTED,
        DirectDebitState::Returned => DIRECT_DEBIT_RETURNED,
        DirectDebitState::Refunded => DIRECT_DEBIT_REFUNDED,
        DirectDebitState::Cancelled => DIRECT_DEBIT_CANCELLED,
    }
}

/// Something happened to a direct debit.
#[must_use]
pub fn of(type_: EventType, debit: &DirectDebit) -> NewEvent {
    let amount = debit.amount.in_currency(debit.currency);
    let payload = json!({
        "directDebit": debit.id.to_string(),
        "endToEndId": debit.end_to_end,
        "mandate": debit.mandate.to_string(),
        "sequence": debit.sequence.word(),
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "collectionDate": debit.collection_on.to_string(),
        "state": debit.state.word(),
        "reason": debit.reason.map(super::reasons::DebitReason::word),
    });
    NewEvent { account: Some(debit.account), ..NewEvent::of(type_, debit.id, payload) }
}
