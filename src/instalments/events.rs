//! What the log tells of instalment credits: by ids, never by numbers of telephones.

use serde_json::json;

use super::contracts::{Instalment, InstalmentContract};
use super::models::InstalmentModel;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of instalments.
    TYPES {
        /// A model of instalment credits was created.
        INSTALMENT_MODEL_CREATED,
        /// A model of instalment credits was changed.
        INSTALMENT_MODEL_UPDATED,
        /// An instalment contract was made.
        INSTALMENT_CONTRACT_CREATED,
        /// An instalment contract was changed.
        INSTALMENT_CONTRACT_UPDATED,
        /// An instalment contract was taken back before it was in force.
        INSTALMENT_CONTRACT_CANCELLED,
        /// An instalment contract came into force.
        INSTALMENT_CONTRACT_ACTIVATED,
        /// An instalment was posted on the account that pays.
        INSTALMENT_POSTED,
        /// An instalment was due, and the account that pays lacked the funds.
        INSTALMENT_OVERDUE,
        /// A part of an instalment credit was repaid outside of its plan, which is shorter now.
        INSTALMENT_CONTRACT_REPAID_EARLY,
        /// An instalment contract was ended before its last instalment.
        INSTALMENT_CONTRACT_TERMINATED,
        /// An instalment credit is repaid.
        INSTALMENT_CONTRACT_CLOSED,
    }
}

/// Something happened to a model.
#[must_use]
pub fn of_model(type_: EventType, model: &InstalmentModel) -> NewEvent {
    let payload = json!({
        "model": model.id.to_string(),
        "reference": model.reference,
        "status": model.status.word(),
    });
    NewEvent::of(type_, model.id, payload)
}

/// Something happened to a contract: it concerns the account that pays, and the customer.
#[must_use]
pub fn of_contract(type_: EventType, contract: &InstalmentContract) -> NewEvent {
    let amount = |minor: crate::primitives::Minor| minor.in_currency(contract.currency).amount.to_string();
    let payload = json!({
        "contract": contract.id.to_string(),
        "model": contract.model.to_string(),
        "state": contract.state.word(),
        "credit": amount(contract.terms.credit),
        "principalPosted": amount(contract.principal_posted),
        "interestPosted": amount(contract.interest_posted),
        "feePosted": amount(contract.fee_posted),
        "currency": contract.currency.code(),
        "nextDue": contract.next_due.map(|due| due.to_string()),
    });
    let event = NewEvent::of(type_, contract.id, payload);
    NewEvent { account: Some(contract.paying), customer: Some(contract.customer), ..event }
}

/// Something happened to an instalment: it is told of its contract.
#[must_use]
pub fn of_instalment(type_: EventType, contract: &InstalmentContract, instalment: &Instalment) -> NewEvent {
    let amount = instalment.line.total().in_currency(contract.currency).amount.to_string();
    let payload = json!({
        "contract": contract.id.to_string(),
        "number": instalment.line.number,
        "dueDate": instalment.line.due.to_string(),
        "amount": amount,
        "currency": contract.currency.code(),
        "entries": instalment.entries.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    let event = NewEvent::of(type_, contract.id, payload);
    NewEvent { account: Some(contract.paying), customer: Some(contract.customer), ..event }
}
