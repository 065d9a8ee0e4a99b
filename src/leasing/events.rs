//! What the log tells of leases, respites and terminations.

use serde_json::json;

use super::model::{LeaseInstalment, LeasePlan, Respite, Termination};
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of leases, respites and terminations.
    TYPES {
        /// A lease plan was made.
        LEASE_PLAN_CREATED,
        /// An instalment was added to a lease plan.
        LEASE_INSTALMENT_ADDED,
        /// An instalment of a lease was altered.
        LEASE_INSTALMENT_ALTERED,
        /// An instalment of a lease was billed.
        LEASE_INSTALMENT_BILLED,
        /// An instalment of a lease will not be billed.
        LEASE_INSTALMENT_CANCELLED,
        /// What is due of a credit was deferred.
        CREDIT_RESPITE_GRANTED,
        /// A credit will be terminated, unless enough is paid before.
        CREDIT_PRE_TERMINATED,
        /// A credit is not on its way to its termination any more.
        CREDIT_BACK_TO_NORMAL,
        /// A credit was terminated: all of it is due.
        CREDIT_TERMINATED,
    }
}

/// A plan was made.
#[must_use]
pub fn planned(plan: &LeasePlan) -> NewEvent {
    let total = plan.parts.total().in_currency(plan.currency);
    let payload = json!({
        "plan": plan.id.to_string(),
        "instalments": plan.last_number,
        "total": total.amount.to_string(),
        "currency": total.currency.code(),
    });
    NewEvent { subject: plan.id.to_string(), ..NewEvent::of_account(LEASE_PLAN_CREATED, plan.account, payload) }
}

/// Something happened to an instalment.
#[must_use]
pub fn of_instalment(type_: EventType, instalment: &LeaseInstalment) -> NewEvent {
    let total = instalment.parts.total().in_currency(instalment.currency);
    let payload = json!({
        "plan": instalment.plan.to_string(),
        "instalment": instalment.id.to_string(),
        "number": instalment.number,
        "dueDate": instalment.due_on.to_string(),
        "amount": total.amount.to_string(),
        "currency": total.currency.code(),
        "entries": instalment.entries.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    NewEvent { subject: instalment.plan.to_string(), ..NewEvent::of_account(type_, instalment.account, payload) }
}

/// A respite was granted.
#[must_use]
pub fn granted(respite: &Respite) -> NewEvent {
    let payload = json!({
        "respite": respite.id.to_string(),
        "days": respite.days,
        "dues": respite.dues,
        "instalments": respite.instalments,
    });
    NewEvent::of_account(CREDIT_RESPITE_GRANTED, respite.account, payload)
}

/// A credit has come nearer to its termination, or back.
#[must_use]
pub fn of_termination(type_: EventType, termination: &Termination) -> NewEvent {
    let shown = |amount: crate::primitives::Minor| amount.in_currency(termination.currency).amount.to_string();
    let payload = json!({
        "status": termination.status.word(),
        "nextCheckOn": termination.next_check_on.map(|day| day.to_string()),
        "minimum": termination.minimum.map(shown),
        "paid": shown(termination.paid),
        "currency": termination.currency.code(),
    });
    NewEvent::of_account(type_, termination.account(), payload)
}
