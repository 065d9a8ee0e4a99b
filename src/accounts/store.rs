//! Product and account rows.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait as _, FromQueryResult as _, QueryFilter as _, QueryOrder as _, QueryResult,
    QuerySelect as _, SqlErr, Statement,
};

use super::model::{Account, Family, Product, WorkingMode};
use crate::customers::{self, Customer};
use crate::database::{Kind, Listed, listed};
use crate::denial::{Denial, Failure};
use crate::ledger::journal::Page;
use crate::ledger::position::RepaymentOrder;
use crate::ledger::{AccountStatus, DebtRule, LedgerFault};
use crate::primitives::{AccountId, Currency, CustomerId, Minor, ProductId, TenantId};
use entity::{account, ledger_account, product};

/// How a product is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductBy {
    /// By Konto's id.
    Id(ProductId),
    /// By its code.
    Code(String),
}

/// How an account is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccountBy {
    /// By Konto's id.
    Id(AccountId),
    /// By number.
    Number(String),
    /// By the tenant's own reference.
    ExternalReference(String),
}

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Only of this customer.
    pub owner: Option<CustomerId>,
    /// Only of this product.
    pub product: Option<ProductId>,
    /// Only of this family.
    pub family: Option<Family>,
    /// Only in this status.
    pub status: Option<AccountStatus>,
    /// Only with this number.
    pub number: Option<String>,
}

/// Both engines limit the binds of a statement, SQLite to 32,766.
const ROWS_PER_STATEMENT: usize = 1_000;

fn parsed<T>(value: Option<T>, what: &'static str) -> Result<T, LedgerFault> {
    value.ok_or(LedgerFault::Inconsistent(what))
}

fn parsed_currency(code: &str) -> Result<Currency, LedgerFault> {
    code.parse().map_err(|_| LedgerFault::Inconsistent("currency"))
}

fn to_product(row: product::Model) -> Result<Product, LedgerFault> {
    let mode = row.working_mode.as_deref().map(|mode| parsed(WorkingMode::from_word(mode), "working mode"));
    Ok(Product {
        id: ProductId(row.id),
        code: row.code,
        alias: row.alias,
        family: parsed(Family::from_word(&row.family), "family")?,
        working_mode: mode.transpose()?,
        currency: parsed_currency(&row.currency)?,
        debt_rule: parsed(DebtRule::from_word(&row.debt_rule), "debt rule")?,
        repayment_order: parsed(RepaymentOrder::from_text(&row.repayment_order), "repayment order")?,
        default_credit_limit: Minor(row.default_credit_limit_minor),
        maximum_credit_limit: row.maximum_credit_limit_minor.map(Minor),
        maximum_balance: row.maximum_balance_minor.map(Minor),
        retired: row.retired,
        metadata: row.metadata,
        created_at: row.created_at_us,
    })
}

fn product_row(tenant: TenantId, product: &Product) -> product::ActiveModel {
    product::ActiveModel {
        tenant_id: Set(tenant.0),
        id: Set(product.id.0),
        code: Set(product.code.clone()),
        alias: Set(product.alias.clone()),
        family: Set(product.family.word().into()),
        working_mode: Set(product.working_mode.map(|mode| mode.word().into())),
        currency: Set(product.currency.code().into()),
        debt_rule: Set(product.debt_rule.word().into()),
        repayment_order: Set(product.repayment_order.to_text()),
        default_credit_limit_minor: Set(product.default_credit_limit.0),
        maximum_credit_limit_minor: Set(product.maximum_credit_limit.map(|limit| limit.0)),
        maximum_balance_minor: Set(product.maximum_balance.map(|limit| limit.0)),
        retired: Set(product.retired),
        metadata: Set(product.metadata.clone()),
        created_at_us: Set(product.created_at),
    }
}

fn named_product(tenant: TenantId, by: &ProductBy) -> Condition {
    Condition::all().add(product::Column::TenantId.eq(tenant.0)).add(match by {
        ProductBy::Id(id) => product::Column::Id.eq(id.0),
        ProductBy::Code(code) => product::Column::Code.eq(code),
    })
}

/// A product, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn product(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &ProductBy,
) -> Result<Option<Product>, LedgerFault> {
    product::Entity::find().filter(named_product(tenant, by)).one(db).await?.map(to_product).transpose()
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lock_product(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    by: &ProductBy,
) -> Result<Option<Product>, LedgerFault> {
    let found = product::Entity::find().filter(named_product(tenant, by)).lock_exclusive().one(tx).await?;
    found.map(to_product).transpose()
}

/// Products by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn products_by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[ProductId],
) -> Result<Vec<Product>, LedgerFault> {
    let rows = product::Entity::find()
        .filter(product::Column::TenantId.eq(tenant.0))
        .filter(product::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .all(db)
        .await?;
    rows.into_iter().map(to_product).collect()
}

/// Products, oldest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn products(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    family: Option<Family>,
    page: Page<ProductId>,
) -> Result<Vec<Product>, LedgerFault> {
    use product::Column;
    let mut query = product::Entity::find().filter(Column::TenantId.eq(tenant.0));
    if let Some(family) = family {
        query = query.filter(Column::Family.eq(family.word()));
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
    rows.into_iter().map(to_product).collect()
}

/// Writes new products.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the code.
pub async fn insert_products(tx: &DatabaseTransaction, tenant: TenantId, products: &[Product]) -> Result<(), Failure> {
    let rows = products.iter().map(|product| product_row(tenant, product));
    let result = product::Entity::insert_many(rows).exec_without_returning(tx).await;
    result.map(|_| ()).map_err(|error| taken(error, "code", "the code"))
}

/// Writes a changed product.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the code.
pub async fn update_product(tx: &DatabaseTransaction, tenant: TenantId, product: &Product) -> Result<(), Failure> {
    let result = product::Entity::update(product_row(tenant, product).reset_all()).exec(tx).await;
    result.map(|_| ()).map_err(|error| taken(error, "code", "the code"))
}

fn to_account(row: account::Model) -> Result<Account, LedgerFault> {
    Ok(Account {
        id: AccountId(row.id),
        number: row.number,
        external_reference: row.external_reference,
        product: ProductId(row.product_id),
        owner: CustomerId(row.customer_id),
        family: parsed(Family::from_word(&row.family), "family")?,
        currency: parsed_currency(&row.currency)?,
        opened_on: row.opened_on,
        closure_code: row.closure_code,
        metadata: row.metadata,
        created_at: row.created_at_us,
    })
}

fn account_row(tenant: TenantId, account: &Account) -> account::ActiveModel {
    account::ActiveModel {
        tenant_id: Set(tenant.0),
        id: Set(account.id.0),
        number: Set(account.number.clone()),
        external_reference: Set(account.external_reference.clone()),
        product_id: Set(account.product.0),
        customer_id: Set(account.owner.0),
        family: Set(account.family.word().into()),
        currency: Set(account.currency.code().into()),
        opened_on: Set(account.opened_on),
        closure_code: Set(account.closure_code.clone()),
        metadata: Set(account.metadata.clone()),
        created_at_us: Set(account.created_at),
    }
}

fn named(by: &AccountBy) -> Condition {
    Condition::all().add(match by {
        AccountBy::Id(id) => account::Column::Id.eq(id.0),
        AccountBy::Number(number) => account::Column::Number.eq(number),
        AccountBy::ExternalReference(reference) => account::Column::ExternalReference.eq(reference),
    })
}

/// An account, if the tenant has it, and, with `owner`, if it is that customer's.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    owner: Option<CustomerId>,
    by: &AccountBy,
) -> Result<Option<Account>, LedgerFault> {
    let mut query = account::Entity::find().filter(account::Column::TenantId.eq(tenant.0)).filter(named(by));
    if let Some(owner) = owner {
        query = query.filter(account::Column::CustomerId.eq(owner.0));
    }
    query.one(db).await?.map(to_account).transpose()
}

/// The same, its row locked until the transaction ends.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lock(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    owner: Option<CustomerId>,
    by: &AccountBy,
) -> Result<Option<Account>, LedgerFault> {
    let mut query = account::Entity::find().filter(account::Column::TenantId.eq(tenant.0)).filter(named(by));
    if let Some(owner) = owner {
        query = query.filter(account::Column::CustomerId.eq(owner.0));
    }
    query.lock_exclusive().one(tx).await?.map(to_account).transpose()
}

/// Accounts by what names them, in one statement for any number of names; those that are not visible are
/// left out. Matching them up is the caller's: an account matches a name by [`AccountBy::matches`].
///
/// # Errors
/// [`LedgerFault`].
pub async fn find_many(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    owner: Option<CustomerId>,
    names: &[AccountBy],
) -> Result<Vec<Account>, LedgerFault> {
    let own = owner.map(|owner| owner.0);
    let rows = named_any(db, tenant, names, "a.*", "").await?;
    let rows = rows.iter().map(|row| account::Model::from_query_result(row, ""));
    let rows = rows.filter(|row| row.as_ref().map_or(true, |row| own.is_none_or(|own| own == row.customer_id)));
    rows.map(|row| to_account(row?)).collect()
}

/// Accounts with their owners by what names them, each with the name that it was found by, in one statement.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find_with_owners(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    names: &[AccountBy],
) -> Result<Vec<(AccountBy, (Account, Customer))>, LedgerFault> {
    let columns = format!("a.*, {}", customers::store::columns_beside("c"));
    let owner = match db.get_database_backend() {
        DbBackend::Postgres => {
            "CROSS JOIN LATERAL (SELECT * FROM customer WHERE tenant_id = $1 AND id = a.customer_id OFFSET 0) AS c"
        }
        _ => "JOIN customer AS c ON c.tenant_id = $1 AND c.id = a.customer_id",
    };
    let mut found = HashMap::with_capacity(names.len());
    for row in named_any(db, tenant, names, &columns, owner).await? {
        let account = to_account(account::Model::from_query_result(&row, "")?)?;
        let both = (account, customers::store::beside(&row)?);
        found.extend(both.0.names().map(|name| (name, both.clone())));
    }
    Ok(names.iter().filter_map(|by| Some((by.clone(), found.get(by)?.clone()))).collect())
}

/// The rows of accounts, called `a` in the columns and the join, by what names them.
async fn named_any(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    names: &[AccountBy],
    columns: &str,
    join: &str,
) -> Result<Vec<QueryResult>, LedgerFault> {
    let backend = db.get_database_backend();
    let (mut ids, mut numbers, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for by in names {
        match by {
            AccountBy::Id(id) => ids.push(id.0.into()),
            AccountBy::Number(number) => numbers.push(number.as_str().into()),
            AccountBy::ExternalReference(reference) => references.push(reference.as_str().into()),
        }
    }
    let lists =
        [("id", Kind::Uuid, ids), ("number", Kind::Text, numbers), ("external_reference", Kind::Text, references)];
    let (mut selects, mut binds) = (Vec::new(), vec![tenant.0.into()]);
    for (column, kind, values) in lists.into_iter().filter(|(.., values)| !values.is_empty()) {
        let number = binds.len() + 1;
        let (Listed { from, condition }, list) = listed(backend, ("account", "a"), column, number, kind, values);
        selects.push(format!("SELECT {columns} FROM {from} {join} WHERE {condition}"));
        binds.push(list);
    }
    if selects.is_empty() {
        return Ok(Vec::new());
    }
    let statement = Statement::from_sql_and_values(backend, selects.join(" UNION ALL "), binds);
    Ok(db.query_all_raw(statement).await?)
}

impl Account {
    /// Everything that the account is called.
    pub(super) fn names(&self) -> impl Iterator<Item = AccountBy> {
        let reference = self.external_reference.clone().map(AccountBy::ExternalReference);
        [AccountBy::Id(self.id), AccountBy::Number(self.number.clone())].into_iter().chain(reference)
    }
}

impl AccountBy {
    /// Whether this names that account.
    #[must_use]
    pub fn matches(&self, account: &Account) -> bool {
        match self {
            Self::Id(id) => *id == account.id,
            Self::Number(number) => *number == account.number,
            Self::ExternalReference(reference) => Some(reference) == account.external_reference.as_ref(),
        }
    }
}

/// Accounts, oldest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &AccountFilter,
    page: Page<AccountId>,
) -> Result<Vec<Account>, LedgerFault> {
    use account::Column;
    let mut query = account::Entity::find().filter(Column::TenantId.eq(tenant.0));
    let conditions = [
        filter.owner.map(|owner| Column::CustomerId.eq(owner.0)),
        filter.product.map(|product| Column::ProductId.eq(product.0)),
        filter.family.map(|family| Column::Family.eq(family.word())),
        filter.number.as_ref().map(|number| Column::Number.eq(number)),
        filter.status.map(|status| Column::Id.in_subquery(in_status(tenant, status))),
        page.after.map(|after| Column::Id.gt(after.0)),
        page.before.map(|before| Column::Id.lt(before.0)),
    ];
    for condition in conditions.into_iter().flatten() {
        query = query.filter(condition);
    }
    let query = if page.backward { query.order_by_desc(Column::Id) } else { query.order_by_asc(Column::Id) };
    let mut rows = query.limit(page.limit).all(db).await?;
    if page.backward {
        rows.reverse();
    }
    rows.into_iter().map(to_account).collect()
}

fn in_status(tenant: TenantId, status: AccountStatus) -> sea_orm::sea_query::SelectStatement {
    use ledger_account::Column;
    sea_orm::sea_query::Query::select()
        .column(Column::AccountId)
        .from(ledger_account::Entity)
        .and_where(Column::TenantId.eq(tenant.0))
        .and_where(Column::Component.eq("PRINCIPAL"))
        .and_where(Column::Status.eq(status.word()))
        .to_owned()
}

/// Writes a new account.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the number or the external reference.
pub async fn insert(tx: &DatabaseTransaction, tenant: TenantId, account: &Account) -> Result<(), Failure> {
    let result = account::Entity::insert(account_row(tenant, account)).exec_without_returning(tx).await;
    result.map(|_| ()).map_err(|error| taken(error, "number", "the number"))
}

/// Writes new accounts, many in one statement.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for a number or an external reference.
pub async fn insert_many(tx: &DatabaseTransaction, tenant: TenantId, accounts: &[Account]) -> Result<(), Failure> {
    for some in accounts.chunks(ROWS_PER_STATEMENT) {
        let rows = some.iter().map(|account| account_row(tenant, account));
        let result = account::Entity::insert_many(rows).exec_without_returning(tx).await;
        result.map_err(|error| taken(error, "number", "the number"))?;
    }
    Ok(())
}

/// Writes a changed account.
///
/// # Errors
/// `DUPLICATE_REFERENCE` for the number or the external reference.
pub async fn update(tx: &DatabaseTransaction, tenant: TenantId, account: &Account) -> Result<(), Failure> {
    let result = account::Entity::update(account_row(tenant, account).reset_all()).exec(tx).await;
    result.map(|_| ()).map_err(|error| taken(error, "number", "the number"))
}

fn taken(error: DbErr, field: &str, what: &str) -> Failure {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) if message.contains("external_reference") => {
            Denial::duplicate("externalReference", "the external reference").into()
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => Denial::duplicate(field, what).into(),
        _ => error.into(),
    }
}
