//! The books: the chart of accounts, balanced entries, holds, and the one path that writes them.
//!
//! What a newcomer needs to know:
//!
//! - **One sign.** A positive balance is the customer's money (a liability of the tenant), a negative one is
//!   the customer's debt (an asset). Internal accounts follow the same rule, so all postings sum to zero.
//! - **One door.** [`post::Session`] is the only writer of entries, postings, holds, balances and events.
//!   [`committer::Committer`] feeds it many callers' orders at a time; a use case that changes rows of its
//!   own opens a session inside its own transaction.
//! - **What always holds.** Every entry sums to zero per currency; a balance is the sum of its postings; the
//!   sequence of a tenant has no gap and follows commit order; nothing is changed or deleted, corrections are
//!   new entries; each committed batch extends a hash chain. [`verify`] checks all of it from the rows alone.
//!
//! The ledger owns whatever decides a posting: an account's status, credit limit, debt rule and reserved
//! amount live in the books (on the account's PRINCIPAL row), under the same lock as its balances.

pub mod audit;
pub mod balances;
pub mod books;
pub mod bulk;
pub mod chart;
pub mod committer;
pub mod decide;
pub mod entry;
pub mod graphql;
pub mod hold;
pub mod journal;
mod load;
pub mod metrics;
pub mod names;
mod optimistic;
pub mod order;
pub mod position;
pub mod post;
pub mod query;
pub mod recent;
pub mod refusal;
mod standing;
pub mod verify;
mod write;

pub use chart::{Component, InternalRole};
pub use committer::Committer;
pub use entry::{Draft, Entry, ExternalReference, Leg, TransactionKind};
pub use hold::{Hold, HoldStatus};
pub use order::{Action, Applied, Idempotency, Order, Submission};
pub use position::{AccountStatus, DebtRule, Position};
pub use post::{LedgerFault, Session};
pub use recent::Recent;
pub use refusal::Refusal;

#[cfg(test)]
mod tests;
