//! What the log tells of recurring payments.

use serde_json::json;

use super::model::{DebitConsent, PaymentOrder, RecurringPayment};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of recurring payments.
    TYPES {
        /// Something is drawn for an account from now on, again and again.
        RECURRING_PAYMENT_SET_UP,
        /// What is drawn for an account, or when, has changed.
        RECURRING_PAYMENT_CHANGED,
        /// Nothing is drawn for an account any more.
        RECURRING_PAYMENT_REMOVED,
        /// A day on which something would have been drawn has passed without a consent.
        RECURRING_PAYMENT_WITHOUT_CONSENT,
        /// A customer has said yes to being debited for an account.
        DEBIT_CONSENT_GIVEN,
        /// A customer does not want to be debited for an account any more.
        DEBIT_CONSENT_REVOKED,
        /// Something is to be drawn for an account on a day.
        PAYMENT_ORDER_SCHEDULED,
        /// A payment order is on the rail.
        PAYMENT_ORDER_SENT,
        /// The money of a payment order has come.
        PAYMENT_ORDER_EXECUTED,
        /// Nothing was drawn on a payment order's day.
        PAYMENT_ORDER_SKIPPED,
        /// The money of a payment order did not come: it is tried again, or over.
        PAYMENT_ORDER_FAILED,
        /// A payment order was cancelled.
        PAYMENT_ORDER_CANCELLED,
    }
}

/// Something happened to an account's settings.
#[must_use]
pub fn of_settings(type_: EventType, settings: &RecurringPayment) -> NewEvent {
    let payload = json!({
        "method": settings.method.word(),
        "scope": settings.scope.word(),
        "fixedAmount": settings.fixed.map(|fixed| fixed.in_currency(settings.currency).amount.to_string()),
        "nextOn": settings.next_on.to_string(),
    });
    NewEvent::of_account(type_, settings.account, payload)
}

/// Something happened to a consent.
#[must_use]
pub fn of_consent(type_: EventType, consent: &DebitConsent) -> NewEvent {
    NewEvent::of_account(type_, consent.account, json!({ "method": consent.method.word() }))
}

/// Something happened to a payment order.
#[must_use]
pub fn of_order(type_: EventType, order: &PaymentOrder) -> NewEvent {
    let shown = |amount: crate::primitives::Minor| amount.in_currency(order.currency).amount.to_string();
    let payload = json!({
        "order": order.id.to_string(),
        "status": order.status.word(),
        "reason": order.reason.map(|reason| reason.word()),
        "executionDate": order.execution_on.to_string(),
        "amount": shown(order.collected.unwrap_or(order.planned)),
        "currency": order.currency.code(),
    });
    NewEvent::of_account(type_, order.account, payload)
}
