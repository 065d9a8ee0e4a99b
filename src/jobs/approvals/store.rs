//! Rows of approvals and of their rules, and lists of them.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{Approval, ApprovalState};
use super::rules::{ApprovalRules, Rule};
use crate::database::{Kind, Listed, listed};
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ApprovalId, ApprovalRulesId, CustomerId, Minor, ProductId, TenantId};
use crate::sealing::{self, Place, SealedColumn};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{approval, approval_rules};

/// One approval per key, of whoever asked.
pub static KEY: Index =
    Index { table: Table::Approval, column: "key_digest", field: "idempotencyKey", what: "the idempotency key" };

/// Where commands that wait are sealed.
pub const SEALED: SealedColumn =
    SealedColumn { table: "approval", column: "command", field: "approval.command", marked: true, lookup: None };

fn place(tenant: TenantId, row: Uuid) -> Place {
    Place { tenant, row, field: SEALED.field }
}

impl Row for Approval {
    type Id = ApprovalId;
    type Entity = approval::Entity;

    const TABLE: Table = Table::Approval;
    const WHAT: &'static str = "approval";

    fn id(&self) -> ApprovalId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> approval::Model {
        approval::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            operation: self.operation.clone(),
            // Who asks may name persons: it is kept sealed until somebody says yes.
            command: sealing::seal_if_possible(&place(tenant, self.id.0), &self.command),
            key: self.key.clone(),
            key_digest: self.key_digest.clone(),
            request_hash: self.request_hash.clone(),
            client: self.client.clone(),
            customer_id: self.customer.map(|id| id.0),
            request_id: self.request_id.clone(),
            amount_minor: self.amount.map(|(minor, _)| minor.0),
            currency: self.amount.map(|(_, currency)| currency.code().to_owned()),
            account_id: self.account.map(|id| id.0),
            product_id: self.product.map(|id| id.0),
            state: self.state.word().to_owned(),
            requested_at_us: self.requested_at,
            expires_at_us: self.expires_at,
            ended_at_us: self.ended_at,
            checker: self.checker.clone(),
            comment: self.comment.clone(),
            result: self.result.clone(),
            refusal: self.refusal.as_ref().map(KeptRefusal::text),
            done_by: self.done_by,
        }
    }

    fn from_model(row: approval::Model) -> Result<Self, LedgerFault> {
        let damaged = LedgerFault::Inconsistent("amount of an approval");
        let amount = match (row.amount_minor, row.currency) {
            (Some(minor), Some(code)) => Some((Minor(minor), code.parse().map_err(|_| damaged)?)),
            (None, None) => None,
            _ => return Err(damaged),
        };
        let refusal = row.refusal.as_deref().map(KeptRefusal::of);
        let refusal = refusal.map(|kept| kept.ok_or(LedgerFault::Inconsistent("refusal of an approval")));
        Ok(Self {
            id: ApprovalId(row.id),
            ordinal: row.ordinal,
            operation: row.operation,
            command: sealing::open_if_sealed(&place(TenantId(row.tenant_id), row.id), row.command)
                .map_err(|_| LedgerFault::Inconsistent("a command that waits does not open"))?,
            key: row.key,
            key_digest: row.key_digest,
            request_hash: row.request_hash,
            client: row.client,
            customer: row.customer_id.map(CustomerId),
            request_id: row.request_id,
            amount,
            account: row.account_id.map(AccountId),
            product: row.product_id.map(ProductId),
            state: ApprovalState::from_word(&row.state).ok_or(LedgerFault::Inconsistent("state of an approval"))?,
            requested_at: row.requested_at_us,
            expires_at: row.expires_at_us,
            ended_at: row.ended_at_us,
            checker: row.checker,
            comment: row.comment,
            result: row.result,
            refusal: refusal.transpose()?,
            done_by: row.done_by,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.key_digest.iter().map(|digest| (&KEY, digest.as_str())).collect()
    }
}

impl Owned for Approval {
    /// Whoever is bound to a customer sees what was asked for with a token of theirs.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        let customer = work.origin().customer;
        Ok(customer.is_none() || customer == self.customer)
    }
}

impl Row for ApprovalRules {
    type Id = ApprovalRulesId;
    type Entity = approval_rules::Entity;

    const TABLE: Table = Table::ApprovalRules;
    const WHAT: &'static str = "rules of what waits";

    fn id(&self) -> ApprovalRulesId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> approval_rules::Model {
        let rules = serde_json::to_string(&self.rules).unwrap_or_default();
        approval_rules::Model { tenant_id: tenant.0, id: self.id.0, rules }
    }

    fn from_model(row: approval_rules::Model) -> Result<Self, LedgerFault> {
        let rules: Vec<Rule> =
            serde_json::from_str(&row.rules).map_err(|_| LedgerFault::Inconsistent("rules of what waits"))?;
        Ok(Self { id: ApprovalRulesId(row.id), rules })
    }
}

impl Owned for ApprovalRules {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// Which approvals to list.
#[derive(Clone, Debug, Default)]
pub struct ApprovalFilter {
    /// Only in these states; in all when empty.
    pub states: Vec<ApprovalState>,
    /// Only of these operations; of all when empty.
    pub operations: Vec<String>,
    /// Only those that were asked for with a token of this customer's.
    pub customer: Option<CustomerId>,
}

/// Approvals, the newest first. One whose time is over is expired, whether or not that has been noted yet.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ApprovalFilter,
    now: Micros,
    page: Page<i64>,
) -> Result<Vec<Approval>, LedgerFault> {
    let mut query = read::select::<Approval>(tenant);
    if !filter.states.is_empty() {
        let now = query.bind(now.into());
        let conditions = filter.states.iter().map(|state| match state {
            ApprovalState::Pending => format!("(state = 'PENDING' AND expires_at_us > ${now})"),
            ApprovalState::Expired => format!("(state = 'EXPIRED' OR (state = 'PENDING' AND expires_at_us <= ${now}))"),
            state => format!("state = '{}'", state.word()),
        });
        let conditions: Vec<String> = conditions.collect();
        query.and_raw(&format!("({})", conditions.join(" OR ")));
    }
    if !filter.operations.is_empty() {
        query.and_any("operation", filter.operations.iter().map(|word| word.as_str().into()).collect());
    }
    if let Some(customer) = filter.customer {
        query.and("customer_id = ", customer.0.into());
    }
    read::page(db, query, true, page).await
}

/// The approvals that commands were done by, by the commands' numbers.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_commands(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    commands: &[i64],
) -> Result<Vec<Approval>, LedgerFault> {
    let backend = db.get_database_backend();
    let values = commands.iter().map(|command| (*command).into()).collect();
    let (Listed { from, condition }, values) =
        listed(backend, ("approval", "found"), "done_by", 2, Kind::BigInt, values);
    let sql = format!("SELECT found.* FROM {from} WHERE {condition}");
    let statement = sea_orm::Statement::from_sql_and_values(backend, sql, [tenant.0.into(), values]);
    db.query_all_raw(statement).await?.iter().map(Approval::of_result).collect()
}

/// The commands of an operation that wait, as they were before they were sealed.
///
/// # Errors
/// [`LedgerFault`], also where a sealed one does not open: what waits is not to be taken for nothing.
pub async fn waiting(db: &impl ConnectionTrait, tenant: TenantId, operation: &str) -> Result<Vec<String>, LedgerFault> {
    let mut query = crate::ledger::query::Query::new("SELECT * FROM approval WHERE tenant_id = ", tenant);
    query.and_raw("state = 'PENDING'");
    query.and("operation = ", operation.into());
    query.all(db).await?.iter().map(|row| Ok(Approval::of_result(row)?.command)).collect()
}

/// Approvals that wait although their time is over, of all tenants: by the tenant's own clock, which a sandbox moves.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lapsed(
    db: &impl ConnectionTrait,
    now: Micros,
    most: u64,
) -> Result<Vec<(TenantId, ApprovalId)>, LedgerFault> {
    let sql = format!(
        "SELECT approval.tenant_id, approval.id FROM approval JOIN ledger_head AS head \
         ON head.tenant_id = approval.tenant_id WHERE approval.state = 'PENDING' \
         AND approval.expires_at_us <= $1 + head.clock_ahead_us ORDER BY approval.expires_at_us LIMIT {most}"
    );
    let statement = sea_orm::Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), ApprovalId(row.try_get("", "id")?)))).collect()
}
