//! Mandates in the API.

mod inputs;
pub mod mutations;
pub mod queries;
mod types;

pub use inputs::MandateBy;
pub use types::{Mandate, by_id, list};
