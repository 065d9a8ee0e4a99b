//! The books in the API: entries, transactions, holds; the chart, the trial balance and the audit trail.

pub mod queries;
pub mod reports;
mod types;

pub use types::*;
