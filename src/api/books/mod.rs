//! The books in the API: entries, transactions, holds; the chart, the trial balance and the audit trail.

mod holds;
pub mod queries;
pub mod reports;
mod transactions;
mod types;

pub use holds::*;
pub use transactions::*;
pub use types::*;
