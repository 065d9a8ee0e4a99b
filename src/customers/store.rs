//! Customer rows.

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait as _, FromQueryResult as _, IdenStatic as _, Iterable as _, QueryFilter as _, QueryOrder as _,
    QueryResult, QuerySelect as _, SqlErr, Statement,
};

use super::model::{Customer, CustomerType};
use crate::database::{Kind, Listed, listed};
use crate::denial::{Denial, Failure};
use crate::ledger::LedgerFault;
use crate::ledger::journal::Page;
use crate::primitives::{CustomerId, TenantId};
use entity::customer::{ActiveModel, Column, Entity, Model};

/// How a customer is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerBy {
    /// By Konto's id.
    Id(CustomerId),
    /// By number.
    Number(String),
    /// By the tenant's own reference.
    ExternalReference(String),
}

/// Which customers to list.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Only this type.
    pub type_: Option<CustomerType>,
    /// Names that contain this, whatever the case.
    pub name: Option<String>,
    /// Only this one: what a customer-bound token sees.
    pub only: Option<CustomerId>,
}

/// Both engines limit the binds of a statement, SQLite to 32,766.
const ROWS_PER_STATEMENT: usize = 1_000;

fn customer(row: Model) -> Result<Customer, LedgerFault> {
    Ok(Customer {
        id: CustomerId(row.id),
        number: row.number,
        external_reference: row.external_reference,
        type_: CustomerType::from_word(&row.type_).ok_or(LedgerFault::Inconsistent("customer type"))?,
        first_name: row.first_name,
        last_name: row.last_name,
        company_name: row.company_name,
        metadata: row.metadata,
        created_at: row.created_at_us,
    })
}

fn row(tenant: TenantId, customer: &Customer) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(tenant.0),
        id: Set(customer.id.0),
        number: Set(customer.number.clone()),
        external_reference: Set(customer.external_reference.clone()),
        type_: Set(customer.type_.word().into()),
        first_name: Set(customer.first_name.clone()),
        last_name: Set(customer.last_name.clone()),
        company_name: Set(customer.company_name.clone()),
        name_folded: Set(customer.name().to_lowercase()),
        metadata: Set(customer.metadata.clone()),
        created_at_us: Set(customer.created_at),
    }
}

/// A customer, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &CustomerBy,
) -> Result<Option<Customer>, LedgerFault> {
    let found = Entity::find().filter(Column::TenantId.eq(tenant.0)).filter(named(by)).one(db).await?;
    found.map(customer).transpose()
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lock(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    by: &CustomerBy,
) -> Result<Option<Customer>, LedgerFault> {
    let found = Entity::find().filter(Column::TenantId.eq(tenant.0)).filter(named(by)).lock_exclusive().one(tx).await?;
    found.map(customer).transpose()
}

fn named(by: &CustomerBy) -> Condition {
    Condition::all().add(match by {
        CustomerBy::Id(id) => Column::Id.eq(id.0),
        CustomerBy::Number(number) => Column::Number.eq(number),
        CustomerBy::ExternalReference(reference) => Column::ExternalReference.eq(reference),
    })
}

/// Customers by id; those that the tenant does not have are left out.
///
/// # Errors
/// [`LedgerFault`].
pub async fn by_ids(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[CustomerId],
) -> Result<Vec<Customer>, LedgerFault> {
    let backend = db.get_database_backend();
    let ids = ids.iter().map(|id| id.0.into()).collect();
    let (Listed { from, condition }, ids) = listed(backend, ("customer", "c"), "id", 2, Kind::Uuid, ids);
    let sql = format!("SELECT c.* FROM {from} WHERE {condition}");
    let rows = Model::find_by_statement(Statement::from_sql_and_values(backend, sql, [tenant.0.into(), ids]));
    rows.all(db).await?.into_iter().map(customer).collect()
}

/// The columns of a customer in a join, as [`beside`] finds them.
#[must_use]
pub fn columns_beside(table: &str) -> String {
    let columns = Column::iter().map(|column| format!("{table}.{name} AS customer_{name}", name = column.as_str()));
    columns.collect::<Vec<_>>().join(", ")
}

/// The customer in a row of a join.
///
/// # Errors
/// [`LedgerFault`].
pub fn beside(row: &QueryResult) -> Result<Customer, LedgerFault> {
    customer(Model::from_query_result(row, "customer_")?)
}

/// Customers, oldest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &CustomerFilter,
    page: Page<CustomerId>,
) -> Result<Vec<Customer>, LedgerFault> {
    use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr};
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant.0));
    if let Some(type_) = filter.type_ {
        query = query.filter(Column::Type.eq(type_.word()));
    }
    if let Some(only) = filter.only {
        query = query.filter(Column::Id.eq(only.0));
    }
    if let Some(name) = &filter.name {
        // Folded by us on both sides: SQLite's own lower() and LIKE know the case of ASCII only.
        let escaped = name.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let like = LikeExpr::new(format!("%{escaped}%")).escape('\\');
        query = query.filter(Expr::col(Column::NameFolded).like(like));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after.0));
    }
    if let Some(before) = page.before {
        query = query.filter(Column::Id.lt(before.0));
    }
    let query = if page.backward { query.order_by_desc(Column::Id) } else { query.order_by_asc(Column::Id) };
    let mut rows = query.limit(page.limit).all(db).await?;
    if page.backward {
        rows.reverse();
    }
    rows.into_iter().map(customer).collect()
}

/// Writes a new customer.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the number or the external reference.
pub async fn insert(tx: &DatabaseTransaction, tenant: TenantId, customer: &Customer) -> Result<(), Failure> {
    Entity::insert(row(tenant, customer)).exec_without_returning(tx).await.map(|_| ()).map_err(taken)
}

/// Writes new customers, many in one statement.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for a number or an external reference.
pub async fn insert_many(tx: &DatabaseTransaction, tenant: TenantId, customers: &[Customer]) -> Result<(), Failure> {
    for some in customers.chunks(ROWS_PER_STATEMENT) {
        let rows = some.iter().map(|customer| row(tenant, customer));
        Entity::insert_many(rows).exec_without_returning(tx).await.map_err(taken)?;
    }
    Ok(())
}

/// Writes a changed customer.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the number or the external reference.
pub async fn update(tx: &DatabaseTransaction, tenant: TenantId, customer: &Customer) -> Result<(), Failure> {
    Entity::update(row(tenant, customer).reset_all()).exec(tx).await.map(|_| ()).map_err(taken)
}

fn taken(error: DbErr) -> Failure {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) if message.contains("external_reference") => {
            Denial::duplicate("externalReference", "the external reference").into()
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => Denial::duplicate("number", "the number").into(),
        _ => error.into(),
    }
}
