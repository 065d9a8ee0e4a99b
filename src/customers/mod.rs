//! Customers: create, change, find, list.
//!
//! A customer's number and external reference are unique in its tenant. A number that is not given is made:
//! `C` and ten digits, from the customer's own id, so that no counter is shared.

pub mod commands;
pub mod events;
pub mod identifiers;
pub mod model;
pub mod store;

pub use commands::{CreateCustomer, UpdateCustomer};
pub use model::{Customer, CustomerType};
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
