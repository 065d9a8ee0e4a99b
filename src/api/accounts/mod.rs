//! Accounts and products in the API.

pub mod families;
mod lookup;
pub mod mutations;
pub mod participants;
pub mod product_mutations;
pub mod queries;
mod types;

pub use lookup::AccountLookup;
pub use types::*;
