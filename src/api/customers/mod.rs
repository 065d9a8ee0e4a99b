//! Customers in the API.

pub mod addresses;
pub mod mutations;
pub mod persons;
mod profile;
pub mod queries;
mod types;

pub use profile::*;
pub use types::*;
