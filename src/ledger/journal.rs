//! Reading the books: positions, holds, entries. Rows become the ledger's own types here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use super::chart::Component;
pub use super::chart_rows::{ChartRow, chart_rows, component_rows, internal_rows, party_rows};
use super::entry::{AccountTotal, Entry, ExternalReference, Posting, TransactionKind};
use super::facts::Seal;
use super::fault::LedgerFault;
use super::hold::{Hold, HoldStatus};
use super::position::Position;
pub use super::query::Page;
use super::query::Query;
use super::rows::known_currency;
pub use super::transactions::{EntrySpan, Transaction, TransactionFilter, TransactionsOf, transactions_of};
use crate::database::{Kind, Listed, listed};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CardId, Clock, Currency, EntryId, HoldId, LedgerAccountId, Minor, TenantId};
use crate::work::row::{Column, Row as _};
use crate::work::{load, present, read};

/// Binds per statement when a list of ids goes to SQLite.
const LIST: usize = 10_000;

/// The columns of an entry, but the tenant.
pub(crate) const ENTRY: [Column; 24] = [
    column("sequence", Kind::BigInt, false),
    column("id", Kind::Uuid, false),
    column("event_sequence", Kind::BigInt, false),
    column("command_sequence", Kind::BigInt, false),
    column("batch_number", Kind::BigInt, false),
    column("kind", Kind::Text, false),
    column("value_date", Kind::Date, false),
    column("business_date", Kind::Date, false),
    column("transaction_date", Kind::Date, true),
    column("booked_at_us", Kind::BigInt, false),
    column("description", Kind::Text, false),
    column("external_reference", Kind::Text, true),
    column("external_date", Kind::Date, true),
    column("external_poster", Kind::Text, true),
    column("external_code", Kind::Text, true),
    column("external_key", Kind::Text, true),
    column("reverses_id", Kind::Uuid, true),
    column("hold_id", Kind::Uuid, true),
    column("facts", Kind::Text, true),
    column("personal", Kind::Text, true),
    column("personal_salt", Kind::Bytes, true),
    column("personal_hash", Kind::Bytes, true),
    column("metadata", Kind::Text, false),
    column("hash", Kind::Bytes, false),
];

/// The columns of a posting, but the tenant.
pub(crate) const POSTING: [Column; 14] = [
    column("entry_sequence", Kind::BigInt, false),
    column("line", Kind::Int, false),
    column("account_id", Kind::Uuid, true),
    column("component", Kind::Text, true),
    column("internal_id", Kind::Uuid, true),
    column("amount_minor", Kind::BigInt, false),
    column("currency", Kind::Text, false),
    column("kind", Kind::Text, false),
    column("value_date", Kind::Date, false),
    column("booked_at_us", Kind::BigInt, false),
    column("authorised_on", Kind::Date, false),
    column("account_amount_minor", Kind::BigInt, true),
    column("account_balance_after_minor", Kind::BigInt, true),
    column("message", Kind::Text, true),
];

const fn column(name: &'static str, kind: Kind, nullable: bool) -> Column {
    Column { name, kind, nullable }
}

/// The currency of a row.
pub(super) fn currency(row: &QueryResult) -> Result<Currency, LedgerFault> {
    let code: String = row.try_get("", "currency")?;
    code.parse().map_err(|_| LedgerFault::Inconsistent("currency"))
}

pub(super) fn word<T>(row: &QueryResult, column: &'static str, read: fn(&str) -> Option<T>) -> Result<T, LedgerFault> {
    let word: String = row.try_get("", column)?;
    read(&word).ok_or(LedgerFault::Inconsistent(column))
}

/// An account in the books as it is shown: with the business date that decides what of it is available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As it was read.
    pub position: Position,
    /// The tenant's business date.
    pub today: NaiveDate,
}

impl Standing {
    /// See [`Position::available`].
    #[must_use]
    pub fn available(&self) -> Minor {
        self.position.available(self.today)
    }

    /// See [`Position::pending`].
    #[must_use]
    pub fn pending(&self) -> Minor {
        self.position.pending(self.today)
    }
}

/// Reads accounts as they stand, without locks.
///
/// # Errors
/// [`LedgerFault`].
pub async fn positions(
    db: &impl ConnectionTrait,
    clock: &Clock,
    tenant: TenantId,
    accounts: BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Standing>, LedgerFault> {
    let mut positions = BTreeMap::new();
    let ids: Vec<Value> = accounts.into_iter().map(|account| account.0.into()).collect();
    let columns = format!("found.*, {}", present::COLUMNS);
    let mut of_head = None;
    for ids in ids.chunks(LIST) {
        let by = ("account_id", Kind::Uuid);
        for row in &list(db, tenant, (&columns, "account_position"), by, ids.to_vec(), "").await? {
            let position = Position::of_result(row)?;
            let today = match (present::today(clock, row)?, of_head) {
                (Some(today), _) | (None, Some(today)) => today,
                (None, None) => *of_head.insert(present::of(db, clock, tenant).await?.today),
            };
            positions.insert(position.account, Standing { position, today });
        }
    }
    Ok(positions)
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
    page: Page<i64>,
) -> Result<Vec<Hold>, LedgerFault> {
    let mut query = read::select::<Hold>(tenant);
    query.and("account_id = ", account.0.into());
    if let Some(status) = status {
        query.and("status = ", status.word().into());
    }
    read::page(db, query, true, page).await
}

/// Which holds to list.
#[derive(Clone, Debug, Default)]
pub struct HoldFilter {
    /// Only in this state.
    pub status: Option<HoldStatus>,
    /// Only of this card.
    pub card: Option<CardId>,
    /// Only on these accounts; on all when absent.
    pub accounts: Option<Vec<AccountId>>,
}

/// Holds of the tenant, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn holds(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &HoldFilter,
    page: Page<i64>,
) -> Result<Vec<Hold>, LedgerFault> {
    let mut query = read::select::<Hold>(tenant);
    if let Some(card) = filter.card {
        query.and("card_id = ", card.0.into());
    }
    match filter.status {
        // As the index over the open ones has it.
        Some(HoldStatus::Open) => query.and_raw("status = 'OPEN'"),
        Some(status) => query.and("status = ", status.word().into()),
        None => {}
    }
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    read::page(db, query, true, page).await
}

/// The tenants that have holds whose time has run out.
///
/// # Errors
/// [`LedgerFault`].
pub async fn tenants_with_lapsed_holds(db: &impl ConnectionTrait, now: Micros) -> Result<Vec<TenantId>, LedgerFault> {
    // One look at each tenant's index, which is empty as a rule.
    let sql = "SELECT tenant_id AS id FROM ledger_head AS head WHERE EXISTS (SELECT 1 FROM hold \
               WHERE hold.tenant_id = head.tenant_id AND hold.status = 'OPEN' AND hold.expires_at_us IS NOT NULL \
               AND hold.expires_at_us <= $1 + head.clock_ahead_us)";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(TenantId(row.try_get("", "id")?))).collect()
}

/// A tenant's holds whose time has run out, the longest ago first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lapsed_holds(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Micros,
    limit: u64,
) -> Result<Vec<HoldId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM hold WHERE tenant_id = ", tenant);
    query.and_raw("status = 'OPEN' AND expires_at_us IS NOT NULL");
    query.and("expires_at_us <= ", now.into());
    query.end(&format!(" ORDER BY expires_at_us LIMIT {limit}"));
    query.all(db).await?.iter().map(|row| Ok(HoldId(row.try_get("", "id")?))).collect()
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
            let (sequence, _, posting) = posting(&row)?;
            postings.entry(sequence).or_default().push(posting);
        }
    }
    for entry in &mut entries {
        entry.postings = postings.remove(&entry.sequence).unwrap_or_default();
    }
    Ok(entries.into_iter().map(Arc::new).collect())
}

fn entry(row: &QueryResult) -> Result<Entry, LedgerFault> {
    entry_of(read::values(row, &ENTRY, "")?)
}

/// An entry of the values of its columns, without its lines.
pub(crate) fn entry_of(values: Vec<Value>) -> Result<Entry, LedgerFault> {
    let [
        sequence,
        id,
        event,
        command,
        _batch,
        kind,
        value_date,
        business_date,
        transaction_date,
        booked_at,
        description,
        reference,
        external_date,
        poster,
        code,
        _key,
        reverses,
        hold,
        facts,
        personal,
        salt,
        sealed,
        metadata,
        _hash,
    ] = load::array(values)?;
    let day = |value, what| load::date(value).ok_or(LedgerFault::Inconsistent(what));
    let external = load::text(reference).map(|reference| ExternalReference {
        reference,
        date: load::date(external_date),
        poster: load::text(poster),
        code: load::text(code),
    });
    let kind = load::text(kind).as_deref().and_then(TransactionKind::from_word);
    let salt: Option<[u8; 16]> = load::bytes(salt).ok().and_then(|salt| salt.try_into().ok());
    let seal = load::bytes(sealed).ok().and_then(|hash| hash.try_into().ok()).map(|hash| Seal { salt, hash });
    Ok(Entry {
        sequence: load::number(sequence)?,
        id: EntryId(load::uuid(id).ok_or(LedgerFault::Inconsistent("id of an entry"))?),
        event_sequence: load::number(event)?,
        command: load::number(command)?,
        kind: kind.ok_or(LedgerFault::Inconsistent("kind of an entry"))?,
        value_date: day(value_date, "value date")?,
        business_date: day(business_date, "business date")?,
        transaction_date: load::date(transaction_date),
        booked_at: load::number(booked_at)?,
        description: load::text(description).ok_or(LedgerFault::Inconsistent("description"))?,
        external,
        reverses: load::uuid(reverses).map(EntryId),
        hold: load::uuid(hold).map(HoldId),
        facts: load::text(facts),
        personal: load::text(personal),
        seal,
        metadata: load::text(metadata).ok_or(LedgerFault::Inconsistent("metadata"))?,
        postings: Vec::new(),
    })
}

fn posting(row: &QueryResult) -> Result<(i64, i32, Posting), LedgerFault> {
    posting_of(read::values(row, &POSTING, "")?)
}

/// A line of the values of its columns, with its entry's sequence and its own number.
pub(crate) fn posting_of(values: Vec<Value>) -> Result<(i64, i32, Posting), LedgerFault> {
    let [
        sequence,
        line,
        account,
        component,
        internal,
        amount,
        currency,
        _kind,
        _value_date,
        _booked_at,
        _authorised_on,
        net,
        balance,
        message,
    ] = load::array(values)?;
    let account = load::uuid(account).map(AccountId);
    let component = load::text(component).as_deref().and_then(Component::from_word);
    let ledger_account = match (account, component, load::uuid(internal)) {
        (Some(account), Some(component), None) => LedgerAccountId::of_component(account, component.index()),
        (None, None, Some(internal)) => LedgerAccountId(internal),
        _ => return Err(LedgerFault::Inconsistent("whose a line is")),
    };
    let total = load::number(net).ok().zip(load::number(balance).ok());
    let posting = Posting {
        ledger_account,
        account,
        amount: Minor(load::number(amount)?),
        currency: known_currency(&load::text(currency).unwrap_or_default())?,
        total: total.map(|(amount, balance)| AccountTotal { amount: Minor(amount), balance_after: Minor(balance) }),
        message: load::text(message),
    };
    let line = match line {
        Value::Int(Some(line)) => line,
        _ => return Err(LedgerFault::Inconsistent("number of a line")),
    };
    Ok((load::number(sequence)?, line, posting))
}

/// The accounts that are to be closed, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn closing_accounts(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<AccountId>, LedgerFault> {
    let mut query = Query::new("SELECT account_id FROM account_position WHERE tenant_id = ", tenant);
    query.and_raw("status = 'PENDING_CLOSE'");
    query.page("account_id", false, after.map(|account| account.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(AccountId(row.try_get("", "account_id")?))).collect()
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
