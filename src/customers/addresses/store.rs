//! Address rows.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement};
use serde::{Deserialize, Serialize};

use super::model::{Address, AddressStatus, AddressType};
use crate::customers::store::CustomerBy;
use crate::customers::{Customer, visible};
use crate::database::{Kind, Listed, listed};
use crate::ledger::LedgerFault;
use crate::ledger::rows::known;
use crate::primitives::{AddressId, Clock, CustomerId, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, present, read};
use entity::address::{Entity, Model};

/// The tenant's own reference of an address.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::Address,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

/// The sets of a customer's addresses: those that are there, and with them those that were removed.
static SETS: [Set<Address>; 2] = [
    Set {
        name: "book",
        owner: "customer_id",
        condition: "found.status <> 'REMOVED'",
        owner_of: |address| Some(address.customer.0).filter(|_| address.status != AddressStatus::Removed),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 10_000,
    },
    Set {
        name: "every",
        owner: "customer_id",
        condition: "TRUE",
        owner_of: |address| Some(address.customer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

/// A customer's addresses, without those that were removed. A customer has at most [`MOST`](super::MOST) of them when
/// one is added; what a merge brings along comes on top.
pub static BOOK: &Set<Address> = &SETS[0];

/// All that a customer has ever had: for what has to come to the last one, such as an erasure.
pub static EVERY: &Set<Address> = &SETS[1];

impl Row for Address {
    type Id = AddressId;
    type Entity = Entity;

    const TABLE: Table = Table::Address;
    const WHAT: &'static str = "address";

    fn id(&self) -> AddressId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        // Plain data: the only failure would be the writer's, and a text has none.
        let json = |content| serde_json::to_string(content).unwrap_or_default();
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            customer_id: self.customer.0,
            external_reference: self.external_reference.clone(),
            label: self.label.clone(),
            type_: self.type_.word().into(),
            content: self.content.as_ref().map(json),
            usages: serde_json::to_string(&self.usages).unwrap_or_default(),
            entity_reference: self.entity_reference.clone(),
            status: self.status.word().into(),
            invalid: self.invalid,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            out_of_use_since: self.out_of_use_since,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let content = match &row.content {
            Some(text) => Some(known(serde_json::from_str(text).ok(), "content of an address")?),
            None => None,
        };
        Ok(Self {
            id: AddressId(row.id),
            ordinal: row.ordinal,
            customer: CustomerId(row.customer_id),
            external_reference: row.external_reference,
            label: row.label,
            type_: known(AddressType::from_word(&row.type_), "type of an address")?,
            content,
            usages: known(serde_json::from_str(&row.usages).ok(), "usages of an address")?,
            entity_reference: row.entity_reference,
            status: known(AddressStatus::from_word(&row.status), "status of an address")?,
            invalid: row.invalid,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            out_of_use_since: row.out_of_use_since,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference)).into_iter().collect()
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "ordinal" | "label" | "created_at_us")
    }
}

impl Owned for Address {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.customer))
    }
}

/// How an address is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddressBy {
    /// By Konto's id.
    Id(AddressId),
    /// By the tenant's own reference.
    ExternalReference(String),
}

/// An address of an input, with its customer where the input says whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Whose it is said to be.
    pub customer: Option<CustomerBy>,
    /// Which.
    pub address: AddressBy,
}

impl Named {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        if let Some(customer) = &self.customer {
            customer.hint(wants);
            if let CustomerBy::Id(id) = customer {
                wants.set::<Address>(BOOK, id.0);
            }
        }
        match &self.address {
            AddressBy::Id(id) => wants.row::<Address>(*id),
            AddressBy::ExternalReference(reference) => wants.unique::<Address>(&EXTERNAL_REFERENCE, reference),
        }
    }

    /// The address, if the origin sees it and it is the customer's.
    ///
    /// # Errors
    /// `NOT_FOUND` for `customer`, then for `address`.
    pub fn locate(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let customer = match &self.customer {
            Some(by) => Some(by.locate(work, "customer")?.id),
            None => None,
        };
        let found = match &self.address {
            AddressBy::Id(id) => work.get::<Address>(*id)?,
            AddressBy::ExternalReference(reference) => work.find::<Address>(&EXTERNAL_REFERENCE, reference)?,
        };
        let found = found.filter(|address| visible(work.origin(), address.customer));
        let found = found.filter(|address| customer.is_none_or(|customer| address.customer == customer));
        found.ok_or_else(|| Refused::not_found("address", "address").into())
    }
}

/// The addresses of a customer inside a command, in the order in which they were added.
///
/// # Errors
/// That they are not loaded yet.
pub fn book(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Address>>> {
    work.all::<Address, Customer>(BOOK, customer)
}

/// An address, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(db: &impl ConnectionTrait, tenant: TenantId, by: &AddressBy) -> Result<Option<Address>, LedgerFault> {
    let found = match by {
        AddressBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        AddressBy::ExternalReference(reference) => {
            read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?
        }
    };
    Ok(found.into_iter().next())
}

/// All addresses of a customer, removed ones as well, in the order in which they were added; and the business date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook {
    /// The addresses.
    pub addresses: Vec<Address>,
    /// The day on which what is in force now is.
    pub today: chrono::NaiveDate,
}

/// The addresses of customers, in one statement; nothing of those who have none.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_customers(
    db: &impl ConnectionTrait,
    clock: &Clock,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, AddressBook>, LedgerFault> {
    let backend = db.get_database_backend();
    let values = customers.iter().map(|customer| customer.0.into()).collect();
    let (Listed { from, condition }, values) =
        listed(backend, ("address", "found"), "customer_id", 2, Kind::Uuid, values);
    let sql =
        format!("SELECT found.*, {} FROM {from} WHERE {condition} ORDER BY found.ordinal, found.id", present::COLUMNS);
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, [tenant.0.into(), values])).await?;
    let Some(first) = rows.first() else { return Ok(HashMap::new()) };
    let today = match present::today(clock, first)? {
        Some(today) => today,
        None => present::of(db, clock, tenant).await?.today,
    };
    let mut books: HashMap<CustomerId, AddressBook> = HashMap::new();
    for row in &rows {
        let address = Address::of_result(row)?;
        let book = books.entry(address.customer);
        book.or_insert_with(|| AddressBook { addresses: Vec::new(), today }).addresses.push(address);
    }
    Ok(books)
}
