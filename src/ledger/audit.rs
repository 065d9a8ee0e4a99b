//! Reading the audit trail. It is written with what it tells of, by the posting path.

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::post::LedgerFault;
use super::query::Page;
use crate::primitives::clock::Micros;
use crate::primitives::{AuditId, CustomerId, TenantId};
use entity::audit_record::{Column, Entity, Model};

crate::words! {
    /// How a mutation ended.
    AuditOutcome {
        /// It was done.
        Done = "DONE",
        /// It was refused; nothing was changed.
        Refused = "REFUSED",
        /// The token lacked the scope, or was bound to a customer where that is not allowed; nothing was done.
        Denied = "DENIED",
    }
}

/// Who did what, when, in which request, with what result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub occurred_at: Micros,
    /// The client whose token it was.
    pub client: String,
    /// The customer that the token was bound to.
    pub customer: Option<CustomerId>,
    /// The request that the logs know too.
    pub request_id: String,
    /// The operation's name.
    pub operation: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The refusal's code.
    pub code: Option<String>,
    /// The id of what was made or changed.
    pub target: Option<String>,
}

/// Which records to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only of this client.
    pub client: Option<String>,
    /// Only of this request.
    pub request_id: Option<String>,
    /// Only of this operation.
    pub operation: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<AuditOutcome>,
    /// Only about this thing.
    pub target: Option<String>,
    /// At or after.
    pub from: Option<Micros>,
    /// Before.
    pub before: Option<Micros>,
}

/// Records, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn records(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &AuditFilter,
    page: Page<AuditId>,
) -> Result<Vec<AuditRecord>, LedgerFault> {
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant.0));
    let conditions = [
        filter.client.as_ref().map(|client| Column::Client.eq(client)),
        filter.request_id.as_ref().map(|id| Column::RequestId.eq(id)),
        filter.operation.as_ref().map(|operation| Column::Operation.eq(operation)),
        filter.outcome.map(|outcome| Column::Outcome.eq(outcome.word())),
        filter.target.as_ref().map(|target| Column::Target.eq(target)),
        filter.from.map(|from| Column::OccurredAtUs.gte(from)),
        filter.before.map(|before| Column::OccurredAtUs.lt(before)),
        page.after.map(|after| Column::Id.lt(after.0)),
        page.before.map(|before| Column::Id.gt(before.0)),
    ];
    for condition in conditions.into_iter().flatten() {
        query = query.filter(condition);
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let mut rows = query.limit(page.limit).all(db).await?;
    if page.backward {
        rows.reverse();
    }
    rows.into_iter().map(record).collect()
}

/// A record by its id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn record_by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: AuditId,
) -> Result<Option<AuditRecord>, LedgerFault> {
    Entity::find_by_id((tenant.0, id.0)).one(db).await?.map(record).transpose()
}

fn record(row: Model) -> Result<AuditRecord, LedgerFault> {
    Ok(AuditRecord {
        id: AuditId(row.id),
        occurred_at: row.occurred_at_us,
        client: row.client,
        customer: row.customer_id.map(CustomerId),
        request_id: row.request_id,
        operation: row.operation,
        outcome: AuditOutcome::from_word(&row.outcome).ok_or(LedgerFault::Inconsistent("audit outcome"))?,
        code: row.code,
        target: row.target,
    })
}
