//! What the log tells of applications for a higher credit limit.

use serde_json::json;

use super::model::LimitApplication;
use crate::ledger::event::{EventType, NewEvent};

crate::open_words! { EventType:
    /// What is told of applications.
    TYPES {
        /// Somebody applied for a higher credit limit.
        LIMIT_APPLICATION_SUBMITTED,
        /// A higher credit limit was granted.
        LIMIT_APPLICATION_APPROVED,
        /// A higher credit limit was declined.
        LIMIT_APPLICATION_DECLINED,
        /// An application for a higher credit limit was taken back.
        LIMIT_APPLICATION_WITHDRAWN,
        /// Nobody decided an application for a higher credit limit in time.
        LIMIT_APPLICATION_EXPIRED,
    }
}

/// Something happened to an application.
#[must_use]
pub fn of(type_: EventType, application: &LimitApplication) -> NewEvent {
    let shown = |amount: crate::primitives::Minor| amount.in_currency(application.currency).amount.to_string();
    let payload = json!({
        "application": application.id.to_string(),
        "wanted": shown(application.wanted),
        "granted": application.granted.map(shown),
        "currency": application.currency.code(),
    });
    NewEvent::of_account(type_, application.account, payload)
}
