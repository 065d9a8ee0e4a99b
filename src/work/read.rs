//! Reading rows outside of a batch, for those who look and change nothing: by id, by what is unique, a page at a time.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use super::row::{Column, Index, Row, Shape};
use crate::database::{Kind, Listed, listed};
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::primitives::TenantId;
use crate::primitives::ids::RowId;

/// Values per statement.
const LIST: usize = 10_000;

/// Rows by their ids, in any order; those that the tenant does not have are left out.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_ids<R: Row>(db: &impl ConnectionTrait, tenant: TenantId, ids: &[R::Id]) -> Result<Vec<R>, LedgerFault> {
    let shape = Shape::of::<R>();
    let ids = ids.iter().map(|id| id.uuid().into()).collect();
    list::<R>(db, tenant, (shape.key)(), Kind::Uuid, ids).await
}

/// A row by its id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_id<R: Row>(db: &impl ConnectionTrait, tenant: TenantId, id: R::Id) -> Result<Option<R>, LedgerFault> {
    Ok(by_ids::<R>(db, tenant, &[id]).await?.pop())
}

/// Rows by what is unique in them, in any order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_unique<R: Row>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    index: &Index,
    keys: &[&str],
) -> Result<Vec<R>, LedgerFault> {
    let keys = keys.iter().map(|key| (*key).into()).collect();
    list::<R>(db, tenant, index.column, Kind::Text, keys).await
}

/// Rows by a column that has their owners' ids, in any order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_owners<R: Row>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    column: &'static str,
    owners: &[Uuid],
) -> Result<Vec<R>, LedgerFault> {
    let owners = owners.iter().map(|owner| (*owner).into()).collect();
    list::<R>(db, tenant, column, Kind::Uuid, owners).await
}

async fn list<R: Row>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &str,
    kind: Kind,
    values: Vec<Value>,
) -> Result<Vec<R>, LedgerFault> {
    let backend = db.get_database_backend();
    let shape = Shape::of::<R>();
    let mut rows = Vec::with_capacity(values.len());
    for values in values.chunks(LIST) {
        let table = (shape.name)();
        let (Listed { from, condition }, values) = listed(backend, (table, "found"), by, 2, kind, values.to_vec());
        let sql = format!("SELECT found.* FROM {from} WHERE {condition}");
        let statement = Statement::from_sql_and_values(backend, sql, [tenant.0.into(), values]);
        for row in db.query_all_raw(statement).await? {
            rows.push(R::of_result(&row)?);
        }
    }
    Ok(rows)
}

/// A SELECT of a table's rows, to put conditions to.
pub(crate) fn select<R: Row>(tenant: TenantId) -> Query {
    Query::new(&format!("SELECT * FROM {} WHERE tenant_id = ", (Shape::of::<R>().name)()), tenant)
}

/// A page of rows, in the order in which they were made.
///
/// # Errors
/// [`LedgerFault`].
pub(crate) async fn page<R: Row>(
    db: &impl ConnectionTrait,
    mut query: Query,
    newest_first: bool,
    page: Page<i64>,
) -> Result<Vec<R>, LedgerFault> {
    let (after, before) = (page.after.map(Value::from), page.before.map(Value::from));
    query.page("ordinal", newest_first, after, before, page.backward, page.limit);
    query.all(db).await?.iter().map(R::of_result).collect()
}

/// A page of rows by its number, in the order in which they were made, and how many there are altogether.
///
/// # Errors
/// [`LedgerFault`].
pub(crate) async fn numbered<R: Row>(
    db: &impl ConnectionTrait,
    query: Query,
    newest_first: bool,
    limit: u64,
    offset: u64,
) -> Result<(Vec<R>, u64), LedgerFault> {
    let mut counting = query.clone();
    counting.around("SELECT count(*) AS counted FROM (", ") AS found");
    let counted = counting.all(db).await?.first().map_or(Ok(0), |row| row.try_get::<i64>("", "counted"))?;
    let mut query = query;
    let order = if newest_first { "DESC" } else { "ASC" };
    query.end(&format!(" ORDER BY ordinal {order} LIMIT {limit} OFFSET {offset}"));
    let rows = query.all(db).await?.iter().map(R::of_result).collect::<Result<Vec<R>, LedgerFault>>()?;
    Ok((rows, u64::try_from(counted).unwrap_or_default()))
}

/// The values of columns, in their order.
///
/// # Errors
/// The database's.
pub(crate) fn values(row: &QueryResult, columns: &[Column], prefix: &str) -> Result<Vec<Value>, LedgerFault> {
    let mut values = Vec::with_capacity(columns.len());
    for column in columns {
        let name = column.name;
        values.push(match column.kind {
            Kind::Uuid => row.try_get::<Option<Uuid>>(prefix, name)?.into(),
            Kind::Text => row.try_get::<Option<String>>(prefix, name)?.into(),
            Kind::BigInt => row.try_get::<Option<i64>>(prefix, name)?.into(),
            Kind::Int => row.try_get::<Option<i32>>(prefix, name)?.into(),
            Kind::Date => row.try_get::<Option<chrono::NaiveDate>>(prefix, name)?.into(),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>>(prefix, name)?.into(),
            Kind::Bool => row.try_get::<Option<bool>>(prefix, name)?.into(),
        });
    }
    Ok(values)
}
