//! Billing: cycles and their statements, bills and reminders, interest, and whose payments are overdue.
//!
//! How the accounts of a product are billed is data ([`BillingPlan`]). Everything is done by steps of the business day, in
//! this order: cycles are begun and closed, statements issued, bills reminded of, and what is paid or overdue is noted.
//!
//! | what | when | what is booked, and made |
//! |---|---|---|
//! | a cycle is closed | when the closure's day has ended | INTEREST (account INTEREST to INTEREST_INCOME; on funds INTEREST_EXPENSE to the account), BILLING_FEE (account FEE to FEE_INCOME), both valued on the closure; the statement is sealed; dues of the minimum payment, fees first, then interest, then principal |
//! | a statement is issued | so many days later | a bill, where something is to be paid; the bill before is closed, paid or carried over |
//! | a bill is overdue | so many days after its due date | REMINDER_FEE or COLLECTION_FEE, with a due; the reminder takes the bill's place |
//! | a day has ended | each | a bill of which nothing is open is closed; the delinquency begins, goes on or ends |
//!
//! **Which entries a statement has.** Those that were booked before its closing ran and count by its closure, and no
//! earlier statement has; and those that its closing has booked itself. What is booked later is of the next one, whenever it
//! counts: nothing that is sealed changes. A closing sees the journal up to an entry, read beforehand ([`store::Seen`]),
//! and its decision needs a few rows besides.
//!
//! **Interest** is reckoned from the principal by value date. What was booked late of a closed cycle makes a difference to
//! what that cycle bore: it is booked with the next closing, and each figure stands on the statement as lines with their
//! days, balances and rates. The sum is rounded once, half away from zero; interest bears none.
//!
//! **Arrears** add up: what of earlier statements is open stays a due, is `past_due` of the next one, and is not asked for
//! twice. Money that comes settles them by the product's order, and a reversal opens them again, with their old due dates.

pub mod bills;
pub mod close;
pub mod commands;
pub mod events;
pub mod interest;
pub mod model;
pub mod refusals;
pub mod steps;
pub mod store;

pub use commands::{CancelDelinquency, NewInterest, NewRates, NewReminder, NewTier, ReprintStatement, SetBillingPlan};
pub use interest::{DayCount, InterestLine, InterestSide};
pub use model::{
    Bill, BillEnd, BillKind, BillStatus, BillingAccount, BillingPlan, DelinquencyBucket, Statement, StatementReprint,
    StatementState,
};

use crate::work::{About, Stored};

/// What changes billing.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetBillingPlan>().about(About::Nothing),
    Stored::of::<CancelDelinquency>(),
    Stored::of::<ReprintStatement>(),
];

#[cfg(test)]
mod tests;
