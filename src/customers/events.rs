//! What the log tells of customers: by their ids, never by their names.

use serde_json::json;

use super::model::Customer;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of customers.
    TYPES {
        /// A customer was created.
        CUSTOMER_CREATED,
        /// A customer was changed.
        CUSTOMER_UPDATED,
        /// A customer was merged into another record of the same person.
        CUSTOMER_MERGED_INTO,
        /// Another record of the same person was merged into the customer.
        CUSTOMER_TOOK_OVER,
        /// What was personal of a customer was erased.
        CUSTOMER_DATA_ERASED,
    }
}

/// Something happened to a customer.
#[must_use]
pub fn of(type_: EventType, customer: &Customer) -> NewEvent {
    let payload = json!({ "number": customer.number, "type": customer.type_.word() });
    NewEvent::of_customer(type_, customer.id, payload)
}

/// One record of a person was merged into another: told of both.
#[must_use]
pub fn of_merge(from: &Customer, into: &Customer) -> [NewEvent; 2] {
    let payload = json!({ "from": from.id.to_string(), "into": into.id.to_string() });
    [
        NewEvent::of_customer(CUSTOMER_MERGED_INTO, from.id, payload.clone()),
        NewEvent::of_customer(CUSTOMER_TOOK_OVER, into.id, payload),
    ]
}
