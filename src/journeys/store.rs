//! Rows of strategies and journeys.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use super::model::{ClaimJourney, CollectionStrategy, JourneyStatus, StrategyVersion};
use crate::collections::claims::ResolutionReason;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::{ClaimId, ClaimJourneyId, CollectionStrategyId, StrategyVersionId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{claim_journey, collection_strategy, strategy_version};

/// A strategy's code.
pub static CODE: Index = Index { table: Table::CollectionStrategy, column: "code", field: "code", what: "the code" };

/// The journeys of a claim, of all its lives. Loaded only where a customer is erased.
pub static OF_CLAIM: Set<ClaimJourney> = Set {
    name: "of_claim",
    owner: "claim_id",
    condition: "TRUE",
    owner_of: |journey| Some(journey.claim.0),
    order: |one, other| one.life.cmp(&other.life),
    bound: 10_000,
};

impl Row for CollectionStrategy {
    type Id = CollectionStrategyId;
    type Entity = collection_strategy::Entity;

    const TABLE: Table = Table::CollectionStrategy;
    const WHAT: &'static str = "collection strategy";

    fn id(&self) -> CollectionStrategyId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> collection_strategy::Model {
        collection_strategy::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            name: self.name.clone(),
            version: self.version,
            automatic: self.automatic,
            retired: self.retired,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: collection_strategy::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: CollectionStrategyId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            name: row.name,
            version: row.version,
            automatic: row.automatic,
            retired: row.retired,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "name" | "version" | "automatic" | "retired")
    }
}

impl Owned for CollectionStrategy {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for StrategyVersion {
    type Id = StrategyVersionId;
    type Entity = strategy_version::Entity;

    const TABLE: Table = Table::StrategyVersion;
    const WHAT: &'static str = "version of a strategy";

    fn id(&self) -> StrategyVersionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> strategy_version::Model {
        strategy_version::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            strategy_id: self.strategy.0,
            version: self.version,
            // Plain data: the only failure would be the writer's, and a text has none.
            steps: serde_json::to_string(&self.steps).unwrap_or_default(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: strategy_version::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: StrategyVersionId(row.id),
            ordinal: row.ordinal,
            strategy: CollectionStrategyId(row.strategy_id),
            version: row.version,
            steps: known(serde_json::from_str(&row.steps).ok(), "steps of a strategy")?,
            created_at: row.created_at_us,
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

impl Row for ClaimJourney {
    type Id = ClaimJourneyId;
    type Entity = claim_journey::Entity;

    const TABLE: Table = Table::ClaimJourney;
    const WHAT: &'static str = "journey";

    fn id(&self) -> ClaimJourneyId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> claim_journey::Model {
        claim_journey::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            claim_id: self.claim.0,
            life: self.life,
            strategy_id: self.strategy.0,
            version: self.version,
            status: self.status.word().into(),
            step: self.step,
            act_on: self.act_on,
            waiting_days: self.days_left,
            reason: self.reason.map(|reason| reason.word().into()),
            description: self.description.clone(),
            log: serde_json::to_string(&self.done).unwrap_or_default(),
            started_on: self.started_on,
            ended_on: self.ended_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: claim_journey::Model) -> Result<Self, LedgerFault> {
        let reason = row.reason.as_deref().map(ResolutionReason::from_word);
        Ok(Self {
            id: ClaimJourneyId(row.id),
            ordinal: row.ordinal,
            claim: ClaimId(row.claim_id),
            life: row.life,
            strategy: CollectionStrategyId(row.strategy_id),
            version: row.version,
            status: known(JourneyStatus::from_word(&row.status), "status of a journey")?,
            step: row.step,
            act_on: row.act_on,
            days_left: row.waiting_days,
            reason: reason.map(|reason| known(reason, "why a journey was stopped")).transpose()?,
            description: row.description,
            done: known(serde_json::from_str(&row.log).ok(), "steps of a journey")?,
            started_on: row.started_on,
            ended_on: row.ended_on,
            created_at: row.created_at_us,
        })
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_CLAIM)
    }
}

/// Strategies, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn strategies(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    page: Page<i64>,
) -> Result<Vec<CollectionStrategy>, LedgerFault> {
    read::page(db, read::select::<CollectionStrategy>(tenant), false, page).await
}

async fn rows(db: &impl ConnectionTrait, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, LedgerFault> {
    Ok(db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?)
}

/// Journeys behind an id whose day has come, or whose claims have come to an end.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<ClaimJourneyId>,
    most: u64,
) -> Result<Vec<ClaimJourneyId>, LedgerFault> {
    let behind = after.map_or("", |_| "AND j.id > $3");
    let sql = format!(
        "SELECT j.id AS id FROM claim_journey j JOIN claim c ON c.tenant_id = j.tenant_id AND c.id = j.claim_id \
         WHERE j.tenant_id = $1 AND j.ended_on IS NULL {behind} \
         AND (c.status <> 'ACTIVE' OR c.begun <> j.life OR j.act_on <= $2) ORDER BY j.id LIMIT {most}"
    );
    let mut values: Vec<Value> = vec![tenant.0.into(), day.into()];
    values.extend(after.map(|after| Value::from(after.0)));
    rows(db, sql, values).await?.iter().map(|row| Ok(ClaimJourneyId(row.try_get("", "id")?))).collect()
}

/// Active claims behind an id that have begun no journey in this life, and the oldest strategy that is automatic.
///
/// # Errors
/// [`LedgerFault`].
pub async fn without_journey(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    after: Option<ClaimId>,
    most: u64,
) -> Result<Vec<(ClaimId, CollectionStrategyId)>, LedgerFault> {
    let sql = "SELECT id FROM collection_strategy WHERE tenant_id = $1 AND automatic AND NOT retired \
               ORDER BY ordinal LIMIT 1";
    let found = rows(db, sql.into(), vec![tenant.0.into()]).await?;
    let Some(strategy) = found.first() else { return Ok(Vec::new()) };
    let strategy = CollectionStrategyId(strategy.try_get("", "id")?);
    let behind = after.map_or("", |_| "AND c.id > $2");
    let sql = format!(
        "SELECT c.id AS id FROM claim c WHERE c.tenant_id = $1 AND c.status = 'ACTIVE' {behind} \
         AND NOT EXISTS (SELECT 1 FROM claim_journey j WHERE j.tenant_id = c.tenant_id AND j.claim_id = c.id \
         AND j.life = c.begun) ORDER BY c.id LIMIT {most}"
    );
    let mut values: Vec<Value> = vec![tenant.0.into()];
    values.extend(after.map(|after| Value::from(after.0)));
    rows(db, sql, values).await?.iter().map(|row| Ok((ClaimId(row.try_get("", "id")?), strategy))).collect()
}
