//! A webhook, a delivery, and what passes a webhook's filter.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::ledger::TransactionKind;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ProductId, WebhookDeliveryId, WebhookId, text};
use crate::refused::Refused;

use super::{address, sign};

crate::words! {
    /// Whether a webhook is at work.
    WebhookState {
        /// Events are sent.
        Enabled = "ENABLED",
        /// Nothing is sent; the place in the log is kept.
        Disabled = "DISABLED",
        /// It is gone: seen only in the answer that says so.
        Deleted = "DELETED",
    }

    /// Why a webhook is disabled.
    DisabledReason {
        /// Somebody disabled it.
        Operator = "OPERATOR",
        /// Nothing was delivered for as long as an event is tried.
        Failing = "FAILING",
        /// The receiver answered 410: it wants no more.
        Gone = "GONE",
    }

    /// How a delivery stands.
    DeliveryState {
        /// It has not been sent yet: an earlier event about the same thing has not arrived.
        Pending = "PENDING",
        /// It failed, and is tried again.
        Retrying = "RETRYING",
        /// The receiver has it.
        Delivered = "DELIVERED",
        /// It was tried for days and given up: a dead letter.
        Dead = "DEAD",
    }
}

/// What a webhook is sent. All conditions must hold; a list that is empty holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Events of these types.
    pub types: Vec<String>,
    /// Events that are about one of these accounts, or were posted to one.
    pub accounts: Vec<AccountId>,
    /// Events that are about one of these products, or touch an account of one.
    pub products: Vec<ProductId>,
    /// Entries of these kinds.
    pub kinds: Vec<TransactionKind>,
    /// Entries with a line of at least this much, whatever its sign and currency.
    pub minimum_amount: Option<rust_decimal::Decimal>,
}

impl Filter {
    /// Whether an event comes through. `of_products`: of the accounts that it touches, those of the filter's products.
    #[must_use]
    pub fn passes(&self, event: &Event, of_products: &HashSet<AccountId>) -> bool {
        let of_type = self.types.is_empty() || self.types.contains(&event.type_);
        let of_account = self.accounts.is_empty() || self.accounts.iter().any(|account| event.touches(*account));
        let of_product = self.products.is_empty()
            || event.accounts().any(|account| of_products.contains(&account))
            || self.products.iter().any(|product| event.subject == product.to_string());
        let of_kind =
            self.kinds.is_empty() || event.entry.as_ref().is_some_and(|entry| self.kinds.contains(&entry.kind));
        let is_enough = self.minimum_amount.is_none_or(|minimum| {
            let lines = event.entry.iter().flat_map(|entry| &entry.postings);
            lines.into_iter().any(|line| line.amount.in_currency(line.currency).amount.abs() >= minimum)
        });
        of_type && of_account && of_product && of_kind && is_enough
    }
}

/// Where a tenant has events sent to.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Which of the tenant's places it takes; none once it is deleted.
    pub slot: Option<String>,
    /// Where to.
    pub url: String,
    /// For people.
    pub description: String,
    /// What.
    pub filter: Filter,
    /// What it is signed with, as the receiver was told it.
    pub secret: String,
    /// What it was signed with before, and still is until then.
    pub previous: Option<(String, Micros)>,
    /// The version of what is sent.
    pub version: i32,
    /// Whether it is at work.
    pub state: WebhookState,
    /// Why it is not.
    pub disabled_reason: Option<DisabledReason>,
    /// The last event that is dealt with: it was delivered, or has a row that says how it stands.
    pub cursor: i64,
    /// How often it was taken back.
    pub generation: i64,
    /// Rises when a server at work has to read it again.
    pub revision: i64,
    /// Since when nothing was delivered though something was tried, on the server's clock.
    pub failing_since: Option<Micros>,
    /// When it was created.
    pub created_at: Micros,
}

impl std::fmt::Debug for Webhook {
    /// Without its secrets, wherever it is written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Webhook");
        shown.field("id", &self.id).field("state", &self.state).field("cursor", &self.cursor);
        shown.field("generation", &self.generation).field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Checks that it is whole.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        address::parse(&self.url).map_err(|problem| Refused::invalid("url", problem.to_string()))?;
        text::optional(&self.description, 500)
            .map_err(|problem| Refused::invalid("description", problem.to_string()))?;
        if self.filter.minimum_amount.is_some_and(|amount| amount.is_sign_negative()) {
            return Err(Refused::invalid("filter.minimumAmount", "must not be negative"));
        }
        Ok(self)
    }

    /// What a message is signed with at a moment: while receivers change over, two signatures.
    #[must_use]
    pub fn signatures(&self, now: Micros, id: &str, timestamp: i64, body: &str) -> String {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret.as_str());
        sign::signatures(std::iter::once(self.secret.as_str()).chain(previous), id, timestamp, body)
    }

    /// Whether it is at work.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state == WebhookState::Enabled
    }
}

/// An event on its way to a webhook, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// Its place in lists.
    pub ordinal: i64,
    /// To which webhook.
    pub webhook: WebhookId,
    /// The event's place in the log; 0 for a test, which is no event.
    pub sequence: i64,
    /// The event's type.
    pub event_type: String,
    /// What the event is about.
    pub subject: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again, on the server's clock.
    pub next_attempt: Option<Micros>,
    /// When it was tried last.
    pub last_attempt: Option<Micros>,
    /// What the receiver answered last, in HTTP.
    pub last_status: Option<i32>,
    /// Why it failed last, in our words: nothing of what the receiver wrote.
    pub last_error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub last_millis: Option<i32>,
    /// When it was first taken up.
    pub created_at: Micros,
}

impl Delivery {
    /// Whether it is still to come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, DeliveryState::Pending | DeliveryState::Retrying)
    }

    /// Whether it is a test, and no event.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.sequence == 0
    }
}
