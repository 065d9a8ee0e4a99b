//! The last entries, in memory. An entry never changes, so one that is here is as good as its row: the answer to
//! the mutation that booked it, and every subscriber that is told of it, need not read it again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use crate::ledger::Entry;
use crate::primitives::{EntryId, TenantId};

/// Entries to keep, about 1 kB each: those of the batch before, while their answers are written, and of the next.
const CAPACITY: usize = 4_096;

/// Entries that have been committed here lately. Cloning shares it.
///
/// First in, first out: a cache that keeps what is asked for often would throw out what was just booked, which is asked
/// for once and at once.
#[derive(Clone, Debug, Default)]
pub struct Recent(Arc<RwLock<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<(TenantId, EntryId), Arc<Entry>>,
    by_sequence: HashMap<(TenantId, i64), Arc<Entry>>,
    order: VecDeque<(TenantId, EntryId, i64)>,
}

impl Recent {
    /// Keeps entries. Only after their commit: what is here counts as having happened.
    pub fn keep(&self, tenant: TenantId, entries: &[Arc<Entry>]) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Of a large batch, the last: the others would only push each other out.
        for entry in &entries[entries.len().saturating_sub(CAPACITY / 2)..] {
            kept.by_id.insert((tenant, entry.id), entry.clone());
            kept.by_sequence.insert((tenant, entry.sequence), entry.clone());
            kept.order.push_back((tenant, entry.id, entry.sequence));
            if kept.order.len() > CAPACITY
                && let Some((tenant, id, sequence)) = kept.order.pop_front()
            {
                kept.by_id.remove(&(tenant, id));
                kept.by_sequence.remove(&(tenant, sequence));
            }
        }
    }

    /// Forgets a tenant's entries: something in them was erased.
    pub fn forget(&self, tenant: TenantId) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.by_id.retain(|(of, _), _| *of != tenant);
        kept.by_sequence.retain(|(of, _), _| *of != tenant);
        kept.order.retain(|(of, ..)| *of != tenant);
    }

    /// An entry by its id.
    #[must_use]
    pub fn by_id(&self, tenant: TenantId, id: EntryId) -> Option<Arc<Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&(tenant, id)).cloned()
    }

    /// An entry by its place in the journal.
    #[must_use]
    pub fn by_sequence(&self, tenant: TenantId, sequence: i64) -> Option<Arc<Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_sequence.get(&(tenant, sequence)).cloned()
    }
}
