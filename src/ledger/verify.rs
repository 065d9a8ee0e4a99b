//! Replays the journal from its rows alone and compares everything that is kept beside it.
//!
//! Checked, tenant by tenant (all that are in `tenant`, and all that own a row of the books):
//! - Commands: the sequence has no gap and ends where the head says; time does not go back; what is noted of a
//!   command fits how it ended.
//! - The journal: the sequence has no gap; each entry sums to zero and its digest is the stored one; its postings
//!   repeat its kind and dates; no posting stands without its entry. What is personal in it is what was sealed, or
//!   all of it is erased. It was booked by a command that did something, when that was decided, behind the entry
//!   before it.
//! - Reversals: each takes back, from each account and each of the tenant's own, no more than is left of an earlier
//!   entry, and is not valued before it; `reversed_entry` is what they took together, line by line.
//! - The chain: the batches follow each other and chain their entries; the head points at the end of it all.
//! - Balances: each account's running balance is what its transactions say; the balances in the books are the sums of
//!   their postings, in the same currency; what is on its way to an account is what entries put there. The id of a
//!   ledger account of the tenant's own is that of its role, currency and party.
//! - Holds: what is captured is what the entries took, status and closing time fit it; the reserved amounts are the
//!   sums of the open holds.
//! - The event log: it has no gap, entries in their places; each event was told by a command that did something, when
//!   that was decided; payloads can be read, and the books' own events name what they are about.
//! - What the event log tells of: the status, currency and credit limit of accounts, the amount, status and times of
//!   holds, the day that the books are closed through, up to which nothing is valued afterwards. A closed account is
//!   empty.
//!
//! This is also the order: the first difference is that of the first tenant, in its commands, its journal (reversals
//! among it), its chain, its balances, and so on.
//!
//! Not checked: who asked for a command, for what, under which key, and with which result; an account's debt rule,
//! repayment order, maximum balance and day of closing (only that there is one); the texts, the place in lists and the
//! expiry of holds; an event's customer, and payloads beyond what they say of credit limits, holds and periods; the
//! head's epoch and business date; and everything outside the books: customers, parties, products, the accounts' own
//! rows.

mod books;
mod commands;
mod entries;
mod holds;
mod log;
mod reversals;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, RuntimeErr, SqlxError, Statement, Value};

use super::fault::LedgerFault;
use super::hold::Hold;
use super::position::Position;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, EntryId, HoldId, LedgerAccountId, TenantId};
use books::Sum;
use entries::{BatchEntries, Logged};
use holds::Captures;
use log::{Told, ToldHold};
use reversals::{PartyRows, TakenBack};

/// Rows read at a time.
const WINDOW: i64 = 1_000;

/// The first thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tenant {tenant}{}{}: {what}", show(" account ", account), show(" sequence ", sequence))]
pub struct Difference {
    /// Whose books.
    pub tenant: TenantId,
    /// Which customer's account, where one is concerned.
    pub account: Option<AccountId>,
    /// Which entry, where one is concerned.
    pub sequence: Option<i64>,
    /// What is wrong.
    pub what: String,
}

fn show(label: &str, value: &Option<impl std::fmt::Display>) -> String {
    value.as_ref().map(|value| format!("{label}{value}")).unwrap_or_default()
}

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Tenants.
    pub tenants: u64,
    /// Entries.
    pub entries: u64,
    /// Postings.
    pub postings: u64,
    /// Events, entries among them.
    pub events: u64,
}

/// A difference, or a database that does not answer.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The books are damaged.
    #[error(transparent)]
    Difference(#[from] Box<Difference>),
    /// They could not be read.
    #[error(transparent)]
    Fault(#[from] LedgerFault),
}

impl From<DbErr> for VerifyError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Whether the database did answer, with a value that is not what its column should hold.
fn is_unreadable(fault: &LedgerFault) -> bool {
    match fault {
        LedgerFault::Inconsistent(_) | LedgerFault::Database(DbErr::Type(_) | DbErr::TryIntoErr { .. }) => true,
        LedgerFault::Database(DbErr::Query(RuntimeErr::SqlxError(error))) => {
            matches!(&**error, SqlxError::ColumnDecode { .. } | SqlxError::Decode(_))
        }
        _ => false,
    }
}

/// Every tenant there is, and every owner of a row of the books.
const TENANTS: &str = "SELECT id AS tenant_id FROM tenant UNION SELECT tenant_id FROM ledger_head \
     UNION SELECT tenant_id FROM command UNION SELECT tenant_id FROM account_position \
     UNION SELECT tenant_id FROM internal_account UNION SELECT tenant_id FROM entry UNION SELECT tenant_id FROM posting \
     UNION SELECT tenant_id FROM reversed_entry UNION SELECT tenant_id FROM batch UNION SELECT tenant_id FROM hold \
     UNION SELECT tenant_id FROM event ORDER BY tenant_id";

/// Verifies every tenant. `db` is a transaction that reads one state (REPEATABLE READ on PostgreSQL), so that
/// a running server does not look like damage.
///
/// # Errors
/// The first [`Difference`], by tenant and sequence.
pub async fn verify(db: &impl ConnectionTrait) -> Result<Checked, VerifyError> {
    let statement = Statement::from_string(db.get_database_backend(), TENANTS);
    let mut checked = Checked::default();
    for row in db.query_all_raw(statement).await? {
        let tenant = TenantId(row.try_get("", "tenant_id")?);
        Replay::new(db, tenant).run(&mut checked).await?;
        checked.tenants += 1;
    }
    Ok(checked)
}

/// What the replay of one tenant's journal has found so far.
struct Replay<'a, C> {
    db: &'a C,
    tenant: TenantId,
    /// What is being read, to be named when it cannot be.
    reading: (Option<AccountId>, Option<i64>),
    /// When each command was decided, if it did something; by sequence, from 1.
    commands: Vec<Option<Micros>>,
    /// The last entry.
    last: i64,
    /// When it was booked.
    last_booked: Micros,
    postings: u64,
    /// The entries' places in the log.
    logged: Vec<Logged>,
    batches: BTreeMap<i64, BatchEntries>,
    /// The sums of the postings by ledger account, and by customer's account.
    balances: BTreeMap<LedgerAccountId, Sum>,
    accounts: BTreeMap<AccountId, i128>,
    /// What entries have put on its way to an account's principal, by the day on which it counts.
    arriving: BTreeMap<AccountId, BTreeMap<NaiveDate, i128>>,
    captures: BTreeMap<HoldId, Captures>,
    reversed: BTreeMap<EntryId, TakenBack>,
    party_rows: PartyRows,
    positions: BTreeMap<AccountId, Position>,
    holds: Vec<Hold>,
    told: BTreeMap<AccountId, Told>,
    told_holds: BTreeMap<HoldId, ToldHold>,
    closed_through: Option<NaiveDate>,
}

impl<'a, C: ConnectionTrait> Replay<'a, C> {
    fn new(db: &'a C, tenant: TenantId) -> Self {
        Self {
            db,
            tenant,
            reading: (None, None),
            commands: Vec::new(),
            last: 0,
            last_booked: Micros::MIN,
            postings: 0,
            logged: Vec::new(),
            batches: BTreeMap::new(),
            balances: BTreeMap::new(),
            accounts: BTreeMap::new(),
            arriving: BTreeMap::new(),
            captures: BTreeMap::new(),
            reversed: BTreeMap::new(),
            party_rows: BTreeMap::new(),
            positions: BTreeMap::new(),
            holds: Vec::new(),
            told: BTreeMap::new(),
            told_holds: BTreeMap::new(),
            closed_through: None,
        }
    }

    async fn run(mut self, checked: &mut Checked) -> Result<(), VerifyError> {
        let events = match self.replay().await {
            Err(VerifyError::Fault(fault)) if is_unreadable(&fault) => {
                let (account, sequence) = self.reading;
                return Err(self.differs(account, sequence, format!("a value cannot be read ({fault})")));
            }
            other => other?,
        };
        checked.entries += u64::try_from(self.last).unwrap_or(0);
        checked.postings += self.postings;
        checked.events += u64::try_from(events).unwrap_or(0);
        Ok(())
    }

    /// Gives the last event.
    async fn replay(&mut self) -> Result<i64, VerifyError> {
        self.commands().await?;
        self.party_rows().await?;
        while self.window().await? {}
        self.orphans().await?;
        self.reversed().await?;
        self.chain().await?;
        self.positions().await?;
        self.internal_accounts().await?;
        self.holds().await?;
        let events = self.events().await?;
        self.positions_as_told()?;
        self.holds_as_told()?;
        self.periods_as_told().await?;
        Ok(events)
    }

    fn differs(&self, account: Option<AccountId>, sequence: Option<i64>, what: impl Into<String>) -> VerifyError {
        Box::new(Difference { tenant: self.tenant, account, sequence, what: what.into() }).into()
    }

    async fn rows(&self, sql: &str, more: &[i64]) -> Result<Vec<QueryResult>, VerifyError> {
        let mut values: Vec<Value> = vec![self.tenant.0.into()];
        values.extend(more.iter().copied().map(Value::from));
        Ok(self.db.query_all_raw(Statement::from_sql_and_values(self.db.get_database_backend(), sql, values)).await?)
    }

    /// The smallest number of a column, of rows that a gap-free sequence from 1 to `last` has no place for.
    async fn stray(&self, table: &str, column: &str, last: i64) -> Result<Option<i64>, VerifyError> {
        let sql = format!(
            "SELECT MIN({column}) AS stray FROM {table} WHERE tenant_id = $1 AND ({column} < 1 OR {column} > $2)"
        );
        let rows = self.rows(&sql, &[last]).await?;
        Ok(rows.first().map(|row| row.try_get("", "stray")).transpose()?.flatten())
    }

    async fn head(&self) -> Result<QueryResult, VerifyError> {
        let mut rows = self.rows("SELECT * FROM ledger_head WHERE tenant_id = $1", &[]).await?;
        rows.pop().ok_or_else(|| self.differs(None, None, "the ledger head is missing"))
    }

    /// What is wrong with something that a command booked or told, at a time of its own.
    fn is_of_command(&self, command: i64, at: Micros) -> Result<(), String> {
        let place = command.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.commands.get(place)) {
            None => Err(format!("command {command} does not exist")),
            Some(None) => Err(format!("command {command} did nothing")),
            Some(Some(decided)) if *decided != at => Err(format!("command {command} was decided at another time")),
            Some(Some(_)) => Ok(()),
        }
    }
}
