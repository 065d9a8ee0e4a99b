//! Party rows.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::model::Party;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::{PartyId, TenantId, text};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::party::{Entity, Model};

/// A party's number.
pub static NUMBER: Index = Index { table: Table::Party, column: "number", field: "number", what: "the number" };
/// The tenant's own reference of a party.
pub static EXTERNAL_REFERENCE: Index = Index {
    table: Table::Party,
    column: "external_reference",
    field: "externalReference",
    what: "the external reference",
};

impl Row for Party {
    type Id = PartyId;
    type Entity = Entity;

    const TABLE: Table = Table::Party;
    const WHAT: &'static str = "party";

    fn id(&self) -> PartyId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            number: self.number.clone(),
            external_reference: self.external_reference.clone(),
            name: self.name.clone(),
            name_folded: text::folded(&self.name),
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PartyId(row.id),
            ordinal: row.ordinal,
            number: row.number,
            external_reference: row.external_reference,
            name: row.name,
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        let reference = self.external_reference.as_deref().map(|reference| (&EXTERNAL_REFERENCE, reference));
        std::iter::once((&NUMBER, self.number.as_str())).chain(reference).collect()
    }
}

impl Owned for Party {
    /// Parties are the tenant's business: a token that is bound to a customer does not see them.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// How a party is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartyBy {
    /// By Konto's id.
    Id(PartyId),
    /// By number.
    Number(String),
    /// By the tenant's own reference.
    ExternalReference(String),
}

impl PartyBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Party>(*id),
            Self::Number(number) => wants.unique::<Party>(&NUMBER, number),
            Self::ExternalReference(reference) => wants.unique::<Party>(&EXTERNAL_REFERENCE, reference),
        }
    }

    /// The party that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Party>> {
        let found = match self {
            Self::Id(id) => work.get::<Party>(*id)?,
            Self::Number(number) => work.find::<Party>(&NUMBER, number)?,
            Self::ExternalReference(reference) => work.find::<Party>(&EXTERNAL_REFERENCE, reference)?,
        };
        let found = found.filter(|_| work.origin().customer.is_none());
        found.ok_or_else(|| Refused::not_found(field, "party").into())
    }
}

/// Which parties to list.
#[derive(Clone, Debug, Default)]
pub struct PartyFilter {
    /// Names that contain this, whatever the case.
    pub name: Option<String>,
}

/// A party, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(db: &impl ConnectionTrait, tenant: TenantId, by: &PartyBy) -> Result<Option<Party>, LedgerFault> {
    let found = match by {
        PartyBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        PartyBy::Number(number) => read::by_unique(db, tenant, &NUMBER, &[number]).await?,
        PartyBy::ExternalReference(reference) => read::by_unique(db, tenant, &EXTERNAL_REFERENCE, &[reference]).await?,
    };
    Ok(found.into_iter().next())
}

/// Parties, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &PartyFilter,
    page: Page<i64>,
) -> Result<Vec<Party>, LedgerFault> {
    let mut query = read::select::<Party>(tenant);
    if let Some(name) = &filter.name {
        query.contains("name_folded", &text::folded(name));
    }
    read::page(db, query, false, page).await
}
