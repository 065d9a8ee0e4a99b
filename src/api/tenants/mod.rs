//! The tenant in the API: its settings, its business days, and the clock of a sandbox.

pub mod mutations;
mod types;

pub use mutations::TenantMutation;
pub(in crate::api) use mutations::begun_anew;
pub use types::{BusinessDay, Tenant, TenantQuery, by_id, day_by_id, of};
