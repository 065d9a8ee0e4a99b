//! The books: the chart of accounts, balanced entries, holds, and the one path that writes them.
//!
//! What a newcomer needs to know:
//!
//! - **One sign.** A positive balance is the customer's money (a liability of the tenant), a negative one is
//!   the customer's debt (an asset). Internal accounts follow the same rule, so all postings sum to zero.
//! - **One door.** What is here is pure, or reads. The books change through [`crate::work`] alone, as everything does.
//! - **What always holds.** Every entry sums to zero per currency; a balance is the sum of its postings; the
//!   sequence of a tenant has no gap and follows commit order; nothing is changed or deleted, corrections are
//!   new entries; each committed batch extends a hash chain. [`verify`] checks all of it from the rows alone.
//!
//! The ledger owns whatever decides a posting: an account's status, credit limit, debt rule and reserved
//! amount live in the books (on the account's PRINCIPAL row), under the same lock as its balances.

pub mod amounts;
pub mod audit;
pub mod balances;
pub mod charity;
pub mod chart;
mod chart_rows;
mod digest;
pub mod entry;
pub mod erase;
pub mod event;
pub mod facts;
pub mod fault;
pub mod hold;
pub mod journal;
mod orders;
pub mod point_of_sale;
pub mod position;
pub mod query;
pub mod refusal;
pub mod restrictions;
pub mod rows;
pub mod ties;
mod transactions;
pub mod verify;

pub use chart::{Component, InternalRole};
pub use entry::{Draft, Entry, ExternalReference, Leg, TransactionKind};
pub use facts::{EntryFacts, PaymentChannel, Personal};
pub use fault::LedgerFault;
pub use hold::{Hold, HoldStatus};
pub use point_of_sale::{CardChannel, EntryMode, Merchant, PointOfSale};
pub use position::{AccountStatus, DebtRule, Position};
pub use refusal::Refusal;
pub use restrictions::{BlockKind, Restrictions};
pub use ties::Ties;

#[cfg(test)]
mod tests;
