//! Cards in the API.

pub mod account;
pub mod inputs;
pub mod mutations;
pub mod queries;
mod types;

pub use types::*;
