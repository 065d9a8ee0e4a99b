//! What the log tells of addresses: which, and under which label; never what they say. It is told of the customer, so
//! that a customer's history has it.

use serde_json::{Value as Json, json};

use super::model::{Address, Usage};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of addresses.
    TYPES {
        /// An address was added to a customer.
        ADDRESS_CREATED,
        /// An address was replaced by what it says now.
        ADDRESS_UPDATED,
        /// An address was put back in use.
        ADDRESS_ACTIVATED,
        /// An address was taken out of use.
        ADDRESS_DEACTIVATED,
        /// An address was found to be undeliverable.
        ADDRESS_INVALIDATED,
        /// A temporary address was removed, because another one overlaps it.
        ADDRESS_REMOVED,
        /// An address is used for something from now on, and no other one is.
        ADDRESS_USAGE_ADDED,
        /// An address is not used for something any more.
        ADDRESS_USAGE_REMOVED,
        /// An address went over to this customer, who is the same person as another.
        ADDRESS_MOVED,
        /// What an address said was erased.
        ADDRESS_ERASED,
    }
}

fn facts(address: &Address) -> Json {
    json!({ "address": address.id.to_string(), "label": address.label, "type": address.type_.word() })
}

/// Something happened to an address.
#[must_use]
pub fn of(type_: EventType, address: &Address) -> NewEvent {
    NewEvent::of_customer(type_, address.customer, facts(address))
}

/// Something happened to a usage of an address. What it is about is the caller's, and is left out.
#[must_use]
pub fn of_usage(type_: EventType, address: &Address, usage: &Usage) -> NewEvent {
    let mut facts = facts(address);
    facts["usage"] = json!({ "name": usage.name, "service": usage.service });
    NewEvent::of_customer(type_, address.customer, facts)
}
