//! Blocks: what stops the money of a customer or an account, for a reason and until a day, and what is set aside of it.
//!
//! Several may be in force at once; each is placed, changed and lifted by itself, and stays in the list when it is over. A
//! block on a customer is on all of the customer's accounts, also those that are opened later. What decides about money is
//! a digest of them that stands with the account in the books ([`Restrictions`](crate::ledger::Restrictions)) and is kept by
//! the commands here, so that no payment loads anything because there are blocks, and a block and a payment that race are
//! decided one after the other.
//!
//! | operation | DEBITS, ALL | CREDITS, ALL | GARNISHMENT |
//! |---|---|---|---|
//! | `transfer` | stops the sender | stops the receiver | is not available |
//! | `postPayment` | | stops | is filled first |
//! | `disburse`, `closeAccount` with a payout or transfer | stops | | is not available; an account does not close under one |
//! | `placeHold` | stops | | is not available |
//! | `captureHold` | passes: it was reserved | stops a receiving account | passes |
//! | a donation | is left out | | is not available |
//! | what a scheme has cleared | passes | passes | passes |
//! | `postCharge`, interest | passes | passes | is not taken: what the rest does not cover is owed, or refused where the account may not owe |
//! | `postAdjustment`, a write-off | passes | passes | a debit does not take it |
//! | `reverseEntry`, a disbursement that comes back | passes | passes | passes |
//! | a migrated balance | passes | passes | |
//! | `payGarnishment` | passes | | is paid out of it |
//!
//! A payment is refused with `ACCOUNT_BLOCKED`, which tells the kind and the last day and never why. What is garnished is
//! set aside in full, also of the credit that an account gives; it is paid out of funds alone, the garnishment that was placed
//! first before the others.

pub mod commands;
pub mod events;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{BlockOn, ChangeBlock, LiftBlock, PlaceBlock, in_force_on, move_all, pay};
pub use model::{Block, BlockStatus, BlockSubject};
pub use store::BlockFilter;
