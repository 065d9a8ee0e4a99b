//! The posting path: lock, decide, write, in one transaction. With its shorter form ([`super::optimistic`]) the only
//! writer of the books.
//!
//! # Shape
//! [`Session::open`] locks the tenant's head and reads the accounts that a batch touches ([`super::load`]),
//! [`Session::finish`] decides every order in memory ([`super::decide`]) and writes what came of it
//! ([`super::write`]): on PostgreSQL a batch is one statement to read and one to write, between BEGIN and COMMIT.
//! `finish` takes the session by value: a transaction appends once.
//!
//! # Locks, and why SERIALIZABLE is not needed
//! 1. Rows of the domain (a customer, later a contract), by the use case, before the session is opened.
//! 2. The tenant's head. From here on to the commit the tenant has one writer, which makes the sequence
//!    gap-free in commit order, and makes what is read now (balances, limits, holds, keys, external references,
//!    reversals) current: every transaction that could have changed it has committed.
//!
//! Everybody takes the two in this order, so there is no cycle to deadlock on. Locks on the accounts themselves
//! would add nothing: who writes to one holds the head. On PostgreSQL, READ COMMITTED gives each statement what
//! had been committed when it began; [`super::load`] says how the one that takes the lock makes sure of it. On
//! SQLite a writer begins IMMEDIATE and is alone. So the decision is taken on a state that nobody else can change
//! before it is written, which is what SERIALIZABLE would give, without its retries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, Value};

use super::books::{Books, Changes, Loaded};
use super::decide::Decider;
use super::entry::Entry;
use super::hold::Hold;
use super::journal;
use super::order::{Action, Order, Outcome, Submission};
use super::position::Position;
use super::refusal::Refusal;
use super::standing::{Left, Standing};
use super::write::Draft;
use super::{load, write};
use crate::database::Kind;
use crate::primitives::{AccountId, Clock, EntryId, HoldId, IdSource, TenantId};

/// A failure that is nobody's decision: the database, or a row that no program of ours has written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    /// The database's.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// A row that cannot be read as what it should be.
    #[error("inconsistent row: {0}")]
    Inconsistent(&'static str),
    /// The committer has stopped.
    #[error("the server is shutting down")]
    Stopped,
    /// The committer's queue is full.
    #[error("too much is waiting to be committed")]
    Overloaded,
}

/// Where time and ids come from.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The present.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
}

/// The locked books of one tenant, inside a transaction.
#[derive(Debug)]
pub struct Session<'t> {
    tx: &'t DatabaseTransaction,
    surroundings: &'t Surroundings,
    tenant: TenantId,
    found: load::Found,
    /// Whether the session was opened with its orders known, so that all that most orders need has been read.
    prepared: bool,
}

/// A batch that is decided and not written.
#[derive(Debug)]
pub(super) struct Decided {
    pub books: Books,
    pub changes: Changes,
    pub outcomes: Vec<Vec<Outcome>>,
    /// The tenant's own business date.
    date: Option<NaiveDate>,
    /// Whether the books know all internal accounts.
    internals: bool,
}

/// What a finished session did.
#[derive(Debug)]
pub struct Finished {
    /// An answer per order, per submission.
    pub outcomes: Vec<Vec<Outcome>>,
    /// The tenant's last event: what subscribers are woken for after the commit.
    pub event_sequence: i64,
    /// What was booked.
    pub entries: Vec<Arc<Entry>>,
    /// The books as they stand once it is committed.
    pub(super) left: Left,
}

impl<'t> Session<'t> {
    /// Locks the books and reads accounts. Those that do not exist in the tenant are left out.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn open(
        tx: &'t DatabaseTransaction,
        surroundings: &'t Surroundings,
        tenant: TenantId,
        accounts: BTreeSet<AccountId>,
    ) -> Result<Self, LedgerFault> {
        let wanted = load::Wanted { accounts, ..load::Wanted::default() };
        let found = load::lock(tx, &surroundings.clock, tenant, &wanted, &mut Standing::default()).await?;
        Ok(Self { tx, surroundings, tenant, found, prepared: false })
    }

    /// Locks the books and reads what these submissions are decided on and the worker does not know, in one statement.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub(super) async fn open_for(
        tx: &'t DatabaseTransaction,
        surroundings: &'t Surroundings,
        tenant: TenantId,
        submissions: &[Submission],
        standing: &mut Standing,
    ) -> Result<Self, LedgerFault> {
        let wanted = load::Wanted::by(submissions.iter().flat_map(|submission| &submission.orders));
        let found = load::lock(tx, &surroundings.clock, tenant, &wanted, standing).await?;
        Ok(Self { tx, surroundings, tenant, found, prepared: true })
    }

    /// A locked account, as it stands.
    #[must_use]
    pub fn position(&self, account: AccountId) -> Option<&Position> {
        self.found.positions.get(&account)
    }

    /// Decides the submissions in order and writes the result. All accounts that they touch have been read when
    /// the session was opened; one that has not counts as absent. The caller commits, and then wakes the feed.
    ///
    /// # Errors
    /// [`LedgerFault`]: the transaction must then be dropped.
    pub async fn finish(self, submissions: &[Submission]) -> Result<Finished, LedgerFault> {
        let orders: Vec<&Order> = submissions.iter().flat_map(|submission| &submission.orders).collect();
        let holds = orders.iter().filter_map(|order| order.action.hold()).collect::<BTreeSet<HoldId>>();
        let holds = journal::holds(self.tx, self.tenant, holds).await?;
        let externals = self.externals(&orders).await?;
        let reversed = self.reversed(&orders).await?;
        let mut found = self.found;
        let wanted = load::Wanted::by(orders.iter().copied());
        if !self.prepared {
            found.keys = load::keys(self.tx, self.tenant, &wanted).await?;
            if wanted.internals {
                found.internals = load::internals(self.tx, self.tenant).await?;
            }
        }
        let decided = decide(self.surroundings, found, (holds, externals, reversed), &wanted, submissions);
        let (draft, finished) = decided.draft(self.tx.get_database_backend(), self.tenant, &self.surroundings.ids);
        draft.write(self.tx).await?;
        Ok(finished)
    }

    async fn externals(&self, orders: &[&Order]) -> Result<BTreeSet<String>, LedgerFault> {
        let keys = orders.iter().filter_map(|order| match &order.action {
            Action::Post(draft) => draft.external.as_ref().map(|external| external.key()),
            _ => None,
        });
        let keys = keys.collect::<BTreeSet<String>>().into_iter().map(Value::from).collect();
        let what = ("external_key", "entry");
        let rows = journal::list(self.tx, self.tenant, what, ("external_key", Kind::Text), keys, "").await?;
        rows.iter().map(|row| Ok(row.try_get("", "external_key")?)).collect()
    }

    async fn reversed(&self, orders: &[&Order]) -> Result<BTreeMap<EntryId, EntryId>, LedgerFault> {
        let ids = orders.iter().filter_map(|order| match &order.action {
            Action::Reverse { original, .. } => Some(original.id),
            _ => None,
        });
        let ids = ids.collect::<BTreeSet<EntryId>>().into_iter().map(|id| id.0.into()).collect();
        let what = ("id, reverses_id", "entry");
        let rows = journal::list(self.tx, self.tenant, what, ("reverses_id", Kind::Uuid), ids, "").await?;
        rows.iter().map(|row| Ok((EntryId(row.try_get("", "reverses_id")?), EntryId(row.try_get("", "id")?)))).collect()
    }
}

/// What only few orders look at: holds, external references that are taken, entries that are reversed.
pub(super) type Rarely = (BTreeMap<HoldId, Hold>, BTreeSet<String>, BTreeMap<EntryId, EntryId>);

/// Decides submissions on what was found. Pure but for new ids and the present.
pub(super) fn decide(
    surroundings: &Surroundings,
    found: load::Found,
    (holds, externals, reversed): Rarely,
    wanted: &load::Wanted<'_>,
    submissions: &[Submission],
) -> Decided {
    let now = surroundings.clock.micros();
    let load::Found { head, date, positions, keys, internals } = found;
    let loaded = Loaded { positions: positions.clone(), internals: internals.clone(), holds: holds.clone() };
    let mut books = Books { now, head, holds, keys, externals, reversed, internals, loaded, positions };
    let mut decider = Decider::new(&mut books, &surroundings.ids);
    let outcomes = submissions.iter().map(|submission| decider.submission(submission)).collect();
    let changes = decider.finish();
    Decided { books, changes, outcomes, date, internals: wanted.internals }
}

impl Decided {
    /// Whether an order with a key was refused.
    pub fn refuses_a_key(&self, submissions: &[Submission]) -> bool {
        let outcomes = submissions.iter().zip(&self.outcomes);
        let mut each = outcomes.flat_map(|(submission, outcomes)| submission.orders.iter().zip(outcomes));
        each.any(|(order, outcome)| order.idempotency.is_some() && outcome.is_err())
    }

    /// What is to be written, and what it will have done.
    pub fn draft(self, backend: DbBackend, tenant: TenantId, ids: &IdSource) -> (Draft, Finished) {
        let draft = write::draft(backend, tenant, &self.books, &self.changes, ids);
        let Books { positions, mut internals, .. } = self.books;
        for internal in internals.values_mut() {
            internal.new = false;
        }
        let left = Left {
            head: draft.head.clone(),
            date: self.date,
            positions: positions.into_values().collect(),
            internals: self.internals.then_some(internals),
        };
        let event_sequence = draft.head.event_sequence;
        let finished = Finished { outcomes: self.outcomes, event_sequence, entries: self.changes.entries, left };
        (draft, finished)
    }
}

/// The channel on which servers that share a PostgreSQL wake each other.
pub const CHANNEL: &str = "konto_events";

/// The answer to the only order of a session that was finished with one.
///
/// # Errors
/// The order's refusal.
pub fn only(mut finished: Finished) -> Outcome {
    finished.outcomes.pop().and_then(|mut outcomes| outcomes.pop()).unwrap_or(Err(Refusal::Unbalanced))
}
