//! Leasing: plans of instalments; and respites and terminations, of leases and revolving credits.
//!
//! A leasing account has plans, and a plan has instalments: made from terms, or listed, and added and altered later. An
//! instalment is billed on its billing date, by the business day before it: what it is made of is charged, and dues ask for
//! what funds have not paid of it. The state of an instalment is kept nowhere: it follows from its dues
//! ([`LeaseInstalment::state`]), so that no payment has to know of it.
//!
//! | what | debits (money leaves) | credits (money arrives) |
//! |---|---|---|
//! | an instalment, principal of a plan WITH_INSTALMENTS | the account's funds, then its PRINCIPAL, past any limit | LEASED_ASSETS |
//! | an instalment, principal of a plan OWED_BEFORE | nothing: it is owed already | |
//! | an instalment, interest | the account's free funds, then its INTEREST | INTEREST_INCOME |
//! | an instalment, fee | the account's free funds, then its FEE | FEE_INCOME |
//! | an instalment, value added tax | the account's free funds, then its FEE | VAT_PAYABLE |
//! | a billed instalment is altered | what it was billed with is reversed | and billed anew |
//! | a termination, what is planned of a plan WITH_INSTALMENTS | the account's funds, then its PRINCIPAL | LEASED_ASSETS |
//!
//! Value added tax is owed as a fee, so that what is owed as principal is what was financed.
//!
//! **A respite** moves what is due today or later: open dues with the bill that asks for them, and instalments that are still
//! to be billed, by days and to the business day after. What is overdue stays. It charges no interest: interest that is
//! reckoned by balances goes on, that of instalments stays as it was planned.
//!
//! **A termination** stands on a row of the account's ([`Termination`]).
//!
//! | state | becomes | when |
//! |---|---|---|
//! | NORMAL | PRE_TERMINATED | `setTermination` |
//! | NORMAL, PRE_TERMINATED | TERMINATED | `setTermination` |
//! | PRE_TERMINATED | NORMAL | at once, when the minimum has come since; or `setTermination` |
//! | PRE_TERMINATED | TERMINATED | when the day of the next check has ended |
//!
//! What counts is what comes by payments and transfers, less what of it is taken back. With the termination everything is due
//! on that day: open dues, what is owed and was not asked for, and the principal of instalments that were still to be billed,
//! which are cancelled; their interest, fees and taxes are charged to nobody. A block keeps anything from leaving the account.

mod alter;
mod books;
mod commands;
pub mod events;
pub mod model;
pub mod refusals;
mod respites;
pub mod steps;
pub mod store;
mod terminations;
mod terms;
#[cfg(test)]
mod tests;

pub use alter::{AlterLeaseInstalment, LeaseInstalmentRef};
pub use commands::{AddLeaseInstalment, CreateLeasePlan};
pub use model::{
    LeaseInstalment, LeaseInstalmentState, LeaseParts, LeasePlan, LeasePrincipal, LeaseService, Respite, Termination,
    TerminationStatus,
};
pub use respites::GrantRespite;
pub use terminations::{SetTermination, booked, close_all};
pub use terms::{LeaseLine, LeasePlanTerms, NewLeaseInstalment, NewLeaseInstalments};

use crate::work::{About, Stored};

/// What changes leases, and defers and terminates credits.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateLeasePlan>(),
    Stored::of::<AddLeaseInstalment>(),
    Stored::of::<AlterLeaseInstalment>(),
    Stored::of::<GrantRespite>().about(About::Nothing),
    Stored::of::<SetTermination>(),
];
