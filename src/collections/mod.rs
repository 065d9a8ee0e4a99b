//! Collections: what debtors owe their creditors, account by account and claim by claim.
//!
//! A [`Receivable`] is a creditor's account of a debtor, under the creditor's own reference. It has debtors (customers in
//! that role), and its account in the books (of the family RECEIVABLE, itemised) is opened with the first of them. What is
//! owed stands on it in [`Claim`]s, each with an amount and, apart from it, its fees.
//!
//! **In the books** a claim's amount is owed in PRINCIPAL and its fees in FEE. Without money it comes, changes and goes by
//! entries of the kind RECEIVABLE ([`Draft::owing`](crate::ledger::Draft::owing)): amounts of accounts that belong to a
//! creditor stand against that party (CLIENT_CLAIMS), all else against RECEIVABLES. Nothing else is booked on such an account
//! (`ACCOUNT_ITEMISED`), so that **its balance is always what its claims that are not deleted come to**, below zero; where it
//! has [`entries`], with what these have open or waiting on the account itself.
//! Resolving a claim changes its state and nothing that is owed; deleting it takes what is owed off the books.

pub mod claims;
pub mod entries;
pub mod events;
pub mod matching;
pub mod promises;
pub mod receivables;
pub mod refusals;
pub mod score;
#[cfg(test)]
pub(crate) mod tests;

pub use claims::{
    Claim, ClaimFilter, ClaimStatus, CreateClaim, CreditClaim, DebitClaim, DeleteClaim, ImportClaim, RecreateClaim,
    ResolveClaim, UpdateClaim,
};
pub use entries::{AddReceivableEntry, EntryKind, NewEntry, ReceivableEntry, SetReceivableAmounts, TargetAmount};
pub use matching::{MatchPayment, MatchStrategy, MatchTerms, MatchUnallocated, PaymentMatch};
pub use promises::{CancelPromise, CreatePromise, JudgePromises, PromiseStatus, PromiseToPay};
pub use receivables::{
    AddReceivableDebtor, AddReceivableProduct, CreateReceivable, NewDebtor, Receivable, ReceivableDebtor,
    ReceivableFilter, ReceivableProduct, SetReceivableScore, UpdateReceivable, UpdateReceivableDebtor,
    UpdateReceivableProduct,
};

use crate::work::{About, Stored};

/// What changes receivables and claims.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateReceivable>(),
    Stored::of::<UpdateReceivable>().about(About::Nothing),
    Stored::of::<AddReceivableDebtor>().about(About::Nothing),
    Stored::of::<UpdateReceivableDebtor>().about(About::Nothing),
    Stored::of::<AddReceivableProduct>().about(About::Nothing),
    Stored::of::<UpdateReceivableProduct>().about(About::Nothing),
    Stored::of::<SetReceivableScore>().about(About::Nothing),
    Stored::of::<AddReceivableEntry>(),
    Stored::of::<SetReceivableAmounts>(),
    Stored::of::<MatchPayment>(),
    Stored::of::<MatchUnallocated>(),
    Stored::of::<CreatePromise>().about(About::Amount),
    Stored::of::<CancelPromise>().about(About::Nothing),
    Stored::of::<CreateClaim>(),
    Stored::of::<RecreateClaim>(),
    Stored::of::<ImportClaim>(),
    Stored::of::<UpdateClaim>(),
    Stored::of::<CreditClaim>(),
    Stored::of::<DebitClaim>(),
    Stored::of::<ResolveClaim>().about(About::Nothing),
    Stored::of::<DeleteClaim>(),
];
