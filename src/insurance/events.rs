//! What the log tells of insurance.

use serde_json::json;

use super::model::{InsuranceContract, InsurancePackage, InsurancePremium};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of insurance.
    TYPES {
        /// A package was created.
        INSURANCE_PACKAGE_CREATED,
        /// A package was changed.
        INSURANCE_PACKAGE_UPDATED,
        /// An insurance was subscribed.
        INSURANCE_SUBSCRIBED,
        /// An insurance that was subscribed for a later day has begun.
        INSURANCE_STARTED,
        /// An event of an insurance was recorded.
        INSURANCE_EVENT_RECORDED,
        /// The last day of an insurance was set.
        INSURANCE_END_SET,
        /// An insurance was closed.
        INSURANCE_ENDED,
        /// A period of an insurance was charged, or came to nothing.
        INSURANCE_PREMIUM_CHARGED,
    }
}

/// Something happened to a package.
#[must_use]
pub fn of_package(type_: EventType, package: &InsurancePackage) -> NewEvent {
    NewEvent::of(type_, package.id, json!({ "package": package.id.to_string(), "retired": package.retired }))
}

/// Something happened to a contract; with an event's code where it was one.
#[must_use]
pub fn of_contract(type_: EventType, contract: &InsuranceContract, code: Option<&str>) -> NewEvent {
    let payload = json!({
        "insurance": contract.id.to_string(),
        "package": contract.package.to_string(),
        "status": contract.status.word(),
        "event": code,
        "endsOn": contract.ends_on.map(|day| day.to_string()),
    });
    NewEvent { subject: contract.id.to_string(), ..NewEvent::of_account(type_, contract.account, payload) }
}

/// A period was charged.
#[must_use]
pub fn charged(contract: &InsuranceContract, premium: &InsurancePremium) -> NewEvent {
    let amount = premium.amount.in_currency(premium.currency);
    let payload = json!({
        "insurance": contract.id.to_string(),
        "from": premium.from.to_string(),
        "through": premium.through.to_string(),
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "entry": premium.entry.map(|entry| entry.to_string()),
    });
    let event = NewEvent::of_account(INSURANCE_PREMIUM_CHARGED, contract.account, payload);
    NewEvent { subject: contract.id.to_string(), ..event }
}
