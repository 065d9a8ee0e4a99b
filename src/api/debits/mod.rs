//! Direct debits in the API.

pub mod mutations;
pub mod queries;
mod types;

pub use types::{DirectDebit, by_id, list};
