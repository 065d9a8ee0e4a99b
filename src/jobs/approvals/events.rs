//! What the log tells of approvals.

use serde_json::json;

use super::model::Approval;
use super::rules::ApprovalRules;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of approvals.
    TYPES {
        /// A command waits for a second person.
        APPROVAL_REQUESTED,
        /// A second person said yes, and the command was done.
        APPROVAL_APPROVED,
        /// A second person said no.
        APPROVAL_REJECTED,
        /// Whoever asked for it took it back.
        APPROVAL_WITHDRAWN,
        /// Nobody said yes in time.
        APPROVAL_EXPIRED,
        /// A second person said yes, and the command was refused when it was decided anew.
        APPROVAL_FAILED,
        /// The rules of what waits were replaced.
        APPROVAL_RULES_SET,
    }
}

/// Something happened to an approval.
#[must_use]
pub fn of(type_: EventType, approval: &Approval) -> NewEvent {
    let amount = approval.amount.map(|(minor, currency)| minor.in_currency(currency));
    let payload = json!({
        "approval": approval.id.to_string(),
        "operation": approval.operation,
        "account": approval.account.map(|account| account.to_string()),
        "state": approval.state.word(),
        "amount": amount.map(|money| money.amount.to_string()),
        "currency": amount.map(|money| money.currency.code()),
        "result": approval.result,
        "code": approval.refusal.as_ref().map(|refusal| refusal.code.clone()),
    });
    // Not of the account: its owner need not know what the tenant is about to decide.
    NewEvent { customer: approval.customer, ..NewEvent::of(type_, approval.id, payload) }
}

/// The rules were replaced.
#[must_use]
pub fn of_rules(type_: EventType, rules: &ApprovalRules) -> NewEvent {
    let operations: Vec<&str> = rules.rules.iter().map(|rule| rule.operation.as_str()).collect();
    NewEvent::of(type_, rules.id, json!({ "operations": operations }))
}
