//! Matching: one payment on a receivable, spread over what is open there.
//!
//! What can be paid is what an invoice, a fee or a correction upwards has open; unmanaged claims are changed by themselves, and
//! no payment of the receivable goes there. A [`MatchStrategy`] puts what is open in an order, and the one apportioner
//! ([`crate::dues::apportion`]) serves it in that order:
//!
//! | strategy | order |
//! |---|---|
//! | ORDERED_LEDGER_ENTRIES | as it was booked, whatever it is |
//! | ORDERED_INVOICES_WITH_FEES_THEN_ACCOUNT_ENTRIES | invoice by invoice, each with its fees behind it; then what is booked on the account itself |
//! | ACCOUNT_ENTRIES_THEN_ORDERED_INVOICES_WITH_FEES | the other way round |
//! | CUSTOM_ORDERED_FEES | fees of the types that are listed, type by type; then all that is no fee; last the other fees, each as it was booked |
//!
//! A product in the context leaves only what is of that product: what is more than that waits. Each part is a payment entry of
//! its own ([`crate::collections::entries`]), each claim is told of once, and what is left is a payment entry without a target,
//! which **waits on the account**. What waits is used later by [`MatchUnallocated`]: by entries that have it as their source,
//! and bring no money.

pub mod commands;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{MatchPayment, MatchTerms, MatchUnallocated};
pub use model::{MatchStrategy, PaymentMatch};
