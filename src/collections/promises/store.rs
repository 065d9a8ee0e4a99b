//! Rows of promises.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::model::{PromiseStatus, PromiseToPay};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{ClaimId, Minor, PromiseToPayId, TenantId};
use crate::work::row::{Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::promise_to_pay::{Entity, Model};

/// The promises of a claim, of all its lives, in the order in which they were given.
pub static OF_CLAIM: Set<PromiseToPay> = Set {
    name: "of_claim",
    owner: "claim_id",
    condition: "TRUE",
    owner_of: |promise| Some(promise.claim.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 10_000,
};

impl Row for PromiseToPay {
    type Id = PromiseToPayId;
    type Entity = Entity;

    const TABLE: Table = Table::PromiseToPay;
    const WHAT: &'static str = "promise to pay";

    fn id(&self) -> PromiseToPayId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            claim_id: self.claim.0,
            life: self.life,
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            paid_minor: self.paid.0,
            counted: self.counted,
            due_date: self.due_date,
            by_debtor: self.by_debtor,
            status: self.status.word().into(),
            reason: self.reason.clone(),
            judged_on: self.judged_on,
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PromiseToPayId(row.id),
            ordinal: row.ordinal,
            claim: ClaimId(row.claim_id),
            life: row.life,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            paid: Minor(row.paid_minor),
            counted: row.counted,
            due_date: row.due_date,
            by_debtor: row.by_debtor,
            status: known(PromiseStatus::from_word(&row.status), "status of a promise")?,
            reason: row.reason,
            judged_on: row.judged_on,
            created_at: row.created_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "paid_minor" | "counted" | "status" | "reason" | "judged_on")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_CLAIM)
    }
}

impl Owned for PromiseToPay {
    /// What is done about claims is the tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// Promises behind an id that become something at the end of a day.
///
/// # Errors
/// [`LedgerFault`].
pub async fn due(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<PromiseToPayId>,
    most: u64,
) -> Result<Vec<PromiseToPayId>, LedgerFault> {
    let behind = after.map_or("", |_| "AND p.id > $3");
    let sql = format!(
        "SELECT p.id AS id FROM promise_to_pay p JOIN claim c ON c.tenant_id = p.tenant_id AND c.id = p.claim_id \
         WHERE p.tenant_id = $1 AND p.status IN ('OPEN', 'KEPT') {behind} \
         AND ((p.status = 'OPEN' AND (p.due_date <= $2 OR p.paid_minor >= p.amount_minor \
         OR c.status <> 'ACTIVE' OR c.begun <> p.life)) \
         OR (p.status = 'KEPT' AND p.paid_minor < p.amount_minor)) ORDER BY p.id LIMIT {most}"
    );
    let mut values: Vec<Value> = vec![tenant.0.into(), day.into()];
    values.extend(after.map(|after| Value::from(after.0)));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(PromiseToPayId(row.try_get("", "id")?))).collect()
}

/// The promises of a claim in one of its lives, in the order in which they were given.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    (claim, life): (ClaimId, i32),
    page: Page<i64>,
) -> Result<Vec<PromiseToPay>, LedgerFault> {
    let mut query = read::select::<PromiseToPay>(tenant);
    query.and("claim_id = ", claim.0.into());
    query.and("life = ", life.into());
    read::page(db, query, false, page).await
}
