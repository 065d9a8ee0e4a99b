//! Job rows, and lists of them.

use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use super::model::{BATCH, Job, JobItem, JobItemState, JobState};
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, JobId, JobItemId, TenantId};
use crate::sealing::{self, Place, SealedColumn};
use crate::work::row::{Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{job, job_item};

/// Where commands that are queued are sealed.
pub const SEALED: SealedColumn =
    SealedColumn { table: "job_item", column: "command", field: "job_item.command", marked: true, lookup: None };

fn place(tenant: TenantId, row: Uuid) -> Place {
    Place { tenant, row, field: SEALED.field }
}

impl Row for Job {
    type Id = JobId;
    type Entity = job::Entity;

    const TABLE: Table = Table::Job;
    const WHAT: &'static str = "job";

    fn id(&self) -> JobId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> job::Model {
        job::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            kind: self.kind.clone(),
            operation: self.operation.clone(),
            scope: self.scope.clone(),
            mode: self.mode.clone(),
            state: self.state.word().to_owned(),
            total: self.total,
            done: self.done,
            refused: self.refused,
            failed: self.failed,
            round: self.round,
            next: self.next,
            items_kept: self.items_kept,
            client: self.client.clone(),
            customer_id: self.customer.map(|id| id.0),
            request_id: self.request_id.clone(),
            created_at_us: self.created_at,
            started_at_us: self.started_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: job::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: JobId(row.id),
            ordinal: row.ordinal,
            kind: row.kind,
            operation: row.operation,
            scope: row.scope,
            mode: row.mode,
            state: JobState::from_word(&row.state).ok_or(LedgerFault::Inconsistent("state of a job"))?,
            total: row.total,
            done: row.done,
            refused: row.refused,
            failed: row.failed,
            round: row.round,
            next: row.next,
            items_kept: row.items_kept,
            client: row.client,
            customer: row.customer_id.map(CustomerId),
            request_id: row.request_id,
            created_at: row.created_at_us,
            started_at: row.started_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(
            column,
            "ordinal" | "kind" | "operation" | "scope" | "mode" | "total" | "client" | "customer_id" | "request_id"
        )
    }
}

impl Owned for Job {
    /// Whoever is bound to a customer sees what was asked for with a token of theirs.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        let customer = work.origin().customer;
        Ok(customer.is_none() || customer == self.customer)
    }
}

impl Row for JobItem {
    type Id = JobItemId;
    type Entity = job_item::Entity;

    const TABLE: Table = Table::JobItem;
    const WHAT: &'static str = "item of a job";

    fn id(&self) -> JobItemId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> job_item::Model {
        job_item::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            job_id: self.job.0,
            number: self.number,
            key: self.key.clone(),
            // What is queued may name persons.
            command: self
                .command
                .as_deref()
                .map(|command| sealing::seal_if_possible(&place(tenant, self.id.0), command)),
            state: self.state.word().to_owned(),
            round: self.round,
            result: self.result.clone(),
            refusal: self.refusal.as_ref().map(KeptRefusal::text),
        }
    }

    fn from_model(row: job_item::Model) -> Result<Self, LedgerFault> {
        let refusal = row.refusal.as_deref().map(KeptRefusal::of);
        let refusal = refusal.map(|kept| kept.ok_or(LedgerFault::Inconsistent("refusal of an item")));
        let place = place(TenantId(row.tenant_id), row.id);
        let command = row.command.map(|command| sealing::open_if_sealed(&place, command)).transpose();
        Ok(Self {
            id: JobItemId(row.id),
            job: JobId(row.job_id),
            number: row.number,
            key: row.key,
            command: command.map_err(|_| LedgerFault::Inconsistent("a command of a job does not open"))?,
            state: JobItemState::from_word(&row.state).ok_or(LedgerFault::Inconsistent("state of an item"))?,
            round: row.round,
            result: row.result,
            refusal: refusal.transpose()?,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "round" | "result" | "refusal")
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only in these states; in all when empty.
    pub states: Vec<JobState>,
    /// Only of these kinds; of all when empty.
    pub kinds: Vec<String>,
    /// Only of these operations; of all when empty.
    pub operations: Vec<String>,
    /// Only those that were asked for with a token of this customer's.
    pub customer: Option<CustomerId>,
}

/// Jobs, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &JobFilter,
    page: Page<i64>,
) -> Result<Vec<Job>, LedgerFault> {
    let mut query = read::select::<Job>(tenant);
    let states = filter.states.iter().map(|state| state.word().into()).collect();
    let texts = |words: &[String]| words.iter().map(|word| word.as_str().into()).collect();
    for (column, words) in [("state", states), ("kind", texts(&filter.kinds)), ("operation", texts(&filter.operations))]
    {
        let words: Vec<sea_orm::Value> = words;
        if !words.is_empty() {
            query.and_any(column, words);
        }
    }
    if let Some(customer) = filter.customer {
        query.and("customer_id = ", customer.0.into());
    }
    read::page(db, query, true, page).await
}

/// Which items of a job to list.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    /// Only in these states; in all when empty.
    pub states: Vec<JobItemState>,
}

/// Items of a job, in their order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn items(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    job: &Job,
    filter: &ItemFilter,
    page: Page<i64>,
) -> Result<Vec<JobItem>, LedgerFault> {
    let mut query = read::select::<JobItem>(tenant);
    query.and("job_id = ", job.id.0.into());
    if !filter.states.is_empty() {
        let due = format!("(state = 'PENDING' OR (state IN ('REFUSED', 'FAILED') AND round < {}))", job.round);
        let conditions = filter.states.iter().map(|state| match (state, job.state) {
            (JobItemState::Pending, JobState::Queued | JobState::Running) => due.clone(),
            (JobItemState::Pending, _) => "1 = 0".to_owned(),
            (JobItemState::Cancelled, JobState::Cancelled) => "state = 'PENDING'".to_owned(),
            (JobItemState::Cancelled, _) => "1 = 0".to_owned(),
            (JobItemState::Done, _) => "state = 'DONE'".to_owned(),
            (state, JobState::Queued | JobState::Running) => format!("(state = '{}' AND NOT {due})", state.word()),
            (state, _) => format!("state = '{}'", state.word()),
        });
        let conditions: Vec<String> = conditions.collect();
        query.and_raw(&format!("({})", conditions.join(" OR ")));
    }
    let (after, before) = (page.after.map(Into::into), page.before.map(Into::into));
    query.page("number", false, after, before, page.backward, page.limit);
    query.all(db).await?.iter().map(JobItem::of_result).collect()
}

/// The next items of a round, in their order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    job: &Job,
    most: u64,
) -> Result<Vec<JobItem>, LedgerFault> {
    let mut query = read::select::<JobItem>(tenant);
    query.and("job_id = ", job.id.0.into());
    query.and("number >= ", job.next.into());
    query.and("(state = 'PENDING' OR (state IN ('REFUSED', 'FAILED') AND round < ", job.round.into());
    query.end(&format!(")) ORDER BY number LIMIT {most}"));
    query.all(db).await?.iter().map(JobItem::of_result).collect()
}

/// Jobs of commands that are not over, of all tenants, in the order in which each tenant asked.
///
/// # Errors
/// [`LedgerFault`].
pub async fn open(db: &impl ConnectionTrait) -> Result<Vec<(TenantId, JobId)>, LedgerFault> {
    let sql = format!(
        "SELECT tenant_id, id FROM job WHERE state IN ('QUEUED', 'RUNNING') AND kind = '{}' ORDER BY tenant_id, ordinal",
        BATCH.word()
    );
    all_of(db, sql, Vec::new()).await
}

/// Jobs whose items are kept although they ended before, of all tenants.
///
/// # Errors
/// [`LedgerFault`].
pub async fn stale(
    db: &impl ConnectionTrait,
    before: Micros,
    most: u64,
) -> Result<Vec<(TenantId, JobId)>, LedgerFault> {
    let sql = format!(
        "SELECT job.tenant_id, job.id FROM job JOIN ledger_head AS head ON head.tenant_id = job.tenant_id \
         WHERE job.items_kept AND job.ended_at_us < $1 + head.clock_ahead_us ORDER BY job.ended_at_us LIMIT {most}"
    );
    all_of(db, sql, vec![before.into()]).await
}

async fn all_of(
    db: &impl ConnectionTrait,
    sql: String,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<(TenantId, JobId)>, LedgerFault> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), JobId(row.try_get("", "id")?)))).collect()
}

/// Some items of a job, whatever became of them.
///
/// # Errors
/// [`LedgerFault`].
pub async fn some_items(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    job: JobId,
    most: u64,
) -> Result<Vec<JobItemId>, LedgerFault> {
    let mut query = crate::ledger::query::Query::new("SELECT id FROM job_item WHERE tenant_id = ", tenant);
    query.and("job_id = ", job.0.into());
    query.end(&format!(" ORDER BY number LIMIT {most}"));
    query.all(db).await?.iter().map(|row| Ok(JobItemId(row.try_get("", "id")?))).collect()
}
