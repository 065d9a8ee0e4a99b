//! The event log: one ordered, gap-free log per tenant, written by the ledger in the transaction that an
//! event tells of, and read here - a page at a time, or followed live.
//!
//! A follower reads from the database until it has caught up, and then from a window in memory that every
//! new event is read into once, however many follow. It pulls: one that is slow falls behind into the
//! database's pages and costs the server nothing.
//!
//! It leaves Konto as subscriptions, and as [`webhooks`] and the [`relay`], which a server does in the background
//! ([`outbound`]).

pub mod feed;
pub mod history;
pub mod message;
pub mod outbound;
pub mod relay;
pub mod store;
pub mod webhooks;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::ledger::Entry;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId};

pub use feed::Feed;

/// An event as it is read.
#[derive(Clone, Debug)]
pub struct Event {
    /// Gap-free per tenant, from 1: the cursor.
    pub sequence: i64,
    /// What it tells of, in the words of the domains' lists.
    pub type_: String,
    /// The command that told it.
    pub command: i64,
    /// The id of what it is about.
    pub subject: String,
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

    /// The accounts that it touches.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        let posted = self.entry.iter().flat_map(|entry| entry.postings.iter().filter_map(|line| line.account));
        self.account.into_iter().chain(posted)
    }

    /// Whether it touches an account.
    #[must_use]
    pub fn touches(&self, account: AccountId) -> bool {
        self.account == Some(account)
            || self.entry.as_ref().is_some_and(|entry| entry.postings.iter().any(|line| line.account == Some(account)))
    }
}
