//! Customer rows.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, IdenStatic as _, Iterable as _, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::erasure::Erasure;
use super::identifiers::IdentifierKind;
use super::identity::{self, CustomerIdentifier, NewIdentifier};
use super::model::{Customer, CustomerType};
use super::visible;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::ledger::{LedgerFault, Restrictions};
use crate::primitives::{CustomerId, CustomerIdentifierId, TenantId, text};
use crate::refused::Refused;
use crate::sealing::{self, Place, SealedColumn, Secret};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::customer::{Column, Entity, Model};
use entity::customer_identifier;

/// A customer's number.
pub static NUMBER: Index = Index { table: Table::Customer, column: "number", field: "number", what: "the number" };
/// The tenant's own reference of a customer.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::Customer,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

/// What a number of a customer's is found by.
pub static LOOKUP: Index =
    Index { table: Table::CustomerIdentifier, column: "lookup", field: "value", what: "the identifier" };
/// A customer's identifiers.
pub static IDENTIFIERS: Set<CustomerIdentifier> = Set {
    name: "of_customer",
    owner: "customer_id",
    condition: "TRUE",
    owner_of: |identifier| Some(identifier.customer.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 1_000,
};
/// The records that were merged into a customer.
pub static MERGED: Set<Customer> = Set {
    name: "merged_into",
    owner: "merged_into",
    condition: "TRUE",
    owner_of: |customer| customer.merged_into.map(|into| into.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};
/// Where identifiers are sealed.
pub const SEALED: SealedColumn = SealedColumn {
    table: "customer_identifier",
    column: "value",
    field: "customer_identifier.value",
    marked: false,
    lookup: Some(("kind", "lookup")),
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
            middle_name: self.middle_name.clone(),
            last_name: self.last_name.clone(),
            company_name: self.company_name.clone(),
            name_folded: text::folded(&self.name()),
            birth_date: self.birth_date,
            languages: json(&self.languages),
            contact_points: json(&self.contact_points),
            metadata: self.metadata.clone(),
            merged_into: self.merged_into.map(|into| into.0),
            erased_at_us: self.erased_at,
            erasure: self.erasure.as_ref().map(json),
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
            middle_name: row.middle_name,
            last_name: row.last_name,
            company_name: row.company_name,
            birth_date: row.birth_date,
            languages: of_json(&row.languages, "languages of a customer")?,
            contact_points: of_json(&row.contact_points, "contact points of a customer")?,
            metadata: row.metadata,
            merged_into: row.merged_into.map(CustomerId),
            erased_at: row.erased_at_us,
            erasure: row.erasure.map(|text| of_json::<Erasure>(&text, "erasure of a customer")).transpose()?,
            restrictions: known(Restrictions::from_text(row.restrictions.as_deref()), "what restricts a customer")?,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        let reference = self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference));
        std::iter::once((&NUMBER, self.number.as_str())).chain(reference).collect()
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&MERGED)
    }
}

fn json(value: &impl Serialize) -> String {
    // Lists of plain texts: nothing in them can fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn of_json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T, LedgerFault> {
    serde_json::from_str(text).map_err(|_| LedgerFault::Inconsistent(what))
}

impl Row for CustomerIdentifier {
    type Id = CustomerIdentifierId;
    type Entity = customer_identifier::Entity;

    const TABLE: Table = Table::CustomerIdentifier;
    const WHAT: &'static str = "identifier of a customer";

    fn id(&self) -> CustomerIdentifierId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> customer_identifier::Model {
        let place = Place { tenant, row: self.id.0, field: SEALED.field };
        customer_identifier::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            customer_id: self.customer.0,
            ordinal: self.ordinal,
            kind: self.kind.word().into(),
            // A row is made only where there are keys.
            value: sealing::ring().map(|ring| ring.seal(&place, &self.number.0)).unwrap_or_default(),
            lookup: self.lookup.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: customer_identifier::Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let ring = sealing::ring().ok_or(LedgerFault::Inconsistent("an identifier, and no keys to open it with"))?;
        let number = ring.open(&place, &row.value);
        Ok(Self {
            id: CustomerIdentifierId(row.id),
            ordinal: row.ordinal,
            customer: CustomerId(row.customer_id),
            kind: known(IdentifierKind::from_word(&row.kind), "kind of an identifier")?,
            number: Secret(number.map_err(|_| LedgerFault::Inconsistent("an identifier that does not open"))?),
            lookup: row.lookup,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&LOOKUP, &self.lookup)]
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&IDENTIFIERS)
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
    /// By a number by which a state knows it.
    Identifier(NewIdentifier),
}

impl CustomerBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Customer>(*id),
            Self::Number(number) => wants.unique::<Customer>(&NUMBER, number),
            Self::ExternalReference(reference) => wants.unique::<Customer>(&EXTERNAL_REFERENCE, reference),
            // What it is found by is the tenant's own: the input alone does not tell it.
            Self::Identifier(_) => {}
        }
    }

    /// The customer that an input field names, if the origin sees it, and if it is somebody to do something with.
    ///
    /// # Errors
    /// `NOT_FOUND`, `CUSTOMER_ERASED`, `CUSTOMER_MERGED` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Customer>> {
        let found = match self {
            Self::Id(id) => work.get::<Customer>(*id)?,
            Self::Number(number) => work.find::<Customer>(&NUMBER, number)?,
            Self::ExternalReference(reference) => work.find::<Customer>(&EXTERNAL_REFERENCE, reference)?,
            Self::Identifier(identifier) => identity::find(work, identifier)?,
        };
        let found = found.filter(|customer| visible(work.origin(), customer.id));
        let found = found.ok_or_else(|| Refused::not_found(field, "customer"))?;
        found.require_present(field)?;
        Ok(found)
    }
}

/// Which customers to list.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Only this type.
    pub type_: Option<CustomerType>,
    /// Names that contain this, whatever the case.
    pub name: Option<String>,
    /// Only with this number.
    pub number: Option<String>,
    /// Without those that were merged into others or erased.
    pub present: bool,
    /// Only this one: what a customer-bound token sees.
    pub only: Option<CustomerId>,
}

/// A customer, if the tenant has it. Today's date tells the century of an identifier with a year of two digits.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &CustomerBy,
    today: NaiveDate,
) -> Result<Option<Customer>, LedgerFault> {
    let found = match by {
        CustomerBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        CustomerBy::Number(number) => read::by_unique(db, tenant, &NUMBER, &[number]).await?,
        CustomerBy::ExternalReference(reference) => {
            read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?
        }
        CustomerBy::Identifier(identifier) => {
            let Some(ring) = sealing::ring() else { return Ok(None) };
            let lookups = identifier.lookups(&ring, tenant, today);
            let lookups: Vec<&str> = lookups.iter().map(String::as_str).collect();
            let found = read::by_unique::<CustomerIdentifier>(db, tenant, &LOOKUP, &lookups).await?;
            let customers: Vec<CustomerId> = found.iter().take(1).map(|one| one.customer).collect();
            read::by_ids(db, tenant, &customers).await?
        }
    };
    Ok(found.into_iter().next())
}

/// The identifiers of customers, in the order in which they were told.
///
/// # Errors
/// [`LedgerFault`].
pub async fn identifiers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<Vec<CustomerIdentifier>, LedgerFault> {
    let owners: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    let mut found = read::of_owners::<CustomerIdentifier>(db, tenant, "customer_id", &owners).await?;
    found.sort_by_key(|one| one.ordinal);
    Ok(found)
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
    if let Some(number) = &filter.number {
        query.and("number = ", number.as_str().into());
    }
    if filter.present {
        query.and_raw("merged_into IS NULL AND erased_at_us IS NULL");
    }
    if let Some(only) = filter.only {
        query.and("id = ", only.0.into());
    }
    if let Some(name) = &filter.name {
        query.contains("name_folded", &text::folded(name));
    }
    read::page(db, query, false, page).await
}
