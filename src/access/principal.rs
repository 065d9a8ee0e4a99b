//! Who a verified token speaks for, and what it may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::primitives::{CustomerId, Origin, TenantId};

crate::words! {
    /// What a token may do. A token without the scope gets a `FORBIDDEN` fault.
    Scope {
        /// Queries.
        Read = "read",
        /// Mutations that move money or place holds.
        Money = "money",
        /// Registering payments that a payment service provider has taken: given only where that is agreed.
        Psp = "psp",
        /// Mutations of customers, products, accounts and settings.
        Admin = "admin",
        /// Subscriptions.
        Subscribe = "subscribe",
        /// The audit trail.
        Audit = "audit",
        /// Large bodies: batches of thousands.
        Bulk = "bulk",
        /// A second person's yes or no to what somebody else has asked for.
        Approve = "approve",
        /// The numbers by which states know customers, in the clear: without it they are shown masked.
        Identifiers = "identifiers",
    }
}

impl Scope {
    /// Whether a token that is bound to a customer may carry it. The others are for those who run the tenant.
    #[must_use]
    pub fn fits_customer(self) -> bool {
        !matches!(self, Self::Psp | Self::Admin | Self::Audit | Self::Bulk | Self::Approve | Self::Identifiers)
    }
}

/// A verified token.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The tenant it speaks for.
    pub tenant: TenantId,
    /// The client that it was issued to.
    pub client: Arc<str>,
    /// The customer that it is bound to, if any.
    pub customer: Option<CustomerId>,
    /// What it may do.
    pub scopes: Arc<BTreeSet<Scope>>,
    /// When it ends, in seconds since 1970. Subscriptions end then too.
    pub expires_at: i64,
}

impl Principal {
    /// Whether the token carries the scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it may take the place of another token in the middle of what that one has begun: it is the same caller's,
    /// and may do all that the other may.
    #[must_use]
    pub fn stands_in_for(&self, other: &Self) -> bool {
        self.tenant == other.tenant
            && self.client == other.client
            && self.customer == other.customer
            && self.scopes.is_superset(&other.scopes)
    }

    /// The origin of what this token does in one request.
    #[must_use]
    pub fn origin(&self, request_id: &Arc<str>) -> Origin {
        Origin {
            tenant: self.tenant,
            client: self.client.clone(),
            customer: self.customer,
            request_id: request_id.clone(),
        }
    }
}

/// The scopes of a space-separated list, as RFC 6749 section 3.3 writes it; words that are none are skipped.
pub(super) fn scopes_of(words: &str) -> impl Iterator<Item = Scope> + '_ {
    words.split_ascii_whitespace().filter_map(Scope::from_word)
}

/// The space-separated list, in the order of declaration.
pub(super) fn words_of(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" ")
}
