//! Replays the journal from its rows alone and compares everything that is kept beside it.
//!
//! Checked, tenant by tenant (all that are in `tenant`, and all that own a row of the books):
//! - The journal: the sequence has no gap; each entry sums to zero and its digest is the stored one; its
//!   postings repeat its kind and dates; no posting stands without its entry; the batches follow each other and
//!   chain their entries; the head points at the end of it all.
//! - Balances: each account's running balance is what its transactions say; the balances in the books are the
//!   sums of their postings, in the same currency.
//! - Holds: what is captured is what the entries took, status and closing time fit it; the reserved amounts are
//!   the sums of the open holds.
//! - The event log: it has no gap, tells of every entry once, and its payloads can be read.
//! - What the event log tells of: the status and credit limit of accounts, the amount and status of holds. An
//!   account has a row per component, and a closed one is empty.
//!
//! This is also the order: the first difference is that of the first tenant, in its journal, its chain, its
//! balances, and so on.
//!
//! Not checked: the times of batches, holds and events (a closing time only for being there), the texts of
//! holds, payloads beyond what they say of credit limits and holds, the roles of the tenant's own accounts, and
//! everything outside the books: customers, products, the accounts' own rows, idempotency keys and audit records.

mod beside;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, RuntimeErr, SqlxError, Statement, Value};
use uuid::Uuid;

use super::entry::{Entry, ExternalReference, Posting, chain};
use super::journal;
use super::post::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, HoldId, LedgerAccountId, TenantId};
use beside::{Told, ToldHold};

/// Entries read at a time.
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
    /// Events.
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
     UNION SELECT tenant_id FROM ledger_account UNION SELECT tenant_id FROM entry UNION SELECT tenant_id FROM posting \
     UNION SELECT tenant_id FROM batch UNION SELECT tenant_id FROM hold UNION SELECT tenant_id FROM event \
     ORDER BY tenant_id";

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

/// A posting, with what its row repeats so that one index tells of it.
struct Line {
    posting: Posting,
    number: i32,
    kind: String,
    value_date: NaiveDate,
    booked_at: Micros,
    /// Amount and balance afterwards stand together or not at all.
    whole_total: bool,
}

impl Line {
    fn read(row: &QueryResult) -> Result<Self, LedgerFault> {
        let amount: Option<i64> = row.try_get("", "account_amount_minor")?;
        let balance_after: Option<i64> = row.try_get("", "account_balance_after_minor")?;
        Ok(Self {
            whole_total: amount.is_some() == balance_after.is_some(),
            posting: journal::posting(row)?,
            number: row.try_get("", "line")?,
            kind: row.try_get("", "kind")?,
            value_date: row.try_get("", "value_date")?,
            booked_at: row.try_get("", "booked_at_us")?,
        })
    }

    fn belongs(&self, entry: &Entry, number: i32) -> bool {
        let own = (self.number, self.kind.as_str(), self.value_date, self.booked_at);
        self.whole_total && own == (number, entry.kind.word(), entry.value_date, entry.booked_at)
    }
}

/// Whether the key is that of the reference, and date, poster and code do not stand without one.
fn is_external_whole(entry: &Entry, row: &QueryResult) -> Result<bool, LedgerFault> {
    let key: Option<String> = row.try_get("", "external_key")?;
    let date: Option<NaiveDate> = row.try_get("", "external_date")?;
    let (poster, code): (Option<String>, Option<String>) =
        (row.try_get("", "external_poster")?, row.try_get("", "external_code")?);
    let stray = date.is_some() || poster.is_some() || code.is_some();
    Ok(key == entry.external.as_ref().map(ExternalReference::key) && (entry.external.is_some() || !stray))
}

/// What entries took from a hold.
#[derive(Default)]
struct Captures {
    /// By account: what was taken from it.
    taken: BTreeMap<AccountId, i128>,
    /// The first of the entries.
    first: i64,
}

struct Replay<'a, C> {
    db: &'a C,
    tenant: TenantId,
    /// What is being read, to be named when it cannot be.
    reading: (Option<AccountId>, Option<i64>),
    balances: BTreeMap<LedgerAccountId, i128>,
    owners: BTreeMap<LedgerAccountId, (Option<AccountId>, &'static str)>,
    accounts: BTreeMap<AccountId, i128>,
    batches: BTreeMap<i64, Vec<[u8; 32]>>,
    captures: BTreeMap<HoldId, Captures>,
    told: BTreeMap<AccountId, Told>,
    told_holds: BTreeMap<HoldId, ToldHold>,
    last: i64,
    postings: u64,
}

impl<'a, C: ConnectionTrait> Replay<'a, C> {
    fn new(db: &'a C, tenant: TenantId) -> Self {
        Self {
            db,
            tenant,
            reading: (None, None),
            balances: BTreeMap::new(),
            owners: BTreeMap::new(),
            accounts: BTreeMap::new(),
            batches: BTreeMap::new(),
            captures: BTreeMap::new(),
            told: BTreeMap::new(),
            told_holds: BTreeMap::new(),
            last: 0,
            postings: 0,
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

    async fn replay(&mut self) -> Result<i64, VerifyError> {
        while self.window().await? {}
        self.orphans().await?;
        self.chain().await?;
        self.books().await?;
        self.holds().await?;
        let events = self.events().await?;
        self.positions().await?;
        self.holds_as_told().await?;
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

    async fn window(&mut self) -> Result<bool, VerifyError> {
        let range = [self.last, self.last + WINDOW];
        let entries = self.rows(
            "SELECT * FROM entry WHERE tenant_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence",
            &range,
        );
        let entries = entries.await?;
        let lines = self.rows(
            "SELECT * FROM posting WHERE tenant_id = $1 AND entry_sequence > $2 AND entry_sequence <= $3 \
             ORDER BY entry_sequence, line",
            &range,
        );
        let mut postings: BTreeMap<i64, Vec<QueryResult>> = BTreeMap::new();
        for row in lines.await? {
            postings.entry(row.try_get("", "entry_sequence")?).or_default().push(row);
        }
        for row in &entries {
            self.reading = (None, Some(row.try_get("", "sequence")?));
            let mut entry = journal::entry(row)?;
            let lines = postings.remove(&entry.sequence).unwrap_or_default();
            let lines: Vec<Line> = lines.iter().map(Line::read).collect::<Result<_, _>>()?;
            let whole = lines.iter().zip(1..).all(|(line, number)| line.belongs(&entry, number));
            entry.postings = lines.into_iter().map(|line| line.posting).collect();
            self.entry(&entry, row, whole)?;
        }
        self.reading = (None, None);
        if let Some(sequence) = postings.keys().next() {
            return Err(self.differs(None, Some(*sequence), "postings without an entry: the entry is missing"));
        }
        Ok(!entries.is_empty())
    }

    fn entry(&mut self, entry: &Entry, row: &QueryResult, whole: bool) -> Result<(), VerifyError> {
        let sequence = Some(entry.sequence);
        if entry.sequence != self.last + 1 {
            return Err(self.differs(None, Some(self.last + 1), "the entry is missing"));
        }
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for posting in &entry.postings {
            *sums.entry(posting.currency.code()).or_default() += i128::from(posting.amount.0);
            *self.balances.entry(posting.ledger_account).or_default() += i128::from(posting.amount.0);
            let named = (posting.account, posting.currency.code());
            let owner = self.owners.entry(posting.ledger_account).or_insert(named).0;
            if owner != posting.account {
                return Err(self.differs(
                    posting.account,
                    sequence,
                    "a posting names another account than its row in the books",
                ));
            }
            if let Some(account) = posting.account {
                *self.accounts.entry(account).or_default() += i128::from(posting.amount.0);
            }
        }
        for posting in &entry.postings {
            if let (Some(account), Some(total)) = (posting.account, posting.total)
                && self.accounts.get(&account) != Some(&i128::from(total.balance_after.0))
            {
                return Err(self.differs(
                    Some(account),
                    sequence,
                    "the balance after the entry is not the sum of the postings so far",
                ));
            }
        }
        let account = entry.postings.iter().find_map(|posting| posting.account);
        if entry.postings.is_empty() || sums.values().any(|sum| *sum != 0) {
            return Err(self.differs(account, sequence, "the postings do not sum to zero: one was removed or changed"));
        }
        let digest = entry.digest();
        let stored: Vec<u8> = row.try_get("", "hash")?;
        if stored != digest {
            return Err(self.differs(
                account,
                sequence,
                "the entry is not the one that was written: its digest differs",
            ));
        }
        if !whole {
            return Err(self.differs(
                account,
                sequence,
                "the row of a posting differs from its entry in kind, dates, place or total",
            ));
        }
        if !is_external_whole(entry, row)? {
            return Err(self.differs(
                account,
                sequence,
                "the external reference is not whole, or its key is not its own",
            ));
        }
        if let Some(hold) = entry.hold {
            let captures =
                self.captures.entry(hold).or_insert_with(|| Captures { first: entry.sequence, ..Default::default() });
            for posting in &entry.postings {
                if let Some(account) = posting.account {
                    *captures.taken.entry(account).or_default() -= i128::from(posting.amount.0);
                }
            }
        }
        self.batches.entry(row.try_get("", "batch_number")?).or_default().push(digest);
        self.last = entry.sequence;
        self.postings += entry.postings.len() as u64;
        Ok(())
    }

    /// Entries or postings beyond the last entry of the unbroken sequence.
    async fn orphans(&self) -> Result<(), VerifyError> {
        for (sql, what) in [
            (
                "SELECT MIN(sequence) AS first FROM entry WHERE tenant_id = $1 AND sequence > $2",
                "the entry before it is missing",
            ),
            (
                "SELECT MIN(entry_sequence) AS first FROM posting WHERE tenant_id = $1 AND entry_sequence > $2",
                "postings without an entry: the entry is missing",
            ),
        ] {
            let rows = self.rows(sql, &[self.last]).await?;
            let first: Option<i64> = rows.first().map(|row| row.try_get("", "first")).transpose()?.flatten();
            if first.is_some() {
                return Err(self.differs(None, first, what));
            }
        }
        Ok(())
    }

    async fn chain(&mut self) -> Result<(), VerifyError> {
        let mut previous = vec![0; 32];
        let mut number = 0;
        let mut sequence = 0;
        for row in self.rows("SELECT * FROM batch WHERE tenant_id = $1 ORDER BY number", &[]).await? {
            number += 1;
            self.reading = (None, Some(sequence + 1));
            let stored: i64 = row.try_get("", "number")?;
            let (first, last): (i64, i64) = (row.try_get("", "first_sequence")?, row.try_get("", "last_sequence")?);
            let (before, hash): (Vec<u8>, Vec<u8>) = (row.try_get("", "previous_hash")?, row.try_get("", "hash")?);
            let digests = self.batches.remove(&number).unwrap_or_default();
            let complete = stored == number
                && first == sequence + 1
                && last - sequence == i64::try_from(digests.len()).unwrap_or(-1);
            if !complete || before != previous || chain(&previous, digests.into_iter()).as_slice() != hash {
                return Err(self.differs(None, Some(first), format!("the chain is broken at batch {stored}")));
            }
            sequence = last;
            previous = hash;
        }
        if let Some((batch, _)) = self.batches.first_key_value() {
            return Err(self.differs(None, Some(sequence + 1), format!("batch {batch} is missing from the chain")));
        }
        self.reading = (None, None);
        let head = self.head().await?;
        let (last, batch): (i64, i64) = (head.try_get("", "entry_sequence")?, head.try_get("", "batch_number")?);
        let hash: Vec<u8> = head.try_get("", "chain_hash")?;
        if last != self.last {
            return Err(self.differs(None, Some(self.last + 1), "the entry is missing at the end of the journal"));
        }
        if (batch, hash) != (number, previous) {
            return Err(self.differs(None, Some(self.last), "the head does not point at the end of the chain"));
        }
        Ok(())
    }

    async fn head(&self) -> Result<QueryResult, VerifyError> {
        let mut rows = self.rows("SELECT * FROM ledger_head WHERE tenant_id = $1", &[]).await?;
        rows.pop().ok_or_else(|| self.differs(None, None, "the ledger head is missing"))
    }

    async fn books(&mut self) -> Result<(), VerifyError> {
        let sql = "SELECT id, account_id, currency, balance_minor FROM ledger_account WHERE tenant_id = $1 ORDER BY account_id, id";
        for row in self.rows(sql, &[]).await? {
            let id = LedgerAccountId(row.try_get("", "id")?);
            let account: Option<Uuid> = row.try_get("", "account_id")?;
            let account = account.map(AccountId);
            self.reading = (account, None);
            let stored: i64 = row.try_get("", "balance_minor")?;
            let sum = self.balances.remove(&id).unwrap_or(0);
            let currency: String = row.try_get("", "currency")?;
            let named = self.owners.get(&id).copied().unwrap_or((account, &currency));
            if named.0 != account {
                let what = format!("ledger account {id} belongs to another account than its postings say");
                return Err(self.differs(account, None, what));
            }
            if named.1 != currency {
                let what = format!("ledger account {id} is kept in {currency}, its postings are in {}", named.1);
                return Err(self.differs(account, None, what));
            }
            if i128::from(stored) != sum {
                let what = format!("ledger account {id} has a balance of {stored}, its postings sum to {sum}");
                return Err(self.differs(account, None, what));
            }
        }
        self.reading = (None, None);
        match self.balances.first_key_value() {
            None => Ok(()),
            Some((id, _)) => Err(self.differs(None, None, format!("postings on {id}, which is not in the chart"))),
        }
    }
}
