//! Accounts and products in the API.

pub mod families;
pub mod mutations;
pub mod participants;
pub mod product_mutations;
pub mod queries;
mod types;

pub use types::*;
