//! The posting path: lock, decide, write, in one transaction. The only writer of the books.
//!
//! # Shape
//! [`Session::open`] locks the accounts that a batch touches, [`Session::finish`] locks the tenant's head,
//! decides every order in memory ([`super::decide`]) and writes what came of it with a fixed number of
//! statements ([`super::write`]). `finish` takes the session by value: a transaction appends once.
//!
//! # Locks, and why SERIALIZABLE is not needed
//! 1. Rows of the domain (a customer, later a contract), by the use case, before the session is opened.
//! 2. The ledger accounts of the batch's accounts, in the order of account and component, in one statement.
//!    They carry all that decides a posting (status, limit, rule, reserved, balances), so a decision reads
//!    nothing that another transaction may change. Holds belong to their account and are read after its lock.
//! 3. The tenant's head. From here on to the commit the tenant has one writer, which makes the sequence
//!    gap-free in commit order, and makes what is read now (keys, external references, reversals, internal
//!    balances) current: every transaction that could have changed it has committed.
//!
//! Everybody takes the three in this order and each in sorted order, so there is no cycle to deadlock on. On
//! PostgreSQL, READ COMMITTED re-reads a row that it waited for, and each statement sees what committed
//! before it began: what is read under a lock is the latest there is. On SQLite a writer begins IMMEDIATE and
//! is alone. So the decision is taken on a state that nobody else can change before it is written, which is
//! what SERIALIZABLE would give, without its retries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, QueryResult, Statement, Value};

use super::books::{Books, Head, Internal, Remembered};
use super::decide::Decider;
use super::journal;
use super::order::{Action, Order, Outcome, Submission};
use super::position::Position;
use super::refusal::Refusal;
use super::{bulk, write};
use crate::primitives::{AccountId, Clock, EntryId, HoldId, IdSource, LedgerAccountId, TenantId};

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

/// Locked accounts of one tenant, inside a transaction.
#[derive(Debug)]
pub struct Session<'t> {
    tx: &'t DatabaseTransaction,
    surroundings: &'t Surroundings,
    tenant: TenantId,
    positions: BTreeMap<AccountId, Position>,
}

/// What a finished session did.
#[derive(Debug)]
pub struct Finished {
    /// An answer per order, per submission.
    pub outcomes: Vec<Vec<Outcome>>,
    /// The tenant's last event: what subscribers are woken for after the commit.
    pub event_sequence: i64,
}

impl<'t> Session<'t> {
    /// Locks accounts, in sorted order. Those that do not exist in the tenant are left out.
    ///
    /// # Errors
    /// [`LedgerFault`].
    pub async fn open(
        tx: &'t DatabaseTransaction,
        surroundings: &'t Surroundings,
        tenant: TenantId,
        accounts: BTreeSet<AccountId>,
    ) -> Result<Self, LedgerFault> {
        let positions = journal::lock_positions(tx, tenant, accounts).await?;
        Ok(Self { tx, surroundings, tenant, positions })
    }

    /// A locked account, as it stands.
    #[must_use]
    pub fn position(&self, account: AccountId) -> Option<&Position> {
        self.positions.get(&account)
    }

    /// Decides the submissions in order and writes the result. All accounts that they touch have been locked
    /// by [`Session::open`]; one that has not counts as absent. The caller commits, and then wakes the feed.
    ///
    /// # Errors
    /// [`LedgerFault`]: the transaction must then be dropped.
    pub async fn finish(self, submissions: &[Submission]) -> Result<Finished, LedgerFault> {
        let orders: Vec<&Order> = submissions.iter().flat_map(|submission| &submission.orders).collect();
        let now = self.surroundings.clock.micros();
        let head = self.lock_head().await?;
        let holds = orders.iter().filter_map(|order| order.action.hold()).collect::<BTreeSet<HoldId>>();
        let mut books = Books {
            now,
            head,
            holds: journal::holds(self.tx, self.tenant, holds).await?,
            keys: self.keys(&orders).await?,
            externals: self.externals(&orders).await?,
            reversed: self.reversed(&orders).await?,
            internals: self.internals(&orders).await?,
            loaded: self.positions.clone(),
            positions: self.positions,
        };
        let mut decider = Decider::new(&mut books, &self.surroundings.ids);
        let outcomes = submissions.iter().map(|submission| decider.submission(submission)).collect();
        let changes = decider.finish();
        let event_sequence = write::write(self.tx, self.tenant, &books, changes, &self.surroundings.ids).await?;
        if event_sequence != books.head.event_sequence {
            notify(self.tx, self.tenant, event_sequence).await?;
        }
        Ok(Finished { outcomes, event_sequence })
    }

    async fn lock_head(&self) -> Result<Head, LedgerFault> {
        let lock = lock_clause(self.tx);
        let sql = format!(
            "SELECT entry_sequence, event_sequence, batch_number, chain_hash, business_date, closed_through \
             FROM ledger_head WHERE tenant_id = $1{lock}"
        );
        let row = self.one(sql, [self.tenant.0.into()]).await?.ok_or(LedgerFault::Inconsistent("no ledger head"))?;
        let business_date: Option<chrono::NaiveDate> = row.try_get("", "business_date")?;
        Ok(Head {
            entry_sequence: row.try_get("", "entry_sequence")?,
            event_sequence: row.try_get("", "event_sequence")?,
            batch_number: row.try_get("", "batch_number")?,
            chain_hash: row.try_get("", "chain_hash")?,
            business_date: business_date.unwrap_or_else(|| self.surroundings.clock.today()),
            closed_through: row.try_get("", "closed_through")?,
        })
    }

    async fn keys(&self, orders: &[&Order]) -> Result<HashMap<(std::sync::Arc<str>, String), Remembered>, LedgerFault> {
        let keys: BTreeSet<&str> =
            orders.iter().filter_map(|order| order.idempotency.as_ref()).map(|key| key.key.as_str()).collect();
        let values = keys.into_iter().map(Value::from).collect();
        let sql = "SELECT client, key, request_hash, result FROM idempotency_key WHERE tenant_id = $1";
        let rows = self.matching(sql, "key", bulk::Kind::Text, values).await?;
        rows.iter()
            .map(|row| {
                let client: String = row.try_get("", "client")?;
                let remembered =
                    Remembered { request_hash: row.try_get("", "request_hash")?, result: row.try_get("", "result")? };
                Ok(((client.into(), row.try_get("", "key")?), remembered))
            })
            .collect()
    }

    async fn externals(&self, orders: &[&Order]) -> Result<BTreeSet<String>, LedgerFault> {
        let keys = orders.iter().filter_map(|order| match &order.action {
            Action::Post(draft) => draft.external.as_ref().map(|external| Value::from(external.key())),
            _ => None,
        });
        let sql = "SELECT external_key FROM entry WHERE tenant_id = $1";
        let rows = self.matching(sql, "external_key", bulk::Kind::Text, keys.collect()).await?;
        rows.iter().map(|row| Ok(row.try_get("", "external_key")?)).collect()
    }

    async fn reversed(&self, orders: &[&Order]) -> Result<BTreeMap<EntryId, EntryId>, LedgerFault> {
        let ids = orders.iter().filter_map(|order| match &order.action {
            Action::Reverse { original, .. } => Some(Value::from(original.id.0)),
            _ => None,
        });
        let sql = "SELECT id, reverses_id FROM entry WHERE tenant_id = $1";
        let rows = self.matching(sql, "reverses_id", bulk::Kind::Uuid, ids.collect()).await?;
        rows.iter().map(|row| Ok((EntryId(row.try_get("", "reverses_id")?), EntryId(row.try_get("", "id")?)))).collect()
    }

    async fn internals(
        &self,
        orders: &[&Order],
    ) -> Result<BTreeMap<(super::InternalRole, crate::primitives::Currency), Internal>, LedgerFault> {
        if !orders.iter().any(|order| order.action.touches_internals()) {
            return Ok(BTreeMap::new());
        }
        let sql =
            "SELECT id, role, currency, balance_minor FROM ledger_account WHERE tenant_id = $1 AND account_id IS NULL";
        let rows = self.all(sql.into(), vec![self.tenant.0.into()]).await?;
        rows.iter()
            .map(|row| {
                let role: String = row.try_get("", "role")?;
                let role = super::InternalRole::from_word(&role).ok_or(LedgerFault::Inconsistent("internal role"))?;
                let internal = Internal {
                    id: LedgerAccountId(row.try_get("", "id")?),
                    balance: row.try_get("", "balance_minor")?,
                };
                Ok(((role, journal::currency(row)?), internal))
            })
            .collect()
    }

    async fn matching(
        &self,
        sql: &str,
        column: &str,
        kind: bulk::Kind,
        values: Vec<Value>,
    ) -> Result<Vec<QueryResult>, LedgerFault> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let (condition, mut binds) = bulk::any_of(self.tx.get_database_backend(), column, 2, kind, values);
        binds.insert(0, self.tenant.0.into());
        self.all(format!("{sql} AND {condition}"), binds).await
    }

    async fn one<const N: usize>(&self, sql: String, values: [Value; N]) -> Result<Option<QueryResult>, LedgerFault> {
        Ok(self.tx.query_one_raw(Statement::from_sql_and_values(self.tx.get_database_backend(), sql, values)).await?)
    }

    async fn all(&self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, LedgerFault> {
        Ok(self.tx.query_all_raw(Statement::from_sql_and_values(self.tx.get_database_backend(), sql, values)).await?)
    }
}

/// The channel on which servers that share a PostgreSQL wake each other.
pub const CHANNEL: &str = "konto_events";

/// Sent with the commit, so that nobody is woken for what is not there.
async fn notify(tx: &DatabaseTransaction, tenant: TenantId, event_sequence: i64) -> Result<(), DbErr> {
    if tx.get_database_backend() == sea_orm::DbBackend::Postgres {
        let values: [Value; 2] = [CHANNEL.into(), format!("{} {event_sequence}", tenant.0).into()];
        let sql = "SELECT pg_notify($1, $2)";
        tx.execute_raw(Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}

/// What makes a SELECT take its rows' locks. SQLite's writer holds the whole database already.
pub(super) fn lock_clause(tx: &DatabaseTransaction) -> &'static str {
    match tx.get_database_backend() {
        sea_orm::DbBackend::Postgres => " FOR NO KEY UPDATE",
        _ => "",
    }
}

/// The answer to the only order of a session that was finished with one.
///
/// # Errors
/// The order's refusal.
pub fn only(mut finished: Finished) -> Outcome {
    finished.outcomes.pop().and_then(|mut outcomes| outcomes.pop()).unwrap_or(Err(Refusal::Unbalanced))
}
