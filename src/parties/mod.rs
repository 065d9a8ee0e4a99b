//! Parties: whom money is owed to inside a tenant, such as the creditors of a collections house.
//!
//! A party has a number and, if the tenant wants, a reference of its own; accounts may belong to one, which is then owed
//! what they owe in principal. Money that is held for a party stands on ledger accounts of its own
//! ([`InternalRole::ClientMoney`](crate::ledger::InternalRole)), and never mixes with the house's; what its accounts still
//! owe stands beside it (`ClientClaims`). Nothing here touches them: the books keep them with every entry.

pub mod commands;
pub mod events;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use commands::{CreateParty, UpdateParty};
pub use model::Party;
pub use store::{PartyBy, PartyFilter};

use crate::work::{About, Stored};

/// What changes parties.
pub const COMMANDS: &[Stored] =
    &[Stored::of::<CreateParty>().about(About::Nothing), Stored::of::<UpdateParty>().about(About::Nothing)];
