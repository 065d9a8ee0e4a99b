//! What the log tells of receivables and claims. References are the creditor's; who owes is told by id alone.

use serde_json::{Value, json};

use super::claims::Claim;
use super::entries::ReceivableEntry;
use super::matching::PaymentMatch;
use super::promises::PromiseToPay;
use super::receivables::Receivable;
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::CustomerId;

crate::open_words! { EventType:
    /// What is told of receivables and claims.
    TYPES {
        /// A receivable was created.
        RECEIVABLE_CREATED,
        /// A receivable, or a product of it, was changed.
        RECEIVABLE_UPDATED,
        /// Something else is thought of a receivable's debtor.
        RECEIVABLE_SCORE_SET,
        /// Something was booked on a receivable.
        RECEIVABLE_ENTRY_ADDED,
        /// Somebody owes on a receivable from now on.
        RECEIVABLE_DEBTOR_ADDED,
        /// A payment, or what had waited, was spread over what is open on a receivable.
        PAYMENT_MATCHED,
        /// Some of a claim was promised by a day.
        PROMISE_CREATED,
        /// What was promised was paid in time.
        PROMISE_KEPT,
        /// The day of a promise has passed without, or what had kept it was charged back.
        PROMISE_BROKEN,
        /// What had kept a promise was charged back, and its day is still to come.
        PROMISE_REOPENED,
        /// A promise holds no longer: it was taken back, or its claim has come to an end.
        PROMISE_CANCELLED,
        /// A claim was created.
        CLAIM_CREATED,
        /// A claim that was deleted began anew.
        CLAIM_RECREATED,
        /// A claim was changed.
        CLAIM_UPDATED,
        /// What is owed on a claim was lowered.
        CLAIM_CREDITED,
        /// What is owed on a claim was raised.
        CLAIM_DEBITED,
        /// A claim is closed, for the reason that is told.
        CLAIM_RESOLVED,
        /// A claim that was resolved is active again.
        CLAIM_REACTIVATED,
        /// A claim was deleted.
        CLAIM_DELETED,
    }
}

/// A receivable was created.
#[must_use]
pub fn of_receivable(type_: EventType, receivable: &Receivable) -> NewEvent {
    let payload = json!({ "reference": receivable.reference, "currency": receivable.currency.code() });
    NewEvent { account: receivable.account, ..NewEvent::of(type_, receivable.id, payload) }
}

/// Somebody owes on it.
#[must_use]
pub fn of_debtor(receivable: &Receivable, customer: CustomerId) -> NewEvent {
    let payload = json!({ "reference": receivable.reference, "customer": customer.to_string() });
    let event = NewEvent::of(RECEIVABLE_DEBTOR_ADDED, receivable.id, payload);
    NewEvent { account: receivable.account, customer: Some(customer), ..event }
}

/// Something happened to a claim: `more` is what else there is to tell.
#[must_use]
pub fn of_claim(type_: EventType, claim: &Claim, more: Value) -> NewEvent {
    let money = |minor: crate::primitives::Minor| minor.in_currency(claim.currency).amount.to_string();
    let mut payload = json!({
        "claim": claim.id.to_string(),
        "reference": claim.reference,
        "status": claim.status.word(),
        "amount": money(claim.amount),
        "fees": money(claim.fees),
        "currency": claim.currency.code(),
        "dueDate": claim.current_due_date.to_string(),
    });
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    let event = NewEvent::of(type_, claim.id, payload);
    NewEvent { account: Some(claim.account), customer: Some(claim.debtor), ..event }
}

/// Something was booked on a receivable.
#[must_use]
pub fn of_entry(receivable: &Receivable, entry: &ReceivableEntry) -> NewEvent {
    let payload = json!({
        "reference": receivable.reference,
        "entry": entry.reference,
        "kind": entry.kind.word(),
        "amount": entry.amount.in_currency(entry.currency).amount.to_string(),
        "currency": entry.currency.code(),
        "claim": entry.claim.map(|claim| claim.to_string()),
    });
    NewEvent { account: receivable.account, ..NewEvent::of(RECEIVABLE_ENTRY_ADDED, receivable.id, payload) }
}

/// A payment was matched.
#[must_use]
pub fn of_match(receivable: &Receivable, made: &PaymentMatch) -> NewEvent {
    let money = |minor: crate::primitives::Minor| minor.in_currency(made.currency).amount.to_string();
    let payload = json!({
        "reference": receivable.reference,
        "match": made.id.to_string(),
        "amount": money(made.amount),
        "matched": money(made.matched),
        "currency": made.currency.code(),
        "strategy": made.strategy.word(),
        "provider": made.provider,
        "trackingId": made.tracking_id,
    });
    NewEvent { account: receivable.account, ..NewEvent::of(PAYMENT_MATCHED, receivable.id, payload) }
}

/// Something happened to a promise.
#[must_use]
pub fn of_promise(type_: EventType, claim: &Claim, promise: &PromiseToPay) -> NewEvent {
    let money = |minor: crate::primitives::Minor| minor.in_currency(promise.currency).amount.to_string();
    let payload = json!({
        "claim": claim.id.to_string(),
        "reference": claim.reference,
        "promise": promise.id.to_string(),
        "status": promise.status.word(),
        "amount": money(promise.amount),
        "paid": money(promise.paid),
        "currency": promise.currency.code(),
        "dueDate": promise.due_date.to_string(),
        "reason": promise.reason,
    });
    let event = NewEvent::of(type_, claim.id, payload);
    NewEvent { account: Some(claim.account), customer: Some(claim.debtor), ..event }
}
