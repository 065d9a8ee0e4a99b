//! Leases and business days as rows.

use entity::{business_day, lease};
use sea_orm::ConnectionTrait;

use super::day::{BusinessDay, DayState};
use super::lease::Lease;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::{BusinessDayId, LeaseId, TenantId};
use crate::work::read;
use crate::work::row::{Row, Table};

impl Row for Lease {
    type Id = LeaseId;
    type Entity = lease::Entity;

    const TABLE: Table = Table::Lease;
    const WHAT: &'static str = "lease";

    fn id(&self) -> LeaseId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> lease::Model {
        let Self { id, name, holder, until } = self.clone();
        lease::Model { tenant_id: tenant.0, id: id.0, name, holder, until_us: until }
    }

    fn from_model(row: lease::Model) -> Result<Self, LedgerFault> {
        Ok(Self { id: LeaseId(row.id), name: row.name, holder: row.holder, until: row.until_us })
    }
}

impl Row for BusinessDay {
    type Id = BusinessDayId;
    type Entity = business_day::Entity;

    const TABLE: Table = Table::BusinessDay;
    const WHAT: &'static str = "business day";

    fn id(&self) -> BusinessDayId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> business_day::Model {
        business_day::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            day: self.day,
            next_day: self.next_day,
            state: self.state.word().into(),
            // Plain data: the only failure would be the writer's, and a text has none.
            steps: serde_json::to_string(&self.steps).unwrap_or_default(),
            ended_at_us: self.ended_at,
            started_at_us: self.started_at,
            done_at_us: self.done_at,
        }
    }

    fn from_model(row: business_day::Model) -> Result<Self, LedgerFault> {
        let state = DayState::from_word(&row.state).ok_or(LedgerFault::Inconsistent("state of a business day"))?;
        let steps = serde_json::from_str(&row.steps);
        Ok(Self {
            id: BusinessDayId(row.id),
            ordinal: row.ordinal,
            day: row.day,
            next_day: row.next_day,
            state,
            steps: steps.map_err(|_| LedgerFault::Inconsistent("steps of a business day"))?,
            ended_at: row.ended_at_us,
            started_at: row.started_at_us,
            done_at: row.done_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "steps" | "started_at_us" | "done_at_us")
    }
}

/// The business days that have ended, the last first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    states: &[DayState],
    page: Page<i64>,
) -> Result<Vec<BusinessDay>, LedgerFault> {
    let mut query = read::select::<BusinessDay>(tenant);
    if !states.is_empty() {
        query.and_any("state", states.iter().map(|state| state.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// The oldest business day whose work is not done.
///
/// # Errors
/// [`LedgerFault`].
pub async fn first_unfinished(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<BusinessDay>, LedgerFault> {
    let mut query = read::select::<BusinessDay>(tenant);
    query.end(" AND state <> 'DONE' ORDER BY day LIMIT 1");
    query.all(db).await?.first().map(BusinessDay::of_result).transpose()
}
