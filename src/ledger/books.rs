//! The books in memory: everything that a batch is decided on, and everything that it writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::chart::InternalRole;
use super::entry::Entry;
use super::hold::Hold;
use super::order::{NewEvent, Verdict};
use super::position::Position;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, EntryId, HoldId, LedgerAccountId, Origin};

/// The end of the journal, locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The last entry.
    pub entry_sequence: i64,
    /// The last event.
    pub event_sequence: i64,
    /// The last batch.
    pub batch_number: i64,
    /// The last link of the chain.
    pub chain_hash: Vec<u8>,
    /// The tenant's business date.
    pub business_date: NaiveDate,
    /// The last day that the books are closed for.
    pub closed_through: Option<NaiveDate>,
}

/// An internal account, as locked with the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Internal {
    /// Its row.
    pub id: LedgerAccountId,
    /// Its balance.
    pub balance: i64,
    /// Whether the batch has made it.
    pub new: bool,
}

/// What a key did the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The digest of the request.
    pub request_hash: Vec<u8>,
    /// The id that it made.
    pub result: String,
}

/// Everything that a batch is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// The present, the booking time of all that the batch writes.
    pub now: Micros,
    /// The head.
    pub head: Head,
    /// The accounts that the batch touches.
    pub positions: BTreeMap<AccountId, Position>,
    /// The accounts, internal accounts and holds as they were read: what did not change is not written.
    pub loaded: Loaded,
    /// The internal accounts that exist.
    pub internals: BTreeMap<(InternalRole, Currency), Internal>,
    /// The holds that the batch touches.
    pub holds: BTreeMap<HoldId, Hold>,
    /// The keys of the batch that are known.
    pub keys: HashMap<(Arc<str>, String), Remembered>,
    /// The external references of the batch that are taken.
    pub externals: BTreeSet<String>,
    /// The entries of the batch that are reversed, and by what.
    pub reversed: BTreeMap<EntryId, EntryId>,
}

/// What rows were like before the batch.
///
/// A row may not be written as it was, either: a batch that changes nothing does not move the head, and then nobody
/// else may find one of the rows that they go by replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Accounts.
    pub positions: BTreeMap<AccountId, Position>,
    /// Internal accounts.
    pub internals: BTreeMap<(InternalRole, Currency), Internal>,
    /// Holds.
    pub holds: BTreeMap<HoldId, Hold>,
}

/// What the batch writes.
#[derive(Debug, Default)]
pub struct Changes {
    /// Entries, in sequence.
    pub entries: Vec<Arc<Entry>>,
    /// Accounts whose rows changed (all their components are written).
    pub positions: BTreeSet<AccountId>,
    /// Accounts that are new.
    pub opened: BTreeSet<AccountId>,
    /// Internal accounts whose balance changed.
    pub internals: BTreeSet<(InternalRole, Currency)>,
    /// Holds that are new or changed.
    pub holds: BTreeSet<HoldId>,
    /// Events, in order; entries have theirs among them.
    pub events: Vec<LoggedEvent>,
    /// Keys to remember.
    pub keys: Vec<KeyUse>,
    /// Audit records.
    pub audits: Vec<Audit>,
}

/// An event on its way into the log.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The entry, by its sequence, if it is one's.
    pub entry_sequence: Option<i64>,
    /// What it says.
    pub event: NewEvent,
}

/// A key and what it did.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// The client whose key it is.
    pub client: Arc<str>,
    /// The key.
    pub key: String,
    /// The operation.
    pub operation: &'static str,
    /// The digest of the request.
    pub request_hash: [u8; 32],
    /// The id that it made.
    pub result: String,
}

/// Who did what, with what result.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Who, and from which request.
    pub origin: Origin,
    /// What.
    pub operation: &'static str,
    /// Why it was turned away, or what was made or changed.
    pub outcome: Result<String, Verdict>,
}
