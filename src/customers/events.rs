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
    }
}

/// Something happened to a customer.
#[must_use]
pub fn of(type_: EventType, customer: &Customer) -> NewEvent {
    let payload = json!({ "number": customer.number, "type": customer.type_.word() });
    NewEvent::of_customer(type_, customer.id, payload)
}
