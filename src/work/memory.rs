//! A tenant in memory: commands are decided as a worker decides them, and nothing is written. For tests of rules, for
//! models, and to measure deciding.
//!
//! What is decided is kept in a store of all rows. [`Memory::new`] keeps them in the work's cache as well, so that every
//! row is there when it is asked for. [`Memory::from_nothing`] forgets the cache before each run, and loads one thing that
//! was missed at a time: the outcome must be the same, however often a command is decided.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use super::cache::{IndexKey, KeyOf, Remembered, SetKey, Slot, Wants};
use super::command::{AnyCommand, Command, Done, Failure, Idempotency, Mode};
use super::decide::{Answered, Job, Run};
use super::head::Head;
use super::house::House;
use super::row::{AnyRow, Row, Table};
use super::unit::{Ended, Record, Unknown, Work};
use crate::ledger::Entry;
use crate::ledger::event::NewEvent;
use crate::primitives::clock::Micros;
use crate::primitives::ids::RowId;
use crate::primitives::{Clock, EntryId, IdSource, Origin, TenantId};
use crate::refused::Refused;

/// So often a run is decided from nothing; more would mean that it looks at something else each time.
const PASSES: usize = 100_000;

/// An event as the log would have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place in the log. Entries are events as well: their places are left out here.
    pub sequence: i64,
    /// The command that told it.
    pub command: i64,
    /// When it was told.
    pub at: Micros,
    /// What it tells.
    pub event: NewEvent,
}

/// A tenant in memory.
#[derive(Debug)]
pub struct Memory {
    pub(super) work: Work,
    store: Store,
    clock: Clock,
    ids: IdSource,
    from_nothing: bool,
    entries: Vec<Arc<Entry>>,
    events: Vec<Logged>,
    pub(super) records: Vec<Record>,
    /// How often something was decided.
    passes: usize,
}

/// All rows, and what they are found by.
#[derive(Debug, Default)]
struct Store {
    rows: HashMap<(Table, Uuid), Arc<dyn AnyRow>>,
    uniques: HashMap<(IndexKey, String), Uuid>,
    sets: HashMap<SetKey, BTreeSet<Uuid>>,
    keys: HashMap<KeyOf, Remembered>,
    entries: HashMap<EntryId, Arc<Entry>>,
    externals: HashMap<String, EntryId>,
}

impl Store {
    /// Takes a row off everything that it is found by.
    fn take_off(&mut self, place: (Table, Uuid)) {
        let Some(row) = self.rows.remove(&place) else { return };
        for (index, key) in row.unique_keys() {
            self.uniques.remove(&(index.key(), key.to_owned()));
        }
        for (name, owner) in row.owners() {
            if let Some(set) = self.sets.get_mut(&(place.0, name, owner)) {
                set.remove(&place.1);
            }
        }
    }

    fn put(&mut self, place: (Table, Uuid), row: &Arc<dyn AnyRow>) {
        for (index, key) in row.unique_keys() {
            self.uniques.insert((index.key(), key.to_owned()), place.1);
        }
        for (name, owner) in row.owners() {
            self.sets.entry((place.0, name, owner)).or_default().insert(place.1);
        }
        self.rows.insert(place, row.clone());
    }

    fn set(&self, key: &SetKey) -> Vec<Uuid> {
        self.sets.get(key).into_iter().flatten().copied().collect()
    }
}

impl Memory {
    /// An empty tenant.
    #[must_use]
    pub fn new(tenant: TenantId, clock: Clock) -> Self {
        let mut work = Work::new(tenant);
        work.unknown = Unknown::Absent;
        work.head = Head::of_nothing();
        let ids = IdSource::seeded(clock.clone(), 1);
        Self {
            work,
            store: Store::default(),
            clock,
            ids,
            from_nothing: false,
            entries: Vec::new(),
            events: Vec::new(),
            records: Vec::new(),
            passes: 0,
        }
    }

    /// An empty tenant whose commands are each decided from nothing, one thing loaded at a time.
    #[must_use]
    pub fn from_nothing(tenant: TenantId, clock: Clock) -> Self {
        let mut memory = Self::new(tenant, clock);
        memory.work.unknown = Unknown::LookedUp;
        memory.from_nothing = true;
        memory
    }

    /// The same tenant, under the rules of a house.
    #[must_use]
    pub fn under(mut self, house: &'static dyn House) -> Self {
        self.work.house = Some(house);
        self
    }

    /// Runs a command whose type is forgotten; gives what it is remembered by.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// As [`Memory::run`].
    pub fn run_any(&mut self, origin: &Origin, command: Box<dyn AnyCommand>) -> Result<String, Refused> {
        let job = Job::new(&self.ids, origin, None, command);
        let answer = self.submit(runs(vec![job], Mode::EachAlone)).into_iter().flatten().next();
        match answer.expect("an answer per command") {
            Ok((outcome, _)) => Ok(outcome.result),
            Err(Failure::Refused(refused, _)) => Err(*refused),
            Err(Failure::Fault(fault)) => panic!("{fault}"),
        }
    }

    /// What the audit trail has so far: client, operation, and the code where it was refused.
    #[must_use]
    pub fn audited(&self) -> Vec<(String, &'static str, Option<&'static str>)> {
        let code = |ended: &Ended| match ended {
            Ended::Refused(code) => Some(code.word()),
            _ => None,
        };
        let of = |record: &Record| (record.origin.client.to_string(), record.operation, code(&record.ended));
        self.records.iter().map(of).collect()
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// When the command panics or finds a row that cannot be.
    pub fn run<C: Command + Clone>(
        &mut self,
        origin: &Origin,
        key: Option<Idempotency>,
        command: &C,
    ) -> Result<Done<Arc<C::Made>>, Refused> {
        let mut answers = self.run_all(origin, vec![(key, command.clone())], Mode::EachAlone);
        answers.pop().expect("an answer per command")
    }

    /// Runs commands of one kind; an answer per item, in their order.
    ///
    /// # Errors
    /// In the answers: the refusals.
    ///
    /// # Panics
    /// As [`Memory::run`].
    pub fn run_all<C: Command>(
        &mut self,
        origin: &Origin,
        items: Vec<(Option<Idempotency>, C)>,
        mode: Mode,
    ) -> Vec<Result<Done<Arc<C::Made>>, Refused>> {
        let jobs = items.into_iter().map(|(key, command)| self.job(origin, key, command));
        let jobs: Vec<Job> = jobs.collect();
        let answers = self.submit(runs(jobs, mode)).into_iter().flatten();
        answers.map(of_type::<C>).collect()
    }

    /// A row as it stands.
    #[must_use]
    pub fn get<R: Row>(&self, id: R::Id) -> Option<Arc<R>> {
        self.store.rows.get(&(R::TABLE, id.uuid())).and_then(|row| row.clone().any().downcast().ok())
    }

    /// All rows of a table, by their ids.
    #[must_use]
    pub fn rows<R: Row>(&self) -> Vec<Arc<R>> {
        let rows = self.store.rows.iter().filter(|((table, _), _)| *table == R::TABLE);
        let mut rows: Vec<Arc<R>> = rows.filter_map(|(_, row)| row.clone().any().downcast().ok()).collect();
        rows.sort_by_key(|row| row.id());
        rows
    }

    /// Entries so far, in the order of the journal.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Events so far, but for those that are entries.
    #[must_use]
    pub fn events(&self) -> &[Logged] {
        &self.events
    }

    /// The end of the journal.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.work.head
    }

    /// The tenant's business date: its own, or the clock's.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        let head = &self.work.head;
        head.day_at(head.booking_time(self.clock.micros())).date
    }

    /// Gives the tenant a business date of its own; with none, it goes with the clock again.
    pub fn set_today(&mut self, date: Option<NaiveDate>) {
        self.work.head.business_date = date;
        self.work.head.day_ends = None;
    }

    /// The clock, to be moved.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How often something was decided.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// Puts a row there that no command has made.
    pub fn place<R: Row>(&mut self, row: R) {
        let (place, row): (_, Arc<dyn AnyRow>) = ((R::TABLE, row.id().uuid()), Arc::new(row));
        self.store.take_off(place);
        self.store.put(place, &row);
        if !self.from_nothing {
            for (name, owner) in row.owners() {
                let key = (place.0, name, owner);
                self.work.cache.set_set(key, Some(self.store.set(&key)));
            }
            self.work.cache.keep(row);
        }
    }

    /// Closes the books through a day, or opens them, as no command can.
    pub fn set_closed_through(&mut self, day: Option<NaiveDate>) {
        self.work.head.closed_through = day;
    }

    pub(super) fn job(&self, origin: &Origin, key: Option<Idempotency>, command: impl AnyCommand + 'static) -> Job {
        Job::new(&self.ids, origin, key, Box::new(command))
    }

    /// Decides runs as one batch, which is cut as a worker would cut it.
    pub(super) fn submit(&mut self, mut runs: Vec<Run>) -> Vec<Vec<Answered>> {
        let mut answers = Vec::with_capacity(runs.len());
        while !runs.is_empty() {
            let decided = if self.from_nothing { self.decide_from_nothing(&runs[0]) } else { self.decide(&runs) };
            assert!(!decided.is_empty(), "a batch is never cut before its first run");
            runs.drain(..decided.len());
            answers.extend(decided);
            self.commit();
        }
        answers
    }

    fn decide(&mut self, runs: &[Run]) -> Vec<Vec<Answered>> {
        self.work.begin(self.clock.micros());
        self.passes += 1;
        let pass = self.work.pass(runs.iter().enumerate());
        assert!(pass.missing.is_empty(), "everything is there");
        pass.answers
    }

    fn decide_from_nothing(&mut self, run: &Run) -> Vec<Vec<Answered>> {
        self.work.forget();
        for _ in 0..PASSES {
            self.work.start_over();
            self.work.begin(self.clock.micros());
            self.passes += 1;
            let pass = self.work.pass(std::iter::once((0, run)));
            if pass.missing.is_empty() {
                return pass.answers;
            }
            let missed = std::mem::take(&mut self.work.missed);
            self.work.start_over();
            self.load_one(&missed);
        }
        panic!("it looks at something else each time");
    }

    /// One thing of what was missed.
    fn load_one(&mut self, missed: &Wants) {
        let (cache, store) = (&mut self.work.cache, &self.store);
        let row = missed.rows.iter().find_map(|(table, (_, ids))| ids.first().map(|id| (*table, *id)));
        let unique = missed.uniques.iter().find_map(|(index, (_, keys))| keys.first().map(|key| (*index, key.clone())));
        let set = missed.sets.iter().find_map(|((table, name), set)| set.owners.first().map(|id| (*table, *name, *id)));
        if let Some((table, id)) = row {
            match store.rows.get(&(table, id)) {
                Some(row) => cache.keep(row.clone()),
                None => cache.set_row(table, id, Some(None as Slot)),
            }
        } else if let Some(name) = unique {
            let found = store.uniques.get(&name).copied();
            cache.know_unique(name, found);
        } else if let Some(key) = set {
            cache.set_set(key, Some(store.set(&key)));
        } else if let Some(key) = missed.keys.first() {
            cache.keys.put(key.clone(), store.keys.get(key).cloned());
        } else if let Some(id) = missed.entries.first() {
            cache.entries.put(*id, store.entries.get(id).cloned());
        } else if let Some(key) = missed.externals.first() {
            cache.externals.put(key.clone(), store.externals.get(key).copied());
        }
    }

    /// What was decided counts as durable from now on.
    fn commit(&mut self) {
        let hashes: Vec<[u8; 32]> = self.work.entries.iter().map(|entry| entry.digest()).collect();
        let head = self.work.head_after(&hashes);
        let sets = self.keep_rows();
        for told in self.work.told.drain(..) {
            let (sequence, command, event) = (told.sequence, told.command, told.event);
            self.events.push(Logged { sequence, command, at: self.work.now, event });
        }
        let first = self.work.head.command_sequence + 1;
        for (sequence, record) in (first..).zip(&mut self.work.records) {
            if let (Some(key), Ended::Done(result)) = (&record.key, &record.ended) {
                let customer = record.origin.customer.map(|id| id.0);
                let (request_hash, result) = (key.request_hash.to_vec(), result.clone());
                let remembered = Remembered { request_hash, result, sequence };
                self.store.keys.insert((record.origin.client.clone(), customer, key.key.clone()), remembered);
            }
        }
        self.records.append(&mut self.work.records);
        let entries = std::mem::take(&mut self.work.entries);
        self.work.committed(head, &entries);
        for entry in &entries {
            self.store.externals.extend(entry.external.as_ref().map(|external| (external.key(), entry.id)));
            self.store.entries.insert(entry.id, entry.clone());
            if !self.from_nothing {
                self.work.cache.entries.put(entry.id, Some(entry.clone()));
            }
        }
        self.entries.extend(entries);
        if !self.from_nothing {
            for key in sets {
                self.work.cache.set_set(key, Some(self.store.set(&key)));
            }
        }
    }

    /// Takes what the batch left over into the store; gives the sets that have changed.
    fn keep_rows(&mut self) -> Vec<SetKey> {
        let mut sets = Vec::new();
        let touched: Vec<((Table, Uuid), Slot)> = std::mem::take(&mut self.work.before).into_iter().collect();
        let mut now = Vec::with_capacity(touched.len());
        for ((table, id), before) in touched {
            let row = self.work.cache.row(table, id).cloned().flatten();
            for row in before.iter().chain(&row) {
                sets.extend(row.owners().into_iter().map(|(name, owner)| (table, name, owner)));
            }
            self.store.take_off((table, id));
            now.extend(row.map(|row| ((table, id), row)));
        }
        for (place, row) in now {
            self.store.put(place, &row);
        }
        sets
    }
}

/// Jobs as a caller's mode hangs them together.
pub(super) fn runs(jobs: Vec<Job>, mode: Mode) -> Vec<Run> {
    match mode {
        Mode::AllOrNothing => vec![Run { jobs, atomic: true }],
        Mode::EachAlone | Mode::Sequential => {
            jobs.into_iter().map(|job| Run { jobs: vec![job], atomic: false }).collect()
        }
    }
}

fn of_type<C: Command>(answer: Answered) -> Result<Done<Arc<C::Made>>, Refused> {
    match answer {
        Ok((outcome, receipt)) => {
            let value = outcome.made.downcast::<C::Made>().expect("what the command makes");
            Ok(Done { value, receipt })
        }
        Err(Failure::Refused(refused, _)) => Err(*refused),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}
