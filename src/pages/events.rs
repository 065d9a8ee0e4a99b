//! What the log tells of debtors' pages. Never what is in a link, nor the words of a debtor.

use serde_json::json;

use super::model::{AnswerKind, DebtorAnswer, PageLink};
use crate::collections::Claim;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of debtors' pages.
    TYPES {
        /// A link to a debtor's page was made.
        DEBTOR_PAGE_LINKED,
        /// A debtor has promised on the page to pay by a day.
        DEBTOR_PROMISED,
        /// A debtor has disputed a claim on its page.
        DEBTOR_DISPUTED,
    }
}

/// A link was made.
#[must_use]
pub fn of_link(claim: &Claim, link: &PageLink) -> NewEvent {
    let payload = json!({ "claim": claim.id.to_string(), "link": link.id.to_string() });
    let event = NewEvent::of(DEBTOR_PAGE_LINKED, claim.id, payload);
    NewEvent { account: Some(claim.account), customer: Some(claim.debtor), ..event }
}

/// A debtor has said something.
#[must_use]
pub fn of_answer(claim: &Claim, answer: &DebtorAnswer) -> NewEvent {
    let type_ = match answer.kind {
        AnswerKind::Promise => DEBTOR_PROMISED,
        AnswerKind::Dispute => DEBTOR_DISPUTED,
    };
    let amount = answer.amount.map(|amount| amount.in_currency(answer.currency).amount.to_string());
    let payload = json!({
        "claim": claim.id.to_string(),
        "reference": claim.reference,
        "amount": amount,
        "currency": answer.currency.code(),
        "promisedOn": answer.promised_on.map(|day| day.to_string()),
    });
    let event = NewEvent::of(type_, claim.id, payload);
    NewEvent { account: Some(claim.account), customer: Some(claim.debtor), ..event }
}
