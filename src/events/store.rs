//! Event rows and what they refer to, read together.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::Event;
use crate::ledger::LedgerFault;
use crate::ledger::journal::{self, Page};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, CustomerId, TenantId};

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only these types; all when empty.
    pub types: Vec<String>,
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
    use entity::event::Column;
    let mut condition = Condition::all().add(Column::TenantId.eq(tenant.0));
    if !filter.types.is_empty() {
        condition = condition.add(Column::Type.is_in(&filter.types));
    }
    if let Some(account) = filter.account {
        condition = condition.add(Column::AccountId.eq(account.0));
    }
    if let Some(customer) = filter.customer {
        condition = condition.add(concerns(tenant, customer));
    }
    for (bound, keep) in [(filter.from, true), (filter.before, false)] {
        if let Some(at) = bound {
            condition = condition.add(if keep { Column::OccurredAtUs.gte(at) } else { Column::OccurredAtUs.lt(at) });
        }
    }
    if let Some(after) = page.after {
        condition = condition.add(Column::Sequence.gt(after));
    }
    if let Some(before) = page.before {
        condition = condition.add(Column::Sequence.lt(before));
    }
    let query = entity::event::Entity::find().filter(condition).limit(page.limit);
    let query =
        if page.backward { query.order_by_desc(Column::Sequence) } else { query.order_by_asc(Column::Sequence) };
    let mut rows = query.all(db).await?;
    if page.backward {
        rows.reverse();
    }
    hydrate(db, tenant, rows).await
}

/// The same rule as [`Event::concerns`], in SQL: about the customer, about one of its accounts, or an entry
/// that touches one.
fn concerns(tenant: TenantId, customer: CustomerId) -> Condition {
    use entity::event::Column;
    use sea_orm::sea_query::Query;
    let accounts = || {
        Query::select()
            .column(entity::account::Column::Id)
            .from(entity::account::Entity)
            .and_where(entity::account::Column::TenantId.eq(tenant.0))
            .and_where(entity::account::Column::CustomerId.eq(customer.0))
            .to_owned()
    };
    let entries = Query::select()
        .column(entity::posting::Column::EntrySequence)
        .from(entity::posting::Entity)
        .and_where(entity::posting::Column::TenantId.eq(tenant.0))
        .and_where(entity::posting::Column::AccountId.in_subquery(accounts()))
        .to_owned();
    Condition::any()
        .add(Column::CustomerId.eq(customer.0))
        .add(Column::AccountId.in_subquery(accounts()))
        .add(Column::EntrySequence.in_subquery(entries))
}

async fn hydrate(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rows: Vec<entity::event::Model>,
) -> Result<Vec<Event>, LedgerFault> {
    let sequences: Vec<i64> = rows.iter().filter_map(|row| row.entry_sequence).collect();
    let entries = journal::entries_by_sequence(db, tenant, &sequences).await?;
    let entries: BTreeMap<i64, _> = entries.into_iter().map(|entry| (entry.sequence, entry)).collect();
    let posted = entries.values().flat_map(|entry| entry.postings.iter().filter_map(|line| line.account));
    let accounts: BTreeSet<AccountId> =
        posted.chain(rows.iter().filter_map(|row| row.account_id.map(AccountId))).collect();
    let owners = owners(db, tenant, accounts).await?;
    rows.into_iter()
        .map(|row| {
            let entry = row.entry_sequence.and_then(|sequence| entries.get(&sequence).cloned());
            let account = row.account_id.map(AccountId);
            let touched =
                entry.iter().flat_map(|entry| entry.postings.iter().filter_map(|line| line.account)).chain(account);
            let mut owners: Vec<CustomerId> = touched.filter_map(|account| owners.get(&account).copied()).collect();
            owners.sort_unstable();
            owners.dedup();
            Ok(Event {
                sequence: row.sequence,
                type_: row.type_,
                occurred_at: row.occurred_at_us,
                entry,
                account,
                customer: row.customer_id.map(CustomerId),
                payload: serde_json::from_str(&row.payload)
                    .map_err(|_| LedgerFault::Inconsistent("payload of an event"))?,
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
