//! What is done to a person as a whole, whoever keeps something of theirs: two records of one are merged, one is erased.
//!
//! It stands above the domains, and asks each: [`PARTS`] are those that keep something of a customer's. A domain that
//! comes to do so takes a line there. A merge moves everything to the record that stays; the other stays readable and says
//! where it went. An erasure takes what is personal, keeps what the books and the law need, and says which.
//!
//! A merge always waits for a second person: what it joins, nothing takes apart again.

mod beside;
mod erase;
mod linked;
mod merge;
mod messages;
mod parts;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::customers::Customer;
use crate::customers::erasure::Erasure;
use crate::work::{About, Decision, Stored, Work};

pub use erase::EraseCustomer;
pub use merge::MergeCustomers;

/// What two records of a person are merged as.
#[derive(Debug)]
pub struct Merge {
    /// The record that goes.
    pub from: Arc<Customer>,
    /// The record that stays.
    pub into: Arc<Customer>,
}

/// A domain that keeps something of customers'.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name, for the reader of a list of them.
    pub name: &'static str,
    /// Moves what it keeps of the one to the other.
    pub merge: fn(&mut Work, &Merge) -> Decision<()>,
    /// Why a customer cannot be erased yet: each reason for people, naming the thing.
    pub hinders: fn(&mut Work, &Customer) -> Decision<Vec<String>>,
    /// Takes what is personal of a customer, and says what it took and what it keeps.
    pub erase: fn(&mut Work, &Customer, &mut Erasure) -> Decision<()>,
}

/// Who keeps something of customers', in the order of the domains.
pub const PARTS: &[Part] = &[
    parts::CUSTOMERS,
    linked::ADDRESSES,
    parts::ACCOUNTS,
    linked::BLOCKS,
    linked::APPLICATIONS,
    linked::INSURANCE,
    linked::INVESTMENTS,
    linked::CARDS,
    linked::MANDATES,
    linked::CLAIMS,
    linked::INSTALMENTS,
    linked::PURCHASES,
    parts::DOCUMENTS,
    messages::MESSAGES,
    beside::ACTIONS,
    beside::CREDENTIALS,
];

/// What is done to persons.
pub const COMMANDS: &[Stored] =
    &[Stored::of::<MergeCustomers>().about(About::Accounts), Stored::of::<EraseCustomer>().about(About::Nothing)];
