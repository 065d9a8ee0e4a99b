//! Product and account rows.

mod list;

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Account, Family, Product, WorkingMode};
use super::prepaid::PrepaidTerms;
use super::refusals::PAYMENT_REFERENCE_INVALID;
use crate::customers::{self, Customer, visible};
use crate::database::{Kind, Listed, listed};
use crate::ledger::charity::CharityRule;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::ledger::{DebtRule, LedgerFault, Position};
use crate::primitives::references::{self, ReferenceRule, ReferenceScheme};
use crate::primitives::{AccountId, CustomerId, LimitApplicationId, Minor, PartyId, ProductId, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::{account, product};

pub use list::{AccountFilter, list};

/// A product's code.
pub static CODE: Index = Index { table: Table::Product, column: "code", field: "code", what: "the code" };
/// An account's number.
pub static NUMBER: Index = Index { table: Table::Account, column: "number", field: "number", what: "the number" };
/// The tenant's own reference of an account.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::Account,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

/// The most accounts of a customer that are told apart without a number.
pub const MOST_OF_OWNER: usize = 100;

/// A customer's accounts, oldest first: all of them ([`owned`]), and so many as are told apart ([`of_owner`]).
pub static SETS: [Set<Account>; 2] = [
    // Loaded only where two records are merged, or one is erased: whoever has more than that moves is refused, and nobody
    // has as many as the bound.
    Set {
        name: "owned",
        owner: "customer_id",
        condition: "TRUE",
        owner_of: |account| Some(account.owner.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
    // A customer may have any number: of one who has more than can be told apart, one more than these is loaded, so that
    // it shows.
    Set {
        name: "of_owner",
        owner: "customer_id",
        condition: "found.ordinal <= COALESCE((SELECT last.ordinal FROM account AS last WHERE last.tenant_id = found.tenant_id \
                AND last.customer_id = found.customer_id ORDER BY last.ordinal LIMIT 1 OFFSET 100), found.ordinal)",
        owner_of: |account| Some(account.owner.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: usize::MAX,
    },
];
/// Of [`SETS`], all accounts that a customer owns.
#[must_use]
pub fn owned() -> &'static Set<Account> {
    &SETS[0]
}

/// Of [`SETS`], those of an owner that are told apart.
#[must_use]
pub fn of_owner() -> &'static Set<Account> {
    &SETS[1]
}
/// What payments to an account carry.
pub static PAYMENT_REFERENCE: Index = Index {
    table: Table::Account,
    column: "payment_reference",
    field: "paymentReference",
    what: "the payment reference",
};

impl Row for Product {
    type Id = ProductId;
    type Entity = product::Entity;

    const TABLE: Table = Table::Product;
    const WHAT: &'static str = "product";

    fn id(&self) -> ProductId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> product::Model {
        product::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            alias: self.alias.clone(),
            family: self.family.word().into(),
            working_mode: self.working_mode.map(|mode| mode.word().into()),
            currency: self.currency.code().into(),
            debt_rule: self.debt_rule.word().into(),
            repayment_order: self.repayment_order.to_text(),
            item_order: self.item_order.word().into(),
            default_credit_limit_minor: self.default_credit_limit.0,
            maximum_credit_limit_minor: self.maximum_credit_limit.map(|limit| limit.0),
            maximum_balance_minor: self.maximum_balance.map(|limit| limit.0),
            charity: self.charity.map(CharityRule::to_text),
            prepaid: self.prepaid.map(PrepaidTerms::to_text),
            authorisation_days: self.authorisation_days,
            reference_scheme: self.reference.map(ReferenceScheme::to_text),
            // Plain data: the only failure would be the writer's, and a text has none.
            payee: self.payee.as_ref().map(|payee| serde_json::to_string(payee).unwrap_or_default()),
            recurring: self.recurring.map(|terms| serde_json::to_string(&terms).unwrap_or_default()),
            retired: self.retired,
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: product::Model) -> Result<Self, LedgerFault> {
        let mode = row.working_mode.as_deref().map(|mode| known(WorkingMode::from_word(mode), "working mode"));
        Ok(Self {
            id: ProductId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            alias: row.alias,
            family: known(Family::from_word(&row.family), "family")?,
            working_mode: mode.transpose()?,
            currency: known_currency(&row.currency)?,
            debt_rule: known(DebtRule::from_word(&row.debt_rule), "debt rule")?,
            repayment_order: known(RepaymentOrder::from_text(&row.repayment_order), "repayment order")?,
            item_order: known(ItemOrder::from_word(&row.item_order), "order of items")?,
            default_credit_limit: Minor(row.default_credit_limit_minor),
            maximum_credit_limit: row.maximum_credit_limit_minor.map(Minor),
            maximum_balance: row.maximum_balance_minor.map(Minor),
            charity: parsed(row.charity, CharityRule::from_text, "charity rule")?,
            prepaid: parsed(row.prepaid, PrepaidTerms::from_text, "terms of loads")?,
            authorisation_days: row.authorisation_days,
            reference: parsed(row.reference_scheme, ReferenceScheme::from_text, "rule of payment references")?,
            payee: parsed(row.payee, |payee| serde_json::from_str(payee).ok(), "payee")?,
            recurring: parsed(row.recurring, |terms| serde_json::from_str(terms).ok(), "recurring payments")?,
            retired: row.retired,
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }
}

/// What a column says that may be empty.
fn parsed<T>(
    column: Option<String>,
    read: impl Fn(&str) -> Option<T>,
    what: &'static str,
) -> Result<Option<T>, LedgerFault> {
    column.map(|text| known(read(&text), what)).transpose()
}

impl Owned for Product {
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

impl Row for Account {
    type Id = AccountId;
    type Entity = account::Entity;

    const TABLE: Table = Table::Account;
    const WHAT: &'static str = "account";

    fn id(&self) -> AccountId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> account::Model {
        account::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            number: self.number.clone(),
            external_reference: self.external_reference.clone(),
            product_id: self.product.0,
            customer_id: self.owner.0,
            party_id: self.creditor.map(|party| party.0),
            family: self.family.word().into(),
            currency: self.currency.code().into(),
            opened_on: self.opened_on,
            closure_code: self.closure_code.clone(),
            payment_reference: self.payment_reference.clone(),
            application_id: self.application.map(|application| application.0),
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: account::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: AccountId(row.id),
            ordinal: row.ordinal,
            number: row.number,
            external_reference: row.external_reference,
            product: ProductId(row.product_id),
            owner: CustomerId(row.customer_id),
            creditor: row.party_id.map(PartyId),
            family: known(Family::from_word(&row.family), "family")?,
            currency: known_currency(&row.currency)?,
            opened_on: row.opened_on,
            closure_code: row.closure_code,
            payment_reference: row.payment_reference,
            application: row.application_id.map(LimitApplicationId),
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        let reference = self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference));
        let paid_by = self.payment_reference.as_deref().map(|reference| (&PAYMENT_REFERENCE, reference));
        std::iter::once((&NUMBER, self.number.as_str())).chain(reference).chain(paid_by).collect()
    }

    fn changes(column: &str) -> bool {
        matches!(
            column,
            "external_reference"
                | "payment_reference"
                | "closure_code"
                | "metadata"
                | "party_id"
                | "customer_id"
                | "application_id"
        )
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

impl Owned for Account {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.owner))
    }
}

/// Whether the origin sees what belongs to an account: whoever is bound to no customer sees all, and the account is not
/// looked at for them.
///
/// # Errors
/// That it is not loaded yet.
pub fn is_seen(work: &mut Work, account: AccountId) -> Decision<bool> {
    if work.origin().customer.is_none() {
        return Ok(true);
    }
    let account = work.get::<Account>(account)?;
    Ok(account.is_some_and(|account| visible(work.origin(), account.owner)))
}

/// Accounts that are not closed and have no payment reference, though their product has a rule that makes some: by product
/// and id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn without_reference(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    after: Option<(ProductId, AccountId)>,
    limit: u64,
) -> Result<Vec<(ProductId, AccountId)>, LedgerFault> {
    let (product, account) = after.unwrap_or((ProductId(Uuid::nil()), AccountId(Uuid::nil())));
    let none = format!("{}:%", ReferenceRule::FikDk73.word());
    let sql = format!(
        "SELECT found.product_id, found.id FROM account AS found \
         JOIN product ON product.tenant_id = found.tenant_id AND product.id = found.product_id \
         JOIN account_position AS books ON books.tenant_id = found.tenant_id AND books.account_id = found.id \
         WHERE found.tenant_id = $1 AND found.payment_reference IS NULL AND books.status <> 'CLOSED' \
         AND product.reference_scheme IS NOT NULL AND product.reference_scheme NOT LIKE $2 \
         AND (found.product_id, found.id) > ($3, $4) ORDER BY found.product_id, found.id LIMIT {limit}"
    );
    let values = [tenant.0.into(), none.into(), product.0.into(), account.0.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    let pair = |row: &QueryResult| Ok((ProductId(row.try_get("", "product_id")?), AccountId(row.try_get("", "id")?)));
    rows.iter().map(pair).collect()
}

/// How a product is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductBy {
    /// By Konto's id.
    Id(ProductId),
    /// By its code.
    Code(String),
}

impl ProductBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Product>(*id),
            Self::Code(code) => wants.unique::<Product>(&CODE, code),
        }
    }

    /// The product that an input field names.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Product>> {
        let found = match self {
            Self::Id(id) => work.get::<Product>(*id)?,
            Self::Code(code) => work.find::<Product>(&CODE, code)?,
        };
        found.ok_or_else(|| Refused::not_found(field, "product").into())
    }
}

/// How an account is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AccountBy {
    /// By Konto's id.
    Id(AccountId),
    /// By number.
    Number(String),
    /// By the tenant's own reference.
    ExternalReference(String),
    /// By what payments to it carry, as it is written ([`references::plain`] where it can be one).
    PaymentReference(String),
}

impl AccountBy {
    /// What is looked up to find it, and how it stands in the books.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => {
                wants.row::<Account>(*id);
                wants.row::<Position>(*id);
            }
            Self::Number(number) => wants.unique::<Account>(&NUMBER, number),
            Self::ExternalReference(reference) => wants.unique::<Account>(&EXTERNAL_REFERENCE, reference),
            Self::PaymentReference(reference) => {
                wants.unique::<Account>(&PAYMENT_REFERENCE, references::key(reference));
            }
        }
    }

    /// The account that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field; `PAYMENT_REFERENCE_INVALID` for a payment reference whose check digit is wrong.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Account>> {
        let found = match self {
            Self::PaymentReference(reference) => {
                let found = work.find::<Account>(&PAYMENT_REFERENCE, references::key(reference))?;
                if found.is_none() && is_misread(work, reference) {
                    let message = "the payment reference's check digit is wrong";
                    return Err(Refused::of_field(PAYMENT_REFERENCE_INVALID, field, message).into());
                }
                found
            }
            Self::Id(id) => work.get::<Account>(*id)?,
            Self::Number(number) => work.find::<Account>(&NUMBER, number)?,
            Self::ExternalReference(reference) => work.find::<Account>(&EXTERNAL_REFERENCE, reference)?,
        };
        let found = found.filter(|account| visible(work.origin(), account.owner));
        found.ok_or_else(|| Refused::not_found(field, "account").into())
    }

    /// The same, for those who only move money.
    ///
    /// # Errors
    /// The same.
    pub fn locate_id(&self, work: &mut Work, field: &str) -> Decision<AccountId> {
        match self {
            // Whoever sees all of the tenant need not know whose it is.
            Self::Id(id) if work.origin().customer.is_none() => {
                let found = work.get::<Position>(*id)?;
                found.map(|_| *id).ok_or_else(|| Refused::not_found(field, "account").into())
            }
            _ => Ok(self.locate(work, field)?.id),
        }
    }
}

/// Whether a payment reference cannot be one, by the rules that the tenant's products make them by.
fn is_misread(work: &Work, reference: &str) -> bool {
    let rules = &work.settings().reference_rules;
    !rules.is_empty() && !rules.iter().any(|rule| rule.accepts(reference))
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
    let found = match by {
        ProductBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        ProductBy::Code(code) => read::by_unique(db, tenant, &CODE, &[code]).await?,
    };
    Ok(found.into_iter().next())
}

/// Products, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn products(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    family: Option<Family>,
    page: Page<i64>,
) -> Result<Vec<Product>, LedgerFault> {
    let mut query = read::select::<Product>(tenant);
    if let Some(family) = family {
        query.and("family = ", family.word().into());
    }
    read::page(db, query, false, page).await
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
    let found: Vec<Account> = match by {
        AccountBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        AccountBy::Number(number) => read::by_unique(db, tenant, &NUMBER, &[number]).await?,
        AccountBy::ExternalReference(reference) => {
            read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?
        }
        AccountBy::PaymentReference(reference) => {
            read::by_unique(db, tenant, &PAYMENT_REFERENCE, &[references::key(reference)]).await?
        }
    };
    Ok(found.into_iter().find(|account| owner.is_none_or(|owner| owner == account.owner)))
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
        let account = Account::of_result(&row)?;
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
    let (mut ids, mut numbers, mut own, mut paid_by) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for by in names {
        match by {
            AccountBy::Id(id) => ids.push(id.0.into()),
            AccountBy::Number(number) => numbers.push(number.as_str().into()),
            AccountBy::ExternalReference(reference) => own.push(reference.as_str().into()),
            AccountBy::PaymentReference(reference) => paid_by.push(references::key(reference).into()),
        }
    }
    let lists = [
        ("id", Kind::Uuid, ids),
        ("number", Kind::Text, numbers),
        ("external_reference", Kind::Text, own),
        ("payment_reference", Kind::Text, paid_by),
    ];
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
        let paid_by = self.payment_reference.clone().map(AccountBy::PaymentReference);
        [AccountBy::Id(self.id), AccountBy::Number(self.number.clone())].into_iter().chain(reference).chain(paid_by)
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
            Self::PaymentReference(reference) => {
                Some(references::key(reference)) == account.payment_reference.as_deref()
            }
        }
    }
}
