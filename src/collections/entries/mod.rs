//! The entries of receivables: what was booked on them, as their creditors tell it, and the managed claims that come of it.
//!
//! | kind | takes | does | in the books |
//! |---|---|---|---|
//! | INVOICE | a day on which it is due | opens a managed claim, `<account>/<entry>` | PRINCIPAL rises |
//! | FEE | an invoice, a fee, or nothing | raises the fees of that claim; alone it is owed on the account itself | FEE rises |
//! | PAYMENT | an invoice, a fee, or nothing | lowers what is open there; what is more than that waits on the account | money in |
//! | ADJUSTMENT | an invoice, a fee, or nothing | raises or lowers by its sign; may move the due day of an invoice | without money |
//! | CHARGEBACK | the payment that bounced | what that had settled is open again; what had waited is gone | money out |
//! | DISCOUNT | an invoice or a fee | lowers what is open there, to nothing at most | without money |
//! | REPORTING | nothing | is a fact | nothing |
//!
//! An invoice and a fee have something open; a payment and what else lowers an account as a whole have something that waits. A
//! managed claim's amount is what its invoice has open, and its fees what its fees have. **An account's balance is what its
//! entries have waiting, less what they have open, less what its unmanaged claims come to.**

pub mod commands;
pub mod model;
pub mod store;
pub mod targets;
#[cfg(test)]
pub(in crate::collections) mod tests;

pub use commands::{AddReceivableEntry, NewEntry};
pub use model::{EntryKind, ReceivableEntry};
pub use targets::{SetReceivableAmounts, TargetAmount};
