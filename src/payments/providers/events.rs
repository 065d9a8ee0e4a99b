//! What the log tells of payments through providers.

use serde_json::json;

use super::model::{PaymentProvider, ProviderPayment};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of payments through providers.
    TYPES {
        /// A provider was created.
        PAYMENT_PROVIDER_CREATED,
        /// A provider was changed.
        PAYMENT_PROVIDER_UPDATED,
        /// A payment through a provider was initiated.
        PROVIDER_PAYMENT_INITIATED,
        /// A payment through a provider has moved on, or its provider is being asked for something.
        PROVIDER_PAYMENT_CHANGED,
        /// A provider has paid out what it had captured.
        PROVIDER_PAID_OUT,
    }
}

/// Something happened to a provider.
#[must_use]
pub fn of_provider(type_: EventType, provider: &PaymentProvider) -> NewEvent {
    NewEvent::of(type_, provider.id, json!({ "provider": provider.code, "retired": provider.retired }))
}

/// Something happened to a payment.
#[must_use]
pub fn of(type_: EventType, payment: &ProviderPayment) -> NewEvent {
    let shown = |amount: crate::primitives::Minor| amount.in_currency(payment.currency).amount.to_string();
    let payload = json!({
        "payment": payment.id.to_string(),
        "state": payment.state.word(),
        "asking": payment.asking.map(|operation| operation.word()),
        "amount": shown(payment.amount),
        "captured": shown(payment.captured),
        "refunded": shown(payment.refunded),
        "currency": payment.currency.code(),
        "entry": payment.entry.map(|entry| entry.to_string()),
    });
    NewEvent { subject: payment.id.to_string(), ..NewEvent::of_account(type_, payment.account, payload) }
}
