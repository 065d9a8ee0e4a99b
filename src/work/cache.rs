//! What a tenant's worker remembers of its rows, and what it has yet to load.
//!
//! Everybody who changes a tenant moves its head, so what was loaded or kept is current as long as the head has not
//! moved. Presence and absence are both remembered, by id, by what is unique, and as sets of an owner's. Memory is bound
//! in two generations: what was not asked for since the last turn goes with the next one.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::mem::{size_of, size_of_val};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use uuid::Uuid;

use super::row::{AnyRow, Index, Row, Set, Shape, Table};
use crate::ledger::Entry;
use crate::primitives::EntryId;
use crate::primitives::ids::RowId;

/// A row as it is known: there, or known to be absent.
pub(super) type Slot = Option<Arc<dyn AnyRow>>;
/// What names a unique index.
pub(super) type IndexKey = (Table, &'static str);
/// What names a set of an owner's.
pub(super) type SetKey = (Table, &'static str, Uuid);
/// Whose key it is: the client, and the customer that its token was bound to.
pub(super) type KeyOf = (Arc<str>, Option<Uuid>, String);

/// What a key did the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    /// The digest of the request.
    pub request_hash: Vec<u8>,
    /// What it made.
    pub result: String,
    /// Which command did it: its place in the tenant's journal of commands.
    pub sequence: i64,
}

/// A map that forgets what was not asked for since the last turn but one.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash + Clone, V> Generations<K, V> {
    /// What is known; asked for now, it is young again.
    pub fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key)
            && let Some((key, value)) = self.old.remove_entry(key)
        {
            self.young.insert(key, value);
        }
        self.young.get(key)
    }

    /// Whether it is known, without asking for it.
    pub fn knows<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.young.contains_key(key) || self.old.contains_key(key)
    }

    /// Keeps a value; gives what was known before.
    pub fn put(&mut self, key: K, value: V) -> Option<V> {
        let old = self.old.remove(&key);
        self.young.insert(key, value).or(old)
    }

    /// Sets or forgets.
    pub fn set(&mut self, key: K, value: Option<V>) {
        match value {
            Some(value) => _ = self.put(key, value),
            None => _ = (self.young.remove(&key), self.old.remove(&key)),
        }
    }

    /// Everything that is known, in any order.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    pub fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn young(&self) -> usize {
        self.young.len()
    }
}

/// What one row takes beside its own size: its place in the map, its count of references, its texts.
const BESIDE: usize = 240;
/// A unique key, a set of few, or a key that was used.
const NAME: usize = 160;
/// An entry with its postings.
const ENTRY: usize = 1_000;
/// Bytes that a tenant keeps, about: half of it in each generation.
pub(super) const MOST: usize = 48 << 20;
/// The same, once all tenants of the server together keep too much.
pub(super) const LEAST: usize = 2 << 20;
/// Bytes that all tenants of a server together keep, about.
const ALL: usize = 96 << 20;
/// Keys that are remembered as used or free: whoever repeats a request does so soon.
const KEYS: usize = 1 << 14;

/// What is kept by all of a server's workers. Cloning shares the count.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<AtomicUsize>);

/// A worker's part of it, given back when the worker ends.
#[derive(Debug)]
pub(super) struct Share {
    all: Memory,
    own: usize,
}

impl Share {
    pub fn of(all: &Memory) -> Self {
        Self { all: all.clone(), own: 0 }
    }

    /// Counts what is kept now; whether there is room for it. Where there is not, it is for the large ones to make some:
    /// each of them finds out with its next batch.
    pub fn is_now(&mut self, own: usize) -> bool {
        let all = &self.all.0;
        let before = std::mem::replace(&mut self.own, own);
        let sum = if own >= before {
            all.fetch_add(own - before, Ordering::Relaxed) + (own - before)
        } else {
            all.fetch_sub(before - own, Ordering::Relaxed) - (before - own)
        };
        own <= LEAST || sum <= ALL
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.is_now(0);
    }
}

/// What is remembered of one tenant.
#[derive(Debug)]
pub(super) struct Cache {
    rows: [Generations<Uuid, Slot>; Table::COUNT],
    uniques: Generations<(IndexKey, String), Option<Uuid>>,
    sets: Generations<SetKey, Vec<Uuid>>,
    pub keys: Generations<KeyOf, Option<Remembered>>,
    pub entries: Generations<EntryId, Option<Arc<Entry>>>,
    pub externals: Generations<String, Option<EntryId>>,
    sizes: [usize; Table::COUNT],
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            rows: std::array::from_fn(|_| Generations::default()),
            uniques: Generations::default(),
            sets: Generations::default(),
            keys: Generations::default(),
            entries: Generations::default(),
            externals: Generations::default(),
            sizes: [BESIDE; Table::COUNT],
        }
    }
}

impl Cache {
    pub fn row(&mut self, table: Table, id: Uuid) -> Option<&Slot> {
        self.rows[table as usize].get(&id)
    }

    pub fn set_row(&mut self, table: Table, id: Uuid, slot: Option<Slot>) {
        self.rows[table as usize].set(id, slot);
    }

    /// Keeps a row that was loaded, with all that is unique in it.
    pub fn keep(&mut self, row: Arc<dyn AnyRow>) {
        let table = row.shape().table as usize;
        self.sizes[table] = BESIDE + size_of_val(row.any_ref());
        for (index, key) in row.unique_keys() {
            self.uniques.put((index.key(), key.to_owned()), Some(row.key()));
        }
        self.rows[table].put(row.key(), Some(row));
    }

    pub fn unique(&mut self, index: &'static Index, key: &str) -> Option<Option<Uuid>> {
        self.uniques.get(&(index.key(), key.to_owned())).copied()
    }

    pub fn set_unique(&mut self, index: IndexKey, key: String, id: Option<Option<Uuid>>) {
        self.uniques.set((index, key), id);
    }

    /// Keeps what was looked for: whose it is, or that it is free.
    pub fn know_unique(&mut self, name: (IndexKey, String), found: Option<Uuid>) {
        if !self.uniques.knows(&name) {
            self.uniques.put(name, found);
        }
    }

    pub fn set_of(&mut self, key: &SetKey) -> Option<&Vec<Uuid>> {
        self.sets.get(key)
    }

    pub fn set_set(&mut self, key: SetKey, ids: Option<Vec<Uuid>>) {
        self.sets.set(key, ids);
    }

    /// Takes off what is known from what is wanted.
    pub fn drop_known(&self, wants: &mut Wants) {
        for (table, part) in &mut wants.rows {
            let known = &self.rows[*table as usize];
            part.1.retain(|id| !known.knows(id));
        }
        wants.rows.retain(|_, part| !part.1.is_empty());
        for (index, part) in &mut wants.uniques {
            part.1.retain(|key| !self.uniques.knows(&(*index, key.clone())));
        }
        wants.uniques.retain(|_, part| !part.1.is_empty());
        for ((table, name), part) in &mut wants.sets {
            part.owners.retain(|owner| !self.sets.knows(&(*table, *name, *owner)));
        }
        wants.sets.retain(|_, part| !part.owners.is_empty());
        wants.keys.retain(|key| !self.keys.knows(key));
        wants.entries.retain(|id| !self.entries.knows(id));
        wants.externals.retain(|key| !self.externals.knows(key));
    }

    /// Everything that is known, in words: what a refused command leaves must be what it found.
    #[cfg(test)]
    pub fn known(&self) -> BTreeMap<String, String> {
        let tables = self.rows.iter().enumerate();
        let rows = tables.flat_map(|(table, rows)| {
            rows.all().map(move |(id, row)| (format!("row {table} {id}"), format!("{row:?}")))
        });
        let names = self.uniques.all().map(|(name, id)| (format!("unique {name:?}"), format!("{id:?}")));
        let sets = self.sets.all().map(|(key, ids)| (format!("set {key:?}"), format!("{ids:?}")));
        let keys = self.keys.all().map(|(key, used)| (format!("key {key:?}"), format!("{used:?}")));
        let entries = self.entries.all().map(|(id, entry)| (format!("entry {id}"), format!("{entry:?}")));
        let externals = self.externals.all().map(|(key, taken)| (format!("external {key}"), format!("{taken:?}")));
        rows.chain(names).chain(sets).chain(keys).chain(entries).chain(externals).collect()
    }

    /// Bytes, about.
    pub fn weight(&self) -> usize {
        let rows: usize = self.rows.iter().zip(self.sizes).map(|(rows, size)| rows.len() * size).sum();
        let names = self.uniques.len() + self.sets.len() + self.keys.len() + self.externals.len();
        rows + names * NAME + self.entries.len() * (ENTRY + size_of::<Entry>())
    }

    fn young_weight(&self) -> usize {
        let rows: usize = self.rows.iter().zip(self.sizes).map(|(rows, size)| rows.young() * size).sum();
        let names = self.uniques.young() + self.sets.young() + self.keys.young() + self.externals.young();
        rows + names * NAME + self.entries.young() * (ENTRY + size_of::<Entry>())
    }

    /// Lets the older half go once the younger one has half of what may be kept.
    pub fn turn(&mut self, most: usize) {
        if self.keys.young() >= KEYS / 2 {
            self.keys.turn();
        }
        if self.young_weight() < most / 2 {
            return;
        }
        self.rows.iter_mut().for_each(Generations::turn);
        self.uniques.turn();
        self.sets.turn();
        self.entries.turn();
        self.externals.turn();
    }
}

/// What is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    pub(super) rows: BTreeMap<Table, (Shape, BTreeSet<Uuid>)>,
    pub(super) uniques: BTreeMap<IndexKey, (Shape, BTreeSet<String>)>,
    pub(super) sets: BTreeMap<(Table, &'static str), WantedSet>,
    pub(super) keys: BTreeSet<KeyOf>,
    pub(super) entries: BTreeSet<EntryId>,
    pub(super) externals: BTreeSet<String>,
}

/// Sets of owners'.
#[derive(Clone, Debug)]
pub(super) struct WantedSet {
    pub shape: Shape,
    pub owner: &'static str,
    pub condition: &'static str,
    pub bound: usize,
    pub owners: BTreeSet<Uuid>,
    /// Puts rows in the set's order, whatever their type is.
    pub sort: fn(&mut Vec<Arc<dyn AnyRow>>, &'static str),
}

impl Wants {
    /// A row by its id.
    pub fn row<R: Row>(&mut self, id: R::Id) {
        self.rows.entry(R::TABLE).or_insert_with(|| (Shape::of::<R>(), BTreeSet::new())).1.insert(id.uuid());
    }

    /// A row by what is unique in it, and whether there is one. No row has a NUL in it, and PostgreSQL cannot be asked for
    /// one.
    pub fn unique<R: Row>(&mut self, index: &'static Index, key: &str) {
        if key.contains('\0') {
            return;
        }
        let part = self.uniques.entry(index.key()).or_insert_with(|| (Shape::of::<R>(), BTreeSet::new()));
        part.1.insert(key.to_owned());
    }

    /// The same, of a table with this shape.
    pub(super) fn taken(&mut self, index: &'static Index, key: &str, shape: Shape) {
        let part = self.uniques.entry(index.key()).or_insert_with(|| (shape, BTreeSet::new()));
        part.1.insert(key.to_owned());
    }

    /// All rows of a set of an owner's.
    pub fn set<R: Row>(&mut self, set: &'static Set<R>, owner: Uuid) {
        let wanted = self.sets.entry((R::TABLE, set.name)).or_insert_with(|| WantedSet {
            shape: Shape::of::<R>(),
            owner: set.owner,
            condition: set.condition,
            bound: set.bound,
            owners: BTreeSet::new(),
            sort: |rows, name| {
                let Some(set) = R::sets().iter().find(|set| set.name == name) else { return };
                rows.sort_by(|one, other| match (one.any_ref().downcast_ref(), other.any_ref().downcast_ref()) {
                    (Some(one), Some(other)) => (set.order)(one, other),
                    _ => std::cmp::Ordering::Equal,
                });
            },
        });
        wanted.owners.insert(owner);
    }

    /// An entry of the journal.
    pub fn entry(&mut self, id: EntryId) {
        self.entries.insert(id);
    }

    /// Which entry has an external reference.
    pub fn external(&mut self, key: String) {
        if key.contains('\0') {
            return;
        }
        self.externals.insert(key);
    }

    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.uniques.is_empty()
            && self.sets.is_empty()
            && self.keys.is_empty()
            && self.entries.is_empty()
            && self.externals.is_empty()
    }
}
