//! The last entries, in memory. An entry never changes, so one that is here is as good as its row: the answer to
//! the mutation that booked it, and every subscriber that is told of it, need not read it again.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::Entry;
use crate::primitives::{EntryId, TenantId};

/// Entries to keep, about 1 kB each.
const CAPACITY: usize = 2_048;

/// Entries that have been committed here lately. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Recent {
    by_id: Arc<Cache<(TenantId, EntryId), Arc<Entry>>>,
    by_sequence: Arc<Cache<(TenantId, i64), Arc<Entry>>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { by_id: Arc::new(Cache::new(CAPACITY)), by_sequence: Arc::new(Cache::new(CAPACITY)) }
    }
}

impl Recent {
    /// Keeps entries. Only after their commit: what is here counts as having happened.
    pub fn keep(&self, tenant: TenantId, entries: &[Arc<Entry>]) {
        // Of a large batch, the last: the others would only push each other out.
        for entry in &entries[entries.len().saturating_sub(CAPACITY / 2)..] {
            self.by_id.insert((tenant, entry.id), entry.clone());
            self.by_sequence.insert((tenant, entry.sequence), entry.clone());
        }
    }

    /// An entry by its id.
    #[must_use]
    pub fn by_id(&self, tenant: TenantId, id: EntryId) -> Option<Arc<Entry>> {
        self.by_id.get(&(tenant, id))
    }

    /// An entry by its place in the journal.
    #[must_use]
    pub fn by_sequence(&self, tenant: TenantId, sequence: i64) -> Option<Arc<Entry>> {
        self.by_sequence.get(&(tenant, sequence))
    }
}
