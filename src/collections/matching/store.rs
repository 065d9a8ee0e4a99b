//! Rows of matched payments.

use sea_orm::ConnectionTrait;

use super::model::{MatchStrategy, PaymentMatch};
use crate::collections::receivables::store::{json, of_json};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{AccountId, Minor, PaymentMatchId, ReceivableEntryId, ReceivableId, TenantId};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::payment_match::{Entity, Model};

/// What a provider calls a payment.
pub static TRACKING: Index = Index {
    table: Table::PaymentMatch,
    column: "tracking",
    field: "trackingId",
    what: "the tracking id of the provider",
};

impl Row for PaymentMatch {
    type Id = PaymentMatchId;
    type Entity = Entity;

    const TABLE: Table = Table::PaymentMatch;
    const WHAT: &'static str = "matched payment";

    fn id(&self) -> PaymentMatchId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        let entries: Vec<uuid::Uuid> = self.entries.iter().map(|entry| entry.0).collect();
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            receivable_id: self.receivable.0,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            matched_minor: self.matched.0,
            strategy: self.strategy.word().into(),
            provider: self.provider.clone(),
            tracking_id: self.tracking_id.clone(),
            tracking: self.tracking.clone(),
            payment_reference: self.payment_reference.clone(),
            entries: json(&entries),
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let entries: Vec<uuid::Uuid> = of_json(&row.entries, "entries of a matched payment")?;
        Ok(Self {
            id: PaymentMatchId(row.id),
            ordinal: row.ordinal,
            receivable: ReceivableId(row.receivable_id),
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            matched: Minor(row.matched_minor),
            strategy: known(MatchStrategy::from_word(&row.strategy), "strategy of a matched payment")?,
            provider: row.provider,
            tracking_id: row.tracking_id,
            tracking: row.tracking,
            payment_reference: row.payment_reference,
            entries: entries.into_iter().map(ReceivableEntryId).collect(),
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.tracking.iter().map(|tracking| (&TRACKING, tracking.as_str())).collect()
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

impl Owned for PaymentMatch {
    /// As the receivables that they are on.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// The matched payments of a receivable, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    receivable: ReceivableId,
    page: Page<i64>,
) -> Result<Vec<PaymentMatch>, LedgerFault> {
    let mut query = read::select::<PaymentMatch>(tenant);
    query.and("receivable_id = ", receivable.0.into());
    read::page(db, query, true, page).await
}
