//! Reading the audit trail. It is written with what it tells of, by the posting path.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::fault::LedgerFault;
use super::query::{Page, Query};
use crate::primitives::clock::Micros;
use crate::primitives::{AuditId, CustomerId, TenantId};

crate::words! {
    /// How a mutation ended.
    AuditOutcome {
        /// It was done.
        Done = "DONE",
        /// It had been done before, under the same key.
        Replayed = "REPLAYED",
        /// It was refused; nothing was changed.
        Refused = "REFUSED",
        /// The token lacked the scope, or was bound to a customer where that is not allowed; nothing was done.
        Denied = "DENIED",
    }
}

/// Who did what, when, in which request, with what result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place in the tenant's journal of commands: the order of the list.
    pub sequence: i64,
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
    page: Page<i64>,
) -> Result<Vec<AuditRecord>, LedgerFault> {
    let mut query = Query::new("SELECT * FROM command WHERE tenant_id = ", tenant);
    let conditions = [
        ("client = ", filter.client.clone()),
        ("request_id = ", filter.request_id.clone()),
        ("operation = ", filter.operation.clone()),
        ("outcome = ", filter.outcome.map(|outcome| outcome.word().to_owned())),
        ("target = ", filter.target.clone()),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            query.and(condition, value.into());
        }
    }
    if let Some(from) = filter.from {
        query.and("occurred_at_us >= ", from.into());
    }
    if let Some(before) = filter.before {
        query.and("occurred_at_us < ", before.into());
    }
    let (after, before) = (page.after.map(Into::into), page.before.map(Into::into));
    query.page("sequence", true, after, before, page.backward, page.limit);
    query.all(db).await?.iter().map(record).collect()
}

/// Records by their places, in any order.
///
/// # Errors
/// [`LedgerFault`].
pub async fn records_by_sequence(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    sequences: &[i64],
) -> Result<HashMap<i64, AuditRecord>, LedgerFault> {
    let mut query = Query::new("SELECT * FROM command WHERE tenant_id = ", tenant);
    query.and_any("sequence", sequences.iter().map(|sequence| (*sequence).into()).collect());
    let records = query.all(db).await?.iter().map(record).collect::<Result<Vec<_>, _>>()?;
    Ok(records.into_iter().map(|record| (record.sequence, record)).collect())
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
    let Some(sequence) = sequence_of(tenant, id) else { return Ok(None) };
    let mut query = Query::new("SELECT * FROM command WHERE tenant_id = ", tenant);
    query.and("sequence = ", sequence.into());
    query.all(db).await?.first().map(record).transpose()
}

/// The id of a record: its place, and whose journal it is in, so that it is one of all tenants'.
#[must_use]
pub fn id_of(tenant: TenantId, sequence: i64) -> AuditId {
    AuditId(Uuid::from_u64_pair(tag(tenant), sequence.unsigned_abs()))
}

/// The place of the record with this id, if it is of this tenant's journal.
#[must_use]
pub fn sequence_of(tenant: TenantId, id: AuditId) -> Option<i64> {
    let (tenant_tag, sequence) = id.0.as_u64_pair();
    (tenant_tag == tag(tenant)).then(|| i64::try_from(sequence).ok()).flatten()
}

/// What of a tenant's id tells it from others: its two halves, folded.
fn tag(tenant: TenantId) -> u64 {
    let (high, low) = tenant.0.as_u64_pair();
    high ^ low.rotate_left(17)
}

fn record(row: &QueryResult) -> Result<AuditRecord, LedgerFault> {
    let outcome: String = row.try_get("", "outcome")?;
    let customer: Option<Uuid> = row.try_get("", "customer_id")?;
    Ok(AuditRecord {
        sequence: row.try_get("", "sequence")?,
        occurred_at: row.try_get("", "occurred_at_us")?,
        client: row.try_get("", "client")?,
        customer: customer.map(CustomerId),
        request_id: row.try_get("", "request_id")?,
        operation: row.try_get("", "operation")?,
        outcome: AuditOutcome::from_word(&outcome).ok_or(LedgerFault::Inconsistent("audit outcome"))?,
        code: row.try_get("", "code")?,
        target: row.try_get("", "target")?,
    })
}
