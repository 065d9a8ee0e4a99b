//! Direct debits: money that is collected from a customer's bank by a mandate, so that an account repays what it owes.
//!
//! CREATED -> SENT -> ACCEPTED -> PAID -> RETURNED or REFUNDED; REJECTED from SENT and ACCEPTED, PAID without ACCEPTED
//! where a rail does not say it; CANCELLED while it is not sent. What always holds:
//!
//! - A debit is of a mandate of its account that was in force when it was made. The mandate's id, its reference and the
//!   place among its collections stand on the debit.
//! - The end-to-end id is made here, is unique in the tenant, and is what the rail answers by.
//! - The business day sends what is due, in the decision that moves its cursor: nothing goes twice. What is not sent of a
//!   mandate that was revoked is cancelled then, what is not sent of a suspended one waits. A mandate that is revoked
//!   while its debit is on the way stops nothing: the payer's bank has it, and answers.
//! - What was paid is the account's after the tenant's days. Until then it stands on DIRECT_DEBIT_PENDING: neither balance
//!   nor spending room rise.
//! - What comes back is taken back on the day on which that settles, from wherever it went, also into debt.
//!
//! | what happened | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | PAID | SETTLEMENT_DIRECT_DEBIT | DIRECT_DEBIT_PENDING |
//! | available, with it or days later | DIRECT_DEBIT_PENDING | the account: what it owes; the overpayment account: the rest |
//! | came back before it was available | DIRECT_DEBIT_PENDING | SETTLEMENT_DIRECT_DEBIT |
//! | came back later | the account and the overpayment account, whatever they have; of a closed one SUSPENSE | DIRECT_DEBIT_PENDING |
//! | | DIRECT_DEBIT_PENDING | SETTLEMENT_DIRECT_DEBIT |
//! | the fee for it, by its reason | the account: free funds, then FEE | FEE_INCOME |

pub mod books;
pub mod commands;
pub mod events;
pub mod model;
pub mod outcomes;
pub mod reasons;
pub mod refusals;
pub mod simulator;
pub mod steps;
pub mod store;
pub mod terms;
#[cfg(test)]
mod tests;

pub use commands::{CancelDirectDebit, CreateDirectDebit};
pub use model::{DebitSource, DirectDebit, DirectDebitAction, DirectDebitState};
pub use outcomes::{DebitOutcome, ReportDirectDebit};
pub use reasons::DebitReason;
pub use terms::SetDirectDebitTerms;

use crate::work::{About, Stored};

/// What collects money.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateDirectDebit>().about(About::Amount),
    Stored::of::<CancelDirectDebit>().about(About::Nothing),
    Stored::of::<ReportDirectDebit>(),
    Stored::of::<SetDirectDebitTerms>().about(About::Nothing),
];
