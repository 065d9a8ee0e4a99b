//! Messages in the API: templates, how they are sent, what was sent about a claim, and whom nobody writes to.

pub mod mutations;
pub mod queries;
mod types;

pub use types::{Message, MessageTemplate, by_id, communications, numbered_communications};
