//! Stand-in until the real one is there.
use std::sync::Arc;

use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::work::Workers;

/// A lease that this server holds.
#[derive(Debug)]
pub struct Held;

/// Takes a lease for this server; none when another holds it.
///
/// # Errors
/// The database's.
pub async fn hold(_: &Workers, _: TenantId, _: &str) -> Result<Option<Held>, Arc<LedgerFault>> {
    Ok(Some(Held))
}

impl Held {
    /// Renews it.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(&mut self, _: &Workers) -> Result<bool, Arc<LedgerFault>> {
        Ok(true)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(self, _: &Workers) -> Result<(), Arc<LedgerFault>> {
        Ok(())
    }
}
