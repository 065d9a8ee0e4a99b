//! Accounts and products in the API.

pub mod families;
mod money;
pub mod mutations;
pub mod product_mutations;
pub mod queries;
mod types;

pub use money::*;
pub use types::*;
