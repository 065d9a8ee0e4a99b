//! Dues: the open items of accounts. What is owed, by when, for which component and from which source.
//!
//! Dues stand beside the books: a balance says what an account owes, its dues say by when it is to be paid, and for what.
//! They are made by hand ([`AddDue`]), or by what asks for money ([`add`]: bills, instalments, invoices, claims). Whoever
//! grants a respite, or asks for all at once, moves them to another day ([`move_to`]).
//!
//! | what | what becomes of dues |
//! |---|---|
//! | a credit on an account that has dues | is spread over them in the same decision, by the product's `item_order`; what is left settles nothing |
//! | a credit that is valued later | the same, at once: it was paid, and is on its way |
//! | an adjustment in the customer's favour | settles dues of the component that it names, and no others |
//! | a debit; the reversal of a debit | nothing: whoever made a due of it cancels that |
//! | the reversal of a credit, or of a part | opens again what that credit had settled, whatever came after: what had settled nothing is taken back first, then what was settled last |
//! | what is cancelled | what was open of it is not asked for any more; what had been settled stays so, and is open again when it is reversed |
//!
//! **What always holds.** Open is the amount less what is settled and cancelled, and never below zero. What is settled is the
//! sum of its settlements, less what was taken back. What a credit settles is at most what it has brought.
//!
//! **Dues and the balance.** A due may be about what the books do not have yet (the interest of an instalment to come), and
//! money may have come before the due was made; so dues are not held to what is owed. Whoever collects for dues asks for at
//! most the debt, and whoever makes them makes them for what is owed then: funds that stand on the account when a due is made
//! do not settle it. Where each due is about a debt that is booked, what is open is at most what is owed, as each credit
//! lowers both.
//!
//! [`apportion()`] is the one way in which money is spread over items, here and elsewhere. [`settle()`] spreads by another rule
//! what was posted with [`crate::ledger::Draft::items_apart`].

pub mod apportion;
pub mod commands;
pub mod events;
pub mod model;
pub mod settle;
pub mod store;

pub use apportion::{Apportioned, Item, Rule, apportion, pro_rata};
pub use commands::{AddDue, CancelDue, NewDue, add, cancel, itemise, move_to};
pub use model::{Due, DueSettlement, DueSource, DueStatus};
pub use settle::{booked, items_of, open_on, settle};

use crate::work::Stored;

/// What changes dues.
pub const COMMANDS: &[Stored] = &[Stored::of::<AddDue>(), Stored::of::<CancelDue>()];

#[cfg(test)]
mod tests;
