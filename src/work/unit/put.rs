//! Setting a row, with all that is unique in it.

use std::sync::Arc;

use uuid::Uuid;

use super::Work;
use crate::refused::Refused;
use crate::work::cache::Slot;
use crate::work::command::{Decision, Stop};
use crate::work::row::{AnyRow, Index, Shape, Table};
use crate::work::undo::Undo;
use crate::work::unit::Unknown;

impl Work {
    /// Sets a row, with all that is unique in it. Refused, it has taken nothing, even for a command that goes on all the
    /// same.
    pub(super) fn put(&mut self, table: Table, id: Uuid, now: Slot, before: Option<Arc<dyn AnyRow>>) -> Decision<()> {
        let mark = self.mark();
        let put = self.put_row(table, id, now, before);
        if put.is_err() {
            self.roll_back(mark);
        }
        put
    }

    fn put_row(&mut self, table: Table, id: Uuid, now: Slot, before: Option<Arc<dyn AnyRow>>) -> Decision<()> {
        let keys = |row: &Slot| -> Vec<(&'static Index, String)> {
            row.iter().flat_map(|row| row.unique_keys()).map(|(index, key)| (index, key.to_owned())).collect()
        };
        let before: Slot = before;
        let (old, new) = (keys(&before), keys(&now));
        let same = |one: &(&'static Index, String), other: &(&'static Index, String)| {
            one.0.key() == other.0.key() && one.1 == other.1
        };
        let shape = now.as_ref().map(|row| row.shape());
        for (index, key) in new.iter().filter(|key| !old.iter().any(|before| same(before, key))) {
            let shape = shape.ok_or_else(|| Stop::damaged("a key without a row"))?;
            self.take(index, key, id, shape)?;
        }
        for freed in old.into_iter().filter(|key| !new.iter().any(|now| same(now, key))) {
            self.free(freed.0, freed.1);
        }
        self.before.entry((table, id)).or_insert_with(|| before.clone());
        for row in before.iter().chain(now.iter()) {
            for (name, owner) in row.owners() {
                self.touched_sets.entry((table, name, owner)).or_default().insert(id);
            }
        }
        let known = self.cache.row(table, id).cloned();
        self.undo.push(Undo::Row(table, id, known));
        self.cache.set_row(table, id, Some(now));
        Ok(())
    }

    fn take(&mut self, index: &'static Index, key: &str, id: Uuid, shape: Shape) -> Decision<()> {
        match self.cache.unique(index, key) {
            Some(Some(other)) if other != id => return Err(Refused::duplicate(index.field, index.what).into()),
            Some(_) => match self.freed.get(&(index.key(), key.to_owned())) {
                Some(_) if self.had(id, index, key) => {}
                // One statement cannot free it and take it, and what is decided together is written together.
                Some(run) if *run == self.run => {
                    self.too_early = true;
                    return Err(Refused::duplicate(index.field, index.what).into());
                }
                Some(_) => {
                    self.cut = true;
                    return self.miss(|_| {});
                }
                None => {}
            },
            None if self.unknown == Unknown::LookedUp => return self.miss(|wants| wants.taken(index, key, shape)),
            None => {}
        }
        let before = self.cache.unique(index, key);
        self.undo.push(Undo::Unique(index.key(), key.to_owned(), before));
        self.cache.set_unique(index.key(), key.to_owned(), Some(Some(id)));
        Ok(())
    }

    /// Whether a row that this batch has touched had it before.
    fn had(&self, id: Uuid, index: &'static Index, key: &str) -> bool {
        let before = self.before.get(&(index.table, id)).and_then(Option::as_ref);
        before.is_some_and(|row| row.unique_keys().iter().any(|(own, had)| own.key() == index.key() && *had == key))
    }

    fn free(&mut self, index: &'static Index, key: String) {
        let before = self.cache.unique(index, &key);
        self.undo.push(Undo::Unique(index.key(), key.clone(), before));
        self.cache.set_unique(index.key(), key.clone(), Some(None));
        let name = (index.key(), key.clone());
        if !self.freed.contains_key(&name) {
            self.freed.insert(name, self.run);
            self.undo.push(Undo::Freed(index.key(), key));
        }
    }
}
