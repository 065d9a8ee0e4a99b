//! Customers in the API.

pub mod addresses;
pub mod mutations;
pub mod queries;
mod types;

pub use types::*;
