//! Documents in the API: what they are, their links, and how they come in.

pub mod files;
pub mod mutations;
pub mod queries;
pub mod receivables;
mod types;
pub mod uploads;

pub use files::Files;
pub(crate) use files::removed_bytes;
pub use types::*;
