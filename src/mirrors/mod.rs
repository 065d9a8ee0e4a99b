//! Virtual accounts that mirror an account which is kept outside: where that is asked, and what it tells.
//!
//! A virtual account has one source at most ([`SetAccountSource`]): somebody who is asked over HTTP, by a signed message as
//! webhooks are, and answers with a balance and transactions. A refresh is noted first, then the source is asked ([`ask`]),
//! and its answer noted; a source that does not answer is asked again in the background. It may answer a page at a time:
//! it is told the last transaction that is known, and gives those that come after it.
//!
//! REQUESTED -> DONE, or FAILED with the reason. There is one refresh of an account under way at a time.
//!
//! Each transaction is booked once, whatever it is told again: the id of what is kept of it is made of the account and of
//! the source's own id. The first refresh that comes to its end also books what was there before, so that the balance is
//! the source's. Later ones tell the difference of the two balances, and book nothing for it: somebody has moved money on
//! the account here, or the source has told too little.
//!
//! | what | leaves | arrives |
//! |---|---|---|
//! | a transaction of the source (MIRRORED), to its account | MIRRORED_ACCOUNTS | principal; a shortfall first |
//! | a transaction of the source, from its account | principal as far as there are free funds, SHORTFALL for the rest: it has happened | MIRRORED_ACCOUNTS |
//! | what was there before the first refresh | as a transaction | as a transaction |
//!
//! So MIRRORED_ACCOUNTS is what the outside accounts have, with the other sign, but for what was moved here.

pub mod ask;
pub mod commands;
pub mod events;
pub mod model;
mod note;
pub mod refusals;
pub mod store;
#[cfg(test)]
mod tests;

pub use ask::Mirrors;
pub use commands::{RefreshAccount, RemoveAccountSource, SetAccountSource};
pub use model::{AccountSource, MirroredTransaction, Refresh, RefreshState};
pub use note::NoteRefresh;

use crate::work::{About, Stored};

/// What changes mirrored accounts.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<SetAccountSource>().about(About::Nothing),
    Stored::of::<RemoveAccountSource>().about(About::Nothing),
    Stored::of::<RefreshAccount>().about(About::Nothing),
];
