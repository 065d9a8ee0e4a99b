//! Addresses of customers in the API.

mod inputs;
pub mod mutations;
pub mod queries;
mod types;

pub use inputs::*;
pub use types::*;
