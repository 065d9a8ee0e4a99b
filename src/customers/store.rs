//! Customer rows.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, IdenStatic as _, Iterable as _, QueryResult};
use serde::{Deserialize, Serialize};

use super::model::{Customer, CustomerType};
use super::visible;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::ledger::{LedgerFault, Restrictions};
use crate::primitives::{CustomerId, TenantId, text};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::customer::{Column, Entity, Model};

/// A customer's number.
pub static NUMBER: Index = Index { table: Table::Customer, column: "number", field: "number", what: "the number" };
/// The tenant's own reference of a customer.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::Customer,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

impl Row for Customer {
    type Id = CustomerId;
    type Entity = Entity;

    const TABLE: Table = Table::Customer;
    const WHAT: &'static str = "customer";

    fn id(&self) -> CustomerId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            number: self.number.clone(),
            external_reference: self.external_reference.clone(),
            type_: self.type_.word().into(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            company_name: self.company_name.clone(),
            name_folded: text::folded(&self.name()),
            metadata: self.metadata.clone(),
            restrictions: self.restrictions.to_text(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: CustomerId(row.id),
            ordinal: row.ordinal,
            number: row.number,
            external_reference: row.external_reference,
            type_: known(CustomerType::from_word(&row.type_), "customer type")?,
            first_name: row.first_name,
            last_name: row.last_name,
            company_name: row.company_name,
            metadata: row.metadata,
            restrictions: known(Restrictions::from_text(row.restrictions.as_deref()), "what restricts a customer")?,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        let reference = self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference));
        std::iter::once((&NUMBER, self.number.as_str())).chain(reference).collect()
    }
}

impl Owned for Customer {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.id))
    }
}

/// How a customer is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomerBy {
    /// By Konto's id.
    Id(CustomerId),
    /// By number.
    Number(String),
    /// By the tenant's own reference.
    ExternalReference(String),
}

impl CustomerBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Customer>(*id),
            Self::Number(number) => wants.unique::<Customer>(&NUMBER, number),
            Self::ExternalReference(reference) => wants.unique::<Customer>(&EXTERNAL_REFERENCE, reference),
        }
    }

    /// The customer that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Customer>> {
        let found = match self {
            Self::Id(id) => work.get::<Customer>(*id)?,
            Self::Number(number) => work.find::<Customer>(&NUMBER, number)?,
            Self::ExternalReference(reference) => work.find::<Customer>(&EXTERNAL_REFERENCE, reference)?,
        };
        let found = found.filter(|customer| visible(work.origin(), customer.id));
        found.ok_or_else(|| Refused::not_found(field, "customer").into())
    }
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

/// A customer, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &CustomerBy,
) -> Result<Option<Customer>, LedgerFault> {
    let found = match by {
        CustomerBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        CustomerBy::Number(number) => read::by_unique(db, tenant, &NUMBER, &[number]).await?,
        CustomerBy::ExternalReference(reference) => {
            read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?
        }
    };
    Ok(found.into_iter().next())
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
    Customer::of_columns(row, "customer_")
}

/// Customers, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &CustomerFilter,
    page: Page<i64>,
) -> Result<Vec<Customer>, LedgerFault> {
    let mut query = read::select::<Customer>(tenant);
    if let Some(type_) = filter.type_ {
        query.and("type = ", type_.word().into());
    }
    if let Some(only) = filter.only {
        query.and("id = ", only.0.into());
    }
    if let Some(name) = &filter.name {
        query.contains("name_folded", &text::folded(name));
    }
    read::page(db, query, false, page).await
}
