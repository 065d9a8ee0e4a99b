//! Reading the books: positions, holds, entries, transactions. Rows become the ledger's own types here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use super::chart::{Component, InternalRole};
use super::entry::{AccountTotal, Entry, ExternalReference, Posting, TransactionKind};
use super::hold::{Hold, HoldStatus};
use super::position::{AccountStatus, DebtRule, Position, RepaymentOrder};
use super::post::LedgerFault;
pub use super::query::Page;
use super::query::Query;
use crate::database::{Kind, Listed, listed};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, EntryId, HoldId, LedgerAccountId, Minor, TenantId};

/// Binds per statement when a list of ids goes to SQLite.
const LIST: usize = 10_000;

const POSITION_COLUMNS: &str = "account_id, id, component, currency, balance_minor, status, closed_on, debt_rule, \
     repayment_order, credit_limit_minor, maximum_balance_minor, reserved_minor";

/// The currency of a row.
pub(super) fn currency(row: &QueryResult) -> Result<Currency, LedgerFault> {
    let code: String = row.try_get("", "currency")?;
    code.parse().map_err(|_| LedgerFault::Inconsistent("currency"))
}

fn word<T>(row: &QueryResult, column: &'static str, read: fn(&str) -> Option<T>) -> Result<T, LedgerFault> {
    let word: String = row.try_get("", column)?;
    read(&word).ok_or(LedgerFault::Inconsistent(column))
}

/// Reads accounts as they stand, without locks.
///
/// # Errors
/// [`LedgerFault`].
pub async fn positions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Position>, LedgerFault> {
    let mut positions = BTreeMap::new();
    let ids: Vec<Value> = accounts.into_iter().map(|account| account.0.into()).collect();
    for ids in ids.chunks(LIST) {
        let rows = list(db, tenant, (POSITION_COLUMNS, "ledger_account"), ("account_id", Kind::Uuid), ids.to_vec(), "")
            .await?;
        let mut accounts: BTreeMap<Uuid, Vec<&QueryResult>> = BTreeMap::new();
        for row in &rows {
            accounts.entry(row.try_get("", "account_id")?).or_default().push(row);
        }
        for (account, rows) in accounts {
            positions.insert(AccountId(account), position(AccountId(account), &rows)?);
        }
    }
    Ok(positions)
}

/// An account of its ledger accounts' rows, in any order.
pub(super) fn position(account: AccountId, rows: &[&QueryResult]) -> Result<Position, LedgerFault> {
    if rows.len() != Component::COUNT {
        return Err(LedgerFault::Inconsistent("components of an account"));
    }
    let mut ids = [LedgerAccountId(Uuid::nil()); Component::COUNT];
    let mut balances = [Minor::ZERO; Component::COUNT];
    let mut guard = None;
    for row in rows {
        let component = word(row, "component", Component::from_word)?;
        ids[component.index()] = LedgerAccountId(row.try_get("", "id")?);
        balances[component.index()] = Minor(row.try_get("", "balance_minor")?);
        if component == Component::Principal {
            guard = Some(*row);
        }
    }
    let guard = guard.ok_or(LedgerFault::Inconsistent("no principal"))?;
    let maximum: Option<i64> = guard.try_get("", "maximum_balance_minor")?;
    Ok(Position {
        account,
        currency: currency(guard)?,
        rows: ids,
        balances,
        status: word(guard, "status", AccountStatus::from_word)?,
        closed_on: guard.try_get("", "closed_on")?,
        debt_rule: word(guard, "debt_rule", DebtRule::from_word)?,
        repayment_order: word(guard, "repayment_order", RepaymentOrder::from_text)?,
        credit_limit: Minor(guard.try_get("", "credit_limit_minor")?),
        maximum_balance: maximum.map(Minor),
        reserved: Minor(guard.try_get("", "reserved_minor")?),
    })
}

/// Holds by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn holds(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: BTreeSet<HoldId>,
) -> Result<BTreeMap<HoldId, Hold>, LedgerFault> {
    let ids: Vec<Value> = ids.into_iter().map(|id| id.0.into()).collect();
    let mut holds = BTreeMap::new();
    for ids in ids.chunks(LIST) {
        for row in list(db, tenant, ("found.*", "hold"), ("id", Kind::Uuid), ids.to_vec(), "").await? {
            let hold = hold(&row)?;
            holds.insert(hold.id, hold);
        }
    }
    Ok(holds)
}

fn hold(row: &QueryResult) -> Result<Hold, LedgerFault> {
    Ok(Hold {
        id: HoldId(row.try_get("", "id")?),
        account: AccountId(row.try_get("", "account_id")?),
        currency: currency(row)?,
        amount: Minor(row.try_get("", "amount_minor")?),
        captured: Minor(row.try_get("", "captured_minor")?),
        status: word(row, "status", HoldStatus::from_word)?,
        description: row.try_get("", "description")?,
        reference: row.try_get("", "reference")?,
        placed_at: row.try_get("", "placed_at_us")?,
        expires_at: row.try_get("", "expires_at_us")?,
        closed_at: row.try_get("", "closed_at_us")?,
    })
}

/// The holds of an account, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn holds_of_account(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    status: Option<HoldStatus>,
    page: Page<HoldId>,
) -> Result<Vec<Hold>, LedgerFault> {
    let mut query = Query::new("SELECT * FROM hold WHERE tenant_id = ", tenant);
    query.and("account_id = ", account.0.into());
    if let Some(status) = status {
        query.and("status = ", status.word().into());
    }
    query.page(
        "id",
        true,
        page.after.map(|id| id.0.into()),
        page.before.map(|id| id.0.into()),
        page.backward,
        page.limit,
    );
    query.all(db).await?.iter().map(hold).collect()
}

/// The next moments at which holds lapse, over all tenants: what the sweeper works off.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lapsed_holds(
    db: &impl ConnectionTrait,
    now: Micros,
    limit: u64,
) -> Result<Vec<(TenantId, HoldId, AccountId)>, LedgerFault> {
    let sql = format!(
        "SELECT tenant_id, id, account_id FROM hold WHERE status = 'OPEN' AND expires_at_us IS NOT NULL \
         AND expires_at_us <= $1 ORDER BY expires_at_us LIMIT {limit}"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId(row.try_get("", "tenant_id")?);
            Ok((tenant, HoldId(row.try_get("", "id")?), AccountId(row.try_get("", "account_id")?)))
        })
        .collect()
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// Booked at or after.
    pub booked_from: Option<Micros>,
    /// Booked before.
    pub booked_before: Option<Micros>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// The caller's reference, exactly.
    pub external_reference: Option<String>,
    /// Only entries that touch one of these accounts; `None` is all of them.
    pub accounts: Option<Vec<AccountId>>,
}

/// Entries, newest first, with their postings.
///
/// # Errors
/// [`LedgerFault`].
pub async fn entries(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &EntryFilter,
    page: Page<i64>,
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    let mut query = Query::new("SELECT * FROM entry WHERE tenant_id = ", tenant);
    query.booked(filter.booked_from, filter.booked_before, &filter.kinds);
    if let Some(reference) = &filter.external_reference {
        query.and("external_reference = ", reference.clone().into());
    }
    if let Some(accounts) = &filter.accounts {
        query.and_raw("sequence IN (SELECT entry_sequence FROM posting WHERE tenant_id = $1 AND ");
        query.any("account_id", accounts.iter().map(|id| id.0.into()).collect());
        query.close();
    }
    query.page("sequence", true, page.after.map(Value::from), page.before.map(Value::from), page.backward, page.limit);
    let rows = query.all(db).await?;
    with_postings(db, tenant, &rows).await
}

/// Entries by id; those that are not the tenant's are left out.
///
/// # Errors
/// [`LedgerFault`].
pub async fn entries_by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[EntryId],
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    entries_where(db, tenant, "id", Kind::Uuid, ids.iter().map(|id| id.0.into()).collect()).await
}

/// Entries by sequence.
///
/// # Errors
/// [`LedgerFault`].
pub async fn entries_by_sequence(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    sequences: &[i64],
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    entries_where(db, tenant, "sequence", Kind::BigInt, sequences.iter().copied().map(Value::from).collect()).await
}

/// The entries that reverse these.
///
/// # Errors
/// [`LedgerFault`].
pub async fn reversals_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[EntryId],
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    entries_where(db, tenant, "reverses_id", Kind::Uuid, ids.iter().map(|id| id.0.into()).collect()).await
}

async fn entries_where(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    column: &'static str,
    kind: Kind,
    values: Vec<Value>,
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    let mut entries = Vec::new();
    for values in values.chunks(LIST) {
        let rows = list(db, tenant, ("found.*", "entry"), (column, kind), values.to_vec(), "").await?;
        entries.extend(with_postings(db, tenant, &rows).await?);
    }
    // Asked for the order, SQLite would go through the journal in that order and pick out the few.
    entries.sort_unstable_by_key(|entry| entry.sequence);
    Ok(entries)
}

/// The order of postings, which is that of their key.
pub(super) const BY_LINE: &str = " ORDER BY entry_sequence, line";

async fn with_postings(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rows: &[QueryResult],
) -> Result<Vec<Arc<Entry>>, LedgerFault> {
    let mut entries = rows.iter().map(entry).collect::<Result<Vec<Entry>, LedgerFault>>()?;
    let mut postings: BTreeMap<i64, Vec<Posting>> = BTreeMap::new();
    let sequences: Vec<Value> = entries.iter().map(|entry| entry.sequence.into()).collect();
    for sequences in sequences.chunks(LIST) {
        let by = ("entry_sequence", Kind::BigInt);
        for row in list(db, tenant, ("found.*", "posting"), by, sequences.to_vec(), BY_LINE).await? {
            postings.entry(row.try_get("", "entry_sequence")?).or_default().push(posting(&row)?);
        }
    }
    for entry in &mut entries {
        entry.postings = postings.remove(&entry.sequence).unwrap_or_default();
    }
    Ok(entries.into_iter().map(Arc::new).collect())
}

pub(super) fn entry(row: &QueryResult) -> Result<Entry, LedgerFault> {
    let reference: Option<String> = row.try_get("", "external_reference")?;
    let external = match reference {
        None => None,
        Some(reference) => Some(ExternalReference {
            reference,
            date: row.try_get("", "external_date")?,
            poster: row.try_get("", "external_poster")?,
            code: row.try_get("", "external_code")?,
        }),
    };
    let reverses: Option<Uuid> = row.try_get("", "reverses_id")?;
    let hold: Option<Uuid> = row.try_get("", "hold_id")?;
    Ok(Entry {
        sequence: row.try_get("", "sequence")?,
        id: EntryId(row.try_get("", "id")?),
        kind: word(row, "kind", TransactionKind::from_word)?,
        value_date: row.try_get("", "value_date")?,
        booked_at: row.try_get("", "booked_at_us")?,
        description: row.try_get("", "description")?,
        external,
        idempotency_key: row.try_get("", "idempotency_key")?,
        reverses: reverses.map(EntryId),
        hold: hold.map(HoldId),
        metadata: row.try_get("", "metadata")?,
        postings: Vec::new(),
    })
}

pub(super) fn posting(row: &QueryResult) -> Result<Posting, LedgerFault> {
    let account: Option<Uuid> = row.try_get("", "account_id")?;
    let amount: Option<i64> = row.try_get("", "account_amount_minor")?;
    let balance_after: Option<i64> = row.try_get("", "account_balance_after_minor")?;
    Ok(Posting {
        ledger_account: LedgerAccountId(row.try_get("", "ledger_account_id")?),
        account: account.map(AccountId),
        amount: Minor(row.try_get("", "amount_minor")?),
        currency: currency(row)?,
        total: amount
            .zip(balance_after)
            .map(|(amount, balance_after)| AccountTotal { amount: Minor(amount), balance_after: Minor(balance_after) }),
        message: row.try_get("", "message")?,
    })
}

/// An entry seen from one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Which account.
    pub account: AccountId,
    /// The entry's sequence: the order of the list.
    pub entry_sequence: i64,
    /// What it means.
    pub kind: TransactionKind,
    /// In which currency.
    pub currency: Currency,
    /// The effect on the account, and its balance afterwards.
    pub total: AccountTotal,
    /// When it counts.
    pub value_date: NaiveDate,
    /// When it was booked.
    pub booked_at: Micros,
    /// For people: what this side was told, or else what the entry says.
    pub description: String,
}

/// Which transactions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransactionFilter {
    /// Booked at or after.
    pub booked_from: Option<Micros>,
    /// Booked before.
    pub booked_before: Option<Micros>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
}

const TRANSACTION: &str = "SELECT account_id, entry_sequence, kind, currency, account_amount_minor, \
     account_balance_after_minor, value_date, booked_at_us, COALESCE(message, (SELECT description FROM entry \
     WHERE entry.tenant_id = posting.tenant_id AND entry.sequence = posting.entry_sequence)) AS description \
     FROM posting WHERE tenant_id = ";

/// A page of an account's transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionsOf {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub filter: TransactionFilter,
    /// Cut out how.
    pub page: Page<i64>,
}

/// Pages of accounts' transactions, newest first: one index scan each. PostgreSQL reads pages that differ in
/// their accounts only in one statement; on SQLite, where a statement is a call, they are read side by side.
///
/// # Errors
/// [`LedgerFault`].
pub async fn transactions_of(
    db: &DatabaseConnection,
    tenant: TenantId,
    pages: &[TransactionsOf],
) -> Result<Vec<(TransactionsOf, Vec<Transaction>)>, LedgerFault> {
    if db.get_database_backend() != DbBackend::Postgres || pages.len() == 1 {
        let read = pages.iter().map(async |page| {
            let mut query = Query::new(TRANSACTION, tenant);
            query.and("account_id = ", page.account.0.into());
            cut(&mut query, &page.filter, page.page);
            let rows = query.all(db).await?;
            Ok((page.clone(), rows.iter().map(transaction).collect::<Result<_, LedgerFault>>()?))
        });
        return try_join_all(read).await;
    }
    let mut alike: HashMap<(&TransactionFilter, Page<i64>), Vec<&TransactionsOf>> = HashMap::new();
    for page in pages {
        alike.entry((&page.filter, page.page)).or_default().push(page);
    }
    let read = alike.into_iter().map(async |((filter, page), of)| {
        let mut query = Query::new(TRANSACTION, tenant);
        let accounts = query.bind(Kind::Uuid.array(of.iter().map(|page| page.account.0.into()).collect()));
        query.and_raw("account_id = a.id");
        cut(&mut query, filter, page);
        query.around(&format!("SELECT t.* FROM UNNEST(${accounts}::uuid[]) AS a (id) CROSS JOIN LATERAL ("), ") AS t");
        let mut found: HashMap<AccountId, Vec<Transaction>> = HashMap::new();
        for row in query.all(db).await? {
            let transaction = transaction(&row)?;
            found.entry(transaction.account).or_default().push(transaction);
        }
        for rows in found.values_mut() {
            rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.entry_sequence));
        }
        let page_of = |page: &TransactionsOf| (page.clone(), found.remove(&page.account).unwrap_or_default());
        Ok::<_, LedgerFault>(of.into_iter().map(page_of).collect::<Vec<_>>())
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}

fn cut(query: &mut Query, filter: &TransactionFilter, page: Page<i64>) {
    query.and_raw("account_amount_minor IS NOT NULL");
    query.booked(filter.booked_from, filter.booked_before, &filter.kinds);
    let (after, before) = (page.after.map(Value::from), page.before.map(Value::from));
    query.page("entry_sequence", true, after, before, page.backward, page.limit);
}

fn transaction(row: &QueryResult) -> Result<Transaction, LedgerFault> {
    let amount = Minor(row.try_get("", "account_amount_minor")?);
    let balance_after = Minor(row.try_get("", "account_balance_after_minor")?);
    Ok(Transaction {
        account: AccountId(row.try_get("", "account_id")?),
        entry_sequence: row.try_get("", "entry_sequence")?,
        kind: word(row, "kind", TransactionKind::from_word)?,
        currency: currency(row)?,
        total: AccountTotal { amount, balance_after },
        value_date: row.try_get("", "value_date")?,
        booked_at: row.try_get("", "booked_at_us")?,
        description: row.try_get("", "description")?,
    })
}

/// A row of the chart, for showing: its code, name and owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRow {
    /// Its id.
    pub id: LedgerAccountId,
    /// The customer's account that owns it, and as which component.
    pub of: Result<(AccountId, Component), InternalRole>,
    /// In which currency.
    pub currency: Currency,
    /// Its balance.
    pub balance: i64,
}

/// Rows of the chart by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn chart_rows(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[LedgerAccountId],
) -> Result<Vec<ChartRow>, LedgerFault> {
    let mut found = Vec::new();
    let ids: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    for ids in ids.chunks(LIST) {
        let columns = "id, account_id, component, role, currency, balance_minor";
        for row in list(db, tenant, (columns, "ledger_account"), ("id", Kind::Uuid), ids.to_vec(), "").await? {
            found.push(chart_row(&row)?);
        }
    }
    Ok(found)
}

/// The tenant's own rows of the chart, as far as they were ever used, by role and currency.
///
/// # Errors
/// [`LedgerFault`].
pub async fn internal_rows(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<ChartRow>, LedgerFault> {
    let start =
        "SELECT id, account_id, component, role, currency, balance_minor FROM ledger_account WHERE tenant_id = ";
    let mut query = Query::new(start, tenant);
    query.and_raw("account_id IS NULL");
    let mut rows = query.all(db).await?.iter().map(chart_row).collect::<Result<Vec<_>, _>>()?;
    rows.sort_unstable_by_key(|row| (row.of.err(), row.currency));
    Ok(rows)
}

fn chart_row(row: &QueryResult) -> Result<ChartRow, LedgerFault> {
    let account: Option<Uuid> = row.try_get("", "account_id")?;
    let of = match account {
        Some(account) => Ok((AccountId(account), word(row, "component", Component::from_word)?)),
        None => Err(word(row, "role", InternalRole::from_word)?),
    };
    let id = LedgerAccountId(row.try_get("", "id")?);
    Ok(ChartRow { id, of, currency: currency(row)?, balance: row.try_get("", "balance_minor")? })
}

/// What a client's key did, if it was used.
///
/// # Errors
/// [`LedgerFault`].
pub async fn remembered(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    client: &str,
    key: &str,
) -> Result<Option<(Vec<u8>, String)>, LedgerFault> {
    let sql = "SELECT request_hash, result FROM idempotency_key WHERE tenant_id = $1 AND client = $2 AND key = $3";
    let values: [Value; 3] = [tenant.0.into(), client.into(), key.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    match db.query_one_raw(statement).await? {
        None => Ok(None),
        Some(row) => Ok(Some((row.try_get("", "request_hash")?, row.try_get("", "result")?))),
    }
}

/// The tenant's business date, if it keeps one of its own, and the last closed day.
///
/// # Errors
/// [`LedgerFault`].
pub async fn dates(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<(Option<NaiveDate>, Option<NaiveDate>), LedgerFault> {
    let sql = "SELECT business_date, closed_through FROM ledger_head WHERE tenant_id = $1";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.0.into()]);
    match db.query_one_raw(statement).await? {
        None => Err(LedgerFault::Inconsistent("no ledger head")),
        Some(row) => Ok((row.try_get("", "business_date")?, row.try_get("", "closed_through")?)),
    }
}

/// Columns of the rows (called `found`) of a table that have one of the values in a column.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    (columns, table): (&str, &str),
    (column, kind): (&str, Kind),
    values: Vec<Value>,
    tail: &str,
) -> Result<Vec<QueryResult>, LedgerFault> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let backend = db.get_database_backend();
    let (Listed { from, condition }, values) = listed(backend, (table, "found"), column, 2, kind, values);
    let sql = format!("SELECT {columns} FROM {from} WHERE {condition}{tail}");
    Ok(db.query_all_raw(Statement::from_sql_and_values(backend, sql, [tenant.0.into(), values])).await?)
}
