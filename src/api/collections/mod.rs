//! Collections in the API: receivables, who owes on them, and claims.

pub mod changes;
pub mod claims;
mod inputs;
pub mod journeys;
pub mod matching;
pub(crate) mod mutations;
pub mod pages;
mod parts;
pub mod promises;
mod pursuit;
pub mod queries;
pub mod receivables;
pub mod triggers;
mod types;

pub use types::{Claim, Receivable, ReceivableEntry, claim_by_id, receivable_by_id};
