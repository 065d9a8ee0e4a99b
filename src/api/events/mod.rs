//! The event log in the API: pages of it, and subscriptions.

pub mod queries;
pub mod subscription;
mod types;

pub use types::*;
