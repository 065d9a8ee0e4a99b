//! Sweeping the store: bytes that no row names are what a refused or broken-off request has left behind, or what was
//! removed while the store did not answer.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;

use super::commands::AddDocument;
use super::store;
use super::vault::{Vault, VaultError};
use crate::database::Database;
use crate::jobs::approvals::store as approvals;
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::primitives::clock::Micros;
use crate::work::Command as _;

/// Bytes that were written within the last day are left alone: their row may be about to be written.
const GRACE: Micros = 24 * 60 * 60 * 1_000_000;

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Documents whose bytes are there.
    pub kept: usize,
    /// Bytes that no row named, and that are gone now.
    pub removed: usize,
    /// Bytes that no row names, and that are too young to be swept or whose document waits for a second person.
    pub young: usize,
    /// Documents whose bytes are not there: damage, which only a backup of the store repairs.
    pub missing: usize,
}

/// Why a sweep was not finished. What it has removed until then was nobody's.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store's.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database's.
    #[error(transparent)]
    Rows(#[from] LedgerFault),
}

/// Sweeps what is kept of a tenant.
///
/// # Errors
/// [`SweepError`].
pub async fn sweep(db: &Database, vault: &Vault, tenant: TenantId, now: Micros) -> Result<Swept, SweepError> {
    // What is written after the list was read may have a row that the list lacks: it is young, and left alone.
    let mut stored: Vec<_> = vault.stored(tenant)?.try_collect().await?;
    // What waits for a second person has its bytes already, and no row yet. Looked for first: by its yes it has one.
    let waiting = approvals::waiting(db.reader(), tenant, AddDocument::OPERATION).await?;
    let unread = LedgerFault::Inconsistent("a document that waits and cannot be read");
    let waiting: Vec<AddDocument> =
        waiting.iter().map(|stored| serde_json::from_str(stored)).collect::<Result<_, _>>().map_err(|_| unread)?;
    let waiting: HashSet<_> =
        waiting.into_iter().map(|command| (command.content.sha256, command.content.place)).collect();
    let named = store::kept(db.reader(), tenant).await?;
    stored.sort_unstable_by_key(|one| one.written_at);
    let mut swept = Swept::default();
    let mut found = HashSet::new();
    for one in stored {
        let address = (one.sha256, one.place);
        if named.contains(&address) {
            found.insert(address);
        } else if waiting.contains(&address) || one.written_at > now.saturating_sub(GRACE) {
            swept.young += 1;
        } else {
            vault.remove(tenant, &address.0, address.1).await?;
            swept.removed += 1;
        }
    }
    swept.kept = found.len();
    swept.missing = named.difference(&found).count();
    Ok(swept)
}
