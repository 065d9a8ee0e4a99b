//! What the log tells of billing.

use serde_json::json;

use super::model::{Bill, BillingAccount, BillingPlan, Statement};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of billing.
    TYPES {
        /// How the accounts of a product are billed was set.
        BILLING_PLAN_SET,
        /// A cycle was closed: its statement is sealed.
        STATEMENT_CLOSED,
        /// A statement was issued.
        STATEMENT_ISSUED,
        /// A statement is to be put out again.
        STATEMENT_REPRINTED,
        /// A bill or a reminder was made.
        BILL_MADE,
        /// The due date of a bill was moved: by a respite, or because all of the credit is due.
        BILL_MOVED,
        /// A bill or a reminder is not to be paid any more: it was paid, or another took its place.
        BILL_CLOSED,
        /// An account's minimum payment is overdue.
        DELINQUENCY_BEGUN,
        /// Nothing of it is overdue any more.
        DELINQUENCY_ENDED,
        /// Somebody has lifted it.
        DELINQUENCY_CANCELLED,
    }
}

/// A product is billed in another way.
#[must_use]
pub fn of_plan(plan: &BillingPlan) -> NewEvent {
    NewEvent::of(BILLING_PLAN_SET, plan.product, json!({ "product": plan.product.to_string() }))
}

/// Something happened to a statement.
#[must_use]
pub fn of_statement(type_: EventType, statement: &Statement) -> NewEvent {
    let payload = json!({
        "statement": statement.id.to_string(),
        "number": statement.number,
        "closedOn": statement.closed_on.to_string(),
        "dueOn": statement.due_on.to_string(),
        "amountDue": statement.amount_due.in_currency(statement.currency).amount.to_string(),
        "currency": statement.currency.code(),
    });
    NewEvent { subject: statement.id.to_string(), ..NewEvent::of_account(type_, statement.account, payload) }
}

/// Something happened to a bill.
#[must_use]
pub fn of_bill(type_: EventType, bill: &Bill) -> NewEvent {
    let payload = json!({
        "bill": bill.id.to_string(),
        "number": bill.number,
        "kind": bill.kind.word(),
        "reason": bill.end.map(super::model::BillEnd::word),
        "dueOn": bill.due_on.to_string(),
        "minimum": bill.minimum.in_currency(bill.currency).amount.to_string(),
        "currency": bill.currency.code(),
    });
    NewEvent { subject: bill.id.to_string(), ..NewEvent::of_account(type_, bill.account, payload) }
}

/// Something happened to an account's delinquency.
#[must_use]
pub fn of_delinquency(type_: EventType, account: &BillingAccount) -> NewEvent {
    let since = account.delinquent_since.map(|day| day.to_string());
    NewEvent::of_account(type_, account.account, json!({ "since": since }))
}
