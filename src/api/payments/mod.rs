//! Money in motion in the API: payments, transfers, corrections, holds; one at a time and in batches.

pub mod credit_transfers;
pub mod holds;
pub mod movements;
pub mod receipts;
pub mod remittances;

pub(super) use movements::details;
