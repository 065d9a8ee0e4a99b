//! The undo log: how a refused command leaves everything as it was, and how a batch ends.

use std::sync::Arc;

use uuid::Uuid;

use super::cache::{Cache, IndexKey, KeyOf, Remembered, SetKey, Slot, Wants};
use super::head::{Day, Head};
use super::row::Table;
use super::unit::{Unknown, Work};
use crate::ledger::Entry;
use crate::primitives::{AccountId, Currency, EntryId, Minor};

/// How something was before.
#[derive(Debug)]
pub(super) enum Undo {
    Row(Table, Uuid, Option<Slot>),
    Unique(IndexKey, String, Option<Option<Uuid>>),
    Freed(IndexKey, String),
    Key(KeyOf, Option<Option<Remembered>>),
    External(String, Option<Option<EntryId>>),
    Entry(EntryId, Option<Option<Arc<Entry>>>),
    Head(Box<(Head, Day)>),
}

/// How far the work was, to come back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    undo: usize,
    entries: usize,
    told: usize,
    records: usize,
    sweeps: usize,
}

impl Work {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            undo: self.undo.len(),
            entries: self.entries.len(),
            told: self.told.len(),
            records: self.records.len(),
            sweeps: self.sweeps.len(),
        }
    }

    pub(crate) fn roll_back(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.told.truncate(mark.told);
        self.records.truncate(mark.records);
        self.sweeps.truncate(mark.sweeps);
        for undo in self.undo.drain(mark.undo..).rev() {
            match undo {
                Undo::Row(table, id, slot) => self.cache.set_row(table, id, slot),
                Undo::Unique(index, key, id) => self.cache.set_unique(index, key, id),
                Undo::Freed(index, key) => _ = self.freed.remove(&(index, key)),
                Undo::Key(key, known) => self.cache.keys.set(key, known),
                Undo::External(key, known) => self.cache.externals.set(key, known),
                Undo::Entry(id, known) => self.cache.entries.set(id, known),
                Undo::Head(before) => (self.head, self.day) = *before,
            }
        }
    }

    /// The batch is durable: what it left is what is known from now on.
    pub(super) fn committed(&mut self, head: Head, entries: &[Arc<Entry>]) {
        for entry in entries {
            // Hardly ever looked at again, and larger than anything else.
            self.cache.entries.set(entry.id, None);
        }
        let touched: Vec<SetKey> = self.touched_sets.keys().copied().collect();
        for key in touched {
            // Its order is its type's: it is put together anew when somebody asks.
            self.cache.set_set(key, None);
        }
        let all_there_is = self.unknown == Unknown::Absent;
        for undo in std::mem::take(&mut self.undo).into_iter().filter(|_| !all_there_is) {
            // What a job waits with is written once and looked at once, and there may be very much of it.
            if let Undo::Row(table @ Table::JobItem, id, _) = undo {
                self.cache.set_row(table, id, None);
            }
        }
        self.head = head;
        self.end_batch();
    }

    /// Knows nothing any more.
    pub(super) fn forget(&mut self) {
        self.start_over();
        self.cache = Cache::default();
    }

    /// What was done since: how much its entries moved, by currency, and the accounts that it touched in the books.
    pub(crate) fn measured(&self, since: Mark) -> (Vec<(Currency, Minor)>, Vec<AccountId>) {
        let mut amounts: Vec<(Currency, Minor)> = Vec::new();
        for entry in &self.entries[since.entries.min(self.entries.len())..] {
            for line in entry.postings.iter().filter(|line| line.amount.0 > 0) {
                match amounts.iter_mut().find(|(currency, _)| *currency == line.currency) {
                    Some((_, sum)) => sum.0 = sum.0.saturating_add(line.amount.0),
                    None => amounts.push((line.currency, line.amount)),
                }
            }
        }
        let mut accounts: Vec<AccountId> = Vec::new();
        for undo in &self.undo[since.undo.min(self.undo.len())..] {
            if let Undo::Row(Table::Position | Table::Account, id, _) = undo
                && !accounts.contains(&AccountId(*id))
            {
                accounts.push(AccountId(*id));
            }
        }
        (amounts, accounts)
    }

    /// Takes everything back.
    pub(super) fn start_over(&mut self) {
        self.roll_back(Mark { undo: 0, entries: 0, told: 0, records: 0, sweeps: 0 });
        self.end_batch();
    }

    fn end_batch(&mut self) {
        self.undo.clear();
        self.head_before = None;
        self.before.clear();
        self.touched_sets.clear();
        self.freed.clear();
        self.entries.clear();
        self.told.clear();
        self.records.clear();
        self.sweeps.clear();
        self.missed = Wants::default();
        self.cut = false;
        self.too_early = false;
    }
}
