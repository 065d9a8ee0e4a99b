//! Claim rows.

use sea_orm::ConnectionTrait;

use super::model::{Claim, ClaimStatus, ResolutionReason};
use crate::collections::receivables::store::{json, of_debtor, of_json};
use crate::customers::visible;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, ClaimId, CustomerId, Minor, ReceivableId, TenantId};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::claim::{Entity, Model};

/// What the creditor calls a claim.
pub static REFERENCE: Index =
    Index { table: Table::Claim, column: "reference", field: "claimReference", what: "the claim reference" };

/// What a customer owes first of all. Loaded only where two records are merged, or one is erased.
pub static OF_DEBTOR: Set<Claim> = Set {
    name: "of_debtor",
    owner: "customer_id",
    condition: "TRUE",
    owner_of: |claim| Some(claim.debtor.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: 100_000,
};

impl Row for Claim {
    type Id = ClaimId;
    type Entity = Entity;

    const TABLE: Table = Table::Claim;
    const WHAT: &'static str = "claim";

    fn id(&self) -> ClaimId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            reference: self.reference.clone(),
            receivable_id: self.receivable.0,
            account_id: self.account.0,
            customer_id: self.debtor.0,
            managed: self.managed,
            status: self.status.word().into(),
            resolution: self.resolution.map(|reason| reason.word().into()),
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            fees_minor: self.fees.0,
            fees: json(&self.named_fees),
            original_due_date: self.original_due_date,
            current_due_date: self.current_due_date,
            limitation_date: self.limitation_date,
            product_reference: self.product_reference.clone(),
            payment_reference: self.payment_reference.clone(),
            portfolio_reference: self.portfolio_reference.clone(),
            creditor_reference: self.creditor_reference.clone(),
            scores: json(&self.scores),
            metadata: self.metadata.clone(),
            begun: self.begun,
            created_at_us: self.created_at,
            changed_at_us: self.changed_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let resolution = row.resolution.as_deref().map(ResolutionReason::from_word);
        Ok(Self {
            id: ClaimId(row.id),
            ordinal: row.ordinal,
            reference: row.reference,
            receivable: ReceivableId(row.receivable_id),
            account: AccountId(row.account_id),
            debtor: CustomerId(row.customer_id),
            managed: row.managed,
            status: known(ClaimStatus::from_word(&row.status), "status of a claim")?,
            resolution: resolution.map(|reason| known(reason, "why a claim is resolved")).transpose()?,
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            fees: Minor(row.fees_minor),
            named_fees: of_json(&row.fees, "fees of a claim")?,
            original_due_date: row.original_due_date,
            current_due_date: row.current_due_date,
            limitation_date: row.limitation_date,
            product_reference: row.product_reference,
            payment_reference: row.payment_reference,
            portfolio_reference: row.portfolio_reference,
            creditor_reference: row.creditor_reference,
            scores: of_json(&row.scores, "scores of a claim")?,
            metadata: row.metadata,
            begun: row.begun,
            created_at: row.created_at_us,
            changed_at: row.changed_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&REFERENCE, &self.reference)]
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "reference" | "created_at_us")
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OF_DEBTOR)
    }
}

impl Owned for Claim {
    /// Whoever owes it first of all sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(visible(work.origin(), self.debtor))
    }
}

/// Which claims to list.
#[derive(Clone, Debug, Default)]
pub struct ClaimFilter {
    /// Only those on this receivable.
    pub receivable: Option<ReceivableId>,
    /// Only those on the receivable with this reference.
    pub account_reference: Option<String>,
    /// Only those that a customer with this reference owes first of all.
    pub debtor_reference: Option<String>,
    /// Only those in this state; all that are not deleted when absent.
    pub status: Option<ClaimStatus>,
    /// Only those that come from entries, or only the others.
    pub managed: Option<bool>,
    /// Only this customer's: what a token that is bound to one sees.
    pub debtor: Option<CustomerId>,
}

/// Claims, in the order in which they were created.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ClaimFilter,
    page: Page<i64>,
) -> Result<Vec<Claim>, LedgerFault> {
    read::page(db, those(tenant, filter), false, page).await
}

/// A page of the same by its number, and how many there are altogether.
///
/// # Errors
/// [`LedgerFault`].
pub async fn numbered(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &ClaimFilter,
    limit: u64,
    offset: u64,
) -> Result<(Vec<Claim>, u64), LedgerFault> {
    read::numbered(db, those(tenant, filter), false, limit, offset).await
}

/// The claims that a filter lets through.
fn those(tenant: TenantId, filter: &ClaimFilter) -> Query {
    let mut query = read::select::<Claim>(tenant);
    if let Some(receivable) = filter.receivable {
        query.and("receivable_id = ", receivable.0.into());
    }
    if let Some(reference) = &filter.account_reference {
        let reference = query.bind(reference.as_str().into());
        query.and_raw(&format!(
            "receivable_id IN (SELECT id FROM receivable WHERE tenant_id = $1 AND reference = ${reference})"
        ));
    }
    if let Some(reference) = &filter.debtor_reference {
        of_debtor(&mut query, "customer_id IN", reference, "");
    }
    match filter.status {
        Some(status) => query.and("status = ", status.word().into()),
        None => query.and_raw("status <> 'DELETED'"),
    }
    if let Some(managed) = filter.managed {
        query.and("managed = ", managed.into());
    }
    if let Some(debtor) = filter.debtor {
        query.and("customer_id = ", debtor.0.into());
    }
    query
}

/// A claim by what the creditor calls it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(db: &impl ConnectionTrait, tenant: TenantId, reference: &str) -> Result<Option<Claim>, LedgerFault> {
    Ok(read::by_unique(db, tenant, &REFERENCE, &[reference]).await?.into_iter().next())
}
