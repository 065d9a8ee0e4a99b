//! Accounts and products in the API.

mod actions;
pub mod families;
mod filters;
pub(crate) mod lookup;
mod money;
pub mod mutations;
pub mod participants;
pub mod prepaid;
pub mod product_mutations;
pub mod queries;
mod types;

pub use actions::Action;
pub use filters::{AccountFilter, ProductFilter};
pub use lookup::AccountLookup;
pub use money::*;
pub use types::*;
