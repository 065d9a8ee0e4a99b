//! What a batch is decided on, read in one statement that also takes the tenant's lock.
//!
//! The statement locks the tenant's head and reads accounts and keys beside it. A statement sees what had been
//! committed when it began, and another server may commit while it waits for the lock. So it also reads the head
//! as it stood then: when the locked head is the same, nobody has written to the books in between (every writer
//! moves the head) and everything that was read is current. Otherwise it is read once more, now under the lock. What
//! the worker still knows ([`super::standing`]) is not read at all, unless the head has moved since.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use super::books::{Head, Internal, Remembered};
use super::journal;
use super::position::Position;
use super::post::LedgerFault;
use super::standing::Standing;
use super::{InternalRole, Order};
use crate::database::{Kind, Lane, Listed, listed};
use crate::primitives::{AccountId, Clock, Currency, LedgerAccountId, TenantId};

/// Keys that are known, by client and key.
pub(super) type Keys = HashMap<(Arc<str>, String), Remembered>;
/// The tenant's own ledger accounts.
pub(super) type Internals = BTreeMap<(InternalRole, Currency), Internal>;

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        Self {
            accounts: orders.clone().flat_map(|order| order.action.accounts()).collect(),
            keys: orders.clone().filter_map(Order::key).collect(),
            internals: orders.clone().any(|order| order.action.touches_internals()),
        }
    }
}

/// What was found, with the head that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub head: Head,
    /// The tenant's own business date, if it does not go with the clock.
    pub date: Option<NaiveDate>,
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

/// Locks the tenant's head and reads what is wanted and not known, as it stands under the lock.
pub(super) async fn lock(
    tx: &DatabaseTransaction,
    clock: &Clock,
    tenant: TenantId,
    wanted: &Wanted<'_>,
    standing: &mut Standing,
) -> Result<Found, LedgerFault> {
    let backend = tx.get_database_backend();
    let rest = standing.rest(wanted);
    let read = async |wanted: &Wanted<'_>| {
        let (sql, values) = statement(backend, tenant, wanted, true);
        let rows = tx.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        found(&rows, clock)
    };
    if let Some(mut found) = read(&rest).await? {
        if standing.is_at(&found) {
            standing.complete(&mut found, wanted);
            return Ok(found);
        }
        standing.overtaken();
        if rest == *wanted {
            return Ok(found);
        }
    } else {
        standing.overtaken();
    }
    read(wanted).await?.ok_or(LedgerFault::Inconsistent("the head moved under its lock"))
}

/// Reads what is wanted as it stands, without a lock: whoever decides on it has to make sure that the head still stands
/// there when it writes. On PostgreSQL.
pub(super) async fn look(
    lane: &mut Lane,
    clock: &Clock,
    tenant: TenantId,
    wanted: &Wanted<'_>,
) -> Result<Found, LedgerFault> {
    let (sql, values) = statement(DbBackend::Postgres, tenant, wanted, false);
    let rows = lane.run(sql, values).await?;
    found(&rows, clock)?.ok_or(LedgerFault::Inconsistent("two heads in one statement"))
}

fn statement(backend: DbBackend, tenant: TenantId, wanted: &Wanted<'_>, locks: bool) -> (String, Vec<Value>) {
    let (lock, bytes, no_date) = match backend {
        DbBackend::Postgres => (if locks { " FOR NO KEY UPDATE" } else { "" }, "bytea", "CAST(NULL AS date)"),
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
    (sql, binds)
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
fn found(rows: &[QueryResult], clock: &Clock) -> Result<Option<Found>, LedgerFault> {
    let mut accounts: BTreeMap<Uuid, Vec<&QueryResult>> = BTreeMap::new();
    let (mut keys, mut internals) = (Keys::new(), Internals::new());
    let (mut seen, mut head) = (None, None);
    for row in rows {
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
            "HEAD" => head = Some((sequences(row)?, self::head(row, clock)?, row.try_get("", "business_date")?)),
            _ => return Err(LedgerFault::Inconsistent("part of a union")),
        }
    }
    let (locked, head, date) = head.ok_or(LedgerFault::Inconsistent("no ledger head"))?;
    if seen != Some(locked) {
        return Ok(None);
    }
    let positions = accounts.into_iter().map(|(account, rows)| {
        let account = AccountId(account);
        Ok((account, journal::position(account, &rows)?))
    });
    Ok(Some(Found { head, date, positions: positions.collect::<Result<_, LedgerFault>>()?, keys, internals }))
}

fn sequences(row: &QueryResult) -> Result<[i64; 3], LedgerFault> {
    Ok([row.try_get("", "entry_sequence")?, row.try_get("", "event_sequence")?, row.try_get("", "batch_number")?])
}

fn head(row: &QueryResult, clock: &Clock) -> Result<Head, LedgerFault> {
    let [entry_sequence, event_sequence, batch_number] = sequences(row)?;
    let business_date: Option<NaiveDate> = row.try_get("", "business_date")?;
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
