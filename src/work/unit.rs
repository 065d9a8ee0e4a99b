//! The unit of work: what a command sees of the tenant, and what it does to it.
//!
//! Commands of a batch are decided one after the other, each on what its forerunners left. Rows, books, keys and events
//! are under one undo log: a refused command leaves its neighbours as they were, and takes back what it assumed as well.
//! What is not known is noted as missed; then whatever the command returned is discarded, and it is decided again once
//! everything that the batch has missed is loaded.

mod aside;
mod put;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::cache::{Cache, IndexKey, KeyOf, Remembered, SetKey, Slot, Wants};
use super::command::{Decision, Idempotency, Missing, Stop, Verdict};
use super::head::{Day, Head};
use super::house::House;
use super::row::{AnyRow, Index, Row, Set, Table};
use super::settings::Settings;
use super::sweep::Sweep;
use super::undo::Undo;
use crate::ledger::event::NewEvent;
use crate::ledger::{Entry, ExternalReference, audit};
use crate::primitives::clock::Micros;
use crate::primitives::ids::{CommandIds, RowId};
use crate::primitives::{AuditId, EntryId, Origin, TenantId};
use crate::refused::{RefusalCode, Refused};

/// A command of a batch, as its audit record tells of it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub origin: Origin,
    pub operation: &'static str,
    pub ended: Ended,
    /// The key that it is remembered under.
    pub key: Option<Idempotency>,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// It was done: what it made.
    Done(String),
    /// It had been done before.
    Replayed(String),
    Refused(RefusalCode),
    Denied,
}

/// An event on its way into the log.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub sequence: i64,
    pub command: i64,
    pub event: NewEvent,
}

/// Who is being decided.
#[derive(Debug)]
struct Current {
    origin: Origin,
    key: Option<Idempotency>,
    sequence: i64,
    ids: CommandIds,
    secret: [u8; 16],
    ordinals: i64,
    /// Whether a second person has said yes to it.
    approved: bool,
    /// The day that is booked on, where that is not the present one.
    day: Option<NaiveDate>,
}

/// What is looked up when it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// New numbers and keys are taken as free, and the database's constraint speaks.
    Assumed,
    /// Everything.
    LookedUp,
    /// Nothing: what is not known does not exist. Of a work in memory.
    Absent,
}

/// A batch of a tenant under decision.
#[derive(Debug)]
pub struct Work {
    pub(super) tenant: TenantId,
    pub(super) cache: Cache,
    pub(super) head: Head,
    /// How the head stood before the batch, where a command has changed what hardly any does.
    pub(super) head_before: Option<Head>,
    pub(super) now: Micros,
    /// The servers' clock.
    clock: Micros,
    pub(super) day: Day,
    pub(super) unknown: Unknown,
    pub(super) undo: Vec<Undo>,
    /// What rows were like before the batch, of those that it has touched.
    pub(super) before: BTreeMap<(Table, Uuid), Slot>,
    /// Rows that the batch has touched and that are, or were, in a set of an owner's.
    pub(super) touched_sets: HashMap<SetKey, BTreeSet<Uuid>>,
    /// What was freed of what is unique, and by which run.
    pub(super) freed: HashMap<(IndexKey, String), usize>,
    /// The run under decision: what is decided together, all or none.
    run: usize,
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) told: Vec<Told>,
    pub(super) records: Vec<Record>,
    /// What is to be done to rows that nobody looks at.
    pub(super) sweeps: Vec<Sweep>,
    pub(super) missed: Wants,
    missed_any: bool,
    /// A number that was freed in this batch is wanted: the batch ends before the command that wants it.
    pub(super) cut: bool,
    /// A number was refused as taken that is free once the run is written.
    pub(super) too_early: bool,
    /// What stands above single commands, such as who has to be asked.
    pub(crate) house: Option<&'static dyn House>,
    current: Current,
}

/// The place of a row in lists: behind the command that made it, so that lists are in the order of commits.
const ORDINALS_PER_COMMAND: i64 = 1 << 16;

/// The number of the command that made a row, by the row's place in lists.
#[must_use]
pub fn command_of(ordinal: i64) -> i64 {
    ordinal / ORDINALS_PER_COMMAND
}

impl Work {
    /// On what is known of a tenant.
    pub(super) fn new(tenant: TenantId) -> Self {
        let origin = Origin::system(tenant);
        Self {
            tenant,
            cache: Cache::default(),
            head: Head::default(),
            head_before: None,
            now: 0,
            clock: 0,
            day: Day { date: NaiveDate::MIN, ends: 0 },
            unknown: Unknown::LookedUp,
            undo: Vec::new(),
            before: BTreeMap::new(),
            touched_sets: HashMap::new(),
            freed: HashMap::new(),
            run: 0,
            entries: Vec::new(),
            told: Vec::new(),
            records: Vec::new(),
            sweeps: Vec::new(),
            missed: Wants::default(),
            missed_any: false,
            cut: false,
            too_early: false,
            house: None,
            current: Current {
                origin,
                key: None,
                sequence: 0,
                ids: CommandIds::new(Uuid::nil()),
                secret: [0; 16],
                ordinals: 0,
                approved: false,
                day: None,
            },
        }
    }

    // ------------------------------------------------------------------------------------------ for commands

    /// Who asks.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.current.origin
    }

    /// In which tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The booking time: the same for the whole batch, and never before what was booked last.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// The tenant's business date; in a step of a day that has ended, that day.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.current.day.unwrap_or(self.day.date)
    }

    /// Books on a day that has ended, as its steps do, until the command is decided.
    pub fn turn_back_to(&mut self, day: NaiveDate) {
        self.current.day = Some(day);
    }

    /// The servers' clock, which a sandbox tenant's is ahead of.
    pub(crate) fn clock(&self) -> Micros {
        self.clock
    }

    /// What the tenant has decided about itself.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.head.settings.clone()
    }

    /// The last day that the books are closed for.
    #[must_use]
    pub fn closed_through(&self) -> Option<NaiveDate> {
        self.head.closed_through
    }

    /// A new id: the same each time the command is decided.
    pub fn id<I: RowId>(&mut self) -> I {
        I::of(self.current.ids.make())
    }

    /// The place of a new row in lists: the same each time, as long as the command's place in the journal is.
    pub fn ordinal(&mut self) -> i64 {
        self.current.ordinals += 1;
        self.current.sequence * ORDINALS_PER_COMMAND + self.current.ordinals - 1
    }

    /// The number of the command under decision: what it books and tells refers to it.
    #[must_use]
    pub fn command(&self) -> i64 {
        self.current.sequence
    }

    /// A row by its id.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn get<R: Row>(&mut self, id: R::Id) -> Decision<Option<Arc<R>>> {
        match self.cache.row(R::TABLE, id.uuid()) {
            Some(Some(row)) => typed(row.clone()).map(Some),
            Some(None) => Ok(None),
            None if self.unknown == Unknown::Absent => Ok(None),
            None => self.miss(|wants| wants.row::<R>(id)),
        }
    }

    /// Rows by their ids, in the same order. All that is missing is missed at once.
    ///
    /// # Errors
    /// That one is not loaded yet.
    pub fn get_all<R: Row>(&mut self, ids: &[R::Id]) -> Decision<Vec<Option<Arc<R>>>> {
        let rows: Vec<Decision<Option<Arc<R>>>> = ids.iter().map(|id| self.get::<R>(*id)).collect();
        rows.into_iter().collect()
    }

    /// A row by what is unique in it.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn find<R: Row>(&mut self, index: &'static Index, key: &str) -> Decision<Option<Arc<R>>> {
        match self.cache.unique(index, key) {
            Some(Some(id)) => self.get::<R>(R::Id::of(id)),
            Some(None) => Ok(None),
            None if self.unknown == Unknown::Absent || key.contains('\0') => Ok(None),
            None => self.miss(|wants| wants.unique::<R>(index, key)),
        }
    }

    /// The rows of a set of an owner's, in the set's order.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn all<R: Row, O: Row>(&mut self, set: &'static Set<R>, owner: O::Id) -> Decision<Vec<Arc<R>>> {
        let key = (R::TABLE, set.name, owner.uuid());
        let known = self.cache.set_of(&key).cloned();
        let is_new = || matches!(self.before.get(&(O::TABLE, owner.uuid())), Some(None));
        let mut ids: BTreeSet<Uuid> = match known {
            Some(ids) => ids.into_iter().collect(),
            None if self.unknown == Unknown::Absent || is_new() => BTreeSet::new(),
            None => return self.miss(|wants| wants.set::<R>(set, owner.uuid())),
        };
        for id in self.touched_sets.get(&key).into_iter().flatten() {
            let row = self.cache.row(R::TABLE, *id).and_then(Option::as_ref);
            let owner_now = row.and_then(|row| row.any_ref().downcast_ref::<R>()).and_then(|row| (set.owner_of)(row));
            match owner_now == Some(owner.uuid()) {
                true => _ = ids.insert(*id),
                false => _ = ids.remove(id),
            }
        }
        let ids: Vec<R::Id> = ids.into_iter().map(R::Id::of).collect();
        let mut rows: Vec<Arc<R>> = self.get_all::<R>(&ids)?.into_iter().flatten().collect();
        rows.sort_by(|one, other| (set.order)(one, other));
        Ok(rows)
    }

    /// Adds a row. Its id is new: one that is not is a defect, which the database tells where nothing is known of the row.
    ///
    /// # Errors
    /// The index's own refusal when something unique in it is taken.
    pub fn insert<R: Row>(&mut self, row: R) -> Decision<Arc<R>> {
        if matches!(self.cache.row(R::TABLE, row.key()), Some(Some(_))) {
            return Err(Stop::damaged("a row that is to be new is there already"));
        }
        let row = Arc::new(row);
        self.put(R::TABLE, row.key(), Some(row.clone()), None)?;
        Ok(row)
    }

    /// Changes a row that is there.
    ///
    /// # Errors
    /// What the change is refused for; the index's own refusal when something unique in it is taken.
    pub fn change<R: Row, E: Into<Stop>>(
        &mut self,
        id: R::Id,
        change: impl FnOnce(&mut R) -> Result<(), E>,
    ) -> Decision<Arc<R>> {
        let before = self.get::<R>(id)?.ok_or_else(|| Stop::damaged("a row to change is not there"))?;
        let mut row = (*before).clone();
        change(&mut row).map_err(Into::into)?;
        let row = Arc::new(row);
        self.put(R::TABLE, id.uuid(), Some(row.clone()), Some(before))?;
        Ok(row)
    }

    /// Takes a row away.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn remove<R: Row>(&mut self, id: R::Id) -> Decision<()> {
        match self.get::<R>(id)? {
            Some(before) => self.put(R::TABLE, id.uuid(), None, Some(before)),
            None => Ok(()),
        }
    }

    /// Does a part that may be refused without the whole being so: what it did is undone then.
    ///
    /// # Errors
    /// That something is not loaded yet.
    pub fn attempt<T>(&mut self, part: impl FnOnce(&mut Self) -> Decision<T>) -> Decision<Result<T, Refused>> {
        let mark = self.mark();
        match part(self) {
            Ok(done) => Ok(Ok(done)),
            Err(Stop::Refused(refused)) => {
                self.roll_back(mark);
                Ok(Err(*refused))
            }
            Err(Stop::Books(refusal)) => {
                self.roll_back(mark);
                Ok(Err(super::command::in_the_words_of(&refusal, &[])))
            }
            Err(stop) => Err(stop),
        }
    }

    /// Has something done with what is decided to rows that no command looks at.
    pub fn sweep(&mut self, sweep: Sweep) {
        self.sweeps.push(sweep);
    }

    /// Appends an event to the log.
    pub fn tell(&mut self, event: NewEvent) {
        let sequence = self.next_event();
        self.told.push(Told { sequence, command: self.current.sequence, event });
    }

    /// An entry of the journal, or one of this batch.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn entry(&mut self, id: EntryId) -> Decision<Option<Arc<Entry>>> {
        match self.cache.entries.get(&id) {
            Some(entry) => Ok(entry.clone()),
            None if self.unknown == Unknown::Absent => Ok(None),
            None => self.miss(|wants| wants.entry(id)),
        }
    }

    // ------------------------------------------------------------------------------------------ for the books

    pub(super) fn next_event(&self) -> i64 {
        self.head.event_sequence + count(self.entries.len()) + count(self.told.len()) + 1
    }

    pub(super) fn next_entry(&self) -> i64 {
        self.head.entry_sequence + count(self.entries.len()) + 1
    }

    /// What the secrets of the command are made of.
    pub(super) fn chance(&self) -> [u8; 16] {
        self.current.secret
    }

    pub(super) fn append(&mut self, entry: Arc<Entry>) {
        let before = self.cache.entries.put(entry.id, Some(entry.clone()));
        self.undo.push(Undo::Entry(entry.id, before));
        self.entries.push(entry);
    }

    /// The entry that has an external reference.
    ///
    /// # Errors
    /// That it is not loaded yet.
    pub fn entry_called(&mut self, external: &ExternalReference) -> Decision<Option<Arc<Entry>>> {
        let key = external.key();
        let found = match self.cache.externals.get(&key) {
            Some(found) => *found,
            None if self.unknown == Unknown::Absent => None,
            None => return self.miss(|wants| wants.external(key)),
        };
        match found {
            Some(id) => self.entry(id),
            None => Ok(None),
        }
    }

    /// Whether an external reference was free, and is now the entry's.
    pub(super) fn take_external(&mut self, key: String, entry: EntryId) -> Decision<bool> {
        match self.cache.externals.get(&key) {
            Some(Some(_)) => return Ok(false),
            Some(None) => {}
            None if self.unknown == Unknown::LookedUp => return self.miss(|wants| wants.external(key)),
            None => {}
        }
        let before = self.cache.externals.put(key.clone(), Some(entry));
        self.undo.push(Undo::External(key, before));
        Ok(true)
    }

    pub(super) fn set_closed_through(&mut self, through: NaiveDate) {
        self.change_head(|head| head.closed_through = Some(through));
    }

    /// Changes what hardly any command changes: the tenant's settings, its days, its clock.
    pub(crate) fn change_head(&mut self, change: impl FnOnce(&mut Head)) {
        self.head_before.get_or_insert_with(|| self.head.clone());
        self.undo.push(Undo::Head(Box::new((self.head.clone(), self.day))));
        change(&mut self.head);
        // Where its days end may be another moment now; which day it is stays until that.
        self.day.ends = self.head.settings.end_of(self.day.date);
    }

    /// The tenant's business date becomes a later one, whatever the clock says.
    pub(crate) fn turn_to_day(&mut self, date: NaiveDate) {
        self.change_head(|_| {});
        self.day = Day { date, ends: self.head.settings.end_of(date) };
    }

    /// The head: the tenant's days and clock.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    // ----------------------------------------------------------------------------------------- for the worker

    /// Begins a batch on the head as it stands.
    pub(super) fn begin(&mut self, clock: Micros) {
        self.clock = clock;
        self.now = self.head.booking_time(clock);
        self.day = self.head.day_at(self.now);
    }

    /// Turns to the next run.
    pub(super) fn next_run(&mut self) {
        self.run += 1;
    }

    /// Turns to a command.
    pub(super) fn turn_to(&mut self, origin: &Origin, key: Option<&Idempotency>, seed: Uuid, secret: [u8; 16]) {
        self.current = Current {
            origin: origin.clone(),
            key: key.cloned(),
            sequence: self.next_record(),
            ids: CommandIds::new(seed),
            secret,
            ordinals: 0,
            approved: false,
            day: None,
        };
        self.missed_any = false;
    }

    /// Whether the command has missed something, even if it has swallowed that.
    pub(super) fn has_missed(&self) -> bool {
        self.missed_any
    }

    /// What the key did before.
    pub(super) fn remembered(&mut self, key: &Idempotency) -> Decision<Option<Remembered>> {
        let of = self.key_of(key);
        match self.cache.keys.get(&of) {
            Some(known) => Ok(known.clone()),
            None if self.unknown == Unknown::LookedUp => self.miss(|wants| _ = wants.keys.insert(of)),
            None => Ok(None),
        }
    }

    /// Whether it is known what the key did; misses it if it is not.
    pub(super) fn looks_key_up(&mut self, key: &Idempotency) -> Decision<()> {
        let of = self.key_of(key);
        if self.unknown == Unknown::Absent || self.cache.keys.knows(&of) {
            return Ok(());
        }
        self.miss(|wants| _ = wants.keys.insert(of))
    }

    pub(super) fn key_of(&self, key: &Idempotency) -> KeyOf {
        let origin = &self.current.origin;
        (origin.client.clone(), origin.customer.map(|customer| customer.0), key.key.clone())
    }

    /// The place in the journal of the record that comes next.
    fn next_record(&self) -> i64 {
        self.head.command_sequence + count(self.records.len()) + 1
    }

    /// The id of the command whose record comes next.
    pub(super) fn next_id(&self) -> AuditId {
        audit::id_of(self.tenant(), self.next_record())
    }

    /// Leaves the command's record, and remembers its key if it was done.
    pub(super) fn record(&mut self, operation: &'static str, ended: Ended) {
        let sequence = self.next_record();
        let key = match &ended {
            Ended::Done(result) => self.current.key.take().inspect(|key| {
                let (request_hash, result) = (key.request_hash.to_vec(), result.clone());
                let remembered = Remembered { request_hash, result, sequence };
                let of = self.key_of(key);
                let before = self.cache.keys.put(of.clone(), Some(remembered));
                self.undo.push(Undo::Key(of, before));
            }),
            _ => None,
        };
        self.records.push(Record { origin: self.current.origin.clone(), operation, ended, key });
    }

    pub(super) fn miss<T>(&mut self, want: impl FnOnce(&mut Wants)) -> Decision<T> {
        want(&mut self.missed);
        self.missed_any = true;
        Err(Stop::Missing(Missing(())))
    }
}

/// What was turned away before it came to a decision, as it ended.
impl From<Verdict> for Ended {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Refused(code) => Self::Refused(code),
            Verdict::Denied => Self::Denied,
        }
    }
}

fn typed<R: Row>(row: Arc<dyn AnyRow>) -> Decision<Arc<R>> {
    row.any().downcast::<R>().map_err(|_| Stop::damaged("a row of another table"))
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
