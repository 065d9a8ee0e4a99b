//! Money in motion in the API: payments, transfers, corrections, holds; one at a time and in batches.

pub mod credit_transfers;
pub mod holds;
pub mod loads;
pub mod movements;
pub mod provider_mutations;
pub mod providers;
pub mod receipts;
pub mod remittances;
pub mod returns;
pub mod schemes;

pub(super) use movements::details;
