//! Customers in the API.

mod actions;
pub mod addresses;
pub mod mutations;
pub mod persons;
mod profile;
pub mod queries;
mod types;

pub use actions::CustomerActionOffer;
pub use profile::*;
pub use types::*;
