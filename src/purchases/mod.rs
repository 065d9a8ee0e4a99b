//! Purchases that are paid later: on invoices, and on loans.
//!
//! A product of the family INVOICE or LOAN says what purchases on its accounts are ([`SetPurchaseTerms`]). A purchase is
//! registered by what the merchant calls it, unique in the tenant, on an account that is opened for it or is there; several
//! may be on one account, and share its due date. Without a due date they wait until the invoice is produced.
//!
//! What always holds: the state of an account is kept nowhere. It follows from what the account owes, from the direct debits
//! that are on their way to it, and from its due date ([`PurchaseAccount::state`]), so that no payment has to know of it.
//!
//! | when the due date has ended | what becomes of it |
//! |---|---|
//! | nothing is owed | PAID |
//! | a direct debit was sent, or is paid and not the account's yet | the next day tells |
//! | an INVOICE with a loan in its terms, at least its minimum paid | TRANSFERRED: a loan account is opened, and carries the rest |
//! | the same, whose loan's product does not lend as much | OVERDUE |
//! | less than the minimum, or an invoice without a loan | OVERDUE |
//! | a B2B_INVOICE or DIRECT_INVOICE, any part open | OVERDUE: all of it was to be paid |
//! | a loan, the month's amount paid | the next month begins, with its own amount and due date |
//! | a loan, less paid | OVERDUE, until it is caught up with |
//!
//! | what | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | a purchase | the account: free funds, then its credit | MERCHANT_SETTLEMENT |
//! | a roll-over | the loan's account | the invoice's account: all that it owes |

pub mod books;
pub mod commands;
pub mod cost;
pub mod events;
pub mod model;
pub mod page;
pub mod refusals;
mod steps;
pub mod store;
mod terms;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use commands::{NewLine, PostponeInvoice, ProduceInvoice, RegisterPurchase};
pub use cost::{Credit, CreditCost};
pub use model::{
    Purchase, PurchaseAccount, PurchaseAction, PurchaseKind, PurchaseLine, PurchaseState, PurchaseTerms, Standing,
    Underway,
};
pub use steps::TurnPurchases;
pub use terms::SetPurchaseTerms;

use crate::debits::{DirectDebit, DirectDebitState};
use crate::work::{About, Stored};

/// What changes purchases.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetPurchaseTerms>().about(About::Nothing),
    Stored::of::<RegisterPurchase>().about(About::Money),
    Stored::of::<ProduceInvoice>().about(About::Amount),
    Stored::of::<PostponeInvoice>().about(About::Amount),
];

/// What payment is to come, of the direct debits that are on their way to an account.
#[must_use]
pub fn underway(debits: &[Arc<DirectDebit>]) -> Underway {
    match debits {
        [] => Underway::Nothing,
        debits if debits.iter().all(|debit| debit.state == DirectDebitState::Created) => Underway::Scheduled,
        _ => Underway::Processing,
    }
}
