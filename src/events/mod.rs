//! The event log: one ordered, gap-free log per tenant, written by the ledger in the transaction that an
//! event tells of, and read here - a page at a time, or followed live.
//!
//! A follower reads from the database until it has caught up, and then from a window in memory that every
//! new event is read into once, however many follow. It pulls: one that is slow falls behind into the
//! database's pages and costs the server nothing.

pub mod feed;
pub mod graphql;
pub mod store;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::ledger::Entry;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId};

pub use feed::Feed;

/// Every type of event that is written, for those who filter by it.
pub const TYPES: &[&str] = &[
    "account.closed",
    "account.closure_recorded",
    "account.closure_requested",
    "account.credit_limit_lowered",
    "account.opened",
    "account.updated",
    "customer.created",
    "customer.updated",
    "entry.posted",
    "hold.captured",
    "hold.expired",
    "hold.placed",
    "hold.released",
    "period.closed",
    "product.created",
    "product.updated",
];

/// An event as it is read.
#[derive(Clone, Debug)]
pub struct Event {
    /// Gap-free per tenant, from 1: the cursor.
    pub sequence: i64,
    /// Dotted: `entry.posted`, `account.closed`.
    pub type_: String,
    /// When it was committed.
    pub occurred_at: Micros,
    /// The entry, if it is one's.
    pub entry: Option<Arc<Entry>>,
    /// The account that it is about, if it is about one.
    pub account: Option<AccountId>,
    /// The customer that it is about, if it is about one.
    pub customer: Option<CustomerId>,
    /// A JSON object.
    pub payload: Json,
    /// The customers whom it concerns: the owners of all accounts that it touches.
    pub owners: Vec<CustomerId>,
}

impl Event {
    /// Whether a token that is bound to this customer may see it.
    #[must_use]
    pub fn concerns(&self, customer: CustomerId) -> bool {
        self.customer == Some(customer) || self.owners.contains(&customer)
    }

    /// Whether it touches an account.
    #[must_use]
    pub fn touches(&self, account: AccountId) -> bool {
        self.account == Some(account)
            || self.entry.as_ref().is_some_and(|entry| entry.postings.iter().any(|line| line.account == Some(account)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TYPES;

    const WRITERS: &[&str] = &[
        include_str!("../accounts/close.rs"),
        include_str!("../accounts/mod.rs"),
        include_str!("../accounts/products.rs"),
        include_str!("../customers/mod.rs"),
        include_str!("../ledger/decide.rs"),
    ];

    /// Whether a literal reads like a type of event.
    fn is_type(text: &str) -> bool {
        let subjects = ["account", "customer", "entry", "hold", "period", "product"];
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        text.split_once('.').is_some_and(|(subject, what)| subjects.contains(&subject) && is_word(what))
    }

    #[test]
    fn the_types_are_those_that_are_written() {
        let literals = WRITERS.iter().flat_map(|source| source.split('"'));
        let written: BTreeSet<&str> = literals.filter(|literal| is_type(literal)).collect();
        assert_eq!(written, TYPES.iter().copied().collect());
    }

    #[test]
    fn the_schema_names_every_type() {
        let sdl = crate::graphql::sdl();
        let event =
            sdl.split("\ntype LedgerEvent ").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
        let missing: Vec<_> = TYPES.iter().filter(|name| !event.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{missing:?} are not in\n{event}");
    }
}
