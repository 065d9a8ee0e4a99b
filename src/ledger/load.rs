//! What a batch is decided on, read in one statement that also takes the tenant's lock.
//!
//! The statement locks the tenant's head and reads accounts and keys beside it. A statement sees what had been
//! committed when it began, and another server may commit while it waits for the lock. So it also reads the head
//! as it stood then: when the locked head is the same, nobody has written to the books in between (every writer
//! moves the head) and everything that was read is current. Otherwise it is read once more, now under the lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use super::books::{Head, Internal, Remembered};
use super::journal;
use super::position::Position;
use super::post::LedgerFault;
use super::{InternalRole, Order};
use crate::database::{Kind, Listed, listed};
use crate::primitives::{AccountId, Clock, Currency, LedgerAccountId, TenantId};

/// Keys that are known, by client and key.
pub(super) type Keys = HashMap<(Arc<str>, String), Remembered>;
/// The tenant's own ledger accounts.
pub(super) type Internals = BTreeMap<(InternalRole, Currency), Internal>;

/// What to read.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Of these accounts, those that exist.
    pub accounts: BTreeSet<AccountId>,
    /// Of these clients' keys, those that were used.
    pub keys: BTreeSet<(&'a str, &'a str)>,
    /// The tenant's own ledger accounts.
    pub internals: bool,
}

impl<'a> Wanted<'a> {
    /// What the orders are decided on, apart from what only few of them look at.
    pub fn by(orders: impl Iterator<Item = &'a Order> + Clone) -> Self {
        let keyed = orders.clone().filter_map(|order| Some((order, order.idempotency.as_ref()?)));
        Self {
            accounts: orders.clone().flat_map(|order| order.action.accounts()).collect(),
            keys: keyed.map(|(order, idempotency)| (&*order.origin.client, idempotency.key.as_str())).collect(),
            internals: orders.clone().any(|order| order.action.touches_internals()),
        }
    }
}

/// What was found, under the lock of the head.
#[derive(Debug)]
pub(super) struct Found {
    pub head: Head,
    pub positions: BTreeMap<AccountId, Position>,
    pub keys: Keys,
    pub internals: Internals,
}

const LOCKED_HEAD: &str = "entry_sequence, event_sequence, batch_number, chain_hash, business_date, closed_through \
     FROM ledger_head WHERE tenant_id = $1";

/// The accounts' rows come first: they give the columns of the union their types.
const ACCOUNTS: &str = "SELECT 'ACCOUNT' AS part, account_id, id, component, role, currency, balance_minor, status, \
     closed_on, debt_rule, repayment_order, credit_limit_minor, maximum_balance_minor, reserved_minor, \
     CAST(NULL AS text) AS client, CAST(NULL AS text) AS key, CAST(NULL AS {bytes}) AS hash, \
     CAST(NULL AS text) AS result, CAST(NULL AS bigint) AS entry_sequence, CAST(NULL AS bigint) AS event_sequence, \
     CAST(NULL AS bigint) AS batch_number, {no_date} AS business_date, {no_date} AS closed_through \
     FROM {accounts} WHERE {wanted}";

const INTERNALS: &str = " UNION ALL SELECT 'INTERNAL', account_id, id, component, role, currency, balance_minor, \
     status, closed_on, debt_rule, repayment_order, credit_limit_minor, maximum_balance_minor, reserved_minor, \
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
     FROM ledger_account WHERE tenant_id = $1 AND account_id IS NULL";

const KEYS: &str = " UNION ALL SELECT 'KEY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
     NULL, used.client, used.key, used.request_hash, used.result, NULL, NULL, NULL, NULL, NULL FROM ";

/// Keys, bound as two lists of the same length: of clients, and of their keys.
const KEYS_POSTGRES: &str = "UNNEST({clients}::text[], {keys}::text[]) AS wanted (client, key) CROSS JOIN LATERAL \
     (SELECT * FROM idempotency_key WHERE tenant_id = $1 AND client = wanted.client AND key = wanted.key OFFSET 0) AS used";

/// The same, bound as one list of pairs in JSON.
const KEYS_SQLITE: &str = "json_each({clients}) AS wanted CROSS JOIN idempotency_key AS used ON used.tenant_id = $1 \
     AND used.client = json_extract(wanted.value, '$[0]') AND used.key = json_extract(wanted.value, '$[1]')";

/// The head as it stood when the statement began.
const SEEN: &str = " UNION ALL SELECT 'SEEN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
     NULL, NULL, NULL, NULL, NULL, entry_sequence, event_sequence, batch_number, NULL, NULL \
     FROM ledger_head WHERE tenant_id = $1";

const HEAD: &str = " UNION ALL SELECT 'HEAD', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
     NULL, NULL, NULL, chain_hash, NULL, entry_sequence, event_sequence, batch_number, business_date, closed_through \
     FROM head";

/// Locks the tenant's head and reads what is wanted, as it stands under the lock.
pub(super) async fn lock(
    tx: &DatabaseTransaction,
    clock: &Clock,
    tenant: TenantId,
    wanted: &Wanted<'_>,
) -> Result<Found, LedgerFault> {
    let statement = statement(tx.get_database_backend(), tenant, wanted);
    if let Some(found) = read(tx, clock, statement.clone()).await? {
        return Ok(found);
    }
    let again = read(tx, clock, statement).await?;
    again.ok_or(LedgerFault::Inconsistent("the head moved under its lock"))
}

fn statement(backend: DbBackend, tenant: TenantId, wanted: &Wanted<'_>) -> Statement {
    let (lock, bytes, no_date) = match backend {
        DbBackend::Postgres => (" FOR NO KEY UPDATE", "bytea", "CAST(NULL AS date)"),
        // The writer holds the whole database already. A cast to its unknown type `date` would make a number.
        _ => ("", "blob", "NULL"),
    };
    let accounts = wanted.accounts.iter().map(|account| account.0.into()).collect();
    let (Listed { from, condition }, accounts) =
        listed(backend, ("ledger_account", "found"), "account_id", 2, Kind::Uuid, accounts);
    let mut binds: Vec<Value> = vec![tenant.0.into(), accounts];
    let select = ACCOUNTS.replace("{bytes}", bytes).replace("{no_date}", no_date);
    let select = select.replace("{accounts}", &from).replace("{wanted}", &condition);
    let mut sql = format!("WITH head AS (SELECT {LOCKED_HEAD}{lock}) {select}");
    if wanted.internals {
        sql.push_str(INTERNALS);
    }
    if !wanted.keys.is_empty() {
        let (from, values) = used_keys(backend, wanted, binds.len() + 1);
        binds.extend(values);
        sql.push_str(KEYS);
        sql.push_str(&from);
    }
    sql.push_str(SEEN);
    sql.push_str(HEAD);
    Statement::from_sql_and_values(backend, sql, binds)
}

fn used_keys(backend: DbBackend, wanted: &Wanted<'_>, number: usize) -> (String, Vec<Value>) {
    let (from, values) = match backend {
        DbBackend::Postgres => {
            let array = |texts: Vec<&str>| Kind::Text.array(texts.into_iter().map(Value::from).collect());
            let (clients, keys) = wanted.keys.iter().copied().unzip();
            (KEYS_POSTGRES, vec![array(clients), array(keys)])
        }
        _ => {
            let pairs = wanted.keys.iter().map(|(client, key)| serde_json::json!([client, key]));
            (KEYS_SQLITE, vec![Value::from(serde_json::Value::Array(pairs.collect()).to_string())])
        }
    };
    let from = from.replace("{clients}", &format!("${number}")).replace("{keys}", &format!("${}", number + 1));
    (from, values)
}

/// `None` when somebody has written to the books while the statement waited for the lock.
async fn read(tx: &DatabaseTransaction, clock: &Clock, statement: Statement) -> Result<Option<Found>, LedgerFault> {
    let rows = tx.query_all_raw(statement).await?;
    let mut accounts: BTreeMap<Uuid, Vec<&QueryResult>> = BTreeMap::new();
    let (mut keys, mut internals) = (Keys::new(), Internals::new());
    let (mut seen, mut head) = (None, None);
    for row in &rows {
        let part: String = row.try_get("", "part")?;
        match part.as_str() {
            "ACCOUNT" => accounts.entry(row.try_get("", "account_id")?).or_default().push(row),
            "INTERNAL" => {
                let (key, internal) = internal(row)?;
                internals.insert(key, internal);
            }
            "KEY" => {
                let (key, remembered) = remembered(row)?;
                keys.insert(key, remembered);
            }
            "SEEN" => seen = Some(sequences(row)?),
            "HEAD" => head = Some((sequences(row)?, self::head(row, clock)?)),
            _ => return Err(LedgerFault::Inconsistent("part of a union")),
        }
    }
    let (locked, head) = head.ok_or(LedgerFault::Inconsistent("no ledger head"))?;
    if seen != Some(locked) {
        return Ok(None);
    }
    let positions = accounts.into_iter().map(|(account, rows)| {
        let account = AccountId(account);
        Ok((account, journal::position(account, &rows)?))
    });
    Ok(Some(Found { head, positions: positions.collect::<Result<_, LedgerFault>>()?, keys, internals }))
}

fn sequences(row: &QueryResult) -> Result<[i64; 3], LedgerFault> {
    Ok([row.try_get("", "entry_sequence")?, row.try_get("", "event_sequence")?, row.try_get("", "batch_number")?])
}

fn head(row: &QueryResult, clock: &Clock) -> Result<Head, LedgerFault> {
    let [entry_sequence, event_sequence, batch_number] = sequences(row)?;
    let business_date: Option<chrono::NaiveDate> = row.try_get("", "business_date")?;
    Ok(Head {
        entry_sequence,
        event_sequence,
        batch_number,
        chain_hash: row.try_get("", "hash")?,
        business_date: business_date.unwrap_or_else(|| clock.today()),
        closed_through: row.try_get("", "closed_through")?,
    })
}

fn internal(row: &QueryResult) -> Result<((InternalRole, Currency), Internal), LedgerFault> {
    let role: String = row.try_get("", "role")?;
    let role = InternalRole::from_word(&role).ok_or(LedgerFault::Inconsistent("internal role"))?;
    let id = LedgerAccountId(row.try_get("", "id")?);
    let internal = Internal { id, balance: row.try_get("", "balance_minor")?, new: false };
    Ok(((role, journal::currency(row)?), internal))
}

fn remembered(row: &QueryResult) -> Result<((Arc<str>, String), Remembered), LedgerFault> {
    let client: String = row.try_get("", "client")?;
    let remembered = Remembered { request_hash: row.try_get("", "hash")?, result: row.try_get("", "result")? };
    Ok(((client.into(), row.try_get("", "key")?), remembered))
}

/// The keys that were used, of a session that was opened before its orders were known. The head is locked.
pub(super) async fn keys(tx: &DatabaseTransaction, tenant: TenantId, wanted: &Wanted<'_>) -> Result<Keys, LedgerFault> {
    if wanted.keys.is_empty() {
        return Ok(Keys::new());
    }
    let backend = tx.get_database_backend();
    let (from, values) = used_keys(backend, wanted, 2);
    let sql = format!("SELECT used.client, used.key, used.request_hash AS hash, used.result FROM {from}");
    let statement = Statement::from_sql_and_values(backend, sql, std::iter::once(tenant.0.into()).chain(values));
    tx.query_all_raw(statement).await?.iter().map(remembered).collect()
}

/// The tenant's own ledger accounts, likewise.
pub(super) async fn internals(tx: &DatabaseTransaction, tenant: TenantId) -> Result<Internals, LedgerFault> {
    let sql =
        "SELECT id, role, currency, balance_minor FROM ledger_account WHERE tenant_id = $1 AND account_id IS NULL";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [tenant.0.into()]);
    tx.query_all_raw(statement).await?.iter().map(internal).collect()
}
