//! What the log tells of purchases.

use serde_json::json;

use super::model::{Purchase, PurchaseAccount, PurchaseTerms};
use crate::ledger::event::{EventType, NewEvent};
use crate::primitives::Minor;

crate::open_words! { EventType:
    /// What is told of purchases.
    TYPES {
        /// What purchases on a product's accounts go by was set.
        PURCHASE_TERMS_SET,
        /// A purchase was registered.
        PURCHASE_REGISTERED,
        /// What was bought on an account got its due date.
        INVOICE_PRODUCED,
        /// The due date of an invoice was put off.
        INVOICE_POSTPONED,
        /// The due date is over, and less was paid than had to be.
        INVOICE_OVERDUE,
        /// A loan has taken over what was left of an invoice.
        INVOICE_TRANSFERRED,
        /// The next month of a loan has begun.
        LOAN_MONTH_BEGUN,
    }
}

/// Terms were set.
#[must_use]
pub fn of_terms(terms: &PurchaseTerms) -> NewEvent {
    let payload = json!({ "product": terms.product().to_string(), "kind": terms.kind.word() });
    NewEvent::of(PURCHASE_TERMS_SET, terms.product(), payload)
}

/// A purchase was registered.
#[must_use]
pub fn registered(purchase: &Purchase, account: &PurchaseAccount) -> NewEvent {
    let amount = purchase.amount.in_currency(purchase.currency);
    let payload = json!({
        "purchaseId": purchase.reference,
        "kind": account.kind.word(),
        "amount": amount.amount.to_string(),
        "currency": amount.currency.code(),
        "entry": purchase.entry.to_string(),
        "dueDate": account.due_on.map(|day| day.to_string()),
    });
    NewEvent::of_account(PURCHASE_REGISTERED, purchase.account, payload)
}

/// Something happened to what was bought on an account, which owes so much.
#[must_use]
pub fn of_account(type_: EventType, account: &PurchaseAccount, owed: Minor) -> NewEvent {
    let owed = owed.in_currency(account.currency);
    let payload = json!({
        "kind": account.kind.word(),
        "owed": owed.amount.to_string(),
        "currency": owed.currency.code(),
        "dueDate": account.due_on.map(|day| day.to_string()),
        "loan": account.transferred_to.map(|account| account.to_string()),
    });
    NewEvent::of_account(type_, account.account(), payload)
}
