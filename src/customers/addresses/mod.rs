//! Addresses: where customers are reached, by letter, phone or e-mail, and for what.
//!
//! Each address has a **label**, its role. Those of a customer with one label are versions of one another: the permanent
//! one that started last is in force, and a temporary one hides it from its first day to its last. A new temporary address
//! removes every temporary one of its label that it shares a day with, the whole of it; what was in force on days that
//! have passed stays known. A **usage** (what for, by which service, for which thing) belongs to one address of a
//! customer's at a time, and goes over at once.
//!
//! What always holds: a customer has no address, or a permanent main postal address that has started; no two addresses of
//! a customer have the same usage, and one that is out of use has none; no two temporary ones of a label overlap; the
//! versions of a label are of one type; only permanent postal addresses are ever marked as undeliverable. What an address
//! says is personal: it is in no event.
//!
//! | file | what |
//! |---|---|
//! | `model`, `content`, `countries` | an address, what it says, and what is right in it |
//! | `book` | which is in force on a day, which holds a usage: pure |
//! | `actions` | what can be done with one now: the rules that the commands are decided by |
//! | `commands`, `status`, `usages` | what changes them |
//! | `keep` | erasure and merging, for the commands of customers |

pub mod actions;
pub mod book;
pub mod commands;
pub mod content;
pub mod countries;
pub mod events;
pub mod keep;
pub mod model;
pub mod refusals;
pub mod status;
pub mod store;
#[cfg(test)]
mod tests;
pub mod usages;

pub use commands::{CreateAddress, NewAddress, UpdateAddress, add_all};
pub use content::{Content, PostalAddress};
pub use keep::{erase, move_all};
pub use model::{Address, AddressStatus, AddressType, MAIN_POSTAL_ADDRESS, Usage};
pub use status::{ActivateAddress, DeactivateAddress, InvalidateAddress};
pub use store::{AddressBook, AddressBy, Named};
pub use usages::{AddAddressUsage, RemoveAddressUsage, UsagesRemoved};

use crate::work::{About, Stored};

/// Addresses that a customer can have, those apart that were removed.
pub const MOST: usize = 200;

/// What changes addresses.
pub const COMMANDS: &[Stored] = &[
    Stored::of::<CreateAddress>().about(About::Nothing),
    Stored::of::<UpdateAddress>().about(About::Nothing),
    Stored::of::<ActivateAddress>().about(About::Nothing),
    Stored::of::<DeactivateAddress>().about(About::Nothing),
    Stored::of::<InvalidateAddress>().about(About::Nothing),
    Stored::of::<AddAddressUsage>().about(About::Nothing),
    Stored::of::<RemoveAddressUsage>().about(About::Nothing),
];
