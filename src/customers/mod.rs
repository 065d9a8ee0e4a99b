//! Customers: create, change, find, list.
//!
//! A customer's number and external reference are unique in its tenant. A number that is not given is made:
//! `C` and ten digits, from the customer's own id, so that no counter is shared.
//!
//! | file | what |
//! |---|---|
//! | `actions` | what can be done with a customer now |
//! | `identifiers` | the numbers by which states know persons and companies: pure rules, country by country |
//! | `identity` | the same as they are kept: sealed ([`crate::sealing`]), one customer's each, found by a keyed hash |
//! | `profile` | birth date, languages, contact points |
//! | `erasure` | what an erasure says of what is gone and what is kept |
//!
//! Two records of one person are merged, and a customer is erased, by [`crate::persons`], which knows whoever keeps
//! something of a customer's. A record that was merged or erased stays readable; commands that name it are refused.
//! What is personal never goes into an event, a log, a refusal or the audit trail.

pub mod actions;
pub mod addresses;
pub mod commands;
pub mod erasure;
pub mod events;
pub mod identifiers;
pub mod identity;
pub mod model;
pub mod profile;
pub mod refusals;
pub mod store;

pub use commands::{CreateCustomer, UpdateCustomer};
pub use identity::{CustomerIdentifier, NewIdentifier};
pub use model::{Customer, CustomerType};
pub use profile::{Profile, ProfileChange};
pub use store::{CustomerBy, CustomerFilter};

use crate::primitives::{CustomerId, Origin};
use crate::work::{About, Stored};

/// Whether the origin sees the customer at all.
#[must_use]
pub fn visible(origin: &Origin, customer: CustomerId) -> bool {
    origin.customer.is_none_or(|own| own == customer)
}

/// What changes customers.
pub const COMMANDS: &[Stored] =
    &[Stored::of::<CreateCustomer>().about(About::Nothing), Stored::of::<UpdateCustomer>().about(About::Nothing)];
