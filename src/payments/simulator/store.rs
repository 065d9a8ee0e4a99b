//! Simulations as rows.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::Simulation;
use crate::ledger::LedgerFault;
use crate::ledger::query::Query;
use crate::primitives::{EntryId, SimulationId, TenantId};
use crate::work::row::{Row, Table};
use entity::simulation::{Entity, Model};

impl Row for Simulation {
    type Id = SimulationId;
    type Entity = Entity;

    const TABLE: Table = Table::Simulation;
    const WHAT: &'static str = "simulation";

    fn id(&self) -> SimulationId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model { tenant_id: tenant.0, id: self.id.0, due: self.due, entry_id: self.entry.0 }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self { id: SimulationId(row.id), due: row.due, entry: EntryId(row.entry_id) })
    }
}

/// What is due on a day, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    on: NaiveDate,
    after: Option<SimulationId>,
    limit: u64,
) -> Result<Vec<SimulationId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM simulation WHERE tenant_id = ", tenant);
    query.and("due <= ", on.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, limit);
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(SimulationId(row.try_get("", "id")?))).collect()
}
