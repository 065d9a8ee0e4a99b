//! Rows of what a tenant has set about its paper.

use sea_orm::ConnectionTrait;

use super::model::{Part, PrintDesign, PrintVersion};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::{PrintDesignId, PrintVersionId, TenantId};
use crate::work::row::{Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{print_design, print_version};

impl Row for PrintDesign {
    type Id = PrintDesignId;
    type Entity = print_design::Entity;

    const TABLE: Table = Table::PrintDesign;
    const WHAT: &'static str = "print design";

    fn id(&self) -> PrintDesignId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> print_design::Model {
        print_design::Model { tenant_id: tenant.0, id: self.id.0, part: self.part.word(), version: self.version }
    }

    fn from_model(row: print_design::Model) -> Result<Self, LedgerFault> {
        let part = known(Part::from_word(&row.part), "part of a print design")?;
        Ok(Self { id: PrintDesignId(row.id), part, version: row.version })
    }

    fn changes(column: &str) -> bool {
        column == "version"
    }
}

impl Row for PrintVersion {
    type Id = PrintVersionId;
    type Entity = print_version::Entity;

    const TABLE: Table = Table::PrintVersion;
    const WHAT: &'static str = "version of a print design";

    fn id(&self) -> PrintVersionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> print_version::Model {
        print_version::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            part: self.part.word(),
            number: self.number,
            // Plain data: writing it cannot fail.
            said: serde_json::to_string(&self.said).unwrap_or_default(),
            client: self.client.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: print_version::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PrintVersionId(row.id),
            ordinal: row.ordinal,
            part: known(Part::from_word(&row.part), "part of a print version")?,
            number: row.number,
            said: known(serde_json::from_str(&row.said).ok(), "what a print version says")?,
            client: row.client,
            created_at: row.created_at_us,
        })
    }

    fn changes(_: &str) -> bool {
        false
    }
}

impl Owned for PrintVersion {
    /// A tenant's paper is the tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// What is printed now of each of some parts; none where nothing was set.
///
/// # Errors
/// [`LedgerFault`].
pub async fn current(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    parts: &[Part],
) -> Result<Vec<Option<PrintVersion>>, LedgerFault> {
    let designs: Vec<PrintDesignId> = parts.iter().map(|part| PrintDesignId::of(tenant, *part)).collect();
    let found = read::by_ids::<PrintDesign>(db, tenant, &designs).await?;
    let versions: Vec<PrintVersionId> =
        found.iter().map(|design| PrintVersionId::of(design.id, design.version)).collect();
    let versions = read::by_ids::<PrintVersion>(db, tenant, &versions).await?;
    Ok(parts.iter().map(|part| versions.iter().find(|version| version.part == *part).cloned()).collect())
}

/// Which versions to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The brand's.
    Brand,
    /// The texts', or those of one.
    Texts(Option<Part>),
}

/// Versions, in the order in which they were set.
///
/// # Errors
/// [`LedgerFault`].
pub async fn versions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    which: Which,
    page: Page<i64>,
) -> Result<Vec<PrintVersion>, LedgerFault> {
    let mut query = read::select::<PrintVersion>(tenant);
    match which {
        Which::Brand => query.and("part = ", Part::Brand.word().into()),
        Which::Texts(Some(part)) => query.and("part = ", part.word().into()),
        Which::Texts(None) => query.and("part <> ", Part::Brand.word().into()),
    };
    read::page(db, query, false, page).await
}
