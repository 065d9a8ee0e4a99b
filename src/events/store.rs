//! Event rows and what they refer to, read together.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, Statement, Value,
};
use uuid::Uuid;

use super::Event;
use crate::ledger::event::ENTRY_POSTED;
use crate::ledger::query::Page;
use crate::ledger::{LedgerFault, journal};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, EntryId, TenantId};

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only these types; all when empty.
    pub types: Vec<String>,
    /// Only those about what has this id: its history. Entries are not among them, but their own.
    pub subject: Option<String>,
    /// Only those that are about this account: its history. Entries are not among them.
    pub account: Option<AccountId>,
    /// Only those that concern this customer.
    pub customer: Option<CustomerId>,
    /// At or after.
    pub from: Option<Micros>,
    /// Before.
    pub before: Option<Micros>,
}

/// The tenant's last event.
///
/// # Errors
/// [`LedgerFault`].
pub async fn last_sequence(db: &impl ConnectionTrait, tenant: TenantId) -> Result<i64, LedgerFault> {
    let head = entity::ledger_head::Entity::find_by_id(tenant.0).one(db).await?;
    Ok(head.map_or(0, |head| head.event_sequence))
}

/// All tenants, with the codes that configuration knows them by.
///
/// # Errors
/// [`LedgerFault`].
pub async fn tenants(db: &impl ConnectionTrait) -> Result<Vec<(TenantId, String)>, LedgerFault> {
    let rows: Vec<(Uuid, String)> = entity::tenant::Entity::find()
        .select_only()
        .columns([entity::tenant::Column::Id, entity::tenant::Column::Code])
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id, code)| (TenantId(id), code)).collect())
}

/// A row of the log, wherever it stands.
struct LogRow {
    sequence: i64,
    command: i64,
    type_: String,
    occurred_at: Micros,
    subject: Option<String>,
    entry: Option<i64>,
    account: Option<AccountId>,
    customer: Option<CustomerId>,
    payload: String,
}

/// What an event row and an entry have in common, as one list.
const OF_EVENTS: &str = "SELECT sequence, command_sequence, type, occurred_at_us, subject, CAST(NULL AS bigint) \
     AS entry_sequence, account_id, customer_id, payload FROM event WHERE tenant_id = $1";
const OF_ENTRIES: &str = "SELECT event_sequence AS sequence, command_sequence, 'ENTRY_POSTED' AS type, \
     booked_at_us AS occurred_at_us, CAST(NULL AS text) AS subject, sequence AS entry_sequence, \
     CAST(NULL AS {uuid}) AS account_id, CAST(NULL AS {uuid}) AS customer_id, '{}' AS payload \
     FROM entry WHERE tenant_id = $1";

/// The two parts of a page, with their conditions.
struct Parts {
    binds: Vec<Value>,
    events: String,
    entries: String,
}

impl Parts {
    /// Of everything in a tenant's log.
    fn of_all(db: &impl ConnectionTrait, tenant: TenantId) -> Self {
        let is_postgres = db.get_database_backend() == sea_orm::DbBackend::Postgres;
        let entries = OF_ENTRIES.replace("{uuid}", if is_postgres { "uuid" } else { "blob" });
        Self { binds: vec![tenant.0.into()], events: OF_EVENTS.into(), entries }
    }

    fn bind(&mut self, value: Value) -> usize {
        self.binds.push(value);
        self.binds.len()
    }

    /// A condition on both parts, whose columns have other names there.
    fn both(&mut self, events: &str, entries: &str, value: Value) {
        let number = self.bind(value);
        self.events.push_str(&format!(" AND {events} ${number}"));
        self.entries.push_str(&format!(" AND {entries} ${number}"));
    }

    fn neither_entry(&mut self) {
        self.entries.push_str(" AND 1 = 0");
    }
}

/// Events in order, oldest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn page(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &EventFilter,
    page: Page<i64>,
) -> Result<Vec<Event>, LedgerFault> {
    let backend = db.get_database_backend();
    let mut parts = Parts::of_all(db, tenant);
    conditions(&mut parts, filter);
    if let Some(after) = page.after {
        parts.both("sequence >", "event_sequence >", after.into());
    }
    if let Some(before) = page.before {
        parts.both("sequence <", "event_sequence <", before.into());
    }
    let order = if page.backward { "DESC" } else { "ASC" };
    let limit = page.limit;
    let Parts { binds, events, entries } = parts;
    let sql = format!(
        "SELECT * FROM (SELECT * FROM ({events} ORDER BY sequence {order} LIMIT {limit}) AS told UNION ALL \
         SELECT * FROM ({entries} ORDER BY event_sequence {order} LIMIT {limit}) AS posted) AS log \
         ORDER BY sequence {order} LIMIT {limit}"
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, binds)).await?;
    let mut rows = rows.iter().map(log_row).collect::<Result<Vec<LogRow>, LedgerFault>>()?;
    if page.backward {
        rows.reverse();
    }
    hydrate(db, tenant, rows).await
}

/// A page by its number of the events that a filter lets through, oldest first, and how many there are altogether.
///
/// # Errors
/// [`LedgerFault`].
pub async fn numbered(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &EventFilter,
    limit: u64,
    offset: u64,
) -> Result<(Vec<Event>, u64), LedgerFault> {
    // Times rise with places, and only places have an index.
    let (from, before) = (place_of(db, tenant, filter.from).await?, place_of(db, tenant, filter.before).await?);
    let mut parts = Parts::of_all(db, tenant);
    conditions(&mut parts, &EventFilter { from: None, before: None, ..filter.clone() });
    if let Some(from) = from {
        parts.both("sequence >=", "event_sequence >=", from.into());
    }
    if let Some(before) = before {
        parts.both("sequence <", "event_sequence <", before.into());
    }
    let Parts { binds, events, entries } = parts;
    let backend = db.get_database_backend();
    let sql = format!("SELECT count(*) AS events FROM ({events} UNION ALL {entries}) AS log");
    let counted = db.query_one_raw(Statement::from_sql_and_values(backend, sql, binds.clone())).await?;
    let counted: i64 = counted.map_or(Ok(0), |row| row.try_get("", "events"))?;
    let counted = u64::try_from(counted).unwrap_or_default();
    if offset >= counted {
        return Ok((Vec::new(), counted));
    }
    let sql =
        format!("SELECT * FROM ({events} UNION ALL {entries}) AS log ORDER BY sequence LIMIT {limit} OFFSET {offset}");
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, binds)).await?;
    let rows = rows.iter().map(log_row).collect::<Result<Vec<LogRow>, LedgerFault>>()?;
    Ok((hydrate(db, tenant, rows).await?, counted))
}

/// The place of the first event at or after a moment, or the one that comes next: found by halving the log.
async fn place_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    moment: Option<Micros>,
) -> Result<Option<i64>, LedgerFault> {
    let Some(moment) = moment else { return Ok(None) };
    let (mut low, mut high) = (1, last_sequence(db, tenant).await? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let sql = "SELECT at FROM (SELECT sequence, at FROM (SELECT sequence, occurred_at_us AS at FROM event \
             WHERE tenant_id = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1) AS told UNION ALL \
             SELECT sequence, at FROM (SELECT event_sequence AS sequence, booked_at_us AS at FROM entry \
             WHERE tenant_id = $1 AND event_sequence >= $2 ORDER BY event_sequence LIMIT 1) AS posted) AS log \
             ORDER BY sequence LIMIT 1";
        let binds = [tenant.0.into(), middle.into()];
        let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, binds)).await?;
        let at: Option<Micros> = row.map(|row| row.try_get("", "at")).transpose()?;
        match at {
            Some(at) if at < moment => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Some(low))
}

/// The events at these places of the log, oldest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn at(db: &impl ConnectionTrait, tenant: TenantId, places: &[i64]) -> Result<Vec<Event>, LedgerFault> {
    let mut found = Vec::with_capacity(places.len());
    for places in places.chunks(10_000) {
        let mut parts = Parts::of_all(db, tenant);
        let list: Vec<String> = places.iter().map(|place| format!("${}", parts.bind((*place).into()))).collect();
        let list = list.join(", ");
        let Parts { binds, events, entries } = parts;
        let sql = format!("{events} AND sequence IN ({list}) UNION ALL {entries} AND event_sequence IN ({list})");
        let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, binds)).await?;
        found.extend(rows.iter().map(log_row).collect::<Result<Vec<LogRow>, LedgerFault>>()?);
    }
    found.sort_unstable_by_key(|row| row.sequence);
    hydrate(db, tenant, found).await
}

fn conditions(parts: &mut Parts, filter: &EventFilter) {
    if !filter.types.is_empty() {
        let list: Vec<String> =
            filter.types.iter().map(|type_| format!("${}", parts.bind(type_.as_str().into()))).collect();
        parts.events.push_str(&format!(" AND type IN ({})", list.join(", ")));
        if !filter.types.iter().any(|type_| type_ == ENTRY_POSTED.word()) {
            parts.neither_entry();
        }
    }
    if let Some(account) = filter.account {
        let number = parts.bind(account.0.into());
        parts.events.push_str(&format!(" AND account_id = ${number}"));
        parts.neither_entry();
    }
    if let Some(subject) = &filter.subject {
        let number = parts.bind(subject.as_str().into());
        parts.events.push_str(&format!(" AND subject = ${number}"));
        match subject.parse::<EntryId>() {
            Ok(entry) => {
                let number = parts.bind(entry.0.into());
                parts.entries.push_str(&format!(" AND id = ${number}"));
            }
            Err(_) => parts.neither_entry(),
        }
    }
    if let Some(customer) = filter.customer {
        concerns(parts, customer);
    }
    if let Some(from) = filter.from {
        parts.both("occurred_at_us >=", "booked_at_us >=", from.into());
    }
    if let Some(before) = filter.before {
        parts.both("occurred_at_us <", "booked_at_us <", before.into());
    }
}

/// The same rule as [`Event::concerns`], in SQL: about the customer, about one of its accounts, or an entry
/// that touches one.
fn concerns(parts: &mut Parts, customer: CustomerId) {
    let number = parts.bind(customer.0.into());
    let accounts = format!("SELECT id FROM account WHERE tenant_id = $1 AND customer_id = ${number}");
    parts.events.push_str(&format!(" AND (customer_id = ${number} OR account_id IN ({accounts}))"));
    parts.entries.push_str(&format!(
        " AND sequence IN (SELECT entry_sequence FROM posting WHERE tenant_id = $1 AND account_id IN ({accounts}))"
    ));
}

fn log_row(row: &sea_orm::QueryResult) -> Result<LogRow, LedgerFault> {
    let (account, customer): (Option<Uuid>, Option<Uuid>) =
        (row.try_get("", "account_id")?, row.try_get("", "customer_id")?);
    Ok(LogRow {
        sequence: row.try_get("", "sequence")?,
        command: row.try_get("", "command_sequence")?,
        type_: row.try_get("", "type")?,
        occurred_at: row.try_get("", "occurred_at_us")?,
        subject: row.try_get("", "subject")?,
        entry: row.try_get("", "entry_sequence")?,
        account: account.map(AccountId),
        customer: customer.map(CustomerId),
        payload: row.try_get("", "payload")?,
    })
}

async fn hydrate(db: &impl ConnectionTrait, tenant: TenantId, rows: Vec<LogRow>) -> Result<Vec<Event>, LedgerFault> {
    let sequences: Vec<i64> = rows.iter().filter_map(|row| row.entry).collect();
    let entries = journal::entries_by_sequence(db, tenant, &sequences).await?;
    let entries: BTreeMap<i64, _> = entries.into_iter().map(|entry| (entry.sequence, entry)).collect();
    let posted = entries.values().flat_map(|entry| entry.postings.iter().filter_map(|line| line.account));
    let accounts: BTreeSet<AccountId> = posted.chain(rows.iter().filter_map(|row| row.account)).collect();
    let owners = owners(db, tenant, accounts).await?;
    rows.into_iter()
        .map(|row| {
            let entry = row.entry.and_then(|sequence| entries.get(&sequence).cloned());
            let lines = entry.iter().flat_map(|entry| entry.postings.iter().filter_map(|line| line.account));
            let touched = lines.chain(row.account);
            let mut owners: Vec<CustomerId> = touched.filter_map(|account| owners.get(&account).copied()).collect();
            owners.sort_unstable();
            owners.dedup();
            let subject = entry.as_ref().map(|entry| entry.id.to_string()).or(row.subject).unwrap_or_default();
            let payload = serde_json::from_str(&row.payload);
            Ok(Event {
                sequence: row.sequence,
                command: row.command,
                type_: row.type_,
                occurred_at: row.occurred_at,
                subject,
                entry,
                account: row.account,
                customer: row.customer,
                payload: payload.map_err(|_| LedgerFault::Inconsistent("payload of an event"))?,
                owners,
            })
        })
        .collect()
}

async fn owners(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, CustomerId>, LedgerFault> {
    use entity::account::Column;
    let ids: Vec<Uuid> = accounts.into_iter().map(|account| account.0).collect();
    let mut owners = BTreeMap::new();
    for ids in ids.chunks(10_000) {
        let rows: Vec<(Uuid, Uuid)> = entity::account::Entity::find()
            .select_only()
            .columns([Column::Id, Column::CustomerId])
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        owners.extend(rows.into_iter().map(|(account, customer)| (AccountId(account), CustomerId(customer))));
    }
    Ok(owners)
}
