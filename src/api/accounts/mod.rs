//! Accounts and products in the API.

pub mod families;
mod lookup;
mod money;
pub mod mutations;
pub mod participants;
pub mod product_mutations;
pub mod queries;
mod types;

pub use lookup::AccountLookup;
pub use money::*;
pub use types::*;
