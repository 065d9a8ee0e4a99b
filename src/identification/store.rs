//! Rows of identification.

use sea_orm::ConnectionTrait;

use super::model::{Identification, IdentificationKind, IdentificationProvider};
use crate::ledger::LedgerFault;
use crate::ledger::rows::known;
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, IdentificationId, IdentificationProviderId, TenantId};
use crate::sealing::{self, Place, SealedColumn, Secret};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{identification, identification_provider};

/// What requests name a provider by.
pub static NAME: Index =
    Index { table: Table::IdentificationProvider, column: "name", field: "name", what: "the name" };
/// A state counts once.
pub static STATE: Index =
    Index { table: Table::Identification, column: "state_key", field: "state", what: "the state" };
/// Where secrets are sealed.
pub const SEALED: SealedColumn = SealedColumn {
    table: "identification_provider",
    column: "secret",
    field: "identification_provider.secret",
    marked: true,
    lookup: None,
};

impl Row for IdentificationProvider {
    type Id = IdentificationProviderId;
    type Entity = identification_provider::Entity;

    const TABLE: Table = Table::IdentificationProvider;
    const WHAT: &'static str = "provider of identifications";

    fn id(&self) -> IdentificationProviderId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> identification_provider::Model {
        let place = Place { tenant, row: self.id.0, field: SEALED.field };
        identification_provider::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            name: self.name.clone(),
            kind: self.kind.word().into(),
            // Plain data: the only failure would be the writer's, and a text has none.
            settings: serde_json::to_string(&self.settings).unwrap_or_default(),
            secret: sealing::seal_if_possible(&place, &self.secret.0),
            retired: self.retired,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: identification_provider::Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let secret = sealing::open_if_sealed(&place, row.secret);
        Ok(Self {
            id: IdentificationProviderId(row.id),
            ordinal: row.ordinal,
            name: row.name,
            kind: known(IdentificationKind::from_word(&row.kind), "kind of a provider")?,
            settings: known(serde_json::from_str(&row.settings).ok(), "settings of a provider")?,
            secret: Secret(secret.map_err(|_| LedgerFault::Inconsistent("a provider's secret that does not open"))?),
            retired: row.retired,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&NAME, &self.name)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "settings" | "secret" | "retired")
    }
}

impl Owned for IdentificationProvider {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for Identification {
    type Id = IdentificationId;
    type Entity = identification::Entity;

    const TABLE: Table = Table::Identification;
    const WHAT: &'static str = "identification";

    fn id(&self) -> IdentificationId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> identification::Model {
        identification::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            provider_id: self.provider.0,
            customer_id: self.customer.0,
            state_key: self.state_key.clone(),
            token_key: self.token_key.clone(),
            valid_until_us: self.valid_until,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: identification::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: IdentificationId(row.id),
            ordinal: row.ordinal,
            provider: IdentificationProviderId(row.provider_id),
            customer: CustomerId(row.customer_id),
            state_key: row.state_key,
            token_key: row.token_key,
            valid_until: row.valid_until_us,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&STATE, &self.state_key)]
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

impl Owned for Identification {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// The provider of a name.
///
/// # Errors
/// [`LedgerFault`].
pub async fn named(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    name: &str,
) -> Result<Option<IdentificationProvider>, LedgerFault> {
    Ok(read::by_unique::<IdentificationProvider>(db, tenant, &NAME, &[name]).await?.pop())
}

/// All providers, in the order in which they were set.
///
/// # Errors
/// [`LedgerFault`].
pub async fn all(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<IdentificationProvider>, LedgerFault> {
    let mut query = read::select::<IdentificationProvider>(tenant);
    query.end(" ORDER BY ordinal");
    query.all(db).await?.iter().map(IdentificationProvider::of_result).collect()
}

/// Who was identified with a token, and still is: the newest.
///
/// # Errors
/// [`LedgerFault`].
pub async fn valid(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    provider: IdentificationProviderId,
    token_key: &str,
    now: Micros,
) -> Result<Option<Identification>, LedgerFault> {
    let mut query = read::select::<Identification>(tenant);
    query.and("token_key = ", token_key.into());
    query.and("provider_id = ", provider.0.into());
    query.and("valid_until_us > ", now.into());
    query.end(" ORDER BY ordinal DESC LIMIT 1");
    let rows = query.all(db).await?;
    rows.first().map(Identification::of_result).transpose()
}

/// Whether a state has come back.
///
/// # Errors
/// [`LedgerFault`].
pub async fn is_used(db: &impl ConnectionTrait, tenant: TenantId, state_key: &str) -> Result<bool, LedgerFault> {
    Ok(!read::by_unique::<Identification>(db, tenant, &STATE, &[state_key]).await?.is_empty())
}
